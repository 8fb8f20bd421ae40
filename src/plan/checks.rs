//! What is wrong with a page as a whole, once every fence has its role.

use crate::diagnostic::Diagnostic;
use crate::tutorial::Tutorial;

use super::language::{self, Kind};
use super::roles::{Decision, Reading};
use super::{Role, Step};

/// Adds what is wrong to `diagnostics`.
pub(super) fn check(
    tutorial: &Tutorial,
    readings: &[Reading<'_>],
    decisions: &[Decision],
    steps: &[Step],
    diagnostics: &mut Vec<Diagnostic>,
) {
    duplicate_names(tutorial, readings, steps, diagnostics);
    misread_languages(tutorial, readings, steps, diagnostics);
    for (reading, decision) in readings.iter().zip(decisions) {
        if reading.fence.hidden && decision.language.is_none() && decision.role.role != Role::File {
            let place = reading.fence.language.as_ref().map_or(reading.fence.span, |language| language.span);
            diagnostics.push(
                Diagnostic::error("hidden-without-step", "this hidden fence is no step")
                    .at(&tutorial.source, place, "")
                    .help("give it a language that is run, such as `bash`, or `file=`"),
            );
        }
    }
}

fn duplicate_names(tutorial: &Tutorial, readings: &[Reading<'_>], steps: &[Step], diagnostics: &mut Vec<Diagnostic>) {
    let named = |step: &Step| readings[step.fence].options.name.clone();
    for (at, step) in steps.iter().enumerate() {
        let Some(name) = named(step) else { continue };
        let Some(first) = steps[..at].iter().find(|other| other.name == name.value) else { continue };
        let place = named(first).map_or(tutorial.fences[first.fence].span, |name| name.span);
        diagnostics.push(
            Diagnostic::error("duplicate-name", format!("two steps have the name `{}`", name.value))
                .at(&tutorial.source, name.span, "named here again")
                .at(&tutorial.source, place, "first named here")
                .help("give one of them another name"),
        );
    }
}

/// A page whose runnable-looking fences were all misread has nothing to run: silence would look like success.
fn misread_languages(tutorial: &Tutorial, readings: &[Reading<'_>], steps: &[Step], diagnostics: &mut Vec<Diagnostic>) {
    for reading in readings {
        let (Kind::Misspelt(near), Some(language)) = (reading.kind, &reading.fence.language) else { continue };
        let message = format!("`{}` is no language that doccheck runs", language::word(reading.fence));
        let new = if steps.is_empty() { Diagnostic::error } else { Diagnostic::warning };
        diagnostics.push(
            new("misread-language", message)
                .at(&tutorial.source, language.span, "this fence is not run")
                .help(format!("did you mean `{near}`?")),
        );
    }
}
