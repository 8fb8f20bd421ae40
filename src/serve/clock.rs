//! What the time of a world is.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::clock::Timestamp;
use crate::system_clock;
use crate::virtual_time::{self, VirtualClock};

/// Where a world's time comes from.
#[derive(Debug)]
pub(super) enum Clock {
    /// The machine's clock, from the world's start on.
    Real {
        /// The world's start.
        start: Timestamp,
        /// When that was, on the machine's clock.
        opened: Instant,
        /// By how much somebody has put it forward.
        ahead: Duration,
    },
    /// The arbiter of a page's processes.
    Virtual(Arc<VirtualClock>),
    /// It stands still, and goes on with each exchange and where somebody puts it forward.
    Stepped(Timestamp),
}

impl Clock {
    /// The machine's, from `start` on.
    pub(super) fn real(start: Timestamp) -> Self {
        Self::Real { start, opened: system_clock::now(), ahead: Duration::ZERO }
    }

    /// What it shows.
    pub(super) fn now(&self) -> Timestamp {
        match self {
            Self::Real { start, opened, ahead } => {
                start.after(system_clock::now().duration_since(*opened)).after(*ahead)
            }
            Self::Virtual(clock) => clock.now(),
            Self::Stepped(now) => *now,
        }
    }

    /// Puts it forward. The arbiter's goes by what its processes do alone.
    pub(super) fn advance(&mut self, by: Duration) {
        match self {
            Self::Real { ahead, .. } => *ahead = ahead.saturating_add(by),
            Self::Virtual(_) => {}
            Self::Stepped(now) => *now = now.after(by),
        }
    }

    /// A request reaches the sandbox that was sent at `asked`, over a way of `round_trip`. Requests that were sent at the
    /// same time are under way at the same time.
    pub(super) fn arrive(&mut self, asked: Timestamp, round_trip: Duration) {
        if let Self::Stepped(now) = self {
            *now = asked.after(virtual_time::EXCHANGE + round_trip).max(*now);
        }
    }

    /// What round trips take: none where the clock is the machine's, since nobody has use for waiting for them.
    pub(super) fn round_trip(&self, stated: Duration) -> Duration {
        match self {
            Self::Real { .. } => Duration::ZERO,
            Self::Virtual(_) | Self::Stepped(_) => stated,
        }
    }

    /// An answer is to come `delay` later; what of that is left to wait for.
    pub(super) fn spend(&mut self, delay: Duration) -> Duration {
        match self {
            Self::Stepped(now) => {
                *now = now.after(delay);
                Duration::ZERO
            }
            Self::Real { .. } | Self::Virtual(_) => delay,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::from_micros(1_000_000);

    #[test]
    fn a_stepped_clock_moves_by_exchanges_and_by_hand() {
        let mut clock = Clock::Stepped(START);
        let second = Duration::from_secs(1);
        clock.arrive(START, Duration::from_millis(180));
        assert_eq!(clock.now().since(START), Duration::from_millis(200));
        clock.arrive(START, Duration::from_millis(180));
        assert_eq!(clock.now().since(START), Duration::from_millis(200), "both were under way at once");
        assert_eq!(clock.round_trip(second), second);
        assert_eq!(clock.spend(second), Duration::ZERO);
        clock.advance(second);
        assert_eq!(clock.now().since(START), Duration::from_millis(2200));
    }

    #[test]
    fn a_real_clock_is_put_forward_and_leaves_delays_to_be_waited_for() {
        let mut clock = Clock::real(START);
        let minute = Duration::from_secs(60);
        clock.arrive(START, minute);
        assert!(clock.now().since(START) < minute);
        clock.advance(minute);
        assert!(clock.now().since(START) >= minute);
        assert_eq!(clock.spend(minute), minute);
        assert_eq!(clock.round_trip(minute), Duration::ZERO);
    }
}
