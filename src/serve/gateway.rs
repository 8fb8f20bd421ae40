//! One request: into the sandbox, on to a real host, or refused by name.

use std::sync::Arc;
use std::time::Duration;

use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::ext::ReasonPhrase;
use hyper::header::{self, HeaderName, HeaderValue};
use hyper::{HeaderMap, Request, Response, StatusCode, Uri, Version};

use super::courier::Courier;
use super::engine::{ASKED_HEADER, DELAY_HEADER, Engine, URL_HEADER};
use super::hosts::{Hosts, Target, Way};
use super::journal::Witness;
use super::relay::Relay;
use super::upstream::Upstream;
use crate::virtual_time::Arrival;

/// The bytes of a request's body that are taken.
const BODY_LIMIT: usize = 64 * 1024 * 1024;

/// Fields that concern one connection and are not handed on (RFC 9110, section 7.6.1).
const HOP_BY_HOP: [&str; 9] = [
    "connection",
    "keep-alive",
    "proxy-connection",
    "proxy-authorization",
    "proxy-authenticate",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Where the front says that it is the front that answers.
pub(super) const PROXY_STATUS: HeaderName = HeaderName::from_static("proxy-status");

/// A body on its way to a client.
pub(super) type Body = BoxBody<Bytes, hyper::Error>;

/// What decides on requests.
pub(super) struct Gateway {
    /// Who is served.
    pub(super) hosts: Arc<Hosts>,
    /// Who notes refusals.
    pub(super) witness: Arc<dyn Witness>,
    /// The world, for its clock.
    pub(super) engine: Arc<Engine>,
    /// The way to real hosts and to the page's own services.
    pub(super) relay: Arc<Relay>,
    /// Brings webhooks.
    pub(super) courier: Arc<Courier>,
    /// wiremock.
    pub(super) upstream: Arc<Upstream>,
}

/// Whose a request is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Connection {
    /// Its number, in the order in which they came.
    pub(super) number: u64,
    /// The client's own port.
    pub(super) port: u16,
}

/// What is known of a request on its way to a server beside its own words.
#[derive(Debug)]
pub(super) struct Inbound {
    /// `https` or `http`.
    pub(super) scheme: String,
    /// Whom it is for.
    pub(super) target: Target,
    /// What it came by.
    pub(super) connection: Connection,
}

impl Gateway {
    /// Answers `request`.
    pub(super) async fn answer(&self, request: Request<Incoming>, inbound: &Inbound) -> Response<Body> {
        let Inbound { scheme, target, .. } = inbound;
        let version = request.version();
        let mut response = match self.hosts.way(target) {
            Way::Sandbox => self.ask_sandbox(request, inbound).await,
            way @ (Way::Loopback | Way::Allowed) => {
                let request = without_hops(request);
                let awaited = (way == Way::Allowed).then(|| self.relay.wires.await_outside());
                match self.relay.forward(request, scheme == "https", target).await {
                    Ok(response) => return response.map(|body| kept_until_read(body, awaited)),
                    Err(reason) => unreachable(target, &reason),
                }
            }
            Way::Refused => self.refuse(target),
        };
        if !matches!(version, Version::HTTP_09 | Version::HTTP_10 | Version::HTTP_11) {
            response.extensions_mut().remove::<ReasonPhrase>();
        }
        self.date(response.headers_mut());
        response
    }

    /// Says, where the client can see it, that nothing serves `target`, and notes it.
    pub(super) fn refuse(&self, target: &Target) -> Response<Body> {
        self.note_refusal(target);
        let mut response = message(StatusCode::FORBIDDEN, &refusal(target));
        // Most clients print the reason phrase when a proxy refuses a tunnel, and nothing else.
        if let Ok(reason) = ReasonPhrase::try_from(refusal(target)) {
            response.extensions_mut().insert(reason);
        }
        self.date(response.headers_mut());
        response
    }

    /// Notes that somebody asked for a host that nothing serves.
    pub(super) fn note_refusal(&self, target: &Target) {
        self.witness.refuse(target, self.engine.elapsed_us());
    }

    /// Asks the sandbox, at the time at which the request reaches it on the world's clock. Virtual time stands still until
    /// the answer's body has been handed over.
    async fn ask_sandbox(&self, request: Request<Incoming>, inbound: &Inbound) -> Response<Body> {
        let Inbound { scheme, target, connection } = inbound;
        let (parts, body) = without_hops(request).into_parts();
        let body = match Limited::new(body, BODY_LIMIT).collect().await {
            Ok(body) => body.to_bytes(),
            Err(error) => return message(StatusCode::BAD_REQUEST, &format!("cannot read the request's body: {error}")),
        };
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        let path = if path.starts_with('/') { path } else { "/" };
        let default_port = if scheme == "https" { 443 } else { 80 };
        let host =
            if target.port == default_port { target.host.clone() } else { format!("{}:{}", target.host, target.port) };
        let mut content = format!("{} {scheme}://{host}{path} ", parts.method).into_bytes();
        content.extend_from_slice(&body);
        // Requests that differ in their fields alone, such as in whose they are, have an order too.
        for (name, value) in &parts.headers {
            content.extend([b"\n", name.as_str().as_bytes(), b" ", value.as_bytes()].concat());
        }
        let built = Request::builder()
            .method(parts.method)
            .uri(format!("http://{}{path}", self.upstream.address()))
            .header(header::HOST, &host)
            .header(URL_HEADER, format!("{scheme}://{host}{path}"))
            .header(ASKED_HEADER, self.engine.mark())
            .body(Full::new(body));
        let Ok(mut request) = built else {
            return message(StatusCode::BAD_REQUEST, "cannot read the request");
        };
        let own = [URL_HEADER, ASKED_HEADER].map(HeaderName::from_static);
        let skip = [&header::HOST, &header::CONTENT_LENGTH, &header::EXPECT, &own[0], &own[1]];
        for (name, value) in parts.headers.iter().filter(|(name, _)| !skip.contains(name)) {
            request.headers_mut().append(name, value.clone());
        }
        let mut in_flight = match self.engine.virtual_clock() {
            Some(clock) => {
                let Connection { number, port } = *connection;
                let round_trip = self.engine.round_trip(&target.host);
                Some(clock.arrive(Arrival { content, connection: number, port, round_trip }).await)
            }
            None => None,
        };
        let answer = self.upstream.ask(request).await;
        // While time stands still.
        self.courier.dispatch();
        match answer {
            Ok(response) => {
                let (mut parts, body) = response.into_parts();
                parts.version = Version::default();
                let delay = parts.headers.remove(DELAY_HEADER);
                if let Some(delay) = delay.and_then(|delay| delay.to_str().ok()?.parse().ok()).filter(|us| *us > 0) {
                    let delay = Duration::from_micros(delay);
                    match &mut in_flight {
                        Some(in_flight) => in_flight.delay(delay).await,
                        None => tokio::time::sleep(delay).await,
                    }
                }
                Response::from_parts(parts, kept_until_read(body, in_flight))
            }
            Err(error) => message(StatusCode::BAD_GATEWAY, &format!("the sandbox gave no answer: {error}")),
        }
    }

    fn date(&self, headers: &mut HeaderMap) {
        if !headers.contains_key(header::DATE)
            && let Some(date) = self.engine.http_date().and_then(|date| HeaderValue::try_from(date).ok())
        {
            headers.insert(header::DATE, date);
        }
    }
}

/// The words for a target that nothing serves; the Node and Python hooks use the same.
pub(super) fn refusal(target: &Target) -> String {
    format!("no sandbox serves host {}", target.name())
}

/// What a proxy says of a host that it cannot reach; `Proxy-Status` (RFC 9209) tells it from the host's own words.
pub(super) fn unreachable(target: &Target, reason: &str) -> Response<Body> {
    let mut response = message(StatusCode::BAD_GATEWAY, &format!("cannot reach {}: {reason}", target.name()));
    let status = HeaderValue::from_static("doccheck; error=destination_unavailable");
    response.headers_mut().insert(PROXY_STATUS, status);
    response
}

/// A short answer in JSON.
pub(super) fn message(status: StatusCode, text: &str) -> Response<Body> {
    let body = serde_json::json!({ "error": text }).to_string() + "\n";
    let mut response = Response::new(Full::new(Bytes::from(body)).map_err(|never| match never {}).boxed());
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// A body that keeps `what` until it has been handed over.
fn kept_until_read(body: Incoming, what: impl Send + Sync + 'static) -> Body {
    let body = body.map_frame(move |frame| {
        let _kept = &what;
        frame
    });
    body.boxed()
}

/// A request without what concerned only the connection to here, and with its target in origin form.
fn without_hops(request: Request<Incoming>) -> Request<Incoming> {
    let (mut parts, body) = request.into_parts();
    for name in HOP_BY_HOP {
        parts.headers.remove(name);
    }
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    parts.uri = path.parse().unwrap_or_else(|_| Uri::from_static("/"));
    Request::from_parts(parts, body)
}
