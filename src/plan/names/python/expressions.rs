//! Uses and bindings inside expressions: lambdas, comprehensions, `:=`, targets.

use super::super::DEEPEST;
use super::Walker;
use super::builtins::is_keyword;
use super::lexer::Token;

/// The index of the bracket that closes the one at `open`, or the end.
pub(super) fn close(tokens: &[Token], open: usize) -> usize {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate().skip(open) {
        match token {
            Token::Open => depth += 1,
            Token::Close => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at;
                }
            }
            _ => {}
        }
    }
    tokens.len()
}

/// The index of the first token outside brackets that `wanted` accepts.
pub(super) fn find(tokens: &[Token], wanted: impl Fn(&Token) -> bool) -> Option<usize> {
    let mut at = 0;
    while at < tokens.len() {
        if wanted(&tokens[at]) {
            return Some(at);
        }
        at = if tokens[at] == Token::Open { close(tokens, at) + 1 } else { at + 1 };
    }
    None
}

/// The parts between the tokens outside brackets that `separator` accepts.
pub(super) fn split(mut tokens: &[Token], separator: impl Fn(&Token) -> bool) -> Vec<&[Token]> {
    let mut parts = Vec::new();
    while let Some(at) = find(tokens, &separator) {
        parts.push(&tokens[..at]);
        tokens = &tokens[at + 1..];
    }
    parts.push(tokens);
    parts
}

/// True for the word `text`.
pub(super) fn is(token: &Token, text: &str) -> bool {
    matches!(token, Token::Word(word) if word == text)
}

/// The content of a bracket that starts at the first token, and what follows it.
pub(super) fn group(tokens: &[Token]) -> (&[Token], &[Token]) {
    let end = close(tokens, 0);
    (tokens.get(1..end).unwrap_or(&[]), tokens.get(end + 1..).unwrap_or(&[]))
}

impl Walker {
    /// Reads an expression, or several with commas between.
    pub(super) fn expression(&mut self, tokens: &[Token]) {
        self.walk(tokens, false);
    }

    fn walk(&mut self, tokens: &[Token], bracketed: bool) {
        if self.depth >= DEEPEST {
            return;
        }
        self.depth += 1;
        if let Some(at) = find(tokens, |token| is(token, "for")).filter(|_| bracketed) {
            self.comprehension(&tokens[..at], &tokens[at..]);
        } else {
            self.operands(tokens, bracketed);
        }
        self.depth -= 1;
    }

    fn operands(&mut self, tokens: &[Token], bracketed: bool) {
        let mut at = 0;
        while at < tokens.len() {
            match &tokens[at] {
                Token::Open => {
                    let (inside, _) = group(&tokens[at..]);
                    self.walk(inside, true);
                    at += inside.len() + 1;
                }
                Token::Word(word) if word == "lambda" => {
                    at += self.lambda(&tokens[at + 1..]);
                }
                Token::Word(word) if !is_keyword(word) => {
                    let attribute = at > 0 && tokens[at - 1] == Token::Dot;
                    match tokens.get(at + 1) {
                        _ if attribute => {}
                        Some(Token::Walrus) => self.bind(word),
                        // The name of an argument.
                        Some(Token::Assign) if bracketed => {}
                        _ => self.read(word),
                    }
                }
                _ => {}
            }
            at += 1;
        }
    }

    /// Reads what follows the word `lambda`; returns how many tokens that were.
    fn lambda(&mut self, tokens: &[Token]) -> usize {
        let Some(colon) = find(tokens, |token| *token == Token::Colon) else { return 0 };
        let end = find(&tokens[colon..], |token| *token == Token::Comma).map_or(tokens.len(), |comma| colon + comma);
        let known = self.locals.len();
        let parameters = self.parameters(&tokens[..colon]);
        self.locals.extend(parameters);
        self.later += 1;
        self.walk(&tokens[colon + 1..end], false);
        self.later -= 1;
        self.locals.truncate(known);
        end
    }

    /// Reads the defaults and annotations of a parameter list; returns the parameters.
    pub(super) fn parameters(&mut self, tokens: &[Token]) -> Vec<String> {
        let mut names = Vec::new();
        for parameter in split(tokens, |token| *token == Token::Comma) {
            let start = parameter.iter().take_while(|token| **token == Token::Star).count();
            if let Some(Token::Word(name)) = parameter.get(start) {
                names.push(name.clone());
                self.expression(&parameter[start + 1..]);
            }
        }
        names
    }

    fn comprehension(&mut self, element: &[Token], clauses: &[Token]) {
        let known = self.locals.len();
        let mut rest = clauses;
        let mut first = true;
        let mut conditions = Vec::new();
        while let Some(after) = rest.split_first().map(|(_, after)| after) {
            let next = find(after, |token| is(token, "for") || is(token, "if") || is(token, "async"));
            let (clause, following) = after.split_at(next.unwrap_or(after.len()));
            match find(clause, |token| is(token, "in")).filter(|_| is(&rest[0], "for")) {
                Some(at) => {
                    // The first iterable belongs to the code around: `[x for x in x]`.
                    if first {
                        self.walk(&clause[at + 1..], true);
                    } else {
                        conditions.push(&clause[at + 1..]);
                    }
                    first = false;
                    let targets: Vec<&str> = clause[..at].iter().filter_map(word).collect();
                    self.locals.extend(targets.into_iter().map(str::to_owned));
                }
                None => conditions.push(clause),
            }
            rest = following;
        }
        for tokens in conditions {
            self.operands(tokens, true);
        }
        self.operands(element, true);
        self.locals.truncate(known);
    }

    /// Binds what is assigned to; the parts of `a.b` and `a[b]` are uses.
    pub(super) fn target(&mut self, tokens: &[Token]) {
        if self.depth >= DEEPEST {
            return;
        }
        self.depth += 1;
        for item in split(tokens, |token| *token == Token::Comma) {
            let item = item.strip_prefix(&[Token::Star]).unwrap_or(item);
            match item {
                [Token::Word(name)] if !is_keyword(name) => self.bind(name),
                [Token::Open, ..] if close(item, 0) + 1 >= item.len() => self.target(group(item).0),
                _ => self.expression(item),
            }
        }
        self.depth -= 1;
    }

    /// Binds the captures of a `case` pattern; classes and dotted constants are uses.
    pub(super) fn pattern(&mut self, tokens: &[Token]) {
        for (at, token) in tokens.iter().enumerate() {
            let Token::Word(name) = token else { continue };
            let attribute = at > 0 && tokens[at - 1] == Token::Dot;
            match tokens.get(at + 1) {
                _ if attribute || is_keyword(name) || name == "_" => {}
                Some(Token::Open | Token::Dot) => self.read(name),
                Some(Token::Assign) => {}
                _ => self.bind(name),
            }
        }
    }
}

/// The text of a word that is no keyword.
pub(super) fn word(token: &Token) -> Option<&str> {
    match token {
        Token::Word(word) if !is_keyword(word) => Some(word),
        _ => None,
    }
}
