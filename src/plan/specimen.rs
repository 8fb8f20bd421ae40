//! Plans of pages that tests write.

use super::{Plan, plan};
use crate::config::Config;
use crate::diagnostic::{Diagnostic, Severity};
use crate::source::SourceFile;
use crate::tutorial;

/// The plan of the page `page.md`, and what is wrong with it.
pub(crate) fn planned(text: &str) -> (Plan, Vec<Diagnostic>) {
    planned_with(text, &Config::default())
}

/// The same under a configuration.
pub(super) fn planned_with(text: &str, config: &Config) -> (Plan, Vec<Diagnostic>) {
    let (tutorial, read) = tutorial::read(SourceFile::new("page.md", text));
    assert!(read.is_empty(), "{read:?}");
    plan(tutorial, config, "page.md")
}

/// The plan of a page that nothing is wrong with.
pub(crate) fn clean(text: &str) -> Plan {
    let (plan, diagnostics) = planned(text);
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    plan
}

/// What is wrong with a page: the code, its weight, the line.
pub(super) fn found(text: &str) -> Vec<(&'static str, Severity, Option<usize>)> {
    planned(text).1.iter().map(|found| (found.code, found.severity, found.line())).collect()
}
