//! Cursors: where a page ends, in text that clients must take as it is.
//!
//! A cursor says after or before which record a page lies, not how many records come before it: so a client that walks
//! through a list meets every record once, also when others are made or deleted meanwhile.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::clock::Timestamp;

/// A place between two records of a list.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::sandbox) struct Cursor {
    /// False: the page before it is meant.
    pub(in crate::sandbox) forward: bool,
    /// The instant of the record's change, or of its creation where the list is ordered by that.
    pub(in crate::sandbox) instant: i64,
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
    /// As text.
    pub(in crate::sandbox) fn write(&self) -> String {
        let Self { forward, instant, position, key, before, issued, query } = self;
        opaque(&(forward, instant, position, key, before, issued, query))
    }

    /// Reads one; `None` where it is none.
    pub(in crate::sandbox) fn read(text: &str) -> Option<Self> {
        let (forward, instant, position, key, before, issued, query) = transparent(text)?;
        Some(Self { forward, instant, position, key, before, issued, query })
    }

    /// When it was given out.
    pub(in crate::sandbox) fn issued(&self) -> Timestamp {
        Timestamp::from_micros(self.issued)
    }
}

/// A value as text that clients must take as it is.
pub(in crate::sandbox) fn opaque(value: &impl Serialize) -> String {
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(value).unwrap_or_default())
}

/// The value of such a text; `None` where it is none.
pub(in crate::sandbox) fn transparent<T: DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok()
}
