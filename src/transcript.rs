//! What happened while a page ran: plain data, saved as JSON, so that judging works later without
//! running anything again.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::clock::in_words;
use crate::inputs::Input;
use crate::plan::Part;
use crate::redact::Secrets;

/// The name and version of the format.
pub const SCHEMA: &str = "doccheck.transcript/1";

/// One run of one page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transcript {
    /// `SCHEMA`.
    pub schema: String,
    /// The page's path as it was named.
    pub page: String,
    /// The provider that the run was about; absent where the page names none.
    #[serde(default)]
    pub provider: Option<String>,
    /// SHA-256 of the page's bytes, in hexadecimal: a transcript belongs to one state of its page.
    pub page_sha256: String,
    /// The version of doccheck that ran it.
    #[serde(default)]
    pub doccheck: String,
    /// What the run depended on beside the page.
    #[serde(default)]
    pub inputs: Vec<InputState>,
    /// One record for each step of the plan, in order.
    pub steps: Vec<StepRecord>,
}

/// Something that a run depended on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputState {
    /// What it is.
    pub input: Input,
    /// The state that it was in, as a few characters.
    pub state: String,
}

/// What one step did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepRecord {
    /// How it ended.
    pub ending: Ending,
    /// Real time from start to end, in microseconds.
    pub duration_us: u64,
    /// Everything that it printed, as it would lie in a terminal.
    pub output: Captured,
    /// Standard output alone, where the plan asks for the streams apart.
    pub stdout: Option<Captured>,
    /// Standard error alone, where the plan asks for the streams apart.
    pub stderr: Option<Captured>,
    /// What single commands and watched statements printed.
    pub parts: Vec<PartRecord>,
    /// What the sandbox was asked and what it answered.
    pub exchanges: Vec<Exchange>,
    /// How the time of the page's world was spent meanwhile; absent where it is real time.
    #[serde(default)]
    pub time: Option<TimeSpent>,
    /// Hosts that the step tried to reach and that nothing serves.
    pub refusals: Vec<Refusal>,
    /// Faults that were armed for the step and that no request met, as written.
    pub unmet_faults: Vec<String>,
    /// What a reader of the report should know, such as "the shell had ended; a new one was started".
    pub notes: Vec<String>,
}

/// How a step ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Ending {
    /// With an exit status.
    Exited {
        /// The status.
        code: i32,
    },
    /// By a signal.
    Signaled {
        /// Its number.
        signal: i32,
    },
    /// It is a service, and ran until it was ended with its page.
    Running,
    /// It is a service that was not ready within its time limit.
    NotReady {
        /// The limit, in microseconds.
        limit_us: u64,
        /// What was missing, a fragment such as "nothing on this page listens on port 3000".
        missing: String,
    },
    /// It was not run: the webhook that it waits for did not come within its time limit.
    NotCalled {
        /// The name of the event.
        event: String,
        /// The limit, in microseconds.
        limit_us: u64,
        /// What became of the last call that nobody took, a fragment such as "http://localhost/ answered 500".
        refused: Option<String>,
        /// The events of which a call has been taken since the page began.
        taken: Vec<String>,
        /// What the page's services printed last.
        printed: String,
    },
    /// It passed its time limit.
    TimedOut {
        /// The limit, in microseconds.
        limit_us: u64,
    },
    /// It printed more than is allowed.
    OutputLimit {
        /// The limit, in bytes.
        limit: u64,
    },
    /// Its runner could not start it.
    NotStarted {
        /// Why, a fragment such as "cannot find `node`".
        reason: String,
        /// What to do about it.
        help: Option<String>,
    },
    /// It was not run: a value that an earlier output captured is none to put into code.
    NotFilled {
        /// The name in `<name>`.
        name: String,
        /// What its value holds, a fragment such as "a quote".
        holds: String,
    },
    /// An earlier step had stopped the page, or Ctrl-C stopped the run before this one had ended.
    NotReached,
    /// The page says not to run it.
    Skipped,
}

/// What was kept of a stream.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Captured {
    /// The text, at most 1 MiB; bytes that are not UTF-8 are replaced by U+FFFD.
    pub text: String,
    /// How many bytes there were.
    pub size: u64,
}

/// What a part of a step printed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartRecord {
    /// Which part. A watched statement that ran several times has one record with all that it printed.
    pub part: Part,
    /// What it printed, or the value's text.
    pub text: String,
    /// The exit status, for a command of a transcript.
    pub exit: Option<i32>,
}

/// A request and its answer. The default is a request for nothing that nobody answered.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Exchange {
    /// Upper case.
    pub method: String,
    /// The whole URL.
    pub url: String,
    /// The request's header fields.
    pub request_headers: Vec<(String, String)>,
    /// The start of the request's body, at most 16 KiB.
    pub request_body: String,
    /// The answer's status; 0 where a webhook was called and nobody answered.
    pub status: u16,
    /// The answer's header fields.
    pub reply_headers: Vec<(String, String)>,
    /// The start of the answer's body, at most 16 KiB.
    pub reply_body: String,
    /// The fault that decided the answer, else the one that delayed it, as written on the page.
    pub fault: Option<String>,
    /// The id of the account that the request was for.
    #[serde(default)]
    pub account: Option<String>,
    /// True where the sandbox has no such route.
    pub unknown_route: bool,
    /// True where a draft answered: with what the page says, whatever is true.
    #[serde(default)]
    pub drafted: bool,
    /// What the sandbox's unified API asked of providers on the way.
    #[serde(default)]
    pub upstream: Vec<Upstream>,
    /// Where the sandbox called a webhook of the page by it, what it told; absent where the page asked the sandbox.
    #[serde(default)]
    pub webhook: Option<Call>,
    /// When the request came, in microseconds of the world's time since its start.
    #[serde(default)]
    pub asked_us: u64,
    /// When the answer went out, likewise.
    #[serde(default)]
    pub at_us: u64,
}

/// A call of a webhook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// The event's name.
    pub event: String,
    /// Which try it was, from 1.
    pub attempt: u32,
}

/// A request from the sandbox's unified API to a provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upstream {
    /// Upper case.
    pub method: String,
    /// The whole URL.
    pub url: String,
    /// The status of the provider's answer.
    pub status: u16,
}

/// How the time of a page's world was spent: what moved its clock.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TimeSpent {
    /// From start to end on the world's clock, in microseconds.
    pub virtual_us: u64,
    /// Asleep, or waiting until a time limit, in microseconds.
    pub asleep_us: u64,
    /// With requests and answers under way, in microseconds.
    pub exchanges_us: u64,
    /// What slept in real time, since no hook reaches it.
    pub real: Vec<RealWait>,
    /// True where a program that computes without looking at the clock was overtaken: the next run may be another.
    pub overtook: bool,
    /// True where the step's limit, which is real time, was over while this clock went on: in the next run it may be over at
    /// another time of it.
    #[serde(default)]
    pub ran_out: bool,
}

impl TimeSpent {
    /// The same, of a step that took `duration_us` microseconds of real time, of which it had as much as `limit`.
    #[must_use]
    pub fn within(self, duration_us: u64, limit: Duration) -> Self {
        // Exchanges alone take as long in every run, whatever comes after them.
        let went_on = self.virtual_us > self.exchanges_us;
        Self { ran_out: went_on && Duration::from_micros(duration_us) >= limit, ..self }
    }
}

/// A program that slept in real time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RealWait {
    /// Its name.
    pub program: String,
    /// How long, in microseconds.
    pub waited_us: u64,
}

/// A host that nothing serves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// `host` or `host:port`.
    pub host: String,
}

impl Exchange {
    /// True where the page asked the sandbox, and it was not the sandbox that called a webhook.
    pub fn is_of_page(&self) -> bool {
        self.webhook.is_none()
    }

    /// True where a fault decided the answer. One that only delays it decides nothing.
    pub fn is_of_fault(&self) -> bool {
        self.fault.as_ref().is_some_and(|fault| !fault.starts_with("latency"))
    }
}

impl StepRecord {
    /// The record of a step that did nothing.
    pub fn not_run(ending: Ending) -> Self {
        Self {
            ending,
            duration_us: 0,
            output: Captured::default(),
            stdout: None,
            stderr: None,
            parts: Vec::new(),
            exchanges: Vec::new(),
            time: None,
            refusals: Vec::new(),
            unmet_faults: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// The same without secrets.
    #[must_use]
    pub fn redacted(mut self, secrets: &Secrets) -> Self {
        let streams = [Some(&mut self.output), self.stdout.as_mut(), self.stderr.as_mut()];
        let texts = streams.into_iter().flatten().map(|captured| &mut captured.text);
        let parts = self.parts.iter_mut().map(|part| &mut part.text);
        let wires = self.exchanges.iter_mut().flat_map(|exchange| {
            let headers = exchange.request_headers.iter_mut().chain(exchange.reply_headers.iter_mut());
            [&mut exchange.url, &mut exchange.request_body, &mut exchange.reply_body]
                .into_iter()
                .chain(headers.map(|(_, value)| value))
        });
        for text in texts.chain(parts).chain(wires).chain(self.notes.iter_mut()) {
            *text = secrets.redact(text);
        }
        self
    }
}

impl Ending {
    /// How it ended, for people: a fragment such as "exited with status 3".
    pub fn words(&self) -> String {
        match self {
            Self::Exited { code } => format!("exited with status {code}"),
            Self::Signaled { signal } => format!("was ended by signal {signal}"),
            Self::Running => "ran until the page ended".to_owned(),
            Self::NotReady { limit_us, missing } => {
                format!("was not ready within {}: {missing}", in_words(Duration::from_micros(*limit_us)))
            }
            Self::NotCalled { event, limit_us, refused, taken, .. } => {
                let limit = in_words(Duration::from_micros(*limit_us));
                let taken: Vec<_> = taken.iter().map(|event| format!("`{event}`")).collect();
                let instead = match (refused, taken.is_empty()) {
                    (Some(what), _) => format!("; {what}"),
                    (None, false) => format!("; taken were {}", taken.join(", ")),
                    (None, true) => String::new(),
                };
                format!("did not start: no receiver took a webhook `{event}` within {limit}{instead}")
            }
            Self::TimedOut { limit_us } => {
                format!("passed its time limit of {}", in_words(Duration::from_micros(*limit_us)))
            }
            Self::OutputLimit { limit } => format!("printed more than {} MiB", limit / (1024 * 1024)),
            Self::NotStarted { reason, .. } => format!("could not start: {reason}"),
            Self::NotFilled { name, holds } => {
                format!("was not run: the value of `<{name}>` holds {holds}, and is not put into code")
            }
            Self::NotReached => "was not reached".to_owned(),
            Self::Skipped => "was skipped".to_owned(),
        }
    }
}
