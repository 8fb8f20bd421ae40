//! What a list asks of its records.

use std::cmp::Ordering;

use serde_json::{Map, Value};

use crate::clock::Timestamp;
use crate::sandbox::data::Comparison;
use crate::sandbox::shape;
use crate::sandbox::table::{Key, Row};

/// A part of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::sandbox) enum Subject {
    /// When it was made.
    Made,
    /// When it was last changed.
    Changed,
    /// The values at a path.
    Field(String),
    /// The values at any of these paths.
    Any(Vec<String>),
}

/// One comparison.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::sandbox) struct Test {
    pub(in crate::sandbox) subject: Subject,
    pub(in crate::sandbox) is: Comparison,
    pub(in crate::sandbox) value: Operand,
    /// True: it must not be so.
    pub(in crate::sandbox) not: bool,
}

/// What a record is compared with.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::sandbox) enum Operand {
    Text(String),
    Instant(Timestamp),
    Number(f64),
    Flag(bool),
    Nothing,
    /// Any of these.
    List(Vec<String>),
    /// A text in lower case, whatever the case of the record's.
    Folded(String),
    /// Any of these, of whatever kind each is.
    Any(Vec<Self>),
    /// A pattern that the whole text fits.
    Like(Vec<Piece>),
}

/// A part of a pattern, in lower case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sandbox) enum Piece {
    Letter(char),
    /// Any one letter.
    One,
    /// Any letters, or none.
    Many,
}

impl Test {
    /// Whether a record passes, as far as its key tells it; `None` where one must look into the record.
    pub(in crate::sandbox) fn by_key(&self, key: &Key) -> Option<bool> {
        let own = match self.subject {
            Subject::Made => key.made,
            Subject::Changed => key.changed,
            Subject::Field(_) | Subject::Any(_) => return None,
        };
        let Operand::Instant(given) = &self.value else { return None };
        Some(holds(self.is, own.cmp(given)) != self.not)
    }

    /// Whether a record passes.
    pub(in crate::sandbox) fn passes(&self, row: &Row) -> bool {
        let fits = match (&self.subject, &self.value) {
            (Subject::Made, Operand::Instant(given)) => holds(self.is, row.made.cmp(given)),
            (Subject::Changed, Operand::Instant(given)) => holds(self.is, row.changed.cmp(given)),
            // Every record has these instants.
            (Subject::Made | Subject::Changed, Operand::Nothing) => self.is == Comparison::Ne,
            (Subject::Made, Operand::Any(list)) => list.contains(&Operand::Instant(row.made)),
            (Subject::Changed, Operand::Any(list)) => list.contains(&Operand::Instant(row.changed)),
            (Subject::Made | Subject::Changed, _) => false,
            (Subject::Field(path), _) => self.fits(&row.record, path),
            (Subject::Any(paths), _) => self.holds_of(&values(&row.record, paths)),
        };
        fits != self.not
    }

    /// Whether some value at `path` of `record` compares as asked.
    pub(in crate::sandbox) fn fits(&self, record: &Map<String, Value>, path: &str) -> bool {
        self.holds_of(&values(record, [path]))
    }

    /// Whether some of these values compares as asked.
    fn holds_of(&self, values: &[&Value]) -> bool {
        let some = |is: Comparison| {
            values.iter().any(|value| against(value, &self.value).is_some_and(|ordering| holds(is, ordering)))
        };
        let is_empty = values.iter().all(|value| value.is_null());
        match (&self.value, self.is) {
            (Operand::Nothing, Comparison::Ne) => !is_empty,
            (Operand::Nothing, _) => is_empty,
            (Operand::List(list), _) => values.iter().any(|value| {
                list.iter().any(|one| against(value, &Operand::Text(one.clone())) == Some(Ordering::Equal))
            }),
            (Operand::Any(list), _) => {
                values.iter().any(|value| list.iter().any(|one| against(value, one) == Some(Ordering::Equal)))
            }
            (Operand::Like(pattern), _) => values.iter().any(|value| {
                let text = value.as_str().map(|text| text.to_lowercase().chars().collect::<Vec<_>>());
                text.is_some_and(|text| is_like(&text, pattern))
            }),
            (Operand::Text(given), Comparison::Words | Comparison::Begins) => {
                let known: Vec<String> = values.iter().filter_map(|value| value.as_str()).flat_map(words).collect();
                let is_it = |word: &String, given: &String| match self.is {
                    Comparison::Begins => word.starts_with(given),
                    _ => word == given,
                };
                words(given).iter().all(|given| known.iter().any(|word| is_it(word, given)))
            }
            (Operand::Text(given), Comparison::Contains | Comparison::Starts) => {
                let given = given.to_lowercase();
                let texts = values.iter().filter_map(|value| value.as_str()).map(str::to_lowercase);
                match self.is {
                    Comparison::Starts => texts.into_iter().any(|text| text.starts_with(&given)),
                    _ => texts.into_iter().any(|text| text.contains(&given)),
                }
            }
            (Operand::Text(given), Comparison::Same) => {
                let is_same = |value: &&Value| value.as_str().map(str::to_lowercase) == Some(given.to_lowercase());
                some(Comparison::Eq) || values.iter().any(is_same)
            }
            (_, Comparison::Ne) => !some(Comparison::Eq),
            (_, is) => some(is),
        }
    }
}

/// The plain values at some paths of a record.
fn values(record: &Map<String, Value>, paths: impl IntoIterator<Item = impl AsRef<str>>) -> Vec<&Value> {
    let at = |path| shape::values_at(record, AsRef::<str>::as_ref(&path));
    paths.into_iter().flat_map(at).flat_map(plain).collect()
}

/// The words of a text in small letters.
fn words(text: &str) -> Vec<String> {
    let words = text.split(|letter: char| !letter.is_alphanumeric());
    words.filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
}

/// The plain values in a value: whoever compares a list or an object means something in it.
fn plain(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(items) => items.iter().flat_map(plain).collect(),
        Value::Object(members) => members.values().flat_map(plain).collect(),
        _ => vec![value],
    }
}

/// Whether the whole of `text` fits. The last `Many` alone is come back to: what an earlier one takes, a later one can too.
fn is_like(text: &[char], pattern: &[Piece]) -> bool {
    let (mut at, mut piece, mut back) = (0, 0, None);
    while at < text.len() {
        match pattern.get(piece) {
            Some(Piece::Many) => {
                back = Some((piece, at));
                piece += 1;
            }
            Some(Piece::One) => (at, piece) = (at + 1, piece + 1),
            Some(Piece::Letter(letter)) if text.get(at) == Some(letter) => (at, piece) = (at + 1, piece + 1),
            _ => {
                let Some((many, from)) = back else { return false };
                back = Some((many, from + 1));
                (at, piece) = (from + 1, many + 1);
            }
        }
    }
    pattern.iter().skip(piece).all(|piece| *piece == Piece::Many)
}

fn holds(is: Comparison, ordering: Ordering) -> bool {
    match is {
        Comparison::Eq
        | Comparison::In
        | Comparison::Contains
        | Comparison::Same
        | Comparison::Starts
        | Comparison::Words
        | Comparison::Begins => ordering.is_eq(),
        Comparison::Ne => ordering.is_ne(),
        Comparison::Gt => ordering.is_gt(),
        Comparison::Gte => ordering.is_ge(),
        Comparison::Lt => ordering.is_lt(),
        Comparison::Lte => ordering.is_le(),
    }
}

/// How a record's value compares with what was asked for; `None` where they are of different kinds.
fn against(value: &Value, operand: &Operand) -> Option<Ordering> {
    match (value, operand) {
        (Value::String(text), Operand::Instant(given)) => Some(Timestamp::parse_loosely(text)?.cmp(given)),
        (Value::String(text), Operand::Text(given)) => {
            let instants = Timestamp::parse(text).and_then(|text| Some((text, Timestamp::parse_loosely(given)?)));
            Some(instants.map_or_else(|| text.as_str().cmp(given), |(text, given)| text.cmp(&given)))
        }
        (Value::String(text), Operand::Folded(given)) => Some(text.to_lowercase().cmp(given)),
        (Value::String(text), Operand::Number(given)) => text.parse::<f64>().ok()?.partial_cmp(given),
        (Value::Number(number), Operand::Text(given)) => number.as_f64()?.partial_cmp(&given.parse().ok()?),
        (Value::Number(number), Operand::Number(given)) => number.as_f64()?.partial_cmp(given),
        (Value::Bool(flag), Operand::Text(given)) => Some(flag.cmp(&given.parse().ok()?)),
        (Value::Bool(flag), Operand::Flag(given)) => Some(flag.cmp(given)),
        _ => None,
    }
}

/// A total order of JSON values: by type first, then by value.
pub(in crate::sandbox) fn compare(a: &Value, b: &Value) -> Ordering {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_fit_whole_texts() {
        let fits = |text: &str, pattern: &str| {
            let pattern: Vec<Piece> = pattern
                .chars()
                .map(|letter| match letter {
                    '%' => Piece::Many,
                    '_' => Piece::One,
                    letter => Piece::Letter(letter),
                })
                .collect();
            is_like(&text.chars().collect::<Vec<_>>(), &pattern)
        };
        for (text, pattern) in
            [("ada", "a%"), ("ada", "%a"), ("ada", "a_a"), ("ada", "%d%"), ("", "%"), ("aab", "%ab"), ("abcbd", "a%b_")]
        {
            assert!(fits(text, pattern), "{text} {pattern}");
        }
        for (text, pattern) in [("ada", "d%"), ("ada", "%d"), ("ada", "a_"), ("ada", ""), ("", "_"), ("aab", "ab%")] {
            assert!(!fits(text, pattern), "{text} {pattern}");
        }
    }
}
