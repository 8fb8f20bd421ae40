//! What the unified API says of its accounts and models: what an account can do, what a method takes, tokens for one
//! account, and new accounts.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::super::natives::Natives;
use super::super::{Call, Done, Target};
use super::connected;
use crate::sandbox::accounts::merged;
use crate::sandbox::auth::Grant;
use crate::sandbox::body;
use crate::sandbox::data::{Counts, Operation};
use crate::sandbox::mapped;
use crate::sandbox::situation::{Refusal, Situation};
use crate::sandbox::state::State;
use crate::sandbox::template::{self, Variables};

/// The methods of a mapping.
const METHODS: [&str; 5] = ["list", "get", "create", "update", "delete"];

/// What an account can do, by category and model.
pub(super) fn capabilities<'c>(
    call: &mut Call<'c>,
    state: &mut State,
    natives: &mut Natives<'_>,
    target: &Target<'c>,
) -> Result<Done<'c>, Refusal> {
    let account = target.named("id").ok_or(Situation::UnknownAccount)?.to_owned();
    let (provider, row) = connected(call, state, &account)?;
    let api = natives.api(provider).ok_or(Situation::NotMapped)?;
    let models = api.unified.iter().flat_map(|unified| &unified.models);
    let integrated = call.api.integrated.as_ref().ok_or(Situation::UnknownRoute)?;
    let reads_only = integrated.refuse.iter().any(|rule| {
        let value = row.record.get(rule.field.get_ref());
        rule.writes && value == Some(&rule.value)
    });
    let able = |mapping: &Value| {
        let known = METHODS.into_iter().filter(|method| mapping.get(method).is_some()).map(str::to_owned);
        let known = known.filter(|method| !reads_only || matches!(method.as_str(), "list" | "get"));
        let own = mapping.get("methods").and_then(Value::as_object).into_iter().flat_map(Map::keys).cloned();
        let own = own.filter(|_| !reads_only);
        known.chain(own).collect::<Vec<_>>()
    };
    let models: Map<String, Value> = models
        .map(|(category, models)| {
            let models: Map<String, Value> =
                models.iter().map(|(name, mapping)| (name.clone(), json!(able(mapping)))).collect();
            (category.clone(), Value::Object(models))
        })
        .collect();
    call.set("id", json!(row.id));
    call.set("record", Value::Object(row.record.clone()));
    call.set("capabilities", Value::Object(models));
    answer(call, target, Operation::Capabilities, 200)
}

fn answer<'c>(call: &Call<'c>, target: &Target<'c>, operation: Operation, status: u16) -> Result<Done<'c>, Refusal> {
    let template = target.route.answer.as_ref().or_else(|| call.api.answers.get(&operation));
    Ok(Done::Fresh(template.ok_or(Situation::UnknownRoute)?.get_ref(), status))
}

/// What a method of a model takes and gives.
pub(super) fn describe<'c>(call: &mut Call<'c>, target: &Target<'c>) -> Result<Done<'c>, Refusal> {
    let name = call.model_name(target).ok_or(Situation::UnknownRoute)?;
    let category = target.named("model").unwrap_or_default();
    let model = call.api.models.get(category).and_then(|models| models.get(&name)).ok_or(Situation::UnknownRoute)?;
    let method = target.named("method").unwrap_or_default().to_owned();
    if !METHODS.contains(&method.as_str()) {
        return Err(Situation::UnknownRoute.into());
    }
    let writes = matches!(method.as_str(), "create" | "update");
    let field = |name: &String| {
        let shape = &model.fields.shapes[name];
        json!({ "name": name, "type": shape.kind.word(), "required": shape.required && method == "create" })
    };
    let given = model.fields.names.iter().filter(|name| !model.fields.shapes[*name].is_owned());
    let fields: Vec<Value> = given.map(field).collect();
    let shown: Vec<Value> = model.fields.names.iter().map(field).collect();
    call.set("resource", json!(name));
    call.set(
        "record",
        json!({ "method": method, "body": if writes { fields } else { Vec::new() }, "response": shown }),
    );
    answer(call, target, Operation::Describe, 200)
}

/// A token for one account, or a new account.
pub(in crate::sandbox) fn administer<'c>(
    call: &mut Call<'c>,
    state: &mut State,
    natives: &mut Natives<'_>,
    target: &Target<'c>,
) -> Result<Done<'c>, Refusal> {
    let body = body::of_route(call.request, call.api, target.route)?;
    let integrated = call.api.integrated.as_ref().ok_or(Situation::UnknownRoute)?;
    if target.operation == Operation::AccountToken {
        let field = target.route.at.as_ref().and_then(|place| place.body.as_deref()).ok_or(Situation::UnknownRoute)?;
        let account = body::text(call.api, &body, field)?;
        connected(call, state, account)?;
        let life = integrated.token_life.as_deref().and_then(|life| humantime::parse_duration(life).ok());
        let expires = call.now.after(life.unwrap_or(Duration::from_secs(900)));
        let token = state.accounts.secret("account-token");
        let grant = Grant { scopes: None, expires: Some(expires), account: Some(account.to_owned()) };
        state.tokens.issue(token.clone(), grant);
        call.set("token", json!(token));
        return answer(call, target, Operation::AccountToken, 200);
    }
    connect(call, state, natives, target, &body)
}

/// Connects an account of a provider: with so many invented records, for whoever wants a large one.
fn connect<'c>(
    call: &mut Call<'c>,
    state: &mut State,
    natives: &mut Natives<'_>,
    target: &Target<'c>,
    body: &Map<String, Value>,
) -> Result<Done<'c>, Refusal> {
    let integrated = call.api.integrated.as_ref().ok_or(Situation::UnknownRoute)?;
    let text = |name: &str| body::text(call.api, body, name);
    let (tenant, word) = (text("tenant_id")?, text("integration")?);
    let one_of = |names: String| format!("must be one of {names}");
    let unknown = |_| Refusal::bad_parameter("integration", word, &one_of(natives.definition.names()));
    let (provider, api) = natives.definition.named(word).map_err(unknown)?;
    let maker = natives.maker(provider).ok_or(Situation::NotMapped)?;
    let counts: BTreeMap<String, Counts> = match body.get("records") {
        Some(counts) => serde_json::from_value(counts.clone())
            .map_err(|_| Refusal::bad_parameter("records", &counts.to_string(), "must be numbers by resource"))?,
        None => BTreeMap::new(),
    };
    let known = api.inventable();
    if let Some(resource) = counts.keys().find(|name| !known.contains(&name.as_str())) {
        return Err(Refusal::bad_parameter("records", resource, &one_of(known.join(", "))));
    }
    let record = record(integrated, api, "", tenant);
    let row = state
        .store
        .add(&call.maker, integrated.resource.get_ref(), "", record, None, call.now)
        .ok_or(Situation::UnknownRoute)?;
    let access = state.accounts.secret("access");
    let refresh = api.oauth.as_ref().map(|_| state.accounts.secret("refresh"));
    let life = body.get("expires_in").and_then(Value::as_u64).map(Duration::from_secs);
    let life = life.or_else(|| api.oauth.as_ref().and_then(crate::sandbox::data::OAuth::life));
    let expires = refresh.as_ref().and(life).map(|life| call.now.after(life));
    if let Some(native) = natives.states.get_mut(provider) {
        native.store.connect(&maker, &row.id, counts);
        native.tokens.issue(access.clone(), Grant { scopes: None, expires, account: Some(row.id.clone()) });
        if let Some(refresh) = &refresh {
            native.issued.connect(refresh.clone(), &row.id);
        }
    }
    state.accounts.add(&row.id, provider, &access, refresh, expires, call.now);
    call.set("id", json!(row.id));
    call.set("record", Value::Object(row.record.clone()));
    call.set("token", json!(access));
    answer(call, target, Operation::Connect, 201)
}

/// Refuses a change of an account that would make its mappings unusable: once here, and not with every request after it.
pub(in crate::sandbox::call) fn check_change<'c>(
    call: &Call<'c>,
    state: &State,
    natives: &Natives<'_>,
    target: &Target<'c>,
) -> Result<(), Refusal> {
    let Some(integrated) = &call.api.integrated else { return Ok(()) };
    if target.resource()?.0 != integrated.resource.get_ref() {
        return Ok(());
    }
    let body = body::object(call.request)?;
    let change = integrated.overrides.as_ref().and_then(|field| Some((field, body.get(field)?.as_object()?)));
    let Some((field, change)) = change else { return Ok(()) };
    let (provider, _) = connected(call, state, target.named("id").unwrap_or_default())?;
    let api = natives.api(provider).ok_or(Situation::NotMapped)?;
    let whole = Value::Object(change.clone());
    for (category, models) in change {
        let names = models.as_object().ok_or_else(|| Refusal::bad_parameter(field, category, "must hold models"))?;
        for (name, changed) in names {
            let subject = format!("{category}.{name}");
            let merged = merged(api, integrated, category, name, Some(&whole))
                .ok_or_else(|| Refusal::bad_parameter(field, &subject, "must be of models that the provider has"))?;
            if let Some(problem) = mapped::problem(&merged) {
                let problem = format!("must hold mappings that can be used ({subject}: {problem})");
                return Err(Refusal::bad_parameter(field, &changed.to_string(), &problem));
            }
        }
    }
    Ok(())
}

/// The record of an account in the unified API.
pub(in crate::sandbox) fn record(
    integrated: &crate::sandbox::data::Integrated,
    api: &crate::sandbox::data::Api,
    id: &str,
    tenant: &str,
) -> Map<String, Value> {
    let model = api.unified.as_ref().and_then(|unified| unified.models.keys().next()).cloned().unwrap_or_default();
    let values: Variables = [
        ("id", json!(id)),
        ("tenant", json!(tenant)),
        ("provider", json!(api.name)),
        ("label", json!(api.label)),
        ("model", json!(model)),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect();
    match template::fill(&Value::Object(integrated.record.clone()), &values) {
        Value::Object(record) => record,
        _ => Map::new(),
    }
}
