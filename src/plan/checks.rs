//! What is wrong with a page as a whole, once every fence has its role.

use crate::diagnostic::Diagnostic;
use crate::options::{Options, Scope, Setting, nearest};
use crate::tutorial::Tutorial;

use super::language::{self, Kind};
use super::reading::Reading;
use super::roles::Decision;
use super::{Language, Role, Session, Step};

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
    services(tutorial, readings, steps, diagnostics);
    limited_requests(tutorial, readings, steps, diagnostics);
    for (at, (reading, decision)) in readings.iter().zip(decisions).enumerate() {
        lone_options(tutorial, readings, at, decision, diagnostics);
        unsent_request(tutorial, reading, decision, diagnostics);
    }
}

/// Options and the comment that hides a step promise that the fence is run.
fn lone_options(
    tutorial: &Tutorial,
    readings: &[Reading<'_>],
    at: usize,
    decision: &Decision,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let fence = readings[at].fence;
    if decision.language.is_some() || matches!(decision.role.role, Role::File | Role::Skipped) {
        return;
    }
    let place = fence.language.as_ref().map_or(fence.span, |language| language.span);
    if fence.hidden {
        diagnostics.push(
            Diagnostic::error("hidden-without-step", "this hidden fence is no step")
                .at(&tutorial.source, place, "")
                .help("give it a language that is run, such as `bash`, or `file=`"),
        );
        return;
    }
    let output = decision.role.role == Role::Output;
    let says = |settings: &[Setting]| settings.iter().any(|setting| setting.key.value == "session");
    // After the language it may be another tool's word, unless there is something that it can mean here.
    let here = output && readings[..at].iter().any(|reading| reading.options.is_service());
    let shows = output || matches!(readings[at].kind, Kind::Json | Kind::Output | Kind::Text | Kind::Untagged);
    if ((shows && says(&fence.settings)) || (here && says(&fence.attributes)))
        && let Some(found) = unknown_session(tutorial, readings, at)
    {
        diagnostics.push(found);
        return;
    }
    let of_service = decision.role.of.is_some_and(|of| readings[of].options.is_service());
    let lone = fence.settings.iter().find(|setting| match setting.key.value.as_str() {
        "stream" => !output,
        "session" => !(output && of_service),
        _ => true,
    });
    // An option that is refused anyway has been told of.
    let Some(setting) = lone.filter(|setting| Options::default().set(setting, Scope::Fence).is_ok()) else { return };
    diagnostics.push(
        Diagnostic::error(
            "option-without-step",
            format!("`{}` is about a step, and this fence is none", setting.key.value),
        )
        .at(&tutorial.source, setting.key.span, "")
        .at(&tutorial.source, place, decision.role.reason.clone())
        .help("give the fence a language that is run, such as `bash`, or take the option away"),
    );
}

/// On a fence that is no step `session=` names a service above, by its session or name, whose output it shows.
fn unknown_session(tutorial: &Tutorial, readings: &[Reading<'_>], at: usize) -> Option<Diagnostic> {
    let session = readings[at].options.session.as_ref()?;
    let services = readings[..at].iter().map(|reading| &reading.options).filter(|options| options.is_service());
    let names: Vec<&str> = services
        .flat_map(|options| [&options.session, &options.name])
        .flatten()
        .map(|name| name.value.as_str())
        .collect();
    if names.contains(&session.value.as_str()) {
        return None;
    }
    let help = match (nearest(&session.value, names.iter().copied()), names.is_empty()) {
        (Some(near), _) => format!("did you mean `{near}`?"),
        (None, false) => format!("the services above are `{}`", names.join("`, `")),
        (None, true) => {
            "give the step that runs on `background=true` and this session, or take the option away".to_owned()
        }
    };
    let message = format!("no service above has the session or name `{}`", session.value);
    Some(Diagnostic::error("unknown-session", message).at(&tutorial.source, session.span, "").help(help))
}

/// A service needs a language in which something can run on, and its terminal is busy until the page ends.
fn services(tutorial: &Tutorial, readings: &[Reading<'_>], steps: &[Step], diagnostics: &mut Vec<Diagnostic>) {
    for (at, step) in steps.iter().enumerate().filter(|(_, step)| step.service.is_some()) {
        let options = &readings[step.fence].options;
        let place = options.ready.as_ref().map(|ready| ready.span);
        let place = place.or_else(|| options.background.as_ref().map(|background| background.span)).unwrap_or_default();
        if matches!(step.language, Language::Pycon | Language::Http) {
            diagnostics.push(
                Diagnostic::error(
                    "no-service",
                    format!("a step in `{}` cannot run on in the background", step.language.word()),
                )
                .at(&tutorial.source, place, "")
                .help("services are steps in bash, console, python, javascript or typescript"),
            );
        }
        let Session::Shared(name) = &step.session else { continue };
        let terminal = |step: &Step| matches!(step.language, Language::Shell | Language::Console);
        let busy = |other: &&Step| terminal(step) && terminal(other) && other.session == step.session;
        let Some(other) = steps[at + 1..].iter().find(busy) else { continue };
        let told = readings[other.fence].options.session.as_ref().map_or(tutorial.fences[other.fence].span, |s| s.span);
        diagnostics.push(
            Diagnostic::error(
                "busy-session",
                format!("the terminal `{name}` is busy with the service `{}`", step.name),
            )
            .at(&tutorial.source, told, "this step cannot be typed there")
            .at(&tutorial.source, place, "the service runs on until the page ends")
            .help("leave `session=` away here, or name another terminal"),
        );
    }
}

/// A request is sent by doccheck itself: there is no program whose memory could be limited.
fn limited_requests(tutorial: &Tutorial, readings: &[Reading<'_>], steps: &[Step], diagnostics: &mut Vec<Diagnostic>) {
    for step in steps.iter().filter(|step| step.language == Language::Http) {
        let mut own = readings[step.fence].said();
        let Some(setting) = own.find(|setting| setting.key.value == "memory") else { continue };
        diagnostics.push(
            Diagnostic::error("no-memory", "a request runs no program whose memory could be limited")
                .at(&tutorial.source, setting.key.span, "")
                .help("take `memory=` away here, or put it at a step in a language that runs programs"),
        );
    }
}

fn unsent_request(tutorial: &Tutorial, reading: &Reading<'_>, decision: &Decision, diagnostics: &mut Vec<Diagnostic>) {
    if decision.role.role != Role::Request || decision.language.is_some() {
        return;
    }
    let place = reading.fence.code.lines.first().copied().unwrap_or(reading.fence.span);
    diagnostics.push(
        Diagnostic::warning("unsent-request", "this request names no host and is not sent")
            .at(&tutorial.source, place, "")
            .help("write the whole URL, or add a `Host:` field"),
    );
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

#[cfg(test)]
mod tests;
