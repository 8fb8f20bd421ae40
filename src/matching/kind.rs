//! The types of captures and typed wildcards.

use std::sync::OnceLock;

use regex::Regex;

/// What a typed capture (`<name:uuid>`) or, in JSON, a typed wildcard (`"<uuid>"`) matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Anything: in text the rest of a line up to what follows, in JSON any value.
    Any,
    /// `true` or `false`, in text also `True` and `False`.
    Bool,
    /// A day: `2026-04-01`.
    Date,
    /// A mail address.
    Email,
    /// Hexadecimal digits.
    Hex,
    /// A whole number, with or without a sign.
    Int,
    /// A number as JSON writes it.
    Number,
    /// In text one run of characters without blanks, in JSON any string.
    String,
    /// A day and a time (RFC 3339, with `T` or a blank between and the zone left out at will), an HTTP date
    /// (RFC 9110, section 5.6.7), or seconds or milliseconds since 1970.
    Timestamp,
    /// A URL with a scheme.
    Url,
    /// A UUID in its usual form (RFC 9562, section 4).
    Uuid,
}

impl Kind {
    const ALL: [(&'static str, Self); 11] = [
        ("any", Self::Any),
        ("bool", Self::Bool),
        ("date", Self::Date),
        ("email", Self::Email),
        ("hex", Self::Hex),
        ("int", Self::Int),
        ("number", Self::Number),
        ("string", Self::String),
        ("timestamp", Self::Timestamp),
        ("url", Self::Url),
        ("uuid", Self::Uuid),
    ];

    /// The type called `name`.
    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind)
    }

    /// True where `text` as a whole is of this type.
    pub(super) fn takes(self, text: &str) -> bool {
        static BUILT: [OnceLock<Option<Regex>>; Kind::ALL.len()] = [const { OnceLock::new() }; Kind::ALL.len()];
        let regex = BUILT[self as usize].get_or_init(|| Regex::new(&format!(r"(?s)\A(?:{})\z", self.pattern())).ok());
        regex.as_ref().is_some_and(|regex| regex.is_match(text))
    }

    /// The name of a type that `name` is probably meant to be: differing in case, in one letter, or in the order of two.
    pub(super) fn near(name: &str) -> Option<&'static str> {
        let lower = name.to_lowercase();
        Self::ALL.iter().map(|(known, _)| *known).find(|known| one_apart(known, &lower))
    }

    /// With its article, as messages say it.
    pub(super) fn described(self) -> &'static str {
        match self {
            Self::Any => "anything",
            Self::Bool => "a bool",
            Self::Date => "a date",
            Self::Email => "an email",
            Self::Hex => "a hex number",
            Self::Int => "an int",
            Self::Number => "a number",
            Self::String => "a string",
            Self::Timestamp => "a timestamp",
            Self::Url => "a url",
            Self::Uuid => "a uuid",
        }
    }

    /// As a regular expression of text, without groups that capture.
    pub(super) fn pattern(self) -> &'static str {
        match self {
            Self::Any => r".+?",
            Self::Bool => r"(?:true|false|True|False)",
            Self::Date => r"\d{4}-[01]\d-[0-3]\d",
            Self::Email => r"[\w.%+'-]+@[\w-]+(?:\.[\w-]+)*",
            Self::Hex => r"[0-9a-fA-F]+",
            Self::Int => r"[+-]?[0-9]+",
            Self::Number => r"[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?",
            Self::String => r"\S+",
            Self::Timestamp => concat!(
                r"(?:[0-9]{4}-[01][0-9]-[0-3][0-9][Tt ][0-2][0-9]:[0-5][0-9](?::[0-6][0-9](?:[.,][0-9]+)?)?",
                r" ?(?:[Zz]|UTC|GMT|[+-][0-9]{2}:?[0-9]{2})?",
                r"|[A-Z][a-z]{2}, [0-3][0-9] [A-Z][a-z]{2} [0-9]{4} [0-2][0-9]:[0-5][0-9]:[0-6][0-9] GMT",
                r"|[0-9]{13}|[0-9]{10}(?:\.[0-9]+)?)"
            ),
            Self::Url => r#"[A-Za-z][A-Za-z0-9+.-]*://[^\s<>"']+"#,
            Self::Uuid => r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}",
        }
    }
}

/// True where `left` becomes `right` by changing, adding or dropping at most one character, or by swapping two.
fn one_apart(left: &str, right: &str) -> bool {
    let prefix = left.bytes().zip(right.bytes()).take_while(|(a, b)| a == b).count();
    let (left, right) = (&left.as_bytes()[prefix..], &right.as_bytes()[prefix..]);
    let suffix = left.iter().rev().zip(right.iter().rev()).take_while(|(a, b)| a == b).count();
    match (&left[..left.len() - suffix], &right[..right.len() - suffix]) {
        ([a, b], [c, d]) => a == d && b == c,
        (left, right) => left.len() <= 1 && right.len() <= 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_type_takes_its_own() {
        for (kind, takes, refuses) in [
            (
                Kind::Uuid,
                vec!["0190c1f2-7a1b-7c3d-8e4f-0123456789ab"],
                vec!["0190c1f2", "g190c1f2-7a1b-7c3d-8e4f-0123456789ab"],
            ),
            (Kind::Int, vec!["0", "-12", "123456789012345678901234567890"], vec!["1.5", "", "one"]),
            (Kind::Number, vec!["1", "-1.50", "1e9", "2.5E-3"], vec!["1.", "x"]),
            (Kind::Bool, vec!["true", "False"], vec!["yes"]),
            (Kind::Date, vec!["2026-04-01"], vec!["2026-4-1", "01.04.2026"]),
            (
                Kind::Timestamp,
                vec![
                    "2026-04-01T00:00:00Z",
                    "2026-04-01 00:00:00.123+02:00",
                    "2026-04-01T00:00",
                    "Wed, 01 Apr 2026 00:00:00 GMT",
                    "1775001600",
                    "1775001600000",
                    "1743711430.022186",
                ],
                vec!["2026-04-01", "12", "tomorrow"],
            ),
            (Kind::Url, vec!["https://api.example.com/x?y=1#z", "postgres://u:p@h/db"], vec!["/x", "https://a b"]),
            (
                Kind::Email,
                vec!["ada@example.com", "a.b+c@localhost", "jürgen@example.de"],
                vec!["ada", "@x", "a b@c.d"],
            ),
            (Kind::Hex, vec!["deadBEEF09"], vec!["0x12", "g"]),
            (Kind::String, vec!["crm_01HX"], vec!["", "two words"]),
            (Kind::Any, vec!["two words"], vec![""]),
        ] {
            for text in takes {
                assert!(kind.takes(text), "{kind:?} takes {text}");
            }
            for text in refuses {
                assert!(!kind.takes(text), "{kind:?} refuses {text}");
            }
        }
    }

    #[test]
    fn near_misses_are_told() {
        assert_eq!(Kind::near("uid"), Some("uuid"));
        assert_eq!(Kind::near("UUID"), Some("uuid"));
        assert_eq!(Kind::near("timestmp"), Some("timestamp"));
        assert_eq!(Kind::near("int"), Some("int"));
        assert_eq!(Kind::near("itn"), Some("int"));
        assert_eq!(Kind::near("h2"), None);
        assert_eq!(Kind::near("ü"), None);
    }
}
