//! The report for people: a line a step, each failure as a located finding, a summary.
//!
//! Everything is understandable without colours.

mod diff;
mod excerpt;
mod finding;
mod proposal;
mod steps;
mod summary;

use crate::outcome::PageOutcome;
use crate::run::RunReport;

pub use finding::diagnostic;
pub use proposal::{Proposal, proposal, traffic};
pub use steps::{page_end, step};
pub use summary::summary;

/// What the text is drawn for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// How many columns there are.
    pub width: usize,
    /// True where colours are shown. Where they are not, changed words are marked by a line below them.
    pub colour: bool,
}

/// All that there is to tell of one page, for a log.
pub fn plain_page(outcome: &PageOutcome) -> String {
    let look = Look { width: 100, colour: false };
    let mut text: String =
        outcome.steps.iter().map(|of| step(&outcome.path, outcome.provider.as_deref(), of, look)).collect();
    text.push_str(&page_end(outcome, look));
    text.push_str(&page_findings(outcome, look));
    text
}

/// Every failure of a run and every finding about its pages, each after an empty line.
pub fn findings(report: &RunReport, look: Look) -> String {
    report.pages.iter().map(|page| page_findings(page, look)).collect()
}

fn page_findings(outcome: &PageOutcome, look: Look) -> String {
    finding::page(outcome, look).into_iter().flat_map(|drawn| ["\n".to_owned(), drawn]).collect()
}
