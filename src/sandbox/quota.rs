//! How many requests may still be made: each token and each account has windows of its own, which are refilled on the
//! world's clock.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use super::data::{Limit, Window};
use crate::clock::Timestamp;

/// The windows of all who pay, by the limit and the payer.
#[derive(Debug, Clone, Default)]
pub(super) struct Quotas(BTreeMap<(String, String), Used>);

/// What was used of a limit.
#[derive(Debug, Clone, Default)]
struct Used {
    /// The end of a fixed window.
    ends: Option<Timestamp>,
    /// The requests in the window, with their costs: all of them for a rolling window, their sum for a fixed one.
    requests: VecDeque<(Timestamp, u64)>,
    /// The sum of the costs.
    sum: u64,
}

/// The state of a budget, as an answer tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Rate {
    pub(super) requests: u64,
    pub(super) seconds: u64,
    pub(super) remaining: u64,
    /// Until there is more of it.
    pub(super) reset: Duration,
    /// True: this request was one too many.
    pub(super) is_spent: bool,
}

impl Rate {
    /// Whole seconds until there is more, rounded up.
    pub(super) fn reset_seconds(&self) -> u64 {
        self.reset.as_secs() + u64::from(self.reset.subsec_nanos() > 0)
    }
}

impl Quotas {
    /// Counts a request at `now` that costs `cost` against the limit of this name for `payer`.
    pub(super) fn spend(&mut self, limit: &Limit, name: &str, payer: &str, cost: u64, now: Timestamp) -> Rate {
        let length = Duration::from_secs(limit.seconds);
        let used = self.0.entry((name.to_owned(), payer.to_owned())).or_default();
        match limit.window {
            Window::Fixed => {
                if used.ends.is_none_or(|ends| now >= ends) {
                    *used = Used { ends: Some(now.after(length)), ..Used::default() };
                }
            }
            Window::Rolling => {
                while let Some((at, cost)) = used.requests.front().copied().filter(|(at, _)| at.after(length) <= now) {
                    let _ = at;
                    used.sum -= cost;
                    used.requests.pop_front();
                }
            }
        }
        let is_spent = used.sum.saturating_add(cost) > limit.requests;
        if !is_spent {
            used.sum += cost;
            if limit.window == Window::Rolling {
                used.requests.push_back((now, cost));
            }
        }
        let ends = match limit.window {
            Window::Fixed => used.ends.unwrap_or(now),
            Window::Rolling => used.requests.front().map_or(now, |(at, _)| at.after(length)),
        };
        Rate {
            requests: limit.requests,
            seconds: limit.seconds,
            remaining: limit.requests.saturating_sub(used.sum),
            reset: ends.since(now),
            is_spent,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit(text: &str) -> Limit {
        toml::from_str(text).unwrap()
    }

    /// Remaining, reset and whether it was refused, of requests at these microseconds.
    fn rates(limit: &Limit, at: &[i64]) -> Vec<(u64, u64, bool)> {
        let mut quotas = Quotas::default();
        let spend = |micros: &i64| {
            let rate = quotas.spend(limit, "", "token", 1, Timestamp::from_micros(*micros));
            (rate.remaining, rate.reset_seconds(), rate.is_spent)
        };
        at.iter().map(spend).collect()
    }

    #[test]
    fn a_fixed_window_is_refilled_at_its_end_and_not_before() {
        let limit = limit("requests = 2\nseconds = 10");
        let at = [0, 1, 1_000_000, 9_999_999, 10_000_000, 30_000_000];
        let expected = [(1, 10, false), (0, 10, false), (0, 9, true), (0, 1, true), (1, 10, false), (1, 10, false)];
        assert_eq!(rates(&limit, &at), expected, "a window begins with a request, not with the last one's end");
    }

    #[test]
    fn a_rolling_window_gives_each_request_back_after_its_length() {
        let limit = limit("requests = 2\nseconds = 10\nwindow = 'rolling'");
        let at = [0, 4_000_000, 9_000_000, 10_000_000, 10_000_001, 14_000_000];
        let expected = [(1, 10, false), (0, 6, false), (0, 1, true), (0, 4, false), (0, 4, true), (0, 6, false)];
        assert_eq!(rates(&limit, &at), expected);
    }

    #[test]
    fn everyone_has_a_budget_of_their_own_and_costs_add_up() {
        let limit = limit("requests = 10\nseconds = 10");
        let mut quotas = Quotas::default();
        let mut is_spent = |name: &str, payer: &str, cost: u64| {
            quotas.spend(&limit, name, payer, cost, Timestamp::from_micros(0)).is_spent
        };
        assert!(!is_spent("burst", "one", 6));
        assert!(is_spent("burst", "one", 5), "what does not fit is not counted");
        assert!(!is_spent("burst", "one", 4));
        assert!(!is_spent("burst", "two", 1));
        assert!(!is_spent("daily", "one", 1));
    }
}
