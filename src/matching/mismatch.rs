//! A difference and how it is told.

use crate::source::Span;

/// A line of an alignment of expected and actual text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DiffLine {
    /// It is as the page says; the actual text, without wildcards.
    Same(String),
    /// The page shows it, and it did not happen.
    Missing(String),
    /// It happened, and the page does not show it.
    Unexpected(String),
    /// This many lines were left out: they are as the page says.
    Skipped(usize),
    /// This many lines happened, and the page leaves them open: it does not show them.
    Free(usize),
}

/// Where and how actual differs from expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// The differing place, in bytes of the expected text; empty (a point) where something is missing from it.
    pub expected: Span,
    /// What differs, lower case, no final period, such as "line 2 differs" or "`id` is 7, not 8".
    pub message: String,
    /// Expected and actual, aligned. What differs stands in pairs, `Missing` before `Unexpected`.
    pub diff: Vec<DiffLine>,
    /// What to do next, each a sentence fragment.
    pub help: Vec<String>,
}

/// Lines that are the same and are kept on either side of a difference.
const CONTEXT: usize = 3;

/// Differing lines of one side that are kept; a reader needs no more to see that nothing fits.
const DIFFERING: usize = 200;

/// Builds a diff, leaving out what no reader needs: the same lines far from a difference, endless differing ones.
#[derive(Debug, Default)]
pub(super) struct Diff {
    lines: Vec<DiffLine>,
    /// Lines that are the same since the last difference, only those that may be shown.
    same: Vec<String>,
    same_count: usize,
    missing: usize,
    unexpected: usize,
}

impl Diff {
    /// Adds a line that is as the page says.
    pub(super) fn same(&mut self, line: &str) {
        let before = if self.lines.is_empty() { 0 } else { CONTEXT };
        // After the lines that follow a difference only the last few can precede the next one; one more is held, so
        // that no mark stands for a single line.
        if self.same.len() == before + CONTEXT + 1 {
            self.same.remove(before);
        }
        self.same.push(line.to_owned());
        self.same_count += 1;
    }

    /// Adds a line that did not come.
    pub(super) fn missing(&mut self, line: &str) {
        self.missing += 1;
        if self.missing <= DIFFERING {
            self.flush(CONTEXT);
            self.lines.push(DiffLine::Missing(line.to_owned()));
        }
    }

    /// Adds a line that the page does not show.
    pub(super) fn unexpected(&mut self, line: &str) {
        self.unexpected += 1;
        if self.unexpected <= DIFFERING {
            self.flush(CONTEXT);
            self.lines.push(DiffLine::Unexpected(line.to_owned()));
        }
    }

    /// Says that `count` lines that are the same stand here.
    pub(super) fn skip(&mut self, count: usize) {
        if count > 0 {
            self.flush(0);
            self.push_skipped(count);
        }
    }

    /// Says that `count` lines that the page leaves open stand here.
    pub(super) fn free(&mut self, count: usize) {
        if count > 0 {
            self.flush(0);
            match self.lines.last_mut() {
                Some(DiffLine::Free(known)) => *known += count,
                _ => self.lines.push(DiffLine::Free(count)),
            }
        }
    }

    /// Takes over the lines of a diff that was built.
    pub(super) fn append(&mut self, lines: Vec<DiffLine>) {
        self.flush(CONTEXT);
        self.lines.extend(lines);
    }

    /// The diff.
    pub(super) fn finish(mut self) -> Vec<DiffLine> {
        self.flush(0);
        for (count, more) in
            [(self.missing, DiffLine::Missing as fn(String) -> DiffLine), (self.unexpected, DiffLine::Unexpected)]
        {
            if let Some(left @ 1..) = count.checked_sub(DIFFERING) {
                self.lines.push(more(format!("… and {left} more")));
            }
        }
        self.lines
    }

    /// Writes the same lines that were held back, with `after` of them before what follows.
    fn flush(&mut self, after: usize) {
        let before = if self.lines.is_empty() { 0 } else { CONTEXT };
        let held = std::mem::take(&mut self.same);
        let count = std::mem::take(&mut self.same_count);
        let head = before.min(held.len());
        let tail = after.min(held.len() - head);
        let skipped = count - head - tail;
        let tail = if skipped == 1 && held.len() == count { tail + 1 } else { tail };
        let last = held.len() - tail;
        let mut held = held.into_iter();
        self.lines.extend(held.by_ref().take(head).map(DiffLine::Same));
        self.push_skipped(count - head - tail);
        self.lines.extend(held.skip(last - head).map(DiffLine::Same));
    }

    fn push_skipped(&mut self, count: usize) {
        match self.lines.last_mut() {
            _ if count == 0 => {}
            Some(DiffLine::Skipped(known)) => *known += count,
            _ => self.lines.push(DiffLine::Skipped(count)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_lines_far_from_a_difference_are_left_out() {
        let mut diff = Diff::default();
        for number in 1..=10 {
            diff.same(&number.to_string());
        }
        diff.missing("x");
        diff.unexpected("y");
        for number in 1..=20 {
            diff.same(&number.to_string());
        }
        diff.missing("z");
        for number in 1..=5 {
            diff.same(&number.to_string());
        }
        let same = |line: &str| DiffLine::Same(line.to_owned());
        assert_eq!(
            diff.finish(),
            [
                DiffLine::Skipped(7),
                same("8"),
                same("9"),
                same("10"),
                DiffLine::Missing("x".to_owned()),
                DiffLine::Unexpected("y".to_owned()),
                same("1"),
                same("2"),
                same("3"),
                DiffLine::Skipped(14),
                same("18"),
                same("19"),
                same("20"),
                DiffLine::Missing("z".to_owned()),
                same("1"),
                same("2"),
                same("3"),
                DiffLine::Skipped(2),
            ]
        );
    }

    #[test]
    fn a_short_run_is_shown_whole() {
        let mut diff = Diff::default();
        diff.missing("a");
        for _ in 0..7 {
            diff.same("s");
        }
        diff.missing("b");
        let lines = diff.finish();
        assert_eq!(lines.len(), 9);
        assert!(!lines.iter().any(|line| matches!(line, DiffLine::Skipped(_))), "{lines:?}");
    }

    #[test]
    fn endless_lines_are_counted() {
        let mut diff = Diff::default();
        for _ in 0..1000 {
            diff.unexpected("y");
        }
        let lines = diff.finish();
        assert_eq!(lines.len(), DIFFERING + 1);
        assert_eq!(lines.last(), Some(&DiffLine::Unexpected("… and 800 more".to_owned())));
    }
}
