//! One worker's network: everything that is started once, and the world that is open on it.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::runtime::{Handle, Runtime};
use tokio_rustls::TlsConnector;

use crate::clock::Timestamp;
use crate::process::{Census, Crew};
use crate::sandbox::{Fault, World};
use crate::transcript::TimeSpent;
use crate::virtual_time::{self, Foreground, VirtualClock, Wires};

use super::authority::Authority;
use super::clients::Clients;
use super::clock::Clock;
use super::control::{Control, Log, Place};
use super::courier::Courier;
use super::engine::Engine;
use super::front::Front;
use super::gateway::Gateway;
use super::hosts::{CONTROL, Hosts, Target};
use super::inside::Inside;
use super::journal::{Journal, Witness, Witnesses};
use super::listeners::{Listeners, Resolver};
use super::relay::Relay;
use super::upstream::Upstream;
use super::{ServeError, Traffic, authority};

/// How long dropping a network waits for its threads to end.
const GRACE: Duration = Duration::from_secs(1);

/// What one worker has of the network. It serves one page's world at a time. Dropping it ends its threads and
/// closes its ports; its folder is its owner's to remove.
pub struct Network {
    pub(super) hosts: Arc<Hosts>,
    pub(super) journal: Arc<Journal>,
    /// The journal of the whole page, for the page itself.
    log: Arc<Log>,
    engine: Arc<Engine>,
    pub(super) front: Arc<Front>,
    clients: Clients,
    pub(super) bundle: String,
    /// The clock for pages whose time is virtual; where the machine has none, why.
    clock: Result<Arc<VirtualClock>, String>,
    /// Where the clock's files are.
    clock_folder: PathBuf,
    /// When the step began, on the world's clock.
    step_began: Mutex<Timestamp>,
    /// The port of the proxy for doccheck itself.
    pub(super) own_proxy: u16,
    /// The namespace; none where the system refuses it.
    inside: Option<Arc<Inside>>,
    pub(super) handle: Handle,
    /// There until the network is dropped.
    runtime: Option<Runtime>,
}

impl Network {
    /// Starts listeners on loopback. `folder` is an existing, empty folder for the CA's certificate, the clients'
    /// configuration files and the hooks; `allow` are hosts (`host` or `host:port`) that may be reached for real.
    /// A host without a port stands for its ports 80 and 443. Where the system has network namespaces, the listeners are
    /// in one: see `crew`.
    ///
    /// # Errors
    ///
    /// `ServeError::Start`.
    pub fn start(folder: &Path, allow: &[String]) -> Result<Self, ServeError> {
        Self::try_start(folder, allow).map_err(ServeError::Start)
    }

    fn try_start(folder: &Path, allow: &[String]) -> Result<Self, String> {
        let folder = std::path::absolute(folder).map_err(text)?;
        let hosts = Arc::new(Hosts::new(allow)?);
        let authority = Arc::new(Authority::new()?);
        let reaches_out = hosts.allowed().iter().any(|target| !target.is_loopback());
        let bundle = authority.bundle(reaches_out);
        let wires = Arc::<Wires>::default();
        let noted = Arc::clone(&wires);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("doccheck-network")
            .on_thread_start(move || noted.run_on_this_thread())
            .enable_all()
            .build()
            .map_err(text)?;
        let _inside = runtime.enter();

        let resolver = Resolver::of_this_machine();
        let listeners = Listeners::open(&hosts, &resolver)?;

        let journal = Arc::new(Journal::default());
        let log = Arc::new(Log::new(Timestamp::from_micros(0)));
        let both: Vec<Arc<dyn Witness>> = vec![Arc::<Journal>::clone(&journal), Arc::<Log>::clone(&log)];
        let witness: Arc<dyn Witness> = Arc::new(Witnesses(both));
        let engine = Arc::new(Engine::new(Arc::clone(&witness)));
        let upstream = runtime.block_on(Upstream::start(Arc::clone(&engine))).map_err(text)?;
        let relay = Arc::new(Relay {
            tls: TlsConnector::from(Arc::new(authority::client_config(&bundle, "http/1.1")?)),
            inside: listeners.inside.clone(),
            wires: Arc::clone(&wires),
        });
        let courier = Arc::new(Courier::new(
            Arc::clone(&engine),
            Arc::clone(&hosts),
            Arc::clone(&relay),
            Arc::clone(&witness),
            runtime.handle().clone(),
        ));
        let control = Control {
            engine: Arc::clone(&engine),
            log: Arc::clone(&log),
            courier: Arc::clone(&courier),
            seed: 1,
            port: listeners.ports.proxy,
            certificate: bundle.clone(),
            place: Place::Page,
        };
        let gateway =
            Gateway { hosts: Arc::clone(&hosts), witness, engine: Arc::clone(&engine), relay, courier, upstream };
        let front = Arc::new(Front {
            gateway,
            tls: Arc::new(authority::server_config(authority, Arc::clone(&hosts))?),
            page: tokio::sync::watch::Sender::new(0),
            proxy_ports: [listeners.ports.proxy, listeners.own_proxy],
            search: resolver.search,
            control: Some(control),
            connections: AtomicU64::new(0),
        });
        for (listener, port) in listeners.streams {
            let listener = tokio::net::TcpListener::from_std(listener).map_err(text)?;
            runtime.spawn(Arc::clone(&front).listen(listener, port));
        }
        for socket in listeners.name_servers {
            let socket = tokio::net::UdpSocket::from_std(socket).map_err(text)?;
            runtime.spawn(Arc::clone(&front).serve_names(socket));
        }
        let clients = Clients::write(&folder, listeners.ports, &bundle).map_err(text)?;
        clients.write_routes(&hosts).map_err(text)?;
        let clock_folder = folder.join("clock");
        std::fs::create_dir(&clock_folder).map_err(text)?;
        let clock = VirtualClock::start(&clock_folder, wires).map(Arc::new).map_err(text);
        Ok(Self {
            hosts,
            journal,
            log,
            engine,
            front,
            clients,
            bundle,
            clock,
            clock_folder,
            step_began: Mutex::new(Timestamp::from_micros(0)),
            own_proxy: listeners.own_proxy,
            inside: listeners.inside,
            handle: runtime.handle().clone(),
            runtime: Some(runtime),
        })
    }

    /// Nobody yet, who will reach nothing but this network: the loopback of its namespace, with the sandbox and what is
    /// allowed. Processes of a page belong to such a crew: where there is a namespace, the front is nowhere else.
    ///
    /// # Errors
    ///
    /// `ServeError::Start` where there are no more descriptors.
    pub fn crew(&self) -> Result<Crew, ServeError> {
        let doors = self.inside.as_ref().map_or_else(|| Ok(Vec::new()), |inside| inside.doors());
        doors.map(Crew::inside).map_err(|error| ServeError::Start(text(error)))
    }

    /// Tries whether this machine has network namespaces.
    ///
    /// # Errors
    ///
    /// Why it has none.
    pub fn try_containment() -> std::io::Result<()> {
        Inside::create(&[], &[]).map(drop)
    }

    /// True where a network namespace keeps the steps from every other host, whatever the client; false where the
    /// system refuses namespaces, and a client goes out that heeds neither the proxy's variables nor the hooks.
    pub fn is_contained(&self) -> bool {
        self.inside.is_some()
    }

    /// Variables that lead every client here.
    pub fn environment(&self) -> Vec<(String, String)> {
        self.clients.environment()
    }

    /// Variables that give programs the virtual clock in the folder `clock`.
    pub fn clock_environment(&self, clock: &Path) -> Vec<(String, String)> {
        let mut variables = vec![(virtual_time::VARIABLE.to_owned(), clock.display().to_string())];
        variables.extend(self.clients.clock_environment());
        variables
    }

    /// Whether this machine has virtual time for pages.
    ///
    /// # Errors
    ///
    /// Why it has none, and what to do where something can be done.
    pub fn virtual_time(&self) -> Result<(), &str> {
        self.clock.as_ref().map(drop).map_err(String::as_str)
    }

    /// Whether shells and small programs have a page's virtual clock, by a library; else bash has functions for it, and
    /// what is no function there is in real time.
    ///
    /// # Errors
    ///
    /// Why there is no library, and what to do.
    pub fn clock_library(&self) -> Result<(), &'static str> {
        self.clients.clock_library().map(drop)
    }

    /// Opens a page's world, whose time is the machine's; the one before is gone, with every connection that its page
    /// left open.
    ///
    /// # Errors
    ///
    /// `ServeError::Start` where the hooks cannot be told which hosts are served.
    pub fn open(&self, world: World) -> Result<(), ServeError> {
        self.open_with(world, None)
    }

    /// The same, with virtual time for the processes of a crew; returns the variables by which its programs find the
    /// clock. Where this machine has no virtual time the world's is the machine's, and the reason is returned.
    ///
    /// # Errors
    ///
    /// As `open`.
    pub fn open_in_virtual_time(
        &self,
        world: World,
        census: Census,
    ) -> Result<Result<Vec<(String, String)>, String>, ServeError> {
        let clock = match &self.clock {
            Ok(clock) => Arc::clone(clock),
            Err(reason) => {
                self.open(world)?;
                return Ok(Err(reason.clone()));
            }
        };
        clock.open(world.start(), census);
        self.open_with(world, Some(clock))?;
        Ok(Ok(self.clock_environment(&self.clock_folder)))
    }

    fn open_with(&self, world: World, clock: Option<Arc<VirtualClock>>) -> Result<(), ServeError> {
        self.handle.block_on(self.front.gateway.upstream.renew(|| {
            self.front.page.send_modify(|page| *page += 1);
            self.hosts.serve(world.hosts().into_iter().chain([CONTROL.to_owned()]).collect());
            self.front.gateway.courier.begin();
            self.log.restart(world.start());
            let clock = clock.map_or_else(|| Clock::real(world.start()), Clock::Virtual);
            self.engine.open(world, clock);
            self.journal.clear();
        }));
        self.clients.write_routes(&self.hosts).map_err(|error| ServeError::Start(text(error)))
    }

    /// Starts a step: traffic is noted from now on, faults are armed.
    pub fn begin_step(&self, faults: &[Fault]) {
        self.journal.begin();
        self.arm(faults);
        if let Some(clock) = self.engine.virtual_clock() {
            *self.step_began.lock().unwrap_or_else(PoisonError::into_inner) = clock.settled();
            let _ = clock.take_account();
        }
    }

    /// Arms faults, in place of those that are armed.
    pub fn arm(&self, faults: &[Fault]) {
        self.engine.arm(faults);
    }

    /// The clock of the world that is open, where its time is virtual.
    pub fn virtual_clock(&self) -> Option<Arc<VirtualClock>> {
        self.engine.virtual_clock()
    }

    /// From now on this is waited for: until then, and after the step, virtual time stands still.
    pub fn wait_for(&self, foreground: Foreground) {
        if let Some(clock) = self.engine.virtual_clock() {
            clock.wait_for(foreground);
        }
    }

    /// Ends the step.
    pub fn end_step(&self) -> Traffic {
        let unmet_faults = self.engine.disarm();
        for refused in self.clients.take_refused() {
            if let Some(target) = Target::parse(&refused, 443) {
                self.journal.refuse(&target);
            }
        }
        let (exchanges, omitted, refusals) = self.journal.take();
        let time = self.engine.virtual_clock().map(|clock| {
            clock.wait_for(Foreground::Nobody);
            let began = *self.step_began.lock().unwrap_or_else(PoisonError::into_inner);
            let virtual_us = u64::try_from(clock.settled().since(began).as_micros()).unwrap_or(u64::MAX);
            TimeSpent { virtual_us, ..clock.take_account() }
        });
        Traffic { exchanges, omitted, refusals, unmet_faults, time }
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_timeout(GRACE);
        }
        self.front.gateway.upstream.end(GRACE);
    }
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Network").field("is_contained", &self.is_contained()).finish_non_exhaustive()
    }
}

fn text(error: impl fmt::Display) -> String {
    error.to_string()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::Network;

    #[test]
    fn nothing_outlives_it() {
        let folder = tempfile::tempdir().unwrap();
        let network = Network::start(folder.path(), &["files.example".into()]).unwrap();
        // Every listener's task holds the front, and wiremock's thread holds the engine.
        let front = Arc::downgrade(&network.front);
        let engine = Arc::downgrade(&network.engine);
        assert!(front.strong_count() > 3);
        drop(network);
        assert!(front.upgrade().is_none());
        assert!(engine.upgrade().is_none());
    }

    #[test]
    fn it_may_be_shared_between_threads() {
        fn shared<T: Send + Sync>() {}
        shared::<Network>();
    }
}
