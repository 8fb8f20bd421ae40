//! JSON against JSON, by structure: the order of keys is free, numbers are equal by value, whatever their size.
//!
//! On the page, besides what `wildcard` tells for the text of strings:
//!
//! - `...` among elements stands for any of them, among members for any others, as a value for any value; without it
//!   every element and member must be shown.
//! - a string that ends in `...` is the start of one.
//! - `"<uuid>"` and the other types (`kind`) stand for a value of that type, `"<id:uuid>"` captures one, `"<id>"` is
//!   what was captured; all of them with or without quotes. A bare `<…>` that is neither is any value.
//! - several documents may follow each other, as in NDJSON.
//!
//! What cannot be read as JSON, on either side, is compared as text.

mod comments;
mod compare;
mod draw;
mod loosen;
mod parse;
mod update;
mod value;

use crate::source::Span;
use crate::text;

use super::captures::{Bindings, Captures, keep_on_match};
use super::mismatch::{Diff, Mismatch};
use super::text::compare as compare_as_text;
use compare::{Difference, Slot, is_gap, slots};
use parse::ParseError;
use value::Value;

pub use loosen::loosen_json;
pub(super) use update::update;
pub use update::{pretty_json, update_json};

/// Compares the JSON that a page shows with what was printed. What typed captures match is kept where all of it
/// matches.
///
/// # Errors
///
/// The first difference, with its place in `expected`.
pub fn compare_json(expected: &str, actual: &str, captures: &mut Captures) -> Result<(), Mismatch> {
    let actual = text::normalize(actual);
    keep_on_match(captures, |bindings| compare(expected, &actual, bindings))
}

/// As `compare_json`, with `actual` in its normal form.
pub(super) fn compare(expected: &str, actual: &str, bindings: &mut Bindings<'_>) -> Result<(), Mismatch> {
    let shown = match parse::page(expected) {
        Ok(shown) if shown.iter().all(is_gap) => return compare_as_text(expected, actual, bindings),
        Ok(shown) => shown,
        Err(error) => {
            return compare_as_text(expected, actual, bindings).map_err(|mut mismatch| {
                mismatch.help.push(unreadable(expected, error));
                mismatch
            });
        }
    };
    match parse::printed(actual) {
        Ok(found) if !found.is_empty() => {
            documents(&shown, &found, bindings).map_err(|difference| tell(difference, &shown, &found, bindings))
        }
        _ => compare_as_text(expected, actual, bindings).map_err(|mut mismatch| {
            if !actual.is_empty() {
                mismatch.message = format!("the output is not JSON: {}", mismatch.message);
            }
            mismatch
        }),
    }
}

/// True where `text` is JSON as a page may show it.
pub(super) fn is_json(text: &str) -> bool {
    parse::page(text).is_ok_and(|shown| !shown.iter().all(is_gap))
}

fn documents(shown: &[Value], found: &[Value], bindings: &mut Bindings<'_>) -> Result<(), Difference> {
    if let ([shown], [found]) = (shown, found) {
        return compare::value(shown, found, "", bindings);
    }
    for slot in slots(shown, found, bindings) {
        let (span, message) = match slot {
            Slot::Both(left, right) => {
                compare::value(&shown[left], &found[right], "", bindings).map_err(|mut difference| {
                    difference.message = format!("in document {}, {}", right + 1, difference.message);
                    difference
                })?;
                continue;
            }
            Slot::Free(_) => continue,
            Slot::Missing(at) => {
                (shown[at].span, format!("the output has {}, the page shows more", count(found.len())))
            }
            Slot::Unexpected(_) => {
                let end = shown.last().map_or(0, |last| last.span.end);
                (Span::new(end, end), format!("the output has {}, the page shows {}", count(found.len()), shown.len()))
            }
        };
        return Err(Difference { span, message, help: Vec::new() });
    }
    Ok(())
}

fn tell(difference: Difference, shown: &[Value], found: &[Value], bindings: &mut Bindings<'_>) -> Mismatch {
    let mut diff = Diff::default();
    draw::documents(shown, found, &mut diff, bindings);
    Mismatch { expected: difference.span, message: difference.message, diff: diff.finish(), help: difference.help }
}

fn unreadable(expected: &str, error: ParseError) -> String {
    let line = expected[..error.at].matches('\n').count() + 1;
    format!("compared as text: line {line} of it is no JSON, as {} is missing", error.expected)
}

fn count(documents: usize) -> String {
    if documents == 1 { "1 JSON document".to_owned() } else { format!("{documents} JSON documents") }
}

#[cfg(test)]
mod tests;
