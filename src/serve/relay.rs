//! The way to real hosts that the configuration allows, and to services that a page itself started.

use std::error::Error;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use hyper::body::{Body, Incoming};
use hyper::client::conn::http1;
use hyper::header::{self, HeaderValue};
use hyper::{Request, Response, Version};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio_rustls::TlsConnector;

use super::hosts::Target;
use super::inside::Inside;
use crate::virtual_time::{Awaited, Wires};

/// Opens connections for clients.
pub(super) struct Relay {
    /// Trusts what the steps trust.
    pub(super) tls: TlsConnector,
    /// Where the page's own services are, unless they are on the machine's loopback.
    pub(super) inside: Option<Arc<Inside>>,
    /// Told of what keeps clients waiting.
    pub(super) wires: Arc<Wires>,
}

impl Relay {
    /// A connection to `target` as a client of the page would have it.
    pub(super) async fn dial(&self, target: &Target) -> io::Result<TcpStream> {
        match &self.inside {
            Some(inside) if target.is_loopback() => {
                // A child process helps.
                let _work = self.wires.work();
                dial_inside(inside, target).await
            }
            _ => Self::dial_outside(target).await,
        }
    }

    /// A connection to `target` from where doccheck itself is.
    pub(super) async fn dial_outside(target: &Target) -> io::Result<TcpStream> {
        TcpStream::connect((target.host.as_str(), target.port)).await
    }

    /// Copies bytes between `client` and one of the page's own services until both have closed.
    pub(super) async fn tunnel(mut client: impl AsyncRead + AsyncWrite + Unpin, mut target: TcpStream) {
        // A connection that breaks off is the two ends' affair.
        let _ = tokio::io::copy_bidirectional(&mut client, &mut target).await;
    }

    /// The same with a real host: after what the client sends, an answer is awaited.
    pub(super) async fn tunnel_outside(&self, client: impl AsyncRead + AsyncWrite, target: TcpStream) {
        let (from_client, to_client) = tokio::io::split(client);
        let (from_target, to_target) = target.into_split();
        let awaited = Mutex::new(None);
        let set = |value: Option<Awaited>| *awaited.lock().unwrap_or_else(PoisonError::into_inner) = value;
        tokio::join!(
            copy(from_client, to_target, || set(Some(self.wires.await_outside()))),
            copy(from_target, to_client, || set(None)),
        );
    }

    /// Sends one request (in origin form) to `target` and hands its answer back as it comes.
    pub(super) async fn forward<B>(
        &self,
        request: Request<B>,
        tls: bool,
        target: &Target,
    ) -> Result<Response<Incoming>, String>
    where
        B: Body<Data: Send, Error: Into<Box<dyn Error + Send + Sync>>> + Send + 'static,
    {
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

/// Copies bytes until they end, and tells of each piece.
async fn copy(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin, tell: impl Fn()) {
    let mut bytes = vec![0; 16 * 1024];
    // A connection that breaks off is the two ends' affair.
    while let Ok(count @ 1..) = from.read(&mut bytes).await {
        tell();
        if to.write_all(&bytes[..count]).await.is_err() {
            break;
        }
    }
    let _ = to.shutdown().await;
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

async fn send<B>(
    mut request: Request<B>,
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    target: &Target,
) -> Result<Response<Incoming>, String>
where
    B: Body<Data: Send, Error: Into<Box<dyn Error + Send + Sync>>> + Send + 'static,
{
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
