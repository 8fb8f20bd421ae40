//! Time as a value: instants of the sandbox world, and spans of time as people read them. No clock is read here.

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

/// A span of time as every message and report writes it, to the hundredth of a second, and from a minute on to the
/// second: `84 ms`, `1.24 s`, `2 min 5 s`, `1 day 2 h`.
pub fn in_words(span: Duration) -> String {
    // What took a moment took more than nothing.
    let millis = span.as_nanos().div_ceil(1_000_000);
    let hundredths = (millis + 5) / 10;
    if millis < 1000 {
        return format!("{millis} ms");
    }
    if hundredths < 6000 {
        let text = format!("{}.{:02}", hundredths / 100, hundredths % 100);
        return format!("{} s", text.trim_end_matches('0').trim_end_matches('.'));
    }
    let seconds = (hundredths + 49) / 100;
    let days = seconds / 86_400;
    let parts = [
        (days, if days == 1 { "day" } else { "days" }),
        (seconds / 3600 % 24, "h"),
        (seconds / 60 % 60, "min"),
        (seconds % 60, "s"),
    ];
    let told = parts.iter().filter(|(count, _)| *count > 0).map(|(count, unit)| format!("{count} {unit}"));
    told.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_told_in_the_units_that_fit() {
        let told =
            |micros: &[u64]| micros.iter().map(|span| in_words(Duration::from_micros(*span))).collect::<Vec<_>>();
        assert_eq!(told(&[0, 1, 84_000, 350_000, 999_000]), ["0 ms", "1 ms", "84 ms", "350 ms", "999 ms"]);
        let seconds = [999_501, 1_000_000, 1_200_000, 1_234_567, 10_004_000, 59_500_000, 59_994_000];
        assert_eq!(told(&seconds), ["1 s", "1 s", "1.2 s", "1.24 s", "10 s", "59.5 s", "59.99 s"]);
        let minutes = [59_995_000, 60_000_000, 89_801_000, 125_000_000, 2_700_500_000, 3_605_000_000];
        assert_eq!(told(&minutes), ["1 min", "1 min", "1 min 30 s", "2 min 5 s", "45 min", "1 h 5 s"]);
        assert_eq!(told(&[95_463_000_000, 172_800_000_000]), ["1 day 2 h 31 min 3 s", "2 days"]);
    }
}
