//! The wires in front of the engine: a forward proxy, a TLS front with a CA of the run, wiremock behind
//! them, and the hooks that bring Node and Python programs there which ignore proxies.

use std::path::Path;
use std::time::Duration;

use crate::http::{Reply, Request};
use crate::sandbox::{Fault, World};
use crate::transcript::{Exchange, Refusal};

/// What one worker has of the network. It serves one page's world at a time.
#[derive(Debug)]
pub struct Network {}

/// What went over the wires during one step.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Traffic {
    /// Requests and answers, in order.
    pub exchanges: Vec<Exchange>,
    /// Hosts that nothing serves.
    pub refusals: Vec<Refusal>,
    /// Faults that no request met, as written.
    pub unmet_faults: Vec<String>,
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
}

impl Network {
    /// Starts listeners on loopback. `folder` is an existing, empty folder for the CA's certificate, the clients'
    /// configuration files and the hooks; `allow` are hosts (`host` or `host:port`) that may be reached for real.
    ///
    /// # Errors
    ///
    /// `ServeError::Start`.
    pub fn start(_folder: &Path, _allow: &[String]) -> Result<Self, ServeError> {
        todo!()
    }

    /// Variables that lead every client here.
    pub fn environment(&self) -> Vec<(String, String)> {
        todo!()
    }

    pub fn note(&self) -> Option<String> {
        None
    }
    pub fn crew(&self) -> crate::process::Crew {
        crate::process::Crew::new()
    }

    /// Opens a page's world; the one before is gone.
    pub fn open(&self, _world: World) {
        todo!()
    }

    /// Starts a step: faults are armed, traffic is noted from now on.
    pub fn begin_step(&self, _faults: &[Fault]) {
        todo!()
    }

    /// Ends the step.
    pub fn end_step(&self) -> Traffic {
        todo!()
    }

    /// Sends a request natively, by reqwest.
    ///
    /// # Errors
    ///
    /// `ServeError::NoAnswer`.
    pub fn send(&self, _request: Request, _timeout: Duration) -> Result<Reply, ServeError> {
        todo!()
    }
}
