//! The document model: what a page holds, each thing with its place, before anyone decides what to run.

mod closing;
mod comments;
mod commonmark;
mod front_matter;

use std::sync::Arc;

use crate::diagnostic::Diagnostic;
use crate::options::{OptionError, Setting};
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
    /// False where no marker closes it: then it runs on to the end of what it stands in.
    pub closed: bool,
    /// The first line of `code` that seems to be meant for the page, not for this block: it was not closed in time.
    pub swallowed: Option<usize>,
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
    /// A paragraph's or list item's text on one line; inline code keeps its backticks, bold text its `**`.
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

    /// The bytes `start..end` of `text`, which lie on character boundaries, with their places.
    fn part(&self, start: usize, end: usize) -> Self {
        let mut part = Self::default();
        let mut at = start;
        for line in self.text[start..end].split_inclusive('\n') {
            let shown = line.strip_suffix('\n').unwrap_or(line);
            part.text.push_str(shown);
            part.text.push('\n');
            part.lines.push(self.place(at, at + shown.len()));
            at += line.len();
        }
        part
    }

    fn offset(&self, at: usize) -> usize {
        let before = &self.text[..self.text.floor_char_boundary(at)];
        let line = before.matches('\n').count();
        let left = self.text[before.len()..].find('\n').unwrap_or(self.text.len() - before.len());
        match self.lines.get(line) {
            // Counted from the line's end: a tab that reaches over the indent of a list leaves blanks at the start of
            // the line that are not in the file.
            Some(span) => span.end.saturating_sub(left).max(span.start),
            None => self.lines.last().map_or(0, |span| span.end),
        }
    }
}

/// Reads a page. Every code block that CommonMark defines is there, whatever else is wrong with the page.
pub fn read(source: Arc<SourceFile>) -> (Tutorial, Vec<Diagnostic>) {
    let (front_matter, mut diagnostics) = front_matter::read(&source);
    let page = commonmark::Page::parse(source.text(), front_matter.end);
    let comments = comments::find(&page, &source, &mut diagnostics);
    let mut fences = assemble(page.blocks(&comments), comments, &source, &mut diagnostics);
    closing::tell(&mut fences, &source);
    (Tutorial { source, settings: front_matter.settings, fences }, diagnostics)
}

/// Joins blocks and comments, both in the order of the page: a comment's options go to the fence that follows it.
fn assemble(
    blocks: Vec<Block>,
    comments: Vec<Comment>,
    source: &Arc<SourceFile>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<Fence> {
    let mut comments = comments.into_iter().peekable();
    let mut fences = Vec::new();
    let mut pending: Vec<Comment> = Vec::new();
    let mut before: Vec<Prose> = Vec::new();
    let mut heading = None;
    let mut lost = |pending: &mut Vec<Comment>| {
        for comment in pending.drain(..) {
            diagnostics.push(
                Diagnostic::error("comment-without-fence", "no fence follows this comment")
                    .at(source, comment.span, "these options go nowhere")
                    .help("put the comment on the line before the fence that it is about"),
            );
        }
    };
    let mut twice = Vec::new();
    let mut finish =
        |mut fence: Fence, pending: &mut Vec<Comment>, before: &mut Vec<Prose>, heading: &Option<String>| {
            let said = pending.drain(..).flat_map(|comment| comment.settings);
            fence.settings = said.chain(fence.settings).collect();
            twice.extend(said_twice(&fence.settings, source));
            fence.before = std::mem::take(before);
            fence.heading.clone_from(heading);
            fences.push(fence);
        };
    for block in blocks.into_iter().map(Some).chain([None]) {
        let start = block.as_ref().map_or(usize::MAX, Block::start);
        while let Some(mut comment) = comments.next_if(|comment| comment.span.start < start) {
            match comment.step.take() {
                None => pending.push(comment),
                Some(step) => finish(*step, &mut pending, &mut before, &heading),
            }
        }
        match block {
            None => lost(&mut pending),
            Some(Block::Fence(fence)) => finish(*fence, &mut pending, &mut before, &heading),
            Some(Block::Prose { prose, .. }) => {
                lost(&mut pending);
                if let Prose::Heading(text) = &prose {
                    heading = Some(text.clone());
                }
                before.push(prose);
            }
        }
    }
    diagnostics.append(&mut twice);
    fences
}

/// Each key that the comments before one fence say again: one of the two values would count for nothing.
fn said_twice(settings: &[Setting], source: &Arc<SourceFile>) -> Vec<Diagnostic> {
    let again = settings.iter().enumerate().filter_map(|(at, setting)| {
        let key = &setting.key;
        let first = settings[..at].iter().find(|first| first.key.value == key.value)?;
        let found = Diagnostic::error("duplicate-option", format!("`{}` is said twice", key.value));
        let found = found.at(source, key.span, "said here again").at(source, first.key.span, "first said here");
        Some(found.help("take one of the two away"))
    });
    again.collect()
}

/// A part of a page.
enum Block {
    /// A code block; options of comments, prose and heading are not filled in yet.
    Fence(Box<Fence>),
    /// Anything else that a reader sees.
    Prose {
        /// The first byte.
        start: usize,
        /// What it is.
        prose: Prose,
    },
}

impl Block {
    fn start(&self) -> usize {
        match self {
            Self::Fence(fence) => fence.span.start,
            Self::Prose { start, .. } => *start,
        }
    }
}

/// A comment that speaks to doccheck.
struct Comment {
    /// All of it.
    span: Span,
    /// The options in it.
    settings: Vec<Setting>,
    /// For `doccheck-run`: the fence in it, which has the options.
    step: Option<Box<Fence>>,
}

/// An option that cannot be used, as a finding about `source`.
pub fn refused(error: OptionError, source: &Arc<SourceFile>) -> Diagnostic {
    let finding = Diagnostic::error(error.code, error.message).at(source, error.span, "");
    match error.help {
        Some(help) => finding.help(help),
        None => finding,
    }
}

#[cfg(test)]
mod tests;
