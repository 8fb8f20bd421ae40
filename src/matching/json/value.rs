//! A JSON document with the places of its values.

use crate::source::Span;

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Value {
    pub(super) span: Span,
    pub(super) content: Content,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Content {
    Null,
    Bool(bool),
    Number(Number),
    String(String),
    Array(Vec<Value>),
    Object(Object),
    /// A bare `<…>`, which only a page holds.
    Token(String),
    /// A bare `...`, which only a page holds: any elements in an array, any value elsewhere.
    More,
}

#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Object {
    pub(super) members: Vec<Member>,
    /// True where the page says that there may be more members.
    pub(super) more: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Member {
    pub(super) key: String,
    pub(super) key_span: Span,
    pub(super) value: Value,
}

/// A number, exact whatever its size. Numbers are equal where their values are: `1`, `1.0` and `10e-1`.
#[derive(Debug, Clone)]
pub(super) struct Number {
    /// As it was written.
    pub(super) text: String,
    negative: bool,
    /// The significant digits, without zeros at either end; empty for zero.
    digits: String,
    /// The power of ten that an integer of `digits` is multiplied by.
    exponent: i64,
}

impl Number {
    /// `text` keeps to the grammar of RFC 8259, section 6; a page may put a `+` before it.
    pub(super) fn new(text: &str) -> Self {
        let negative = text.starts_with('-');
        let (mantissa, power) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits: String = whole.chars().chain(fraction.chars()).filter(char::is_ascii_digit).collect();
        let kept = digits.trim_end_matches('0');
        let zeros = length(digits.len() - kept.len());
        // A power beyond 64 bits has no other use than to be told from others of its sign.
        let power = power.parse().unwrap_or(if power.starts_with('-') { i64::MIN / 2 } else { i64::MAX / 2 });
        let digits = kept.trim_start_matches('0').to_owned();
        let exponent =
            if digits.is_empty() { 0 } else { power.saturating_sub(length(fraction.len())).saturating_add(zeros) };
        Self { text: text.to_owned(), negative: negative && !digits.is_empty(), digits, exponent }
    }

    /// True for a whole number, however it is written.
    pub(super) fn is_whole(&self) -> bool {
        self.exponent >= 0
    }
}

fn length(len: usize) -> i64 {
    i64::try_from(len).unwrap_or(i64::MAX)
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        (self.negative, &self.digits, self.exponent) == (other.negative, &other.digits, other.exponent)
    }
}

impl Value {
    /// What kind of value it is, with its article, as messages say it.
    pub(super) fn described(&self) -> &'static str {
        match self.content {
            Content::Null => "null",
            Content::Bool(_) => "a bool",
            Content::Number(_) => "a number",
            Content::String(_) => "a string",
            Content::Array(_) => "an array",
            Content::Object(_) => "an object",
            Content::Token(_) | Content::More => "a wildcard",
        }
    }

    /// The text that a capture keeps: a string's own, else the JSON.
    pub(super) fn captured(&self) -> String {
        match &self.content {
            Content::String(text) => text.clone(),
            _ => self.compact(),
        }
    }

    /// On one line.
    pub(super) fn compact(&self) -> String {
        match &self.content {
            Content::Null => "null".to_owned(),
            Content::Bool(value) => value.to_string(),
            Content::Number(number) => number.text.clone(),
            Content::String(text) => quoted(text),
            Content::Array(items) => {
                format!("[{}]", items.iter().map(Self::compact).collect::<Vec<_>>().join(", "))
            }
            Content::Object(object) => {
                let member = |member: &Member| format!("{}: {}", quoted(&member.key), member.value.compact());
                let more = object.more.then(|| "...".to_owned());
                let members: Vec<_> = object.members.iter().map(member).chain(more).collect();
                format!("{{{}}}", members.join(", "))
            }
            Content::Token(text) => text.clone(),
            Content::More => "...".to_owned(),
        }
    }

    /// Over several lines, each indented by two blanks a level; `before` stands before the first line, `after` after
    /// the last.
    pub(super) fn pretty(&self, level: usize, before: &str, after: &str) -> Vec<String> {
        let indent = "  ".repeat(level);
        let inner: Vec<(String, Option<&Self>)> = match &self.content {
            Content::Array(items) => items.iter().map(|item| (String::new(), Some(item))).collect(),
            Content::Object(object) => {
                let members =
                    object.members.iter().map(|member| (format!("{}: ", quoted(&member.key)), Some(&member.value)));
                members.chain(object.more.then(|| ("...".to_owned(), None))).collect()
            }
            _ => Vec::new(),
        };
        if inner.is_empty() {
            return vec![format!("{indent}{before}{}{after}", self.compact())];
        }
        let (open, close) = self.brackets();
        let mut lines = vec![format!("{indent}{before}{open}")];
        let count = inner.len();
        for (at, (label, value)) in inner.into_iter().enumerate() {
            let comma = if at + 1 < count { "," } else { "" };
            match value {
                Some(value) => lines.extend(value.pretty(level + 1, &label, comma)),
                None => lines.push(format!("{indent}  {label}")),
            }
        }
        lines.push(format!("{indent}{close}{after}"));
        lines
    }

    /// What an array or object opens and closes with.
    pub(super) fn brackets(&self) -> (char, char) {
        if matches!(self.content, Content::Array(_)) { ('[', ']') } else { ('{', '}') }
    }
}

/// `text` as a JSON string.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
