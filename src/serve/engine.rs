//! wiremock in front of the engine: one responder for every request, so that the sandbox's data decides.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use hyper::StatusCode;
use hyper::header::{HeaderName, HeaderValue};
use wiremock::{Mock, MockServer, Respond, ResponseTemplate};

use crate::clock::Timestamp;
use crate::http::{Headers, Reply, Request};
use crate::sandbox::{Answer, Fault, World};
use crate::system_clock;
use crate::transcript::{self, Exchange};
use crate::virtual_time::VirtualClock;

use super::journal::{Journal, excerpt};

/// Carries the URL that the client asked for from the front to the responder, since wiremock only sees its own
/// address and tidies paths up. Nobody else sees it.
pub(super) const URL_HEADER: &str = "doccheck-url";

/// Carries the world's time at which the request came, in microseconds since the world's start, the same way.
pub(super) const ASKED_HEADER: &str = "doccheck-asked";

/// Carries the microseconds by which an answer is to come later back to the front, which takes it away.
pub(super) const DELAY_HEADER: &str = "doccheck-delay";

/// A page's world with the clock that it runs on.
pub(super) struct Engine {
    open: Mutex<Option<OpenWorld>>,
    journal: Arc<Journal>,
}

struct OpenWorld {
    world: World,
    clock: Clock,
}

/// What a world's time is.
enum Clock {
    /// That of the machine, from the world's start on.
    Real { start: Timestamp, opened: Instant },
    /// That of the arbiter.
    Virtual(Arc<VirtualClock>),
}

impl OpenWorld {
    fn now(&self) -> Timestamp {
        match &self.clock {
            Clock::Real { start, opened } => start.after(system_clock::now().duration_since(*opened)),
            Clock::Virtual(clock) => clock.now(),
        }
    }

    fn elapsed(&self) -> Duration {
        self.now().since(self.world.start())
    }
}

impl Engine {
    /// No world yet.
    pub(super) fn new(journal: Arc<Journal>) -> Self {
        Self { open: Mutex::default(), journal }
    }

    /// Puts `world` in place of the one before. Its time is that of `clock`, else that of the machine.
    pub(super) fn open(&self, world: World, clock: Option<Arc<VirtualClock>>) {
        let real = || Clock::Real { start: world.start(), opened: system_clock::now() };
        let clock = clock.map_or_else(real, Clock::Virtual);
        *self.world() = Some(OpenWorld { world, clock });
    }

    /// The clock of the world that is open, where its time is virtual.
    pub(super) fn virtual_clock(&self) -> Option<Arc<VirtualClock>> {
        match &self.world().as_ref()?.clock {
            Clock::Virtual(clock) => Some(Arc::clone(clock)),
            Clock::Real { .. } => None,
        }
    }

    /// Arms faults.
    pub(super) fn arm(&self, faults: &[Fault]) {
        if let Some(open) = self.world().as_mut() {
            open.world.arm(faults);
        }
    }

    /// Disarms faults; tells which of them no request met.
    pub(super) fn disarm(&self) -> Vec<String> {
        self.world().as_mut().map(|open| open.world.disarm()).unwrap_or_default()
    }

    /// The world's time as HTTP writes it; `None` where no world is open.
    pub(super) fn http_date(&self) -> Option<String> {
        self.world().as_ref().map(|open| open.now().http_date())
    }

    /// How long the world has been there, in microseconds of its own time; 0 where none is open.
    pub(super) fn elapsed_us(&self) -> u64 {
        self.world().as_ref().map_or(0, |open| micros(open.elapsed()))
    }

    /// What an exchange with `host` takes on top of what every exchange takes.
    pub(super) fn round_trip(&self, host: &str) -> Duration {
        self.world().as_ref().map_or(Duration::ZERO, |open| open.world.round_trip(host))
    }

    /// The answer to a request that came at `asked_us`, and how much later than now it is to come.
    fn answer(&self, request: &Request, asked_us: u64) -> (Reply, Duration) {
        let mut open = self.world();
        let Some(open) = open.as_mut() else {
            let reply = Reply { status: 503, headers: Headers::new(), body: b"no page is open\n".to_vec() };
            return (reply, Duration::ZERO);
        };
        let now = open.now();
        let Answer { mut reply, delay, fault, account, unknown_route, drafted, upstream } =
            open.world.answer(request, now);
        // hyper would date the answer by the machine's clock.
        if reply.headers.get("date").is_none() {
            reply.headers.push("date", now.http_date());
        }
        let owned = |headers: &Headers| headers.iter().map(|(name, value)| (name.into(), value.into())).collect();
        self.journal.exchange(Exchange {
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
            upstream: upstream
                .into_iter()
                .map(|asked| transcript::Upstream { method: asked.method, url: asked.url, status: asked.status })
                .collect(),
            asked_us,
            at_us: micros(now.since(open.world.start()) + delay),
        });
        (reply, delay)
    }

    fn world(&self) -> std::sync::MutexGuard<'_, Option<OpenWorld>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
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
            Some((request, asked_us)) => {
                let (reply, delay) = self.engine.answer(&request, asked_us);
                template(reply).append_header(DELAY_HEADER, micros(delay).to_string())
            }
            None => {
                ResponseTemplate::new(404).set_body_string("ask the sandbox by the name of a host that it serves\n")
            }
        }
    }
}

/// The request and when it came.
fn read(request: &wiremock::Request) -> Option<(Request, u64)> {
    let asked_us = request.headers.get(ASKED_HEADER)?.to_str().ok()?.parse().ok()?;
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
    Some((request, asked_us))
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
