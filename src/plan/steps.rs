//! From a decision to a step: what is run, and what is expected of it.

use std::sync::Arc;
use std::time::Duration;

use crate::diagnostic::Diagnostic;
use crate::options::{ExpectedExit, Memory, Stream};
use crate::sandbox::Fault;
use crate::source::{SourceFile, Spanned};
use crate::tutorial::Prose;

use super::language::Kind;
use super::reading::Reading;
use super::roles::Decision;
use super::{
    Expectation, KnownBy, KnownStale, Language, Part, Plan, Role, Service, Session, Step, exits, inline, output,
    transcript,
};

/// What holds for each step of a page that says nothing else.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) timeout: Duration,
    pub(super) memory: Option<Memory>,
}

/// The step at fence `at`, with everything that the page says of it.
pub(super) fn build(
    at: usize,
    language: Language,
    readings: &[Reading<'_>],
    decisions: &[Decision],
    limits: Limits,
    source: &Arc<SourceFile>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Step {
    let Reading { fence, options, .. } = &readings[at];
    let stream = options.stream.unwrap_or_default();
    let is_service = options.is_service();
    let (commands, watches, mut expectations) = if matches!(language, Language::Console | Language::Pycon) {
        let read = transcript::read(&fence.code, language, at);
        (read.commands, Vec::new(), read.expectations)
    } else {
        // A service does not come to its end, where it would tell what its statements printed.
        let (watches, expectations) =
            if is_service { Default::default() } else { inline::read(&fence.code, language, at) };
        (Vec::new(), watches, expectations)
    };
    expectations.iter_mut().for_each(|expectation| expectation.stream = stream);
    let mut service = is_service
        .then(|| Service { ready: options.ready.as_ref().map(|ready| ready.value.clone()), ..Service::default() });
    for (index, reading) in readings.iter().enumerate().filter(|(index, _)| decisions[*index].role.of == Some(at)) {
        let documented = documented(index, reading, stream, commands.len());
        match &mut service {
            Some(service) if reading.options.session.is_some() => service.later.push(documented),
            _ => expectations.push(documented),
        }
    }
    let last = expectations.iter().rfind(|expectation| matches!(expectation.part, Part::Whole | Part::Command(_)));
    let words = match fence.before.last() {
        Some(Prose::Paragraph(words)) => Some(words.as_str()),
        _ => None,
    };
    let (exit, exit_reason) = match &options.exit {
        Some(exit) => (exit.value, (exit.value != ExpectedExit::Code(0)).then(|| "`exit=` says so".to_owned())),
        None if is_service => (ExpectedExit::Code(0), None),
        None => exits::announced(language, &fence.code.text, last.map(|last| last.text.text.as_str()), words),
    };
    let line = source.line(fence.span.start);
    Step {
        name: options.name.as_ref().map_or_else(|| automatic_name(language, line), |name| name.value.clone()),
        fence: at,
        language,
        code: fence.code.clone(),
        commands,
        watches,
        session: Session::Fresh,
        exit,
        exit_reason,
        timeout: options.timeout.unwrap_or(limits.timeout),
        // A request is sent by doccheck itself.
        memory: options.memory.or(limits.memory).filter(|_| language != Language::Http),
        stdin: options.stdin.clone(),
        env: options.env.clone(),
        faults: options.fault.as_ref().map_or_else(Vec::new, |faults| read_faults(faults, source, diagnostics)),
        when: options.when.clone(),
        skip: (decisions[at].role.role == Role::Skipped).then(|| decisions[at].role.reason.clone()),
        known_stale: options.expect_stale.clone().map(|why| KnownStale {
            reason: why.value,
            by: if readings[at].is_own("expect-stale") { KnownBy::Page(why.span) } else { KnownBy::Config },
        }),
        output: options.output,
        expectations,
        service,
    }
}

impl Step {
    /// True where its author gave it no name: then it is named after its line, which moves.
    pub fn is_named_by_place(&self, plan: &Plan) -> bool {
        let fence = plan.tutorial.fences.get(self.fence);
        let line = fence.map_or(0, |fence| plan.tutorial.source.line(fence.span.start));
        self.name == automatic_name(self.language, line)
    }
}

/// The name of a step whose author gives it none.
pub(super) fn automatic_name(language: Language, line: usize) -> String {
    format!("{}-{line}", language.word())
}

/// What an output fence shows. Under a transcript of one command it is that command's output.
fn documented(index: usize, reading: &Reading<'_>, stream: Stream, commands: usize) -> Expectation {
    let text = reading.fence.code.clone();
    Expectation {
        part: if commands > 0 { Part::Command(commands - 1) } else { Part::Whole },
        stream: reading.options.stream.unwrap_or(stream),
        format: output::format(&text.text, reading.kind == Kind::Json),
        text,
        fence: index,
    }
}

/// The faults that can be read.
fn read_faults(
    texts: &[Spanned<String>],
    source: &Arc<SourceFile>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<Spanned<Fault>> {
    let mut faults = Vec::new();
    for text in texts {
        match Fault::parse(&text.value) {
            Ok(fault) => faults.push(Spanned::new(fault, text.span)),
            Err(error) => {
                let finding = Diagnostic::error("bad-fault", error.message).at(source, text.span, "");
                diagnostics.push(match error.help {
                    Some(help) => finding.help(help),
                    None => finding,
                });
            }
        }
    }
    faults
}
