//! The sandbox for a person at a terminal or a client under development: it stands on loopback until it is ended, and is
//! steered while it stands.
//!
//! One port takes everything: requests below `/HOST/`, requests that name a host in their field `Host`, requests to a
//! proxy, and those below `/_sandbox/`, which steer it. A host may have a port of its own too.

#![expect(clippy::disallowed_methods, reason = "opens the ports of the sandbox")]

mod doors;
mod links;
mod remote;

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use tokio::runtime::Runtime;
use tokio_rustls::TlsConnector;

use super::authority::{self, Authority};
use super::clock::Clock;
use super::control::{Control, Description, Log, Place};
use super::courier::Courier;
use super::engine::Engine;
use super::front::Front;
use super::gateway::Gateway;
use super::hosts::Hosts;
use super::journal::Witness;
use super::relay::Relay;
use super::upstream::Upstream;
use crate::sandbox::World;
use crate::virtual_time::Wires;

use doors::{Door, Doors};
use links::Links;

pub use remote::{Remote, RemoteError};

/// How long ending it waits for its threads.
const GRACE: Duration = Duration::from_secs(1);

/// How a sandbox stands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StandingOptions {
    /// Its port on 127.0.0.1; any free one where it is 0.
    pub port: u16,
    /// Ports for single hosts, likewise.
    pub ports: Vec<(String, u16)>,
    /// What keys that it gives are made from.
    pub seed: u64,
    /// What its time is.
    pub pace: Pace,
    /// Hosts (`host` or `host:port`) that may be reached for real through the proxy.
    pub allow: Vec<String>,
}

/// What the time of a standing sandbox is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Pace {
    /// The machine's, from the world's start on.
    #[default]
    Real,
    /// It stands still, and goes on with each exchange.
    Virtual,
}

/// Why a sandbox cannot stand.
#[derive(Debug, thiserror::Error)]
pub enum StandingError {
    /// Somebody else listens there.
    #[error("port {0} of 127.0.0.1 is taken")]
    Taken(u16),
    /// A port was given to a host that is not served.
    #[error("the sandbox serves no host `{host}`")]
    UnknownHost {
        /// The host.
        host: String,
        /// Those that are served.
        served: Vec<String>,
    },
    /// A host has two ports.
    #[error("`{0}` has two ports")]
    TwoPorts(String),
    /// Something else, a fragment.
    #[error("cannot start the sandbox: {0}")]
    Start(String),
}

/// A sandbox that stands. Dropping it ends its threads and closes its ports.
pub struct Standing {
    doors: Arc<Doors>,
    certificate: String,
    /// There until this is dropped.
    runtime: Option<Runtime>,
}

impl Standing {
    /// Starts it. `world` makes the world as it is at its start, now and with each reset.
    ///
    /// # Errors
    ///
    /// `StandingError`: a port is taken, or a host unknown.
    pub fn start(
        options: &StandingOptions,
        world: impl Fn() -> World + Send + Sync + 'static,
    ) -> Result<Self, StandingError> {
        let first = world();
        let hosts = Arc::new(Hosts::new(&options.allow).map_err(StandingError::Start)?);
        hosts.serve(first.hosts());
        let ports = ports(&options.ports, &hosts.served())?;
        let (main, port) = listen(options.port)?;
        let mut doors = vec![(main, Door::Open)];
        let mut own_ports = BTreeMap::new();
        for (host, port) in ports {
            let (listener, port) = listen(port)?;
            own_ports.insert(host.clone(), port);
            doors.push((listener, Door::Host(host)));
        }
        let base = |host: String| {
            let url = own_ports
                .get(&host)
                .map_or_else(|| format!("http://127.0.0.1:{port}/{host}"), |own| format!("http://127.0.0.1:{own}"));
            (host, url)
        };
        let links = Links::new(hosts.served().into_iter().map(base).collect());
        // One is enough beside wiremock's own: more would only wake one another.
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("doccheck-sandbox")
            .enable_all()
            .build()
            .map_err(start)?;

        let log = Arc::new(Log::new(first.start()));
        let witness: Arc<dyn Witness> = Arc::<Log>::clone(&log);
        let engine = Arc::new(Engine::new(Arc::clone(&witness)));
        let opened = clock(options.pace, &first);
        engine.open(first, opened);
        let upstream = runtime.block_on(Upstream::start(Arc::clone(&engine))).map_err(start)?;
        let authority = Arc::new(Authority::new().map_err(StandingError::Start)?);
        let bundle = authority.bundle(!hosts.allowed().is_empty());
        let client = authority::client_config(&bundle, "http/1.1").map_err(StandingError::Start)?;
        let tls = TlsConnector::from(Arc::new(client));
        let relay = Arc::new(Relay { tls, inside: None, wires: Arc::<Wires>::default() });
        let courier = Arc::new(Courier::new(
            Arc::clone(&engine),
            Arc::clone(&hosts),
            Arc::clone(&relay),
            Arc::clone(&witness),
            runtime.handle().clone(),
        ));
        let gateway = Gateway {
            hosts: Arc::clone(&hosts),
            witness,
            engine: Arc::clone(&engine),
            relay,
            courier: Arc::clone(&courier),
            upstream,
        };
        let front = Front {
            gateway,
            tls: Arc::new(authority::server_config(authority, hosts).map_err(StandingError::Start)?),
            page: tokio::sync::watch::Sender::new(0),
            proxy_ports: [port, port],
            search: Vec::new(),
            control: None,
            connections: AtomicU64::new(0),
        };
        let pace = options.pace;
        let again = move || {
            let world = world();
            let clock = clock(pace, &world);
            (world, clock)
        };
        let control = Control {
            engine,
            log,
            courier,
            seed: options.seed,
            port,
            certificate: bundle.clone(),
            place: Place::Alone { bases: links.bases().to_vec(), world: Box::new(again) },
        };
        let shared = Arc::new(Doors { front: Arc::new(front), control, links, port, connections: AtomicU64::new(0) });
        for (listener, door) in doors {
            let _inside = runtime.enter();
            let listener = tokio::net::TcpListener::from_std(listener).map_err(start)?;
            runtime.spawn(Arc::clone(&shared).listen(listener, door));
        }
        Ok(Self { doors: shared, certificate: bundle, runtime: Some(runtime) })
    }

    /// The port that takes everything.
    pub fn port(&self) -> u16 {
        self.doors.port
    }

    /// The certificates that clients of the proxy are to trust, as PEM.
    pub fn certificate(&self) -> &str {
        &self.certificate
    }

    /// What it tells of itself.
    pub fn describe(&self) -> Description {
        self.doors.control.describe()
    }
}

impl Drop for Standing {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_timeout(GRACE);
        }
        self.doors.front.gateway.upstream.end(GRACE);
    }
}

impl fmt::Debug for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Standing").field("port", &self.doors.port).finish_non_exhaustive()
    }
}

/// The ports of single hosts, the hosts in lower case.
fn ports(asked: &[(String, u16)], served: &[String]) -> Result<BTreeMap<String, u16>, StandingError> {
    let mut ports = BTreeMap::new();
    for (host, port) in asked {
        let host = host.to_ascii_lowercase();
        if !served.contains(&host) {
            return Err(StandingError::UnknownHost { host, served: served.to_vec() });
        }
        if ports.insert(host.clone(), *port).is_some() {
            return Err(StandingError::TwoPorts(host));
        }
    }
    Ok(ports)
}

fn listen(port: u16) -> Result<(TcpListener, u16), StandingError> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => StandingError::Taken(port),
        _ => StandingError::Start(format!("port {port}: {error}")),
    })?;
    listener.set_nonblocking(true).map_err(start)?;
    let port = listener.local_addr().map_err(start)?.port();
    Ok((listener, port))
}

fn clock(pace: Pace, world: &World) -> Clock {
    match pace {
        Pace::Real => Clock::real(world.start()),
        Pace::Virtual => Clock::Stepped(world.start()),
    }
}

fn start(error: impl fmt::Display) -> StandingError {
    StandingError::Start(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::Definition;

    #[test]
    fn nothing_outlives_it() {
        let definition = Arc::new(Definition::nothing());
        let world = move || World::new(Arc::clone(&definition), None);
        let standing = Standing::start(&StandingOptions::default(), world).unwrap();
        let doors = Arc::downgrade(&standing.doors);
        // wiremock's thread holds it.
        let engine = Arc::downgrade(&standing.doors.control.engine);
        let _client = std::net::TcpStream::connect((Ipv4Addr::LOCALHOST, standing.port())).unwrap();
        drop(standing);
        assert!(doors.upgrade().is_none());
        assert!(engine.upgrade().is_none());
    }

    #[test]
    fn a_host_has_one_port_at_most_and_is_known() {
        let served = ["api.example.com".to_owned()];
        let asked =
            |hosts: &[&str]| ports(&hosts.iter().map(|host| ((*host).to_owned(), 0)).collect::<Vec<_>>(), &served);
        assert_eq!(asked(&["API.example.com"]).unwrap().into_keys().collect::<Vec<_>>(), served);
        assert!(matches!(asked(&["api.example.com", "API.example.com"]), Err(StandingError::TwoPorts(_))));
        assert!(matches!(asked(&["www.example.com"]), Err(StandingError::UnknownHost { .. })));
    }
}
