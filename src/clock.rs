//! The sandbox world's time as a value: no clock is read here.

use std::time::Duration;

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};

/// An instant of the sandbox world, in microseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The instant `micros` microseconds after 1970-01-01T00:00:00Z.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Reads an RFC 3339 instant such as `2026-04-01T00:00:00Z`.
    pub fn parse(text: &str) -> Option<Self> {
        DateTime::parse_from_rfc3339(text).ok().map(|instant| Self(instant.timestamp_micros()))
    }

    /// Microseconds since 1970-01-01T00:00:00Z.
    pub fn micros(self) -> i64 {
        self.0
    }

    /// The instant `duration` later.
    #[must_use]
    pub fn after(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)))
    }

    /// How long after `earlier` this is; zero where it is not after it.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// As APIs print it: RFC 3339 in UTC with milliseconds, `2026-04-01T00:00:00.000Z`.
    pub fn rfc3339(self) -> String {
        self.date_time().to_rfc3339_opts(SecondsFormat::Millis, true)
    }

    /// As HTTP prints it (RFC 9110, section 5.6.7): `Wed, 01 Apr 2026 00:00:00 GMT`.
    pub fn http_date(self) -> String {
        self.date_time().format("%a, %d %b %Y %H:%M:%S GMT").to_string()
    }

    /// As `pattern` says, in UTC; the pattern is one of strftime's, as chrono reads it. `None` where it is none.
    pub fn format(self, pattern: &str) -> Option<String> {
        use std::fmt::Write as _;
        let mut text = String::new();
        write!(text, "{}", self.date_time().format(pattern)).ok()?;
        Some(text)
    }

    /// Reads an instant as HTTP prints it.
    pub fn parse_http_date(text: &str) -> Option<Self> {
        DateTime::parse_from_rfc2822(text).ok().map(|instant| Self(instant.timestamp_micros()))
    }

    /// Reads an instant as people write it into queries: RFC 3339, with or without its zone (UTC then) and its seconds'
    /// fraction, or a date, which is its first instant.
    pub fn parse_loosely(text: &str) -> Option<Self> {
        let date = || Some(NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?.and_hms_opt(0, 0, 0)?.and_utc());
        let zoned = || DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f%z").ok();
        let blank = || Self::parse(&text.replacen(' ', "T", 1));
        Self::parse(text)
            .or_else(|| zoned().map(|instant| Self(instant.timestamp_micros())))
            .or_else(|| Self::parse(&format!("{text}Z")))
            .or_else(blank)
            .or_else(|| date().map(|instant| Self(instant.timestamp_micros())))
    }

    fn date_time(self) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(self.0).unwrap_or_default()
    }
}
