//! How a step ended, against what the page says of it.

use super::evidence::{Evidence, carried};
use super::{Check, CheckKind};
use crate::matching::DiffLine;
use crate::options::ExpectedExit;
use crate::plan::Part;
use crate::text::normalize;
use crate::transcript::Ending;

/// How many of the last lines that were printed are told with an unexpected end.
const TOLD: usize = 20;

/// One check for the step; one more for a command of a transcript that failed and was not meant to.
pub(super) fn checks(evidence: Evidence<'_>) -> Vec<Check> {
    match evidence.record.ending {
        Ending::Exited { code } => {
            let mut checks: Vec<_> = failed_command(evidence).into_iter().collect();
            checks.push(status(evidence, code));
            checks
        }
        Ending::Signaled { signal } => vec![status(evidence, 128 + signal)],
        Ending::Running => {
            let mut checks: Vec<_> = failed_command(evidence).into_iter().collect();
            checks.push(ran_on(evidence));
            checks
        }
        Ending::NotReady { .. } => vec![passed_limit(
            evidence,
            "a service that needs longer says so: `<!-- doccheck: ready=… timeout=60s -->`",
        )],
        Ending::NotCalled { ref printed, .. } => vec![not_called(evidence, printed)],
        Ending::TimedOut { .. } => {
            vec![passed_limit(evidence, "a step that needs longer says so: `<!-- doccheck: timeout=60s -->`")]
        }
        Ending::OutputLimit { .. } => vec![passed_limit(evidence, "let the step print less, or write to a file")],
        Ending::NotFilled { ref name, .. } => vec![not_filled(evidence, name)],
        Ending::NotStarted { .. } | Ending::NotReached | Ending::Skipped => Vec::new(),
    }
}

fn status(evidence: Evidence<'_>, code: i32) -> Check {
    // A transcript fails as a whole where the command fails that is meant to, whichever it is.
    let commands = evidence.record.parts.iter().filter_map(|part| part.exit);
    let mut ends = std::iter::once(code).chain(commands);
    let (fits, wanted) = match evidence.step.exit {
        ExpectedExit::Code(0) => (code == 0 || was_stopped(evidence, code), "0".to_owned()),
        ExpectedExit::Code(wanted) => (ends.any(|code| code == wanted), wanted.to_string()),
        ExpectedExit::Nonzero => (ends.any(|code| code != 0), "nonzero".to_owned()),
    };
    let (expected, actual) = (Some(wanted.clone()), Some(code.to_string()));
    if fits {
        return Check { expected, actual, ..evidence.passed(CheckKind::Exit) };
    }
    let message = match evidence.step.exit {
        ExpectedExit::Code(0) if evidence.was_ready() => {
            format!("the service had ended before the page did: it {}", evidence.record.ending.words())
        }
        ExpectedExit::Code(0) if evidence.step.service.is_some() => {
            format!("the service ended before it was ready: it {}", evidence.record.ending.words())
        }
        ExpectedExit::Code(_) => format!("it {}, not {wanted}", evidence.record.ending.words()),
        ExpectedExit::Nonzero => "it exited with status 0, and the page says that it fails".to_owned(),
    };
    let mut check = Check { expected, actual, ..evidence.failed(CheckKind::Exit, message) };
    if code == 0 {
        check.help.extend(evidence.step.exit_reason.iter().map(|reason| format!("a failure is expected: {reason}")));
        check.help.push("where it is right that the step succeeds: `<!-- doccheck: exit=0 -->`".to_owned());
    } else {
        check.diff = unshown_output(evidence);
        check.help.extend(
            evidence
                .step
                .memory
                .map(|memory| format!("`memory={memory}` held for it, and for each program that it started")),
        );
        check.help.push(format!("where the step is meant to fail: `<!-- doccheck: exit={code} -->`"));
    }
    check
}

/// A value that could break the code, or run as code, is shown where the step names it.
fn not_filled(evidence: Evidence<'_>, name: &str) -> Check {
    let mut check = evidence.failed(CheckKind::Exit, format!("it {}", evidence.record.ending.words()));
    check.help.push("capture an id or another plain value, or let the step read the value itself".to_owned());
    let (code, token) = (&evidence.step.code, format!("<{name}>"));
    match code.text.find(&token) {
        Some(start) => evidence.at(check, code.place(start, start + token.len())),
        None => check,
    }
}

/// The webhook that the step waits for is shown where the page names it.
fn not_called(evidence: Evidence<'_>, printed: &str) -> Check {
    let help = "let an earlier step subscribe to the event and bring it about, and a service answer with a status from 200 \
                to 299; a step that is to wait longer says so: `<!-- doccheck: when=webhook:… timeout=60s -->`";
    let check = if printed.is_empty() {
        passed_limit(evidence, help)
    } else {
        passed_limit(evidence, &format!("{help}\n{printed}"))
    };
    match &evidence.step.when {
        Some(when) => evidence.at(check, when.span),
        None => check,
    }
}

/// True for a service that something on the page told to end, as Ctrl-C or `kill` does.
fn was_stopped(evidence: Evidence<'_>, code: i32) -> bool {
    const BY_INT: i32 = 128 + 2;
    const BY_TERM: i32 = 128 + 15;
    evidence.was_ready() && matches!(code, BY_INT | BY_TERM)
}

/// A service that ran on until its page ended did what it should, unless the page says how it ends.
fn ran_on(evidence: Evidence<'_>) -> Check {
    if evidence.step.exit == ExpectedExit::Code(0) {
        return evidence.passed(CheckKind::Exit);
    }
    let message = "it ran until the page ended, and the page says that it fails";
    let mut check = evidence.failed(CheckKind::Exit, message);
    check.help.push("where it is right that it runs on, take `exit=` away".to_owned());
    check
}

/// The first command of a transcript that failed before the last one, where no failure is announced. How the last one
/// ended is how the step ended.
fn failed_command(evidence: Evidence<'_>) -> Option<Check> {
    if evidence.step.exit != ExpectedExit::Code(0) {
        return None;
    }
    let last = evidence.step.commands.len().checked_sub(1)?;
    evidence.record.parts.iter().find_map(|part| {
        let (Part::Command(at), Some(code)) = (part.part, part.exit.filter(|code| *code != 0)) else { return None };
        let command = evidence.step.commands.get(at).filter(|_| at < last)?;
        let first_line = command.text.lines().next().unwrap_or_default();
        let mut check = evidence.failed(CheckKind::Exit, format!("`{first_line}` exited with status {code}, not 0"));
        check.expected = Some("0".to_owned());
        check.actual = Some(code.to_string());
        check.diff = last_lines(&part.text);
        check.help.push(format!("where it is meant to fail: `<!-- doccheck: exit={code} -->`"));
        Some(evidence.at(check, command.span))
    })
}

fn passed_limit(evidence: Evidence<'_>, help: &str) -> Check {
    let message = format!("it {}", evidence.record.ending.words());
    let mut check = evidence.failed(CheckKind::Containment, message);
    let printed = normalize(carried(&evidence.record.output.text));
    check.diff = last_lines(&evidence.record.output.text);
    check.actual = Some(printed).filter(|text| !text.is_empty());
    check.help.push(help.to_owned());
    check
}

/// What the step printed last, where no other check tells it.
fn unshown_output(evidence: Evidence<'_>) -> Vec<DiffLine> {
    let shown = evidence.step.expectations.iter().any(|expectation| expectation.part == Part::Whole);
    if shown { Vec::new() } else { last_lines(&evidence.record.output.text) }
}

fn last_lines(text: &str) -> Vec<DiffLine> {
    let printed = normalize(text);
    let lines: Vec<_> = printed.lines().collect();
    lines[lines.len().saturating_sub(TOLD)..].iter().map(|line| DiffLine::Unexpected((*line).to_owned())).collect()
}
