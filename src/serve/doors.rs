//! Where the front listens: inside a network namespace that the steps are put into, so that they reach nothing
//! else; where the machine refuses namespaces, on its own loopback.

use std::net::{SocketAddr, TcpListener};
use std::os::fd::OwnedFd;

use tokio::net::TcpStream;

#[cfg(target_os = "linux")]
use std::sync::Arc;

#[cfg(target_os = "linux")]
use crate::process::namespace::Namespace;

/// The loopback that the steps see.
#[derive(Debug, Clone, Default)]
pub(super) struct Loopback {
    #[cfg(target_os = "linux")]
    namespace: Option<Arc<Namespace>>,
}

impl Loopback {
    /// A loopback with listeners, one for each of `ports`. A number other than 0 is that of a service of the machine
    /// which the steps shall find at its own place; where they share the machine's loopback they find it anyway, and
    /// its listener is at any port.
    pub(super) fn open(ports: &[u16]) -> Result<(Self, Vec<TcpListener>), String> {
        #[cfg(target_os = "linux")]
        if let Ok((namespace, listeners)) = Namespace::create(ports) {
            for listener in &listeners {
                listener.set_nonblocking(true).map_err(super::text)?;
            }
            return Ok((Self { namespace: Some(Arc::new(namespace)) }, listeners));
        }
        let listeners = ports.iter().map(|_| super::loopback_listener()).collect::<Result<_, _>>()?;
        Ok((Self::default(), listeners))
    }

    /// True where the steps have a loopback of their own, and nothing else.
    pub(super) fn is_own(&self) -> bool {
        #[cfg(target_os = "linux")]
        return self.namespace.is_some();
        #[cfg(not(target_os = "linux"))]
        false
    }

    /// What a process enters to see it, in order.
    pub(super) fn doors(&self) -> std::io::Result<Vec<OwnedFd>> {
        #[cfg(target_os = "linux")]
        if let Some(namespace) = &self.namespace {
            return namespace.doors();
        }
        Ok(Vec::new())
    }

    /// A connection to a service that a page itself started at `port`.
    pub(super) async fn dial(&self, port: u16) -> std::io::Result<TcpStream> {
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        #[cfg(target_os = "linux")]
        if let Some(namespace) = &self.namespace {
            let socket = std::net::TcpStream::from(namespace.socket()?);
            socket.set_nonblocking(true)?;
            return tokio::net::TcpSocket::from_std_stream(socket).connect(address).await;
        }
        TcpStream::connect(address).await
    }
}
