//! The API engine: `(World, Request, Timestamp) -> Answer`, pure, no sockets.
//!
//! Nothing here knows a provider: hosts, routes, fields, headers and variable names are data
//! (`sandbox/` at the root of the repository, embedded in the library).

mod fault;

use std::collections::BTreeMap;

use crate::clock::Timestamp;
use crate::diagnostic::Diagnostic;
use crate::http::{Reply, Request};
use crate::source::SourceFile;

pub use fault::{Fault, FaultError};

/// A sandbox as its data describes it. Cheap to share between the worlds of many pages.
#[derive(Debug)]
pub struct Definition {}

impl Definition {
    /// The sandbox that is built in.
    pub fn embedded() -> Result<Self, Vec<Diagnostic>> {
        todo!()
    }

    /// Reads a sandbox from the files of a folder, each with its path relative to that folder.
    pub fn read(_files: &BTreeMap<String, std::sync::Arc<SourceFile>>) -> Result<Self, Vec<Diagnostic>> {
        todo!()
    }

    /// A sandbox that serves no host.
    pub fn nothing() -> Self {
        todo!()
    }

    /// The hosts that are served.
    pub fn hosts(&self) -> Vec<String> {
        todo!()
    }

    /// The instant at which every world starts.
    pub fn start(&self) -> Timestamp {
        todo!()
    }

    /// The names of the scopes that a token may have.
    pub fn scopes(&self) -> Vec<String> {
        todo!()
    }
}

/// The sandbox's state for one run of one page: data, tokens, quotas.
#[derive(Debug)]
pub struct World {}

impl World {
    /// A fresh world. `scopes`: what the page's token may do; everything where `None`.
    pub fn new(_definition: std::sync::Arc<Definition>, _scopes: Option<&[String]>) -> Self {
        todo!()
    }

    /// The hosts that are served.
    pub fn hosts(&self) -> Vec<String> {
        todo!()
    }

    /// The instant at which the world starts.
    pub fn start(&self) -> Timestamp {
        todo!()
    }

    /// Variables that hand tokens and account ids to the page's steps.
    pub fn environment(&self) -> Vec<(String, String)> {
        todo!()
    }

    /// Arms the faults of a step.
    pub fn arm(&mut self, _faults: &[Fault]) {
        todo!()
    }

    /// Disarms all faults; those that no request met, as written.
    pub fn disarm(&mut self) -> Vec<String> {
        todo!()
    }

    /// Answers a request at the instant `now`.
    pub fn answer(&mut self, _request: &Request, _now: Timestamp) -> Answer {
        todo!()
    }
}

/// An answer and what led to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// What the client gets.
    pub reply: Reply,
    /// The fault that decided it, as written.
    pub fault: Option<String>,
    /// True where there is no such route.
    pub unknown_route: bool,
}
