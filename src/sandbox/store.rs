//! The records of a world: a table for each resource of each account, and how their records are made and shown.

mod invented;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};

use serde_json::{Map, Value};

use super::data::{Api, Counts};
use super::invention::Inventions;
use super::record;
use super::shape::Set;
use super::table::{Row, Table};
use crate::clock::Timestamp;
use invented::fill_up;

/// The bytes of records' texts that are kept for the next time.
const KEPT_BYTES: usize = 12 << 20;

/// A record as answers show it.
#[derive(Debug)]
pub(super) struct Item {
    /// JSON.
    pub(super) text: String,
    /// What the unified API made of it, by the number of the mapping.
    pub(super) unified: Mutex<Option<(u64, Arc<str>)>>,
}

impl Item {
    pub(super) fn new(text: String) -> Self {
        Self { text, unified: Mutex::default() }
    }
}

/// What an item depends on: its table, its record's position and version, and the fields that are asked for.
type ItemKey = (usize, u64, u64, u64);

/// A record of the resource that is watched, as it was and as it is.
#[derive(Debug)]
pub(super) struct Change {
    /// Nothing where it is new.
    pub(super) before: Option<Map<String, Value>>,
    pub(super) after: Arc<Row>,
}

/// All records of an API in one world.
#[derive(Debug, Default)]
pub(super) struct Store {
    /// By resource and account, each with a number of its own.
    tables: HashMap<String, HashMap<String, (usize, Table)>>,
    /// How many tables were made.
    made: usize,
    /// How many invented records an account has, by resource.
    seeds: BTreeMap<String, BTreeMap<String, Counts>>,
    items: HashMap<ItemKey, Arc<Item>>,
    item_bytes: usize,
    /// Invented records, by the number of their table and their position. They are the same every time.
    rows: Mutex<HashMap<(usize, u64), Arc<Row>>>,
    /// The resource whose changes are noted, and what was noted since somebody took it.
    watched: Option<String>,
    changes: Vec<Change>,
    /// What was there before each write, while they may have to be undone.
    undoable: Option<Vec<Before>>,
}

/// What was at a position of the table of a resource of an account.
#[derive(Debug)]
struct Before {
    resource: String,
    account: String,
    position: u64,
    row: Option<Arc<Row>>,
}

/// What records are made from.
#[derive(Clone, Copy)]
pub(super) struct Maker<'c> {
    pub(super) api: &'c Api,
    pub(super) inventions: &'c Inventions,
    /// Another number gives other invented records.
    pub(super) seed: u64,
    /// The instant at which the world starts.
    pub(super) start: Timestamp,
}

impl Store {
    /// The records that exist from the start.
    pub(super) fn new(maker: &Maker<'_>) -> Self {
        let mut store = Self::default();
        for account in &maker.api.accounts {
            store.connect(maker, account.id.get_ref(), account.seeds.clone());
        }
        for (name, resource) in &maker.api.resources {
            for records in &resource.records {
                let account = records.account.as_ref().map_or("", |account| account.get_ref());
                for row in &records.rows {
                    store.import(maker, name, account, row.value.clone());
                }
            }
        }
        store
    }

    /// Gives an account so many invented records.
    pub(super) fn connect(&mut self, maker: &Maker<'_>, account: &str, seeds: BTreeMap<String, Counts>) {
        for (name, counts) in &seeds {
            let Some(resource) = maker.api.resources.get(name) else { continue };
            let counts = (0..resource.seeds.len()).map(|index| counts.of(index));
            let table = Table::new(maker.start, counts);
            self.made += 1;
            self.tables.entry(name.clone()).or_default().insert(account.to_owned(), (self.made, table));
        }
        self.seeds.insert(account.to_owned(), seeds);
    }

    /// Keeps a record as it is given, with the id and the times that it says.
    pub(super) fn import(&mut self, maker: &Maker<'_>, name: &str, account: &str, mut record: Map<String, Value>) {
        let Some(resource) = maker.api.resources.get(name) else { return };
        let instant = |set: Set| {
            let value = record.get(resource.field(set)?)?;
            match value {
                Value::String(text) => Timestamp::parse_loosely(text),
                _ => None,
            }
        };
        let made = instant(Set::Created).unwrap_or(maker.start);
        let changed = instant(Set::Updated).unwrap_or(made);
        let id = resource.id_of(&record).unwrap_or_default();
        record::complete(maker.api, resource, &mut record, &id, made, changed, None);
        let table = self.table_mut(name, account);
        let position = table.next_position();
        table.write(Row { position, id, record, made, changed, deleted: None, version: 1 });
    }

    /// The table of a resource of an account; of no account where it is empty.
    pub(super) fn table(&self, resource: &str, account: &str) -> Option<&Table> {
        self.numbered(resource, account).map(|(_, table)| table)
    }

    /// The same, made where nothing was written yet.
    pub(super) fn table_mut(&mut self, resource: &str, account: &str) -> &mut Table {
        let tables = self.tables.entry(resource.to_owned()).or_default();
        let (_, table) = tables.entry(account.to_owned()).or_insert_with(|| {
            self.made += 1;
            (self.made, Table::default())
        });
        table
    }

    fn numbered(&self, resource: &str, account: &str) -> Option<&(usize, Table)> {
        self.tables.get(resource)?.get(account)
    }

    /// The record of this id that is still there, or was kept when it was deleted.
    pub(super) fn find(&self, maker: &Maker<'_>, resource: &str, account: &str, id: &str) -> Option<Arc<Row>> {
        let (table, known) = (self.table(resource, account)?, maker.api.resources.get(resource)?);
        let id = &*known.whole_id(id);
        let position = table.position_of(id).or_else(|| {
            let position = known.id.number(id)?.checked_sub(known.first)?;
            table.invented(position).map(|_| position)
        })?;
        self.row(maker, resource, account, position)
    }

    /// A record with a value at `path` that is this, whatever the case; not the record at `except`.
    pub(super) fn same(
        &self,
        maker: &Maker<'_>,
        resource: &str,
        account: &str,
        path: &str,
        value: &Value,
        except: Option<u64>,
    ) -> Option<Arc<Row>> {
        let table = self.table(resource, account)?;
        let is_other = |position: u64| Some(position) != except;
        let positions = (0..table.positions()).filter(|position| is_other(*position));
        let mut rows = positions.filter_map(|position| self.row(maker, resource, account, position));
        rows.find(|row| row.deleted.is_none() && record::has(&row.record, path, value))
    }

    /// Adds a record: under `id`, else under one that nobody has.
    pub(super) fn add(
        &mut self,
        maker: &Maker<'_>,
        resource: &str,
        account: &str,
        fields: Map<String, Value>,
        id: Option<String>,
        now: Timestamp,
    ) -> Option<Arc<Row>> {
        let shape = maker.api.resources.get(resource)?;
        let position = self.table_mut(resource, account).next_position();
        let mut number = shape.first + position;
        while self.find(maker, resource, account, &shape.id.write(number)).is_some() {
            number += 1;
        }
        let id = id.unwrap_or_else(|| shape.id.write(number));
        let mut record = Map::new();
        if let Some(field) = shape.field(Set::Id) {
            record.insert(field.to_owned(), Value::Null);
        }
        record.extend(fields);
        fill_up(shape, &mut record, number, |_| true);
        record::complete(maker.api, shape, &mut record, &id, now, now, None);
        let row = Row { position, id, record, made: now, changed: now, deleted: None, version: 1 };
        self.keep(resource, account, None, row)
    }

    /// Changes a record: each field that is given takes the place of the record's.
    pub(super) fn change(
        &mut self,
        maker: &Maker<'_>,
        resource: &str,
        account: &str,
        row: &Row,
        fields: Map<String, Value>,
        now: Timestamp,
    ) -> Option<Arc<Row>> {
        let shape = maker.api.resources.get(resource)?;
        let before = row.record.clone();
        let mut row = row.clone();
        row.record.extend(fields);
        row.changed = now;
        row.version += 1;
        record::complete(maker.api, shape, &mut row.record, &row.id, row.made, now, row.deleted);
        self.keep(resource, account, Some(before), row)
    }

    /// Deletes a record. What is left of it is for deletion feeds.
    pub(super) fn delete(
        &mut self,
        maker: &Maker<'_>,
        resource: &str,
        account: &str,
        row: &Row,
        now: Timestamp,
    ) -> Option<Arc<Row>> {
        let shape = maker.api.resources.get(resource)?;
        let before = row.record.clone();
        let mut row = row.clone();
        row.changed = now;
        row.deleted = Some(now);
        row.version += 1;
        record::complete(maker.api, shape, &mut row.record, &row.id, row.made, now, row.deleted);
        self.keep(resource, account, Some(before), row)
    }

    fn keep(
        &mut self,
        resource: &str,
        account: &str,
        before: Option<Map<String, Value>>,
        row: Row,
    ) -> Option<Arc<Row>> {
        let position = row.position;
        let table = self.table_mut(resource, account);
        let replaced = table.written(position).map(Arc::clone);
        table.write(row);
        if let Some(undoable) = &mut self.undoable {
            let (resource, account) = (resource.to_owned(), account.to_owned());
            undoable.push(Before { resource, account, position, row: replaced });
        }
        let row = self.table(resource, account)?.written(position).map(Arc::clone)?;
        if self.watched.as_deref() == Some(resource) {
            self.changes.push(Change { before, after: Arc::clone(&row) });
        }
        Some(row)
    }

    /// Notes what is there before each write, from now on: until the writes are undone or kept.
    pub(super) fn try_writes(&mut self) {
        self.undoable = Some(Vec::new());
    }

    /// Keeps what was written.
    pub(super) fn keep_writes(&mut self) {
        self.undoable = None;
    }

    /// Leaves nothing of what was written.
    pub(super) fn undo_writes(&mut self) {
        let writes = self.undoable.take().unwrap_or_default();
        if writes.is_empty() {
            return;
        }
        for Before { resource, account, position, row } in writes.into_iter().rev() {
            self.table_mut(&resource, &account).put_back(position, row);
        }
        // The texts are known by the versions of records, and another write is going to give the same ones.
        self.forget_items();
    }

    /// Notes what becomes of the records of a resource, from now on.
    pub(super) fn watch(&mut self, resource: &str) {
        self.watched = Some(resource.to_owned());
    }

    /// What was noted since the last call.
    pub(super) fn take_changes(&mut self) -> Vec<Change> {
        std::mem::take(&mut self.changes)
    }

    /// The text of a record, which `make` writes where it is not known yet.
    pub(super) fn item(
        &mut self,
        resource: &str,
        account: &str,
        row: &Row,
        selection: u64,
        make: impl FnOnce() -> String,
    ) -> Arc<Item> {
        let Some((table, _)) = self.numbered(resource, account) else {
            return Arc::new(Item::new(make()));
        };
        let key = (*table, row.position, row.version, selection);
        if let Some(item) = self.items.get(&key) {
            return Arc::clone(item);
        }
        let item = Arc::new(Item::new(make()));
        self.item_bytes += item.text.len();
        if self.item_bytes > KEPT_BYTES {
            self.items.clear();
            self.item_bytes = item.text.len();
        }
        self.items.insert(key, Arc::clone(&item));
        item
    }

    /// Forgets the texts of records, since they look otherwise now.
    pub(super) fn forget_items(&mut self) {
        self.items.clear();
        self.item_bytes = 0;
    }
}
