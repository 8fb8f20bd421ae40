//! Launching and ending processes. `unsafe` lives here alone.
//!
//! Every process starts in a session and process group of its own, with a complete environment, output to
//! files and standard input at end-of-file. Everything that a page starts belongs to its `Crew`, which
//! ends all of it, also what detached itself.

use std::ffi::OsString;
use std::fs::File;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::time::Instant;

/// What is to be started.
#[derive(Debug)]
pub struct Launch {
    /// The program: an absolute path.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<OsString>,
    /// Its working directory.
    pub cwd: PathBuf,
    /// Its whole environment; nothing is inherited.
    pub env: Vec<(String, String)>,
    /// Standard input; end-of-file where `None`.
    pub stdin: Option<OwnedFd>,
    /// Standard output. Open the file for appending, so that what is written by several processes does not overlap.
    pub stdout: File,
    /// Standard error; may be a clone of the file of `stdout`.
    pub stderr: File,
    /// More descriptors, each with its number in the process.
    pub descriptors: Vec<(i32, OwnedFd)>,
}

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExitStatus {
    /// With a status.
    Code(i32),
    /// By a signal.
    Signal(i32),
}

/// Why a process could not be started or waited for.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// The program could not be started.
    #[error("cannot start `{program}`: {source}")]
    Start {
        /// The program.
        program: String,
        /// The system's answer.
        source: std::io::Error,
    },
    /// The system would not tell how it ended.
    #[error("cannot wait for `{program}`: {source}")]
    Wait {
        /// The program.
        program: String,
        /// The system's answer.
        source: std::io::Error,
    },
}

/// Everything that one page starts. Dropping it ends it.
#[derive(Debug)]
pub struct Crew {}

/// A running process of a crew.
#[derive(Debug)]
pub struct Process {}

impl Crew {
    /// Nobody yet.
    pub fn new() -> Self {
        todo!()
    }

    /// Starts a process.
    ///
    /// # Errors
    ///
    /// `ProcessError::Start`.
    pub fn launch(&self, _launch: Launch) -> Result<Process, ProcessError> {
        todo!()
    }

    /// Ends everything that belongs to the crew: TERM, a short grace, KILL; returns when nothing is left.
    pub fn end(&self) {
        todo!()
    }
}

impl Process {
    /// How it ended, if it has.
    ///
    /// # Errors
    ///
    /// `ProcessError::Wait`.
    pub fn try_wait(&self) -> Result<Option<ExitStatus>, ProcessError> {
        todo!()
    }

    /// Waits until it ends or `deadline` passes; `None` where it still runs then. Does not poll.
    ///
    /// # Errors
    ///
    /// `ProcessError::Wait`.
    pub fn wait_until(&self, _deadline: Instant) -> Result<Option<ExitStatus>, ProcessError> {
        todo!()
    }
}

/// True from the moment when the user pressed Ctrl-C (or TERM was sent); every wait of this module returns early then.
pub fn interrupted() -> bool {
    todo!()
}

/// The absolute path of the program `name` on `path` (a `PATH` value).
pub fn find_program(_name: &str, _path: &str) -> Option<PathBuf> {
    todo!()
}
