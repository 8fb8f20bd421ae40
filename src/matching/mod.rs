//! Does what happened meet what the page shows? Text, JSON and HTTP, with wildcards and typed captures.
//!
//! Pure: two texts in, a verdict with places out.

use std::collections::BTreeMap;

use crate::source::Span;

/// Values that typed captures (`<name:uuid>`) matched on a page so far, by name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Captures(BTreeMap<String, String>);

/// A line of an alignment of expected and actual text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DiffLine {
    /// It is as the page says; the actual text, without wildcards.
    Same(String),
    /// The page shows it, and it did not happen.
    Missing(String),
    /// It happened, and the page does not show it.
    Unexpected(String),
    /// This many lines that are the same were left out.
    Skipped(usize),
}

/// Where and how actual differs from expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// The differing place, in bytes of the expected text; empty (a point) where something is missing from it.
    pub expected: Span,
    /// What differs, lower case, no final period, such as "line 2 differs" or "`id` is 7, not 8".
    pub message: String,
    /// Expected and actual, aligned.
    pub diff: Vec<DiffLine>,
}

impl Captures {
    /// Nothing captured yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The value captured as `name`.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Remembers `value` as `name`.
    pub fn set(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.0.insert(name.into(), value.into());
    }

    /// `code` with each exact token `<name>` of a captured name replaced by its value.
    pub fn fill(&self, code: &str) -> String {
        let mut filled = code.to_owned();
        for (name, value) in &self.0 {
            filled = filled.replace(&format!("<{name}>"), value);
        }
        filled
    }
}
