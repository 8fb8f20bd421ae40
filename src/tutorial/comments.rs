//! Comments that speak to doccheck, in the spellings of the places where Markdown is shown:
//!
//! ```text
//! <!-- doccheck: name=create exit=1 -->       {/* doccheck: name=create exit=1 */}
//! [doccheck]: # (name=create exit=1)          <!-- doccheck-run
//!                                             (a fence that no reader sees)
//!                                             -->
//! ```

use std::ops::Range;
use std::sync::Arc;

use crate::diagnostic::Diagnostic;
use crate::options;
use crate::source::{SourceFile, Span};

use super::commonmark::{Page, only_fence};
use super::{Code, Comment, refused};

/// Every comment of the page that speaks to doccheck, in order.
pub(super) fn find(page: &Page<'_>, source: &Arc<SourceFile>, diagnostics: &mut Vec<Diagnostic>) -> Vec<Comment> {
    let mut finder = Finder { source, diagnostics, comments: Vec::new() };
    for html in page.html() {
        finder.html(&html);
    }
    finder.lines(page.start(), &page.opaque());
    let mut comments = finder.comments;
    comments.sort_by_key(|comment| comment.span.start);
    comments
}

struct Finder<'a> {
    source: &'a Arc<SourceFile>,
    diagnostics: &'a mut Vec<Diagnostic>,
    comments: Vec<Comment>,
}

impl Finder<'_> {
    fn error(&mut self, code: &'static str, message: impl Into<String>, span: Span, help: &str) {
        self.diagnostics.push(Diagnostic::error(code, message).at(self.source, span, "").help(help));
    }

    /// The HTML comments in a piece of HTML.
    fn html(&mut self, html: &Code) {
        let mut at = 0;
        while let Some(open) = html.text[at..].find("<!--").map(|found| at + found) {
            let body = open + "<!--".len();
            let close = html.text[body..].find("-->").map(|found| body + found);
            let body_end = close.unwrap_or(html.text.len());
            at = close.map_or(html.text.len(), |close| close + "-->".len());
            let span = html.place(open, at);
            let words = &html.text[body..body_end];
            let start = body + words.len() - words.trim_start().len();
            let Some(rest) = html.text[start..body_end].strip_prefix("doccheck") else { continue };
            let after = body_end - rest.len();
            let name = &rest[..rest.find(|c: char| c.is_whitespace() || c == ':').unwrap_or(rest.len())];
            if close.is_none() && (rest.starts_with(':') || name == "-run") {
                self.error("unclosed-comment", "the comment is not closed", span, "close it with `-->`");
                continue;
            }
            match name {
                "" if rest.starts_with(':') => self.options(&html.part(after + 1, body_end), span),
                "-run" => self.hidden_step(&html.part(after + name.len(), body_end), span),
                "" if rest.contains('=') => {
                    let word = html.place(start, after);
                    self.error("bad-comment", "a colon is missing after `doccheck`", word, "write `doccheck:`");
                }
                _ if name.starts_with('-') => {
                    let word = html.place(start, after + name.len());
                    let message = format!("there is no `doccheck{name}` comment");
                    self.error("bad-comment", message, word, "write `doccheck:` with options, or `doccheck-run`");
                }
                _ => {}
            }
        }
    }

    /// The comments that are lines of their own: link definitions and those of MDX. The parser swallows the former
    /// and takes the latter for text.
    fn lines(&mut self, start: usize, opaque: &[Range<usize>]) {
        let text = self.source.text();
        let mut opaque = opaque.iter().peekable();
        let mut at = start;
        while at < text.len() {
            let end = text[at..].find('\n').map_or(text.len(), |found| at + found + 1);
            while opaque.next_if(|block| block.end <= at).is_some() {}
            if opaque.peek().is_some_and(|block| block.start < end) {
                at = end;
                continue;
            }
            let line = &text[at..end];
            let open = at + line.len() - line.trim_start_matches(is_prefix).len();
            let limit = opaque.peek().map_or(text.len(), |block| block.start);
            let next = match text[open..end].strip_prefix("{/*") {
                Some(_) => self.mdx(open, limit),
                None => self.link_definition(open, text[at..end].trim_end().len() + at),
            };
            at = next.map_or(end, |next| end.max(next));
        }
    }

    fn mdx(&mut self, open: usize, limit: usize) -> Option<usize> {
        let text = self.source.text();
        let body = open + "{/*".len();
        let words = &text[body..limit];
        let start = body + words.len() - words.trim_start().len();
        text[start..limit].strip_prefix("doccheck:")?;
        let start = start + "doccheck:".len();
        let Some(end) = text[start..limit].find("*/}").map(|found| start + found) else {
            let span = Span::new(open, start);
            self.error("unclosed-comment", "the comment is not closed", span, "close it with `*/}`");
            return None;
        };
        let close = end + "*/}".len();
        self.options(&prefixed_lines(text, start, end), Span::new(open, close));
        Some(close)
    }

    fn link_definition(&mut self, open: usize, end: usize) -> Option<usize> {
        let text = self.source.text();
        let rest = text.get(open..end)?.strip_prefix("[doccheck]:")?.trim_start();
        let help = "write `[doccheck]: # (key=value)`";
        let span = Span::new(open, end);
        let Some(title) = rest.strip_prefix('#').map(str::trim_start) else {
            self.error("bad-comment", "a `#` is missing after `[doccheck]:`", span, help);
            return None;
        };
        let close = match title.chars().next() {
            Some('(') => ')',
            Some(quote @ ('"' | '\'')) => quote,
            _ => {
                self.error("bad-comment", "the options are missing", span, help);
                return None;
            }
        };
        let Some(inner) = title[1..].strip_suffix(close) else {
            let message = format!("a `{close}` is missing at the end of the line");
            self.error("unclosed-comment", message, span, help);
            return None;
        };
        let start = end - 1 - inner.len();
        self.options(&Code { text: format!("{inner}\n"), lines: vec![Span::new(start, end - 1)] }, span);
        Some(end)
    }

    fn read_options(&mut self, body: &Code) -> Vec<options::Setting> {
        let place = |span: &mut Span| *span = body.place(span.start, span.end);
        let (mut settings, errors) = options::parse_own(&body.text, 0);
        settings.iter_mut().for_each(|setting| setting.move_spans(place));
        for mut error in errors {
            place(&mut error.span);
            self.diagnostics.push(refused(error, self.source));
        }
        settings
    }

    fn options(&mut self, body: &Code, span: Span) {
        if body.text.trim().is_empty() {
            self.error("bad-comment", "no option stands here", span, "write options as `key=value`");
        }
        let settings = self.read_options(body);
        self.comments.push(Comment { span, settings, step: None });
    }

    fn hidden_step(&mut self, body: &Code, span: Span) {
        let first_line = body.text.find('\n').unwrap_or(body.text.len());
        let settings = self.read_options(&body.part(0, first_line));
        match only_fence(&body.part(first_line.saturating_add(1).min(body.text.len()), body.text.len())) {
            Some(mut fence) => {
                fence.hidden = true;
                fence.settings = settings;
                self.comments.push(Comment { span, settings: Vec::new(), step: Some(Box::new(fence)) });
            }
            None => {
                let help = "put one fence, and nothing else, on the lines between `<!-- doccheck-run` and `-->`";
                self.error("bad-comment", "a hidden step is one fence", span, help);
            }
        }
    }
}

/// What may stand before a comment on its line: indent, quote marks, the marker of a list item.
fn is_prefix(c: char) -> bool {
    matches!(c, ' ' | '\t' | '>' | '-' | '*' | '+')
}

/// The lines of `text[start..end]`, those after the first without their indent and quote marks.
fn prefixed_lines(text: &str, start: usize, end: usize) -> Code {
    let mut code = Code::default();
    let mut at = start;
    for line in text[start..end].split('\n') {
        let shown = line.trim_end_matches('\r');
        let cut = if at == start { 0 } else { shown.len() - shown.trim_start_matches(is_prefix).len() };
        code.text.push_str(&shown[cut..]);
        code.text.push('\n');
        code.lines.push(Span::new(at + cut, at + shown.len()));
        at += line.len() + 1;
    }
    code
}
