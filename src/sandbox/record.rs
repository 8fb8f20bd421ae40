//! One record: what the API adds to it of its own, and how an answer shows it.

use std::borrow::Cow;

use serde_json::{Map, Value, json};

use super::data::{Api, Resource};
use super::names::Names;
use super::shape::{self, Set, Type};
use super::table::Row;
use super::template::{self, Values};
use super::words::{self, Words};
use crate::clock::Timestamp;

/// Puts into a record what the API fills in: its id, its times, what is derived from other fields.
pub(super) fn complete(
    api: &Api,
    resource: &Resource,
    record: &mut Map<String, Value>,
    id: &str,
    made: Timestamp,
    changed: Timestamp,
    deleted: Option<Timestamp>,
) {
    for (name, shape) in &resource.fields {
        let time = |instant: Timestamp| shape.time.as_ref().unwrap_or(&api.time).write(instant);
        let value = match shape.set {
            None => continue,
            Some(Set::Id) => id_value(resource, id),
            Some(Set::Created) => time(made),
            Some(Set::Updated) => time(changed),
            Some(Set::Deleted) => json!(deleted.is_some()),
            Some(Set::DeletedAt) => deleted.map(time).unwrap_or_default(),
        };
        record.insert(name.clone(), value);
    }
    if deleted.is_some() {
        let fields = resource.fields.iter().filter_map(|(name, shape)| Some((name.clone(), shape.on_delete.clone()?)));
        record.extend(fields);
    }
    for (name, shape) in &resource.fields {
        if let Some(derived) = shape.derivation(&resource.fields, record) {
            let value = match template::fill(derived, &Worded { words: &api.words, record }) {
                Value::String(text) => json!(text.trim()),
                value => value,
            };
            record.insert(name.clone(), value);
        }
    }
}

/// True where a value at `path` is this one, whatever the case of its letters.
pub(super) fn has(record: &Map<String, Value>, path: &str, wanted: &Value) -> bool {
    shape::values_at(record, path).into_iter().any(|value| match (value, wanted) {
        (Value::String(a), Value::String(b)) => a == b || a.to_lowercase() == b.to_lowercase(),
        (value, wanted) => value == wanted,
    })
}

/// The form of a record without these members.
pub(super) fn without<'v>(item: &'v Value, members: &[&String]) -> Cow<'v, Value> {
    let Value::Object(all) = item else { return Cow::Borrowed(item) };
    let kept = all.iter().filter(|(name, _)| !members.contains(name));
    if members.is_empty() {
        Cow::Borrowed(item)
    } else {
        Cow::Owned(kept.map(|(n, v)| (n.clone(), v.clone())).collect())
    }
}

/// The form of a record in which members are called what the fields that they show are called now.
pub(super) fn renamed(item: &Value, names: &Names) -> Value {
    match item {
        Value::Object(members) => {
            let name = |name: &String, value: &Value| {
                let name = if shows(value, name) { names.shown(name) } else { name };
                name.to_owned()
            };
            members.iter().map(|(old, value)| (name(old, value), renamed(value, names))).collect()
        }
        Value::Array(items) => items.iter().map(|item| renamed(item, names)).collect(),
        plain => plain.clone(),
    }
}

/// True where the field is shown somewhere in this part of a form.
fn shows(item: &Value, field: &str) -> bool {
    match item {
        Value::String(text) => template::names(text).iter().any(|name| name.split('[').next() == Some(field)),
        Value::Object(members) => members.values().any(|value| shows(value, field)),
        Value::Array(items) => items.iter().any(|item| shows(item, field)),
        _ => false,
    }
}

/// A record's fields, also in the words of a table.
pub(super) struct Worded<'r> {
    pub(super) words: &'r Words,
    pub(super) record: &'r Map<String, Value>,
}

impl Values for Worded<'_> {
    fn value(&self, name: &str) -> Option<Cow<'_, Value>> {
        match name.split_once('|') {
            Some((name, table)) => {
                Some(Cow::Owned(words::worded(self.words, table, self.record.value(name)?.into_owned())))
            }
            None => self.record.value(name),
        }
    }
}

/// A record on its way into an answer.
pub(super) struct Shown<'r> {
    row: &'r Row,
    /// The fields that are shown.
    record: Value,
    /// The name of its resource.
    name: &'r str,
    api: &'r Api,
}

impl<'r> Shown<'r> {
    /// `fields`: the names of those to show, all where `None`.
    pub(super) fn new(
        api: &'r Api,
        (name, resource): (&'r str, &Resource),
        row: &'r Row,
        fields: Option<&[String]>,
    ) -> Self {
        let is_hidden = |name: &str| resource.fields.get(name).is_some_and(|shape| shape.hidden);
        let record: Map<String, Value> = match fields {
            None => {
                row.record.iter().filter(|(name, _)| !is_hidden(name)).map(|(n, v)| (n.clone(), v.clone())).collect()
            }
            Some(fields) => {
                let known = |name: &&String| {
                    !is_hidden(name) && (row.record.contains_key(*name) || resource.fields.contains_key(*name))
                };
                let value = |name: &String| row.record.get(name).cloned().unwrap_or_default();
                fields.iter().filter(known).map(|name| (name.clone(), value(name))).collect()
            }
        };
        Self { row, record: Value::Object(record), name, api }
    }

    /// Shows the fields by the names that they have now.
    pub(super) fn rename(&mut self, names: &Names) {
        let Value::Object(record) = &mut self.record else { return };
        let fields = std::mem::take(record);
        record.extend(fields.into_iter().map(|(name, value)| (names.shown(&name).to_owned(), value)));
    }

    /// As JSON, in the form of `item`; as it is where there is none.
    pub(super) fn write(&self, item: Option<&Value>) -> String {
        let mut text = String::new();
        match item {
            Some(item) => template::write(item, self, &mut text),
            None => text = self.record.to_string(),
        }
        text
    }
}

impl Values for Shown<'_> {
    fn value(&self, name: &str) -> Option<Cow<'_, Value>> {
        let owned = match name {
            "record" => return Some(Cow::Borrowed(&self.record)),
            "id" => json!(self.row.id),
            "created" => self.api.time.write(self.row.made),
            "updated" => self.api.time.write(self.row.changed),
            "deleted" => self.row.deleted.map(|instant| self.api.time.write(instant)).unwrap_or_default(),
            "is_deleted" => json!(self.row.deleted.is_some()),
            name => match name.split_once('|') {
                Some((name, table)) => words::worded(&self.api.words, table, self.value(name)?.into_owned()),
                None => {
                    let own = self.row.record.value(name.strip_prefix("record.").unwrap_or(name));
                    return own.or_else(|| (name == "resource").then(|| Cow::Owned(json!(self.name))));
                }
            },
        };
        Some(Cow::Owned(owned))
    }
}

/// An id as a record holds it: a number where the resource's ids are numbers.
pub(super) fn id_value(resource: &Resource, id: &str) -> Value {
    let is_number = resource.field(Set::Id).and_then(|field| resource.fields.get(field)).map(|shape| shape.kind);
    match (is_number, id.parse::<u64>()) {
        (Some(Type::Integer | Type::Number), Ok(number)) => json!(number),
        _ => json!(id),
    }
}
