//! Two texts that must be the same, line by line: no wildcards, no captures.

use super::align::{MISSING, Op, align, likeness};
use super::mismatch::{Diff, Mismatch};
use crate::source::Span;

/// The most pairs of lines that are looked at to align what differs. What lies beyond is told as it stands.
const PAIRS: usize = 200_000;

/// Compares two texts in their normal form.
///
/// # Errors
///
/// The first difference, with its place in `expected`.
pub fn compare_exact(expected: &str, actual: &str) -> Result<(), Mismatch> {
    if expected == actual {
        return Ok(());
    }
    let (old, new) = (lines(expected), lines(actual));
    let front = old.iter().zip(&new).take_while(|(old, new)| old == new).count();
    let (left, right) = (&old[front..], &new[front..]);
    let back = left.iter().rev().zip(right.iter().rev()).take_while(|(old, new)| old == new).count();
    let (left, right) = (&left[..left.len() - back], &right[..right.len() - back]);
    let mut diff = Diff::default();
    old[..front].iter().for_each(|line| diff.same(line));
    if left.len() * right.len() > PAIRS {
        left.iter().for_each(|line| diff.missing(line));
        right.iter().for_each(|line| diff.unexpected(line));
    } else {
        for op in align(left.len(), right.len(), MISSING, |_| false, |row, column| likeness(left[row], right[column])) {
            match op {
                Op::Same(_, line) => diff.same(right[line]),
                Op::Missing(row) => diff.missing(left[row]),
                Op::Unexpected(line) | Op::Free(line) => diff.unexpected(right[line]),
                Op::Pair(row, line) => {
                    diff.missing(left[row]);
                    diff.unexpected(right[line]);
                }
            }
        }
    }
    old[old.len() - back..].iter().for_each(|line| diff.same(line));
    let start = old[..front].iter().map(|line| line.len() + 1).sum::<usize>().min(expected.len());
    let end = start + left.first().map_or(0, |line| line.len());
    let message = match (left.is_empty(), right.is_empty()) {
        (false, true) => format!("line {} is missing from the output", front + 1),
        (true, _) => format!("line {} was not printed before", front + 1),
        (false, false) => format!("line {} differs", front + 1),
    };
    Err(Mismatch { expected: Span::new(start, end), message, diff: diff.finish(), help: Vec::new() })
}

fn lines(text: &str) -> Vec<&str> {
    if text.is_empty() { Vec::new() } else { text.split('\n').collect() }
}

#[cfg(test)]
mod tests {
    use super::super::DiffLine;
    use super::*;

    fn told(expected: &str, actual: &str) -> (String, String, String) {
        let found = compare_exact(expected, actual).unwrap_err();
        let lines = found.diff.iter().map(|line| match line {
            DiffLine::Same(text) => format!(" {text}"),
            DiffLine::Missing(text) => format!("-{text}"),
            DiffLine::Unexpected(text) => format!("+{text}"),
            DiffLine::Skipped(count) | DiffLine::Free(count) => format!("…{count}"),
        });
        let place = expected[found.expected.start..found.expected.end].to_owned();
        (found.message, place, lines.collect::<Vec<_>>().join("|"))
    }

    fn expect(expected: &str, actual: &str, message: &str, place: &str, diff: &str) {
        assert_eq!(told(expected, actual), (message.to_owned(), place.to_owned(), diff.to_owned()));
    }

    #[test]
    fn the_first_difference_is_told_at_its_place() {
        expect("a\nb\nc", "a\nx\nc", "line 2 differs", "b", " a|-b|+x| c");
        expect("a\nb", "a", "line 2 is missing from the output", "b", " a|-b");
        expect("a", "a\nb", "line 2 was not printed before", "", " a|+b");
        expect("", "a", "line 1 was not printed before", "", "+a");
        expect("a", "", "line 1 is missing from the output", "a", "-a");
    }

    #[test]
    fn nothing_in_it_is_a_wildcard() {
        expect("...", "a\nb", "line 1 differs", "...", "-...|+a|+b");
        expect("[..]", "a", "line 1 differs", "[..]", "-[..]|+a");
        assert_eq!(compare_exact("...\n<id:uuid>", "...\n<id:uuid>"), Ok(()));
    }

    #[test]
    fn much_that_differs_is_told_as_it_stands() {
        let (old, new) = ("a\n".repeat(1000), "b\n".repeat(1000));
        let found = compare_exact(&old, &new).unwrap_err();
        assert_eq!(found.message, "line 1 differs");
        assert_eq!(found.diff.len(), 403);
    }
}
