//! What a page says that a request is answered.

use serde_json::Value;

use crate::plan::{Expectation, Format, Part, Step};

/// An answer as a page documents it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: String,
}

/// The answer that the output of `part` of a step shows, where it shows one.
pub(super) fn answer(step: &Step, part: Part) -> Option<Answer> {
    let shown =
        step.expectations.iter().find(|expectation| expectation.part == part || expectation.part == Part::Whole)?;
    from_output(shown)
}

fn from_output(shown: &Expectation) -> Option<Answer> {
    let text = shown.text.text.as_str();
    if shown.format == Format::Http || text.trim_start().starts_with("HTTP/") {
        return message(text);
    }
    if let Some(body) = json(text) {
        return Some(Answer { status: 200, headers: vec![json_type()], body });
    }
    let status: u16 = text.trim().parse().ok().filter(|status| (100..600).contains(status))?;
    Some(Answer { status, headers: Vec::new(), body: String::new() })
}

/// An answer written as HTTP text.
fn message(text: &str) -> Option<Answer> {
    let mut lines = text.trim_start().lines();
    let status = lines.next()?.split_whitespace().nth(1)?.parse().ok()?;
    let fields = lines.by_ref().take_while(|line| !line.trim().is_empty());
    let fields: Vec<(String, String)> = fields
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
        // What the wire itself decides is not the answer's to say.
        .filter(|(name, _)| {
            !["date", "content-length", "transfer-encoding", "connection"].contains(&name.to_ascii_lowercase().as_str())
        })
        .filter(|(_, value)| !value.contains("[..]") && value != "...")
        .collect();
    let body: String = lines.map(|line| format!("{line}\n")).collect();
    Some(Answer { status, headers: fields, body: json(&body).unwrap_or(body) })
}

/// The JSON document in `text`, without the marks that stand for "and more".
fn json(text: &str) -> Option<String> {
    let text = text.trim();
    if !text.starts_with(['{', '[']) {
        return None;
    }
    let lines = text.lines().filter(|line| !matches!(line.trim().trim_end_matches(','), "..." | "\"...\"" | "// ..."));
    let mut kept = lines.collect::<Vec<_>>().join("\n");
    let value = serde_json::from_str::<Value>(&kept).ok().or_else(|| {
        // A comma that stood before such a mark is one too many now.
        for close in ['}', ']'] {
            while let Some(at) = comma_before(&kept, close) {
                kept.remove(at);
            }
        }
        serde_json::from_str(&kept).ok()
    })?;
    let mut text = serde_json::to_string_pretty(&without_marks(value)).ok()?;
    text.push('\n');
    Some(text)
}

/// The value without the entries that stand for "and more".
fn without_marks(value: Value) -> Value {
    match value {
        Value::Array(entries) => {
            Value::Array(entries.into_iter().filter(|entry| entry != "...").map(without_marks).collect())
        }
        Value::Object(fields) => {
            let fields = fields.into_iter().filter(|(name, _)| name != "...");
            Value::Object(fields.map(|(name, value)| (name, without_marks(value))).collect())
        }
        other => other,
    }
}

/// The byte at which a comma stands with nothing but blanks between it and `close`.
fn comma_before(text: &str, close: char) -> Option<usize> {
    text.match_indices(close).find_map(|(at, _)| {
        let before = text[..at].trim_end();
        before.ends_with(',').then(|| before.len() - 1)
    })
}

/// The field that tells clients that the body is JSON.
pub(super) fn json_type() -> (String, String) {
    ("Content-Type".to_owned(), "application/json".to_owned())
}
