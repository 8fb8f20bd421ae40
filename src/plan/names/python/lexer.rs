//! Python's tokens, as far as names need them: logical lines with their indent, strings reduced to the expressions
//! inside f-strings.

use super::super::DEEPEST;

/// A token. Expressions inside an f-string come as a group of their own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// An identifier or keyword.
    Word(String),
    /// A number or a string.
    Literal,
    /// `(`, `[`, `{`.
    Open,
    /// `)`, `]`, `}`.
    Close,
    Dot,
    Comma,
    Colon,
    Semicolon,
    /// `=`.
    Assign,
    /// `+=` and its like.
    Augmented,
    /// `:=`.
    Walrus,
    /// `*` and `**`.
    Star,
    /// `->`.
    Arrow,
    /// Every other operator.
    Other,
}

/// A logical line.
#[derive(Debug, Default)]
pub(super) struct Line {
    /// The column of its first token.
    pub(super) indent: usize,
    pub(super) tokens: Vec<Token>,
}

/// Splits code into logical lines without comments and blank lines.
pub(super) fn lines(code: &str) -> Vec<Line> {
    let mut lexer = Lexer { chars: code.chars().collect(), at: 0, out: Vec::new(), nested: 0 };
    let mut lines = Vec::new();
    while lexer.at < lexer.chars.len() {
        let indent = lexer.indent();
        lexer.logical_line();
        let tokens = std::mem::take(&mut lexer.out);
        if !tokens.is_empty() {
            lines.push(Line { indent, tokens });
        }
    }
    lines
}

struct Lexer {
    chars: Vec<char>,
    at: usize,
    out: Vec<Token>,
    /// How many f-strings stand around.
    nested: usize,
}

impl Lexer {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.at + ahead).copied()
    }

    fn indent(&mut self) -> usize {
        let mut column = 0;
        while let Some(c) = self.peek(0) {
            match c {
                ' ' => column += 1,
                '\t' => column = (column / 8 + 1) * 8,
                '\u{c}' => column = 0,
                _ => break,
            }
            self.at += 1;
        }
        column
    }

    fn logical_line(&mut self) {
        let mut depth = 0_usize;
        while let Some(c) = self.peek(0) {
            if c == '\n' && depth == 0 {
                self.at += 1;
                return;
            }
            self.token(c);
            match self.out.last() {
                Some(Token::Open) if matches!(c, '(' | '[' | '{') => depth += 1,
                Some(Token::Close) if matches!(c, ')' | ']' | '}') => depth = depth.saturating_sub(1),
                _ => {}
            }
        }
    }

    /// Reads one token or skips what is none; always moves on.
    fn token(&mut self, c: char) {
        match c {
            '#' => {
                while self.peek(0).is_some_and(|c| c != '\n') {
                    self.at += 1;
                }
            }
            '"' | '\'' => self.string(false, false),
            '0'..='9' => self.number(),
            '.' if self.peek(1).is_some_and(|c| c.is_ascii_digit()) => self.number(),
            '.' if self.peek(1) == Some('.') && self.peek(2) == Some('.') => self.push(Token::Literal, 3),
            c if c.is_alphabetic() || c == '_' => self.word(),
            c if c.is_whitespace() => self.at += 1,
            // A backslash joins this line and the next.
            '\\' => self.at += if self.peek(1) == Some('\r') { 3 } else { 2 },
            _ => self.operator(c),
        }
    }

    fn push(&mut self, token: Token, length: usize) {
        self.out.push(token);
        self.at += length;
    }

    fn operator(&mut self, c: char) {
        let next = self.peek(1);
        let after = self.peek(2);
        match c {
            '(' | '[' | '{' => self.push(Token::Open, 1),
            ')' | ']' | '}' => self.push(Token::Close, 1),
            '.' => self.push(Token::Dot, 1),
            ',' => self.push(Token::Comma, 1),
            ';' => self.push(Token::Semicolon, 1),
            ':' if next == Some('=') => self.push(Token::Walrus, 2),
            ':' => self.push(Token::Colon, 1),
            '-' if next == Some('>') => self.push(Token::Arrow, 2),
            '=' | '!' | '<' | '>' if next == Some('=') => self.push(Token::Other, 2),
            '=' => self.push(Token::Assign, 1),
            '*' | '/' | '<' | '>' if next == Some(c) && after == Some('=') => self.push(Token::Augmented, 3),
            '+' | '-' | '*' | '/' | '%' | '@' | '&' | '|' | '^' if next == Some('=') => self.push(Token::Augmented, 2),
            '*' => self.push(Token::Star, if next == Some('*') { 2 } else { 1 }),
            _ => self.push(Token::Other, 1),
        }
    }

    fn number(&mut self) {
        while let Some(c) = self.peek(0) {
            let exponent = matches!(c, 'e' | 'E') && matches!(self.peek(1), Some('+' | '-'));
            if !(c.is_alphanumeric() || c == '_' || c == '.') {
                break;
            }
            self.at += if exponent { 2 } else { 1 };
        }
        self.out.push(Token::Literal);
    }

    fn word(&mut self) {
        let start = self.at;
        while self.peek(0).is_some_and(|c| c.is_alphanumeric() || c == '_') {
            self.at += 1;
        }
        let word: String = self.chars[start..self.at].iter().collect();
        if matches!(self.peek(0), Some('"' | '\'')) && word.len() <= 2 {
            let prefix = word.to_ascii_lowercase();
            if prefix.chars().all(|c| matches!(c, 'r' | 'b' | 'u' | 'f' | 't')) {
                self.string(prefix.contains(['f', 't']), prefix.contains('r'));
                return;
            }
        }
        self.out.push(Token::Word(word));
    }

    fn string(&mut self, fields: bool, raw: bool) {
        let Some(quote) = self.peek(0) else { return };
        let triple = self.peek(1) == Some(quote) && self.peek(2) == Some(quote);
        self.at += if triple { 3 } else { 1 };
        self.out.push(Token::Literal);
        while let Some(c) = self.peek(0) {
            if c == '\\' && fields && !raw && self.peek(1) == Some('N') && self.peek(2) == Some('{') {
                // A character by its name: `\N{DELTA}`.
                while self.peek(0).is_some_and(|c| c != '}' && c != '\n') {
                    self.at += 1;
                }
            } else if c == '\\' && !(raw && fields && matches!(self.peek(1), Some('{' | '}'))) {
                self.at += 2;
            } else if c == quote && (!triple || (self.peek(1) == Some(quote) && self.peek(2) == Some(quote))) {
                self.at += if triple { 3 } else { 1 };
                return;
            } else if c == '\n' && !triple {
                // An unclosed string: the line's end ends it.
                return;
            } else if fields && c == '{' && self.peek(1) == Some('{') {
                self.at += 2;
            } else if fields && c == '{' && self.nested < DEEPEST {
                self.at += 1;
                self.nested += 1;
                self.field();
                self.nested -= 1;
            } else {
                self.at += 1;
            }
        }
    }

    /// The inside of a replacement field, up to and with its closing brace.
    fn field(&mut self) {
        self.out.push(Token::Open);
        let mut depth = 0_usize;
        while let Some(c) = self.peek(0) {
            match c {
                '}' if depth == 0 => break,
                '!' if depth == 0 && self.peek(1) != Some('=') => {
                    // A conversion such as `!r`.
                    self.at += 2;
                    continue;
                }
                ':' if depth == 0 => {
                    self.at += 1;
                    self.format();
                    break;
                }
                '=' if depth == 0 && matches!(self.peek(1), Some('}' | '!' | ':')) => {
                    // `{name=}` shows the name too.
                    self.at += 1;
                    continue;
                }
                '(' | '[' | '{' => depth += 1,
                ')' | ']' | '}' => depth = depth.saturating_sub(1),
                _ => {}
            }
            self.token(c);
        }
        self.at += 1;
        self.out.push(Token::Close);
    }

    /// A format after the colon of a field, with fields of its own; stops at the outer field's closing brace.
    fn format(&mut self) {
        while let Some(c) = self.peek(0) {
            match c {
                '}' => return,
                '{' if self.nested < DEEPEST => {
                    self.at += 1;
                    self.nested += 1;
                    self.field();
                    self.nested -= 1;
                }
                _ => self.at += 1,
            }
        }
    }
}
