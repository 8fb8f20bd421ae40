//! Brings what the world tells of its own accord to those who want to be told: webhooks, on the world's clock.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::{Request, Uri, header};
use tokio::runtime::Handle;
use tokio::task::{AbortHandle, JoinSet};

use super::engine::{Due, Engine};
use super::hosts::{Hosts, Target, Way};
use super::journal::{Witness, excerpt};
use super::relay::Relay;
use crate::clock::{Timestamp, in_words};
use crate::http::user_and_place;
use crate::sandbox::{Delivery, decoded};
use crate::transcript::{Call, Exchange};
use crate::virtual_time::{Held, VirtualClock, When};

/// The bytes of a receiver's answer that are taken.
const BODY_LIMIT: usize = 64 * 1024;

/// Who brings webhooks to their receivers.
pub(super) struct Courier {
    engine: Arc<Engine>,
    hosts: Arc<Hosts>,
    relay: Arc<Relay>,
    witness: Arc<dyn Witness>,
    /// Where its work is done.
    handle: Handle,
    work: Mutex<Work>,
}

#[derive(Default)]
struct Work {
    tasks: JoinSet<()>,
    /// When the world is looked at again, and what waits for that.
    wake: Option<(Timestamp, AbortHandle)>,
    /// How many calls were taken, by the event's name.
    taken: BTreeMap<String, u64>,
    /// What became of the last call that was not taken, by the event's name.
    refused: BTreeMap<String, String>,
}

impl Work {
    /// Forgets what is done.
    fn tidy(&mut self) {
        while self.tasks.try_join_next().is_some() {}
    }
}

/// Why a receiver said nothing.
struct Silence {
    /// A fragment.
    reason: String,
    /// True where a further try would find nobody either.
    is_final: bool,
}

impl From<String> for Silence {
    fn from(reason: String) -> Self {
        Self { reason, is_final: false }
    }
}

/// What a receiver said.
struct Said {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

impl Courier {
    /// Nothing is to be brought yet.
    pub(super) fn new(
        engine: Arc<Engine>,
        hosts: Arc<Hosts>,
        relay: Arc<Relay>,
        witness: Arc<dyn Witness>,
        handle: Handle,
    ) -> Self {
        Self { engine, hosts, relay, witness, handle, work: Mutex::default() }
    }

    /// A new world: what was under way in the one before is given up.
    pub(super) fn begin(&self) {
        *self.work() = Work::default();
    }

    /// How many calls for the event `name` have been taken since the world began.
    pub(super) fn taken(&self, name: &str) -> u64 {
        self.work().taken.get(name).copied().unwrap_or(0)
    }

    /// The events of which a call has been taken since the world began.
    pub(super) fn events_taken(&self) -> Vec<String> {
        self.work().taken.keys().cloned().collect()
    }

    /// What became of the last call for the event `name` that was not taken.
    pub(super) fn refused(&self, name: &str) -> Option<String> {
        self.work().refused.get(name).cloned()
    }

    /// Sends off what is due. To be called after each answer, before time goes on, and when the clock was put forward.
    pub(super) fn dispatch(self: &Arc<Self>) {
        let Some(Due { deliveries, next, left, clock }) = self.engine.due() else { return };
        for delivery in deliveries {
            let held = clock.as_ref().map(|clock| clock.hold(content("POST", &delivery), When::AfterExchange));
            let courier = Arc::clone(self);
            let clock = clock.clone();
            self.spawn(async move { courier.bring(delivery, held, clock).await });
        }
        self.wake_at(next, left, clock);
    }

    /// Looks at the world again at `next`, which is `left` from now.
    fn wake_at(self: &Arc<Self>, next: Option<Timestamp>, left: Option<Duration>, clock: Option<Arc<VirtualClock>>) {
        let mut work = self.work();
        work.tidy();
        let is_awaited = work.wake.as_ref().map(|(at, _)| *at) == next;
        // A real clock may have been put forward meanwhile.
        if is_awaited && (next.is_none() || clock.is_some()) {
            return;
        }
        if let Some((_, before)) = work.wake.take() {
            before.abort();
        }
        let Some(next) = next else { return };
        let courier = Arc::clone(self);
        let task = match (clock, left) {
            (Some(clock), _) => {
                let held = clock.hold(b"webhooks".to_vec(), When::At(next));
                work.tasks.spawn_on(
                    async move {
                        let _passage = held.released().await;
                        courier.wake();
                    },
                    &self.handle,
                )
            }
            (None, Some(left)) => work.tasks.spawn_on(
                async move {
                    tokio::time::sleep(left).await;
                    courier.wake();
                },
                &self.handle,
            ),
            // That clock goes on only by what is asked and by hand.
            (None, None) => return,
        };
        work.wake = Some((next, task));
    }

    fn wake(self: &Arc<Self>) {
        // It is this very task: nobody need end it.
        self.work().wake = None;
        self.dispatch();
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let mut work = self.work();
        work.tidy();
        work.tasks.spawn_on(task, &self.handle);
    }

    /// Calls the receiver, once the clock lets it through.
    async fn bring(self: Arc<Self>, delivery: Delivery, held: Option<Held>, clock: Option<Arc<VirtualClock>>) {
        let Some(asked) = self.engine.elapsed_at(delivery.due) else { return };
        if let Some(held) = held {
            // Whoever receives it may ask the sandbox, or sleep, before it answers: so time goes on as soon as this thread
            // rests, which belongs to the wires.
            drop(held.released().await);
        }
        let said = tokio::select! {
            said = self.call(&delivery) => said,
            () = self.patience(&delivery, clock) => {
                Err(format!("no answer within {}", in_words(delivery.patience)).into())
            }
        };
        let is_taken = said.as_ref().is_ok_and(|said| (200..300).contains(&said.status));
        self.note(&delivery, &said, asked);
        if !is_taken && !said.is_err_and(|silence| silence.is_final) {
            self.engine.put_off(delivery);
        }
        self.dispatch();
    }

    /// Ends when the receiver has had its time.
    async fn patience(&self, delivery: &Delivery, clock: Option<Arc<VirtualClock>>) {
        match clock {
            Some(clock) => {
                let until = clock.now().after(delivery.patience);
                drop(clock.hold(content("patience", delivery), When::At(until)).released().await);
            }
            None => tokio::time::sleep(delivery.patience).await,
        }
    }

    /// Sends the call, and reads what the receiver says.
    async fn call(&self, delivery: &Delivery) -> Result<Said, Silence> {
        let unserved = |what: &str| Silence { reason: format!("nothing serves the receiver {what}"), is_final: true };
        let uri: Uri = delivery.url.parse().map_err(|_| unserved(&format!("`{}`", delivery.url)))?;
        let is_tls = uri.scheme_str() == Some("https");
        let (user, place) = user_and_place(uri.authority().map_or("", |authority| authority.as_str()));
        let target = Target::parse(place, if is_tls { 443 } else { 80 });
        let target = target.ok_or_else(|| unserved(&format!("`{}`", delivery.url)))?;
        let _awaited = match self.hosts.way(&target) {
            Way::Loopback => None,
            Way::Allowed => Some(self.relay.wires.await_outside()),
            Way::Sandbox | Way::Refused => return Err(unserved(&target.name())),
        };
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        let mut request = Request::post(path).header(header::HOST, place);
        if let Some(user) = user {
            // As every client does with what stands before the host (RFC 7617).
            request = request.header(header::AUTHORIZATION, format!("Basic {}", STANDARD.encode(decoded(user))));
        }
        for (name, value) in delivery.headers.iter() {
            request = request.header(name, value);
        }
        let body = Full::new(Bytes::copy_from_slice(&delivery.body));
        let request = request.body(body).map_err(|error| error.to_string())?;
        let response = self.relay.forward(request, is_tls, &target).await?;
        let status = response.status().as_u16();
        let text = |value: &header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let headers = response.headers().iter().map(|(name, value)| (name.to_string(), text(value))).collect();
        let body = Limited::new(response.into_body(), BODY_LIMIT).collect().await;
        let body = body.map(|body| excerpt(&body.to_bytes())).unwrap_or_default();
        Ok(Said { status, headers, body })
    }

    /// Takes note of what became of a call.
    fn note(&self, delivery: &Delivery, said: &Result<Said, Silence>, asked_us: u64) {
        let (status, reply_headers, reply_body) = match said {
            Ok(said) => (said.status, said.headers.clone(), said.body.clone()),
            Err(silence) => (0, Vec::new(), silence.reason.clone()),
        };
        let mut work = self.work();
        if (200..300).contains(&status) {
            *work.taken.entry(delivery.event.clone()).or_default() += 1;
        } else {
            let told = if status > 0 { format!("answered {status}") } else { format!("did not answer: {reply_body}") };
            let told = format!("{} {told}", delivery.url);
            work.refused.insert(delivery.event.clone(), told);
        }
        drop(work);
        let fields = delivery.headers.iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
        self.witness.exchange(&Exchange {
            method: "POST".to_owned(),
            url: delivery.url.clone(),
            request_headers: fields.collect(),
            request_body: excerpt(&delivery.body),
            status,
            reply_headers,
            reply_body,
            account: delivery.account.clone(),
            webhook: Some(Call { event: delivery.event.clone(), attempt: delivery.attempt }),
            asked_us,
            at_us: self.engine.elapsed_us(),
            ..Exchange::default()
        });
    }

    fn work(&self) -> MutexGuard<'_, Work> {
        self.work.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// By what a call is put in order among all that is due at once.
fn content(what: &str, delivery: &Delivery) -> Vec<u8> {
    let mut content = format!("{what} {} {} {} ", delivery.url, delivery.event, delivery.attempt).into_bytes();
    content.extend_from_slice(&delivery.body);
    content
}
