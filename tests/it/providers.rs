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
mod greenhouse;
mod lever;
mod native;
mod personio;
mod zendesk_support;
