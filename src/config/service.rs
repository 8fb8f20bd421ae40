//! `[[service]]`: what runs beside every page.

use std::sync::Arc;
use std::time::Duration;

use toml::de::{DeTable, DeValue};

use crate::options::{READY_TAKES, Ready, TIMEOUT_TAKES, parse_timeout};
use crate::source::{SourceFile, Spanned};

use super::DEFAULT_TIMEOUT;
use super::file::{Item, Key, Reader, in_order, span};

/// A program that is started before each page, in that page's world, and ended with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// `name`; the first word of `run` where not said.
    pub name: String,
    /// `run`: what bash runs.
    pub run: Spanned<String>,
    /// `ready`: what must be true before the page starts.
    pub ready: Option<Ready>,
    /// `cwd`: a folder, relative to the file's; the page's workspace where not said.
    pub cwd: Option<String>,
    /// `timeout`: how long it may take until it is ready.
    pub timeout: Duration,
    /// The file in which `run` stands.
    pub source: Arc<SourceFile>,
}

impl Reader<'_> {
    /// Reads the value of `service`, a list of tables.
    pub(super) fn services(&mut self, key: &Key<'_>, item: &Item<'_>) {
        let DeValue::Array(entries) = item.get_ref() else {
            return self.wrong(key, item, "tables, each under `[[service]]`");
        };
        for entry in entries {
            match entry.get_ref() {
                DeValue::Table(table) => self.service(table, entry),
                _ => self.wrong(key, entry, "tables, each under `[[service]]`"),
            }
        }
    }

    fn service(&mut self, table: &DeTable<'_>, entry: &Item<'_>) {
        const KEYS: &[&str] = &["name", "run", "ready", "cwd", "timeout"];
        let (mut name, mut run, mut ready, mut cwd, mut timeout) = (None, None, None, None, DEFAULT_TIMEOUT);
        for (key, item) in in_order(table) {
            let text = match item.get_ref() {
                DeValue::String(text) if !text.trim().is_empty() => text.to_string(),
                text if KEYS.contains(&key.get_ref().as_ref()) => {
                    let is_text = matches!(text, DeValue::String(_));
                    if is_text {
                        self.unfit(key, item, "a text");
                    } else {
                        self.wrong(key, item, "a text");
                    }
                    continue;
                }
                _ => String::new(),
            };
            match key.get_ref().as_ref() {
                "name" => name = Some(text),
                "run" => run = Some(Spanned::new(text, span(item.span()))),
                "cwd" => cwd = Some(text),
                "ready" => match Ready::parse(&text) {
                    Some(parsed) => ready = Some(parsed),
                    None => self.unfit(key, item, READY_TAKES),
                },
                "timeout" => match parse_timeout(&text) {
                    Some(parsed) => timeout = parsed,
                    None => self.unfit(key, item, TIMEOUT_TAKES),
                },
                _ => self.unknown("[service]", key, KEYS),
            }
        }
        let Some(run) = run else {
            if !table.contains_key("run") {
                let help = "say what is started: `run = \"python3 server.py\"`".to_owned();
                self.error("bad-value", "this service has no `run`", entry.span(), Some(help));
            }
            return;
        };
        let first_word = || run.value.split_whitespace().next().unwrap_or_default().to_owned();
        let name = name.unwrap_or_else(first_word);
        let source = Arc::clone(self.source);
        self.config.services.push(Service { name, run, ready, cwd, timeout, source });
    }
}
