//! Examples of answers in an OpenAPI document (version 3, section "Media Type Object").

use serde_json::Value;

use super::answers::{Answer, json_type};

/// The example of an operation's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Example {
    /// Upper case.
    method: String,
    /// The path, parameters in braces, behind every base path that a server may have.
    path: String,
    pub(super) answer: Answer,
}

impl Example {
    /// True where the request is one of this operation, whatever its server's base path.
    pub(super) fn fits(&self, method: &str, path: &str) -> bool {
        let asked: Vec<&str> = path.split('/').skip(1).collect();
        let wanted: Vec<&str> = self.path.split('/').skip(1).collect();
        let Some(base) = asked.len().checked_sub(wanted.len()) else { return false };
        let open = |segment: &str| segment.starts_with('{');
        self.method == method
            && wanted.iter().zip(&asked[base..]).all(|(wanted, asked)| open(wanted) || open(asked) || wanted == asked)
    }
}

/// Every example of a successful JSON answer; none where the text is no such document.
pub(super) fn examples(text: &str) -> Vec<Example> {
    let Ok(document) = serde_saphyr::from_str::<Value>(text) else { return Vec::new() };
    let mut found = Vec::new();
    for (path, item) in document.get("paths").and_then(Value::as_object).into_iter().flatten() {
        for method in ["get", "post", "put", "patch", "delete"] {
            let responses =
                item.get(method).and_then(|operation| operation.get("responses")).and_then(Value::as_object);
            let first = responses.into_iter().flatten().find_map(|(status, response)| {
                let status: u16 = status.parse().ok().filter(|status| (200..300).contains(status))?;
                Some((status, example(response)?))
            });
            if let Some((status, value)) = first
                && let Ok(body) = serde_json::to_string_pretty(value)
            {
                let answer = Answer { status, headers: vec![json_type()], body: format!("{body}\n") };
                found.push(Example { method: method.to_ascii_uppercase(), path: path.clone(), answer });
            }
        }
    }
    found
}

fn example(response: &Value) -> Option<&Value> {
    let media = response.get("content")?.get("application/json")?;
    let named = || media.get("examples")?.as_object()?.values().find_map(|example| example.get("value"));
    media.get("example").or_else(named).or_else(|| media.get("schema")?.get("example"))
}
