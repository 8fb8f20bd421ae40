//! What is wrong with a field of a body.

use std::borrow::Cow;

use serde_json::Value;

/// What is wrong with a field.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Problem {
    /// Its path, such as `email_addresses[0].email`.
    pub(super) field: String,
    pub(super) kind: ProblemKind,
    /// What follows after its name: "is required".
    pub(super) text: Cow<'static, str>,
    /// What the body says there; null where it says nothing.
    pub(super) value: Value,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ProblemKind {
    Missing,
    WrongType,
    WrongFormat,
    /// It has more characters than these.
    TooLong(usize),
    /// It is no id of a record that could be meant.
    WrongId,
    /// It is an id of a record that is not there.
    Dangling,
}

impl Problem {
    pub(super) fn new(field: impl Into<String>, kind: ProblemKind, text: impl Into<Cow<'static, str>>) -> Self {
        Self { field: field.into(), kind, text: text.into(), value: Value::Null }
    }

    /// The same, with what the body says there.
    #[must_use]
    pub(super) fn with(self, value: Value) -> Self {
        Self { value, ..self }
    }
}

impl ProblemKind {
    /// The words by which data names its own forms of failures.
    pub(super) const WORDS: [&str; 3] = ["too_long", "wrong_id", "dangling"];

    /// Its word; `None` where no form of its own is possible.
    pub(super) fn word(self) -> Option<&'static str> {
        let [too_long, wrong_id, dangling] = Self::WORDS;
        match self {
            Self::TooLong(_) => Some(too_long),
            Self::WrongId => Some(wrong_id),
            Self::Dangling => Some(dangling),
            Self::Missing | Self::WrongType | Self::WrongFormat => None,
        }
    }
}
