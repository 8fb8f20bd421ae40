//! Reads JSON: what was printed strictly (RFC 8259), what a page shows as people write it.
//!
//! A page may hold comments (`//`, `#`, `/* */`), commas before a closing bracket, single quotes, keys without quotes,
//! line ends within strings, bare `<tokens>`, and `...` (or `…`) for more elements, more members or any value; so
//! does a comment that starts with it. `"...": "..."` means the same as a bare `...` among members.

use crate::source::Span;

use super::super::text::is_more;
use super::value::{Content, Member, Number, Object, Value};

/// Why a text is no JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ParseError {
    /// The byte where reading stopped.
    pub(super) at: usize,
    /// What was expected there.
    pub(super) expected: &'static str,
}

/// Reads the documents of a page's text, one after the other.
pub(super) fn page(text: &str) -> Result<Vec<Value>, ParseError> {
    Parser { text, at: 0, lenient: true, more: false, depth: 0 }.documents()
}

/// Reads the documents that were printed, one after the other.
pub(super) fn printed(text: &str) -> Result<Vec<Value>, ParseError> {
    Parser { text, at: 0, lenient: false, more: false, depth: 0 }.documents()
}

/// How deep values may lie in each other: no API needs more, and the stack has an end.
const DEPTH: usize = 128;

struct Parser<'t> {
    text: &'t str,
    at: usize,
    /// A page's text.
    lenient: bool,
    /// True where the blanks and comments that were skipped last said `...`.
    more: bool,
    depth: usize,
}

impl Parser<'_> {
    fn documents(mut self) -> Result<Vec<Value>, ParseError> {
        let mut documents = Vec::new();
        loop {
            self.skip()?;
            if std::mem::take(&mut self.more) {
                documents.push(Value { span: Span::new(self.at, self.at), content: Content::More });
            }
            if self.at == self.text.len() {
                return Ok(documents);
            }
            let start = self.at;
            let value = self.value()?;
            // Words side by side are prose, not documents.
            if documents.last().is_some_and(|last: &Value| last.span.end == start) && !is_closed(&value) {
                return self.fail("a blank between two documents");
            }
            documents.push(value);
        }
    }

    fn value(&mut self) -> Result<Value, ParseError> {
        let start = self.at;
        let content = match self.peek() {
            Some('{') => self.nested(Self::object)?,
            Some('[') => self.nested(Self::array)?,
            Some('"') => Content::String(self.string('"')?),
            Some('\'') if self.lenient => Content::String(self.string('\'')?),
            Some('<') if self.lenient => self.token()?,
            Some('-' | '0'..='9') => self.number()?,
            Some('+') if self.lenient => self.number()?,
            _ if self.lenient && self.dots() => Content::More,
            _ => self.word()?,
        };
        Ok(Value { span: Span::new(start, self.at), content })
    }

    fn nested(&mut self, read: fn(&mut Self) -> Result<Content, ParseError>) -> Result<Content, ParseError> {
        if self.depth == DEPTH {
            return self.fail("values that lie less deep in each other");
        }
        self.depth += 1;
        self.at += 1;
        let content = read(self);
        self.depth -= 1;
        content
    }

    fn array(&mut self) -> Result<Content, ParseError> {
        let mut items = Vec::new();
        let mut comma = true;
        loop {
            self.skip()?;
            if std::mem::take(&mut self.more) {
                items.push(Value { span: Span::new(self.at, self.at), content: Content::More });
            }
            if self.eat(']') {
                return if self.closes(comma, items.is_empty()) {
                    Ok(Content::Array(items))
                } else {
                    self.fail("a value")
                };
            }
            let free =
                self.lenient && (self.at_dots() || items.last().is_some_and(|item| item.content == Content::More));
            if !comma && !free {
                return self.fail("`,` or `]`");
            }
            items.push(self.value()?);
            self.skip()?;
            comma = self.eat(',');
        }
    }

    fn object(&mut self) -> Result<Content, ParseError> {
        let mut object = Object::default();
        let mut comma = true;
        let mut after_more = false;
        loop {
            self.skip()?;
            object.more |= std::mem::take(&mut self.more);
            if self.eat('}') {
                let empty = object.members.is_empty();
                return if self.closes(comma, empty) { Ok(Content::Object(object)) } else { self.fail("a key") };
            }
            let free = self.lenient && (self.at_dots() || after_more);
            if !comma && !free {
                return self.fail("`,` or `}`");
            }
            after_more = self.lenient && self.dots();
            if after_more {
                object.more = true;
            } else {
                self.member(&mut object)?;
            }
            self.skip()?;
            comma = self.eat(',');
        }
    }

    fn member(&mut self, object: &mut Object) -> Result<(), ParseError> {
        let start = self.at;
        let key = match self.peek() {
            Some('"') => self.string('"')?,
            Some('\'') if self.lenient => self.string('\'')?,
            _ if self.lenient => self.bare_key()?,
            _ => return self.fail("a key"),
        };
        let key_span = Span::new(start, self.at);
        self.skip()?;
        if !self.eat(':') {
            return self.fail("`:`");
        }
        self.skip()?;
        let value = self.value()?;
        if self.lenient && is_more(&key) {
            object.more = true;
        } else {
            object.members.push(Member { key, key_span, value });
        }
        Ok(())
    }

    fn bare_key(&mut self) -> Result<String, ParseError> {
        let rest = &self.text[self.at..];
        let end = rest.find(|char: char| !(char.is_alphanumeric() || "_$-.".contains(char))).unwrap_or(rest.len());
        if end == 0 {
            return self.fail("a key");
        }
        self.at += end;
        Ok(rest[..end].to_owned())
    }

    fn string(&mut self, quote: char) -> Result<String, ParseError> {
        self.at += 1;
        let mut value = String::new();
        while let Some(char) = self.next() {
            match char {
                _ if char == quote => return Ok(value),
                '\\' => self.escape(&mut value)?,
                '\n' if !self.lenient => return self.fail("no line end within a string"),
                _ => value.push(char),
            }
        }
        self.fail("the end of the string")
    }

    fn escape(&mut self, value: &mut String) -> Result<(), ParseError> {
        let char = match self.next() {
            Some(char @ ('"' | '\\' | '/')) => char,
            Some('b') => '\u{8}',
            Some('f') => '\u{c}',
            Some('n') => '\n',
            Some('r') => '\r',
            Some('t') => '\t',
            Some('u') => self.unicode()?,
            Some(char) if self.lenient => char,
            _ => return self.fail("an escape that JSON knows"),
        };
        value.push(char);
        Ok(())
    }

    /// Reads what follows `\u`; two halves of a pair make one character, one alone makes U+FFFD.
    fn unicode(&mut self) -> Result<char, ParseError> {
        let first = self.hex()?;
        if !(0xd800..0xdc00).contains(&first) {
            return Ok(char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER));
        }
        let start = self.at;
        if self.eat('\\') && self.eat('u') {
            let second = self.hex()?;
            if (0xdc00..0xe000).contains(&second) {
                let code = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
                return Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
        }
        self.at = start;
        Ok(char::REPLACEMENT_CHARACTER)
    }

    fn hex(&mut self) -> Result<u32, ParseError> {
        let digits =
            self.text.get(self.at..self.at + 4).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
        match digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()) {
            Some(code) => {
                self.at += 4;
                Ok(code)
            }
            None => self.fail("four hexadecimal digits"),
        }
    }

    fn number(&mut self) -> Result<Content, ParseError> {
        let start = self.at;
        let _sign = self.eat('-') || self.eat('+');
        let whole = self.digits();
        let fraction = self.eat('.').then(|| self.digits());
        let power = (self.eat('e') || self.eat('E')).then(|| {
            let _sign = self.eat('-') || self.eat('+');
            self.digits()
        });
        let text = &self.text[start..self.at];
        let leading_zero = whole > 1 && text.trim_start_matches(['-', '+']).starts_with('0');
        if whole == 0 || fraction == Some(0) || power == Some(0) || leading_zero || self.peek().is_some_and(is_name) {
            return self.fail("a number");
        }
        Ok(Content::Number(Number::new(text)))
    }

    fn digits(&mut self) -> usize {
        let rest = &self.text[self.at..];
        let count = rest.len() - rest.trim_start_matches(|char: char| char.is_ascii_digit()).len();
        self.at += count;
        count
    }

    /// Reads a bare `<…>` of one line.
    fn token(&mut self) -> Result<Content, ParseError> {
        let rest = &self.text[self.at..];
        match rest.find(['>', '\n']) {
            Some(end) if rest[end..].starts_with('>') => {
                self.at += end + 1;
                Ok(Content::Token(rest[..=end].to_owned()))
            }
            _ => self.fail("`>`"),
        }
    }

    fn word(&mut self) -> Result<Content, ParseError> {
        for (word, content) in [("null", Content::Null), ("true", Content::Bool(true)), ("false", Content::Bool(false))]
        {
            if let Some(after) = self.text[self.at..].strip_prefix(word)
                && !after.starts_with(is_name)
            {
                self.at += word.len();
                return Ok(content);
            }
        }
        self.fail("a value")
    }

    /// Skips blanks and comments.
    fn skip(&mut self) -> Result<(), ParseError> {
        loop {
            let rest = &self.text[self.at..];
            self.at += rest.len() - rest.trim_start_matches([' ', '\t', '\n', '\r']).len();
            let rest = &self.text[self.at..];
            if !self.lenient {
                return Ok(());
            }
            let (open, close) = match rest {
                _ if rest.starts_with("//") => ("//", "\n"),
                _ if rest.starts_with('#') => ("#", "\n"),
                _ if rest.starts_with("/*") => ("/*", "*/"),
                _ => return Ok(()),
            };
            let inner = &rest[open.len()..];
            let end = match inner.find(close) {
                Some(end) => end,
                None if close == "\n" => inner.len(),
                None => return self.fail("`*/`"),
            };
            self.more |= starts_with_dots(inner[..end].trim_start());
            self.at += (open.len() + end + close.len()).min(rest.len());
        }
    }

    /// True where an array or object may end here.
    fn closes(&self, comma: bool, empty: bool) -> bool {
        self.lenient || empty || !comma
    }

    fn at_dots(&self) -> bool {
        starts_with_dots(&self.text[self.at..])
    }

    fn dots(&mut self) -> bool {
        let rest = &self.text[self.at..];
        let dots =
            if rest.starts_with('…') { '…'.len_utf8() } else { rest.len() - rest.trim_start_matches('.').len() };
        if dots < 3 {
            return false;
        }
        self.at += dots;
        true
    }

    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let char = self.peek()?;
        self.at += char.len_utf8();
        Some(char)
    }

    fn eat(&mut self, char: char) -> bool {
        let found = self.peek() == Some(char);
        self.at += if found { char.len_utf8() } else { 0 };
        found
    }

    fn fail<T>(&self, expected: &'static str) -> Result<T, ParseError> {
        Err(ParseError { at: self.at, expected })
    }
}

fn is_closed(value: &Value) -> bool {
    matches!(value.content, Content::Array(_) | Content::Object(_))
}

fn is_name(char: char) -> bool {
    char.is_alphanumeric() || char == '_'
}

fn starts_with_dots(text: &str) -> bool {
    text.starts_with("...") || text.starts_with('…')
}
