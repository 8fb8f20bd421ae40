//! From an outcome to edits of the page: what a stale step's outputs have to show.
//!
//! Pure: a plan and the records of a run in, changes out. A change is offered only where the page, read again with it,
//! has the same steps and this one is true; what a person must decide is refused with the reason.

mod addition;
mod again;
mod caution;
mod lines;
mod lining;
mod loosen;
mod patch;
mod place;
mod services;
mod session;
mod shared;

use crate::config::Config;
use crate::diagnostic::Diagnostic;
use crate::edit::{Edit, apply};
use crate::matching::{
    Captures, DiffLine, compare_http, compare_json, compare_text, update_http, update_json, update_text,
};
use crate::outcome::{Check, CheckKind, StepOutcome, StepVerdict, judge_step, printed};
use crate::plan::{Expectation, Format, Plan, Step};
use crate::redact::REDACTED;
use crate::source::Span;
use crate::transcript::StepRecord;

pub use loosen::loosened;
pub use patch::patch;
pub use session::{Decision, Session};
pub use shared::{Run, propose_for_all};

/// What one step needs so that the page is true.
#[derive(Debug, Clone)]
pub struct Change {
    /// The step's index in the plan.
    pub step: usize,
    /// The outputs of the step that change, in the order of the page.
    pub hunks: Vec<Hunk>,
}

/// One output that changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hunk {
    /// The place on the page that is not true, or the step where an output is added.
    pub span: Span,
    /// What differs, or what is added; lower case, no final period.
    pub message: String,
    /// What the page shows; empty where an output is added.
    pub old: String,
    /// What it is to show.
    pub new: String,
    target: Target,
}

impl Hunk {
    /// True where the page shows no output there yet.
    pub fn is_added(&self) -> bool {
        !matches!(self.target, Target::Expectation(_))
    }
}

/// Where a hunk goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Target {
    /// In the place of the expectation with this index in the step.
    Expectation(usize),
    /// In a fence of its own, with this language, after the step's.
    Fence(&'static str),
    /// Below the command with this index, in the step's fence.
    Command(usize),
}

/// What can be done about a page.
#[derive(Debug, Default)]
pub struct Blessing {
    /// What the page needs, in the order of its steps.
    pub changes: Vec<Change>,
    /// What no change can mend, or a person must decide.
    pub refused: Vec<Diagnostic>,
    /// True where a step ran without a value that an earlier output captures only now: the page must run again.
    pub rerun: bool,
}

/// What else than its text decides how a page is read.
#[derive(Debug, Clone, Copy)]
pub struct Rules<'a> {
    /// The repository's configuration.
    pub config: &'a Config,
    /// The page's path relative to the configuration's folder.
    pub path: &'a str,
}

/// What `plan`'s page needs so that it is true of what `records` tell. `add`: outputs for steps that show none, too.
pub fn propose(plan: &Plan, records: &[StepRecord], rules: Rules<'_>, add: bool) -> Blessing {
    let mut blessing = Blessing::default();
    let (mut as_run, mut captures) = (Captures::new(), Captures::new());
    let mut state = again::State::of(plan, records);
    let mut whole = true;
    for (index, (step, record)) in plan.steps().zip(records).enumerate() {
        let without = ran_without(step, &as_run, &captures);
        let outcome = judge_step(plan, step, record, &mut as_run);
        whole &= !outcome.stops_page && outcome.verdict != StepVerdict::NotReached;
        // Of a transcript that shows some of its outputs the author chose which.
        let shows_none = step.expectations.is_empty();
        let addable = add && outcome.verdict == StepVerdict::Unchecked && !outcome.is_drafted() && shows_none;
        // What is known to be stale waits for something else than a new output.
        let is_known = outcome.verdict == StepVerdict::KnownStale;
        let is_true = !addable && outcome.checks.iter().all(|check| check.ok);
        if is_known || is_true || services::shows_further(step) {
            judge_step(plan, step, record, &mut captures);
            continue;
        }
        let mut offer = match without {
            Some(name) => {
                blessing.rerun = true;
                let reason = format!("`{}` ran before `<{name}>` had a value", step.name);
                let help = vec!["bless the rest, then run the page again".to_owned()];
                Offer::refused(Refusal { span: named(plan, step, &name), reason, help })
            }
            None if addable => addition::hunks(plan, step, record).map_or_else(Offer::refused, Offer::of),
            None => renewed(plan, step, record, &outcome, &captures),
        };
        let mut taken = Change { step: index, hunks: Vec::new() };
        for hunks in offer.attempts(state.failing(index)) {
            let with = Change { step: index, hunks: taken.hunks.iter().chain(&hunks).cloned().collect() };
            let changes: Vec<&Change> = blessing.changes.iter().chain([&with]).collect();
            let left = offer.refused.len() + offer.hunks.len() - with.hunks.len();
            let found = again::State::read(plan, &page(plan, &changes), records, rules);
            if let Some(found) = found.filter(|found| found.is_better(&state, index, left)) {
                (state, taken) = (found, with);
            }
            if taken.hunks.len() == offer.hunks.len() {
                break;
            }
        }
        let is_taken = |hunk: &Hunk| taken.hunks.iter().any(|taken| taken.target == hunk.target);
        let others = offer.hunks.iter().filter(|hunk| !is_taken(hunk));
        // Outputs that are added are added together.
        for hunk in others.take(if addable { 1 } else { usize::MAX }) {
            let reason = format!("with what `{}` printed, the page would be read in another way", step.name);
            offer.refused.push(Refusal::new(hunk.span, reason));
        }
        if taken.hunks.is_empty() {
            // Nothing can be changed, or with the values that earlier changes capture all of it is true already.
            judge_step(plan, step, record, &mut captures);
        } else {
            blessed(step, record, plan, &taken, &mut captures);
            blessing.changes.push(taken);
        }
        offer.refused.sort_by_key(|refusal| refusal.span);
        blessing.refused.extend(offer.refused.into_iter().map(|refusal| refused(plan, refusal)));
    }
    blessing.refused.extend(services::refused(plan, records, &as_run, whole));
    blessing
}

/// The page with `changes` made.
pub fn page(plan: &Plan, changes: &[&Change]) -> String {
    let edits: Vec<Edit> = changes.iter().flat_map(|change| edits(plan, change).unwrap_or_default()).collect();
    apply(plan.tutorial.source.text(), &edits)
}

/// What a hunk takes away and puts in, line by line.
pub fn diff(hunk: &Hunk) -> Vec<DiffLine> {
    let (old, new): (Vec<&str>, Vec<&str>) = (hunk.old.lines().collect(), hunk.new.lines().collect());
    let ops = lining::ops(&old, &new);
    let mut lines = Vec::new();
    for op in ops {
        if let similar::DiffOp::Equal { .. } = op {
            lines.extend(old[op.old_range()].iter().map(|line| DiffLine::Same((*line).to_owned())));
        } else {
            lines.extend(old[op.old_range()].iter().map(|line| DiffLine::Missing((*line).to_owned())));
            lines.extend(new[op.new_range()].iter().map(|line| DiffLine::Unexpected((*line).to_owned())));
        }
    }
    lines
}

/// Why a step cannot be changed.
struct Refusal {
    /// The place to tell it at.
    span: Span,
    reason: String,
    help: Vec<String>,
}

impl Refusal {
    fn new(span: Span, reason: String) -> Self {
        Self { span, reason, help: Vec::new() }
    }
}

/// What can be done about a step.
#[derive(Default)]
struct Offer {
    hunks: Vec<Hunk>,
    refused: Vec<Refusal>,
}

impl Offer {
    fn of(hunks: Vec<Hunk>) -> Self {
        Self { hunks, refused: Vec::new() }
    }

    fn refused(refusal: Refusal) -> Self {
        Self { hunks: Vec::new(), refused: vec![refusal] }
    }

    /// What is tried in turn, each beside what was taken before: all hunks at once, else one by one where the page
    /// shows something wrong in the step, so that a good one is not held back by another.
    fn attempts(&self, failing: usize) -> Vec<Vec<Hunk>> {
        let single = self.hunks.iter().filter(|_| self.hunks.len() > 1 && failing > 0);
        let whole = Some(self.hunks.clone()).filter(|hunks| !hunks.is_empty());
        whole.into_iter().chain(single.map(|hunk| vec![hunk.clone()])).collect()
    }
}

/// The outputs of a stale step, renewed; none where they are true with what earlier changes capture. Where the step did
/// not do what the page says of it otherwise, its outputs are worth nothing, and that is told.
fn renewed(plan: &Plan, step: &Step, record: &StepRecord, outcome: &StepOutcome, captures: &Captures) -> Offer {
    let failed = || outcome.checks.iter().filter(|check| !check.ok);
    // What went wrong on the way is why the step ended as it did.
    let rank = |check: &&Check| match check.kind {
        CheckKind::Network => 0,
        CheckKind::Fault => 1,
        _ => 2,
    };
    let is_output = |check: &&Check| matches!(check.kind, CheckKind::Output | CheckKind::Http);
    if let Some(check) = failed().filter(|check| !is_output(check)).min_by_key(rank) {
        let reason = format!("`{}`: {}", step.name, check.message);
        return Offer::refused(Refusal { span: check.span, reason, help: check.help.clone() });
    }
    if step.output.is_some() {
        let span = failed().next().map_or_else(|| marker(plan, step), |check| check.span);
        let reason = format!("`{}` printed something, and `output=none` says that it must not", step.name);
        return Offer::refused(Refusal::new(span, reason));
    }
    let mut captures = captures.clone();
    let mut offer = Offer::default();
    for (at, check) in outcome.checks.iter().filter(is_output).enumerate().take(step.expectations.len()) {
        match hunk(plan, step, record, at, check, &mut captures) {
            Ok(hunk) => offer.hunks.extend(hunk),
            // Where the fence does not end where it should, all that stands in it is in doubt.
            Err(refusal) if caution::swallows(plan, &step.expectations[at]) => return Offer::refused(refusal),
            Err(refusal) => offer.refused.push(refusal),
        }
    }
    offer
}

/// The output at `at` of a step renewed; `None` where it is true.
fn hunk(
    plan: &Plan,
    step: &Step,
    record: &StepRecord,
    at: usize,
    check: &Check,
    captures: &mut Captures,
) -> Result<Option<Hunk>, Refusal> {
    let expectation = &step.expectations[at];
    let old = &expectation.text.text;
    let actual = printed(plan, step, record, expectation)
        .map_err(|reason| Refusal::new(check.span, format!("`{}`: {reason}", step.name)))?;
    if compare(expectation.format, old, actual, captures) {
        return Ok(None);
    }
    let cannot = |reason: &str| Refusal::new(check.span, format!("what `{}` printed {reason}", step.name));
    let new = update(expectation.format, old, actual, captures)
        .ok_or_else(|| cannot("matches no text that the page could show"))?;
    if holds_new(REDACTED, old, &new) {
        return Err(cannot("holds a secret, which must not stand on the page"));
    }
    if let Some((reason, help)) = caution::reason(plan, expectation, record, old, &new) {
        return Err(Refusal { help: vec![help], ..cannot(&reason) });
    }
    let message =
        if check.ok { "the values above change what is right here".to_owned() } else { check.message.clone() };
    let hunk = Hunk { span: check.span, message, old: old.clone(), new, target: Target::Expectation(at) };
    if hunk_edits(plan, step, &hunk).is_none() {
        return Err(cannot("cannot stand in this place"));
    }
    compare(expectation.format, &hunk.new, actual, captures);
    Ok(Some(hunk))
}

/// The line that opens the step's fence.
fn marker(plan: &Plan, step: &Step) -> Span {
    let source = &plan.tutorial.source;
    source.line_span(source.line(plan.tutorial.fences[step.fence].span.start))
}

/// Where the step's code names `<name>`.
fn named(plan: &Plan, step: &Step, name: &str) -> Span {
    let token = format!("<{name}>");
    let found = step.code.text.find(&token);
    found.map_or_else(|| marker(plan, step), |start| step.code.place(start, start + token.len()))
}

fn refused(plan: &Plan, Refusal { span, reason, mut help }: Refusal) -> Diagnostic {
    if help.is_empty() {
        help.push("a person must decide: mend the step or its options, or change the page by hand".to_owned());
    }
    let found = Diagnostic::error("cannot-bless", reason).at(&plan.tutorial.source, span, "");
    help.into_iter().fold(found, Diagnostic::help)
}

/// A name whose value the step's code would have had.
fn ran_without(step: &Step, as_run: &Captures, captures: &Captures) -> Option<String> {
    let codes = step.commands.iter().map(|command| command.text.as_str()).chain([step.code.text.as_str()]);
    let differs = |code: &str| as_run.fill(code) != captures.fill(code);
    codes.into_iter().find(|code| differs(code)).map(|code| {
        let names = code.split('<').filter_map(|rest| rest.split_once('>').map(|(name, _)| name));
        let named = names.into_iter().find(|name| as_run.get(name) != captures.get(name));
        named.unwrap_or_default().to_owned()
    })
}

/// Remembers what the step's outputs capture once the change is made.
fn blessed(step: &Step, record: &StepRecord, plan: &Plan, change: &Change, captures: &mut Captures) {
    for (at, expectation) in step.expectations.iter().enumerate() {
        let hunk = change.hunks.iter().find(|hunk| matches!(hunk.target, Target::Expectation(index) if index == at));
        let shown = hunk.map_or(&expectation.text.text, |hunk| &hunk.new);
        if let Ok(actual) = printed(plan, step, record, expectation) {
            compare(expectation.format, shown, actual, captures);
        }
    }
}

fn compare(format: Format, shown: &str, actual: &str, captures: &mut Captures) -> bool {
    match format {
        Format::Text => compare_text(shown, actual, captures),
        Format::Json => compare_json(shown, actual, captures),
        Format::Http => compare_http(shown, actual, captures),
    }
    .is_ok()
}

fn update(format: Format, shown: &str, actual: &str, captures: &Captures) -> Option<String> {
    match format {
        Format::Text => update_text(shown, actual, captures),
        Format::Json => update_json(shown, actual, captures),
        Format::Http => update_http(shown, actual, captures),
    }
}

/// True where `new` has `word` more often than `old`.
fn holds_new(word: &str, old: &str, new: &str) -> bool {
    new.matches(word).count() > old.matches(word).count()
}

fn edits(plan: &Plan, change: &Change) -> Option<Vec<Edit>> {
    let step = plan.steps().nth(change.step)?;
    let mut edits: Vec<Edit> = Vec::new();
    for hunk in &change.hunks {
        for edit in hunk_edits(plan, step, hunk)? {
            // Two outputs in one fence may both ask for longer markers: the longest will do.
            let known =
                is_marker(&edit).then(|| edits.iter_mut().find(|known| known.span == edit.span && is_marker(known)));
            match known.flatten() {
                Some(known) if known.text.len() < edit.text.len() => *known = edit,
                Some(_) => {}
                None => edits.push(edit),
            }
        }
    }
    Some(edits)
}

/// True for an edit that makes a fence's marker longer.
fn is_marker(edit: &Edit) -> bool {
    edit.span.is_empty() && !edit.text.is_empty() && edit.text.chars().all(|char| "`~".contains(char))
}

fn hunk_edits(plan: &Plan, step: &Step, hunk: &Hunk) -> Option<Vec<Edit>> {
    let source = &plan.tutorial.source;
    let expectation = |at: usize| -> Option<&Expectation> { step.expectations.get(at) };
    match hunk.target {
        Target::Expectation(at) => {
            let expectation = expectation(at)?;
            let fence = plan.tutorial.fences.get(expectation.fence)?;
            lines::edits(source, fence, expectation, &hunk.new)
        }
        Target::Fence(language) => addition::fence(source, &plan.tutorial.fences[step.fence], language, &hunk.new),
        Target::Command(at) => addition::below(source, &plan.tutorial.fences[step.fence], step, at, &hunk.new),
    }
}

#[cfg(test)]
mod tests;
