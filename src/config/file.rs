//! The file's tables and keys. A key that nobody knows is a fault: a misspelt one would be silently ignored.

mod rules;

use std::ops::Range;
use std::sync::Arc;

use toml::Spanned as Located;
use toml::de::{DeTable, DeValue};

use crate::diagnostic::Diagnostic;
use crate::http::host_and_port;
use crate::options::{OptionError, Options, Scope, Setting, Value, nearest};
use crate::source::{SourceFile, Span, Spanned};

use super::{Config, SandboxChoice};

/// The rules of matching and roles that this version knows.
const EDITION: &str = "1";

pub(super) type Key<'a> = Located<std::borrow::Cow<'a, str>>;
pub(super) type Item<'a> = Located<DeValue<'a>>;

pub(super) fn read(source: &Arc<SourceFile>) -> Result<Config, Vec<Diagnostic>> {
    let (root, errors) = DeTable::parse_recoverable(source.text());
    let mut reader =
        Reader { source, config: Config { source: Arc::clone(source), ..Config::default() }, diagnostics: Vec::new() };
    for error in errors {
        let message = format!("this is not TOML: {}", error.message());
        reader.error("bad-toml", message, error.span().unwrap_or_default(), None);
    }
    if reader.diagnostics.is_empty() {
        reader.root(root.get_ref());
    }
    if reader.diagnostics.is_empty() { Ok(reader.config) } else { Err(reader.diagnostics) }
}

pub(super) struct Reader<'a> {
    pub(super) source: &'a Arc<SourceFile>,
    pub(super) config: Config,
    diagnostics: Vec<Diagnostic>,
}

impl Reader<'_> {
    pub(super) fn error(
        &mut self,
        code: &'static str,
        message: impl Into<String>,
        place: Range<usize>,
        help: Option<String>,
    ) {
        let finding = Diagnostic::error(code, message).at(self.source, span(place), "");
        self.diagnostics.push(match help {
            Some(help) => finding.help(help),
            None => finding,
        });
    }

    pub(super) fn wrong(&mut self, key: &Key<'_>, item: &Item<'_>, takes: &str) {
        let key = key.get_ref();
        let message = format!("`{key}` cannot be {}", article(item.get_ref().type_str()));
        self.error("bad-value", message, item.span(), Some(format!("`{key}` takes {takes}")));
    }

    /// A value of the right type that does not fit.
    pub(super) fn unfit(&mut self, key: &Key<'_>, item: &Item<'_>, takes: &str) {
        let key = key.get_ref();
        let message = match (item.get_ref(), scalar(item)) {
            (DeValue::String(text), _) if text.trim().is_empty() => format!("`{key}` needs a value"),
            (DeValue::String(text), _) => format!("`{key}` cannot be `{}`", text.escape_debug()),
            (_, Some(value)) => format!("`{key}` cannot be {}", value.value),
            (_, None) => format!("`{key}` cannot be this"),
        };
        self.error("bad-value", message, item.span(), Some(format!("`{key}` takes {takes}")));
    }

    pub(super) fn unknown(&mut self, table: &str, key: &Key<'_>, known: &[&str]) {
        let word = key.get_ref();
        let help = match nearest(word, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("the keys here are {}", known.join(", ")),
        };
        let place = if table.is_empty() { String::new() } else { format!(" in `[{table}]`") };
        self.error("unknown-key", format!("unknown key `{word}`{place}"), key.span(), Some(help));
    }

    fn root(&mut self, table: &DeTable<'_>) {
        #[rustfmt::skip]
        const KEYS: &[&str] = &[
            "edition", "strict", "pages", "defaults", "env", "python", "node", "sandbox", "placeholders", "network",
            "workspace", "service", "page",
        ];
        for (key, item) in in_order(table) {
            match (key.get_ref().as_ref(), item.get_ref()) {
                ("edition", DeValue::Integer(edition)) if edition.as_str() == EDITION => {}
                ("edition", DeValue::Integer(_)) => self.unfit(key, item, "1, the only edition so far"),
                ("edition", _) => self.wrong(key, item, "1, the only edition so far"),
                ("strict", DeValue::Boolean(strict)) => self.config.strict = *strict,
                ("strict", _) => self.wrong(key, item, "`true` or `false`"),
                ("sandbox", DeValue::Boolean(true)) => {}
                ("sandbox", DeValue::Boolean(false)) => self.config.sandbox = SandboxChoice::Off,
                ("sandbox", DeValue::Table(table)) => self.sandbox(table),
                ("sandbox", _) => self.wrong(key, item, "`false`, or a table with `dir`"),
                ("pages", DeValue::Table(table)) => self.pages(table),
                ("defaults", DeValue::Table(table)) => self.defaults(table),
                ("env", DeValue::Table(table)) => self.env(table),
                ("python", DeValue::Table(table)) => self.config.python = self.only_list("python", "packages", table),
                ("node", DeValue::Table(table)) => self.config.node = self.only_list("node", "packages", table),
                ("network", DeValue::Table(table)) => self.network(table),
                ("workspace", DeValue::Table(table)) => self.workspace(table),
                ("page", DeValue::Array(pages)) => self.page_rules(key, pages),
                ("page", _) => self.wrong(key, item, "tables, each under `[[page]]`"),
                ("placeholders", DeValue::Table(table)) => self.placeholders(table),
                ("service", _) => self.services(key, item),
                (word, _) if KEYS.contains(&word) => self.wrong(key, item, &format!("a table, `[{word}]`")),
                _ => self.unknown("", key, KEYS),
            }
        }
    }

    fn pages(&mut self, table: &DeTable<'_>) {
        for (key, item) in in_order(table) {
            match key.get_ref().as_ref() {
                "include" => self.config.include = values(self.globs(key, item)),
                "exclude" => self.config.exclude = values(self.globs(key, item)),
                _ => self.unknown("pages", key, &["include", "exclude"]),
            }
        }
    }

    fn workspace(&mut self, table: &DeTable<'_>) {
        for (key, item) in in_order(table) {
            match key.get_ref().as_ref() {
                "files" => {
                    let files = self.globs(key, item);
                    let leaves = |glob: &&Spanned<String>| {
                        glob.value.starts_with('/') || glob.value.split('/').any(|part| part == "..")
                    };
                    for glob in files.iter().filter(leaves) {
                        let message = format!("`{}` leads out of this file's folder", glob.value);
                        let help = "a page's `workspace=` may name a folder elsewhere".to_owned();
                        self.error("bad-value", message, glob.span.start..glob.span.end, Some(help));
                    }
                    self.config.files = files;
                }
                "path" => self.config.path = self.list(key, item),
                _ => self.unknown("workspace", key, &["files", "path"]),
            }
        }
    }

    fn network(&mut self, table: &DeTable<'_>) {
        for (key, item) in in_order(table) {
            if key.get_ref() != "allow" {
                self.unknown("network", key, &["allow"]);
                continue;
            }
            let entries = self.list(key, item);
            for entry in entries.iter().filter(|entry| host_and_port(&entry.value).is_none()) {
                let message = format!("`{}` is neither `host` nor `host:port`", entry.value.escape_debug());
                let help = "name the host alone, such as `staging.example.com` or `127.0.0.1:5432`".to_owned();
                self.error("bad-value", message, entry.span.start..entry.span.end, Some(help));
            }
            self.config.allow = values(entries);
        }
    }

    fn globs(&mut self, key: &Key<'_>, item: &Item<'_>) -> Vec<Spanned<String>> {
        let globs = self.list(key, item);
        globs.iter().for_each(|glob| self.glob(glob));
        globs
    }

    fn glob(&mut self, glob: &Spanned<String>) {
        if let Err(error) = globset::Glob::new(&glob.value) {
            let message = format!("`{}` is not a glob: {}", glob.value, error.kind());
            self.error("bad-value", message, glob.span.start..glob.span.end, None);
        }
    }

    fn only_list(&mut self, table: &str, known: &str, entries: &DeTable<'_>) -> Vec<Spanned<String>> {
        let mut list = Vec::new();
        for (key, item) in in_order(entries) {
            if key.get_ref() == known {
                list = self.list(key, item);
            } else {
                self.unknown(table, key, &[known]);
            }
        }
        list
    }

    fn list(&mut self, key: &Key<'_>, item: &Item<'_>) -> Vec<Spanned<String>> {
        match texts(item) {
            Some(list) => list,
            None => {
                let takes = "a list of texts, such as `[\"a\", \"b\"]`";
                let DeValue::Array(entries) = item.get_ref() else {
                    self.wrong(key, item, takes);
                    return Vec::new();
                };
                let word = key.get_ref();
                for entry in entries.iter().filter(|entry| !matches!(entry.get_ref(), DeValue::String(_))) {
                    let message = format!("`{word}` cannot hold {}", article(entry.get_ref().type_str()));
                    self.error("bad-value", message, entry.span(), Some(format!("`{word}` takes {takes}")));
                }
                Vec::new()
            }
        }
    }

    fn text(&mut self, key: &Key<'_>, item: &Item<'_>) -> String {
        match scalar(item) {
            Some(text) => text.value,
            None => {
                self.wrong(key, item, "a text");
                String::new()
            }
        }
    }

    fn sandbox(&mut self, table: &DeTable<'_>) {
        for (key, item) in in_order(table) {
            match (key.get_ref().as_ref(), item.get_ref()) {
                ("dir", DeValue::String(dir)) if !dir.trim().is_empty() => {
                    self.config.sandbox = SandboxChoice::Folder(dir.to_string());
                }
                ("drafts", DeValue::String(dir)) if !dir.trim().is_empty() => {
                    self.config.drafts = Some(dir.to_string());
                }
                ("dir" | "drafts", DeValue::String(_)) => self.unfit(key, item, "the path of a folder"),
                ("dir" | "drafts", _) => self.wrong(key, item, "the path of a folder"),
                _ => self.unknown("sandbox", key, &["dir", "drafts"]),
            }
        }
    }

    fn env(&mut self, table: &DeTable<'_>) {
        for (key, item) in in_order(table) {
            if key.get_ref() == "pass" {
                self.config.pass = values(self.list(key, item));
                continue;
            }
            let value = self.text(key, item);
            let name = Setting {
                key: Spanned::new(format!("env.{}", key.get_ref()), span(key.span())),
                value: Spanned::new(Value::Text(value.clone()), span(item.span())),
            };
            match Options::default().set(&name, Scope::Page) {
                Ok(()) => self.config.env.push((key.get_ref().to_string(), value)),
                Err(error) => {
                    let message = format!("`{}` cannot be the name of a variable", key.get_ref());
                    let help = "use letters, digits and `_`, with no digit first".to_owned();
                    self.error(error.code, message, key.span(), Some(help));
                }
            }
        }
    }

    fn placeholders(&mut self, table: &DeTable<'_>) {
        for (key, item) in in_order(table) {
            let value = self.text(key, item);
            if key.get_ref().is_empty() {
                self.error("bad-value", "a placeholder cannot be empty", key.span(), None);
            }
            self.config.placeholders.push((key.get_ref().to_string(), value));
        }
    }

    fn defaults(&mut self, table: &DeTable<'_>) {
        for (key, item) in in_order(table) {
            let settings =
                self.options(key, item, &|setting| check_default(setting, "write it in a comment before that fence"));
            self.config.defaults.extend(settings);
        }
    }

    /// An entry that sets an option, or the table `env`, which sets several. What `check` refuses is told.
    fn options(
        &mut self,
        key: &Key<'_>,
        item: &Item<'_>,
        check: &dyn Fn(&Setting) -> Result<(), OptionError>,
    ) -> Vec<Setting> {
        let named = match (key.get_ref().as_ref(), item.get_ref()) {
            ("env", DeValue::Table(names)) => in_order(names)
                .into_iter()
                .map(|(name, item)| (format!("env.{}", name.get_ref()), name, item))
                .collect(),
            (word, _) => vec![(word.to_owned(), key, item)],
        };
        let settings = named.into_iter().filter_map(|(name, key, item)| self.option(name, key, item, check));
        settings.collect()
    }

    fn option(
        &mut self,
        name: String,
        key: &Key<'_>,
        item: &Item<'_>,
        check: &dyn Fn(&Setting) -> Result<(), OptionError>,
    ) -> Option<Setting> {
        let value = match scalar(item) {
            Some(text) => Value::Text(text.value),
            None => Value::List(self.list(key, item)),
        };
        let setting =
            Setting { key: Spanned::new(name, span(key.span())), value: Spanned::new(value, span(item.span())) };
        match check(&setting) {
            Ok(()) => Some(setting),
            Err(error) => {
                self.error(error.code, error.message, error.span.start..error.span.end, error.help);
                None
            }
        }
    }
}

/// A default is an option of a page, or one of a step that does not speak of one step alone.
fn check_default(setting: &Setting, elsewhere: &str) -> Result<(), OptionError> {
    if matches!(setting.key.value.as_str(), "name" | "file" | "background" | "ready" | "when") {
        return Err(OptionError {
            code: "wrong-scope",
            message: format!("`{}` is about one fence and cannot be a default", setting.key.value),
            span: setting.key.span,
            help: Some(elsewhere.to_owned()),
        });
    }
    let mut options = Options::default();
    match options.set(setting, Scope::Page) {
        Err(error) if error.code == "wrong-scope" => options.set(setting, Scope::Fence),
        // A page knows fewer keys: the suggestion may be among those of a step.
        Err(error) if error.code == "unknown-option" => {
            let near =
                options.set(setting, Scope::Fence).err().filter(|other| other.help.as_deref().is_some_and(is_near));
            Err(if error.help.as_deref().is_some_and(is_near) { error } else { near.unwrap_or(error) })
        }
        result => result,
    }
}

fn is_near(help: &str) -> bool {
    help.starts_with("did you mean")
}

/// The entries as they stand in the file.
pub(super) fn in_order<'t, 'i>(table: &'t DeTable<'i>) -> Vec<(&'t Key<'i>, &'t Item<'i>)> {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    entries
}

fn scalar(item: &Item<'_>) -> Option<Spanned<String>> {
    let text = match item.get_ref() {
        DeValue::String(text) => text.to_string(),
        DeValue::Integer(number) if number.radix() == 10 => number.as_str().to_owned(),
        DeValue::Float(number) => number.as_str().to_owned(),
        DeValue::Boolean(boolean) => boolean.to_string(),
        _ => return None,
    };
    Some(Spanned::new(text, span(item.span())))
}

fn texts(item: &Item<'_>) -> Option<Vec<Spanned<String>>> {
    let DeValue::Array(entries) = item.get_ref() else { return None };
    let text = |entry: &Item<'_>| match entry.get_ref() {
        DeValue::String(text) => Some(Spanned::new(text.to_string(), span(entry.span()))),
        _ => None,
    };
    entries.iter().map(text).collect()
}

fn values(list: Vec<Spanned<String>>) -> Vec<String> {
    list.into_iter().map(|entry| entry.value).collect()
}

pub(super) fn span(place: Range<usize>) -> Span {
    Span::new(place.start, place.end)
}

fn article(kind: &str) -> String {
    let vowel = kind.starts_with(['a', 'e', 'i', 'o', 'u']);
    format!("{} {kind}", if vowel { "an" } else { "a" })
}
