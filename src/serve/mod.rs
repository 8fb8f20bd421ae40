//! The wires in front of the engine: a forward proxy, a TLS front with a CA of the run, wiremock behind
//! them, and the hooks that bring Node and Python programs there which ignore proxies. Where the system has network
//! namespaces, all of this stands in one, together with a name server and listeners for every address, so that any
//! other client ends here too.

mod authority;
mod clients;
mod clock;
mod control;
mod courier;
mod engine;
mod front;
mod gateway;
mod hosts;
mod inside;
mod journal;
mod listeners;
mod names;
mod network;
mod reach;
mod relay;
mod send;
mod standing;
mod upstream;

use std::time::Duration;

use crate::clock::in_words;
use crate::transcript::{Exchange, Refusal, TimeSpent};

pub use control::{Description, Entry, Event, Excerpt, FirstCall};
pub use network::Network;
pub use standing::{Pace, Remote, RemoteError, Standing, StandingError, StandingOptions};

/// What went over the wires during one step.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Traffic {
    /// Requests and answers, in order; at most 1,000.
    pub exchanges: Vec<Exchange>,
    /// How many more exchanges there were.
    pub omitted: usize,
    /// Hosts that nothing serves, each once.
    pub refusals: Vec<Refusal>,
    /// Faults that no request met, as written.
    pub unmet_faults: Vec<String>,
    /// How the world's time was spent, where it is virtual.
    pub time: Option<TimeSpent>,
}

/// The version of HTTP in which a request is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Protocol {
    /// HTTP/1.1.
    #[default]
    Http1,
    /// HTTP/2.
    Http2,
}

/// Why the network cannot do its work.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// A listener, a file or a key could not be made.
    #[error("cannot start the sandbox's network: {0}")]
    Start(String),
    /// A request of an `http` step got no answer; the text is a fragment such as "no sandbox serves host example.com".
    #[error("{0}")]
    NoAnswer(String),
    /// A request of an `http` step got no answer in time.
    #[error("no answer within {}", in_words(*.0))]
    TimedOut(Duration),
}
