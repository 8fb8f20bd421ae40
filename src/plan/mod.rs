//! What is to be run and what is expected of it: a `Tutorial` with a decision on every fence.

mod builtins;
mod checks;
mod exits;
mod expectation;
mod files;
mod inline;
mod known;
mod language;
mod lines;
pub mod names;
mod output;
mod page;
mod programs;
mod providers;
mod reading;
mod request;
mod roles;
mod rules;
mod sessions;
pub(crate) mod shell;
mod steps;
mod transcript;
mod unclosed;
mod versions;

use std::collections::BTreeMap;
use std::time::Duration;

use crate::config::{Config, DEFAULT_TIMEOUT};
use crate::diagnostic::Diagnostic;
use crate::options::{ExpectedExit, Memory, OutputRule, Ready, Setting, Stream, Time, When};
use crate::sandbox::Fault;
use crate::source::{Located, Span, Spanned};
use crate::tutorial::{Code, Tutorial};

use reading::Reading;
use steps::Limits;

pub use expectation::{Expectation, Format, Part};
pub use known::{KnownBy, KnownStale};
pub use language::Language;
pub use providers::AskedProvider;
pub use rules::{check_config, unmet};

/// A page's plan.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The page.
    pub tutorial: Tutorial,
    /// What holds for the whole page.
    pub page: PagePlan,
    /// The decision on each fence, index by index with `tutorial.fences`.
    pub roles: Vec<FenceRole>,
    /// What is done, in order.
    pub actions: Vec<Action>,
    /// The `[[page.step]]` tables that found their step: where each one's `match` stands in the configuration.
    pub ruled: Vec<Span>,
}

impl Plan {
    /// The steps, in order.
    pub fn steps(&self) -> impl Iterator<Item = &Step> {
        self.actions.iter().filter_map(|action| match action {
            Action::Step(step) => Some(step.as_ref()),
            Action::File(_) => None,
        })
    }

    /// The first step that is run and whose memory is limited.
    pub fn first_limited(&self) -> Option<&Step> {
        self.steps().find(|step| step.memory.is_some() && step.skip.is_none())
    }
}

/// What holds for the whole page.
#[derive(Debug, Clone, Default)]
pub struct PagePlan {
    /// Why the page is not run.
    pub skip: Option<String>,
    /// Variables of every step: the configuration's, then the page's.
    pub env: Vec<(String, String)>,
    /// Python packages to install: the configuration's, then the page's.
    pub python: Vec<Located<String>>,
    /// Node packages to install: the configuration's, then the page's.
    pub node: Vec<Located<String>>,
    /// The lowest Python that the page promises ("Python 3.11+"), as major and minor.
    pub python_version: Option<(u32, u32)>,
    /// The lowest Node that the page promises ("Node 20+"), as major and minor.
    pub node_version: Option<(u32, u32)>,
    /// What the page's token may do; everything where not said.
    pub scopes: Option<Vec<String>>,
    /// Outputs that the page does not show are kept in snapshots.
    pub snapshot: bool,
    /// Whose time the page's world has.
    pub time: Time,
    /// Run in the page's shell before the first step. A single line that names a file beside the one that says it means
    /// that file.
    pub setup: Option<Located<String>>,
    /// Run in the page's shell after the last step.
    pub teardown: Option<Located<String>>,
    /// A folder, beside the file that says it, that is copied into the fresh workspace.
    pub workspace: Option<Located<String>>,
    /// The providers that it asks for: it runs once for each.
    pub providers: Vec<AskedProvider>,
    /// Why the page is known to be stale.
    pub known_stale: Option<KnownStale>,
}

/// What a fence is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
    /// A careful reader could not tell.
    Unsure,
}

impl Role {
    /// The word that reports use.
    pub fn word(self) -> &'static str {
        match self {
            Self::Step => "step",
            Self::Output => "output",
            Self::File => "file",
            Self::Request => "request",
            Self::Shown => "shown",
            Self::Skipped => "skipped",
            Self::Unsure => "unsure",
        }
    }
}

/// The decision on a fence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FenceRole {
    /// What it is.
    pub role: Role,
    /// For an output: the index of the step's fence.
    pub of: Option<usize>,
    /// For a file: where it is saved.
    pub path: Option<String>,
    /// True for a step that reads names of earlier steps.
    pub continues: bool,
    /// Why, for people: a fragment such as "follows a step".
    pub reason: String,
}

/// Something to do.
#[derive(Debug, Clone)]
pub enum Action {
    /// Run a step.
    Step(Box<Step>),
    /// Save a fence in the workspace.
    File(FileAction),
}

/// A fence to be saved.
#[derive(Debug, Clone)]
pub struct FileAction {
    /// The index of the fence.
    pub fence: usize,
    /// Relative to the workspace.
    pub path: Spanned<String>,
}

/// A step.
#[derive(Debug, Clone)]
pub struct Step {
    /// Given by the author, or `<language>-<line>`.
    pub name: String,
    /// The index of its fence.
    pub fence: usize,
    /// The language.
    pub language: Language,
    /// What is run. For a transcript, the commands stand in `commands` and this is the whole fence.
    pub code: Code,
    /// The commands of a transcript, in order; empty otherwise.
    pub commands: Vec<Command>,
    /// Places in the code whose output or value the page tells in a comment.
    pub watches: Vec<Watch>,
    /// Which interpreter or terminal the step runs in. Steps of one language family with the same session share their state.
    pub session: Session,
    /// What the exit status must be.
    pub exit: ExpectedExit,
    /// Why `exit` is not zero, where the page's words decided it.
    pub exit_reason: Option<String>,
    /// The time limit.
    pub timeout: Duration,
    /// How much memory each process of the step may hold.
    pub memory: Option<Memory>,
    /// What the step reads; end-of-file at once where not said.
    pub stdin: Option<String>,
    /// Variables of this step alone.
    pub env: Vec<(String, String)>,
    /// What the sandbox is told to do wrong while the step runs.
    pub faults: Vec<Spanned<Fault>>,
    /// What must have happened before the step starts.
    pub when: Option<Spanned<When>>,
    /// Why the step is not run.
    pub skip: Option<String>,
    /// Why the step is known to be stale.
    pub known_stale: Option<KnownStale>,
    /// A rule on the output that overrides what the page shows.
    pub output: Option<OutputRule>,
    /// What the page says that the step prints.
    pub expectations: Vec<Expectation>,
    /// What there is to know of a step that runs on while later steps run.
    pub service: Option<Service>,
}

/// A step that runs on while later steps run, and ends with the page.
#[derive(Debug, Clone, Default)]
pub struct Service {
    /// What must be true before the page goes on, where the author says so.
    pub ready: Option<Ready>,
    /// What fences further down the page show of it: each goes on where the one before it ended, the first one where
    /// the step's own output ended.
    pub later: Vec<Expectation>,
}

impl Step {
    /// The names of the programs that the step starts by its shell's words; none for other languages.
    pub fn programs(&self) -> Vec<String> {
        let texts: Vec<&str> = match self.language {
            Language::Shell => vec![&self.code.text],
            Language::Console => self.commands.iter().map(|command| command.text.as_str()).collect(),
            _ => Vec::new(),
        };
        texts.into_iter().flat_map(|text| shell::scan(text).programs().map(str::to_owned).collect::<Vec<_>>()).collect()
    }

    /// True where standard output and standard error must be kept apart.
    pub fn splits_streams(&self) -> bool {
        self.expectations.iter().any(|expectation| expectation.stream != Stream::Both)
    }
}

/// A command of a transcript.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// The command's text, prompts taken off, lines joined by `\n`.
    pub text: String,
    /// Where the command's first line stands in the file.
    pub span: Span,
}

/// A statement whose output or value a comment tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Watch {
    /// The 1-based line, in the step's code, where the statement starts.
    pub first_line: usize,
    /// The 1-based line where the statement ends.
    pub last_line: usize,
    /// True for a bare expression, whose value is told; false for a statement whose output is told.
    pub value: bool,
}

/// The interpreter or terminal of a step.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Session {
    /// A program of its own.
    Fresh,
    /// Shared with all steps of the same name.
    Shared(String),
}

/// Decides on every fence of a page, which the configuration knows by `path`, relative to its folder. The plan is always
/// there, for `list`; it is fit to run only where no diagnostic is an error.
pub fn plan(tutorial: Tutorial, config: &Config, path: &str) -> (Plan, Vec<Diagnostic>) {
    let mut diagnostics = Vec::new();
    let said = page::options(&tutorial, config, path, &mut diagnostics);
    let read = |ruled: &BTreeMap<usize, Vec<Setting>>, diagnostics: &mut Vec<Diagnostic>| -> Vec<Reading<'_>> {
        let fences = tutorial.fences.iter().enumerate();
        let settings = |at: usize| ruled.get(&at).map_or_else(Vec::new, Clone::clone);
        let read =
            fences.map(|(at, fence)| reading::read(fence, &said.of_steps, settings(at), &tutorial.source, diagnostics));
        read.collect()
    };
    let mut readings = read(&BTreeMap::new(), &mut diagnostics);
    let mut decisions = roles::decide(&readings);
    // A rule names a step as the page alone makes it, and may then make something else of it.
    let found = rules::find(config, path, &readings, &decisions, &tutorial, &mut diagnostics);
    if !found.is_empty() {
        readings = read(&rules::settings(&found), &mut Vec::new());
        decisions = roles::decide(&readings);
        rules::check(&found, config, &readings, &decisions, &mut diagnostics);
    }
    let limits = Limits {
        timeout: said.own.timeout.or(said.configured.timeout).unwrap_or(DEFAULT_TIMEOUT),
        memory: said.own.memory.or(said.configured.memory),
    };
    let mut steps = Vec::new();
    let mut file_actions = Vec::new();
    for (at, decision) in decisions.iter().enumerate() {
        match (decision.language, &decision.file) {
            (_, Some(path)) => file_actions.push(FileAction { fence: at, path: path.clone() }),
            (Some(language), None) => {
                let source = &tutorial.source;
                steps.push(steps::build(at, language, &readings, &decisions, limits, source, &mut diagnostics));
            }
            (None, None) => {}
        }
    }
    let told: Vec<Option<String>> =
        steps.iter().map(|step| readings[step.fence].options.session.as_ref().map(|name| name.value.clone())).collect();
    let continues = sessions::assign(&mut steps, &told);
    for (step, continues) in steps.iter().zip(continues) {
        decisions[step.fence].role.continues = continues;
    }
    checks::check(&tutorial, &readings, &decisions, &steps, &mut diagnostics);
    unclosed::check(&tutorial, &readings, &decisions, &mut diagnostics);
    let of_steps = providers::of_steps(said.own.provider.as_ref(), &readings, &decisions, &tutorial, &mut diagnostics);
    let mut actions: Vec<Action> = file_actions.into_iter().map(Action::File).collect();
    actions.extend(steps.into_iter().map(|step| Action::Step(Box::new(step))));
    actions.sort_by_key(Action::fence);
    let roles = decisions.into_iter().map(|decision| decision.role).collect();
    let ruled = found.iter().map(|(_, rule)| rule.matches.span).collect();
    let page = page::plan(said, of_steps, &tutorial, config);
    (Plan { tutorial, page, roles, actions, ruled }, diagnostics)
}

impl Action {
    /// The index of the fence.
    fn fence(&self) -> usize {
        match self {
            Self::Step(step) => step.fence,
            Self::File(file) => file.fence,
        }
    }
}

#[cfg(test)]
pub(crate) mod specimen;
#[cfg(test)]
mod tests;
