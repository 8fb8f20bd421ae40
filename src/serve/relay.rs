//! The way to real hosts that the configuration allows, and to services that a page itself started.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::header::{self, HeaderValue};
use hyper::{Request, Response, Version};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpSocket, TcpStream};
use tokio_rustls::TlsConnector;

use super::hosts::Target;
use super::inside::Inside;

/// Opens connections for clients.
pub(super) struct Relay {
    /// Trusts what the steps trust.
    pub(super) tls: TlsConnector,
    /// Where the page's own services are, unless they are on the machine's loopback.
    pub(super) inside: Option<Arc<Inside>>,
}

impl Relay {
    /// A connection to `target` as a client of the page would have it.
    pub(super) async fn dial(&self, target: &Target) -> io::Result<TcpStream> {
        match &self.inside {
            Some(inside) if target.is_loopback() => dial_inside(inside, target).await,
            _ => Self::dial_outside(target).await,
        }
    }

    /// A connection to `target` from where doccheck itself is.
    pub(super) async fn dial_outside(target: &Target) -> io::Result<TcpStream> {
        TcpStream::connect((target.host.as_str(), target.port)).await
    }

    /// Copies bytes between `client` and `target` until both have closed.
    pub(super) async fn tunnel(mut client: impl AsyncRead + AsyncWrite + Unpin, mut target: TcpStream) {
        // A connection that breaks off is the two ends' affair.
        let _ = tokio::io::copy_bidirectional(&mut client, &mut target).await;
    }

    /// Sends one request (in origin form) to `target` and hands its answer back as it comes.
    pub(super) async fn forward(
        &self,
        request: Request<Incoming>,
        tls: bool,
        target: &Target,
    ) -> Result<Response<Incoming>, String> {
        let stream = self.dial(target).await.map_err(text)?;
        if tls {
            let name = ServerName::try_from(target.host.clone()).map_err(text)?;
            let stream = self.tls.connect(name, stream).await.map_err(text)?;
            send(request, stream, target).await
        } else {
            send(request, stream, target).await
        }
    }
}

/// A service may listen on either loopback.
async fn dial_inside(inside: &Arc<Inside>, target: &Target) -> io::Result<TcpStream> {
    let named = target.host.parse().ok().filter(|ip: &IpAddr| ip.is_loopback());
    let both = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
    let mut outcome = Err(io::ErrorKind::AddrNotAvailable.into());
    for ip in named.map_or_else(|| both.to_vec(), |ip| vec![ip]) {
        let address = SocketAddr::new(ip, target.port);
        let inside = Arc::clone(inside);
        // A socket inside is made by a child process.
        let socket = tokio::task::spawn_blocking(move || inside.socket(&address)).await.map_err(io::Error::other)??;
        socket.set_nonblocking(true)?;
        outcome = TcpSocket::from_std_stream(socket).connect(address).await;
        if outcome.is_ok() {
            break;
        }
    }
    outcome
}

async fn send(
    mut request: Request<Incoming>,
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    target: &Target,
) -> Result<Response<Incoming>, String> {
    *request.version_mut() = Version::HTTP_11;
    if !request.headers().contains_key(header::HOST) {
        let host = HeaderValue::try_from(target.name()).map_err(text)?;
        request.headers_mut().insert(header::HOST, host);
    }
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(text)?;
    tokio::spawn(connection);
    sender.send_request(request).await.map_err(text)
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}
