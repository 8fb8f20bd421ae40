//! The decision on each fence, with its reason.

use crate::options::{Options, Value};
use crate::tutorial::{Fence, FenceKind};

use super::language::{self, Kind};
use super::output::{self, Between};
use super::{FenceRole, Language, Role, shell, transcript};

/// A fence with what its options and its language say.
pub(super) struct Reading<'a> {
    pub(super) fence: &'a Fence,
    pub(super) options: Options,
    pub(super) kind: Kind,
}

/// A step's language, where the fence is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Decision {
    pub(super) role: FenceRole,
    pub(super) language: Option<Language>,
}

/// Decides on every fence, in order.
pub(super) fn decide(readings: &[Reading<'_>]) -> Vec<Decision> {
    let mut decisions: Vec<Decision> = Vec::new();
    for at in 0..readings.len() {
        let decision = Decider { readings, decisions: &decisions, at }.decide();
        decisions.push(decision);
    }
    decisions
}

struct Decider<'a> {
    readings: &'a [Reading<'a>],
    decisions: &'a [Decision],
    at: usize,
}

fn role(role: Role, reason: impl Into<String>) -> Decision {
    Decision { role: FenceRole { role, of: None, path: None, continues: false, reason: reason.into() }, language: None }
}

fn step(language: Language, reason: impl Into<String>) -> Decision {
    let what = if language == Language::Http { Role::Request } else { Role::Step };
    Decision { language: Some(language), ..role(what, reason) }
}

impl Decider<'_> {
    fn reading(&self) -> &Reading<'_> {
        &self.readings[self.at]
    }

    fn decide(&self) -> Decision {
        let Reading { fence, options, kind } = self.reading();
        let text = &fence.code.text;
        if let Some(path) = &options.file {
            let mut decision = role(Role::File, format!("`file=` saves it as `{}`", path.value));
            decision.role.path = Some(path.value.clone());
            return decision;
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
            return role(Role::Shown, "indented code is only shown");
        }
        if let Some(output) = self.output() {
            return output;
        }
        if let Some(language) = self.language() {
            if text.trim().is_empty() {
                return role(Role::Shown, "it is empty");
            }
            return step(language, reason(language, *kind));
        }
        match kind {
            Kind::Misspelt(near) => {
                role(Role::Unsure, format!("`{}` is no language; did you mean `{near}`?", language::word(fence)))
            }
            Kind::Runs(_) => role(Role::Shown, "it holds no command"),
            Kind::Json | Kind::Output | Kind::Text => role(Role::Shown, "no step is near whose output it could be"),
            Kind::Untagged => role(Role::Shown, "it has no language, and no step is near whose output it could be"),
            Kind::Other | Kind::Indented => role(Role::Shown, format!("`{}` is not run", language::word(fence))),
        }
    }

    /// The language in which the fence would run.
    fn language(&self) -> Option<Language> {
        let Reading { fence, kind, .. } = self.reading();
        let text = &fence.code.text;
        match kind {
            Kind::Runs(Language::Shell) if transcript::has_prompt(text, Language::Console) => Some(Language::Console),
            Kind::Runs(Language::Python) if transcript::has_prompt(text, Language::Pycon) => Some(Language::Pycon),
            Kind::Other if language::word(fence) == "doctest" && transcript::has_prompt(text, Language::Pycon) => {
                Some(Language::Pycon)
            }
            Kind::Runs(Language::Console) if !transcript::has_prompt(text, Language::Console) => None,
            Kind::Runs(Language::Pycon) if !transcript::has_prompt(text, Language::Pycon) => None,
            Kind::Runs(Language::Http) if !has_method_line(text) => None,
            Kind::Runs(language) => Some(*language),
            _ => None,
        }
    }

    fn output(&self) -> Option<Decision> {
        let Reading { fence, kind, .. } = self.reading();
        let of = self.step_above()?;
        let console = matches!(kind, Kind::Runs(Language::Console)) && self.language().is_none();
        if !console && !output::may_be_output(*kind, fence) {
            return None;
        }
        let between = output::between(&fence.before);
        let reason = match (between, kind) {
            (Between::Nothing, _) => "follows a step",
            (Between::Announced, _) => "follows a step, and the text between announces it",
            (_, Kind::Output) => "its language is `output`",
            (Between::Words, Kind::Runs(_)) => "follows a step",
            _ => return None,
        };
        let mut decision = role(Role::Output, reason);
        decision.role.of = Some(of);
        Some(decision)
    }

    /// The last step above, where nothing but outputs stands between.
    fn step_above(&self) -> Option<usize> {
        let (at, above) = self.decisions.iter().enumerate().next_back()?;
        match above.role.role {
            Role::Step | Role::Request => Some(at),
            Role::Output => above.role.of,
            Role::Skipped if above.language.is_some() => Some(at),
            _ => None,
        }
    }
}

fn reason(language: Language, kind: Kind) -> &'static str {
    match (language, kind) {
        (Language::Console, Kind::Runs(Language::Console)) | (Language::Pycon, Kind::Runs(Language::Pycon)) => {
            "a transcript with prompts"
        }
        (Language::Console | Language::Pycon, _) => "its first line has a prompt",
        (Language::Http, _) => "it begins with a method line",
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

/// True where the first line is that of a request (RFC 9112, section 3): a method, then a URL or a path.
pub(super) fn has_method_line(text: &str) -> bool {
    const METHODS: [&str; 8] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "QUERY"];
    let mut words = text.trim_start().lines().next().unwrap_or_default().split_whitespace();
    words.next().is_some_and(|method| METHODS.contains(&method))
        && words.next().is_some_and(|target| target.starts_with('/') || target.contains("://"))
}

/// True where shell code calls no program at all.
pub(super) fn calls_nothing(text: &str) -> bool {
    shell::scan(text).programs().next().is_none()
}
