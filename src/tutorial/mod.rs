//! The document model: what a page holds, each thing with its place, before anyone decides what to run.

use std::sync::Arc;

use crate::diagnostic::Diagnostic;
use crate::options::Setting;
use crate::source::{SourceFile, Span, Spanned};

/// A page as it was read.
#[derive(Debug, Clone)]
pub struct Tutorial {
    /// The file.
    pub source: Arc<SourceFile>,
    /// The options that the front matter sets under `doccheck:`.
    pub settings: Vec<Setting>,
    /// Every code block of the page, in order, indented ones too.
    pub fences: Vec<Fence>,
}

/// How a code block is marked off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FenceKind {
    /// With backticks.
    Backtick,
    /// With tildes.
    Tilde,
    /// By indentation.
    Indented,
}

/// A code block.
#[derive(Debug, Clone)]
pub struct Fence {
    /// How it is marked off.
    pub kind: FenceKind,
    /// From the opening marker to the end of the closing one.
    pub span: Span,
    /// The first word after the opening marker, as written.
    pub language: Option<Spanned<String>>,
    /// What else stands after the opening marker.
    pub info: Spanned<String>,
    /// What the block holds.
    pub code: Code,
    /// Options said to doccheck by name, in the comment before the fence. Unknown ones are errors.
    pub settings: Vec<Setting>,
    /// Settings after the language. They may be another tool's words: only doccheck's own keys with valid values count.
    pub attributes: Vec<Setting>,
    /// True for a fence inside a `<!-- doccheck-run` comment.
    pub hidden: bool,
    /// The text of the last heading above.
    pub heading: Option<String>,
    /// What stands between the fence before (or the top of the page) and this one.
    pub before: Vec<Prose>,
}

/// Something between two fences.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Prose {
    /// A paragraph's or list item's text.
    Paragraph(String),
    /// A heading's text.
    Heading(String),
    /// Anything else that a reader sees: a table, an image, a rule, raw HTML that is no comment.
    Other,
}

/// The text of a code block, without the indent of the list or quote that it stands in, and where each of its
/// lines stands in the file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Code {
    /// The text, lines ended by `\n`.
    pub text: String,
    /// For each line of `text`, the bytes of the file that it came from, without the line end.
    pub lines: Vec<Span>,
}

impl Code {
    /// Where the byte range `start..end` of `text` stands in the file. A range over several lines ends where its
    /// last line's part ends.
    pub fn place(&self, start: usize, end: usize) -> Span {
        let (first, last) = (self.offset(start), self.offset(end.max(start)));
        Span::new(first, last)
    }

    fn offset(&self, at: usize) -> usize {
        let before = &self.text[..at.min(self.text.len())];
        let line = before.matches('\n').count();
        let column = before.len() - before.rfind('\n').map_or(0, |end| end + 1);
        match self.lines.get(line) {
            Some(span) => (span.start + column).min(span.end),
            None => self.lines.last().map_or(0, |span| span.end),
        }
    }
}

/// Reads a page. Every code block that CommonMark defines is there, whatever else is wrong with the page.
pub fn read(_source: Arc<SourceFile>) -> (Tutorial, Vec<Diagnostic>) {
    todo!()
}
