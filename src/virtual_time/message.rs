//! What the hooks in a page's programs tell the arbiter, a line each.

use std::sync::Arc;

/// A line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Message {
    /// `hello <kind> <pid>`: every timed wait of this process will be told.
    Hello { process: i32 },
    /// `wait <id> <due> <thread>`: wake me at `due`, in microseconds.
    Wait { id: u64, due: i64, thread: i64 },
    /// `cancel <id>`: what it waited for came otherwise.
    Cancel { id: u64 },
    /// `now <id>`: wake me as soon as the clock was moved for everybody who has slept in real time and woken.
    Now { id: u64 },
    /// `sleep <microseconds> <process> <thread>`: this thread sleeps in real time, for so long if nothing wakes it before.
    Sleep { length: i64, process: i32, thread: i32 },
    /// `slept <microseconds>`: for so long it did; wake it when the clock was moved by as much.
    Slept { length: i64 },
    /// `alarm <process> <kind> <number> <since> <length> <interval> <program>`: this one rings in real time.
    Alarm { process: i32, bell: Bell, setting: Setting, program: Arc<str> },
}

/// What a process has that rings by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Bell {
    /// Its alarm clock (alarm(2), setitimer(2)).
    Process,
    /// A timer, by its id (timer_create(2)).
    Timer(u64),
    /// A timer that can be read from, by its descriptor (timerfd_create(2)).
    Descriptor(i32),
}

/// When it rings, in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Setting {
    /// When that was set, on the machine's monotonic clock, or a little before.
    pub(super) since: i64,
    /// After how long; 0 where it was set not to ring.
    pub(super) length: i64,
    /// How long after that once more, and again; 0 for one that rings once.
    pub(super) interval: i64,
}

impl Message {
    /// Reads a line; `None` for one that no hook writes.
    pub(super) fn parse(line: &str) -> Option<Self> {
        let words: Vec<_> = line.splitn(8, ' ').collect();
        match words[..] {
            ["hello", _, process] => Some(Self::Hello { process: process.parse().ok()? }),
            ["wait", id, due, thread] => {
                Some(Self::Wait { id: id.parse().ok()?, due: due.parse().ok()?, thread: thread.parse().ok()? })
            }
            ["cancel", id] => Some(Self::Cancel { id: id.parse().ok()? }),
            ["now", id] => Some(Self::Now { id: id.parse().ok()? }),
            ["sleep", length, process, thread] => Some(Self::Sleep {
                length: length.parse().ok()?,
                process: process.parse().ok()?,
                thread: thread.parse().ok()?,
            }),
            ["slept", length] => Some(Self::Slept { length: length.parse().ok()? }),
            ["alarm", process, kind, number, since, length, interval, program] => Some(Self::Alarm {
                process: process.parse().ok()?,
                program: program.into(),
                bell: match kind {
                    "process" => Bell::Process,
                    "timer" => Bell::Timer(number.parse().ok()?),
                    "descriptor" => Bell::Descriptor(number.parse().ok()?),
                    _ => return None,
                },
                setting: Setting {
                    since: since.parse().ok()?,
                    length: length.parse().ok()?,
                    interval: interval.parse().ok()?,
                },
            }),
            _ => None,
        }
    }
}

/// Takes the whole lines out of what was received; the rest stays.
pub(super) fn take_lines(received: &mut Vec<u8>) -> Vec<Message> {
    let Some(end) = received.iter().rposition(|byte| *byte == b'\n') else { return Vec::new() };
    let whole: Vec<u8> = received.drain(..=end).collect();
    String::from_utf8_lossy(&whole).lines().filter_map(Message::parse).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_lines_are_taken_and_the_rest_stays() {
        let mut received = b"hello python 17\nwait 3 1000 0\nwhat?\ncancel 3\nnow 4\nsleep 300 17 18\nslept 301\n\
              alarm 17 descriptor 5 90 300 0 my perl\nwait 4 20"
            .to_vec();
        assert_eq!(
            take_lines(&mut received),
            [
                Message::Hello { process: 17 },
                Message::Wait { id: 3, due: 1000, thread: 0 },
                Message::Cancel { id: 3 },
                Message::Now { id: 4 },
                Message::Sleep { length: 300, process: 17, thread: 18 },
                Message::Slept { length: 301 },
                Message::Alarm {
                    process: 17,
                    program: "my perl".into(),
                    bell: Bell::Descriptor(5),
                    setting: Setting { since: 90, length: 300, interval: 0 },
                },
            ]
        );
        assert_eq!(received, b"wait 4 20");
    }
}
