//! What limits a request counts against, and what answers say of them.

use std::time::Duration;

use serde_json::json;

use super::natives::Natives;
use super::{Call, Target};
use crate::clock::Timestamp;
use crate::sandbox::data::{Limit, Operation, Payer};
use crate::sandbox::fault;
use crate::sandbox::quota::Rate;
use crate::sandbox::situation::Situation;
use crate::sandbox::state::State;
use crate::sandbox::template::{self, Values, Variables};

/// A limit that has counted a request.
pub(super) struct Counted<'c> {
    limit: Option<&'c Limit>,
    rate: Rate,
}

impl<'c> Call<'c> {
    /// Counts the request against every limit that is about it. Where it leads nowhere, or its token is refused, only
    /// the token's own limits count, so that the answer can tell their state.
    pub(super) fn count(&mut self, state: &mut State, target: Option<&Target<'c>>, natives: &Natives<'_>) {
        let _ = natives;
        let own = self.account.as_ref().and_then(|id| self.api.accounts.iter().find(|known| known.id.get_ref() == id));
        let own = own.and_then(|account| account.limits.as_ref());
        let replaced = |limit: &&Limit| own.is_none() || limit.per == Payer::Token;
        let named = self.api.limits.iter().filter(replaced).enumerate().map(|(at, limit)| (format!("{at}"), limit));
        let owned = own.into_iter().flatten().enumerate().map(|(at, limit)| (format!("own {at}"), limit));
        let limits: Vec<(String, &'c Limit)> = named.chain(owned).collect();
        for (name, limit) in limits {
            let payer = match limit.per {
                // Whoever has no token of ours shares one budget.
                Payer::Token => {
                    let known = self.token.as_ref().filter(|token| state.tokens.grant(token).is_some());
                    known.cloned().unwrap_or_default()
                }
                Payer::Account => match (&self.account, target) {
                    (Some(account), Some(_)) => account.clone(),
                    _ => continue,
                },
            };
            let operation = target.map(|target| target.operation);
            if !self.is_about(limit) || self.spent().is_some() {
                continue;
            }
            let cost = operation.and_then(|operation| limit.cost.get(&operation)).copied().unwrap_or(1);
            let rate = state.quotas.spend(limit, &name, &payer, cost, self.now);
            self.counted.push(Counted { limit: Some(limit), rate });
        }
    }

    fn is_about(&self, limit: &Limit) -> bool {
        let path = &self.request.path;
        let any = |patterns: &[String]| patterns.iter().any(|pattern| fault::path_matches(pattern, path));
        limit.paths.as_ref().is_none_or(|paths| any(paths)) && !any(&limit.except)
    }

    /// The error of the limit that is spent.
    pub(super) fn spent(&self) -> Option<String> {
        let spent = self.counted.iter().find(|counted| counted.rate.is_spent)?;
        let error = spent.limit.and_then(|limit| limit.error.as_ref());
        Some(error.map_or(Situation::QuotaSpent.name(), |error| error.get_ref()).to_owned())
    }

    /// As if a limit were spent, since a fault says so.
    pub(super) fn spend_by_fault(&mut self, reset: u64, natives: &Natives<'_>) {
        let provider = self.account.as_deref().and_then(|account| natives.limit_of(account));
        let last = self.counted.pop();
        let (requests, seconds) =
            provider.unwrap_or_else(|| last.as_ref().map_or((0, 0), |last| (last.rate.requests, last.rate.seconds)));
        let rate = Rate { requests, seconds, remaining: 0, reset: Duration::from_secs(reset), is_spent: true };
        self.counted.push(Counted { limit: last.and_then(|last| last.limit), rate });
    }

    /// Puts what is known of the limits among the values: of the one that is spent, else of the last one.
    pub(super) fn set_rates(&mut self) {
        let shown = self.counted.iter().find(|counted| counted.rate.is_spent).or(self.counted.last());
        let rate = shown.map(|counted| counted.rate).unwrap_or_default();
        self.values.extend(values(&rate, self.now));
        // What a provider says of its own limits goes before.
        self.values.extend(self.rate_values.clone());
    }

    /// The header fields that tell of the limits.
    pub(super) fn rate_headers(&self) -> Vec<(String, String)> {
        let mut headers = Vec::new();
        for counted in &self.counted {
            let Some(limit) = counted.limit else { continue };
            let own = values(&counted.rate, self.now);
            let both = Both(&own, &self.values);
            let is_half = (counted.rate.requests - counted.rate.remaining.min(counted.rate.requests)) * 2
                >= counted.rate.requests;
            let half = limit.half_used.iter().filter(|_| is_half);
            let limited = limit.limited.iter().filter(|_| counted.rate.is_spent);
            for (name, text) in limit.headers.iter().chain(half).chain(limited) {
                headers.push((name.clone(), template::fill_text(text.get_ref(), &both)));
            }
        }
        headers
    }

    /// True where the operation is one that a provider answers for the unified API.
    pub(super) fn is_remote(&self, target: &Target<'c>) -> bool {
        target.route.unified
            || matches!(
                target.operation,
                Operation::Proxy | Operation::Capabilities | Operation::Describe | Operation::Custom
            )
    }
}

/// One set of values before another.
pub(super) struct Both<'v>(pub(super) &'v Variables, pub(super) &'v Variables);

impl Values for Both<'_> {
    fn value(&self, name: &str) -> Option<std::borrow::Cow<'_, serde_json::Value>> {
        self.0.value(name).or_else(|| self.1.value(name))
    }
}

/// What an answer may show of a limit.
pub(in crate::sandbox) fn values(rate: &Rate, now: Timestamp) -> Variables {
    let millis = u64::try_from(rate.reset.as_millis()).unwrap_or(u64::MAX);
    let full = now.after(rate.reset);
    let mut values = Variables::new();
    for (name, value) in [
        ("limit", json!(rate.requests)),
        ("window", json!(rate.seconds)),
        ("window_ms", json!(rate.seconds.saturating_mul(1000))),
        ("remaining", json!(rate.remaining)),
        ("used", json!(rate.requests.saturating_sub(rate.remaining))),
        ("reset", json!(rate.reset_seconds())),
        ("reset_ms", json!(millis)),
        ("reset_decimal", json!(format!("{:.3}", rate.reset.as_secs_f64()))),
        (
            "reset_epoch",
            json!(full.micros().div_euclid(1_000_000) + i64::from(full.micros().rem_euclid(1_000_000) > 0)),
        ),
        ("reset_epoch_ms", json!(full.micros().div_euclid(1000))),
        ("reset_date", json!(full.http_date())),
    ] {
        values.insert(name.to_owned(), value);
    }
    values
}
