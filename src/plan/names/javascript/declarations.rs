//! Imports, exports, declarations, destructuring.

use super::Walker;
use super::lexer::Kind;
use super::words::is_keyword;

impl Walker {
    /// Reads what follows `import`.
    pub(super) fn import(&mut self, from: usize, to: usize) -> usize {
        // `import type X from`, but not `import type from`, which binds `type`.
        let types = self.is(from, "type")
            && match self.kind(from + 1) {
                Some(Kind::Word(word)) => word != "from" || self.is(from + 2, "from"),
                Some(Kind::Open('{') | Kind::Star) => true,
                _ => false,
            };
        let mut bound = Vec::new();
        let mut at = from;
        while at < to {
            match self.kind(at) {
                Some(Kind::Literal) => {
                    at += 1;
                    break;
                }
                Some(Kind::Word(word)) if word == "from" && self.kind(at + 1) == Some(&Kind::Literal) => {}
                Some(Kind::Word(word)) if word != "as" => bound.push(word.clone()),
                Some(Kind::Open('{')) => {
                    for (start, end) in self.items(at + 1, self.ends[at]) {
                        let typed = self.is(start, "type") && end > start + 1 && !self.is(start + 1, "as");
                        if let Some(name) = self.word(end.saturating_sub(1)).filter(|_| end > start && !typed) {
                            bound.push(name.to_owned());
                        }
                    }
                }
                Some(Kind::Semicolon | Kind::Assign) => break,
                _ => {}
            }
            at = self.next(at);
        }
        if !types {
            bound.iter().for_each(|name| self.bind(name));
        }
        // `with { type: "json" }`.
        if self.is(at, "with") && self.opens(at + 1, '{') { self.next(at + 1) } else { at }
    }

    /// Reads what follows `export`.
    pub(super) fn export(&mut self, at: usize, to: usize) -> usize {
        match self.kind(at) {
            Some(Kind::Word(word)) if word == "default" && self.opens(at + 1, '{') => {
                self.expression_statement(at + 1, to)
            }
            Some(Kind::Word(word)) if word == "default" => at + 1,
            Some(Kind::Star) => self.end(at, to, false),
            Some(Kind::Open('{')) => {
                let end = self.next(at);
                if self.is(end, "from") {
                    return self.end(at, to, false);
                }
                for (start, _) in self.items(at + 1, end - 1) {
                    if let Some(name) = self.word(start).map(str::to_owned) {
                        self.read(&name);
                    }
                }
                end
            }
            Some(Kind::Word(word)) if word == "type" && !matches!(self.kind(at + 1), Some(Kind::Word(_))) => {
                self.end(at, to, false)
            }
            // A declaration follows, read as if nothing stood before it.
            _ => at,
        }
    }

    /// Reads what follows `const`, `let` or `var`.
    pub(super) fn declarations(&mut self, from: usize, to: usize, var: bool) -> usize {
        let mut at = from;
        loop {
            let pattern = self.next(at).min(to);
            self.pattern(at, pattern, var);
            at = self.skip_type(pattern, to);
            if self.kind(at) == Some(&Kind::Assign) && at < to {
                let end = self.end(at + 1, to, true);
                self.expression(at + 1, end);
                at = end;
            }
            if self.kind(at) != Some(&Kind::Comma) || at >= to {
                return at.max(from + 1);
            }
            at += 1;
        }
    }

    /// Skips `: type` (and the `!` or `?` before it) up to what ends a declaration or parameter.
    pub(super) fn skip_type(&self, from: usize, to: usize) -> usize {
        let mut at = from;
        while matches!(self.kind(at), Some(Kind::Question | Kind::Prefix)) && !self.newline(at) {
            at += 1;
        }
        if self.kind(at) != Some(&Kind::Colon) {
            return at.min(to);
        }
        let start = at + 1;
        let mut angles = 0_usize;
        while at < to {
            match self.kind(at) {
                Some(Kind::Angle('<')) => angles += 1,
                Some(Kind::Angle(_)) => angles = angles.saturating_sub(1),
                Some(Kind::Comma) if angles == 0 => break,
                Some(Kind::Assign | Kind::Semicolon | Kind::Close) => break,
                Some(Kind::Word(_)) if at > start && self.newline(at) && self.value_ends(at - 1) => break,
                _ => {}
            }
            at = self.next(at);
        }
        at.min(to)
    }

    /// Binds the names of a pattern; its defaults and computed keys are uses.
    pub(super) fn pattern(&mut self, from: usize, to: usize, var: bool) {
        let from = if self.kind(from) == Some(&Kind::Spread) { from + 1 } else { from };
        if from >= to {
            return;
        }
        let end = self.next(from).min(to);
        match self.kind(from) {
            Some(Kind::Word(word)) if !is_keyword(word) => {
                let name = word.clone();
                if var { self.bind_var(&name) } else { self.bind(&name) }
            }
            Some(Kind::Open('[')) => self.elements(from + 1, end - 1, var),
            Some(Kind::Open('{')) => {
                for (start, end) in self.items(from + 1, end - 1) {
                    self.property(start, end, var);
                }
            }
            _ => {}
        }
    }

    fn elements(&mut self, from: usize, to: usize, var: bool) {
        if self.depth >= super::super::DEEPEST {
            return;
        }
        self.depth += 1;
        for (start, end) in self.items(from, to) {
            self.element(start, end, var);
        }
        self.depth -= 1;
    }

    /// A pattern with an optional type and default: an element, a parameter, a property's target.
    pub(super) fn element(&mut self, from: usize, to: usize, var: bool) {
        if from >= to {
            return;
        }
        let start = if self.kind(from) == Some(&Kind::Spread) { from + 1 } else { from };
        self.pattern(start, self.next(start).min(to), var);
        let at = self.skip_type(self.next(start).min(to), to);
        if at < to && self.kind(at) == Some(&Kind::Assign) {
            self.expression(at + 1, to);
        }
    }

    fn property(&mut self, from: usize, to: usize, var: bool) {
        let key = self.next(from).min(to);
        if self.opens(from, '[') {
            self.expression(from + 1, key.saturating_sub(1));
        }
        if key < to && self.kind(key) == Some(&Kind::Colon) {
            self.elements(key + 1, to, var);
        } else {
            self.element(from, to, var);
        }
    }
}
