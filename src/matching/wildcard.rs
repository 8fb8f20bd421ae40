//! Wildcards within one line of text or one JSON string: `[..]`, `<name:type>`, `<name>`.
//!
//! - `[..]` stands for any characters, or none.
//! - `<name:type>` stands for a value of that type (`kind`) and gives it a name. Where the name comes again, in the
//!   same text or in a later one, it must be the same value.
//! - `<name>` stands for what was captured by that name, and for itself where nothing was: real output is full of
//!   `<Response [200]>`. So does `<name:word>` whose word is no type, such as `<http:…>`.
//!
//! A text always matches itself, whatever wildcards it holds.

use std::cell::RefCell;
use std::collections::BTreeMap;

use regex::Regex;

use crate::source::Span;

use super::captures::Bindings;
use super::kind::Kind;

mod renew;

/// A line of a page, or a string of its JSON, taken apart.
#[derive(Debug)]
pub(super) struct Pattern<'t> {
    text: &'t str,
    pieces: Vec<Piece<'t>>,
    /// The last regex that was built.
    built: RefCell<Option<Built>>,
}

/// A regex and the values of the names that went into it.
#[derive(Debug)]
struct Built {
    values: Vec<Option<String>>,
    /// `None` where it would be too big.
    regex: Option<Regex>,
}

#[derive(Debug)]
struct Piece<'t> {
    span: Span,
    what: What<'t>,
}

#[derive(Debug, Clone, Copy)]
enum What<'t> {
    Literal,
    Gap,
    Typed { name: &'t str, kind: Kind },
    Name(&'t str),
}

/// Where and why a text does not match a pattern.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Blame {
    /// The place, in bytes of the pattern's text.
    pub(super) span: Span,
    /// What more there is to say, such as "`x` is not a uuid".
    pub(super) reason: Option<String>,
}

impl<'t> Pattern<'t> {
    pub(super) fn parse(text: &'t str) -> Self {
        let mut pattern = Self { text, pieces: pieces(text), built: RefCell::default() };
        pattern.link(&mut BTreeMap::new());
        pattern
    }

    /// The text as it stands on the page.
    pub(super) fn text(&self) -> &'t str {
        self.text
    }

    /// True where the pattern matches nothing but itself.
    pub(super) fn is_literal(&self) -> bool {
        self.pieces.iter().all(|piece| matches!(piece.what, What::Literal))
    }

    /// The name where the pattern is `<name>` and nothing else.
    pub(super) fn whole_name(&self) -> Option<&'t str> {
        match self.pieces[..] {
            [Piece { what: What::Name(name), .. }] => Some(name),
            _ => None,
        }
    }

    /// Name and type where the pattern is `<name:type>` and nothing else.
    pub(super) fn whole_typed(&self) -> Option<(&'t str, Kind)> {
        match self.pieces[..] {
            [Piece { what: What::Typed { name, kind }, .. }] => Some((name, kind)),
            _ => None,
        }
    }

    /// Gives each `<name>` the type of the `<name:type>` that stands before it in the same text, and adds this
    /// pattern's own to `seen`.
    pub(super) fn link(&mut self, seen: &mut BTreeMap<&'t str, Kind>) {
        for piece in &mut self.pieces {
            match piece.what {
                What::Typed { name, kind } => drop(seen.insert(name, kind)),
                What::Name(name) => {
                    if let Some(kind) = seen.get(name) {
                        piece.what = What::Typed { name, kind: *kind };
                    }
                }
                What::Literal | What::Gap => {}
            }
        }
    }

    /// Does `actual` match? Where it does, what it captures goes into `bindings`.
    pub(super) fn matches(&self, actual: &str, bindings: &mut Bindings<'_>) -> bool {
        if self.text == actual {
            return true;
        }
        if !self.may_match(actual) {
            return false;
        }
        let Some(values) = self.captured(actual, bindings) else { return false };
        let mut trial = bindings.clone();
        if !values.iter().all(|(name, value)| trial.bind(name, value)) {
            return false;
        }
        *bindings = trial;
        true
    }

    /// Does `actual` match? Nothing is captured.
    pub(super) fn fits(&self, actual: &str, bindings: &Bindings<'_>) -> bool {
        self.text == actual || self.may_match(actual) && self.matches(actual, &mut bindings.clone())
    }

    /// A cheap test that spares most texts the regex.
    fn may_match(&self, actual: &str) -> bool {
        if self.is_literal() {
            return false;
        }
        let literal = |piece: Option<&Piece<'t>>| match piece {
            Some(Piece { span, what: What::Literal }) => &self.text[span.start..span.end],
            _ => "",
        };
        actual.starts_with(literal(self.pieces.first())) && actual.ends_with(literal(self.pieces.last()))
    }

    /// The named values in `actual`, where it matches the whole pattern.
    fn captured<'a>(&self, actual: &'a str, bindings: &Bindings<'_>) -> Option<Vec<(&'t str, &'a str)>> {
        let names = self.pieces.iter().filter_map(|piece| match piece.what {
            What::Name(name) => Some(name),
            _ => None,
        });
        let values: Vec<_> = names.map(|name| bindings.value(name).map(str::to_owned)).collect();
        let mut built = self.built.borrow_mut();
        if built.as_ref().is_none_or(|built| built.values != values) {
            *built = Some(Built { values, regex: self.regex(0..self.pieces.len(), bindings, true, true) });
        }
        let found = built.as_ref()?.regex.as_ref()?.captures(actual)?;
        let names = self.pieces.iter().filter_map(|piece| match piece.what {
            What::Typed { name, .. } => Some(name),
            _ => None,
        });
        names.zip(found.iter().skip(1)).map(|(name, value)| Some((name, value?.as_str()))).collect()
    }

    /// The pieces in `range` as a regex, one group for each that captures; `None` where it would be too big.
    fn regex(
        &self,
        range: std::ops::Range<usize>,
        bindings: &Bindings<'_>,
        from_start: bool,
        to_end: bool,
    ) -> Option<Regex> {
        let mut pattern = String::from(if from_start { r"(?s)\A" } else { "(?s)" });
        for piece in &self.pieces[range] {
            let text = &self.text[piece.span.start..piece.span.end];
            match piece.what {
                What::Literal => pattern.push_str(&regex::escape(text)),
                What::Gap => pattern.push_str(".*?"),
                // The known value first: where it may stand here, no other part of the text is taken for it.
                What::Typed { name, kind } => match bindings.earlier(name).filter(|value| kind.takes(value)) {
                    Some(value) => pattern.extend(["(", &regex::escape(value), "|", kind.pattern(), ")"]),
                    None => pattern.extend(["(", kind.pattern(), ")"]),
                },
                What::Name(name) => pattern.push_str(&regex::escape(bindings.value(name).unwrap_or(text))),
            }
        }
        pattern.push_str(if to_end { r"\z" } else { "" });
        Regex::new(&pattern).ok()
    }

    /// Where `actual`, which does not match, differs.
    pub(super) fn blame(&self, actual: &str, bindings: &Bindings<'_>) -> Blame {
        if self.is_literal() {
            let (span, _) = differing(self.text, actual);
            return Blame { span, reason: None };
        }
        let count = self.pieces.len();
        let fits = |range, from_start, to_end| {
            self.regex(range, bindings, from_start, to_end).is_some_and(|regex| regex.is_match(actual))
        };
        // The first piece that cannot be reached from the front, and the last that cannot from the back.
        let from_front = (0..count).find(|at| !fits(0..at + 1, true, false));
        let from_back = (0..count).rev().find(|at| !fits(*at..count, false, true));
        let (Some(front), Some(back)) = (from_front, from_back) else {
            return self.blame_whole(actual, bindings);
        };
        let (first, last) = (front.min(back), front.max(back));
        let guilty = (first..=last).find(|at| !matches!(self.pieces[*at].what, What::Literal | What::Gap));
        let at = guilty.unwrap_or(front);
        let piece = &self.pieces[at];
        let text = &self.text[piece.span.start..piece.span.end];
        match piece.what {
            What::Literal if at == 0 => {
                let shared = text.chars().zip(actual.chars()).take_while(|(a, b)| a == b).map(|(a, _)| a.len_utf8());
                let start = shared.sum();
                Blame {
                    span: words(self.text, Span::new(start, piece.span.end.min(start + 1).max(start))),
                    reason: None,
                }
            }
            What::Literal | What::Gap => {
                let start = piece.span.start + (text.len() - text.trim_start().len());
                Blame { span: Span::new(start, piece.span.start + text.trim_end().len()), reason: None }
            }
            What::Typed { name, kind } => {
                let found = self.stands_at(at, actual, bindings);
                let reason = match (found, found.and_then(|found| bindings.conflict(name, found))) {
                    (Some(found), Some(conflict)) if kind.takes(found) => format!("{conflict}, not `{found}`"),
                    (Some(found), _) => format!("`{found}` is not {}", kind.described()),
                    (None, _) => format!("this is not {}", kind.described()),
                };
                Blame { span: piece.span, reason: Some(reason) }
            }
            What::Name(name) => Blame {
                span: piece.span,
                reason: bindings.value(name).map(|value| format!("`<{name}>` was captured as `{value}`")),
            },
        }
    }

    /// Every piece is there from both sides, but not all of them at once: too much, or a name with two values.
    fn blame_whole(&self, actual: &str, bindings: &Bindings<'_>) -> Blame {
        for (name, value) in self.captured(actual, bindings).into_iter().flatten() {
            if let Some(conflict) = bindings.conflict(name, value)
                && let Some(piece) =
                    self.pieces.iter().find(|piece| matches!(piece.what, What::Typed { name: own, .. } if own == name))
            {
                return Blame { span: piece.span, reason: Some(format!("{conflict}, not `{value}`")) };
            }
        }
        Blame { span: Span::new(0, self.text.len()), reason: None }
    }

    /// What stands in `actual` in the place of the piece `at`, where the pieces around it tell.
    fn stands_at<'a>(&self, at: usize, actual: &'a str, bindings: &Bindings<'_>) -> Option<&'a str> {
        let before = self.regex(0..at, bindings, true, false)?.find(actual)?.end();
        let rest = &actual[before..];
        let end = if at + 1 == self.pieces.len() {
            rest.len()
        } else {
            self.regex(at + 1..self.pieces.len(), bindings, false, true)?
                .find(rest)
                .map_or(rest.len(), |found| found.start())
        };
        let found = rest[..end].trim();
        (!found.is_empty() && found.chars().count() <= 60).then_some(found)
    }
}

/// Typed captures in `text` whose type does not exist but nearly does, each with what is probably meant.
pub(super) fn near_misses(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices('<') {
        if let Some((name, Some(word), _)) = token(&text[at..])
            && Kind::named(word).is_none()
            && let Some(near) = Kind::near(word)
        {
            let help = format!("`<{name}:{word}>` is compared as it stands; did you mean `<{name}:{near}>`");
            if !found.contains(&help) {
                found.push(help);
            }
        }
    }
    found
}

/// What is probably meant by the `[...]` in a text that does not match.
pub(super) fn near_gap(text: &str) -> Option<String> {
    let written = ["[...]", "[…]"].into_iter().find(|written| text.contains(written))?;
    Some(format!("`{written}` is compared as it stands; did you mean `{GAP}`, which stands for anything in a line"))
}

/// True where `text` is `<name:word>` and nothing else, whatever the word.
pub(super) fn is_typed(text: &str) -> bool {
    matches!(token(text), Some((_, Some(_), len)) if len == text.len())
}

fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let (mut literal, mut at) = (0, 0);
    while let Some(offset) = text[at..].find(['<', '[']) {
        let start = at + offset;
        let rest = &text[start..];
        let (what, len) = if rest.starts_with(GAP) {
            (What::Gap, GAP.len())
        } else {
            match token(rest) {
                Some((name, None, len)) => (What::Name(name), len),
                Some((name, Some(word), len)) => match Kind::named(word) {
                    Some(kind) => (What::Typed { name, kind }, len),
                    None => (What::Literal, 0),
                },
                None => (What::Literal, 0),
            }
        };
        at = start + len.max(1);
        if len > 0 {
            if literal < start {
                pieces.push(Piece { span: Span::new(literal, start), what: What::Literal });
            }
            pieces.push(Piece { span: Span::new(start, at), what });
            literal = at;
        }
    }
    if literal < text.len() {
        pieces.push(Piece { span: Span::new(literal, text.len()), what: What::Literal });
    }
    pieces
}

const GAP: &str = "[..]";

/// Reads `<name>` or `<name:word>` at the start of `text`: name, word, length.
fn token(text: &str) -> Option<(&str, Option<&str>, usize)> {
    let (inner, _) = text.strip_prefix('<')?.split_once('>')?;
    let (name, word) = match inner.split_once(':') {
        Some((name, word)) => (name, Some(word)),
        None => (inner, None),
    };
    let starts = name.starts_with(|char: char| char.is_ascii_alphabetic() || char == '_');
    let goes_on = name.chars().all(|char| char.is_ascii_alphanumeric() || char == '_' || char == '-');
    let is_word = word.is_none_or(|word| !word.is_empty() && word.chars().all(|char| char.is_ascii_alphanumeric()));
    (starts && goes_on && is_word).then_some((name, word, inner.len() + 2))
}

/// The place of `expected` that differs from `actual`, widened to whole words, and the text that stands there in
/// `actual`. It is a point where something is missing between two words.
pub(super) fn differing<'a>(expected: &str, actual: &'a str) -> (Span, &'a str) {
    let prefix: usize =
        expected.chars().zip(actual.chars()).take_while(|(a, b)| a == b).map(|(char, _)| char.len_utf8()).sum();
    let rest = (&expected[prefix..], &actual[prefix..]);
    let suffix: usize = rest
        .0
        .chars()
        .rev()
        .zip(rest.1.chars().rev())
        .take_while(|(a, b)| a == b)
        .map(|(char, _)| char.len_utf8())
        .sum();
    let (here, there) = (&rest.0[..rest.0.len() - suffix], &rest.1[..rest.1.len() - suffix]);
    let mut span = Span::new(prefix, prefix + here.len());
    // What was put in beside a word leaves the word as it is; what was put in within or onto it changes it.
    if here.starts_with(is_word) || there.starts_with(is_word) {
        span.start -= trailing_word(&expected[..span.start]);
    }
    if here.ends_with(is_word) || there.ends_with(is_word) {
        span.end += leading_word(&expected[span.end..]);
    }
    let from = prefix - (prefix - span.start);
    let to = actual.len() - (expected.len() - span.end);
    (span, &actual[from.min(to)..to])
}

/// `span` of `text`, widened to whole words.
fn words(text: &str, span: Span) -> Span {
    let start = text.floor_char_boundary(span.start);
    let end = text.ceil_char_boundary(span.end);
    Span::new(start - trailing_word(&text[..start]), end + leading_word(&text[end..]))
}

pub(super) fn is_word(char: char) -> bool {
    char.is_alphanumeric() || char == '_'
}

fn leading_word(text: &str) -> usize {
    text.find(|char| !is_word(char)).unwrap_or(text.len())
}

fn trailing_word(text: &str) -> usize {
    text.len() - text.trim_end_matches(is_word).len()
}
