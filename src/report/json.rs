//! Outcomes as the documents of `schema`.

use crate::diagnostic::{Diagnostic, Severity};
use crate::outcome::{Check, CheckKind, PageOutcome, PageVerdict, StepOutcome, StepVerdict};
use crate::plan::{Plan, Role};
use crate::report::schema;
use crate::run::RunReport;
use crate::transcript::Exchange;
use crate::tutorial::FenceKind;

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
        interrupted: report.interrupted,
    }
}

/// A list of pages as its document. A page that could not be read has no plan.
pub fn list<'a>(
    pages: impl IntoIterator<Item = (&'a str, Option<&'a Plan>, &'a [Diagnostic])>,
    outside: &[Diagnostic],
) -> schema::List {
    let pages = pages.into_iter().map(|(path, plan, found)| schema::ListedPage {
        path: path.to_owned(),
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
        provider: None,
        verdict: page_verdict(outcome.verdict),
        virtual_s: None,
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
        checks: outcome.checks.iter().map(check).collect(),
        exchanges: outcome.exchanges.iter().map(exchange).collect(),
        notes: outcome.notes.clone(),
        expected_stale: outcome.expected_stale.clone(),
    }
}

fn check(check: &Check) -> schema::Check {
    schema::Check {
        kind: match check.kind {
            CheckKind::Output => schema::CheckKind::Output,
            CheckKind::Exit => schema::CheckKind::Exit,
            CheckKind::Http => schema::CheckKind::Http,
            CheckKind::Fault => schema::CheckKind::Fault,
            CheckKind::Network => schema::CheckKind::Network,
            CheckKind::Containment => schema::CheckKind::Containment,
            CheckKind::ExpectedStale => schema::CheckKind::ExpectedStale,
        },
        line: check.line,
        at: check.at,
        ok: check.ok,
        message: Some(check.message.clone()).filter(|message| !message.is_empty()),
        expected: check.expected.as_deref().map(capped),
        actual: check.actual.as_deref().map(capped),
    }
}

fn exchange(exchange: &Exchange) -> schema::Exchange {
    schema::Exchange {
        method: exchange.method.clone(),
        url: exchange.url.clone(),
        status: exchange.status,
        fault: exchange.fault.clone(),
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

fn milliseconds(microseconds: u64) -> u64 {
    microseconds / 1000
}
