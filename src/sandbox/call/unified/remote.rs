//! One request to a provider: how it is put together, and what its answer means.

use jsonata_core::value::JValue;
use serde_json::{Map, Value, json};

use super::super::natives::Natives;
use super::super::{Call, Event, Outcome};
use super::Subject;
use super::account::{AGENT, credentials, refuse};
use super::blame::{self, Faulty};
use crate::http::{Request, reason};
use crate::sandbox::data::{Api, Model};
use crate::sandbox::jsonata::{self, JsonataError};
use crate::sandbox::mapped::Mapped;
use crate::sandbox::mapped::broken;
use crate::sandbox::situation::{Refusal, Situation};
use crate::sandbox::state::State;
use crate::sandbox::template::{self, Variables};
use crate::sandbox::url;

/// What is asked of a provider.
#[derive(Clone)]
pub(super) struct Asked {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) query: Map<String, Value>,
    pub(super) headers: Map<String, Value>,
    pub(super) body: Option<Value>,
}

/// What a provider answered, and what it means.
pub(super) struct Answered {
    pub(super) outcome: Outcome,
    /// The body; null where it is none.
    pub(super) body: Value,
    /// The header fields with their names in lower case.
    pub(super) headers: JValue,
}

/// Asks the provider of an account.
///
/// # Errors
///
/// What the provider refuses, in the unified API's own form.
pub(super) fn ask(
    call: &mut Call<'_>,
    state: &mut State,
    natives: &mut Natives<'_>,
    provider: usize,
    account: &str,
    asked: Asked,
) -> Result<Answered, Refusal> {
    let api = natives.api(provider).ok_or(Situation::NotMapped)?;
    let (token, wait) = state.accounts.token(account, call.now).ok_or(Situation::NotMapped)?;
    natives.took += wait;
    let request = request(api, token, asked);
    let now = call.now.after(wait);
    let outcome = natives.ask(provider, &request, now).ok_or(Situation::NotMapped)?;
    let body: Value = serde_json::from_slice(&outcome.reply.body).unwrap_or_else(|_| {
        match String::from_utf8_lossy(&outcome.reply.body).into_owned() {
            text if text.is_empty() => Value::Null,
            text => Value::String(text),
        }
    });
    let headers: Map<String, Value> =
        outcome.reply.headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), json!(value))).collect();
    let input = json!({ "status": outcome.reply.status, "headers": headers, "body": body });
    rate(call, api, account, &input)?;
    let meant = api.unified.as_ref().and_then(|unified| unified.status.as_ref());
    let meant = meant.map(|text| jsonata::evaluate_json(text, &input, &[])).transpose();
    let meant = meant.map_err(|error| broken(error.reason()))?.flatten().and_then(|value| value.as_u64());
    let status = meant.and_then(|status| u16::try_from(status).ok()).unwrap_or(outcome.reply.status);
    if status >= 400 {
        return Err(refusal(call, state, api, account, status, &outcome, &input));
    }
    Ok(Answered { outcome, body, headers: JValue::from(Value::Object(headers)) })
}

pub(super) fn request(api: &Api, token: &str, asked: Asked) -> Request {
    let (mut headers, own_query) = credentials(api, token);
    headers.set("Accept", "application/json");
    headers.set("User-Agent", AGENT);
    for (name, value) in &asked.headers {
        if let Some(text) = plain(value) {
            headers.set(name, text);
        }
    }
    let body = asked.body.map(|body| body.to_string().into_bytes()).unwrap_or_default();
    if !body.is_empty() {
        headers.set("Content-Type", "application/json");
    }
    let pairs = own_query.iter().chain(&asked.query);
    let pairs =
        pairs.filter_map(|(name, value)| Some(format!("{}={}", url::encode(name), url::encode(&plain(value)?))));
    let (path, fixed) = asked.path.split_once('?').unwrap_or((&asked.path, ""));
    let query = Some(fixed.to_owned()).filter(|fixed| !fixed.is_empty()).into_iter().chain(pairs).collect::<Vec<_>>();
    Request {
        method: asked.method,
        scheme: "https".to_owned(),
        host: api.hosts.first().map(|host| host.get_ref().clone()).unwrap_or_default(),
        path: path.to_owned(),
        query: query.join("&"),
        headers,
        body,
    }
}

/// A value as a parameter or a field carries it; nothing for what is absent.
fn plain(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        Value::Array(items) => Some(items.iter().filter_map(plain).collect::<Vec<_>>().join(",")),
        other => Some(other.to_string()),
    }
}

/// Says in the unified API's way what the answer says of the provider's limits.
fn rate(call: &mut Call<'_>, api: &Api, account: &str, input: &Value) -> Result<(), Refusal> {
    let Some(integrated) = &call.api.integrated else { return Ok(()) };
    let text = api.unified.as_ref().and_then(|unified| unified.rate_limit.as_ref());
    let known = text.map(|text| jsonata::evaluate_json(text, input, &[])).transpose();
    let Some(Value::Object(known)) = known.map_err(|error| broken(error.reason()))?.flatten() else {
        return Ok(());
    };
    let number = |name: &str| {
        let number = known.get(name).and_then(Value::as_f64).filter(|number| number.is_finite() && *number >= 0.0);
        number.map(|number| json!(number.ceil()).as_f64().map_or(Value::Null, |number| json!(number as u64)))
    };
    let values: Variables = ["limit", "window", "remaining", "reset"]
        .into_iter()
        .filter_map(|name| Some((name.to_owned(), number(name)?)))
        .collect();
    let own = api.accounts.iter().find(|known| known.id.get_ref() == account).map(|known| &known.rate);
    let mut fields = integrated.rate.clone();
    fields.extend(own.into_iter().flatten().map(|(name, text)| (name.clone(), text.clone())));
    for (name, text) in &fields {
        // A field is said only where everything in it is known; a window that is not known is left out of it.
        let text = text.get_ref();
        let text = if values.contains_key("window") { text.clone() } else { text.replace(";w={{window}}", "") };
        if template::names(&text).iter().all(|name| values.contains_key(*name)) {
            call.more_headers.push((name.clone(), template::fill_text(&text, &values)));
        }
    }
    for (name, value) in values {
        call.rate_values.insert(name, value);
    }
    Ok(())
}

fn refusal(
    call: &mut Call<'_>,
    state: &mut State,
    api: &Api,
    account: &str,
    status: u16,
    outcome: &Outcome,
    input: &Value,
) -> Refusal {
    let body = input.get("body").cloned().unwrap_or_default();
    let message = api.unified.as_ref().and_then(|unified| unified.message.as_ref());
    let message = message.and_then(|text| jsonata::evaluate_json(text, input, &[]).ok().flatten());
    let message = message.as_ref().and_then(Value::as_str).unwrap_or(reason(status)).to_owned();
    if status == 401 {
        refuse(call.api, &call.maker, state, account, &message, call.now);
    }
    let retry_after = outcome.reply.headers.get("retry-after").map(str::to_owned);
    let reset = call.rate_values.get("reset").and_then(Value::as_u64);
    for (name, value) in outcome.reply.headers.iter() {
        let is_own =
            ["content-type", "content-length", "date", "set-cookie"].contains(&name.to_ascii_lowercase().as_str());
        if !is_own && !call.more_headers.iter().any(|(known, _)| known.eq_ignore_ascii_case(name)) {
            call.more_headers.push((name.to_owned(), value.to_owned()));
        }
    }
    if let (429, None, Some(reset)) = (status, &retry_after, reset) {
        call.more_headers.push(("Retry-After".to_owned(), reset.to_string()));
    }
    let insight = match status {
        429 => json!({ "rate_limit_error": { "description": message, "value": { "retry_after": reset } } }),
        403 => json!({ "forbidden_error": { "description": message, "value": { "missing_scopes": [] } } }),
        _ => json!({ "remote_error": { "description": message } }),
    };
    // What goes wrong on the provider's side is told from what went wrong here.
    let told = if status >= 500 { 502 } else { status };
    Refusal::from(Situation::Remote)
        .with("problem", message)
        .with("remote_status", outcome.reply.status)
        .with("remote_body", body)
        .with("insight", insight)
        .with_status(told)
}

/// What a mapping makes of what a caller says: the request's query, its header fields and its body.
#[derive(PartialEq)]
pub(super) struct Made {
    pub(super) query: Map<String, Value>,
    pub(super) headers: Map<String, Value>,
    pub(super) body: Option<Value>,
}

/// Evaluates the expressions of a request.
///
/// # Errors
///
/// What `refuse` makes of the parts of `input` that the mapping cannot take, each tried with those that are `kept`; that it
/// cannot be used, where it takes nothing at all.
pub(super) fn make(
    subject: &Subject<'_>,
    texts: [Option<&String>; 3],
    (input, kept): (&Value, &[&str]),
    names: &[(&str, JValue)],
    refuse: impl Fn(Vec<Faulty>) -> Refusal,
) -> Result<Made, Refusal> {
    made(texts, input, names).map_err(|error| {
        blame::faulty(input, kept, &error, |part| made(texts, part, names).err())
            .map_or_else(|error| subject.mapped.failed(error.reason()), &refuse)
    })
}

/// The same of any part of what a caller says.
///
/// # Errors
///
/// What JSONata says.
pub(super) fn made(
    [query, headers, body]: [Option<&String>; 3],
    input: &Value,
    names: &[(&str, JValue)],
) -> Result<Made, JsonataError> {
    let value = |text: Option<&String>| {
        text.map(|text| jsonata::evaluate_json(text, input, names)).transpose().map(Option::flatten)
    };
    let object = |text: Option<&String>| match value(text)? {
        Some(Value::Object(fields)) => Ok::<_, JsonataError>(fields),
        _ => Ok(Map::new()),
    };
    Ok(Made { query: object(query)?, headers: object(headers)?, body: value(body)? })
}

/// Evaluates an expression of a mapping over what the provider answered.
pub(super) fn evaluate(
    subject: &Subject<'_>,
    text: &str,
    input: &Value,
    names: &[(&str, JValue)],
) -> Result<Option<Value>, Refusal> {
    jsonata::evaluate_json(text, input, names).map_err(|error| subject.mapped.failed(error.reason()))
}

/// What expressions may ask for by name.
pub(super) fn names(subject: &Subject<'_>, call: &Call<'_>) -> Vec<(&'static str, JValue)> {
    vec![
        ("context", subject.context.clone()),
        ("time", JValue::from(call.now.rfc3339())),
        ("time_ms", JValue::from(call.now.micros().div_euclid(1000))),
    ]
}

/// The unified form of a record that was written at a provider, for whoever wants to be told.
pub(super) fn event_record(mapped: &Mapped, model: &Model, event: &Event, context: &JValue) -> Option<Value> {
    let text = mapped.record(model, &event.item.text, context).ok()?;
    serde_json::from_str(&format!("{text},\"remote_data\":{}}}", event.item.text)).ok()
}
