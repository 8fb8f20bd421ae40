//! A piece of a page with marked places, drawn as compilers draw it.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Level, Origin, Padding, Renderer, Snippet};

use super::Look;
use crate::diagnostic::Severity;
use crate::report::paint::safe;
use crate::source::{SourceFile, Span};

/// The first line of a finding.
pub(super) struct Title<'a> {
    /// How much it weighs; decides the colour.
    pub(super) severity: Severity,
    /// The word that it starts with, where that is not the severity's.
    pub(super) word: Option<&'a str>,
    /// What kind of finding it is, in brackets.
    pub(super) code: &'a str,
    /// What is wrong.
    pub(super) text: &'a str,
    /// True where more is told of it below.
    pub(super) goes_on: bool,
}

/// A marked place and what to say there.
pub(super) struct Mark<'a> {
    pub(super) span: Span,
    pub(super) text: &'a str,
}

/// What is shown of a page.
pub(super) enum Shown {
    /// These lines, 1-based, whole.
    Lines(Range<usize>),
    /// The marked lines, with little around them.
    Marked,
}

/// Draws a title and the marked places of `source`, the main one first; the text ends on a newline.
pub(super) fn draw(
    title: &Title<'_>,
    source: Option<&SourceFile>,
    marks: &[Mark<'_>],
    shown: &Shown,
    look: Look,
) -> String {
    let level = match title.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let level = match title.word {
        Some(word) => level.with_name(safe(word)),
        None => level,
    };
    let heading = level.primary_title(safe(title.text)).id(safe(title.code));
    let path = source.map(|source| safe(&source.path().display().to_string()));
    let group = match (source, path) {
        (Some(source), Some(path)) if marks.is_empty() || source.text().is_empty() => {
            heading.element(Origin::path(path))
        }
        (Some(source), Some(path)) => {
            let drawn = heading.element(snippet(source, marks, shown).path(path));
            if title.goes_on { drawn.element(Padding) } else { drawn }
        }
        _ => annotate_snippets::Group::with_title(heading),
    };
    let renderer = if look.colour { Renderer::styled() } else { Renderer::plain() };
    let mut text = renderer.term_width(look.width).render(&[group]);
    text.push('\n');
    text
}

fn snippet<'a>(
    source: &SourceFile,
    marks: &[Mark<'_>],
    shown: &Shown,
) -> Snippet<'a, annotate_snippets::Annotation<'a>> {
    let (from, text, fold) = match shown {
        Shown::Lines(lines) => {
            let start = source.line_span(lines.start).start;
            let end = source.line_span(lines.end.saturating_sub(1).max(lines.start)).end;
            (lines.start, Span::new(start, end), false)
        }
        Shown::Marked => (1, Span::new(0, source.text().len()), true),
    };
    let annotations: Vec<_> = marks
        .iter()
        .enumerate()
        .map(|(at, mark)| {
            let kind = if at == 0 { AnnotationKind::Primary } else { AnnotationKind::Context };
            let span = within(one_line(source, mark.span), text);
            let annotation = kind.span(span.start - text.start..span.end - text.start);
            if mark.text.is_empty() { annotation } else { annotation.label(safe(mark.text)) }
        })
        .collect();
    Snippet::source(harmless(source.slice(text))).line_start(from).fold(fold).annotations(annotations)
}

/// `span` up to the end of its first line: an arrow over many lines hides more than it shows, and one that ends on a
/// newline would point at the line after.
fn one_line(source: &SourceFile, span: Span) -> Span {
    let end = source.line_span(source.line(span.start)).end;
    Span::new(span.start.min(end), span.end.min(end))
}

fn within(span: Span, limits: Span) -> Span {
    Span::new(span.start.clamp(limits.start, limits.end), span.end.clamp(limits.start, limits.end))
}

/// `text` without the control characters that the renderer lets pass (U+0080 to U+009F: a terminal may take one for
/// the start of an escape sequence). What stands for them is as long, so that spans stay right.
fn harmless(text: &str) -> String {
    text.replace(|character| matches!(character, '\u{80}'..='\u{9f}'), "\u{b7}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(text: &str, span: Span, shown: &Shown) -> String {
        let source = SourceFile::new("docs/a.md", text);
        let title = Title {
            severity: Severity::Error,
            word: Some("stale"),
            code: "output",
            text: "a line differs",
            goes_on: true,
        };
        draw(&title, Some(&source), &[Mark { span, text: "here" }], shown, Look { width: 80, colour: false })
    }

    #[test]
    fn a_span_that_ends_on_a_newline_marks_its_own_line() {
        insta::assert_snapshot!(drawn("one\ntwo\nthree\n", Span::new(4, 8), &Shown::Lines(1..4)), @"
        stale[output]: a line differs
         --> docs/a.md:2:1
          |
        1 | one
        2 | two
          | ^^^ here
        3 | three
          |
        ");
    }

    #[test]
    fn a_point_past_the_end_of_the_file_is_drawn_at_its_end() {
        insta::assert_snapshot!(drawn("one\ntwo", Span::new(99, 120), &Shown::Lines(1..3)), @"
        stale[output]: a line differs
         --> docs/a.md:2:4
          |
        1 | one
        2 | two
          |    ^ here
          |
        ");
    }

    #[test]
    fn escape_sequences_of_a_page_are_taken_apart() {
        let text = drawn("a \u{1b}[31m b \u{9b}31m é x\n", Span::new(22, 23), &Shown::Marked);
        assert!(!text.contains(['\u{1b}', '\u{9b}']), "{text:?}");
        insta::assert_snapshot!(text, @"
        stale[output]: a line differs
         --> docs/a.md:1:20
          |
        1 | a ␛[31m b ·31m é x
          |                   ^ here
          |
        ");
    }
}
