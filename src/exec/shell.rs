//! Shell steps and console transcripts: both run in the page's terminals.

use std::collections::BTreeMap;
use std::time::Instant;

use super::capture::{Capture, Streams};
use super::runner::{Job, OUTPUT_LIMIT, Ran, Runner};
use super::status::Wake;
use super::terminal::{Block, BlockEnd, State, Terminal};
use super::{ExecError, Place, Stage};
use crate::plan::{Language, Part, Session};
use crate::process::ExitStatus;
use crate::system_clock::now;
use crate::transcript::{Captured, Ending, PartRecord};

/// The terminals of a page, by name.
#[derive(Debug)]
pub(super) struct Shell<'a> {
    stage: &'a Stage<'a>,
    terminals: BTreeMap<String, Terminal>,
    /// Where the next terminal of that name starts, after one has ended.
    left: BTreeMap<String, State>,
    started: usize,
}

impl<'a> Shell<'a> {
    pub(super) fn new(stage: &'a Stage<'a>) -> Self {
        Self { stage, terminals: BTreeMap::new(), left: BTreeMap::new(), started: 0 }
    }

    /// What the page's terminal exports and where it stands; the page's own where none was started.
    pub(super) fn place(&mut self) -> Place {
        let name = String::new();
        let asked = self.terminals.get_mut(&name).and_then(|terminal| terminal.state(self.stage));
        let state = asked.or_else(|| self.left.get(&name).cloned()).unwrap_or_else(|| self.first_state());
        Place { env: state.env, cwd: state.cwd }
    }

    /// Runs a script of the page's own in its terminal.
    pub(super) fn script(&mut self, text: &str, deadline: Instant) -> Result<Ran, ExecError> {
        let started = now();
        let capture = Capture::create(self.stage.workspace, &format!("script-{}", self.started), false)?;
        let block = Block { code: text, env: &[], stdin: None };
        let (end, mut notes) = self.block("", &block, &capture, deadline)?;
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
        deadline: Instant,
    ) -> Result<(BlockEnd, Vec<String>), ExecError> {
        let mut notes = Vec::new();
        if !self.terminals.contains_key(name) {
            let state = match self.left.remove(name) {
                Some(state) => {
                    notes.push("the shell had ended; this is a new one with the same directory and exports".to_owned());
                    state
                }
                None => self.first_state(),
            };
            self.started += 1;
            let terminal = Terminal::start(self.stage, name, self.started, &state)?;
            self.terminals.insert(name.to_owned(), terminal);
        }
        let Some(terminal) = self.terminals.get_mut(name) else {
            return Err(ExecError::Lost { language: "shell", reason: "the terminal is gone".to_owned() });
        };
        Ok((terminal.run(self.stage, block, capture, deadline)?, notes))
    }

    fn read(&self, name: &str, capture: &Capture) -> Result<Streams, ExecError> {
        let clean = |text| match self.terminals.get(name) {
            Some(terminal) => terminal.clean(self.stage, text),
            None => text,
        };
        capture.read(&clean)
    }

    /// What the end of a block means for the step, and for the terminal.
    fn ending(&mut self, name: &str, end: BlockEnd, limit: std::time::Duration, notes: &mut Vec<String>) -> Ending {
        match end {
            BlockEnd::Status(code) => Ending::Exited { code },
            BlockEnd::ShellEnded(status) => {
                if let Some(terminal) = self.terminals.remove(name) {
                    let left = terminal.last_state(self.stage).unwrap_or_else(|| self.first_state());
                    self.left.insert(name.to_owned(), left);
                }
                notes.push("the step ended its shell".to_owned());
                match status {
                    ExitStatus::Code(code) => Ending::Exited { code },
                    ExitStatus::Signal(signal) => Ending::Signaled { signal },
                }
            }
            BlockEnd::Stopped(wake) => {
                self.terminals.clear();
                stopped(self.stage, &wake, limit)
            }
        }
    }
}

/// Ends everything of the page, and tells why.
pub(super) fn stopped(stage: &Stage<'_>, wake: &Wake, limit: std::time::Duration) -> Ending {
    // Killing only what runs in the foreground would let the shell run the rest of the block.
    stage.crew.end();
    match wake {
        Wake::OutputLimit => Ending::OutputLimit { limit: OUTPUT_LIMIT },
        Wake::Interrupted => Ending::Signaled { signal: 2 },
        Wake::Line(_) | Wake::Closed | Wake::TimedOut => {
            Ending::TimedOut { limit_us: u64::try_from(limit.as_micros()).unwrap_or(u64::MAX) }
        }
    }
}

pub(super) fn ran(
    ending: Ending,
    started: Instant,
    streams: Streams,
    parts: Vec<PartRecord>,
    notes: Vec<String>,
) -> Ran {
    let Streams { output, stdout, stderr } = streams;
    Ran { ending, duration: started.elapsed(), output, stdout, stderr, parts, notes }
}

impl Runner for Shell<'_> {
    fn run(&mut self, job: &Job<'_>, _place: &Place) -> Result<Ran, ExecError> {
        let started = now();
        let deadline = started + job.step.timeout;
        let name = match &job.step.session {
            Session::Fresh => format!("fresh-{}", job.index),
            Session::Shared(name) => name.clone(),
        };
        let stdin = job
            .step
            .stdin
            .as_ref()
            .map(|text| self.stage.workspace.scribble(&format!("step-{}.in", job.index), text))
            .transpose()?;
        let codes: Vec<&str> = match job.step.language {
            Language::Console => job.commands.iter().map(String::as_str).collect(),
            _ => vec![job.code],
        };
        let (mut parts, mut notes, mut whole) = (Vec::new(), Vec::new(), Streams::default());
        let mut ending = Ending::Exited { code: 0 };
        for (at, code) in codes.iter().enumerate() {
            let capture =
                Capture::create(self.stage.workspace, &format!("step-{}-{at}", job.index), job.step.splits_streams())?;
            let block = Block { code, env: &job.step.env, stdin: stdin.as_deref() };
            let (end, noted) = self.block(&name, &block, &capture, deadline)?;
            notes.extend(noted);
            let streams = self.read(&name, &capture)?;
            ending = self.ending(&name, end, job.step.timeout, &mut notes);
            if job.step.language == Language::Console {
                let exit = if let Ending::Exited { code } = ending { Some(code) } else { None };
                parts.push(PartRecord { part: Part::Command(at), text: streams.output.text.clone(), exit });
            }
            whole.add(streams);
            if !matches!(ending, Ending::Exited { .. }) || !self.terminals.contains_key(&name) {
                break;
            }
        }
        Ok(ran(ending, started, whole, parts, notes))
    }
}

impl Streams {
    /// Adds what was printed after this.
    fn add(&mut self, later: Self) {
        join(&mut self.output, later.output);
        for (mine, theirs) in [(&mut self.stdout, later.stdout), (&mut self.stderr, later.stderr)] {
            if let Some(theirs) = theirs {
                join(mine.get_or_insert_default(), theirs);
            }
        }
    }
}

fn join(mine: &mut Captured, theirs: Captured) {
    if mine.size == 0 {
        *mine = theirs;
    } else {
        mine.text.push_str(&theirs.text);
        mine.size += theirs.size;
    }
}
