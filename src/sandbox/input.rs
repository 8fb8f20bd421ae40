//! What a request says, wherever it says it.

use serde_json::{Map, Value};

use super::body;
use super::data::Place;
use super::url::{self, Parameter};
use crate::http::{Headers, Request};

/// The parts of a request in which parameters may stand.
#[derive(Debug)]
pub(super) struct Input<'r> {
    pub(super) query: Vec<Parameter>,
    pub(super) headers: &'r Headers,
    /// The body, where it is JSON.
    pub(super) body: Option<Value>,
}

impl<'r> Input<'r> {
    /// Reads a request. The body only where `with_body` says that parameters may stand there.
    pub(super) fn new(request: &'r Request, with_body: bool) -> Self {
        let body = with_body.then(|| serde_json::from_slice(&request.body).ok()).flatten();
        Self { query: url::parameters(&request.query), headers: &request.headers, body }
    }

    /// The value at a place, as text; nothing where it is empty. The elements of an array have commas between.
    pub(super) fn get(&self, place: &Place) -> Option<String> {
        let text = if let Some(name) = &place.query {
            self.parameter(name)?.to_owned()
        } else if let Some(name) = &place.header {
            self.headers.get(name)?.to_owned()
        } else {
            match self.body_at(place.body.as_deref()?)? {
                Value::Array(items) => items.iter().filter_map(plain).collect::<Vec<_>>().join(","),
                value => plain(value)?,
            }
        };
        let text = if place.prefix.is_empty() {
            text.strip_suffix(place.suffix.as_str()).map_or(text.clone(), str::to_owned)
        } else if place.header.is_some() {
            // A field may say several things, with commas between.
            let at = text.find(&place.prefix)? + place.prefix.len();
            text[at..].split(',').next().unwrap_or_default().trim().to_owned()
        } else {
            text.trim().strip_prefix(place.prefix.as_str())?.strip_suffix(place.suffix.as_str())?.to_owned()
        };
        (!text.is_empty()).then_some(text)
    }

    /// The value of the query's parameter of this name, which may have brackets.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        let found = self.query.iter().find(|parameter| parameter.is_named(name))?;
        Some(found.value.as_str())
    }

    /// All values of the query's parameters of this name, with commas between: a list is sent in one parameter or in
    /// several of one name. Nothing where none has a value.
    pub(super) fn list(&self, name: &str) -> Option<String> {
        let named = self.query.iter().filter(|parameter| parameter.is_named(name) && !parameter.value.is_empty());
        let values: Vec<&str> = named.map(|parameter| parameter.value.as_str()).collect();
        (!values.is_empty()).then(|| values.join(","))
    }

    /// What the body says at a place of it.
    pub(super) fn value(&self, place: &Place) -> Option<&Value> {
        self.body_at(place.body.as_deref()?)
    }

    /// What lies at `path` in the body.
    pub(super) fn body_at(&self, path: &str) -> Option<&Value> {
        body::at(self.body.as_ref()?, path)
    }

    /// The parameters of a form in the body.
    pub(super) fn form(request: &Request) -> Map<String, Value> {
        let text = String::from_utf8_lossy(&request.body);
        match serde_json::from_slice(&request.body) {
            Ok(Value::Object(fields)) => fields,
            _ => url::parameters(&text)
                .into_iter()
                .map(|given| (given.full_name(), Value::String(given.value)))
                .collect(),
        }
    }
}

/// A plain value of a body as text.
fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
        other => Some(other.to_string()),
    }
}
