//! Cursors: where a page ends, in text that clients must take as it is.
//!
//! A cursor says after or before which record a page lies, not how many records come before it: so a client that walks
//! through a list meets every record once, also when others are made or deleted meanwhile.

use serde_json::Value;

use crate::clock::Timestamp;
use crate::sandbox::url;

/// A place between two records of a list.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::sandbox) struct Cursor {
    /// False: the page before it is meant.
    pub(in crate::sandbox) forward: bool,
    /// The instant of the record's change.
    pub(in crate::sandbox) changed: i64,
    /// The record's position.
    pub(in crate::sandbox) position: u64,
    /// The value by which the list is ordered, where it is ordered by a field.
    pub(in crate::sandbox) key: Option<Value>,
    /// How many records lie before it.
    pub(in crate::sandbox) before: u64,
    /// When it was given out, in microseconds.
    pub(in crate::sandbox) issued: i64,
    /// The query that it goes on with, where the request that carries it has none.
    pub(in crate::sandbox) query: Option<String>,
}

impl Cursor {
    /// As text: hexadecimal digits.
    pub(in crate::sandbox) fn write(&self) -> String {
        let Self { forward, changed, position, key, before, issued, query } = self;
        let parts = (forward, changed, position, key, before, issued, query);
        let text = serde_json::to_string(&parts).unwrap_or_default();
        text.bytes().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Reads one; `None` where it is none.
    pub(in crate::sandbox) fn read(text: &str) -> Option<Self> {
        let digits = text.as_bytes().chunks(2);
        let bytes = digits.map(|pair| match pair {
            [high, low] => Some((url::hex(*high)? << 4) | url::hex(*low)?),
            _ => None,
        });
        let bytes = bytes.collect::<Option<Vec<_>>>()?;
        let (forward, changed, position, key, before, issued, query) = serde_json::from_slice(&bytes).ok()?;
        Some(Self { forward, changed, position, key, before, issued, query })
    }

    /// When it was given out.
    pub(in crate::sandbox) fn issued(&self) -> Timestamp {
        Timestamp::from_micros(self.issued)
    }
}
