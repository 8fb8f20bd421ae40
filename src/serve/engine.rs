//! wiremock in front of the engine: one responder for every request, so that the sandbox's data decides.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hyper::StatusCode;
use hyper::header::{HeaderName, HeaderValue};
use wiremock::{Mock, MockServer, Respond, ResponseTemplate};

use crate::clock::Timestamp;
use crate::http::{Headers, Reply, Request};
use crate::sandbox::{Answer, Delivery, Fault, World};
use crate::transcript::{self, Exchange};
use crate::virtual_time::VirtualClock;

use super::clock::Clock;
use super::journal::{Witness, excerpt};

/// Carries the URL that the client asked for from the front to the responder, since wiremock only sees its own
/// address and tidies paths up. Nobody else sees it.
pub(super) const URL_HEADER: &str = "doccheck-url";

/// Carries when the request came, on which world's clock, the same way: the world's number and the microseconds since
/// its start.
pub(super) const ASKED_HEADER: &str = "doccheck-asked";

/// Carries the microseconds by which an answer is to come later back to the front, which takes it away.
pub(super) const DELAY_HEADER: &str = "doccheck-delay";

/// A world with the clock that it runs on.
pub(super) struct Engine {
    world: Mutex<Option<World>>,
    /// Of the world that is open. Locked for a moment at a time, also while the world is locked: most of what a request
    /// needs to know beside its answer is in here, and need not wait for the answers to others.
    time: Mutex<Option<Time>>,
    witness: Arc<dyn Witness>,
}

/// What is to be told of its own accord.
pub(super) struct Due {
    /// At once.
    pub(super) deliveries: Vec<Delivery>,
    /// When there is more.
    pub(super) next: Option<Timestamp>,
    /// How long that is from now, on a clock that goes on by itself.
    pub(super) left: Option<Duration>,
    /// The clock, where it is virtual.
    pub(super) clock: Option<Arc<VirtualClock>>,
}

/// The time of a world.
struct Time {
    clock: Clock,
    /// When the world began.
    start: Timestamp,
    /// How many worlds there were before.
    number: u64,
    /// When the world has something to tell of its own accord.
    next_due: Option<Timestamp>,
}

impl Time {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn elapsed(&self) -> Duration {
        self.now().since(self.start)
    }

    /// Reads what `Engine::mark` wrote. What was sent into the world before is asked of this one now.
    fn asked(&self, mark: &str) -> Duration {
        let told = mark.split_once(' ').filter(|(world, _)| world.parse() == Ok(self.number));
        told.and_then(|(_, micros)| micros.parse().ok()).map_or_else(|| self.elapsed(), Duration::from_micros)
    }
}

impl Engine {
    /// No world yet.
    pub(super) fn new(witness: Arc<dyn Witness>) -> Self {
        Self { world: Mutex::default(), time: Mutex::default(), witness }
    }

    /// Puts `world` in place of the one before.
    pub(super) fn open(&self, world: World, clock: Clock) {
        let mut open = self.world();
        let number = self.of_time(|time| time.number + 1).unwrap_or_default();
        let (start, next_due) = (world.start(), world.next_due());
        *self.time() = Some(Time { clock, start, number, next_due });
        *open = Some(world);
    }

    /// What `with` makes of the world and what its clock shows; `None` where none is open.
    pub(super) fn with<T>(&self, with: impl FnOnce(&mut World, Timestamp) -> T) -> Option<T> {
        let mut open = self.world();
        let world = open.as_mut()?;
        let now = self.of_time(|time| time.now())?;
        let made = with(world, now);
        self.of_time(|time| time.next_due = world.next_due());
        Some(made)
    }

    /// Puts the clock forward.
    pub(super) fn advance(&self, by: Duration) {
        self.of_time(|time| time.clock.advance(by));
    }

    /// What is to be told of its own accord, at once and next; `None` where no world is open.
    pub(super) fn due(&self) -> Option<Due> {
        let is_due = self.of_time(|time| time.next_due.is_some_and(|due| due <= time.now()))?;
        let deliveries = if is_due { self.with(World::take_due)? } else { Vec::new() };
        self.of_time(|time| {
            let next = time.next_due;
            let (clock, left) = match &time.clock {
                Clock::Virtual(clock) => (Some(Arc::clone(clock)), None),
                Clock::Real { .. } => (None, next.map(|next| next.since(time.now()))),
                Clock::Stepped(_) => (None, None),
            };
            Due { deliveries, next, left, clock }
        })
    }

    /// Puts a call off that was not taken. A clock that is put forward by hand passes over the moments at which it would
    /// have been tried again: they count from the moment at which it was due.
    pub(super) fn put_off(&self, delivery: Delivery) {
        let is_stepped = self.of_time(|time| matches!(time.clock, Clock::Stepped(_))).unwrap_or_default();
        self.with(|world, now| {
            let tried = if is_stepped { delivery.due } else { now };
            world.put_off(delivery, tried);
        });
    }

    /// How long after the world's start an instant is, in microseconds; `None` where no world is open.
    pub(super) fn elapsed_at(&self, instant: Timestamp) -> Option<u64> {
        self.of_time(|time| micros(instant.since(time.start)))
    }

    /// The clock of the world that is open, where its time is virtual.
    pub(super) fn virtual_clock(&self) -> Option<Arc<VirtualClock>> {
        self.of_time(|time| match &time.clock {
            Clock::Virtual(clock) => Some(Arc::clone(clock)),
            Clock::Real { .. } | Clock::Stepped(_) => None,
        })?
    }

    /// True where the world's clock is the machine's.
    pub(super) fn is_real(&self) -> bool {
        self.of_time(|time| matches!(time.clock, Clock::Real { .. })).unwrap_or_default()
    }

    /// Arms faults.
    pub(super) fn arm(&self, faults: &[Fault]) {
        self.with(|world, _| world.arm(faults));
    }

    /// Disarms faults; tells which of them no request met.
    pub(super) fn disarm(&self) -> Vec<String> {
        self.with(|world, _| world.disarm()).unwrap_or_default()
    }

    /// The world's time as HTTP writes it; `None` where no world is open.
    pub(super) fn http_date(&self) -> Option<String> {
        self.of_time(|time| time.now().http_date())
    }

    /// How long the world has been there, in microseconds of its own time; 0 where none is open.
    pub(super) fn elapsed_us(&self) -> u64 {
        self.of_time(|time| micros(time.elapsed())).unwrap_or_default()
    }

    /// When a request comes that is to be asked, for `ASKED_HEADER`.
    pub(super) fn mark(&self) -> String {
        self.of_time(|time| format!("{} {}", time.number, micros(time.elapsed()))).unwrap_or_default()
    }

    /// What an exchange with `host` takes on top of what every exchange takes.
    pub(super) fn round_trip(&self, host: &str) -> Duration {
        self.world().as_ref().map_or(Duration::ZERO, |world| world.round_trip(host))
    }

    /// The answer to a request that came at this mark, and how much later than now it is to come.
    fn answer(&self, request: &Request, mark: &str) -> (Reply, Duration) {
        let mut open = self.world();
        let Some(world) = open.as_mut() else { return closed() };
        let round_trip = world.round_trip(&request.host);
        let arrival = self.of_time(|time| {
            let asked = time.asked(mark);
            time.clock.arrive(time.start.after(asked), round_trip);
            (asked, time.now())
        });
        let Some((asked, now)) = arrival else { return closed() };
        let Answer { mut reply, delay, round_trips, fault, account, unknown_route, drafted, upstream } =
            world.answer(request, now);
        // hyper would date the answer by the machine's clock.
        if reply.headers.get("date").is_none() {
            reply.headers.push("date", now.http_date());
        }
        let next_due = world.next_due();
        let left = self.of_time(|time| {
            time.next_due = next_due;
            let delay = delay + time.clock.round_trip(round_trips);
            (delay, time.clock.spend(delay))
        });
        let Some((delay, left)) = left else { return closed() };
        let owned = |headers: &Headers| headers.iter().map(|(name, value)| (name.into(), value.into())).collect();
        self.witness.exchange(&Exchange {
            method: request.method.clone(),
            url: request.url(),
            request_headers: owned(&request.headers),
            request_body: excerpt(&request.body),
            status: reply.status,
            reply_headers: owned(&reply.headers),
            reply_body: excerpt(&reply.body),
            fault,
            account,
            unknown_route,
            drafted,
            webhook: None,
            upstream: upstream
                .into_iter()
                .map(|asked| transcript::Upstream { method: asked.method, url: asked.url, status: asked.status })
                .collect(),
            asked_us: micros(asked),
            at_us: micros(now.since(world.start()) + delay),
        });
        (reply, left)
    }

    fn world(&self) -> std::sync::MutexGuard<'_, Option<World>> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn time(&self) -> std::sync::MutexGuard<'_, Option<Time>> {
        self.time.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What `with` makes of the time; `None` where no world is open.
    fn of_time<T>(&self, with: impl FnOnce(&mut Time) -> T) -> Option<T> {
        self.time().as_mut().map(with)
    }
}

fn closed() -> (Reply, Duration) {
    (Reply { status: 503, headers: Headers::new(), body: b"no page is open\n".to_vec() }, Duration::ZERO)
}

/// Takes away what wiremock remembers of every request, which nothing else frees, and mounts the one responder.
/// What is returned disconnects when the server's thread has ended.
pub(super) async fn mount(server: &MockServer, engine: Arc<Engine>) -> Receiver<()> {
    let (alive, gone) = channel();
    server.reset().await;
    Mock::given(wiremock::matchers::any()).respond_with(Responder { engine, _alive: alive }).mount(server).await;
    gone
}

struct Responder {
    engine: Arc<Engine>,
    /// Dropped with the server.
    _alive: Sender<()>,
}

impl Respond for Responder {
    fn respond(&self, request: &wiremock::Request) -> ResponseTemplate {
        match read(request) {
            Some((request, mark)) => {
                let (reply, delay) = self.engine.answer(&request, mark);
                template(reply).append_header(DELAY_HEADER, micros(delay).to_string())
            }
            None => {
                ResponseTemplate::new(404).set_body_string("ask the sandbox by the name of a host that it serves\n")
            }
        }
    }
}

/// The request and when it came.
fn read(request: &wiremock::Request) -> Option<(Request, &str)> {
    let mark = request.headers.get(ASKED_HEADER)?.to_str().ok()?;
    let url = request.headers.get(URL_HEADER)?.to_str().ok()?;
    let (scheme, rest) = url.split_once("://")?;
    let (host, target) = rest.find('/').map_or((rest, "/"), |at| rest.split_at(at));
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut headers = Headers::new();
    for (name, value) in request.headers.iter().filter(|(name, _)| *name != URL_HEADER && *name != ASKED_HEADER) {
        headers.push(name.as_str(), String::from_utf8_lossy(value.as_bytes()));
    }
    let request = Request {
        method: request.method.to_string(),
        scheme: scheme.into(),
        host: host.into(),
        path: path.into(),
        query: query.into(),
        headers,
        body: request.body.clone(),
    };
    Some((request, mark))
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

/// A status or field that HTTP cannot carry is a fault in the sandbox's data: it must not panic wiremock's thread.
fn template(reply: Reply) -> ResponseTemplate {
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut template = ResponseTemplate::new(status);
    for (name, value) in reply.headers.iter() {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            template = template.append_header(name, value);
        }
    }
    template.set_body_bytes(reply.body)
}
