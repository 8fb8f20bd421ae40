//! The machine's clock: the one place that reads it.

#![expect(clippy::disallowed_methods, reason = "this is where the clock is read")]

use std::time::Instant;

/// An instant of real time, for durations.
pub fn now() -> Instant {
    Instant::now()
}
