//! Which fields a record has, and what is wrong with a body that does not fit.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};
use toml::Spanned;

use super::format::Format;
use super::instants::TimeFormat;
pub(super) use super::problem::{Problem, ProblemKind};
use crate::clock::Timestamp;

/// What a field holds.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Shape {
    #[serde(rename = "type")]
    pub(super) kind: Type,
    /// True: it must be there and not be empty.
    #[serde(default)]
    pub(super) required: bool,
    /// It is required in records whose other fields hold this.
    pub(super) required_when: Option<Map<String, Value>>,
    /// What a text must look like; refused after the body as a whole was found in order.
    pub(super) format: Option<Format>,
    /// How many characters a text may have; refused likewise. Any number where absent.
    pub(super) most: Option<usize>,
    /// The values that it may have; refused like a wrong format. Any where empty.
    #[serde(default)]
    pub(super) among: Vec<Value>,
    /// What every element of an array is.
    pub(super) items: Option<Box<Self>>,
    /// The fields of an object; others are kept as they come.
    #[serde(default)]
    pub(super) fields: BTreeMap<String, Self>,
    /// The API fills it, whatever a body says.
    pub(super) set: Option<Set>,
    /// The API fills it from this template over the record's other fields.
    pub(super) derived: Option<Value>,
    /// It is derived in records whose other fields hold this alone; in others it is what a body says.
    pub(super) derived_when: Option<Map<String, Value>>,
    /// What a new record has where the body does not say, a template over its number `n`; null where absent.
    pub(super) default: Option<Value>,
    /// How an instant is written here, in place of the API's own way.
    pub(super) time: Option<TimeFormat>,
    /// What it holds once the record is deleted.
    pub(super) on_delete: Option<Value>,
    /// True: numbers and booleans in bodies become text.
    #[serde(default)]
    pub(super) coerce: bool,
    /// True: it is said when the record is made, and changes leave it alone.
    #[serde(default)]
    pub(super) fixed: bool,
    /// True: it is kept, and no answer shows it. Only filters that the data names compare it: for a request it is no field.
    #[serde(default)]
    pub(super) hidden: bool,
    /// It is the id of a record of this resource, which must be there.
    pub(super) refers: Option<Spanned<String>>,
}

/// A type of JSON, or one that JSON writes as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Type {
    String,
    Integer,
    Number,
    Boolean,
    /// Text, RFC 3339.
    Timestamp,
    Object,
    Array,
    Any,
}

/// What the API fills in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Set {
    /// The record's id.
    Id,
    /// The instant of its creation.
    Created,
    /// The instant of its last change.
    Updated,
    /// True once it was deleted.
    Deleted,
    /// The instant at which it was deleted, else null.
    #[serde(rename = "deleted_at")]
    DeletedAt,
}

impl Shape {
    /// A value of this shape, where it can be one, and so with what lies in it.
    pub(super) fn coerced(&self, value: Value) -> Value {
        match value {
            Value::Array(values) => match &self.items {
                Some(shape) => values.into_iter().map(|value| shape.coerced(value)).collect(),
                None => Value::Array(values),
            },
            Value::Object(fields) => {
                let coerced = |name: &String, value: Value| match self.fields.get(name) {
                    Some(shape) => shape.coerced(value),
                    None => value,
                };
                fields.into_iter().map(|(name, value)| (name.clone(), coerced(&name, value))).collect()
            }
            plain => self.kind.coerced(plain),
        }
    }

    /// The resources whose ids it holds, or something that lies in it.
    pub(super) fn referred(&self) -> Vec<&Spanned<String>> {
        let within = self.items.as_deref().into_iter().chain(self.fields.values()).flat_map(Self::referred);
        self.refers.iter().chain(within).collect()
    }

    /// True where what it holds follows from the rest of the record.
    pub(super) fn is_made(&self) -> bool {
        self.set.is_some() || self.derived.is_some()
    }

    /// True where the API alone decides what it holds.
    pub(super) fn is_owned(&self) -> bool {
        self.set.is_some() || (self.derived.is_some() && self.derived_when.is_none())
    }

    /// The template of what it is in this record, where the API makes it of other fields.
    pub(super) fn derivation(&self, fields: &BTreeMap<String, Self>, record: &Map<String, Value>) -> Option<&Value> {
        let when = self.derived_when.as_ref();
        self.derived.as_ref().filter(|_| when.is_none_or(|when| hold(fields, record, when)))
    }
}

/// What is wrong with `body`. `whole`: required fields must be there, as in a new record; else only what is there
/// is looked at, as in a change of one.
pub(super) fn problems(fields: &BTreeMap<String, Shape>, body: &Map<String, Value>, whole: bool) -> Vec<Problem> {
    let mut found = Vec::new();
    look_at_fields(fields, body, whole, "", &mut found);
    found
}

/// True where the fields of a record, or what they are of their own accord, are as `wanted`.
fn hold(fields: &BTreeMap<String, Shape>, record: &Map<String, Value>, wanted: &Map<String, Value>) -> bool {
    wanted.iter().all(|(name, wanted)| {
        let usual = fields.get(name).and_then(|shape| shape.default.as_ref());
        record.get(name).filter(|value| !value.is_null()).or(usual) == Some(wanted)
    })
}

fn look_at_fields(
    fields: &BTreeMap<String, Shape>,
    body: &Map<String, Value>,
    whole: bool,
    parent: &str,
    found: &mut Vec<Problem>,
) {
    for (name, shape) in fields.iter().filter(|(_, shape)| !shape.is_owned()) {
        let path = if parent.is_empty() { name.clone() } else { format!("{parent}.{name}") };
        let is_required = shape.required || shape.required_when.as_ref().is_some_and(|when| hold(fields, body, when));
        match body.get(name) {
            None if !whole => {}
            None | Some(Value::Null) if is_required => {
                found.push(Problem::new(path, ProblemKind::Missing, "is required"));
            }
            None | Some(Value::Null) => {}
            Some(Value::String(text)) if is_required && text.trim().is_empty() => {
                found.push(Problem::new(path, ProblemKind::Missing, "must not be empty"));
            }
            Some(Value::Array(items)) if shape.required && items.is_empty() => {
                found.push(Problem::new(path, ProblemKind::Missing, "must not be empty"));
            }
            Some(value) => look_at(shape, value, path, found),
        }
    }
}

fn look_at(shape: &Shape, value: &Value, path: String, found: &mut Vec<Problem>) {
    let is_epoch = matches!(shape.time, Some(TimeFormat::EpochSeconds | TimeFormat::EpochMillis)) && value.is_number();
    if let Some(text) = shape.kind.refuses(value).filter(|_| !is_epoch) {
        found.push(Problem::new(path, ProblemKind::WrongType, text));
        return;
    }
    if !shape.among.is_empty() && !shape.among.contains(value) {
        found.push(Problem::new(path, ProblemKind::WrongFormat, "is not included in the list"));
        return;
    }
    match (value, &shape.items) {
        (Value::String(text), _) => {
            if let Some(most) = shape.most.filter(|most| text.chars().count() > *most) {
                let problem = format!("must not have more than {most} characters");
                found.push(Problem::new(path, ProblemKind::TooLong(most), problem).with(value.clone()));
            } else if let Some((kind, problem)) = shape.format.and_then(|format| format.refuses(text)) {
                found.push(Problem::new(path, kind, problem));
            }
        }
        (Value::Object(body), _) => look_at_fields(&shape.fields, body, true, &path, found),
        (Value::Array(items), Some(shape)) => {
            for (at, item) in items.iter().enumerate() {
                look_at(shape, item, format!("{path}[{at}]"), found);
            }
        }
        _ => {}
    }
}

impl Type {
    /// Its word in the data.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::Boolean => "boolean",
            Self::Timestamp => "timestamp",
            Self::Object => "object",
            Self::Array => "array",
            Self::Any => "any",
        }
    }

    /// A value of this type, where it can be one: numbers and texts are made of each other.
    fn coerced(self, value: Value) -> Value {
        let given = match &value {
            Value::String(text) => text.clone(),
            Value::Number(_) | Value::Bool(_) => value.to_string(),
            _ => return value,
        };
        match self {
            Self::Integer | Self::Number | Self::Boolean => serde_json::from_str(&given).unwrap_or(value),
            Self::String => Value::String(given),
            _ => value,
        }
    }

    /// What stands for no value.
    pub(super) fn empty(self) -> Value {
        match self {
            Self::Array => Value::Array(Vec::new()),
            _ => Value::Null,
        }
    }

    /// What to say where `value` is not of this type.
    fn refuses(self, value: &Value) -> Option<&'static str> {
        let (fits, text) = match self {
            Self::String => (value.is_string(), "must be a string"),
            Self::Integer => (value.is_i64() || value.is_u64(), "must be an integer"),
            Self::Number => (value.is_number(), "must be a number"),
            Self::Boolean => (value.is_boolean(), "must be a boolean"),
            Self::Timestamp => {
                let is_instant = |text: &str| Timestamp::parse_loosely(text).is_some();
                (value.as_str().is_some_and(is_instant), "must be an RFC 3339 timestamp")
            }
            Self::Object => (value.is_object(), "must be an object"),
            Self::Array => (value.is_array(), "must be an array"),
            Self::Any => (true, ""),
        };
        (!fits).then_some(text)
    }
}

/// The values at `path` in `record`: `account.name`, or `email_addresses[].email` for one of every element.
pub(super) fn values_at<'r>(record: &'r Map<String, Value>, path: &str) -> Vec<&'r Value> {
    let (step, rest) = path.split_once('.').map_or((path, None), |(step, rest)| (step, Some(rest)));
    let (name, each) = step.strip_suffix("[]").map_or((step, false), |name| (name, true));
    let reached = match record.get(name) {
        None => Vec::new(),
        Some(Value::Array(items)) if each => items.iter().collect(),
        Some(value) => vec![value],
    };
    match rest {
        None => reached,
        Some(rest) => {
            reached.into_iter().filter_map(Value::as_object).flat_map(|inner| values_at(inner, rest)).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fields(text: &str) -> BTreeMap<String, Shape> {
        toml::from_str(text).unwrap()
    }

    fn told(fields: &BTreeMap<String, Shape>, body: Value, whole: bool) -> Vec<String> {
        let Value::Object(body) = body else { panic!("an object") };
        problems(fields, &body, whole)
            .into_iter()
            .map(|problem| format!("{} {}", problem.field, problem.text))
            .collect()
    }

    #[test]
    fn every_faulty_field_is_named_by_its_path() {
        let fields = fields(
            "last = { type = 'string', required = true }\n\
             age = { type = 'integer' }\n\
             id = { type = 'string', required = true, set = 'id' }\n\
             at = { type = 'timestamp' }\n\
             mails = { type = 'array', items = { type = 'object', fields.mail = { type = 'string', required = true, format = 'email' } } }",
        );
        let body = json!({ "id": 7, "age": 1.5, "at": "today", "mails": [{ "mail": "a@b.c" }, {}, 3, { "mail": "x" }], "more": 1 });
        assert_eq!(
            told(&fields, body, true),
            [
                "age must be an integer",
                "at must be an RFC 3339 timestamp",
                "last is required",
                "mails[1].mail is required",
                "mails[2] must be an object",
                "mails[3].mail must be an email address",
            ]
        );
        assert_eq!(told(&fields, json!({ "last": " " }), true), ["last must not be empty"]);
        assert_eq!(told(&fields, json!({ "age": null }), false), Vec::<String>::new());
        assert_eq!(told(&fields, json!({ "last": null }), false), ["last is required"]);
    }

    #[test]
    fn what_is_required_and_derived_may_depend_on_another_field() {
        let fields = fields(
            "firm = { type = 'boolean', default = false }\n\
             last = { type = 'string', required_when = { firm = false } }\n\
             name = { type = 'string', required_when = { firm = true }, derived = '{{last}}', derived_when = { firm = false } }",
        );
        assert_eq!(told(&fields, json!({}), true), ["last is required"], "a default counts");
        assert_eq!(told(&fields, json!({ "firm": true }), true), ["name is required"]);
        assert_eq!(told(&fields, json!({ "firm": true, "name": "Fjell" }), true), Vec::<String>::new());
        let derived = |record: Value| fields["name"].derivation(&fields, record.as_object().unwrap()).is_some();
        assert!(derived(json!({ "last": "Doe" })) && !derived(json!({ "firm": true })));
        assert!(!fields["name"].is_owned(), "a body may say it");
    }

    #[test]
    fn paths_reach_into_arrays() {
        let Value::Object(record) = json!({ "a": [{ "b": 1 }, { "b": 2 }, 3], "c": { "d": 4 } }) else {
            unreachable!()
        };
        assert_eq!(values_at(&record, "a[].b"), [&json!(1), &json!(2)]);
        assert_eq!(values_at(&record, "c.d"), [&json!(4)]);
        assert!(values_at(&record, "c.x.y").is_empty());
    }
}
