//! An interpreter that takes steps as lines of JSON and tells on another pipe how they ended.
//!
//! The drivers, in `python/` and `javascript/`, keep to one protocol: a command a line on descriptor 200; on 201 a
//! line `{"exit": n, "parts": [[kind, index, text], …], "over": bool}` when a step has ended.

use std::fs::File;
use std::io::Write;
use std::path::PathBuf;
use std::time::Instant;

use serde::Deserialize;
use serde_json::Value;

use super::Stage;
use super::capture::Capture;
use super::ending::{ran, stopped};
use super::runner::{ExecError, Job, Place};
use super::status::{StatusPipe, Unfinished, Wake, pipe};
use crate::options::Memory;
use crate::plan::Part;
use crate::process::{Launch, MemoryLimit, Process};
use crate::provision::StandIn;
use crate::sandbox::{Client, Ecosystem};
use crate::system_clock::now;
use crate::transcript::{Ending, PartRecord};
use crate::virtual_time::Foreground;

/// Why a session has another interpreter: the one before ended, or a service keeps it.
pub(super) const ENDED: &str = "the interpreter had ended";
pub(super) const BUSY: &str = "a service keeps the interpreter busy";

/// A running interpreter.
#[derive(Debug)]
pub(super) struct Interpreter {
    process: Process,
    commands: Option<File>,
    status: StatusPipe,
    /// The limit of memory that it had before the step that runs in it, where that has one of its own.
    former: Option<MemoryLimit>,
}

/// What a driver tells of a step.
#[derive(Debug, Deserialize)]
struct Told {
    /// The status; absent where it comes with the process's end.
    exit: Option<i32>,
    parts: Vec<(String, usize, String)>,
    /// True where the interpreter ends after this.
    over: bool,
}

/// How a step in an interpreter ended.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) ending: Ending,
    pub(super) parts: Vec<PartRecord>,
    /// True where the interpreter takes another step.
    pub(super) alive: bool,
}

impl Interpreter {
    /// Starts `program` with a driver's arguments; what it prints before it knows better goes to `capture`. `memory`
    /// limits it from its first instruction on and for good.
    pub(super) fn start(
        stage: &Stage<'_>,
        place: &Place,
        program: PathBuf,
        args: &[String],
        capture: &Capture,
        stdin: Option<File>,
        memory: Option<Memory>,
    ) -> Result<Self, ExecError> {
        let (commands_in, commands_out) = pipe()?;
        let (status_in, status_out) = pipe()?;
        let (stdout, stderr) = capture.files()?;
        let process = stage.crew.launch(Launch {
            program,
            args: args.iter().map(Into::into).collect(),
            cwd: place.cwd.clone(),
            env: place.env.clone(),
            stdin: stdin.map(Into::into),
            stdout,
            stderr,
            descriptors: vec![(200, commands_in), (201, status_out)],
            memory: memory.map(Memory::bytes),
        })?;
        Ok(Self { process, commands: Some(File::from(commands_out)), status: StatusPipe::new(status_in), former: None })
    }

    /// Sends a step and waits for its end. After the `last` one the interpreter ends as a program does.
    pub(super) fn run(
        &mut self,
        stage: &Stage<'_>,
        job: &Job<'_>,
        command: &Value,
        last: bool,
        capture: &Capture,
        deadline: Instant,
    ) -> Result<Ended, ExecError> {
        stage.network.wait_for(Foreground::Process(self.process.id()));
        self.begin(job, command, last)?;
        let mut parts = Vec::new();
        loop {
            let shown = || {
                // Where it cannot be read now, it cannot at the step's end either, which is told then.
                let streams = capture.read(&|text| text).unwrap_or_default();
                (job.shown)(&ran(Ending::Running, now(), streams, parts.clone(), Vec::new()))
            };
            let step = Unfinished { stage, capture, shown: &shown };
            match self.status.next(&self.process, deadline, Some(&step)) {
                Wake::Line(line) => {
                    let told = Told::read(&line)?;
                    parts.extend(told.parts.into_iter().map(|(kind, index, text)| {
                        let command = kind == "command";
                        let part = if command { Part::Command(index) } else { Part::Watch(index) };
                        PartRecord { part, text, exit: command.then_some(0) }
                    }));
                    if let Some(code) = told.exit
                        && !told.over
                    {
                        if let Some(former) = self.former.take() {
                            self.process.limit_memory(former)?;
                        }
                        return Ok(Ended { ending: Ending::Exited { code }, parts, alive: true });
                    }
                }
                Wake::Closed => {
                    let ended = self.process.wait_until(deadline)?;
                    let ending = ended.map_or_else(|| stopped(stage, &Wake::TimedOut, job.step.timeout), Ending::from);
                    return Ok(Ended { ending, parts, alive: false });
                }
                wake if wake.is_of_service(stage) => {
                    return Ok(Ended { ending: Ending::Running, parts, alive: false });
                }
                wake => {
                    let ending = stopped(stage, &wake, job.step.timeout);
                    return Ok(Ended { ending, parts, alive: false });
                }
            }
        }
    }

    /// How the step that was begun ended, if it has.
    pub(super) fn ended(&mut self) -> Result<Option<Ending>, ExecError> {
        while let Wake::Line(line) = self.status.next(&self.process, now(), None) {
            let told = Told::read(&line)?;
            if let Some(code) = told.exit.filter(|_| !told.over) {
                return Ok(Some(Ending::Exited { code }));
            }
        }
        Ok(self.process.try_wait()?.map(Ending::from))
    }

    /// Begins a step and does not wait for its end.
    pub(super) fn begin(&mut self, job: &Job<'_>, command: &Value, last: bool) -> Result<(), ExecError> {
        if let Some(memory) = job.step.memory {
            self.former = Some(self.process.limit_memory(MemoryLimit(Some(memory.bytes())))?);
        }
        if let Some(commands) = &mut self.commands {
            // Where the interpreter is gone, the status pipe tells so right after.
            let _ = commands.write_all(format!("{command}\n").as_bytes());
        }
        if last {
            self.commands = None;
        }
        Ok(())
    }
}

impl Told {
    fn read(line: &str) -> Result<Self, ExecError> {
        serde_json::from_str(line).map_err(|error| ExecError::Lost {
            language: "interpreter's",
            reason: format!("it told something unreadable: {error}"),
        })
    }
}

/// The places that a step's comments tell of, as the drivers read them: first line, last line, whether a value.
pub(super) fn watches(job: &Job<'_>) -> Value {
    job.step.watches.iter().map(|watch| serde_json::json!([watch.first_line, watch.last_line, watch.value])).collect()
}

/// The place with a step's own variables, and with the mark by which the page's processes are known.
pub(super) fn with_own_variables(stage: &Stage<'_>, place: &Place, job: &Job<'_>) -> Place {
    let mut place = place.clone();
    for (name, value) in job.step.env.iter().cloned().chain([stage.crew.mark()]) {
        place.env.retain(|(known, _)| *known != name);
        place.env.push((name, value));
    }
    place
}

/// What to do where a package is missing, if `output` says that one is: the line to add to the page, unless one of the
/// sandbox's packages stands in for it.
pub(super) fn missing_package(output: &str, stand_ins: &[StandIn]) -> Option<String> {
    const OTHER_NAMES: [(&str, &str); 8] = [
        ("yaml", "PyYAML"),
        ("dotenv", "python-dotenv"),
        ("bs4", "beautifulsoup4"),
        ("PIL", "Pillow"),
        ("sklearn", "scikit-learn"),
        ("dateutil", "python-dateutil"),
        ("jwt", "PyJWT"),
        ("cv2", "opencv-python"),
    ];
    let quoted = |marker: &str| {
        let (_, rest) = output.split_once(marker)?;
        rest.split_once('\'').map(|(name, _)| name)
    };
    let (option, package) = if let Some(named) = quoted("ModuleNotFoundError: No module named '") {
        let module = named.split('.').next()?;
        if let Some(told) = stood_in(Ecosystem::Python, module, stand_ins) {
            let lacks = format!("the sandbox's client, which stands in for the package, has no module `{named}`");
            return Some(if named == module { told } else { lacks });
        }
        let package = OTHER_NAMES.iter().find(|(name, _)| *name == module).map_or(module, |(_, package)| package);
        ("python", package.to_owned())
    } else {
        let name = quoted("Cannot find package '")?;
        let parts = if name.starts_with('@') { 2 } else { 1 };
        ("node", name.split('/').take(parts).collect::<Vec<_>>().join("/"))
    };
    if let Some(told) = stood_in(Ecosystem::Node, &package, stand_ins).filter(|_| option == "node") {
        return Some(told);
    }
    let package = if package.starts_with('@') { format!("\"{package}\"") } else { package };
    Some(format!(
        "the package is not installed; add to the page's front matter: `doccheck:` and below it `  {option}: [{package}]`"
    ))
}

/// What is told where the package by which `module` is imported was stood in for, and is missing all the same.
fn stood_in(ecosystem: Ecosystem, module: &str, stand_ins: &[StandIn]) -> Option<String> {
    let is_it = |client: &Client| client.ecosystem == ecosystem && client.modules.iter().any(|known| known == module);
    let client = stand_ins.iter().map(|stand_in| &stand_in.client).find(|client| is_it(client))?;
    Some(format!(
        "the sandbox's client stood in for `{}` until a step took it away, as `npm install` does with what it has not \
         installed itself: skip such a step, or install its packages by `{}` in the page's front matter",
        client.name,
        ecosystem.word()
    ))
}
