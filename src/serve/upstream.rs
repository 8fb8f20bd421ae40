//! wiremock behind a gate. It remembers every request for as long as its responder is mounted, so that is mounted anew
//! again and again, when no request is with it.

#![expect(clippy::disallowed_methods, reason = "opens the port of the server behind the gate")]

use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Body, Bytes, Incoming};
use hyper::{Request, Response};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{Client, Error};
use hyper_util::rt::TokioExecutor;
use tokio::sync::RwLock;
use wiremock::MockServer;

use super::engine::{self, Engine};

/// The requests that wiremock may remember.
const REQUESTS: u64 = 1000;

/// The bytes of their bodies.
const BYTES: u64 = 16 * 1024 * 1024;

/// wiremock with the way to it.
pub(super) struct Upstream {
    engine: Arc<Engine>,
    address: String,
    /// Keeps connections.
    client: Client<HttpConnector, Full<Bytes>>,
    /// Held for reading by every request that is with wiremock, for writing while its responder is changed. Empty once
    /// the server is ended.
    gate: RwLock<Option<Mounted>>,
    requests: AtomicU64,
    bytes: AtomicU64,
}

/// A server with its responder.
struct Mounted {
    server: MockServer,
    /// Disconnected when the server's thread has ended.
    gone: Mutex<Receiver<()>>,
}

impl Upstream {
    /// Starts it on a port of loopback.
    pub(super) async fn start(engine: Arc<Engine>) -> io::Result<Arc<Self>> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let server = MockServer::builder().listener(listener).disable_request_recording().start().await;
        let gone = Mutex::new(engine::mount(&server, Arc::clone(&engine)).await);
        Ok(Arc::new(Self {
            engine,
            address: server.address().to_string(),
            client: Client::builder(TokioExecutor::new()).build_http(),
            gate: RwLock::new(Some(Mounted { server, gone })),
            requests: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
        }))
    }

    /// `address:port`.
    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// Hands a request to wiremock.
    pub(super) async fn ask(self: &Arc<Self>, request: Request<Full<Bytes>>) -> Result<Response<Incoming>, Error> {
        // Counted first: a client that goes away before it is answered has been remembered all the same.
        self.requests.fetch_add(1, Ordering::SeqCst);
        self.bytes.fetch_add(request.body().size_hint().lower(), Ordering::SeqCst);
        if self.is_full() {
            // In a task of its own: the client that brought this about may go away half-way.
            let _ = tokio::spawn(Arc::clone(self).forget()).await;
        }
        let _open = self.gate.read().await;
        // The responder has done its part when this returns: whoever wants to change it need not wait for a late answer.
        self.client.request(request).await
    }

    /// Calls `change` while no request is with wiremock, and mounts the responder anew.
    pub(super) async fn renew(&self, change: impl FnOnce()) {
        let mut gate = self.gate.write().await;
        change();
        self.mount(&mut gate).await;
    }

    async fn forget(self: Arc<Self>) {
        let mut gate = self.gate.write().await;
        // Another request may have seen to it meanwhile.
        if self.is_full() {
            self.mount(&mut gate).await;
        }
    }

    async fn mount(&self, gate: &mut Option<Mounted>) {
        let Some(mounted) = gate else { return };
        let gone = engine::mount(&mounted.server, Arc::clone(&self.engine)).await;
        *mounted.gone.get_mut().unwrap_or_else(PoisonError::into_inner) = gone;
        self.requests.store(0, Ordering::SeqCst);
        self.bytes.store(0, Ordering::SeqCst);
    }

    fn is_full(&self) -> bool {
        self.requests.load(Ordering::SeqCst) > REQUESTS || self.bytes.load(Ordering::SeqCst) > BYTES
    }

    /// Ends the server, and waits up to `grace` for its thread; wiremock has no way to do that, but the thread drops its
    /// responder last.
    pub(super) fn end(&self, grace: Duration) {
        let Some(Mounted { server, gone }) = self.gate.try_write().ok().and_then(|mut gate| gate.take()) else {
            return;
        };
        // That waits for the answer that is being made, however long it takes.
        std::thread::spawn(move || drop(server));
        let _ = gone.into_inner().unwrap_or_else(PoisonError::into_inner).recv_timeout(grace);
    }
}
