//! A failure as a located finding: where, what the page says and what happened, which step, what the API answered,
//! what to do next.

use std::ops::Range;
use std::time::Duration;

use super::excerpt::{self, Mark, Shown, Title};
use super::{Look, diff};
use crate::clock::in_words;
use crate::diagnostic::{Diagnostic, Severity};
use crate::outcome::{Check, CheckKind, PageOutcome, PageVerdict, StepOutcome, StepVerdict, title};
use crate::plan::Plan;
use crate::report::findings::sentence;
use crate::report::json::check_kind;
use crate::report::paint::{BAD, FRAME, Paint, QUIET, STRONG, clipped};
use crate::source::{SourceFile, Span};
use crate::transcript::Exchange;

/// How many lines a finding has at most; its parts have their own limits, which leave room for what to do next.
const FINDING: usize = 60;

/// What to do about an output that nothing more can be said about.
const USUAL: &str =
    "where the step is right, `doccheck review` changes the page; `...` and `[..]` stand for what may differ";

/// An expected block of at most this many lines is shown whole.
const BLOCK: usize = 14;

/// How many lines around the differing one are shown of a longer block.
const AROUND: usize = 4;

/// How many exchanges of a step are shown.
const EXCHANGES: usize = 4;

/// How many lines of a text that stands for itself (what happened, without a diff; what to do) are shown.
const LINES: usize = 12;

/// How many characters of an answer's body, a URL or a message are shown.
const TEXT: usize = 240;

/// Every finding of a page: about the page, then about its steps.
pub(super) fn page(outcome: &PageOutcome, look: Look) -> Vec<String> {
    let known = |found: &&Diagnostic| outcome.verdict == PageVerdict::KnownStale && found.severity == Severity::Error;
    let findings = outcome.diagnostics.iter().filter(|found| !known(found));
    let mut drawn: Vec<String> = findings.map(|found| diagnostic(found, look)).collect();
    // What is known is told in the step's line: a page's old faults must not hide its new ones.
    for step in outcome.steps.iter().filter(|step| step.verdict != StepVerdict::KnownStale) {
        for (at, check) in step.checks.iter().filter(|check| !check.ok).enumerate() {
            drawn.push(failure(outcome, step, check, at == 0, look));
        }
    }
    drawn
}

/// A finding about a page, the configuration or the machine; the text ends on a newline.
pub fn diagnostic(found: &Diagnostic, look: Look) -> String {
    let title = Title {
        severity: found.severity,
        word: None,
        code: found.code,
        text: &found.message,
        goes_on: !found.help.is_empty(),
    };
    let marks: Vec<Mark<'_>> = found.labels.iter().map(|label| Mark { span: label.span, text: &label.text }).collect();
    let mut paint = Paint::new(look.colour);
    paint.add_rendered(&excerpt::draw(&title, found.source.as_deref(), &marks, &Shown::Marked, look));
    let gutter = match (&found.source, found.line()) {
        (Some(source), Some(_)) => {
            let lines = found.labels.iter().map(|label| source.line(label.span.start));
            lines.max().unwrap_or(1).to_string().len()
        }
        _ => 2,
    };
    for help in &found.help {
        advice(&mut paint, gutter, help, LINES);
    }
    paint.finish()
}

/// A check that failed.
fn failure(page: &PageOutcome, step: &StepOutcome, check: &Check, first: bool, look: Look) -> String {
    let name = &step.name;
    let text = sentence(check_kind(check.kind), name);
    let title =
        Title { severity: Severity::Error, word: Some("stale"), code: check.kind.word(), text: &text, goes_on: true };
    let source = page.plan.as_deref().map(|plan| plan.tutorial.source.as_ref());
    let message = clipped(&check.message, TEXT);
    let mark = Mark { span: check.span, text: &message };
    let lines = page.plan.as_deref().map_or(0..1, |plan| block(plan, check.span));
    let gutter = lines.end.saturating_sub(1).to_string().len();
    let mut paint = Paint::new(look.colour);
    paint.add_rendered(&excerpt::draw(&title, source, &[mark], &Shown::Lines(lines), look));
    if check.diff.is_empty() {
        alone(&mut paint, gutter, check, look);
    } else {
        let expected = if check.kind == CheckKind::Snapshot { "the snapshot" } else { "the page" };
        diff::draw(&mut paint, gutter, [expected, "what happened"], &check.diff, look);
        rule(&mut paint, gutter);
    }
    label(&mut paint, gutter, "step");
    paint.add(&described(page, step)).end_line();
    if first {
        exchanges(&mut paint, gutter, &step.exchanges, look);
    }
    let compared = matches!(check.kind, CheckKind::Output | CheckKind::Http);
    let usual = (compared && check.help.is_empty()).then_some(USUAL);
    for help in check.help.iter().map(String::as_str).chain(usual) {
        let room = FINDING.saturating_sub(paint.lines() + 1);
        if room > 0 {
            advice(&mut paint, gutter, help, room);
        }
    }
    paint.finish()
}

/// The lines to show, 1-based, of the fence that holds `span`: all, or those around the place.
fn block(plan: &Plan, span: Span) -> Range<usize> {
    let source: &SourceFile = &plan.tutorial.source;
    let line = source.line(span.start);
    let fence =
        plan.tutorial.fences.iter().find(|fence| fence.span.start <= span.start && span.start <= fence.span.end);
    let Some(fence) = fence else { return line..line + 1 };
    let first = source.line(fence.span.start);
    // A fence that ends with a newline ends on the line before the next one.
    let last = source.line(fence.span.end.saturating_sub(1).max(fence.span.start));
    if last - first < BLOCK {
        return first..last.max(line) + 1;
    }
    line.saturating_sub(AROUND).max(first)..(line + AROUND).min(last).max(line) + 1
}

/// What happened, where no diff tells it.
fn alone(paint: &mut Paint, gutter: usize, check: &Check, look: Look) {
    let Some(actual) = check.actual.as_deref().filter(|text| text.contains('\n')) else { return };
    let bar = format!("{:gutter$} | ", "");
    let lines: Vec<&str> = actual.lines().collect();
    let left_out = lines.len().saturating_sub(LINES);
    if left_out > 0 {
        let left = format!("… {} before", diff::counted(left_out, "line"));
        paint.add_in(FRAME, &bar).add_in(QUIET, &left).end_line();
    }
    for line in &lines[left_out..] {
        let width = look.width.saturating_sub(bar.len() + 2).max(20);
        paint.add_in(FRAME, &bar).add("  ").add(&clipped(line, width)).end_line();
    }
    rule(paint, gutter);
}

fn described(page: &PageOutcome, step: &StepOutcome) -> String {
    let ending = step.exit.map_or_else(|| "no exit status".to_owned(), |code| format!("exit status {code}"));
    let time = in_words(Duration::from_micros(step.duration_us));
    let place = title(&format!("{}:{}", page.path, step.line), page.provider.as_deref());
    format!("`{}`, {}, {place}, {ending}, {time}", step.name, step.language)
}

/// What the API was asked and what it answered, the last ones; of the last failing answer the start of its body too.
pub(super) fn exchanges(paint: &mut Paint, gutter: usize, exchanges: &[Exchange], look: Look) {
    let left_out = exchanges.len().saturating_sub(EXCHANGES);
    if left_out > 0 {
        label(paint, gutter, "api");
        paint.add_in(QUIET, &format!("… {} before", diff::counted(left_out, "request"))).end_line();
    }
    let telling = exchanges.iter().rposition(|exchange| exchange.status >= 400).or(exchanges.len().checked_sub(1));
    for (at, exchange) in exchanges.iter().enumerate().skip(left_out) {
        label(paint, gutter, "api");
        paint.add(&format!("{} {} → ", exchange.method, clipped(&exchange.url, TEXT)));
        // Nobody has a status of 0: it stands for a webhook that nobody answered.
        let is_bad = exchange.status >= 400 || exchange.status == 0;
        let status = if exchange.status == 0 { "no answer".to_owned() } else { exchange.status.to_string() };
        paint.add_in(if is_bad { BAD } else { STRONG }, &status);
        if let Some(call) = &exchange.webhook {
            paint.add(&format!("  webhook {}", clipped(&call.event, TEXT)));
        }
        if let Some(fault) = &exchange.fault {
            paint.add(&format!(", by the page's fault `{fault}`"));
        }
        if exchange.unknown_route {
            paint.add(", the sandbox has no such route");
        } else if exchange.drafted {
            paint.add(", by the draft of this host, which may be wrong");
        }
        paint.end_line();
        if Some(at) == telling && !exchange.reply_body.trim().is_empty() {
            let words: Vec<&str> = exchange.reply_body.split_whitespace().collect();
            let indent = gutter + 8;
            let body = clipped(&words.join(" "), look.width.saturating_sub(indent).clamp(20, TEXT));
            paint.add(&" ".repeat(indent)).add_in(QUIET, &body).end_line();
        }
    }
}

pub(super) fn rule(paint: &mut Paint, gutter: usize) {
    paint.add_in(FRAME, &format!("{:gutter$} |", "")).end_line();
}

/// What to do next, the lines of a longer text below each other, at most `room` and one that tells how many more.
fn advice(paint: &mut Paint, gutter: usize, text: &str, room: usize) {
    let indent = " ".repeat(gutter + 9);
    let room = room.min(LINES);
    for (at, line) in text.lines().take(room).enumerate() {
        if at == 0 {
            label(paint, gutter, "help");
        } else {
            paint.add(&indent);
        }
        paint.add(&clipped(line, TEXT)).end_line();
    }
    let left_out = text.lines().count().saturating_sub(room);
    if left_out > 0 {
        let left = format!("… {} left out", diff::counted(left_out, "more line"));
        paint.add(&indent).add_in(QUIET, &left).end_line();
    }
}

fn label(paint: &mut Paint, gutter: usize, name: &str) {
    paint.add_in(FRAME, &format!("{:gutter$} = ", "")).add_in(STRONG, name).add(": ");
}
