//! From a request's body to the fields of a record, and what is refused.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::data::{Api, Owned, Resource, Route, Unknown};
use super::names::Names;
use super::record::Worded;
use super::shape::{self, Problem, ProblemKind, Shape, Type};
use super::situation::{Refusal, Situation};
use super::template::{self, Variables};
use crate::http::Request;

/// The JSON object of a body.
pub(super) fn object(request: &Request) -> Result<Map<String, Value>, Refusal> {
    if let Some(value) = request.headers.get("content-type").filter(|value| !is_json(value)) {
        return Err(Refusal::from(Situation::WrongContentType).with("value", value));
    }
    match serde_json::from_slice(&request.body) {
        Ok(Value::Object(body)) => Ok(body),
        _ => Err(Situation::BadJson.into()),
    }
}

/// The fields of a body that is about no record: what it must and may hold says its route.
pub(super) fn of_route(request: &Request, api: &Api, route: &Route) -> Result<Map<String, Value>, Refusal> {
    let body = object(request)?;
    refuse(api, &shape::problems(&route.fields, &body, true))?;
    Ok(body)
}

/// The text that a body must have as a member.
///
/// # Errors
///
/// That it is missing, also where it is null or empty: that names nothing.
pub(super) fn text<'b>(api: &Api, body: &'b Map<String, Value>, name: &str) -> Result<&'b str, Refusal> {
    let given = body.get(name).and_then(Value::as_str).filter(|text| !text.trim().is_empty());
    let missing = || refuse(api, &[Problem::new(name, ProblemKind::Missing, "is required")]).err();
    given.ok_or_else(|| missing().unwrap_or_else(|| Situation::MissingFields.into()))
}

/// The objects that a body holds where the resource's fields stand in it.
pub(super) fn records(request: &Request, resource: &Resource) -> Result<Vec<Map<String, Value>>, Refusal> {
    let body = Value::Object(object(request)?);
    let place = at(&body, &resource.body).ok_or(Situation::BadJson)?;
    let found = match place {
        Value::Array(items) if resource.batch => items.iter().collect(),
        other => vec![other],
    };
    let objects: Option<Vec<_>> = found.into_iter().map(|value| value.as_object().cloned()).collect();
    objects.filter(|objects| !objects.is_empty()).ok_or_else(|| Situation::BadJson.into())
}

/// The fields of a body under their declared names. One that is called by a name that it has no more is like any other
/// that is not known.
pub(super) fn declared(
    body: Map<String, Value>,
    resource: &Resource,
    names: &Names,
) -> Result<Map<String, Value>, Refusal> {
    let mut fields = Map::new();
    for (name, value) in body {
        match names.declared(&name) {
            Some(declared) => drop(fields.insert(declared.to_owned(), value)),
            None if resource.unknown == Unknown::Refuse => {
                return Err(Refusal::from(Situation::UnknownField).with("field", name));
            }
            None => {}
        }
    }
    Ok(fields)
}

/// What lies at `path`: names with dots between, with `[0]` for an element.
pub(super) fn at<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    path.split('.').filter(|step| !step.is_empty()).try_fold(value, |value, step| {
        match step.strip_suffix(']').and_then(|step| step.split_once('[')) {
            Some((name, index)) => {
                let value = if name.is_empty() { value } else { value.get(name)? };
                value.get(index.parse::<usize>().ok()?)
            }
            None => value.get(step),
        }
    })
}

/// The fields of one record, checked, with those that they fill; what is wrong is told by the `names` of the fields.
/// `whole`: it is to be a new record; `required`: fields that its account wants besides.
pub(super) fn read(
    mut body: Map<String, Value>,
    api: &Api,
    route: &Route,
    (resource, names): (&Resource, &Names),
    whole: bool,
    required: &[String],
) -> Result<Map<String, Value>, Refusal> {
    for (name, value) in &mut body {
        let coerces = resource.fields.get(name).is_some_and(|shape| shape.coerce);
        if coerces && (value.is_number() || value.is_boolean()) {
            *value = Value::String(value.to_string());
        }
    }
    let declared = |name: &String| resource.fields.contains_key(name) || route.fields.contains_key(name);
    if resource.unknown == Unknown::Refuse
        && let Some(field) = body.keys().find(|name| !declared(name))
    {
        return Err(Refusal::from(Situation::UnknownField).with("field", field.as_str()));
    }
    if resource.owned == Owned::Refuse {
        let is_owned = |name: &&String| {
            resource.fields.get(*name).is_some_and(|shape| shape.is_owned() && shape.kind != Type::Object)
        };
        let owned: Vec<&str> = body.keys().filter(is_owned).map(|name| names.shown(name)).collect();
        if let Some(first) = owned.first() {
            return Err(Refusal::from(Situation::OwnedFields).with("field", *first).with("fields", owned));
        }
    }
    if resource.unknown == Unknown::Ignore {
        body.retain(|name, _| declared(name));
    }
    let mut problems = problems(&resource.fields, &body, whole, required);
    problems.extend(shape::problems(&route.fields, &body, whole));
    problems.iter_mut().for_each(|problem| problem.field = names.shown_path(&problem.field));
    let is_given = |name: &str| body.get(name).is_some_and(|value| !value.is_null() && value.as_str() != Some(""));
    for one_of in resource.one_of.iter().filter(|_| whole) {
        let one_of: Vec<&str> = one_of.iter().map(|name| name.get_ref().as_str()).collect();
        if !one_of.iter().any(|name| is_given(name)) {
            let field = one_of.iter().map(|name| names.shown(name)).collect::<Vec<_>>().join(" or ");
            problems.push(Problem::new(field, ProblemKind::Missing, "is required"));
        }
    }
    refuse(api, &problems)?;
    fill_aliases(route, &mut body);
    let is_left = |shape: &Shape| shape.is_owned() || (shape.fixed && !whole);
    body.retain(|name, _| !resource.fields.get(name).is_some_and(is_left));
    Ok(body)
}

/// Puts in what other fields stand for.
pub(super) fn fill_aliases(route: &Route, body: &mut Map<String, Value>) {
    for alias in &route.aliases {
        let is_given = |name: &str| body.get(name).is_some_and(|value| !value.is_null());
        if is_given(&alias.field) && !is_given(alias.fills.get_ref()) {
            let filled = template::fill(&alias.with, body);
            body.insert(alias.fills.get_ref().clone(), filled);
        }
    }
}

/// What is wrong with a body, also by what its account wants.
pub(super) fn problems(
    fields: &BTreeMap<String, Shape>,
    body: &Map<String, Value>,
    whole: bool,
    required: &[String],
) -> Vec<Problem> {
    let mut problems = shape::problems(fields, body, whole);
    let is_empty = |name: &String| body.get(name).is_none_or(|value| value.is_null() || value.as_str() == Some(""));
    if whole {
        for field in required.iter().filter(|name| is_empty(name)) {
            problems.push(Problem::new(field, ProblemKind::Missing, "is required"));
        }
    }
    problems
}

/// `application/json`, `application/merge-patch+json` and the like, with or without parameters.
fn is_json(content_type: &str) -> bool {
    let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"))
}

/// What a body must have is looked at first, then its types; formats are the business of those behind the API. So is what
/// ids stand for, where the data has a form of its own for that.
pub(super) fn refuse(api: &Api, problems: &[Problem]) -> Result<(), Refusal> {
    let of = |kind: ProblemKind| problems.iter().filter(move |problem| problem.kind == kind);
    let own = |problem: &Problem| problem.kind.word().and_then(|word| api.failures.get(word));
    let is_mistyped = |problem: &Problem| match problem.kind {
        ProblemKind::WrongType => true,
        ProblemKind::WrongId | ProblemKind::Dangling => own(problem).is_none(),
        ProblemKind::Missing | ProblemKind::WrongFormat | ProblemKind::TooLong(_) => false,
    };
    let situation = if of(ProblemKind::Missing).next().is_some() {
        Situation::MissingFields
    } else if problems.iter().any(is_mistyped) {
        Situation::InvalidFields
    } else if problems.is_empty() {
        return Ok(());
    } else {
        Situation::Unprocessable
    };
    let usual = json!({ "field": "{{field}}", "message": "{{field}} {{problem}}" });
    let failure = api.failure.as_ref().map_or(&usual, |failure| failure.get_ref());
    let is_told = |problem: &&Problem| {
        situation == Situation::Unprocessable || is_mistyped(problem) || problem.kind == ProblemKind::Missing
    };
    let told = problems.iter().filter(is_told).map(|problem| {
        let mut values = Variables::new();
        values.insert("field".to_owned(), json!(problem.field));
        values.insert("problem".to_owned(), json!(problem.text));
        values.insert("value".to_owned(), problem.value.clone());
        if let ProblemKind::TooLong(most) = problem.kind {
            values.insert("most".to_owned(), json!(most));
        }
        let form = own(problem).map_or(failure, |own| own.get_ref());
        template::fill(form, &Worded { words: &api.words, record: &values })
    });
    let told: Vec<Value> = told.collect();
    let by_field = problems.iter().filter(is_told).map(|problem| (problem.field.clone(), json!(problem.text)));
    let by_field: Map<String, Value> = by_field.collect();
    let missing: Vec<&str> = of(ProblemKind::Missing).map(|problem| problem.field.as_str()).collect();
    let mut refusal = Refusal::from(situation).with("failures", told).with("failures_by_field", by_field);
    if let Some(first) = problems.iter().find(is_told) {
        refusal = refusal.with("field", first.field.as_str()).with("problem", first.text.as_ref());
    }
    if let Some(first) = missing.first() {
        refusal = refusal.with("first_missing", *first);
    }
    Err(refusal.with("missing", missing))
}
