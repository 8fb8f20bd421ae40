//! What is wrong, one thing after the other, read from a run's document: what all views but the terminal's tell.

use crate::outcome::title;

use super::schema::{Check, CheckKind, Diagnostic, Page, Run, Severity, Step};

/// One thing that is wrong.
#[derive(Debug, Clone)]
pub(super) struct Finding<'a> {
    /// A stable word for its kind: a diagnostic's code, or `stale-` and the kind of check.
    pub(super) code: String,
    pub(super) severity: Severity,
    /// What is wrong, in a sentence.
    pub(super) title: String,
    /// Where and how exactly; empty where the title says it all.
    pub(super) detail: &'a str,
    pub(super) path: Option<&'a str>,
    /// The provider that the run is about in which it was found.
    pub(super) provider: Option<&'a str>,
    pub(super) line: Option<usize>,
    pub(super) column: Option<usize>,
    pub(super) diff: Option<&'a str>,
    /// What happened, where no diff tells it.
    pub(super) actual: Option<&'a str>,
    pub(super) help: Option<&'a str>,
}

/// Everything of a run: what belongs to no page first, then page by page.
pub(super) fn of_run(run: &Run) -> Vec<Finding<'_>> {
    run.diagnostics.iter().map(of_diagnostic).chain(run.pages.iter().flat_map(of_page)).collect()
}

fn of_page(page: &Page) -> Vec<Finding<'_>> {
    let steps = page.steps.iter().flat_map(|step| of_step(page, step));
    page.diagnostics.iter().map(|found| of_page_itself(page, found)).chain(steps).collect()
}

/// A finding about a page; of one that is known to be stale none weighs more than a note.
pub(super) fn of_page_itself<'a>(page: &Page, found: &'a Diagnostic) -> Finding<'a> {
    let mut finding = of_diagnostic(found);
    if page.expected_stale.is_some() {
        finding.severity = Severity::Note;
    }
    finding
}

/// The failed checks of a step; of one that is known to be stale they are notes.
pub(super) fn of_step<'a>(page: &'a Page, step: &'a Step) -> Vec<Finding<'a>> {
    step.checks.iter().filter(|check| !check.ok).map(|check| of_check(page, step, check)).collect()
}

pub(super) fn of_diagnostic(found: &Diagnostic) -> Finding<'_> {
    Finding {
        code: found.code.clone(),
        severity: found.severity,
        title: found.message.clone(),
        detail: "",
        path: found.path.as_deref(),
        provider: None,
        line: found.line,
        column: found.column,
        diff: None,
        actual: None,
        help: found.help.as_deref(),
    }
}

fn of_check<'a>(page: &'a Page, step: &'a Step, check: &'a Check) -> Finding<'a> {
    let told = check.actual.as_deref().filter(|text| check.diff.is_none() && text.contains('\n'));
    Finding {
        code: format!("stale-{}", word(check.kind)),
        severity: if step.expected_stale.is_some() { Severity::Note } else { Severity::Error },
        title: sentence(check.kind, &step.name),
        detail: check.message.as_deref().unwrap_or_default(),
        path: Some(&page.path),
        provider: page.provider.as_deref(),
        line: Some(check.at.unwrap_or(check.line)),
        column: None,
        diff: check.diff.as_deref(),
        actual: told,
        help: check.help.as_deref(),
    }
}

impl Finding<'_> {
    /// The place as people write it; empty where there is none.
    pub(super) fn place(&self) -> String {
        match (self.path, self.line) {
            (Some(path), Some(line)) => title(&format!("{path}:{line}"), self.provider),
            (Some(path), None) => title(path, self.provider),
            (None, _) => String::new(),
        }
    }

    /// Title and detail in one.
    pub(super) fn message(&self) -> String {
        if self.detail.is_empty() { self.title.clone() } else { format!("{}: {}", self.title, self.detail) }
    }

    /// What there is to show below the message: the diff, or else what happened.
    pub(super) fn shown(&self) -> Option<&str> {
        self.diff.or(self.actual)
    }
}

/// All kinds of checks, for views that list what can be found.
pub(super) const KINDS: [CheckKind; 9] = [
    CheckKind::Output,
    CheckKind::Exit,
    CheckKind::Http,
    CheckKind::Fault,
    CheckKind::Wait,
    CheckKind::Network,
    CheckKind::Containment,
    CheckKind::Snapshot,
    CheckKind::ExpectedStale,
];

/// The word of the documents for a kind of check.
pub(super) fn word(kind: CheckKind) -> &'static str {
    match kind {
        CheckKind::Output => "output",
        CheckKind::Exit => "exit",
        CheckKind::Http => "http",
        CheckKind::Fault => "fault",
        CheckKind::Wait => "wait",
        CheckKind::Network => "network",
        CheckKind::Containment => "containment",
        CheckKind::Snapshot => "snapshot",
        CheckKind::ExpectedStale => "expected_stale",
    }
}

/// What a failed check of the step `name` means.
pub(super) fn sentence(kind: CheckKind, name: &str) -> String {
    match kind {
        CheckKind::Output => format!("what `{name}` printed is not what the page shows"),
        CheckKind::Exit => format!("`{name}` did not end as the page says"),
        CheckKind::Http => format!("the answer to `{name}` is not what the page shows"),
        CheckKind::Fault => format!("no request of `{name}` met the fault that the page asks for"),
        CheckKind::Wait => format!("`{name}` did not wait as long as the API asked for"),
        CheckKind::Network => format!("`{name}` called a host that no sandbox serves"),
        CheckKind::Containment => format!("`{name}` passed a limit"),
        CheckKind::Snapshot => format!("what `{name}` printed is not what its snapshot holds"),
        CheckKind::ExpectedStale => format!("`{name}` is true again"),
    }
}

/// `1 page`, `2 pages`.
pub(super) fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// The start of `text`, at most `lines` lines and `bytes` bytes, and a last line that tells that more was left out.
pub(super) fn shortened(text: &str, lines: usize, bytes: usize) -> String {
    let mut kept = String::new();
    for (at, line) in text.lines().enumerate() {
        if at == lines || kept.len() + line.len() > bytes {
            let start = &line[..line.floor_char_boundary(bytes.saturating_sub(kept.len()).min(line.len()))];
            if at < lines && !start.is_empty() {
                kept.push_str(start);
                kept.push('\n');
            }
            kept.push_str("… more was left out\n");
            return kept;
        }
        kept.push_str(line);
        kept.push('\n');
    }
    kept
}
