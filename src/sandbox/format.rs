//! What texts in bodies must look like.

use serde::Deserialize;

use super::problem::ProblemKind;
use crate::clock::Timestamp;
use crate::http::{host_and_port, user_and_place};

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

/// One that can be called: a scheme of HTTP, a host, and a port that is a number, or none; who asks may stand before it.
fn is_url(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else { return false };
    let is_http = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let (_, place) = user_and_place(authority);
    is_http && is_part(text) && host_and_port(place).is_some_and(|(host, _)| is_bracketed(place) || !host.contains(':'))
}

/// The form in which URLs have an IPv6 address.
fn is_bracketed(place: &str) -> bool {
    place.starts_with('[')
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
            ("http://user:pass@localhost/x", true),
            ("http://user@localhost:3000", true),
            ("http://us@er:p:a@[::1]:/", true),
            ("http://localhost:/x", true),
            ("http://localhost:", true),
            ("http://user:pass@", false),
            ("http://user@:80/", false),
            ("http://:80/", false),
            ("http://::1/", false),
            ("http://a:b:80/", false),
            ("http://[::1]x/", false),
            ("http://localhost:65536", false),
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
