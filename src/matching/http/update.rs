//! The answers that a page has to show of what was printed: of the parts that it shows, those that differ are renewed.

use crate::edit::{Edit, apply};
use crate::http::reason;
use crate::source::Span;
use crate::text;

use super::super::captures::{Bindings, Captures};
use super::super::wildcard::Pattern;
use super::super::{json, text as lines};
use super::{Answer, answers, compare};

/// The answers that a page has to show in the place of `expected` so that `actual` matches. `None` where no text
/// would match.
pub fn update_http(expected: &str, actual: &str, captures: &Captures) -> Option<String> {
    let actual = text::normalize(actual);
    let bindings = Bindings::new(captures);
    let matches = |shown: &String| compare(shown, &actual, &mut bindings.clone()).is_ok();
    Some(update(expected, &actual, &mut bindings.clone()))
        .filter(matches)
        .or_else(|| Some(lines::update(expected, &actual, &mut bindings.clone())).filter(matches))
        .or_else(|| Some(actual.clone()).filter(matches))
}

fn update(expected: &str, actual: &str, bindings: &mut Bindings<'_>) -> String {
    let shown = answers(expected);
    let mut found = answers(actual);
    if found.len() > shown.len() {
        found.retain(|answer| !answer.is_interim());
    }
    if shown.is_empty() || shown.len() != found.len() {
        return lines::update(expected, actual, bindings);
    }
    let mut writing = Writing { text: expected, edits: Vec::new(), bindings };
    for (shown, found) in shown.iter().zip(&found) {
        writing.status(shown, found);
        writing.fields(shown, found);
        writing.body(shown, found);
    }
    apply(expected, &writing.edits)
}

struct Writing<'a, 'c> {
    text: &'a str,
    edits: Vec<Edit>,
    bindings: &'a mut Bindings<'c>,
}

impl Writing<'_, '_> {
    fn status(&mut self, shown: &Answer<'_>, found: &Answer<'_>) {
        let (left, right) = (shown.status(), found.status());
        let usual = right.code.value.parse().map_or("", reason);
        let actual_reason = if right.reason.value.is_empty() { usual } else { right.reason.value };
        let mut parts = vec![(left.code, right.code.value)];
        if let (Some(shown), Some(found)) = (left.version, right.version) {
            parts.push((shown, found.value));
        }
        if !left.reason.value.is_empty() {
            parts.push((left.reason, actual_reason));
        }
        for (shown, found) in parts {
            if !Pattern::parse(shown.value).matches(found, self.bindings) {
                self.edits.push(Edit::replace(shown.span, found));
            }
        }
    }

    fn fields(&mut self, shown: &Answer<'_>, found: &Answer<'_>) {
        for field in &shown.fields {
            let pattern = Pattern::parse(field.value.value);
            let named: Vec<&str> = found
                .fields
                .iter()
                .filter(|other| other.name.value.eq_ignore_ascii_case(field.name.value))
                .map(|other| other.value.value)
                .collect();
            if named.iter().any(|value| pattern.matches(value, self.bindings)) {
                continue;
            }
            match named.first() {
                Some(value) => {
                    let renewed = pattern.renewed(value, self.bindings);
                    self.edits.push(Edit::replace(field.value.span, renewed));
                }
                None => {
                    let end = self.text[field.line.span.end..]
                        .find('\n')
                        .map_or(self.text.len(), |end| field.line.span.end + end + 1);
                    self.edits.push(Edit::delete(Span::new(field.line.span.start, end)));
                }
            }
        }
    }

    fn body(&mut self, shown: &Answer<'_>, found: &Answer<'_>) {
        if shown.body.trim().is_empty() {
            return;
        }
        let actual = found.body.trim_end_matches('\n');
        let update = if json::is_json(shown.body) { json::update } else { lines::update };
        let renewed = update(shown.body, actual, self.bindings);
        if renewed.trim_end() != shown.body.trim_end() {
            let end = shown.body_start + shown.body.trim_end().len();
            self.edits.push(Edit::replace(Span::new(shown.body_start, end), renewed.trim_end()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_page_shows_is_renewed() {
        let actual =
            "HTTP/1.1 201 Created\ncontent-type: application/json\nx-id: 7\ndate: now\n\n{\"id\":7,\"name\":\"Ada\"}\n";
        for (page, shown) in [
            ("HTTP/1.1 200 OK\n", "HTTP/1.1 201 Created\n"),
            ("HTTP/1.1 200\n", "HTTP/1.1 201\n"),
            ("200 OK\nContent-Type: text/html\n", "201 Created\nContent-Type: application/json\n"),
            ("HTTP/2 201\nX-Gone: 1\nX-Id: <id:int>\n", "HTTP/1.1 201\nX-Id: <id:int>\n"),
            (
                "HTTP/1.1 201 Created\n\n{\n  \"name\": \"Grace\",\n  \"id\": \"<int>\"\n}\n",
                "HTTP/1.1 201 Created\n\n{\n  \"name\": \"Ada\",\n  \"id\": \"<int>\"\n}\n",
            ),
            ("HTTP/1.1 201 Created\n\nbye\n", "HTTP/1.1 201 Created\n\n{\"id\":7,\"name\":\"Ada\"}\n"),
        ] {
            assert_eq!(update_http(page, actual, &Captures::new()).as_deref(), Some(shown), "{page}");
        }
    }
}
