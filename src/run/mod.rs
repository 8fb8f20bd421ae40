//! One run: pages, workers, events to observers.

use crate::diagnostic::Diagnostic;
use crate::outcome::{PageOutcome, StepOutcome};

/// What happens during a run, told as it happens.
#[derive(Debug)]
pub enum Event<'a> {
    /// A page starts.
    PageStarted {
        /// Its path.
        path: &'a str,
    },
    /// Something slow is done before the steps, such as installing packages.
    Preparing {
        /// The page's path.
        path: &'a str,
        /// What is done.
        message: &'a str,
    },
    /// A step starts.
    StepStarted {
        /// The page's path.
        path: &'a str,
        /// The step's name.
        name: &'a str,
        /// The 1-based line of its fence.
        line: usize,
    },
    /// A step has ended and was judged.
    StepEnded {
        /// The page's path.
        path: &'a str,
        /// What came of it.
        outcome: &'a StepOutcome,
    },
    /// A page has ended.
    PageEnded {
        /// What came of it.
        outcome: &'a PageOutcome,
    },
}

/// Someone who is told what happens. Pages run in parallel: events of several pages mix.
pub trait Observer: Send + Sync {
    /// Takes note of an event.
    fn see(&self, event: &Event<'_>);
}

/// What came of a whole run.
#[derive(Debug, Default)]
pub struct RunReport {
    /// The pages, in the order in which they were named or found.
    pub pages: Vec<PageOutcome>,
    /// Findings that belong to no page: the configuration, the command.
    pub diagnostics: Vec<Diagnostic>,
    /// Real time, in microseconds.
    pub duration_us: u64,
    /// Hosts that steps may reach for real; told in every report.
    pub allowed: Vec<String>,
    /// True where a fence whose role is open fails the run.
    pub strict: bool,
    /// True where the user pressed Ctrl-C.
    pub interrupted: bool,
}
