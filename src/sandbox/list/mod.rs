//! Lists: which records a request asks for, in which order, and which of them come on one page.

mod ask;
mod cursor;
mod field;
pub(super) mod language;
mod source;
mod test;
mod unread;

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;

use super::data::Which;
use super::table::{By, Key, Mark, Row, Table};

pub(super) use ask::{filters, read, which};
pub(super) use cursor::{Cursor, opaque, short_hash, transparent};
pub(super) use source::{Source, root};
pub(super) use test::{Operand, Subject, Test, compare};
pub(super) use unread::beyond;

/// What a request asks of a list.
#[derive(Debug, Clone)]
pub(super) struct Ask {
    /// Records on a page at most.
    pub(super) size: usize,
    pub(super) start: Start,
    pub(super) order: Order,
    /// All of these must hold.
    pub(super) tests: Vec<Test>,
    /// Groups of tests, of one of which all must hold. Without a group every record passes.
    pub(super) groups: Vec<Vec<Test>>,
    pub(super) which: Which,
    /// No more records than these, whatever the pages.
    pub(super) most: Option<u64>,
    /// Of the records before the page these do not count in the total.
    pub(super) left_out: u64,
    /// True: the total is that of all records that pass, whatever `most` says.
    pub(super) counts_all: bool,
    /// The fields to show, where a language names them.
    pub(super) fields: Option<Vec<String>>,
    /// What a cursor must carry, since the request that goes on says nothing else.
    pub(super) carried: Option<String>,
}

/// Where a page begins.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Start {
    /// After so many records.
    Skip(u64),
    /// After or before a record.
    At(Cursor),
}

/// The order of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Order {
    pub(super) by: OrderBy,
    pub(super) descending: bool,
}

/// What a list is ordered by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum OrderBy {
    /// As they came in: by their ids.
    Placed,
    Made,
    Changed,
    Field(String),
}

/// One page.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) rows: Vec<Arc<Row>>,
    /// How many records lie before it.
    pub(super) before: u64,
    pub(super) next: Option<Cursor>,
    pub(super) previous: Option<Cursor>,
}

/// Makes the record at a position.
pub(super) type Make<'m> = dyn FnMut(u64) -> Option<Arc<Row>> + 'm;

/// The records that pass, where somebody has looked at all of them already.
pub(super) type Passing = BTreeSet<u64>;

impl Ask {
    /// The fields at which one must look to tell which records are shown, and in which order.
    pub(super) fn looks_at(&self) -> Vec<String> {
        let tests = self.tests.iter().chain(self.groups.iter().flatten());
        let of_tests = tests.flat_map(|test| match &test.subject {
            Subject::Field(path) => vec![root(path).to_owned()],
            Subject::Any(paths) => paths.iter().map(|path| root(path).to_owned()).collect(),
            Subject::Made | Subject::Changed => Vec::new(),
        });
        let mut fields: Vec<String> = of_tests.collect();
        if let OrderBy::Field(field) = &self.order.by {
            fields.push(field.clone());
        }
        fields
    }

    /// Whether the record of this key is shown; it is made only where the tests need that.
    fn shows(&self, key: &Key, passing: Option<&Passing>, look: &mut Make<'_>) -> bool {
        if let Some(passing) = passing {
            return passing.contains(&key.position);
        }
        let is_there = match self.which {
            Which::Live => !key.is_deleted,
            Which::Deleted => key.is_deleted,
            Which::All => true,
        };
        if !is_there {
            return false;
        }
        let mut row = None;
        let mut holds = |test: &Test| {
            test.by_key(key).unwrap_or_else(|| {
                let row = row.get_or_insert_with(|| look(key.position));
                row.as_ref().is_some_and(|row| test.passes(row))
            })
        };
        self.tests.iter().all(&mut holds)
            && (self.groups.is_empty() || self.groups.iter().any(|group| group.iter().all(&mut holds)))
    }

    /// The earliest instant of change that can pass, where the list is in that order: nothing before it is looked at.
    fn earliest(&self) -> Option<Mark> {
        use super::data::Comparison::{Gt, Gte};
        let group = match self.groups.as_slice() {
            [] => &[] as &[Test],
            [group] => group,
            _ => return None,
        };
        let bounds = self.tests.iter().chain(group).filter(|test| !test.not).filter_map(|test| {
            match (&test.subject, &test.value, test.is) {
                (Subject::Changed, Operand::Instant(instant), Gt | Gte) => Some(*instant),
                _ => None,
            }
        });
        let micros = bounds.max()?.micros().saturating_sub(1);
        Some(Mark { instant: crate::clock::Timestamp::from_micros(micros), position: u64::MAX })
    }

    /// How many records there are in all, and which where that took a look into them: `look` gives the fields of a record
    /// that tests look at.
    pub(super) fn total(&self, table: &Table, look: &mut Make<'_>) -> (u64, Option<Passing>) {
        let mark = self.earliest();
        let by = if mark.is_some() { By::Changed } else { By::Placed };
        let shown = table.scan(by, false, mark).filter(|key| self.shows(key, None, look));
        let (count, passing) = if self.looks_at().is_empty() {
            (shown.count(), None)
        } else {
            let passing: Passing = shown.map(|key| key.position).collect();
            (passing.len(), Some(passing))
        };
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        let count = self.most.filter(|_| !self.counts_all).map_or(count, |most| most.min(count));
        (count.saturating_sub(self.left_out), passing)
    }

    /// The page. `make` makes its records, `look` the fields of any that tests and the order look at.
    pub(super) fn page(
        &self,
        table: &Table,
        now: crate::clock::Timestamp,
        passing: Option<&Passing>,
        look: &mut Make<'_>,
        make: &mut Make<'_>,
    ) -> Page {
        let (skip, cursor) = match &self.start {
            Start::Skip(skip) => (*skip, None),
            Start::At(cursor) => (0, Some(cursor)),
        };
        let before = cursor.map_or(skip, |cursor| cursor.before);
        let left = self.most.map_or(usize::MAX, |most| usize::try_from(most.saturating_sub(before)).unwrap_or(0));
        let size = self.size.min(left);
        // One more tells whether there is a next page.
        let wanted = size.saturating_add(usize::from(size < left));
        let is_back = cursor.is_some_and(|cursor| !cursor.forward);
        let skip = usize::try_from(skip).unwrap_or(usize::MAX);
        let mut rows: Vec<Arc<Row>> = match &self.order.by {
            OrderBy::Field(field) => {
                let found = self.sorted(table, field, cursor, (skip, wanted), passing, look);
                found.into_iter().filter_map(make).collect()
            }
            by => {
                let by = match by {
                    OrderBy::Made => By::Made,
                    OrderBy::Changed => By::Changed,
                    OrderBy::Placed | OrderBy::Field(_) => By::Placed,
                };
                let descending = self.order.descending != is_back;
                let mark = cursor.map(|cursor| Mark {
                    instant: crate::clock::Timestamp::from_micros(cursor.instant),
                    position: cursor.position,
                });
                let earliest = self.earliest().filter(|_| by == By::Changed && !descending);
                let positions: Vec<u64> = table
                    .scan(by, descending, mark.max(earliest))
                    .filter(|key| self.shows(key, passing, look))
                    .map(|key| key.position)
                    .skip(skip)
                    .take(wanted)
                    .collect();
                positions.into_iter().filter_map(make).collect()
            }
        };
        let is_more = rows.len() > size;
        rows.truncate(size);
        if is_back {
            rows.reverse();
        }
        let count = u64::try_from(rows.len()).unwrap_or(0);
        let before = if is_back { before.saturating_sub(count) } else { before };
        let (has_next, has_previous) = if is_back { (true, is_more) } else { (is_more, before > 0) };
        let cursor = |row: &Arc<Row>, forward: bool, before: u64| Cursor {
            forward,
            instant: if self.order.by == OrderBy::Made { row.made } else { row.changed }.micros(),
            position: row.position,
            key: self.order.key(row),
            before,
            issued: now.micros(),
            query: self.carried.clone(),
        };
        let next = rows.last().filter(|_| has_next).map(|row| cursor(row, true, before + count));
        let previous = rows.first().filter(|_| has_previous).map(|row| cursor(row, false, before));
        Page { rows, before, next, previous }
    }

    /// Where the records lie that are ordered by a field, which takes a look at all of them.
    fn sorted(
        &self,
        table: &Table,
        field: &str,
        cursor: Option<&Cursor>,
        (skip, wanted): (usize, usize),
        passing: Option<&Passing>,
        look: &mut Make<'_>,
    ) -> Vec<u64> {
        let mut found: Vec<(Value, u64)> = Vec::new();
        for key in table.scan(By::Placed, false, None) {
            if self.shows(&key, passing, look) {
                let row = look(key.position);
                let value = row.and_then(|row| row.record.get(field).cloned()).unwrap_or_default();
                found.push((value, key.position));
            }
        }
        let place = |a: (&Value, u64), b: (&Value, u64)| {
            let by_value = compare(a.0, b.0);
            let by_value = if self.order.descending { by_value.reverse() } else { by_value };
            by_value.then(a.1.cmp(&b.1))
        };
        found.sort_by(|a, b| place((&a.0, a.1), (&b.0, b.1)));
        let positions = |found: Vec<(Value, u64)>| found.into_iter().map(|(_, position)| position);
        let Some(cursor) = cursor else { return positions(found).skip(skip).take(wanted).collect() };
        let nothing = Value::Null;
        let at = (cursor.key.as_ref().unwrap_or(&nothing), cursor.position);
        if cursor.forward {
            found.retain(|(value, position)| place((value, *position), at).is_gt());
        } else {
            found.retain(|(value, position)| place((value, *position), at).is_lt());
            found.reverse();
        }
        positions(found).take(wanted).collect()
    }
}

impl Order {
    /// The value of the field by which the list is ordered.
    fn key(&self, row: &Row) -> Option<Value> {
        match &self.by {
            OrderBy::Field(field) => Some(row.record.get(field).cloned().unwrap_or_default()),
            OrderBy::Placed | OrderBy::Made | OrderBy::Changed => None,
        }
    }
}
