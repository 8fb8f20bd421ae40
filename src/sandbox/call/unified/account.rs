//! The credentials of accounts: renewed ahead of their end, and carried by requests as each provider wants it.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::super::natives::Natives;
use crate::clock::Timestamp;
use crate::http::{Headers, Request};
use crate::sandbox::accounts::Accounts;
use crate::sandbox::data::{Api, ClientAuth, OAuth, Operation, Part};
use crate::sandbox::state::State;
use crate::sandbox::store::Maker;
use crate::sandbox::template::{self, Variables};
use crate::sandbox::url;

/// What the unified API calls itself; some providers want every client to say that.
pub(super) const AGENT: &str = "unified";

/// How long a token is taken to live whose provider does not say it.
const LIFE: Duration = Duration::from_secs(30 * 60);

/// Refreshes the tokens that are due by `now`, each at its moment. The accounts whose grant the provider refuses.
pub(in crate::sandbox) fn refresh_due(
    accounts: &mut Accounts,
    natives: &mut Natives<'_>,
    now: Timestamp,
) -> Vec<(String, Timestamp)> {
    let mut refused = Vec::new();
    while let Some((at, account)) = accounts.pop_due(now) {
        if !refresh(accounts, natives, &account, at) {
            refused.push((account, at));
        }
    }
    refused
}

/// Refreshes the token of an account; false where its provider refuses that for good.
fn refresh(accounts: &mut Accounts, natives: &mut Natives<'_>, account: &str, now: Timestamp) -> bool {
    let Some((provider, token)) = accounts.renewable(account) else { return true };
    let Some((api, oauth)) = natives.api(provider).and_then(|api| Some((api, api.oauth.as_ref()?))) else {
        return true;
    };
    let request = token_request(api, oauth, &[("grant_type", "refresh_token"), ("refresh_token", token)]);
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
    accounts.renew(account, access, text("refresh_token"), life, now, duration);
    true
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

/// A request for a token, with the client's credentials in a way that the provider takes.
fn token_request(api: &Api, oauth: &OAuth, form: &[(&str, &str)]) -> Request {
    let mut pairs: Vec<(&str, &str)> = form.to_vec();
    let mut headers = Headers::new();
    headers.set("Content-Type", "application/x-www-form-urlencoded");
    headers.set("Accept", "application/json");
    headers.set("User-Agent", AGENT);
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
