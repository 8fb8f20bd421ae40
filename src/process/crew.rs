//! Everything that one page starts, and how all of it is ended.

use std::collections::{BTreeSet, HashSet};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use super::exit_watch::{exit_watch, wait_readable};
use super::family::{self, Kin};
use super::{ExitStatus, Launch, MemoryLimit, ProcessError, Woken, inspection, interrupt, memory, spawn};
use crate::system_clock;

/// How long processes may take to end by themselves after TERM.
const GRACE: Duration = Duration::from_millis(300);

/// How long the kernel may take to end what was killed, before doccheck goes on without (a process that hangs in a
/// system call cannot be killed).
const KILL_LIMIT: Duration = Duration::from_secs(5);

/// What holds for all crews of the program. Locked while a process is started or waited for, so that nobody
/// takes a process that is just being started for an orphan.
#[derive(Default)]
struct Registry {
    /// The processes that crews launched and that were not waited for.
    running: HashSet<Pid>,
    /// The first one that was launched.
    oldest: Option<Pid>,
    /// How many crews there are.
    crews: usize,
}

fn registry() -> MutexGuard<'static, Registry> {
    static REGISTRY: OnceLock<Mutex<Registry>> = OnceLock::new();
    lock(REGISTRY.get_or_init(Mutex::default))
}

/// A thread that panicked while it held a lock must not keep the others from ending their processes.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Everything that one page starts. Dropping it ends it.
#[derive(Debug)]
pub struct Crew {
    pub(super) roll: Arc<Roll>,
    namespaces: Arc<Vec<OwnedFd>>,
    /// True where nothing was launched since the last `end`.
    quiet: AtomicBool,
}

/// Who belongs to a crew.
#[derive(Debug)]
pub(super) struct Roll {
    marker: String,
    members: Mutex<Vec<Arc<Member>>>,
}

impl Roll {
    /// The members that were launched.
    fn launched(&self) -> Vec<Arc<Member>> {
        lock(&self.members).clone()
    }

    /// All living processes of the crew.
    pub(super) fn processes(&self) -> Vec<Pid> {
        let members = self.launched();
        let alive = members.iter().filter(|member| matches!(member.try_wait(), Ok(None))).map(|member| member.pid);
        alive.chain(self.relatives(&members)).collect()
    }

    fn relatives(&self, members: &[Arc<Member>]) -> Vec<Pid> {
        let launched: Vec<Pid> = members.iter().map(|member| member.pid).collect();
        let registry = registry();
        let Some(oldest) = registry.oldest else { return Vec::new() };
        let kin = Kin {
            launched: &launched,
            running: &|pid| registry.running.contains(&pid),
            marker: &self.marker,
            alone: registry.crews == 1,
            oldest,
        };
        family::relatives(&kin)
    }
}

impl Default for Crew {
    fn default() -> Self {
        Self::new()
    }
}

impl Crew {
    /// Nobody yet.
    pub fn new() -> Self {
        Self::inside(Vec::new())
    }

    /// Nobody yet; every process enters `namespaces` (as in `/proc/<pid>/ns/`), in order, before it becomes its
    /// program. A user namespace comes before those that it owns.
    pub fn inside(namespaces: Vec<OwnedFd>) -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(1);
        family::adopt_orphans();
        registry().crews += 1;
        let marker = format!("{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let quiet = AtomicBool::new(true);
        let roll = Arc::new(Roll { marker, members: Mutex::default() });
        Self { roll, namespaces: Arc::new(namespaces), quiet }
    }

    /// The variable that marks the crew's processes, which a program that replaces its environment must keep.
    pub fn mark(&self) -> (String, String) {
        (super::MARKER.to_owned(), self.roll.marker.clone())
    }

    /// Starts a process.
    ///
    /// # Errors
    ///
    /// `ProcessError::Start`.
    pub fn launch(&self, launch: Launch) -> Result<Process, ProcessError> {
        let program = launch.program.display().to_string();
        let start = |source| ProcessError::Start { program: program.clone(), source };
        let mut registry = registry();
        let handle = spawn::spawn(launch, &self.roll.marker, &self.namespaces).map_err(start)?;
        let pid = handle.pids().first().and_then(|pid| Pid::from_raw(i32::try_from(*pid).ok()?));
        let pid = pid.ok_or_else(|| start(io::Error::other("the process has no number")))?;
        let exited = exit_watch(pid).inspect_err(|_| drop(handle.kill())).map_err(start)?;
        registry.running.insert(pid);
        registry.oldest.get_or_insert(pid);
        let member = Arc::new(Member { program, pid, handle, exited });
        lock(&self.roll.members).push(Arc::clone(&member));
        self.quiet.store(false, Ordering::SeqCst);
        Ok(Process { member })
    }

    /// Ends everything that belongs to the crew: TERM, a short grace, KILL; returns when nothing is left.
    pub fn end(&self) {
        if self.quiet.swap(true, Ordering::SeqCst) {
            return;
        }
        let members = self.roll.launched();
        let start = system_clock::now();
        self.signal_all(&members, Signal::TERM, start + GRACE);
        while self.signal_all(&members, Signal::KILL, system_clock::now() + GRACE)
            && system_clock::now() < start + KILL_LIMIT
        {}
    }

    /// Sends `signal` to all that is there and waits until it is gone or `deadline` passes. False where nobody was.
    fn signal_all(&self, members: &[Arc<Member>], signal: Signal, deadline: Instant) -> bool {
        let running: Vec<_> = members.iter().filter(|member| matches!(member.try_wait(), Ok(None))).collect();
        let relatives = self.roll.relatives(members);
        if running.is_empty() && relatives.is_empty() {
            return false;
        }
        for member in &running {
            let _ = kill_process_group(member.pid, signal);
        }
        for pid in &relatives {
            let _ = kill_process(*pid, signal);
        }
        let watches: Vec<_> = relatives.iter().filter_map(|pid| exit_watch(*pid).ok()).collect();
        let mut alive: Vec<BorrowedFd<'_>> = running.iter().map(|member| member.exited.as_fd()).collect();
        alive.extend(watches.iter().map(AsFd::as_fd));
        while !alive.is_empty() && system_clock::now() < deadline {
            let Ok(ended) = wait_readable(&alive, deadline) else { break };
            let mut ended = ended.into_iter();
            alive.retain(|_| !ended.next().unwrap_or(false));
        }
        true
    }

    /// The TCP ports on which processes of the crew listen; `None` where the system does not tell.
    pub fn listening(&self) -> Option<BTreeSet<u16>> {
        inspection::ports(&self.roll.processes())
    }

    /// What is there now, so that it can be told from what comes. `reused`: a process that is there already may come to
    /// listen; to look at all of them is dearer.
    pub fn before(&self, reused: bool) -> Before {
        match inspection::newest().filter(|_| !reused) {
            Some(pid) => Before::Newest(pid),
            None => Before::Ports(self.listening().unwrap_or_default()),
        }
    }

    /// The TCP ports on which processes of the crew listen and did not `before`.
    pub fn listening_since(&self, before: &Before) -> BTreeSet<u16> {
        match before {
            Before::Ports(ports) => self.listening().unwrap_or_default().difference(ports).copied().collect(),
            Before::Newest(then) => {
                let members = self.roll.launched();
                let family = members.iter().map(|member| member.pid).chain(self.roll.relatives(&members));
                let new: Vec<Pid> = family.filter(|pid| inspection::is_newer(*pid, *then)).collect();
                inspection::ports(&new).unwrap_or_default()
            }
        }
    }
}

/// What was there when something began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Before {
    /// The newest process had this number.
    Newest(i32),
    /// Processes of the crew listened on these ports.
    Ports(BTreeSet<u16>),
}

impl Drop for Crew {
    fn drop(&mut self) {
        self.end();
        registry().crews -= 1;
    }
}

/// Kills what all crews launched, without waiting for it.
pub(super) fn kill_everything() {
    let registry = registry();
    let Some(oldest) = registry.oldest else { return };
    let launched: Vec<Pid> = registry.running.iter().copied().collect();
    let running = |pid| registry.running.contains(&pid);
    let relatives = family::relatives(&Kin { launched: &launched, running: &running, marker: "", alone: true, oldest });
    for pid in launched {
        let _ = kill_process_group(pid, Signal::KILL);
    }
    for pid in relatives {
        let _ = kill_process(pid, Signal::KILL);
    }
}

/// A process that a crew launched.
#[derive(Debug)]
struct Member {
    program: String,
    pid: Pid,
    handle: duct::Handle,
    /// Readable when it has ended.
    exited: OwnedFd,
}

impl Member {
    fn try_wait(&self) -> Result<Option<ExitStatus>, ProcessError> {
        let mut registry = registry();
        let Some(output) = self.handle.try_wait().map_err(|source| self.wait_error(source))? else { return Ok(None) };
        registry.running.remove(&self.pid);
        Ok(Some(match (output.status.code(), output.status.signal()) {
            (Some(code), _) => ExitStatus::Code(code),
            (None, signal) => ExitStatus::Signal(signal.unwrap_or_default()),
        }))
    }

    fn wait_error(&self, source: io::Error) -> ProcessError {
        ProcessError::Wait { program: self.program.clone(), source }
    }
}

/// A running process of a crew. Dropping this does not end it; the crew does.
#[derive(Debug)]
pub struct Process {
    member: Arc<Member>,
}

impl Process {
    /// The system's number for it. It leads a process group and a session of the same number.
    pub fn id(&self) -> i32 {
        self.member.pid.as_raw_nonzero().get()
    }

    /// The directory in which it stands, and the environment that it hands on to a program that it runs now; `None`
    /// where the system does not tell.
    pub fn standing(&self) -> Option<(PathBuf, Vec<(String, String)>)> {
        inspection::standing(self.member.pid)
    }

    /// Limits the memory that it, and what it starts from now on, may hold; tells the limit that it had. What it holds
    /// already counts.
    ///
    /// # Errors
    ///
    /// `ProcessError::Limit`.
    pub fn limit_memory(&self, limit: MemoryLimit) -> Result<MemoryLimit, ProcessError> {
        let limited = memory::limit(self.member.pid, limit);
        limited.map_err(|source| ProcessError::Limit { program: self.member.program.clone(), source })
    }

    /// How it ended, if it has.
    ///
    /// # Errors
    ///
    /// `ProcessError::Wait`.
    pub fn try_wait(&self) -> Result<Option<ExitStatus>, ProcessError> {
        self.member.try_wait()
    }

    /// Waits until it ends or `deadline` passes; `None` where it still runs then. Does not poll. Returns early with
    /// `None` when the user presses Ctrl-C.
    ///
    /// # Errors
    ///
    /// `ProcessError::Wait`.
    pub fn wait_until(&self, deadline: Instant) -> Result<Option<ExitStatus>, ProcessError> {
        match self.wait(None, deadline)? {
            Woken::Ended(status) => Ok(Some(status)),
            _ => Ok(None),
        }
    }

    /// Waits until there is something to read from `input` (a pipe that the process writes to), it ends, or
    /// `deadline` passes. Does not poll. What was written before the end is told before the end.
    ///
    /// # Errors
    ///
    /// `ProcessError::Wait`.
    pub fn wait_for(&self, input: BorrowedFd<'_>, deadline: Instant) -> Result<Woken, ProcessError> {
        self.wait(Some(input), deadline)
    }

    fn wait(&self, input: Option<BorrowedFd<'_>>, deadline: Instant) -> Result<Woken, ProcessError> {
        let exited = self.member.exited.as_fd();
        let wake = interrupt::wake();
        let descriptors: Vec<_> = input.into_iter().chain([exited]).chain(wake).collect();
        let readable = wait_readable(&descriptors, deadline).map_err(|source| self.member.wait_error(source))?;
        if input.is_some() && readable.first() == Some(&true) {
            return Ok(Woken::Readable);
        }
        if let Some(status) = self.try_wait()? {
            return Ok(Woken::Ended(status));
        }
        Ok(if interrupt::interrupted() { Woken::Interrupted } else { Woken::Deadline })
    }
}
