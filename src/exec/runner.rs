//! What every runner can do. `tests/it/runners.rs` is the suite that each of them passes.

use std::path::PathBuf;
use std::time::Duration;

use crate::outcome::Shown;
use crate::plan::Step;
use crate::process::ProcessError;
use crate::serve::ServeError;
use crate::transcript::{Captured, Ending, PartRecord};

/// The bytes that are kept of a stream.
pub const KEPT: u64 = 1024 * 1024;

/// The bytes after which a step is stopped.
pub const OUTPUT_LIMIT: u64 = 64 * 1024 * 1024;

/// One step, ready to be run.
pub struct Job<'a> {
    /// The step.
    pub step: &'a Step,
    /// Its index among the plan's steps.
    pub index: usize,
    /// Its code, with placeholders and captured values filled in.
    pub code: &'a str,
    /// The texts of its commands (for a transcript), filled in likewise.
    pub commands: &'a [String],
    /// The page's path, as programs name it in their messages.
    pub page: &'a str,
    /// The 1-based line of the page on which the code's first line stands.
    pub line: usize,
    /// Whether the step, while it runs, has printed what the page shows at it.
    pub shown: &'a dyn Fn(&Ran) -> Shown,
}

impl std::fmt::Debug for Job<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Job").field("step", self.step).field("code", &self.code).finish_non_exhaustive()
    }
}

/// What running a step showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ran {
    /// How it ended.
    pub ending: Ending,
    /// How long it took, in real time.
    pub duration: Duration,
    /// Everything that it printed, as it would lie in a terminal.
    pub output: Captured,
    /// Standard output alone, where `Step::splits_streams`.
    pub stdout: Option<Captured>,
    /// Standard error alone, where `Step::splits_streams`.
    pub stderr: Option<Captured>,
    /// What single commands and watched statements printed.
    pub parts: Vec<PartRecord>,
    /// What a reader of the report should know.
    pub notes: Vec<String>,
}

/// What keeps doccheck from running a step.
#[derive(Debug, thiserror::Error)]
pub enum ExecError {
    /// The workspace's files cannot be made, written or read.
    #[error("cannot use the workspace at `{path}`: {source}")]
    Workspace {
        /// The file or folder.
        path: PathBuf,
        /// The system's answer.
        source: std::io::Error,
    },
    /// A path leads out of the workspace.
    #[error("`{0}` leads out of the workspace")]
    Outside(String),
    /// A process cannot be started or waited for.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// The wires failed.
    #[error(transparent)]
    Serve(#[from] ServeError),
    /// A tool that the step's language needs is not there.
    #[error("cannot find `{tool}`")]
    MissingTool {
        /// The program.
        tool: String,
    },
    /// Another program of the machine listens where a service is to.
    #[error("port {0} is in use by another program of this machine; end that program, or take another port")]
    PortInUse(u16),
    /// The interpreter did not keep to the protocol.
    #[error("the {language} runner lost its interpreter: {reason}")]
    Lost {
        /// The language.
        language: &'static str,
        /// What happened.
        reason: String,
    },
}

/// Where a step that is no shell step starts: what the page's terminal exports and where it stands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Place {
    /// The whole environment.
    pub env: Vec<(String, String)>,
    /// The working directory.
    pub cwd: PathBuf,
}

/// A language's runner for one page.
pub trait Runner {
    /// Runs one step. What the step does wrong is data in `Ran`.
    ///
    /// # Errors
    ///
    /// What keeps doccheck from doing its work.
    fn run(&mut self, job: &Job<'_>, place: &Place) -> Result<Ran, ExecError>;
}
