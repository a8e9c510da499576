//! How the demo listens: no more connections than it can bear, none that says nothing, and nobody is waited for without end.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::to_bytes;
use axum::extract::ConnectInfo;
use axum::response::IntoResponse;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

use crate::headers;
use crate::problem::Problem;
use crate::stream::TimedStream;

/// Connections open at once; whoever comes next waits until one is closed.
const CONNECTIONS: usize = 512;

/// How long a request's head may take, and how long a connection is kept on which nothing is asked.
const HEAD: Duration = Duration::from_secs(10);

/// Answers until it is told to stop and the answers under way are out.
pub async fn serve(socket: TcpListener, router: Router, stop: impl Future<Output = ()>) {
    let (room, connections) = (Arc::new(Semaphore::new(CONNECTIONS)), TaskTracker::new());
    let stopping = CancellationToken::new();
    let accepting = async {
        loop {
            let Ok(place) = room.clone().acquire_owned().await else { return };
            let (stream, peer) = accept(&socket).await;
            let answering = answer(stream, peer, router.clone(), stopping.clone());
            connections.spawn(async move {
                answering.await;
                drop(place);
            });
        }
    };
    tokio::select! {
        () = accepting => {}
        () = stop => {}
    }
    stopping.cancel();
    connections.close();
    connections.wait().await;
}

/// Waits for the next connection, whatever became of others.
async fn accept(socket: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match socket.accept().await {
            Ok(accepted) => return accepted,
            Err(error) if is_of_the_connection(&error) => {}
            Err(error) => {
                tracing::error!(%error, "no connection can be accepted");
                sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

fn is_of_the_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

/// Answers on one connection until either side closes it.
async fn answer(stream: TcpStream, peer: SocketAddr, router: Router, stopping: CancellationToken) {
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        router.clone().oneshot(request)
    });
    let mut server = http1::Builder::new();
    server.timer(TokioTimer::new()).header_read_timeout(HEAD);
    let mut connection = server.serve_connection(TokioIo::new(TimedStream::new(stream)), service);
    let ended = tokio::select! {
        ended = &mut connection => ended,
        () = stopping.cancelled() => {
            Pin::new(&mut connection).graceful_shutdown();
            (&mut connection).await
        }
    };
    if ended.is_err_and(|error| error.is_timeout()) {
        let parts = connection.into_parts();
        // Nothing was asked on a connection that is merely idle.
        if !parts.read_buf.is_empty() {
            let _ = timeout(HEAD, tell_too_slow(parts.io.into_inner())).await;
        }
    }
}

/// hyper gives up on a slow head without an answer.
async fn tell_too_slow(mut stream: TimedStream) -> io::Result<()> {
    let mut response = Problem::too_slow().into_response();
    headers::complete(response.headers_mut());
    let (head, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await.map_err(io::Error::other)?;
    let mut bytes = format!("HTTP/1.1 {}\r\nconnection: close\r\n", head.status).into_bytes();
    bytes.extend(format!("content-length: {}\r\n", body.len()).bytes());
    for (name, value) in &head.headers {
        bytes.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
    }
    bytes.extend(b"\r\n");
    bytes.extend(body);
    stream.write_all(&bytes).await?;
    stream.shutdown().await
}
