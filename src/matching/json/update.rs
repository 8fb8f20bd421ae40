//! The JSON that a page has to show of what was printed: written by the author's hand where it still matches, in the
//! author's style where it does not.

use std::ops::Range;

use crate::edit::{Edit, apply};
use crate::source::Span;
use crate::text;

use super::super::align::{Likeness, MISSING, Op, align};
use super::super::captures::{Bindings, Captures};
use super::super::text::update as update_lines;
use super::super::wildcard::Pattern;
use super::comments::{Extent, extents};
use super::compare::{Slot, is_gap, leaf, slots, value};
use super::value::{Content, Object, Value, quoted};
use super::{compare, parse};

/// The JSON that a page has to show in the place of `expected` so that `actual` matches; order of keys, layout,
/// comments and wildcards stay where they still match. `None` where no text would match.
pub fn update_json(expected: &str, actual: &str, captures: &Captures) -> Option<String> {
    let actual = text::normalize(actual);
    let bindings = Bindings::new(captures);
    let matches = |shown: &String| compare(shown, &actual, &mut bindings.clone()).is_ok();
    Some(update(expected, &actual, &mut bindings.clone()))
        .filter(matches)
        .or_else(|| afresh(expected, &actual).filter(matches))
        .or_else(|| Some(actual.clone()).filter(matches))
}

/// `text` over several lines where all of it is JSON that holds values; `None` for anything else.
pub fn pretty_json(text: &str) -> Option<String> {
    let found = parse::printed(text).ok()?;
    let holds = |value: &Value| matches!(value.content, Content::Object(_) | Content::Array(_));
    (!found.is_empty() && found.iter().all(holds)).then(|| Style::of("\n", &[]).documents(&found))
}

/// As `update_json`, with `actual` in its normal form; whether the result matches is for the caller to look at.
pub(in crate::matching) fn update(expected: &str, actual: &str, bindings: &mut Bindings<'_>) -> String {
    let (Ok(shown), Ok(found)) = (parse::page(expected), parse::printed(actual)) else {
        return update_lines(expected, actual, bindings);
    };
    if found.is_empty() || shown.iter().all(is_gap) {
        return update_lines(expected, actual, bindings);
    }
    let mut writing = Writing { text: expected, style: Style::of(expected, &shown), edits: Vec::new(), bindings };
    match (&shown[..], &found[..]) {
        ([shown], [found]) => writing.value(shown, found),
        _ => writing.items(None, &shown, &found),
    }
    apply(expected, &writing.edits)
}

/// All of what was printed in the style of `expected`.
fn afresh(expected: &str, actual: &str) -> Option<String> {
    let shown = parse::page(expected).unwrap_or_default();
    Some(Style::of(expected, &shown).documents(&parse::printed(actual).ok()?))
}

/// How an author lays out JSON.
struct Style {
    /// What a line is indented by more than the one around it; `None` for all on one line.
    unit: Option<String>,
}

impl Style {
    fn of(text: &str, shown: &[Value]) -> Self {
        let inner = shown.iter().find_map(|value| {
            let first = entries(value).first()?.start;
            let (outer, inner) = (indent(text, value.span.start), indent(text, first));
            text[value.span.start..first].contains('\n').then(|| inner.strip_prefix(outer).unwrap_or(inner).to_owned())
        });
        let lines = text.trim_end().contains('\n') || text == "\n";
        Self { unit: inner.filter(|unit| !unit.is_empty()).or_else(|| lines.then(|| "  ".to_owned())) }
    }

    /// `value` as it stands in a line that is indented by `indent`.
    fn draw(&self, value: &Value, indent: &str) -> String {
        let Some(unit) = &self.unit else { return value.compact() };
        let lines = value.pretty(0, "", "");
        let laid_out = lines.iter().enumerate().map(|(at, line)| {
            let text = line.trim_start_matches(' ');
            let level = (line.len() - text.len()) / 2;
            let indent = if at == 0 { String::new() } else { format!("{indent}{}", unit.repeat(level)) };
            format!("{indent}{text}")
        });
        laid_out.collect::<Vec<_>>().join("\n")
    }

    fn documents(&self, values: &[Value]) -> String {
        values.iter().map(|value| self.draw(value, "")).collect::<Vec<_>>().join("\n")
    }
}

/// The blanks at the start of the line that holds the byte at `at`.
fn indent(text: &str, at: usize) -> &str {
    let start = text[..at].rfind('\n').map_or(0, |end| end + 1);
    let line = &text[start..];
    &line[..line.len() - line.trim_start_matches([' ', '\t']).len()]
}

/// Where the members or elements of a value stand.
fn entries(value: &Value) -> Vec<Range<usize>> {
    match &value.content {
        Content::Array(items) => items.iter().map(|item| item.span.start..item.span.end).collect(),
        Content::Object(object) => {
            object.members.iter().map(|member| member.key_span.start..member.value.span.end).collect()
        }
        _ => Vec::new(),
    }
}

struct Writing<'a, 'c> {
    text: &'a str,
    style: Style,
    edits: Vec<Edit>,
    bindings: &'a mut Bindings<'c>,
}

impl Writing<'_, '_> {
    fn value(&mut self, shown: &Value, found: &Value) {
        match (&shown.content, &found.content) {
            (Content::Object(members), Content::Object(others)) => self.members(shown, members, others, found),
            (Content::Array(items), Content::Array(others)) => {
                if items.is_empty() != others.is_empty() {
                    self.replace(shown, found);
                } else {
                    self.items(Some(shown), items, others);
                }
            }
            _ if leaf(shown, found, self.bindings) => {}
            (Content::String(text), Content::String(actual)) => {
                let renewed = Pattern::parse(text).renewed(actual, self.bindings);
                self.edits.push(Edit::replace(shown.span, quoted(&renewed)));
            }
            _ => self.replace(shown, found),
        }
    }

    fn replace(&mut self, shown: &Value, found: &Value) {
        let drawn = self.style.draw(found, indent(self.text, shown.span.start));
        self.edits.push(Edit::replace(shown.span, drawn));
    }

    fn members(&mut self, whole: &Value, shown: &Object, found: &Object, other: &Value) {
        let at = |key: &str| shown.members.iter().position(|member| member.key == key);
        if !shown.more && !found.members.iter().any(|member| at(&member.key).is_some()) {
            if !(shown.members.is_empty() && found.members.is_empty()) {
                self.replace(whole, other);
            }
            return;
        }
        let mut kept = vec![true; shown.members.len()];
        for (index, member) in shown.members.iter().enumerate() {
            match found.members.iter().rfind(|other| other.key == member.key) {
                Some(other) => self.value(&member.value, &other.value),
                None => kept[index] = false,
            }
        }
        let places = entries(whole);
        let mut extents = extents(self.text, whole.span.start + 1, &places);
        self.delete(&extents, &kept);
        if shown.more {
            return;
        }
        let mut after = None;
        for member in &found.members {
            match at(&member.key) {
                Some(index) => after = Some(index),
                None => {
                    let indent = self.inner_indent(whole, &places);
                    let drawn = format!("{}: {}", quoted(&member.key), self.style.draw(&member.value, &indent));
                    let separator = self.separator(whole, &places);
                    self.insert(&places, &mut extents, after, &drawn, &separator);
                }
            }
        }
    }

    /// The elements of an array, or a row of documents where there is no `whole`.
    fn items(&mut self, whole: Option<&Value>, shown: &[Value], found: &[Value]) {
        let slots = if shown.len() == found.len() || shown.iter().any(is_gap) {
            slots(shown, found, self.bindings)
        } else {
            self.aligned(shown, found)
        };
        let places: Vec<_> = shown.iter().map(|item| item.span.start..item.span.end).collect();
        let mut extents = extents(self.text, whole.map_or(0, |whole| whole.span.start + 1), &places);
        let mut kept = vec![true; shown.len()];
        let mut after = None;
        for slot in slots {
            match slot {
                Slot::Both(left, right) => {
                    self.value(&shown[left], &found[right]);
                    after = Some(left);
                }
                Slot::Missing(left) if !is_gap(&shown[left]) => kept[left] = false,
                Slot::Unexpected(right) => {
                    let (indent, separator) = match whole {
                        Some(whole) => (self.inner_indent(whole, &places), self.separator(whole, &places)),
                        None => (String::new(), "\n".to_owned()),
                    };
                    let drawn = self.style.draw(&found[right], &indent);
                    self.insert(&places, &mut extents, after, &drawn, &separator);
                }
                Slot::Missing(_) | Slot::Free(_) => {}
            }
        }
        self.delete(&extents, &kept);
    }

    /// Which elements belong together where one side has more of them.
    fn aligned(&self, shown: &[Value], found: &[Value]) -> Vec<Slot> {
        /// The most pairs that are looked at; beyond, elements are taken one by one.
        const PAIRS: usize = 10_000;
        if shown.len() * found.len() > PAIRS {
            return slots(shown, found, self.bindings);
        }
        let likeness = |left: usize, right: usize| {
            let fits = value(&shown[left], &found[right], "", &mut self.bindings.clone()).is_ok();
            if fits { Likeness::Same } else { Likeness::Differs(0) }
        };
        let ops = align(shown.len(), found.len(), MISSING, |_| false, likeness);
        let slot = |op| match op {
            Op::Same(left, right) | Op::Pair(left, right) => Slot::Both(left, right),
            Op::Missing(left) => Slot::Missing(left),
            Op::Unexpected(right) => Slot::Unexpected(right),
            Op::Free(right) => Slot::Free(right),
        };
        ops.into_iter().map(slot).collect()
    }

    /// Takes out the entries that are not kept, with what belongs to each. The last that is kept loses its comma, unless
    /// the author puts one behind the last entry, too.
    fn delete(&mut self, extents: &[Extent], kept: &[bool]) {
        let last = kept.iter().rposition(|kept| *kept);
        for (at, extent) in extents.iter().enumerate().filter(|(at, _)| !kept[*at]) {
            let span = if last.is_some_and(|last| last < at) {
                let before = extents[at - 1].end;
                Span::new(self.text[..extent.start].trim_end().len().max(before), extent.end)
            } else {
                Span::new(extent.start, self.text.len() - self.text[extent.end..].trim_start().len())
            };
            self.edits.push(Edit::delete(span));
        }
        let ends = extents.last().is_some_and(|extent| extent.comma.is_none()) && kept.last() == Some(&false);
        if let Some(comma) = last.and_then(|last| extents[last].comma).filter(|_| ends) {
            self.edits.push(Edit::delete(Span::new(comma, comma + 1)));
        }
    }

    /// Puts an entry in after the one at `after`, or before the first. The comment behind that one goes along.
    fn insert(
        &mut self,
        places: &[Range<usize>],
        extents: &mut [Extent],
        after: Option<usize>,
        drawn: &str,
        separator: &str,
    ) {
        let Some(after) = after else {
            let first = extents.first().map(|first| Edit::insert(first.start, format!("{drawn}{separator}")));
            self.edits.extend(first);
            return;
        };
        let (comma, rest) = separator.split_at(usize::from(separator.starts_with(',')));
        let comment = extents[after].comment.take_if(|_| rest.starts_with('\n'));
        let behind = comment.map(|comment| {
            let blanks = self.text[..comment.start].trim_end_matches([' ', '\t']).len();
            self.edits.push(Edit::delete(Span::new(blanks, comment.end)));
            format!(" {}", &self.text[comment])
        });
        let behind = behind.unwrap_or_default();
        self.edits.push(Edit::insert(places[after].end, format!("{comma}{behind}{rest}{drawn}")));
    }

    /// What a value inside `whole` that has a line of its own is indented by.
    fn inner_indent(&self, whole: &Value, places: &[Range<usize>]) -> String {
        let at = places.first().map_or(whole.span.start, |first| first.start);
        indent(self.text, at).to_owned()
    }

    /// What parts two entries of `whole`.
    fn separator(&self, whole: &Value, places: &[Range<usize>]) -> String {
        match places {
            [first, ..] if self.text[whole.span.start..first.start].contains('\n') => {
                format!(",\n{}", indent(self.text, first.start))
            }
            [first, second, ..] if !self.text[first.end..second.start].contains(' ') => ",".to_owned(),
            _ => ", ".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests;
