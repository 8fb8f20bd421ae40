//! The line on which an interpreter tells how a step ended, and the wait for it.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::pipe::{PipeFlags, pipe_with};

use super::capture::Capture;
use super::{ExecError, Stage};
use crate::outcome::Shown;
use crate::process::{Process, interrupted};
use crate::system_clock::now;

/// How long a wait lasts before it looks at limits and interruptions again.
const SLICE: Duration = Duration::from_millis(50);

/// What ended a wait.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wake {
    /// The interpreter told something.
    Line(String),
    /// The interpreter is gone.
    Closed,
    /// The time is over.
    TimedOut,
    /// The step is a service: it listens and waits.
    Serves,
    /// Too much was printed.
    OutputLimit,
    /// The user pressed Ctrl-C.
    Interrupted,
}

impl Wake {
    /// True where the step is a service that nobody announced.
    pub(super) fn is_of_service(&self, stage: &Stage<'_>) -> bool {
        *self == Self::Serves || (*self == Self::TimedOut && stage.listens())
    }
}

/// A step that runs.
pub(super) struct Unfinished<'a> {
    pub(super) stage: &'a Stage<'a>,
    pub(super) capture: &'a Capture,
    /// Whether it has printed what the page shows at it.
    pub(super) shown: &'a dyn Fn() -> Shown,
}

/// The reading end of an interpreter's status pipe.
#[derive(Debug)]
pub(super) struct StatusPipe {
    file: File,
    buffer: Vec<u8>,
}

/// A pipe whose ends no child inherits by accident.
pub(super) fn pipe() -> Result<(OwnedFd, OwnedFd), ExecError> {
    pipe_with(PipeFlags::CLOEXEC).map_err(|error| ExecError::Workspace { path: "a pipe".into(), source: error.into() })
}

impl StatusPipe {
    pub(super) fn new(end: OwnedFd) -> Self {
        let _ = rustix::io::ioctl_fionbio(&end, true);
        Self { file: File::from(end), buffer: Vec::new() }
    }

    /// Waits for the next line, of a `step` that runs until then where it is given.
    pub(super) fn next(&mut self, process: &Process, deadline: Instant, step: Option<&Unfinished<'_>>) -> Wake {
        loop {
            if let Some(line) = self.take_line() {
                return Wake::Line(line);
            }
            // Asked before reading: what a process wrote before its end is then still read.
            let ended = !matches!(process.try_wait(), Ok(None));
            match self.read() {
                Got::Some => continue,
                Got::End => return Wake::Closed,
                Got::Nothing if ended => return Wake::Closed,
                Got::Nothing => {}
            }
            let left = deadline.saturating_duration_since(now());
            if interrupted() {
                return Wake::Interrupted;
            }
            if step.is_some_and(|step| step.capture.over_limit()) {
                return Wake::OutputLimit;
            }
            if step.is_some_and(|step| step.stage.serves(step.shown)) {
                return Wake::Serves;
            }
            if left.is_zero() {
                return Wake::TimedOut;
            }
            let timeout = Timespec::try_from(left.min(SLICE)).ok();
            let _ = poll(&mut [PollFd::new(&self.file, PollFlags::IN)], timeout.as_ref());
        }
    }

    fn take_line(&mut self) -> Option<String> {
        let end = self.buffer.iter().position(|byte| *byte == b'\n')?;
        let line: Vec<u8> = self.buffer.drain(..=end).collect();
        Some(String::from_utf8_lossy(&line[..end]).into_owned())
    }

    fn read(&mut self) -> Got {
        let mut chunk = [0; 4096];
        match self.file.read(&mut chunk) {
            Ok(0) => Got::End,
            Ok(count) => {
                self.buffer.extend_from_slice(&chunk[..count]);
                Got::Some
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => Got::Nothing,
            Err(_) => Got::End,
        }
    }
}

/// What one read gave.
enum Got {
    Some,
    Nothing,
    End,
}
