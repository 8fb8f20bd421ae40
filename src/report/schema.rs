//! The stable JSON documents, `doccheck.run/1` and `doccheck.list/1`.
//!
//! Within a version fields are added, never changed or taken away. What is absent is `null`. Lines and columns are
//! 1-based; a fence's line is that of its opening marker.

use serde::{Deserialize, Serialize};

use crate::outcome::title;

/// The name and version of [`Run`].
pub const RUN: &str = "doccheck.run/1";

/// The name and version of [`List`].
pub const LIST: &str = "doccheck.list/1";

/// How many bytes of a check's `expected` and `actual` are told at most.
pub const TEXT_LIMIT: usize = 16 * 1024;

/// What `doccheck run --format json` prints.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// [`RUN`].
    pub schema: String,
    /// Counts.
    pub summary: Summary,
    /// The pages, in the order in which they were named or found.
    pub pages: Vec<Page>,
    /// Findings that belong to no page: the configuration, the command.
    pub diagnostics: Vec<Diagnostic>,
    /// Hosts that steps could reach for real.
    pub allowed: Vec<String>,
    /// What holds for the whole run and should be known.
    pub notes: Vec<String>,
    /// Which part of the pages this is; null where it is all of them.
    pub shard: Option<Shard>,
    /// True where the run was broken off from outside.
    pub interrupted: bool,
    /// The exit status that tells the run: 0 all true, 1 stale, 2 to 4 and 130 as `doccheck --help` says.
    pub exit: u8,
}

/// One part of the pages out of several (`--shard`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Shard {
    /// Out of how many.
    pub of: u64,
    /// Which one, from 1.
    pub index: u64,
}

/// Counts of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// All pages; one that runs for several providers counts once for each.
    pub pages: usize,
    /// Pages with the verdict `ok`.
    pub ok: usize,
    /// Pages with the verdict `stale` of which that is not known.
    pub stale: usize,
    /// Pages with the verdict `error`.
    pub error: usize,
    /// Pages that are stale, or cannot be read, and are known to: they do not fail.
    pub expected_stale: usize,
    /// Steps of all pages, also those that were not run.
    pub steps: usize,
    /// Fences whose role is open.
    pub unsure: usize,
    /// Real time of the whole run, in milliseconds.
    pub duration_ms: u64,
}

/// What came of a page, or of one of its runs for several providers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Page {
    /// The page's path as it was named.
    pub path: String,
    /// Which of several alternatives (tabs) was run.
    pub track: Option<String>,
    /// The provider that the run is about: a page runs once for each that it names. Null where it names none.
    pub provider: Option<String>,
    /// The verdict.
    pub verdict: PageVerdict,
    /// Time that passed on the clock of the page's world, in seconds; null where it had real time.
    pub virtual_s: Option<Seconds>,
    /// Real time, in milliseconds.
    pub duration_ms: u64,
    /// What is wrong with the page itself, or with the machine.
    pub diagnostics: Vec<Diagnostic>,
    /// The page's steps, in order.
    pub steps: Vec<Step>,
    /// Why the page is known to be stale and does not fail; null where it is not.
    pub expected_stale: Option<String>,
}

impl Page {
    /// True where the run was broken off before the page came to its end, and nothing had been wrong until then.
    pub fn is_cut_off(&self) -> bool {
        self.verdict == PageVerdict::Ok && self.steps.iter().any(|step| step.verdict == StepVerdict::NotReached)
    }

    /// What the run is called: by its page's path, and its provider where there is one.
    pub fn title(&self) -> String {
        title(&self.path, self.provider.as_deref())
    }
}

/// The verdict on a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PageVerdict {
    /// Everything that could be compared is true.
    Ok,
    /// Something that happened is not what the page says.
    Stale,
    /// The page could not be read, planned or run.
    Error,
}

/// A finding about a page, the configuration or the machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnostic {
    /// A stable word for the kind of finding.
    pub code: String,
    /// How much it weighs.
    pub severity: Severity,
    /// What is wrong.
    pub message: String,
    /// The file that it is about.
    pub path: Option<String>,
    /// The line.
    pub line: Option<usize>,
    /// The column, in characters.
    pub column: Option<usize>,
    /// What to do next; several things stand on a line each.
    pub help: Option<String>,
}

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// It is told.
    Note,
    /// Something is probably not meant.
    Warning,
    /// The page or the command cannot be trusted.
    Error,
}

/// What came of a step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Given by the author, or made of language and line.
    pub name: String,
    /// The line of its fence.
    pub line: usize,
    /// The language as written on the page.
    pub language: String,
    /// The verdict.
    pub verdict: StepVerdict,
    /// The exit status, where it ended with one; 128 + n for signal n.
    pub exit: Option<i32>,
    /// Real time, in milliseconds.
    pub duration_ms: u64,
    /// How the time of the page's world was spent; null where it is real time, or the step did not run.
    #[serde(default)]
    pub time: Option<Time>,
    /// Everything that was compared.
    pub checks: Vec<Check>,
    /// What the sandbox was asked and what it answered.
    pub exchanges: Vec<Exchange>,
    /// What a reader should know, such as that a new shell was started.
    pub notes: Vec<String>,
    /// Why the step is known to be stale and does not fail; null where it is not.
    pub expected_stale: Option<String>,
}

/// A number of seconds, to the millisecond.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "f64", into = "f64")]
pub struct Seconds {
    /// The same in milliseconds.
    pub millis: u64,
}

impl From<f64> for Seconds {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "what is no span of time is none")]
    fn from(seconds: f64) -> Self {
        Self { millis: (seconds * 1000.0).round() as u64 }
    }
}

impl From<Seconds> for f64 {
    #[expect(clippy::cast_precision_loss, reason = "a million years in milliseconds have fewer digits")]
    fn from(seconds: Seconds) -> Self {
        seconds.millis as Self / 1000.0
    }
}

/// How the time of a page's world was spent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Time {
    /// From the step's start to its end on the world's clock.
    pub virtual_s: Seconds,
    /// Of that, asleep or waiting for a time limit.
    pub asleep_s: Seconds,
    /// Of that, with requests and answers under way.
    pub exchanges_s: Seconds,
    /// Of that, in real time, by program.
    pub real: Vec<RealWait>,
    /// False where the next run may differ: a program that computes without looking at the clock was overtaken, or the step's
    /// time limit, which is real time, was over while the clock went on.
    pub reproducible: bool,
}

/// A program that slept in real time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RealWait {
    /// Its name.
    pub program: String,
    /// How long.
    pub waited_s: Seconds,
}

/// The verdict on a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepVerdict {
    /// Everything that the page says of it is true, and it says something.
    Ok,
    /// Something that the page says of it is not true.
    Stale,
    /// It could not be run.
    Error,
    /// It ran as it should; nothing that it printed was compared, or something that the page does not show.
    Unchecked,
    /// An earlier step had stopped the page.
    NotReached,
    /// The page says not to run it.
    Skipped,
}

/// One thing that was compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// What it is about.
    pub kind: CheckKind,
    /// The line of the output fence, else of the step's.
    pub line: usize,
    /// The line of the first difference.
    pub at: Option<usize>,
    /// True where what the page says is true.
    pub ok: bool,
    /// What differs; null where nothing does.
    pub message: Option<String>,
    /// What the page says, at most [`TEXT_LIMIT`] bytes.
    pub expected: Option<String>,
    /// What happened, at most [`TEXT_LIMIT`] bytes.
    pub actual: Option<String>,
    /// Both, line by line, at most [`TEXT_LIMIT`] bytes: `-` starts what the page says, `+` what happened, a blank what
    /// is the same, `@@` a line that tells how many are left out. Lines that wildcards match are the same. Null where
    /// `ok` or where a diff tells nothing.
    pub diff: Option<String>,
    /// What to do next; several things stand on a line each.
    pub help: Option<String>,
}

/// What a check is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckKind {
    /// What the step printed.
    Output,
    /// How the step ended.
    Exit,
    /// What an HTTP answer held.
    Http,
    /// A fault that no request met.
    Fault,
    /// How long the step waited after an answer that said how long to wait.
    Wait,
    /// A host that nothing serves.
    Network,
    /// A limit: time, output.
    Containment,
    /// What a step printed that the page does not show, against its snapshot.
    Snapshot,
    /// A step that is known to be stale, and is not.
    ExpectedStale,
}

/// A request and its answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Exchange {
    /// Upper case.
    pub method: String,
    /// The whole URL.
    pub url: String,
    /// The answer's status; 0 where a webhook was called and nobody answered.
    pub status: u16,
    /// The fault that decided the answer, else the one that delayed it, as written on the page.
    pub fault: Option<String>,
    /// True where the answer was drafted from a page, so that nothing compared with it is verified.
    #[serde(default)]
    pub drafted: bool,
    /// Where the sandbox called a webhook of the page by it: the event's name; null where the page asked the sandbox.
    #[serde(default)]
    pub webhook: Option<String>,
    /// When the answer went out, in seconds of the world's time since its start; with up to six decimals.
    #[serde(default)]
    pub at_s: f64,
}

/// What `doccheck list --format json` prints.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct List {
    /// [`LIST`].
    pub schema: String,
    /// The pages, in the order in which they were named or found.
    pub pages: Vec<ListedPage>,
    /// Findings that belong to no page.
    pub diagnostics: Vec<Diagnostic>,
}

/// A page and the decision on each of its fences.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedPage {
    /// The page's path as it was named.
    pub path: String,
    /// The providers for each of which it runs once; empty where it names none.
    #[serde(default)]
    pub providers: Vec<String>,
    /// Every fence, in order.
    pub fences: Vec<Fence>,
    /// What is wrong with the page.
    pub diagnostics: Vec<Diagnostic>,
}

/// The decision on a fence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fence {
    /// The line.
    pub line: usize,
    /// The language as written; `indented` for a block that is marked off by indentation.
    pub language: Option<String>,
    /// What it is.
    pub role: Role,
    /// For an output: the line of the step's fence.
    pub of: Option<usize>,
    /// For a file: where it is saved in the workspace.
    pub path: Option<String>,
    /// Which of several alternatives (tabs) it belongs to.
    pub track: Option<String>,
    /// True for a step that reads names of earlier steps.
    pub continues: bool,
    /// Why it has this role.
    pub reason: String,
}

/// What a fence is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// It is run.
    Step,
    /// It shows what a step printed.
    Output,
    /// It is saved in the workspace.
    File,
    /// HTTP text, sent natively.
    Request,
    /// It is only shown.
    Shown,
    /// The author said not to run it.
    Skipped,
    /// A careful reader could not tell: it is counted and not run.
    Unsure,
}
