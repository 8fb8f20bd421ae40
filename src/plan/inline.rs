//! Expectations inside a program, in comments: `#> `, `# => ` (Python), `//=> `, `// => ` (JavaScript). They tell what
//! the print before them wrote, or the value of the bare expression before them.

use crate::options::Stream;
use crate::source::Span;
use crate::tutorial::Code;

use super::lines::{self, Line};
use super::{Expectation, Format, Language, Part, Watch};

/// The statements of a program that its comments tell of, and what they tell.
pub(super) fn read(code: &Code, language: Language, fence: usize) -> (Vec<Watch>, Vec<Expectation>) {
    let mut reader = Reader { code, language, lines: Vec::new(), texts: code.text.lines().collect() };
    if !matches!(language, Language::Python | Language::JavaScript | Language::TypeScript)
        || !reader.texts.iter().any(|text| reader.marks().iter().any(|mark| text.contains(mark)))
    {
        return (Vec::new(), Vec::new());
    }
    reader.lines = lines::scan(&code.text, language);
    let (mut watches, mut expectations) = (Vec::new(), Vec::new());
    let mut at = 0;
    while at < reader.texts.len() {
        let (next, told) = reader.told(at);
        if let Some(text) = told
            && let Some(watch) = reader.statement_before(at)
        {
            let part = Part::Watch(watches.len());
            watches.push(watch);
            expectations.push(Expectation { part, stream: Stream::Both, format: Format::Text, text, fence });
        }
        at = next;
    }
    (watches, expectations)
}

struct Reader<'a> {
    code: &'a Code,
    language: Language,
    texts: Vec<&'a str>,
    lines: Vec<Line>,
}

impl Reader<'_> {
    fn marks(&self) -> &'static [&'static str] {
        if self.language == Language::Python { &["#>", "# =>", "#=>"] } else { &["//=>", "// =>", "//>"] }
    }

    /// Where what an expectation tells starts in the line, after its mark and one blank.
    fn told_from(&self, at: usize) -> Option<usize> {
        let comment = self.lines[at].comment?;
        let text = &self.texts[at][comment..];
        let mark = self.marks().iter().find(|mark| text.starts_with(**mark))?;
        let rest = &text[mark.len()..];
        match rest.chars().next() {
            None => Some(comment + mark.len()),
            Some(' ') => Some(comment + mark.len() + 1),
            Some(_) => None,
        }
    }

    fn is_only_comment(&self, at: usize) -> bool {
        self.lines[at].comment.is_some_and(|comment| self.texts[at][..comment].trim().is_empty())
    }

    /// The expectation that starts in line `at`, and the line after it.
    fn told(&self, at: usize) -> (usize, Option<Code>) {
        let Some(from) = self.told_from(at) else { return (at + 1, None) };
        let mut told = Code::default();
        self.push(&mut told, at, from);
        let mut next = at + 1;
        while next < self.texts.len() && self.is_only_comment(next) {
            let Some(comment) = self.lines[next].comment else { break };
            // Comments in another column tell of something else; those under a trailing one may stand anywhere.
            if self.is_only_comment(next - 1) && self.lines[next - 1].comment != Some(comment) {
                break;
            }
            let from = match self.told_from(next) {
                Some(from) => from,
                // A value over several lines: brackets are open, so plain comments go on.
                None if brackets_open(&told.text) => {
                    let sign = if self.language == Language::Python { 1 } else { 2 };
                    let blank = usize::from(self.texts[next][comment + sign..].starts_with(' '));
                    comment + sign + blank
                }
                None => break,
            };
            self.push(&mut told, next, from);
            next += 1;
        }
        (next, Some(told))
    }

    fn push(&self, told: &mut Code, at: usize, from: usize) {
        told.text.push_str(&self.texts[at][from..]);
        told.text.push('\n');
        let span = self.code.lines.get(at).copied().unwrap_or_default();
        let left = self.texts[at].len() - from;
        told.lines.push(Span::new(span.end.saturating_sub(left).max(span.start), span.end));
    }

    /// The statement that an expectation in line `at` tells of: on the same line, or the last one above.
    fn statement_before(&self, at: usize) -> Option<Watch> {
        let own_line = self.is_only_comment(at);
        let last = if own_line { (0..at).rev().find(|line| self.is_code(*line))? } else { at };
        let height = self.lines[last].end;
        let mut first = (0..=last).rev().find(|line| self.lines[*line].start <= height)?;
        while first > 0 && self.lines[first].start == height && self.texts[first].trim_start().starts_with(['.', '?']) {
            first = (0..first).rev().find(|line| self.is_code(*line) && self.lines[*line].start <= height)?;
        }
        // A comment further left than the line above it tells of the whole block above.
        if own_line && self.language == Language::Python && indent(self.texts[at]) < indent(self.texts[first]) {
            first = self.block_start(at, first)?;
            return Some(Watch { first_line: first + 1, last_line: last + 1, value: false });
        }
        let end = if first == last { self.code_part(last) } else { self.texts[first] };
        let value = match self.kind_of(end.trim_start(), first, last)? {
            Statement::Prints => false,
            Statement::Expression => true,
        };
        Some(Watch { first_line: first + 1, last_line: last + 1, value })
    }

    /// The line where the Python block begins whose last lines stand above line `at`.
    fn block_start(&self, at: usize, mut line: usize) -> Option<usize> {
        loop {
            line = (0..line).rev().find(|line| {
                self.is_code(*line)
                    && self.lines[*line].start == 0
                    && indent(self.texts[*line]) <= indent(self.texts[at])
            })?;
            let head = self.texts[line].trim_start();
            let goes_on = ["else", "elif", "except", "finally"].iter().any(|word| head.starts_with(word));
            if !goes_on {
                return (indent(self.texts[line]) == indent(self.texts[at])).then_some(line);
            }
        }
    }

    fn is_code(&self, at: usize) -> bool {
        !self.texts[at].trim().is_empty() && !self.is_only_comment(at)
    }

    /// The line without its comment.
    fn code_part(&self, at: usize) -> &str {
        let end = self.lines[at].comment.unwrap_or(self.texts[at].len());
        self.texts[at][..end].trim_end()
    }

    fn kind_of(&self, text: &str, first: usize, last: usize) -> Option<Statement> {
        let text = text.strip_prefix("await ").unwrap_or(text);
        let word =
            &text[..text.find(|c: char| !c.is_alphanumeric() && !matches!(c, '_' | '$' | '.')).unwrap_or(text.len())];
        let (prints, blocks, others): (&[&str], &[&str], &[&str]) = if self.language == Language::Python {
            (
                &[
                    "print",
                    "pprint",
                    "pp",
                    "pprint.pprint",
                    "sys.stdout.write",
                    "sys.stderr.write",
                    "console.print",
                    "rprint",
                ],
                &["for", "while", "if", "with", "try", "async"],
                &[
                    "import", "from", "def", "class", "return", "raise", "assert", "del", "pass", "global", "yield",
                    "else", "elif", "except", "finally", "break", "continue", "nonlocal",
                ],
            )
        } else {
            (
                &[
                    "console.log",
                    "console.info",
                    "console.error",
                    "console.warn",
                    "console.dir",
                    "console.table",
                    "console.debug",
                    "process.stdout.write",
                    "process.stderr.write",
                ],
                &["for", "while", "if", "do", "try", "switch"],
                &[
                    "import",
                    "export",
                    "const",
                    "let",
                    "var",
                    "function",
                    "class",
                    "return",
                    "throw",
                    "type",
                    "interface",
                    "async",
                    "enum",
                    "declare",
                    "break",
                    "continue",
                    "case",
                    "default",
                    "}",
                ],
            )
        };
        if prints.contains(&word) || blocks.contains(&word) {
            return Some(Statement::Prints);
        }
        let whole: Vec<&str> = (first..=last).map(|line| self.code_part(line)).collect();
        (!word.starts_with('@')
            && !others.contains(&word)
            && !text.starts_with(['}', ')', '@'])
            && !assigns(&whole.join("\n")))
        .then_some(Statement::Expression)
    }
}

enum Statement {
    Prints,
    Expression,
}

fn indent(text: &str) -> usize {
    text.len() - text.trim_start().len()
}

fn brackets_open(text: &str) -> bool {
    let count = |signs: [char; 3]| text.matches(signs).count();
    count(['(', '[', '{']) > count([')', ']', '}'])
}

/// True where an assignment stands outside all brackets and strings.
fn assigns(text: &str) -> bool {
    let mut depth = 0_i32;
    let mut quote = None;
    let bytes = text.as_bytes();
    for (at, byte) in bytes.iter().enumerate() {
        match (quote, byte) {
            (Some(open), byte) if byte == open => quote = None,
            (None, b'"' | b'\'' | b'`') => quote = Some(byte),
            (None, b'(' | b'[' | b'{') => depth += 1,
            (None, b')' | b']' | b'}') => depth -= 1,
            (None, b'=') if depth == 0 => {
                let before = at.checked_sub(1).map(|at| bytes[at]);
                let after = bytes.get(at + 1);
                let compares = matches!(before, Some(b'=' | b'!' | b'<' | b'>')) || matches!(after, Some(b'=' | b'>'));
                if !compares {
                    return true;
                }
            }
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each expectation as first line, last line, value or output, and the text.
    fn told(text: &str, language: Language) -> Vec<(usize, usize, bool, String)> {
        let mut code = Code { text: text.to_owned(), lines: Vec::new() };
        let mut at = 0;
        for line in text.lines() {
            code.lines.push(Span::new(at, at + line.len()));
            at += line.len() + 1;
        }
        let (watches, expectations) = read(&code, language, 0);
        for expectation in &expectations {
            for (line, span) in expectation.text.text.lines().zip(&expectation.text.lines) {
                assert_eq!(&text[span.start..span.end], line);
            }
        }
        let pairs = watches.iter().zip(expectations);
        pairs.map(|(watch, told)| (watch.first_line, watch.last_line, watch.value, told.text.text)).collect()
    }

    fn row(first: usize, last: usize, value: bool, text: &str) -> (usize, usize, bool, String) {
        (first, last, value, text.to_owned())
    }

    #[test]
    fn python_prints_and_values() {
        let code = "x = 1\nprint(x)\n#> 1\nprint(\n    x,\n    2,\n)\n#> 1\n#> 2\nx + 1  # => 2\nx\n\n# => 1\nprint('#> no')\n";
        let expected =
            [row(2, 2, false, "1\n"), row(4, 7, false, "1\n2\n"), row(10, 10, true, "2\n"), row(11, 11, true, "1\n")];
        assert_eq!(told(code, Language::Python), expected);
    }

    #[test]
    fn a_comment_further_left_tells_of_the_block() {
        let code = "for x in (1, 2):\n    if x:\n        print(x)\n    else:\n        pass\n    #> 1\n#> 1\n#> 2\n";
        assert_eq!(told(code, Language::Python), [row(2, 5, false, "1\n"), row(1, 5, false, "1\n2\n")]);
    }

    #[test]
    fn javascript_prints_and_values() {
        let code = "console.log(\n  a\n); //=> 1\nlist\n  .map(f);\n// => [\n//   1,\n// ]\nconst b = 1; //=> 1\na => a\n//=> x\n";
        let expected = [row(1, 3, false, "1\n"), row(4, 5, true, "[\n  1,\n]\n"), row(10, 10, true, "x\n")];
        assert_eq!(told(code, Language::JavaScript), expected);
    }

    #[test]
    fn assignments_definitions_and_remarks_are_not_told_of() {
        assert_eq!(
            told("x = f(a=1)  #> 1\ndef f():\n    return 1  # => 1\n# > quoted\n#>x\nx\n", Language::Python),
            []
        );
        assert_eq!(told("x\n", Language::Shell), []);
    }
}
