//! Outcomes as the documents of `schema`.

use std::time::Duration;

use crate::diagnostic::{Diagnostic, Severity};
use crate::matching::DiffLine;
use crate::outcome::{Check, CheckKind, PageOutcome, PageVerdict, StepOutcome, StepVerdict};
use crate::plan::{Plan, Role};
use crate::report::schema;
use crate::run::{ExitCode, RunReport};
use crate::transcript::{Exchange, RealWait, TimeSpent};
use crate::tutorial::FenceKind;

/// How many lines that are the same are told around a difference.
const CONTEXT: usize = 3;

/// A run as its document.
pub fn run(report: &RunReport) -> schema::Run {
    let known = |outcome: &&PageOutcome| outcome.verdict == PageVerdict::KnownStale;
    let count = |verdict| {
        let pages = report.pages.iter().filter(|outcome| !known(outcome));
        pages.filter(|outcome| page_verdict(outcome.verdict) == verdict).count()
    };
    schema::Run {
        schema: schema::RUN.to_owned(),
        summary: schema::Summary {
            pages: report.pages.len(),
            ok: count(schema::PageVerdict::Ok),
            stale: count(schema::PageVerdict::Stale),
            error: count(schema::PageVerdict::Error),
            expected_stale: report.pages.iter().filter(known).count(),
            steps: report.pages.iter().map(|page| page.steps.len()).sum(),
            unsure: report.unsure(),
            duration_ms: milliseconds(report.duration_us),
        },
        pages: report.pages.iter().map(page).collect(),
        diagnostics: diagnostics(&report.diagnostics),
        allowed: report.allowed.clone(),
        notes: report.notes.clone(),
        shard: report.shard.map(|shard| schema::Shard { of: shard.of, index: shard.index }),
        interrupted: report.interrupted,
        exit: report.exit_code().number(),
    }
}

/// Reads a run's document.
///
/// # Errors
///
/// Why the text is none, a fragment for a message.
pub fn read_run(text: &str) -> Result<schema::Run, String> {
    let value: serde_json::Value = serde_json::from_str(text).map_err(|error| format!("it is not JSON: {error}"))?;
    let name = value.get("schema").and_then(serde_json::Value::as_str);
    if name != Some(schema::RUN) {
        return Err(match name {
            Some(other) => format!("it is a `{other}`, not a `{}`", schema::RUN),
            None => format!("it does not say that it is a `{}`", schema::RUN),
        });
    }
    let run: schema::Run =
        serde_json::from_value(value).map_err(|error| format!("it is no whole `{}`: {error}", schema::RUN))?;
    if ExitCode::of_number(run.exit).is_none() {
        return Err(format!("its `exit` is {}, which is no exit status of doccheck", run.exit));
    }
    if let Some(schema::Shard { index, of }) = run.shard.filter(|shard| !(1..=shard.of).contains(&shard.index)) {
        return Err(format!("its `shard` is {index} of {of}, which is no part"));
    }
    Ok(run)
}

/// A list of pages as its document, each with the providers that it runs for. A page that could not be read has no plan.
pub fn list<'a>(
    pages: impl IntoIterator<Item = (&'a str, &'a [String], Option<&'a Plan>, &'a [Diagnostic])>,
    outside: &[Diagnostic],
) -> schema::List {
    let pages = pages.into_iter().map(|(path, providers, plan, found)| schema::ListedPage {
        path: path.to_owned(),
        providers: providers.to_vec(),
        fences: plan.map(fences).unwrap_or_default(),
        diagnostics: diagnostics(found),
    });
    schema::List { schema: schema::LIST.to_owned(), pages: pages.collect(), diagnostics: diagnostics(outside) }
}

/// The text of a document, with a final newline.
pub fn text(document: &impl serde::Serialize) -> String {
    // The documents hold strings, numbers and lists: writing them to memory cannot fail.
    let mut text = serde_json::to_string_pretty(document).unwrap_or_default();
    text.push('\n');
    text
}

/// Every fence of a plan with its decision.
pub(super) fn fences(plan: &Plan) -> Vec<schema::Fence> {
    let line = |index: usize| plan.tutorial.fences.get(index).map(|fence| plan.tutorial.source.line(fence.span.start));
    let described = plan.tutorial.fences.iter().zip(&plan.roles).map(|(fence, decision)| schema::Fence {
        line: plan.tutorial.source.line(fence.span.start),
        language: match fence.kind {
            FenceKind::Indented => Some("indented".to_owned()),
            FenceKind::Backtick | FenceKind::Tilde => fence.language.as_ref().map(|word| word.value.clone()),
        },
        role: role(decision.role),
        of: decision.of.and_then(line),
        path: decision.path.clone(),
        track: None,
        continues: decision.continues,
        reason: decision.reason.clone(),
    });
    described.collect()
}

fn page(outcome: &PageOutcome) -> schema::Page {
    schema::Page {
        path: outcome.path.clone(),
        track: None,
        provider: outcome.provider.clone(),
        verdict: page_verdict(outcome.verdict),
        virtual_s: outcome.virtual_us().map(seconds),
        duration_ms: milliseconds(outcome.duration_us),
        diagnostics: diagnostics(&outcome.diagnostics),
        steps: outcome.steps.iter().map(step).collect(),
        expected_stale: outcome.expected_stale.clone(),
    }
}

fn step(outcome: &StepOutcome) -> schema::Step {
    schema::Step {
        name: outcome.name.clone(),
        line: outcome.line,
        language: outcome.language.clone(),
        verdict: step_verdict(outcome.verdict),
        exit: outcome.exit,
        duration_ms: milliseconds(outcome.duration_us),
        time: outcome.time.as_ref().map(time),
        checks: outcome.checks.iter().map(check).collect(),
        exchanges: outcome.exchanges.iter().map(exchange).collect(),
        notes: outcome.notes.clone(),
        expected_stale: outcome.expected_stale.clone(),
    }
}

fn check(check: &Check) -> schema::Check {
    schema::Check {
        kind: check_kind(check.kind),
        line: check.line,
        at: check.at,
        ok: check.ok,
        message: Some(check.message.clone()).filter(|message| !message.is_empty()),
        expected: check.expected.as_deref().map(capped),
        actual: check.actual.as_deref().map(capped),
        diff: diff(&check.diff),
        help: Some(check.help.join("\n")).filter(|help| !help.is_empty()),
    }
}

/// What the document calls a kind of check.
pub(super) fn check_kind(kind: CheckKind) -> schema::CheckKind {
    match kind {
        CheckKind::Output => schema::CheckKind::Output,
        CheckKind::Exit => schema::CheckKind::Exit,
        CheckKind::Http => schema::CheckKind::Http,
        CheckKind::Fault => schema::CheckKind::Fault,
        CheckKind::Wait => schema::CheckKind::Wait,
        CheckKind::Network => schema::CheckKind::Network,
        CheckKind::Containment => schema::CheckKind::Containment,
        CheckKind::Snapshot => schema::CheckKind::Snapshot,
        CheckKind::ExpectedStale => schema::CheckKind::ExpectedStale,
    }
}

/// The changed lines with a little of what stands around them.
fn diff(lines: &[DiffLine]) -> Option<String> {
    let changed = |at: usize| matches!(lines.get(at), Some(DiffLine::Missing(_) | DiffLine::Unexpected(_)));
    let near = |at: usize| (at.saturating_sub(CONTEXT)..=at + CONTEXT).any(changed);
    let mut text = String::new();
    let mut left_out = 0;
    for (at, line) in lines.iter().enumerate() {
        match line {
            DiffLine::Skipped(count) => left_out += count,
            DiffLine::Free(count) => {
                add_gap(&mut text, &mut left_out);
                let lines = if *count == 1 { "line" } else { "lines" };
                text.push_str(&format!("@@ {count} {lines} that the page does not show @@\n"));
            }
            DiffLine::Same(_) if !near(at) => left_out += 1,
            DiffLine::Same(line) => add_line(&mut text, &mut left_out, ' ', line),
            DiffLine::Missing(line) => add_line(&mut text, &mut left_out, '-', line),
            DiffLine::Unexpected(line) => add_line(&mut text, &mut left_out, '+', line),
        }
    }
    add_gap(&mut text, &mut left_out);
    (!lines.is_empty()).then(|| capped(&text))
}

fn add_line(text: &mut String, left_out: &mut usize, sign: char, line: &str) {
    add_gap(text, left_out);
    text.push(sign);
    text.push_str(line);
    text.push('\n');
}

fn add_gap(text: &mut String, left_out: &mut usize) {
    match std::mem::take(left_out) {
        0 => {}
        1 => text.push_str("@@ 1 line as the page says @@\n"),
        count => text.push_str(&format!("@@ {count} lines as the page says @@\n")),
    }
}

fn exchange(exchange: &Exchange) -> schema::Exchange {
    schema::Exchange {
        method: exchange.method.clone(),
        url: exchange.url.clone(),
        status: exchange.status,
        fault: exchange.fault.clone(),
        drafted: exchange.drafted,
        webhook: exchange.webhook.as_ref().map(|call| call.event.clone()),
        at_s: Duration::from_micros(exchange.at_us).as_secs_f64(),
    }
}

fn diagnostics(found: &[Diagnostic]) -> Vec<schema::Diagnostic> {
    found.iter().map(diagnostic).collect()
}

fn diagnostic(found: &Diagnostic) -> schema::Diagnostic {
    schema::Diagnostic {
        code: found.code.to_owned(),
        severity: match found.severity {
            Severity::Note => schema::Severity::Note,
            Severity::Warning => schema::Severity::Warning,
            Severity::Error => schema::Severity::Error,
        },
        message: found.message.clone(),
        path: found.source.as_ref().map(|source| source.path().display().to_string()),
        line: found.line(),
        column: found.column(),
        help: Some(found.help.join("\n")).filter(|help| !help.is_empty()),
    }
}

fn page_verdict(verdict: PageVerdict) -> schema::PageVerdict {
    match verdict {
        PageVerdict::Ok => schema::PageVerdict::Ok,
        PageVerdict::Stale | PageVerdict::KnownStale => schema::PageVerdict::Stale,
        PageVerdict::PageError | PageVerdict::MachineError => schema::PageVerdict::Error,
    }
}

fn step_verdict(verdict: StepVerdict) -> schema::StepVerdict {
    match verdict {
        StepVerdict::Ok => schema::StepVerdict::Ok,
        StepVerdict::Stale | StepVerdict::KnownStale => schema::StepVerdict::Stale,
        StepVerdict::Error => schema::StepVerdict::Error,
        StepVerdict::Unchecked => schema::StepVerdict::Unchecked,
        StepVerdict::NotReached => schema::StepVerdict::NotReached,
        StepVerdict::Skipped => schema::StepVerdict::Skipped,
    }
}

fn role(role: Role) -> schema::Role {
    match role {
        Role::Step => schema::Role::Step,
        Role::Output => schema::Role::Output,
        Role::File => schema::Role::File,
        Role::Request => schema::Role::Request,
        Role::Shown => schema::Role::Shown,
        Role::Skipped => schema::Role::Skipped,
        Role::Unsure => schema::Role::Unsure,
    }
}

/// The start of `text`, at most `TEXT_LIMIT` bytes, without half a character.
fn capped(text: &str) -> String {
    text[..text.floor_char_boundary(schema::TEXT_LIMIT)].to_owned()
}

fn time(time: &TimeSpent) -> schema::Time {
    let wait = |wait: &RealWait| schema::RealWait { program: wait.program.clone(), waited_s: seconds(wait.waited_us) };
    schema::Time {
        virtual_s: seconds(time.virtual_us),
        asleep_s: seconds(time.asleep_us),
        exchanges_s: seconds(time.exchanges_us),
        real: time.real.iter().map(wait).collect(),
        reproducible: !time.overtook && !time.ran_out,
    }
}

fn seconds(microseconds: u64) -> schema::Seconds {
    schema::Seconds { millis: milliseconds(microseconds) }
}

fn milliseconds(microseconds: u64) -> u64 {
    microseconds / 1000
}
