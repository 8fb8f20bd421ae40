//! HTTP text: where a request starts, and whether it says where to go.

/// What the first request of a fence says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Request {
    /// It names its host, in the URL or in a `Host` field.
    Sendable,
    /// It names a path alone.
    WithoutHost,
}

/// The first request in `text`, whose first line, comments apart, is a request line (RFC 9112, section 3).
pub(super) fn read(text: &str) -> Option<Request> {
    const METHODS: [&str; 9] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "QUERY", "TRACE"];
    let mut lines = text.lines().skip_while(|line| {
        let line = line.trim_start();
        line.is_empty() || line.starts_with('#') || line.starts_with("//")
    });
    let mut words = lines.next()?.split_whitespace();
    let method = words.next()?;
    let target = words.next()?;
    if !METHODS.contains(&method) || words.next().is_some_and(|version| !version.starts_with("HTTP/")) {
        return None;
    }
    let mut fields = lines.take_while(|line| !line.trim().is_empty());
    let host = |line: &str| line.split_once(':').is_some_and(|(name, _)| name.trim().eq_ignore_ascii_case("host"));
    let named = target.contains("://") || fields.any(host);
    Some(if named { Request::Sendable } else { Request::WithoutHost })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_line_starts_a_request() {
        assert_eq!(read("# list\nGET https://api.example.com/x HTTP/1.1\n"), Some(Request::Sendable));
        assert_eq!(read("GET /x\nAccept: a\nHost: api.example.com\n\nbody"), Some(Request::Sendable));
        assert_eq!(read("POST /x\n\nHost: body\n"), Some(Request::WithoutHost));
        assert_eq!(read("GET _cat/health\n"), Some(Request::WithoutHost));
        assert_eq!(read("HTTP/1.1 200 OK\n"), None);
        assert_eq!(read("GET the book now\n"), None);
        assert_eq!(read("{\"a\": 1}\n"), None);
    }
}
