//! Invented records: made when somebody asks for them, as a whole or as far as somebody looks at them.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, MutexGuard, PoisonError};

use serde_json::{Map, Value};

use super::{Maker, Store};
use crate::clock::Timestamp;
use crate::sandbox::data::Resource;
use crate::sandbox::instants::TimeFormat;
use crate::sandbox::invention::{Invented, Setting};
use crate::sandbox::record;
use crate::sandbox::shape::Set;
use crate::sandbox::table::{Row, Table};
use crate::sandbox::template::{self, Values, Variables};

/// The invented records that are kept for the next time: what many pages of a list have, and few megabytes.
const KEPT_ROWS: usize = 1_000;

impl Store {
    /// The record at a position.
    pub(in crate::sandbox) fn row(
        &self,
        maker: &Maker<'_>,
        resource: &str,
        account: &str,
        position: u64,
    ) -> Option<Arc<Row>> {
        let (number, table) = self.numbered(resource, account)?;
        if let Some(row) = table.written(position) {
            return Some(Arc::clone(row));
        }
        if let Some(row) = self.rows().get(&(*number, position)) {
            return Some(Arc::clone(row));
        }
        let row = self.invent(maker, resource, account, table, position, None)?;
        let mut rows = self.rows();
        if rows.len() >= KEPT_ROWS {
            rows.clear();
        }
        rows.insert((*number, position), Arc::clone(&row));
        Some(row)
    }

    /// The same with no more than these of its fields, for whoever only looks through many; all of it where one of them
    /// follows from others.
    pub(in crate::sandbox) fn glance(
        &self,
        maker: &Maker<'_>,
        resource: &str,
        account: &str,
        position: u64,
        fields: &[String],
    ) -> Option<Arc<Row>> {
        let shape = maker.api.resources.get(resource)?;
        let is_own = |name: &String| shape.fields.get(name).is_none_or(|shape| !shape.is_made());
        let (_, table) = self.numbered(resource, account)?;
        if table.written(position).is_some() || !fields.iter().all(is_own) {
            return self.row(maker, resource, account, position);
        }
        self.invent(maker, resource, account, table, position, Some(fields))
    }

    fn rows(&self) -> MutexGuard<'_, HashMap<(usize, u64), Arc<Row>>> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes an invented record, or `only` these fields of it.
    fn invent(
        &self,
        maker: &Maker<'_>,
        resource: &str,
        account: &str,
        table: &Table,
        position: u64,
        only: Option<&[String]>,
    ) -> Option<Arc<Row>> {
        let shape = maker.api.resources.get(resource)?;
        let (segment, index) = table.invented(position)?;
        let seeds = shape.seeds.get(segment.seeds)?;
        let nothing = BTreeMap::new();
        let counts = self.seeds.get(account).unwrap_or(&nothing);
        let count = |kind: &str| {
            let (name, _, at) = maker.api.resource_of(kind)?;
            counts.get(name).map(|counts| counts.of(at)).filter(|count| *count > 0)
        };
        let id = |kind: &str, n: u64| {
            let (name, resource, at) = maker.api.resource_of(kind)?;
            let before: u64 = (0..at).map(|seeds| counts.get(name).map_or(0, |counts| counts.of(seeds))).sum();
            Some(record::id_value(resource, &resource.id.write(resource.first + before + n - 1)))
        };
        let setting = Setting {
            inventions: maker.inventions,
            words: &maker.api.words,
            seed: maker.seed,
            start: maker.start,
            count: &count,
            id: &id,
        };
        let (made, changed) = (segment.times.made(index), segment.times.changed(index));
        let invented = Dated {
            invented: Invented::new(&setting, seeds.kind.get_ref(), index + 1),
            time: &maker.api.time,
            made,
            changed,
        };
        let mut record = Map::new();
        let own_id = shape.id.write(shape.first + position);
        let row = |id, record| Some(Arc::new(Row { position, id, record, made, changed, deleted: None, version: 0 }));
        let value = |name: &String, field| {
            let value = template::fill(field, &invented);
            match shape.fields.get(name) {
                Some(shape) => shape.coerced(value),
                None => value,
            }
        };
        if let Some(only) = only {
            let wanted = |name: &String| only.contains(name);
            record.extend(
                seeds
                    .fields
                    .iter()
                    .filter(|(name, _)| wanted(name))
                    .map(|(name, field)| (name.clone(), value(name, field))),
            );
            fill_up(shape, &mut record, shape.first + position, wanted);
            return row(own_id, record);
        }
        if let Some(field) = shape.field(Set::Id) {
            record.insert(field.to_owned(), Value::Null);
        }
        for (name, field) in &seeds.fields {
            record.insert(name.clone(), value(name, field));
        }
        fill_up(shape, &mut record, shape.first + position, |_| true);
        record::complete(maker.api, shape, &mut record, &own_id, made, changed, None);
        row(own_id, record)
    }
}

/// Puts into a new record what nobody has said of its fields that are `wanted`: the default of a field, else null.
pub(super) fn fill_up(
    resource: &Resource,
    record: &mut Map<String, Value>,
    number: u64,
    wanted: impl Fn(&String) -> bool,
) {
    let numbered = Variables::from_iter([("n".to_owned(), Value::from(number))]);
    for (name, field) in resource.fields.iter().filter(|(name, _)| wanted(name)) {
        if !record.contains_key(name) {
            let default = field.default.as_ref().map(|default| template::fill(default, &numbered));
            record.insert(name.clone(), default.unwrap_or_default());
        }
    }
}

/// An invented record with its times as its provider writes them.
struct Dated<'s> {
    invented: Invented<'s>,
    time: &'s TimeFormat,
    made: Timestamp,
    changed: Timestamp,
}

impl Values for Dated<'_> {
    fn value(&self, name: &str) -> Option<Cow<'_, Value>> {
        match name {
            "created" => Some(Cow::Owned(self.time.write(self.made))),
            "updated" => Some(Cow::Owned(self.time.write(self.changed))),
            name => self.invented.value(name),
        }
    }
}
