//! The names of JavaScript and TypeScript modules.
//!
//! A module's own bindings hold in all of it, so order does not matter. Types are not told apart from values where a
//! name is used: they are erased, so no step defines them and a use of one decides nothing.

mod declarations;
mod expressions;
mod functions;
pub(crate) mod lexer;
mod statements;
mod words;

use std::collections::BTreeSet;

use lexer::{Kind, Token};

use super::Names;

/// The names that `code`, an ES module, defines at its top level and those that it needs from elsewhere.
pub fn names(code: &str) -> Names {
    let tokens = lexer::tokens(code);
    let ends = ends(&tokens);
    let mut walker = Walker { tokens, ends, scopes: vec![Scope::default()], depth: 0 };
    walker.statements(0, walker.tokens.len());
    let module = walker.scopes.pop().unwrap_or_default();
    let mut reads: BTreeSet<String> = module.free.difference(&module.bound).cloned().collect();
    reads.retain(|name| !words::is_builtin(name));
    Names { defines: module.bound, reads }
}

/// For each opening bracket the index of the one that closes it; the end where nothing does.
fn ends(tokens: &[Token]) -> Vec<usize> {
    let mut ends = vec![tokens.len(); tokens.len()];
    let mut open = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        match token.kind {
            Kind::Open(_) => open.push(at),
            Kind::Close => {
                if let Some(start) = open.pop() {
                    ends[start] = at;
                }
            }
            _ => {}
        }
    }
    ends
}

#[derive(Default)]
struct Scope {
    /// `var` binds here.
    function: bool,
    bound: BTreeSet<String>,
    /// Names used and not bound further in.
    free: BTreeSet<String>,
}

/// Walks over ranges of tokens; every method returns the index where it stopped, behind where it began.
struct Walker {
    tokens: Vec<Token>,
    ends: Vec<usize>,
    /// From the module inwards; never empty.
    scopes: Vec<Scope>,
    depth: usize,
}

impl Walker {
    fn kind(&self, at: usize) -> Option<&Kind> {
        self.tokens.get(at).map(|token| &token.kind)
    }

    fn word(&self, at: usize) -> Option<&str> {
        match self.kind(at) {
            Some(Kind::Word(word)) => Some(word),
            _ => None,
        }
    }

    fn is(&self, at: usize, text: &str) -> bool {
        self.word(at) == Some(text)
    }

    fn opens(&self, at: usize, bracket: char) -> bool {
        self.kind(at) == Some(&Kind::Open(bracket))
    }

    fn newline(&self, at: usize) -> bool {
        self.tokens.get(at).is_some_and(|token| token.newline)
    }

    /// The index behind the token at `at`, or behind its whole group.
    fn next(&self, at: usize) -> usize {
        match self.kind(at) {
            Some(Kind::Open(_)) => self.ends[at].saturating_add(1).min(self.tokens.len()),
            _ => at + 1,
        }
    }

    fn read(&mut self, name: &str) {
        if let Some(scope) = self.scopes.last_mut() {
            scope.free.insert(name.to_owned());
        }
    }

    fn bind(&mut self, name: &str) {
        if let Some(scope) = self.scopes.last_mut() {
            scope.bound.insert(name.to_owned());
        }
    }

    /// Binds as `var` does: in the function around.
    fn bind_var(&mut self, name: &str) {
        let scope = self.scopes.iter().rposition(|scope| scope.function).unwrap_or(0);
        self.scopes[scope].bound.insert(name.to_owned());
    }

    /// Runs `inside` in a scope of its own.
    fn scoped(&mut self, function: bool, inside: impl FnOnce(&mut Self)) {
        self.scopes.push(Scope { function, ..Scope::default() });
        inside(self);
        let inner = self.scopes.pop().unwrap_or_default();
        if let Some(outer) = self.scopes.last_mut() {
            outer.free.extend(inner.free.difference(&inner.bound).cloned());
        }
    }

    /// Splits a range at the commas outside brackets.
    fn items(&self, from: usize, to: usize) -> Vec<(usize, usize)> {
        let mut items = Vec::new();
        let mut start = from;
        let mut at = from;
        while at < to {
            if self.kind(at) == Some(&Kind::Comma) {
                items.push((start, at));
                start = at + 1;
            }
            at = self.next(at);
        }
        items.push((start, to));
        items
    }
}
