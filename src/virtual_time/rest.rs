//! Whether the world is at rest: nobody computes, and whoever waits will go on only when the clock moves.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::time::{Duration, Instant};

use crate::process::{Census, Thread, Waiting, are_same, packets_are_under_way, program_name};

/// The descriptor from which terminals and interpreters read their next step.
const COMMANDS: u64 = 200;

/// What is left of a sleep in real time when it is taken for over: who sleeps must not wake before the clock shows it.
const EARLY: Duration = Duration::from_millis(5);

/// To what a sleep is rounded whose length the system does not tell.
const ROUNDED: i64 = 100_000;

/// All threads at one moment.
#[derive(Debug)]
pub(super) struct Look {
    page: Vec<Thread>,
    wires: Vec<Thread>,
    /// True where somebody is about to get what he waits for.
    packets: bool,
}

impl Look {
    /// Looks at the page's processes and at the threads `wires` of doccheck itself, through which they speak.
    pub(super) fn at(census: &mut Census, wires: &[i32]) -> Self {
        let me = rustix::process::getpid().as_raw_nonzero().get();
        let wires = wires.iter().filter_map(|id| Thread::look(me, *id)).collect();
        let page = census.threads(Thread::look);
        // Last: what a thread sent before it was found asleep is still under way or has woken somebody.
        Self { page, wires, packets: packets_are_under_way() }
    }

    /// The same without who is busy: something for a later look to be compared with.
    pub(super) fn glance(census: &mut Census, wires: &[i32]) -> Self {
        let me = rustix::process::getpid().as_raw_nonzero().get();
        let wires = wires.iter().filter_map(|id| Thread::glance(me, *id)).collect();
        Self { page: census.threads(Thread::glance), wires, packets: false }
    }

    pub(super) fn is_busy(&self) -> bool {
        self.packets || self.all().any(|thread| thread.is_busy)
    }

    /// True where nobody has run between `earlier` and this look, nor came to be. Both find everybody anew: who was
    /// started after the processes were listed is not among them, and whoever started them may be asleep again.
    pub(super) fn is_as(&self, earlier: &Self) -> bool {
        let moments = |look: &Self| look.all().map(|thread| (Key::of(thread), thread.used)).collect::<HashSet<_>>();
        moments(self) == moments(earlier)
    }

    /// The processor time that the page's threads have used.
    pub(super) fn used(&self) -> Duration {
        self.page.iter().map(|thread| thread.used).sum()
    }

    /// True where `process` waits for its next step, has just been sent it, or is gone.
    pub(super) fn is_idle(&self, process: i32) -> bool {
        let main = self.page.iter().find(|thread| thread.process == process && thread.id == process);
        main.is_none_or(|main| {
            // bash reads its script from a descriptor of its own that leads to the same pipe.
            let reads_commands = |from| are_same(process, from, COMMANDS);
            let waits = matches!(main.waiting(), Waiting::Bytes(from) if reads_commands(from));
            // What it waits for is asked after the look. Meanwhile doccheck may have sent the step, which then began.
            let sleeps_on =
                Thread::look(process, process).is_some_and(|now| Key::of(&now) == Key::of(main) && !now.is_busy);
            waits || !sleeps_on
        })
    }

    fn all(&self) -> impl Iterator<Item = &Thread> {
        self.page.iter().chain(&self.wires)
    }

    fn has(&self, key: Key) -> bool {
        self.page.iter().any(|thread| key == Key::of(thread))
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
    /// Who was found to wait for something else, and has not run since.
    others: HashSet<Key>,
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
    /// Takes note of who sleeps; `hooked` are processes whose waits are all told. `base`: what the clock shows. `waits`
    /// tells whether a process waits for an answer that only the clock's moving brings.
    pub(super) fn note(
        &mut self,
        look: &Look,
        hooked: &BTreeSet<i32>,
        base: i64,
        now: Instant,
        waits: impl Fn(i32) -> bool,
    ) {
        let mut others = HashSet::new();
        for thread in &look.page {
            let key = Key::of(thread);
            if self.sleeps.contains_key(&key) {
                continue;
            }
            let waiting = if self.others.contains(&key) { Waiting::Something } else { thread.waiting() };
            let length = match waiting {
                Waiting::Time(length) => length,
                Waiting::AtMost(_) if hooked.contains(&thread.process) => {
                    others.insert(key);
                    continue;
                }
                Waiting::AtMost(_) if waits(thread.process) => continue,
                Waiting::AtMost(length) => length,
                Waiting::Bytes(_) | Waiting::Something => {
                    others.insert(key);
                    continue;
                }
            };
            let program = program_name(thread.process);
            let earliest = self.noted.unwrap_or(now);
            self.sleeps.insert(key, Sleep { program, since: now, from: base, earliest, length, is_over: false });
        }
        self.others = others;
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
                Some(length) if slept + EARLY >= length => Some(micros(length)),
                // It may have been found late, where the machine has much else to do.
                Some(length) if !sleeps_on && now.duration_since(sleep.earliest) >= length => Some(micros(length)),
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
        let open = self.sleeps.values().filter(|sleep| !sleep.is_over);
        let until = open.map(|sleep| {
            sleep.due().unwrap_or_else(|| sleep.from.saturating_add(micros(now.duration_since(sleep.since))))
        });
        until.min().map_or(Allowed::Everything, Allowed::Until)
    }

    /// The real time until the first of them wakes, as far as it is known.
    pub(super) fn patience(&self, now: Instant) -> Option<Duration> {
        let open = self.sleeps.values().filter(|sleep| !sleep.is_over);
        let left = open.filter_map(|sleep| {
            Some(sleep.length?.saturating_sub(EARLY).saturating_sub(now.duration_since(sleep.since)))
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
    fn who_ran_since_the_look_is_not_taken_for_a_sleeper_in_a_step() {
        let me = rustix::process::getpid().as_raw_nonzero().get();
        // The main thread of the tests waits for those that run them.
        let main = Thread::look(me, me).unwrap_or_else(|| panic!("it is there"));
        let look =
            |turns| Look { page: vec![Thread { turns, is_busy: false, ..main }], wires: Vec::new(), packets: false };
        assert!(look(u64::MAX).is_idle(me), "it was another moment");
        assert!(look(0).is_idle(i32::MAX), "it is gone");
    }
}
