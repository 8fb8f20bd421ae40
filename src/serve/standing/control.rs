//! What steers a standing sandbox over HTTP, from another terminal or by a program: `docs/sandbox.md` describes it.

use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{self, HeaderValue};
use hyper::{Method, Request, Response, StatusCode, Uri};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::entry::Event;
use super::links::Links;
use super::log::Log;
use super::{Pace, clock};
use crate::sandbox::{Fault, World};
use crate::serve::engine::Engine;
use crate::serve::gateway::{Body, message};
use crate::serve::hosts::Target;

/// Where it stands on the port that takes everything. No host is called so.
pub(super) const PREFIX: &str = "/_sandbox";

/// The name and version of what it tells.
const SCHEMA: &str = "doccheck.sandbox/1";

/// The bytes of a request that are taken.
const BODY_LIMIT: usize = 64 * 1024;

/// The faults that may be armed at once.
const FAULTS: usize = 100;

/// The longest that a request for the journal waits for an entry.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// The furthest that the clock is put forward at once: ten years.
const FURTHEST: Duration = Duration::from_secs(3653 * 24 * 60 * 60);

/// How long a key holds that a sign-up gives, where it does not say.
const KEY_LIFE: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// The length of a mail address (RFC 5321, section 4.5.3.1.3).
const ADDRESS: usize = 254;

/// What decides on requests that steer the sandbox.
pub(super) struct Control {
    pub(super) engine: Arc<Engine>,
    pub(super) log: Arc<Log>,
    pub(super) links: Links,
    pub(super) pace: Pace,
    pub(super) seed: u64,
    pub(super) port: u16,
    pub(super) certificate: String,
    /// Makes the world as it is at its start.
    pub(super) world: Box<dyn Fn() -> World + Send + Sync>,
}

/// What a standing sandbox tells of itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Description {
    /// The name and version of this format.
    pub schema: String,
    /// doccheck's version.
    pub version: String,
    /// The process.
    pub pid: u32,
    /// `real` or `virtual`.
    pub time: String,
    /// The world's time (RFC 3339).
    pub now: String,
    /// Seconds of real time since it was started.
    pub real_s: f64,
    /// The hosts that are served.
    pub hosts: Vec<Host>,
    /// The proxy, by which each host is reached by its own name over HTTPS.
    pub proxy: String,
    /// Variables with tokens and ids.
    pub environment: Map<String, Value>,
    /// The faults that may still meet a request, as written.
    pub faults: Vec<String>,
}

/// A host and how it is reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Host {
    /// Its own name.
    pub host: String,
    /// The URL that stands for `https://` and its name.
    pub url: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    by: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Faults {
    faults: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SigningUp {
    email: String,
    /// Seconds.
    expires_in: Option<u64>,
}

/// Why a request is refused.
struct Refused(StatusCode, String);

impl Control {
    /// Answers a request; `rest` is its path and query below `PREFIX`.
    pub(super) async fn answer(&self, request: Request<Incoming>, rest: &str) -> Response<Body> {
        // A page in a browser that knows the port must not steer the sandbox.
        if request.headers().get(header::ORIGIN).is_some_and(|origin| !is_own(origin)) {
            return message(StatusCode::FORBIDDEN, "only this machine's own pages may steer the sandbox");
        }
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let path = path.trim_end_matches('/');
        let known: &[&str] = match path {
            "" | "/ca.pem" | "/journal" => &["GET"],
            "/advance" | "/reset" | "/sign-up" => &["POST"],
            "/faults" => &["GET", "POST", "DELETE"],
            _ => {
                let told = format!(
                    "there is no {PREFIX}{path}; {PREFIX}/ has advance, faults, journal, reset, sign-up, ca.pem"
                );
                return message(StatusCode::NOT_FOUND, &told);
            }
        };
        let method = request.method().clone();
        if !known.contains(&method.as_str()) {
            let told = format!("{PREFIX}{path} takes {}", known.join(", "));
            let mut response = message(StatusCode::METHOD_NOT_ALLOWED, &told);
            if let Ok(allow) = HeaderValue::try_from(known.join(", ")) {
                response.headers_mut().insert(header::ALLOW, allow);
            }
            return response;
        }
        let body = match Limited::new(request.into_body(), BODY_LIMIT).collect().await {
            Ok(body) => body.to_bytes(),
            Err(error) => return message(StatusCode::BAD_REQUEST, &format!("cannot read the request's body: {error}")),
        };
        let answered = match path {
            "" => Ok(document(StatusCode::OK, &self.describe())),
            "/ca.pem" => Ok(plain(&self.certificate)),
            "/journal" => self.journal(query).await,
            "/advance" => self.advance(&body),
            "/reset" => Ok(self.reset()),
            "/sign-up" => self.sign_up(&body),
            _ if method == Method::GET => Ok(document(StatusCode::OK, &json!({ "faults": self.armed() }))),
            _ if method == Method::DELETE => Ok(self.disarm()),
            _ => self.arm(&body),
        };
        answered.unwrap_or_else(|Refused(status, told)| message(status, &told))
    }

    /// What the sandbox tells of itself.
    pub(super) fn describe(&self) -> Description {
        let told = self.engine.with(|world, now| {
            let environment = world.environment().into_iter().map(|(name, value)| (name, Value::from(value)));
            (environment.collect(), now.rfc3339(), world.armed())
        });
        let (environment, now, faults) = told.unwrap_or_default();
        let host = |(host, url): &(String, String)| Host { host: host.clone(), url: url.clone() };
        Description {
            schema: SCHEMA.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            pid: std::process::id(),
            time: match self.pace {
                Pace::Real => "real",
                Pace::Virtual => "virtual",
            }
            .to_owned(),
            now,
            real_s: self.log.real_s(),
            hosts: self.links.bases().iter().map(host).collect(),
            proxy: format!("http://127.0.0.1:{}", self.port),
            environment,
            faults,
        }
    }

    fn armed(&self) -> Vec<String> {
        self.engine.with(|world, _| world.armed()).unwrap_or_default()
    }

    fn arm(&self, body: &[u8]) -> Result<Response<Body>, Refused> {
        let Faults { faults: written } = read(body, r#"{"faults": ["429x2 /crm/contacts"]}"#)?;
        let faults = written.iter().map(|text| Fault::parse(text)).collect::<Result<Vec<_>, _>>().map_err(|error| {
            let help = error.help.map(|help| format!("; {help}")).unwrap_or_default();
            Refused(StatusCode::UNPROCESSABLE_ENTITY, format!("{}{help}", error.message))
        })?;
        let armed = self.engine.with(|world, now| {
            let fits = world.armed().len() + faults.len() <= FAULTS;
            if fits {
                world.arm_also(&faults);
                self.log.note(now, Event::Arm { faults: written });
            }
            fits.then(|| world.armed())
        });
        match armed.flatten() {
            Some(armed) => Ok(document(StatusCode::OK, &json!({ "faults": armed }))),
            None => Err(Refused(StatusCode::CONFLICT, format!("more than {FAULTS} faults; disarm some first"))),
        }
    }

    fn disarm(&self) -> Response<Body> {
        let unmet = self.engine.with(|world, now| {
            let unmet = world.disarm();
            self.log.note(now, Event::Disarm { unmet: unmet.clone() });
            unmet
        });
        document(StatusCode::OK, &json!({ "unmet": unmet.unwrap_or_default() }))
    }

    fn advance(&self, body: &[u8]) -> Result<Response<Body>, Refused> {
        let Advance { by: written } = read(body, r#"{"by": "46m"}"#)?;
        let by = humantime::parse_duration(&written).ok().filter(|by| !by.is_zero() && *by <= FURTHEST);
        let Some(by) = by else {
            let told =
                format!("`{written}` is no time to go forward; write `46m`, `1h 30m` or `2d`, ten years at most");
            return Err(Refused(StatusCode::UNPROCESSABLE_ENTITY, told));
        };
        self.engine.advance(by);
        let now = self.engine.with(|_, now| {
            self.log.note(now, Event::Advance { by_s: by.as_secs_f64() });
            now.rfc3339()
        });
        Ok(document(StatusCode::OK, &json!({ "now": now })))
    }

    fn reset(&self) -> Response<Body> {
        let world = (self.world)();
        let clock = clock(self.pace, &world);
        self.engine.open(world, clock);
        self.log.reset();
        document(StatusCode::OK, &json!({ "now": self.engine.with(|_, now| now.rfc3339()) }))
    }

    fn sign_up(&self, body: &[u8]) -> Result<Response<Body>, Refused> {
        let SigningUp { email, expires_in } = read(body, r#"{"email": "dev@example.com"}"#)?;
        if !is_address(&email) {
            let told = "`email` is no mail address; write one such as dev@example.com".to_owned();
            return Err(Refused(StatusCode::UNPROCESSABLE_ENTITY, told));
        }
        let life = expires_in.map_or(KEY_LIFE, Duration::from_secs);
        if life.is_zero() || life > FURTHEST {
            let told = "`expires_in` is in seconds, from 1 to those of ten years".to_owned();
            return Err(Refused(StatusCode::UNPROCESSABLE_ENTITY, told));
        }
        let given = self.engine.with(|world, now| {
            if let Some(known) = self.log.signed_up(&email, now) {
                return Some((StatusCode::OK, known.key, known.expires, now));
            }
            let (key, expires) = (self.key(&email, &now.rfc3339()), now.after(life));
            let is_noted = self.log.sign_up(&email, &key, now, expires);
            is_noted.then(|| {
                world.add_token(&key, Some(expires));
                (StatusCode::CREATED, key, expires, now)
            })
        });
        let Some((status, key, expires, now)) = given.flatten() else {
            let told = "too many have signed up; `doccheck sandbox reset` forgets them".to_owned();
            return Err(Refused(StatusCode::CONFLICT, told));
        };
        let given = json!({
            "email": email,
            "api_key": key,
            "expires_in": expires.since(now).as_secs(),
            "expires_at": expires.rfc3339(),
        });
        Ok(document(status, &given))
    }

    /// A key for `email`: the same for the same seed, and another where the one before has expired.
    fn key(&self, email: &str, now: &str) -> String {
        let hash = Sha256::digest(format!("{} {now} {email}", self.seed));
        let digits: String = hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        format!("sandbox-key-{digits}")
    }

    async fn journal(&self, query: &str) -> Result<Response<Body>, Refused> {
        let number = |name: &str| {
            let value = query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
            let refused = |_| Refused(StatusCode::BAD_REQUEST, format!("`{name}` is no whole number"));
            value.map(|value| value.parse::<u64>().map_err(refused)).transpose()
        };
        let after = number("after")?.unwrap_or(0);
        let wait = Duration::from_secs(number("wait")?.unwrap_or(0)).min(LONGEST_WAIT);
        if !wait.is_zero() {
            // Where nothing happens, the excerpt is empty.
            let _ = tokio::time::timeout(wait, self.log.wait(after)).await;
        }
        Ok(document(StatusCode::OK, &self.log.excerpt(after)))
    }
}

/// Reads a body; `example` shows one.
fn read<'b, T: Deserialize<'b>>(body: &'b [u8], example: &str) -> Result<T, Refused> {
    serde_json::from_slice(body)
        .map_err(|error| Refused(StatusCode::BAD_REQUEST, format!("the body is not as in {example}: {error}")))
}

/// True for what can be a mail address, and can be shown on a terminal.
fn is_address(text: &str) -> bool {
    let is_plain =
        text.len() <= ADDRESS && !text.contains(|letter: char| letter.is_control() || letter.is_whitespace());
    is_plain
        && text
            .split_once('@')
            .is_some_and(|(name, host)| !name.is_empty() && host.contains('.') && !host.contains('@'))
}

/// True for the origin of a page that this machine itself serves.
fn is_own(origin: &HeaderValue) -> bool {
    let origin = origin.to_str().ok().and_then(|origin| origin.parse::<Uri>().ok());
    let target = origin.and_then(|origin| Target::parse(origin.authority()?.as_str(), 80));
    target.is_some_and(|target| target.is_loopback())
}

fn document(status: StatusCode, value: &impl Serialize) -> Response<Body> {
    let Ok(mut text) = serde_json::to_string(value) else {
        return message(StatusCode::INTERNAL_SERVER_ERROR, "cannot write the answer");
    };
    text.push('\n');
    let mut response = plain(&text);
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

fn plain(text: &str) -> Response<Body> {
    let body = Full::new(Bytes::copy_from_slice(text.as_bytes())).map_err(|never| match never {}).boxed();
    let mut response = Response::new(body);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_told_from_what_is_none() {
        assert!(["dev@example.com", "a.b+c@mail.example.org", "Ünal@example.com"].iter().all(|text| is_address(text)));
        let wrong =
            ["", "dev", "@example.com", "dev@localhost", "a@b@c.de", "a b@example.com", "\u{1b}[2J@example.com"];
        assert!(!wrong.iter().any(|text| is_address(text)));
        assert!(!is_address(&format!("{}@example.com", "a".repeat(250))));
    }

    #[test]
    fn pages_of_other_hosts_are_strangers() {
        let own = ["http://localhost:3000", "http://127.0.0.1", "https://app.localhost:8443"];
        let others = ["https://example.com", "null", "", "http://127.0.0.1.example.com"];
        assert!(own.iter().all(|origin| is_own(&HeaderValue::from_static(origin))));
        assert!(!others.iter().any(|origin| is_own(&HeaderValue::from_static(origin))));
    }
}
