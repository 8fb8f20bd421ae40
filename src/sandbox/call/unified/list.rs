//! Unified lists: one contract for every provider's way of paging.

use std::sync::Arc;

use jsonata_core::value::JValue;
use serde_json::{Map, Value, json};

use super::super::natives::Natives;
use super::super::{Call, Done, Target};
use super::Subject;
use super::also;
use super::blame;
use super::cursor::{self, Cursor};
use super::remote::{self, Asked, Made};
use crate::sandbox::data::{Api, Comparison, ListMapping};
use crate::sandbox::input::Input;
use crate::sandbox::list::{Operand, Subject as Tested, Test, filters};
use crate::sandbox::mapped::broken;
use crate::sandbox::situation::{Refusal, Situation};
use crate::sandbox::state::State;
use crate::sandbox::store::Item;
use crate::sandbox::template;
use crate::sandbox::url;

/// What a request asks of a unified list.
struct Wanted {
    limit: u64,
    /// The provider's cursor.
    cursor: Option<Value>,
    /// The cursor of the page before it.
    previous: Option<String>,
    /// The filters and the order, as the first page was asked for: cursors carry it, so that a client need not repeat it.
    asked: String,
    tests: Vec<Test>,
    /// What expressions see.
    input: Map<String, Value>,
}

pub(super) fn perform<'c>(
    call: &mut Call<'c>,
    state: &mut State,
    natives: &mut Natives<'_>,
    subject: &Subject<'c>,
    target: &Target<'c>,
) -> Result<Done<'c>, Refusal> {
    let mut mapping = subject.mapped.mapping.list.as_ref().ok_or(Situation::NotMapped)?;
    let mut wanted = wanted(call, subject)?;
    let is_wanted = |field: &String| wanted.input.contains_key(field);
    if let Some(variant) = mapping.variants.iter().find(|variant| variant.when.iter().any(is_wanted)) {
        mapping = &variant.list;
    }
    sortable(call, mapping, &wanted)?;
    wanted.limit = wanted.limit.min(mapping.max.unwrap_or(u64::MAX).max(1));
    wanted.input.insert("limit".to_owned(), json!(wanted.limit));
    if let Some(cursor) = &wanted.cursor {
        wanted.input.insert("cursor".to_owned(), cursor.clone());
    }
    let input = Value::Object(wanted.input.clone());
    let asked = asked(call, mapping, &input, &wanted, subject)?;
    let sent = asked.body.clone().unwrap_or_else(|| Value::Object(asked.query.clone()));
    let mut answered = remote::ask(call, state, natives, subject.provider, &subject.account.id, asked)?;
    let mut items = also::records(&mut answered, &mapping.records);
    let next = next(call, mapping, &answered.body, answered.headers, &sent, &items, &wanted, subject)?;
    if let Some(second) = &mapping.also {
        items = also::merged(call, state, natives, subject, second, &input, items)?;
    }
    show(call, subject, &wanted, &items, next)?;
    let template = target.route.list.as_ref().or(call.api.answers.get(&target.operation));
    let template = template.ok_or(Situation::UnknownRoute)?.get_ref();
    Ok(Done::Fresh(template, 200))
}

fn wanted(call: &Call<'_>, subject: &Subject<'_>) -> Result<Wanted, Refusal> {
    let cursor = Cursor::given(call, &subject.list)?;
    let shapes = &subject.model.fields.shapes;
    let api = call.api;
    let read = |input: &Input<'_>| {
        let tests = filters(input, api.filters.iter(), api.comparisons.as_ref(), |name| shapes.get(name))?;
        let tests: Vec<Test> = tests.into_iter().map(|(test, _)| test).collect();
        Ok::<_, Refusal>((tests, order(api, input, subject)?))
    };
    let (mut tests, mut sorted) = read(&call.input)?;
    let mut asked = String::new();
    if !tests.is_empty() || sorted.is_some() {
        asked = without_page(call);
    }
    if let Some(cursor) = &cursor {
        let input = Input { query: url::parameters(&cursor.asked), headers: call.input.headers, body: None };
        let first = read(&input)?;
        let is_within = |some: &[Test], others: &[Test]| some.iter().all(|test| others.contains(test));
        let is_same = is_within(&tests, &first.0) && is_within(&first.0, &tests) && sorted == first.1;
        if !is_same && !asked.is_empty() {
            return Err(Cursor::differs(call));
        }
        (tests, sorted) = first;
        asked.clone_from(&cursor.asked);
    }
    let mut input = Map::new();
    // A provider's filters are about fields, not about a member of one.
    for test in tests
        .iter()
        .filter(|test| !matches!(&test.subject, Tested::Field(path) if path.contains('.') && !path.contains("[]")))
    {
        let entry = input.entry(field_of(subject, test)).or_insert_with(|| json!({}));
        if let Value::Object(comparisons) = entry {
            comparisons.insert(word(test.is).to_owned(), operand(&test.value));
        }
    }
    if let Some(order) = sorted {
        input.insert(SORT_BY.to_owned(), order);
    }
    let previous = cursor.as_ref().and_then(Cursor::previous);
    let cursor = cursor.as_ref().and_then(Cursor::own);
    Ok(Wanted { limit: limit(call)?, cursor, previous, asked, tests, input })
}

/// Refuses an order that the provider does not have: the page would come in another, and nothing would tell.
fn sortable(call: &Call<'_>, mapping: &ListMapping, wanted: &Wanted) -> Result<(), Refusal> {
    let order = wanted.input.get(SORT_BY).and_then(Value::as_object);
    let Some(field) = order.and_then(|order| order.keys().find(|field| !mapping.sorts.contains(field))) else {
        return Ok(());
    };
    let parameter = call.api.sort.by.as_ref().map_or(SORT_BY, |place| place.name());
    let problem = match mapping.sorts.is_empty() {
        true => "must be left out, since the provider has no order to choose for this list".to_owned(),
        false => format!("must be one of {}, by which the provider can order this list", mapping.sorts.join(", ")),
    };
    Err(Refusal::bad_parameter(parameter, field, &problem))
}

/// The order among what expressions see.
const SORT_BY: &str = "sort_by";

/// The query without what says where a page begins and how large it is.
fn without_page(call: &Call<'_>) -> String {
    let paging = &call.api.paging;
    let sizes = paging.size.iter().flat_map(crate::sandbox::data::Size::places);
    let names = sizes.chain(paging.at.iter().cloned()).filter_map(|place| place.query);
    names.fold(call.request.query.clone(), |query, name| url::with_parameter(&query, &name, None))
}

/// How many records a page is to have.
fn limit(call: &Call<'_>) -> Result<u64, Refusal> {
    let Some(size) = &call.api.paging.size else { return Ok(u64::MAX) };
    let given = size.places().into_iter().find_map(|place| Some((call.input.get(&place)?, place)));
    let Some((text, place)) = given else { return Ok(size.default) };
    let asked = text.parse::<u64>().ok().filter(|asked| *asked > 0);
    let asked = asked.ok_or_else(|| Refusal::bad_parameter(place.name(), &text, "must be a whole number above 0"))?;
    Ok(asked.min(size.max))
}

/// The field that the list is to be ordered by, with its direction.
fn order(api: &Api, input: &Input<'_>, subject: &Subject<'_>) -> Result<Option<Value>, Refusal> {
    let Some(name) = api.sort.by.as_ref().and_then(|place| place.query.as_ref()) else { return Ok(None) };
    let mut given = input.query.iter().filter(|given| given.name == *name && !given.value.is_empty());
    let Some(given) = given.next() else { return Ok(None) };
    let bad = |problem: &str| Refusal::bad_parameter(&given.full_name(), &given.value, problem);
    let (field, direction) = match (&given.key, given.value.strip_prefix('-')) {
        (Some(field), _) => (field.as_str(), given.value.as_str()),
        (None, Some(field)) => (field, "desc"),
        (None, None) => (given.value.as_str(), "asc"),
    };
    if !matches!(direction, "asc" | "desc") {
        return Err(bad("must be asc or desc"));
    }
    if !subject.model.fields.shapes.contains_key(field) {
        return Err(bad("must name a field"));
    }
    Ok(Some(json!({ field: direction })))
}

/// The unified field that a test is about.
fn field_of(subject: &Subject<'_>, test: &Test) -> String {
    use crate::sandbox::shape::Set;
    let set = |set: Set| {
        let shapes = &subject.model.fields.shapes;
        shapes.iter().find(|(_, shape)| shape.set == Some(set)).map(|(name, _)| name.clone()).unwrap_or_default()
    };
    match &test.subject {
        Tested::Made => set(Set::Created),
        Tested::Changed => set(Set::Updated),
        Tested::Any(paths) => paths.first().cloned().unwrap_or_default(),
        Tested::Field(path) => path.split(['.', '[']).next().unwrap_or_default().to_owned(),
    }
}

fn word(is: Comparison) -> &'static str {
    match is {
        Comparison::Eq => "eq",
        Comparison::Ne => "ne",
        Comparison::Gt => "gt",
        Comparison::Gte => "gte",
        Comparison::Lt => "lt",
        Comparison::Lte => "lte",
        Comparison::In => "in",
        Comparison::Contains => "contains",
        Comparison::Same => "same",
        Comparison::Starts => "starts",
        Comparison::Words => "words",
        Comparison::Begins => "begins",
    }
}

fn operand(value: &Operand) -> Value {
    match value {
        Operand::Text(text) | Operand::Folded(text) => json!(text),
        Operand::Instant(instant) => json!(instant.rfc3339()),
        Operand::Number(number) => json!(number),
        Operand::Flag(flag) => json!(flag),
        Operand::Nothing | Operand::Like(_) => Value::Null,
        Operand::List(list) => json!(list),
        Operand::Any(list) => list.iter().map(operand).collect(),
    }
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
    // What goes to the provider untouched.
    let untouched = call.input.query.iter().filter(|given| given.name == "remote_query");
    query.extend(untouched.filter_map(|given| Some((given.key.clone()?, json!(given.value)))));
    let values = Map::from_iter([("cursor".to_owned(), wanted.cursor.clone().unwrap_or_default())]);
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
        ("limit", JValue::from(wanted.limit)),
        ("cursor", wanted.cursor.clone().map_or(JValue::Undefined, JValue::from)),
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
    next: Option<Value>,
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
    let next = next.map(|next| cursor::next(&subject.list, &next, wanted.cursor.as_ref(), &wanted.asked));
    for (name, value) in [
        ("count", json!(count)),
        ("page_size", json!(wanted.limit)),
        ("next_cursor", json!(next)),
        ("prev_cursor", json!(wanted.previous)),
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

/// The unified form of a record, without its closing brace; made once.
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
