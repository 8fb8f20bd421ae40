//! How an API writes instants, and how its clients do.

use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

use crate::clock::Timestamp;

/// How instants are written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) enum TimeFormat {
    /// RFC 3339 with milliseconds and `Z`.
    #[default]
    Rfc3339,
    /// Seconds since 1970 as a number.
    EpochSeconds,
    /// Milliseconds since 1970 as a number.
    EpochMillis,
    /// A pattern as strftime has them; always UTC.
    Pattern(String),
}

impl TimeFormat {
    /// True where instants are numbers.
    pub(super) fn is_number(&self) -> bool {
        matches!(self, Self::EpochSeconds | Self::EpochMillis)
    }

    /// `instant` as the API writes it.
    pub(super) fn write(&self, instant: Timestamp) -> Value {
        match self {
            Self::Rfc3339 => json!(instant.rfc3339()),
            Self::EpochSeconds => json!(instant.micros().div_euclid(1_000_000)),
            Self::EpochMillis => json!(instant.micros().div_euclid(1_000)),
            Self::Pattern(pattern) => json!(instant.format(pattern)),
        }
    }
}

impl<'de> Deserialize<'de> for TimeFormat {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        match text.as_str() {
            "epoch_s" => Ok(Self::EpochSeconds),
            "epoch_ms" => Ok(Self::EpochMillis),
            pattern if Timestamp::from_micros(0).format(pattern).is_some_and(|shown| shown != pattern) => {
                Ok(Self::Pattern(text))
            }
            _ => Err(serde::de::Error::custom(format!(
                "`{text}` writes no instant: epoch_s, epoch_ms or a pattern such as %Y-%m-%dT%H:%M:%SZ"
            ))),
        }
    }
}
