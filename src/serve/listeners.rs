//! The sockets of a network: inside a namespace of its own where the machine has that, else on the machine's
//! loopback.

#![expect(
    clippy::disallowed_methods,
    reason = "opens the listeners of the run, and reads which name servers are asked"
)]

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, UdpSocket};
use std::sync::Arc;

use super::clients::Ports;
use super::front::Port;
use super::hosts::Hosts;
use super::inside::Inside;

/// All sockets, not yet served.
pub(super) struct Listeners {
    /// Each with what it takes.
    pub(super) streams: Vec<(TcpListener, Port)>,
    /// Where names are asked for.
    pub(super) name_servers: Vec<UdpSocket>,
    /// What clients are told.
    pub(super) ports: Ports,
    /// The proxy's port for doccheck itself, which is always outside.
    pub(super) own_proxy: u16,
    /// The namespace; none where the system refuses it.
    pub(super) inside: Option<Arc<Inside>>,
}

/// The resolver's configuration of this machine, as far as it matters here (`resolv.conf(5)`).
pub(super) struct Resolver {
    /// The addresses that are asked.
    pub(super) servers: Vec<IpAddr>,
    /// The domains that are appended to names.
    pub(super) search: Vec<String>,
}

impl Resolver {
    /// Reads it.
    pub(super) fn of_this_machine() -> Self {
        Self::read(&std::fs::read_to_string("/etc/resolv.conf").unwrap_or_default())
    }

    fn read(text: &str) -> Self {
        let (mut servers, mut search) = (Vec::new(), Vec::new());
        for line in text.lines() {
            let mut words = line.split_whitespace();
            match words.next() {
                Some("nameserver") => servers.extend(words.next().and_then(|address| address.parse::<IpAddr>().ok())),
                Some("search" | "domain") => search = words.map(str::to_ascii_lowercase).collect(),
                _ => {}
            }
        }
        if servers.is_empty() {
            servers.push(IpAddr::V4(Ipv4Addr::LOCALHOST));
        }
        servers.dedup();
        Self { servers, search }
    }
}

impl Listeners {
    /// Opens them inside a namespace where the machine has that.
    pub(super) fn open(hosts: &Hosts, resolver: &Resolver) -> Result<Self, String> {
        let caught =
            |ip: IpAddr| [(SocketAddr::new(ip, 443), Port::CaughtTls), (SocketAddr::new(ip, 80), Port::CaughtPlain)];
        let mut wanted = common(hosts);
        for target in hosts.allowed() {
            // Inside, the page's own services have a loopback of their own: one of the machine's is brought there.
            let loopback = || target.host.parse().unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
            let ip = if target.is_loopback() { Some(loopback()) } else { hosts.address(&target.host) };
            wanted.extend(ip.map(|ip| (SocketAddr::new(ip, target.port), Port::Relay(target.clone()))));
        }
        let with = |ip: IpAddr| wanted.iter().cloned().chain(caught(ip)).collect::<Vec<_>>();
        // A machine may have IPv6 switched off.
        Self::inside(with(IpAddr::V6(Ipv6Addr::UNSPECIFIED)), &resolver.servers)
            .or_else(|_| Self::inside(with(IpAddr::V4(Ipv4Addr::UNSPECIFIED)), &resolver.servers))
            .or_else(|_| Self::outside(common(hosts)))
    }

    fn inside(wanted: Vec<(SocketAddr, Port)>, servers: &[IpAddr]) -> Result<Self, String> {
        let streams: Vec<SocketAddr> = wanted.iter().map(|(address, _)| *address).collect();
        let datagrams: Vec<SocketAddr> = servers.iter().map(|server| SocketAddr::new(*server, 53)).collect();
        let (inside, listeners, name_servers) = Inside::create(&streams, &datagrams).map_err(text)?;
        let streams = listeners.into_iter().zip(wanted.into_iter().map(|(_, port)| port)).collect();
        // doccheck itself stays outside, and needs a proxy there.
        let own = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(text)?;
        Self::new(streams, name_servers, Some(own), Some(Arc::new(inside)))
    }

    fn outside(wanted: Vec<(SocketAddr, Port)>) -> Result<Self, String> {
        let streams = wanted
            .into_iter()
            .map(|(address, port)| Ok((TcpListener::bind(address).map_err(text)?, port)))
            .collect::<Result<_, String>>()?;
        Self::new(streams, Vec::new(), None, None)
    }

    fn new(
        mut streams: Vec<(TcpListener, Port)>,
        name_servers: Vec<UdpSocket>,
        own_proxy: Option<TcpListener>,
        inside: Option<Arc<Inside>>,
    ) -> Result<Self, String> {
        let mut ports = Ports::default();
        for (listener, port) in &streams {
            let number = listener.local_addr().map_err(text)?.port();
            match port {
                Port::Proxy => ports.proxy = number,
                Port::Tls => ports.tls = number,
                Port::Plain => ports.plain = number,
                Port::Relay(target) if !target.is_loopback() => {
                    // The first one is for the hooks; another one has the host's own address and port.
                    ports.relays.entry(target.clone()).or_insert(number);
                }
                Port::Relay(_) | Port::CaughtTls | Port::CaughtPlain => {}
            }
        }
        let own_proxy = match own_proxy {
            Some(listener) => {
                let number = listener.local_addr().map_err(text)?.port();
                streams.push((listener, Port::Proxy));
                number
            }
            None => ports.proxy,
        };
        for (listener, _) in &streams {
            listener.set_nonblocking(true).map_err(text)?;
        }
        for server in &name_servers {
            server.set_nonblocking(true).map_err(text)?;
        }
        Ok(Self { streams, name_servers, ports, own_proxy, inside })
    }
}

/// What is there in both cases: any ports of loopback, for clients that are told them.
fn common(hosts: &Hosts) -> Vec<(SocketAddr, Port)> {
    let any = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
    let relays = hosts.allowed().iter().filter(|target| !target.is_loopback());
    [Port::Proxy, Port::Tls, Port::Plain]
        .into_iter()
        .chain(relays.map(|target| Port::Relay(target.clone())))
        .map(|port| (any, port))
        .collect()
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

#[cfg(test)]
mod tests {
    use super::Resolver;

    #[test]
    fn reads_the_resolvers_configuration() {
        let text =
            "# made by hand\nsearch Corp.example lan\nnameserver 10.0.0.2\nnameserver fe80::1%eth0\nnameserver ::1\n";
        let resolver = Resolver::read(text);
        assert_eq!(resolver.servers.iter().map(ToString::to_string).collect::<Vec<_>>(), ["10.0.0.2", "::1"]);
        assert_eq!(resolver.search, ["corp.example", "lan"]);
        assert_eq!(Resolver::read("").servers[0].to_string(), "127.0.0.1");
    }
}
