//! What is known to be stale, and who says so.

use crate::source::Span;

/// Why a step or a page is known to be stale: it is shown, and does not fail until it is true again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownStale {
    /// Why, for people.
    pub reason: String,
    /// Who says so, and has to stop saying it.
    pub by: KnownBy,
}

/// Who says that something is known to be stale.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KnownBy {
    /// `expect-stale` on the page itself, at this place.
    Page(Span),
    /// `expect-stale` in the configuration.
    Config,
    /// A list of known-stale steps, on this 1-based line.
    List(usize),
    /// A list that is being written: what is stale goes into it, and what is true stays out of it.
    NewList,
}
