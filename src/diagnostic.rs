//! A located finding: what is wrong, where, and what to do next.
//!
//! It is data. `report/` draws it for a terminal, an annotation or JSON; nothing else formats places.

use std::sync::Arc;

use crate::source::{SourceFile, Span};

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// It is told, and changes no exit status.
    Note,
    /// Something is probably not meant.
    Warning,
    /// The page or the command cannot be trusted.
    Error,
}

impl Severity {
    /// The word that reports use.
    pub fn word(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// A marked place and what to say there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// The place, in the finding's file.
    pub span: Span,
    /// What to say there; may be empty.
    pub text: String,
}

/// One finding.
#[derive(Debug, Clone)]
pub struct Diagnostic {
    /// A stable word for the kind of finding, such as `unknown-option`.
    pub code: &'static str,
    /// How much it weighs.
    pub severity: Severity,
    /// Lower case, no final period.
    pub message: String,
    /// The file that it is about, where there is one.
    pub source: Option<Arc<SourceFile>>,
    /// The places, the main one first.
    pub labels: Vec<Label>,
    /// What to do next, each a sentence fragment.
    pub help: Vec<String>,
}

impl Diagnostic {
    /// An error without a place.
    pub fn error(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: Severity::Error,
            message: message.into(),
            source: None,
            labels: Vec::new(),
            help: Vec::new(),
        }
    }

    /// A warning without a place.
    pub fn warning(code: &'static str, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, message) }
    }

    /// A note without a place.
    pub fn note(code: &'static str, message: impl Into<String>) -> Self {
        Self { severity: Severity::Note, ..Self::error(code, message) }
    }

    /// The same, about `source`, marked at `span` with `text`.
    #[must_use]
    pub fn at(mut self, source: &Arc<SourceFile>, span: Span, text: impl Into<String>) -> Self {
        self.source = Some(Arc::clone(source));
        self.labels.push(Label { span, text: text.into() });
        self
    }

    /// The same, with one more thing to do next.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help.push(text.into());
        self
    }

    /// The 1-based line of the main place.
    pub fn line(&self) -> Option<usize> {
        Some(self.source.as_ref()?.line(self.labels.first()?.span.start))
    }

    /// The 1-based column of the main place.
    pub fn column(&self) -> Option<usize> {
        Some(self.source.as_ref()?.column(self.labels.first()?.span.start))
    }
}
