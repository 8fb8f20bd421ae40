//! The last lines of a report: how much was true, and what nobody should overlook.

use std::time::Duration;

use anstyle::Style;

use super::Look;
use super::diff::counted;
use crate::clock::in_words;
use crate::outcome::{PageOutcome, PageVerdict, StepVerdict};
use crate::report::paint::{BAD, DOUBT, GOOD, Paint, QUIET, STRONG};
use crate::run::RunReport;

/// What passed on the clocks of all pages, from which on it is told beside the real time.
const WAITED: Duration = Duration::from_secs(1);

/// Counts of pages and steps, and what was not looked at.
pub fn summary(report: &RunReport, look: Look) -> String {
    let mut paint = Paint::new(look.colour);
    let pages = |verdicts: &[PageVerdict]| report.pages.iter().filter(|page| verdicts.contains(&page.verdict)).count();
    let cut_off = report.pages.iter().filter(|page| page.is_cut_off()).count();
    let steps: Vec<StepVerdict> =
        report.pages.iter().flat_map(|page| page.steps.iter().map(|step| step.verdict)).collect();
    let step = |verdict| steps.iter().filter(|other| **other == verdict).count();
    paint.add_in(STRONG, &counted(report.pages.len(), "page")).add(if report.pages.is_empty() { "" } else { ": " });
    counts(
        &mut paint,
        &[
            (pages(&[PageVerdict::Ok]) - cut_off, "ok", GOOD),
            (pages(&[PageVerdict::Stale]), "stale", BAD),
            (pages(&[PageVerdict::PageError, PageVerdict::MachineError]), "error", BAD),
            (pages(&[PageVerdict::KnownStale]), "known stale", DOUBT),
            (cut_off, "interrupted", DOUBT),
        ],
    );
    paint.add("; ").add_in(STRONG, &counted(steps.len(), "step")).add(if steps.is_empty() { "" } else { ": " });
    counts(
        &mut paint,
        &[
            (step(StepVerdict::Ok), "ok", GOOD),
            (step(StepVerdict::Stale), "stale", BAD),
            (step(StepVerdict::Error), "error", BAD),
            (step(StepVerdict::KnownStale), "known stale", DOUBT),
            (step(StepVerdict::Unchecked), "unchecked", DOUBT),
            (step(StepVerdict::NotReached), "not reached", QUIET),
            (step(StepVerdict::Skipped), "skipped", QUIET),
        ],
    );
    let waited: u64 = report.pages.iter().filter_map(PageOutcome::virtual_us).sum();
    let (waited, took) = (Duration::from_micros(waited), Duration::from_micros(report.duration_us));
    let waited = if waited < WAITED { String::new() } else { format!("; {} on the pages' clocks", in_words(waited)) };
    paint.add_in(QUIET, &format!(" ({}{waited})", in_words(took))).end_line();
    let drafted = report.pages.iter().flat_map(|page| &page.steps);
    let drafted = drafted.filter(|step| step.verdict == StepVerdict::Unchecked && step.is_drafted()).count();
    remarks(&mut paint, report, step(StepVerdict::Unchecked) - drafted, drafted);
    paint.finish()
}

fn counts(paint: &mut Paint, counts: &[(usize, &str, Style)]) {
    for (place, (count, word, style)) in counts.iter().filter(|(count, ..)| *count > 0).enumerate() {
        paint.add(if place == 0 { "" } else { ", " }).add_in(*style, &format!("{count} {word}"));
    }
}

fn remarks(paint: &mut Paint, report: &RunReport, unchecked: usize, drafted: usize) {
    if unchecked > 0 {
        let what = format!(
            "unchecked: {} printed what the page does not show, which was not compared",
            counted(unchecked, "step")
        );
        paint.add_in(DOUBT, &what).end_line();
    }
    if drafted > 0 {
        let what = format!(
            "drafted: {} met answers drafted from the pages; what was compared with them is not verified",
            counted(drafted, "step")
        );
        paint.add_in(DOUBT, &what).end_line();
    }
    let open = report.unsure();
    if open > 0 {
        let (style, strictly) = if report.strict { (BAD, ", which fails a strict run") } else { (DOUBT, "") };
        let what = format!("unsure: {} not run{strictly}; `doccheck list` says why", counted(open, "fence"));
        paint.add_in(style, &what).end_line();
    }
    if !report.allowed.is_empty() {
        paint.add_in(DOUBT, &format!("network: steps may reach {} for real", report.allowed.join(", "))).end_line();
    }
    for note in &report.notes {
        paint.add_in(DOUBT, &format!("note: {note}")).end_line();
    }
    if report.interrupted {
        paint.add_in(BAD, "interrupted: what had not ended is missing here").end_line();
    }
}
