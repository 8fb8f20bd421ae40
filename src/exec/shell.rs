//! Shell steps and console transcripts: both run in the page's terminals.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::capture::{Capture, Streams};
use super::ending::{ran, stopped};
use super::runner::{Job, Ran, Runner};
use super::service::{Begun, Host, Service, so_far};
use super::terminal::{Block, BlockEnd, State, Terminal};
use super::{ExecError, Place, Stage};
use crate::outcome::Shown;
use crate::plan::{Language, Part, Session};
use crate::process::ExitStatus;
use crate::system_clock::now;
use crate::transcript::{Ending, PartRecord};
use crate::virtual_time::Foreground;

/// The terminals of a page, by name.
#[derive(Debug)]
pub(super) struct Shell<'a> {
    stage: &'a Stage<'a>,
    terminals: BTreeMap<String, Terminal>,
    /// Where the next terminal of that name starts, and why there is another one.
    left: BTreeMap<String, (State, &'static str)>,
    started: usize,
    /// The last step, where it runs on.
    running: Option<Service>,
}

impl<'a> Shell<'a> {
    pub(super) fn new(stage: &'a Stage<'a>) -> Self {
        Self { stage, terminals: BTreeMap::new(), left: BTreeMap::new(), started: 0, running: None }
    }

    /// What the page's terminal exports and where it stands; the page's own where none was started.
    pub(super) fn place(&mut self) -> Place {
        let name = String::new();
        let asked = self.terminals.get_mut(&name).and_then(|terminal| terminal.state(self.stage));
        let state = asked
            .or_else(|| self.left.get(&name).map(|(state, _)| state.clone()))
            .unwrap_or_else(|| self.first_state());
        Place { env: state.env, cwd: state.cwd }
    }

    /// Runs a script of the page's own in its terminal.
    pub(super) fn script(&mut self, text: &str, deadline: Instant) -> Result<Ran, ExecError> {
        let started = now();
        let capture = Capture::create(self.stage.workspace, &format!("script-{}", self.started), false)?;
        let block = Block { code: text, env: &[], stdin: None, memory: None };
        let (end, mut notes) = self.block("", &block, &capture, &|_| Shown::Nothing, deadline)?;
        let streams = self.read("", &capture)?;
        let ending = self.ending("", end, deadline - started, &mut notes);
        Ok(ran(ending, started, streams, Vec::new(), notes))
    }

    fn first_state(&self) -> State {
        State { env: self.stage.env.to_vec(), cwd: self.stage.workspace.work().to_path_buf() }
    }

    fn block(
        &mut self,
        name: &str,
        block: &Block<'_>,
        capture: &Capture,
        shown: &dyn Fn(Streams) -> Shown,
        deadline: Instant,
    ) -> Result<(BlockEnd, Vec<String>), ExecError> {
        let mut notes = Vec::new();
        if !self.terminals.contains_key(name) {
            let state = match self.left.remove(name) {
                Some((state, why)) => {
                    notes.push(format!("{why}; this is a new one with the same directory and exports"));
                    state
                }
                None => self.first_state(),
            };
            self.open(name, &state)?;
        }
        let Some(terminal) = self.terminals.get_mut(name) else {
            return Err(ExecError::Lost { language: "shell", reason: "the terminal is gone".to_owned() });
        };
        Ok((terminal.run(self.stage, block, capture, shown, deadline)?, notes))
    }

    fn open(&mut self, name: &str, state: &State) -> Result<(), ExecError> {
        self.started += 1;
        let terminal = Terminal::start(self.stage, name, self.started, state)?;
        self.terminals.insert(name.to_owned(), terminal);
        Ok(())
    }

    fn read(&self, name: &str, capture: &Capture) -> Result<Streams, ExecError> {
        match self.terminals.get(name) {
            Some(terminal) => capture.read(&terminal.cleaner(self.stage)),
            None => capture.read(&|text| text),
        }
    }

    /// What the end of a block means for the step, and for the terminal.
    fn ending(&mut self, name: &str, end: BlockEnd, limit: std::time::Duration, notes: &mut Vec<String>) -> Ending {
        match end {
            BlockEnd::Status(code) => Ending::Exited { code },
            BlockEnd::ShellEnded(status) => {
                let mut note = "the step ended its shell".to_owned();
                if let Some(terminal) = self.terminals.remove(name) {
                    if terminal.exited_on_errors(self.stage) && status != ExitStatus::Code(0) {
                        note.push_str(", in which `set -e` is on: there a command that fails ends the shell");
                    }
                    let left = terminal.last_state(self.stage).unwrap_or_else(|| self.first_state());
                    self.left.insert(name.to_owned(), (left, "the shell had ended"));
                }
                notes.push(note);
                Ending::from(status)
            }
            BlockEnd::Stopped(wake) => {
                self.terminals.clear();
                stopped(self.stage, &wake, limit)
            }
        }
    }
}

/// What commands of a step did, one after the other.
#[derive(Debug)]
struct Done {
    ending: Ending,
    streams: Streams,
    parts: Vec<PartRecord>,
    notes: Vec<String>,
}

impl Shell<'_> {
    /// Runs commands of a step in the terminal `name`, until one ends it.
    fn commands(&mut self, job: &Job<'_>, name: &str, codes: &[&str], deadline: Instant) -> Result<Done, ExecError> {
        let stdin = self.stdin(job)?;
        let mut done = Done {
            ending: Ending::Exited { code: 0 },
            streams: Streams::default(),
            parts: Vec::new(),
            notes: Vec::new(),
        };
        for (at, code) in codes.iter().enumerate() {
            let capture = self.capture(job, at)?;
            let block = Block { code, env: &job.step.env, stdin: stdin.as_deref(), memory: job.step.memory };
            let command = (job.step.language == Language::Console).then_some(at);
            let shown = |own| {
                let (streams, parts) = so_far(&done.streams, &done.parts, command.map(|at| (at, None)), own);
                (job.shown)(&ran(Ending::Running, now(), streams, parts, Vec::new()))
            };
            let (end, noted) = self.block(name, &block, &capture, &shown, deadline)?;
            done.notes.extend(noted);
            if matches!(&end, BlockEnd::Stopped(wake) if wake.is_of_service(self.stage)) {
                self.runs_on(job, name, at, capture, &mut done);
                break;
            }
            let streams = self.read(name, &capture)?;
            done.ending = self.ending(name, end, job.step.timeout, &mut done.notes);
            if job.step.language == Language::Console {
                let exit = if let Ending::Exited { code } = done.ending { Some(code) } else { None };
                done.parts.push(PartRecord { part: Part::Command(at), text: streams.output.text.clone(), exit });
            }
            done.streams.add(streams);
            if !matches!(done.ending, Ending::Exited { .. }) || !self.terminals.contains_key(name) {
                break;
            }
        }
        Ok(done)
    }

    /// The command at `at` listens and does not end: it keeps its terminal, and the reader opens another one.
    fn runs_on(&mut self, job: &Job<'_>, name: &str, at: usize, capture: Capture, done: &mut Done) {
        let Some(terminal) = self.terminals.remove(name) else { return };
        let mut left = terminal.standing().unwrap_or_else(|| self.first_state());
        left.env.retain(|(name, _)| !job.step.env.iter().any(|(own, _)| own == name));
        self.left.insert(name.to_owned(), (left, "a service keeps the shell busy"));
        done.ending = Ending::Running;
        self.running = Some(Service {
            host: Host::Terminal(terminal),
            capture,
            earlier: std::mem::take(&mut done.streams),
            parts: std::mem::take(&mut done.parts),
            command: (job.step.language == Language::Console).then_some(at),
            notes: std::mem::take(&mut done.notes),
            started: now(),
            ending: None,
        });
    }

    /// The last step, where it did not end and runs on.
    pub(super) fn take_running(&mut self) -> Option<Service> {
        self.running.take()
    }

    fn capture(&self, job: &Job<'_>, at: usize) -> Result<Capture, ExecError> {
        Capture::create(self.stage.workspace, &format!("step-{}-{at}", job.index), job.step.splits_streams())
    }

    fn stdin(&self, job: &Job<'_>) -> Result<Option<PathBuf>, ExecError> {
        let text = job.step.stdin.as_ref();
        text.map(|text| self.stage.workspace.scribble(&format!("step-{}.in", job.index), text)).transpose()
    }

    /// Begins a step in a second terminal, where the page's own one stands now and with what it exports. Of a
    /// transcript it is the last command that runs on.
    pub(super) fn serve(&mut self, job: &Job<'_>) -> Result<Begun, ExecError> {
        let started = now();
        let name = terminal_name(job);
        if !self.terminals.contains_key(&name) && !self.left.contains_key(&name) {
            let Place { env, cwd } = self.place();
            self.open(&name, &State { env, cwd })?;
        }
        let codes = codes(job);
        let Some((last, before)) = codes.split_last() else {
            return Ok(Begun::Over(ran(Ending::Exited { code: 0 }, started, Streams::default(), vec![], vec![])));
        };
        let done = self.commands(job, &name, before, started + job.step.timeout)?;
        if let Some(service) = self.running.take() {
            return Ok(Begun::Service(service));
        }
        let Some(mut terminal) = self.terminals.remove(&name) else {
            return Ok(Begun::Over(ran(done.ending, started, done.streams, done.parts, done.notes)));
        };
        let capture = self.capture(job, before.len())?;
        let stdin = self.stdin(job)?;
        self.stage.network.wait_for(Foreground::Service);
        let block = Block { code: last, env: &job.step.env, stdin: stdin.as_deref(), memory: job.step.memory };
        terminal.begin(self.stage, &block, &capture)?;
        Ok(Begun::Service(Service {
            host: Host::Terminal(terminal),
            capture,
            earlier: done.streams,
            parts: done.parts,
            command: (job.step.language == Language::Console).then_some(before.len()),
            notes: done.notes,
            started,
            ending: None,
        }))
    }

    /// Begins a command of the configuration in a terminal of its own.
    pub(super) fn command(&mut self, code: &str, cwd: Option<&Path>) -> Result<Service, ExecError> {
        let started = now();
        let mut state = self.first_state();
        if let Some(cwd) = cwd {
            state.cwd = cwd.to_path_buf();
        }
        self.started += 1;
        let mut terminal = Terminal::start(self.stage, "service", self.started, &state)?;
        let capture = Capture::create(self.stage.workspace, &format!("service-{}", self.started), false)?;
        self.stage.network.wait_for(Foreground::Service);
        terminal.begin(self.stage, &Block { code, env: &[], stdin: None, memory: None }, &capture)?;
        Ok(Service {
            host: Host::Terminal(terminal),
            capture,
            earlier: Streams::default(),
            parts: Vec::new(),
            command: None,
            notes: Vec::new(),
            started,
            ending: None,
        })
    }
}

fn terminal_name(job: &Job<'_>) -> String {
    match &job.step.session {
        Session::Fresh => format!("fresh-{}", job.index),
        Session::Shared(name) => name.clone(),
    }
}

fn codes<'a>(job: &Job<'a>) -> Vec<&'a str> {
    match job.step.language {
        Language::Console => job.commands.iter().map(String::as_str).collect(),
        _ => vec![job.code],
    }
}

impl Runner for Shell<'_> {
    fn run(&mut self, job: &Job<'_>, _place: &Place) -> Result<Ran, ExecError> {
        let started = now();
        let done = self.commands(job, &terminal_name(job), &codes(job), started + job.step.timeout)?;
        if let Some(service) = &mut self.running {
            service.started = started;
            return service.ran(self.stage);
        }
        Ok(ran(done.ending, started, done.streams, done.parts, done.notes))
    }
}
