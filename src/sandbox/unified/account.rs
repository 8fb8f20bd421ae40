//! What the unified API knows of its accounts: their credentials, which it refreshes ahead of time, and their mappings.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::mapping::{Mapped, merge};
use crate::clock::Timestamp;
use crate::http::{Headers, Request};
use crate::sandbox::data::{Account, Api, ClientAuth, Integrated, OAuth, Operation, Part};
use crate::sandbox::definition::Definition;
use crate::sandbox::natives::Natives;
use crate::sandbox::situation::{Refusal, Situation};
use crate::sandbox::state::State;
use crate::sandbox::store::Maker;
use crate::sandbox::table::Row;
use crate::sandbox::template::{self, Variables};
use crate::sandbox::url;

/// How long before its end a token is refreshed, at least and at most. Each account has a moment of its own in between,
/// so that they do not all come at once.
const AHEAD: (u64, u64) = (60, 180);

/// How long a token is taken to live whose provider does not say it.
const LIFE: Duration = Duration::from_secs(30 * 60);

/// The accounts of one world.
#[derive(Debug, Default)]
pub(in crate::sandbox) struct Accounts {
    credentials: BTreeMap<String, Credentials>,
    /// When which account's token is to be refreshed.
    due: BTreeMap<(Timestamp, String), ()>,
    mappings: HashMap<String, Arc<Mapped>>,
    /// Accounts and tokens that were made since the start.
    pub(super) made: u64,
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
    pub(in crate::sandbox) fn new(definition: &Definition) -> Self {
        let mut accounts = Self::default();
        for (provider, api) in definition.apis.iter().enumerate() {
            for account in &api.accounts {
                accounts.connect(provider, account, definition.start());
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

    /// When the next token is to be refreshed.
    pub(in crate::sandbox) fn next_due(&self) -> Option<Timestamp> {
        self.due.keys().next().map(|(at, _)| *at)
    }

    /// Refreshes the tokens that are due by `now`, each at its moment. The accounts whose grant the provider refuses.
    pub(in crate::sandbox) fn refresh_due(
        &mut self,
        natives: &mut Natives<'_>,
        now: Timestamp,
    ) -> Vec<(String, Timestamp)> {
        let mut refused = Vec::new();
        while let Some(((at, account), ())) = self.due.pop_first() {
            if at > now {
                self.due.insert((at, account), ());
                break;
            }
            if !self.refresh(natives, &account, at) {
                refused.push((account, at));
            }
        }
        refused
    }

    /// Refreshes the token of an account; false where its provider refuses that for good.
    fn refresh(&mut self, natives: &mut Natives<'_>, account: &str, now: Timestamp) -> bool {
        let Some(credentials) = self.credentials.get_mut(account) else { return true };
        let provider = credentials.provider;
        let (Some(api), Some(refresh)) = (natives.api(provider), credentials.refresh.clone()) else { return true };
        let Some(oauth) = &api.oauth else { return true };
        let request = token_request(api, oauth, &[("grant_type", "refresh_token"), ("refresh_token", &refresh)]);
        let took = natives.took;
        let outcome = natives.ask(provider, &request, now);
        let duration = natives.took.saturating_sub(took);
        // It goes on beside the calls of the page, whose own answers take no longer for it.
        natives.took = took;
        let body = outcome.and_then(|outcome| serde_json::from_slice::<Value>(&outcome.reply.body).ok());
        let text = |name: &str| body.as_ref().and_then(|body| body.get(name)).and_then(Value::as_str);
        // A refusal may come with the status 200: what counts is the token.
        let Some(access) = text("access_token") else { return false };
        let life = body.as_ref().and_then(|body| body.get("expires_in")).and_then(Value::as_u64);
        let life = life.map(Duration::from_secs).or_else(|| oauth.life()).unwrap_or(LIFE);
        credentials.access = access.to_owned();
        credentials.refresh = text("refresh_token").map(str::to_owned).or(Some(refresh));
        credentials.ready = now.after(duration);
        credentials.count += 1;
        let next = before(now.after(life), account, credentials.count);
        self.due.insert((next.max(now.after(Duration::from_secs(1))), account.to_owned()), ());
        true
    }

    /// The token of an account, and how long one must wait for it while it is refreshed.
    pub(super) fn token(&self, account: &str, now: Timestamp) -> Option<(&str, Duration)> {
        let known = self.credentials.get(account)?;
        Some((&known.access, known.ready.since(now)))
    }

    /// How an account's records of one kind are mapped: the provider's mapping, then the changes for all its accounts,
    /// then those of the account.
    pub(super) fn mapped(
        &mut self,
        integrated: &Integrated,
        natives: &Natives<'_>,
        provider: usize,
        account: &Row,
        category: &str,
        name: &str,
    ) -> Result<Arc<Mapped>, Refusal> {
        let api = natives.api(provider).ok_or(Situation::NotMapped)?;
        let change = integrated.overrides.as_ref().and_then(|field| account.record.get(field));
        let change = change.filter(|change| change.is_object());
        // Only a changed account has a mapping of its own.
        let own = change.map_or("", |_| account.id.as_str());
        let key = format!("{provider} {category} {name} {own} {}", change.map_or(0, |_| account.version));
        if let Some(known) = self.mappings.get(&key) {
            return Ok(Arc::clone(known));
        }
        let models = api.unified.as_ref().and_then(|unified| unified.models.get(category));
        let mut value = models.and_then(|models| models.get(name)).cloned().ok_or(Situation::NotMapped)?;
        let at = |value: &Value| value.get(category).and_then(|models| models.get(name)).cloned();
        let environment = integrated.environment.get(&api.name).and_then(at);
        for change in environment.iter().chain(change.and_then(at).iter()) {
            merge(&mut value, change);
        }
        let number = u64::try_from(self.mappings.len()).unwrap_or(0) + 1;
        let mapped = Mapped::read(number, &value)
            .map_err(|problem| Refusal::from(Situation::Remote).with("problem", problem).with_status(500))?;
        self.mappings.insert(key, Arc::clone(&mapped));
        Ok(mapped)
    }

    /// The text of a new token.
    pub(in crate::sandbox) fn secret(&mut self, what: &str) -> String {
        self.made += 1;
        format!("{what}-{}", crate::sandbox::call::uuid(self.made.wrapping_mul(7919)))
    }

    /// Forgets mappings, since a provider's records look otherwise now.
    pub(in crate::sandbox) fn forget_mappings(&mut self) {
        self.mappings.clear();
    }
}

/// Marks an account whose credentials its provider refuses for good.
pub(in crate::sandbox) fn refuse(
    api: &Api,
    maker: &Maker<'_>,
    state: &mut State,
    account: &str,
    message: &str,
    now: Timestamp,
) {
    let Some(integrated) = &api.integrated else { return };
    let values: Variables = [("message".to_owned(), json!(message))].into_iter().collect();
    let change = template::fill(&Value::Object(integrated.refused.clone()), &values);
    let name = integrated.resource.get_ref();
    if let (Value::Object(change), Some(row)) = (change, state.store.find(maker, name, "", account)) {
        state.store.change(maker, name, "", &row, change, now);
    }
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

/// A request for a token, with the client's credentials in a way that the provider takes.
fn token_request(api: &Api, oauth: &OAuth, form: &[(&str, &str)]) -> Request {
    let mut pairs: Vec<(&str, &str)> = form.to_vec();
    let mut headers = Headers::new();
    headers.set("Content-Type", "application/x-www-form-urlencoded");
    headers.set("Accept", "application/json");
    if oauth.client.first() == Some(&ClientAuth::Basic) {
        let credentials = STANDARD.encode(format!("{}:{}", oauth.client_id, oauth.client_secret));
        headers.set("Authorization", format!("Basic {credentials}"));
    } else {
        pairs.push(("client_id", &oauth.client_id));
        pairs.push(("client_secret", &oauth.client_secret));
    }
    let pair = |(name, value): &(&str, &str)| format!("{}={}", url::encode(name), url::encode(value));
    let body = pairs.iter().map(pair).collect::<Vec<_>>().join("&").into_bytes();
    let host = api.hosts.first().map(|host| host.get_ref().clone()).unwrap_or_default();
    let (path, query) = oauth.token.split_once('?').unwrap_or((&oauth.token, ""));
    Request {
        method: Operation::Token.method().to_owned(),
        scheme: "https".to_owned(),
        host,
        path: path.to_owned(),
        query: query.to_owned(),
        headers,
        body,
    }
}

/// The header fields and the query's parameters by which a request carries a token, in the provider's first way.
pub(super) fn credentials(api: &Api, token: &str) -> (Headers, Map<String, Value>) {
    let (mut headers, mut query) = (Headers::new(), Map::new());
    let Some(way) = api.authorization.first() else { return (headers, query) };
    for (name, value) in &way.with {
        headers.set(name, if value == "*" { "integration@example.com" } else { value });
    }
    let text = match way.scheme.as_deref() {
        None => token.to_owned(),
        Some(scheme) if scheme.eq_ignore_ascii_case("basic") => {
            let pair = if way.part == Part::User { format!("{token}:") } else { format!("x:{token}") };
            format!("{scheme} {}", STANDARD.encode(pair))
        }
        Some(scheme) => format!("{scheme} {token}"),
    };
    match (&way.header, &way.query) {
        (Some(header), _) => headers.set(header, text),
        (None, Some(name)) => drop(query.insert(name.clone(), json!(text))),
        (None, None) => {}
    }
    (headers, query)
}
