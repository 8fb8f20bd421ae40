//! The namespace of a network, where the system has namespaces.

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::os::fd::OwnedFd;

#[cfg(target_os = "linux")]
use crate::process::namespace::{Endpoint, Namespace};

/// A namespace with its sockets.
#[cfg(target_os = "linux")]
#[derive(Debug)]
pub(super) struct Inside(Namespace);

#[cfg(target_os = "linux")]
impl Inside {
    /// Makes it, with TCP listeners and UDP sockets at these addresses.
    pub(super) fn create(
        streams: &[SocketAddr],
        datagrams: &[SocketAddr],
    ) -> io::Result<(Self, Vec<TcpListener>, Vec<UdpSocket>)> {
        let listeners = streams.iter().map(|address| Endpoint::Listener(*address));
        let endpoints: Vec<_> =
            listeners.chain(datagrams.iter().map(|address| Endpoint::Datagrams(*address))).collect();
        let (namespace, sockets) = Namespace::create(&endpoints)?;
        let mut sockets = sockets.into_iter();
        let listeners = sockets.by_ref().take(streams.len()).map(TcpListener::from).collect();
        Ok((Self(namespace), listeners, sockets.map(UdpSocket::from).collect()))
    }

    /// The namespaces to enter, in order.
    pub(super) fn doors(&self) -> io::Result<Vec<OwnedFd>> {
        self.0.doors()
    }

    /// An unconnected socket inside, for addresses like this one.
    pub(super) fn socket(&self, address: &SocketAddr) -> io::Result<TcpStream> {
        self.0.socket(address)
    }
}

/// Other systems have none.
#[cfg(not(target_os = "linux"))]
#[derive(Debug)]
pub(super) enum Inside {}

#[cfg(not(target_os = "linux"))]
impl Inside {
    pub(super) fn create(
        _streams: &[SocketAddr],
        _datagrams: &[SocketAddr],
    ) -> io::Result<(Self, Vec<TcpListener>, Vec<UdpSocket>)> {
        Err(io::Error::other("this system has no network namespaces"))
    }

    pub(super) fn doors(&self) -> io::Result<Vec<OwnedFd>> {
        match *self {}
    }

    pub(super) fn socket(&self, _address: &SocketAddr) -> io::Result<TcpStream> {
        match *self {}
    }
}
