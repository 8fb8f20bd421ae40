//! The verdict tree: what a plan expected and a transcript shows, compared.

mod ending;
mod evidence;
mod expected;
mod hints;
mod judge;
mod output;
mod service;
mod time;
mod title;
mod wait;
mod wires;

use std::sync::Arc;

pub use expected::conclude;
pub use judge::{judge, judge_service, judge_step, page_verdict};
pub use output::{is_cut, printed};
pub use service::{Shown, shown};
pub use title::{split_title, title};

use crate::diagnostic::Diagnostic;
use crate::matching::DiffLine;
use crate::plan::Plan;
use crate::source::Span;
use crate::transcript::{Exchange, TimeSpent};

/// What came of one page, or of one of the runs of a page that runs once for each of several providers.
#[derive(Debug, Clone)]
pub struct PageOutcome {
    /// The page's path as it was named.
    pub path: String,
    /// The provider that the run was about; absent where the page names none.
    pub provider: Option<String>,
    /// True for a run that is not the first one of its page: what there is to tell of the page itself, that one tells.
    pub repeats: bool,
    /// The plan, where the page could be read.
    pub plan: Option<Arc<Plan>>,
    /// The verdict on the whole page.
    pub verdict: PageVerdict,
    /// Real time, in microseconds.
    pub duration_us: u64,
    /// What is wrong with the page itself, or with the machine.
    pub diagnostics: Vec<Diagnostic>,
    /// One for each step of the plan, in order.
    pub steps: Vec<StepOutcome>,
    /// Where the verdict is `KnownStale`: why.
    pub expected_stale: Option<String>,
}

/// The verdict on a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageVerdict {
    /// Everything that could be compared is true, or the page has nothing to run.
    Ok,
    /// Something that happened while the page ran is not what it says.
    Stale,
    /// It is stale, or on a list of known-stale pages and cannot even be read or planned, and that is known: it does
    /// not fail.
    KnownStale,
    /// The page cannot be read or planned: the author's to mend.
    PageError,
    /// doccheck could not do its work: a tool, port or install is missing.
    MachineError,
}

impl PageVerdict {
    /// The word that reports use.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Stale | Self::KnownStale => "stale",
            Self::PageError | Self::MachineError => "error",
        }
    }
}

impl PageVerdict {
    /// True where the run must not be green.
    pub fn fails(self) -> bool {
        !matches!(self, Self::Ok | Self::KnownStale)
    }
}

/// The verdict on a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepVerdict {
    /// Everything that the page says of it is true, and it says something.
    Ok,
    /// Something that the page says of it is not true.
    Stale,
    /// The same, and that is known: it does not fail.
    KnownStale,
    /// It could not be run.
    Error,
    /// It ran as it should and printed something that was not compared, or compared only with answers drafted from the
    /// page.
    Unchecked,
    /// An earlier step had stopped the page, or Ctrl-C the run.
    NotReached,
    /// The page says not to run it.
    Skipped,
}

impl StepVerdict {
    /// The word that reports use.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Stale | Self::KnownStale => "stale",
            Self::Error => "error",
            Self::Unchecked => "unchecked",
            Self::NotReached => "not_reached",
            Self::Skipped => "skipped",
        }
    }
}

/// What came of one step.
#[derive(Debug, Clone)]
pub struct StepOutcome {
    /// The step's name.
    pub name: String,
    /// The 1-based line of its fence's opening marker.
    pub line: usize,
    /// The language as written on the page.
    pub language: String,
    /// The verdict.
    pub verdict: StepVerdict,
    /// Where the verdict is `KnownStale`: why.
    pub expected_stale: Option<String>,
    /// The exit status, where it ended with one (128 + n for signal n).
    pub exit: Option<i32>,
    /// Real time, in microseconds.
    pub duration_us: u64,
    /// Everything that was compared.
    pub checks: Vec<Check>,
    /// What the sandbox was asked and what it answered.
    pub exchanges: Vec<Exchange>,
    /// How the time of the page's world was spent; absent where it is real time.
    pub time: Option<TimeSpent>,
    /// What a reader of the report should know.
    pub notes: Vec<String>,
    /// True where later steps cannot be trusted to run: an unexpected status, a time limit, no start.
    pub stops_page: bool,
}

/// What a check is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckKind {
    /// What a step printed.
    Output,
    /// How a step ended.
    Exit,
    /// What an HTTP answer held.
    Http,
    /// A fault that was never met.
    Fault,
    /// How long the step waited after an answer that said how long to wait.
    Wait,
    /// A host that nothing serves.
    Network,
    /// A limit: time, output.
    Containment,
    /// What a step printed that the page does not show, against what was kept of it.
    Snapshot,
    /// A step that is known to be stale, and is not.
    ExpectedStale,
}

impl CheckKind {
    /// The word that reports use.
    pub fn word(self) -> &'static str {
        match self {
            Self::Output => "output",
            Self::Exit => "exit",
            Self::Http => "http",
            Self::Fault => "fault",
            Self::Wait => "wait",
            Self::Network => "network",
            Self::Containment => "containment",
            Self::Snapshot => "snapshot",
            Self::ExpectedStale => "expected_stale",
        }
    }
}

/// One thing that was compared.
#[derive(Debug, Clone)]
pub struct Check {
    /// What it is about.
    pub kind: CheckKind,
    /// The 1-based line of the output fence's opening marker, else of the step's.
    pub line: usize,
    /// The 1-based line of the first difference.
    pub at: Option<usize>,
    /// True where what the page says is true.
    pub ok: bool,
    /// What differs, lower case, no final period; empty where `ok`.
    pub message: String,
    /// What the page says.
    pub expected: Option<String>,
    /// What happened.
    pub actual: Option<String>,
    /// The place on the page that is not true; the step's opening line where nothing better is known.
    pub span: Span,
    /// Expected and actual, aligned; empty where `ok` or where a diff tells nothing.
    pub diff: Vec<DiffLine>,
    /// What to do next.
    pub help: Vec<String>,
}

impl StepOutcome {
    /// True where an answer was drafted from the page: what was compared with it proves nothing.
    pub fn is_drafted(&self) -> bool {
        self.exchanges.iter().any(|exchange| exchange.drafted)
    }

    /// Takes in one more thing that was compared.
    pub fn add(&mut self, check: Check) {
        if !check.ok {
            self.verdict = StepVerdict::Stale;
        } else if self.verdict == StepVerdict::Unchecked && !self.is_drafted() {
            self.verdict = StepVerdict::Ok;
        }
        self.checks.push(check);
    }
}

impl PageOutcome {
    /// What the run is called: by its page's path, and its provider where there is one.
    pub fn title(&self) -> String {
        title(&self.path, self.provider.as_deref())
    }

    /// The time that passed on the clock of the page's world while its steps ran, in microseconds; absent where it had
    /// real time.
    pub fn virtual_us(&self) -> Option<u64> {
        let spans = self.steps.iter().filter_map(|step| Some(step.time.as_ref()?.virtual_us));
        spans.reduce(u64::saturating_add)
    }

    /// True where the run was broken off before the page came to its end, and nothing had been wrong until then.
    pub fn is_cut_off(&self) -> bool {
        // What is wrong with a page stops it too, and is its verdict.
        self.verdict == PageVerdict::Ok && self.steps.iter().any(|step| step.verdict == StepVerdict::NotReached)
    }

    /// The outcome of a page that cannot be read or planned.
    pub fn failed(path: &str, plan: Option<Arc<Plan>>, diagnostics: Vec<Diagnostic>) -> Self {
        Self {
            path: path.to_owned(),
            provider: None,
            repeats: false,
            plan,
            verdict: PageVerdict::PageError,
            duration_us: 0,
            diagnostics,
            steps: Vec::new(),
            expected_stale: None,
        }
    }
}
