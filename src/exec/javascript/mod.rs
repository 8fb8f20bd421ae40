//! JavaScript and TypeScript: ES modules in Node.
//!
//! A step is a program of its own, run by Node as a reader would run it, or a module that a driver imports into an
//! interpreter that earlier steps share.

#![expect(clippy::disallowed_methods, reason = "modules and standard input are files")]

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde_json::{Value, json};

use super::capture::Capture;
use super::ending::ran;
use super::interpreter::{BUSY, ENDED, Interpreter, missing_package, with_own_variables};
use super::runner::{Job, Place, Ran, Runner};
use super::service::{Begun, Service};
use super::typescript::{self, Stripped};
use super::{ExecError, Stage};
use crate::plan::names::javascript::names;
use crate::plan::{Language, Session};
use crate::system_clock::now;
use crate::transcript::Ending;
use crate::virtual_time::Foreground;

const DRIVER: &str = include_str!("driver.mjs");

/// The interpreters of a page, by the name of their session.
#[derive(Debug)]
pub(super) struct JavaScript<'a> {
    stage: &'a Stage<'a>,
    sessions: BTreeMap<String, Interpreter>,
    /// The sessions whose interpreter takes no more steps, each with the reason.
    ended: BTreeMap<String, &'static str>,
    /// The last step, where it runs on.
    running: Option<Service>,
    /// The modules of services.
    served: Vec<Module>,
}

impl<'a> JavaScript<'a> {
    pub(super) fn new(stage: &'a Stage<'a>) -> Self {
        Self { stage, sessions: BTreeMap::new(), ended: BTreeMap::new(), running: None, served: Vec::new() }
    }

    fn node(&self) -> Result<PathBuf, ExecError> {
        self.stage.tools.node.clone().ok_or_else(|| ExecError::MissingTool { tool: "node".to_owned() })
    }
}

/// A step that is ready to be sent to its interpreter.
struct Prepared {
    interpreter: Interpreter,
    command: Value,
    module: Module,
    /// The session that it shares.
    shared: Option<String>,
}

impl JavaScript<'_> {
    /// The step's code without types; the message of the compiler where it has none.
    fn code(job: &Job<'_>, notes: &mut Vec<String>) -> Result<String, String> {
        if job.step.language != Language::TypeScript {
            return Ok(job.code.to_owned());
        }
        let Stripped { code, note } = typescript::strip(job.code, job.page)?;
        notes.extend(note);
        Ok(code)
    }

    fn capture(&self, job: &Job<'_>) -> Result<Capture, ExecError> {
        Capture::create(self.stage.workspace, &format!("step-{}", job.index), job.step.splits_streams())
    }

    fn prepare(
        &mut self,
        job: &Job<'_>,
        place: &Place,
        code: &str,
        capture: &Capture,
        notes: &mut Vec<String>,
    ) -> Result<Prepared, ExecError> {
        let place = with_own_variables(self.stage, place, job);
        let workspace = self.stage.workspace;
        let stdin = match &job.step.stdin {
            Some(text) => Some(workspace.scribble(&format!("step-{}.in", job.index), text)?),
            None => None,
        };
        let shared = match &job.step.session {
            Session::Shared(name) => Some(name.clone()),
            Session::Fresh => None,
        };
        let module = Module::write(job, &place.cwd, code, shared.is_some())?;
        let interpreter = match shared.as_ref().and_then(|name| self.sessions.remove(name)) {
            Some(interpreter) => interpreter,
            None => {
                let why = shared.as_ref().and_then(|name| self.ended.get(name));
                notes.extend(why.map(|why| format!("{why}; this is a new one")));
                // A program of its own that nobody watches needs no driver.
                let alone = shared.is_none() && job.step.watches.is_empty();
                let program = if alone { module.path.clone() } else { workspace.scribble("driver.mjs", DRIVER)? };
                let input = stdin.as_ref().and_then(|path| File::open(path).ok());
                let limit = job.step.memory.filter(|_| shared.is_none());
                let args = [program.display().to_string()];
                Interpreter::start(self.stage, &place, self.node()?, &args, capture, input, limit)?
            }
        };
        let command = json!({
            "module": module.path,
            "fresh": shared.is_none(),
            "out": capture.out(),
            "err": capture.err(),
            "cwd": place.cwd,
            "env": place.env.iter().cloned().collect::<BTreeMap<_, _>>(),
        });
        Ok(Prepared { interpreter, command, module, shared })
    }

    /// The last step, where it did not end and runs on.
    pub(super) fn take_running(&mut self) -> Option<Service> {
        self.running.take()
    }

    /// Begins a step that runs on. An interpreter that it shares with earlier steps is its own from then on.
    pub(super) fn serve(&mut self, job: &Job<'_>, place: &Place) -> Result<Begun, ExecError> {
        let started = now();
        let capture = self.capture(job)?;
        let mut notes = Vec::new();
        let code = match Self::code(job, &mut notes) {
            Ok(code) => code,
            Err(message) => return Ok(Begun::Over(refused(&message, &capture, started)?)),
        };
        let Prepared { mut interpreter, command, module, shared } =
            self.prepare(job, place, &code, &capture, &mut notes)?;
        self.stage.network.wait_for(Foreground::Service);
        interpreter.begin(job, &command, true)?;
        self.ended.extend(shared.map(|name| (name, BUSY)));
        // Node may read it at any time from now on.
        self.served.push(module);
        Ok(Begun::Service(Service::in_interpreter(interpreter, capture, notes, started)))
    }
}

impl Runner for JavaScript<'_> {
    fn run(&mut self, job: &Job<'_>, place: &Place) -> Result<Ran, ExecError> {
        let started = now();
        let deadline = started + job.step.timeout;
        let capture = self.capture(job)?;
        let mut notes = Vec::new();
        let code = match Self::code(job, &mut notes) {
            Ok(code) => code,
            Err(message) => return refused(&message, &capture, started),
        };
        let Prepared { mut interpreter, command, module, shared } =
            self.prepare(job, place, &code, &capture, &mut notes)?;
        let ended = interpreter.run(self.stage, job, &command, shared.is_none(), &capture, deadline)?;
        if ended.ending == Ending::Running {
            self.ended.extend(shared.map(|name| (name, BUSY)));
            self.served.push(module);
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

/// What a step shows that the compiler refuses.
fn refused(message: &str, capture: &Capture, started: Instant) -> Result<Ran, ExecError> {
    std::fs::write(capture.err(), format!("{message}\n"))
        .map_err(|source| ExecError::Workspace { path: capture.err().to_path_buf(), source })?;
    let streams = capture.read(&|text| text)?;
    Ok(ran(Ending::Exited { code: 1 }, started, streams, Vec::new(), Vec::new()))
}

/// A step's module, a file beside those that it may import, gone when the step has ended.
#[derive(Debug)]
struct Module {
    path: PathBuf,
}

impl Module {
    /// Writes the module so that each line stands on the line that it has on the page.
    fn write(job: &Job<'_>, folder: &Path, code: &str, shared: bool) -> Result<Self, ExecError> {
        let stem = Path::new(job.page).file_stem().and_then(|stem| stem.to_str()).unwrap_or("page");
        let stem: String = stem.chars().map(|c| if c.is_alphanumeric() || c == '-' { c } else { '_' }).collect();
        let path = folder.join(format!(".{stem}-step-{}.mjs", job.index + 1));
        let first = if shared { registration(code) } else { String::new() };
        // The registration shares the line of the fence's marker, which is no line of the code.
        let padding = "\n".repeat(job.line.saturating_sub(2));
        let separator = if job.line > 1 { "\n" } else { ";" };
        let text = format!("{padding}{first}{separator}{}", watched(job, code));
        std::fs::write(&path, text).map_err(|source| ExecError::Workspace { path: path.clone(), source })?;
        Ok(Self { path })
    }
}

impl Drop for Module {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Code that lets later steps see this module's outermost names as if they were their own.
fn registration(code: &str) -> String {
    let names = names(code).defines;
    let entries: Vec<_> = names.iter().map(|name| format!("{name}: [() => {name}, (v) => {{ {name} = v }}]")).collect();
    format!("globalThis[Symbol.for('doccheck.register')]({{ {} }});", entries.join(", "))
}

/// The code with the statements wrapped that the page's comments tell of; no line moves.
fn watched(job: &Job<'_>, code: &str) -> String {
    let mut lines: Vec<String> = code.lines().map(str::to_owned).collect();
    for (at, watch) in job.step.watches.iter().enumerate() {
        let (Some(first), Some(last)) = (watch.first_line.checked_sub(1), watch.last_line.checked_sub(1)) else {
            continue;
        };
        if last >= lines.len() || first > last {
            continue;
        }
        let hook = "globalThis[Symbol.for('doccheck.watch')]";
        if watch.value {
            let (statement, comment) = split_comment(&lines[last]);
            let statement = statement.trim_end().trim_end_matches(';').to_owned();
            let comment = comment.to_owned();
            if first == last {
                lines[last] = format!("{hook}.value({at}, ({}));{comment}", statement.trim_start());
            } else {
                lines[last] = format!("{statement}));{comment}");
                lines[first] = format!("{hook}.value({at}, ({}", lines[first]);
            }
        } else {
            let (statement, comment) = split_comment(&lines[last]);
            lines[last] = format!("{statement}; {hook}.end({at}); {comment}");
            lines[first] = format!("{hook}.begin({at}); {}", lines[first]);
        }
    }
    let mut text = lines.join("\n");
    text.push('\n');
    text
}

/// A line's code, and the `//=>` comment after it.
fn split_comment(line: &str) -> (&str, &str) {
    line.find("//")
        .filter(|at| line[*at..].trim_start_matches('/').trim_start().starts_with("=>"))
        .map_or((line, ""), |at| line.split_at(at))
}
