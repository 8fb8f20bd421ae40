//! Views of an outcome: terminal, JSON, annotations; and of a run's document: JUnit, SARIF, Markdown.
//!
//! Each turns values into text; nothing here writes. Where the text goes, and whether its colours stay, is decided
//! by the one who prints.

pub mod doctor;
pub mod github;
pub mod json;
pub mod junit;
pub mod list;
pub mod markdown;
pub mod sarif;
pub mod schema;
pub mod terminal;
pub mod transcript;

mod findings;
mod kind;
mod merge;
mod paint;

pub use kind::Kind;
pub use merge::{code_of_merge, merge};
pub use terminal::plain_page;
