//! Lists in the order of a field: it takes a look at every record, but no memory for each.

use std::cmp::Ordering;

use serde_json::Value;

use super::{Ask, Make, Span, compare};
use crate::sandbox::table::Table;

/// How many records are kept at a time on the way to a page that many come before: few megabytes.
const KEPT: usize = 20_000;

/// A record's place in the order: the value of the field, and where it lies.
type Place = (Value, u64);

impl Ask {
    /// Where the records of a page lie, and how many pass in all.
    pub(super) fn sorted(&self, table: &Table, field: &str, span: Span<'_>, look: &mut Make<'_>) -> (Vec<u64>, usize) {
        self.sorted_by_parts(table, field, span, KEPT, look)
    }

    /// The same, looking at all records again for each `part` of those that come before the page.
    fn sorted_by_parts(
        &self,
        table: &Table,
        field: &str,
        span: Span<'_>,
        part: usize,
        look: &mut Make<'_>,
    ) -> (Vec<u64>, usize) {
        let mut after = span.cursor.map(|cursor| (cursor.key.clone().unwrap_or_default(), cursor.position));
        let mut skip = span.skip;
        loop {
            let whole = skip.saturating_add(span.most);
            let most = whole.min(part.max(span.most));
            let (mut found, count) = self.least(table, field, (after.as_ref(), span.is_back()), most, look);
            if most == whole || found.len() < most {
                let positions = found.into_iter().map(|(_, position)| position);
                return (positions.skip(skip).take(span.most).collect(), count);
            }
            let passed = skip.min(found.len());
            found.truncate(passed);
            after = found.pop();
            skip -= passed;
        }
    }

    /// The first `most` of those that come `after` a place, in order, and how many pass in all; each is looked at once.
    fn least(
        &self,
        table: &Table,
        field: &str,
        (after, is_back): (Option<&Place>, bool),
        most: usize,
        look: &mut Make<'_>,
    ) -> (Vec<Place>, usize) {
        let order = |a: (&Value, u64), b: (&Value, u64)| self.places(is_back, a, b);
        let comes_after = |a: (&Value, u64), b: Option<&Place>| b.is_none_or(|b| order(a, (&b.0, b.1)).is_gt());
        let of = |a: &Place, b: &Place| order((&a.0, a.1), (&b.0, b.1));
        let most = most.max(1);
        let (mut found, mut count): (Vec<Place>, usize) = (Vec::new(), 0);
        let mut farthest: Option<Place> = None;
        for key in self.candidates(table) {
            let mut row = None;
            let mut seen = || row.get_or_insert_with(|| look(key.position)).clone();
            if !self.shows(&key, &mut seen) {
                continue;
            }
            count += 1;
            let row = seen();
            let value = row.as_ref().and_then(|row| row.record.get(field)).unwrap_or(&Value::Null);
            let place = (value, key.position);
            if !comes_after(place, after) || (farthest.is_some() && comes_after(place, farthest.as_ref())) {
                continue;
            }
            found.push((value.clone(), key.position));
            if found.len() >= most.saturating_mul(2) {
                found.select_nth_unstable_by(most - 1, of);
                found.truncate(most);
                farthest = found.last().cloned();
            }
        }
        found.sort_unstable_by(of);
        found.truncate(most);
        (found, count)
    }

    /// How two records lie in the order, of which no two have the same place.
    fn places(&self, is_back: bool, a: (&Value, u64), b: (&Value, u64)) -> Ordering {
        let by_value = compare(a.0, b.0);
        let by_value = if self.order.descending { by_value.reverse() } else { by_value };
        let order = by_value.then(a.1.cmp(&b.1));
        if is_back { order.reverse() } else { order }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::{Map, json};

    use super::*;
    use crate::clock::Timestamp;
    use crate::sandbox::data::{Comparison, Which};
    use crate::sandbox::list::{Cursor, Operand, Order, OrderBy, Start, Subject, Test};
    use crate::sandbox::table::Row;

    const COUNT: u64 = 100;

    /// Seven names for a hundred records, of which one in ten has none.
    fn row(position: u64) -> Row {
        let name = if position % 10 == 3 { Value::Null } else { json!(format!("name {}", position * 31 % 7)) };
        let start = Timestamp::from_micros(0);
        let record = Map::from_iter([("name".to_owned(), name)]);
        Row { position, id: position.to_string(), record, made: start, changed: start, deleted: None, version: 0 }
    }

    fn ask(descending: bool, tests: Vec<Test>) -> Ask {
        Ask {
            size: 7,
            start: Start::Skip(0),
            order: Order { by: OrderBy::Field("name".to_owned()), descending },
            tests,
            groups: Vec::new(),
            which: Which::Live,
            most: None,
            left_out: 0,
            counts_all: false,
            fields: None,
            carried: None,
        }
    }

    fn cursor(position: u64, forward: bool) -> Cursor {
        let key = row(position).record.get("name").cloned();
        Cursor { forward, instant: 0, position, key, before: 0, issued: 0, query: None }
    }

    /// What `ask` finds in parts of so many records, and how many it looked at.
    fn found(ask: &Ask, span: Span<'_>, part: usize) -> (Vec<u64>, usize, usize) {
        let table = Table::new(Timestamp::from_micros(0), [COUNT]);
        let mut looks = 0;
        let mut look = |position| {
            looks += 1;
            Some(Arc::new(row(position)))
        };
        let (positions, count) = ask.sorted_by_parts(&table, "name", span, part, &mut look);
        (positions, count, looks)
    }

    fn all(descending: bool) -> Vec<u64> {
        let mut all: Vec<u64> = (0..COUNT).collect();
        all.sort_by(|a, b| {
            let order = compare(&row(*a).record["name"], &row(*b).record["name"]);
            if descending { order.reverse() } else { order }
        });
        all
    }

    #[test]
    fn every_page_has_what_the_whole_order_has_there() {
        for descending in [false, true] {
            let (ask, all) = (ask(descending, Vec::new()), all(descending));
            for part in [1, 5, 8, 1_000] {
                for skip in [0, 1, 4, 5, 6, 50, 97, 100, 1_000] {
                    let (positions, count, _) = found(&ask, Span { cursor: None, skip, most: 7 }, part);
                    let expected: Vec<u64> = all.iter().copied().skip(skip).take(7).collect();
                    assert_eq!((positions, count), (expected, 100), "{descending} {part} {skip}");
                }
                for at in 0..all.len() {
                    let next = cursor(all[at], true);
                    let (positions, ..) = found(&ask, Span { cursor: Some(&next), skip: 0, most: 7 }, part);
                    assert_eq!(positions, all[at + 1..].iter().copied().take(7).collect::<Vec<_>>());
                    let previous = cursor(all[at], false);
                    let (positions, ..) = found(&ask, Span { cursor: Some(&previous), skip: 0, most: 7 }, part);
                    assert_eq!(positions, all[..at].iter().rev().copied().take(7).collect::<Vec<_>>());
                }
            }
            let (positions, ..) = found(&ask, Span { cursor: None, skip: 0, most: usize::MAX }, 5);
            assert_eq!(positions, all, "{descending}");
        }
    }

    #[test]
    fn each_record_is_looked_at_once_for_what_it_is_tested_and_ordered_by() {
        let is_named = Test {
            subject: Subject::Field("name".to_owned()),
            is: Comparison::Ne,
            value: Operand::Nothing,
            not: false,
        };
        let ask = ask(false, vec![is_named.clone(), is_named]);
        let (positions, count, looks) = found(&ask, Span { cursor: None, skip: 3, most: 7 }, KEPT);
        let expected: Vec<u64> = all(false).into_iter().filter(|at| at % 10 != 3).skip(3).take(7).collect();
        assert_eq!((positions, count, looks), (expected, 90, 100));
    }
}
