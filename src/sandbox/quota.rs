//! How many requests may still be made: each token and each account has a window of its own. Windows begin with a request
//! and are refilled on the world's clock.

use std::collections::BTreeMap;
use std::time::Duration;

use super::data::Budget;
use crate::clock::Timestamp;

/// The windows of all who pay.
#[derive(Debug, Default)]
pub(super) struct Quotas(BTreeMap<Payer, Window>);

/// Whose budget a request is counted against.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Payer {
    /// The token of this text.
    Token(String),
    /// The account of this id.
    Account(String),
}

#[derive(Debug, Clone, Copy)]
struct Window {
    ends: Timestamp,
    used: u64,
}

/// The state of a budget, as an answer tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rate {
    pub(super) budget: Budget,
    pub(super) remaining: u64,
    /// Whole seconds until the window ends, rounded up.
    pub(super) reset: u64,
    /// True: this request was one too many.
    pub(super) is_spent: bool,
}

impl Quotas {
    /// Counts a request at `now` against the budget of `payer`.
    pub(super) fn spend(&mut self, budget: Budget, payer: Payer, now: Timestamp) -> Rate {
        let fresh = Window { ends: now.after(Duration::from_secs(budget.seconds)), used: 0 };
        let window = self.0.entry(payer).or_insert(fresh);
        if now >= window.ends {
            *window = fresh;
        }
        let is_spent = window.used >= budget.requests;
        if !is_spent {
            window.used += 1;
        }
        let left = window.ends.since(now);
        let reset = left.as_secs() + u64::from(left.subsec_nanos() > 0);
        Rate { budget, remaining: budget.requests - window.used, reset, is_spent }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_refilled_at_its_end_and_not_before() {
        let budget = Budget { requests: 2, seconds: 10 };
        let mut quotas = Quotas::default();
        let mut spend = |micros: i64| {
            let rate = quotas.spend(budget, Payer::Token("token".to_owned()), Timestamp::from_micros(micros));
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
    fn everyone_has_a_budget_of_their_own() {
        let budget = Budget { requests: 1, seconds: 10 };
        let mut quotas = Quotas::default();
        let mut is_spent = |payer: Payer| quotas.spend(budget, payer, Timestamp::from_micros(0)).is_spent;
        let named = |name: &str| name.to_owned();
        assert!(!is_spent(Payer::Token(named("one"))));
        assert!(is_spent(Payer::Token(named("one"))));
        assert!(!is_spent(Payer::Token(named("two"))));
        assert!(!is_spent(Payer::Account(named("one"))), "an account is no token, whatever its name");
        assert!(is_spent(Payer::Account(named("one"))));
    }
}
