//! Python programs and `>>>` transcripts.
//!
//! A step is a program of its own, or one more step of an interpreter that earlier steps share. The same driver
//! serves both.

#![expect(clippy::disallowed_methods, reason = "standard input is a file")]

use std::collections::BTreeMap;
use std::fs::File;

use serde_json::{Value, json};

use super::capture::Capture;
use super::ending::ran;
use super::interpreter::{BUSY, ENDED, Interpreter, missing_package, watches, with_own_variables};
use super::runner::{Job, Place, Ran, Runner};
use super::service::{Begun, Service};
use super::{ExecError, Stage};
use crate::options::Memory;
use crate::plan::{Language, Session};
use crate::system_clock::now;
use crate::transcript::Ending;
use crate::virtual_time::Foreground;

const DRIVER: &str = include_str!("driver.py");

/// The interpreters of a page, by the name of their session.
#[derive(Debug)]
pub(super) struct Python<'a> {
    stage: &'a Stage<'a>,
    sessions: BTreeMap<String, Interpreter>,
    /// The sessions whose interpreter takes no more steps, each with the reason.
    ended: BTreeMap<String, &'static str>,
    /// The last step, where it runs on.
    running: Option<Service>,
}

impl<'a> Python<'a> {
    pub(super) fn new(stage: &'a Stage<'a>) -> Self {
        Self { stage, sessions: BTreeMap::new(), ended: BTreeMap::new(), running: None }
    }
}

/// A step that is ready to be sent to its interpreter.
struct Prepared {
    interpreter: Interpreter,
    command: Value,
    capture: Capture,
    /// The session that it shares.
    shared: Option<String>,
    notes: Vec<String>,
}

impl Python<'_> {
    fn prepare(&mut self, job: &Job<'_>, place: &Place) -> Result<Prepared, ExecError> {
        let workspace = self.stage.workspace;
        let place = with_own_variables(self.stage, place, job);
        let capture = Capture::create(workspace, &format!("step-{}", job.index), job.step.splits_streams())?;
        let stdin = match &job.step.stdin {
            Some(text) => Some(workspace.scribble(&format!("step-{}.in", job.index), text)?),
            None => None,
        };
        let shared = match &job.step.session {
            Session::Shared(name) => Some(name.clone()),
            Session::Fresh => None,
        };
        let mut notes = Vec::new();
        let interpreter = match shared.as_ref().and_then(|name| self.sessions.remove(name)) {
            Some(interpreter) => interpreter,
            None => {
                let why = shared.as_ref().and_then(|name| self.ended.get(name));
                notes.extend(why.map(|why| format!("{why}; this is a new one")));
                let program = self.stage.tools.python.clone();
                let program = program.ok_or_else(|| ExecError::MissingTool { tool: "python3".to_owned() })?;
                let driver = workspace.scribble("driver.py", DRIVER)?;
                let input = stdin.as_ref().and_then(|path| File::open(path).ok());
                let limit = job.step.memory.filter(|_| shared.is_none());
                let args = [driver.display().to_string()];
                Interpreter::start(self.stage, &place, program, &args, &capture, input, limit)?
            }
        };
        let command = json!({
            "transcript": job.step.language == Language::Pycon,
            "commands": job.commands,
            "code": job.code,
            "page": job.page,
            "line": job.line,
            "watches": watches(job),
            "fresh": shared.is_none(),
            "memory": job.step.memory.map(Memory::bytes),
            "out": capture.out(),
            "err": capture.err(),
            "in": stdin,
            "cwd": place.cwd,
            "env": place.env.iter().cloned().collect::<BTreeMap<_, _>>(),
        });
        Ok(Prepared { interpreter, command, capture, shared, notes })
    }

    /// The last step, where it did not end and runs on.
    pub(super) fn take_running(&mut self) -> Option<Service> {
        self.running.take()
    }

    /// Begins a step that runs on. An interpreter that it shares with earlier steps is its own from then on.
    pub(super) fn serve(&mut self, job: &Job<'_>, place: &Place) -> Result<Begun, ExecError> {
        let started = now();
        let Prepared { mut interpreter, command, capture, shared, notes } = self.prepare(job, place)?;
        self.stage.network.wait_for(Foreground::Service);
        interpreter.begin(job, &command, true)?;
        self.ended.extend(shared.map(|name| (name, BUSY)));
        Ok(Begun::Service(Service::in_interpreter(interpreter, capture, notes, started)))
    }
}

impl Runner for Python<'_> {
    fn run(&mut self, job: &Job<'_>, place: &Place) -> Result<Ran, ExecError> {
        let started = now();
        let deadline = started + job.step.timeout;
        let Prepared { mut interpreter, command, capture, shared, mut notes } = self.prepare(job, place)?;
        let ended = interpreter.run(self.stage, job, &command, shared.is_none(), &capture, deadline)?;
        if ended.ending == Ending::Running {
            self.ended.extend(shared.map(|name| (name, BUSY)));
            let mut service = Service::in_interpreter(interpreter, capture, notes, started);
            service.parts = ended.parts;
            let ran = service.ran(self.stage)?;
            self.running = Some(service);
            return Ok(ran);
        }
        if let Some(name) = shared {
            if ended.alive {
                self.sessions.insert(name, interpreter);
            } else {
                self.ended.insert(name, ENDED);
            }
        }
        let streams = capture.read(&|text| text)?;
        notes.extend(missing_package(&streams.output.text, &self.stage.tools.stand_ins));
        Ok(ran(ended.ending, started, streams, ended.parts, notes))
    }
}
