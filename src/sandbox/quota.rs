//! How many requests a token may still make. Windows begin with a request and are refilled on the world's clock.

use std::collections::BTreeMap;
use std::time::Duration;

use super::data::Quota;
use crate::clock::Timestamp;

/// The windows of all tokens.
#[derive(Debug, Default)]
pub(super) struct Quotas(BTreeMap<String, Window>);

#[derive(Debug, Clone, Copy)]
struct Window {
    ends: Timestamp,
    used: u64,
}

/// The state of a quota, as an answer tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rate {
    pub(super) remaining: u64,
    /// Whole seconds until the window ends, rounded up.
    pub(super) reset: u64,
    /// True: this request was one too many.
    pub(super) is_spent: bool,
}

impl Quotas {
    /// Counts a request by `token` at `now`.
    pub(super) fn spend(&mut self, quota: &Quota, token: &str, now: Timestamp) -> Rate {
        let fresh = Window { ends: now.after(Duration::from_secs(quota.seconds)), used: 0 };
        let window = self.0.entry(token.to_owned()).or_insert(fresh);
        if now >= window.ends {
            *window = fresh;
        }
        let is_spent = window.used >= quota.requests;
        if !is_spent {
            window.used += 1;
        }
        let left = window.ends.since(now);
        let reset = left.as_secs() + u64::from(left.subsec_nanos() > 0);
        Rate { remaining: quota.requests - window.used, reset, is_spent }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_refilled_at_its_end_and_not_before() {
        let quota = Quota { requests: 2, seconds: 10, headers: BTreeMap::new() };
        let mut quotas = Quotas::default();
        let mut spend = |micros: i64| {
            let rate = quotas.spend(&quota, "token", Timestamp::from_micros(micros));
            (rate.remaining, rate.reset, rate.is_spent)
        };
        assert_eq!(spend(0), (1, 10, false));
        assert_eq!(spend(1), (0, 10, false));
        assert_eq!(spend(1_000_000), (0, 9, true));
        assert_eq!(spend(9_999_999), (0, 1, true));
        assert_eq!(spend(10_000_000), (1, 10, false));
        assert_eq!(spend(30_000_000), (1, 10, false), "a window begins with a request, not with the last one's end");
    }

    #[test]
    fn every_token_has_a_quota_of_its_own() {
        let quota = Quota { requests: 1, seconds: 10, headers: BTreeMap::new() };
        let mut quotas = Quotas::default();
        let start = Timestamp::from_micros(0);
        assert!(!quotas.spend(&quota, "one", start).is_spent);
        assert!(quotas.spend(&quota, "one", start).is_spent);
        assert!(!quotas.spend(&quota, "two", start).is_spent);
    }
}
