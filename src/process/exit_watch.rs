//! A descriptor that becomes readable when a process has ended, so that waiting for a process, for what it
//! writes and for Ctrl-C is one `poll`.

use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::Pid;

use crate::system_clock;

/// A descriptor that is readable from the moment when the process `pid` ends. It does not reap it.
#[cfg(target_os = "linux")]
pub(super) fn exit_watch(pid: Pid) -> io::Result<OwnedFd> {
    Ok(rustix::process::pidfd_open(pid, rustix::process::PidfdFlags::empty())?)
}

/// A descriptor that is readable from the moment when the process `pid` ends. It does not reap it.
#[cfg(not(target_os = "linux"))]
pub(super) fn exit_watch(pid: Pid) -> io::Result<OwnedFd> {
    super::spawn::exit_queue(pid)
}

/// Waits until one of `descriptors` is readable or `deadline` passes; tells which are readable.
pub(super) fn wait_readable(descriptors: &[BorrowedFd<'_>], deadline: Instant) -> io::Result<Vec<bool>> {
    let mut polled: Vec<_> = descriptors.iter().map(|fd| PollFd::from_borrowed_fd(*fd, PollFlags::IN)).collect();
    loop {
        let left = timespec(deadline.saturating_duration_since(system_clock::now()));
        match poll(&mut polled, Some(&left)) {
            Ok(_) => return Ok(polled.iter().map(|fd| !fd.revents().is_empty()).collect()),
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

fn timespec(duration: Duration) -> Timespec {
    Timespec {
        tv_sec: i64::try_from(duration.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: i64::from(duration.subsec_nanos()),
    }
}
