//! Reads requests as documentation writes them: a request line, header fields, a blank line, a body (RFC 9112,
//! section 2.1), several of them apart by `###` lines, with `#` and `//` comments before the body.

use crate::http::{Headers, Request};
use crate::serve::Protocol;

/// Fields that follow from the URL and the body, whatever the page shows.
const DERIVED: [&str; 4] = ["host", "content-length", "connection", "transfer-encoding"];

/// A request and how to send it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Message {
    pub(super) request: Request,
    pub(super) protocol: Protocol,
}

/// Why a text is no request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct MessageError {
    /// Lines before the one at fault.
    pub(super) line: usize,
    /// Lower case, no final period.
    pub(super) message: String,
}

/// Reads all requests of a fence; there is at least one.
pub(super) fn read(text: &str) -> Result<Vec<Message>, MessageError> {
    let lines: Vec<&str> = text.lines().map(|line| line.trim_end_matches('\r')).collect();
    let mut messages = Vec::new();
    let mut first = 0;
    for block in lines.split(|line| line.starts_with("###")) {
        messages.extend(read_one(block, first)?);
        first += block.len() + 1;
    }
    if messages.is_empty() {
        return Err(MessageError {
            line: 0,
            message: "there is no request here: write `GET https://host/path`".into(),
        });
    }
    Ok(messages)
}

fn read_one(lines: &[&str], first: usize) -> Result<Option<Message>, MessageError> {
    let fail = |at: usize, message: String| MessageError { line: first + at, message };
    let Some(start) = lines.iter().position(|line| !line.trim().is_empty() && !is_comment(line)) else {
        return Ok(None);
    };
    let end = lines.iter().skip(start).position(|line| line.trim().is_empty()).map_or(lines.len(), |at| start + at);
    let head = lines.get(start..end).unwrap_or_default();
    let (method, mut url, protocol) = request_line(head.first().unwrap_or(&"")).map_err(|text| fail(start, text))?;

    let mut headers = Headers::new();
    for (at, line) in head.iter().enumerate().skip(1).filter(|(_, line)| !is_comment(line)) {
        let continued = line.trim_start();
        if continued.len() < line.len() && continued.starts_with(['?', '&']) {
            url.push_str(continued.trim_end());
            continue;
        }
        let field = line.split_once(':').map(|(name, value)| (name.trim_end(), value.trim()));
        match field {
            Some((name, value)) if is_token(name) => headers.push(name, value),
            _ => return Err(fail(start + at, format!("`{line}` is not a header field: write `Name: value`"))),
        }
    }

    let (scheme, host, target) = locate(&url, headers.get("host")).map_err(|text| fail(start, text))?;
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    for name in DERIVED {
        headers.remove(name);
    }
    let body = lines.get(end + 1..).unwrap_or_default().join("\n");
    let request = Request {
        method,
        scheme,
        host,
        path: path.into(),
        query: query.into(),
        headers,
        body: body.trim_end().as_bytes().to_vec(),
    };
    Ok(Some(Message { request, protocol }))
}

/// Method, URL and version; the method may be left out for `GET`, the version always.
fn request_line(line: &str) -> Result<(String, String, Protocol), String> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let (words, protocol) = match words.split_last() {
        Some((version, rest)) if version.starts_with("HTTP/") => match *version {
            "HTTP/1.1" | "HTTP/1.0" => (rest, Protocol::Http1),
            "HTTP/2" | "HTTP/2.0" => (rest, Protocol::Http2),
            other => return Err(format!("cannot send `{other}`: write HTTP/1.1 or HTTP/2")),
        },
        _ => (words.as_slice(), Protocol::Http1),
    };
    match words {
        [url] if url.contains("://") => Ok(("GET".into(), (*url).into(), protocol)),
        [method, url] if is_token(method) && !method.contains(|c: char| c.is_ascii_lowercase()) => {
            Ok(((*method).into(), (*url).into(), protocol))
        }
        _ => Err(format!("`{line}` is not a request line: write a method and a URL, as in `GET https://host/path`")),
    }
}

/// Scheme, host and target of a request. A path alone needs the `Host` field; the web's scheme is then `https`,
/// and that of the page's own services `http`.
fn locate(url: &str, host: Option<&str>) -> Result<(String, String, String), String> {
    let url = url.split('#').next().unwrap_or(url);
    if url.starts_with('/') {
        let host = host.filter(|host| !host.is_empty());
        let host = host.ok_or_else(|| format!("`{url}` names no host: write the whole URL, or a `Host` field"))?;
        let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
        let own = name == "localhost" || name.starts_with("127.") || name == "[::1]";
        return Ok((if own { "http" } else { "https" }.into(), host.into(), url.into()));
    }
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let scheme = scheme.to_ascii_lowercase();
    if scheme != "http" && scheme != "https" {
        return Err(format!("`{url}` is not a URL that can be asked: write it with `https://`"));
    }
    let (host, target) = rest.find(['/', '?']).map_or((rest, "/"), |at| rest.split_at(at));
    if host.is_empty() || host.contains('@') {
        return Err(format!("`{url}` names no host: write `{scheme}://host/path`"));
    }
    let slash = if target.starts_with('?') { "/" } else { "" };
    Ok((scheme, host.into(), format!("{slash}{target}")))
}

fn is_comment(line: &str) -> bool {
    line.starts_with('#') || line.starts_with("//")
}

/// RFC 9110, section 5.6.2.
fn is_token(word: &str) -> bool {
    !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Message, Protocol, read};

    fn one(text: &str) -> Message {
        let mut messages = read(text).unwrap();
        assert_eq!(messages.len(), 1);
        messages.remove(0)
    }

    #[test]
    fn reads_a_whole_request() {
        let text = "POST https://api.example.com/v1/things?limit=2 HTTP/1.1\r\nAuthorization: Bearer abc\r\n\
                    content-length: 999\r\nX-Empty:\r\n\r\n{\"a\": 1,\r\n\r\n \"b\": 2}\r\n\r\n";
        let Message { request, protocol } = one(text);
        assert_eq!(request.method, "POST");
        assert_eq!(request.url(), "https://api.example.com/v1/things?limit=2");
        let fields: Vec<_> = request.headers.iter().collect();
        assert_eq!(fields, [("Authorization", "Bearer abc"), ("X-Empty", "")]);
        assert_eq!(request.body, b"{\"a\": 1,\n\n \"b\": 2}");
        assert_eq!(protocol, Protocol::Http1);
    }

    #[test]
    fn takes_the_host_from_its_field() {
        let request = one("GET /v1/things\nHost: api.example.com\n").request;
        assert_eq!(request.url(), "https://api.example.com/v1/things");
        assert_eq!(request.headers.get("host"), None);
        assert_eq!(one("GET /health\nHost: localhost:3000\n").request.url(), "http://localhost:3000/health");
    }

    #[test]
    fn reads_the_short_forms() {
        assert_eq!(one("https://example.com").request.url(), "https://example.com/");
        assert_eq!(one("GET https://example.com?a=b#part").request.url(), "https://example.com/?a=b");
        assert_eq!(one("GET https://example.com/x\n  ?a=1\n  &b=2").request.url(), "https://example.com/x?a=1&b=2");
        assert_eq!(one("GET https://example.com/x HTTP/2").protocol, Protocol::Http2);
    }

    #[test]
    fn skips_comments_but_not_in_a_body() {
        let text = "# first\n// second\nPUT https://example.com/x\n# third\nA: b\n\n# kept\n";
        let request = one(text).request;
        assert_eq!(request.headers.iter().count(), 1);
        assert_eq!(request.body, b"# kept");
    }

    #[test]
    fn reads_several_requests() {
        let messages = read("### one\nGET https://a.example/\n\n###\n\n### two\nDELETE https://b.example/\n").unwrap();
        let urls: Vec<_> = messages.iter().map(|message| message.request.url()).collect();
        assert_eq!(urls, ["https://a.example/", "https://b.example/"]);
    }

    #[test]
    fn names_the_line_at_fault() {
        let error = |text: &str| {
            let error = read(text).unwrap_err();
            (error.line, error.message)
        };
        assert_eq!(error("").0, 0);
        assert!(error("\nget https://example.com/").1.contains("is not a request line"));
        assert_eq!(error("\nget https://example.com/").0, 1);
        assert_eq!(error("GET https://a.example/\n\n###\nGET /x").0, 3);
        assert_eq!(error("GET https://a.example/\nno field here\n").0, 1);
        assert!(error("GET https://a.example/ HTTP/9").1.contains("HTTP/9"));
        assert!(error("GET ftp://a.example/").1.contains("https://"));
        assert!(error("GET https:///x").1.contains("names no host"));
    }

    proptest! {
        #[test]
        fn never_panics(text in "(?s)(GET |POST |###|[a-z]+: |//|#|\\?|https://|HTTP/2|\n|\r|.){0,40}") {
            let lines = text.lines().count();
            if let Err(error) = read(&text) {
                prop_assert!(error.line <= lines);
            }
        }
    }
}
