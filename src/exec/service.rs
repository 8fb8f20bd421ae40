//! A step that runs on while later steps run: where it runs, whether it is ready, what it has printed.

use std::time::{Duration, Instant};

use rustix::event::{Timespec, poll};

use super::capture::{Capture, Streams};
use super::ending::{ran, stopped};
use super::interpreter::Interpreter;
use super::runner::{ExecError, Ran};
use super::status::Wake;
use super::terminal::Terminal;
use super::{Stage, http};
use crate::clock::{Timestamp, in_words};
use crate::options::Ready;
use crate::outcome::Shown;
use crate::plan::Part;
use crate::process::interrupted;
use crate::system_clock::now;
use crate::text::normalize;
use crate::transcript::{Ending, PartRecord};
use crate::virtual_time::{Foreground, Rested};

/// How long a wait lasts before it looks again: at first, and at most.
const SLICES: (Duration, Duration) = (Duration::from_millis(5), Duration::from_millis(50));

/// How far the world's time goes on while something is waited for that may never come: tokens that are refreshed for ever
/// would keep it going.
const FURTHEST: Duration = Duration::from_hours(7 * 24);

/// How long a service that says no `ready` may take to listen on a port.
const LISTENS_WITHIN: Duration = Duration::from_secs(10);

/// What came of a start.
#[derive(Debug)]
pub(super) enum Begun {
    /// It runs.
    Service(Service),
    /// It never came to that.
    Over(Ran),
}

/// Where a service runs.
#[derive(Debug)]
pub(super) enum Host {
    /// In a terminal of its own.
    Terminal(Terminal),
    /// In an interpreter of its own.
    Interpreter(Interpreter),
}

/// A step, or a command of the configuration, that runs on.
#[derive(Debug)]
pub(super) struct Service {
    pub(super) host: Host,
    /// Where it prints to.
    pub(super) capture: Capture,
    /// What the commands of a transcript before the last one did.
    pub(super) earlier: Streams,
    pub(super) parts: Vec<PartRecord>,
    /// The index of a transcript's last command.
    pub(super) command: Option<usize>,
    pub(super) notes: Vec<String>,
    pub(super) started: Instant,
    /// How it ended by itself; absent while it runs.
    pub(super) ending: Option<Ending>,
}

/// What is waited for.
pub(super) struct Wait<'a> {
    pub(super) ready: Option<&'a Ready>,
    pub(super) limit: Duration,
    /// Whether the service has printed what the page shows at its step.
    pub(super) shown: &'a dyn Fn(&Ran) -> Shown,
}

impl Service {
    /// A program that an interpreter runs.
    pub(super) fn in_interpreter(
        interpreter: Interpreter,
        capture: Capture,
        notes: Vec<String>,
        started: Instant,
    ) -> Self {
        Self {
            host: Host::Interpreter(interpreter),
            capture,
            earlier: Streams::default(),
            parts: Vec::new(),
            command: None,
            notes,
            started,
            ending: None,
        }
    }

    /// Waits until the service is ready: until `ready` is true and it has printed what the page shows of it. Where the
    /// author does not say `ready`, what the page shows decides, and where that tells of a port or the page shows
    /// nothing, that it listens on one.
    pub(super) fn until_ready(&mut self, stage: &Stage<'_>, wait: &Wait<'_>) -> Result<Ran, ExecError> {
        let deadline = self.started + wait.limit;
        let mut pauses = Pauses::new(stage);
        loop {
            let ended = self.poll(stage)?;
            let ran = self.ran(stage)?;
            if interrupted() {
                return Ok(Ran { ending: stopped(stage, &Wake::Interrupted, wait.limit), ..ran });
            }
            let shown = (wait.shown)(&ran);
            let met = match wait.ready {
                Some(ready) => is_met(stage, ready, &ran, deadline),
                None => match shown {
                    Shown::NotYet => false,
                    // A server may print where it listens before it does.
                    Shown::All => !speaks_of_a_port(&ran.output.text) || stage.listens() || !stage.can_tell_ports(),
                    Shown::Nothing | Shown::Otherwise => stage.listens(),
                },
            };
            if met && (shown != Shown::NotYet || ended) {
                return Ok(went_on(ran, None));
            }
            // What starts something else in the background and ends well may become ready by that.
            let failed = !matches!(ran.ending, Ending::Running | Ending::Exited { code: 0 });
            if failed || (ended && wait.ready.is_none()) {
                return Ok(ran);
            }
            // What the author does not say is a guess: time does not run for hours to see whether it comes true.
            let patience = match (wait.ready, shown) {
                (Some(_), _) => None,
                (None, Shown::NotYet) => Some(wait.limit),
                (None, _) => Some(wait.limit.min(LISTENS_WITHIN)),
            };
            let limit = patience.unwrap_or(wait.limit);
            if now() >= self.started + limit || pauses.are_over {
                return Ok(match wait.ready.filter(|_| !met) {
                    Some(ready) => {
                        let ending = not_ready(stage, ready, wait.limit);
                        Ran { ending, ..ran }
                    }
                    None => went_on(ran, (!met && shown != Shown::NotYet).then(|| nothing_told(limit))),
                });
            }
            pauses.pause(patience);
        }
    }

    /// Waits until the service has printed what the page shows of it, has ended, or can no more print that.
    pub(super) fn until_shown(
        &mut self,
        stage: &Stage<'_>,
        limit: Duration,
        shown: &dyn Fn(&Ran) -> Shown,
    ) -> Result<Ran, ExecError> {
        let deadline = now() + limit;
        let mut pauses = Pauses::new(stage);
        loop {
            let ended = self.poll(stage)?;
            let ran = self.ran(stage)?;
            if ended || interrupted() || shown(&ran) != Shown::NotYet || now() >= deadline {
                return Ok(ran);
            }
            pauses.pause(None);
        }
    }

    /// True where it has ended by itself, or was stopped because it printed too much.
    pub(super) fn poll(&mut self, stage: &Stage<'_>) -> Result<bool, ExecError> {
        if self.ending.is_none() {
            self.ending = match &mut self.host {
                Host::Terminal(terminal) => terminal.ended()?,
                Host::Interpreter(interpreter) => interpreter.ended()?,
            };
        }
        if self.ending.is_none() && self.capture.over_limit() {
            self.ending = Some(stopped(stage, &Wake::OutputLimit, Duration::ZERO));
        }
        Ok(self.ending.is_some())
    }

    /// What it shows by now.
    pub(super) fn ran(&self, stage: &Stage<'_>) -> Result<Ran, ExecError> {
        let own = match &self.host {
            Host::Terminal(terminal) => self.capture.read(&terminal.cleaner(stage))?,
            Host::Interpreter(_) => self.capture.read(&|text| text)?,
        };
        let exit = match self.ending {
            Some(Ending::Exited { code }) => Some(code),
            _ => None,
        };
        let (streams, parts) = so_far(&self.earlier, &self.parts, self.command.map(|at| (at, exit)), own);
        let ending = self.ending.clone().unwrap_or(Ending::Running);
        Ok(ran(ending, self.started, streams, parts, self.notes.clone()))
    }
}

/// What a step shows by now: what its earlier commands did, and what the last one has printed, which is a transcript's
/// command with that index and exit status.
pub(super) fn so_far(
    earlier: &Streams,
    parts: &[PartRecord],
    command: Option<(usize, Option<i32>)>,
    own: Streams,
) -> (Streams, Vec<PartRecord>) {
    let text = &own.output.text;
    let last = command.map(|(at, exit)| PartRecord { part: Part::Command(at), text: text.clone(), exit });
    let parts = parts.iter().cloned().chain(last).collect();
    let mut streams = earlier.clone();
    streams.add(own);
    (streams, parts)
}

/// Waits until `is_true`, for `limit` of real time at most, while the world's time goes on. False where it never was, and
/// where Ctrl-C ended the wait.
pub(super) fn wait_until(stage: &Stage<'_>, limit: Duration, is_true: &dyn Fn() -> bool) -> bool {
    let deadline = now() + limit;
    let mut pauses = Pauses::new(stage);
    while !is_true() {
        if interrupted() || now() >= deadline || pauses.are_over {
            return false;
        }
        pauses.pause(Some(FURTHEST));
    }
    true
}

/// `ran`, as the page goes on after it.
pub(super) fn went_on(mut ran: Ran, note: Option<String>) -> Ran {
    ran.parts.push(PartRecord { part: Part::Start, text: ran.output.text.clone(), exit: None });
    ran.notes.extend(note);
    ran
}

fn not_ready(stage: &Stage<'_>, ready: &Ready, limit: Duration) -> Ending {
    stage.crew.end();
    Ending::NotReady { limit_us: u64::try_from(limit.as_micros()).unwrap_or(u64::MAX), missing: ready.missing() }
}

fn nothing_told(limit: Duration) -> String {
    format!("it listened on no port within {}; `ready=` says when the page goes on", in_words(limit))
}

/// True where `ready` holds. For a port the system's tables are asked, as far as it has them: what listens takes
/// connections, and a program that serves one client would take a connection of ours for it.
fn is_met(stage: &Stage<'_>, ready: &Ready, ran: &Ran, deadline: Instant) -> bool {
    match ready {
        Ready::Port(port) => is_listening(stage, *port).unwrap_or_else(|| stage.network.accepts(*port)),
        Ready::Text(text) => normalize(&ran.output.text).contains(text.trim_end()),
        // What nobody would take is not sent: a server may log each request.
        Ready::Http(_) if ready.port().and_then(|port| is_listening(stage, port)) == Some(false) => false,
        Ready::Http(url) => http::answers(stage.network, url, deadline.saturating_duration_since(now())),
    }
}

/// Whether the page listens on `port`; `None` where the system does not tell, or where the port is the machine's own.
fn is_listening(stage: &Stage<'_>, port: u16) -> Option<bool> {
    let ports = stage.crew.listening().filter(|_| !stage.network.leads_outside(port))?;
    Some(ports.contains(&port))
}

/// True where a text tells of a port: "Listening on 8000", `http://localhost:3000/`.
fn speaks_of_a_port(text: &str) -> bool {
    let text = format!(" {}", text.to_lowercase());
    let digit_after = |word: &str| {
        text.match_indices(word).any(|(at, _)| {
            let rest = text[at + word.len()..].trim_start_matches([' ', ':', '=', '#']);
            rest.starts_with(|char: char| char.is_ascii_digit())
        })
    };
    text.contains("listening")
        || [" port", "localhost:", "127.0.0.1:", "0.0.0.0:", "::]:", "::1]:"].into_iter().any(digit_after)
}

/// What is told of a step that nobody said is a service, after so long a wait.
pub(super) fn runs_on(port: u16, waited: Duration, limit: Duration) -> String {
    let waits = if waited < limit { "waits".to_owned() } else { format!("did not end within {}", in_words(limit)) };
    format!(
        "it listens on port {port} and {waits}, so it runs on as a service; \
         `<!-- doccheck: ready=port:{port} -->` says so without the wait"
    )
}

/// The pauses between looks at a service. Virtual time goes on in them, one event after a look at the world at rest.
struct Pauses<'a> {
    stage: &'a Stage<'a>,
    slice: Duration,
    /// True where the last look saw the world at rest.
    at_rest: bool,
    /// When they began, on a virtual clock.
    started: Timestamp,
    /// True where virtual time would have had to go on for longer than it may.
    are_over: bool,
}

impl<'a> Pauses<'a> {
    fn new(stage: &'a Stage<'a>) -> Self {
        let started = stage.network.virtual_clock().map_or(Timestamp::from_micros(0), |clock| clock.now());
        Self { stage, slice: SLICES.0, at_rest: false, started, are_over: false }
    }

    /// `limit`: how far virtual time may go on from the first pause; any time where `None`.
    fn pause(&mut self, limit: Option<Duration>) {
        let until = limit.map_or(Timestamp::from_micros(i64::MAX), |limit| self.started.after(limit));
        if let Some(clock) = self.stage.network.virtual_clock() {
            clock.wait_for(Foreground::Service);
            let rested = clock.rest(self.at_rest, until, self.slice);
            self.at_rest = rested == Some(Rested::Soon);
            self.are_over = rested == Some(Rested::Later);
        } else {
            let timeout = Timespec::try_from(self.slice).ok();
            let _ = poll(&mut [], timeout.as_ref());
        }
        self.slice = if self.at_rest { SLICES.0 } else { (self.slice * 2).min(SLICES.1) };
    }
}

impl Drop for Pauses<'_> {
    fn drop(&mut self) {
        self.stage.network.wait_for(Foreground::Nobody);
    }
}

#[cfg(test)]
mod tests {
    use super::speaks_of_a_port;

    #[test]
    fn a_text_speaks_of_a_port_or_not() {
        for text in
            ["Listening on 8000", "at http://127.0.0.1:8000/", "server up, port: 3000", "[::]:80", "localhost:1"]
        {
            assert!(speaks_of_a_port(text), "{text}");
        }
        for text in ["watching 3 files", "see https://example.com/", "report 2 is up", "127.0.0.1: ok", ""] {
            assert!(!speaks_of_a_port(text), "{text}");
        }
    }
}
