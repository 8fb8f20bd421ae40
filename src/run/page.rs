//! One page: read, planned, performed, told as an outcome.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::performance::Performance;
use super::snapshots::Snapshots;
use super::{Observer, Page, Session, micros, record, states};
use crate::diagnostic::{Diagnostic, Severity};
use crate::inputs::Input;
use crate::matching::Captures;
use crate::options::Setting;
use crate::outcome::{PageOutcome, PageVerdict, conclude, page_verdict};
use crate::plan::{Plan, plan};
use crate::source::{SourceFile, Span};
use crate::system_clock::now;
use crate::tutorial;

/// Runs `page` and tells what came of it.
pub(super) fn run(session: &Session, page: &Page, observer: &dyn Observer) -> PageOutcome {
    let started = now();
    let mut outcome = match &page.source {
        Ok(source) => run_source(session, page, source, observer),
        Err(diagnostic) => unread(session, page, diagnostic),
    };
    outcome.duration_us = micros(started.elapsed());
    outcome.provider.clone_from(&page.provider);
    outcome.repeats = page.repeats;
    outcome
}

/// A page that is no text. Only a list can say that it is known.
fn unread(session: &Session, page: &Page, diagnostic: &Diagnostic) -> PageOutcome {
    let mut outcome = PageOutcome::failed(&page.path, None, vec![diagnostic.clone()]);
    if let Some(known) = session.options.baseline.as_ref().and_then(|baseline| baseline.known(&page.listed())) {
        outcome.verdict = PageVerdict::KnownStale;
        outcome.expected_stale = Some(known.reason);
    }
    outcome
}

fn run_source(session: &Session, page: &Page, source: &Arc<SourceFile>, observer: &dyn Observer) -> PageOutcome {
    let (mut plan, mut diagnostics) = read(session, page, source);
    let baseline = session.options.baseline.as_ref();
    let outdated = baseline.map_or_else(Vec::new, |baseline| baseline.apply(&page.listed(), &mut plan));
    if page.named && plan.steps().next().is_none() && !has_error(&diagnostics) {
        diagnostics.push(without_steps(&plan));
    }
    let plan = Arc::new(plan);
    if has_error(&diagnostics) {
        let mut outcome = PageOutcome::failed(&page.path, Some(plan), diagnostics);
        conclude(&mut outcome);
        return outcome;
    }
    let snapshots = match Snapshots::of(session, page, &plan) {
        Ok(snapshots) => snapshots,
        Err(diagnostic) => {
            diagnostics.push(diagnostic);
            return PageOutcome::failed(&page.path, Some(plan), diagnostics);
        }
    };
    let mut inputs = session.inputs(&plan);
    let mut performance = Performance {
        session,
        page,
        plan: &plan,
        observer,
        captures: Captures::new(),
        snapshots,
        records: Vec::new(),
        webhooks: BTreeMap::new(),
        outcomes: Vec::new(),
        diagnostics,
        machine_failed: false,
        stopped: false,
    };
    performance.run();
    // Of a folder in which a service wrote during the run nobody could tell later who had changed it.
    inputs.retain(|known| !matches!(known.input, Input::Service { .. }) || states::of(&known.input) == known.state);
    let Performance { records, outcomes, mut diagnostics, machine_failed, .. } = performance;
    if let Some(folder) = &session.options.transcripts
        && let Err(diagnostic) = record::save(folder, &record::transcript(page, source, inputs, records))
    {
        diagnostics.push(diagnostic);
    }
    let verdict = if machine_failed { PageVerdict::MachineError } else { page_verdict(&diagnostics, &outcomes) };
    let mut outcome =
        PageOutcome { verdict, steps: outcomes, ..PageOutcome::failed(&page.path, Some(plan), diagnostics) };
    conclude(&mut outcome);
    if !outdated.is_empty() && !outcome.verdict.fails() {
        outcome.verdict = PageVerdict::Stale;
        outcome.expected_stale = None;
    }
    outcome.diagnostics.extend(outdated);
    outcome
}

fn read(session: &Session, page: &Page, source: &Arc<SourceFile>) -> (Plan, Vec<Diagnostic>) {
    let (tutorial, mut diagnostics) = tutorial::read(Arc::clone(source));
    let (plan, found) = plan(tutorial, &session.config, &page.relative);
    diagnostics.extend(found);
    let known = session.definition.scopes();
    for scope in plan.page.scopes.iter().flatten().filter(|scope| !known.contains(scope)) {
        let named = |setting: &&Setting| setting.key.value == "scopes";
        let own = plan.tutorial.settings.iter().find(named).map(|setting| (source, setting));
        let rules = session.config.rules.iter().filter(|rule| rule.holds_for(&page.relative));
        let configured = rules.flat_map(|rule| &rule.settings).chain(&session.config.defaults).find(named);
        let place = own.or(configured.map(|setting| (&session.config.source, setting)));
        let found = Diagnostic::error("unknown-scope", format!("the sandbox knows no scope `{scope}`"))
            .help(format!("the scopes are {}", known.join(", ")));
        diagnostics.push(match place {
            Some((source, setting)) => found.at(source, setting.value.span, ""),
            None => found,
        });
    }
    diagnostics.extend(plan.providers(&session.definition).err().into_iter().flatten());
    // What does not keep the page from running is told once, by its first run.
    diagnostics.retain(|found| !page.repeats || found.severity == Severity::Error);
    (plan, diagnostics)
}

fn without_steps(plan: &Plan) -> Diagnostic {
    let top = Span::new(0, plan.tutorial.source.text().lines().next().map_or(0, str::len));
    Diagnostic::error("no-steps", "the page has nothing to run")
        .at(&plan.tutorial.source, top, "")
        .help("`doccheck list` shows what each of its fences is taken for, and why")
}

fn has_error(diagnostics: &[Diagnostic]) -> bool {
    diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
}
