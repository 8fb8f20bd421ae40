//! Text against text, line by line. A line `...` (or `…`) stands for any number of lines, also none; within a line
//! the wildcards of `wildcard` hold.

use std::collections::BTreeMap;

use crate::source::Span;
use crate::text;

use super::align::{Likeness, MISSING, Op, align, likeness};
use super::captures::{Bindings, Captures, keep_on_match};
use super::mismatch::{Diff, Mismatch};
use super::wildcard::{Pattern, near_gap, near_misses};

mod update;

pub(super) use update::update;
pub use update::update_text;

/// Compares what a page shows with what was printed. What typed captures match is kept where all of it matches.
///
/// # Errors
///
/// The first difference, with its place in `expected`.
pub fn compare_text(expected: &str, actual: &str, captures: &mut Captures) -> Result<(), Mismatch> {
    let actual = text::normalize(actual);
    keep_on_match(captures, |bindings| compare(expected, &actual, bindings))
}

/// As `compare_text`, with `actual` in its normal form.
pub(super) fn compare(expected: &str, actual: &str, bindings: &mut Bindings<'_>) -> Result<(), Mismatch> {
    let rows = rows(expected);
    let lines: Vec<&str> = if actual.is_empty() { Vec::new() } else { actual.split('\n').collect() };
    match glob(&rows, &lines, bindings) {
        Ok(()) => Ok(()),
        Err(stuck) => {
            Err(Telling { rows: &rows, lines: &lines, missing: MISSING, bindings }.mismatch(&stuck, expected))
        }
    }
}

/// True for a line, or an element of JSON, that stands for any number of them.
pub(super) fn is_more(text: &str) -> bool {
    matches!(text.trim(), "..." | "…")
}

/// A line of the page.
#[derive(Debug)]
struct Row<'t> {
    span: Span,
    what: Expected<'t>,
}

#[derive(Debug)]
enum Expected<'t> {
    More,
    Line(Pattern<'t>),
}

impl<'t> Row<'t> {
    fn line(&self) -> Option<&Pattern<'t>> {
        match &self.what {
            Expected::Line(pattern) => Some(pattern),
            Expected::More => None,
        }
    }

    fn is_more(&self) -> bool {
        matches!(self.what, Expected::More)
    }

    fn matches(&self, actual: &str, bindings: &mut Bindings<'_>) -> bool {
        self.line().is_some_and(|pattern| pattern.matches(actual, bindings))
    }
}

fn rows(expected: &str) -> Vec<Row<'_>> {
    let mut seen = BTreeMap::new();
    let mut rows = Vec::new();
    for line in text::lines(expected) {
        let what = if is_more(line.value) {
            Expected::More
        } else {
            let mut pattern = Pattern::parse(line.value);
            pattern.link(&mut seen);
            Expected::Line(pattern)
        };
        rows.push(Row { span: line.span, what });
    }
    rows
}

/// Where matching could not go on: the rows from `row` on do not match the lines from `line` on.
#[derive(Debug)]
struct Stuck {
    row: usize,
    line: usize,
}

/// Matches all rows: those before the first `...` at the start, those after the last one at the end, and each run
/// between at the first place where it fits. So it takes time in proportion to the lines, and never goes back.
fn glob(rows: &[Row<'_>], lines: &[&str], bindings: &mut Bindings<'_>) -> Result<(), Stuck> {
    let (mut row, mut line) = (0, 0);
    while row < rows.len() {
        let free = rows[row].is_more();
        let start = row + usize::from(free);
        let end = rows[start..].iter().position(Row::is_more).map_or(rows.len(), |more| start + more);
        let run = &rows[start..end];
        let stuck = Err(Stuck { row, line });
        let Some(last) = lines.len().checked_sub(run.len()).filter(|last| *last >= line) else { return stuck };
        let at_end = end == rows.len();
        let candidates = match (free, at_end) {
            (true, true) => last..=last,
            (true, false) => line..=last,
            (false, _) => line..=line,
        };
        let fits = |at: &usize| {
            let mut trial = bindings.clone();
            let fits = run.iter().zip(&lines[*at..]).all(|(row, line)| row.matches(line, &mut trial));
            fits.then_some(trial)
        };
        let Some((at, trial)) = candidates.into_iter().find_map(|at| Some((at, fits(&at)?))) else { return stuck };
        *bindings = trial;
        line = at + run.len();
        row = end;
        if !free && at_end && line < lines.len() {
            return stuck;
        }
    }
    if rows.is_empty() && !lines.is_empty() {
        return Err(Stuck { row: 0, line: 0 });
    }
    Ok(())
}

/// What is needed to tell a difference.
struct Telling<'a, 't, 'c> {
    rows: &'a [Row<'t>],
    lines: &'a [&'a str],
    /// What a row costs that nothing is aligned with.
    missing: u32,
    bindings: &'a mut Bindings<'c>,
}

/// The most pairs of lines that are looked at to align what differs. What lies beyond is told as it stands.
const PAIRS: usize = 200_000;

/// The most rows among them.
const ROWS: usize = 500;

impl Telling<'_, '_, '_> {
    fn mismatch(mut self, stuck: &Stuck, expected: &str) -> Mismatch {
        let mut diff = Diff::default();
        self.tell_matched(stuck, &mut diff);
        let ops = self.differing(stuck);
        for op in &ops {
            match *op {
                Op::Same(_, line) => diff.same(self.lines[line]),
                Op::Free(_) => diff.free(1),
                Op::Missing(row) => diff.missing(self.row_text(row)),
                Op::Unexpected(line) => diff.unexpected(self.lines[line]),
                Op::Pair(row, line) => {
                    diff.missing(self.row_text(row));
                    diff.unexpected(self.lines[line]);
                }
            }
        }
        let (span, message) = self.first(&ops);
        let mut help = near_misses(expected);
        help.extend(ops.iter().find_map(|op| match *op {
            Op::Missing(row) | Op::Pair(row, _) => near_gap(self.row_text(row)),
            Op::Same(..) | Op::Free(_) | Op::Unexpected(_) => None,
        }));
        Mismatch { expected: span, message, diff: diff.finish(), help }
    }

    /// Tells the lines before the place where matching stuck.
    fn tell_matched(&self, stuck: &Stuck, diff: &mut Diff) {
        // Lines that a `...` stands for are free; only the rows right before the place are worth showing one by one.
        let shown = self.rows[..stuck.row].iter().rev().take_while(|row| !row.is_more()).count();
        let literal = self.rows[..stuck.row].iter().filter(|row| !row.is_more()).count();
        diff.skip(literal - shown);
        diff.free(stuck.line - literal);
        for seen in &self.lines[stuck.line - shown..stuck.line] {
            diff.same(seen);
        }
    }

    /// Aligns the rows and lines that are left.
    fn differing(&mut self, stuck: &Stuck) -> Vec<Op> {
        let (mut row, mut line) = (stuck.row, stuck.line);
        let (mut row_end, mut line_end) = (self.rows.len(), self.lines.len());
        let mut ops = Vec::new();
        while row < row_end && line < line_end && self.rows[row].matches(self.lines[line], self.bindings) {
            ops.push(Op::Same(row, line));
            (row, line) = (row + 1, line + 1);
        }
        let fits = |row: usize, line: usize| {
            self.rows[row].line().is_some_and(|pattern| pattern.fits(self.lines[line], self.bindings))
        };
        while row < row_end && line < line_end && fits(row_end - 1, line_end - 1) {
            (row_end, line_end) = (row_end - 1, line_end - 1);
        }
        let rows = (row_end - row).min(ROWS);
        let lines = (line_end - line).min(PAIRS / (rows + 1));
        let middle = align(
            rows,
            lines,
            self.missing,
            |at| self.rows[row + at].is_more(),
            |at, column| {
                if fits(row + at, line + column) {
                    return Likeness::Same;
                }
                match likeness(self.row_text(row + at), self.lines[line + column]) {
                    Likeness::Same => Likeness::Differs(100),
                    differs @ Likeness::Differs(_) => differs,
                }
            },
        );
        ops.extend(middle.into_iter().map(|op| match op {
            Op::Same(at, column) => Op::Same(row + at, line + column),
            Op::Pair(at, column) => Op::Pair(row + at, line + column),
            Op::Missing(at) => Op::Missing(row + at),
            Op::Unexpected(column) => Op::Unexpected(line + column),
            Op::Free(column) => Op::Free(line + column),
        }));
        ops.extend((row + rows..row_end).filter(|row| !self.rows[*row].is_more()).map(Op::Missing));
        ops.extend((line + lines..line_end).map(Op::Unexpected));
        ops.extend((row_end..self.rows.len()).zip(line_end..).map(|(row, line)| Op::Same(row, line)));
        ops
    }

    fn row_text(&self, row: usize) -> &str {
        self.rows[row].line().map_or("...", Pattern::text)
    }

    /// Place and message of the first difference.
    fn first(&self, ops: &[Op]) -> (Span, String) {
        let Some(at) = ops.iter().position(|op| !matches!(op, Op::Same(..) | Op::Free(_))) else {
            // What fits line by line, but not as a whole: one name with two values.
            return self.two_values();
        };
        match ops[at] {
            Op::Pair(row, line) => self.pair(row, self.lines[line]),
            Op::Missing(row) => {
                let span = self.rows[row].span;
                let message = match (self.lines.is_empty(), row + 1) {
                    (true, _) => "nothing was printed".to_owned(),
                    (false, number) => format!("line {number} is missing from the output"),
                };
                (span, message)
            }
            _ => {
                let more = ops[at..].iter().take_while(|op| matches!(op, Op::Unexpected(_))).count();
                let lines = if more == 1 { "1 line".to_owned() } else { format!("{more} lines") };
                let before = ops[..at].iter().rev().find_map(|op| match op {
                    Op::Same(row, _) | Op::Pair(row, _) | Op::Missing(row) => Some(*row),
                    Op::Unexpected(_) | Op::Free(_) => None,
                });
                match before {
                    Some(row) => {
                        let end = self.rows[row].span.end;
                        (Span::new(end, end), format!("{lines} more than the page shows, after line {}", row + 1))
                    }
                    None if self.rows.is_empty() => (Span::default(), format!("{lines} more than the page shows")),
                    None => (Span::default(), format!("{lines} more than the page shows, before line 1")),
                }
            }
        }
    }

    fn pair(&self, row: usize, line: &str) -> (Span, String) {
        let Some(pattern) = self.rows[row].line() else { return (self.rows[row].span, String::new()) };
        let blame = pattern.blame(line, self.bindings);
        let start = self.rows[row].span.start;
        let span = Span::new(start + blame.span.start, start + blame.span.end);
        let reason = blame.reason.map_or(String::new(), |reason| format!(": {reason}"));
        (span, format!("line {} differs{reason}", row + 1))
    }

    fn two_values(&self) -> (Span, String) {
        let rows = self.rows.iter().enumerate();
        let last = rows.rev().find(|(_, row)| row.line().is_some_and(|pattern| !pattern.is_literal()));
        let (row, span) = last.map_or((0, Span::default()), |(row, at)| (row, at.span));
        (span, format!("line {} differs: a name stands for two values", row + 1))
    }
}

#[cfg(test)]
mod tests;
