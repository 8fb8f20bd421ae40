//! A provider's own words for values, by table.

use std::collections::BTreeMap;

use serde_json::Value;

/// Values by the words that stand for them, by table.
pub(super) type Words = BTreeMap<String, BTreeMap<String, Value>>;

/// The word of a table for every value that it does not have.
const OTHERS: &str = "*";

/// A value in the words of a table; as it is where the table has neither it nor a word for all others.
pub(super) fn worded(words: &Words, table: &str, value: Value) -> Value {
    let key = match &value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let found = words.get(table.trim()).and_then(|table| table.get(&key).or_else(|| table.get(OTHERS)));
    found.cloned().unwrap_or(value)
}
