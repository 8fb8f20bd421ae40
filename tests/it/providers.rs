//! The providers' own APIs, each driven as its documentation says.
#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test")]

use std::sync::{Arc, LazyLock};

use doccheck::sandbox::{Definition, World};

static DEFINITION: LazyLock<Arc<Definition>> = LazyLock::new(|| Arc::new(Definition::embedded().unwrap()));

/// A fresh world of the sandbox that is built in.
fn world() -> World {
    World::new(Arc::clone(&DEFINITION), None)
}

mod bamboohr;
mod close;
mod copper;
mod dynamics_365;
mod greenhouse;
mod hubspot;
mod lever;
mod native;
mod personio;
mod pipedrive;
mod salesforce;
mod through_unified;
mod unified_api;
mod zendesk_sell;
mod zendesk_support;
mod zoho_crm;
