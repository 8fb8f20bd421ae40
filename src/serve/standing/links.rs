//! Links in answers: a client that came by an address of loopback is led back there, not to the real host.

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::header::{self, HeaderValue};
use hyper::{HeaderMap, Response};

use crate::serve::gateway::Body;

/// Each served host with the URL by which it is reached here, which has no slash at its end.
#[derive(Debug, Default)]
pub(super) struct Links(Vec<(String, String)>);

impl Links {
    /// For these hosts, in lower case.
    pub(super) fn new(bases: Vec<(String, String)>) -> Self {
        Self(bases)
    }

    /// The hosts with their URLs.
    pub(super) fn bases(&self) -> &[(String, String)] {
        &self.0
    }

    /// The answer with its links to served hosts leading here.
    pub(super) async fn lead_back(&self, response: Response<Body>) -> Response<Body> {
        let (mut parts, body) = response.into_parts();
        for value in parts.headers.values_mut() {
            let led = value.to_str().ok().and_then(|text| self.led(text, in_a_field));
            if let Some(led) = led.and_then(|led| HeaderValue::try_from(led).ok()) {
                *value = led;
            }
        }
        let Some(is_link) = links_of(&parts.headers) else { return Response::from_parts(parts, body) };
        // A body that breaks off does so for the client too.
        let bytes = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
        let bytes = match std::str::from_utf8(&bytes).ok().and_then(|text| self.led(text, is_link)) {
            Some(led) => {
                if parts.headers.contains_key(header::CONTENT_LENGTH) {
                    parts.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(led.len()));
                }
                Bytes::from(led)
            }
            None => bytes,
        };
        Response::from_parts(parts, Full::new(bytes).map_err(|never| match never {}).boxed())
    }

    /// `text` with other links; `None` where it has none to a served host. `is_link` tells by what stands before and after
    /// the beginning of a URL whether it is a link.
    fn led(&self, text: &str, is_link: fn(&str, &str) -> bool) -> Option<String> {
        let mut led = String::new();
        let mut copied = 0;
        for (at, mark) in text.match_indices("://") {
            let before = &text[copied.min(at)..at];
            let Some(scheme) = ["https", "http"].into_iter().find(|scheme| before.ends_with(scheme)) else { continue };
            let rest = &text[at + mark.len()..];
            if !is_link(&text[..at - scheme.len()], rest) {
                continue;
            }
            let named = |host: &str| {
                let is_host = rest.get(..host.len()).is_some_and(|start| start.eq_ignore_ascii_case(host));
                is_host && !rest[host.len()..].starts_with(|next: char| next.is_alphanumeric() || ".-:".contains(next))
            };
            if let Some((host, base)) = self.0.iter().find(|(host, _)| named(host)) {
                led.push_str(&text[copied..at - scheme.len()]);
                led.push_str(base);
                copied = at + mark.len() + host.len();
            }
        }
        (copied > 0).then(|| led + &text[copied..])
    }
}

/// What is a link in a body of this kind; `None` where the body is no text.
fn links_of(headers: &HeaderMap) -> Option<fn(&str, &str) -> bool> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if kind.contains("json") {
        return Some(in_json);
    }
    ["text", "xml"].iter().any(|word| kind.contains(word)).then_some(|_, _| true)
}

/// A field may name a resource by its URL, which is no link: clients ask for a scope by it (RFC 8707).
fn in_a_field(before: &str, _: &str) -> bool {
    !before.trim_end_matches('"').ends_with("resource_id=")
}

/// A link is a whole text of its own: what a record or a message has of URLs in it is the same wherever it is read. And
/// scopes, which clients send back, are names (RFC 6749, section 3.3), also those that look like a URL.
fn in_json(before: &str, rest: &str) -> bool {
    let Some(before) = before.strip_suffix('"').filter(|before| !before.ends_with('\\')) else { return false };
    let whole = rest.split('"').next().unwrap_or_default();
    let key = before.trim_end().strip_suffix(':').unwrap_or_default();
    !whole.contains(char::is_whitespace) && !key.trim_end().ends_with("\"scope\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn links() -> Links {
        Links::new(vec![
            ("api.example.com".to_owned(), "http://127.0.0.1:4010/api.example.com".to_owned()),
            ("www.example.com".to_owned(), "http://127.0.0.1:4011".to_owned()),
        ])
    }

    #[test]
    fn links_to_served_hosts_lead_here_and_no_others() {
        let led = |text: &str| links().led(text, |_, _| true);
        assert_eq!(
            led("https://api.example.com/v1?after=2 and http://WWW.example.com").as_deref(),
            Some("http://127.0.0.1:4010/api.example.com/v1?after=2 and http://127.0.0.1:4011")
        );
        assert_eq!(
            led("<https://api.example.com/a>, é").as_deref(),
            Some("<http://127.0.0.1:4010/api.example.com/a>, é")
        );
        let others = [
            "https://api.example.com.evil.org/",
            "https://api.example.com:8443/",
            "https://example.com/?u=https%3A%2F%2Fapi.example.com",
            "ftp://api.example.com/",
            "api.example.com",
            "://",
            "https://",
        ];
        for other in others {
            assert_eq!(led(other), None, "{other}");
        }
    }

    #[test]
    fn in_json_a_link_is_a_whole_text_and_no_scope() {
        let led = |text: &str| links().led(text, in_json);
        assert_eq!(
            led(r#"{"next":"https://api.example.com/v1?after=2","home": "http://WWW.example.com"}"#).as_deref(),
            Some(r#"{"next":"http://127.0.0.1:4010/api.example.com/v1?after=2","home": "http://127.0.0.1:4011"}"#)
        );
        for other in [
            r#"{"scope":"https://api.example.com/.default"}"#,
            r#"{"scope" : "https://api.example.com/.default offline_access"}"#,
            r#"{"scopes":["https://api.example.com/.default https://www.example.com/.default"]}"#,
            r#"{"note":"see https://api.example.com/a"}"#,
            r#"{"note":"he said \"https://api.example.com/a\""}"#,
        ] {
            assert_eq!(led(other), None, "{other}");
        }
    }

    #[test]
    fn a_field_may_name_a_resource_that_is_no_link() {
        let field = "Bearer authorization_uri=https://www.example.com/authorize, resource_id=https://api.example.com/";
        assert_eq!(
            links().led(field, in_a_field).as_deref(),
            Some("Bearer authorization_uri=http://127.0.0.1:4011/authorize, resource_id=https://api.example.com/")
        );
    }
}
