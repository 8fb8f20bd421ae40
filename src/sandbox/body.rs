//! From a request's body to a record: what is refused, and what the API adds of its own.

use serde_json::{Map, Value, json};

use super::data::{Api, Resource, Route};
use super::shape::{self, Problem, ProblemKind, Set, Shape};
use super::situation::Situation;
use super::store::Row;
use super::template::{self, Variables};
use crate::clock::Timestamp;
use crate::http::Request;

/// What goes wrong with a body, and the values that tell it.
pub(super) type Refusal = (Situation, Variables);

/// The fields that a body sends, with those that they fill. `whole`: it is to be a new record.
pub(super) fn read(
    request: &Request,
    api: &Api,
    route: &Route,
    resource: &Resource,
    whole: bool,
) -> Result<Map<String, Value>, Refusal> {
    if let Some(value) = request.headers.get("content-type").filter(|value| !is_json(value)) {
        return Err((Situation::WrongContentType, variables(&[("value", json!(value))])));
    }
    let Ok(Value::Object(mut body)) = serde_json::from_slice(&request.body) else {
        return Err((Situation::BadJson, Variables::new()));
    };
    let mut problems = shape::problems(&resource.fields, &body, whole);
    problems.extend(shape::problems(&route.fields, &body, whole));
    refuse(api, &problems)?;
    for alias in &route.aliases {
        let is_given = |name: &str| body.get(name).is_some_and(|value| !value.is_null());
        if is_given(&alias.field) && !is_given(alias.fills.get_ref()) {
            let filled = template::fill(&alias.with, &body);
            body.insert(alias.fills.get_ref().clone(), filled);
        }
    }
    body.retain(|name, _| !resource.fields.get(name).is_some_and(Shape::is_owned));
    Ok(body)
}

/// `application/json`, `application/merge-patch+json` and the like, with or without parameters.
fn is_json(content_type: &str) -> bool {
    let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"))
}

/// What a body must have is looked at first, then its types; formats are the business of those behind the API.
fn refuse(api: &Api, problems: &[Problem]) -> Result<(), Refusal> {
    let of = |kind: ProblemKind| problems.iter().filter(move |problem| problem.kind == kind);
    let situation = if of(ProblemKind::Missing).next().is_some() {
        Situation::MissingFields
    } else if of(ProblemKind::WrongType).next().is_some() {
        Situation::InvalidFields
    } else if problems.is_empty() {
        return Ok(());
    } else {
        Situation::Unprocessable
    };
    let told = problems
        .iter()
        .filter(|problem| situation == Situation::Unprocessable || problem.kind != ProblemKind::WrongFormat)
        .map(|problem| {
            let values = variables(&[("field", json!(problem.field)), ("problem", json!(problem.text))]);
            template::fill(api.failure.get_ref(), &values)
        })
        .collect::<Vec<_>>();
    let missing = of(ProblemKind::Missing).map(|problem| problem.field.as_str()).collect::<Vec<_>>();
    Err((situation, variables(&[("failures", told.into()), ("missing", missing.into())])))
}

/// Refuses a record that shares with another what no two may share. `id`: the record's own, where it has one already.
pub(super) fn conflict(
    resource: &Resource,
    record: &Map<String, Value>,
    id: Option<&str>,
    rows: &[Row],
) -> Result<(), Refusal> {
    for path in &resource.unique {
        for value in shape::values_at(record, path).into_iter().filter(|value| !value.is_null()) {
            let others = rows.iter().filter(|row| Some(row.id.as_str()) != id);
            let mut same =
                others.filter(|row| shape::values_at(&row.record, path).iter().any(|other| is_same(other, value)));
            if let Some(other) = same.next() {
                let values = [("field", json!(path)), ("value", value.clone()), ("other", json!(other.id))];
                return Err((Situation::Conflict, variables(&values)));
            }
        }
    }
    Ok(())
}

fn is_same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::String(a), Value::String(b)) => a.to_lowercase() == b.to_lowercase(),
        _ => a == b,
    }
}

/// A new record: its id first, then what the body says, then what the API adds.
pub(super) fn create(resource: &Resource, id: &str, body: Map<String, Value>, now: Timestamp) -> Map<String, Value> {
    let mut record = Map::new();
    if let Some(field) = resource.field(Set::Id) {
        record.insert(field.to_owned(), json!(id));
    }
    record.extend(body);
    complete(resource, &mut record, now, &[Set::Created, Set::Updated]);
    record
}

/// A changed record: each field that the body says takes the place of the record's.
pub(super) fn update(resource: &Resource, record: &mut Map<String, Value>, body: Map<String, Value>, now: Timestamp) {
    record.extend(body);
    complete(resource, record, now, &[Set::Updated]);
}

fn complete(resource: &Resource, record: &mut Map<String, Value>, now: Timestamp, set: &[Set]) {
    for (name, shape) in &resource.fields {
        if let Some(template) = &shape.derived {
            let text = template::fill_text(template, record).trim().to_owned();
            record.insert(name.clone(), Value::String(text));
        }
    }
    for field in set.iter().filter_map(|what| resource.field(*what)) {
        record.insert(field.to_owned(), json!(now.rfc3339()));
    }
}

/// Values by name.
pub(super) fn variables(values: &[(&str, Value)]) -> Variables {
    values.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
}
