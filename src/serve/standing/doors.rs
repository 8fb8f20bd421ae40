//! The ports of a standing sandbox: whom a request is for, and the way there.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hyper::body::Incoming;
use hyper::http::uri::Authority;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode, Uri, Version, header};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::net::TcpStream;

use super::links::Links;
use crate::serve::control::{Control, PREFIX};
use crate::serve::front::Front;
use crate::serve::gateway::{Body, Connection, Inbound, message};
use crate::serve::hosts::Target;

/// How long a listener waits after an error of the system, such as too many open files.
const PAUSE: Duration = Duration::from_millis(10);

/// What all connections share.
pub(super) struct Doors {
    pub(super) front: Arc<Front>,
    pub(super) control: Control,
    pub(super) links: Links,
    pub(super) port: u16,
    pub(super) connections: AtomicU64,
}

/// What a port takes.
#[derive(Debug, Clone)]
pub(super) enum Door {
    /// Everything.
    Open,
    /// Requests to this host.
    Host(String),
}

impl Doors {
    /// Takes connections for ever.
    pub(super) async fn listen(self: Arc<Self>, listener: tokio::net::TcpListener, door: Door) {
        loop {
            let Ok((stream, client)) = listener.accept().await else {
                tokio::time::sleep(PAUSE).await;
                continue;
            };
            let _ = stream.set_nodelay(true);
            let number = self.connections.fetch_add(1, Ordering::Relaxed);
            let connection = Connection { number, port: client.port() };
            tokio::spawn(Arc::clone(&self).serve(stream, door.clone(), connection));
        }
    }

    async fn serve(self: Arc<Self>, stream: TcpStream, door: Door, connection: Connection) {
        let service = service_fn(move |request| {
            let (doors, door) = (Arc::clone(&self), door.clone());
            async move { Ok::<_, Infallible>(doors.answer(request, door, connection).await) }
        });
        let mut builder = auto::Builder::new(TokioExecutor::new());
        // The gateway dates answers by the world's clock.
        builder.http1().auto_date_header(false).http2().auto_date_header(false);
        // A broken connection is the client's to report.
        let _ = builder.serve_connection_with_upgrades(TokioIo::new(stream), service).await;
    }

    async fn answer(self: Arc<Self>, request: Request<Incoming>, door: Door, connection: Connection) -> Response<Body> {
        let host = match door {
            Door::Host(host) => host,
            Door::Open if request.method() == Method::CONNECT => {
                return Arc::clone(&self.front).connect(request, connection).await;
            }
            Door::Open => {
                // HTTP/2 names scheme and host of every request, HTTP/1 only of those to a proxy.
                let is_http_1 = request.version() < Version::HTTP_2;
                let scheme = request.uri().scheme_str().filter(|_| is_http_1).map(str::to_owned);
                let Some(target) = target(&request, scheme.as_deref()) else {
                    return message(StatusCode::BAD_REQUEST, "the request names no host");
                };
                match scheme {
                    Some(_) if target.is_loopback() && target.port == self.port => {
                        return self.answer_below(request, connection).await;
                    }
                    Some(scheme) => {
                        let inbound = Inbound { scheme, target, connection };
                        return self.front.gateway.answer(request, &inbound).await;
                    }
                    None if target.is_loopback() => return self.answer_below(request, connection).await,
                    None => target.host,
                }
            }
        };
        self.ask(request, host, None, connection).await
    }

    /// What is asked of the sandbox itself: its control, or a host that is the first part of the path.
    async fn answer_below(&self, request: Request<Incoming>, connection: Connection) -> Response<Body> {
        let path = request.uri().path_and_query().map_or("/", |path| path.as_str()).to_owned();
        if let Some(rest) = path.strip_prefix(PREFIX).filter(|rest| rest.is_empty() || rest.starts_with(['/', '?'])) {
            return self.control.answer(request, rest).await;
        }
        let path = path.strip_prefix('/').unwrap_or(&path);
        let (host, rest) = path.find(['/', '?']).map_or((path, ""), |at| path.split_at(at));
        let slash = if rest.starts_with('/') { "" } else { "/" };
        let rest = format!("{slash}{rest}");
        self.ask(request, host.to_ascii_lowercase(), Some(rest), connection).await
    }

    /// Asks a served host, as clients do by its own name: over TLS. `path` takes the place of the request's.
    async fn ask(
        &self,
        mut request: Request<Incoming>,
        host: String,
        path: Option<String>,
        connection: Connection,
    ) -> Response<Body> {
        let bases = self.links.bases();
        if !bases.iter().any(|(served, _)| *served == host) {
            let served = bases.iter().map(|(_, url)| url.as_str()).collect::<Vec<_>>().join(", ");
            let what =
                if host.is_empty() { "no host is named".to_owned() } else { format!("no sandbox serves host {host}") };
            let told = format!("{what}; there are {served}, and {PREFIX}/ steers the sandbox");
            return message(StatusCode::MISDIRECTED_REQUEST, &told);
        }
        if let Some(path) = path {
            let Ok(uri) = path.parse::<Uri>() else {
                return message(StatusCode::BAD_REQUEST, "cannot read the request's path");
            };
            *request.uri_mut() = uri;
        }
        let inbound = Inbound { scheme: "https".to_owned(), target: Target { host, port: 443 }, connection };
        let response = self.front.gateway.answer(request, &inbound).await;
        self.links.lead_back(response).await
    }
}

/// Whom a request is for.
fn target(request: &Request<Incoming>, scheme: Option<&str>) -> Option<Target> {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    let authority = request.uri().authority().map(Authority::as_str).or(host)?;
    Target::parse(authority, if scheme == Some("https") { 443 } else { 80 })
}
