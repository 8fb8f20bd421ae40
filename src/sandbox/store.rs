//! The records of a world, by resource and account, in the order in which they were made.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::data::Api;

/// A record and its place in the order of creation.
#[derive(Debug, Clone)]
pub(super) struct Row {
    /// It grows with every record, and no two records share one.
    pub(super) serial: u64,
    pub(super) id: String,
    pub(super) record: Map<String, Value>,
}

/// All records of an API in one world.
#[derive(Debug)]
pub(super) struct Store {
    tables: BTreeMap<(String, String), Vec<Row>>,
    /// The next number for an id, by resource.
    numbers: BTreeMap<String, u64>,
    serial: u64,
}

impl Store {
    /// The records that exist from the start.
    pub(super) fn new(api: &Api) -> Self {
        let numbers = api.resources.iter().map(|(name, resource)| (name.clone(), resource.first)).collect();
        let mut store = Self { tables: BTreeMap::new(), numbers, serial: 0 };
        for (name, resource) in &api.resources {
            for records in &resource.records {
                let account = records.account.as_ref().map_or("", |account| account.get_ref());
                for row in &records.rows {
                    let id = resource.id_of(&row.value).unwrap_or_default().to_owned();
                    store.add(name, account, id, row.value.clone());
                }
            }
        }
        store
    }

    /// The records of `account`; of no account where it is empty.
    pub(super) fn rows(&self, resource: &str, account: &str) -> &[Row] {
        self.tables.get(&(resource.to_owned(), account.to_owned())).map_or(&[], Vec::as_slice)
    }

    pub(super) fn find(&self, resource: &str, account: &str, id: &str) -> Option<&Row> {
        self.rows(resource, account).iter().find(|row| row.id == id)
    }

    pub(super) fn find_mut(&mut self, resource: &str, account: &str, id: &str) -> Option<&mut Row> {
        let rows = self.tables.get_mut(&(resource.to_owned(), account.to_owned()))?;
        rows.iter_mut().find(|row| row.id == id)
    }

    pub(super) fn add(&mut self, resource: &str, account: &str, id: String, record: Map<String, Value>) {
        self.serial += 1;
        let row = Row { serial: self.serial, id, record };
        self.tables.entry((resource.to_owned(), account.to_owned())).or_default().push(row);
    }

    pub(super) fn remove(&mut self, resource: &str, account: &str, id: &str) {
        if let Some(rows) = self.tables.get_mut(&(resource.to_owned(), account.to_owned())) {
            rows.retain(|row| row.id != id);
        }
    }

    /// A number that no record of `resource` has had.
    pub(super) fn number(&mut self, resource: &str) -> u64 {
        let next = self.numbers.entry(resource.to_owned()).or_default();
        let number = *next;
        *next = next.wrapping_add(1);
        number
    }
}
