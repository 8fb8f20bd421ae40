//! Who sleeps in real time, out of the hooks' reach, and by how much that moves the clock.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::account::Credit;
use super::alarms::Alarms;
use super::rest::{Key, Look, Wait};
use super::schedule::{micros, rounded};
use crate::process::{Waiting, is_stopped, program_name};

/// What a program with hooks sleeps in real time for less than this is its runtime's own affair, such as a thread of V8 that
/// waits for another one. The clock does not move by it, so often as that may be in a process.
const OWN_AFFAIR: Duration = Duration::from_millis(10);
const OWN_AFFAIRS: u32 = 50;

/// For how long a thread sleeps at most in a program that computes, such as one that watches over the others.
pub(super) const PULSE: Duration = Duration::from_millis(100);

/// How long before somebody wakes in real time what is due before is let happen though others compute: a quarter of the
/// sleep, between these. What has been let happen needs time to do its work, and what computes for less is waited for.
const NOTICE: (Duration, Duration) = (PULSE, Duration::from_millis(500));

/// Stands for the real world, which is no thread.
const OUTSIDE: Key = Key { process: 0, id: 0, turns: 0 };

/// In place of the number of turns: a thread that has told that it sleeps, until it tells that it woke.
const TOLD: u64 = u64::MAX;

/// A thread that sleeps in the kernel, out of the hooks' reach.
#[derive(Debug)]
struct Sleep {
    program: Arc<str>,
    /// When it was found, and what the world's clock showed then.
    since: Instant,
    from: i64,
    /// It cannot have begun before this.
    earliest: Instant,
    length: Option<Duration>,
    /// True where the clock was moved past its end.
    is_over: bool,
    /// The connection by which it was told of.
    told: Option<u64>,
    /// True where the clock does not move by it.
    is_free: bool,
}

impl Sleep {
    /// When it ends on the world's clock, as far as that is known.
    fn due(&self) -> Option<i64> {
        Some(self.from.saturating_add(micros(self.length?)))
    }

    fn credit(&self, length: i64, is_cut: bool) -> Credit {
        Credit { program: Arc::clone(&self.program), until: self.from.saturating_add(length), length, is_cut }
    }
}

/// Who sleeps in real time.
#[derive(Debug, Default)]
pub(super) struct RealSleepers {
    sleeps: HashMap<Key, Sleep>,
    /// When the look before began: a sleep that was not found by it has begun since.
    noted: Option<Instant>,
    /// How often the clock did not move by a sleep of a process.
    free: HashMap<i32, u32>,
    alarms: Alarms,
    /// For which spans of the world's clock it is counted that the world waited for a program, by their beginnings.
    counted: HashMap<Arc<str>, BTreeMap<i64, i64>>,
}

/// What the sleepers in real time allow.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Allowed {
    /// Everything that is due until then.
    Until(i64),
    /// Everything: nobody sleeps in real time.
    Everything,
}

impl RealSleepers {
    /// Takes note of who sleeps. `base`: what the clock shows. `awaits` tells of a process whether
    /// what it waits for may be the clock's to bring: else a wait with a limit is a sleep too, where no hook tells of it. What is
    /// to sleep for less than `shortest` is no sleep, but the pulse of a program that computes. `hooked`: the processes that
    /// have hooks.
    pub(super) fn note(
        &mut self,
        look: &Look,
        base: i64,
        shortest: Duration,
        hooked: &BTreeSet<i32>,
        awaits: impl Fn(i32) -> bool,
    ) {
        for (thread, wait) in &look.page {
            let Some(Wait { what, program }) = wait else { continue };
            let length = match *what {
                Waiting::Time(length) if length.is_none_or(|length| length >= shortest) => length,
                Waiting::AtMost(length) if !hooked.contains(&thread.process) && !awaits(thread.process) => length,
                Waiting::Alarm if !hooked.contains(&thread.process) => None,
                Waiting::Socket(length) if !awaits(thread.process) => Some(length),
                _ => continue,
            };
            let (now, earliest) = (look.at, self.noted.unwrap_or(look.at));
            let key = Key::of(thread);
            let is_known = |turns| self.sleeps.contains_key(&Key { turns, ..key });
            // Who was stopped in his sleep goes on when he is told to.
            if !is_known(TOLD) && (is_known(key.turns) || !is_stopped(key.process, key.id)) {
                let free = &mut self.free;
                self.sleeps.entry(key).or_insert_with(|| {
                    let program = Arc::clone(program);
                    let is_short = hooked.contains(&key.process) && length.is_some_and(|length| length < OWN_AFFAIR);
                    let count = free.entry(key.process).or_default();
                    *count += u32::from(is_short);
                    let is_free = is_short && *count <= OWN_AFFAIRS;
                    Sleep { program, since: now, from: base, earliest, length, is_over: false, told: None, is_free }
                });
            }
        }
        self.noted = Some(look.at);
    }

    /// Takes note of whether an answer of the real world is awaited.
    pub(super) fn note_outside(&mut self, is_awaited: bool, base: i64, now: Instant) {
        if is_awaited {
            let program = "a real host".into();
            let (length, told) = (None, None);
            let sleep =
                Sleep { program, since: now, from: base, earliest: now, length, is_over: false, told, is_free: false };
            self.sleeps.entry(OUTSIDE).or_insert(sleep);
        }
    }

    /// Takes note of a thread that tells, by this connection, that it sleeps from now on.
    pub(super) fn told(&mut self, connection: u64, (process, id): (i32, i32), length: i64, base: i64, now: Instant) {
        let length = Some(Duration::from_micros(length.unsigned_abs()));
        let (program, told) = (program_name(process).into(), Some(connection));
        let sleep =
            Sleep { program, since: now, from: base, earliest: now, length, is_over: false, told, is_free: false };
        self.sleeps.insert(Key { process, id, turns: TOLD }, sleep);
    }

    /// How much of what is credited was not counted for its program yet: its threads and processes sleep side by side.
    pub(super) fn count_once(&mut self, credit: &Credit) -> i64 {
        let spans = self.counted.entry(Arc::clone(&credit.program)).or_default();
        let (mut from, mut until, mut known) = (credit.until.saturating_sub(credit.length), credit.until, 0);
        while let Some((&begin, &end)) = spans.range(..=until).next_back().filter(|(_, end)| **end >= from) {
            spans.remove(&begin);
            known += end - begin;
            (from, until) = (from.min(begin), until.max(end));
        }
        spans.insert(from, until);
        until - from - known
    }

    /// The alarms.
    pub(super) fn alarms(&mut self) -> &mut Alarms {
        &mut self.alarms
    }

    /// What is to be credited to the clock now that a sleep of which was told by this connection is over, after so many
    /// microseconds; `None` where that was not told.
    pub(super) fn woke(&mut self, connection: u64, slept: Option<i64>, now: Instant) -> Option<Credit> {
        let key = *self.sleeps.iter().find(|(_, sleep)| sleep.told == Some(connection))?.0;
        let sleep = self.sleeps.remove(&key).filter(|sleep| !sleep.is_over)?;
        let slept = slept.unwrap_or_else(|| micros(now.duration_since(sleep.since)));
        let whole = sleep.length.map(micros).filter(|length| slept >= *length);
        let length = whole.unwrap_or_else(|| rounded(slept));
        Some(sleep.credit(length, whole.is_none()))
    }

    /// The process and the thread that told, by this connection, that it sleeps.
    pub(super) fn told_by(&self, connection: u64) -> Option<(i32, i32)> {
        let (key, _) = self.sleeps.iter().find(|(_, sleep)| sleep.told == Some(connection))?;
        Some((key.process, key.id))
    }

    /// What is to be credited to the clock: sleeps that are over, and alarms that rang. Who tells when its sleep is over goes on
    /// in its turn, and is credited then. But a handler of a signal may leave a sleep for good: such a one is credited up to
    /// `left`.
    pub(super) fn credits(&mut self, look: &Look, is_awaited: bool, left: i64, now: Instant) -> Vec<Credit> {
        let mut credits = self.alarms.credits(look, now);
        self.sleeps.retain(|key, sleep| {
            let slept = now.duration_since(sleep.since);
            let sleeps_on = match sleep.told {
                Some(_) => !sleep.is_over || look.may_sleep(*key),
                None if *key == OUTSIDE => is_awaited,
                None => look.has(*key),
            };
            // Who was stopped goes on when he is told to, not when his sleep is over.
            let is_stopped = || is_stopped(key.process, key.id);
            let sleeps_on = sleeps_on && !(sleep.is_over && is_stopped());
            let will_tell =
                sleep.told.is_some() && (sleep.due() > Some(left) || (look.may_sleep(*key) && !is_stopped()));
            let length = match sleep.length {
                _ if sleep.is_over || will_tell => None,
                // It may have been found late, where the machine has much else to do. To credit it too early does no harm:
                // what is due later waits for its end all the same.
                Some(length) if now.duration_since(sleep.earliest) >= length => Some((micros(length), false)),
                length if !sleeps_on => Some((rounded(micros(slept)), length.is_some())),
                _ => None,
            };
            if let Some((length, is_cut)) = length {
                sleep.is_over = true;
                if !sleep.is_free {
                    credits.push(sleep.credit(length, is_cut));
                }
            }
            sleeps_on
        });
        credits.sort_by_key(|credit| credit.until);
        credits
    }

    /// What may happen while they sleep.
    pub(super) fn allowed(&self, now: Instant) -> Allowed {
        let until = self.sleeps.iter().map(|(key, sleep)| {
            let due = sleep.due();
            let due = due.unwrap_or_else(|| sleep.from.saturating_add(micros(now.duration_since(sleep.since))));
            // Short sleeps may be over before they are seen, but an alarm was told when it was set.
            self.real_time(key.process, now).map_or(due, |real| real.max(due))
        });
        until.chain(self.alarms.due()).min().map_or(Allowed::Everything, Allowed::Until)
    }

    /// What the clock would show by real time for a process that has set an alarm.
    pub(super) fn real_time(&self, process: i32, now: Instant) -> Option<i64> {
        self.alarms.real_time(process, now)
    }

    /// What the clock would show by real time for those who will soon wake without asking anybody: what is due until then has
    /// to come before.
    pub(super) fn about_to_wake(&self, now: Instant) -> Option<i64> {
        let untold = self.sleeps.values().filter(|sleep| sleep.told.is_none() && !sleep.is_over && !sleep.is_free);
        let untold = untold.filter_map(|sleep| Some((sleep.length?, sleep.since, sleep.from)));
        let passed = |(length, since, from): (Duration, Instant, i64)| {
            let passed = now.duration_since(since).min(length);
            let is_soon = length >= PULSE && length - passed <= (length / 4).clamp(NOTICE.0, NOTICE.1);
            is_soon.then(|| from.saturating_add(micros(passed)))
        };
        untold.chain(self.alarms.open()).filter_map(passed).max()
    }

    /// The real time until the first of them wakes, as far as it is known.
    pub(super) fn patience(&self, now: Instant) -> Option<Duration> {
        let open = self.sleeps.values().filter(|sleep| !sleep.is_over);
        let left = open.filter_map(|sleep| Some(sleep.length?.saturating_sub(now.duration_since(sleep.earliest))));
        left.chain(self.alarms.patience(now)).min()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.count() == 0
    }

    pub(super) fn count(&self) -> usize {
        self.sleeps.len() + self.alarms.count()
    }

    /// A new world.
    pub(super) fn clear(&mut self, now: Instant) {
        *self = Self { noted: Some(now), ..Self::default() };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::Thread;
    use crate::system_clock;

    const SECOND: i64 = 1_000_000;

    /// One process, whose one thread sleeps for a second in its first turn.
    fn asleep(at: Instant, turns: u64) -> Look {
        let thread = Thread { process: 7, id: 7, is_busy: false, turns, used: Duration::ZERO };
        let wait = Wait { what: Waiting::Time(Some(Duration::from_secs(1))), program: "perl".into() };
        Look { at, page: vec![(thread, Some(wait))], wires: Vec::new() }
    }

    fn credit(until: i64, length: i64) -> Credit {
        Credit { program: "perl".into(), until, length, is_cut: length < SECOND }
    }

    #[test]
    fn a_sleep_that_was_found_late_counts_whole_and_the_next_begins_after_it() {
        let begin = system_clock::now();
        let at = |millis| begin + Duration::from_millis(millis);
        let mut sleepers = RealSleepers::default();
        sleepers.clear(begin);
        sleepers.note(&asleep(at(900), 1), 0, Duration::ZERO, &BTreeSet::new(), |_| false);
        assert_eq!(sleepers.credits(&asleep(at(990), 1), false, i64::MAX, at(995)), []);
        assert_eq!(sleepers.allowed(at(995)), Allowed::Until(SECOND));
        // It has woken, and sleeps again.
        let again = asleep(at(1020), 2);
        assert_eq!(sleepers.credits(&again, false, i64::MAX, at(1020)), [credit(SECOND, SECOND)]);
        sleepers.note(&again, SECOND, Duration::ZERO, &BTreeSet::new(), |_| false);
        assert_eq!(sleepers.allowed(at(1020)), Allowed::Until(2 * SECOND));
    }

    #[test]
    fn a_sleep_that_was_told_counts_once_and_as_long_as_it_was() {
        let begin = system_clock::now();
        let at = |millis| begin + Duration::from_millis(millis);
        let mut sleepers = RealSleepers::default();
        let told = |sleepers: &mut RealSleepers| {
            sleepers.told(3, (7, 7), SECOND, 0, begin);
            let told = sleepers.sleeps.values_mut().find(|sleep| sleep.told.is_some());
            told.unwrap_or_else(|| panic!("it is there")).program = "perl".into();
        };
        told(&mut sleepers);
        sleepers.note(&asleep(at(10), 1), 0, Duration::ZERO, &BTreeSet::new(), |_| false);
        assert_eq!(sleepers.count(), 1);
        assert_eq!(sleepers.credits(&asleep(at(500), 2), false, i64::MAX, at(500)), []);
        assert_eq!(sleepers.woke(3, Some(SECOND + 80), at(1200)), Some(credit(SECOND, SECOND)));
        assert_eq!(sleepers.woke(3, None, at(1200)), None);
        assert!(sleepers.is_empty());
        // Something woke it before.
        told(&mut sleepers);
        assert_eq!(sleepers.woke(3, Some(SECOND / 2 - 400), at(900)), Some(credit(SECOND / 2, SECOND / 2)));
        // It was ended.
        told(&mut sleepers);
        assert_eq!(sleepers.woke(3, None, at(310)), Some(credit(300_000, 300_000)));
    }

    #[test]
    fn a_short_sleep_of_a_program_with_hooks_is_waited_for_and_does_not_move_the_clock() {
        let begin = system_clock::now();
        let at = |millis| begin + Duration::from_millis(millis);
        let mut sleepers = RealSleepers::default();
        sleepers.clear(begin);
        let mut credited = 0;
        for turn in 0..60 {
            let mut short = asleep(at(turn * 2), turn);
            short.page[0].1 =
                Some(Wait { what: Waiting::Time(Some(Duration::from_millis(1))), program: "node".into() });
            sleepers.note(&short, 0, Duration::ZERO, &BTreeSet::from([7]), |_| false);
            assert_eq!(sleepers.allowed(at(turn * 2)), Allowed::Until(1000));
            let woken = asleep(at(turn * 2 + 1), turn + 1);
            credited += sleepers.credits(&woken, false, i64::MAX, at(turn * 2 + 1)).len();
        }
        assert_eq!(credited, 10, "a program that sleeps so all the time does not hold the world up for ever");
    }

    #[test]
    fn who_will_soon_wake_gives_notice_where_nobody_is_asked_before() {
        let begin = system_clock::now();
        let at = |millis| begin + Duration::from_millis(millis);
        let mut sleepers = RealSleepers::default();
        sleepers.clear(begin);
        sleepers.note(&asleep(begin, 1), SECOND, Duration::ZERO, &BTreeSet::new(), |_| false);
        let notice = |millis| sleepers.about_to_wake(at(millis));
        assert_eq!((notice(749), notice(750), notice(1200)), (None, Some(SECOND * 7 / 4), Some(SECOND * 2)));
        let mut told = RealSleepers::default();
        told.told(3, (7, 7), SECOND, 0, begin);
        assert_eq!(told.about_to_wake(at(999)), None);
    }

    #[test]
    fn a_sleep_that_was_told_and_left_for_good_holds_nobody_up() {
        let begin = system_clock::now();
        let end = begin + Duration::from_secs(1);
        let mut sleepers = RealSleepers::default();
        sleepers.told(3, (7, 7), SECOND, 0, begin);
        let mut elsewhere = asleep(end, 9);
        elsewhere.page[0].1 = Some(Wait { what: Waiting::Something, program: Arc::default() });
        assert_eq!(sleepers.credits(&elsewhere, false, i64::MAX, end).len(), 1);
        assert_eq!(sleepers.credits(&elsewhere, false, i64::MAX, end), []);
        assert_eq!(sleepers.allowed(end), Allowed::Everything);
    }
}
