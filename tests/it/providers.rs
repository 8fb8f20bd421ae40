//! The providers' own APIs, each driven as its documentation says.
#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test")]

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use doccheck::http::{Reply, Request};
use doccheck::sandbox::{Definition, World};
use serde_json::Value;

static DEFINITION: LazyLock<Arc<Definition>> = LazyLock::new(|| Arc::new(Definition::embedded().unwrap()));

/// A fresh world of the sandbox that is built in.
fn world() -> World {
    World::new(Arc::clone(&DEFINITION), None)
}

/// The JSON of an answer.
fn body(reply: &Reply) -> Value {
    serde_json::from_slice(&reply.body).unwrap()
}

/// The request with a field set.
fn with(mut request: Request, name: &str, value: &str) -> Request {
    request.headers.set(name, value);
    request
}

/// What is answered at the world's start.
fn answer(world: &mut World, request: &Request) -> Reply {
    after(world, Duration::ZERO, request)
}

/// What is answered so long after the world's start.
fn after(world: &mut World, time: Duration, request: &Request) -> Reply {
    let now = world.start().after(time);
    world.answer(request, now).reply
}

/// The names of an object's members, in order.
fn keys(value: &Value) -> BTreeSet<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

/// The names of members as documentation lists them.
fn documented(names: &str) -> BTreeSet<&str> {
    names.split_whitespace().collect()
}

mod bamboohr;
mod close;
mod copper;
mod dynamics_365;
mod grants;
mod greenhouse;
mod hubspot;
mod lever;
mod native;
mod personio;
mod pipedrive;
mod refusals;
mod renames;
mod salesforce;
mod through_unified;
mod unified_api;
mod zendesk_sell;
mod zendesk_support;
mod zoho_crm;
