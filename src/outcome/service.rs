//! What a service prints while it runs on, against what the page shows of it.
//!
//! The fence at the step shows how its output begins; what it prints later is no difference. A fence further down the
//! page goes on where the one before it ended. So what is compared does not depend on when a service prints.

use super::evidence::{Evidence, carried};
use super::{Check, CheckKind};
use crate::matching::{Captures, Mismatch, compare_text};
use crate::plan::{Expectation, Part, Step};
use crate::text::{from_first_line, normalize};
use crate::transcript::StepRecord;

/// The most lines that are looked at for the end of what a fence matches.
const LOOKED_AT: usize = 1000;

/// Whether a service has printed what the page shows of it. Of several fences the last word in this order counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shown {
    /// The page shows nothing of it.
    Nothing,
    /// All of it.
    All,
    /// What was printed is something else.
    Otherwise,
    /// It may still come.
    NotYet,
}

/// Whether `record`, of a step that still runs, holds what the page shows of it: at the step itself, or also further
/// down. What stands at commands of a transcript that have not begun is not waited for.
pub fn shown(step: &Step, record: &StepRecord, captures: &Captures, further: bool) -> Shown {
    let mut outputs = Outputs::new(step, record, captures.clone());
    let has_begun = |part| !matches!(part, Part::Command(_)) || record.parts.iter().any(|found| found.part == part);
    let found = expectations(step, further).filter(|(expectation, later)| *later || has_begun(expectation.part));
    let found = found.map(|(expectation, later)| {
        let settled = outputs.is_settled(expectation, later);
        match outputs.compare(expectation, later) {
            Ok(()) => Shown::All,
            Err(_) if settled => Shown::Otherwise,
            Err(_) => Shown::NotYet,
        }
    });
    found.max().unwrap_or(Shown::Nothing)
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
        check.actual = Some(outputs.take(expectation, later, result.is_ok()));
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
    /// How many lines that was.
    taken: usize,
}

impl<'a> Outputs<'a> {
    fn new(step: &'a Step, record: &'a StepRecord, captures: Captures) -> Self {
        Self { step, record, captures, before: String::new(), taken: 0 }
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
                mismatch.message = renumbered(&mismatch.message, before.lines().count());
                Err(mismatch)
            }
        }
    }

    /// The lines that stand where a fence has its own: those that it matches, else as many as it shows.
    fn take(&mut self, expectation: &Expectation, later: bool, matched: bool) -> String {
        let printed = normalize(carried(self.printed(expectation, later)));
        if !later && self.is_earlier_command(expectation) {
            return printed;
        }
        let lines: Vec<&str> = printed.lines().collect();
        let from = if later { self.taken.min(lines.len()) } else { 0 };
        let matches = |to: &usize| {
            let text = lines.get(..*to).unwrap_or_default().join("\n");
            compare_text(&self.before, &text, &mut self.captures.clone()).is_ok()
        };
        let shown = &expectation.text.text;
        let to = if matched {
            (from..lines.len()).take(LOOKED_AT).find(matches).unwrap_or(lines.len())
        } else if is_open(shown) {
            lines.len()
        } else {
            lines.len().min(from + crate::text::lines(shown).len())
        };
        if matched || !is_open(shown) {
            self.taken = to;
        }
        lines.get(from..to).unwrap_or_default().join("\n")
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
            Some(part) => {
                record.parts.iter().find(|found| found.part == part).map_or("", |found| from_first_line(&found.text))
            }
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
        let shown = expectation.text.text.trim_end_matches('\n');
        let earlier = match (later, self.before.as_str()) {
            (false, _) => "",
            (true, "") => "...",
            (true, before) => before,
        };
        let lines = shown.lines().count() + earlier.lines().count();
        let complete = self.printed(expectation, later).matches('\n').count();
        !is_open(shown) && !is_open(earlier) && complete >= lines
    }
}

/// True for a text that leaves lines open.
fn is_open(text: &str) -> bool {
    text.lines().any(|line| matches!(line.trim(), "..." | "…"))
}

/// A message such as "line 3 differs" with its number counted from the fence that it is about.
fn renumbered(message: &str, before: usize) -> String {
    let counted = message.strip_prefix("line ").and_then(|rest| {
        let (number, rest) = rest.split_once(' ')?;
        let number = number.parse::<usize>().ok()?.checked_sub(before).filter(|number| *number > 0)?;
        Some(format!("line {number} {rest}"))
    });
    counted.unwrap_or_else(|| message.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::specimen::clean;
    use crate::transcript::{Captured, Ending};

    const PAGE: &str = "```bash background=true session=server\nserve\n```\n```output\nup on <port:int>\n```\n\n\
        ```bash\ncurl\n```\n\n```output session=server\nGET /a\n```\n\n```output session=server\nGET /b\nGET /c\n```\n";

    fn printed(text: &str) -> StepRecord {
        let output = Captured { text: text.to_owned(), size: 0 };
        StepRecord { output, ..StepRecord::not_run(Ending::Running) }
    }

    fn shown_of(page: &str, text: &str, further: bool) -> Shown {
        let plan = clean(page);
        let step = plan.steps().next().unwrap();
        shown(step, &printed(text), &Captures::new(), further)
    }

    /// The faults of the checks, each with the line of its fence.
    fn faults(page: &str, text: &str) -> Vec<(usize, String)> {
        let plan = clean(page);
        let step = plan.steps().next().unwrap();
        let record = printed(text);
        let mut captures = Captures::new();
        let checks = checks(Evidence { plan: &plan, step, record: &record }, &mut captures, true);
        checks.into_iter().filter(|check| !check.ok).map(|check| (check.line, check.message)).collect()
    }

    #[test]
    fn the_first_fence_shows_the_beginning() {
        assert_eq!(shown_of(PAGE, "", false), Shown::NotYet);
        assert_eq!(shown_of(PAGE, "up on 80\n", false), Shown::All);
        assert_eq!(shown_of(PAGE, "up on 80\nGET /x\n", false), Shown::All);
        assert_eq!(shown_of(PAGE, "down\n", false), Shown::Otherwise);
        // The line may not be written to its end.
        assert_eq!(shown_of(PAGE, "up", false), Shown::NotYet);
        assert_eq!(shown_of("```bash background=true\nserve\n```\n", "up", false), Shown::Nothing);
    }

    #[test]
    fn later_fences_go_on_where_the_one_before_ended() {
        assert_eq!(shown_of(PAGE, "up on 80\n", true), Shown::NotYet);
        assert_eq!(shown_of(PAGE, "up on 80\nGET /a\nGET /b\n", true), Shown::NotYet);
        assert_eq!(shown_of(PAGE, "up on 80\nGET /a\nGET /b\nGET /c\nGET /d\n", true), Shown::All);
        // What is shown after a line that differs may still come.
        assert_eq!(shown_of(PAGE, "up on 80\nGET /x\n", true), Shown::NotYet);
        assert_eq!(shown_of(PAGE, "up on 80\nGET /x\nGET /b\nGET /c\n", true), Shown::Otherwise);
        assert_eq!(faults(PAGE, "up on 80\nGET /a\nGET /b\nGET /c\nGET /d\n"), []);
        assert_eq!(faults(PAGE, "up on 80\nGET /a\nGET /b\nGET /x\n"), [(16, "line 2 differs".to_owned())]);
    }

    #[test]
    fn each_fence_is_told_with_its_own_lines() {
        let plan = clean(PAGE);
        let step = plan.steps().next().unwrap();
        let actual = |text: &str| {
            let record = printed(text);
            let checks = checks(Evidence { plan: &plan, step, record: &record }, &mut Captures::new(), true);
            checks.into_iter().map(|check| check.actual.unwrap()).collect::<Vec<_>>()
        };
        assert_eq!(actual("up on 80\nGET /a\nGET /b\nGET /c\nGET /d\n"), ["up on 80", "GET /a", "GET /b\nGET /c"]);
        assert_eq!(actual("up on x\nGET /a\nGET /b\nGET /c\n")[0], "up on x");
        assert_eq!(actual("up on 80\nGET /x\nGET /b\nGET /c\n"), ["up on 80", "GET /x", "GET /b\nGET /c"]);
    }

    #[test]
    fn a_fence_after_one_that_differs_may_begin_anywhere() {
        assert_eq!(faults(PAGE, "up on 80\nGET /x\nGET /b\nGET /c\n"), [(12, "line 1 differs".to_owned())]);
    }

    #[test]
    fn what_was_not_shown_is_left_open_by_dots() {
        let page = PAGE.replace("GET /a", "...\nGET /a");
        assert_eq!(faults(&page, "up on 80\nwarming\nGET /a\nGET /b\nGET /c\n"), []);
        let page = PAGE.replace("```output\nup on <port:int>\n```\n", "");
        assert_eq!(faults(&page, "up on 80\nGET /a\nGET /b\nGET /c\n"), []);
    }
}
