//! The lines of a Python or JavaScript program: how deep each stands in brackets and strings, and where its comment
//! starts. Enough to tell where the statement before a comment begins.

use super::Language;

/// A line of a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Line {
    /// How many brackets and multi-line strings are open where the line starts, and a joined line counts as one.
    pub(super) start: usize,
    /// How many are open where it ends.
    pub(super) end: usize,
    /// The byte in the line where a comment starts.
    pub(super) comment: Option<usize>,
}

/// Scans `code`, one entry for each line.
pub(super) fn scan(code: &str, language: Language) -> Vec<Line> {
    let python = matches!(language, Language::Python | Language::Pycon);
    let mut scanner = Scanner { python, open: Vec::new(), last: None };
    let mut joined = 0;
    let mut lines = Vec::new();
    for text in code.lines() {
        let start = scanner.open.len() + joined;
        let comment = scanner.line(text);
        joined = usize::from(python && comment.is_none() && text.ends_with('\\'));
        lines.push(Line { start, end: scanner.open.len() + joined, comment });
    }
    lines
}

struct Scanner {
    python: bool,
    /// What closes each bracket and multi-line string that is open.
    open: Vec<&'static str>,
    /// The last character of code, by which a slash is told to divide or to start a regular expression.
    last: Option<char>,
}

impl Scanner {
    fn line(&mut self, text: &str) -> Option<usize> {
        let mut at = 0;
        while let Some(c) = text[at..].chars().next() {
            let rest = &text[at..];
            if let Some(closer @ ("\"\"\"" | "'''" | "`" | "*/")) = self.open.last().copied() {
                at += self.in_text(rest, closer);
                continue;
            }
            match c {
                '#' if self.python => return Some(at),
                '/' if !self.python && rest.starts_with("//") => return Some(at),
                '/' if !self.python && rest.starts_with("/*") => {
                    self.open.push("*/");
                    at += 2;
                    continue;
                }
                '/' if !self.python && self.regex_may_start() => at += regex_length(rest),
                '"' | '\'' if self.python && (rest.starts_with("\"\"\"") || rest.starts_with("'''")) => {
                    self.open.push(if c == '"' { "\"\"\"" } else { "'''" });
                    at += 3;
                }
                '"' | '\'' => at += string_length(rest, c),
                '`' if !self.python => {
                    self.open.push("`");
                    at += 1;
                }
                '(' | '[' | '{' => {
                    self.open.push(match c {
                        '(' => ")",
                        '[' => "]",
                        _ => "}",
                    });
                    at += 1;
                }
                ')' | ']' | '}' => {
                    self.open.pop();
                    at += 1;
                }
                _ => at += c.len_utf8(),
            }
            if !c.is_whitespace() {
                self.last = Some(c);
            }
        }
        None
    }

    /// Steps through the text of a multi-line string or comment; how many bytes.
    fn in_text(&mut self, rest: &str, closer: &str) -> usize {
        let c = rest.chars().next().map_or(1, char::len_utf8);
        if closer != "*/" && rest.starts_with('\\') {
            return 1 + rest[1..].chars().next().map_or(0, char::len_utf8);
        }
        if rest.starts_with(closer) {
            self.open.pop();
            self.last = Some('"');
            return closer.len();
        }
        if closer == "`" && rest.starts_with("${") {
            self.open.push("}");
            return 2;
        }
        c
    }

    fn regex_may_start(&self) -> bool {
        self.last.is_none_or(|last| "(,=:[!&|?{};+-*%<>~^".contains(last))
    }
}

/// The bytes of a string on one line; to the line's end where it is not closed.
fn string_length(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// The bytes of a regular expression; one where it is not closed on the line.
fn regex_length(text: &str) -> usize {
    let (mut escaped, mut class) = (false, false);
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '[' => class = true,
            ']' => class = false,
            '/' if !class => return at + 1,
            _ => {}
        }
    }
    1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heights(code: &str, language: Language) -> Vec<(usize, usize)> {
        scan(code, language).iter().map(|line| (line.start, line.end)).collect()
    }

    #[test]
    fn brackets_strings_and_joined_lines_hold_lines_together() {
        let code = "f(\n  '(',\n)\nx = \"\"\"\n( # no\n\"\"\"\ny = 1 + \\\n  2\n";
        let expected = [(0, 1), (1, 1), (1, 0), (0, 1), (1, 1), (1, 0), (0, 1), (1, 0)];
        assert_eq!(heights(code, Language::Python), expected);
        let code = "f(`a ${g({\n  b: '}' })}\n`)\nx = a / b // c {\ny = /[/{]/.test(s)\n/* { */\n";
        assert_eq!(heights(code, Language::JavaScript), [(0, 5), (5, 2), (2, 0), (0, 0), (0, 0), (0, 0)]);
    }

    #[test]
    fn comments_are_told_from_strings() {
        let comments = |code: &str, language| scan(code, language).iter().map(|line| line.comment).collect::<Vec<_>>();
        assert_eq!(comments("f('#')  # x\n'#'\n", Language::Python), [Some(8), None]);
        assert_eq!(comments("f('//') // x\nu = 'http://x'\n", Language::JavaScript), [Some(8), None]);
    }
}
