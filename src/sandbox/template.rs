//! Answers as data: text and JSON with `{{name}}` where a value of the request goes.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

/// Values by name.
pub(super) type Variables = Map<String, Value>;

/// An answer with places to fill.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Template {
    pub(super) status: u16,
    #[serde(default)]
    pub(super) headers: BTreeMap<String, String>,
    /// JSON; no body where absent.
    pub(super) body: Option<Value>,
}

impl Template {
    /// Every text that may hold a place to fill.
    pub(super) fn texts(&self) -> Vec<&str> {
        let headers = self.headers.values().map(String::as_str);
        headers.chain(self.body.iter().flat_map(texts)).collect()
    }
}

/// Every text in `value`.
pub(super) fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        Value::Object(fields) => fields.values().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}

/// The names that `text` asks for.
pub(super) fn names(text: &str) -> Vec<&str> {
    text.split("{{").skip(1).filter_map(|piece| Some(piece.split_once("}}")?.0.trim())).collect()
}

/// `value` with each place filled. A text that is nothing but a place becomes the value itself, whatever its type.
pub(super) fn fill(value: &Value, variables: &Variables) -> Value {
    match value {
        Value::String(text) => {
            let whole = text.strip_prefix("{{").and_then(|rest| rest.strip_suffix("}}"));
            match whole.filter(|name| !name.contains("{{")) {
                Some(name) => variables.get(name.trim()).cloned().unwrap_or_default(),
                None => Value::String(fill_text(text, variables)),
            }
        }
        Value::Array(items) => items.iter().map(|item| fill(item, variables)).collect(),
        Value::Object(fields) => {
            fields.iter().map(|(key, field)| (key.clone(), fill(field, variables))).collect::<Map<_, _>>().into()
        }
        other => other.clone(),
    }
}

/// `text` with each place filled; what has no value leaves nothing.
pub(super) fn fill_text(text: &str, variables: &Variables) -> String {
    let mut pieces = text.split("{{");
    let mut filled = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let Some((name, after)) = piece.split_once("}}") else {
            filled.push_str("{{");
            filled.push_str(piece);
            continue;
        };
        match variables.get(name.trim()) {
            None | Some(Value::Null) => {}
            Some(Value::String(value)) => filled.push_str(value),
            Some(value) => filled.push_str(&value.to_string()),
        }
        filled.push_str(after);
    }
    filled
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_place_alone_keeps_the_type_and_a_place_in_text_is_written_out() {
        let variables = json!({ "n": 3, "who": "Ada", "none": null });
        let Value::Object(variables) = variables else { unreachable!() };
        let template =
            json!({ "a": "{{n}}", "b": ["{{ who }} has {{n}}{{none}}{{gone}}"], "c": "{{gone}}", "d": 1, "e": "{{" });
        let expected = json!({ "a": 3, "b": ["Ada has 3"], "c": null, "d": 1, "e": "{{" });
        assert_eq!(fill(&template, &variables), expected);
        assert_eq!(fill(&json!("{{n}}{{who}}"), &variables), json!("3Ada"));
        assert_eq!(names("{{a}} and {{ b }} and {{c"), ["a", "b"]);
    }
}
