//! Python's statements: what each of them binds and uses, in the order in which it happens.

use super::super::DEEPEST;
use super::expressions::{close, find, group, is, split, word};
use super::lexer::Token;
use super::{Kind, Walker};

impl Walker {
    /// Reads one logical line: a header with or without a suite after its colon, or simple statements.
    pub(super) fn statement(&mut self, tokens: &[Token], indent: usize) {
        if self.depth < DEEPEST {
            self.depth += 1;
            self.dispatch(tokens, indent);
            self.depth -= 1;
        }
    }

    fn dispatch(&mut self, tokens: &[Token], indent: usize) {
        let tokens = match tokens {
            [first, rest @ ..] if is(first, "async") => rest,
            _ => tokens,
        };
        let Some(Token::Word(first)) = tokens.first() else { return self.simple_statements(tokens) };
        let rest = &tokens[1..];
        match first.as_str() {
            "def" => self.function(rest, indent),
            "class" => self.class(rest, indent),
            "if" | "elif" | "while" | "else" | "try" | "finally" => {
                let (header, suite) = at_colon(rest);
                self.expression(header);
                self.statement(suite, indent);
            }
            "for" => {
                let (header, suite) = at_colon(rest);
                let split = find(header, |token| is(token, "in")).unwrap_or(header.len());
                self.expression(&header[split..]);
                self.target(&header[..split]);
                self.statement(suite, indent);
            }
            "with" | "except" => {
                let (header, suite) = at_colon(rest);
                self.with(header);
                self.statement(suite, indent);
            }
            "match" if is_soft_header(rest) => self.expression(at_colon(rest).0),
            "case" if is_soft_header(rest) => {
                let (header, suite) = at_colon(rest);
                let guard = find(header, |token| is(token, "if")).unwrap_or(header.len());
                self.pattern(&header[..guard]);
                self.expression(&header[guard..]);
                self.statement(suite, indent);
            }
            _ => self.simple_statements(tokens),
        }
    }

    fn function(&mut self, tokens: &[Token], indent: usize) {
        let Some(Token::Word(name)) = tokens.first() else { return };
        let mut rest = &tokens[1..];
        let mut parameters = Vec::new();
        let known = self.locals.len();
        // `def name[T](…)` has two brackets, `def name(…)` one. Annotations see the types.
        while rest.first() == Some(&Token::Open) {
            let (inside, after) = group(rest);
            self.locals.extend(parameters.iter().cloned());
            parameters.extend(self.parameters(inside));
            rest = after;
        }
        let (returns, suite) = at_colon(rest);
        self.expression(returns);
        self.locals.truncate(known);
        self.bind(name);
        self.enter(Kind::Function, indent);
        for parameter in &parameters {
            self.bind(parameter);
        }
        self.statement(suite, indent);
    }

    fn class(&mut self, tokens: &[Token], indent: usize) {
        let Some(Token::Word(name)) = tokens.first() else { return };
        let (bases, suite) = at_colon(&tokens[1..]);
        self.expression(bases);
        self.bind(name);
        self.enter(Kind::Class, indent);
        self.statement(suite, indent);
    }

    /// The items of `with` and `except`: an expression, or one `as` a target.
    fn with(&mut self, header: &[Token]) {
        let whole = header.first() == Some(&Token::Open) && close(header, 0) + 1 == header.len();
        let items = if whole { group(header).0 } else { header };
        for item in split(items, |token| *token == Token::Comma) {
            match find(item, |token| is(token, "as")) {
                Some(at) => {
                    self.expression(&item[..at]);
                    self.target(&item[at + 1..]);
                }
                None => self.expression(item),
            }
        }
    }

    fn simple_statements(&mut self, tokens: &[Token]) {
        for statement in split(tokens, |token| *token == Token::Semicolon) {
            self.simple(statement);
        }
    }

    fn simple(&mut self, tokens: &[Token]) {
        let Some((first, rest)) = tokens.split_first() else { return };
        match first {
            Token::Word(word) if word == "import" => self.import(rest),
            Token::Word(word) if word == "from" => {
                if let Some(at) = find(rest, |token| is(token, "import")) {
                    self.import_from(&rest[at + 1..]);
                }
            }
            Token::Word(word) if word == "global" || word == "nonlocal" => {
                let names: Vec<String> = rest.iter().filter_map(self::word).map(str::to_owned).collect();
                if let Some(scope) = self.scopes.last_mut().filter(|scope| scope.kind != Kind::Module) {
                    let declared = if word == "global" { &mut scope.global } else { &mut scope.nonlocal };
                    declared.extend(names);
                }
            }
            // `type Name = …`, where `type` is no call and no variable.
            Token::Word(word) if word == "type" && matches!(rest.first(), Some(Token::Word(_))) => {
                self.assignment(rest);
            }
            _ => self.assignment(tokens),
        }
    }

    fn import(&mut self, tokens: &[Token]) {
        for item in split(tokens, |token| *token == Token::Comma) {
            // `import a.b` binds `a`, `import a.b as c` binds `c`.
            let bound = match find(item, |token| is(token, "as")) {
                Some(at) => item.get(at + 1),
                None => item.first(),
            };
            if let Some(name) = bound.and_then(word) {
                self.bind(name);
            }
        }
    }

    fn import_from(&mut self, tokens: &[Token]) {
        let items = if tokens.first() == Some(&Token::Open) { group(tokens).0 } else { tokens };
        for item in split(items, |token| *token == Token::Comma) {
            if let Some(name) = item.last().and_then(word) {
                self.bind(name);
            }
        }
    }

    fn assignment(&mut self, tokens: &[Token]) {
        // A lambda's defaults hold `=` too; nothing is assigned to behind its word.
        let limit = find(tokens, |token| is(token, "lambda")).unwrap_or(tokens.len());
        let mut parts = split(&tokens[..limit], |token| *token == Token::Assign);
        if let (true, Some(last)) = (parts.len() > 1, parts.pop()) {
            self.expression(&tokens[limit - last.len()..]);
            for part in parts {
                let colon = find(part, |token| *token == Token::Colon).unwrap_or(part.len());
                self.expression(&part[colon..]);
                self.target(&part[..colon]);
            }
        } else if let Some(at) = find(&tokens[..limit], |token| *token == Token::Augmented) {
            self.expression(&tokens[..at]);
            self.expression(&tokens[at + 1..]);
            self.target(&tokens[..at]);
        } else if let (Some(Token::Word(_)), Some(Token::Colon)) = (tokens.first(), tokens.get(1)) {
            // `name: annotation` binds nothing and reads the annotation.
            self.expression(&tokens[2..]);
        } else {
            self.expression(tokens);
        }
    }
}

/// Splits at the colon that ends a header; a lambda has one of its own.
fn at_colon(tokens: &[Token]) -> (&[Token], &[Token]) {
    let mut start = 0;
    while let Some(at) = find(&tokens[start..], |token| *token == Token::Colon || is(token, "lambda")) {
        let at = start + at;
        if tokens[at] == Token::Colon {
            return (&tokens[..at], &tokens[at + 1..]);
        }
        match find(&tokens[at..], |token| *token == Token::Colon) {
            Some(own) => start = at + own + 1,
            None => break,
        }
    }
    (tokens, &[])
}

/// True where `match` or `case` is a keyword here: something to match, and a colon.
fn is_soft_header(rest: &[Token]) -> bool {
    let something = !matches!(
        rest.first(),
        None | Some(Token::Assign | Token::Dot | Token::Colon | Token::Comma | Token::Augmented | Token::Other)
    );
    something && find(rest, |token| *token == Token::Colon).is_some()
}
