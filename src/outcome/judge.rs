//! Judging: a step of the plan and the record of what it did, compared.

use std::sync::Arc;

use super::evidence::{Evidence, carried};
use super::{Check, CheckKind, PageOutcome, PageVerdict, StepOutcome, StepVerdict};
use super::{ending, expected, output, service, time, wait, wires};
use crate::diagnostic::{Diagnostic, Severity};
use crate::matching::Captures;
use crate::options::ExpectedExit;
use crate::plan::{Language, Part, Plan, Step};
use crate::text::normalize;
use crate::transcript::{Ending, StepRecord, Transcript};

/// Judges a transcript of the page again, without running anything. Steps that it has no record of were not reached.
pub fn judge(plan: Arc<Plan>, transcript: &Transcript) -> PageOutcome {
    let mut captures = Captures::new();
    let mut diagnostics = Vec::new();
    let mut steps = Vec::new();
    let not_reached = StepRecord::not_run(Ending::NotReached);
    let records = transcript.steps.iter().chain(std::iter::repeat(&not_reached));
    for (step, record) in plan.steps().zip(records.clone()) {
        let outcome = judge_step(&plan, step, record, &mut captures);
        if let Ending::NotStarted { reason, help } = &record.ending {
            let source = &plan.tutorial.source;
            let found = Diagnostic::error("cannot-run", reason.clone()).at(source, source.line_span(outcome.line), "");
            diagnostics.push(help.iter().fold(found, Diagnostic::help));
        }
        steps.push(outcome);
    }
    let whole = !steps.iter().any(|step| step.stops_page || step.verdict == StepVerdict::NotReached);
    for ((step, record), outcome) in plan.steps().zip(records).zip(&mut steps).filter(|_| whole) {
        if step.service.as_ref().is_some_and(|service| !service.later.is_empty()) {
            *outcome = judge_service(&plan, step, record, &captures);
        }
    }
    let verdict = page_verdict(&diagnostics, &steps);
    let duration_us = transcript.steps.iter().map(|record| record.duration_us).sum();
    let mut outcome = PageOutcome {
        provider: transcript.provider.clone(),
        verdict,
        duration_us,
        steps,
        ..PageOutcome::failed(&transcript.page, Some(plan), diagnostics)
    };
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
/// Of a service, what fences further down the page show of it is left open.
pub fn judge_step(plan: &Plan, step: &Step, record: &StepRecord, captures: &mut Captures) -> StepOutcome {
    let used = captures.used(&ran_code(step));
    let mut outcome = concluded(Evidence { plan, step, record }, |evidence| outputs(evidence, captures, false));
    if outcome.checks.iter().any(|check| !check.ok) {
        outcome.notes.extend(used.iter().map(|(name, value)| format!("`<{name}>` was replaced by `{}`", brief(value))));
    }
    outcome
}

/// What of a step is run: of a transcript the commands, without what they print.
fn ran_code(step: &Step) -> String {
    match step.language {
        Language::Console => step.commands.iter().map(|command| command.text.as_str()).collect::<Vec<_>>().join("\n"),
        _ => step.code.text.clone(),
    }
}

/// The start of a value, on one line.
fn brief(value: &str) -> String {
    const LONGEST: usize = 80;
    let line = value.replace(['\n', '\r'], " ");
    line.char_indices().nth(LONGEST).map_or(line.clone(), |(end, _)| format!("{}…", &line[..end]))
}

/// Judges a service at the end of its page, with all that fences further down the page show of it; `captures` are
/// those of the whole page.
pub fn judge_service(plan: &Plan, step: &Step, record: &StepRecord, captures: &Captures) -> StepOutcome {
    let mut captures = captures.clone();
    concluded(Evidence { plan, step, record }, |evidence| outputs(evidence, &mut captures, true))
}

/// What was printed, against what the page shows of it: of a service at its step, or also further down.
fn outputs(evidence: Evidence<'_>, captures: &mut Captures, further: bool) -> Vec<Check> {
    let Evidence { step, .. } = evidence;
    let runs_on = step.service.is_some() || evidence.was_ready();
    let mut checks = Vec::new();
    if !runs_on || step.output.is_some() {
        checks.extend(output::checks(evidence, captures));
    }
    if runs_on {
        checks.extend(service::checks(evidence, captures, further));
    }
    checks
}

fn concluded(evidence: Evidence<'_>, outputs: impl FnOnce(Evidence<'_>) -> Vec<Check>) -> StepOutcome {
    let Evidence { step, record, .. } = evidence;
    let checks = checks(evidence, outputs);
    let stopping = |check: &Check| !check.ok && check.kind == CheckKind::Containment;
    let unexpected = |check: &Check| !check.ok && check.kind == CheckKind::Exit;
    // The last exit check is about the step; one before it is about a command that its shell survived.
    let ended_wrong = checks.iter().rfind(|check| check.kind == CheckKind::Exit).is_some_and(unexpected);
    // When a service dies is a matter of chance: the later steps tell what it means for them.
    let ended_wrong = ended_wrong && !evidence.was_ready();
    let stops_page = matches!(record.ending, Ending::NotStarted { .. }) || ended_wrong || checks.iter().any(stopping);
    let unexpected_answers = wires::unexpected_answers(evidence, &checks);
    let unshown = unshown(evidence);
    // Where nothing at all is shown, the verdict alone says so.
    let told = if step.expectations.is_empty() { &[] } else { unshown.as_slice() };
    let note = |command: &&str| format!("`{command}` printed what the page does not show; it was not compared");
    let mut outcome = StepOutcome {
        name: step.name.clone(),
        line: evidence.line(step.fence),
        language: evidence.language(),
        verdict: verdict(step, record, &checks, !unshown.is_empty()),
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
        time: record.time.clone(),
        notes: [
            record.notes.clone(),
            told.iter().map(note).collect(),
            unexpected_answers,
            wires::unanswered_webhooks(evidence),
            record.time.as_ref().map(time::notes).unwrap_or_default(),
        ]
        .concat(),
    };
    expected::weigh(evidence, &mut outcome);
    outcome
}

fn checks(evidence: Evidence<'_>, outputs: impl FnOnce(Evidence<'_>) -> Vec<Check>) -> Vec<Check> {
    let mut checks = ending::checks(evidence);
    match evidence.record.ending {
        Ending::NotStarted { .. }
        | Ending::NotFilled { .. }
        | Ending::NotCalled { .. }
        | Ending::NotReached
        | Ending::Skipped => return checks,
        // What was cut off in the middle says nothing about the whole.
        Ending::TimedOut { .. } | Ending::NotReady { .. } | Ending::OutputLimit { .. } => {}
        Ending::Exited { .. } | Ending::Signaled { .. } | Ending::Running => checks.extend(outputs(evidence)),
    }
    checks.extend(wires::refusals(evidence));
    checks.extend(wires::faults(evidence));
    checks.extend(wait::check(evidence));
    checks
}

/// True where an answer was drafted from a page: what was compared with it proves nothing.
fn drafted(record: &StepRecord) -> bool {
    record.exchanges.iter().any(|exchange| exchange.drafted)
}

/// The commands of a transcript, by their first lines, that printed what a reader sees and of which the page shows
/// nothing, whatever it shows of the others.
fn unshown(evidence: Evidence<'_>) -> Vec<&str> {
    let Evidence { step, record, .. } = evidence;
    if step.output.is_some() {
        return Vec::new();
    }
    let commands = record.parts.iter().filter_map(|part| match part.part {
        Part::Command(at) => Some((at, part)),
        _ => None,
    });
    // What the command that runs on has printed is a matter of chance.
    let runs_on = record.ending == Ending::Running || evidence.was_ready();
    let running = commands.clone().map(|(at, _)| at).max().filter(|_| runs_on);
    let is_shown = |at| step.expectations.iter().any(|shown| matches!(shown.part, Part::Whole) || shown.part == at);
    let unshown = commands.filter(|(at, part)| {
        // A command that fails as the page announces does what is said of it.
        let announced = step.exit != ExpectedExit::Code(0) && part.exit.is_some_and(|code| code != 0);
        let silent = normalize(carried(&part.text)).is_empty();
        !silent && !announced && running != Some(*at) && !is_shown(part.part)
    });
    unshown.filter_map(|(at, _)| step.commands.get(at)?.text.lines().next()).collect()
}

fn verdict(step: &Step, record: &StepRecord, checks: &[Check], unshown: bool) -> StepVerdict {
    let compared = checks.iter().any(|check| matches!(check.kind, CheckKind::Output | CheckKind::Http));
    // A status that the page announces, and a rule on the output, are things that it says.
    let said = step.exit != ExpectedExit::Code(0) || step.output.is_some();
    match record.ending {
        Ending::NotStarted { .. } => StepVerdict::Error,
        Ending::NotReached => StepVerdict::NotReached,
        Ending::Skipped => StepVerdict::Skipped,
        _ if checks.iter().any(|check| !check.ok) => StepVerdict::Stale,
        _ if drafted(record) || unshown => StepVerdict::Unchecked,
        // That it runs on is what the page says of a service; what it printed by then is a matter of chance.
        Ending::Running => StepVerdict::Ok,
        _ if compared || said || !output::is_visible(&record.output) => StepVerdict::Ok,
        _ => StepVerdict::Unchecked,
    }
}
