//! Services that fences further down the page show: where one fence ends the next one begins, so that no tool can tell
//! which lines belong to which once they differ.

use crate::diagnostic::Diagnostic;
use crate::matching::Captures;
use crate::outcome::{Check, StepVerdict, judge_service, judge_step};
use crate::plan::{Plan, Step};
use crate::transcript::StepRecord;

use super::{Refusal, refused as told};

/// True for a service that fences further down the page show.
pub(super) fn shows_further(step: &Step) -> bool {
    step.service.as_ref().is_some_and(|service| !service.later.is_empty())
}

/// What differs of such services, told at its place; `captures` are those of the page, which ran to its end where
/// `whole`.
pub(super) fn refused(plan: &Plan, records: &[StepRecord], captures: &Captures, whole: bool) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (step, record) in plan.steps().zip(records).filter(|(step, _)| shows_further(step)) {
        let outcome = if whole {
            judge_service(plan, step, record, captures)
        } else {
            judge_step(plan, step, record, &mut captures.clone())
        };
        if outcome.verdict != StepVerdict::KnownStale {
            let failed = outcome.checks.iter().filter(|check| !check.ok);
            found.extend(failed.map(|check| told(plan, refusal(step, check))));
        }
    }
    found
}

fn refusal(step: &Step, check: &Check) -> Refusal {
    let reason = format!("`{}`, which several fences show: {}", step.name, check.message);
    let printed = check.actual.as_deref().and_then(|actual| actual.lines().find(|line| !line.trim().is_empty()));
    let mut help = vec!["change this fence by hand: what it shows decides where the next one begins".to_owned()];
    help.extend(printed.map(|line| format!("what the service printed here begins with `{line}`")));
    Refusal { span: check.span, reason, help }
}
