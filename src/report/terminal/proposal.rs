//! A change that the page would take over, for a person who decides on it.

use super::excerpt::{self, Mark, Shown, Title};
use super::{Look, diff, finding};
use crate::diagnostic::Severity;
use crate::matching::DiffLine;
use crate::report::paint::{Paint, QUIET, clipped};
use crate::source::{SourceFile, Span};
use crate::transcript::Exchange;

/// How many characters of a message are shown.
const TEXT: usize = 240;

/// What is proposed.
#[derive(Debug)]
pub struct Proposal<'a> {
    /// The step's name.
    pub step: &'a str,
    /// The page.
    pub source: &'a SourceFile,
    /// The place that is not true.
    pub span: Span,
    /// What is wrong there.
    pub message: &'a str,
    /// True where the page shows no output yet.
    pub added: bool,
    /// What the page shows and what it would show.
    pub diff: &'a [DiffLine],
}

/// A proposal: where, why, and the page's lines before and after; the text ends on a newline.
pub fn proposal(proposal: &Proposal<'_>, look: Look) -> String {
    let name = proposal.step;
    let (word, code, text) = if proposal.added {
        ("unchecked", "added", format!("the page does not show what `{name}` printed"))
    } else {
        ("stale", "output", format!("what `{name}` printed is not what the page shows"))
    };
    let title = Title { severity: Severity::Error, word: Some(word), code, text: &text, goes_on: true };
    let message = clipped(proposal.message, TEXT);
    let mark = Mark { span: proposal.span, text: if proposal.added { "" } else { &message } };
    let gutter = proposal.source.line(proposal.span.start).to_string().len();
    let mut paint = Paint::new(look.colour);
    paint.add_rendered(&excerpt::draw(&title, Some(proposal.source), &[mark], &Shown::Marked, look));
    diff::draw_between(&mut paint, gutter, proposal.diff, ["- the page now", "+ the page then"], look);
    finding::rule(&mut paint, gutter);
    paint.finish()
}

/// What a step asked the API and what it answered; the text ends on a newline.
pub fn traffic(exchanges: &[Exchange], look: Look) -> String {
    let mut paint = Paint::new(look.colour);
    if exchanges.is_empty() {
        paint.add_in(QUIET, "   the step asked the API nothing").end_line();
    }
    for exchange in exchanges {
        finding::exchanges(&mut paint, 2, std::slice::from_ref(exchange), look);
    }
    paint.finish()
}
