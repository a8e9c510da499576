//! What a request may bring along: so much, in so much time.

use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt;
use tokio::time::timeout;

use crate::problem::Problem;

/// How long a body may take as a whole, however it drips. Nango waits for twenty seconds.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a form or a webhook may hold.
const LENGTH: usize = 2 << 20;

/// What is heard out of more than that: a browser does not read the answer before it has sent everything.
const HEARD: usize = 16 << 20;

/// Reads a body whole before any page sees the request.
pub async fn take(request: Request, next: Next) -> Response {
    let (head, body) = request.into_parts();
    match timeout(PATIENCE, whole(body)).await {
        Ok(Some(whole)) => next.run(Request::from_parts(head, Body::from(whole))).await,
        Ok(None) => Problem::too_large().into_response(),
        Err(_) => Problem::too_slow().into_response(),
    }
}

/// None of a body that is too large, or breaks off: nobody is left to hear what is wrong with that.
async fn whole(body: Body) -> Option<Vec<u8>> {
    let (mut whole, mut length) = (Vec::new(), 0);
    let mut parts = body.into_data_stream();
    while let Some(part) = parts.next().await {
        let part = part.ok()?;
        length += part.len();
        if length > HEARD {
            return None;
        }
        // What is too much is heard, not kept.
        if length <= LENGTH {
            whole.extend_from_slice(&part);
        }
    }
    (length <= LENGTH).then_some(whole)
}
