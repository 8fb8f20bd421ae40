//! The arbiter: lets the next event happen when the world is at rest.

mod hearing;

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::account::{Account, Credit};
use super::ears::{Ears, News};
use super::rest::{Asleep, Look};
use super::schedule::{DAY, HORIZON, MANY, MILLI, Schedule, millis_begun};
use super::shared::Shared;
use super::sleepers::{Allowed, PULSE, RealSleepers};
use super::{Foreground, Passage, Rested, Stage, Standstill, Waited, Wires};
use crate::process::Census;
use crate::system_clock;

/// How long the arbiter waits before it looks again whether the world is at rest: at first, and at most.
const PATIENCE: (Duration, Duration) = (Duration::from_micros(20), Duration::from_millis(2));

/// How often it looks for sleepers in real time while no event is to come.
const IDLE: Duration = Duration::from_millis(10);

/// The processor time after which a program counts as one that computes until something happens.
const SPIN: Duration = Duration::from_secs(5);

/// For how long something may be due beside a program that computes until its alarm rings, in microseconds: what computes for
/// less is waited for.
const OVERDUE: i64 = 10_000;

/// How long at least, and at most, what has happened has to do its work before the next happens beside somebody who computes:
/// one look alone does not tell for sure whether it is done.
const SETTLING: (Duration, Duration) = (Duration::from_millis(50), Duration::from_millis(250));

/// Something that is to happen.
#[derive(Debug)]
enum Event {
    /// A hook is woken.
    Wake { connection: u64, id: u64 },
    /// Who slept in real time and told that it is over goes on.
    Slept { connection: u64, credit: Credit },
    /// What is on the wires goes on; `since`: from when on it has been under way.
    Release { released: oneshot::Sender<Passage>, port: u16, since: i64 },
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
    /// When an event last happened, who computed then, and the processor time that the page had used.
    moved: Instant,
    computing: BTreeSet<i32>,
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
            moved: system_clock::now(),
            computing: BTreeSet::new(),
            used: Duration::ZERO,
            ended: false,
        }
    }

    /// Serves until it is told that doccheck is done.
    pub(super) fn serve(mut self) {
        while !self.ended {
            let disturbed = self.hear(self.patience()) != News::None;
            self.stage.is_waited.store(!self.schedule.is_empty(), Ordering::SeqCst);
            let foreground = self.stage.waited().foreground;
            if foreground != self.foreground {
                self.foreground = foreground;
                if foreground != Foreground::Service {
                    self.rested = None;
                    self.granted = 0;
                }
            }
            // Where nothing is to happen, sleepers in real time are all that is looked for.
            let looks = self.in_flight == 0 && !(disturbed && self.is_idle() && self.sleepers.is_empty());
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

    /// Looks at the world, and lets the next event happen if it may.
    fn look(&mut self) {
        // A client that is gone waits for nothing.
        self.schedule.forget(|event| matches!(event, Event::Release { released, .. } if released.is_closed()));
        let state = self.state();
        if !matches!(state, State::Rest(_)) {
            self.stage.waited().standstill = None;
        }
        match state {
            State::Disturbed => {}
            State::Busy(look) => {
                // Who has woken comes first: what begins now begins after it.
                self.credit(&look, i64::MIN);
                // Also beside somebody who computes a sleep is seen early: it may be over before everybody rests.
                self.sleepers.note(&look, self.shared.base(), PULSE, &BTreeSet::new(), |_| true);
                self.credit(&look, i64::MIN);
                self.wait_for_busy(&look);
            }
            State::Rest(look) => self.at_rest(&look),
        }
    }

    /// Whether somebody computes: nobody is busy and nobody has run since a look before, with nothing heard meanwhile. One
    /// look alone is not enough: who was seen asleep may have been woken by who was not looked at yet.
    fn state(&mut self) -> State {
        let wires = self.wires.threads();
        let Some(census) = &mut self.census else { return State::Disturbed };
        let look = self.asleep.look(census, &wires);
        // Also beside somebody who computes: who is seen to sleep in real time may have told of it.
        let news = self.hear(Some(Duration::ZERO));
        if news == News::Some {
            return State::Disturbed;
        }
        if look.is_busy() || self.wires.is_working() {
            return State::Busy(look);
        }
        if news == News::Questions {
            return State::Disturbed;
        }
        let Some(census) = &mut self.census else { return State::Disturbed };
        let holds = look.still_holds(census);
        census.trust(holds);
        if !holds {
            return State::Busy(look);
        }
        match self.hear(Some(Duration::ZERO)) {
            News::None if self.wires.is_working() => State::Busy(look),
            News::None => State::Rest(look),
            News::Questions | News::Some => State::Disturbed,
        }
    }

    /// While somebody computes nothing happens, but for four: what a program that reads the clock all the time has read
    /// past, what a program waits for that computes until it happens, what is overdue by real time, and the end of a sleep in
    /// real time for whose length somebody has computed.
    fn wait_for_busy(&mut self, look: &Look) {
        let Some(due) = self.schedule.next_due() else { return };
        // What is due at the instant that the clock shows comes in its turn, however often that was read meanwhile.
        let base = self.shared.base();
        let read_past = due < base || self.shared.ticks() >= due.max(base.saturating_add(MILLI));
        let used = look.used().saturating_sub(self.used);
        let slept = match self.schedule.first() {
            Some(Event::Slept { credit, .. }) => Duration::from_micros(credit.length.unsigned_abs()),
            _ => Duration::MAX,
        };
        let has_slept = used >= slept && self.sleepers.allowed(system_clock::now()) >= Allowed::Until(due);
        if read_past || self.is_overdue(look, due) || (has_slept && self.in_foreground(look)) {
            self.happen(look);
        } else if used >= SPIN && self.in_foreground(look) {
            self.account().spin();
            self.happen(look);
        } else {
            self.patience = (self.patience * 2).min(PATIENCE.1);
        }
    }

    /// Whether real time has passed `due`, and nobody computes but who lives in it until an alarm, or somebody is about to
    /// wake in it, who would find that what is due before him has not come.
    fn is_overdue(&self, look: &Look, due: i64) -> bool {
        let now = system_clock::now();
        let real_times = look.computing().into_iter().map(|process| self.sleepers.real_time(process, now));
        let passed = real_times.min().flatten().is_some_and(|real| due + OVERDUE <= real);
        let since = now.duration_since(self.moved);
        let is_done = look.computing().is_subset(&self.computing);
        let has_settled = since >= SETTLING.1 || (since >= SETTLING.0 && is_done);
        let is_last_chance = has_settled && self.sleepers.about_to_wake(now).is_some_and(|real| due <= real);
        let is_step = matches!(self.foreground, Foreground::Process(_)) && self.in_foreground(look);
        (passed || is_last_chance)
            && is_step
            && !self.wires.is_working()
            && self.sleepers.allowed(now) >= Allowed::Until(due)
    }

    fn at_rest(&mut self, look: &Look) {
        let hooked: BTreeSet<i32> =
            self.ears.connections.iter().filter_map(|connection| Some(connection.lineage.last()?.1)).collect();
        let port = |event: &Event| match event {
            Event::Release { port, .. } => Some(*port),
            Event::Wake { .. } | Event::Slept { .. } => None,
        };
        let held: BTreeSet<u16> = self.schedule.events().filter_map(port).collect();
        let until = self.schedule.next_due().unwrap_or(i64::MAX);
        self.credit(look, until);
        self.sleepers.note_outside(self.wires.awaits_outside(), self.shared.base(), system_clock::now());
        let census = self.census.as_ref();
        let awaits = |process| census.is_some_and(|census| census.is_connected(process, &held));
        self.sleepers.note(look, self.shared.base(), Duration::ZERO, &hooked, awaits);
        self.credit(look, until);
        let now = system_clock::now();
        let patience = self.sleepers.patience(now);
        let allowed = self.sleepers.allowed(now);
        let may_happen = match (self.schedule.next_due(), &allowed) {
            (None, _) => false,
            (Some(due), Allowed::Until(until)) => due <= *until,
            (Some(_), Allowed::Everything) => true,
        };
        if let (false, Allowed::Until(until)) = (may_happen || self.schedule.is_empty(), &allowed) {
            self.sleepers.alarms().hold(*until);
        }
        // What was waited for when the look began may be over by the look's end. What it sees at rest can say so no more, and
        // nobody else does until the event has happened.
        let stage = Arc::clone(&self.stage);
        let mut waited = stage.waited();
        let in_foreground = waited.foreground == self.foreground && self.in_foreground(look);
        let is_step = in_foreground && matches!(self.foreground, Foreground::Process(_));
        let stands_still = is_step && self.stands_still(&mut waited, may_happen, &allowed);
        let since = waited.standstill.map_or(look.at, |standstill| standstill.since);
        let may_go_on = !self.schedule.is_empty();
        waited.standstill = stands_still.then_some(Standstill { since, may_go_on });
        if !may_happen || !in_foreground || stands_still {
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
        waited.events += 1;
        self.happen(look);
    }

    /// Whether nothing is to come for the step that is waited for, or so much has come that it may be a service.
    fn stands_still(&self, waited: &mut Waited, may_happen: bool, allowed: &Allowed) -> bool {
        let Some(due) = self.schedule.next_due() else { return *allowed == Allowed::Everything };
        let is_early = due <= waited.horizon || (waited.events < MANY && due - waited.horizon <= DAY);
        if !may_happen || is_early {
            return false;
        }
        let listens = self.census.as_ref().is_some_and(Census::listens);
        if !listens {
            waited.horizon = due.saturating_add(HORIZON);
        }
        listens
    }

    /// Whether time may pass for what is in the foreground.
    fn in_foreground(&self, look: &Look) -> bool {
        match self.foreground {
            Foreground::Nobody => false,
            Foreground::Process(process) => !look.is_idle(process),
            Foreground::Request | Foreground::Service => true,
        }
    }

    /// Lets the next event happen.
    fn happen(&mut self, look: &Look) {
        let Some((due, event)) = self.schedule.take() else { return };
        // What was read from the clock has passed already; by whole milliseconds, since how often it was read is not always
        // the same: programs with threads read it to see how long they may still wait.
        let moved = (due - self.shared.base().max(millis_begun(self.shared.ticks()))).max(0);
        self.shared.move_to(due);
        self.moved = system_clock::now();
        self.computing = look.computing();
        self.used = look.used();
        self.patience = PATIENCE.0;
        match event {
            Event::Wake { connection, id } => {
                self.account().sleep(moved, due);
                self.ears.wake(connection, id);
            }
            Event::Slept { connection, credit } => {
                self.apply([credit]);
                self.ears.wake(connection, 0);
            }
            Event::Release { released, since, .. } => {
                self.account().exchange(moved, since);
                self.in_flight += 1;
                // Where nobody takes it, it falls and is over.
                let _ = released.send((self.pass)());
            }
        }
    }

    /// Moves the clock by what was slept in real time; `left`: up to where by sleeps that are told of when they are over, and
    /// were not.
    fn credit(&mut self, look: &Look, left: i64) {
        let awaited = self.wires.awaits_outside();
        let credits = self.sleepers.credits(look, awaited, left, system_clock::now());
        self.apply(credits);
    }

    fn apply(&mut self, credits: impl IntoIterator<Item = Credit>) {
        for credit in credits {
            // How much real time passes until something ends a sleep is not the same in every run.
            let moved = (credit.until - self.shared.base()).max(0);
            let uncounted = self.sleepers.count_once(&credit);
            let waited = if credit.is_cut { moved.min(uncounted) } else { uncounted };
            self.shared.move_to(credit.until);
            let mut account = self.account();
            account.sleep(moved, credit.until);
            account.real(&credit.program, waited);
        }
        self.shared.tell_sleepers(self.sleepers.count());
    }

    fn account(&self) -> std::sync::MutexGuard<'_, Account> {
        self.account.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
