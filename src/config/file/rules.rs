//! `[[page]]` and `[[page.step]]`: options for pages that nobody may touch.

use toml::de::{DeArray, DeTable, DeValue};

use super::{Item, Key, Reader, check_default, in_order, scalar};
use crate::config::{PageRule, StepRule};
use crate::options::{OptionError, Options, Scope, Setting};
use crate::source::Spanned;

impl Reader<'_> {
    pub(super) fn page_rules(&mut self, key: &Key<'_>, pages: &DeArray<'_>) {
        for page in pages {
            match page.get_ref() {
                DeValue::Table(table) => {
                    let rule = self.page_rule(key, table);
                    self.config.rules.extend(rule);
                }
                _ => self.wrong(key, page, "tables, each under `[[page]]`"),
            }
        }
    }

    fn page_rule(&mut self, page: &Key<'_>, table: &DeTable<'_>) -> Option<PageRule> {
        const ELSEWHERE: &str = "write it under `[[page.step]]`, with the step under `match`";
        let (mut path, mut settings, mut steps) = (None, Vec::new(), Vec::new());
        for (key, item) in in_order(table) {
            match (key.get_ref().as_ref(), item.get_ref()) {
                ("path", _) => path = self.needed(key, item, "a glob, such as `docs/legacy/*.md`"),
                ("step", DeValue::Array(tables)) => {
                    for step in tables {
                        match step.get_ref() {
                            DeValue::Table(table) => steps.extend(self.step_rule(key, table)),
                            _ => self.wrong(key, step, "tables, each under `[[page.step]]`"),
                        }
                    }
                }
                ("step", _) => self.wrong(key, item, "tables, each under `[[page.step]]`"),
                _ => settings.extend(self.options(key, item, &|setting| check_default(setting, ELSEWHERE))),
            }
        }
        if let Some(path) = &path {
            self.glob(path);
        } else if !table.contains_key("path") {
            let help = "add `path`, a glob relative to this file's folder".to_owned();
            self.error("missing-key", "this `[[page]]` names no page", first_key(page, table), Some(help));
        }
        path.map(|path| PageRule { path, settings, steps })
    }

    fn step_rule(&mut self, step: &Key<'_>, table: &DeTable<'_>) -> Option<StepRule> {
        let (mut matches, mut settings) = (None, Vec::new());
        for (key, item) in in_order(table) {
            match key.get_ref().as_ref() {
                "match" => matches = self.needed(key, item, "the heading above a step, its name, or its line"),
                _ => settings.extend(self.options(key, item, &check_step)),
            }
        }
        if !table.contains_key("match") {
            let help = "add `match`: the heading above the step, its name, or its line".to_owned();
            self.error("missing-key", "this `[[page.step]]` names no step", first_key(step, table), Some(help));
        }
        matches.map(|matches| StepRule { matches, settings })
    }

    /// A text or a number that says something.
    fn needed(&mut self, key: &Key<'_>, item: &Item<'_>, takes: &str) -> Option<Spanned<String>> {
        let text = scalar(item).filter(|text| !text.value.trim().is_empty());
        match item.get_ref() {
            _ if text.is_some() => {}
            DeValue::String(_) => self.unfit(key, item, takes),
            _ => self.wrong(key, item, takes),
        }
        text
    }
}
/// Where a table is told of that has no place of its own: at its first key, else at its name.
fn first_key(name: &Key<'_>, table: &DeTable<'_>) -> std::ops::Range<usize> {
    in_order(table).first().map_or_else(|| name.span(), |(key, _)| key.span())
}

/// An option of one step.
fn check_step(setting: &Setting) -> Result<(), OptionError> {
    Options::default().set(setting, Scope::Fence).map_err(|error| match error.code {
        "wrong-scope" => OptionError { help: Some("write it under `[[page]]`".to_owned()), ..error },
        _ => error,
    })
}
