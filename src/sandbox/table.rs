//! The records of one resource of one account, in the order in which they were made.
//!
//! Invented records are kept as a number: one is made when somebody asks for it. Only what was written is kept, so that
//! a table of millions takes no memory, and a list can begin anywhere in it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use serde_json::{Map, Value};

use super::invention::Times;
use crate::clock::Timestamp;

/// A record with what is known of it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Row {
    /// Its place in the order of creation.
    pub(super) position: u64,
    pub(super) id: String,
    pub(super) record: Map<String, Value>,
    pub(super) made: Timestamp,
    pub(super) changed: Timestamp,
    pub(super) deleted: Option<Timestamp>,
    /// How often it was written.
    pub(super) version: u64,
}

/// What is known of a record without making it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) position: u64,
    pub(super) made: Timestamp,
    pub(super) changed: Timestamp,
    pub(super) is_deleted: bool,
}

/// Invented records of one kind, one after the other.
#[derive(Debug, Clone)]
pub(super) struct Segment {
    /// Which of the resource's seeds they are.
    pub(super) seeds: usize,
    /// The position of the first.
    pub(super) first: u64,
    pub(super) count: u64,
    pub(super) times: Times,
}

/// By what a list is ordered without looking into the records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    /// As they came in: by their ids.
    Placed,
    Made,
    Changed,
}

/// A place in an order: all that lies after it is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Mark {
    /// That of the change or of the creation, by which the list is ordered; where it is by neither, the position alone counts.
    pub(super) instant: Timestamp,
    pub(super) position: u64,
}

/// The records of one resource of one account.
#[derive(Debug, Default)]
pub(super) struct Table {
    pub(super) segments: Vec<Segment>,
    /// What was written: new records, and those that take the place of invented ones.
    written: BTreeMap<u64, Arc<Row>>,
    changes: BTreeSet<(Timestamp, u64)>,
    /// When what was written came to be, with its positions.
    beginnings: BTreeSet<(Timestamp, u64)>,
    /// The positions of new records.
    ids: HashMap<String, u64>,
    next: u64,
}

impl Table {
    /// A table with so many invented records of each of the resource's seeds.
    pub(super) fn new(start: Timestamp, counts: impl IntoIterator<Item = u64>) -> Self {
        let mut table = Self::default();
        for (seeds, count) in counts.into_iter().enumerate() {
            table.segments.push(Segment { seeds, first: table.next, count, times: Times::new(start, count) });
            table.next += count;
        }
        table
    }

    /// How many records there were and are.
    pub(super) fn positions(&self) -> u64 {
        self.next
    }

    /// The segment and the index in it of an invented record.
    pub(super) fn invented(&self, position: u64) -> Option<(&Segment, u64)> {
        let segment = self.segments.iter().find(|segment| position < segment.first + segment.count)?;
        Some((segment, position - segment.first))
    }

    /// What was written at `position`.
    pub(super) fn written(&self, position: u64) -> Option<&Arc<Row>> {
        self.written.get(&position)
    }

    /// Where the record lies that was made with this id.
    pub(super) fn position_of(&self, id: &str) -> Option<u64> {
        self.ids.get(id).copied()
    }

    /// The position for a new record.
    pub(super) fn next_position(&self) -> u64 {
        self.next
    }

    /// Keeps a record in place of what was at its position.
    pub(super) fn write(&mut self, row: Row) {
        let position = row.position;
        if position >= self.next {
            self.next = position + 1;
        }
        if self.invented(position).is_none() {
            self.ids.insert(row.id.clone(), position);
        }
        self.changes.insert((row.changed, position));
        self.beginnings.insert((row.made, position));
        if let Some(before) = self.written.insert(position, Arc::new(row))
            && self.written.get(&position).is_some_and(|row| row.changed != before.changed)
        {
            self.changes.remove(&(before.changed, position));
        }
    }

    /// Puts back what was at a position before it was written; nothing where it was not written yet.
    pub(super) fn put_back(&mut self, position: u64, before: Option<Arc<Row>>) {
        if let Some(row) = self.written.remove(&position) {
            self.changes.remove(&(row.changed, position));
            self.beginnings.remove(&(row.made, position));
            if before.is_none() && self.invented(position).is_none() {
                self.ids.remove(&row.id);
                self.next = self.next.min(position);
            }
        }
        if let Some(row) = before {
            self.changes.insert((row.changed, position));
            self.beginnings.insert((row.made, position));
            self.written.insert(position, row);
        }
    }

    /// What is known of the record at `position`.
    pub(super) fn key(&self, position: u64) -> Option<Key> {
        if let Some(row) = self.written.get(&position) {
            let is_deleted = row.deleted.is_some();
            return Some(Key { position, made: row.made, changed: row.changed, is_deleted });
        }
        let (segment, index) = self.invented(position)?;
        let (made, changed) = (segment.times.made(index), segment.times.changed(index));
        Some(Key { position, made, changed, is_deleted: false })
    }

    /// The keys in an order, after `mark` where there is one.
    pub(super) fn scan(&self, by: By, descending: bool, mark: Option<Mark>) -> Box<dyn Iterator<Item = Key> + '_> {
        match (by, descending) {
            (By::Placed, false) => {
                let from = mark.map_or(0, |mark| mark.position.saturating_add(1));
                Box::new((from..self.next).filter_map(|position| self.key(position)))
            }
            (By::Placed, true) => {
                let to = mark.map_or(self.next, |mark| mark.position.min(self.next));
                Box::new((0..to).rev().filter_map(|position| self.key(position)))
            }
            (By::Made | By::Changed, _) => Box::new(self.scan_instants(by, descending, mark)),
        }
    }

    /// Each kind of invented record has an order of its own, and what was written may be from whenever: they are merged.
    fn scan_instants(&self, by: By, descending: bool, mark: Option<Mark>) -> impl Iterator<Item = Key> + '_ {
        let mut sources: Vec<std::iter::Peekable<Box<dyn Iterator<Item = Key> + '_>>> = Vec::new();
        for segment in &self.segments {
            let key = move |place: u64| {
                let index = if by == By::Made { place } else { segment.times.index(place) };
                let position = segment.first + index;
                if self.written.contains_key(&position) { None } else { self.key(position) }
            };
            // Places at the mark's own instant are looked at again, and left out by the mark below.
            let first = |instant: Timestamp| match by {
                By::Made => segment.times.first_made(instant),
                _ => segment.times.first_place(instant),
            };
            let places: Box<dyn Iterator<Item = u64>> = if descending {
                let later = mark.map(|mark| Timestamp::from_micros(mark.instant.micros().saturating_add(1)));
                // Without a record there is no place.
                Box::new((0..later.map_or(segment.count, first).min(segment.count)).rev())
            } else {
                Box::new(mark.map_or(0, |mark| first(mark.instant))..segment.count)
            };
            let keys = places.filter_map(key);
            let keys: Box<dyn Iterator<Item = Key>> = match by {
                By::Made => Box::new(keys),
                _ => Box::new(of_instants(keys, by, descending)),
            };
            sources.push(keys.peekable());
        }
        let instants = if by == By::Made { &self.beginnings } else { &self.changes };
        let written: Box<dyn Iterator<Item = &(Timestamp, u64)>> =
            if descending { Box::new(instants.iter().rev()) } else { Box::new(instants.iter()) };
        let written: Box<dyn Iterator<Item = Key>> = Box::new(written.filter_map(|(_, position)| self.key(*position)));
        sources.push(written.peekable());
        let merged = std::iter::from_fn(move || {
            let next = sources.iter_mut().enumerate().filter_map(|(at, source)| Some((source.peek()?.mark(by), at)));
            let (_, at) = if descending { next.max()? } else { next.min()? };
            sources.get_mut(at)?.next()
        });
        merged.filter(move |key| {
            mark.is_none_or(|mark| if descending { key.mark(by) < mark } else { key.mark(by) > mark })
        })
    }
}

/// Brings those of the same instant into the order of their positions: where there are more records than instants, the
/// places of several are as good as one.
fn of_instants(keys: impl Iterator<Item = Key>, by: By, descending: bool) -> impl Iterator<Item = Key> {
    let mut keys = keys.peekable();
    let mut same = Vec::new();
    std::iter::from_fn(move || {
        if same.is_empty() {
            same.push(keys.next()?);
            let instant = same.first().map(|key: &Key| key.mark(by).instant);
            same.extend(std::iter::from_fn(|| keys.next_if(|key| Some(key.mark(by).instant) == instant)));
            same.sort_unstable_by_key(|key| key.position);
            if !descending {
                same.reverse();
            }
        }
        same.pop()
    })
}

impl Key {
    /// Its place in an order.
    pub(super) fn mark(&self, by: By) -> Mark {
        let instant = if by == By::Made { self.made } else { self.changed };
        Mark { instant, position: self.position }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn start() -> Timestamp {
        Timestamp::parse("2026-04-15T09:00:00Z").unwrap()
    }

    fn row(table: &Table, position: u64, changed: i64) -> Row {
        let made = table.key(position).map_or(start(), |key| key.made);
        let changed = Timestamp::from_micros(start().micros() + changed);
        Row { position, id: position.to_string(), record: Map::new(), made, changed, deleted: None, version: 1 }
    }

    fn positions(keys: impl Iterator<Item = Key>) -> Vec<u64> {
        keys.map(|key| key.position).collect()
    }

    /// Invented records of one kind after the other, all of 400 "days" of so many seconds each: the fewer, the more of them
    /// have the same instant.
    fn table(counts: Vec<u64>, day: u64) -> Table {
        let mut table = Table::new(start(), counts);
        for segment in &mut table.segments {
            segment.times = Times::in_days_of(start(), segment.count, day);
        }
        table
    }

    /// The positions in pages of three, each after the last of the page before.
    fn paged(table: &Table, by: By, descending: bool) -> Vec<u64> {
        let (mut found, mut mark) = (Vec::new(), None);
        loop {
            let page: Vec<Key> = table.scan(by, descending, mark).take(3).collect();
            let Some(last) = page.last() else { return found };
            mark = Some(last.mark(by));
            found.extend(positions(page.into_iter()));
        }
    }

    #[test]
    fn no_record_is_skipped_where_several_have_the_same_instant() {
        let table = table(vec![1_000, 2, 700], 1);
        for by in [By::Made, By::Changed] {
            let keys: Vec<Key> = table.scan(by, false, None).collect();
            let instants: BTreeSet<Timestamp> = keys.iter().map(|key| key.mark(by).instant).collect();
            assert!(instants.len() * 3 < keys.len(), "{} instants of {} records", instants.len(), keys.len());
            for descending in [false, true] {
                let mut expected = positions(keys.iter().copied());
                if descending {
                    expected.reverse();
                }
                assert_eq!(paged(&table, by, descending), expected, "{by:?} {descending}");
            }
        }
    }

    #[test]
    fn pages_of_many_millions_follow_each_other() {
        let table = Table::new(start(), [200_000_000]);
        for by in [By::Made, By::Changed] {
            for descending in [false, true] {
                let expected: Vec<Key> = table.scan(by, descending, None).take(200).collect();
                for keys in expected.windows(4) {
                    let next = positions(table.scan(by, descending, Some(keys[0].mark(by))).take(3));
                    assert_eq!(next, positions(keys[1..].iter().copied()), "{by:?} {descending}");
                }
            }
        }
    }

    proptest! {
        #[test]
        fn every_order_has_every_record_once_and_goes_on_after_any_of_them(
            counts in proptest::collection::vec(0_u64..30, 0..3),
            writes in proptest::collection::vec((0_u64..80, -9_000_000_000_000_i64..1000), 0..20),
            descending in any::<bool>(),
            day in prop_oneof![Just(1), Just(86_400)],
        ) {
            let mut table = table(counts, day);
            for (position, changed) in writes {
                let position = position.min(table.next_position());
                table.write(row(&table, position, changed));
            }
            for by in [By::Placed, By::Made, By::Changed] {
                let keys: Vec<Key> = table.scan(by, descending, None).collect();
                let mut sorted = keys.clone();
                match by {
                    By::Placed => sorted.sort_by_key(|key| key.position),
                    By::Made | By::Changed => sorted.sort_by_key(|key| key.mark(by)),
                }
                if descending {
                    sorted.reverse();
                }
                prop_assert_eq!(&keys, &sorted);
                prop_assert_eq!(keys.len() as u64, table.positions());
                for (at, key) in keys.iter().enumerate() {
                    let rest = positions(table.scan(by, descending, Some(key.mark(by))));
                    prop_assert_eq!(rest, positions(keys[at + 1..].iter().copied()));
                }
            }
        }
    }
}
