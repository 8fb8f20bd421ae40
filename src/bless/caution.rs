//! What must not be written without a person's word, though it would make the page true of what was printed.

use crate::plan::{Expectation, Plan};
use crate::transcript::StepRecord;

use super::holds_new;

/// Where a page's own folders lie: the name that every workspace begins with.
const WORKSPACE: &str = "/doccheck-";

/// Why the output that `expectation` shows must not be changed from `old` to `new`, and what to do instead: how the
/// sentence "what the step printed …" goes on.
pub(super) fn reason(
    plan: &Plan,
    expectation: &Expectation,
    record: &StepRecord,
    old: &str,
    new: &str,
) -> Option<(String, String)> {
    let told = |reason: &str, help: &str| Some((reason.to_owned(), help.to_owned()));
    if swallows(plan, expectation) {
        return told(
            "would take the place of another fence: this one is not closed, it seems",
            "close the fence where its output ends, and run the page again",
        );
    }
    if wildcards(new) > wildcards(old) {
        return told(
            "holds `...` or `[..]`, which on a page stand for anything",
            "write the line by hand, with `[..]` where it may differ",
        );
    }
    if holds_new(WORKSPACE, old, new) {
        return told(
            "names a folder of this run alone",
            "write `[..]` in the place of the path, or press `w` for this step in `doccheck review`",
        );
    }
    let unexpected = record.exchanges.iter().find(|exchange| {
        exchange.is_of_page()
            && exchange.status >= 400
            && !exchange.is_of_fault()
            && !exchange.drafted
            && !old.contains(&exchange.status.to_string())
    });
    unexpected.map(|exchange| {
        let reason =
            format!("follows an answer that the page does not document: {} {}", exchange.method, exchange.status);
        (
            reason,
            "mend the request; where the page is meant to show that answer, write its status there first".to_owned(),
        )
    })
}

/// True where the fence may hold more than its output, since nothing closes it: more than one paragraph.
pub(super) fn swallows(plan: &Plan, expectation: &Expectation) -> bool {
    !plan.tutorial.fences[expectation.fence].closed && expectation.text.text.trim().contains("\n\n")
}

/// How many wildcards a text holds.
fn wildcards(text: &str) -> usize {
    let line = |line: &str| matches!(line.trim().trim_end_matches(','), "..." | "…" | "\"...\"");
    let whole = text.lines().filter(|text| line(text)).count();
    whole + text.matches("[..]").count() + text.matches("...\"").count()
}
