//! What the unified API knows of its accounts: their credentials, when those are to be renewed, and their mappings.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::data::{Account, Api, Integrated};
use super::mapped::{Mapped, merge};
use super::situation::{Refusal, Situation};
use super::table::Row;
use super::uuid;
use crate::clock::Timestamp;

/// How long before its end a token is refreshed, at least and at most. Each account has a moment of its own in between,
/// so that they do not all come at once.
const AHEAD: (u64, u64) = (60, 180);

/// The accounts of one world.
#[derive(Debug, Default)]
pub(super) struct Accounts {
    credentials: BTreeMap<String, Credentials>,
    /// When which account's token is to be refreshed.
    due: BTreeMap<(Timestamp, String), ()>,
    mappings: HashMap<String, Arc<Mapped>>,
    /// Accounts and tokens that were made since the start.
    made: u64,
}

/// An account that was connected for whoever uses the world.
#[derive(Debug)]
pub(super) struct Connected {
    /// What the names of its variables begin with.
    pub(super) stem: String,
    pub(super) id: String,
    pub(super) tenant: String,
}

/// What opens an account at its provider.
#[derive(Debug, Clone)]
struct Credentials {
    provider: usize,
    access: String,
    /// `None` for a key, which nobody refreshes.
    refresh: Option<String>,
    /// When the refresh under way is over: whoever asks before that waits.
    ready: Timestamp,
    /// How often it was refreshed.
    count: u64,
}

impl Accounts {
    /// The accounts of all providers.
    pub(in crate::sandbox) fn new(apis: &[Api], start: Timestamp) -> Self {
        let mut accounts = Self::default();
        for (provider, api) in apis.iter().enumerate() {
            for account in &api.accounts {
                accounts.connect(provider, account, start);
            }
        }
        accounts
    }

    /// Makes an account known.
    fn connect(&mut self, provider: usize, account: &Account, now: Timestamp) {
        let refresh = account.refresh_token.as_ref().map(|token| token.get_ref().clone());
        let life = account.expires_in.as_ref().and_then(|life| humantime::parse_duration(life.get_ref()).ok());
        let expires = life.map(|life| now.after(life));
        self.add(account.id.get_ref(), provider, account.token.get_ref(), refresh, expires, now);
    }

    /// Makes an account known by what opens it.
    pub(in crate::sandbox) fn add(
        &mut self,
        id: &str,
        provider: usize,
        access: &str,
        refresh: Option<String>,
        expires: Option<Timestamp>,
        now: Timestamp,
    ) {
        let credentials = Credentials { provider, access: access.to_owned(), refresh, ready: now, count: 0 };
        if let (Some(expires), Some(_)) = (expires, &credentials.refresh) {
            self.due.insert((before(expires, id, 0), id.to_owned()), ());
        }
        self.credentials.insert(id.to_owned(), credentials);
    }

    /// The number of the provider of an account.
    pub(in crate::sandbox) fn provider(&self, account: &str) -> Option<usize> {
        self.credentials.get(account).map(|known| known.provider)
    }

    /// The ids of all accounts.
    pub(in crate::sandbox) fn ids(&self) -> impl Iterator<Item = &String> {
        self.credentials.keys()
    }

    /// When the next token is to be refreshed.
    pub(in crate::sandbox) fn next_due(&self) -> Option<Timestamp> {
        self.due.keys().next().map(|(at, _)| *at)
    }

    /// The account whose token is to be refreshed next, if that is by `now`, and when.
    pub(in crate::sandbox) fn pop_due(&mut self, now: Timestamp) -> Option<(Timestamp, String)> {
        self.next_due().filter(|at| *at <= now)?;
        self.due.pop_first().map(|(due, ())| due)
    }

    /// The number of the provider of an account, and its refresh token where it has one.
    pub(in crate::sandbox) fn renewable(&self, account: &str) -> Option<(usize, &str)> {
        let known = self.credentials.get(account)?;
        Some((known.provider, known.refresh.as_deref()?))
    }

    /// Keeps the new token of an account. Whoever asks within `took` waits for it.
    pub(in crate::sandbox) fn renew(
        &mut self,
        account: &str,
        access: &str,
        refresh: Option<&str>,
        life: Duration,
        now: Timestamp,
        took: Duration,
    ) {
        let Some(known) = self.credentials.get_mut(account) else { return };
        access.clone_into(&mut known.access);
        if let Some(refresh) = refresh {
            known.refresh = Some(refresh.to_owned());
        }
        known.ready = now.after(took);
        known.count += 1;
        let next = before(now.after(life), account, known.count).max(now.after(Duration::from_secs(1)));
        self.due.insert((next, account.to_owned()), ());
    }

    /// The token of an account, and how long one must wait for it while it is refreshed.
    pub(in crate::sandbox) fn token(&self, account: &str, now: Timestamp) -> Option<(&str, Duration)> {
        let known = self.credentials.get(account)?;
        Some((&known.access, known.ready.since(now)))
    }

    /// How an account's records of one kind are mapped: the provider's mapping, then the changes for all its accounts,
    /// then those of the account.
    pub(in crate::sandbox) fn mapped(
        &mut self,
        api: &Api,
        integrated: &Integrated,
        account: &Row,
        category: &str,
        name: &str,
    ) -> Result<Arc<Mapped>, Refusal> {
        let change = integrated.overrides.as_ref().and_then(|field| account.record.get(field));
        let change = change.filter(|change| change.is_object());
        // Only a changed account has a mapping of its own.
        let own = change.map_or("", |_| account.id.as_str());
        let key = format!("{} {category} {name} {own} {}", api.name, change.map_or(0, |_| account.version));
        if let Some(known) = self.mappings.get(&key) {
            return Ok(Arc::clone(known));
        }
        let value = merged(api, integrated, category, name, change).ok_or(Situation::NotMapped)?;
        let number = u64::try_from(self.mappings.len()).unwrap_or(0) + 1;
        let is_own = change.is_some_and(|change| change.get(category).is_some_and(|models| models.get(name).is_some()));
        let mapped = Mapped::read(number, &value, is_own)
            .map_err(|problem| Refusal::from(Situation::BadMapping).with("problem", problem))?;
        self.mappings.insert(key, Arc::clone(&mapped));
        Ok(mapped)
    }

    /// The text of a new token.
    pub(in crate::sandbox) fn secret(&mut self, what: &str) -> String {
        self.made += 1;
        format!("{what}-{}", uuid::from_number(self.made.wrapping_mul(7919)))
    }

    /// Forgets mappings, since a provider's records look otherwise now.
    pub(in crate::sandbox) fn forget_mappings(&mut self) {
        self.mappings.clear();
    }
}

/// The provider's mapping of one kind of record with the changes for all its accounts and with those of one account,
/// which are by category and model. `None` where the provider has no such records.
pub(super) fn merged(
    api: &Api,
    integrated: &Integrated,
    category: &str,
    name: &str,
    change: Option<&Value>,
) -> Option<Value> {
    let mut value = api.unified.as_ref()?.models.get(category)?.get(name)?.clone();
    let at = |value: &Value| value.get(category)?.get(name).cloned();
    let environment = integrated.environment.get(&api.name).and_then(at);
    for change in environment.iter().chain(change.and_then(at).iter()) {
        merge(&mut value, change);
    }
    Some(value)
}

/// The moment at which a token that ends at `expires` is refreshed.
fn before(expires: Timestamp, account: &str, count: u64) -> Timestamp {
    let hash = account
        .bytes()
        .fold(count.wrapping_mul(0x9e37_79b9), |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    let spread = (AHEAD.1 - AHEAD.0) * 1_000_000;
    let micros = AHEAD.0 * 1_000_000 + (hash ^ (hash >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) % spread;
    Timestamp::from_micros(expires.micros().saturating_sub(i64::try_from(micros).unwrap_or(0)))
}
