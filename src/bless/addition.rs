//! The output that a page does not show: a fence after the step, or lines below the commands of a transcript.

use super::place::container;
use super::{Hunk, Refusal, Target, lines};
use crate::edit::Edit;
use crate::matching::{last_body, pretty_json};
use crate::outcome::is_cut;
use crate::plan::{Language, Part, Plan, Step};
use crate::redact::REDACTED;
use crate::source::{SourceFile, Span};
use crate::text::normalize;
use crate::transcript::StepRecord;
use crate::tutorial::Fence;

/// What shows the output of a step that the page shows nothing of.
pub(super) fn hunks(plan: &Plan, step: &Step, record: &StepRecord) -> Result<Vec<Hunk>, Refusal> {
    let source = &plan.tutorial.source;
    let fence = &plan.tutorial.fences[step.fence];
    let span = source.line_span(source.line(fence.span.start));
    let cannot = |reason: &str| Refusal::new(span, format!("what `{}` printed {reason}", step.name));
    if record.output.text.contains(REDACTED) || record.parts.iter().any(|part| part.text.contains(REDACTED)) {
        return Err(cannot("holds a secret, which must not stand on the page"));
    }
    if is_cut(&record.output) {
        return Err(cannot("is more than was kept"));
    }
    let hunk = |new: String, target| Hunk {
        span,
        message: "the page does not show what it printed".to_owned(),
        old: String::new(),
        new,
        target,
    };
    let hunks = if step.commands.is_empty() {
        let (language, text) = presented(step, &record.output.text);
        vec![hunk(text, Target::Fence(language))]
    } else {
        let printed = |at: usize| record.parts.iter().find(|part| part.part == Part::Command(at));
        let commands = (0..step.commands.len()).filter_map(|at| Some((at, normalize(&printed(at)?.text))));
        let seen = commands.filter(|(_, text)| !text.is_empty());
        seen.map(|(at, text)| hunk(text, Target::Command(at))).collect()
    };
    if hunks.is_empty() || hunks.iter().any(|hunk| super::hunk_edits(plan, step, hunk).is_none()) {
        return Err(cannot("cannot be shown here"));
    }
    Ok(hunks)
}

/// What was printed as a page shows it, and the language of its fence.
fn presented(step: &Step, printed: &str) -> (&'static str, String) {
    let printed = normalize(printed);
    // The head of an answer holds what no page can promise; the body alone is compared too.
    let text = if step.language == Language::Http { last_body(&printed) } else { &printed };
    match pretty_json(text) {
        Some(pretty) => ("json", pretty),
        None if text.starts_with("HTTP/") => ("http", text.to_owned()),
        None => ("text", text.trim_end().to_owned()),
    }
}

/// A fence of its own after `fence`, which must be closed.
pub(super) fn fence(source: &SourceFile, fence: &Fence, language: &str, text: &str) -> Option<Vec<Edit>> {
    let place = super::place::Place::new(source, fence, &fence.code, Part::Whole);
    let (_, _, closing) = place.marker()?;
    closing.filter(|_| !fence.hidden)?;
    let run = |line: &str| line.trim_start().chars().take_while(|char| *char == '`').count();
    let marker = "`".repeat(text.lines().map(run).max().unwrap_or_default().max(2) + 1);
    let prefix = container(source, fence);
    let opening = format!("{marker}{language}");
    let lines = ["", &opening].into_iter().chain(text.lines()).chain([marker.as_str()]);
    let end = place.line_end();
    let added = lines.map(|line| format!("{end}{}", format!("{prefix}{line}").trim_end_matches([' ', '\t'])));
    Some(vec![Edit::insert(fence.span.end, added.collect::<String>())])
}

/// Lines below a command in the transcript that `fence` holds.
pub(super) fn below(source: &SourceFile, fence: &Fence, step: &Step, command: usize, text: &str) -> Option<Vec<Edit>> {
    let command = step.commands.get(command)?;
    let last = source.line(command.span.start) + command.text.matches('\n').count();
    let Span { end, .. } = source.line_span(last);
    lines::put_in(source, fence, end, &text.lines().collect::<Vec<_>>())
}
