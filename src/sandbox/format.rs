//! What texts in bodies must look like.

use serde::Deserialize;

use super::problem::ProblemKind;
use crate::clock::Timestamp;

/// What a text must look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Format {
    /// Whether it is one is the business of those behind the API.
    Email,
    /// `2026-04-15`; anything else is of the wrong type.
    Date,
    /// `https://example.com/hooks`, with `http` too; anything else is of the wrong type.
    Url,
}

impl Format {
    /// Why `text` does not look like this: what follows after its field's name.
    pub(super) fn refuses(self, text: &str) -> Option<(ProblemKind, &'static str)> {
        let (fits, kind, problem) = match self {
            Self::Email => (is_email(text), ProblemKind::WrongFormat, "must be an email address"),
            Self::Date => (is_date(text), ProblemKind::WrongType, "must be a date"),
            Self::Url => (is_url(text), ProblemKind::WrongType, "must be an http or https URL"),
        };
        (!fits).then_some((kind, problem))
    }
}

/// `2026-04-15`.
pub(super) fn is_date(text: &str) -> bool {
    text.len() == 10 && Timestamp::parse_loosely(text).is_some()
}

/// The part that providers check: one `@` between a name and a host with a dot.
fn is_email(text: &str) -> bool {
    text.split_once('@').is_some_and(|(name, host)| {
        is_part(name)
            && is_part(host)
            && !host.contains('@')
            && host.split('.').count() > 1
            && host.split('.').all(is_part)
    })
}

/// One that can be called: a scheme of HTTP, a host, and a port that is a number.
fn is_url(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else { return false };
    let is_http = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let (host, port) = match authority.rsplit_once(':') {
        // What follows the last colon of an IPv6 address is no port.
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    };
    is_http && is_part(text) && !host.is_empty() && port.is_none_or(|port| port.parse::<u16>().is_ok())
}

fn is_part(part: &str) -> bool {
    !part.is_empty() && !part.contains(|letter: char| letter.is_whitespace() || letter.is_control())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_email_address_has_a_name_and_a_host_with_a_dot() {
        for (text, is_one) in [
            ("a@b.co", true),
            ("é@exämple.com", true),
            ("a@b", false),
            ("@b.c", false),
            ("a b@c.d", false),
            ("a@b@c.d", false),
        ] {
            assert_eq!(is_email(text), is_one, "{text}");
        }
    }

    #[test]
    fn a_url_has_a_scheme_of_http_and_a_host() {
        for (text, is_one) in [
            ("http://localhost:3000/hooks", true),
            ("https://example.com?x=1", true),
            ("HTTPS://[::1]:80", true),
            ("http://[::1]", true),
            ("hooks", false),
            ("ftp://example.com", false),
            ("http://", false),
            ("http:///hooks", false),
            ("http://a b", false),
            ("http://localhost:x", false),
            ("", false),
        ] {
            assert_eq!(is_url(text), is_one, "{text}");
        }
    }
}
