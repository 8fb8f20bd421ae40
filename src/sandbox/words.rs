//! A provider's own words for values, by table.

use std::collections::BTreeMap;

use serde_json::Value;

/// Values by the words that stand for them, by table.
pub(super) type Words = BTreeMap<String, BTreeMap<String, Value>>;

/// A value in the words of a table; as it is where the table does not have it.
pub(super) fn worded(words: &Words, table: &str, value: Value) -> Value {
    let key = match &value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    words.get(table.trim()).and_then(|table| table.get(&key)).cloned().unwrap_or(value)
}
