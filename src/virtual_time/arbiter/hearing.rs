//! What the arbiter does with what it hears: what is to happen goes into the schedule, what is over out of it.

use std::time::Duration;

use super::super::Foreground;
use super::super::ears::{Command, Delay, Heard, News, Request};
use super::super::message::Message;
use super::super::schedule::{Lineage, Rank, due};
use super::{Arbiter, Event, PATIENCE};
use crate::process::lineage;
use crate::system_clock;

impl Arbiter {
    /// Takes in what is there.
    pub(super) fn hear(&mut self, patience: Option<Duration>) -> News {
        let heard = self.ears.hear(patience);
        let news = News::of(&heard);
        if news != News::None {
            // Who slept in real time and woke is credited before what was said since is answered.
            if let Some(census) = self.census.as_mut().filter(|_| !self.sleepers.is_empty()) {
                let look = self.asleep.look(census, &[]);
                self.credit(&look, i64::MIN);
            }
            self.patience = PATIENCE.0;
        }
        for heard in heard {
            match heard {
                Heard::Command(command) => self.obey(command),
                Heard::Message(connection, message) => self.note(connection, &message),
                Heard::Came => {}
                Heard::Gone(gone) => {
                    self.schedule.forget(|event| match event {
                        Event::Wake { connection, .. } | Event::Slept { connection, .. } => *connection == gone,
                        Event::Release { .. } => false,
                    });
                    let credit = self.sleepers.woke(gone, None, system_clock::now());
                    self.apply(credit);
                }
            }
        }
        news
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::Open(census) => {
                self.census = Some(census);
                // What is left of the page before belongs to connections that are closed.
                self.schedule.forget(|_| true);
                self.sleepers.clear(system_clock::now());
                self.shared.tell_sleepers(0);
                self.used = Duration::ZERO;
            }
            Command::Rest { goes_on, until, rested } => {
                self.granted = usize::from(goes_on);
                self.rested = Some((until, rested));
            }
            Command::Settle(settled) => settled.send(()).unwrap_or_default(),
            Command::Hold(request) => self.hold(request),
            Command::Answered => self.in_flight = self.in_flight.saturating_sub(1),
            Command::End => self.ended = true,
        }
    }

    fn hold(&mut self, request: Request) {
        let Request { content, connection, port, delay, released } = request;
        self.serial += 1;
        let base = self.shared.base();
        let (due, since) = match delay {
            Delay::For(delay) => (due(base, self.shared.ticks(), delay), base),
            // Until then nobody has asked for it.
            Delay::Until(instant) => (instant, instant),
        };
        let rank = Rank::Exchange { content, connection, serial: self.serial };
        self.schedule.add(due, rank, Event::Release { released, port, since });
    }

    /// Whether who slept until then goes on in its turn: what others do at this instant, and what is due before, comes before,
    /// however long that takes on a busy machine.
    fn goes_in_turn(&self, until: i64) -> bool {
        let is_step = matches!(self.foreground, Foreground::Process(_) | Foreground::Request);
        is_step || self.schedule.next_due().is_some_and(|due| due < until)
    }

    fn note(&mut self, connection: u64, message: &Message) {
        match message.clone() {
            Message::Hello { .. } => {}
            Message::Wait { id, due, thread } => {
                let lineage = self.ears.connection(connection).map(|connection| Lineage::clone(&connection.lineage));
                // Who says no hello comes last.
                let lineage = lineage.filter(|lineage| !lineage.is_empty());
                let lineage = lineage.unwrap_or_else(|| [(u64::MAX, i32::MAX)].into());
                let rank = Rank::Sleeper { lineage, thread, serial: id };
                self.schedule.add(due, rank, Event::Wake { connection, id });
            }
            Message::Cancel { id: over } => self.schedule.forget(
                |event| matches!(event, Event::Wake { connection: known, id } if *known == connection && *id == over),
            ),
            Message::Now { id } => self.ears.wake(connection, id),
            Message::Sleep { length, process, thread } => {
                self.sleepers.told(connection, (process, thread), length, self.shared.base(), system_clock::now());
                self.shared.tell_sleepers(self.sleepers.count());
            }
            Message::Alarm { process, bell, setting, program } => {
                let (base, now) = (self.shared.base(), system_clock::now());
                let credit = self.sleepers.alarms().set((process, bell), program, setting, base, now);
                self.apply(credit);
            }
            Message::Slept { length } => {
                let sleeper = self.sleepers.told_by(connection);
                let credit = self.sleepers.woke(connection, Some(length), system_clock::now());
                match (sleeper, credit) {
                    (Some((process, thread)), Some(credit)) if self.goes_in_turn(credit.until) => {
                        let (lineage, thread) = (lineage(process).into(), (thread - process).into());
                        let rank = Rank::Sleeper { lineage, thread, serial: 0 };
                        self.schedule.add(credit.until, rank, Event::Slept { connection, credit });
                        self.shared.tell_sleepers(self.sleepers.count());
                    }
                    (_, credit) => {
                        self.apply(credit);
                        self.ears.wake(connection, 0);
                    }
                }
            }
        }
    }
}
