//! The providers' own APIs, each driven as its documentation says.
#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test")]

use std::sync::{Arc, LazyLock};

use doccheck::sandbox::{Definition, World};

static DEFINITION: LazyLock<Arc<Definition>> = LazyLock::new(|| Arc::new(Definition::embedded().unwrap()));

/// A fresh world of the sandbox that is built in.
fn world() -> World {
    World::new(Arc::clone(&DEFINITION), None)
}

mod hubspot;
mod salesforce;
mod copper;
mod dynamics_365;
mod unified_api;
mod zoho_crm;
mod close;
mod pipedrive;
mod through_unified;
mod zendesk_sell;
