//! What a page did, as a text whose difference from an earlier one says what has changed. It holds nothing that no
//! two runs share.

use std::fmt::Write;

use crate::outcome::{PageOutcome, StepOutcome};
use crate::plan::{Plan, Step};
use crate::snapshot::{steps, without_volatile};
use crate::text::normalize;
use crate::transcript::{Ending, StepRecord, Transcript};

/// The text: for each step its heading, name, language, verdict and ending; a `→` before each request, a `!` before what
/// is not as the page says, a `|` before each line that was printed.
pub fn text(plan: &Plan, outcome: &PageOutcome, transcript: &Transcript) -> String {
    let named = plan.steps().zip(steps(plan));
    let told = named.zip(&outcome.steps).zip(&transcript.steps);
    let told = told.map(|(((step, name), outcome), record)| one(plan, step, &name, outcome, record));
    without_volatile(&told.collect::<Vec<_>>().join("\n"))
}

fn one(plan: &Plan, step: &Step, name: &str, outcome: &StepOutcome, record: &StepRecord) -> String {
    let heading = plan.tutorial.fences.get(step.fence).and_then(|fence| fence.heading.as_deref());
    let mut text = heading.map_or_else(String::new, |heading| format!("# {heading}\n"));
    // Writing to a string cannot fail.
    let _ = match record.ending {
        Ending::Skipped | Ending::NotReached => {
            writeln!(text, "{name} ({}): {}", outcome.language, record.ending.words())
        }
        _ => writeln!(text, "{name} ({}): {}, {}", outcome.language, outcome.verdict.word(), record.ending.words()),
    };
    for exchange in &record.exchanges {
        let told = exchange.webhook.as_ref().map(|call| format!("  webhook {}", call.event)).unwrap_or_default();
        let _ = writeln!(text, "  → {} {} {}{told}", exchange.method, exchange.url, exchange.status);
    }
    for check in outcome.checks.iter().filter(|check| !check.ok) {
        let _ = writeln!(text, "  ! {}: {}", check.kind.word(), check.message);
    }
    let printed = normalize(&record.output.text);
    for line in printed.lines() {
        let _ = writeln!(text, "  | {line}");
    }
    text
}
