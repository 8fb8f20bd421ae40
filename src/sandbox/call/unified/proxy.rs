//! A provider's own routes through the unified API: the request goes on as it is, with the account's credentials.

use serde_json::{Map, Value, json};

use super::super::list::Onward;
use super::super::natives::Natives;
use super::super::{Call, Done, Target, joined};
use super::connected;
use super::remote::{self, Asked};
use crate::http::{Headers, Reply};
use crate::sandbox::situation::{Refusal, Situation};
use crate::sandbox::state::State;

/// Parameters that are this API's own.
fn is_own(call: &Call<'_>, name: &str) -> bool {
    let of_accounts = call.api.routes.iter().filter_map(|route| route.account.as_ref()).any(|key| key.name == name);
    let of_pages = call.api.paging.at.first().and_then(|place| place.query.as_deref()) == Some(name);
    of_accounts || of_pages || call.api.exclude.as_deref() == Some(name) || call.api.drop.contains_key(name)
}

/// What says in the envelope's way where a list goes on, with its parameter's name.
fn cursor(call: &Call<'_>) -> Option<(String, String)> {
    let place = call.api.paging.at.first()?;
    Some((place.name().to_owned(), call.input.get(place)?))
}

/// Whether the provider's own route changes anything: a search may be a POST.
fn writes(natives: &Natives<'_>, provider: usize, asked: &Asked) -> bool {
    let Some(maker) = natives.maker(provider) else { return false };
    let request = remote::request(maker.api, "", asked.clone());
    let target = Call::new(maker, &request, &request.host, 0, maker.start, true).target();
    target.is_ok_and(|target| target.operation.writes())
}

/// Puts a cursor where the provider's own route takes it; `None` where that has no pages.
fn go_on(natives: &Natives<'_>, provider: usize, asked: &mut Asked, cursor: &str) -> Option<()> {
    let maker = natives.maker(provider)?;
    let request = remote::request(maker.api, "", asked.clone());
    let onward = Call::new(maker, &request, &request.host, 0, maker.start, true).onward(cursor)?;
    match onward {
        Onward::Path(path) => {
            asked.path = path;
            asked.query.clear();
        }
        Onward::Parameter(name) => {
            asked.query.insert(name, json!(cursor));
        }
        Onward::At(place) => {
            let text = format!("{}{cursor}{}", place.prefix, place.suffix);
            if let Some(name) = place.query {
                asked.query.insert(name, json!(text));
            } else if let Some(name) = place.header {
                asked.headers.insert(name, json!(text));
            } else {
                let mut at = asked.body.get_or_insert_with(|| json!({}));
                for step in place.body?.split('.') {
                    at = at.as_object_mut()?.entry(step).or_insert_with(|| json!({}));
                }
                *at = cursor.parse::<u64>().map_or_else(|_| json!(cursor), |number| json!(number));
            }
        }
    }
    Some(())
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
    let mut asked = Asked { method: call.request.method.clone(), path, query, headers, body: call.input.body.clone() };
    if let Some(integrated) = &call.api.integrated {
        call.refuse_account(integrated, state, account, writes(natives, provider, &asked))?;
    }
    if let Some((name, cursor)) = cursor(call) {
        go_on(natives, provider, &mut asked, &cursor)
            .ok_or_else(|| Refusal::bad_parameter(&name, &cursor, "must be sent to a list that comes in pages"))?;
    }
    let mut answered = remote::ask(call, state, natives, provider, &row.id, asked)?;
    let template = call.api.integrated.as_ref().and_then(|integrated| integrated.proxy.as_ref());
    if let (Some(items), Some(template)) = (answered.outcome.listing.take(), template) {
        call.set_json("records", joined(&items));
        call.set("count", json!(items.len()));
        call.set("next_cursor", json!(answered.outcome.next));
        return Ok(Done::Fresh(template.get_ref(), 200));
    }
    // A single object is the provider's body as it came.
    let mut headers = Headers::new();
    if let Some(kind) = answered.outcome.reply.headers.get("content-type") {
        headers.set("Content-Type", kind);
    }
    Ok(Done::Ready(Reply { status: answered.outcome.reply.status, headers, body: answered.outcome.reply.body }))
}
