//! One run: pages, workers, events to observers.
//!
//! A `Session` is what all pages of a run share; it runs one page after the other or several at once. What a
//! page did is told as `Event`s while it happens and as a `PageOutcome` at the end.

mod environment;
mod limits;
mod page;
mod performance;
pub mod record;
mod services;
mod shard;
mod snapshots;
mod states;
mod worker;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::baseline::Baseline;
use crate::config::Config;
use crate::diagnostic::{Diagnostic, Severity};
use crate::exec::Tree;
use crate::inputs::{self, Input};
use crate::outcome::{PageOutcome, PageVerdict, StepOutcome, title};
use crate::plan::{Plan, Role};
use crate::process::interrupted;
use crate::provision::Provisioner;
use crate::redact::Secrets;
use crate::sandbox::Definition;
use crate::source::SourceFile;
use crate::transcript::{InputState, Transcript};
use worker::Worker;

pub use shard::Shard;

/// What happens during a run, told as it happens.
#[derive(Debug)]
pub enum Event<'a> {
    /// A page starts.
    PageStarted {
        /// Its title.
        title: &'a str,
    },
    /// Something slow is done before the steps, such as installing packages.
    Preparing {
        /// The page's title.
        title: &'a str,
        /// What is done.
        message: &'a str,
    },
    /// A step starts.
    StepStarted {
        /// The page's path.
        path: &'a str,
        /// The provider that the page's run is about.
        provider: Option<&'a str>,
        /// The step's name.
        name: &'a str,
        /// The 1-based line of its fence.
        line: usize,
    },
    /// A step has ended and was judged.
    StepEnded {
        /// The page's path.
        path: &'a str,
        /// The provider that the page's run is about.
        provider: Option<&'a str>,
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

/// A page that is to be run; one for each of its runs, where it runs for several providers.
#[derive(Debug, Clone)]
pub struct Page {
    /// Its path, as it is told to people.
    pub path: String,
    /// Its path relative to the configuration's folder: by it `doccheck.toml` and lists of known-stale steps name it.
    pub relative: String,
    /// What it holds, or why it cannot be read.
    pub source: Result<Arc<SourceFile>, Diagnostic>,
    /// True where the user named this very page: then it must have a step.
    pub named: bool,
    /// The provider that the run is about.
    pub provider: Option<String>,
    /// True for a run that is not the first one of its page.
    pub repeats: bool,
}

impl Page {
    /// What the run is called, as it is told to people.
    pub fn title(&self) -> String {
        title(&self.path, self.provider.as_deref())
    }

    /// What `doccheck.toml`'s folder makes of it: by it lists of known-stale steps name the run.
    pub fn listed(&self) -> String {
        title(&self.relative, self.provider.as_deref())
    }
}

/// How a run goes.
#[derive(Debug, Clone, Default)]
pub struct RunOptions {
    /// Stop at the first difference.
    pub fail_fast: bool,
    /// Keep the workspaces, and tell where they are.
    pub keep: bool,
    /// The folder for transcripts of this run; none are kept where `None`.
    pub transcripts: Option<PathBuf>,
    /// What is known to be stale.
    pub baseline: Option<Arc<Baseline>>,
    /// What every workspace starts with.
    pub files: Tree,
    /// Folders that stand first on the steps' `PATH`.
    pub path: Vec<PathBuf>,
}

/// What all pages of one run share.
#[derive(Debug)]
pub struct Session {
    /// What the repository says about its pages.
    pub config: Config,
    /// The sandbox that answers.
    pub definition: Arc<Definition>,
    /// Interpreters and packages.
    pub provisioner: Provisioner,
    /// doccheck's own environment: the steps get only what the configuration passes on, and `PATH`.
    pub variables: Vec<(String, String)>,
    /// How the run goes.
    pub options: RunOptions,
    /// Folders that stand first on the steps' `PATH`: where the programs are that the pages are about.
    pub programs: Vec<PathBuf>,
    secrets: Secrets,
    idle: Mutex<Vec<Worker>>,
    stopped: AtomicBool,
    /// The states that were looked at: what pages share is read once.
    states: Mutex<BTreeMap<Input, String>>,
}

impl Session {
    /// A session in which nothing has run yet. The folder for transcripts is emptied.
    pub fn new(
        config: Config,
        definition: Arc<Definition>,
        provisioner: Provisioner,
        variables: Vec<(String, String)>,
        options: RunOptions,
    ) -> Self {
        let passed: Vec<_> = variables.iter().filter(|(name, _)| config.pass.contains(name)).cloned().collect();
        let secrets = Secrets::new(&passed);
        Self {
            config,
            definition,
            provisioner,
            variables,
            options,
            programs: Vec::new(),
            secrets,
            idle: Mutex::default(),
            stopped: AtomicBool::new(false),
            states: Mutex::default(),
        }
    }

    /// Runs one page.
    pub fn page(&self, page: &Page, observer: &dyn Observer) -> PageOutcome {
        observer.see(&Event::PageStarted { title: &page.title() });
        let outcome = page::run(self, page, observer);
        if self.options.fail_fast && outcome.verdict.fails() {
            self.stopped.store(true, Ordering::Relaxed);
        }
        observer.see(&Event::PageEnded { outcome: &outcome });
        outcome
    }

    /// What holds for the whole run and should be known.
    pub fn notes(&self) -> Vec<String> {
        let uncontained = lock(&self.idle).iter().any(|worker| !worker.network.is_contained());
        let note = "this machine has no network namespaces: proxies and hooks alone keep steps from other hosts";
        uncontained.then(|| note.to_owned()).into_iter().collect()
    }

    /// The folder of the configuration, where it is known.
    pub fn root(&self) -> &Path {
        self.provisioner.root().unwrap_or(Path::new(""))
    }

    /// What a run of the page of `plan` depends on, as it is now.
    fn inputs(&self, plan: &Plan) -> Vec<InputState> {
        let folder = plan.tutorial.source.path().parent().unwrap_or(Path::new(""));
        let programs = self.programs.iter().map(|path| Input::Programs { path: path.clone() });
        let inputs = inputs::of_page(plan, &self.config, folder, self.root()).into_iter().chain(programs);
        inputs.map(|input| InputState { state: self.state(&input), input }).collect()
    }

    fn state(&self, input: &Input) -> String {
        if let Some(known) = lock(&self.states).get(input) {
            return known.clone();
        }
        let state = states::of(input);
        lock(&self.states).insert(input.clone(), state.clone());
        state
    }

    /// What `transcript`'s run depended on and has changed since.
    pub fn changed<'t>(&self, transcript: &'t Transcript) -> Option<&'t Input> {
        let changed = transcript.inputs.iter().find(|known| self.state(&known.input) != known.state);
        changed.map(|known| &known.input)
    }

    /// Runs all `pages`, `jobs` at once. The outcomes come in the order of the pages; pages that a stop or an
    /// interruption left out are not among them.
    pub fn pages(&self, pages: &[Page], jobs: usize, observer: &dyn Observer) -> Vec<PageOutcome> {
        let next = AtomicUsize::new(0);
        let done: Vec<Mutex<Option<PageOutcome>>> = pages.iter().map(|_| Mutex::default()).collect();
        std::thread::scope(|scope| {
            for _ in 0..jobs.clamp(1, pages.len().max(1)) {
                scope.spawn(|| {
                    while !interrupted() && !self.stopped.load(Ordering::Relaxed) {
                        let at = next.fetch_add(1, Ordering::Relaxed);
                        let Some(page) = pages.get(at) else { break };
                        *lock(&done[at]) = Some(self.page(page, observer));
                    }
                });
            }
        });
        done.into_iter().filter_map(|slot| slot.into_inner().unwrap_or_else(PoisonError::into_inner)).collect()
    }
}

/// What a poisoned lock holds is still whole here: every value is put in at once.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whole microseconds.
fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
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
    /// What holds for the whole run and should be known, such as that nothing contains the steps here.
    pub notes: Vec<String>,
    /// True where a fence whose role is open fails the run.
    pub strict: bool,
    /// True where a filter, glob or folder selected no page, or no page with a step.
    pub nothing_selected: bool,
    /// Which part of the pages this is, where others run the rest.
    pub shard: Option<Shard>,
    /// True where the user pressed Ctrl-C.
    pub interrupted: bool,
}

/// The exit statuses of `doccheck`. Of several the highest in this order counts:
/// 130 over 3 over 2 over 4 over 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExitCode {
    /// Everything that the pages say is true.
    True,
    /// Something is not.
    Stale,
    /// The command, the configuration or a page cannot be read.
    Usage,
    /// doccheck could not do its work: a tool, a port or an install is missing.
    Machine,
    /// A filter, glob or folder selected nothing, or nothing that has a step.
    Nothing,
    /// The user pressed Ctrl-C.
    Interrupted,
}

impl ExitCode {
    /// The number.
    pub fn number(self) -> u8 {
        match self {
            Self::True => 0,
            Self::Stale => 1,
            Self::Usage => 2,
            Self::Machine => 3,
            Self::Nothing => 4,
            Self::Interrupted => 130,
        }
    }

    /// All of them, the one that counts more after the one that counts less.
    const BY_WEIGHT: [Self; 6] =
        [Self::True, Self::Stale, Self::Nothing, Self::Usage, Self::Machine, Self::Interrupted];

    /// The one with this number.
    pub fn of_number(number: u8) -> Option<Self> {
        Self::BY_WEIGHT.into_iter().find(|code| code.number() == number)
    }

    /// The one of the two that counts.
    #[must_use]
    pub fn or_worse(self, other: Self) -> Self {
        Self::BY_WEIGHT.into_iter().rfind(|code| [self, other].contains(code)).unwrap_or(other)
    }
}

impl RunReport {
    /// The exit status that tells this report.
    pub fn exit_code(&self) -> ExitCode {
        let any = |verdict| self.pages.iter().any(|page| page.verdict == verdict);
        if self.interrupted {
            ExitCode::Interrupted
        } else if any(PageVerdict::MachineError) {
            ExitCode::Machine
        } else if any(PageVerdict::PageError) || self.diagnostics.iter().any(|found| found.severity == Severity::Error)
        {
            ExitCode::Usage
        } else if self.nothing_selected {
            ExitCode::Nothing
        } else if any(PageVerdict::Stale) || (self.strict && self.unsure() > 0) {
            ExitCode::Stale
        } else {
            ExitCode::True
        }
    }

    /// How many fences nobody could tell the role of.
    pub fn unsure(&self) -> usize {
        let plans = self.pages.iter().filter(|page| !page.repeats).filter_map(|page| page.plan.as_ref());
        plans.flat_map(|plan| &plan.roles).filter(|fence| fence.role == Role::Unsure).count()
    }
}
