//! One exchange with a file server, on a connection of its own.
//!
//! It is no more than HTTP/1.1 over a [`Wire`]: there is no redirect, proxy, cookie or decoding in it that could be
//! talked into anything. Every address is judged where it counts, right before it is dialled.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::StreamExt;
use http::{HeaderValue, header};
use http_body_util::{BodyStream, Empty};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::task::JoinSet;
use tokio::time::timeout;
use url::{Host, Url};

use super::wire::{Stream, Wire};
use crate::error::TransportError;
use crate::transport::{Body, Request, Response, Transport, sealed::Sealed};

/// Finding, dialling and securing take no longer together; one address of several no longer than a part of it.
const CONNECT: Duration = Duration::from_secs(15);
const DIAL: Duration = Duration::from_secs(5);

/// Which addresses are dialled.
pub(super) type Vet = fn(IpAddr) -> bool;

/// Exchanges over a wire, with the addresses that are accepted and no others.
pub(super) struct Exchange {
    pub(super) wire: Arc<dyn Wire>,
    pub(super) vet: Vet,
}

/// An address of the host is not one that is dialled.
#[derive(Debug, thiserror::Error)]
#[error("the host has an address that is not public")]
pub(super) struct NotPublic;

impl Sealed for Exchange {}

#[async_trait]
impl Transport for Exchange {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        let stream = timeout(CONNECT, self.connect(&request.url)).await;
        let stream = stream.map_err(|_| TransportError::Timeout)?.map_err(connect)?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(connect)?;
        // Whoever drops the body, or this future, closes the connection with it.
        let mut driver = JoinSet::new();
        driver.spawn(connection);
        let response = sender.send_request(written(request)?).await.map_err(connect)?;
        let (head, body) = response.into_parts();
        Ok(Response { status: head.status, headers: head.headers, body: bytes(body, driver) })
    }
}

impl Exchange {
    async fn connect(&self, url: &Url) -> io::Result<Box<dyn Stream>> {
        let host = url.host().ok_or(io::ErrorKind::InvalidInput)?;
        let port = url.port_or_known_default().ok_or(io::ErrorKind::InvalidInput)?;
        let addresses = match host {
            Host::Ipv4(ip) => vec![SocketAddr::new(ip.into(), port)],
            Host::Ipv6(ip) => vec![SocketAddr::new(ip.into(), port)],
            Host::Domain(name) => self.wire.lookup(name, port).await?,
        };
        // One that is not public among others is no accident.
        if !addresses.iter().all(|address| (self.vet)(address.ip())) {
            return Err(io::Error::other(NotPublic));
        }
        let stream = self.dial(&addresses).await?;
        match url.scheme() {
            "https" => self.wire.secure(url.host_str().unwrap_or_default(), stream).await,
            _ => Ok(stream),
        }
    }

    async fn dial(&self, addresses: &[SocketAddr]) -> io::Result<Box<dyn Stream>> {
        let mut last = io::ErrorKind::NotFound.into();
        for address in addresses {
            match timeout(DIAL, self.wire.dial(*address)).await {
                Ok(Ok(stream)) => return Ok(stream),
                Ok(Err(error)) => last = error,
                Err(_) => last = io::ErrorKind::TimedOut.into(),
            }
        }
        Err(last)
    }
}

/// Writes a request as it goes over the wire: the path alone, and the host in a header.
fn written(request: Request) -> Result<http::Request<Empty<Bytes>>, TransportError> {
    let url = &request.url;
    let path = &url[url::Position::BeforePath..url::Position::AfterQuery];
    let host = &url[url::Position::BeforeHost..url::Position::AfterPort];
    let mut written = http::Request::builder().method(request.method).uri(path);
    if let Some(headers) = written.headers_mut() {
        *headers = request.headers;
        headers.insert(header::HOST, HeaderValue::from_str(host).map_err(connect)?);
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    written.body(Empty::new()).map_err(connect)
}

fn bytes(body: Incoming, driver: JoinSet<hyper::Result<()>>) -> Body {
    let parts = BodyStream::new(body).filter_map(move |frame| {
        let _alive = &driver;
        let part = match frame {
            Ok(frame) => frame.into_data().ok().map(Ok),
            Err(error) => Some(Err(TransportError::Interrupted(Some(Box::new(error))))),
        };
        async move { part }
    });
    parts.boxed()
}

fn connect(error: impl Into<crate::error::Cause>) -> TransportError {
    TransportError::Connect(Some(error.into()))
}
