//! Starting one process through duct, in a session of its own.
#![expect(unsafe_code, reason = "what happens between fork and exec has no safe interface")]
#![expect(clippy::disallowed_methods, reason = "the descriptors of this process are listed as files")]

use std::collections::HashMap;
use std::ffi::OsString;
use std::io;
use std::mem::ManuallyDrop;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::sync::{Arc, OnceLock};

use rustix::io::{Errno, FdFlags};

use super::{Launch, MARKER, memory};

/// Starts `launch`. In the new process, before the program: a new session, then the namespaces, in order, then the
/// descriptors at their numbers and no others, then its limit of memory.
pub(super) fn spawn(launch: Launch, marker: &str, namespaces: &Arc<Vec<OwnedFd>>) -> io::Result<duct::Handle> {
    let mut env: HashMap<OsString, OsString> =
        launch.env.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
    env.insert(MARKER.into(), marker.into());

    let inherited = inherited();
    let descriptors = Arc::new(out_of_the_way(launch.descriptors)?);
    let namespaces = Arc::clone(namespaces);
    let parent = rustix::process::getpid();
    let limit = launch.memory;
    let command = duct::cmd(launch.program, launch.args).dir(launch.cwd).full_env(env).unchecked();
    let command = match launch.stdin {
        Some(stdin) => command.stdin_file(stdin),
        None => command.stdin_null(),
    };
    let command = command.stdout_file(launch.stdout).stderr_file(launch.stderr).before_spawn(move |command| {
        let (descriptors, namespaces) = (Arc::clone(&descriptors), Arc::clone(&namespaces));
        // SAFETY: between fork and exec only system calls are made; nothing is allocated, locked or freed.
        unsafe {
            command.pre_exec(move || {
                rustix::process::setsid()?;
                // First: the namespaces are descriptors too, and one of them may have a number at which another is wanted.
                enter(&namespaces)?;
                for number in inherited {
                    keep_from_program(*number)?;
                }
                for (number, descriptor) in descriptors.iter() {
                    place(descriptor, *number)?;
                }
                limit.map_or(Ok(()), memory::limit_this)?;
                end_with(parent)
            });
        }
        Ok(())
    });
    command.start()
}

/// Copies of `descriptors` above every wanted number: placing one must not overwrite another that waits for its turn.
fn out_of_the_way(descriptors: Vec<(i32, OwnedFd)>) -> io::Result<Vec<(i32, OwnedFd)>> {
    let above = descriptors.iter().map(|(number, _)| number + 1).max().unwrap_or(0);
    descriptors
        .into_iter()
        .map(|(number, descriptor)| {
            if descriptor.as_raw_fd() >= above {
                return Ok((number, descriptor));
            }
            Ok((number, rustix::io::fcntl_dupfd_cloexec(&descriptor, above)?))
        })
        .collect()
}

/// The descriptors that doccheck itself was started with, besides the standard ones: a build's job server, a terminal's
/// helper. What it opens itself is never handed on.
fn inherited() -> &'static [i32] {
    static INHERITED: OnceLock<Vec<i32>> = OnceLock::new();
    INHERITED.get_or_init(|| {
        let Ok(folder) = std::fs::read_dir("/dev/fd") else { return Vec::new() };
        folder
            .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
            .filter(|number| *number > 2)
            .filter(|number| {
                // SAFETY: the number is only asked about, and closed is an answer too.
                let flags = rustix::io::fcntl_getfd(unsafe { BorrowedFd::borrow_raw(*number) });
                flags.is_ok_and(|flags| !flags.contains(FdFlags::CLOEXEC))
            })
            .collect()
    })
}

/// Lets `number` be closed when the program starts.
fn keep_from_program(number: i32) -> io::Result<()> {
    // SAFETY: only a flag of this process's own table is set, whatever the number stands for by now.
    match rustix::io::fcntl_setfd(unsafe { BorrowedFd::borrow_raw(number) }, FdFlags::CLOEXEC) {
        Ok(()) | Err(Errno::BADF) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Makes `number` a copy of `descriptor` that stays open in the program.
fn place(descriptor: &OwnedFd, number: i32) -> io::Result<()> {
    // SAFETY: the number is taken over here, whatever it was before, and is never closed by this value.
    let mut target = ManuallyDrop::new(unsafe { OwnedFd::from_raw_fd(number) });
    Ok(rustix::io::dup2(descriptor.as_fd(), &mut target)?)
}

#[cfg(target_os = "linux")]
fn enter(namespaces: &[OwnedFd]) -> io::Result<()> {
    for namespace in namespaces {
        rustix::thread::move_into_link_name_space(namespace.as_fd(), None)?;
    }
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn enter(_namespaces: &[OwnedFd]) -> io::Result<()> {
    Ok(())
}

/// Lets the system kill the program when `parent` is gone, even by a KILL that lets it end nothing itself. What counts
/// is the thread that starts the program: a page starts all of its programs on one, which outlives them. Entering
/// namespaces forgets this, so it comes last.
#[cfg(target_os = "linux")]
fn end_with(parent: rustix::process::Pid) -> io::Result<()> {
    rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))?;
    if rustix::process::getppid() == Some(parent) { Ok(()) } else { Err(Errno::SRCH.into()) }
}

#[cfg(not(target_os = "linux"))]
fn end_with(_parent: rustix::process::Pid) -> io::Result<()> {
    Ok(())
}

/// A descriptor that is readable from the moment when the process `pid` ends.
#[cfg(not(target_os = "linux"))]
pub(super) fn exit_queue(pid: rustix::process::Pid) -> io::Result<OwnedFd> {
    use rustix::event::kqueue::{Event, EventFilter, EventFlags, ProcessEvents, kevent, kqueue};

    let queue = kqueue()?;
    let filter = EventFilter::Proc { pid, flags: ProcessEvents::EXIT };
    let event = Event::new(filter, EventFlags::ADD, std::ptr::null_mut());
    let mut none: [Event; 0] = [];
    // SAFETY: the queue watches a process, not a descriptor that could be closed behind its back.
    match unsafe { kevent(&queue, &[event], &mut none, None) } {
        Ok(_) => Ok(queue),
        // It has ended already: the read end of a pipe that nobody writes to is readable at once.
        Err(Errno::SRCH) => Ok(rustix::pipe::pipe()?.0),
        Err(error) => Err(error.into()),
    }
}
