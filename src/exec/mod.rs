//! Running steps: one runner a language, behind one door.

mod capture;
mod ending;
mod http;
mod interpreter;
mod javascript;
mod python;
pub mod runner;
mod service;
mod shell;
mod status;
mod temporary;
mod terminal;
mod tree;
mod typescript;
mod workspace;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::options::Ready;
use crate::outcome::Shown;
use crate::plan::{Language, Plan, Session};
use crate::process::{Before, Crew, find_program};
use crate::provision::Tools;
use crate::serve::Network;
use crate::system_clock::now;
use crate::transcript::Ending;

use http::HttpRunner;
use javascript::JavaScript;
use python::Python;
pub use runner::{ExecError, Job, Place, Ran, Runner};
use service::{Begun, Service, Wait};
use shell::Shell;
pub use temporary::Temporary;
pub use tree::{Tree, TreeError};
pub use workspace::Workspace;

/// How long a page's `setup` or `teardown` may take.
const SCRIPT_TIMEOUT: Duration = Duration::from_secs(60);

/// How long a step that listens must have been at rest, in real time, before it is taken for a service: it may wait for a
/// program that is none of the page's.
const SETTLED: Duration = Duration::from_millis(500);

/// What the steps of one page run in.
#[derive(Debug)]
pub struct Stage<'a> {
    /// The page's plan.
    pub plan: &'a Plan,
    /// The page's files.
    pub workspace: &'a Workspace,
    /// The page's processes.
    pub crew: &'a Crew,
    /// Interpreters and packages.
    pub tools: &'a Tools,
    /// The wires, for `http` steps.
    pub network: &'a Arc<Network>,
    /// The page's whole environment, before a step's own and the shell's exports.
    pub env: &'a [(String, String)],
    /// What was there when the last step began.
    pub before: RefCell<Option<Before>>,
}

impl Stage<'_> {
    /// True where processes of the page listen on a port on which none did when the step began.
    fn listens(&self) -> bool {
        !self.new_ports().is_empty()
    }

    /// True where the step that runs is a service that nobody announced: it listens, and the page has been at rest for a
    /// while with nothing to come, or with nothing but what a service does over and over again. Who has not printed yet what
    /// the page shows may still do so. In real time only the step's limit tells.
    fn serves(&self, shown: &dyn Fn() -> Shown) -> bool {
        let Some(clock) = self.network.virtual_clock() else { return false };
        let Some(standstill) = clock.standstill() else { return false };
        if !self.listens() || (standstill.may_go_on && shown() == Shown::NotYet) {
            clock.go_on();
            return false;
        }
        now().duration_since(standstill.since) >= SETTLED
    }

    /// False where the system does not tell who listens.
    fn can_tell_ports(&self) -> bool {
        self.crew.listening().is_some()
    }

    fn new_ports(&self) -> BTreeSet<u16> {
        self.before.borrow().as_ref().map(|before| self.crew.listening_since(before)).unwrap_or_default()
    }

    /// Where the program `name` is, on the page's `PATH`.
    fn program(&self, name: &str) -> Result<PathBuf, ExecError> {
        let path = self.env.iter().find(|(variable, _)| variable == "PATH").map_or("", |(_, value)| value);
        find_program(name, path).ok_or_else(|| ExecError::MissingTool { tool: name.to_owned() })
    }
}

/// The runners of one page, with what lives on between its steps: terminals, interpreters.
#[derive(Debug)]
pub struct Runners<'a> {
    shell: Shell<'a>,
    python: Python<'a>,
    javascript: JavaScript<'a>,
    http: HttpRunner,
    services: Vec<Running>,
    stage: &'a Stage<'a>,
}

/// Something that runs on, and whose it is.
#[derive(Debug)]
struct Running {
    whose: Whose,
    service: Service,
    limit: Duration,
    /// True where its end was told.
    told: bool,
}

/// Whose a service is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// That of the plan's step with this index.
    Step(usize),
    /// That of the configuration, with this index.
    Configured(usize),
}

/// A command of the configuration that runs on while the page runs.
#[derive(Debug)]
pub struct Command<'a> {
    /// Its index.
    pub index: usize,
    /// What bash runs.
    pub run: &'a str,
    /// Where; in the workspace where not said.
    pub cwd: Option<&'a Path>,
    /// What must be true before the page goes on.
    pub ready: Option<&'a Ready>,
    /// How long that may take.
    pub limit: Duration,
}

impl<'a> Runners<'a> {
    /// Nothing started yet.
    pub fn new(stage: &'a Stage<'a>) -> Self {
        Self {
            shell: Shell::new(stage),
            python: Python::new(stage),
            javascript: JavaScript::new(stage),
            http: HttpRunner::new(Arc::clone(stage.network)),
            services: Vec::new(),
            stage,
        }
    }

    /// Runs a step in the runner of its language.
    ///
    /// # Errors
    ///
    /// What keeps doccheck from doing its work; what a step does wrong is data in `Ran`.
    pub fn run(&mut self, job: &Job<'_>) -> Result<Ran, ExecError> {
        if job.step.language == Language::Http {
            return self.http.run(job, &Place::default());
        }
        self.begin(job);
        let (ran, running) = match job.step.language {
            Language::Python | Language::Pycon => {
                (self.python.run(job, &self.shell.place())?, self.python.take_running())
            }
            Language::JavaScript | Language::TypeScript => {
                (self.javascript.run(job, &self.shell.place())?, self.javascript.take_running())
            }
            _ => (self.shell.run(job, &Place::default())?, self.shell.take_running()),
        };
        let Some(service) = running else { return Ok(ran) };
        let (ports, took) = (self.stage.new_ports(), ran.duration);
        self.services.push(Running { whose: Whose::Step(job.index), service, limit: job.step.timeout, told: false });
        Ok(service::went_on(ran, ports.first().map(|port| service::runs_on(*port, took, job.step.timeout))))
    }

    /// Starts a step that runs on, and waits until it is ready.
    ///
    /// # Errors
    ///
    /// As `run`.
    pub fn serve(&mut self, job: &Job<'_>) -> Result<Ran, ExecError> {
        let ready = job.step.service.as_ref().and_then(|service| service.ready.as_ref());
        self.refuse_port_in_use(ready)?;
        self.begin(job);
        let begun = match job.step.language {
            Language::Shell | Language::Console => self.shell.serve(job)?,
            Language::Python | Language::Pycon => self.python.serve(job, &self.shell.place())?,
            Language::JavaScript | Language::TypeScript => self.javascript.serve(job, &self.shell.place())?,
            Language::Http => Begun::Over(self.http.run(job, &Place::default())?),
        };
        match begun {
            Begun::Over(ran) => Ok(ran),
            Begun::Service(service) => {
                self.keep(Whose::Step(job.index), service, &Wait { ready, limit: job.step.timeout, shown: job.shown })
            }
        }
    }

    /// Starts a service of the configuration, and waits until it is ready.
    ///
    /// # Errors
    ///
    /// As `run`.
    pub fn start(&mut self, command: &Command<'_>) -> Result<Ran, ExecError> {
        self.refuse_port_in_use(command.ready)?;
        *self.stage.before.borrow_mut() = Some(self.stage.crew.before(false));
        let service = self.shell.command(command.run, command.cwd)?;
        let wait = Wait { ready: command.ready, limit: command.limit, shown: &|_| Shown::Nothing };
        self.keep(Whose::Configured(command.index), service, &wait)
    }

    fn keep(&mut self, whose: Whose, mut service: Service, wait: &Wait<'_>) -> Result<Ran, ExecError> {
        let ran = service.until_ready(self.stage, wait)?;
        // What has ended already was told; what was stopped took everything of the page with it.
        let told = ran.ending != Ending::Running;
        self.services.push(Running { whose, service, limit: wait.limit, told });
        Ok(ran)
    }

    /// Waits until the page has taken more than `before` calls of a webhook for `event`, for `limit` of real time at most.
    /// False where that did not come.
    pub fn wait_for_webhook(&self, event: &str, before: u64, limit: Duration) -> bool {
        let network = self.stage.network;
        service::wait_until(self.stage, limit, &|| network.taken_webhooks(event) > before)
    }

    /// Notes what is there before a step.
    fn begin(&self, job: &Job<'_>) {
        let shell = matches!(job.step.language, Language::Shell | Language::Console);
        let reused = !shell && matches!(job.step.session, Session::Shared(_));
        *self.stage.before.borrow_mut() = Some(self.stage.crew.before(reused));
    }

    /// Where nothing keeps pages apart, a port that another program of the machine has is told at once: it would seem
    /// to be ready.
    fn refuse_port_in_use(&self, ready: Option<&Ready>) -> Result<(), ExecError> {
        let network = self.stage.network;
        let taken = |port: &u16| !network.is_contained() && !network.leads_outside(*port) && network.accepts(*port);
        match ready.and_then(Ready::port).filter(taken) {
            Some(port) => Err(ExecError::PortInUse(port)),
            None => Ok(()),
        }
    }

    /// The services that have ended by themselves since the last call, with what they show.
    ///
    /// # Errors
    ///
    /// As `run`.
    pub fn ended_services(&mut self) -> Result<Vec<(Whose, Ran)>, ExecError> {
        let mut ended = Vec::new();
        for running in self.services.iter_mut().filter(|running| !running.told) {
            if running.service.poll(self.stage)? {
                running.told = true;
                ended.push((running.whose, running.service.ran(self.stage)?));
            }
        }
        Ok(ended)
    }

    /// What the services have printed by now.
    ///
    /// # Errors
    ///
    /// As `run`.
    pub fn services_show(&self) -> Result<Vec<(Whose, Ran)>, ExecError> {
        self.services.iter().map(|running| Ok((running.whose, running.service.ran(self.stage)?))).collect()
    }

    /// What all services show at the end of the page. Where the page ran to its end, each is waited for until it has
    /// printed what the page shows of it: a server may log a request after it has answered.
    ///
    /// # Errors
    ///
    /// As `run`.
    pub fn last_of_services(&mut self, shown: &dyn Fn(Whose, &Ran) -> Shown) -> Result<Vec<(Whose, Ran)>, ExecError> {
        let stage = self.stage;
        let last = |running: &mut Running| {
            let whose = running.whose;
            let ran = running.service.until_shown(stage, running.limit, &|ran| shown(whose, ran))?;
            Ok((whose, ran))
        };
        // Of a service of the configuration nothing is shown: its end is all that there is to tell, once.
        let open = |running: &&mut Running| matches!(running.whose, Whose::Step(_)) || !running.told;
        self.services.iter_mut().filter(open).map(last).collect()
    }

    /// Runs the page's `setup` or `teardown` text in the page's shell.
    ///
    /// # Errors
    ///
    /// As `run`.
    pub fn script(&mut self, text: &str) -> Result<Ran, ExecError> {
        self.shell.script(text, now() + SCRIPT_TIMEOUT)
    }
}
