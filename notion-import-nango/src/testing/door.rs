//! The stand-in over HTTP, or called in process.

use std::io;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::StatusCode;
use notion_import_core::testing::{Answer, Reply};
use notion_import_core::transport;

use super::answer::{Asked, empty};
use super::stand_in::StandIn;

/// Nango's own limit for a proxied body.
const LONGEST_BODY: usize = 75 * 1024 * 1024;
/// What was sent before a break has to leave first.
const BEFORE_BREAKING: Duration = Duration::from_millis(10);

impl StandIn {
    /// Serves everything: the API, the proxy, the consent page. It may be nested under a path.
    pub fn router(&self) -> Router {
        Router::new().fallback(exchange).with_state(self.clone())
    }

    /// Answers a request without a socket.
    pub fn reply(&self, request: &transport::Request) -> Reply {
        let transport::Request { method, url, headers, body } = request.clone();
        let (path, query) = (url.path().to_owned(), url.query().map(str::to_owned));
        self.answer(&Asked { method, path, query, headers, body: body.unwrap_or_default() })
    }
}

async fn exchange(State(stand_in): State<StandIn>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, LONGEST_BODY).await else {
        return whole(empty(StatusCode::PAYLOAD_TOO_LARGE));
    };
    let path = parts.uri.path().to_owned();
    let query = parts.uri.query().map(str::to_owned);
    let asked = Asked { method: parts.method, path, query, headers: parts.headers, body };
    match stand_in.answer(&asked) {
        Reply::Response(answer) => whole(answer),
        Reply::Reset => whole(empty(StatusCode::INTERNAL_SERVER_ERROR)),
        Reply::Cut { answer, after } => {
            let arrived = answer.body.slice(..after.min(answer.body.len()));
            let broken = Err(io::ErrorKind::ConnectionReset.into());
            parted(&answer, vec![(Duration::ZERO, Ok(arrived)), (BEFORE_BREAKING, broken)])
        }
        Reply::Drip { answer, chunk, pause } => {
            let chunks =
                answer.body.chunks(chunk.max(1)).map(|part| (pause, Ok(Bytes::copy_from_slice(part))));
            parted(&answer, chunks.collect())
        }
    }
}

fn whole(answer: Answer) -> Response {
    let body = Body::from(answer.body.clone());
    headed(&answer, body)
}

/// Each part after its pause.
fn parted(answer: &Answer, parts: Vec<(Duration, io::Result<Bytes>)>) -> Response {
    let paced = stream::iter(parts).then(|(pause, part)| async move {
        tokio::time::sleep(pause).await;
        part
    });
    headed(answer, Body::from_stream(paced))
}

fn headed(answer: &Answer, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = answer.status;
    *response.headers_mut() = answer.headers.clone();
    response
}
