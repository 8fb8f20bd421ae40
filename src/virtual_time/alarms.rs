//! Alarms and timers of programs that ring in real time, out of the hooks' reach: the world waits for them, and the clock
//! is moved by as much.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::account::Credit;
use super::message::{Bell, Setting};
use super::rest::Look;
use super::schedule::{micros, rounded};
use crate::process::is_timer;
use crate::system_clock;

/// After so long at the latest the system has woken whom it rings for.
const DELIVERY: Duration = Duration::from_millis(2);

/// A process that was there so shortly before its time was ended by it, where it is gone then.
const SHORTLY: Duration = Duration::from_millis(100);

/// One that is to ring.
#[derive(Debug)]
struct Alarm {
    program: Arc<str>,
    /// When it was set, or a little before, and when it had been for sure.
    since: Instant,
    set: Instant,
    /// When it was there for sure.
    seen: Instant,
    /// What the world's clock showed then.
    from: i64,
    length: i64,
    interval: i64,
    /// When nobody was seen to have it any more.
    missed: Option<Instant>,
    /// True where the clock was moved past its time.
    rang: bool,
    /// True where something that is due later waits for it.
    holds: bool,
}

impl Alarm {
    fn due(&self) -> i64 {
        self.from.saturating_add(self.length)
    }

    fn length(&self) -> Duration {
        Duration::from_micros(self.length.unsigned_abs())
    }

    /// What is to be credited where it does not ring any more: others may have waited for it until now.
    fn held(self, now: Instant) -> Option<Credit> {
        let length = rounded(micros(now.duration_since(self.since)));
        let is_held = self.holds && !self.rang && length > 0;
        let until = self.from.saturating_add(length);
        is_held.then_some(Credit { program: self.program, until, length, is_cut: false })
    }

    /// Set once more, where it rings again.
    fn again(self) -> Option<Self> {
        let length = self.length();
        (self.interval > 0).then(|| Self {
            since: self.since + length,
            set: self.set + length,
            from: self.due(),
            length: self.interval,
            rang: false,
            holds: false,
            ..self
        })
    }
}

/// What is to ring, by its process.
#[derive(Debug, Default)]
pub(super) struct Alarms(BTreeMap<(i32, Bell), Alarm>);

impl Alarms {
    /// Takes note of what a process tells. `base`: what the clock shows. What is to be credited where it was set before.
    pub(super) fn set(
        &mut self,
        key: (i32, Bell),
        program: Arc<str>,
        setting: Setting,
        base: i64,
        now: Instant,
    ) -> Option<Credit> {
        let Setting { since, length, interval } = setting;
        let before = self.0.remove(&key).and_then(|alarm| alarm.held(now));
        if length > 0 {
            let since = system_clock::at(since).min(now);
            let alarm = Alarm {
                program,
                since,
                set: now,
                seen: now,
                from: base,
                length,
                interval,
                missed: None,
                rang: false,
                holds: false,
            };
            self.0.insert(key, alarm);
        }
        before
    }

    /// Something that is due later than `until` has to wait.
    pub(super) fn hold(&mut self, until: i64) {
        for alarm in self.0.values_mut().filter(|alarm| alarm.due() <= until) {
            alarm.holds = true;
        }
    }

    /// What is to be credited to the clock: those whose time is over. Who has rung holds nobody up any more as soon as whom
    /// it rang for must have woken. One that was set not to ring credits nothing where nobody waited for it.
    pub(super) fn credits(&mut self, look: &Look, now: Instant) -> Vec<Credit> {
        let mut credits = Vec::new();
        for ((process, bell), mut alarm) in std::mem::take(&mut self.0) {
            let is_there = match bell {
                Bell::Process | Bell::Timer(_) => look.has_process(process),
                // Children of the process have it, too, under the same number. Who was started after the look may have it from
                // somebody who has closed it since: only what was gone before a look is gone.
                Bell::Descriptor(timer) => {
                    let is_seen = look.processes().any(|process| is_timer(process, timer));
                    let missed = alarm.missed.filter(|_| !is_seen);
                    alarm.missed = missed.or_else(|| (!is_seen).then(system_clock::now));
                    is_seen || missed.is_none_or(|missed| look.at <= missed)
                }
            };
            if is_there {
                alarm.seen = now;
            }
            let is_due = now.duration_since(alarm.since) >= alarm.length();
            if !alarm.rang && is_due && alarm.length() < alarm.seen.duration_since(alarm.since) + SHORTLY {
                let program = Arc::clone(&alarm.program);
                credits.push(Credit { program, until: alarm.due(), length: alarm.length, is_cut: false });
                alarm.rang = true;
            }
            let is_over = alarm.rang && now.duration_since(alarm.set) >= alarm.length() + DELIVERY;
            if !is_there {
                credits.extend(alarm.held(now));
                continue;
            }
            let left = if is_over { alarm.again() } else { Some(alarm) };
            self.0.extend(left.map(|alarm| ((process, bell), alarm)));
        }
        credits
    }

    /// Until when on the world's clock something may happen before the first of them; `None` where there is none.
    pub(super) fn due(&self) -> Option<i64> {
        self.0.values().map(Alarm::due).min()
    }

    /// What the clock would show by real time for a process that has one: it goes on while the process computes, too.
    pub(super) fn real_time(&self, process: i32, now: Instant) -> Option<i64> {
        let own = self.0.iter().filter(|((owner, _), _)| *owner == process);
        own.map(|(_, alarm)| alarm.due().min(alarm.from.saturating_add(micros(now.duration_since(alarm.since))))).max()
    }

    /// Those that have not rung: their lengths, since when they run, and what the world's clock showed then.
    pub(super) fn open(&self) -> impl Iterator<Item = (Duration, Instant, i64)> {
        self.0.values().filter(|alarm| !alarm.rang).map(|alarm| (alarm.length(), alarm.since, alarm.from))
    }

    /// The real time until the first of them rings.
    pub(super) fn patience(&self, now: Instant) -> Option<Duration> {
        let open = self.0.values().filter(|alarm| !alarm.rang);
        open.map(|alarm| alarm.length().saturating_sub(now.duration_since(alarm.since))).min()
    }

    pub(super) fn count(&self) -> usize {
        self.0.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::Thread;

    const SECOND: i64 = 1_000_000;

    fn set(alarms: &mut Alarms, bell: Bell, length: i64, interval: i64, now: Instant) {
        // No later than it is heard of.
        let setting = Setting { since: i64::MAX, length, interval };
        assert!(alarms.set((7, bell), "perl".into(), setting, 0, now).is_none());
    }

    fn look(at: Instant, process: i32) -> Look {
        let thread = Thread { process, id: process, is_busy: false, turns: 1, used: Duration::ZERO };
        Look { at, page: vec![(thread, None)], wires: Vec::new() }
    }

    fn credited(alarms: &mut Alarms, process: i32, now: Instant) -> Vec<i64> {
        alarms.credits(&look(now, process), now).into_iter().map(|credit| credit.until).collect()
    }

    #[test]
    fn one_that_rings_holds_others_up_until_it_was_heard_and_one_that_repeats_goes_on() {
        let begin = system_clock::now();
        let at = |millis| begin + Duration::from_millis(millis);
        let mut alarms = Alarms::default();
        set(&mut alarms, Bell::Process, SECOND, SECOND / 2, begin);
        assert_eq!(credited(&mut alarms, 7, at(999)), [0; 0]);
        assert_eq!(credited(&mut alarms, 7, at(1000)), [SECOND]);
        assert_eq!((credited(&mut alarms, 7, at(1001)), alarms.due()), (vec![], Some(SECOND)));
        assert_eq!((credited(&mut alarms, 7, at(1002)), alarms.due()), (vec![], Some(SECOND * 3 / 2)));
        assert_eq!(credited(&mut alarms, 7, at(1500)), [SECOND * 3 / 2]);
        set(&mut alarms, Bell::Process, 0, 0, at(1501));
        assert_eq!((alarms.count(), alarms.due()), (0, None));
    }

    #[test]
    fn a_process_that_it_ends_has_waited_for_it_and_one_that_ended_before_has_not() {
        let begin = system_clock::now();
        let at = |millis| begin + Duration::from_millis(millis);
        let mut alarms = Alarms::default();
        set(&mut alarms, Bell::Process, SECOND, 0, begin);
        assert_eq!(credited(&mut alarms, 7, at(950)), [0; 0]);
        assert_eq!((credited(&mut alarms, 8, at(1010)), alarms.count()), (vec![SECOND], 0));
        set(&mut alarms, Bell::Process, SECOND, 0, begin);
        assert_eq!(credited(&mut alarms, 7, at(500)), [0; 0]);
        assert_eq!((credited(&mut alarms, 8, at(1010)), alarms.count()), (vec![], 0));
    }

    #[test]
    fn a_timer_that_whoever_was_started_since_the_look_may_have_is_gone_after_the_next() {
        let begin = system_clock::now();
        let mut alarms = Alarms::default();
        set(&mut alarms, Bell::Descriptor(1_000_000), SECOND, 0, begin);
        assert_eq!((credited(&mut alarms, i32::MAX, begin), alarms.count()), (vec![], 1));
        assert_eq!((credited(&mut alarms, i32::MAX, begin), alarms.count()), (vec![], 1), "it is the same look");
        assert_eq!((credited(&mut alarms, i32::MAX, begin + Duration::from_millis(100)), alarms.count()), (vec![], 0));
    }
}
