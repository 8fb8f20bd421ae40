//! What a step printed, against what the page shows.

use super::evidence::{Evidence, carried};
use super::{Check, CheckKind, hints};
use crate::matching::{Captures, Mismatch, compare_http, compare_json, compare_text, last_body};
use crate::options::{OutputRule, Stream};
use crate::plan::{Expectation, Format, Language, Part, Plan, Step};
use crate::text::{from_first_line, normalize};
use crate::transcript::{Captured, StepRecord};

/// One check for each thing that the page says the step prints.
pub(super) fn checks(evidence: Evidence<'_>, captures: &mut Captures) -> Vec<Check> {
    match evidence.step.output {
        Some(OutputRule::Any) => Vec::new(),
        Some(OutputRule::None) => vec![nothing(evidence)],
        None => {
            let expectations = evidence.step.expectations.iter();
            expectations.map(|expectation| compared(evidence, expectation, captures)).collect()
        }
    }
}

/// True where the step printed something that a reader sees.
pub(super) fn is_visible(captured: &Captured) -> bool {
    !normalize(carried(&captured.text)).is_empty()
}

const MIB: u64 = 1024 * 1024;

/// True where only the start of what was printed was kept. The lengths alone do not tell: a redacted text is shorter.
pub fn is_cut(captured: &Captured) -> bool {
    captured.size > MIB
}

fn nothing(evidence: Evidence<'_>) -> Check {
    let printed = &evidence.record.output;
    let Err(mismatch) = compare_text("", &printed.text, &mut Captures::new()) else {
        return Check { expected: Some(String::new()), ..evidence.passed(CheckKind::Output) };
    };
    let mut check = evidence.failed(CheckKind::Output, "it must print nothing, as `output=none` says");
    check.expected = Some(String::new());
    check.actual = Some(normalize(carried(&printed.text)));
    check.diff = mismatch.diff;
    check
}

fn compared(evidence: Evidence<'_>, expectation: &Expectation, captures: &mut Captures) -> Check {
    let expected = &expectation.text;
    let actual = actual(evidence, expectation);
    let (kind, compare) = match expectation.format {
        Format::Text => (CheckKind::Output, compare_text as fn(&str, &str, &mut Captures) -> Result<(), Mismatch>),
        Format::Json => (CheckKind::Output, compare_json as _),
        Format::Http => (CheckKind::Http, compare_http as _),
    };
    let result = compare(&expected.text, actual, captures);
    let line = evidence.line(expectation.fence);
    let mut check = Check { line, ..evidence.passed(kind) };
    check.expected = Some(expected.text.clone());
    check.actual = Some(normalize(carried(actual)));
    if let Err(mismatch) = result {
        check.ok = false;
        check.message =
            if was_run(evidence, expectation) { mismatch.message } else { "this command was not run".to_owned() };
        check.diff = mismatch.diff;
        check.help = mismatch.help;
        check.help.extend(kept_in_part(evidence, expectation));
        check.help.extend(hints::about_output(evidence, &expected.text, actual));
        check = evidence.at(check, expected.place(mismatch.expected.start, mismatch.expected.end));
    }
    check
}

/// What the part of `step` that `expectation` is about printed, as it is compared.
///
/// # Errors
///
/// Why that cannot stand on a page: the part was not run, or more was printed than was kept. A fragment.
pub fn printed<'a>(
    plan: &'a Plan,
    step: &'a Step,
    record: &'a StepRecord,
    expectation: &Expectation,
) -> Result<&'a str, &'static str> {
    let evidence = Evidence { plan, step, record };
    if !was_run(evidence, expectation) {
        return Err("this command was not run");
    }
    match kept_in_part(evidence, expectation) {
        Some(_) => Err("it printed more than was kept"),
        None => Ok(actual(evidence, expectation)),
    }
}

/// What the part of the step that an expectation is about printed; nothing where it was not run.
fn actual<'a>(evidence: Evidence<'a>, expectation: &Expectation) -> &'a str {
    let record = evidence.record;
    let text = match (expectation.part, expectation.stream) {
        (Part::Whole, _) => stream(record, expectation.stream),
        // On the page blank lines only set a command's output off, so it may begin with some that nobody sees there.
        (part, _) => {
            record.parts.iter().find(|found| found.part == part).map_or("", |found| from_first_line(&found.text))
        }
    };
    // The answer to an `http` step is printed whole; a page may show its body alone.
    let body_alone = evidence.step.language == Language::Http && expectation.format != Format::Http;
    if body_alone { last_body(text) } else { text }
}

/// What a step printed on a stream.
pub(super) fn stream(record: &StepRecord, stream: Stream) -> &str {
    &captured(record, stream).text
}

fn captured(record: &StepRecord, stream: Stream) -> &Captured {
    let alone = match stream {
        Stream::Both => None,
        Stream::Stdout => record.stdout.as_ref(),
        Stream::Stderr => record.stderr.as_ref(),
    };
    alone.unwrap_or(&record.output)
}

/// False for a command of a transcript whose shell had ended before.
fn was_run(evidence: Evidence<'_>, expectation: &Expectation) -> bool {
    let is_command = matches!(expectation.part, Part::Command(_));
    !is_command || evidence.record.parts.iter().any(|found| found.part == expectation.part)
}

/// Says that there was more than could be compared.
fn kept_in_part(evidence: Evidence<'_>, expectation: &Expectation) -> Option<String> {
    let captured = captured(evidence.record, expectation.stream);
    let told = (expectation.part == Part::Whole && is_cut(captured)).then(|| captured.size.div_ceil(MIB))?;
    Some(format!("it printed {told} MiB, of which the first was kept; `...` as the last line leaves the rest open"))
}
