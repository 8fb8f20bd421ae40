//! Which part of a request a mapping cannot take, so that whoever sent it is told more than that something went wrong.

use serde_json::{Map, Value};

use super::super::Call;
use crate::sandbox::jsonata::JsonataError;
use crate::sandbox::situation::{Refusal, Situation};

/// More parts than these are not tried one by one.
const PARTS: usize = 100;

/// A part of a request that a mapping cannot take.
pub(super) struct Faulty {
    /// Such as `account.id` or `contact[0].id`; empty where no part is at fault alone.
    pub(super) path: String,
    pub(super) value: Value,
    pub(super) problem: String,
}

/// The parts of `input` that `fails` cannot take, each tried alone with what is `kept`; `error` is what it says of the whole.
///
/// # Errors
///
/// What `fails` says of nothing at all: no part is at fault then.
pub(super) fn faulty(
    input: &Value,
    kept: &[&str],
    error: &JsonataError,
    fails: impl Fn(&Value) -> Option<JsonataError>,
) -> Result<Vec<Faulty>, JsonataError> {
    let is_kept = |name: &str| kept.contains(&name);
    let fields = input.as_object().into_iter().flatten();
    let (base, given): (Vec<_>, Vec<_>) = fields.partition(|(name, _)| is_kept(name));
    let base: Map<String, Value> = base.into_iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    if let Some(error) = fails(&Value::Object(base.clone())) {
        return Err(error);
    }
    let problem = |error: &JsonataError| format!("must be a value that the provider can take: {}", error.reason());
    let parts = given
        .into_iter()
        .flat_map(|(name, value)| parts(value).into_iter().map(move |part| (name, part)).collect::<Vec<_>>());
    let mut found = Vec::new();
    for (name, (path, value, alone)) in parts.take(PARTS) {
        let mut document = base.clone();
        document.insert(name.clone(), alone);
        if let Some(error) = fails(&Value::Object(document)) {
            found.push(Faulty { path: joined(name, &path), value, problem: problem(&error) });
        }
    }
    if found.is_empty() {
        found.extend(together(input, kept, &fails).map(|(path, value)| Faulty {
            path,
            value,
            problem: problem(error),
        }));
    }
    if found.is_empty() {
        found.push(Faulty { path: String::new(), value: Value::Null, problem: problem(error) });
    }
    Ok(found)
}

/// The one member of `input` without which nothing fails, whose parts are at fault together.
fn together(input: &Value, kept: &[&str], fails: impl Fn(&Value) -> Option<JsonataError>) -> Option<(String, Value)> {
    let fields = input.as_object()?;
    let is_cure = |name: &str| {
        let others = fields.iter().filter(|(other, _)| *other != name);
        let others = others.map(|(name, value)| (name.clone(), value.clone()));
        fails(&Value::Object(others.collect())).is_none()
    };
    let given = fields.iter().filter(|(name, _)| !kept.contains(&name.as_str())).take(PARTS);
    let mut cures = given.filter(|(name, _)| is_cure(name));
    let (name, value) = cures.next()?;
    cures.next().is_none().then(|| (name.clone(), value.clone()))
}

/// Says which parameter the mapping cannot take: a filter, the order or a cursor that this API never gave.
pub(super) fn parameter(call: &Call<'_>, found: Vec<Faulty>) -> Refusal {
    let first = found.into_iter().next();
    let Some(Faulty { path, value, problem }) = first else { return Situation::BadParameter.into() };
    let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let given = call.api.paging.at.iter().find_map(|place| Some((place.name(), call.input.get(place)?)));
    match given {
        Some((name, text)) if path.split(['.', '[']).next() == Some("cursor") => {
            Refusal::bad_parameter(name, &text, "must be a cursor from an earlier page")
        }
        _ => Refusal::bad_parameter(path.as_str(), &value, &problem),
    }
}

/// The plain values in a value, each with its path and with the value that holds nothing but it.
fn parts(value: &Value) -> Vec<(String, Value, Value)> {
    let mut found = Vec::new();
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            for (name, inner) in fields {
                for (path, plain, alone) in parts(inner) {
                    let alone = Value::Object(Map::from_iter([(name.clone(), alone)]));
                    found.push((joined(name, &path), plain, alone));
                }
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for (at, item) in items.iter().enumerate() {
                for (path, plain, alone) in parts(item) {
                    found.push((joined(&format!("[{at}]"), &path), plain, Value::Array(vec![alone])));
                }
            }
        }
        plain => found.push((String::new(), plain.clone(), plain.clone())),
    }
    found
}

fn joined(name: &str, path: &str) -> String {
    let separator = if path.is_empty() || path.starts_with('[') { "" } else { "." };
    format!("{name}{separator}{path}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::sandbox::jsonata;

    fn told(text: &str, input: &Value) -> Result<Vec<String>, String> {
        let fails = |part: &Value| jsonata::evaluate_json(text, part, &[]).err();
        let found =
            faulty(input, &["limit"], &fails(input).unwrap(), fails).map_err(|error| error.reason().to_owned())?;
        Ok(found.into_iter().map(|part| format!("{} {}", part.path, part.value)).collect())
    }

    #[test]
    fn each_part_that_fails_alone_is_named() {
        let text = "{'a': $number(account.id), 'b': $number(contact[0].id), 'c': $number(limit)}";
        let input = json!({ "limit": 1, "account": { "id": "x" }, "contact": [{ "id": "y", "n": 1 }], "name": "z" });
        assert_eq!(told(text, &input), Ok(vec!["account.id \"x\"".to_owned(), "contact[0].id \"y\"".to_owned()]));
    }

    #[test]
    fn where_no_part_is_at_fault_alone_it_is_the_whole_or_the_mapping() {
        let both = json!({ "a": "x", "b": "y" });
        assert_eq!(told("$exists(a) and $exists(b) ? $number(a)", &both), Ok(vec![" null".to_owned()]));
        let list = json!({ "list": [1, 2], "name": "z" });
        assert_eq!(told("$count(list) > 1 ? $error('one')", &list), Ok(vec!["list [1,2]".to_owned()]));
        assert_eq!(told("$number('n')", &both), Err("Cannot convert 'n' to number".to_owned()));
    }
}
