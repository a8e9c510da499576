//! The door with a real socket: an axum server whose connections can really break.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::connect_info::Connected;
use axum::extract::{ConnectInfo, State};
use axum::response::IntoResponse;
use axum::serve::{IncomingStream, Listener};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::request::Parts;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use url::Url;

use crate::testing::world::{Answer, Reply, World};
use crate::transport::{Request, SharedClock};

/// No request to Notion is longer.
const LONGEST_BODY: usize = 1 << 20;

/// A world served on 127.0.0.1, files included. Dropping it stops it.
#[derive(Debug)]
pub struct Server {
    url: String,
    stop: Option<oneshot::Sender<()>>,
    running: JoinHandle<()>,
}

impl Server {
    /// Serves a world, at the clock's time, on a port or, with 0, on any. The world's file URLs then name
    /// this server.
    ///
    /// # Errors
    /// If the port is taken.
    pub async fn start(world: World, clock: SharedClock, port: u16) -> io::Result<Self> {
        let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let url = format!("http://{}", socket.local_addr()?);
        world.serve_files_from(&url);
        let notion = Arc::new(Notion { world, clock, url: url.clone() });
        let router = Router::new().fallback(exchange).with_state(notion);
        let service = router.into_make_service_with_connect_info::<Breaker>();
        let (stop, stopped) = oneshot::channel::<()>();
        let running = tokio::spawn(async move {
            let serving = axum::serve(Breakable(socket), service).with_graceful_shutdown(async {
                let _ = stopped.await;
            });
            let _ = serving.await;
        });
        Ok(Self { url, stop: Some(stop), running })
    }

    /// Its origin, such as `http://127.0.0.1:4000`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Stops accepting and returns when the requests under way are answered.
    pub async fn stop(mut self) {
        self.stop.take();
        let _ = (&mut self.running).await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.stop.is_some() {
            self.running.abort();
        }
    }
}

struct Notion {
    world: World,
    clock: SharedClock,
    url: String,
}

async fn exchange(
    State(notion): State<Arc<Notion>>,
    ConnectInfo(breaker): ConnectInfo<Breaker>,
    request: axum::extract::Request,
) -> axum::response::Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, LONGEST_BODY).await.ok();
    let Some(request) = notion.read(parts, body) else {
        return http::StatusCode::BAD_REQUEST.into_response();
    };
    match notion.world.answer(&request, notion.clock.now()) {
        Reply::Response(answer) => respond(&answer, Body::from(answer.body.clone())),
        Reply::Reset => {
            breaker.0.store(true, Ordering::Relaxed);
            http::StatusCode::NO_CONTENT.into_response()
        }
        Reply::Cut { answer, after } => respond(&answer, cut(&answer.body, after)),
        Reply::Drip { answer, chunk, pause } => respond(&answer, drip(answer.body.clone(), chunk, pause)),
    }
}

impl Notion {
    fn read(&self, parts: Parts, body: Option<Bytes>) -> Option<Request> {
        let target = parts.uri.path_and_query()?.as_str();
        let url = Url::parse(&format!("{}{target}", self.url)).ok()?;
        Some(Request { method: parts.method, url, headers: parts.headers, body })
    }
}

fn respond(answer: &Answer, body: Body) -> axum::response::Response {
    let mut response = axum::response::Response::new(body);
    *response.status_mut() = answer.status;
    *response.headers_mut() = answer.headers.clone();
    response
}

/// The head has promised the whole length, so an error here closes the connection on an unfinished body.
fn cut(body: &Bytes, after: usize) -> Body {
    let arrived = body.slice(..after.min(body.len()));
    let broken = stream::once(async {
        // What came before is still in the buffer; it goes out while this waits.
        tokio::time::sleep(Duration::from_millis(10)).await;
        Err(io::Error::from(io::ErrorKind::ConnectionReset))
    });
    Body::from_stream(stream::once(async { Ok(arrived) }).chain(broken))
}

fn drip(body: Bytes, chunk: usize, pause: Duration) -> Body {
    Body::from_stream(stream::unfold(body, move |mut rest| async move {
        if rest.is_empty() {
            return None;
        }
        tokio::time::sleep(pause).await;
        let part = rest.split_to(chunk.min(rest.len()));
        Some((Ok::<_, io::Error>(part), rest))
    }))
}

/// A connection's own switch: once set, nothing more is written and the socket is reset.
#[derive(Clone, Debug, Default)]
struct Breaker(Arc<AtomicBool>);

impl Connected<IncomingStream<'_, Breakable>> for Breaker {
    fn connect_info(stream: IncomingStream<'_, Breakable>) -> Self {
        stream.io().breaker.clone()
    }
}

struct Breakable(TcpListener);

impl Listener for Breakable {
    type Io = BreakableStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        let (stream, address) = Listener::accept(&mut self.0).await;
        (BreakableStream { stream, breaker: Breaker::default() }, address)
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.0.local_addr()
    }
}

struct BreakableStream {
    stream: TcpStream,
    breaker: Breaker,
}

impl BreakableStream {
    fn check(&self) -> io::Result<()> {
        if self.breaker.0.load(Ordering::Relaxed) {
            // Without lingering, closing the socket is a reset and not a polite end.
            self.stream.set_zero_linger()?;
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        Ok(())
    }
}

impl AsyncRead for BreakableStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for BreakableStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
