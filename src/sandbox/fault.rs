//! What a step tells the sandbox to do wrong, and which requests meet it.
//!
//! Here is the grammar and the counting. What an API answers for a kind of fault is data.

use std::time::Duration;

use super::situation::{Refusal, Situation};
use crate::http::Request;

/// Seconds until a 429's quota is said to be full again, where the fault names none.
const RESET_SECONDS: u64 = 2;

/// The kinds of faults of later versions: they harm the wire, not the answer.
const LATER: [&str; 4] = ["timeout", "reset", "truncate", "malformed"];

/// The word for the fault that answers as it would without it, only later.
const LATENCY: &str = "latency";

/// What the help says of it: it needs a time.
const LATENCY_EXAMPLE: &str = "latency:300ms";

/// What a fault makes of an answer. Each API says in its data how that looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// An error of this status.
    Status(u16),
    /// The token is too old.
    ExpiredToken,
    /// The one whose data is read has taken the grant back.
    Revoked,
    /// Status 200 with an error in the body.
    ErrorBody,
}

impl Kind {
    /// Every kind.
    pub(crate) const ALL: [Self; 12] = [
        Self::Status(400),
        Self::Status(401),
        Self::Status(403),
        Self::Status(404),
        Self::Status(409),
        Self::Status(429),
        Self::Status(500),
        Self::Status(502),
        Self::Status(503),
        Self::ExpiredToken,
        Self::Revoked,
        Self::ErrorBody,
    ];

    /// The word that stands for it, on pages and in the data.
    pub(crate) fn word(self) -> String {
        match self {
            Self::Status(status) => status.to_string(),
            Self::ExpiredToken => "expired-token".to_owned(),
            Self::Revoked => "revoked".to_owned(),
            Self::ErrorBody => "200-error-body".to_owned(),
        }
    }

    /// True where it tells that the quota is spent.
    pub(crate) fn is_quota(self) -> bool {
        self == Self::Status(429)
    }

    /// True where it is about what was granted.
    pub(crate) fn is_of_token(self) -> bool {
        matches!(self, Self::ExpiredToken | Self::Revoked)
    }

    /// The error that it brings about where an API's data does not say it.
    pub(crate) fn usual(self) -> Refusal {
        let situation = match self {
            Self::Status(401) | Self::Revoked => Situation::WrongToken,
            Self::Status(403) => Situation::MissingScope,
            Self::Status(404) => Situation::UnknownRecord,
            Self::Status(409) => Situation::Conflict,
            Self::Status(429) => Situation::QuotaSpent,
            Self::Status(400) => Situation::BadJson,
            Self::ExpiredToken => Situation::ExpiredToken,
            Self::Status(_) | Self::ErrorBody => {
                return Refusal::named(self.word()).with_status(self.status().unwrap_or(200));
            }
        };
        situation.into()
    }

    /// The status that it means.
    pub(crate) fn status(self) -> Option<u16> {
        match self {
            Self::Status(status) => Some(status),
            Self::ExpiredToken | Self::Revoked => Some(401),
            Self::ErrorBody => None,
        }
    }

    fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

/// What a step tells the sandbox to do wrong: `kind[:arg][xN][@N][ METHOD][ /path*]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// As written.
    pub text: String,
    harm: Harm,
    /// How many requests it meets; every one where `None`.
    times: Option<u64>,
    /// The first matching request that it meets, counted from 1.
    from: u64,
    method: Option<String>,
    /// A path in which `*` stands for any text.
    path: Option<String>,
}

/// What a fault does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Harm {
    /// It decides the answer.
    Answer {
        kind: Kind,
        /// Seconds until the quota is said to be full again.
        reset: u64,
    },
    /// It leaves the answer as it is, only later.
    Latency(Duration),
}

/// A fault that decides the answer to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Decision {
    /// The fault as written.
    pub(crate) text: String,
    pub(crate) kind: Kind,
    /// Seconds until the quota is said to be full again.
    pub(crate) reset: u64,
}

/// Why a fault cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FaultError {
    /// Lower case, no final period.
    pub message: String,
    /// What to write instead.
    pub help: Option<String>,
}

impl FaultError {
    fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { message: message.into(), help: Some(help.into()) }
    }
}

impl Fault {
    /// Reads one fault.
    ///
    /// # Errors
    ///
    /// An unknown kind, a kind of a later version, or a part that does not fit the grammar.
    pub fn parse(text: &str) -> Result<Self, FaultError> {
        let text = text.trim();
        let mut words = text.split_whitespace();
        let head = words.next().ok_or_else(|| FaultError::new("a fault needs a kind", known_kinds()))?;
        if let Some(ordered) = ordered(head) {
            let whole = std::iter::once(ordered.as_str()).chain(words).collect::<Vec<_>>().join(" ");
            return Err(FaultError::new("a fault's argument stands before its counts", format!("write `{whole}`")));
        }
        let (head, from) = counted(head, '@')?;
        let (head, times) = counted(head, 'x')?;
        let (word, argument) = head.split_once(':').map_or((head, None), |(word, argument)| (word, Some(argument)));
        let harm = Harm::read(word, argument)?;
        let mut fault = Self { text: text.to_owned(), harm, times, from: from.unwrap_or(1), method: None, path: None };
        for word in words {
            let slot = if word.starts_with('/') { &mut fault.path } else { &mut fault.method };
            let fits = word.starts_with('/') || word.bytes().all(|byte| byte.is_ascii_uppercase());
            if !fits || slot.is_some() {
                return Err(FaultError::new(
                    format!("`{word}` does not fit into a fault"),
                    "write one method in capitals and one path, such as `429x2 GET /contacts*`",
                ));
            }
            *slot = Some(word.to_owned());
        }
        Ok(fault)
    }

    /// True where it answers that the quota is spent.
    pub(crate) fn is_quota(&self) -> bool {
        matches!(self.harm, Harm::Answer { kind, .. } if kind.is_quota())
    }

    fn matches(&self, request: &Request) -> bool {
        self.method.as_ref().is_none_or(|method| *method == request.method)
            && self.path.as_ref().is_none_or(|pattern| path_matches(pattern, &request.path))
    }
}

/// Takes `xN` or `@N` off the end of `head`. A kind may hold the letter itself, so a number must follow.
fn counted(head: &str, mark: char) -> Result<(&str, Option<u64>), FaultError> {
    let Some((before, number)) = head.rsplit_once(mark) else { return Ok((head, None)) };
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number && mark == 'x' {
        return Ok((head, None));
    }
    match number.parse() {
        Ok(count) if count > 0 => Ok((before, Some(count))),
        _ => Err(FaultError::new(
            format!("`{mark}{number}` is no count"),
            "count from 1: `x2` is twice, `@3` is from the third request on, and `x` stands before `@`",
        )),
    }
}

/// `429:reset=60x2` of `429x2:reset=60`, where only the order is wrong.
fn ordered(head: &str) -> Option<String> {
    let (front, argument) = head.split_once(':')?;
    let words = Kind::ALL.map(Kind::word).into_iter().chain([LATENCY.to_owned()]);
    let (word, counts) = words.into_iter().find_map(|word| {
        let counts = front.strip_prefix(&word)?;
        counts.starts_with(['x', '@']).then(|| (word, counts.to_owned()))
    })?;
    let (argument, from) = argument.find('@').map_or((argument, ""), |at| argument.split_at(at));
    let ordered = format!("{word}:{argument}{counts}{from}");
    Fault::parse(&ordered).is_ok().then_some(ordered)
}

impl Harm {
    fn read(word: &str, argument: Option<&str>) -> Result<Self, FaultError> {
        if word == LATENCY {
            let late = argument.and_then(|text| humantime::parse_duration(text).ok()).filter(|late| !late.is_zero());
            return late.map(Self::Latency).ok_or_else(|| {
                let message = match argument {
                    Some(argument) => format!("`{argument}` does not fit after `{LATENCY}:`"),
                    None => format!("`{LATENCY}` needs a time"),
                };
                FaultError::new(message, format!("write how much later the answer comes, such as `{LATENCY_EXAMPLE}`"))
            });
        }
        let kind = Kind::from_word(word).ok_or_else(|| unknown_kind(word))?;
        let reset = argument.map_or(Ok(RESET_SECONDS), |argument| reset_seconds(kind, argument))?;
        Ok(Self::Answer { kind, reset })
    }
}

fn reset_seconds(kind: Kind, argument: &str) -> Result<u64, FaultError> {
    if !kind.is_quota() {
        let word = kind.word();
        return Err(FaultError::new(format!("`{word}` takes no argument"), format!("write `{word}` alone")));
    }
    argument.strip_prefix("reset=").and_then(|seconds| seconds.parse().ok()).ok_or_else(|| {
        FaultError::new(
            format!("`{argument}` does not fit after `429:`"),
            "write whole seconds, such as `429:reset=60`",
        )
    })
}

fn unknown_kind(word: &str) -> FaultError {
    if LATER.contains(&word) {
        return FaultError::new(format!("`{word}` comes later, with a version that breaks the wire"), known_kinds());
    }
    let words = Kind::ALL.map(Kind::word);
    let candidates = words.iter().map(String::as_str).chain([LATENCY]).collect::<Vec<_>>();
    let help = match similar::get_close_matches(word, &candidates, 1, 0.6).first() {
        Some(close) => format!("did you mean `{close}`?"),
        None => known_kinds(),
    };
    FaultError::new(format!("there is no fault `{word}`"), help)
}

fn known_kinds() -> String {
    let words = Kind::ALL.map(Kind::word).into_iter().chain([LATENCY_EXAMPLE.to_owned()]);
    format!("the kinds are {}", words.map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", "))
}

/// True where `path` is `pattern`, in which each `*` stands for any text.
pub(crate) fn path_matches(pattern: &str, path: &str) -> bool {
    let Some((start, pattern)) = pattern.split_once('*') else { return pattern == path };
    let Some(mut rest) = path.strip_prefix(start) else { return false };
    // The leftmost place leaves the most for what follows, so no other need be tried.
    let (middle, end) = pattern.rsplit_once('*').unwrap_or(("", pattern));
    for piece in middle.split('*') {
        match rest.split_once(piece) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    rest.ends_with(end)
}

/// The faults of the step that runs.
#[derive(Debug, Default)]
pub(crate) struct Armed(Vec<Counted>);

#[derive(Debug)]
struct Counted {
    fault: Fault,
    /// Matching requests so far.
    seen: u64,
    /// Requests that it decided.
    met: u64,
}

impl Counted {
    fn new(fault: &Fault) -> Self {
        Self { fault: fault.clone(), seen: 0, met: 0 }
    }

    fn is_used_up(&self) -> bool {
        self.fault.times.is_some_and(|times| self.met >= times)
    }
}

impl Armed {
    pub(crate) fn new(faults: &[Fault]) -> Self {
        Self(faults.iter().map(Counted::new).collect())
    }

    /// More faults; those that have met all their requests are forgotten.
    pub(crate) fn add(&mut self, faults: &[Fault]) {
        self.0.retain(|armed| !armed.is_used_up());
        self.0.extend(faults.iter().map(Counted::new));
    }

    /// Those that may still meet a request.
    pub(crate) fn pending(&self) -> impl Iterator<Item = &Fault> {
        self.0.iter().filter(|armed| !armed.is_used_up()).map(|armed| &armed.fault)
    }

    /// The fault that decides the answer to `request`. `able` tells whether one of a kind can meet this request at all.
    pub(crate) fn decide(&mut self, request: &Request, able: impl Fn(Kind) -> bool) -> Option<Decision> {
        self.meet(request, |fault| match fault.harm {
            Harm::Answer { kind, reset } if able(kind) => Some(Decision { text: fault.text.clone(), kind, reset }),
            _ => None,
        })
    }

    /// How much later `request` is answered, and the fault that says so, as written. Whatever decides the answer.
    pub(crate) fn delay(&mut self, request: &Request) -> Option<(Duration, String)> {
        self.meet(request, |fault| match fault.harm {
            Harm::Latency(late) => Some((late, fault.text.clone())),
            Harm::Answer { .. } => None,
        })
    }

    /// What `take` makes of the first fault that matches `request` and has not met all its requests yet; `None` of it
    /// says that the fault is not about this.
    fn meet<T>(&mut self, request: &Request, take: impl Fn(&Fault) -> Option<T>) -> Option<T> {
        let mut met = None;
        for armed in &mut self.0 {
            let Some(taken) = Some(&armed.fault).filter(|fault| fault.matches(request)).and_then(&take) else {
                continue;
            };
            armed.seen += 1;
            let due = armed.seen >= armed.fault.from && !armed.is_used_up();
            if due && met.is_none() {
                armed.met += 1;
                met = Some(taken);
            }
        }
        met
    }

    /// Those that no request met, as written.
    pub(crate) fn unmet(self) -> Vec<String> {
        self.0.into_iter().filter(|armed| armed.met == 0).map(|armed| armed.fault.text).collect()
    }
}

#[cfg(test)]
mod tests;
