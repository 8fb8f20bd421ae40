//! Launching and ending processes. `unsafe` lives here alone.
//!
//! Every process starts in a session and process group of its own, with a complete environment, output to
//! files and standard input at end-of-file. Everything that a page starts belongs to its `Crew`, which
//! ends all of it, also what detached itself.

mod crew;
mod interruption;
#[cfg(target_os = "linux")]
pub mod namespace;
mod orphans;

use std::ffi::OsString;
use std::fs::File;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

pub use crew::{Crew, Process};
pub use interruption::{install_handlers, interrupted};

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

/// The absolute path of the program `name` on `path` (a `PATH` value).
pub fn find_program(name: &str, path: &str) -> Option<PathBuf> {
    path.split(':')
        .filter(|folder| !folder.is_empty())
        .map(|folder| Path::new(folder).join(name))
        .find(|program| program.is_file() && rustix::fs::access(program, rustix::fs::Access::EXEC_OK).is_ok())
}
