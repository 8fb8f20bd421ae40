//! JavaScript's and TypeScript's tokens, as far as names need them: strings and regular expressions are literals,
//! expressions inside template literals come as groups.

use super::super::DEEPEST;

/// What a token is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    /// An identifier or keyword.
    Word(String),
    /// A number, a string, a regular expression, a private name.
    Literal,
    /// A template literal; its expressions follow as groups of their own, which open with `$`.
    Template,
    /// `(`, `[`, `{`; `$` for `${`.
    Open(char),
    /// `)`, `]`, `}`.
    Close,
    /// `.` and `?.`.
    Dot,
    Comma,
    Colon,
    Semicolon,
    Question,
    /// `=`.
    Assign,
    /// `=>`.
    Arrow,
    /// `...`.
    Spread,
    /// `!`, `~`, `++`, `--`, `@`: may start an expression on a new line.
    Prefix,
    /// `<` and `>`, which may be brackets of types.
    Angle(char),
    /// `*`.
    Star,
    /// Every other operator.
    Other,
}

/// A token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    /// True where a line ends before it.
    pub(crate) newline: bool,
    /// Where it starts and ends, in characters. A template ends after its expressions, which are tokens of their own.
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// Splits code into tokens.
pub(crate) fn tokens(code: &str) -> Vec<Token> {
    let mut lexer = Lexer { chars: code.chars().collect(), at: 0, out: Vec::new(), newline: false, nested: 0 };
    if code.starts_with("#!") {
        lexer.line_comment();
    }
    while let Some(c) = lexer.peek(0) {
        lexer.token(c);
    }
    lexer.out
}

struct Lexer {
    chars: Vec<char>,
    at: usize,
    out: Vec<Token>,
    newline: bool,
    /// How many template literals stand around.
    nested: usize,
}

impl Lexer {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.at + ahead).copied()
    }

    fn push(&mut self, kind: Kind, length: usize) {
        self.push_from(self.at, kind, length);
    }

    /// Adds a token that starts at `start` and ends `length` characters further on.
    fn push_from(&mut self, start: usize, kind: Kind, length: usize) {
        self.at += length;
        self.out.push(Token { kind, newline: std::mem::take(&mut self.newline), start, end: self.at });
    }

    fn line_comment(&mut self) {
        while self.peek(0).is_some_and(|c| c != '\n') {
            self.at += 1;
        }
    }

    /// Reads one token or skips what is none; always moves on.
    fn token(&mut self, c: char) {
        let next = self.peek(1);
        match c {
            '\n' => {
                self.newline = true;
                self.at += 1;
            }
            c if c.is_whitespace() || c == '\u{feff}' => self.at += 1,
            '/' if next == Some('/') => self.line_comment(),
            '/' if next == Some('*') => self.block_comment(),
            '"' | '\'' => self.string(c),
            '`' => self.template(),
            '/' if self.regex_may_stand_here() => self.regex(),
            '0'..='9' => self.number(),
            '.' if next.is_some_and(|c| c.is_ascii_digit()) => self.number(),
            '#' => {
                let start = self.at;
                self.at += 1;
                while self.peek(0).is_some_and(is_word) {
                    self.at += 1;
                }
                self.push_from(start, Kind::Literal, 0);
            }
            c if is_word(c) => {
                let start = self.at;
                while self.peek(0).is_some_and(is_word) {
                    self.at += 1;
                }
                let word = self.chars[start..self.at].iter().collect();
                self.push_from(start, Kind::Word(word), 0);
            }
            _ => self.operator(c),
        }
    }

    fn block_comment(&mut self) {
        self.at += 2;
        while let Some(c) = self.peek(0) {
            if c == '*' && self.peek(1) == Some('/') {
                self.at += 2;
                return;
            }
            self.newline |= c == '\n';
            self.at += 1;
        }
    }

    fn string(&mut self, quote: char) {
        let start = self.at;
        self.at += 1;
        while let Some(c) = self.peek(0).filter(|c| *c != '\n') {
            self.at += if c == '\\' { 2 } else { 1 };
            if c == quote {
                break;
            }
        }
        self.push_from(start, Kind::Literal, 0);
    }

    fn number(&mut self) {
        let start = self.at;
        while let Some(c) = self.peek(0) {
            let exponent = matches!(c, 'e' | 'E') && matches!(self.peek(1), Some('+' | '-'));
            if !(c.is_alphanumeric() || c == '_' || c == '.') {
                break;
            }
            self.at += if exponent { 2 } else { 1 };
        }
        self.push_from(start, Kind::Literal, 0);
    }

    fn template(&mut self) {
        let token = self.out.len();
        self.push(Kind::Template, 1);
        while let Some(c) = self.peek(0) {
            match c {
                '\\' => self.at += 2,
                '`' => {
                    self.at += 1;
                    self.out[token].end = self.at;
                    return;
                }
                '$' if self.peek(1) == Some('{') && self.nested < DEEPEST => {
                    self.push(Kind::Open('$'), 2);
                    self.nested += 1;
                    self.substitution();
                    self.nested -= 1;
                }
                _ => self.at += 1,
            }
        }
    }

    /// The inside of `${…}`, up to and with its closing brace.
    fn substitution(&mut self) {
        let mut depth = 0_usize;
        while let Some(c) = self.peek(0) {
            match c {
                '}' if depth == 0 => break,
                '{' => depth += 1,
                '}' => depth -= 1,
                _ => {}
            }
            self.token(c);
        }
        self.newline = false;
        self.push(Kind::Close, 1);
    }

    /// After a value a slash divides; elsewhere it opens a regular expression.
    fn regex_may_stand_here(&self) -> bool {
        let attribute = self.out.iter().nth_back(1).is_some_and(|token| token.kind == Kind::Dot);
        match self.out.last().map(|token| &token.kind) {
            Some(Kind::Word(word)) => super::words::is_operator(word) && !attribute,
            Some(Kind::Literal | Kind::Template | Kind::Close) => false,
            _ => true,
        }
    }

    fn regex(&mut self) {
        let start = self.at;
        let mut class = false;
        self.at += 1;
        while let Some(c) = self.peek(0) {
            match c {
                '\\' => self.at += 1,
                '[' => class = true,
                ']' => class = false,
                '/' if !class => {
                    self.at += 1;
                    while self.peek(0).is_some_and(is_word) {
                        self.at += 1;
                    }
                    self.push_from(start, Kind::Literal, 0);
                    return;
                }
                '\n' => break,
                _ => {}
            }
            self.at += 1;
        }
        // No regular expression ends here: a division after all.
        self.at = start;
        self.push(Kind::Other, 1);
    }

    fn operator(&mut self, c: char) {
        let rest: String = self.chars[self.at..].iter().take(4).collect();
        for operator in OPERATORS {
            if rest.starts_with(operator) {
                let kind = match *operator {
                    "..." => Kind::Spread,
                    "=>" => Kind::Arrow,
                    "?." => Kind::Dot,
                    "++" | "--" => Kind::Prefix,
                    _ => Kind::Other,
                };
                return self.push(kind, operator.len());
            }
        }
        let kind = match c {
            '(' | '[' | '{' => Kind::Open(c),
            ')' | ']' | '}' => Kind::Close,
            '.' => Kind::Dot,
            ',' => Kind::Comma,
            ':' => Kind::Colon,
            ';' => Kind::Semicolon,
            '?' => Kind::Question,
            '=' => Kind::Assign,
            '!' | '~' | '@' => Kind::Prefix,
            '<' | '>' => Kind::Angle(c),
            '*' => Kind::Star,
            _ => Kind::Other,
        };
        self.push(kind, 1);
    }
}

/// Those of more than one character, longer ones first. `>>` is left apart: types close with it too.
const OPERATORS: &[&str] = &[
    ">>>=", "...", "===", "!==", "**=", "<<=", ">>=", "&&=", "||=", "??=", "=>", "?.", "++", "--", "==", "!=", "<=",
    ">=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "&&", "||", "??", "**",
];

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$'
}
