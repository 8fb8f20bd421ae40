//! Expected and actual text, one above the other, with the changed words marked.

use similar::{ChangeTag, TextDiff};

use super::Look;
use crate::matching::DiffLine;
pub(super) use crate::report::findings::counted;
use crate::report::paint::{BAD, FRAME, GOOD, Paint, QUIET, clipped, revealed, safe};

/// How many lines of a diff are shown.
const LINES: usize = 28;

/// How many lines are shown at its end where some are left out: what a program says last is often why it ended.
const TAIL: usize = 6;

/// How many bytes of a diff are shown.
const BYTES: usize = 8 * 1024;

/// How many lines that are the same are shown around a difference.
const CONTEXT: usize = 2;

/// Two lines that have less than this part of their words in common are shown without marks.
const ALIKE: f32 = 0.4;

/// Lines longer than this, in bytes, are not compared word by word: it would take too long.
const COMPARABLE: usize = 4096;

/// A line to be shown.
enum Row<'a> {
    Same(&'a str),
    Missing(Marked),
    Unexpected(Marked),
    /// Lines that are left out and are the same.
    Gap(usize),
    /// Lines that are left out and are not told by the side before.
    Free(usize),
}

/// A line in pieces; `true` for a changed one.
type Marked = Vec<(bool, String)>;

/// Draws `diff` beside a gutter of `gutter` columns. `sides` names what is taken away and what comes, such as "the page"
/// and "what happened".
pub(super) fn draw(paint: &mut Paint, gutter: usize, sides: [&str; 2], diff: &[DiffLine], look: Look) {
    let [before, after] = sides;
    let rows = rows(diff);
    let bar = format!("{:gutter$} | ", "");
    paint
        .add_in(FRAME, &bar)
        .add_in(BAD, &format!("- {before}"))
        .add("   ")
        .add_in(GOOD, &format!("+ {after}"))
        .end_line();
    paint.add_in(FRAME, bar.trim_end()).end_line();
    let (start, mut lines) = (paint.len(), 0);
    let width = look.width.saturating_sub(bar.len() + 2).max(20);
    let tail = rows.len().saturating_sub(TAIL);
    let head = if rows.len() > LINES { LINES - TAIL } else { LINES };
    let mut left_out = 0;
    for (at, row) in rows.iter().enumerate() {
        let limit = if at < tail { BYTES / 2 } else { BYTES };
        if (at < tail && lines >= head) || paint.len() - start >= limit {
            left_out += 1;
            continue;
        }
        tell_left_out(paint, &bar, std::mem::take(&mut left_out));
        lines += 1;
        if let Row::Same("") = row {
            paint.add_in(FRAME, bar.trim_end()).end_line();
            continue;
        }
        paint.add_in(FRAME, &bar);
        match row {
            Row::Same(text) => {
                paint.add("  ").add_in(QUIET, &clipped(&safe(text), width)).end_line();
            }
            Row::Gap(count) => {
                paint.add_in(QUIET, &format!("… {} as {before} says", counted(*count, "line"))).end_line();
            }
            Row::Free(count) => {
                let left = format!("… {} that {before} does not show", counted(*count, "line"));
                paint.add_in(QUIET, &left).end_line();
            }
            Row::Missing(pieces) => lines += changed(paint, &bar, '-', pieces, width, look),
            Row::Unexpected(pieces) => lines += changed(paint, &bar, '+', pieces, width, look),
        }
    }
    tell_left_out(paint, &bar, left_out);
}

fn tell_left_out(paint: &mut Paint, bar: &str, count: usize) {
    if count > 0 {
        let left = format!("… {} left out", counted(count, "more line"));
        paint.add_in(FRAME, bar).add_in(QUIET, &left).end_line();
    }
}

/// Draws a changed line; where there are no colours, a second one with marks below the changed words. Returns how
/// many lines were added to the first.
fn changed(paint: &mut Paint, bar: &str, sign: char, pieces: &Marked, width: usize, look: Look) -> usize {
    let pieces = windowed(pieces, width);
    let style = if sign == '-' { BAD } else { GOOD };
    paint.add_in(style, &format!("{sign} "));
    for (mark, text) in &pieces {
        paint.add_in(if *mark { style.bold().underline() } else { style }, text);
    }
    paint.end_line();
    if look.colour || !pieces.iter().any(|(mark, _)| *mark) {
        return 0;
    }
    let marks: String =
        pieces.iter().flat_map(|(mark, text)| text.chars().map(|_| if *mark { '^' } else { ' ' })).collect();
    paint.add(&format!("{bar}  {}", marks.trim_end())).end_line();
    1
}

/// The part of a line that fits into `width` characters, its first changed piece in view.
fn windowed(pieces: &Marked, width: usize) -> Marked {
    let characters: Vec<(bool, char)> =
        pieces.iter().flat_map(|(mark, text)| text.chars().map(move |character| (*mark, character))).collect();
    if characters.len() <= width {
        return pieces.clone();
    }
    let change = characters.iter().position(|(mark, _)| *mark).unwrap_or(0);
    let start = change.saturating_sub(width / 3).min(characters.len() - width);
    let end = start + width;
    let mut window: Marked = Vec::new();
    for (at, (mark, character)) in characters.iter().enumerate().take(end).skip(start) {
        let cut = (at == start && start > 0) || (at + 1 == end && end < characters.len());
        let character = if cut { '…' } else { *character };
        match window.last_mut() {
            Some((last, text)) if last == mark => text.push(character),
            _ => window.push((*mark, character.to_string())),
        }
    }
    window
}

/// The lines to show: changes with a little of what stands around them.
fn rows(diff: &[DiffLine]) -> Vec<Row<'_>> {
    let mut rows = Vec::new();
    let mut at = 0;
    while at < diff.len() {
        let alike = diff[at..].iter().take_while(|line| is_same(line)).count();
        let (first, last) = (at == 0, at + alike == diff.len());
        same(&mut rows, &diff[at..at + alike], first, last);
        at += alike;
        let differing = diff[at..].iter().take_while(|line| !is_same(line)).count();
        replaced(&mut rows, &diff[at..at + differing]);
        at += differing;
    }
    rows
}

fn is_same(line: &DiffLine) -> bool {
    matches!(line, DiffLine::Same(_) | DiffLine::Skipped(_) | DiffLine::Free(_))
}

/// A run of lines that are the same: its ends next to a change, and how many stand between.
fn same<'a>(rows: &mut Vec<Row<'a>>, run: &'a [DiffLine], first: bool, last: bool) {
    let head = if first { 0 } else { CONTEXT };
    let tail = if last { 0 } else { CONTEXT };
    // A gap of one line would take as much room as the line.
    let head = if run.len() <= head + tail + 1 { run.len() } else { head };
    let mut left_out = 0;
    for (at, line) in run.iter().enumerate() {
        match line {
            DiffLine::Same(text) if at < head || at + tail >= run.len() => {
                gap(rows, &mut left_out);
                rows.push(Row::Same(text));
            }
            DiffLine::Skipped(count) => left_out += count,
            DiffLine::Free(count) => {
                gap(rows, &mut left_out);
                rows.push(Row::Free(*count));
            }
            DiffLine::Same(_) | DiffLine::Missing(_) | DiffLine::Unexpected(_) => left_out += 1,
        }
    }
    gap(rows, &mut left_out);
}

fn gap(rows: &mut Vec<Row<'_>>, left_out: &mut usize) {
    if *left_out > 0 {
        rows.push(Row::Gap(*left_out));
        *left_out = 0;
    }
}

/// A run of lines that differ: what the page shows, then what happened, line by line compared.
fn replaced(rows: &mut Vec<Row<'_>>, run: &[DiffLine]) {
    let (mut missing, mut unexpected) = (Vec::new(), Vec::new());
    for line in run {
        match line {
            DiffLine::Missing(text) => missing.push(text.as_str()),
            DiffLine::Unexpected(text) => unexpected.push(text.as_str()),
            DiffLine::Same(_) | DiffLine::Skipped(_) | DiffLine::Free(_) => {}
        }
    }
    let (mut olds, mut news) = (Vec::new(), Vec::new());
    for at in 0..missing.len().max(unexpected.len()) {
        let (old, new) = match (missing.get(at), unexpected.get(at)) {
            // What is left out anyway is not worth the comparison.
            (Some(old), Some(new)) if rows.len() + at < LINES => words(old, new),
            (old, new) => {
                (old.map(|old| whole(old)).unwrap_or_default(), new.map(|new| whole(new)).unwrap_or_default())
            }
        };
        olds.extend((at < missing.len()).then_some(Row::Missing(old)));
        news.extend((at < unexpected.len()).then_some(Row::Unexpected(new)));
    }
    rows.append(&mut olds);
    rows.append(&mut news);
}

/// A line without marks.
fn whole(text: &str) -> Marked {
    vec![(false, safe(text))]
}

/// Two lines in pieces, the changed words marked.
fn words(old: &str, new: &str) -> (Marked, Marked) {
    if old.len() > COMPARABLE || new.len() > COMPARABLE {
        return ends(old, new);
    }
    let diff = TextDiff::from_unicode_words(old, new);
    if diff.ratio() < ALIKE {
        return (whole(old), whole(new));
    }
    let (mut before, mut after) = (Marked::new(), Marked::new());
    for change in diff.iter_all_changes() {
        let text = change.value();
        match change.tag() {
            ChangeTag::Equal => {
                push(&mut before, false, text);
                push(&mut after, false, text);
            }
            ChangeTag::Delete => push(&mut before, true, text),
            ChangeTag::Insert => push(&mut after, true, text),
        }
    }
    (before, after)
}

/// Two long lines in pieces: what stands between their common start and their common end is marked.
fn ends(old: &str, new: &str) -> (Marked, Marked) {
    let start: usize =
        old.chars().zip(new.chars()).take_while(|(one, other)| one == other).map(|(one, _)| one.len_utf8()).sum();
    let (old_rest, new_rest) = (&old[start..], &new[start..]);
    let end: usize = old_rest
        .chars()
        .rev()
        .zip(new_rest.chars().rev())
        .take_while(|(one, other)| one == other)
        .map(|(one, _)| one.len_utf8())
        .sum();
    let pieces = |text: &str| {
        let mut pieces = Marked::new();
        push(&mut pieces, false, &text[..start]);
        push(&mut pieces, true, &text[start..text.len() - end]);
        push(&mut pieces, false, &text[text.len() - end..]);
        pieces
    };
    (pieces(old), pieces(new))
}

fn push(pieces: &mut Marked, mark: bool, text: &str) {
    if text.is_empty() {
        return;
    }
    let text = if mark { safe(&revealed(text)) } else { safe(text) };
    match pieces.last_mut() {
        Some((last, before)) if *last == mark => before.push_str(&text),
        _ => pieces.push((mark, text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Look = Look { width: 60, colour: false };

    fn drawn(diff: &[DiffLine]) -> String {
        let mut paint = Paint::new(PLAIN.colour);
        draw(&mut paint, 2, ["the page", "what happened"], diff, PLAIN);
        paint.finish()
    }

    fn missing(text: &str) -> DiffLine {
        DiffLine::Missing(text.to_owned())
    }

    fn unexpected(text: &str) -> DiffLine {
        DiffLine::Unexpected(text.to_owned())
    }

    #[test]
    fn changed_words_are_marked_without_colours_too() {
        let same = |text: &str| DiffLine::Same(text.to_owned());
        let diff = [
            same("z"),
            same("a"),
            same("b"),
            same("c"),
            missing("id: 7, name: Ada"),
            unexpected("id: 8, name: Ada"),
            same("d"),
        ];
        insta::assert_snapshot!(drawn(&diff), @r"
           | - the page   + what happened
           |
           | … 2 lines as the page says
           |   b
           |   c
           | - id: 7, name: Ada
           |       ^
           | + id: 8, name: Ada
           |       ^
           |   d
        ");
    }

    #[test]
    fn a_blank_that_is_the_difference_can_be_seen() {
        insta::assert_snapshot!(drawn(&[missing("a\u{a0}b c d e"), unexpected("a b c d e")]), @r"
           | - the page   + what happened
           |
           | - a\u{a0}b c d e
           |    ^^^^^^
           | + a b c d e
           |    ^
        ");
    }

    #[test]
    fn a_long_line_is_cut_with_its_change_in_view() {
        let line = |word: &str| format!("{}{word}{}", "left ".repeat(40), " right".repeat(40));
        let text = drawn(&[missing(&line("one")), unexpected(&line("two"))]);
        assert!(text.lines().all(|line| line.chars().count() <= PLAIN.width), "{text}");
        insta::assert_snapshot!(text, @r"
           | - the page   + what happened
           |
           | - … left left left one right right right right right r…
           |                    ^^^
           | + … left left left two right right right right right r…
           |                    ^^^
        ");
    }

    #[test]
    fn a_huge_difference_is_cut_and_says_so() {
        let diff: Vec<DiffLine> = (0..50_000).map(|line| unexpected(&format!("line {line}"))).collect();
        let text = drawn(&diff);
        assert!(text.contains("| … 49972 more lines left out\n   | + line 49994\n"), "{text}");
        assert!(text.ends_with("| + line 49999\n"), "{text}");
        let wide = vec![unexpected(&"x".repeat(1 << 20)); 3];
        assert!(drawn(&wide).len() < BYTES, "one line may not fill the report");
    }

    #[test]
    fn lines_too_long_for_words_are_compared_from_both_ends() {
        let long = "x".repeat(COMPARABLE);
        let (old, new) = words(&format!("{long}é{long}"), &format!("{long}è{long}"));
        assert_eq!((old[1].clone(), new[1].clone()), ((true, "é".to_owned()), (true, "è".to_owned())));
    }
}
