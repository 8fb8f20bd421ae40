//! The names of Python code.

mod builtins;
mod expressions;
mod lexer;
mod statements;

use std::collections::BTreeSet;

use super::Names;

/// The names that `code` defines at its top level and those that it needs from elsewhere. A use before the step's own
/// definition is a use of an earlier one (`total = total + 1`); a use inside a function happens when it is called.
pub fn names(code: &str) -> Names {
    let mut walker = Walker {
        scopes: vec![Scope::new(Kind::Module, 0)],
        locals: Vec::new(),
        later: 0,
        depth: 0,
        globals: BTreeSet::new(),
    };
    for line in lexer::lines(code) {
        while walker.scopes.len() > 1 && walker.scopes.last().is_some_and(|scope| line.indent <= scope.indent) {
            walker.leave();
        }
        walker.statement(&line.tokens, line.indent);
    }
    while walker.scopes.len() > 1 {
        walker.leave();
    }
    let module = walker.scopes.pop().unwrap_or_else(|| Scope::new(Kind::Module, 0));
    let mut reads = module.reads;
    reads.extend(module.deferred.difference(&module.bound).cloned());
    reads.retain(|name| !builtins::is_builtin(name));
    let mut defines = module.bound;
    defines.extend(walker.globals);
    Names { defines, reads }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Module,
    Class,
    Function,
}

struct Scope {
    kind: Kind,
    /// The column of the line that opened it: it ends with the first line that stands no deeper.
    indent: usize,
    bound: BTreeSet<String>,
    /// Names that `global` sends to the module.
    global: BTreeSet<String>,
    /// Names that `nonlocal` sends to the function around.
    nonlocal: BTreeSet<String>,
    /// Names used. In a module or class: those not bound at that point.
    reads: BTreeSet<String>,
    /// Names that functions inside use, when they are called.
    deferred: BTreeSet<String>,
}

impl Scope {
    fn new(kind: Kind, indent: usize) -> Self {
        Self {
            kind,
            indent,
            bound: BTreeSet::new(),
            global: BTreeSet::new(),
            nonlocal: BTreeSet::new(),
            reads: BTreeSet::new(),
            deferred: BTreeSet::new(),
        }
    }
}

struct Walker {
    /// From the module inwards; never empty.
    scopes: Vec<Scope>,
    /// Names of the lambdas and comprehensions around.
    locals: Vec<String>,
    /// How many lambdas stand around: their bodies run later.
    later: usize,
    depth: usize,
    /// Names that functions bind at the top level by `global`.
    globals: BTreeSet<String>,
}

impl Walker {
    fn read(&mut self, name: &str) {
        if self.locals.iter().any(|local| local == name) {
            return;
        }
        let later = self.later > 0;
        if let Some(scope) = self.scopes.last_mut() {
            if scope.kind == Kind::Function {
                scope.reads.insert(name.to_owned());
            } else if later {
                scope.deferred.insert(name.to_owned());
            } else if !scope.bound.contains(name) {
                scope.reads.insert(name.to_owned());
            }
        }
    }

    fn bind(&mut self, name: &str) {
        if let Some(scope) = self.scopes.last_mut() {
            if scope.global.contains(name) {
                self.globals.insert(name.to_owned());
            } else if !scope.nonlocal.contains(name) {
                scope.bound.insert(name.to_owned());
            }
        }
    }

    fn enter(&mut self, kind: Kind, indent: usize) {
        self.scopes.push(Scope::new(kind, indent));
    }

    /// Ends the innermost scope and hands to the one around what it does not resolve itself.
    fn leave(&mut self) {
        let Some(inner) = self.scopes.pop() else { return };
        let Some(outer) = self.scopes.last_mut() else { return };
        let mut now = BTreeSet::new();
        let mut later = inner.deferred;
        if inner.kind == Kind::Function {
            later.extend(inner.reads.difference(&inner.bound).cloned());
        } else {
            now = inner.reads;
        }
        if outer.kind == Kind::Function {
            outer.reads.extend(now);
            outer.reads.extend(later);
        } else {
            outer.reads.extend(now.difference(&outer.bound).cloned().collect::<Vec<_>>());
            outer.deferred.extend(later);
        }
    }
}
