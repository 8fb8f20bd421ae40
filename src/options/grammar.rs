//! The grammar `key=value …`: words, quotes, lists, and where each of them stands.

use crate::source::{Span, Spanned};

use super::{OptionError, Setting, Value};

/// Reads the settings in `text`, which starts at byte `base` of its file. What can be read is returned, whatever
/// else is wrong.
///
/// A value is a word up to the next blank, a text in `"` or `'`, or a list `[a, b]`. In `"` a backslash writes `\"`,
/// `\\`, `\n` and `\t`; in `'` nothing is special. A key without `=` has an empty value.
pub fn parse(text: &str, base: usize) -> (Vec<Setting>, Vec<OptionError>) {
    let mut reader = Reader { text, at: 0, base };
    let (mut settings, mut errors) = (Vec::new(), Vec::new());
    loop {
        reader.skip_blanks();
        if reader.peek().is_none() {
            return (settings, errors);
        }
        match reader.setting() {
            Ok(setting) => settings.push(setting),
            Err(error) => errors.push(error),
        }
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    base: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    /// Steps over the characters that `wanted` takes and says where they stand in `text`.
    fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> (usize, usize) {
        let start = self.at;
        let rest = &self.text[start..];
        self.at += rest.find(|c| !wanted(c)).unwrap_or(rest.len());
        (start, self.at)
    }

    fn skip_blanks(&mut self) {
        self.take_while(char::is_whitespace);
    }

    fn span(&self, start: usize, end: usize) -> Span {
        Span::new(self.base + start, self.base + end)
    }

    fn setting(&mut self) -> Result<Setting, OptionError> {
        let (start, end) = self.take_while(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'));
        if start == end {
            let (_, end) = self.take_while(|c| !c.is_whitespace());
            return Err(OptionError {
                code: "bad-option",
                message: format!("`{}` is not an option", &self.text[start..end]),
                span: self.span(start, end),
                help: Some("write options as `key=value`, separated by blanks".to_owned()),
            });
        }
        let key = Spanned::new(self.text[start..end].to_owned(), self.span(start, end));
        if self.peek() != Some('=') {
            let (_, end) = self.take_while(|c| !c.is_whitespace());
            let value = Spanned::new(Value::Text(String::new()), self.span(end, end));
            if end > key.span.end - self.base {
                return Err(OptionError {
                    code: "bad-option",
                    message: format!("`{}` is not an option", &self.text[start..end]),
                    span: self.span(start, end),
                    help: Some("write options as `key=value`, separated by blanks".to_owned()),
                });
            }
            return Ok(Setting { key, value });
        }
        self.at += 1;
        let value = match self.peek() {
            Some('[') => self.list()?,
            _ => {
                let text = self.value(|c| !c.is_whitespace())?;
                Spanned::new(Value::Text(text.value), text.span)
            }
        };
        Ok(Setting { key, value })
    }

    /// A quoted text, or a word of the characters that `bare` takes.
    fn value(&mut self, bare: impl Fn(char) -> bool) -> Result<Spanned<String>, OptionError> {
        match self.peek() {
            Some(quote @ ('"' | '\'')) => self.quoted(quote),
            _ => {
                let (start, end) = self.take_while(bare);
                Ok(Spanned::new(self.text[start..end].to_owned(), self.span(start, end)))
            }
        }
    }

    fn quoted(&mut self, quote: char) -> Result<Spanned<String>, OptionError> {
        let open = self.at;
        let mut value = String::new();
        let mut chars = self.text[open + 1..].char_indices();
        while let Some((at, c)) = chars.next() {
            if c == quote {
                self.at = open + 1 + at + 1;
                return Ok(Spanned::new(value, self.span(open + 1, open + 1 + at)));
            }
            if c != '\\' || quote == '\'' {
                value.push(c);
                continue;
            }
            match chars.next() {
                Some((_, 'n')) => value.push('\n'),
                Some((_, 't')) => value.push('\t'),
                Some((_, escaped @ ('"' | '\\'))) => value.push(escaped),
                Some((_, other)) => value.extend(['\\', other]),
                None => value.push('\\'),
            }
        }
        self.at = self.text.len();
        Err(OptionError {
            code: "unclosed-quote",
            message: format!("the quote `{quote}` is not closed"),
            span: self.span(open, open + 1),
            help: Some(format!("close the value with `{quote}`")),
        })
    }

    fn list(&mut self) -> Result<Spanned<Value>, OptionError> {
        let open = self.at;
        self.at += 1;
        let mut entries = Vec::new();
        loop {
            self.take_while(|c| c.is_whitespace() || c == ',');
            match self.peek() {
                Some(']') => {
                    self.at += 1;
                    return Ok(Spanned::new(Value::List(entries), self.span(open, self.at)));
                }
                Some('"' | '\'') => entries.push(self.value(|_| false)?),
                Some(_) => entries.push(self.entry()),
                None => {
                    return Err(OptionError {
                        code: "bad-value",
                        message: "the list is not closed".to_owned(),
                        span: self.span(open, open + 1),
                        help: Some("close the list with `]`".to_owned()),
                    });
                }
            }
        }
    }

    /// A bare entry of a list: up to a comma or the closing bracket, without the blanks around it. Brackets inside it
    /// belong to it (`requests[socks]`).
    fn entry(&mut self) -> Spanned<String> {
        let start = self.at;
        let mut depth = 0_usize;
        let rest = &self.text[start..];
        let mut len = rest.len();
        for (at, c) in rest.char_indices() {
            match c {
                '[' => depth += 1,
                ']' if depth > 0 => depth -= 1,
                ']' | ',' if depth == 0 => {
                    len = at;
                    break;
                }
                _ => {}
            }
        }
        self.at = start + len;
        let value = rest[..len].trim_end();
        Spanned::new(value.to_owned(), self.span(start, start + value.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: &str) -> Value {
        Value::Text(value.to_owned())
    }

    #[test]
    fn words_quotes_and_lists_keep_their_places() {
        let source = r#"name=create env.URL="a=b c" skip='it is "old"' python=[requests[socks]==2, 'a, b']"#;
        let (settings, errors) = parse(source, 100);
        assert_eq!(errors, []);
        let keys: Vec<_> = settings.iter().map(|setting| setting.key.value.as_str()).collect();
        assert_eq!(keys, ["name", "env.URL", "skip", "python"]);
        assert_eq!(settings[0].value, Spanned::new(text("create"), Span::new(105, 111)));
        assert_eq!(settings[1].value.value, text("a=b c"));
        assert_eq!(settings[2].value.value, text("it is \"old\""));
        let Value::List(entries) = &settings[3].value.value else { panic!("a list") };
        assert_eq!(entries[0].value, "requests[socks]==2");
        assert_eq!(entries[1].value, "a, b");
        for entry in entries {
            assert_eq!(&source[entry.span.start - 100..entry.span.end - 100], entry.value);
        }
    }

    #[test]
    fn a_word_may_hold_an_equals_sign_and_a_quote() {
        let (settings, errors) = parse("env.A=b=c fault=429:reset=60 env.B=it's env.C=", 0);
        assert_eq!(errors, []);
        let values: Vec<_> = settings.into_iter().map(|setting| setting.value.value).collect();
        assert_eq!(values, [text("b=c"), text("429:reset=60"), text("it's"), text("")]);
    }

    #[test]
    fn double_quotes_know_escapes() {
        let (settings, _) = parse(r#"stdin="a\n\"b\"\\\d" name='a\n'"#, 0);
        assert_eq!(settings[0].value.value, text("a\n\"b\"\\\\d"));
        assert_eq!(settings[1].value.value, text("a\\n"));
    }

    #[test]
    fn what_is_not_closed_is_told_at_its_start() {
        let (settings, errors) = parse("exit=1 name=\"create", 10);
        assert_eq!(settings.len(), 1);
        assert_eq!((errors[0].code, errors[0].span), ("unclosed-quote", Span::new(22, 23)));
        let (_, errors) = parse("python=[a, b", 0);
        assert_eq!((errors[0].code, errors[0].span), ("bad-value", Span::new(7, 8)));
    }

    #[test]
    fn other_words_are_told_and_the_rest_is_read() {
        let (settings, errors) = parse("{.python} a:b exit=1", 0);
        assert_eq!(settings.len(), 1);
        assert_eq!(errors.iter().map(|error| error.span).collect::<Vec<_>>(), [Span::new(0, 9), Span::new(10, 13)]);
    }
}
