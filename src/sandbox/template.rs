//! Answers as data: text and JSON with `{{name}}` where a value of the request goes.
//!
//! A name may reach into an object (`{{company.name}}`) and ask for leading zeros (`{{n:12}}`), for the first word of a
//! text or what comes after it (`{{name:first}}`, `{{name:rest}}`), for a date's form (`{{day:%m/%d/%Y}}`). What is long and was
//! written before, such as the records of a page, is no value but JSON text, and goes into an answer as it is.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::shape;
use crate::clock::Timestamp;

/// Values by name.
pub(super) type Variables = Map<String, Value>;

/// An answer with places to fill.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Template {
    pub(super) status: Option<u16>,
    #[serde(default)]
    pub(super) headers: BTreeMap<String, String>,
    /// JSON; no body where absent.
    pub(super) body: Option<Value>,
    /// Text in place of JSON.
    pub(super) text: Option<String>,
    /// What is left out on the last page of a list: paths in the body, and `header:` before the names of fields.
    #[serde(default)]
    pub(super) at_end: Vec<String>,
    /// What is left out on every page but the last, likewise.
    #[serde(default)]
    pub(super) only_at_end: Vec<String>,
    /// What is left out on the first page, likewise.
    #[serde(default)]
    pub(super) at_start: Vec<String>,
    /// What is left out unless a parameter asks for it: its path in the body, and the parameter's name.
    #[serde(default)]
    pub(super) asked: BTreeMap<String, String>,
    /// What is answered where a page has no record.
    pub(super) empty: Option<Box<Self>>,
    /// What one record of several becomes in `{{results}}`.
    pub(super) result: Option<Value>,
    /// The status where some records of several were refused.
    pub(super) partly: Option<u16>,
    /// What is answered instead to requests with a field.
    #[serde(default)]
    pub(super) variants: Vec<Variant>,
}

/// An answer to requests whose header field says so.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Variant {
    pub(super) header: String,
    /// What stands in its value.
    pub(super) contains: String,
    pub(super) answer: Template,
}

impl Template {
    /// Every text that may hold a place to fill.
    pub(super) fn texts(&self) -> Vec<&str> {
        let headers = self.headers.values().map(String::as_str);
        let bodies = self.body.iter().chain(&self.result).flat_map(texts);
        let empty = self.empty.iter().flat_map(|empty| empty.texts());
        let variants = self.variants.iter().flat_map(|variant| variant.answer.texts());
        headers.chain(bodies).chain(self.text.as_deref()).chain(empty).chain(variants).collect()
    }

    /// True where some text asks for one of `wanted`, but for what `left_out` names.
    pub(super) fn asks_for(&self, wanted: &[&str], left_out: &[&String]) -> bool {
        let asks = |text: &str| names(text).iter().any(|name| wanted.contains(name));
        self.headers.values().chain(&self.text).any(|text| asks(text))
            || self.body_without(left_out).is_some_and(|body| texts(&body).into_iter().any(asks))
            || self.result.as_ref().is_some_and(|result| texts(result).into_iter().any(asks))
            || self.empty.iter().any(|empty| empty.asks_for(wanted, left_out))
            || self.variants.iter().any(|variant| variant.answer.asks_for(wanted, left_out))
    }

    /// The body without what `left_out` names.
    pub(super) fn body_without(&self, left_out: &[&String]) -> Option<Cow<'_, Value>> {
        let body = self.body.as_ref()?;
        if left_out.is_empty() {
            return Some(Cow::Borrowed(body));
        }
        let mut body = body.clone();
        for path in left_out {
            remove(&mut body, path);
        }
        Some(Cow::Owned(body))
    }
}

/// Takes what lies at `path`, names with dots between, out of `value`.
fn remove(value: &mut Value, path: &str) {
    let Value::Object(fields) = value else { return };
    if fields.shift_remove(path).is_some() {
        return;
    }
    if let Some((first, rest)) = path.split_once('.')
        && let Some(inner) = fields.get_mut(first)
    {
        remove(inner, rest);
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

/// The names that `text` asks for, without what they reach into and their width.
pub(super) fn names(text: &str) -> Vec<&str> {
    let name = |piece: &'_ str| -> Option<usize> { piece.find("}}") };
    let pieces = text.split("{{").skip(1).filter_map(|piece| Some(&piece[..name(piece)?]));
    pieces.map(|place| place.trim().split(['.', ':', '|']).next().unwrap_or_default().trim()).collect()
}

/// What can be asked for a value by its name.
pub(super) trait Values {
    /// The value of `name`; `None` where there is none.
    fn value(&self, name: &str) -> Option<Cow<'_, Value>>;

    /// JSON text that stands for the value of `name`.
    fn json(&self, _name: &str) -> Option<&str> {
        None
    }
}

impl Values for Variables {
    fn value(&self, name: &str) -> Option<Cow<'_, Value>> {
        if let Some(value) = self.get(name) {
            return Some(Cow::Borrowed(value));
        }
        if name.contains("[]") {
            return Some(Cow::Owned(shape::values_at(self, name).into_iter().cloned().collect()));
        }
        let (first, rest) = name.split_once('.')?;
        let mut value = self.get(first)?;
        for step in rest.split('.') {
            value = value.get(step)?;
        }
        Some(Cow::Borrowed(value))
    }
}

/// The name of the place that is all of `text`.
fn only_place(text: &str) -> Option<&str> {
    let name = text.strip_prefix("{{")?.strip_suffix("}}")?;
    (!name.contains("{{")).then(|| name.trim())
}

/// `value` with each place filled. A text that is nothing but a place becomes the value itself, whatever its type.
pub(super) fn fill(value: &Value, values: &impl Values) -> Value {
    match value {
        Value::String(text) => match only_place(text).filter(|name| !name.contains(':')) {
            Some(name) => values.value(name).map(Cow::into_owned).unwrap_or_default(),
            None => Value::String(fill_text(text, values)),
        },
        Value::Array(items) => items.iter().map(|item| fill(item, values)).collect(),
        Value::Object(fields) => {
            let mut filled = Map::new();
            for (key, field) in fields {
                match (key.as_str(), fill(field, values)) {
                    (MERGED, Value::Object(inner)) => {
                        filled.extend(inner.into_iter().filter(|(name, _)| !fields.contains_key(name)));
                    }
                    (MERGED, _) => {}
                    (key, field) => drop(filled.insert(fill_key(key, values).into_owned(), field)),
                }
            }
            Value::Object(filled)
        }
        other => other.clone(),
    }
}

/// The key whose value is an object that is merged into the one around it, whose own members stand before those.
const MERGED: &str = "...";

fn fill_key<'k>(key: &'k str, values: &impl Values) -> Cow<'k, str> {
    if key.contains("{{") { Cow::Owned(fill_text(key, values)) } else { Cow::Borrowed(key) }
}

/// The text of an object that is merged, without the members in whose place the one around it has its own.
fn without(inner: String, own: &Map<String, Value>) -> String {
    if !own.keys().any(|key| inner.contains(&format!("{}:", Value::from(key.as_str())))) {
        return inner;
    }
    let Ok(mut fields) = serde_json::from_str::<Map<String, Value>>(&inner) else { return inner };
    fields.retain(|key, _| !own.contains_key(key));
    Value::Object(fields).to_string()
}

/// `value` with each place filled, as JSON at the end of `out`.
pub(super) fn write(value: &Value, values: &impl Values, out: &mut String) {
    match value {
        Value::String(text) => match only_place(text).filter(|name| !name.contains(':')) {
            Some(name) => match values.json(name) {
                Some(json) => out.push_str(json),
                None => out.push_str(&values.value(name).unwrap_or_default().to_string()),
            },
            None => out.push_str(&Value::String(fill_text(text, values)).to_string()),
        },
        Value::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write(item, values, out);
            }
            out.push(']');
        }
        Value::Object(fields) => {
            out.push('{');
            let begin = out.len();
            for (key, field) in fields {
                if out.len() > begin {
                    out.push(',');
                }
                if key == MERGED {
                    let mut inner = String::new();
                    write(field, values, &mut inner);
                    let inner = without(inner, fields);
                    let inner = inner.strip_prefix('{').and_then(|inner| inner.strip_suffix('}')).unwrap_or_default();
                    out.push_str(inner);
                    if inner.is_empty() && out.ends_with(',') {
                        out.pop();
                    }
                    continue;
                }
                out.push_str(&Value::String(fill_key(key, values).into_owned()).to_string());
                out.push(':');
                write(field, values, out);
            }
            out.push('}');
        }
        other => out.push_str(&other.to_string()),
    }
}

/// `text` with each place filled; what has no value leaves nothing.
pub(super) fn fill_text(text: &str, values: &impl Values) -> String {
    let mut pieces = text.split("{{");
    let mut filled = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let Some((name, after)) = piece.split_once("}}") else {
            filled.push_str("{{");
            filled.push_str(piece);
            continue;
        };
        let (name, form) = name.split_once(':').unwrap_or((name, ""));
        let shown = match values.value(name.trim()).as_deref() {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(value)) => value.clone(),
            Some(Value::Array(items)) if items.iter().all(Value::is_string) => {
                items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", ")
            }
            Some(value) => value.to_string(),
        };
        let words = shown.split_once(' ').unwrap_or((&shown, ""));
        match form.trim() {
            "first" => filled.push_str(words.0),
            "rest" => filled.push_str(words.1),
            form => filled.push_str(&formed(&shown, form)),
        }
        filled.push_str(after);
    }
    filled
}

/// A value in the form that a place asks for: a date or an instant by `%`, else a number with leading zeros.
fn formed(shown: &str, form: &str) -> String {
    let dated = || Timestamp::parse_loosely(shown).and_then(|instant| instant.format(form));
    dated().filter(|_| form.contains('%')).unwrap_or_else(|| {
        let width = form.parse().unwrap_or(0);
        format!("{shown:0>width$}")
    })
}

/// A template for ids over one number: `{{n}}` with text around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct IdTemplate {
    before: String,
    width: usize,
    after: String,
}

impl IdTemplate {
    /// Reads a template; `None` where it does not hold exactly one `{{n}}`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (before, rest) = text.split_once("{{")?;
        let (name, after) = rest.split_once("}}")?;
        let (name, width) = name.split_once(':').unwrap_or((name, "0"));
        let is_one = name.trim() == "n" && !after.contains("{{");
        is_one.then_some(Self { before: before.into(), width: width.trim().parse().ok()?, after: after.into() })
    }

    /// The id of this number.
    pub(super) fn write(&self, n: u64) -> String {
        let Self { before, width, after } = self;
        format!("{before}{n:0>width$}{after}")
    }

    /// An id of which what follows after its number is left out, with that.
    pub(super) fn completed(&self, id: &str) -> Option<String> {
        let whole = format!("{id}{}", self.after);
        self.number(&whole).is_some().then_some(whole)
    }

    /// The number of this id; `None` where no number has it.
    pub(super) fn number(&self, id: &str) -> Option<u64> {
        let digits = id.strip_prefix(&self.before)?.strip_suffix(&self.after)?;
        let n = digits.parse().ok()?;
        (self.write(n) == id).then_some(n)
    }
}

impl<'de> Deserialize<'de> for IdTemplate {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| {
            serde::de::Error::custom(format!("`{text}` makes no ids: write one `{{{{n}}}}`, such as con_{{{{n}}}}"))
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn variables(value: Value) -> Variables {
        let Value::Object(variables) = value else { unreachable!() };
        variables
    }

    #[test]
    fn a_place_alone_keeps_the_type_and_a_place_in_text_is_written_out() {
        let variables = variables(
            json!({ "n": 3, "who": "Ada", "full": "Ada van Dyk", "none": null, "company": { "name": "Fjell" }, "day": "2026-05-09" }),
        );
        let template = json!({
            "a": "{{n}}", "b": ["{{ who }} has {{n}}{{none}}{{gone}}"], "c": "{{gone}}", "d": 1, "e": "{{",
            "f": "{{company.name}}", "g": "{{n:3}}", "i": "{{full:first}}|{{full:rest}}|{{who:first}}|{{who:rest}}", "h": "at {{company.name}}", "...": "{{company}}", "{{who}}": "{{day:%m/%d}}",
        });
        let expected = json!({
            "a": 3, "b": ["Ada has 3"], "c": null, "d": 1, "e": "{{", "f": "Fjell", "g": "003", "i": "Ada|van Dyk|Ada|", "h": "at Fjell",
            "name": "Fjell", "Ada": "05/09",
        });
        assert_eq!(fill(&template, &variables), expected);
        let mut written = String::new();
        write(&template, &variables, &mut written);
        assert_eq!(written, expected.to_string(), "writing is filling, in one go");
        let own = json!({ "...": "{{company}}", "name": "{{who}}" });
        assert_eq!(fill(&own, &variables), json!({ "name": "Ada" }));
        written.clear();
        write(&own, &variables, &mut written);
        assert_eq!(written, r#"{"name":"Ada"}"#, "a member is written once");
        assert_eq!(fill(&json!("{{n}}{{who}}"), &variables), json!("3Ada"));
        assert_eq!(names("{{a}} and {{ b.x }} and {{c:3}} and {{d"), ["a", "b", "c"]);
    }

    #[test]
    fn ids_are_made_and_read_again() {
        let template = IdTemplate::parse("003Qy{{n:5}}AAA").unwrap();
        assert_eq!(template.write(7), "003Qy00007AAA");
        assert_eq!(template.write(1_234_567), "003Qy1234567AAA");
        assert_eq!(template.number("003Qy00007AAA"), Some(7));
        for other in ["003Qy7AAA", "003Qy00007", "00007", "003Qy-0007AAA", "003Qy+0007AAA", ""] {
            assert_eq!(template.number(other), None, "{other}");
        }
        assert_eq!(template.completed("003Qy00007").as_deref(), Some("003Qy00007AAA"));
        assert_eq!(template.completed("003Qy00007AAA"), None);
        for text in ["", "x", "{{m}}", "{{n}}{{n}}", "{{n:x}}"] {
            assert_eq!(IdTemplate::parse(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_left_out_is_named_by_its_path() {
        let template: Template = toml::from_str("body = { a = { b = 1, c = 2 }, 'd.e' = 3, f = 4 }").unwrap();
        let left = [&"a.b".to_owned(), &"d.e".to_owned(), &"g.h".to_owned()];
        assert_eq!(*template.body_without(&left).unwrap(), json!({ "a": { "c": 2 }, "f": 4 }));
    }
}
