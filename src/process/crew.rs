//! Everything that one page starts, and its end.

#![expect(unsafe_code, reason = "a session of its own is made between fork and exec")]

use std::collections::BTreeSet;
use std::os::fd::{AsRawFd, FromRawFd, IntoRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::os::unix::process::ExitStatusExt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};

#[cfg(target_os = "linux")]
use super::namespace::Namespace;
use super::{ExitStatus, Launch, ProcessError, interrupted, orphans};
use crate::system_clock::now;

/// How long what was asked to end may take.
const GRACE: Duration = Duration::from_millis(300);

/// How long a wait lasts before it looks at interruptions again.
const SLICE: Duration = Duration::from_millis(50);

/// The variable that marks every process of a page, so that it is known wherever it went.
const MARKER: &str = "DOCCHECK_PAGE";

/// The processes that were launched and not waited for yet: their end is nobody else's to take note of.
static LAUNCHED: Mutex<BTreeSet<i32>> = Mutex::new(BTreeSet::new());

fn launched() -> MutexGuard<'static, BTreeSet<i32>> {
    LAUNCHED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Kills the group of everything that runs, without waiting.
pub(super) fn kill_all() {
    for pid in launched().iter().filter_map(|pid| Pid::from_raw(*pid)) {
        let _ = kill_process_group(pid, Signal::KILL);
    }
}

/// Everything that one page starts. Dropping it ends it.
#[derive(Debug)]
pub struct Crew {
    marker: String,
    processes: Mutex<Vec<Arc<Process>>>,
    #[cfg(target_os = "linux")]
    namespace: Option<Arc<Namespace>>,
}

/// A running process of a crew.
#[derive(Debug)]
pub struct Process {
    program: String,
    pid: i32,
    handle: duct::Handle,
    #[cfg(target_os = "linux")]
    pidfd: Option<OwnedFd>,
}

impl Default for Crew {
    fn default() -> Self {
        Self::new()
    }
}

impl Crew {
    /// Nobody yet.
    pub fn new() -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        Self {
            marker: format!("{}-{count}", std::process::id()),
            processes: Mutex::default(),
            #[cfg(target_os = "linux")]
            namespace: None,
        }
    }

    /// Nobody yet; everybody will live inside `namespace`.
    #[cfg(target_os = "linux")]
    #[must_use]
    pub fn inside(mut self, namespace: Arc<Namespace>) -> Self {
        self.namespace = Some(namespace);
        self
    }

    /// Starts a process.
    ///
    /// # Errors
    ///
    /// `ProcessError::Start`.
    pub fn launch(&self, launch: Launch) -> Result<Arc<Process>, ProcessError> {
        let program = launch.program.display().to_string();
        let failed = |source| ProcessError::Start { program: program.clone(), source };
        let mut expression = duct::cmd(&launch.program, &launch.args)
            .dir(&launch.cwd)
            .full_env(launch.env.iter().cloned().chain([(MARKER.to_owned(), self.marker.clone())]))
            .stdout_file(launch.stdout)
            .stderr_file(launch.stderr)
            .unchecked();
        expression = match launch.stdin {
            Some(stdin) => expression.stdin_file(stdin),
            None => expression.stdin_null(),
        };
        let descriptors = launch.descriptors;
        let numbers: Vec<_> = descriptors.iter().map(|(number, fd)| (fd.as_raw_fd(), *number)).collect();
        #[cfg(target_os = "linux")]
        let namespace = self.namespace.clone();
        expression = expression.before_spawn(move |command| {
            let numbers = numbers.clone();
            #[cfg(target_os = "linux")]
            let namespace = namespace.clone();
            // SAFETY: only system calls between fork and exec; what they need was allocated before the fork.
            unsafe {
                command.pre_exec(move || {
                    rustix::process::setsid()?;
                    for (from, to) in &numbers {
                        place(*from, *to)?;
                    }
                    #[cfg(target_os = "linux")]
                    if let Some(namespace) = &namespace {
                        namespace.enter()?;
                    }
                    Ok(())
                });
            }
            Ok(())
        });
        // Nobody may take a new child for an orphan before it is written down.
        let mut known = launched();
        let handle = expression.start().map_err(failed)?;
        drop(descriptors);
        let pid = handle.pids().first().copied().map_or(0, u32::cast_signed);
        known.insert(pid);
        drop(known);
        #[cfg(target_os = "linux")]
        let pidfd = Pid::from_raw(pid)
            .and_then(|pid| rustix::process::pidfd_open(pid, rustix::process::PidfdFlags::empty()).ok());
        let process = Arc::new(Process {
            program,
            pid,
            handle,
            #[cfg(target_os = "linux")]
            pidfd,
        });
        self.processes().push(Arc::clone(&process));
        Ok(process)
    }

    fn processes(&self) -> MutexGuard<'_, Vec<Arc<Process>>> {
        self.processes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends everything that belongs to the crew: TERM, a short grace, KILL; returns when nothing is left.
    pub fn end(&self) {
        let processes = std::mem::take(&mut *self.processes());
        if processes.is_empty() {
            return;
        }
        for process in &processes {
            process.signal_group(Signal::TERM);
        }
        let deadline = now() + GRACE;
        for process in &processes {
            process.wait_for_end(deadline);
            process.signal_group(Signal::KILL);
            process.wait_for_end(now() + Duration::from_secs(5));
            let _ = process.try_wait();
        }
        orphans::end(&format!("{MARKER}={}", self.marker), &launched);
    }
}

impl Drop for Crew {
    fn drop(&mut self) {
        self.end();
    }
}

impl Process {
    /// How it ended, if it has.
    ///
    /// # Errors
    ///
    /// `ProcessError::Wait`.
    pub fn try_wait(&self) -> Result<Option<ExitStatus>, ProcessError> {
        let ended = self
            .handle
            .try_wait()
            .map_err(|source| ProcessError::Wait { program: self.program.clone(), source })?
            .map(|output| output.status);
        if ended.is_some() {
            launched().remove(&self.pid);
        }
        Ok(ended.map(|status| match (status.code(), status.signal()) {
            (Some(code), _) => ExitStatus::Code(code),
            (None, signal) => ExitStatus::Signal(signal.unwrap_or(0)),
        }))
    }

    /// Waits until it ends, `deadline` passes or the user interrupts; `None` where it still runs then.
    ///
    /// # Errors
    ///
    /// `ProcessError::Wait`.
    pub fn wait_until(&self, deadline: Instant) -> Result<Option<ExitStatus>, ProcessError> {
        loop {
            if let Some(status) = self.try_wait()? {
                return Ok(Some(status));
            }
            let left = deadline.saturating_duration_since(now());
            if left.is_zero() || interrupted() {
                return Ok(None);
            }
            self.pause(left.min(SLICE));
        }
    }

    fn wait_for_end(&self, deadline: Instant) {
        while matches!(self.try_wait(), Ok(None)) {
            let left = deadline.saturating_duration_since(now());
            if left.is_zero() {
                return;
            }
            self.pause(left.min(SLICE));
        }
    }

    /// Sleeps until the process ends, at most for `duration`.
    fn pause(&self, duration: Duration) {
        let timeout = Timespec::try_from(duration).ok();
        #[cfg(target_os = "linux")]
        if let Some(pidfd) = &self.pidfd {
            let _ = poll(&mut [PollFd::new(pidfd, PollFlags::IN)], timeout.as_ref());
            return;
        }
        let short = Timespec::try_from(duration.min(Duration::from_millis(5))).ok();
        let _ = poll(&mut [], short.as_ref().or(timeout.as_ref()));
    }

    fn signal_group(&self, signal: Signal) {
        if let Some(pid) = Pid::from_raw(self.pid) {
            // The group outlives its leader as long as anyone is left in it.
            let _ = kill_process_group(pid, signal);
            if !matches!(self.try_wait(), Ok(Some(_))) {
                let _ = kill_process(pid, signal);
            }
        }
    }
}

/// Makes the descriptor `from` known as `to`, and open after exec.
fn place(from: i32, to: i32) -> std::io::Result<()> {
    // SAFETY: `from` is open: the parent holds it across the fork. `to` is given away right after.
    let source = unsafe { rustix::fd::BorrowedFd::borrow_raw(from) };
    let mut target = unsafe { OwnedFd::from_raw_fd(to) };
    if from == to {
        rustix::io::fcntl_setfd(source, rustix::io::FdFlags::empty())?;
    } else {
        rustix::io::dup2(source, &mut target)?;
    }
    let _ = target.into_raw_fd();
    Ok(())
}
