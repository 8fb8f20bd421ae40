//! The system call in which a thread sleeps, as Linux tells it under `/proc` (see proc(5)): what it waits for, and for how
//! long. Looking leaves no trace.
#![expect(clippy::disallowed_methods, reason = "what the kernel tells of threads is read from /proc")]

use std::fs;
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt;
use std::time::Duration;

use rustix::net::sockopt::{Timeout, socket_timeout};
use rustix::time::{ClockId, clock_gettime};

/// What a sleeping thread waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waiting {
    /// For time alone; how long, where the system call tells.
    Time(Option<Duration>),
    /// For something else, but not for longer than the system call says.
    AtMost(Option<Duration>),
    /// For the other end of a socket that has a time limit of its own, for so long at most: no hook makes that virtual.
    Socket(Duration),
    /// For a signal, or for a timer that can be read from: an alarm may be to come of which the system tells nothing.
    Alarm,
    /// For bytes from this descriptor.
    Bytes(u64),
    /// For another thread of its process, without end: for a lock, or for a word.
    Peer,
    /// For something, without end; or the system does not tell.
    Something,
}

/// A system call with its arguments.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Call {
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
        rt_sigsuspend: 130,
        pause: 34,
        futex: 202,
        epoll_wait: 232,
        clock_nanosleep: 230,
        pselect6: 270,
        ppoll: 271,
        epoll_pwait: 281,
        epoll_pwait2: 441,
        semtimedop: 220,
        restart: 219,
        // read, recvfrom, recvmsg, readv, accept, accept4, recvmmsg
        receiving: [0, 45, 47, 19, 43, 288, 299],
        // write, sendto, sendmsg, writev, connect, sendmmsg
        sending: [1, 44, 46, 20, 42, 307],
    };
    #[cfg(not(target_arch = "x86_64"))]
    pub(super) const ALL: Numbers = Numbers {
        read: 63,
        poll: -2,
        select: -2,
        nanosleep: 101,
        rt_sigtimedwait: 137,
        rt_sigsuspend: 133,
        pause: -2,
        futex: 98,
        epoll_wait: -2,
        clock_nanosleep: 115,
        pselect6: 72,
        ppoll: 73,
        epoll_pwait: 22,
        epoll_pwait2: 441,
        semtimedop: 192,
        restart: 128,
        receiving: [63, 207, 212, 65, 202, 242, 243],
        sending: [64, 206, 211, 66, 203, 269],
    };

    pub(super) struct Numbers {
        pub(super) read: i64,
        pub(super) poll: i64,
        pub(super) select: i64,
        pub(super) nanosleep: i64,
        pub(super) rt_sigtimedwait: i64,
        pub(super) rt_sigsuspend: i64,
        pub(super) pause: i64,
        pub(super) futex: i64,
        pub(super) epoll_wait: i64,
        pub(super) clock_nanosleep: i64,
        pub(super) pselect6: i64,
        pub(super) ppoll: i64,
        pub(super) epoll_pwait: i64,
        pub(super) epoll_pwait2: i64,
        pub(super) semtimedop: i64,
        pub(super) restart: i64,
        /// Those that may be about a socket, which is their first argument.
        pub(super) receiving: [i64; 7],
        pub(super) sending: [i64; 6],
    }
}

impl Call {
    /// Reads a line of `/proc/<process>/task/<thread>/syscall`, such as `230 0x0 0x0 0x7ffd 0x7ffe 0x0 0x0 0x7ffc 0x7fa9`;
    /// `running` is no call.
    pub(super) fn parse(line: &str) -> Option<Self> {
        let mut words = line.split_ascii_whitespace();
        let number = words.next()?.parse().ok()?;
        let mut arguments = [0; 6];
        for (argument, word) in arguments.iter_mut().zip(words) {
            *argument = u64::from_str_radix(word.trim_start_matches("0x"), 16).ok()?;
        }
        Some(Self { number, arguments })
    }

    pub(super) fn waiting(&self, process: i32) -> Waiting {
        let known = number::ALL;
        let [first, second, third, fourth, fifth, _] = self.arguments;
        let number = self.number;
        if let Some(limit) = self.socket_limit(process) {
            return Waiting::Socket(limit);
        }
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
            Waiting::Time(if second & 1 == 0 { span(third) } else { left(first == 0, span(third)) })
        } else if number == known.restart {
            Waiting::Time(None)
        } else if number == known.read {
            if is_timer(process, first as i32) { Waiting::Alarm } else { Waiting::Bytes(first) }
        } else if number == known.pause || number == known.rt_sigsuspend {
            Waiting::Alarm
        } else if number == known.poll {
            limited(second, millis(third))
        } else if number == known.ppoll {
            limited(second, (third != 0).then(|| span(third)))
        } else if number == known.select || number == known.pselect6 {
            let unit = if number == known.select { 1000 } else { 1 };
            limited(first, (fifth != 0).then(|| pair(process, fifth, unit)))
        } else if number == known.epoll_wait || number == known.epoll_pwait {
            limited(1, millis(fourth))
        } else if number == known.epoll_pwait2 || number == known.semtimedop {
            limited(1, (fourth != 0).then(|| span(fourth)))
        } else if number == known.futex {
            match is_wait(second) {
                true if fourth == 0 => Waiting::Peer,
                true if second & 0x7f == 0 => Waiting::AtMost(span(fourth)),
                true => Waiting::AtMost(left(second & FUTEX_CLOCK_REALTIME != 0, span(fourth))),
                false => Waiting::Something,
            }
        } else if number == known.rt_sigtimedwait {
            if third == 0 { Waiting::Alarm } else { Waiting::AtMost(span(third)) }
        } else {
            Waiting::Something
        }
    }

    /// How long it waits at most for the other end of a socket, where the socket says so (`SO_RCVTIMEO`, `SO_SNDTIMEO`; see
    /// socket(7)).
    fn socket_limit(&self, process: i32) -> Option<Duration> {
        let known = number::ALL;
        let limit = if known.receiving.contains(&self.number) {
            Timeout::Recv
        } else if known.sending.contains(&self.number) {
            Timeout::Send
        } else {
            return None;
        };
        socket_timeout(socket(process, self.arguments[0] as i32)?, limit).ok()?
    }
}

/// True where a process's descriptor is a timer (timerfd_create(2)).
pub fn is_timer(process: i32, descriptor: i32) -> bool {
    let file = fs::read_link(format!("/proc/{process}/fd/{descriptor}"));
    file.is_ok_and(|file| file.to_str() == Some("anon_inode:[timerfd]"))
}

/// A process's socket, also in this process from now on.
#[cfg(target_os = "linux")]
fn socket(process: i32, descriptor: i32) -> Option<OwnedFd> {
    use rustix::process::{Pid, PidfdFlags, PidfdGetfdFlags, pidfd_getfd, pidfd_open};

    let file = fs::read_link(format!("/proc/{process}/fd/{descriptor}")).ok()?;
    file.to_str().filter(|file| file.starts_with("socket:"))?;
    let process = pidfd_open(Pid::from_raw(process)?, PidfdFlags::empty()).ok()?;
    pidfd_getfd(&process, descriptor, PidfdGetfdFlags::empty()).ok()
}

/// No other system gives it away.
#[cfg(not(target_os = "linux"))]
fn socket(_process: i32, _descriptor: i32) -> Option<OwnedFd> {
    None
}

/// How long it is until an instant, on the clock that counts from 1970 or on the monotonic one.
fn left(is_wall: bool, instant: Option<Duration>) -> Option<Duration> {
    let clock = if is_wall { ClockId::Realtime } else { ClockId::Monotonic };
    let now = Duration::try_from(clock_gettime(clock)).ok()?;
    Some(instant?.saturating_sub(now))
}

/// The bit of an operation of futex(2) whose time is one of the clock that counts from 1970.
const FUTEX_CLOCK_REALTIME: u64 = 0x100;

/// True for the operations of futex(2) that wait: only their fourth argument is a time, for all but the first an instant.
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
    use super::*;

    #[test]
    fn a_line_of_a_system_call_is_read() {
        let call = Call::parse("7 0x7ffd 0x0 0x1388 0x0 0x0 0x0 0x7ffc 0x7fa9").unwrap();
        assert_eq!(call, Call { number: 7, arguments: [0x7ffd, 0, 0x1388, 0, 0, 0] });
        assert_eq!(Call::parse("running"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_socket_may_have_a_time_limit_of_its_own() {
        let (one, other) = std::os::unix::net::UnixStream::pair().unwrap();
        one.set_read_timeout(Some(Duration::from_secs(3))).unwrap();
        let me = i32::try_from(std::process::id()).unwrap();
        let waiting = |number, socket: &std::os::unix::net::UnixStream| {
            let descriptor = u64::try_from(std::os::fd::AsRawFd::as_raw_fd(socket)).unwrap();
            Call { number, arguments: [descriptor, 0, 0, 0, 0, 0] }.waiting(me)
        };
        let (receives, sends) = (number::ALL.receiving[1], number::ALL.sending[1]);
        assert_eq!(waiting(receives, &one), Waiting::Socket(Duration::from_secs(3)));
        assert_eq!((waiting(sends, &one), waiting(receives, &other)), (Waiting::Something, Waiting::Something));
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
}
