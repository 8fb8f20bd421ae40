//! HTTP messages as plain values: no socket is opened here.

/// Header fields in the order in which they came; names compare without regard to case.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Headers(Vec<(String, String)>);

impl Headers {
    /// No fields.
    pub fn new() -> Self {
        Self::default()
    }

    /// The first value of `name`.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// Adds a field after those that are there.
    pub fn push(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.0.push((name.into(), value.into()));
    }

    /// Puts `value` in place of every value of `name`.
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        self.remove(name);
        self.push(name, value);
    }

    /// Takes every value of `name` away.
    pub fn remove(&mut self, name: &str) {
        self.0.retain(|(key, _)| !key.eq_ignore_ascii_case(name));
    }

    /// The fields in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

/// What a client asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Upper case, such as `GET`.
    pub method: String,
    /// `http` or `https`.
    pub scheme: String,
    /// The host that the client named, with its port only where it is not the scheme's own.
    pub host: String,
    /// The path as it was sent, with its percent-encoding.
    pub path: String,
    /// The query as it was sent, without `?`; empty where there is none.
    pub query: String,
    /// The header fields.
    pub headers: Headers,
    /// The body.
    pub body: Vec<u8>,
}

impl Request {
    /// The whole URL.
    pub fn url(&self) -> String {
        let mark = if self.query.is_empty() { "" } else { "?" };
        format!("{}://{}{}{mark}{}", self.scheme, self.host, self.path, self.query)
    }
}

/// What a server answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The status code.
    pub status: u16,
    /// The header fields.
    pub headers: Headers,
    /// The body.
    pub body: Vec<u8>,
}

/// The usual reason phrase of a status code (RFC 9110, section 15); empty where it has none.
pub fn reason(status: u16) -> &'static str {
    match status {
        100 => "Continue",
        101 => "Switching Protocols",
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        203 => "Non-Authoritative Information",
        204 => "No Content",
        205 => "Reset Content",
        206 => "Partial Content",
        207 => "Multi-Status",
        300 => "Multiple Choices",
        301 => "Moved Permanently",
        302 => "Found",
        303 => "See Other",
        304 => "Not Modified",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        402 => "Payment Required",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        408 => "Request Timeout",
        409 => "Conflict",
        410 => "Gone",
        411 => "Length Required",
        412 => "Precondition Failed",
        413 => "Content Too Large",
        414 => "URI Too Long",
        415 => "Unsupported Media Type",
        422 => "Unprocessable Entity",
        423 => "Locked",
        425 => "Too Early",
        428 => "Precondition Required",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "",
    }
}

/// The two parts of the authority of a URL: who asks, where that is said, and the host with its port, without the colon of
/// one that is empty.
pub fn user_and_place(authority: &str) -> (Option<&str>, &str) {
    let (user, place) = authority.rsplit_once('@').map_or((None, authority), |(user, place)| (Some(user), place));
    (user, place.strip_suffix(':').unwrap_or(place))
}

/// Reads `host`, `host:port` or `[address]:port`; `None` where it is none of these. The host is in lower case, an IPv6
/// address without its brackets.
pub fn host_and_port(authority: &str) -> Option<(String, Option<u16>)> {
    let (host, port) = if let Some(rest) = authority.strip_prefix('[') {
        let (host, rest) = rest.split_once(']')?;
        match rest.strip_prefix(':') {
            None if !rest.is_empty() => return None,
            port => (host, port),
        }
    } else {
        match authority.split_once(':') {
            Some((_, rest)) if rest.contains(':') => (authority, None),
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        }
    };
    let known = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '%');
    if host.is_empty() || !host.chars().all(known) {
        return None;
    }
    let port = port.map(str::parse).transpose().ok()?;
    Some((host.to_ascii_lowercase(), port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_authority_has_a_place_and_may_say_who_asks() {
        for (authority, user, place) in [
            ("localhost", None, "localhost"),
            ("a:b@localhost:80", Some("a:b"), "localhost:80"),
            ("a@localhost:", Some("a"), "localhost"),
            ("[::1]:", None, "[::1]"),
        ] {
            assert_eq!(user_and_place(authority), (user, place), "{authority}");
            let uri: hyper::Uri = format!("http://{authority}/x").parse().unwrap();
            assert_eq!(uri.authority().unwrap().as_str(), authority, "who calls it reads the same");
        }
    }
}
