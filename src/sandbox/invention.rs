//! Invented records: the same from the same number, so that millions of them need no memory.
//!
//! What a record is made of stands in the data. Here is how a number becomes a record: which entry of a list it takes,
//! to which other records it belongs, when it was made and last changed.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use super::template::{self, Values};
use super::words::{self, Words};
use crate::clock::Timestamp;

/// The file of inventions.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Inventions {
    /// Entries from which fields are taken.
    lists: BTreeMap<String, Vec<Value>>,
    /// Kinds of records by name.
    kinds: BTreeMap<String, Kind>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kind {
    /// How many there are where no account says it.
    count: Option<u64>,
    fields: BTreeMap<String, Field>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
enum Field {
    Template(String),
    Relation {
        of: String,
    },
    Number {
        from: i64,
        to: i64,
    },
    /// A day, counted from the one on which the world starts.
    Day {
        from_day: i64,
        to_day: i64,
    },
    Choice {
        among: Vec<String>,
    },
    Chance {
        one_in: u64,
        then: String,
        #[serde(rename = "else")]
        otherwise: String,
    },
}

/// Records of a kind that no account counts.
const COUNT: u64 = 5;

/// The days over which records were made, before those over which they were last changed.
const MADE_DAYS: u64 = 300;
/// The days before the start over which records were last changed: a hundredth of them on each.
const CHANGED_DAYS: u64 = 100;

const DAY: u64 = 86_400;

impl Inventions {
    /// True where there are records of this kind.
    pub(super) fn knows(&self, kind: &str) -> bool {
        self.kinds.contains_key(kind)
    }

    /// The names of the kinds.
    pub(super) fn kinds(&self) -> Vec<&str> {
        self.kinds.keys().map(String::as_str).collect()
    }
}

/// What the invented records of one account have in common.
pub(super) struct Setting<'s> {
    pub(super) inventions: &'s Inventions,
    /// The provider's words for values.
    pub(super) words: &'s Words,
    /// Another number gives other records.
    pub(super) seed: u64,
    /// The instant at which the world starts.
    pub(super) start: Timestamp,
    /// How many records of a kind the account has; `None` where it has none of its own.
    pub(super) count: &'s dyn Fn(&str) -> Option<u64>,
    /// The id of the record with this number among those of a kind; `None` where the provider has no such records.
    pub(super) id: &'s dyn Fn(&str, u64) -> Option<Value>,
}

/// One invented record, whose fields are made when they are asked for.
#[derive(Clone, Copy)]
pub(super) struct Invented<'s> {
    setting: &'s Setting<'s>,
    kind: &'s str,
    /// Its number, from 1 on.
    n: u64,
}

impl<'s> Invented<'s> {
    /// The record with the number `n` of a kind.
    pub(super) fn new(setting: &'s Setting<'s>, kind: &'s str, n: u64) -> Self {
        Self { setting, kind, n }
    }

    /// A number below `below` that depends on the record and on `what` alone.
    fn draw(&self, what: &str, below: u64) -> u64 {
        // FNV-1a over the words, then the mixing of splitmix64.
        let mut hash = 0xcbf2_9ce4_8422_2325_u64;
        for byte in self.kind.bytes().chain([0]).chain(what.bytes()) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        let mut mixed = (hash ^ self.setting.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15))
            .wrapping_add(self.n.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % below.max(1)
    }

    fn entry(&self, list: &str) -> Option<&'s Value> {
        let entries = self.setting.inventions.lists.get(list)?;
        let at = self.draw(list, u64::try_from(entries.len()).ok()?);
        entries.get(usize::try_from(at).ok()?)
    }

    fn field(&self, field: &'s Field, name: &str, rest: Option<&str>) -> Option<Value> {
        match field {
            Field::Template(text) => Some(template::fill(&json!(text), self)),
            Field::Relation { of } => {
                let known = self.setting.inventions.kinds.get(of).and_then(|kind| kind.count);
                let count = (self.setting.count)(of).or(known).unwrap_or(COUNT);
                let other = Invented { kind: of, n: self.draw(name, count) + 1, ..*self };
                other.named(rest.unwrap_or("n"))
            }
            Field::Number { from, to } => Some(json!(self.between(name, *from, *to))),
            Field::Day { from_day, to_day } => {
                let days = self.between(name, *from_day, *to_day);
                let micros = self.setting.start.micros().saturating_add(days.saturating_mul(86_400_000_000));
                Timestamp::from_micros(micros).format("%Y-%m-%d").map(Value::String)
            }
            Field::Choice { among } => {
                let at = self.draw(name, u64::try_from(among.len()).ok()?);
                among.get(usize::try_from(at).ok()?).map(|chosen| json!(chosen))
            }
            Field::Chance { one_in, then, otherwise } => {
                Some(json!(if self.draw(name, *one_in) == 0 { then } else { otherwise }))
            }
        }
    }

    fn between(&self, name: &str, from: i64, to: i64) -> i64 {
        let span = u64::try_from(to.saturating_sub(from)).unwrap_or(0);
        from.saturating_add(i64::try_from(self.draw(name, span.saturating_add(1))).unwrap_or(0))
    }

    /// The value of a name: `n`, `id`, a field, what a relation's record says, or an entry of a list.
    fn named(&self, name: &str) -> Option<Value> {
        let (first, rest) = name.split_once('.').map_or((name, None), |(first, rest)| (first, Some(rest)));
        if first == "n" {
            return Some(json!(self.n));
        }
        if first == "id" {
            return (self.setting.id)(self.kind, self.n).or(Some(json!(self.n.to_string())));
        }
        if let Some(field) = self.setting.inventions.kinds.get(self.kind)?.fields.get(first) {
            return self.field(field, first, rest);
        }
        // `list.title` is an entry of the list `title`, which a field hides that has its name.
        let (list, rest) = if first == "list" {
            let rest = rest?;
            rest.split_once('.').map_or((rest, None), |(list, rest)| (list, Some(rest)))
        } else {
            (first, rest)
        };
        let entry = self.entry(list)?;
        rest.map_or(Some(entry), |rest| entry.get(rest)).cloned()
    }
}

impl Values for Invented<'_> {
    fn value(&self, name: &str) -> Option<Cow<'_, Value>> {
        if let Some((name, table)) = name.split_once('|') {
            return Some(Cow::Owned(words::worded(self.setting.words, table, self.named(name.trim())?)));
        }
        self.named(name).map(Cow::Owned)
    }
}

/// When the invented records of one kind were made and changed, by their number from 0 on.
///
/// They were made in the order of their numbers, and changed in an order of its own, each at a second that no other
/// has as long as there are fewer records than seconds: so a list by the time of change can begin anywhere without
/// looking at what comes before.
#[derive(Debug, Clone, Copy)]
pub(super) struct Times {
    start: Timestamp,
    count: u64,
    /// A number without a common divisor with `count`: `index * step % count` is the place in the order of changes.
    step: u64,
    /// `place * back % count` is the index again.
    back: u64,
    /// The seconds of a day, on which depends how many records have the same instant.
    day: u64,
}

impl Times {
    /// The times of `count` records before `start`.
    pub(super) fn new(start: Timestamp, count: u64) -> Self {
        let count = count.max(1);
        // Near the golden section, so that neighbours come to lie far apart.
        let mut step = count / 8 * 5 + 1;
        while divisor(step, count) != 1 {
            step += 1;
        }
        Self { start, count, step, back: inverse(step % count.max(2), count), day: DAY }
    }

    /// The same in shorter days.
    #[cfg(test)]
    pub(super) fn in_days_of(start: Timestamp, count: u64, seconds: u64) -> Self {
        Self { day: seconds, ..Self::new(start, count) }
    }

    /// When the record at `index` was made.
    pub(super) fn made(&self, index: u64) -> Timestamp {
        self.at(index, MADE_DAYS + CHANGED_DAYS, MADE_DAYS)
    }

    /// When the record at `index` was last changed.
    pub(super) fn changed(&self, index: u64) -> Timestamp {
        self.at(self.place(index), CHANGED_DAYS, CHANGED_DAYS)
    }

    /// The place of the record at `index` in the order of changes.
    pub(super) fn place(&self, index: u64) -> u64 {
        modular(index, self.step, self.count)
    }

    /// The record at this place in the order of changes.
    pub(super) fn index(&self, place: u64) -> u64 {
        modular(place, self.back, self.count)
    }

    /// The first place whose record was changed at `instant` or later.
    pub(super) fn first_place(&self, instant: Timestamp) -> u64 {
        self.first(instant, |place| self.at(place, CHANGED_DAYS, CHANGED_DAYS))
    }

    /// The first index whose record was made at `instant` or later.
    pub(super) fn first_made(&self, instant: Timestamp) -> u64 {
        self.first(instant, |index| self.made(index))
    }

    fn first(&self, instant: Timestamp, at: impl Fn(u64) -> Timestamp) -> u64 {
        let (mut low, mut high) = (0, self.count);
        while low < high {
            let middle = low + (high - low) / 2;
            if at(middle) < instant {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    /// The instant of the `place`th of `count` that are spread over `span` days, which began `ago` days before the start.
    fn at(&self, place: u64, ago: u64, span: u64) -> Timestamp {
        let seconds = u128::from(place) * u128::from(span * self.day) / u128::from(self.count);
        let began = self.start.micros() - i64::try_from(ago * self.day * 1_000_000).unwrap_or(0);
        // The world starts at a whole second.
        Timestamp::from_micros(began).after(Duration::from_secs(u64::try_from(seconds).unwrap_or(0)))
    }
}

fn modular(a: u64, b: u64, modulus: u64) -> u64 {
    u64::try_from(u128::from(a) * u128::from(b) % u128::from(modulus)).unwrap_or(0)
}

fn divisor(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { divisor(b, a % b) }
}

/// The number by which `a` gives 1 modulo `modulus` (extended Euclid).
fn inverse(a: u64, modulus: u64) -> u64 {
    let modulus = i128::from(modulus);
    let (mut old, mut rest) = (i128::from(a), modulus);
    let (mut factor, mut next) = (1_i128, 0_i128);
    while rest != 0 {
        let quotient = old / rest;
        (old, rest) = (rest, old - quotient * rest);
        (factor, next) = (next, factor - quotient * next);
    }
    u64::try_from(factor.rem_euclid(modulus)).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn start() -> Timestamp {
        Timestamp::parse("2026-04-15T09:00:00Z").unwrap()
    }

    #[test]
    fn every_record_has_one_place_in_the_order_of_changes() {
        for count in [1, 2, 3, 7, 25, 100, 1000, 4096] {
            let times = Times::new(start(), count);
            let places: BTreeSet<u64> = (0..count).map(|index| times.place(index)).collect();
            assert_eq!(places.len() as u64, count, "{count}");
            for index in 0..count {
                assert_eq!(times.index(times.place(index)), index, "{index} of {count}");
            }
        }
    }

    #[test]
    fn records_are_changed_after_they_were_made_and_before_the_start() {
        let times = Times::new(start(), 5_000_000);
        for index in [0, 1, 2_499_999, 4_999_999] {
            assert!(times.made(index) < times.changed(index) && times.changed(index) < start());
        }
        let yesterday = Timestamp::from_micros(start().micros() - 86_400_000_000);
        assert_eq!(times.first_place(yesterday), 4_950_000, "a hundredth is changed every day");
        assert_eq!(times.first_place(start()), 5_000_000);
        assert_eq!(times.first_place(Timestamp::from_micros(0)), 0);
    }

    #[test]
    fn a_record_is_the_same_from_the_same_number() {
        let inventions: Inventions = toml::from_str(
            "[lists]\nfirst = [{ name = 'Ada', mail = 'ada' }, { name = 'Bo', mail = 'bo' }]\nword = ['x', 'y', 'z']\n\
             [kinds.person.fields]\nname = '{{first.name}}'\nmail = '{{first.mail}}{{n}}@{{firm.domain}}'\nfirm = { of = 'firm' }\n\
             [kinds.firm.fields]\ndomain = 'f{{n}}.example'\nsize = { from = 1, to = 3 }",
        )
        .unwrap();
        let words = Words::new();
        let setting = |seed| Setting {
            inventions: &inventions,
            words: &words,
            seed,
            start: start(),
            count: &|kind| (kind == "firm").then_some(4),
            id: &|kind, n| (kind == "firm").then(|| json!(format!("firm-{n}"))),
        };
        let one = setting(1);
        let shown = |setting: &Setting<'_>, n| {
            let person = Invented::new(setting, "person", n);
            template::fill(&json!(["{{name}}", "{{mail}}", "{{firm.id}}", "{{firm.size}}", "{{id}}"]), &person)
        };
        let people: Vec<Value> = (1..=20).map(|n| shown(&one, n)).collect();
        assert_eq!(people, (1..=20).map(|n| shown(&one, n)).collect::<Vec<_>>());
        assert_ne!(people, (1..=20).map(|n| shown(&setting(2), n)).collect::<Vec<_>>());
        for (at, person) in people.iter().enumerate() {
            let name = person[0].as_str().unwrap().to_lowercase();
            let firm = person[2].as_str().unwrap().strip_prefix("firm-").unwrap();
            assert_eq!(person[1], json!(format!("{name}{}@f{firm}.example", at + 1)), "one record is of one piece");
            assert!((1..=3).contains(&person[3].as_i64().unwrap()));
        }
    }
}
