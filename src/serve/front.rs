//! The listeners: a proxy for clients that take one, and a TLS and a plain port for those that the hooks lead
//! here. A connection ends with the page whose process opened it.

use std::convert::Infallible;
use std::io::Cursor;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper::header;
use hyper::http::uri::Authority;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use rustls::ServerConfig;
use rustls::server::Acceptor;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::sync::watch;
use tokio_rustls::server::StartHandshake;
use tokio_rustls::{LazyConfigAcceptor, TlsAcceptor};

use super::control::Control;
use super::gateway::{Body, Connection, Gateway, Inbound, message, unreachable};
use super::hosts::{CONTROL, Target, Way};
use super::names::Names;
use super::relay::Relay;

/// The first byte of a TLS connection: a handshake record (RFC 8446, section 5.1).
const TLS_HANDSHAKE: u8 = 0x16;

/// How long a listener waits after an error of the system, such as too many open files.
const PAUSE: Duration = Duration::from_millis(10);

/// What all connections share.
pub(super) struct Front {
    /// Decides on requests.
    pub(super) gateway: Gateway,
    /// Ends TLS.
    pub(super) tls: Arc<ServerConfig>,
    /// The number of the page that is open.
    pub(super) page: watch::Sender<u64>,
    /// The ports of the proxy: a request to one is a mistake, not a service of the page.
    pub(super) proxy_ports: [u16; 2],
    /// The domains that the machine's resolver appends to names.
    pub(super) search: Vec<String>,
    /// Tells of the page's sandbox, on a host of its own.
    pub(super) control: Option<Control>,
    /// How many connections there were.
    pub(super) connections: AtomicU64,
}

/// What a listener takes.
#[derive(Debug, Clone)]
pub(super) enum Port {
    /// Requests to a proxy.
    Proxy,
    /// TLS.
    Tls,
    /// Plain HTTP.
    Plain,
    /// Bytes for this target.
    Relay(Target),
    /// Connections to port 443 of any address, of clients that nothing led here.
    CaughtTls,
    /// Connections to port 80 of any address.
    CaughtPlain,
}

/// How a request came.
#[derive(Debug, Clone)]
enum Arrival {
    Proxy,
    Origin { tls: bool, target: Option<Target> },
}

impl Front {
    /// Takes connections for ever.
    pub(super) async fn listen(self: Arc<Self>, listener: TcpListener, port: Port) {
        loop {
            let Ok((stream, client)) = listener.accept().await else {
                tokio::time::sleep(PAUSE).await;
                continue;
            };
            let _ = stream.set_nodelay(true);
            let front = Arc::clone(&self);
            let port = port.clone();
            let number = self.connections.fetch_add(1, Ordering::Relaxed);
            let connection = Connection { number, port: client.port() };
            self.until_next_page(async move {
                match port {
                    Port::Proxy => front.serve(stream, Arrival::Proxy, connection).await,
                    Port::Tls => front.serve_tls(stream, None, connection).await,
                    Port::Plain => {
                        front.serve(stream, Arrival::Origin { tls: false, target: None }, connection).await;
                    }
                    Port::Relay(target) => {
                        if let Ok(real) = Relay::dial_outside(&target).await {
                            front.gateway.relay.tunnel_outside(stream, real).await;
                        }
                    }
                    Port::CaughtTls => front.serve_caught_tls(stream, connection).await,
                    Port::CaughtPlain => {
                        if let Some(target) = caught(&stream) {
                            front.serve(stream, Arrival::Origin { tls: false, target: Some(target) }, connection).await;
                        }
                    }
                }
            });
        }
    }

    /// Answers what is looked up, for ever.
    pub(super) async fn serve_names(self: Arc<Self>, socket: UdpSocket) {
        // Longer questions than RFC 1035 allows over UDP are nobody's.
        let mut query = [0; 512];
        loop {
            let Ok((length, from)) = socket.recv_from(&mut query).await else {
                tokio::time::sleep(PAUSE).await;
                continue;
            };
            let addresses = self.gateway.hosts.addresses().into_iter();
            let known: Vec<_> = addresses
                .filter_map(|(name, address)| match address {
                    IpAddr::V4(address) => Some((name, address)),
                    IpAddr::V6(_) => None,
                })
                .collect();
            let names = Names { known: &known, search: &self.search };
            if let Some(answer) = names.answer(query.get(..length).unwrap_or_default()) {
                if let Some(target) = answer.refused.and_then(|host| Target::parse(&host, 443)) {
                    self.gateway.note_refusal(&target);
                }
                // Who asked in vain asks again.
                let _ = socket.send_to(&answer.reply, from).await;
            }
        }
    }

    fn until_next_page(&self, work: impl Future<Output = ()> + Send + 'static) {
        let mut page = self.page.subscribe();
        tokio::spawn(async move {
            tokio::select! {
                () = work => {}
                _ = page.changed() => {}
            }
        });
    }

    async fn serve_tls(
        self: Arc<Self>,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        target: Option<Target>,
        connection: Connection,
    ) {
        let handshake = TlsAcceptor::from(Arc::clone(&self.tls)).accept(stream);
        // The client tells its user why a handshake failed.
        if let Ok(stream) = handshake.await {
            self.serve(stream, Arrival::Origin { tls: true, target }, connection).await;
        }
    }

    /// TLS to any address: the client's first message tells which host it means, if it means one by name.
    async fn serve_caught_tls(self: Arc<Self>, stream: TcpStream, connection: Connection) {
        let Some(caught) = caught(&stream) else { return };
        let hello = LazyConfigAcceptor::new(Acceptor::default(), stream).await;
        let named = |hello: &StartHandshake<TcpStream>| hello.client_hello().server_name().map(str::to_ascii_lowercase);
        let host = hello.as_ref().ok().and_then(named).unwrap_or(caught.host);
        let target = Target { host, port: caught.port };
        match (hello, self.gateway.hosts.way(&target)) {
            (Ok(hello), Way::Sandbox) => {
                if let Ok(stream) = hello.into_stream(Arc::clone(&self.tls)).await {
                    self.serve(stream, Arrival::Origin { tls: true, target: Some(target) }, connection).await;
                }
            }
            _ => self.gateway.note_refusal(&target),
        }
    }

    /// Boxed, since a tunnel serves a connection inside a connection.
    fn serve(
        self: Arc<Self>,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        arrival: Arrival,
        connection: Connection,
    ) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let service = service_fn(move |request| {
            let front = Arc::clone(&self);
            let arrival = arrival.clone();
            async move { Ok::<_, Infallible>(front.answer(request, arrival, connection).await) }
        });
        Box::pin(async move {
            let mut builder = auto::Builder::new(TokioExecutor::new());
            // The gateway dates answers by the world's clock.
            builder.http1().auto_date_header(false).http2().auto_date_header(false);
            // A broken connection is the client's to report.
            let _ = builder.serve_connection_with_upgrades(TokioIo::new(stream), service).await;
        })
    }

    async fn answer(
        self: Arc<Self>,
        request: Request<Incoming>,
        arrival: Arrival,
        connection: Connection,
    ) -> Response<Body> {
        if request.method() == Method::CONNECT {
            return match arrival {
                Arrival::Proxy => self.connect(request, connection).await,
                Arrival::Origin { .. } => message(StatusCode::METHOD_NOT_ALLOWED, "only a proxy takes CONNECT"),
            };
        }
        let tls = matches!(arrival, Arrival::Origin { tls: true, .. });
        let scheme = request.uri().scheme_str().unwrap_or(if tls { "https" } else { "http" }).to_owned();
        let default_port = if scheme == "https" { 443 } else { 80 };
        let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
        let authority = request.uri().authority().map(Authority::as_str).or(host);
        let target = match (authority, arrival) {
            (Some(authority), _) => Target::parse(authority, default_port),
            (None, Arrival::Origin { target, .. }) => target,
            (None, Arrival::Proxy) => None,
        };
        match target {
            Some(target) if !self.is_self(&target) => match &self.control {
                Some(control) if target.host == CONTROL => control.answer_on_its_host(request).await,
                _ => self.gateway.answer(request, &Inbound { scheme, target, connection }).await,
            },
            _ => message(StatusCode::BAD_REQUEST, "the request names no host"),
        }
    }

    /// Opens a tunnel, as a proxy does.
    pub(super) async fn connect(self: Arc<Self>, request: Request<Incoming>, connection: Connection) -> Response<Body> {
        let target = request.uri().authority().and_then(|authority| Target::parse(authority.as_str(), 443));
        let Some(target) = target.filter(|target| !self.is_self(target)) else {
            return message(StatusCode::BAD_REQUEST, "the request names no host");
        };
        let real = match self.gateway.hosts.way(&target) {
            Way::Refused => return self.gateway.refuse(&target),
            Way::Sandbox => None,
            way @ (Way::Loopback | Way::Allowed) => match self.gateway.relay.dial(&target).await {
                Ok(real) => Some((real, way)),
                Err(error) => return unreachable(&target, &error.to_string()),
            },
        };
        let front = Arc::clone(&self);
        self.until_next_page(async move {
            let Ok(upgraded) = hyper::upgrade::on(request).await else { return };
            // Not `Upgraded::downcast`: the automatic builder wraps what it reads from.
            let Ok(parts) = auto::upgrade::downcast::<TokioIo<TcpStream>>(upgraded) else { return };
            let stream = parts.io.into_inner();
            match real {
                Some((real, Way::Loopback)) => Relay::tunnel(replayed(parts.read_buf, stream), real).await,
                Some((real, _)) => {
                    front.gateway.relay.tunnel_outside(replayed(parts.read_buf, stream), real).await;
                }
                None => front.serve_tunnel(parts.read_buf, stream, target, connection).await,
            }
        });
        Response::new(Empty::new().map_err(|never| match never {}).boxed())
    }

    /// TLS in the tunnel, as `https` has it, or plain HTTP, as some clients send `http` and `ws`.
    async fn serve_tunnel(
        self: Arc<Self>,
        read: hyper::body::Bytes,
        stream: TcpStream,
        target: Target,
        connection: Connection,
    ) {
        let mut first = [0; 1];
        let first = match read.first() {
            Some(first) => *first,
            None if matches!(stream.peek(&mut first).await, Ok(1)) => first[0],
            None => return,
        };
        let stream = replayed(read, stream);
        if first == TLS_HANDSHAKE {
            self.serve_tls(stream, Some(target), connection).await;
        } else {
            self.serve(stream, Arrival::Origin { tls: false, target: Some(target) }, connection).await;
        }
    }

    fn is_self(&self, target: &Target) -> bool {
        target.is_loopback() && self.proxy_ports.contains(&target.port)
    }
}

/// Where a client of a namespace wanted to go. A service of the page is not caught: nobody listens there.
fn caught(stream: &TcpStream) -> Option<Target> {
    let address = stream.local_addr().ok()?;
    let ip = address.ip().to_canonical();
    (!ip.is_loopback()).then(|| Target { host: ip.to_string(), port: address.port() })
}

/// A stream whose first bytes were read too early.
fn replayed(read: hyper::body::Bytes, stream: TcpStream) -> impl AsyncRead + AsyncWrite + Unpin + Send + 'static {
    let (reader, writer) = stream.into_split();
    tokio::io::join(Cursor::new(read).chain(reader), writer)
}
