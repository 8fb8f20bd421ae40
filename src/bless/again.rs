//! The page read again with a change: is it still the page that ran, and is it true now?

use super::Rules;
use crate::diagnostic::Severity;
use crate::matching::Captures;
use crate::outcome::{CheckKind, StepVerdict, judge_step};
use crate::plan::{Plan, Step, plan};
use crate::source::SourceFile;
use crate::transcript::StepRecord;
use crate::tutorial;

/// What is true of a state of the page, step by step.
pub(super) struct State(Vec<StepState>);

struct StepState {
    /// How many of its checks fail.
    failing: usize,
    /// False where nothing that it printed was compared. A command of a transcript that shows nothing does not count
    /// against the others.
    checked: bool,
}

impl State {
    pub(super) fn of(plan: &Plan, records: &[StepRecord]) -> Self {
        let mut captures = Captures::new();
        let judged = plan.steps().zip(records).map(|(step, record)| {
            let outcome = judge_step(plan, step, record, &mut captures);
            let failing = outcome.checks.iter().filter(|check| !check.ok).count();
            let compared = outcome.checks.iter().any(|check| matches!(check.kind, CheckKind::Output | CheckKind::Http));
            // What met a draft stays unchecked whatever the page shows.
            let compared = compared || outcome.is_drafted();
            StepState { failing, checked: compared || outcome.verdict != StepVerdict::Unchecked }
        });
        Self(judged.collect())
    }

    /// The state of the page with `text`; `None` where that is no longer the page that ran.
    pub(super) fn read(before: &Plan, text: &str, records: &[StepRecord], rules: Rules<'_>) -> Option<Self> {
        let source = SourceFile::new(before.tutorial.source.path(), text);
        let (tutorial, found) = tutorial::read(source);
        let (after, more) = plan(tutorial, rules.config, rules.path);
        let readable = found.iter().chain(&more).all(|found| found.severity != Severity::Error);
        let same = before.steps().count() == after.steps().count()
            && before.steps().zip(after.steps()).all(|(before, after)| runs_the_same(before, after));
        (readable && same).then(|| Self::of(&after, records))
    }

    /// How many checks of step `step` fail.
    pub(super) fn failing(&self, step: usize) -> usize {
        self.0.get(step).map_or(0, |state| state.failing)
    }

    /// True where step `step` became true but for `left` of its outputs, and no other one got worse.
    pub(super) fn is_better(&self, before: &Self, step: usize, left: usize) -> bool {
        self.0.iter().zip(&before.0).enumerate().all(|(at, (now, was))| {
            if at == step { now.failing <= left && now.checked } else { now.failing <= was.failing }
        })
    }
}

/// True where two plans run the same in this step. Comments that tell what a program prints are part of its code: of
/// such a program the places that are watched must be the same.
fn runs_the_same(before: &Step, after: &Step) -> bool {
    let commands = |step: &Step| step.commands.iter().map(|command| command.text.clone()).collect::<Vec<_>>();
    let watched = before.watches.len() == after.watches.len();
    let told = !before.watches.is_empty() || !before.commands.is_empty();
    before.language == after.language
        && before.exit == after.exit
        && commands(before) == commands(after)
        && watched
        && (told || before.code.text == after.code.text)
}
