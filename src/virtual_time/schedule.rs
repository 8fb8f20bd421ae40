//! What is to happen and in which order: pure, and the same for the same events whatever the order in which they came.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// The time that every exchange with the sandbox takes, in microseconds.
pub(super) const EXCHANGE: i64 = 20_000;

/// How long time passes for a step before it is asked whether it is a service, in microseconds, and how many events happen:
/// one that does something every second would let time pass for ever. Who sleeps for long does so in few events, up to a
/// day.
pub(super) const HORIZON: i64 = 10 * 60 * 1_000_000;
pub(super) const MANY: usize = 100;
pub(super) const DAY: i64 = 24 * 60 * 60 * 1_000_000;

/// A millisecond, in microseconds: what events are due at is a whole one.
pub(super) const MILLI: i64 = 1000;

/// A span in microseconds.
pub(super) fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

/// To what a wait in real time is rounded whose length nobody tells, in microseconds.
const ROUNDED: i64 = 100_000;

/// The length of such a wait.
pub(super) fn rounded(micros: i64) -> i64 {
    (micros + ROUNDED / 2) / ROUNDED * ROUNDED
}

/// The next whole millisecond, from `micros` on.
pub(super) fn whole_millis(micros: i64) -> i64 {
    micros.saturating_add(MILLI - 1).div_euclid(MILLI).saturating_mul(MILLI)
}

/// The whole millisecond in which `micros` lies.
pub(super) fn millis_begun(micros: i64) -> i64 {
    micros.div_euclid(MILLI).saturating_mul(MILLI)
}

/// When a request that comes now reaches the sandbox, or an answer its client: a `delay` after `base`, which stands
/// still while code runs; after what the processes read from the clock, where that has passed it.
pub(super) fn due(base: i64, ticks: i64, delay: i64) -> i64 {
    let due = base.saturating_add(delay);
    if ticks <= due { due } else { whole_millis(ticks).saturating_add(delay) }
}

/// A process with those that it comes from, the oldest first: when each was started, and its number. Of jobs that were
/// started in turn each starts its programs when it gets a processor, so these are in no order of their own.
pub(super) type Lineage = Arc<[(u64, i32)]>;

/// Who comes first of those that are due at the same time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    /// A request that reaches the sandbox or an answer that reaches its client: by what is in it, since the order in
    /// which threads send is not the same twice; then by its connection and its number there.
    Exchange { content: Content, connection: u64, serial: u64 },
    /// Somebody who sleeps: by its process, then by its thread, then by its number there.
    Sleeper { lineage: Lineage, thread: i64, serial: u64 },
}

/// A text in the order in which a person would sort it: `page=9` before `page=10`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Content(Vec<u8>);

impl Content {
    pub(super) fn new(text: Vec<u8>) -> Self {
        Self(text)
    }
}

impl Ord for Content {
    fn cmp(&self, other: &Self) -> Ordering {
        natural(&self.0, &other.0).then_with(|| self.0.cmp(&other.0))
    }
}

impl PartialOrd for Content {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Compares texts, numbers in them by their value.
fn natural(mut one: &[u8], mut other: &[u8]) -> Ordering {
    loop {
        let (digits, others) = (leading_digits(one), leading_digits(other));
        let order = if digits > 0 && others > 0 {
            let value = |text: &[u8], length: usize| {
                let zeros = text[..length].iter().take_while(|byte| **byte == b'0').count();
                (length - zeros, text[zeros..length].to_vec())
            };
            let order = value(one, digits).cmp(&value(other, others));
            (one, other) = (&one[digits..], &other[others..]);
            order
        } else {
            match (one.split_first(), other.split_first()) {
                (None, None) => return Ordering::Equal,
                (None, Some(_)) => return Ordering::Less,
                (Some(_), None) => return Ordering::Greater,
                (Some((first, rest)), Some((second, others))) => {
                    (one, other) = (rest, others);
                    first.cmp(second)
                }
            }
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

fn leading_digits(text: &[u8]) -> usize {
    text.iter().take_while(|byte| byte.is_ascii_digit()).count()
}

/// The events that are to come.
#[derive(Debug)]
pub(super) struct Schedule<T> {
    /// The last number tells events apart that are the same in everything else.
    events: BTreeMap<(i64, Rank, u64), T>,
    count: u64,
}

impl<T> Schedule<T> {
    pub(super) fn new() -> Self {
        Self { events: BTreeMap::new(), count: 0 }
    }

    /// Adds what is due at `due`, in microseconds.
    pub(super) fn add(&mut self, due: i64, rank: Rank, event: T) {
        self.count += 1;
        self.events.insert((due, rank, self.count), event);
    }

    /// When the next event is due.
    pub(super) fn next_due(&self) -> Option<i64> {
        self.events.keys().next().map(|(due, ..)| *due)
    }

    /// The next event.
    pub(super) fn first(&self) -> Option<&T> {
        self.events.values().next()
    }

    /// Takes the next event, with the time at which it is due.
    pub(super) fn take(&mut self) -> Option<(i64, T)> {
        self.events.pop_first().map(|((due, ..), event)| (due, event))
    }

    /// Takes away every event that `is_over`.
    pub(super) fn forget(&mut self, is_over: impl Fn(&T) -> bool) {
        self.events.retain(|_, event| !is_over(event));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    pub(super) fn events(&self) -> impl Iterator<Item = &T> {
        self.events.values()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn exchange(content: &str, connection: u64) -> Rank {
        Rank::Exchange { content: Content::new(content.into()), connection, serial: 0 }
    }

    fn sleeper(started: u64, thread: i64, serial: u64) -> Rank {
        Rank::Sleeper { lineage: [(started, 4711)].into(), thread, serial }
    }

    #[test]
    fn of_what_is_due_at_once_exchanges_come_first_and_each_kind_has_its_order() {
        let mut schedule = Schedule::new();
        schedule.add(20_000, sleeper(2, 0, 1), "a younger process");
        schedule.add(20_000, sleeper(1, 3, 1), "a second thread");
        schedule.add(20_000, sleeper(1, 0, 7), "its first thread, later");
        schedule.add(20_000, sleeper(1, 0, 2), "its first thread");
        schedule.add(20_000, exchange("GET /contacts?page=10", 1), "page 10");
        schedule.add(20_000, exchange("GET /contacts?page=9", 2), "page 9");
        schedule.add(19_000, sleeper(9, 0, 1), "earlier");
        let order: Vec<_> = std::iter::from_fn(|| schedule.take()).map(|(_, name)| name).collect();
        assert_eq!(
            order,
            [
                "earlier",
                "page 9",
                "page 10",
                "its first thread",
                "its first thread, later",
                "a second thread",
                "a younger process",
            ]
        );
    }

    #[test]
    fn an_exchange_is_due_after_what_was_read_from_the_clock() {
        assert_eq!(due(1_000_000, 0, EXCHANGE), 1_020_000);
        assert_eq!(due(1_000_000, 1_020_000, EXCHANGE), 1_020_000);
        assert_eq!(due(1_000_000, 1_020_001, EXCHANGE), 1_041_000);
        assert_eq!(whole_millis(-1), 0);
        assert_eq!(whole_millis(1000), 1000);
        assert_eq!(whole_millis(1001), 2000);
        assert_eq!([999, 1000, 1999].map(millis_begun), [0, 1000, 1000]);
    }

    proptest! {
        #[test]
        fn the_order_does_not_depend_on_who_came_first(mut pages in proptest::collection::vec(0u32..200, 1..20)) {
            let taken = |pages: &[u32]| {
                let mut schedule = Schedule::new();
                for page in pages {
                    schedule.add(5, exchange(&format!("GET /?page={page}"), 1), *page);
                }
                std::iter::from_fn(|| schedule.take()).map(|(_, page)| page).collect::<Vec<_>>()
            };
            let first = taken(&pages);
            pages.reverse();
            prop_assert_eq!(&taken(&pages), &first);
            pages.sort_unstable();
            prop_assert_eq!(first, pages);
        }

        #[test]
        fn comparing_naturally_is_an_order(one in "[a0-9]{0,6}", two in "[a0-9]{0,6}", three in "[a0-9]{0,6}") {
            let [one, two, three] = [one, two, three].map(|text| Content::new(text.into()));
            prop_assert_eq!(one.cmp(&two), two.cmp(&one).reverse());
            if one <= two && two <= three {
                prop_assert!(one <= three);
            }
        }
    }
}
