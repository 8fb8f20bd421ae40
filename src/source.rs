//! A file as it was read, and places in it as byte spans.
//!
//! Everything that is told to a person is told as a place in a file. Spans are byte ranges into the
//! whole file; lines and columns are worked out only when something is printed.

use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A range of bytes in a file, from `start` up to but without `end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// The byte after the last one.
    pub end: usize,
}

impl Span {
    /// The span from `start` up to but without `end`.
    pub fn new(start: usize, end: usize) -> Self {
        Self { start, end: end.max(start) }
    }

    /// True where the span holds no byte.
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }
}

/// A value together with the place where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spanned<T> {
    /// What stands there.
    pub value: T,
    /// Where it stands.
    pub span: Span,
}

impl<T> Spanned<T> {
    /// `value`, which stands at `span`.
    pub fn new(value: T, span: Span) -> Self {
        Self { value, span }
    }
}

/// A value, the file that says it, and where: paths that a file names are relative to that file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located<T> {
    /// What stands there.
    pub value: T,
    /// The file.
    pub source: Arc<SourceFile>,
    /// Where it stands in the file.
    pub span: Span,
}

impl<T> Located<T> {
    /// `spanned`, which stands in `source`.
    pub fn new(spanned: Spanned<T>, source: &Arc<SourceFile>) -> Self {
        Self { value: spanned.value, source: Arc::clone(source), span: spanned.span }
    }
}

/// A file's text and the path that people know it by.
#[derive(Debug, PartialEq, Eq)]
pub struct SourceFile {
    path: PathBuf,
    text: String,
    line_starts: Vec<usize>,
}

impl SourceFile {
    /// A file that was read from `path` and holds `text`.
    pub fn new(path: impl Into<PathBuf>, text: impl Into<String>) -> Arc<Self> {
        let text = text.into();
        let line_starts = std::iter::once(0)
            .chain(text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1))
            .collect();
        Arc::new(Self { path: path.into(), text, line_starts })
    }

    /// The path as it was named, to be shown.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The whole text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text at `span`; empty where the span does not lie in the file.
    pub fn slice(&self, span: Span) -> &str {
        self.text.get(span.start..span.end).unwrap_or_default()
    }

    /// The 1-based line that holds the byte at `offset`.
    pub fn line(&self, offset: usize) -> usize {
        self.line_starts.partition_point(|start| *start <= offset)
    }

    /// The 1-based column, in characters, of the byte at `offset`.
    pub fn column(&self, offset: usize) -> usize {
        let start = self.line_starts[self.line(offset) - 1];
        let end = offset.min(self.text.len());
        self.text.get(start..end).map_or(1, |before| before.chars().count() + 1)
    }

    /// The bytes of the 1-based `line`, without its line end; empty past the last line.
    pub fn line_span(&self, line: usize) -> Span {
        let Some(start) = line.checked_sub(1).and_then(|at| self.line_starts.get(at)).copied() else {
            return Span::new(self.text.len(), self.text.len());
        };
        let end = self.line_starts.get(line).map_or(self.text.len(), |next| next - 1);
        let end = if self.text[start..end].ends_with('\r') { end - 1 } else { end };
        Span::new(start, end)
    }
}
