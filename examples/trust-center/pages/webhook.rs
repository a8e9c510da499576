//! Where Nango says that something happened.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use tokio::time::timeout;

use super::Shared;

/// Nango waits twenty seconds; what takes longer comes again.
const PATIENCE: Duration = Duration::from_secs(10);

/// The body is taken as it came: the signature is over its bytes.
pub async fn take(State(app): Shared, headers: HeaderMap, body: Bytes) -> StatusCode {
    let Ok(event) = app.nango.webhook(&body, &headers) else { return StatusCode::UNAUTHORIZED };
    let Some(hint) = event.hint() else { return StatusCode::NO_CONTENT };
    match timeout(PATIENCE, app.service.hint(&hint)).await {
        Ok(Ok(())) => StatusCode::NO_CONTENT,
        Ok(Err(error)) => {
            tracing::warn!(code = error.code(), "a webhook could not be heeded");
            StatusCode::SERVICE_UNAVAILABLE
        }
        Err(_) => StatusCode::SERVICE_UNAVAILABLE,
    }
}
