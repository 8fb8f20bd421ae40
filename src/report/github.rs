//! Annotations for a workflow's page on GitHub: lines that its runner picks out of the log.
//!
//! The form is that of "Workflow commands for GitHub Actions", setting an error or warning message. GitHub shows ten
//! of each kind for a step, so the order is that of the report.

use crate::diagnostic::{Diagnostic, Severity};
use crate::outcome::{Check, PageOutcome, PageVerdict, StepOutcome, title};
use crate::report::paint::clipped;
use crate::run::RunReport;

/// How many characters of an annotation are told: it points at a place, the log holds the rest.
const TEXT: usize = 1000;

/// One line for each failed check and each finding; empty where there is none.
pub fn annotations(report: &RunReport) -> String {
    let mut lines = String::new();
    for found in &report.diagnostics {
        lines.push_str(&diagnostic(found));
    }
    for page in &report.pages {
        let known = page.verdict == PageVerdict::KnownStale;
        for found in &page.diagnostics {
            lines.push_str(&if known { known_finding(found) } else { diagnostic(found) });
        }
        for step in &page.steps {
            for check in step.checks.iter().filter(|check| !check.ok) {
                lines.push_str(&failure(page, step, check));
            }
        }
    }
    lines
}

fn failure(page: &PageOutcome, step: &StepOutcome, check: &Check) -> String {
    let line = check.at.unwrap_or(check.line);
    let place = [("file", page.path.clone()), ("line", line.to_string())];
    let name = title(&step.name, page.provider.as_deref());
    if let Some(why) = &step.expected_stale {
        let title = format!("known stale {}: {name}", check.kind.word());
        return command("notice", &place, &title, &check.message, &[format!("it does not fail: {why}")]);
    }
    command("error", &place, &format!("stale {}: {name}", check.kind.word()), &check.message, &check.help)
}

/// A finding about a page that is known to be stale: whatever it weighs, it does not fail.
fn known_finding(found: &Diagnostic) -> String {
    diagnostic(&Diagnostic { severity: Severity::Note, ..found.clone() })
}

fn diagnostic(found: &Diagnostic) -> String {
    let word = match found.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    };
    let mut place = Vec::new();
    if let Some(source) = &found.source {
        place.push(("file", source.path().display().to_string()));
    }
    place.extend(found.line().map(|line| ("line", line.to_string())));
    place.extend(found.column().map(|column| ("col", column.to_string())));
    command(word, &place, found.code, &found.message, &found.help)
}

fn command(word: &str, place: &[(&str, String)], title: &str, message: &str, help: &[String]) -> String {
    let mut properties: Vec<String> = place.iter().map(|(key, value)| format!("{key}={}", property(value))).collect();
    properties.push(format!("title={}", property(title)));
    let lines: Vec<&str> = std::iter::once(message).chain(help.iter().map(String::as_str)).collect();
    let text = data(&clipped(&lines.join("\n"), TEXT));
    format!("::{word} {}::{text}\n", properties.join(","))
}

/// The message's escapes: what would end the line.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property's escapes: what would end the property too.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{SourceFile, Span};

    #[test]
    fn what_could_end_a_command_is_escaped() {
        let source = SourceFile::new("a,b:c%.md", "x\ny\n");
        let found = Diagnostic::warning("odd", "100 %\r\nsure: yes, ::error::no")
            .at(&source, Span::new(2, 3), "here")
            .help("do this");
        assert_eq!(
            diagnostic(&found),
            "::warning file=a%2Cb%3Ac%25.md,line=2,col=1,title=odd::100 %25%0D%0Asure: yes, ::error::no%0Ado this\n"
        );
    }
}
