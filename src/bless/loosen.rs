//! A change that takes what differs for what every run makes anew.

use super::{Change, Hunk, Target, compare, edits};
use crate::matching::{Captures, loosen_json, loosen_text};
use crate::outcome::printed;
use crate::plan::{Format, Plan};
use crate::transcript::StepRecord;

/// `change` with wildcards and typed captures where what every run makes anew differs from the page; `None` where there
/// is nothing of that kind. `others` go onto the page too: a name of theirs stands for a value of theirs.
pub fn loosened(plan: &Plan, records: &[StepRecord], change: &Change, others: &[&Change]) -> Option<Change> {
    let step = plan.steps().nth(change.step)?;
    let record = records.get(change.step)?;
    let page = plan.tutorial.source.text();
    let mut names: Vec<String> = others.iter().flat_map(|other| &other.hunks).map(|hunk| hunk.new.clone()).collect();
    let mut hunks = Vec::new();
    let mut any = false;
    for hunk in &change.hunks {
        let Target::Expectation(at) = hunk.target else { return None };
        let expectation = step.expectations.get(at)?;
        let is_free = |name: &str| {
            let used = [format!("<{name}>"), format!("<{name}:")];
            !used.iter().any(|token| page.contains(token) || names.iter().any(|text| text.contains(token)))
        };
        let loose = match expectation.format {
            Format::Json => {
                loosen_json(&hunk.old, &hunk.new, &is_free).or_else(|| loosen_text(&hunk.old, &hunk.new, &is_free))
            }
            Format::Text | Format::Http => loosen_text(&hunk.old, &hunk.new, &is_free),
        };
        any |= loose.is_some();
        let new = loose.unwrap_or_else(|| hunk.new.clone());
        let actual = printed(plan, step, record, expectation).ok()?;
        if !compare(expectation.format, &new, actual, &mut Captures::new()) {
            return None;
        }
        names.push(new.clone());
        hunks.push(Hunk { new, ..hunk.clone() });
    }
    let loosened = Change { step: change.step, hunks };
    edits(plan, &loosened).filter(|_| any).map(|_| loosened)
}
