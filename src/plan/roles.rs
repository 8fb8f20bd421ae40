//! The decision on each fence, with its reason.

use crate::options::Value;
use crate::source::Spanned;
use crate::tutorial::{Fence, FenceKind, Prose};

use super::language::{self, Kind};
use super::names::Names;
use super::output::{self, Between};
use super::reading::Reading;
use super::request::{self, Request};
use super::{FenceRole, Language, Role, files, inline, names, programs, transcript};

/// What a fence is, and what it takes to do it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Decision {
    pub(super) role: FenceRole,
    /// The language, for what would run.
    pub(super) language: Option<Language>,
    /// The path, for a file.
    pub(super) file: Option<Spanned<String>>,
}

/// Decides on every fence, in order.
pub(super) fn decide(readings: &[Reading<'_>]) -> Vec<Decision> {
    let programs = Programs::read(readings);
    let mut decisions: Vec<Decision> = Vec::new();
    for at in 0..readings.len() {
        let decision = Decider { readings, decisions: &decisions, programs: &programs, at }.decide();
        decisions.push(decision);
    }
    decisions
}

/// The names of the page's programs, fence by fence; none for a fence that is no program, or is saved as a file.
struct Programs {
    names: Vec<Option<(Language, Names)>>,
    /// True where `from x import *` brings names that nobody can tell.
    opaque: bool,
}

impl Programs {
    fn read(readings: &[Reading<'_>]) -> Self {
        let program = |(at, reading): (usize, &Reading<'_>)| {
            let Kind::Runs(language) = reading.kind else { return None };
            let code = &reading.fence.code.text;
            let names = match language {
                Language::Python if transcript::has_prompt(code, Language::Pycon) => typed_names(code),
                Language::Python => names::python::names(code),
                Language::Pycon => typed_names(code),
                Language::JavaScript | Language::TypeScript => names::javascript::names(code),
                Language::Shell | Language::Console | Language::Http => return None,
            };
            files::named(readings, at).is_none().then_some((language, names))
        };
        let opaque = readings.iter().any(|reading| reading.fence.code.text.contains("import *"));
        Self { names: readings.iter().enumerate().map(program).collect(), opaque }
    }

    /// A name that the program at `at` reads and that nothing on the page defines, before or after it.
    fn unknown_name(&self, at: usize) -> Option<&str> {
        let (language, names) = self.names[at].as_ref()?;
        let family = |other: Language| is_python(other) == is_python(*language);
        let others = || self.names.iter().flatten().filter(|(other, _)| family(*other));
        if self.opaque {
            return None;
        }
        programs::unknown_name(names, *language, |name| others().any(|(_, names)| names.defines.contains(name)))
    }

    /// True where a later program reads what the one at `at` defines.
    fn is_continued(&self, at: usize) -> bool {
        let Some((language, names)) = &self.names[at] else { return false };
        let later =
            self.names[at + 1..].iter().flatten().filter(|(other, _)| is_python(*other) == is_python(*language));
        later.into_iter().any(|(_, other)| other.reads.iter().any(|name| names.defines.contains(name)))
    }
}

fn is_python(language: Language) -> bool {
    matches!(language, Language::Python | Language::Pycon)
}

fn typed_names(code: &str) -> Names {
    let typed = code.lines().filter_map(|line| line.strip_prefix(">>> ").or_else(|| line.strip_prefix("... ")));
    names::python::names(&typed.collect::<Vec<_>>().join("\n"))
}

struct Decider<'a> {
    readings: &'a [Reading<'a>],
    decisions: &'a [Decision],
    programs: &'a Programs,
    at: usize,
}

fn role(role: Role, reason: impl Into<String>) -> Decision {
    Decision {
        role: FenceRole { role, of: None, path: None, continues: false, reason: reason.into() },
        language: None,
        file: None,
    }
}

fn step(language: Language, reason: impl Into<String>) -> Decision {
    let what = if language == Language::Http { Role::Request } else { Role::Step };
    Decision { language: Some(language), ..role(what, reason) }
}

fn file(path: Spanned<String>, reason: impl Into<String>) -> Decision {
    let mut decision = role(Role::File, reason);
    decision.role.path = Some(path.value.clone());
    Decision { file: Some(path), ..decision }
}

impl Decider<'_> {
    fn reading(&self) -> &Reading<'_> {
        &self.readings[self.at]
    }

    fn decide(&self) -> Decision {
        let Reading { fence, options, kind, .. } = self.reading();
        let text = &fence.code.text;
        if let Some(path) = &options.file {
            return file(path.clone(), format!("`file=` saves it as `{}`", path.value));
        }
        if let Some(skip) = &options.skip {
            let reason = if skip.value.is_empty() { "the author skips it".to_owned() } else { skip.value.clone() };
            return Decision { language: self.language(), ..role(Role::Skipped, reason) };
        }
        if let Some(word) = skip_word(fence) {
            return Decision {
                language: self.language(),
                ..role(Role::Skipped, format!("`{word}` after the language"))
            };
        }
        if fence.kind == FenceKind::Indented {
            return self.indented();
        }
        // Options that only a step has, and the comment that hides a step, leave nothing to guess.
        let told = fence.hidden
            || self.reading().said().any(|setting| !matches!(setting.key.value.as_str(), "stream" | "output"));
        if let Some(output) = self.output_of_service() {
            return output;
        }
        if told && let Some(language) = self.language() {
            return step(language, reason(language, *kind));
        }
        if let Some(output) = self.output() {
            return output;
        }
        if let Some(named) = files::named(self.readings, self.at) {
            return file(named.path, named.reason);
        }
        let Some(language) = self.language() else { return self.shown() };
        if text.trim().is_empty() {
            return role(Role::Shown, "it is empty");
        }
        if let Some(reason) = programs::not_meant(fence, language) {
            return role(Role::Shown, reason);
        }
        if let Some(name) = self.programs.unknown_name(self.at).filter(|_| !self.is_told_of()) {
            return role(Role::Unsure, format!("it reads `{name}`, which nothing on the page defines"));
        }
        step(language, reason(language, *kind))
    }

    /// Indented code is not run, but it may be what a step printed, or a fence that its page's renderer reads as one.
    fn indented(&self) -> Decision {
        let fence = self.reading().fence;
        if ["```", "~~~"].iter().any(|marker| fence.code.text.trim_start().starts_with(marker)) {
            return role(
                Role::Unsure,
                "a fence within indented code, as in a tab of MkDocs; take the indent away to have it read",
            );
        }
        let between = output::between(&fence.before);
        if matches!(between, Between::Nothing | Between::Announced) && self.step_above(between).is_some() {
            return role(Role::Unsure, "indented code that follows a step; write it as a fence to have it compared");
        }
        role(Role::Shown, "indented code is only shown")
    }

    /// What is neither run nor anything else.
    fn shown(&self) -> Decision {
        let Reading { fence, kind, .. } = self.reading();
        let word = language::word(fence);
        let between = output::between(&fence.before);
        if language::is_data(fence) && between == Between::Nothing && self.step_above(between).is_some() {
            let reason =
                format!("it follows a step, but `{word}` may be anything; call it `output` to have it compared");
            return role(Role::Unsure, reason);
        }
        if request::read(&fence.code.text).is_some()
            && matches!(kind, Kind::Runs(Language::Http) | Kind::Json | Kind::Text | Kind::Untagged)
        {
            return role(Role::Request, "it begins with a request line, but names no host: it is not sent");
        }
        if matches!(kind, Kind::Text | Kind::Untagged) && self.is_after_step() {
            return role(
                Role::Unsure,
                "the text between it and a step does not say that it was printed; call it `output` to have it compared",
            );
        }
        match kind {
            Kind::Misspelt(near) => role(Role::Unsure, format!("`{word}` is no language; did you mean `{near}`?")),
            Kind::Runs(Language::Console | Language::Pycon) => {
                role(Role::Shown, "it has no prompt, and no step is near whose output it could be")
            }
            Kind::Runs(_) => role(Role::Shown, "it is neither a request nor an answer to one"),
            Kind::Json | Kind::Output | Kind::Text => role(Role::Shown, "no step is near whose output it could be"),
            Kind::Untagged => role(Role::Shown, "it has no language, and no step is near whose output it could be"),
            Kind::Other | Kind::Indented => role(Role::Shown, format!("`{word}` is not run")),
        }
    }

    /// The language in which the fence would run.
    fn language(&self) -> Option<Language> {
        let Reading { fence, kind, .. } = self.reading();
        let text = &fence.code.text;
        let terminal = transcript::has_prompt(text, Language::Console);
        let python = transcript::has_prompt(text, Language::Pycon);
        match kind {
            Kind::Runs(Language::Shell | Language::Console) | Kind::Untagged | Kind::Text if terminal => {
                Some(Language::Console)
            }
            Kind::Runs(Language::Python | Language::Pycon) | Kind::Untagged | Kind::Text if python => {
                Some(Language::Pycon)
            }
            Kind::Other if python && language::word(fence) == "doctest" => Some(Language::Pycon),
            Kind::Runs(Language::Console) => programs::is_bare_console(*kind, text).then_some(Language::Shell),
            Kind::Runs(Language::Http) | Kind::Json => {
                (request::read(text) == Some(Request::Sendable)).then_some(Language::Http)
            }
            Kind::Runs(language) if *language != Language::Pycon => Some(*language),
            _ => None,
        }
    }

    fn output(&self) -> Option<Decision> {
        let Reading { fence, kind, .. } = self.reading();
        let text = &fence.code.text;
        let titled = fence.attributes.iter().any(|setting| {
            setting.key.value == "title"
                && matches!(&setting.value.value, Value::Text(title) if title.eq_ignore_ascii_case("output"))
        });
        let between = output::between(&fence.before);
        if !self.may_be_output() && !titled {
            return None;
        }
        let of = self.step_above(between)?;
        let reason = match (between, kind) {
            _ if titled => "its title says so",
            // Of other data the words must say that it was printed.
            (Between::Nothing, Kind::Other) => return None,
            (Between::Nothing, _) => "follows a step",
            (Between::Announced, _) => "follows a step, and the text between announces it",
            (_, Kind::Output) => "its language is `output`",
            (Between::Words, Kind::Runs(Language::Http)) => "an answer that follows a step",
            (Between::Words, Kind::Runs(Language::Console)) if !programs::is_bare_console(*kind, text) => {
                "follows a step, and has no prompt"
            }
            (Between::Words, Kind::Text | Kind::Untagged) if output::has_status_line(text) => {
                "an answer that follows a step"
            }
            _ => return None,
        };
        let mut decision = role(Role::Output, reason);
        decision.role.of = Some(of);
        Some(decision)
    }

    /// True for a fence that looks like something that was printed.
    fn may_be_output(&self) -> bool {
        let Reading { fence, kind, .. } = self.reading();
        let text = &fence.code.text;
        match kind {
            Kind::Other => language::is_data(fence) && files::named(self.readings, self.at).is_none(),
            // An `http` fence also where its status line has lost a character: then it is an output that is not true.
            Kind::Json | Kind::Output | Kind::Runs(Language::Http) => request::read(text).is_none(),
            Kind::Text | Kind::Untagged => self.language().is_none() && request::read(text).is_none(),
            Kind::Runs(Language::Console) => !transcript::has_prompt(text, Language::Console),
            Kind::Runs(Language::Shell) => {
                let says_something = |line: &str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
                !transcript::has_prompt(text, Language::Console)
                    && !programs::reads_like_commands(text)
                    && text.lines().any(says_something)
            }
            _ => false,
        }
    }

    /// A fence whose `session=` names the terminal, or the step, of a service above shows what it has printed.
    fn output_of_service(&self) -> Option<Decision> {
        let session = &self.reading().options.session.as_ref()?.value;
        let names = |at: usize| {
            let options = &self.readings[at].options;
            let named = [&options.session, &options.name].into_iter().flatten().any(|name| name.value == *session);
            named && options.is_service() && self.decisions[at].language.is_some()
        };
        // Lines such as `GET /health` are what a server logs: nothing is sent from its terminal.
        let log = matches!(self.reading().kind, Kind::Text | Kind::Untagged | Kind::Output);
        let shows = self.may_be_output() || (log && self.language().is_none());
        let of = (0..self.at).rev().find(|at| names(*at)).filter(|_| shows)?;
        let mut decision = role(Role::Output, format!("`session={session}` says whose it is"));
        decision.role.of = Some(of);
        Some(decision)
    }

    /// The last step above, where nothing but outputs stands between, or code of languages that are not run and words
    /// that announce output.
    fn step_above(&self, between: Between) -> Option<usize> {
        for (at, above) in self.decisions.iter().enumerate().rev() {
            match above.role.role {
                Role::Step | Role::Request => return Some(at),
                // What another terminal shows stands beside the page's own.
                Role::Output if self.readings[at].options.session.is_some() => {}
                Role::Output => return above.role.of,
                Role::Skipped if above.language.is_some() => return Some(at),
                Role::Shown if between == Between::Announced && self.readings[at].kind == Kind::Other => {}
                _ => return None,
            }
        }
        None
    }

    /// True right after a step, with no more than one paragraph between.
    fn is_after_step(&self) -> bool {
        let before = &self.reading().fence.before;
        matches!(before[..], [] | [Prose::Paragraph(_)]) && self.step_above(output::between(before)).is_some()
    }

    /// True where the page says what the program prints, or goes on with it: then it is meant to be run.
    fn is_told_of(&self) -> bool {
        let next = self.readings.get(self.at + 1).is_some_and(|next| {
            let kinds = matches!(next.kind, Kind::Json | Kind::Output | Kind::Text | Kind::Untagged);
            kinds && matches!(output::between(&next.fence.before), Between::Nothing | Between::Announced)
        });
        let inline = || self.language().map(|language| inline::read(&self.reading().fence.code, language, self.at));
        next || self.programs.is_continued(self.at) || inline().is_some_and(|(watches, _)| !watches.is_empty())
    }
}

fn reason(language: Language, kind: Kind) -> &'static str {
    match (language, kind) {
        (Language::Console, Kind::Runs(Language::Console)) | (Language::Pycon, Kind::Runs(Language::Pycon)) => {
            "a transcript with prompts"
        }
        (Language::Console | Language::Pycon, _) => "its first line has a prompt",
        (Language::Http, _) => "it begins with a request line",
        (Language::Shell, Kind::Runs(Language::Console)) => "it has no prompt, but reads like commands",
        _ => "its language is run",
    }
}

/// What other tools write after the language of a fence that is not to be run.
fn skip_word(fence: &Fence) -> Option<String> {
    const WORDS: [&str; 10] =
        ["ignore", "notest", "no-test", "no_test", "testIgnore", "test-ignore", "no_run", "norun", "no-run", "skip"];
    let marks = fence.language.as_ref().map(|language| language.value.as_str()).unwrap_or_default();
    let word = marks.split([',', ' ', '{', '}']).skip(1).find(|word| WORDS.contains(word));
    if let Some(word) = word {
        return Some(word.to_owned());
    }
    fence.attributes.iter().find_map(|setting| {
        let (key, Value::Text(value)) = (setting.key.value.as_str(), &setting.value.value) else { return None };
        let says = match key {
            "test" => matches!(value.as_str(), "skip" | "false" | "no" | "ignore"),
            key => WORDS.contains(&key) && matches!(value.as_str(), "" | "true"),
        };
        says.then(|| if value.is_empty() { key.to_owned() } else { format!("{key}={value}") })
    })
}

#[cfg(test)]
mod tests;
