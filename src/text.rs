//! Normal forms of text: what a reader sees of what a program wrote, and what a page says, line by line.

use crate::source::{Span, Spanned};

/// `text` without ANSI escape sequences, with `\n` for every line end, without blanks at the ends of lines,
/// without a byte order mark and without empty lines at its end. A carriage return inside a line goes back to the
/// line's start and what follows overwrites it, as in a terminal; so does a backspace by one character.
pub fn normalize(text: &str) -> String {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut seen = String::with_capacity(text.len());
    for line in text.split('\n') {
        let line = line.strip_suffix('\r').unwrap_or(line);
        if line.chars().any(|char| char.is_control() && char != '\t') {
            seen.extend(displayed(line));
        } else {
            seen.push_str(line);
        }
        seen.truncate(seen.trim_end_matches(BLANKS).len());
        seen.push('\n');
    }
    seen.truncate(seen.trim_end_matches('\n').len());
    seen
}

/// `text` from its first line on that is not blank.
pub fn from_first_line(text: &str) -> &str {
    let blank = text.split_inclusive('\n').take_while(|line| line.trim().is_empty());
    &text[blank.map(str::len).sum()..]
}

/// The lines of a page's `text` without their line ends and without blanks at their ends, each with its place;
/// empty lines at the end of the text are left out.
pub fn lines(text: &str) -> Vec<Spanned<&str>> {
    let mut lines = Vec::new();
    let mut start = 0;
    for line in text.split('\n') {
        let seen = line.trim_end_matches(['\r', ' ', '\t']);
        lines.push(Spanned::new(seen, Span::new(start, start + seen.len())));
        start += line.len() + 1;
    }
    while lines.last().is_some_and(|line| line.value.is_empty()) {
        lines.pop();
    }
    lines
}

const BLANKS: [char; 2] = [' ', '\t'];
const ESCAPE: char = '\u{1b}';

/// What a terminal shows of one line that holds control characters (ECMA-48). Of the sequences only those that
/// progress bars use are obeyed: they erase in the line or move within it; all others are dropped.
fn displayed(line: &str) -> Vec<char> {
    let mut cells: Vec<char> = Vec::new();
    let mut cursor = 0_usize;
    let mut rest = line.chars();
    while let Some(char) = rest.next() {
        match char {
            '\r' => cursor = 0,
            '\u{8}' => cursor = cursor.saturating_sub(1),
            ESCAPE => match rest.next() {
                Some('[') => control(&mut rest, &mut cells, &mut cursor),
                Some(']' | 'P' | 'X' | '^' | '_') => skip_string(&mut rest),
                Some(' '..='/') => drop(rest.find(|char| !(' '..='/').contains(char))),
                _ => {}
            },
            '\u{9b}' => control(&mut rest, &mut cells, &mut cursor),
            '\u{9d}' | '\u{90}' | '\u{98}' | '\u{9e}' | '\u{9f}' => skip_string(&mut rest),
            _ if char.is_control() && char != '\t' => {}
            _ => {
                // The cursor may have been moved past the end.
                cells.resize(cells.len().max(cursor + 1), ' ');
                cells[cursor] = char;
                cursor += 1;
            }
        }
    }
    cells
}

/// The widest line on which a sequence may place the cursor; a terminal has an edge too.
const EDGE: usize = 1000;

/// Reads a control sequence after its introducer and does to the line what it says.
fn control(rest: &mut std::str::Chars<'_>, cells: &mut Vec<char>, cursor: &mut usize) {
    let mut parameters = String::new();
    let last = loop {
        match rest.next() {
            Some(char @ ' '..='?') => parameters.push(char),
            last => break last,
        }
    };
    let number = parameters.parse::<usize>().ok();
    let steps = number.unwrap_or(1).max(1);
    match last {
        Some('K') => match number.unwrap_or(0) {
            0 => cells.truncate(*cursor),
            1 => cells.iter_mut().take(*cursor + 1).for_each(|cell| *cell = ' '),
            _ => cells.clear(),
        },
        Some('G') => *cursor = (steps - 1).min(EDGE.max(cells.len())),
        Some('C') => *cursor = cursor.saturating_add(steps).min(EDGE.max(cells.len())),
        Some('D') => *cursor = cursor.saturating_sub(steps),
        _ => {}
    }
}

/// Skips the text of a control string, such as a link or a window title, up to its terminator or the line's end.
fn skip_string(rest: &mut std::str::Chars<'_>) {
    while let Some(char) = rest.next() {
        match char {
            '\u{7}' | '\u{9c}' => return,
            ESCAPE => {
                if rest.as_str().starts_with('\\') {
                    rest.next();
                }
                return;
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normal_form_is_what_a_terminal_shows() {
        for (written, seen) in [
            ("", ""),
            ("a\n", "a"),
            ("a", "a"),
            ("a  \n\tb\t\n\n\n", "a\n\tb"),
            ("a\r\nb\r\n", "a\nb"),
            ("\u{feff}a", "a"),
            ("\n\na", "\n\na"),
            ("\u{1b}[1;31mred\u{1b}[0m plain", "red plain"),
            ("\u{1b}[38;2;1;2;3mé\u{1b}[m", "é"),
            ("\u{1b}]0;title\u{7}text", "text"),
            ("\u{1b}]8;;https://x.test\u{1b}\\link\u{1b}]8;;\u{1b}\\.", "link."),
            ("\u{1b}(Bascii", "ascii"),
            ("\u{9b}32mgreen", "green"),
            ("10 %\r100 %", "100 %"),
            ("loading...\rok", "okading..."),
            ("loading...\r\u{1b}[Kok", "ok"),
            ("loading...\u{1b}[2K\u{1b}[1Gok", "ok"),
            ("ab\u{8}c", "ac"),
            ("a\u{7}b\u{0}c", "abc"),
            ("a\u{1b}[3Cb", "a   b"),
            ("cut \u{1b}[", "cut"),
            ("cut \u{1b}", "cut"),
            ("cut \u{1b}]0;no end\nnext", "cut\nnext"),
        ] {
            assert_eq!(normalize(written), seen, "{written:?}");
        }
    }

    #[test]
    fn a_cursor_far_away_costs_nothing() {
        assert_eq!(normalize("\u{1b}[99999999999999999999C\u{1b}[18446744073709551615Gx").len(), EDGE + 1);
    }

    #[test]
    fn lines_keep_their_places() {
        let text = "one  \r\n\n two\t\n\n \n";
        let lines = lines(text);
        assert_eq!(lines.iter().map(|line| line.value).collect::<Vec<_>>(), ["one", "", " two"]);
        assert!(lines.iter().all(|line| &text[line.span.start..line.span.end] == line.value));
    }
}
