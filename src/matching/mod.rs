//! Does what happened meet what the page shows? Text, JSON and HTTP, with wildcards and typed captures.
//!
//! Pure: two texts in, a verdict with places out. `text`, `json` and `http` compare; `wildcard` holds what they
//! share within a line or a string, `align` and `mismatch` how a difference is found and told.

mod align;
mod captures;
mod exact;
mod filling;
mod http;
mod json;
mod kind;
mod loosen;
mod mismatch;
mod text;
mod wildcard;

pub use captures::Captures;
pub use exact::compare_exact;
pub use filling::Unsafe;
pub use http::{compare_http, last_body, update_http};
pub use json::{compare_json, loosen_json, pretty_json, update_json};
pub use loosen::loosen_text;
pub use mismatch::{DiffLine, Mismatch};
pub use text::{compare_text, update_text};
