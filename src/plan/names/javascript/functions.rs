//! Functions and classes.

use super::Walker;
use super::lexer::Kind;

impl Walker {
    /// Reads the function whose keyword stands at `at`; its name is bound here where `declared`, else inside.
    pub(super) fn function(&mut self, at: usize, to: usize, declared: bool) -> usize {
        let mut start = at + 1;
        if self.kind(start) == Some(&Kind::Star) {
            start += 1;
        }
        let name = self.word(start).map(str::to_owned);
        let Some(open) = (start..to.min(start + 50)).find(|at| self.opens(*at, '(')) else { return start };
        match name {
            Some(name) if declared => {
                self.bind(&name);
                self.parameters_and_body(open, to)
            }
            Some(name) => {
                let mut end = to;
                self.scoped(false, |walker| {
                    walker.bind(&name);
                    end = walker.parameters_and_body(open, to);
                });
                end
            }
            None => self.parameters_and_body(open, to),
        }
    }

    /// Reads `(…) : type { … }` from its bracket on. Without a body (an overload, an abstract method) the types end it.
    pub(super) fn parameters_and_body(&mut self, open: usize, to: usize) -> usize {
        let mut end = self.next(open);
        self.scoped(true, |walker| {
            walker.parameters(open + 1, end - 1);
            if walker.kind(end) == Some(&Kind::Colon) {
                end = walker.skip_return_type(end, to);
            }
            if end < to && walker.opens(end, '{') {
                let body = end;
                end = walker.next(body);
                walker.statements(body + 1, end.saturating_sub(1));
            }
        });
        end
    }

    pub(super) fn parameters(&mut self, from: usize, to: usize) {
        for (start, end) in self.items(from, to) {
            let mut at = start;
            while self.kind(at) == Some(&Kind::Prefix) && at < end {
                at = self.next(at + 1);
            }
            // TypeScript's `private readonly name`.
            while at + 1 < end && self.word(at).is_some() && self.word(at + 1).is_some() {
                at += 1;
            }
            self.element(at, end, false);
        }
    }

    /// The index of the body's brace: the first that does not belong to the type itself.
    fn skip_return_type(&self, colon: usize, to: usize) -> usize {
        let mut at = colon + 1;
        let mut angles = 0_usize;
        while at < to {
            match self.kind(at) {
                Some(Kind::Open('{')) if angles == 0 && self.value_ends(at - 1) => break,
                Some(Kind::Angle('<')) => angles += 1,
                Some(Kind::Angle(_)) => angles = angles.saturating_sub(1),
                Some(Kind::Semicolon | Kind::Close) => break,
                _ if angles == 0 && self.newline(at) && self.value_ends(at - 1) => break,
                _ => {}
            }
            at = self.next(at);
        }
        at.min(to)
    }

    /// Reads the class whose keyword stands at `at`.
    pub(super) fn class(&mut self, at: usize, to: usize, declared: bool) -> usize {
        let name = self.word(at + 1).filter(|word| !matches!(*word, "extends" | "implements")).map(str::to_owned);
        let start = at + 1 + usize::from(name.is_some());
        // `extends mixin({})` has a group before the body; a type's braces stand in angles or brackets.
        let mut body = start;
        while body < to && !(self.opens(body, '{') && (body == start || self.value_ends(body - 1))) {
            body = self.next(body);
        }
        let end = self.next(body).min(to);
        self.expression(start, body.min(to));
        if let Some(name) = name.as_deref().filter(|_| declared) {
            self.bind(name);
        }
        self.scoped(false, |walker| {
            if let Some(name) = name.as_deref().filter(|_| !declared) {
                walker.bind(name);
            }
            walker.members(body + 1, end.saturating_sub(1));
        });
        end
    }

    fn members(&mut self, from: usize, to: usize) {
        let mut at = from;
        while at < to {
            at = self.member(at, to).max(at + 1);
        }
    }

    fn member(&mut self, at: usize, to: usize) -> usize {
        match self.kind(at) {
            // A decorator: its name and arguments.
            Some(Kind::Prefix) => {
                let mut end = self.next(at + 1);
                while matches!(self.kind(end), Some(Kind::Dot)) {
                    end = self.next(end + 1);
                }
                if self.opens(end, '(') {
                    end = self.next(end);
                }
                let end = end.min(to);
                self.expression(at + 1, end);
                end
            }
            // `static { … }`.
            Some(Kind::Open('{')) => {
                let end = self.next(at).min(to);
                self.scoped(true, |walker| walker.statements(at + 1, end.saturating_sub(1)));
                end
            }
            Some(Kind::Word(_) | Kind::Literal | Kind::Open('[')) => {
                let next = self.next(at);
                if self.opens(at, '[') {
                    self.expression(at + 1, next.saturating_sub(1));
                }
                // A word before another key is a modifier: `static async *name() {}`.
                let key_follows =
                    matches!(self.kind(next), Some(Kind::Word(_) | Kind::Literal | Kind::Star | Kind::Open('[' | '{')));
                if key_follows && self.word(at).is_some() && !self.newline(next) {
                    return next;
                }
                self.member_value(next, to)
            }
            _ => at + 1,
        }
    }

    /// What follows a member's key.
    fn member_value(&mut self, from: usize, to: usize) -> usize {
        let mut at = from;
        if self.kind(at) == Some(&Kind::Angle('<')) {
            at = (at..to).find(|at| self.opens(*at, '(')).unwrap_or(to);
        }
        if at < to && self.opens(at, '(') {
            return self.parameters_and_body(at, to);
        }
        at = self.skip_type(at, to);
        if at < to && self.kind(at) == Some(&Kind::Assign) {
            let end = self.end(at + 1, to, false);
            self.scoped(true, |walker| walker.expression(at + 1, end));
            return end;
        }
        at
    }
}
