//! What a page says that a step prints.

use serde::{Deserialize, Serialize};

use crate::options::Stream;
use crate::tutorial::Code;

/// Something that a page says a step prints.
#[derive(Debug, Clone)]
pub struct Expectation {
    /// Which part of the step's output it is about.
    pub part: Part,
    /// Which stream it is about.
    pub stream: Stream,
    /// How it is compared.
    pub format: Format,
    /// The expected text with its places.
    pub text: Code,
    /// The fence whose opening line a report names: the output fence, or the step's own.
    pub fence: usize,
}

/// A part of a step's output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// All of it.
    Whole,
    /// What the command with this index in `Step::commands` printed.
    Command(usize),
    /// What the statement with this index in `Step::watches` printed, or its value.
    Watch(usize),
    /// What a service had printed when it was ready and the page went on; nothing where it never was.
    Start,
}

/// How an expectation is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Line by line, with wildcards.
    Text,
    /// By structure, falling back to text.
    Json,
    /// Status line, headers, body.
    Http,
}
