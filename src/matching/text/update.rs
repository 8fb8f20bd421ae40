//! What a page has to show of what was printed: its lines that still match, and the others as they were printed.

use crate::text;

use super::super::align::MISSING_AT_LAST;
use super::super::captures::{Bindings, Captures};
use super::{Op, PAIRS, Row, Telling, compare, glob, rows};

/// The lines that a page has to show in the place of `expected` so that `actual` matches. What still matches stays as
/// the page has it, with its wildcards; `None` where no text would match.
pub fn update_text(expected: &str, actual: &str, captures: &Captures) -> Option<String> {
    let actual = text::normalize(actual);
    let bindings = Bindings::new(captures);
    let matches = |shown: &String| compare(shown, &actual, &mut bindings.clone()).is_ok();
    Some(update(expected, &actual, &mut bindings.clone()))
        .filter(matches)
        .or_else(|| Some(actual.clone()).filter(matches))
}

/// As `update_text`, with `actual` in its normal form; whether the result matches is for the caller to look at.
pub(in crate::matching) fn update(expected: &str, actual: &str, bindings: &mut Bindings<'_>) -> String {
    let rows = rows(expected);
    let lines: Vec<&str> = if actual.is_empty() { Vec::new() } else { actual.split('\n').collect() };
    let written = |row: usize| expected[rows[row].span.start..rows[row].span.end].to_owned();
    let Err(stuck) = glob(&rows, &lines, bindings) else {
        return (0..rows.len()).map(written).collect::<Vec<_>>().join("\n");
    };
    if let Some(ends) = ends(&rows, &lines, bindings).filter(|_| rows.len() * lines.len() > PAIRS) {
        return ends.join("\n");
    }
    let ops = Telling { rows: &rows, lines: &lines, missing: MISSING_AT_LAST, bindings }.differing(&stuck);
    let mut shown: Vec<String> = (0..stuck.row).map(written).collect();
    let mut next = stuck.row;
    for op in ops {
        let until = match op {
            Op::Same(row, _) | Op::Pair(row, _) | Op::Missing(row) => row,
            // A `...` that the printed line lies behind, or in, stands before it.
            Op::Unexpected(_) | Op::Free(_) => next + rows[next..].iter().take_while(|row| row.is_more()).count(),
        };
        shown.extend((next..until).filter(|row| rows[*row].is_more()).map(written));
        next = next.max(until);
        match op {
            Op::Same(row, _) => shown.push(written(row)),
            Op::Pair(row, line) => {
                let renewed = rows[row].line().map(|pattern| pattern.renewed(lines[line], bindings));
                shown.push(renewed.unwrap_or_else(|| lines[line].to_owned()));
            }
            Op::Unexpected(line) => shown.push(lines[line].to_owned()),
            Op::Missing(_) | Op::Free(_) => {}
        }
        if matches!(op, Op::Same(..) | Op::Pair(..) | Op::Missing(_)) {
            next = until + 1;
        }
    }
    shown.extend((next..rows.len()).filter(|row| rows[*row].is_more()).map(written));
    shown.join("\n")
}

/// Of an output too long to be aligned what stands before the page's first `...` and after its last one, taken from
/// its start and its end; `None` where the page has no `...`.
fn ends(rows: &[Row<'_>], lines: &[&str], bindings: &Bindings<'_>) -> Option<Vec<String>> {
    let (first, last) = (rows.iter().position(Row::is_more)?, rows.iter().rposition(Row::is_more)?);
    let after = rows.len() - last - 1;
    let end = lines.len().checked_sub(after).filter(|end| *end >= first)?;
    let renewed = |row: &Row<'_>, line: &str| match row.line() {
        Some(pattern) if pattern.fits(line, bindings) => pattern.text().to_owned(),
        Some(pattern) => pattern.renewed(line, bindings),
        None => line.to_owned(),
    };
    let front = rows[..first].iter().zip(lines).map(|(row, line)| renewed(row, line));
    let back = rows[last + 1..].iter().zip(&lines[end..]).map(|(row, line)| renewed(row, line));
    Some(front.chain(["...".to_owned()]).chain(back).collect())
}

#[cfg(test)]
mod tests {
    #[test]
    fn of_an_endless_output_both_ends_stay() {
        let printed: Vec<String> = (1..=200_000).map(|line| format!("line {line}")).collect();
        let updated = update_text("line 0\n...\nlines [..]\nline <n:int>\n", &printed.join("\n"), &Captures::new());
        assert_eq!(updated.as_deref(), Some("line 1\n...\nline [..]\nline <n:int>"));
    }

    use super::*;

    #[test]
    fn lines_that_still_match_stay_as_the_page_has_them() {
        for (page, actual, updated) in [
            ("a\nb\nc\n", "a\nx\nc\n", "a\nx\nc"),
            ("id <id:int>\nname Ada\n", "id 7\nname Grace\n", "id <id:int>\nname Grace"),
            ("first\n...\nlast 1\n", "first\n1\n2\nlast 2\n", "first\n...\nlast 2"),
            ("  …\nb\n", "x\ny\nc\n", "  …\nc"),
            ("a\nb\n", "", ""),
            ("", "a\nb", "a\nb"),
            ("a\n", "new\na\nmore\n", "new\na\nmore"),
            ("took [..]\ntotal 1\n", "took 5 ms\ntotal 2\nbye\n", "took [..]\ntotal 2\nbye"),
            ("a\n...\nb\n...\n", "b\nz\n", "...\nb\n..."),
        ] {
            assert_eq!(update_text(page, actual, &Captures::new()).as_deref(), Some(updated), "{page:?} | {actual:?}");
        }
    }

    #[test]
    fn a_value_that_an_earlier_output_captured_stays_a_name() {
        let mut captures = Captures::new();
        captures.set("id", "c_7");
        let updated = update_text("contact <id> made\nstatus new\n", "contact c_7 made\nstatus old", &captures);
        assert_eq!(updated.as_deref(), Some("contact <id> made\nstatus old"));
    }
}
