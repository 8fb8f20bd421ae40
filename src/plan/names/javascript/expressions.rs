//! Expressions: uses, arrow functions, object literals.

use super::super::DEEPEST;
use super::Walker;
use super::lexer::Kind;
use super::words::is_keyword;

impl Walker {
    /// Reads the expressions of a range.
    pub(super) fn expression(&mut self, from: usize, to: usize) {
        if self.depth >= DEEPEST {
            return;
        }
        self.depth += 1;
        let mut at = from;
        // A colon that a question mark waits for belongs to `a ? b : c`, not to an arrow function's type.
        let mut questions = 0_usize;
        while at < to {
            match self.kind(at) {
                Some(Kind::Question) => questions += 1,
                Some(Kind::Colon) => questions = questions.saturating_sub(1),
                _ => {}
            }
            at = self.operand(at, to, questions > 0).max(at + 1);
        }
        self.depth -= 1;
    }

    fn operand(&mut self, at: usize, to: usize, ternary: bool) -> usize {
        match self.kind(at) {
            Some(Kind::Word(word)) => {
                let word = word.clone();
                self.name(&word, at, to, ternary)
            }
            Some(Kind::Open('(')) => {
                let end = self.next(at);
                match self.arrow(end, to, ternary) {
                    Some(arrow) => self.arrow_function(at, arrow, to, ternary),
                    None => {
                        self.expression(at + 1, end - 1);
                        end
                    }
                }
            }
            Some(Kind::Open('{')) => {
                let end = self.next(at);
                self.object(at + 1, end - 1);
                end
            }
            Some(Kind::Open(_)) => {
                let end = self.next(at);
                self.expression(at + 1, end - 1);
                end
            }
            _ => at + 1,
        }
    }

    fn name(&mut self, word: &str, at: usize, to: usize, ternary: bool) -> usize {
        if at > 0 && self.kind(at - 1) == Some(&Kind::Dot) {
            return at + 1;
        }
        match word {
            "function" => return self.function(at, to, false),
            "class" => return self.class(at, to, false),
            // `async x => …`, `async (x) => …`, `async function`; else a variable.
            "async" if self.word(at + 1).is_some() => return at + 1,
            "async" if self.opens(at + 1, '(') && self.arrow(self.next(at + 1), to, false).is_some() => return at + 1,
            _ => {}
        }
        if self.kind(at + 1) == Some(&Kind::Arrow) && at + 1 < to {
            return self.arrow_function(at, at + 1, to, ternary);
        }
        let between_values = matches!(word, "as" | "satisfies" | "of") && at > 0 && self.value_ends(at - 1);
        if !is_keyword(word) && !between_values {
            self.read(word);
        }
        at + 1
    }

    /// The index of the arrow that follows a bracket which ends before `at`, with or without a type between.
    fn arrow(&self, at: usize, to: usize, ternary: bool) -> Option<usize> {
        if at < to && self.kind(at) == Some(&Kind::Arrow) {
            return Some(at);
        }
        if at >= to || self.kind(at) != Some(&Kind::Colon) || ternary {
            return None;
        }
        let mut at = at + 1;
        let mut angles = 0_usize;
        while at < to {
            match self.kind(at) {
                Some(Kind::Arrow) if angles == 0 => return Some(at),
                Some(Kind::Angle('<')) => angles += 1,
                Some(Kind::Angle(_)) => angles = angles.saturating_sub(1),
                Some(Kind::Comma) if angles > 0 => {}
                Some(Kind::Comma | Kind::Semicolon | Kind::Assign | Kind::Question | Kind::Close) => return None,
                _ => {}
            }
            at = self.next(at);
        }
        None
    }

    /// Reads an arrow function whose parameters start at `at`.
    fn arrow_function(&mut self, at: usize, arrow: usize, to: usize, ternary: bool) -> usize {
        let body = arrow + 1;
        let end = match self.kind(body) {
            Some(Kind::Open('{')) => self.next(body),
            _ if ternary => self.before_colon(body, self.end(body, to, true)),
            _ => self.end(body, to, true),
        };
        self.scoped(true, |walker| {
            match walker.word(at).map(str::to_owned) {
                Some(name) => walker.bind(&name),
                None => {
                    let close = walker.next(at) - 1;
                    walker.parameters(at + 1, close);
                }
            }
            if walker.opens(body, '{') {
                walker.statements(body + 1, end.saturating_sub(1));
            } else {
                walker.expression(body, end);
            }
        });
        end
    }

    /// Where the colon stands that belongs to a question mark before `from`; `to` where there is none.
    fn before_colon(&self, from: usize, to: usize) -> usize {
        let mut questions = 0_usize;
        let mut at = from;
        while at < to {
            match self.kind(at) {
                Some(Kind::Question) => questions += 1,
                Some(Kind::Colon) if questions == 0 => return at,
                Some(Kind::Colon) => questions -= 1,
                _ => {}
            }
            at = self.next(at);
        }
        to
    }

    fn object(&mut self, from: usize, to: usize) {
        if self.depth >= DEEPEST {
            return;
        }
        self.depth += 1;
        for (start, end) in self.items(from, to) {
            self.member_of_object(start, end);
        }
        self.depth -= 1;
    }

    fn member_of_object(&mut self, from: usize, to: usize) {
        let mut key = from;
        // `async`, `get`, `set`, `*` before another key.
        while key + 1 < to
            && (self.kind(key) == Some(&Kind::Star) || matches!(self.word(key), Some("async" | "get" | "set")))
            && matches!(self.kind(key + 1), Some(Kind::Word(_) | Kind::Literal | Kind::Open('[') | Kind::Star))
        {
            key += 1;
        }
        if key >= to {
            return;
        }
        let after = self.next(key);
        if self.opens(key, '[') {
            self.expression(key + 1, after - 1);
        }
        match self.kind(after).filter(|_| after < to) {
            Some(Kind::Colon) => self.expression(after + 1, to),
            Some(Kind::Open('(')) => {
                self.parameters_and_body(after, to);
            }
            _ => match self.word(key).map(str::to_owned) {
                // Shorthand, with or without a default.
                Some(name) => {
                    if !is_keyword(&name) {
                        self.read(&name);
                    }
                    self.expression(after, to);
                }
                None => self.expression(key, to),
            },
        }
    }
}
