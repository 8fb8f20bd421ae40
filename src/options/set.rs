//! What each key means: a setting becomes a typed option, or is refused with what to write instead.

use std::time::Duration;

use crate::source::{Span, Spanned};

use super::{
    ExpectedExit, Memory, OptionError, Options, OutputRule, READY_TAKES, Ready, Scope, Setting, Stream, Time, Value,
    When, memory, nearest, when,
};

/// Every key and the scopes that it belongs to; `env` stands for `env.NAME`.
const KEYS: &[(&str, &[Scope])] = &[
    ("name", &[Scope::Fence]),
    ("skip", &[Scope::Fence, Scope::Page]),
    ("exit", &[Scope::Fence]),
    ("timeout", &[Scope::Fence, Scope::Page]),
    ("memory", &[Scope::Fence, Scope::Page]),
    ("stdin", &[Scope::Fence]),
    ("file", &[Scope::Fence]),
    ("session", &[Scope::Fence]),
    ("stream", &[Scope::Fence]),
    ("output", &[Scope::Fence]),
    ("env", &[Scope::Fence, Scope::Page]),
    ("fault", &[Scope::Fence]),
    ("python", &[Scope::Page]),
    ("node", &[Scope::Page]),
    ("scopes", &[Scope::Page]),
    ("snapshot", &[Scope::Page]),
    ("setup", &[Scope::Page]),
    ("teardown", &[Scope::Page]),
    ("background", &[Scope::Fence]),
    ("ready", &[Scope::Fence]),
    ("when", &[Scope::Fence]),
    ("workspace", &[Scope::Page]),
    ("expect-stale", &[Scope::Fence, Scope::Page]),
    ("time", &[Scope::Page]),
    // On a step it means the page: there it stands beside the code that works with every one of them.
    ("provider", &[Scope::Fence, Scope::Page]),
];

/// What a message says that a time limit takes.
pub const TIMEOUT_TAKES: &str = "a duration with its unit, such as `30s`, `500ms` or `2min`, at most `24h`";

/// Reads a time limit. Longer than a day nobody waits: that is a slip, and would be no limit.
pub fn parse_timeout(text: &str) -> Option<Duration> {
    const LONGEST: Duration = Duration::from_hours(24);
    humantime::parse_duration(text).ok().filter(|limit| !limit.is_zero() && *limit <= LONGEST)
}

/// True for a word that is a key, or nearly one.
pub(super) fn is_key(word: &str) -> bool {
    let family = word.split('.').next().unwrap_or(word);
    nearest(family, KEYS.iter().map(|(key, _)| *key)).is_some()
}

impl Options {
    /// Takes `setting` in, which stands on a `scope`. A key said twice: the later one holds; `env.NAME` likewise.
    ///
    /// # Errors
    ///
    /// An unknown key, a key that does not belong there, or a value that it does not take.
    pub fn set(&mut self, setting: &Setting, scope: Scope) -> Result<(), OptionError> {
        let key = setting.key.value.as_str();
        let (family, name) = key.split_once('.').map_or((key, None), |(family, name)| (family, Some(name)));
        let known = KEYS.iter().find(|(known, _)| *known == family && (name.is_none() || family == "env"));
        let Some((_, scopes)) = known else { return Err(unknown(setting, scope)) };
        if !scopes.contains(&scope) {
            return Err(misplaced(setting, scope));
        }
        match family {
            "name" => self.name = Some(setting.word("a word, such as `name=create`")?),
            "skip" => self.skip = Some(setting.text("the reason, such as `skip=\"needs a browser\"`")?),
            "exit" => self.exit = Some(setting.exit()?),
            "timeout" => self.timeout = Some(setting.duration()?),
            "memory" => self.memory = Some(setting.memory()?),
            "stdin" => self.stdin = Some(setting.text("a text")?.value),
            "file" => self.file = Some(setting.path()?),
            "session" => self.session = Some(setting.word("a word, such as `session=server`")?),
            "stream" => {
                let streams = [("stdout", Stream::Stdout), ("stderr", Stream::Stderr), ("both", Stream::Both)];
                self.stream = Some(setting.choice(&streams)?);
            }
            "output" => self.output = Some(setting.choice(&[("any", OutputRule::Any), ("none", OutputRule::None)])?),
            "env" => {
                let (name, value) = setting.variable(name)?;
                self.env.retain(|(known, _)| *known != name);
                self.env.push((name, value));
            }
            "fault" => self.fault = Some(setting.faults()?),
            "python" => self.python = setting.list(),
            "node" => self.node = setting.list(),
            "scopes" => self.scopes = Some(setting.list()),
            "snapshot" => self.snapshot = Some(setting.choice(&[("true", true), ("false", false)])?),
            "setup" => self.setup = Some(setting.filled("a script, or the path of one")?),
            "teardown" => self.teardown = Some(setting.filled("a script, or the path of one")?),
            "background" => {
                let background = setting.choice(&[("true", true), ("false", false)])?;
                self.background = Some(Spanned::new(background, setting.key.span));
            }
            "ready" => self.ready = Some(setting.ready()?),
            "when" => self.when = Some(setting.when()?),
            "workspace" => self.workspace = Some(setting.filled("the path of a folder, such as `workspace=fixture`")?),
            "time" => self.time = Some(setting.choice(&[("virtual", Time::Virtual), ("real", Time::Real)])?),
            "provider" => self.provider = Some(setting.providers()?),
            "expect-stale" => {
                self.expect_stale = Some(setting.filled("the reason, such as `expect-stale=\"waits for #12\"`")?);
            }
            _ => return Err(unknown(setting, scope)),
        }
        Ok(())
    }
}

impl Setting {
    fn refuse(&self, takes: &str) -> OptionError {
        let key = &self.key.value;
        let message = match &self.value.value {
            Value::Text(text) if text.is_empty() => format!("`{key}` needs a value"),
            Value::Text(text) => format!("`{key}` cannot be `{}`", text.escape_debug()),
            Value::List(_) => format!("`{key}` cannot be a list"),
        };
        let span = if self.value.span.is_empty() { self.key.span } else { self.value.span };
        OptionError { code: "bad-value", message, span, help: Some(format!("`{key}` takes {takes}")) }
    }

    fn text(&self, takes: &str) -> Result<Spanned<String>, OptionError> {
        match &self.value.value {
            Value::Text(text) => Ok(Spanned::new(text.clone(), self.value.span)),
            Value::List(_) => Err(self.refuse(takes)),
        }
    }

    fn filled(&self, takes: &str) -> Result<Spanned<String>, OptionError> {
        let text = self.text(takes)?;
        if text.value.trim().is_empty() { Err(self.refuse(takes)) } else { Ok(text) }
    }

    fn word(&self, takes: &str) -> Result<Spanned<String>, OptionError> {
        let text = self.filled(takes)?;
        if text.value.contains(char::is_whitespace) { Err(self.refuse(takes)) } else { Ok(text) }
    }

    /// A relative path that stays inside the workspace.
    fn path(&self) -> Result<Spanned<String>, OptionError> {
        let takes = "a path inside the workspace, such as `file=src/main.py`";
        let path = self.filled(takes)?;
        if path.value.starts_with('~') {
            return Err(self.refuse("a path inside the workspace, where `~` stands for no folder: leave it away"));
        }
        let inside = !path.value.starts_with('/')
            && !path.value.ends_with('/')
            && !path.value.contains('\0')
            && path.value.split('/').all(|part| part != "..");
        if inside { Ok(path) } else { Err(self.refuse(takes)) }
    }

    fn exit(&self) -> Result<Spanned<ExpectedExit>, OptionError> {
        let takes = "a number from 0 to 255, or `nonzero`";
        let text = self.text(takes)?;
        let exit = match text.value.as_str() {
            "nonzero" => ExpectedExit::Nonzero,
            number => ExpectedExit::Code(i32::from(number.parse::<u8>().map_err(|_| self.refuse(takes))?)),
        };
        Ok(Spanned::new(exit, text.span))
    }

    fn duration(&self) -> Result<Duration, OptionError> {
        let text = self.text(TIMEOUT_TAKES)?;
        parse_timeout(&text.value).ok_or_else(|| self.refuse(TIMEOUT_TAKES))
    }

    fn memory(&self) -> Result<Memory, OptionError> {
        let text = self.text(memory::TAKES)?;
        Memory::parse(&text.value).ok_or_else(|| self.refuse(memory::TAKES))
    }

    fn choice<T: Copy>(&self, choices: &[(&str, T)]) -> Result<T, OptionError> {
        let words: Vec<String> = choices.iter().map(|(word, _)| format!("`{word}`")).collect();
        let takes = words.join(" or ");
        let text = self.text(&takes)?;
        choices
            .iter()
            .find(|(word, _)| *word == text.value)
            .map(|(_, choice)| *choice)
            .ok_or_else(|| self.refuse(&takes))
    }

    fn variable(&self, name: Option<&str>) -> Result<(String, String), OptionError> {
        // POSIX, Base Definitions, section 8.1: what a shell can name.
        let valid = |name: &&str| {
            name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
                && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        };
        let Some(name) = name.filter(valid) else {
            return Err(OptionError {
                code: "bad-value",
                message: format!("`{}` names no variable", self.key.value),
                span: self.key.span,
                help: Some("write `env.NAME=value`".to_owned()),
            });
        };
        let value = self.text("a text")?.value;
        if value.contains('\0') { Err(self.refuse("a text")) } else { Ok((name.to_owned(), value)) }
    }

    fn ready(&self) -> Result<Spanned<Ready>, OptionError> {
        let text = self.text(READY_TAKES)?;
        let ready = Ready::parse(&text.value).ok_or_else(|| self.refuse(READY_TAKES))?;
        Ok(Spanned::new(ready, text.span))
    }

    fn when(&self) -> Result<Spanned<When>, OptionError> {
        let text = self.text(when::TAKES)?;
        let read = When::parse(&text.value).ok_or_else(|| self.refuse(when::TAKES))?;
        Ok(Spanned::new(read, text.span))
    }

    /// Faults, each where it stands.
    fn faults(&self) -> Result<Vec<Spanned<String>>, OptionError> {
        let takes = "one fault or several with commas between, such as `fault=\"429x2, 401@3\"`";
        match &self.value.value {
            Value::Text(_) => self.filled(takes).map(|_| self.entries()),
            Value::List(entries) if entries.is_empty() => Err(self.refuse(takes)),
            Value::List(_) => Ok(self.entries()),
        }
    }

    /// Providers, each where it stands. An empty list names none, whatever is said elsewhere.
    fn providers(&self) -> Result<Spanned<Vec<Spanned<String>>>, OptionError> {
        let takes = "`all`, or providers with commas between, such as `provider=all`";
        let entries = self.entries();
        let is_word = |entry: &Spanned<String>| !entry.value.is_empty() && !entry.value.contains(char::is_whitespace);
        if entries.iter().all(is_word) { Ok(Spanned::new(entries, self.value.span)) } else { Err(self.refuse(takes)) }
    }

    /// What a text with commas between says, or a list, in which a comma is a part of its entry; each where it stands.
    fn entries(&self) -> Vec<Spanned<String>> {
        let text = match &self.value.value {
            Value::List(entries) => return entries.clone(),
            Value::Text(text) => text,
        };
        let whole = self.value.span;
        // Quotes and escapes are no part of the text: then the value as a whole is the place.
        let is_plain = whole.end - whole.start == text.len();
        let starts = text.split(',').scan(0, |next, entry| {
            let start = *next;
            *next += entry.len() + 1;
            Some((start, entry))
        });
        let entry = |(start, entry): (usize, &str)| {
            let start = whole.start + start + (entry.len() - entry.trim_start().len());
            let span = if is_plain { Span::new(start, start + entry.trim().len()) } else { whole };
            Spanned::new(entry.trim().to_owned(), span)
        };
        starts.map(entry).collect()
    }

    /// A list; a single text is a list with commas or of one.
    fn list(&self) -> Vec<Spanned<String>> {
        match &self.value.value {
            Value::List(entries) => entries.clone(),
            Value::Text(text) => text
                .split(',')
                .map(str::trim)
                .filter(|entry| !entry.is_empty())
                .map(|entry| Spanned::new(entry.to_owned(), self.value.span))
                .collect(),
        }
    }
}

fn unknown(setting: &Setting, scope: Scope) -> OptionError {
    let key = &setting.key.value;
    let here: Vec<&str> = KEYS.iter().filter(|(_, scopes)| scopes.contains(&scope)).map(|(key, _)| *key).collect();
    let family = key.split('.').next().unwrap_or(key);
    let near = nearest(key, here.iter().copied()).or_else(|| nearest(family, here.iter().copied()));
    let help = match near {
        Some("env") => "did you mean `env.NAME`?".to_owned(),
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("the options here are {}", here.join(", ")),
    };
    OptionError {
        code: "unknown-option",
        message: format!("unknown option `{key}`"),
        span: setting.key.span,
        help: Some(help),
    }
}

fn misplaced(setting: &Setting, scope: Scope) -> OptionError {
    let key = &setting.key.value;
    let (message, help) = match scope {
        Scope::Page => (
            format!("`{key}` belongs to a step, not to a page"),
            format!("write `<!-- doccheck: {key}=… -->` before the step"),
        ),
        Scope::Fence => (
            format!("`{key}` belongs to a page, not to a step"),
            format!("write `{key}` under `doccheck:` in the page's front matter"),
        ),
    };
    OptionError { code: "wrong-scope", message, span: setting.key.span, help: Some(help) }
}

#[cfg(test)]
mod tests;
