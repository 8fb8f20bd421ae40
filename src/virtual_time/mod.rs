//! The frozen clock of a page's world: it stands still while code runs, and moves when everybody waits.
//!
//! Hooks in the page's programs (`serve/hooks/`) turn every sleep and time-out into a message to the arbiter, and every
//! reading of a clock into one of the world's. The sandbox's wires announce each request. The arbiter, one thread for each
//! network, lets the next of these events happen when the world is at rest, one at a time. Who sleeps out of the hooks'
//! reach sleeps in real time, and the clock is moved by as much.

mod account;
mod alarms;
mod arbiter;
mod ears;
mod message;
mod rest;
mod schedule;
mod shared;
mod sleepers;
mod wires;

use std::io::{self, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use crate::clock::Timestamp;
use crate::process::{Census, Thread};
use crate::transcript::TimeSpent;

use account::Account;
use arbiter::Arbiter;
use ears::{Command, Delay, Ears, Request};
use schedule::{Content, HORIZON, micros};
use shared::Shared;
pub use wires::{Awaited, Wires};

/// The file in which the clock stands, and the socket on which the arbiter takes messages, in the clock's folder.
const CLOCK: &str = "now";
const SOCKET: &str = "arbiter";

/// The file name of the library by which shells and small programs have the clock, and others tell of their alarms.
pub const LIBRARY: &str = "doccheck-clock.so";

/// The time that every exchange with the sandbox takes.
pub const EXCHANGE: Duration = Duration::from_micros(schedule::EXCHANGE.unsigned_abs());

/// The variable that tells the hooks where the clock's folder is.
pub const VARIABLE: &str = "DOCCHECK_CLOCK";

/// Who is waited for while time may pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Foreground {
    /// Nobody: time stands still.
    #[default]
    Nobody,
    /// A step, in this process; when it reads its next command, the step is over.
    Process(i32),
    /// A request of doccheck itself, which the wires send.
    Request,
    /// A service that starts, or is to print something: one event at a time, as `Clock::rest` asks for it.
    Service,
}

/// When the next event is due, in a world at rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rested {
    /// Within the time that was asked for.
    Soon,
    /// After it.
    Later,
}

/// When something on the wires goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// After as long as every exchange takes.
    AfterExchange,
    /// At this instant.
    At(Timestamp),
}

/// Something on the wires that is held until the clock lets it go on. Dropped before that, it is given up.
#[derive(Debug)]
pub struct Held(oneshot::Receiver<Passage>);

impl Held {
    /// Waits until it goes on. Time stands still until what is returned is dropped; `None` where the clock is gone.
    pub async fn released(self) -> Option<Passage> {
        self.0.await.ok()
    }
}

/// A handle to the arbiter. Dropping it ends the arbiter's thread.
#[derive(Debug)]
pub struct VirtualClock {
    shared: Arc<Shared>,
    account: Arc<Mutex<Account>>,
    commands: Arc<Mutex<Commands>>,
    stage: Arc<Stage>,
    thread: Option<JoinHandle<()>>,
}

/// What doccheck and the arbiter both look at. Steps come and go often, so a command for each would be dear.
#[derive(Debug, Default)]
struct Stage {
    waited: Mutex<Waited>,
    /// True while events are to come.
    is_waited: AtomicBool,
}

/// What is waited for, and how that goes.
#[derive(Debug, Default)]
struct Waited {
    foreground: Foreground,
    /// What the clock showed when it began to be waited for.
    begin: i64,
    /// Up to when time passes for a step that may be a service.
    horizon: i64,
    /// How many events have happened for it.
    events: usize,
    standstill: Option<Standstill>,
}

/// That the step which is waited for stands still: everybody of the page rests, and nothing is to happen; or somebody listens,
/// and a hundred events and ten minutes have passed for the step: a server that does something every second would let time
/// pass for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standstill {
    /// Since when, in real time.
    pub since: Instant,
    /// True where something is to come for which time could go on.
    pub may_go_on: bool,
}

impl Stage {
    fn waited(&self) -> MutexGuard<'_, Waited> {
        self.waited.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The way to the arbiter: commands, and a socket that wakes it to read them.
#[derive(Debug)]
struct Commands {
    sender: Sender<Command>,
    wake: UnixStream,
}

impl Commands {
    /// Where the arbiter is gone, the run is at its end.
    fn send(&mut self, command: Command) {
        let _ = self.sender.send(command);
        self.wake();
    }

    fn wake(&mut self) {
        let _ = self.wake.write(b"!");
    }
}

/// A request that has come from a client.
#[derive(Debug)]
pub struct Arrival {
    /// What is asked: method, target and body.
    pub content: Vec<u8>,
    /// The number of the connection.
    pub connection: u64,
    /// The client's own port.
    pub port: u16,
    /// How much longer than any exchange this one takes.
    pub round_trip: Duration,
}

/// A request that was let through to the sandbox. Time stands still until it is dropped: when its answer has left.
#[derive(Debug)]
pub struct InFlight {
    clock: Arc<VirtualClock>,
    content: Vec<u8>,
    connection: u64,
    port: u16,
    passage: Option<Passage>,
}

/// While there is one, time stands still. Whoever lets it fall, also unseen, lets time go on.
#[derive(Debug)]
pub struct Passage(Arc<Mutex<Commands>>);

impl Drop for Passage {
    fn drop(&mut self) {
        send(&self.0, Command::Answered);
    }
}

impl VirtualClock {
    /// Makes the clock's file and socket in `folder`, and starts the arbiter. `wires`: what serves
    /// the page's clients.
    ///
    /// # Errors
    ///
    /// Why this machine has no such clock: it does not tell what threads do, or the folder cannot be used.
    pub fn start(folder: &Path, wires: Arc<Wires>) -> io::Result<Self> {
        let me = rustix::process::getpid().as_raw_nonzero().get();
        if Thread::look(me, me).is_none() {
            return Err(io::Error::other("this system does not tell what threads do"));
        }
        let shared = Arc::new(Shared::create(&folder.join(CLOCK))?);
        let listener = UnixListener::bind(folder.join(SOCKET)).map_err(|error| match error.kind() {
            io::ErrorKind::InvalidInput => io::Error::other(
                "the folder for temporary files has too long a path for a socket; set TMPDIR to a shorter one",
            ),
            _ => error,
        })?;
        let (wake, woken) = UnixStream::pair()?;
        for socket in [&wake, &woken] {
            socket.set_nonblocking(true)?;
        }
        let (sender, receiver) = channel();
        let account = Arc::<Mutex<Account>>::default();
        let stage = Arc::<Stage>::default();
        let commands = Arc::new(Mutex::new(Commands { sender, wake }));
        let way = Arc::clone(&commands);
        let pass = move || Passage(Arc::clone(&way));
        let ears = Ears::new(listener, woken, receiver)?;
        let arbiter =
            Arbiter::new(Arc::clone(&shared), Arc::clone(&account), ears, wires, Arc::clone(&stage), Box::new(pass));
        let thread = std::thread::Builder::new().name("doccheck-clock".to_owned()).spawn(move || arbiter.serve())?;
        Ok(Self { shared, account, commands, stage, thread: Some(thread) })
    }

    /// A new world, that begins at `start`, with these processes.
    pub fn open(&self, start: Timestamp, census: Census) {
        self.wait_for(Foreground::Nobody);
        self.shared.restart(start.micros());
        self.send(Command::Open(census));
    }

    /// What the clock shows when nobody runs, to the millisecond: within one it is read more or less often. Who slept in
    /// real time and woke may have gone on before the arbiter looked; they are counted.
    pub fn settled(&self) -> Timestamp {
        if self.shared.sleepers() > 0 {
            let (sender, settled) = channel();
            self.send(Command::Settle(sender));
            // Where the arbiter is gone, the run is at its end.
            let _ = settled.recv();
        }
        Timestamp::from_micros(schedule::millis_begun(self.now().micros()))
    }

    /// What the clock shows.
    pub fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.shared.base().max(self.shared.ticks()))
    }

    /// From now on this is waited for.
    pub fn wait_for(&self, foreground: Foreground) {
        let begin = self.shared.base();
        *self.stage.waited() =
            Waited { foreground, begin, horizon: begin.saturating_add(HORIZON), ..Waited::default() };
        if self.stage.is_waited.load(Ordering::SeqCst) {
            self.commands.lock().unwrap_or_else(PoisonError::into_inner).wake();
        }
    }

    /// That the step which is waited for stands still, if it does.
    pub fn standstill(&self) -> Option<Standstill> {
        self.stage.waited().standstill
    }

    /// The step that is waited for is no service so far: as much time as has passed for it passes once more.
    pub fn go_on(&self) {
        let mut waited = self.stage.waited();
        waited.horizon = waited.horizon.saturating_add(waited.horizon.saturating_sub(waited.begin));
    }

    /// How the world's time was spent since the last call.
    pub fn take_account(&self) -> TimeSpent {
        self.account.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// For `Foreground::Service`: lets one event happen where `goes_on`, and waits until the world is at rest again and
    /// there is another, or for `limit` of real time. Tells whether that is due by `until`; `None` where the world is not
    /// at rest, or nothing is to happen.
    pub fn rest(&self, goes_on: bool, until: Timestamp, limit: Duration) -> Option<Rested> {
        let (sender, rested) = channel();
        self.send(Command::Rest { goes_on, until: until.micros(), rested: sender });
        rested.recv_timeout(limit).ok()
    }

    /// Holds a request until it reaches the sandbox.
    pub async fn arrive(self: &Arc<Self>, arrival: Arrival) -> InFlight {
        let Arrival { content, connection, port, round_trip } = arrival;
        let mut in_flight = InFlight { clock: Arc::clone(self), content, connection, port, passage: None };
        in_flight.hold(Delay::For(micros(EXCHANGE + round_trip))).await;
        in_flight
    }

    /// Holds something that doccheck itself is about to do; it is held when this returns. `content` tells it from what is due
    /// at the same time.
    pub fn hold(&self, content: Vec<u8>, when: When) -> Held {
        let delay = match when {
            When::AfterExchange => Delay::For(schedule::EXCHANGE),
            When::At(instant) => Delay::Until(instant.micros()),
        };
        self.held(content, (u64::MAX, 0), delay)
    }

    fn held(&self, content: Vec<u8>, (connection, port): (u64, u16), delay: Delay) -> Held {
        let (sender, released) = oneshot::channel();
        let content = Content::new(content);
        self.send(Command::Hold(Request { content, connection, port, delay, released: sender }));
        Held(released)
    }

    fn send(&self, command: Command) {
        send(&self.commands, command);
    }
}

fn send(commands: &Mutex<Commands>, command: Command) {
    commands.lock().unwrap_or_else(PoisonError::into_inner).send(command);
}

impl InFlight {
    /// Holds the answer for `delay` more.
    pub async fn delay(&mut self, delay: Duration) {
        self.passage = None;
        self.hold(Delay::For(micros(delay))).await;
    }

    async fn hold(&mut self, delay: Delay) {
        let held = self.clock.held(self.content.clone(), (self.connection, self.port), delay);
        // Where the arbiter is gone, nobody waits for the answer either.
        self.passage = held.released().await;
    }
}

impl Drop for VirtualClock {
    fn drop(&mut self) {
        self.send(Command::End);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
