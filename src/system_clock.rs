//! The machine's clock: the one place that reads it.

#![expect(clippy::disallowed_methods, reason = "this is where the clock is read")]

use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

/// An instant of real time, for durations.
pub fn now() -> Instant {
    Instant::now()
}

/// The instant at which the machine's monotonic clock showed, or will show, so many microseconds.
pub fn at(micros: i64) -> Instant {
    let shown = clock_gettime(ClockId::Monotonic);
    let shown = shown.tv_sec.saturating_mul(1_000_000).saturating_add(shown.tv_nsec / 1000);
    let ago = shown.saturating_sub(micros);
    let (now, distance) = (now(), Duration::from_micros(ago.unsigned_abs()));
    let at = if ago >= 0 { now.checked_sub(distance) } else { now.checked_add(distance) };
    at.unwrap_or(now)
}
