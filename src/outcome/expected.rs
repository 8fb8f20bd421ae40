//! What is known to be stale: it does not fail, until it is true again.

use super::evidence::Evidence;
use super::{Check, CheckKind, PageOutcome, PageVerdict, StepOutcome, StepVerdict};
use crate::diagnostic::Diagnostic;
use crate::plan::{KnownBy, KnownStale};

/// Takes into account that the step, or its page, is known to be stale.
pub(super) fn weigh(evidence: Evidence<'_>, outcome: &mut StepOutcome) {
    let (step, page) = (evidence.step.known_stale.as_ref(), evidence.plan.page.known_stale.as_ref());
    match (outcome.verdict, step.or(page)) {
        (StepVerdict::Stale, Some(known)) => {
            outcome.verdict = StepVerdict::KnownStale;
            outcome.expected_stale = Some(known.reason.clone());
        }
        (StepVerdict::Ok | StepVerdict::Unchecked, _) => {
            if let Some(repaired) = step.and_then(|known| repaired(evidence, known)) {
                outcome.checks.push(repaired);
                outcome.verdict = StepVerdict::Stale;
            }
        }
        _ => {}
    }
}

fn repaired(evidence: Evidence<'_>, known: &KnownStale) -> Option<Check> {
    let help = remedy(&known.by)?;
    let message = format!("it is true, and is known to be stale: {}", known.reason);
    let mut check = evidence.failed(CheckKind::ExpectedStale, message);
    check.help.push(help);
    Some(match known.by {
        KnownBy::Page(span) => evidence.at(check, span),
        _ => check,
    })
}

/// Takes into account that the page as a whole is known to be stale, once its steps are judged.
pub fn conclude(outcome: &mut PageOutcome) {
    let Some(plan) = outcome.plan.clone() else { return };
    let known = plan.page.known_stale.as_ref();
    match (outcome.verdict, known) {
        // An option on the page promises that it is stale, not that it cannot be read; a list takes it as it is.
        (PageVerdict::PageError, Some(KnownStale { reason, by: KnownBy::List(_) | KnownBy::NewList })) => {
            outcome.verdict = PageVerdict::KnownStale;
            outcome.expected_stale = Some(reason.clone());
        }
        (PageVerdict::KnownStale, _) => {
            let mut reasons: Vec<_> = outcome.steps.iter().filter_map(|step| step.expected_stale.clone()).collect();
            reasons.dedup();
            outcome.expected_stale = Some(reasons.join("; "));
        }
        (PageVerdict::Ok, Some(known)) if plan.page.skip.is_none() && !outcome.is_cut_off() => {
            let Some(help) = remedy(&known.by) else { return };
            let message = format!("the page is true, and is known to be stale: {}", known.reason);
            let found = Diagnostic::error("expected-stale", message).help(help);
            let place = match known.by {
                KnownBy::Page(span) => span,
                _ => plan.tutorial.source.line_span(1),
            };
            outcome.diagnostics.push(found.at(&plan.tutorial.source, place, ""));
            outcome.verdict = PageVerdict::Stale;
        }
        _ => {}
    }
}

/// What to do where it is true again; `None` where nothing has to be done.
fn remedy(by: &KnownBy) -> Option<String> {
    match by {
        KnownBy::Page(_) => Some("take `expect-stale` away".to_owned()),
        KnownBy::Config => Some("take `expect-stale` out of doccheck.toml".to_owned()),
        KnownBy::List(line) => Some(format!("take line {line} out of the list, or run with `--update-baseline`")),
        KnownBy::NewList => None,
    }
}
