//! Lists: which records a request asks for, in which order, and which of them come on one page.

mod ask;
mod cursor;
mod field;
pub(super) mod language;
mod sorted;
mod source;
mod test;
mod unread;

use std::sync::Arc;

use serde_json::Value;

use super::data::Which;
use super::table::{By, Key, Mark, Row, Table};
use crate::clock::Timestamp;

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

/// Which of the records that pass a page needs.
#[derive(Debug, Clone, Copy)]
struct Span<'a> {
    /// After or before which record they lie.
    cursor: Option<&'a Cursor>,
    /// How many come before them.
    skip: usize,
    /// How many are wanted.
    most: usize,
}

impl Span<'_> {
    /// True where the page before the cursor is meant: its records come last first.
    fn is_back(&self) -> bool {
        self.cursor.is_some_and(|cursor| !cursor.forward)
    }
}

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

    /// Whether the record of this key is shown; `look` is asked for it only where the tests need that.
    fn shows(&self, key: &Key, look: &mut dyn FnMut() -> Option<Arc<Row>>) -> bool {
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
                let row = row.get_or_insert_with(&mut *look);
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
        Some(Mark { instant: Timestamp::from_micros(micros), position: u64::MAX })
    }

    /// The keys of all records that can pass, in the order in which that takes the least.
    fn candidates<'t>(&self, table: &'t Table) -> Box<dyn Iterator<Item = Key> + 't> {
        match self.earliest() {
            Some(earliest) => table.scan(By::Changed, false, Some(earliest)),
            None => table.scan(By::Placed, false, None),
        }
    }

    /// How many records pass. None of them is kept: there may be millions.
    fn count(&self, table: &Table, look: &mut Make<'_>) -> usize {
        self.candidates(table).filter(|key| self.shows(key, &mut || look(key.position))).count()
    }

    /// The total that is told where so many records pass.
    fn total(&self, count: usize) -> u64 {
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        let count = self.most.filter(|_| !self.counts_all).map_or(count, |most| most.min(count));
        count.saturating_sub(self.left_out)
    }

    /// Where the records of a page lie, and how many pass in all where that is known by then.
    fn positions(&self, table: &Table, span: Span<'_>, counts: bool, look: &mut Make<'_>) -> (Vec<u64>, Option<usize>) {
        let by = match &self.order.by {
            OrderBy::Field(field) => {
                let (positions, count) = self.sorted(table, field, span, look);
                return (positions, Some(count));
            }
            OrderBy::Made => By::Made,
            OrderBy::Changed => By::Changed,
            OrderBy::Placed => By::Placed,
        };
        let descending = self.order.descending != span.is_back();
        let mark = span
            .cursor
            .map(|cursor| Mark { instant: Timestamp::from_micros(cursor.instant), position: cursor.position });
        let earliest = self.earliest();
        let is_all = mark.is_none() && (earliest.is_none() || (by == By::Changed && !descending));
        let earliest = earliest.filter(|_| by == By::Changed && !descending);
        let mut found = table
            .scan(by, descending, mark.max(earliest))
            .filter(|key| self.shows(key, &mut || look(key.position)))
            .map(|key| key.position);
        let before = found.by_ref().take(span.skip).count();
        let positions: Vec<u64> = found.by_ref().take(span.most).collect();
        // Who has seen all that come before goes on to the end where the total is asked for, and need not begin anew.
        let count = (counts && is_all).then(|| before + positions.len() + found.count());
        (positions, count)
    }

    /// The page, and where `counts` the total. `make` makes the page's records, `look` the fields of any that tests and
    /// the order look at.
    pub(super) fn page(
        &self,
        table: &Table,
        now: Timestamp,
        counts: bool,
        look: &mut Make<'_>,
        make: &mut Make<'_>,
    ) -> (Page, Option<u64>) {
        let (skip, cursor) = match &self.start {
            Start::Skip(skip) => (*skip, None),
            Start::At(cursor) => (0, Some(cursor)),
        };
        let before = cursor.map_or(skip, |cursor| cursor.before);
        let left = self.most.map_or(usize::MAX, |most| usize::try_from(most.saturating_sub(before)).unwrap_or(0));
        let size = self.size.min(left);
        // One more tells whether there is a next page.
        let most = size.saturating_add(usize::from(size < left));
        let span = Span { cursor, skip: usize::try_from(skip).unwrap_or(usize::MAX), most };
        let (positions, count) = self.positions(table, span, counts, look);
        let total = counts.then(|| self.total(count.unwrap_or_else(|| self.count(table, look))));
        let rows = positions.into_iter().filter_map(make).collect();
        (self.page_of(rows, span, size, before, now), total)
    }

    /// The page that has these records, of which one more than `size` tells that there are others.
    fn page_of(&self, mut rows: Vec<Arc<Row>>, span: Span<'_>, size: usize, before: u64, now: Timestamp) -> Page {
        let is_back = span.is_back();
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
