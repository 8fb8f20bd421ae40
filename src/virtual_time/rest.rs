//! Whether the world is at rest: nobody computes, and whoever waits will go on only when the clock moves.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use crate::process::{Census, Thread, Waiting, are_same, packets_are_under_way, program_name};

/// The descriptor from which terminals and interpreters read their next step.
const COMMANDS: u64 = 200;

/// What is left of a sleep in real time when it is taken for over: who sleeps must not wake before the clock shows it.
const EARLY: Duration = Duration::from_millis(5);

/// To what a sleep is rounded whose length the system does not tell.
const ROUNDED: i64 = 100_000;

/// What is known of threads that sleep, until they run again.
#[derive(Debug, Default)]
pub(super) struct Asleep(HashMap<Key, Waiting>);

/// All threads at one moment.
#[derive(Debug)]
pub(super) struct Look {
    page: Vec<(Thread, Option<Waiting>)>,
    wires: Vec<(Thread, Option<Waiting>)>,
}

impl Asleep {
    /// Looks at the page's processes and at the threads `wires` of doccheck itself, through which they speak.
    pub(super) fn look(&mut self, census: &mut Census, wires: &[i32]) -> Look {
        let me = rustix::process::getpid().as_raw_nonzero().get();
        let wires = wires.iter().filter_map(|id| Thread::glance(me, *id)).collect();
        let look = Look { page: self.with_waits(census.threads(Thread::glance)), wires: self.with_waits(wires) };
        let known = look.all().filter_map(|(thread, waiting)| Some((Key::of(thread), (*waiting)?)));
        self.0 = known.collect();
        look
    }

    fn with_waits(&self, threads: Vec<Thread>) -> Vec<(Thread, Option<Waiting>)> {
        let waiting = |thread: &Thread| self.0.get(&Key::of(thread)).copied().or_else(|| thread.waiting());
        threads.into_iter().map(|thread| (thread, waiting(&thread))).collect()
    }
}

impl Look {
    /// True where somebody has a processor.
    pub(super) fn is_busy(&self) -> bool {
        self.all().any(|(_, waiting)| waiting.is_none())
    }

    /// True where nobody has run since the look, or is about to, or came to be. Everybody is found anew: who was started
    /// after the look had listed the processes is not in it, and whoever started him may be asleep again.
    ///
    /// Each was seen asleep in the look and has had no turn since: so there was a moment at which all of them slept.
    pub(super) fn still_holds(&self, census: &mut Census) -> bool {
        // First: whatever was sent before everybody slept has been delivered then, and whoever got it is seen to have woken.
        if packets_are_under_way() {
            return false;
        }
        let wires = self.wires.iter().filter_map(|(thread, _)| Thread::look(thread.process, thread.id));
        let now: Vec<Thread> = census.threads(Thread::look).into_iter().chain(wires).collect();
        let keys = now.iter().map(Key::of).collect::<HashSet<_>>();
        let same = keys == self.all().map(|(thread, _)| Key::of(thread)).collect();
        same && !now.iter().any(|thread| thread.is_busy)
    }

    /// The processor time that the page's threads have used.
    pub(super) fn used(&self) -> Duration {
        self.page.iter().map(|(thread, _)| thread.used).sum()
    }

    /// True where `process` waits for its next step, has just been sent it, or is gone.
    pub(super) fn is_idle(&self, process: i32) -> bool {
        let main = self.page.iter().find(|(thread, _)| thread.process == process && thread.id == process);
        main.is_none_or(|(main, waiting)| {
            let Some(Waiting::Bytes(from)) = waiting else { return false };
            // bash reads its script from a descriptor of its own that leads to the same pipe. Which one that is can be asked
            // only after the look: meanwhile doccheck may have sent the step, which then has closed it.
            let has_run = || Thread::glance(process, process).is_none_or(|now| Key::of(&now) != Key::of(main));
            are_same(process, *from, COMMANDS) || has_run()
        })
    }

    fn all(&self) -> impl Iterator<Item = &(Thread, Option<Waiting>)> {
        self.page.iter().chain(&self.wires)
    }

    fn has(&self, key: Key) -> bool {
        self.page.iter().any(|(thread, _)| key == Key::of(thread))
    }
}

/// Stands for the real world, which is no thread.
const OUTSIDE: Key = Key { process: 0, id: 0, turns: 0 };

/// A thread between two runs of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Key {
    process: i32,
    id: i32,
    turns: u64,
}

impl Key {
    fn of(thread: &Thread) -> Self {
        Self { process: thread.process, id: thread.id, turns: thread.turns }
    }
}

/// A thread that sleeps in the kernel, out of the hooks' reach.
#[derive(Debug)]
struct Sleep {
    program: String,
    /// When it was found, and what the world's clock showed then.
    since: Instant,
    from: i64,
    /// It cannot have begun before this.
    earliest: Instant,
    length: Option<Duration>,
    /// True where the clock was moved past its end.
    is_over: bool,
}

impl Sleep {
    /// When it ends on the world's clock, as far as that is known.
    fn due(&self) -> Option<i64> {
        Some(self.from.saturating_add(micros(self.length?)))
    }
}

/// Who sleeps in real time.
#[derive(Debug, Default)]
pub(super) struct RealSleepers {
    sleeps: HashMap<Key, Sleep>,
    /// When everybody was looked at last: a sleep that was not found then has begun since.
    noted: Option<Instant>,
}

/// What the sleepers in real time allow.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Allowed {
    /// Everything that is due until then.
    Until(i64),
    /// Everything: nobody sleeps in real time.
    Everything,
}

/// Real time that the world waited, and for whom.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Credit {
    pub(super) program: String,
    /// What the clock is to show.
    pub(super) until: i64,
    pub(super) length: i64,
}

impl RealSleepers {
    /// Takes note of who sleeps. `base`: what the clock shows. `counts` tells of a process whether its waits for something
    /// else, with a limit, are sleeps too: nobody tells of them, and what they are for is not the clock's to bring. What is
    /// to sleep for less than `shortest` is no sleep, but the pulse of a program that computes.
    pub(super) fn note(
        &mut self,
        look: &Look,
        base: i64,
        now: Instant,
        shortest: Duration,
        counts: impl Fn(i32) -> bool,
    ) {
        for (thread, waiting) in &look.page {
            let key = Key::of(thread);
            let length = match waiting {
                Some(Waiting::Time(length)) if length.is_none_or(|length| length >= shortest) => *length,
                Some(Waiting::AtMost(length)) if counts(thread.process) => *length,
                _ => continue,
            };
            let earliest = self.noted.unwrap_or(now);
            self.sleeps.entry(key).or_insert_with(|| {
                let program = program_name(thread.process);
                Sleep { program, since: now, from: base, earliest, length, is_over: false }
            });
        }
        self.noted = Some(now);
    }

    /// Takes note of whether an answer of the real world is awaited.
    pub(super) fn note_outside(&mut self, is_awaited: bool, base: i64, now: Instant) {
        if is_awaited {
            let program = "a real host".to_owned();
            let sleep = Sleep { program, since: now, from: base, earliest: now, length: None, is_over: false };
            self.sleeps.entry(OUTSIDE).or_insert(sleep);
        }
    }

    /// What is to be credited to the clock: sleeps that are over, or all but.
    pub(super) fn credits(&mut self, look: &Look, is_awaited: bool, now: Instant) -> Vec<Credit> {
        let mut credits = Vec::new();
        self.sleeps.retain(|key, sleep| {
            let slept = now.duration_since(sleep.since);
            let sleeps_on = if *key == OUTSIDE { is_awaited } else { look.has(*key) };
            let length = match sleep.length {
                _ if sleep.is_over => None,
                // It may have been found late, where the machine has much else to do. To credit it too early does no harm:
                // what is due later waits for its end all the same.
                Some(length) if now.duration_since(sleep.earliest) + EARLY >= length => Some(micros(length)),
                _ if !sleeps_on => Some(rounded(micros(slept))),
                _ => None,
            };
            if let Some(length) = length {
                sleep.is_over = true;
                let until = sleep.from.saturating_add(length);
                credits.push(Credit { program: sleep.program.clone(), until, length });
            }
            sleeps_on
        });
        credits.sort_by_key(|credit| credit.until);
        credits
    }

    /// What may happen while they sleep.
    pub(super) fn allowed(&self, now: Instant) -> Allowed {
        let until = self.sleeps.values().map(|sleep| {
            sleep.due().unwrap_or_else(|| sleep.from.saturating_add(micros(now.duration_since(sleep.since))))
        });
        until.min().map_or(Allowed::Everything, Allowed::Until)
    }

    /// The real time until the first of them wakes, as far as it is known.
    pub(super) fn patience(&self, now: Instant) -> Option<Duration> {
        let open = self.sleeps.values().filter(|sleep| !sleep.is_over);
        let left = open.filter_map(|sleep| {
            Some(sleep.length?.saturating_sub(EARLY).saturating_sub(now.duration_since(sleep.earliest)))
        });
        left.min()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.sleeps.is_empty()
    }

    /// A new world.
    pub(super) fn clear(&mut self, now: Instant) {
        *self = Self { noted: Some(now), ..Self::default() };
    }
}

fn rounded(micros: i64) -> i64 {
    (micros + ROUNDED / 2) / ROUNDED * ROUNDED
}

pub(super) fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_waits_for_a_step_or_is_gone_is_idle() {
        let me = rustix::process::getpid().as_raw_nonzero().get();
        let main = Thread::look(me, me).unwrap_or_else(|| panic!("it is there"));
        let look = |waiting| Look { page: vec![(main, waiting)], wires: Vec::new() };
        assert!(look(Some(Waiting::Bytes(COMMANDS))).is_idle(me));
        assert!(!look(Some(Waiting::Something)).is_idle(me));
        assert!(!look(None).is_idle(me));
        assert!(look(None).is_busy());
        assert!(look(None).is_idle(i32::MAX), "it is gone");
    }
}
