//! Where and how lines stand in the file: inside lists and quotes, behind a comment's mark, with the file's own line
//! ends.

use crate::plan::Part;
use crate::source::{SourceFile, Span};
use crate::tutorial::{Code, Fence, FenceKind};

/// The lines of a fence's code, or of a part of it, in the file.
pub(super) struct Place<'a> {
    source: &'a SourceFile,
    fence: &'a Fence,
    code: &'a Code,
    /// The lines of `code`.
    texts: Vec<&'a str>,
    /// True for a comment in a program that tells what the statement before it printed.
    comment: bool,
}

impl<'a> Place<'a> {
    pub(super) fn new(source: &'a SourceFile, fence: &'a Fence, code: &'a Code, part: Part) -> Self {
        let texts = code.text.lines().collect();
        Self { source, fence, code, texts, comment: matches!(part, Part::Watch(_)) }
    }

    /// What ends a line around here.
    pub(super) fn line_end(&self) -> &'static str {
        let end = self.opening_line().end;
        if self.source.text()[end..].starts_with("\r\n") { "\r\n" } else { "\n" }
    }

    /// The line of the fence's opening marker.
    pub(super) fn opening_line(&self) -> Span {
        self.line(self.fence.span.start)
    }

    /// Where the fence's opening marker starts.
    pub(super) fn opening_marker(&self) -> usize {
        self.fence.span.start
    }

    /// The end of the line before the first line of the code.
    pub(super) fn before_first(&self) -> usize {
        match self.code.lines.first() {
            Some(first) => self.source.line_span(self.source.line(first.start) - 1).end,
            None => self.opening_line().end,
        }
    }

    /// The whole line, without its end, that holds the byte at `at`.
    fn line(&self, at: usize) -> Span {
        self.source.line_span(self.source.line(at))
    }

    /// Line `at` of the code, its trailing blanks too.
    pub(super) fn text_span(&self, at: usize) -> Span {
        let span = self.code.lines[at];
        let end = self.line(span.start).end;
        Span::new(span.start.min(end), span.end.min(end))
    }

    /// The whole line of the file that holds line `at` of the code.
    pub(super) fn whole_line(&self, at: usize) -> Span {
        self.line(self.code.lines[at].start)
    }

    /// The whole line of the file with its end, or, where the file ends with the code, with the end of the one before.
    pub(super) fn line_with_end(&self, at: usize) -> Span {
        let line = self.whole_line(at);
        let last = self.whole_line(self.code.lines.len() - 1);
        if last.end == self.source.text().len() {
            let before = self.source.line_span(self.source.line(line.start).saturating_sub(1));
            return Span::new(if line.start == 0 { 0 } else { before.end }, line.end);
        }
        let end = self.source.text()[line.end..].find('\n').map_or(line.end, |end| line.end + end + 1);
        Span::new(line.start, end)
    }

    /// What stands in the file before line `at` of the code.
    pub(super) fn head(&self, at: usize) -> &str {
        self.source.slice(Span::new(self.whole_line(at).start, self.text_span(at).start))
    }

    /// True where a statement of the program stands before line `at`, which is a comment.
    pub(super) fn is_behind_code(&self, at: usize) -> bool {
        if !self.comment {
            return false;
        }
        let start = self.code_start(at);
        let head = self.source.slice(Span::new(start, self.text_span(at).start));
        !head[..mark(head)].trim().is_empty()
    }

    /// Where the program's text starts in the line of the file that holds line `at` of a comment.
    fn code_start(&self, at: usize) -> usize {
        let line = self.whole_line(at);
        let own = self.fence.code.lines.iter().find(|span| line.start <= span.start && span.end <= line.end);
        own.map_or(line.start, |span| span.start)
    }

    /// How many blanks at the start of line `at` are not in the file: a tab reaches over the indent of a list.
    pub(super) fn unwritten(&self, at: usize) -> usize {
        let text = self.texts.get(at).copied().unwrap_or_default();
        text.len().saturating_sub(self.source.slice(self.code.lines[at]).len())
    }

    /// What a new line beside the code's lines starts with.
    pub(super) fn prefix(&self) -> String {
        if self.comment {
            return self.comment_prefix();
        }
        let written = |at: usize| self.texts[at].len() == self.source.slice(self.code.lines[at]).len();
        let lines = 0..self.texts.len().min(self.code.lines.len());
        let filled = lines.into_iter().find(|at| !self.texts[*at].trim().is_empty() && written(*at));
        filled.map_or_else(|| container(self.source, self.fence), |at| self.head(at).to_owned())
    }

    fn comment_prefix(&self) -> String {
        if let Some(at) = (0..self.code.lines.len()).find(|at| !self.is_behind_code(*at)) {
            return with_blank(self.head(at));
        }
        let Some(last) = self.code.lines.len().checked_sub(1) else { return container(self.source, self.fence) };
        let start = self.code_start(last);
        let (line, span) = (self.whole_line(last), self.text_span(last));
        let code = self.source.slice(Span::new(start, span.start));
        let indent = &code[..code.len() - code.trim_start().len()];
        with_blank(&format!("{}{indent}{}", self.source.slice(Span::new(line.start, start)), &code[mark(code)..]))
    }

    /// The marker's character, how often it stands in the opening marker, and where it starts in the closing one.
    pub(super) fn marker(&self) -> Option<(char, usize, Option<usize>)> {
        let text = self.source.slice(self.fence.span);
        let sign = match self.fence.kind {
            FenceKind::Backtick => '`',
            FenceKind::Tilde => '~',
            FenceKind::Indented => return None,
        };
        let count = text.chars().take_while(|char| *char == sign).count();
        let rest = text.trim_end().trim_end_matches(sign);
        let closing = text.trim_end().len() - rest.len();
        let alone = rest.rsplit('\n').next().is_some_and(|head| head.chars().all(|char| " \t>".contains(char)));
        let closes = closing >= count && alone && rest.contains('\n');
        Some((sign, count, closes.then(|| self.fence.span.start + rest.len())))
    }
}

/// What a line that stands beside the fence's opening marker, in the same list item or quote, starts with.
pub(super) fn container(source: &SourceFile, fence: &Fence) -> String {
    let line = source.line_span(source.line(fence.span.start));
    let head = source.slice(Span::new(line.start, fence.span.start));
    head.chars().map(|char| if matches!(char, '>' | '\t') { char } else { ' ' }).collect()
}

/// Where the comment's sign stands in what precedes what it tells.
fn mark(head: &str) -> usize {
    head.rfind('#').max(head.rfind("//")).unwrap_or(head.len())
}

fn with_blank(head: &str) -> String {
    if head.ends_with(' ') { head.to_owned() } else { format!("{head} ") }
}
