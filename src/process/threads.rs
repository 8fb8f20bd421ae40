//! What the threads of processes do right now, as Linux tells it under `/proc` (see proc(5)): whether they run, how often
//! they ran. Looking leaves no trace.
#![expect(clippy::disallowed_methods, reason = "what the kernel tells of threads is read from /proc")]

use std::fs;
use std::io::Read;
use std::time::Duration;

use super::system_call::{Call, Waiting};

/// A thread at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Thread {
    /// Its process.
    pub process: i32,
    /// Its own number.
    pub id: i32,
    /// True where it runs, waits for a processor or for the disk, or has ended and not vanished yet.
    pub is_busy: bool,
    /// How often it was given a processor: a thread that has the same number twice did nothing in between.
    pub turns: u64,
    /// The processor time that it has used.
    pub used: Duration,
}

impl Thread {
    /// Looks at a thread; `None` where it is gone or the system does not tell.
    pub fn look(process: i32, id: i32) -> Option<Self> {
        let state = state(process, id)?;
        // Who has ended (X, Z) has still to tell it to others; who has told it is in no list any more.
        Some(Self { is_busy: matches!(state, b'R' | b'D' | b'X' | b'Z'), ..Self::glance(process, id)? })
    }

    /// The same without whether it is busy, for half the price: enough to be compared with a later look.
    pub fn glance(process: i32, id: i32) -> Option<Self> {
        let scheduled = String::from_utf8(read(&format!("/proc/{process}/task/{id}/schedstat"))?).ok()?;
        let mut numbers = scheduled.split_ascii_whitespace().map(str::parse::<u64>);
        let used = Duration::from_nanos(numbers.next()?.ok()?);
        let turns = numbers.nth(1)?.ok()?;
        Some(Self { process, id, is_busy: false, turns, used })
    }

    /// The numbers of a process's threads; none where it is gone.
    pub(super) fn ids(process: i32) -> Vec<i32> {
        let Ok(folders) = fs::read_dir(format!("/proc/{process}/task")) else { return Vec::new() };
        folders.filter_map(|folder| folder.ok()?.file_name().to_str()?.parse().ok()).collect()
    }

    /// What it waits for; `None` where it has a processor. Its state does not tell that for sure: who is about to sleep is
    /// said to sleep while it still looks whether it has to.
    pub fn waiting(&self) -> Option<Waiting> {
        let line = read(&format!("/proc/{}/task/{}/syscall", self.process, self.id)).unwrap_or_default();
        if line.starts_with(b"running") {
            return None;
        }
        let call = std::str::from_utf8(&line).ok().and_then(Call::parse);
        Some(call.map_or(Waiting::Something, |call| call.waiting(self.process)))
    }
}

/// The processor time of a process's children that have ended, and of theirs.
pub fn used_by_ended_children(process: i32) -> Duration {
    let Some(line) = read(&format!("/proc/{process}/stat")) else { return Duration::ZERO };
    // The second field is the program's name in parentheses, which may hold anything. The 16th and the 17th are meant.
    let fields = line.iter().rposition(|byte| *byte == b')').and_then(|end| std::str::from_utf8(&line[end..]).ok());
    let ticks = fields.unwrap_or_default().split_ascii_whitespace().skip(14).take(2);
    let ticks: u64 = ticks.filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
    Duration::from_micros(ticks * 1_000_000 / rustix::param::clock_ticks_per_second())
}

/// True while packets of this machine's own wait for a processor to deliver them: who is to get them sleeps, and who sent
/// them may too. False where the system does not tell.
pub fn packets_are_under_way() -> bool {
    let Ok(table) = fs::read_to_string("/proc/net/softnet_stat") else { return false };
    // A line for each processor; the twelfth number is the length of its backlog.
    table.lines().any(|line| backlog(line).is_some_and(|length| length > 0))
}

fn backlog(line: &str) -> Option<u64> {
    u64::from_str_radix(line.split_ascii_whitespace().nth(11)?, 16).ok()
}

/// True where two descriptors of a process are the same pipe or file.
pub fn are_same(process: i32, one: u64, other: u64) -> bool {
    let file = |descriptor| fs::read_link(format!("/proc/{process}/fd/{descriptor}")).ok();
    one == other || file(one).is_some_and(|one| file(other) == Some(one))
}

/// True where a thread was told to stop (SIGSTOP) and not to go on since.
pub fn is_stopped(process: i32, id: i32) -> bool {
    state(process, id) == Some(b'T')
}

fn state(process: i32, id: i32) -> Option<u8> {
    let line = read(&format!("/proc/{process}/task/{id}/stat"))?;
    // The second field is the program's name in parentheses, which may hold anything.
    line.get(line.iter().rposition(|byte| *byte == b')')? + 2).copied()
}

/// True where a process has loaded a library, or a program, of this file name.
pub fn has_loaded(process: i32, name: &str) -> bool {
    let maps = fs::read_to_string(format!("/proc/{process}/maps")).unwrap_or_default();
    maps.lines().any(|line| line.rsplit_once('/').is_some_and(|(_, file)| file == name))
}

/// The name of a process's program, at most 15 bytes of it.
pub fn program_name(process: i32) -> String {
    read(&format!("/proc/{process}/comm"))
        .map_or_else(String::new, |name| String::from_utf8_lossy(&name).trim_end().to_owned())
}

/// A process and those that it comes from, as far as doccheck, the oldest first: when each was started, in the kernel's
/// ticks since the machine's start, and its number, which tells processes of one tick apart.
pub fn lineage(process: i32) -> Vec<(u64, i32)> {
    let me = rustix::process::getpid().as_raw_nonzero().get();
    let mut found = Vec::new();
    let mut next = process;
    while next > 1 && next != me {
        let (parent, started) = parent_and_start(next).unwrap_or((0, u64::MAX));
        found.push((started, next));
        next = parent;
    }
    found.reverse();
    found
}

fn parent_and_start(process: i32) -> Option<(i32, u64)> {
    let line = String::from_utf8(read(&format!("/proc/{process}/stat"))?).ok()?;
    let mut fields = line.rsplit_once(')')?.1.split_ascii_whitespace().skip(1);
    let parent = fields.next()?.parse().ok()?;
    Some((parent, fields.nth(17)?.parse().ok()?))
}

/// Reads a short file of the kernel's at once: it tells no length, and to find the end costs a call more.
fn read(path: &str) -> Option<Vec<u8>> {
    let mut line = [0; 1024];
    let length = fs::File::open(path).ok()?.read(&mut line).ok()?;
    Some(line[..length].to_vec())
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    #[test]
    fn a_process_comes_from_those_that_started_it() {
        let mut child = std::process::Command::new("sh").args(["-c", "sleep 60 & wait"]).spawn().unwrap();
        let shell = i32::try_from(child.id()).unwrap();
        let children = format!("/proc/{shell}/task/{shell}/children");
        let sleep: i32 = loop {
            let told = fs::read_to_string(&children).unwrap();
            if let Some(child) = told.split_whitespace().next() {
                break child.parse().unwrap();
            }
            std::thread::yield_now();
        };
        let lineage = lineage(sleep);
        assert_eq!(lineage.iter().map(|(_, process)| *process).collect::<Vec<_>>(), [shell, sleep]);
        assert!(lineage[0].0 <= lineage[1].0 && lineage[1].0 < u64::MAX);
        rustix::process::kill_process(rustix::process::Pid::from_raw(sleep).unwrap(), rustix::process::Signal::KILL)
            .unwrap();
        child.wait().unwrap();
    }

    #[test]
    fn the_backlog_of_a_processor_is_read() {
        let line = "0000a2f4 00000000 00000003 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 \
                    0000001c 00000001 0000001c 00000000";
        assert_eq!(backlog(line), Some(28));
        assert_eq!(backlog("0000a2f4 00000000"), None);
    }

    #[test]
    fn a_thread_that_sleeps_is_told_of_and_one_that_ran_in_between_is_not_the_same() {
        let (own, told) = channel();
        let (go, wait) = channel::<()>();
        let thread = std::thread::spawn(move || {
            own.send(rustix::thread::gettid().as_raw_nonzero().get()).unwrap();
            while wait.recv().is_ok() {}
        });
        let id = told.recv().unwrap();
        let process = i32::try_from(std::process::id()).unwrap();
        let at_rest = || loop {
            match Thread::look(process, id) {
                Some(thread) if !thread.is_busy => break thread,
                _ => std::thread::yield_now(),
            }
        };
        let before = at_rest();
        assert!(Thread::ids(process).contains(&id));
        assert_eq!(Thread::glance(process, id), Some(before));
        go.send(()).unwrap();
        while at_rest().turns == before.turns {
            std::thread::yield_now();
        }
        drop(go);
        thread.join().unwrap();
        assert_eq!(Thread::look(process, id), None);
    }
}
