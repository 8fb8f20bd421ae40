//! The API engine: `(World, Request, Timestamp) -> Answer`, pure, no sockets.
//!
//! Nothing here knows a provider: hosts, routes, fields, headers and variable names are data
//! (`sandbox/` at the root of the repository, embedded in the library).

mod auth;
mod body;
mod call;
mod check;
mod definition;
mod embedded;
mod fault;
mod list;
mod quota;
mod read;
mod shape;
mod situation;
mod store;
mod template;
mod url;
mod world;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::clock::Timestamp;
use crate::diagnostic::Diagnostic;
use crate::http::Reply;
use crate::source::SourceFile;
use definition::Api;

pub use fault::{Fault, FaultError};
pub use world::World;

/// A sandbox as its data describes it. Cheap to share between the worlds of many pages.
#[derive(Debug)]
pub struct Definition {
    start: Timestamp,
    apis: Vec<Api>,
}

impl Definition {
    /// The sandbox that is built in.
    ///
    /// # Errors
    ///
    /// What is wrong with its data; nothing, in a version that passed its tests.
    pub fn embedded() -> Result<Self, Vec<Diagnostic>> {
        Self::read(&embedded::files())
    }

    /// Reads a sandbox from the files of a folder, each with its path relative to that folder.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with the files, each at its place.
    pub fn read(files: &BTreeMap<String, Arc<SourceFile>>) -> Result<Self, Vec<Diagnostic>> {
        read::read(files).map(|data| Self { start: data.start, apis: data.apis })
    }

    /// A sandbox that serves no host.
    pub fn nothing() -> Self {
        Self { start: Timestamp::from_micros(0), apis: Vec::new() }
    }

    /// The hosts that are served.
    pub fn hosts(&self) -> Vec<String> {
        self.apis.iter().flat_map(|api| &api.hosts).map(|host| host.get_ref().clone()).collect()
    }

    /// The instant at which every world starts.
    pub fn start(&self) -> Timestamp {
        self.start
    }

    /// The names of the scopes that a token may have.
    pub fn scopes(&self) -> Vec<String> {
        self.apis.iter().flat_map(Api::scopes).map(str::to_owned).collect()
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
