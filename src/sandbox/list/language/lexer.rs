//! Words of a query language: names, literals and signs.

/// A word.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Word {
    /// A name, a keyword, a number or an instant: whatever stands without quotes.
    Plain(String),
    /// A text in single quotes.
    Quoted(String),
    /// An operator, a comma or a bracket.
    Sign(String),
}

impl Word {
    /// True where it is this keyword, whatever the case.
    pub(super) fn is(&self, keyword: &str) -> bool {
        matches!(self, Self::Plain(text) if text.eq_ignore_ascii_case(keyword))
    }

    /// As it was written.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Plain(text) | Self::Sign(text) => text.clone(),
            Self::Quoted(text) => format!("'{text}'"),
        }
    }
}

/// How a quote stands in a quoted text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quote {
    /// `\'`
    Backslash,
    /// `''`
    Doubled,
}

/// The words of `text`; `None` where a quoted text does not end.
pub(super) fn words(text: &str, quote: Quote) -> Option<Vec<Word>> {
    let mut words = Vec::new();
    let mut rest = text.chars().peekable();
    while let Some(letter) = rest.next() {
        match letter {
            letter if letter.is_whitespace() => {}
            '\'' => {
                let mut quoted = String::new();
                loop {
                    match rest.next()? {
                        '\\' if quote == Quote::Backslash => quoted.push(rest.next()?),
                        '\'' if quote == Quote::Doubled && rest.peek() == Some(&'\'') => {
                            rest.next();
                            quoted.push('\'');
                        }
                        '\'' => break,
                        other => quoted.push(other),
                    }
                }
                words.push(Word::Quoted(quoted));
            }
            '(' | ')' | ',' => words.push(Word::Sign(letter.to_string())),
            '<' | '>' | '=' | '!' => {
                let mut sign = letter.to_string();
                while let Some(more) = rest.next_if(|next| matches!(next, '=' | '>')) {
                    sign.push(more);
                }
                words.push(Word::Sign(sign));
            }
            _ => {
                let mut plain = letter.to_string();
                let goes_on = |next: &char| {
                    !next.is_whitespace() && !matches!(next, '(' | ')' | ',' | '<' | '>' | '=' | '!' | '\'')
                };
                while let Some(more) = rest.next_if(goes_on) {
                    plain.push(more);
                }
                words.push(Word::Plain(plain));
            }
        }
    }
    Some(words)
}
