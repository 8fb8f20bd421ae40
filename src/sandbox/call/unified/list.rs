//! Unified lists: one contract for every provider's way of paging.

use std::sync::Arc;

use jsonata_core::value::JValue;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::super::natives::Natives;
use super::super::{Call, Done, Target};
use super::Subject;
use super::also;
use super::blame;
use super::cursor::{self, Page, Window};
use super::known;
use super::remote::{self, Asked, Made};
use super::wanted::{Wanted, field_of, sortable, wanted};
use crate::sandbox::data::ListMapping;
use crate::sandbox::list::{Subject as Tested, Test};
use crate::sandbox::mapped::broken;
use crate::sandbox::situation::{Refusal, Situation};
use crate::sandbox::state::State;
use crate::sandbox::store::Item;
use crate::sandbox::template;

pub(super) fn perform<'c>(
    call: &mut Call<'c>,
    state: &mut State,
    natives: &mut Natives<'_>,
    subject: &Subject<'c>,
    target: &Target<'c>,
) -> Result<Done<'c>, Refusal> {
    let label = natives.api(subject.provider).map(|api| api.label.as_str()).unwrap_or_default();
    let tells = |field: &str| subject.mapped.mapping.response.contains_key(field);
    known::told(call, target, &subject.model.fields.shapes, tells, label)?;
    let mut wanted = wanted(call, subject)?;
    let Fetched { items, next, window } = fetch(call, state, natives, subject, &mut wanted)?;
    show(call, subject, &wanted, &items, next.as_ref(), &window)?;
    let template = target.route.list.as_ref().or(call.api.answers.get(&target.operation));
    let template = template.ok_or(Situation::UnknownRoute)?.get_ref();
    Ok(Done::Fresh(template, 200))
}

/// A page of a list, as the provider gave it.
pub(super) struct Fetched {
    pub(super) items: Vec<Arc<Item>>,
    /// Where it goes on.
    pub(super) next: Option<Page>,
    window: Window,
}

/// Asks the provider for the page that is wanted.
pub(super) fn fetch(
    call: &mut Call<'_>,
    state: &mut State,
    natives: &mut Natives<'_>,
    subject: &Subject<'_>,
    wanted: &mut Wanted,
) -> Result<Fetched, Refusal> {
    let mapping = subject.mapped.mapping.list.as_ref().ok_or(Situation::NotMapped)?;
    let mapping = chosen(mapping, &wanted.input);
    sortable(call, mapping, wanted)?;
    wanted.clamp(mapping);
    let input = Value::Object(wanted.input.clone());
    let asked = asked(call, mapping, &input, wanted, subject)?;
    let sent = asked.body.clone().unwrap_or_else(|| Value::Object(asked.query.clone()));
    let mut answered = remote::ask(call, state, natives, subject.provider, &subject.account.id, asked)?;
    let mut items = also::records(&mut answered, &mapping.records);
    let onward = next(call, mapping, &answered.body, answered.headers, &sent, &items, wanted, subject)?;
    let size = wanted.size;
    let mut marks = if wanted.page.is_marked() { marks(subject, &items)? } else { Vec::new() };
    let window = wanted.page.window(items.len(), &marks, wanted.limit);
    if window.is_part() && marks.is_empty() {
        marks = self::marks(subject, &items)?;
    }
    let next = wanted.page.rest(&window, &marks, size);
    let next = next.or_else(|| Some(Page::after(onward?, mapping.numbered, size)));
    items = window.of_items(&items);
    if let Some(second) = &mapping.also {
        items = also::merged(call, state, natives, subject, second, &input, items)?;
    }
    Ok(Fetched { items, next, window })
}

/// The way in which the list is asked for what is wanted of it.
pub(super) fn chosen<'m>(mapping: &'m ListMapping, input: &Map<String, Value>) -> &'m ListMapping {
    let is_wanted = |field: &String| input.contains_key(field);
    let variant = mapping.variants.iter().find(|variant| variant.when.iter().any(is_wanted));
    variant.map_or(mapping, |variant| &variant.list)
}

fn asked(
    call: &Call<'_>,
    mapping: &ListMapping,
    input: &Value,
    wanted: &Wanted,
    subject: &Subject<'_>,
) -> Result<Asked, Refusal> {
    let texts = [mapping.query.as_ref(), mapping.headers.as_ref(), mapping.body.as_ref()];
    let names = remote::names(subject, call);
    let Made { mut query, headers, body } =
        remote::make(subject, texts, (input, &["limit"]), &names, |found| blame::parameter(call, found))?;
    query.extend(wanted.untouched.clone());
    let values = Map::from_iter([("cursor".to_owned(), wanted.page.own().cloned().unwrap_or_default())]);
    Ok(Asked {
        method: mapping.method.clone().unwrap_or_else(|| "GET".to_owned()),
        path: template::fill_text(&mapping.path, &values),
        query,
        headers,
        body,
    })
}

#[expect(clippy::too_many_arguments, reason = "whether there is a next page may follow from anything in an answer")]
fn next(
    call: &Call<'_>,
    mapping: &ListMapping,
    body: &Value,
    headers: JValue,
    sent: &Value,
    items: &[Arc<Item>],
    wanted: &Wanted,
    subject: &Subject<'_>,
) -> Result<Option<Value>, Refusal> {
    let Some(text) = &mapping.next else { return Ok(None) };
    let mut names = remote::names(subject, call);
    names.extend([
        ("headers", headers),
        ("query", JValue::from(sent.clone())),
        ("count", JValue::from(items.len())),
        ("asked", JValue::from(Value::Object(wanted.input.clone()))),
        ("limit", JValue::from(wanted.size)),
        ("cursor", wanted.page.own().cloned().map_or(JValue::Undefined, JValue::from)),
    ]);
    if text.contains("$last") {
        let last = items.last().and_then(|item| JValue::from_json_str(&item.text).ok());
        names.push(("last", last.unwrap_or(JValue::Undefined)));
    }
    let next = remote::evaluate(subject, text, body, &names)?;
    Ok(next.filter(|next| !next.is_null() && next.as_str() != Some("")))
}

/// Puts the page among the values of the answer.
fn show(
    call: &mut Call<'_>,
    subject: &Subject<'_>,
    wanted: &Wanted,
    items: &[Arc<Item>],
    next: Option<&Page>,
    window: &Window,
) -> Result<(), Refusal> {
    let hidden: Vec<String> = subject.model.fields.names.iter().filter(|name| call.is_hidden(name)).cloned().collect();
    let with_native = !call.is_hidden("remote_data");
    let plain = wanted.tests.is_empty() && hidden.is_empty();
    let mut text = String::from("[");
    let mut count = 0_u64;
    for item in items {
        let unified = unified(subject, item)?;
        if !plain {
            let record = serde_json::from_str(&format!("{unified}}}")).map_err(|error| broken(&error.to_string()))?;
            let Value::Object(mut record) = record else { continue };
            if !wanted.tests.iter().all(|test| test.fits(&record, &field_path(subject, test))) {
                continue;
            }
            if !hidden.is_empty() {
                record.retain(|name, _| !hidden.contains(name));
                separate(&mut text, count);
                let shown = Value::Object(record).to_string();
                text.push_str(shown.strip_suffix('}').unwrap_or_default());
                finish(&mut text, item, with_native);
                count += 1;
                continue;
            }
        }
        separate(&mut text, count);
        text.push_str(&unified);
        finish(&mut text, item, with_native);
        count += 1;
    }
    text.push(']');
    call.set_json("records", text);
    let Wanted { page, before, asked, .. } = wanted;
    let next = next.map(|next| cursor::next(&subject.list, next, page, window, wanted.size, asked));
    let previous = cursor::previous(&subject.list, page, window, before.as_ref(), asked);
    for (name, value) in [
        ("count", json!(count)),
        ("page_size", json!(wanted.limit)),
        ("next_cursor", json!(next)),
        ("prev_cursor", json!(previous)),
        ("has_more", json!(next.is_some())),
    ] {
        call.set(name, value);
    }
    Ok(())
}

fn separate(text: &mut String, count: u64) {
    if count > 0 {
        text.push(',');
    }
}

fn finish(text: &mut String, item: &Item, with_native: bool) {
    if with_native {
        if !text.ends_with('{') {
            text.push(',');
        }
        text.push_str("\"remote_data\":");
        text.push_str(&item.text);
    }
    text.push('}');
}

fn field_path(subject: &Subject<'_>, test: &Test) -> String {
    match &test.subject {
        Tested::Field(path) => path.clone(),
        _ => field_of(subject, test),
    }
}

/// What the records of a page are known by: their ids.
fn marks(subject: &Subject<'_>, items: &[Arc<Item>]) -> Result<Vec<u32>, Refusal> {
    let mark = |item: &Arc<Item>| {
        let Known { id } = serde_json::from_str(&format!("{}}}", unified(subject, item)?))
            .map_err(|error| broken(&error.to_string()))?;
        Ok(cursor::mark(id.as_str().unwrap_or(&item.text)))
    };
    items.iter().map(mark).collect()
}

/// What of a unified record tells which it is.
#[derive(Deserialize)]
struct Known {
    #[serde(default)]
    id: Value,
}

/// The unified form of a record.
pub(super) fn record(subject: &Subject<'_>, item: &Item) -> Result<Value, Refusal> {
    let text = unified(subject, item)?;
    serde_json::from_str(&format!("{text}}}")).map_err(|error| broken(&error.to_string()))
}

/// The same as text without its closing brace; made once.
fn unified(subject: &Subject<'_>, item: &Item) -> Result<Arc<str>, Refusal> {
    let number = subject.mapped.number;
    let mut kept = item.unified.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some((known, text)) = kept.as_ref()
        && *known == number
    {
        return Ok(Arc::clone(text));
    }
    let text: Arc<str> = subject.mapped.record(subject.model, &item.text, &subject.context)?.into();
    *kept = Some((number, Arc::clone(&text)));
    Ok(text)
}
