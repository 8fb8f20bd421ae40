//! What the threads of processes do right now, as Linux tells it under `/proc` (see proc(5)): whether they run, how often
//! they ran, and which system call they sleep in. Looking leaves no trace.
#![expect(clippy::disallowed_methods, reason = "what the kernel tells of threads is read from /proc")]

use std::fs;
use std::io::Read;
use std::os::unix::fs::FileExt;
use std::time::Duration;

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

/// What a sleeping thread waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waiting {
    /// For time alone; how long, where the system call tells.
    Time(Option<Duration>),
    /// For something else, but not for longer than the system call says.
    AtMost(Option<Duration>),
    /// For bytes from this descriptor.
    Bytes(u64),
    /// For another thread of its process, without end: for a lock, or for a word.
    Peer,
    /// For something, without end; or the system does not tell.
    Something,
}

impl Thread {
    /// Looks at a thread; `None` where it is gone or the system does not tell.
    pub fn look(process: i32, id: i32) -> Option<Self> {
        let state = read(&format!("/proc/{process}/task/{id}/stat"))?;
        // The second field is the program's name in parentheses, which may hold anything.
        let state = *state.get(state.iter().rposition(|byte| *byte == b')')? + 2)?;
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

/// True where a process's descriptor is a timer (timerfd_create(2)).
pub fn is_timer(process: i32, descriptor: i32) -> bool {
    let told = read(&format!("/proc/{process}/fdinfo/{descriptor}")).unwrap_or_default();
    String::from_utf8_lossy(&told).contains("it_value:")
}

/// The name of a process's program, at most 15 bytes of it.
pub fn program_name(process: i32) -> String {
    read(&format!("/proc/{process}/comm"))
        .map_or_else(String::new, |name| String::from_utf8_lossy(&name).trim_end().to_owned())
}

/// When a process was started, in the kernel's ticks since the machine's start; processes of one tick are told apart by
/// their numbers.
pub fn started(process: i32) -> u64 {
    let line = read(&format!("/proc/{process}/stat"));
    let line = line.map(|line| String::from_utf8_lossy(&line).into_owned()).unwrap_or_default();
    line.rsplit_once(')').and_then(|(_, rest)| rest.split_ascii_whitespace().nth(19)?.parse().ok()).unwrap_or(u64::MAX)
}

/// Reads a short file of the kernel's at once: it tells no length, and to find the end costs a call more.
fn read(path: &str) -> Option<Vec<u8>> {
    let mut line = [0; 1024];
    let length = fs::File::open(path).ok()?.read(&mut line).ok()?;
    Some(line[..length].to_vec())
}

/// A system call with its arguments.
#[derive(Debug, PartialEq, Eq)]
struct Call {
    number: i64,
    arguments: [u64; 6],
}

/// The numbers of system calls that wait (syscalls(2)); those that an architecture lacks are -2.
mod number {
    #[cfg(target_arch = "x86_64")]
    pub(super) const ALL: Numbers = Numbers {
        read: 0,
        poll: 7,
        select: 23,
        nanosleep: 35,
        rt_sigtimedwait: 128,
        futex: 202,
        epoll_wait: 232,
        clock_nanosleep: 230,
        pselect6: 270,
        ppoll: 271,
        epoll_pwait: 281,
        restart: 219,
    };
    #[cfg(not(target_arch = "x86_64"))]
    pub(super) const ALL: Numbers = Numbers {
        read: 63,
        poll: -2,
        select: -2,
        nanosleep: 101,
        rt_sigtimedwait: 137,
        futex: 98,
        epoll_wait: -2,
        clock_nanosleep: 115,
        pselect6: 72,
        ppoll: 73,
        epoll_pwait: 22,
        restart: 128,
    };

    pub(super) struct Numbers {
        pub(super) read: i64,
        pub(super) poll: i64,
        pub(super) select: i64,
        pub(super) nanosleep: i64,
        pub(super) rt_sigtimedwait: i64,
        pub(super) futex: i64,
        pub(super) epoll_wait: i64,
        pub(super) clock_nanosleep: i64,
        pub(super) pselect6: i64,
        pub(super) ppoll: i64,
        pub(super) epoll_pwait: i64,
        pub(super) restart: i64,
    }
}

impl Call {
    /// Reads a line such as `230 0x0 0x0 0x7ffd 0x7ffe 0x0 0x0 0x7ffc 0x7fa9`; `running` is no call.
    fn parse(line: &str) -> Option<Self> {
        let mut words = line.split_ascii_whitespace();
        let number = words.next()?.parse().ok()?;
        let mut arguments = [0; 6];
        for (argument, word) in arguments.iter_mut().zip(words) {
            *argument = u64::from_str_radix(word.trim_start_matches("0x"), 16).ok()?;
        }
        Some(Self { number, arguments })
    }

    fn waiting(&self, process: i32) -> Waiting {
        let known = number::ALL;
        let [first, second, third, fourth, fifth, _] = self.arguments;
        let number = self.number;
        let span = |address| span(process, address);
        // Without descriptors it is a sleep; a negative number of milliseconds is no limit.
        let limited = |count: u64, limit: Option<Option<Duration>>| match limit {
            None => Waiting::Something,
            Some(limit) if count == 0 => Waiting::Time(limit),
            Some(limit) => Waiting::AtMost(limit),
        };
        if number == known.nanosleep {
            Waiting::Time(span(first))
        } else if number == known.clock_nanosleep {
            // The second argument's lowest bit stands for an instant in place of a span.
            Waiting::Time(span(third).filter(|_| second & 1 == 0))
        } else if number == known.restart {
            Waiting::Time(None)
        } else if number == known.read {
            Waiting::Bytes(first)
        } else if number == known.poll {
            limited(second, millis(third))
        } else if number == known.ppoll {
            limited(second, (third != 0).then(|| span(third)))
        } else if number == known.select || number == known.pselect6 {
            let unit = if number == known.select { 1000 } else { 1 };
            limited(first, (fifth != 0).then(|| pair(process, fifth, unit)))
        } else if number == known.epoll_wait || number == known.epoll_pwait {
            limited(1, millis(fourth))
        } else if number == known.futex {
            match is_wait(second) {
                true if fourth == 0 => Waiting::Peer,
                true => Waiting::AtMost(None),
                false => Waiting::Something,
            }
        } else if number == known.rt_sigtimedwait {
            limited(1, (third != 0).then(|| span(third)))
        } else {
            Waiting::Something
        }
    }
}

/// True for the operations of futex(2) that wait: only their fourth argument is a time.
fn is_wait(operation: u64) -> bool {
    matches!(operation & 0x7f, 0 | 6 | 9 | 11 | 13)
}

fn millis(argument: u64) -> Option<Option<Duration>> {
    u64::try_from(argument as i32).ok().map(|millis| Some(Duration::from_millis(millis)))
}

/// The span of time at `address` of a process: seconds and nanoseconds.
fn span(process: i32, address: u64) -> Option<Duration> {
    pair(process, address, 1)
}

/// Seconds and another number of `unit` nanoseconds.
fn pair(process: i32, address: u64, unit: u64) -> Option<Duration> {
    let mut bytes = [0; 16];
    fs::File::open(format!("/proc/{process}/mem")).ok()?.read_exact_at(&mut bytes, address).ok()?;
    let (seconds, rest) = bytes.split_at(8);
    let seconds = u64::from_ne_bytes(seconds.try_into().ok()?);
    let nanos = u64::from_ne_bytes(rest.try_into().ok()?).checked_mul(unit)?;
    // What is longer than a century is no span that anybody waits for.
    (seconds < 100 * 366 * 86_400 && nanos < 1_000_000_000)
        .then(|| Duration::from_secs(seconds) + Duration::from_nanos(nanos))
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    #[test]
    fn a_line_of_a_system_call_is_read() {
        let call = Call::parse("7 0x7ffd 0x0 0x1388 0x0 0x0 0x0 0x7ffc 0x7fa9").unwrap();
        assert_eq!(call, Call { number: 7, arguments: [0x7ffd, 0, 0x1388, 0, 0, 0] });
        assert_eq!(Call::parse("running"), None);
    }

    #[test]
    fn the_backlog_of_a_processor_is_read() {
        let line = "0000a2f4 00000000 00000003 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 \
                    0000001c 00000001 0000001c 00000000";
        assert_eq!(backlog(line), Some(28));
        assert_eq!(backlog("0000a2f4 00000000"), None);
    }

    #[cfg(target_arch = "x86_64")]
    #[test]
    fn calls_that_wait_for_time_are_told_from_others() {
        let waiting = |line: &str| Call::parse(line).unwrap().waiting(0);
        assert_eq!(waiting("7 0x0 0x0 0x1388"), Waiting::Time(Some(Duration::from_secs(5))));
        assert_eq!(waiting("7 0x1 0x1 0x1388"), Waiting::AtMost(Some(Duration::from_secs(5))));
        assert_eq!(waiting("7 0x1 0x1 0xffffffff"), Waiting::Something);
        assert_eq!(waiting("232 0x3 0x1 0x10 0xffffffffffffffff"), Waiting::Something);
        assert_eq!(waiting("232 0x3 0x1 0x10 0x64"), Waiting::AtMost(Some(Duration::from_millis(100))));
        assert_eq!(waiting("202 0x1 0x80 0x0 0x0"), Waiting::Peer);
        assert_eq!(waiting("202 0x1 0x189 0x0 0x7ffd"), Waiting::AtMost(None));
        assert_eq!(waiting("0 0xc8 0x1 0x1"), Waiting::Bytes(200));
        assert_eq!(waiting("61 0xffffffffffffffff"), Waiting::Something);
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
