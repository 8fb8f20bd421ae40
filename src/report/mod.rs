//! Views of an outcome: terminal, JSON, annotations.
//!
//! Each turns values into text; nothing here writes. Where the text goes, and whether its colours stay, is decided
//! by the one who prints.

pub mod doctor;
pub mod github;
pub mod json;
pub mod list;
pub mod schema;
pub mod terminal;
pub mod transcript;

mod paint;

pub use terminal::plain_page;
