//! Just enough of Rust to hold the walls: its tokens, without comments and literals, and the paths in them.

use std::collections::BTreeMap;

/// A word or a sign of a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// An identifier or keyword.
    Word(String),
    /// Any other character but white space.
    Sign(char),
    /// `::`.
    Colons,
}

/// A path that a program names, such as `crate::plan::Step`, told from the crate's root.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Named {
    /// `plan`, `Step`.
    pub(super) path: Vec<String>,
    /// The 1-based line.
    pub(super) line: usize,
}

/// The tokens of `text`, each with its 1-based line.
pub(super) fn tokens(text: &str) -> Vec<(Token, usize)> {
    let mut lexer = Lexer { rest: text, line: 1, found: Vec::new() };
    while !lexer.rest.is_empty() {
        lexer.step();
    }
    lexer.found
}

struct Lexer<'a> {
    rest: &'a str,
    line: usize,
    found: Vec<(Token, usize)>,
}

impl Lexer<'_> {
    fn step(&mut self) {
        let Some(first) = self.rest.chars().next() else { return };
        if self.rest.starts_with("//") {
            self.skip(self.rest.find('\n').unwrap_or(self.rest.len()));
        } else if self.rest.starts_with("/*") {
            self.skip(block_comment(self.rest));
        } else if let Some(length) = literal(self.rest) {
            self.skip(length);
        } else if first.is_alphabetic() || first == '_' {
            let word = self.rest.strip_prefix("r#").unwrap_or(self.rest);
            let length = word.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(word.len());
            self.found.push((Token::Word(word[..length].to_owned()), self.line));
            self.skip(self.rest.len() - word.len() + length);
        } else if self.rest.starts_with("::") {
            self.found.push((Token::Colons, self.line));
            self.skip(2);
        } else {
            if !first.is_whitespace() {
                self.found.push((Token::Sign(first), self.line));
            }
            self.skip(first.len_utf8());
        }
    }

    fn skip(&mut self, length: usize) {
        let (passed, rest) = self.rest.split_at(length);
        self.line += passed.matches('\n').count();
        self.rest = rest;
    }
}

/// The length of the block comment that `text` starts with. Block comments nest.
fn block_comment(text: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < text.len() {
        if text[at..].starts_with("/*") {
            (depth, at) = (depth + 1, at + 2);
        } else if text[at..].starts_with("*/") {
            (depth, at) = (depth - 1, at + 2);
            if depth == 0 {
                return at;
            }
        } else {
            at += text[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    text.len()
}

/// The length of the string, character or lifetime that `text` starts with, if it starts with one.
fn literal(text: &str) -> Option<usize> {
    let after_prefix = ["br", "cr", "b", "c", "r"].iter().find_map(|prefix| text.strip_prefix(prefix));
    let body = match after_prefix {
        Some(rest) if rest.starts_with(['"', '#', '\'']) => rest,
        _ => text,
    };
    let prefix = &text[..text.len() - body.len()];
    if prefix.ends_with('r') {
        let hashes = body.len() - body.trim_start_matches('#').len();
        let inside = body[hashes..].strip_prefix('"')?;
        let end = format!("\"{}", "#".repeat(hashes));
        let length = inside.find(&end).map_or(inside.len(), |at| at + end.len());
        return Some(prefix.len() + hashes + 1 + length);
    }
    if body.starts_with('"') {
        return Some(prefix.len() + quoted(body, '"'));
    }
    let inside = body.strip_prefix('\'')?;
    let mut letters = inside.chars();
    let (first, second) = (letters.next()?, letters.next());
    if first == '\\' || second == Some('\'') {
        return Some(prefix.len() + quoted(body, '\''));
    }
    let name = inside.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(inside.len());
    Some(1 + name)
}

/// The length of the literal that `text` starts with, up to the next `quote` that no backslash stands before.
fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, letter) in text.char_indices().skip(1) {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if letter == quote => return at + quote.len_utf8(),
            _ => {}
        }
    }
    text.len()
}

/// Every path in `text` that starts with `crate`, `self` or `super`, in `use` and elsewhere.
///
/// `module` is the module that `text` is the file of. `doccheck`'s own macros name `$crate`, which counts as `crate`.
pub(super) fn named_paths(text: &str, module: &[String]) -> Vec<Named> {
    let tokens = tokens(text);
    let mut inner: Vec<(String, usize)> = Vec::new();
    let (mut depth, mut found, mut at) = (0_usize, Vec::new(), 0);
    while at < tokens.len() {
        match &tokens[at].0 {
            Token::Sign('{') => {
                depth += 1;
                if let [(Token::Word(keyword), _), (Token::Word(name), _)] = &tokens[at.saturating_sub(2)..at]
                    && keyword == "mod"
                {
                    inner.push((name.clone(), depth));
                }
            }
            Token::Sign('}') => {
                inner.retain(|(_, opened)| *opened < depth);
                depth = depth.saturating_sub(1);
            }
            Token::Word(word) if at == 0 || tokens[at - 1].0 != Token::Colons => {
                let mut base: Vec<String> = match word.as_str() {
                    "crate" => Vec::new(),
                    "self" | "super" => {
                        module.iter().cloned().chain(inner.iter().map(|(name, _)| name.clone())).collect()
                    }
                    _ => {
                        at += 1;
                        continue;
                    }
                };
                if word == "super" {
                    base.pop();
                }
                let line = tokens[at].1;
                let mut tree = Tree { tokens: &tokens, at: at + 1, leaves: Vec::new() };
                tree.follow(base);
                at = tree.at;
                found.extend(tree.leaves.into_iter().map(|(path, _)| Named { path, line }));
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    found
}

/// For each name that the file of a folder's face takes from one of its `children`: that child.
pub(super) fn taken_from_children(text: &str, children: &[String]) -> BTreeMap<String, String> {
    let tokens = tokens(text);
    let mut taken = BTreeMap::new();
    for at in 0..tokens.len() {
        if tokens[at].0 != Token::Word("use".to_owned()) {
            continue;
        }
        let start = match &tokens[at + 1..] {
            [(Token::Word(word), _), (Token::Colons, _), ..] if word == "self" => at + 3,
            _ => at + 1,
        };
        if let Some((Token::Word(child), _)) = tokens.get(start)
            && children.contains(child)
        {
            let mut tree = Tree { tokens: &tokens, at: start + 1, leaves: Vec::new() };
            tree.follow(vec![child.clone()]);
            taken.extend(tree.leaves.into_iter().map(|(_, name)| (name, child.clone())));
        }
    }
    taken
}

/// A reader of what follows the first word of a path.
struct Tree<'a> {
    tokens: &'a [(Token, usize)],
    at: usize,
    /// Each path with the name that it is known by afterwards.
    leaves: Vec<(Vec<String>, String)>,
}

impl Tree<'_> {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at).map(|(token, _)| token)
    }

    fn follow(&mut self, mut path: Vec<String>) {
        let mut grew = false;
        while self.peek() == Some(&Token::Colons) {
            self.at += 1;
            match self.peek().cloned() {
                Some(Token::Word(word)) => {
                    self.at += 1;
                    match word.as_str() {
                        "super" => drop(path.pop()),
                        "self" => {}
                        _ => path.push(word),
                    }
                    grew = true;
                }
                Some(Token::Sign('*')) => {
                    self.at += 1;
                    path.push("*".to_owned());
                    grew = true;
                }
                Some(Token::Sign('{')) => {
                    self.at += 1;
                    return self.group(&path);
                }
                _ => break,
            }
        }
        // `self` as a receiver and `pub(crate)` are no paths.
        if grew {
            self.leaf(path);
        }
    }

    fn group(&mut self, path: &[String]) {
        while let Some(token) = self.peek().cloned() {
            match token {
                Token::Sign('}') => {
                    self.at += 1;
                    return;
                }
                Token::Word(word) => {
                    self.at += 1;
                    let mut path = path.to_vec();
                    if word != "self" {
                        path.push(word);
                    }
                    if self.peek() == Some(&Token::Colons) {
                        self.follow(path);
                    } else {
                        self.leaf(path);
                    }
                }
                Token::Sign('*') => {
                    self.at += 1;
                    self.leaf(path.iter().cloned().chain(["*".to_owned()]).collect());
                }
                Token::Sign(_) | Token::Colons => self.at += 1,
            }
        }
    }

    fn leaf(&mut self, path: Vec<String>) {
        let mut name = path.last().cloned().unwrap_or_default();
        if let [(Token::Word(keyword), _), (Token::Word(alias), _), ..] = &self.tokens[self.at.min(self.tokens.len())..]
            && keyword == "as"
        {
            name.clone_from(alias);
            self.at += 2;
        }
        self.leaves.push((path, name));
    }
}

#[test]
fn comments_strings_and_characters_are_no_program() {
    let text = "a /* b /* c */ d */ e // f\ng \"h \\\" i\" r#\"j \" k\"# b'l' '\\'' '\"' 'm n \"o\" p";
    let words = tokens(text);
    let word = |text: &str, line| (Token::Word(text.to_owned()), line);
    assert_eq!(words, [word("a", 1), word("e", 1), word("g", 2), word("n", 2), word("p", 2)]);
}

#[test]
fn paths_are_told_from_the_root() {
    let module = ["serve".to_owned(), "proxy".to_owned()];
    let told = |text: &str| -> Vec<String> {
        named_paths(text, &module).into_iter().map(|named| named.path.join("::")).collect()
    };
    assert_eq!(
        told("use crate::plan::{Step, self as p, names::{a, b}};"),
        ["plan::Step", "plan", "plan::names::a", "plan::names::b"]
    );
    assert_eq!(told("use super::super::http::Reply; fn f() { crate::clock::now() }"), ["http::Reply", "clock::now"]);
    assert_eq!(
        told("mod tests { use super::*; mod deep { use super::x; } } use super::tls::Front;"),
        ["serve::proxy::*", "serve::proxy::tests::x", "serve::tls::Front"]
    );
    assert_eq!(told("pub(crate) fn f(&self) { self.x; } // crate::run::go"), Vec::<String>::new());
    assert_eq!(told("$crate::harness::main()"), ["harness::main"]);
}

#[test]
fn a_face_tells_where_its_names_come_from() {
    let children = ["tls".to_owned(), "proxy".to_owned()];
    let text = "mod tls; use crate::plan::Step; pub use tls::{Front, Key as Secret}; pub use self::proxy::Proxy;";
    let taken = taken_from_children(text, &children);
    let told: Vec<_> = taken.iter().map(|(name, child)| format!("{name} from {child}")).collect();
    assert_eq!(told, ["Front from tls", "Proxy from proxy", "Secret from tls"]);
}
