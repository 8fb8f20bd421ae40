//! What was written at a provider, in the unified form: whoever wrote it, through this API or at the provider itself.

use jsonata_core::value::JValue;
use serde_json::{Value, json};

use super::super::natives::Natives;
use super::super::{Call, Event};
use super::remote::event_record;
use crate::clock::Timestamp;
use crate::http::{Headers, Request};
use crate::sandbox::data::{Api, Happening, ModelMapping, Operation};
use crate::sandbox::jsonata;
use crate::sandbox::state::State;
use crate::sandbox::store::Maker;
use crate::sandbox::webhooks::{News, news};

/// What there is to tell of a record that was written at a provider: once for each model that its kind is mapped to.
pub(in crate::sandbox) fn of_record(
    maker: &Maker<'_>,
    state: &mut State,
    natives: &Natives<'_>,
    provider: usize,
    event: &Event,
    now: Timestamp,
) -> Vec<News> {
    let api: &Api = maker.api;
    let (Some(integrated), Some(native)) = (&api.integrated, natives.api(provider)) else { return Vec::new() };
    let account = state.store.find(maker, integrated.resource.get_ref(), "", &event.account);
    let connected = state.accounts.provider(&event.account) == Some(provider);
    let Some(account) = account.filter(|account| connected && account.deleted.is_none()) else { return Vec::new() };
    let context = JValue::from(Value::Object(account.record.clone()));
    let models = native.unified.iter().flat_map(|unified| &unified.models);
    let mut told = Vec::new();
    for (category, name) in models.flat_map(|(category, models)| models.keys().map(move |name| (category, name))) {
        let Some(model) = api.models.get(category).and_then(|models| models.get(name)) else { continue };
        let mapped = state.accounts.mapped(native, integrated, &account, category, name);
        let Ok(mapped) = mapped else { continue };
        if !belongs(natives, provider, &mapped.mapping, &event.resource) || !is_of(&mapped.mapping, event) {
            continue;
        }
        let Some(record) = event_record(&mapped, model, event, &context) else { continue };
        let what = match event.what {
            "created" => Happening::RecordCreated,
            "deleted" => Happening::RecordDeleted,
            _ => Happening::RecordUpdated,
        };
        let values = [("record", record), ("model", json!(category)), ("resource", json!(name))];
        told.push(news(what, now, &event.account, values));
    }
    told
}

/// True where what a mapping asks for leads to records of the provider's resource. A list in a query language names it in
/// the query: then a single record's path tells.
fn belongs(natives: &Natives<'_>, provider: usize, mapping: &ModelMapping, resource: &str) -> bool {
    let one = |method: &'static str, asked: &Option<crate::sandbox::data::MethodMapping>| {
        asked.as_ref().map(|asked| (asked.method.clone().unwrap_or_else(|| method.to_owned()), asked.path.clone()))
    };
    let list = mapping
        .list
        .as_ref()
        .map(|list| (list.method.clone().unwrap_or_else(|| Operation::List.method().to_owned()), list.path.clone()));
    let asked = [
        one(Operation::Get.method(), &mapping.get),
        one(Operation::Update.method(), &mapping.update),
        one(Operation::Create.method(), &mapping.create),
        list,
    ];
    let mut led = asked.into_iter().flatten().filter_map(|(method, path)| leads_to(natives, provider, method, &path));
    led.next().is_some_and(|name| name == resource)
}

/// True for a record of the mapping's kind.
fn is_of(mapping: &ModelMapping, event: &Event) -> bool {
    let Some(text) = &mapping.is else { return true };
    let native: Value = serde_json::from_str(&event.item.text).unwrap_or_default();
    jsonata::evaluate_json(text, &native, &[]).is_ok_and(|is| is == Some(Value::Bool(true)))
}

/// The resource to which a request of a mapping leads.
fn leads_to(natives: &Natives<'_>, provider: usize, method: String, path: &str) -> Option<String> {
    let maker = natives.maker(provider)?;
    let path = path.replace("{{id}}", "1");
    let (path, query) = path.split_once('?').unwrap_or((&path, ""));
    let host = maker.api.hosts.first().map(|host| host.get_ref().clone()).unwrap_or_default();
    let request = Request {
        method,
        scheme: "https".to_owned(),
        host: host.clone(),
        path: path.to_owned(),
        query: query.to_owned(),
        headers: Headers::new(),
        body: Vec::new(),
    };
    Call::new(maker, &request, &host, 0, maker.start, true).resource_name().map(str::to_owned)
}
