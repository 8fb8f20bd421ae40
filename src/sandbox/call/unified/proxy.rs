//! A provider's own routes through the unified API: the request goes on as it is, with the account's credentials.

use serde_json::{Map, Value, json};

use super::super::natives::Natives;
use super::super::{Call, Done, Target, joined};
use super::remote::{self, Asked};
use super::{administer, connected};
use crate::http::{Headers, Reply};
use crate::sandbox::situation::{Refusal, Situation};
use crate::sandbox::state::State;

/// Parameters that are this API's own.
fn is_own(call: &Call<'_>, name: &str) -> bool {
    let of_accounts = call.api.routes.iter().filter_map(|route| route.account.as_ref()).any(|key| key.name == name);
    of_accounts || call.api.exclude.as_deref() == Some(name) || call.api.drop.contains_key(name)
}

pub(super) fn perform<'c>(
    call: &mut Call<'c>,
    state: &mut State,
    natives: &mut Natives<'_>,
    target: &Target<'c>,
    account: &str,
) -> Result<Done<'c>, Refusal> {
    let (provider, row) = connected(call, state, account)?;
    let mut path = target.named("path").ok_or(Situation::UnknownRoute)?.to_owned();
    if call.request.path.ends_with('/') && !path.ends_with('/') {
        path.push('/');
    }
    let query: Map<String, Value> = call
        .input
        .query
        .iter()
        .filter(|given| !is_own(call, &given.name))
        .map(|given| (given.full_name(), json!(given.value)))
        .collect();
    let skip = ["authorization", "host", "content-length", "accept", "user-agent", "content-type", "accept-encoding"];
    let headers = call.request.headers.iter().filter(|(name, _)| !skip.contains(&name.to_ascii_lowercase().as_str()));
    let headers: Map<String, Value> = headers.map(|(name, value)| (name.to_owned(), json!(value))).collect();
    let asked = Asked { method: call.request.method.clone(), path, query, headers, body: call.input.body.clone() };
    let mut answered = remote::ask(call, state, natives, provider, &row.id, asked)?;
    let template = call.api.integrated.as_ref().and_then(|integrated| integrated.proxy.as_ref());
    if let (Some(items), Some(template)) = (answered.outcome.listing.take(), template) {
        call.set_json("records", joined(&items));
        call.set("count", json!(items.len()));
        call.set("next_cursor", administer::next_of(natives, provider, target, &answered)?);
        return Ok(Done::Fresh(template.get_ref(), 200));
    }
    // A single object is the provider's body as it came.
    let mut headers = Headers::new();
    if let Some(kind) = answered.outcome.reply.headers.get("content-type") {
        headers.set("Content-Type", kind);
    }
    Ok(Done::Ready(Reply { status: answered.outcome.reply.status, headers, body: answered.outcome.reply.body }))
}
