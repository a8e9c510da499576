//! How a name becomes addresses, and an address a connection. It is a seam: the test kit has a wire of its own, which
//! writes down every dial.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use async_trait::async_trait;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;

use crate::error::TransportError;
use crate::tls;

/// A connection, plain or secured.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// What a download is made over. It knows no proxy and asks nothing of the environment.
#[async_trait]
pub(crate) trait Wire: Send + Sync {
    /// Finds the addresses of a host.
    async fn lookup(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>>;

    /// Dials exactly this address.
    async fn dial(&self, address: SocketAddr) -> io::Result<Box<dyn Stream>>;

    /// Secures a connection, if the other end proves that it is this host.
    async fn secure(&self, host: &str, stream: Box<dyn Stream>) -> io::Result<Box<dyn Stream>>;
}

/// The system's resolver and sockets, and TLS that trusts whom the system trusts.
pub(super) struct SystemWire(TlsConnector);

impl SystemWire {
    pub(super) fn new() -> Result<Self, TransportError> {
        Ok(Self(TlsConnector::from(Arc::new(tls::client()?))))
    }
}

#[async_trait]
impl Wire for SystemWire {
    async fn lookup(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        Ok(tokio::net::lookup_host((host, port)).await?.collect())
    }

    async fn dial(&self, address: SocketAddr) -> io::Result<Box<dyn Stream>> {
        Ok(Box::new(TcpStream::connect(address).await?))
    }

    async fn secure(&self, host: &str, stream: Box<dyn Stream>) -> io::Result<Box<dyn Stream>> {
        let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
        Ok(Box::new(self.0.connect(name, stream).await?))
    }
}
