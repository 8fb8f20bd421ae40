//! Judging: a step of the plan and the record of what it did, compared.

use std::sync::Arc;

use super::evidence::Evidence;
use super::{Check, CheckKind, PageOutcome, PageVerdict, StepOutcome, StepVerdict};
use super::{ending, expected, output, wires};
use crate::diagnostic::{Diagnostic, Severity};
use crate::matching::Captures;
use crate::options::ExpectedExit;
use crate::plan::{Plan, Step};
use crate::transcript::{Ending, StepRecord, Transcript};

/// Judges a transcript of the page again, without running anything. Steps that it has no record of were not reached.
pub fn judge(plan: Arc<Plan>, transcript: &Transcript) -> PageOutcome {
    let mut captures = Captures::new();
    let mut diagnostics = Vec::new();
    let mut steps = Vec::new();
    let not_reached = StepRecord::not_run(Ending::NotReached);
    let records = transcript.steps.iter().chain(std::iter::repeat(&not_reached));
    for (step, record) in plan.steps().zip(records) {
        let outcome = judge_step(&plan, step, record, &mut captures);
        if let Ending::NotStarted { reason, help } = &record.ending {
            let source = &plan.tutorial.source;
            let found = Diagnostic::error("cannot-run", reason.clone()).at(source, source.line_span(outcome.line), "");
            diagnostics.push(help.iter().fold(found, Diagnostic::help));
        }
        steps.push(outcome);
    }
    let verdict = page_verdict(&diagnostics, &steps);
    let duration_us = transcript.steps.iter().map(|record| record.duration_us).sum();
    let path = transcript.page.clone();
    let mut outcome =
        PageOutcome { path, plan: Some(plan), verdict, duration_us, diagnostics, steps, expected_stale: None };
    expected::conclude(&mut outcome);
    outcome
}

/// The verdict on a page that could be planned.
pub fn page_verdict(diagnostics: &[Diagnostic], steps: &[StepOutcome]) -> PageVerdict {
    let any = |verdict| steps.iter().any(|step| step.verdict == verdict);
    if any(StepVerdict::Error) {
        PageVerdict::MachineError
    } else if diagnostics.iter().any(|found| found.severity == Severity::Error) {
        PageVerdict::PageError
    } else if any(StepVerdict::Stale) {
        PageVerdict::Stale
    } else if any(StepVerdict::KnownStale) {
        PageVerdict::KnownStale
    } else {
        PageVerdict::Ok
    }
}

/// Judges a step. What typed captures matched is remembered in `captures`, which later steps read.
pub fn judge_step(plan: &Plan, step: &Step, record: &StepRecord, captures: &mut Captures) -> StepOutcome {
    let evidence = Evidence { plan, step, record };
    let checks = checks(evidence, captures);
    let stopping = |check: &Check| !check.ok && check.kind == CheckKind::Containment;
    let unexpected = |check: &Check| !check.ok && check.kind == CheckKind::Exit;
    // The last exit check is about the step; one before it is about a command that its shell survived.
    let ended_wrong = checks.iter().rfind(|check| check.kind == CheckKind::Exit).is_some_and(unexpected);
    let stops_page = matches!(record.ending, Ending::NotStarted { .. }) || ended_wrong || checks.iter().any(stopping);
    let mut outcome = StepOutcome {
        name: step.name.clone(),
        line: evidence.line(step.fence),
        language: evidence.language(),
        verdict: verdict(step, record, &checks),
        expected_stale: None,
        exit: match record.ending {
            Ending::Exited { code } => Some(code),
            Ending::Signaled { signal } => Some(128 + signal),
            _ => None,
        },
        duration_us: record.duration_us,
        stops_page,
        checks,
        exchanges: record.exchanges.clone(),
        notes: record.notes.clone(),
    };
    expected::weigh(evidence, &mut outcome);
    outcome
}

fn checks(evidence: Evidence<'_>, captures: &mut Captures) -> Vec<Check> {
    let mut checks = ending::checks(evidence);
    match evidence.record.ending {
        Ending::NotStarted { .. } | Ending::NotReached | Ending::Skipped => return checks,
        // What was cut off in the middle says nothing about the whole.
        Ending::TimedOut { .. } | Ending::OutputLimit { .. } => {}
        Ending::Exited { .. } | Ending::Signaled { .. } => checks.extend(output::checks(evidence, captures)),
    }
    checks.extend(wires::refusals(evidence));
    checks.extend(wires::faults(evidence));
    checks
}

fn verdict(step: &Step, record: &StepRecord, checks: &[Check]) -> StepVerdict {
    let compared = checks.iter().any(|check| matches!(check.kind, CheckKind::Output | CheckKind::Http));
    // A status that the page announces, and a rule on the output, are things that it says.
    let said = step.exit != ExpectedExit::Code(0) || step.output.is_some();
    match record.ending {
        Ending::NotStarted { .. } => StepVerdict::Error,
        Ending::NotReached => StepVerdict::NotReached,
        Ending::Skipped => StepVerdict::Skipped,
        _ if checks.iter().any(|check| !check.ok) => StepVerdict::Stale,
        _ if compared || said || !output::is_visible(&record.output) => StepVerdict::Ok,
        _ => StepVerdict::Unchecked,
    }
}
