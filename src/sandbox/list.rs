//! One page of a list: filters, order, cursor, and which fields are shown.
//!
//! A cursor says after or before which record a page lies, not how many records come before it: so a client
//! that walks through a list meets every record once, also when others are made or deleted meanwhile.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::data::{Comparison, Filter, List, Resource};
use super::shape::{self, Shape, Type};
use super::store::Row;
use super::url::{self, Parameter};
use crate::clock::Timestamp;

/// One page of a list.
#[derive(Debug, PartialEq)]
pub(super) struct Page {
    pub(super) records: Vec<Value>,
    pub(super) next: Option<String>,
    pub(super) previous: Option<String>,
    /// How many records a page holds at most.
    pub(super) size: usize,
}

/// Why a parameter is refused.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct BadParameter {
    pub(super) parameter: String,
    pub(super) value: String,
    /// What follows after its name: "must be a whole number".
    pub(super) problem: String,
}

impl BadParameter {
    fn new(parameter: &Parameter, problem: impl Into<String>) -> Self {
        let name = match &parameter.key {
            Some(key) => format!("{}[{key}]", parameter.name),
            None => parameter.name.clone(),
        };
        Self { parameter: name, value: parameter.value.clone(), problem: problem.into() }
    }
}

/// The order of a list: by a field or by creation.
#[derive(Debug, Default)]
struct Order {
    field: Option<String>,
    is_descending: bool,
}

/// A place between two records of an order.
#[derive(Debug)]
struct Cursor {
    is_forward: bool,
    /// The value of the field that orders the list.
    key: Value,
    serial: u64,
}

/// The page of `rows` that the query asks for.
pub(super) fn page(rows: &[Row], resource: &Resource, list: &List, query: &[Parameter]) -> Result<Page, BadParameter> {
    let mut size = usize::try_from(list.page_size).unwrap_or(usize::MAX);
    let mut order = Order::default();
    let mut cursor = None;
    let mut kept = rows.iter().collect::<Vec<_>>();
    // Clients send empty parameters for what they do not say: an empty cursor is the first page.
    for parameter in query.iter().filter(|parameter| !parameter.value.is_empty()) {
        if list.limit.contains(&parameter.name) {
            let asked = parameter.value.parse().ok().filter(|size| *size > 0);
            let asked: u64 = asked.ok_or_else(|| BadParameter::new(parameter, "must be a whole number above 0"))?;
            size = usize::try_from(asked.min(list.max_page_size)).unwrap_or(usize::MAX);
        } else if list.cursor.contains(&parameter.name) {
            cursor = Some(Cursor::read(parameter)?);
        } else if parameter.name == list.sort {
            order = Order::read(parameter, resource)?;
        } else if let Some(filter) = filter(parameter, resource, list)? {
            check_value(parameter, &filter, resource)?;
            kept.retain(|row| passes(&row.record, &filter, &parameter.value));
        }
    }
    kept.sort_by(|a, b| order.compare(a, &order.key(b), b.serial));
    let (start, end) = match &cursor {
        None => (0, size.min(kept.len())),
        Some(cursor) if cursor.is_forward => {
            let start = kept.partition_point(|row| order.compare(row, &cursor.key, cursor.serial).is_le());
            (start, start.saturating_add(size).min(kept.len()))
        }
        Some(cursor) => {
            let end = kept.partition_point(|row| order.compare(row, &cursor.key, cursor.serial).is_lt());
            (end.saturating_sub(size), end)
        }
    };
    let shown = &kept[start..end];
    let at = |row: &&Row, is_forward| Cursor { is_forward, key: order.key(row), serial: row.serial }.write();
    Ok(Page {
        records: shown.iter().map(|row| visible(&row.record, list, query)).collect(),
        next: shown.last().filter(|_| end < kept.len()).map(|row| at(row, true)),
        size,
        previous: shown.first().filter(|_| start > 0).map(|row| at(row, false)),
    })
}

/// The record without the fields that the query leaves out.
pub(super) fn visible(record: &Map<String, Value>, list: &List, query: &[Parameter]) -> Value {
    let excluded = query.iter().filter(|parameter| parameter.name == list.exclude).map(|parameter| &parameter.value);
    let dropped =
        list.drop.iter().filter(|(name, _)| query.iter().any(|given| given.name == **name && given.value == "true"));
    let hidden = excluded.chain(dropped.map(|(_, field)| field)).collect::<BTreeSet<_>>();
    let shown = record.iter().filter(|(name, _)| !hidden.contains(name));
    Value::Object(shown.map(|(name, value)| (name.clone(), value.clone())).collect())
}

/// What `parameter` filters by; `None` where it is no filter.
fn filter(parameter: &Parameter, resource: &Resource, list: &List) -> Result<Option<Filter>, BadParameter> {
    if let Some(filter) = list.filters.get(&parameter.name).filter(|_| parameter.key.is_none()) {
        return Ok(Some(filter.clone()));
    }
    if !resource.fields.contains_key(&parameter.name) {
        return Ok(None);
    }
    let comparison = match parameter.key.as_deref() {
        None | Some("eq") => Comparison::Eq,
        Some("ne") => Comparison::Ne,
        Some("gt") => Comparison::Gt,
        Some("gte") => Comparison::Gte,
        Some("lt") => Comparison::Lt,
        Some("lte") => Comparison::Lte,
        Some("in") => Comparison::In,
        Some(_) => return Err(BadParameter::new(parameter, "must compare by eq, ne, gt, gte, lt, lte or in")),
    };
    Ok(Some(Filter { field: parameter.name.clone(), comparison }))
}

fn check_value(parameter: &Parameter, filter: &Filter, resource: &Resource) -> Result<(), BadParameter> {
    let is_instant = resource.fields.get(&filter.field).is_some_and(|shape: &Shape| shape.kind == Type::Timestamp);
    if is_instant && filter.comparison != Comparison::In && instant(&parameter.value).is_none() {
        return Err(BadParameter::new(parameter, "must be an RFC 3339 timestamp"));
    }
    Ok(())
}

/// An instant or a date, which is its first instant.
fn instant(text: &str) -> Option<Timestamp> {
    Timestamp::parse(text).or_else(|| Timestamp::parse(&format!("{text}T00:00:00Z")))
}

/// True where some value at the filter's field compares as asked.
fn passes(record: &Map<String, Value>, filter: &Filter, given: &str) -> bool {
    let values = shape::values_at(record, &filter.field);
    let some = |holds: fn(Ordering) -> bool| values.iter().any(|value| against(value, given).is_some_and(holds));
    match filter.comparison {
        Comparison::Eq => some(Ordering::is_eq),
        Comparison::Ne => !some(Ordering::is_eq),
        Comparison::Gt => some(Ordering::is_gt),
        Comparison::Gte => some(Ordering::is_ge),
        Comparison::Lt => some(Ordering::is_lt),
        Comparison::Lte => some(Ordering::is_le),
        Comparison::In => {
            given.split(',').any(|one| values.iter().any(|value| against(value, one).is_some_and(Ordering::is_eq)))
        }
    }
}

/// How a record's value compares with a query's text.
fn against(value: &Value, given: &str) -> Option<Ordering> {
    match value {
        Value::String(text) => match (Timestamp::parse(text), instant(given)) {
            (Some(text), Some(given)) => Some(text.cmp(&given)),
            _ => Some(text.as_str().cmp(given)),
        },
        Value::Number(number) => number.as_f64()?.partial_cmp(&given.parse().ok()?),
        Value::Bool(flag) => Some(flag.cmp(&given.parse().ok()?)),
        _ => None,
    }
}

impl Order {
    fn read(parameter: &Parameter, resource: &Resource) -> Result<Self, BadParameter> {
        let (field, direction) = match &parameter.key {
            Some(field) => (field, parameter.value.as_str()),
            None => (&parameter.value, "asc"),
        };
        let is_descending = match direction {
            "asc" => false,
            "desc" => true,
            _ => return Err(BadParameter::new(parameter, "must be asc or desc")),
        };
        if !resource.fields.contains_key(field) {
            return Err(BadParameter::new(parameter, "must name a field"));
        }
        Ok(Self { field: Some(field.clone()), is_descending })
    }

    /// What `row` is ordered by.
    fn key(&self, row: &Row) -> Value {
        self.field.as_ref().and_then(|field| row.record.get(field)).cloned().unwrap_or_default()
    }

    /// How `row` lies to the place that `key` and `serial` mark.
    fn compare(&self, row: &Row, key: &Value, serial: u64) -> Ordering {
        let by_field = compare(&self.key(row), key);
        let by_field = if self.is_descending { by_field.reverse() } else { by_field };
        by_field.then(row.serial.cmp(&serial))
    }
}

/// A total order of JSON values: by type first, then by value.
fn compare(a: &Value, b: &Value) -> Ordering {
    let rank = |value: &Value| match value {
        Value::Null => 0,
        Value::Bool(_) => 1,
        Value::Number(_) => 2,
        Value::String(_) => 3,
        Value::Array(_) => 4,
        Value::Object(_) => 5,
    };
    rank(a).cmp(&rank(b)).then_with(|| match (a, b) {
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        (Value::Number(a), Value::Number(b)) => {
            a.as_f64().unwrap_or_default().total_cmp(&b.as_f64().unwrap_or_default())
        }
        (Value::String(a), Value::String(b)) => a.cmp(b),
        _ => Ordering::Equal,
    })
}

impl Cursor {
    /// Opaque, as clients must take it: hexadecimal digits of JSON.
    fn write(&self) -> String {
        let text = json!([self.is_forward, self.key, self.serial]).to_string();
        text.bytes().map(|byte| format!("{byte:02x}")).collect()
    }

    fn read(parameter: &Parameter) -> Result<Self, BadParameter> {
        let digits = parameter.value.as_bytes().chunks(2);
        let bytes = digits.map(|pair| match pair {
            [high, low] => Some((url::hex(*high)? << 4) | url::hex(*low)?),
            _ => None,
        });
        bytes
            .collect::<Option<Vec<_>>>()
            .and_then(|bytes| serde_json::from_slice::<(bool, Value, u64)>(&bytes).ok())
            .map(|(is_forward, key, serial)| Self { is_forward, key, serial })
            .ok_or_else(|| BadParameter::new(parameter, "must be a cursor from an earlier page"))
    }
}
