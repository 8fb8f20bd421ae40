//! The diff of two documents, member by member in the order of the page.

use super::super::captures::Bindings;
use super::super::mismatch::Diff;
use super::compare::{Slot, is_gap, leaf, slots};
use super::value::{Content, Object, Value, quoted};

/// Adds the lines of both documents to `diff`, aligned. `bindings` is what was captured up to the difference.
pub(super) fn documents(expected: &[Value], actual: &[Value], diff: &mut Diff, bindings: &mut Bindings<'_>) {
    items(expected, actual, 0, "", &mut Drawing { diff, bindings });
}

struct Drawing<'a, 'c> {
    diff: &'a mut Diff,
    bindings: &'a mut Bindings<'c>,
}

impl Drawing<'_, '_> {
    fn value(&mut self, expected: &Value, actual: &Value, level: usize, before: &str, after: &str) {
        let indent = "  ".repeat(level);
        let (open, close) = expected.brackets();
        match (&expected.content, &actual.content) {
            (Content::Object(shown), Content::Object(found)) => {
                self.diff.same(&format!("{indent}{before}{open}"));
                self.members(shown, found, level + 1);
                self.diff.same(&format!("{indent}{close}{after}"));
            }
            (Content::Array(shown), Content::Array(found)) => {
                self.diff.same(&format!("{indent}{before}{open}"));
                items(shown, found, level + 1, ",", self);
                self.diff.same(&format!("{indent}{close}{after}"));
            }
            _ if leaf(expected, actual, self.bindings) => {
                for line in actual.pretty(level, before, after) {
                    self.diff.same(&line);
                }
            }
            _ => {
                self.missing(expected, level, before, after);
                self.unexpected(actual, level, before, after);
            }
        }
    }

    fn members(&mut self, shown: &Object, found: &Object, level: usize) {
        let is_shown = |key: &str| shown.members.iter().any(|member| member.key == key);
        let extra: Vec<_> = found.members.iter().filter(|member| !is_shown(&member.key)).collect();
        let last_shown = shown.members.len().checked_sub(1).filter(|_| extra.is_empty());
        for (at, member) in shown.members.iter().enumerate() {
            let label = format!("{}: ", quoted(&member.key));
            let comma = if last_shown == Some(at) { "" } else { "," };
            // Of a key that comes twice the last one counts, as in most readers.
            match found.members.iter().rfind(|other| other.key == member.key) {
                Some(other) => self.value(&member.value, &other.value, level, &label, comma),
                None => self.missing(&member.value, level, &label, comma),
            }
        }
        let count = extra.len();
        for (at, member) in extra.into_iter().enumerate() {
            let label = format!("{}: ", quoted(&member.key));
            let comma = if at + 1 == count { "" } else { "," };
            if shown.more {
                self.diff.free(member.value.pretty(level, &label, comma).len());
            } else {
                self.unexpected(&member.value, level, &label, comma);
            }
        }
    }

    fn missing(&mut self, expected: &Value, level: usize, before: &str, after: &str) {
        for line in expected.pretty(level, before, after) {
            self.diff.missing(&line);
        }
    }

    fn unexpected(&mut self, actual: &Value, level: usize, before: &str, after: &str) {
        for line in actual.pretty(level, before, after) {
            self.diff.unexpected(&line);
        }
    }
}

/// The elements of two arrays, or two rows of documents, with `separator` between them.
fn items(shown: &[Value], found: &[Value], level: usize, separator: &str, drawing: &mut Drawing<'_, '_>) {
    let slots = slots(shown, found, drawing.bindings);
    let count = slots.len();
    for (at, slot) in slots.into_iter().enumerate() {
        let comma = if at + 1 == count { "" } else { separator };
        match slot {
            Slot::Both(left, right) => drawing.value(&shown[left], &found[right], level, "", comma),
            Slot::Missing(left) if is_gap(&shown[left]) => {}
            Slot::Missing(left) => drawing.missing(&shown[left], level, "", comma),
            Slot::Unexpected(right) => drawing.unexpected(&found[right], level, "", comma),
            Slot::Free(right) => drawing.diff.free(found[right].pretty(level, "", comma).len()),
        }
    }
}
