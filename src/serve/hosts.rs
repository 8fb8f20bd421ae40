//! Where a request may go: into the sandbox, to the page's own services, to a host that the configuration
//! allows, or nowhere.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{PoisonError, RwLock};

use crate::http::host_and_port;

/// The host by which a page asks about its own sandbox.
pub(super) const CONTROL: &str = "sandbox.doccheck";

/// A place that a client asks for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Target {
    /// Lower case; an IPv6 address without its brackets.
    pub(super) host: String,
    /// The port.
    pub(super) port: u16,
}

impl Target {
    /// Reads `host`, `host:port` or `[address]:port`; `None` where it is none of these.
    pub(super) fn parse(authority: &str, default_port: u16) -> Option<Self> {
        let (host, port) = host_and_port(authority)?;
        Some(Self { host, port: port.unwrap_or(default_port) })
    }

    /// As reports name it: with its port only where that is not one of the web's own.
    pub(super) fn name(&self) -> String {
        match self.port {
            80 | 443 => self.host.clone(),
            port if self.host.contains(':') => format!("[{}]:{port}", self.host),
            port => format!("{}:{port}", self.host),
        }
    }

    /// True for names and addresses of the machine itself.
    pub(super) fn is_loopback(&self) -> bool {
        let host = self.host.as_str();
        host == "localhost"
            || host.ends_with(".localhost")
            || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback() || ip.is_unspecified())
    }
}

/// Where a request to some target goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// To the sandbox.
    Sandbox,
    /// To a service that the page itself started.
    Loopback,
    /// To the real host.
    Allowed,
    /// Nowhere.
    Refused,
}

/// The hosts of the sandbox that is open now, and those that are allowed for the whole run.
#[derive(Debug)]
pub(super) struct Hosts {
    served: RwLock<BTreeSet<String>>,
    allowed: Vec<Target>,
}

impl Hosts {
    /// `allow` as configured: an entry without a port stands for the ports 80 and 443.
    pub(super) fn new(allow: &[String]) -> Result<Self, String> {
        let mut allowed = Vec::new();
        for entry in allow {
            let (host, port) = host_and_port(entry)
                .ok_or_else(|| format!("`{entry}` under `[network] allow` is not `host` or `host:port`"))?;
            let ports = port.map_or_else(|| vec![80, 443], |port| vec![port]);
            allowed.extend(ports.into_iter().map(|port| Target { host: host.clone(), port }));
        }
        Ok(Self { served: RwLock::default(), allowed })
    }

    /// Serves `hosts` from now on, and no others.
    pub(super) fn serve(&self, hosts: Vec<String>) {
        let hosts = hosts.into_iter().map(|host| host.to_ascii_lowercase()).collect();
        *self.served.write().unwrap_or_else(PoisonError::into_inner) = hosts;
    }

    /// The hosts that are served, in the order of the alphabet.
    pub(super) fn served(&self) -> Vec<String> {
        self.served.read().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    /// Every host with the address that stands for it in the eyes of clients: its own if it is one, else one of those
    /// that RFC 2544 sets aside for tests, which nobody has. Those of allowed hosts stay the same for the whole run.
    pub(super) fn addresses(&self) -> Vec<(String, IpAddr)> {
        let mut names: Vec<String> = Vec::new();
        let allowed = self.allowed.iter().filter(|target| !target.is_loopback()).map(|target| target.host.clone());
        for name in allowed.chain(self.served()) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        let made_up = |count: usize| {
            let [.., high, low] = count.to_be_bytes();
            IpAddr::V4(Ipv4Addr::new(198, 18, high, low))
        };
        let numbered = names.into_iter().zip(1..);
        numbered.map(|(name, count)| (name.clone(), name.parse().unwrap_or_else(|_| made_up(count)))).collect()
    }

    /// The places that may be reached for real.
    pub(super) fn allowed(&self) -> &[Target] {
        &self.allowed
    }

    /// The address that stands for `host`.
    pub(super) fn address(&self, host: &str) -> Option<IpAddr> {
        self.addresses().into_iter().find(|(name, _)| name == host).map(|(_, address)| address)
    }

    /// Where a request to `target` goes.
    pub(super) fn way(&self, target: &Target) -> Way {
        let served = self.served.read().unwrap_or_else(PoisonError::into_inner);
        if matches!(target.port, 80 | 443) && served.contains(&target.host) {
            Way::Sandbox
        } else if target.is_loopback() {
            Way::Loopback
        } else if self.allowed.contains(target) {
            Way::Allowed
        } else {
            Way::Refused
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Hosts, Target, Way};

    fn target(text: &str) -> Target {
        Target::parse(text, 443).unwrap()
    }

    #[test]
    fn reads_authorities() {
        assert_eq!(target("API.example.com"), Target { host: "api.example.com".into(), port: 443 });
        assert_eq!(target("db.example.com:5432").name(), "db.example.com:5432");
        assert_eq!(target("[::1]:3000"), Target { host: "::1".into(), port: 3000 });
        assert_eq!(target("[::1]:3000").name(), "[::1]:3000");
        assert_eq!(target("::1").host, "::1");
        for wrong in ["", ":80", "host:port", "host:99999", "a b", "user@host"] {
            assert_eq!(Target::parse(wrong, 443), None, "{wrong}");
        }
    }

    #[test]
    fn decides_on_the_way() {
        let hosts = Hosts::new(&["files.example.com".into(), "db.example.com:5432".into()]).unwrap();
        hosts.serve(vec!["api.example.com".into()]);
        assert_eq!(hosts.way(&target("api.example.com")), Way::Sandbox);
        assert_eq!(hosts.way(&target("api.example.com:80")), Way::Sandbox);
        assert_eq!(hosts.way(&target("api.example.com:8443")), Way::Refused);
        assert_eq!(hosts.way(&target("files.example.com")), Way::Allowed);
        assert_eq!(hosts.way(&target("files.example.com:22")), Way::Refused);
        assert_eq!(hosts.way(&target("db.example.com:5432")), Way::Allowed);
        assert_eq!(hosts.way(&target("db.example.com")), Way::Refused);
        for own in ["localhost:3000", "127.0.0.1:3000", "127.9.9.9:1", "[::1]:3000", "app.localhost", "0.0.0.0:80"] {
            assert_eq!(hosts.way(&target(own)), Way::Loopback, "{own}");
        }
        hosts.serve(vec![]);
        assert_eq!(hosts.way(&target("api.example.com")), Way::Refused);
    }

    #[test]
    fn gives_each_host_an_address() {
        let allow = ["db.example.com:5432", "192.0.2.7:22", "db.example.com:5433", "localhost:5432"];
        let hosts = Hosts::new(&allow.map(String::from)).unwrap();
        hosts.serve(vec!["api.example.com".into(), "db.example.com".into()]);
        let addresses = hosts.addresses().into_iter().map(|(name, address)| format!("{name} {address}"));
        let expected = ["db.example.com 198.18.0.1", "192.0.2.7 192.0.2.7", "api.example.com 198.18.0.3"];
        assert_eq!(addresses.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn rejects_a_wrong_entry() {
        assert!(Hosts::new(&["https://example.com/".into()]).unwrap_err().contains("`https://example.com/`"));
    }
}
