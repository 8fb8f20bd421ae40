//! Judging: a step of the plan and the record of what it did, compared.

use std::sync::Arc;

use super::hints;
use super::{Check, CheckKind, PageOutcome, PageVerdict, StepOutcome, StepVerdict};
use crate::diagnostic::{Diagnostic, Severity};
use crate::matching::{Captures, DiffLine, Mismatch, compare_text};
use crate::matching::{compare_json, compare_text as compare_http};
use crate::options::{ExpectedExit, OutputRule, Stream};
use crate::plan::{Expectation, Format, Language, Part, Plan, Step};
use crate::source::Span;
use crate::text::normalize;
use crate::transcript::{Ending, StepRecord, Transcript};

/// The most of an output that a check carries.
const SHOWN: usize = 64 * 1024;

/// Judges a transcript of the page again, without running anything.
pub fn judge(plan: Arc<Plan>, transcript: &Transcript) -> PageOutcome {
    let mut captures = Captures::new();
    let records = transcript.steps.iter();
    let steps: Vec<_> =
        plan.steps().zip(records).map(|(step, record)| judge_step(&plan, step, record, &mut captures)).collect();
    let verdict = page_verdict(&[], &steps);
    let duration_us = transcript.steps.iter().map(|record| record.duration_us).sum();
    PageOutcome {
        path: transcript.page.clone(),
        plan: Some(plan),
        verdict,
        duration_us,
        diagnostics: Vec::new(),
        steps,
    }
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
    } else {
        PageVerdict::Ok
    }
}

/// Judges a step. What typed captures matched is remembered in `captures`, which later steps read.
pub fn judge_step(plan: &Plan, step: &Step, record: &StepRecord, captures: &mut Captures) -> StepOutcome {
    let judging = Judging { plan, step, record };
    let mut checks = Vec::new();
    let ran = !matches!(record.ending, Ending::NotStarted { .. } | Ending::NotReached | Ending::Skipped);
    if ran {
        checks.extend(judging.ending());
        checks.extend(judging.outputs(captures));
        checks.extend(judging.refusals());
        checks.extend(judging.faults());
    }
    let compared = checks.iter().any(|check| matches!(check.kind, CheckKind::Output | CheckKind::Http));
    let told = matches!(step.exit, ExpectedExit::Nonzero | ExpectedExit::Code(1..)) || step.output.is_some();
    let verdict = match record.ending {
        Ending::NotStarted { .. } => StepVerdict::Error,
        Ending::NotReached => StepVerdict::NotReached,
        Ending::Skipped => StepVerdict::Skipped,
        _ if checks.iter().any(|check| !check.ok) => StepVerdict::Stale,
        _ if compared || told || record.output.size == 0 => StepVerdict::Ok,
        _ => StepVerdict::Unchecked,
    };
    let stopping = |check: &Check| !check.ok && matches!(check.kind, CheckKind::Exit | CheckKind::Containment);
    StepOutcome {
        name: step.name.clone(),
        line: judging.line(step.fence),
        language: judging.language(),
        verdict,
        exit: match record.ending {
            Ending::Exited { code } => Some(code),
            Ending::Signaled { signal } => Some(128 + signal),
            _ => None,
        },
        duration_us: record.duration_us,
        stops_page: matches!(record.ending, Ending::NotStarted { .. }) || checks.iter().any(stopping),
        checks,
        exchanges: record.exchanges.clone(),
        notes: record.notes.clone(),
    }
}

/// A step and what it did.
struct Judging<'a> {
    plan: &'a Plan,
    step: &'a Step,
    record: &'a StepRecord,
}

impl Judging<'_> {
    fn line(&self, fence: usize) -> usize {
        self.plan.tutorial.source.line(self.plan.tutorial.fences[fence].span.start)
    }

    fn language(&self) -> String {
        let fence = &self.plan.tutorial.fences[self.step.fence];
        fence.language.as_ref().map_or_else(String::new, |language| language.value.clone())
    }

    fn marker(&self, fence: usize) -> Span {
        self.plan.tutorial.source.line_span(self.line(fence))
    }

    /// A check about the step as a whole.
    fn check(&self, kind: CheckKind, ok: bool, message: String) -> Check {
        Check {
            kind,
            line: self.line(self.step.fence),
            at: (!ok).then(|| self.line(self.step.fence)),
            ok,
            message: if ok { String::new() } else { message },
            expected: None,
            actual: None,
            span: self.marker(self.step.fence),
            diff: Vec::new(),
            help: Vec::new(),
        }
    }

    /// How the step ended: one check for the whole, and one for each command of a transcript that failed before the last.
    fn ending(&self) -> Vec<Check> {
        let expected = match self.step.exit {
            ExpectedExit::Code(code) => code.to_string(),
            ExpectedExit::Nonzero => "nonzero".to_owned(),
        };
        let code = match self.record.ending {
            Ending::Exited { code } => code,
            Ending::Signaled { signal } => 128 + signal,
            _ => {
                let mut check =
                    self.check(CheckKind::Containment, false, format!("the step {}", self.record.ending.words()));
                check.actual = Some(shown(&self.record.output.text));
                check.help.push(match self.record.ending {
                    Ending::TimedOut { .. } => {
                        "give it more time with the option `timeout=`, or mend what hangs".to_owned()
                    }
                    _ => "print less, or write it to a file".to_owned(),
                });
                return vec![check];
            }
        };
        let fits = |code: i32| match self.step.exit {
            ExpectedExit::Code(expected) => code == expected,
            ExpectedExit::Nonzero => code != 0,
        };
        let mut checks = Vec::new();
        if self.step.language == Language::Console {
            checks.extend(self.failed_command());
        }
        let mut check =
            self.check(CheckKind::Exit, fits(code), format!("the step {}, not {expected}", self.record.ending.words()));
        if !check.ok {
            check.expected = Some(expected);
            check.actual = Some(code.to_string());
            check.help.extend(self.about_exit(code));
        }
        checks.push(check);
        checks
    }

    /// The first command before the last of a transcript that failed where nothing announces a failure.
    fn failed_command(&self) -> Option<Check> {
        if self.step.exit != ExpectedExit::Code(0) {
            return None;
        }
        let last = self.step.commands.len().checked_sub(1)?;
        self.record.parts.iter().find_map(|part| {
            let (Part::Command(at), Some(code @ 1..)) = (part.part, part.exit) else { return None };
            let command = self.step.commands.get(at).filter(|_| at < last)?;
            let announced = self.step.expectations.iter().any(|expected| {
                expected.part == part.part
                    && !expected.text.text.trim().is_empty()
                    && normalize(&part.text) == normalize(&expected.text.text)
            });
            if announced {
                return None;
            }
            let mut check = self.check(CheckKind::Exit, false, format!("a command exited with status {code}"));
            check.at = Some(self.plan.tutorial.source.line(command.span.start));
            check.span = command.span;
            check.expected = Some("0".to_owned());
            check.actual = Some(code.to_string());
            Some(check)
        })
    }

    fn about_exit(&self, code: i32) -> Vec<String> {
        let mut help = Vec::new();
        if code == 0 {
            help.push("the page announces a failure that did not happen".to_owned());
        } else {
            let printed = normalize(&self.record.output.text);
            if !printed.trim().is_empty() {
                help.push(format!("it printed: {}", last_lines(&printed, 6)));
            }
            help.push(format!("where the failure is meant, say so: <!-- doccheck: exit={code} -->"));
        }
        help
    }

    fn outputs(&self, captures: &mut Captures) -> Vec<Check> {
        match self.step.output {
            Some(OutputRule::Any) => return Vec::new(),
            Some(OutputRule::None) => {
                let printed = normalize(&self.record.output.text);
                let silent = printed.trim().is_empty();
                let mut check =
                    self.check(CheckKind::Output, silent, "the step must print nothing, and prints".to_owned());
                if !silent {
                    check.expected = Some(String::new());
                    check.diff = printed.lines().take(60).map(|line| DiffLine::Unexpected(line.to_owned())).collect();
                    check.actual = Some(shown(&printed));
                }
                return vec![check];
            }
            None => {}
        }
        self.step.expectations.iter().map(|expected| self.output(expected, captures)).collect()
    }

    fn output(&self, expected: &Expectation, captures: &mut Captures) -> Check {
        let actual = self.actual(expected);
        let compared = match expected.format {
            Format::Text => compare_text(&expected.text.text, actual, captures),
            Format::Json => compare_json(&expected.text.text, actual, captures),
            Format::Http => compare_http(&expected.text.text, actual, captures),
        };
        let kind = if expected.format == Format::Http { CheckKind::Http } else { CheckKind::Output };
        let line = self.line(expected.fence);
        let mut check = Check { line, ..self.check(kind, compared.is_ok(), String::new()) };
        check.expected = Some(expected.text.text.clone());
        check.actual = Some(shown(&normalize(start(actual))));
        if let Err(Mismatch { expected: place, message, diff, help }) = compared {
            check.span = expected.text.place(place.start, place.end);
            check.at = Some(self.plan.tutorial.source.line(check.span.start));
            check.message = message;
            check.diff = diff;
            check.help =
                help.into_iter().chain(hints::about_output(&expected.text.text, &self.record.exchanges)).collect();
        }
        check
    }

    /// What the part of the step that an expectation is about printed. A command that was never run printed nothing.
    fn actual(&self, expected: &Expectation) -> &str {
        if expected.part != Part::Whole {
            let record = self.record.parts.iter().find(|record| record.part == expected.part);
            return record.map_or("", |record| record.text.as_str());
        }
        match expected.stream {
            Stream::Both => self.record.output.text.as_str(),
            Stream::Stdout => self.record.stdout.as_ref().map_or("", |captured| captured.text.as_str()),
            Stream::Stderr => self.record.stderr.as_ref().map_or("", |captured| captured.text.as_str()),
        }
    }

    fn refusals(&self) -> Vec<Check> {
        let refusals = self.record.refusals.iter();
        refusals
            .map(|refusal| {
                let mut check =
                    self.check(CheckKind::Network, false, format!("no sandbox serves host {}", refusal.host));
                check.help.push(
                    "name a host that the sandbox serves, or allow this one in doccheck.toml: `[network]` `allow`"
                        .to_owned(),
                );
                check
            })
            .collect()
    }

    /// One check for each fault of the step: a fault that no request met documents what never happened.
    fn faults(&self) -> Vec<Check> {
        let faults = self.step.faults.iter();
        faults
            .map(|fault| {
                let met = !self.record.unmet_faults.contains(&fault.value.text);
                let message = format!("this page documents a fault that never happened: {}", fault.value.text);
                let mut check = self.check(CheckKind::Fault, met, message);
                if !met {
                    check.span = fault.span;
                    check.at = Some(self.plan.tutorial.source.line(fault.span.start));
                    check.help.push(
                        "no request of the step met it: mend its method or path, or take the option away".to_owned(),
                    );
                }
                check
            })
            .collect()
    }
}

/// The start of a long text.
fn shown(text: &str) -> String {
    start(text).to_owned()
}

fn start(text: &str) -> &str {
    let mut end = text.len().min(SHOWN);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

fn last_lines(text: &str, count: usize) -> String {
    let lines: Vec<_> = text.trim_end().lines().collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}
