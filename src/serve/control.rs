//! What tells of a sandbox over HTTP and steers it: one that stands by itself from another terminal or by a program, that
//! of a page by the page's own steps. `docs/sandbox.md` describes it.

mod entry;
mod log;
mod sign_up;

use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{self, HeaderValue};
use hyper::{Method, Request, Response, StatusCode, Uri};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::clock::Clock;
use super::courier::Courier;
use super::engine::Engine;
use super::gateway::{Body, message};
use super::hosts::Target;
use crate::sandbox::{Fault, World};

pub use entry::{Entry, Event, Excerpt, FirstCall};
pub(super) use log::Log;

/// Where it stands on the port that takes everything, and on its own host. No host is called so.
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

/// What decides on requests that steer the sandbox.
pub(super) struct Control {
    pub(super) engine: Arc<Engine>,
    pub(super) log: Arc<Log>,
    pub(super) courier: Arc<Courier>,
    pub(super) seed: u64,
    /// The proxy's port.
    pub(super) port: u16,
    pub(super) certificate: String,
    pub(super) place: Place,
}

/// Whose sandbox it is.
pub(super) enum Place {
    /// It stands by itself.
    Alone {
        /// The hosts that are served, with their URLs here.
        bases: Vec<(String, String)>,
        /// Makes the world and its clock as they are at their start.
        world: Box<dyn Fn() -> (World, Clock) + Send + Sync>,
    },
    /// It is a page's, whose clock goes by what its processes do alone, and whose world is made for each page.
    Page,
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
struct Renaming {
    resource: String,
    field: String,
    to: String,
}

/// Why a request is refused.
struct Refused(StatusCode, String);

impl Control {
    /// Answers a request to a host of its own.
    pub(super) async fn answer_on_its_host(&self, request: Request<Incoming>) -> Response<Body> {
        let path = request.uri().path_and_query().map_or("/", |path| path.as_str()).to_owned();
        match path.strip_prefix(PREFIX).filter(|rest| rest.is_empty() || rest.starts_with(['/', '?'])) {
            Some(rest) => self.answer(request, rest).await,
            None => message(StatusCode::NOT_FOUND, &format!("there is no {path}; all is below {PREFIX}/")),
        }
    }

    /// Answers a request; `rest` is its path and query below `PREFIX`.
    pub(super) async fn answer(&self, request: Request<Incoming>, rest: &str) -> Response<Body> {
        // A page in a browser that knows the port must not steer the sandbox.
        if request.headers().get(header::ORIGIN).is_some_and(|origin| !is_own(origin)) {
            return message(StatusCode::FORBIDDEN, "only this machine's own pages may steer the sandbox");
        }
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let path = path.trim_end_matches('/');
        let is_alone = matches!(self.place, Place::Alone { .. });
        let renames = path.strip_prefix("/providers/").and_then(|rest| rest.strip_suffix("/rename"));
        let account = path.strip_prefix("/accounts/").and_then(|rest| rest.split_once('/'));
        let known: &[&str] = match path {
            "" | "/ca.pem" | "/journal" => &["GET"],
            "/sign-up" => &["POST"],
            "/advance" | "/reset" if is_alone => &["POST"],
            "/advance" | "/reset" => {
                return message(StatusCode::FORBIDDEN, &format!("{PREFIX}{path} is not for pages; let a step sleep"));
            }
            "/faults" => &["GET", "POST", "DELETE"],
            _ if renames.is_some_and(|name| !name.contains('/')) => &["POST"],
            _ if account.is_some_and(|(_, what)| matches!(what, "revoke" | "reconnect")) => &["POST"],
            _ => {
                let told = format!(
                    "there is no {PREFIX}{path}; {PREFIX}/ has accounts/ID/revoke, accounts/ID/reconnect, advance, faults, journal, providers/NAME/rename, reset, sign-up, \
                     ca.pem"
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
            _ if renames.is_some() => self.rename(renames.unwrap_or_default(), &body),
            _ if account.is_some() => self.grant(account.unwrap_or_default()),
            _ if method == Method::GET => Ok(document(StatusCode::OK, &json!({ "faults": self.armed() }))),
            _ if method == Method::DELETE => Ok(self.disarm()),
            _ => self.arm(&body),
        };
        answered.unwrap_or_else(|Refused(status, told)| message(status, &told))
    }

    /// What the sandbox tells of itself.
    pub(super) fn describe(&self) -> Description {
        let told = self.engine.with(|world, now| {
            // A token that has expired opens nothing; the unified API would have another by now.
            world.refresh(now);
            let environment = world.environment().into_iter().map(|(name, value)| (name, Value::from(value)));
            (environment.collect(), now.rfc3339(), world.armed(), world.hosts())
        });
        let (environment, now, faults, served) = told.unwrap_or_default();
        let hosts = match &self.place {
            Place::Alone { bases, .. } => bases.clone(),
            Place::Page => served.into_iter().map(|host| (host.clone(), format!("https://{host}"))).collect(),
        };
        let host = |(host, url)| Host { host, url };
        Description {
            schema: SCHEMA.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            pid: std::process::id(),
            time: if self.engine.is_real() { "real" } else { "virtual" }.to_owned(),
            now,
            real_s: self.log.real_s(),
            hosts: hosts.into_iter().map(host).collect(),
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
        let faults = written.iter().map(|text| Fault::parse(text)).collect::<Result<Vec<_>, _>>();
        let faults = faults.map_err(|error| {
            let help = error.help.map(|help| format!("; {help}")).unwrap_or_default();
            Refused(StatusCode::UNPROCESSABLE_ENTITY, format!("{}{help}", error.message))
        })?;
        let armed = self.engine.with(|world, now| {
            let fits = world.armed().len() + faults.len() <= FAULTS;
            if fits {
                world.arm_also(&faults);
                self.log.note(now, Event::Arm { faults: faults.into_iter().map(|fault| fault.text).collect() });
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
        self.courier.dispatch();
        let now = self.engine.with(|_, now| {
            self.log.note(now, Event::Advance { by_s: by.as_secs_f64() });
            now.rfc3339()
        });
        Ok(document(StatusCode::OK, &json!({ "now": now })))
    }

    fn reset(&self) -> Response<Body> {
        if let Place::Alone { world, .. } = &self.place {
            let (world, clock) = world();
            self.courier.begin();
            self.engine.open(world, clock);
        }
        self.log.reset();
        document(StatusCode::OK, &json!({ "now": self.engine.with(|_, now| now.rfc3339()) }))
    }

    fn rename(&self, provider: &str, body: &[u8]) -> Result<Response<Body>, Refused> {
        let Renaming { resource, field, to } =
            read(body, r#"{"resource": "contacts", "field": "firstname", "to": "first_name"}"#)?;
        let renamed = self.engine.with(|world, now| {
            world.rename(provider, &resource, &field, &to)?;
            let (provider, resource) = (provider.to_owned(), resource.clone());
            self.log.note(now, Event::Rename { provider, resource, field: field.clone(), to: to.clone() });
            Ok(())
        });
        match renamed {
            Some(Err(told)) => Err(Refused(StatusCode::UNPROCESSABLE_ENTITY, told)),
            _ => Ok(document(StatusCode::OK, &json!({ "resource": resource, "field": to }))),
        }
    }

    /// Takes the grant of an account back, or gives a new one.
    fn grant(&self, (account, what): (&str, &str)) -> Result<Response<Body>, Refused> {
        let done = self.engine.with(|world, now| {
            if what == "revoke" {
                world.revoke(account)?;
                self.log.note(now, Event::Revoke { account: account.to_owned() });
                return Ok(json!({ "id": account }));
            }
            let before = world.environment();
            world.reconnect(account, now)?;
            self.log.note(now, Event::Reconnect { account: account.to_owned() });
            let new = world.environment().into_iter().filter(|variable| !before.contains(variable));
            let new: Map<String, Value> = new.map(|(name, value)| (name, Value::from(value))).collect();
            Ok(json!({ "id": account, "environment": new }))
        });
        self.courier.dispatch();
        match done {
            Some(Err(told)) => Err(Refused(StatusCode::NOT_FOUND, told)),
            Some(Ok(told)) => Ok(document(StatusCode::OK, &told)),
            None => Err(Refused(StatusCode::SERVICE_UNAVAILABLE, "no sandbox is open".to_owned())),
        }
    }

    async fn journal(&self, query: &str) -> Result<Response<Body>, Refused> {
        let number = |name: &str| {
            let value = query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
            let refused = |_| Refused(StatusCode::BAD_REQUEST, format!("`{name}` is no whole number"));
            value.map(|value| value.parse::<u64>().map_err(refused)).transpose()
        };
        let after = number("after")?.unwrap_or(0);
        let wait = Duration::from_secs(number("wait")?.unwrap_or(0)).min(LONGEST_WAIT);
        // A page that waited would keep its own clock from going on.
        if !wait.is_zero() && matches!(self.place, Place::Alone { .. }) {
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
    fn pages_of_other_hosts_are_strangers() {
        let own = ["http://localhost:3000", "http://127.0.0.1", "https://app.localhost:8443"];
        let others = ["https://example.com", "null", "", "http://127.0.0.1.example.com"];
        assert!(own.iter().all(|origin| is_own(&HeaderValue::from_static(origin))));
        assert!(!others.iter().any(|origin| is_own(&HeaderValue::from_static(origin))));
    }
}
