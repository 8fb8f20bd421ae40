//! Statements and where they end.

use super::super::DEEPEST;
use super::Walker;
use super::lexer::Kind;
use super::words::{is_operator, starts_statement};

impl Walker {
    pub(super) fn statements(&mut self, from: usize, to: usize) {
        let mut at = from;
        while at < to {
            at = self.statement(at, to).max(at + 1);
        }
    }

    /// Reads the statement at `at`, or a part of it that another statement follows (`else`, `if (…)`).
    pub(super) fn statement(&mut self, at: usize, to: usize) -> usize {
        if self.depth >= DEEPEST || at >= to {
            return to;
        }
        self.depth += 1;
        let end = self.dispatch(at, to);
        self.depth -= 1;
        end
    }

    fn dispatch(&mut self, at: usize, to: usize) -> usize {
        let word = match self.kind(at) {
            Some(Kind::Open('{')) => return self.block(at),
            Some(Kind::Word(word)) => word.clone(),
            _ => return self.expression_statement(at, to),
        };
        let next_is_name = self.word(at + 1).is_some() && !self.newline(at + 1);
        match word.as_str() {
            "import" if !matches!(self.kind(at + 1), Some(Kind::Open('(') | Kind::Dot)) => self.import(at + 1, to),
            "export" => self.export(at + 1, to),
            "const" if self.is(at + 1, "enum") => self.enumeration(at + 2),
            "const" => self.declarations(at + 1, to, false),
            "var" => self.declarations(at + 1, to, true),
            "let" if next_is_name || matches!(self.kind(at + 1), Some(Kind::Open('{' | '['))) => {
                self.declarations(at + 1, to, false)
            }
            "using" if next_is_name => self.declarations(at + 1, to, false),
            "await" if self.is(at + 1, "using") && self.word(at + 2).is_some() => self.declarations(at + 2, to, false),
            "async" if self.is(at + 1, "function") && !self.newline(at + 1) => self.function(at + 1, to, true),
            "function" => self.function(at, to, true),
            "abstract" if self.is(at + 1, "class") => self.class(at + 1, to, true),
            "class" => self.class(at, to, true),
            "enum" if next_is_name => self.enumeration(at + 1),
            "interface" if next_is_name => self.skip_to_body(at, to),
            "namespace" | "module" if next_is_name => {
                if let Some(name) = self.word(at + 1).map(str::to_owned) {
                    self.bind(&name);
                }
                let body = (at + 1..to).find(|at| self.opens(*at, '{')).unwrap_or(to);
                self.block(body)
            }
            "type" if next_is_name && matches!(self.kind(at + 2), Some(Kind::Assign | Kind::Angle('<'))) => {
                self.end(at + 1, to, false)
            }
            "declare" if next_is_name => self.skip_declaration(at + 1, to),
            "for" => self.for_loop(at + 1, to),
            "catch" => self.catch(at + 1),
            "case" => self.case(at + 1, to),
            "if" | "while" | "switch" | "with" if self.opens(at + 1, '(') => {
                let body = self.next(at + 1);
                self.expression(at + 2, body - 1);
                let end = self.statement(body, to);
                let end = end + usize::from(self.kind(end) == Some(&Kind::Semicolon));
                if self.is(end, "else") && end < to { self.statement(end + 1, to) } else { end }
            }
            "return" | "throw" if !self.newline(at + 1) => self.expression_statement(at + 1, to),
            "do" | "else" | "try" | "finally" | "return" => at + 1,
            "break" | "continue" if next_is_name => at + 2,
            // A label, or `default:`.
            _ if self.kind(at + 1) == Some(&Kind::Colon) => at + 2,
            _ => self.expression_statement(at, to),
        }
    }

    pub(super) fn expression_statement(&mut self, at: usize, to: usize) -> usize {
        let end = self.end(at, to, false);
        self.expression(at, end);
        end
    }

    /// Reads the block whose brace stands at `open`.
    pub(super) fn block(&mut self, open: usize) -> usize {
        let end = self.next(open);
        self.scoped(false, |walker| walker.statements(open + 1, end.saturating_sub(1)));
        end
    }

    fn for_loop(&mut self, at: usize, to: usize) -> usize {
        let open = if self.is(at, "await") { at + 1 } else { at };
        if !self.opens(open, '(') {
            return open;
        }
        let close = self.next(open) - 1;
        let mut end = to;
        self.scoped(false, |walker| {
            let head = open + 1;
            match walker.word(head) {
                Some("const" | "let" | "using") => {
                    walker.declarations(head + 1, close, false);
                }
                Some("var") => {
                    walker.declarations(head + 1, close, true);
                }
                _ => {}
            }
            // What follows the declared pattern (`of xs`, `; i < n; i++`), or all of it where nothing is declared.
            walker.statements(head, close);
            end = walker.statement(close + 1, to);
        });
        end
    }

    fn catch(&mut self, at: usize) -> usize {
        let mut body = at;
        if self.opens(at, '(') {
            body = self.next(at);
        }
        let end = self.next(body);
        self.scoped(false, |walker| {
            if body > at {
                walker.pattern(at + 1, body - 1, false);
            }
            if walker.opens(body, '{') {
                walker.statements(body + 1, end.saturating_sub(1));
            }
        });
        end
    }

    fn case(&mut self, at: usize, to: usize) -> usize {
        let mut end = at;
        let mut questions = 0_usize;
        while end < to {
            match self.kind(end) {
                Some(Kind::Question) => questions += 1,
                Some(Kind::Colon) if questions == 0 => break,
                Some(Kind::Colon) => questions -= 1,
                _ => {}
            }
            end = self.next(end);
        }
        let end = end.min(to);
        self.expression(at, end);
        end + 1
    }

    fn enumeration(&mut self, at: usize) -> usize {
        if let Some(name) = self.word(at).map(str::to_owned) {
            self.bind(&name);
        }
        self.next(at + 1)
    }

    /// Skips to behind the next brace group: a type has no bindings.
    pub(super) fn skip_to_body(&self, at: usize, to: usize) -> usize {
        let body = (at..to).find(|at| self.opens(*at, '{'));
        body.map_or(to, |body| self.next(body))
    }

    fn skip_declaration(&self, at: usize, to: usize) -> usize {
        match self.word(at) {
            Some("namespace" | "module" | "global" | "class" | "interface" | "enum" | "abstract") => {
                self.skip_to_body(at, to)
            }
            // The keyword itself would end the expression.
            _ => self.end(at + 1, to, false),
        }
    }

    /// Where the expression at `from` ends: at a semicolon, at the end of a line where the next cannot continue it, at
    /// a keyword that starts a statement, and at a comma where `comma`.
    pub(super) fn end(&self, from: usize, to: usize, comma: bool) -> usize {
        let mut at = from;
        while at < to {
            match self.kind(at) {
                Some(Kind::Semicolon | Kind::Close) => break,
                Some(Kind::Comma) if comma => break,
                Some(Kind::Word(word))
                    if at > from
                        && starts_statement(word)
                        && self.kind(at - 1) != Some(&Kind::Dot)
                        && !self.is(at - 1, "as") =>
                {
                    break;
                }
                _ if at > from && self.newline(at) && self.value_ends(at - 1) && !self.continues(at) => break,
                _ => {}
            }
            at = self.next(at);
        }
        at.min(to)
    }

    /// True where a value may end with the token at `at`.
    pub(super) fn value_ends(&self, at: usize) -> bool {
        match self.kind(at) {
            Some(Kind::Word(word)) => !is_operator(word) || (at > 0 && self.kind(at - 1) == Some(&Kind::Dot)),
            Some(Kind::Literal | Kind::Template | Kind::Close | Kind::Prefix | Kind::Angle('>')) => true,
            _ => false,
        }
    }

    /// True where the token at `at`, first on its line, continues the expression of the line before.
    fn continues(&self, at: usize) -> bool {
        match self.kind(at) {
            Some(Kind::Word(word)) => matches!(word.as_str(), "in" | "instanceof" | "as" | "satisfies" | "of"),
            Some(Kind::Literal | Kind::Prefix | Kind::Open('{') | Kind::Spread) => false,
            _ => true,
        }
    }
}
