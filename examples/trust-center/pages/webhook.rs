//! Where Nango says that something happened.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use chrono::Utc;
use notion_import_core::connection::{Authorizer, ConnectionRef};
use notion_import_core::error::Error;
use notion_import_nango::webhook::Event;
use tokio::time::timeout;

use super::Shared;
use crate::app::App;

/// Nango waits twenty seconds; what takes longer comes again.
const PATIENCE: Duration = Duration::from_secs(10);

/// The body is taken as it came: the signature is over its bytes.
pub async fn take(State(app): Shared, headers: HeaderMap, body: Bytes) -> StatusCode {
    let Ok(event) = app.nango.webhook(&body, &headers) else { return StatusCode::UNAUTHORIZED };
    match timeout(PATIENCE, heed(&app, &event)).await {
        Ok(Ok(())) => StatusCode::NO_CONTENT,
        Ok(Err(error)) => {
            tracing::warn!(code = error.code(), "a webhook could not be heeded");
            StatusCode::SERVICE_UNAVAILABLE
        }
        Err(_) => StatusCode::SERVICE_UNAVAILABLE,
    }
}

/// A webhook is a hint: whatever it says is asked for anew.
async fn heed(app: &App, event: &Event) -> Result<(), Error> {
    match event {
        Event::Auth(auth) if auth.success => app.connector.noticed(&auth.connection).await,
        Event::Auth(auth) => hasten(app, &auth.connection).await,
        Event::Notion(changed) => hasten(app, &changed.connection).await,
        _ => Ok(()),
    }
}

/// The next sync finds out what it was about.
async fn hasten(app: &App, reference: &ConnectionRef) -> Result<(), Error> {
    let Some(tenant) = app.nango.inspect(reference).await?.and_then(|seen| seen.tenant) else {
        return Ok(());
    };
    match app.stores.connections.called(tenant, reference).await? {
        Some(known) => Ok(app.stores.connections.hasten(tenant, known.id, Utc::now()).await?),
        None => Ok(()),
    }
}
