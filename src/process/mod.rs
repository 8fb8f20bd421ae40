//! Launching and ending processes. `unsafe` lives here alone.
//!
//! Every process starts in a session and process group of its own, with a complete environment, output to
//! files and standard input at end-of-file. Everything that a page starts belongs to its `Crew`, which
//! ends all of it, also what detached itself.

mod census;
mod crew;
mod exit_watch;
mod family;
mod inspection;
mod interrupt;
mod memory;
#[cfg(target_os = "linux")]
pub mod namespace;
mod program;
mod spawn;
mod system_call;
#[cfg(test)]
mod tests;
mod threads;

use std::ffi::OsString;
use std::fs::File;
use std::os::fd::OwnedFd;
use std::path::PathBuf;

pub use census::Census;
pub use crew::{Before, Crew, Process};
pub use interrupt::{interrupted, wait_for_input, wait_for_interruption};
pub use memory::{MemoryLimit, can_limit_memory};
pub use program::find_program;
pub use system_call::{Waiting, is_timer};
pub use threads::{
    Thread, are_same, has_loaded, is_stopped, lineage, packets_are_under_way, program_name, used_by_ended_children,
};

/// The variable that every process of a crew carries: it tells whose a detached process is.
pub const MARKER: &str = "DOCCHECK_PAGE";

/// What is to be started.
#[derive(Debug)]
pub struct Launch {
    /// The program: an absolute path.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<OsString>,
    /// Its working directory.
    pub cwd: PathBuf,
    /// Its whole environment; nothing is inherited. The crew adds its `MARKER`.
    pub env: Vec<(String, String)>,
    /// Standard input; end-of-file where `None`.
    pub stdin: Option<OwnedFd>,
    /// Standard output. Open the file for appending, so that what is written by several processes does not overlap.
    pub stdout: File,
    /// Standard error; may be a clone of the file of `stdout`.
    pub stderr: File,
    /// More descriptors, each with its number in the process.
    pub descriptors: Vec<(i32, OwnedFd)>,
    /// How many bytes of memory it may hold; as many as doccheck itself where `None`.
    pub memory: Option<u64>,
}

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExitStatus {
    /// With a status.
    Code(i32),
    /// By a signal.
    Signal(i32),
}

/// What ended a wait for a process or for what it writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Woken {
    /// There is something to read, or the other end was closed.
    Readable,
    /// The process ended, and there is nothing to read.
    Ended(ExitStatus),
    /// The deadline passed.
    Deadline,
    /// The user pressed Ctrl-C.
    Interrupted,
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
    /// The system would not limit its memory.
    #[error("cannot limit the memory of `{program}`: {source}")]
    Limit {
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

/// True where there is a process of this number.
pub fn is_there(process: u32) -> bool {
    let process = i32::try_from(process).ok().and_then(rustix::process::Pid::from_raw);
    // One that is somebody else's may not be asked, and is there.
    process.is_some_and(|process| rustix::process::test_kill_process(process) != Err(rustix::io::Errno::SRCH))
}

/// Takes over SIGINT, SIGTERM and SIGHUP for the whole program. From the first one on `interrupted` is true and
/// every wait returns early, so that the program can end what it started and clean up. The second one kills
/// everything and ends the program with status 130. A second call does nothing.
///
/// A program that runs pages without calling this leaves their processes behind when Ctrl-C ends it.
///
/// # Errors
///
/// The system's, where no handler can be set.
pub fn install_handlers() -> std::io::Result<()> {
    interrupt::install(crew::kill_everything)
}
