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

/// A value as text that clients must take as it is: one that they made or changed themselves is none.
pub(in crate::sandbox) fn opaque(value: &impl Serialize) -> String {
    let content = serde_json::to_vec(value).unwrap_or_default();
    URL_SAFE_NO_PAD.encode([short_hash(&content).to_be_bytes().as_slice(), &content].concat())
}

/// The value of such a text; `None` where it is none.
pub(in crate::sandbox) fn transparent<T: DeserializeOwned>(text: &str) -> Option<T> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    let (seal, content) = bytes.split_first_chunk()?;
    let is_ours = u32::from_be_bytes(*seal) == short_hash(content);
    is_ours.then(|| serde_json::from_slice(content).ok())?
}

/// A number that stands for a text, the same in every run and every version (FNV-1a).
pub(in crate::sandbox) fn short_hash(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_was_not_given_out_is_no_cursor() {
        let given = opaque(&json!([1, "after"]));
        assert_eq!(transparent::<Value>(&given), Some(json!([1, "after"])));
        let bytes = URL_SAFE_NO_PAD.decode(&given).unwrap();
        for at in 0..bytes.len() {
            let mut bytes = bytes.clone();
            bytes[at] ^= 1;
            assert_eq!(transparent::<Value>(&URL_SAFE_NO_PAD.encode(bytes)), None, "{at}");
        }
        for text in ["", "W10", "AAAA", "no cursor", &given[1..], &URL_SAFE_NO_PAD.encode("[1,\"after\"]")] {
            assert_eq!(transparent::<Value>(text), None, "{text}");
        }
    }
}
