//! What is wrong with a field of a body.

use std::borrow::Cow;

/// What is wrong with a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    /// Its path, such as `email_addresses[0].email`.
    pub(super) field: String,
    pub(super) kind: ProblemKind,
    /// What follows after its name: "is required".
    pub(super) text: Cow<'static, str>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ProblemKind {
    Missing,
    WrongType,
    WrongFormat,
}
