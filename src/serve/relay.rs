//! The way to real hosts that the configuration allows, and to services that a page itself started.

use std::io;
use std::sync::Arc;

use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::header::{self, HeaderValue};
use hyper::{Request, Response, Version};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::doors::Loopback;
use super::hosts::{Hosts, Target};

/// Opens connections for clients.
pub(super) struct Relay {
    /// Trusts what the steps trust.
    pub(super) tls: TlsConnector,
    pub(super) hosts: Arc<Hosts>,
    /// Where a page's own services are.
    pub(super) loopback: Loopback,
}

impl Relay {
    /// A connection to `target`.
    pub(super) async fn dial(&self, target: &Target) -> io::Result<TcpStream> {
        if target.is_loopback() && !self.hosts.allowed().contains(target) {
            return self.loopback.dial(target.port).await;
        }
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
