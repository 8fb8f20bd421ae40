//! The API engine: `(World, Request, Timestamp) -> Answer`, pure, no sockets.
//!
//! Nothing here knows a provider: hosts, routes, fields, headers and variable names are data
//! (`sandbox/` at the root of the repository, embedded in the library).

mod accounts;
mod answer;
mod auth;
mod body;
mod call;
mod check;
mod client;
mod data;
mod definition;
mod draft;
mod embedded;
mod fault;
mod format;
mod input;
mod instants;
mod invention;
mod jsonata;
mod list;
mod mapped;
mod names;
mod oauth;
mod openapi;
mod parameters;
mod problem;
mod quota;
mod read;
mod record;
mod shape;
mod situation;
mod state;
mod steering;
mod store;
mod table;
mod template;
mod url;
mod uuid;
mod variables;
mod webhooks;
mod words;
mod world;

pub use answer::{Answer, Upstream};
pub use client::{Client, ClientFile, Ecosystem};
pub use definition::{Definition, Provider};
pub use draft::DraftRoute;
pub use fault::{Fault, FaultError};
pub(crate) use url::decoded;
pub use webhooks::Delivery;
pub use world::World;

#[cfg(test)]
mod asked;
