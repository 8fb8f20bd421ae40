//! What a service prints while it runs on, against what the page shows of it.
//!
//! The fence at the step shows how its output begins; what it prints later is no difference. A fence further down the
//! page goes on where the one before it ended. So what is compared does not depend on when a service prints.

use super::evidence::{Evidence, carried};
use super::{Check, CheckKind};
use crate::matching::{Captures, Mismatch, compare_text};
use crate::plan::{Expectation, Part, Step};
use crate::text::normalize;
use crate::transcript::StepRecord;

/// Whether a service has printed what the page shows of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// The page shows nothing of it.
    Nothing,
    /// All of it.
    All,
    /// It may still come.
    NotYet,
    /// What was printed is something else.
    Otherwise,
}

/// Whether `record`, of a service that still runs, holds what the page shows of it: at the step itself, or also
/// further down.
pub fn shown(step: &Step, record: &StepRecord, captures: &Captures, further: bool) -> Shown {
    let mut outputs = Outputs::new(step, record, captures.clone());
    let mut shown = Shown::Nothing;
    for (expectation, later) in expectations(step, further) {
        let settled = outputs.is_settled(expectation, later);
        shown = match outputs.compare(expectation, later) {
            Ok(()) if matches!(shown, Shown::Nothing | Shown::All) => Shown::All,
            Ok(()) => shown,
            Err(_) if settled => return Shown::Otherwise,
            Err(_) => Shown::NotYet,
        };
    }
    shown
}

/// One check for each thing that the page shows of the service: at the step itself, or also further down.
pub(super) fn checks(evidence: Evidence<'_>, captures: &mut Captures, further: bool) -> Vec<Check> {
    let (step, record) = (evidence.step, evidence.record);
    let mut outputs = Outputs::new(step, record, std::mem::take(captures));
    let mut checks = Vec::new();
    for (expectation, later) in expectations(step, further) {
        let text = &expectation.text;
        let result = outputs.compare(expectation, later);
        let mut check = Check { line: evidence.line(expectation.fence), ..evidence.passed(CheckKind::Output) };
        check.expected = Some(text.text.clone());
        check.actual = Some(normalize(carried(outputs.printed(expectation, later))));
        if let Err(mismatch) = result {
            check.ok = false;
            check.message = mismatch.message;
            check.diff = mismatch.diff;
            check.help = mismatch.help;
            check = evidence.at(check, text.place(mismatch.expected.start, mismatch.expected.end));
        }
        checks.push(check);
    }
    *captures = outputs.captures;
    checks
}

/// What is compared, each with whether it stands further down the page.
fn expectations(step: &Step, further: bool) -> impl Iterator<Item = (&Expectation, bool)> {
    // `output=` overrides what the page shows at the step. What statements print is told when a program has ended.
    let own = step.expectations.iter().filter(|found| step.output.is_none() && !matches!(found.part, Part::Watch(_)));
    let later = step.service.iter().flat_map(|service| &service.later).filter(move |_| further);
    own.map(|found| (found, false)).chain(later.map(|found| (found, true)))
}

/// The outputs of a service, and how much of them was shown.
struct Outputs<'a> {
    step: &'a Step,
    record: &'a StepRecord,
    captures: Captures,
    /// What the fences so far show, one after the other.
    before: String,
}

impl<'a> Outputs<'a> {
    fn new(step: &'a Step, record: &'a StepRecord, captures: Captures) -> Self {
        Self { step, record, captures, before: String::new() }
    }

    /// Compares one fence with the output's beginning, or with what follows on the fences before.
    fn compare(&mut self, expectation: &Expectation, later: bool) -> Result<(), Mismatch> {
        let printed = self.printed(expectation, later).to_owned();
        let text = expectation.text.text.trim_end_matches('\n');
        if !later && self.is_earlier_command(expectation) {
            return compare_text(text, &printed, &mut self.captures);
        }
        // Where nothing was shown so far, the first fence may begin anywhere.
        let before = match (later, self.before.as_str()) {
            (false, _) => String::new(),
            (true, "") => "...\n".to_owned(),
            (true, before) => format!("{before}\n"),
        };
        let result = compare_text(&format!("{before}{text}\n..."), &printed, &mut self.captures);
        match result {
            Ok(()) => {
                self.before = format!("{before}{text}");
                Ok(())
            }
            Err(mut mismatch) => {
                // The next fence may begin anywhere, and a place in an earlier fence is none in this one.
                self.before = format!("{before}...");
                let own = |at: usize| at.saturating_sub(before.len()).min(text.len());
                mismatch.expected.start = own(mismatch.expected.start);
                mismatch.expected.end = own(mismatch.expected.end);
                Err(mismatch)
            }
        }
    }

    /// What is compared with a fence.
    fn printed(&self, expectation: &Expectation, later: bool) -> &'a str {
        let record = self.record;
        let part = match expectation.part {
            Part::Whole | Part::Start | Part::Watch(_) => None,
            Part::Command(_) if later => self.step.commands.len().checked_sub(1).map(Part::Command),
            command @ Part::Command(_) => Some(command),
        };
        match part {
            Some(part) => record.parts.iter().find(|found| found.part == part).map_or("", |found| &found.text),
            None => super::output::stream(record, expectation.stream),
        }
    }

    /// True for a command of a transcript before the last one: it has ended, and is no service.
    fn is_earlier_command(&self, expectation: &Expectation) -> bool {
        matches!(expectation.part, Part::Command(at) if at + 1 < self.step.commands.len())
    }

    /// True where nothing that is printed from now on can make a fence match that does not match now: as many lines
    /// are there as it shows, and it leaves none open.
    fn is_settled(&self, expectation: &Expectation, later: bool) -> bool {
        let open = |text: &str| text.lines().any(|line| matches!(line.trim(), "..." | "…"));
        let shown = expectation.text.text.trim_end_matches('\n');
        let earlier = match (later, self.before.as_str()) {
            (false, _) => "",
            (true, "") => "...",
            (true, before) => before,
        };
        let lines = shown.lines().count() + earlier.lines().count();
        let complete = self.printed(expectation, later).matches('\n').count();
        !open(shown) && !open(earlier) && complete >= lines
    }
}
