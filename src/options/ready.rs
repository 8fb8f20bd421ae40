//! How one can tell that a service is ready.

use std::net::IpAddr;

/// What must be true before the page goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ready {
    /// Something of the page listens on this port.
    Port(u16),
    /// This stands in what the service has printed.
    Text(String),
    /// A GET of this URL of the machine itself is answered with a status below 400.
    Http(String),
}

/// What a message says that `ready` takes.
pub const TAKES: &str = "`port:3000`, `\"text:Listening on\"` or `http:http://127.0.0.1:3000/health`";

impl Ready {
    /// Reads `port:3000`, `text:…` or `http:http://localhost…`; `None` where it is none of these.
    pub fn parse(text: &str) -> Option<Self> {
        let (kind, value) = text.split_once(':')?;
        match kind {
            "port" => value.parse().ok().filter(|port| *port > 0).map(Self::Port),
            "text" => (!value.trim().is_empty()).then(|| Self::Text(value.to_owned())),
            "http" => is_own_url(value).then(|| Self::Http(value.to_owned())),
            _ => None,
        }
    }

    /// The port that must be free before.
    pub fn port(&self) -> Option<u16> {
        match self {
            Self::Port(port) => Some(*port),
            Self::Text(_) => None,
            Self::Http(url) => {
                let authority = url.strip_prefix("http://")?.split(['/', '?', '#']).next()?;
                let (_, port) =
                    authority.rsplit_once(':').filter(|(_, port)| !port.contains(']')).unwrap_or(("", "80"));
                port.parse().ok()
            }
        }
    }

    /// What is missing as long as it is not true.
    pub fn missing(&self) -> String {
        match self {
            Self::Port(port) => format!("nothing on this page listens on port {port}"),
            Self::Text(text) => format!("it has not printed `{text}`"),
            Self::Http(url) => format!("{url} gives no answer below 400"),
        }
    }
}

/// True for a plain URL of the machine itself: a service of the page is nowhere else.
fn is_own_url(url: &str) -> bool {
    let Some(rest) = url.strip_prefix("http://") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = match authority.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    let own = host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback() || ip.is_unspecified());
    !url.contains(char::is_whitespace) && (own || host == "localhost" || host.ends_with(".localhost"))
}

#[cfg(test)]
mod tests {
    use super::Ready;

    #[test]
    fn reads_the_three_kinds() {
        assert_eq!(Ready::parse("port:3000"), Some(Ready::Port(3000)));
        assert_eq!(Ready::parse("text:Listening on: 1"), Some(Ready::Text("Listening on: 1".to_owned())));
        for url in
            ["http://127.0.0.1:3000/health", "http://localhost", "http://[::1]:80/?a=b", "http://app.localhost:1"]
        {
            assert_eq!(Ready::parse(&format!("http:{url}")), Some(Ready::Http(url.to_owned())));
        }
        let port = |text: &str| Ready::parse(text).unwrap().port();
        assert_eq!(port("port:3000"), Some(3000));
        assert_eq!(port("http:http://[::1]:81/?a=b:c"), Some(81));
        assert_eq!(port("http:http://[::1]/"), Some(80));
        assert_eq!(port("http:http://localhost"), Some(80));
        assert_eq!(port("text:8000"), None);
        for wrong in [
            "3000",
            "port:",
            "port:0",
            "port:70000",
            "text: ",
            "http:3000",
            "http://localhost:3000",
            "http:http://example.com/",
            "http:https://localhost/",
            "tcp:1",
        ] {
            assert_eq!(Ready::parse(wrong), None, "{wrong}");
        }
    }
}
