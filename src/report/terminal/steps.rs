//! The lines that tell how a page goes: one a step, as it ends.

use std::time::Duration;

use anstyle::Style;

use super::Look;
use crate::clock::in_words;
use crate::diagnostic::Severity;
use crate::outcome::{PageOutcome, PageVerdict, StepOutcome, StepVerdict, title};
use crate::report::paint::{BAD, DOUBT, GOOD, Paint, QUIET, clipped};

/// A step's line, and one more for each note on it; `provider` is the one that the page's run is about.
pub fn step(path: &str, provider: Option<&str>, outcome: &StepOutcome, look: Look) -> String {
    let mut paint = Paint::new(look.colour);
    let (sign, word, style) = match outcome.verdict {
        StepVerdict::Ok => ("✓", "ok", GOOD),
        StepVerdict::Stale => ("✗", "stale", BAD),
        StepVerdict::KnownStale => ("!", "known stale", DOUBT),
        StepVerdict::Error => ("✗", "error", BAD),
        StepVerdict::Unchecked => ("?", "unchecked", DOUBT),
        StepVerdict::NotReached => ("-", "not reached", QUIET),
        StepVerdict::Skipped => ("-", "skipped", QUIET),
    };
    let ran = !matches!(outcome.verdict, StepVerdict::NotReached | StepVerdict::Skipped);
    let place = title(&format!("{path}:{}", outcome.line), provider);
    let time = if ran { in_words(Duration::from_micros(outcome.duration_us)) } else { String::new() };
    // Line numbers differ in length on one page; the columns shall not.
    line(&mut paint, (sign, word, style), &place, width(&title(path, provider)), &time, &outcome.name);
    if let Some(why) = &outcome.expected_stale {
        let failed = outcome.checks.iter().find(|check| !check.ok);
        let differs = failed.map_or("", |check| check.message.as_str());
        let note = clipped(&format!("{differs}; known: {why}"), look.width.saturating_sub(22).max(40));
        paint.add_in(QUIET, &format!("{:16}note: {note}", "")).end_line();
    }
    for note in &outcome.notes {
        paint.add_in(QUIET, &format!("{:16}note: {note}", "")).end_line();
    }
    paint.finish()
}

/// What is told when a page has ended and its steps' lines do not tell it: that it has no step, that it was skipped,
/// that it could not be run.
pub fn page_end(outcome: &PageOutcome, look: Look) -> String {
    let skipped = outcome.plan.as_deref().and_then(|plan| plan.page.skip.as_deref());
    let (mark, why) = match (outcome.verdict, skipped) {
        (PageVerdict::PageError, _) => (("✗", "error", BAD), "the page cannot be run"),
        (PageVerdict::MachineError, _) => (("✗", "error", BAD), "something is missing on this machine"),
        (PageVerdict::KnownStale, _) if outcome.steps.iter().all(|step| step.expected_stale.is_none()) => {
            (("!", "known stale", DOUBT), "the page cannot be run")
        }
        (_, Some(reason)) => (("-", "skipped", QUIET), reason),
        (PageVerdict::Ok, None) if outcome.steps.is_empty() => (("✓", "ok", GOOD), "no step"),
        // The page, or a step of it, is true again or gone, where that was not known: none of its steps tells it.
        (PageVerdict::Stale, None) if outcome.steps.iter().all(|step| step.verdict != StepVerdict::Stale) => {
            (("✗", "stale", BAD), "what is known of it is no longer so")
        }
        (PageVerdict::Ok | PageVerdict::Stale | PageVerdict::KnownStale, None) => return String::new(),
    };
    let mut paint = Paint::new(look.colour);
    line(&mut paint, mark, &outcome.title(), width(&outcome.title()), "", why);
    if let Some(known) = outcome.expected_stale.as_deref().filter(|_| mark.1 == "known stale") {
        let found = outcome.diagnostics.iter().find(|found| found.severity == Severity::Error);
        let note = format!("{}; known: {known}", found.map_or("", |found| found.message.as_str()));
        let note = clipped(&note, look.width.saturating_sub(22).max(40));
        paint.add_in(QUIET, &format!("{:16}note: {note}", "")).end_line();
    }
    paint.finish()
}

/// How many columns the places of a run need, with the numbers of their lines.
fn width(title: &str) -> usize {
    title.chars().count() + 5
}

fn line(paint: &mut Paint, mark: (&str, &str, Style), place: &str, width: usize, time: &str, rest: &str) {
    let (sign, word, style) = mark;
    paint.add("  ").add_in(style, &format!("{sign} {word:11}"));
    paint.add(&format!(" {place:width$} ")).add_in(QUIET, &format!("{time:>9}")).add("  ").add(rest).end_line();
}
