//! The report for people: a line a step, each failure as a located finding, a summary.
//!
//! Everything is understandable without colours.

mod diff;
mod excerpt;
mod finding;
mod steps;
mod summary;

use crate::run::RunReport;

pub use finding::diagnostic;
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

/// Every failure of a run and every finding about its pages, each after an empty line.
pub fn findings(report: &RunReport, look: Look) -> String {
    let mut text = String::new();
    for page in &report.pages {
        for drawn in finding::page(page, look) {
            text.push('\n');
            text.push_str(&drawn);
        }
    }
    text
}
