//! The machine's clock: the one place that reads it.

use std::time::Instant;

/// An instant of real time, for durations.
pub fn now() -> Instant {
    Instant::now()
}
