//! The arbiter: lets the next event happen when the world is at rest.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

use super::account::Account;
use super::ears::{Command, Delay, Ears, Heard, Request};
use super::message::Message;
use super::rest::{Allowed, Asleep, Look, RealSleepers};
use super::schedule::{Rank, Schedule, due};
use super::shared::Shared;
use super::{Foreground, Passage, Rested, Stage, Wires};
use crate::process::Census;
use crate::system_clock;

/// How long the arbiter waits before it looks again whether the world is at rest: at first, and at most.
const PATIENCE: (Duration, Duration) = (Duration::from_micros(20), Duration::from_millis(2));

/// How often it looks for sleepers in real time while no event is to come.
const IDLE: Duration = Duration::from_millis(10);

/// For how long a thread sleeps at most in a program that computes, such as one that watches over the others.
const PULSE: Duration = Duration::from_millis(100);

/// The processor time after which a program counts as one that computes until something happens.
const SPIN: Duration = Duration::from_secs(5);

/// Something that is to happen.
#[derive(Debug)]
enum Event {
    /// A hook is woken.
    Wake { connection: u64, id: u64 },
    /// What is on the wires goes on.
    Release { released: oneshot::Sender<Passage>, port: u16 },
}

/// The thread that owns the clock.
pub(super) struct Arbiter {
    shared: Arc<Shared>,
    account: Arc<Mutex<Account>>,
    ears: Ears,
    wires: Arc<Wires>,
    pass: Box<dyn Fn() -> Passage + Send>,
    schedule: Schedule<Event>,
    census: Option<Census>,
    stage: Arc<Stage>,
    foreground: Foreground,
    /// How much was let through to the sandbox and is not over.
    in_flight: usize,
    serial: u64,
    asleep: Asleep,
    sleepers: RealSleepers,
    /// Who wants to know that the world is at rest.
    rested: Option<(i64, Sender<Rested>)>,
    /// How many events may happen while a service is waited for.
    granted: usize,
    patience: Duration,
    /// The processor time that the page had used when the clock last moved.
    used: Duration,
    ended: bool,
}

/// What a look at the world shows.
enum State {
    /// Somebody computes.
    Busy(Look),
    /// Something was heard meanwhile.
    Disturbed,
    /// Nobody computes.
    Rest(Look),
}

impl Arbiter {
    pub(super) fn new(
        shared: Arc<Shared>,
        account: Arc<Mutex<Account>>,
        ears: Ears,
        wires: Arc<Wires>,
        stage: Arc<Stage>,
        pass: Box<dyn Fn() -> Passage + Send>,
    ) -> Self {
        Self {
            shared,
            account,
            ears,
            wires,
            pass,
            schedule: Schedule::new(),
            census: None,
            stage,
            foreground: Foreground::Nobody,
            in_flight: 0,
            serial: 0,
            asleep: Asleep::default(),
            sleepers: RealSleepers::default(),
            rested: None,
            granted: 0,
            patience: PATIENCE.0,
            used: Duration::ZERO,
            ended: false,
        }
    }

    /// Serves until it is told that doccheck is done.
    pub(super) fn serve(mut self) {
        while !self.ended {
            let disturbed = self.hear(self.patience());
            self.stage.is_waited.store(!self.schedule.is_empty(), Ordering::SeqCst);
            let foreground = self.stage.foreground();
            if foreground != self.foreground {
                self.foreground = foreground;
                if foreground != Foreground::Service {
                    self.rested = None;
                    self.granted = 0;
                }
            }
            // Where nothing is to happen, sleepers in real time are all that is looked for.
            let looks = self.in_flight == 0 && !(disturbed && self.is_idle());
            if looks && foreground != Foreground::Nobody {
                self.look();
            }
        }
    }

    /// How long to wait for something to hear; for ever where only that can change something.
    fn patience(&self) -> Option<Duration> {
        if self.in_flight > 0 || self.census.is_none() {
            return None;
        }
        let idle = self.foreground == Foreground::Nobody || (self.is_idle() && self.sleepers.is_empty());
        Some(if idle { IDLE } else { self.patience })
    }

    /// True where nothing is to happen.
    fn is_idle(&self) -> bool {
        self.schedule.is_empty() && self.rested.is_none()
    }

    /// Takes in what is there; true where there was something.
    fn hear(&mut self, patience: Option<Duration>) -> bool {
        let heard = self.ears.hear(patience);
        let any = !heard.is_empty();
        if any {
            // Who slept in real time and woke is credited before what it says is heard.
            if let Some(census) = self.census.as_mut().filter(|_| !self.sleepers.is_empty()) {
                let look = self.asleep.look(census, &[]);
                self.credit(&look);
            }
            self.patience = PATIENCE.0;
        }
        for heard in heard {
            match heard {
                Heard::Command(command) => self.obey(command),
                Heard::Message(connection, message) => self.note(connection, &message),
                Heard::Came => {}
                Heard::Gone(gone) => {
                    self.schedule
                        .forget(|event| matches!(event, Event::Wake { connection, .. } if *connection == gone));
                }
            }
        }
        any
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::Open(census) => {
                self.census = Some(census);
                // What is left of the page before belongs to connections that are closed.
                self.schedule.forget(|_| true);
                self.sleepers.clear(system_clock::now());
                self.used = Duration::ZERO;
            }
            Command::Rest { goes_on, until, rested } => {
                self.granted = usize::from(goes_on);
                self.rested = Some((until, rested));
            }
            Command::Hold(request) => self.hold(request),
            Command::Answered => self.in_flight = self.in_flight.saturating_sub(1),
            Command::End => self.ended = true,
        }
    }

    fn hold(&mut self, request: Request) {
        let Request { content, connection, port, delay, released } = request;
        self.serial += 1;
        let due = match delay {
            Delay::For(delay) => due(self.shared.base(), self.shared.ticks(), delay),
            Delay::Until(instant) => instant,
        };
        let rank = Rank::Exchange { content, connection, serial: self.serial };
        self.schedule.add(due, rank, Event::Release { released, port });
    }

    fn note(&mut self, connection: u64, message: &Message) {
        match *message {
            Message::Hello { .. } => {}
            Message::Wait { id, due, thread } => {
                let process = self.ears.connection(connection).and_then(|connection| connection.process);
                // Who says no hello comes last.
                let (process, started) = process.unwrap_or((i32::MAX, u64::MAX));
                let rank = Rank::Sleeper { started: (started, process), thread, serial: id };
                self.schedule.add(due, rank, Event::Wake { connection, id });
            }
            Message::Cancel { id: over } => self.schedule.forget(
                |event| matches!(event, Event::Wake { connection: known, id } if *known == connection && *id == over),
            ),
        }
    }

    /// Looks at the world, and lets the next event happen if it may.
    fn look(&mut self) {
        // A client that is gone waits for nothing.
        self.schedule.forget(|event| matches!(event, Event::Release { released, .. } if released.is_closed()));
        match self.state() {
            State::Disturbed => {}
            State::Busy(look) => {
                // Who has woken comes first: what begins now begins after it.
                self.credit(&look);
                // Also beside somebody who computes a sleep is seen early: it may be over before everybody rests.
                self.sleepers.note(&look, self.shared.base(), system_clock::now(), PULSE, |_| false);
                self.credit(&look);
                self.wait_for_busy(&look);
            }
            State::Rest(look) => self.at_rest(&look),
        }
    }

    /// Whether somebody computes: nobody is busy and nobody has run since a look before, with nothing heard meanwhile. One
    /// look alone is not enough: who was seen asleep may have been woken by who was not looked at yet.
    fn state(&mut self) -> State {
        let mut wires = self.wires.threads();
        if let Foreground::Request(thread) = self.foreground {
            wires.push(thread);
        }
        let Some(census) = &mut self.census else { return State::Disturbed };
        let look = self.asleep.look(census, &wires);
        if look.is_busy() || self.wires.is_working() {
            return State::Busy(look);
        }
        if self.hear(Some(Duration::ZERO)) {
            return State::Disturbed;
        }
        let Some(census) = &mut self.census else { return State::Disturbed };
        let holds = look.still_holds(census);
        census.trust(holds);
        if !holds {
            return State::Busy(look);
        }
        match self.hear(Some(Duration::ZERO)) {
            true => State::Disturbed,
            false if self.wires.is_working() => State::Busy(look),
            false => State::Rest(look),
        }
    }

    /// While somebody computes nothing happens, but for two: what a program that reads the clock all the time has read
    /// past, and what a program waits for that computes until it happens.
    fn wait_for_busy(&mut self, look: &Look) {
        let Some(due) = self.schedule.next_due() else { return };
        let used = look.used();
        if self.shared.ticks() >= due {
            self.happen(used);
        } else if used.saturating_sub(self.used) >= SPIN && self.in_foreground(look) {
            self.account().spin();
            self.happen(used);
        } else {
            self.patience = (self.patience * 2).min(PATIENCE.1);
        }
    }

    fn at_rest(&mut self, look: &Look) {
        let now = system_clock::now();
        let hooked: BTreeSet<i32> =
            self.ears.connections.iter().filter_map(|connection| Some(connection.process?.0)).collect();
        let held = self.schedule.events().filter_map(|event| match event {
            Event::Release { port, .. } => Some(*port),
            Event::Wake { .. } => None,
        });
        let held: BTreeSet<u16> = held.collect();
        self.credit(look);
        self.sleepers.note_outside(self.wires.awaits_outside(), self.shared.base(), now);
        let census = self.census.as_ref();
        let waits = |process| census.is_some_and(|census| census.is_connected(process, &held));
        let counts = |process| !hooked.contains(&process) && !waits(process);
        self.sleepers.note(look, self.shared.base(), now, Duration::ZERO, counts);
        self.credit(look);
        let patience = self.sleepers.patience(now);
        let allowed = match (self.schedule.next_due(), self.sleepers.allowed(now)) {
            (None, _) => false,
            (Some(due), Allowed::Until(until)) => due <= until,
            (Some(_), Allowed::Everything) => true,
        };
        if !allowed || !self.in_foreground(look) {
            self.patience = patience.unwrap_or(PATIENCE.1).clamp(PATIENCE.0, IDLE);
            return;
        }
        if self.foreground == Foreground::Service {
            if self.granted == 0 {
                if let Some((until, rested)) = self.rested.take() {
                    let is_soon = self.schedule.next_due().is_some_and(|due| due <= until);
                    let _ = rested.send(if is_soon { Rested::Soon } else { Rested::Later });
                }
                self.patience = IDLE;
                return;
            }
            self.granted -= 1;
        }
        self.happen(look.used());
    }

    /// Whether time may pass for what is in the foreground.
    fn in_foreground(&self, look: &Look) -> bool {
        match self.foreground {
            Foreground::Nobody => false,
            Foreground::Process(process) => !look.is_idle(process),
            Foreground::Request(_) | Foreground::Service => true,
        }
    }

    /// Lets the next event happen.
    fn happen(&mut self, used: Duration) {
        let Some((due, event)) = self.schedule.take() else { return };
        // What was read from the clock has passed already.
        let moved = (due - self.shared.base().max(self.shared.ticks())).max(0);
        self.shared.move_to(due);
        self.used = used;
        self.patience = PATIENCE.0;
        match event {
            Event::Wake { connection, id } => {
                self.account().sleep(moved);
                if let Some(connection) = self.ears.connection(connection) {
                    connection.wake(id);
                }
            }
            Event::Release { released, .. } => {
                self.account().exchange(moved);
                self.in_flight += 1;
                // Where nobody takes it, it falls and is over.
                let _ = released.send((self.pass)());
            }
        }
    }

    /// Moves the clock by what was slept in real time.
    fn credit(&mut self, look: &Look) {
        let awaited = self.wires.awaits_outside();
        for credit in self.sleepers.credits(look, awaited, system_clock::now()) {
            self.shared.move_to(credit.until);
            self.account().real(&credit.program, credit.length);
        }
    }

    fn account(&self) -> std::sync::MutexGuard<'_, Account> {
        self.account.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
