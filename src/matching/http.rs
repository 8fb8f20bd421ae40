//! HTTP answers as `curl -i` prints them against what a page shows of them.
//!
//! The status line is compared as far as it is shown (`HTTP/1.1 401 Unauthorized`, `HTTP/2 401`, `401`), the header
//! fields that are shown must be there (names without regard to case, others are free), and the body is compared by
//! its type, JSON or text. A page that shows only the head leaves the body free. Status, values and body may hold the
//! wildcards of `wildcard`. Interim answers (1xx) and a proxy's answer to `CONNECT` do not count.

use crate::http::reason;
use crate::source::{Span, Spanned};
use crate::text;

use super::captures::{Bindings, Captures, keep_on_match};
use super::mismatch::{Diff, Mismatch};
use super::text::{compare as compare_text, is_more};
use super::wildcard::{Pattern, near_misses};
use super::{json, wildcard};

mod update;

pub use update::update_http;

/// Compares the answers that a page shows with what was printed. What typed captures match is kept where all of it
/// matches.
///
/// # Errors
///
/// The first difference, with its place in `expected`.
pub fn compare_http(expected: &str, actual: &str, captures: &mut Captures) -> Result<(), Mismatch> {
    let actual = text::normalize(actual);
    keep_on_match(captures, |bindings| compare(expected, &actual, bindings))
}

/// The body of the last answer in `actual`; all of it where there is no answer in it.
pub fn last_body(actual: &str) -> &str {
    answers(actual).last().map_or(actual, |answer| answer.body)
}

fn compare(expected: &str, actual: &str, bindings: &mut Bindings<'_>) -> Result<(), Mismatch> {
    let shown = answers(expected);
    let mut found = answers(actual);
    if found.len() > shown.len() {
        found.retain(|answer| !answer.is_interim());
    }
    if shown.is_empty() || found.is_empty() {
        return compare_text(expected, actual, bindings).map_err(|mut mismatch| {
            if found.is_empty() && !shown.is_empty() && !actual.is_empty() {
                mismatch.message = "the output has no HTTP status line".to_owned();
                mismatch.help.push("`curl -i` prints the status line and the header fields".to_owned());
            }
            mismatch
        });
    }
    let mut telling = Telling { expected, bindings, first: None, diff: Diff::default() };
    telling.before(&shown[0], &found[0], actual);
    for (shown, found) in shown.iter().zip(&found) {
        telling.answer(shown, found);
    }
    telling.left(&shown, &found);
    match telling.first {
        None => Ok(()),
        Some((span, message)) => {
            Err(Mismatch { expected: span, message, diff: telling.diff.finish(), help: near_misses(expected) })
        }
    }
}

/// An answer, as a page or a program shows it.
#[derive(Debug)]
struct Answer<'t> {
    status: Spanned<&'t str>,
    fields: Vec<Field<'t>>,
    /// From the first line after the head up to the next answer.
    body: &'t str,
    body_start: usize,
}

#[derive(Debug)]
struct Field<'t> {
    line: Spanned<&'t str>,
    name: Spanned<&'t str>,
    value: Spanned<&'t str>,
}

/// The words of a status line, each with its place.
#[derive(Debug)]
struct Status<'t> {
    version: Option<Spanned<&'t str>>,
    code: Spanned<&'t str>,
    reason: Spanned<&'t str>,
}

impl<'t> Answer<'t> {
    fn status(&self) -> Status<'t> {
        let Spanned { value: line, span } = self.status;
        let first = word(line, 0, span.start);
        if !first.value.starts_with("HTTP/") {
            let reason = rest(line, first.span.end - span.start, span.start);
            return Status { version: None, code: first, reason };
        }
        let code = word(line, first.span.end - span.start, span.start);
        let reason = rest(line, code.span.end - span.start, span.start);
        Status { version: Some(first), code, reason }
    }

    fn is_interim(&self) -> bool {
        let status = self.status();
        let connected =
            status.reason.value.eq_ignore_ascii_case("Connection established") && self.body.trim().is_empty();
        status.code.value.starts_with('1') || connected
    }
}

/// The first word of `line` from `from` on; `start` is where the line stands.
fn word(line: &str, from: usize, start: usize) -> Spanned<&str> {
    let rest = rest(line, from, start);
    let end = rest.value.find([' ', '\t']).unwrap_or(rest.value.len());
    Spanned::new(&rest.value[..end], Span::new(rest.span.start, rest.span.start + end))
}

/// What stands in `line` from `from` on, without blanks around it.
fn rest(line: &str, from: usize, start: usize) -> Spanned<&str> {
    let rest = line[from..].trim_start();
    let at = start + line.len() - rest.len();
    Spanned::new(rest, Span::new(at, start + line.len()))
}

/// Every answer in `text`, in order. One starts at each line that is a status line.
fn answers(text: &str) -> Vec<Answer<'_>> {
    let lines = text::lines(text);
    let starts: Vec<usize> = (0..lines.len()).filter(|at| is_status_line(lines[*at].value, *at == 0)).collect();
    let mut answers = Vec::new();
    for (number, start) in starts.iter().enumerate() {
        let next = starts.get(number + 1).copied().unwrap_or(lines.len());
        let mut at = start + 1;
        let mut fields = Vec::new();
        while at < next {
            match field(&lines[at]) {
                Some(field) => fields.push(field),
                None if is_more(lines[at].value) && !fields.is_empty() => {}
                None => break,
            }
            at += 1;
        }
        // An empty line ends the head; pages that leave it out show the body at once.
        let body = if at < next && lines[at].value.is_empty() { at + 1 } else { at };
        let end = lines.get(next).map_or(text.len(), |line| line.span.start);
        let body_start = lines.get(body).map_or(end, |line| line.span.start).min(end);
        answers.push(Answer { status: lines[*start].clone(), fields, body: &text[body_start..end], body_start });
    }
    answers
}

/// True for `HTTP/1.1 200 OK` and, at the start of a text, for `200 OK` and `200`.
fn is_status_line(line: &str, first: bool) -> bool {
    let (head, rest) = line.split_once(' ').unwrap_or((line, ""));
    if head.starts_with("HTTP/") {
        let code = rest.trim_start().split(' ').next().unwrap_or("");
        return is_code(code) || code.starts_with(['<', '[']);
    }
    first && is_code(head)
}

fn is_code(word: &str) -> bool {
    word.len() == 3 && word.starts_with(['1', '2', '3', '4', '5']) && word.bytes().all(|byte| byte.is_ascii_digit())
}

/// Reads `Name: value`; names are tokens of RFC 9110, section 5.6.2.
fn field<'t>(line: &Spanned<&'t str>) -> Option<Field<'t>> {
    let (name, after) = line.value.split_once(':')?;
    let is_token = |char: char| char.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(char);
    if name.is_empty() || !name.chars().all(is_token) {
        return None;
    }
    let start = line.span.start;
    let value = rest(line.value, line.value.len() - after.len(), start);
    Some(Field { line: line.clone(), name: Spanned::new(name, Span::new(start, start + name.len())), value })
}

/// Compares answer after answer, and remembers the first difference.
struct Telling<'a, 'c> {
    expected: &'a str,
    bindings: &'a mut Bindings<'c>,
    first: Option<(Span, String)>,
    diff: Diff,
}

impl Telling<'_, '_> {
    fn differ(&mut self, span: Span, message: impl FnOnce() -> String) {
        if self.first.is_none() {
            self.first = Some((span, message()));
        }
    }

    /// What stands before the first answers. The heads of interim answers may stand there unseen.
    fn before(&mut self, shown: &Answer<'_>, found: &Answer<'_>, actual: &str) {
        let shown = &self.expected[..shown.status.span.start];
        let found = &actual[..found.status.span.start];
        let found = if answers(found).is_empty() { found.trim_end_matches('\n') } else { "" };
        if let Err(mismatch) = compare_text(shown, found, self.bindings) {
            self.differ(mismatch.expected, || format!("before the status line, {}", mismatch.message));
            self.diff.append(mismatch.diff);
        }
    }

    fn answer(&mut self, shown: &Answer<'_>, found: &Answer<'_>) {
        self.status(shown, found);
        let mut seen = vec![false; found.fields.len()];
        for field in &shown.fields {
            self.field(field, &found.fields, &mut seen);
        }
        self.diff.free(seen.iter().filter(|seen| !**seen).count());
        let lines = text::normalize(found.body).lines().count();
        if shown.body.trim().is_empty() {
            self.diff.free(lines);
            return;
        }
        self.diff.same("");
        let compare = if json::is_json(shown.body) { json::compare } else { compare_text };
        match compare(shown.body, found.body.trim_end_matches('\n'), self.bindings) {
            Ok(()) => self.diff.skip(lines),
            Err(mismatch) => {
                let span = mismatch.expected;
                let start = shown.body_start;
                self.differ(Span::new(start + span.start, start + span.end), || {
                    match mismatch.message.strip_prefix("the output ") {
                        Some(rest) => format!("the body {rest}"),
                        None => format!("in the body, {}", mismatch.message),
                    }
                });
                self.diff.append(mismatch.diff);
            }
        }
    }

    fn status(&mut self, shown: &Answer<'_>, found: &Answer<'_>) {
        let (left, right) = (shown.status(), found.status());
        // HTTP/2 sends no reason; then the usual one is meant.
        let usual = right.code.value.parse().map_or("", reason);
        let actual_reason = if right.reason.value.is_empty() { usual } else { right.reason.value };
        let actual_version = right.version.as_ref().map_or("", |version| version.value);
        let mut parts = vec![("status", left.code, right.code.value)];
        parts.extend(left.version.map(|version| ("version", version, actual_version)));
        if !left.reason.value.is_empty() {
            parts.push(("reason", left.reason, actual_reason));
        }
        let mut same = true;
        for (what, shown, found) in parts {
            if !Pattern::parse(shown.value).matches(found, self.bindings) {
                same = false;
                self.differ(shown.span, || format!("the {what} is {found}, not {}", shown.value));
            }
        }
        if same {
            self.diff.same(found.status.value);
        } else {
            self.diff.missing(shown.status.value);
            self.diff.unexpected(found.status.value);
        }
    }

    fn field(&mut self, shown: &Field<'_>, found: &[Field<'_>], seen: &mut [bool]) {
        let pattern = Pattern::parse(shown.value.value);
        let named: Vec<usize> =
            (0..found.len()).filter(|at| found[*at].name.value.eq_ignore_ascii_case(shown.name.value)).collect();
        if let Some(at) = named.iter().find(|at| pattern.matches(found[**at].value.value, self.bindings)) {
            seen[*at] = true;
            self.diff.same(found[*at].line.value);
            return;
        }
        self.diff.missing(shown.line.value);
        let Some(at) = named.first() else {
            self.differ(shown.line.span, || format!("the answer has no header `{}`", shown.name.value));
            return;
        };
        seen[*at] = true;
        let value = found[*at].value.value;
        // With the page's spelling of the name, which is no difference.
        self.diff.unexpected(&format!("{}: {value}", shown.name.value));
        let wildcard::Blame { span, reason } = pattern.blame(value, self.bindings);
        let start = shown.value.span.start;
        self.differ(Span::new(start + span.start, start + span.end), || match reason {
            Some(reason) => format!("header `{}` differs: {reason}", shown.name.value),
            None => format!("header `{}` is `{value}`, not `{}`", shown.name.value, shown.value.value),
        });
    }

    /// Answers that only one side has.
    fn left(&mut self, shown: &[Answer<'_>], found: &[Answer<'_>]) {
        let count = |count: usize| if count == 1 { "1 answer".to_owned() } else { format!("{count} answers") };
        let message = || format!("the output has {}, the page shows {}", count(found.len()), shown.len());
        for answer in shown.iter().skip(found.len()) {
            self.differ(answer.status.span, message);
            self.diff.missing(answer.status.value);
        }
        let end = self.expected.trim_end().len();
        for answer in found.iter().skip(shown.len()) {
            self.differ(Span::new(end, end), message);
            self.diff.unexpected(answer.status.value);
        }
    }
}

#[cfg(test)]
mod tests;
