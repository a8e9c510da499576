//! Where Nango and Notion say that something happened.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use chrono::Utc;
use notion_import_core::webhook as notion;
use notion_import_core::{Error, Hint};
use notion_import_nango::webhook::{Changed, Event};
use tokio::time::timeout;

use super::Shared;
use crate::app::App;
use crate::body;
use crate::deliveries::Standing;
use crate::people::COMPANIES;

/// Nango waits twenty seconds; what takes longer comes again.
const PATIENCE: Duration = Duration::from_secs(10);

/// The body is taken as it came: the signature is over its bytes.
pub async fn of_nango(State(app): Shared, headers: HeaderMap, body: Bytes) -> StatusCode {
    match app.nango.webhook(&body, &headers) {
        Err(refused) => refused.status(),
        Ok(Event::Notion(Changed { connection, event, .. })) => {
            let hints = async || Ok(event.hint(connection.clone()).into_iter().collect());
            once(&app, connection.as_str(), &event, hints).await
        }
        Ok(event) => answer(heed(&app, async || Ok(event.hint().into_iter().collect())).await),
    }
}

/// The same, straight from Notion. Until there is a token to check events with, the one that Notion sends first is kept for whoever
/// sets that up.
pub async fn of_notion(State(app): Shared, headers: HeaderMap, body: Bytes) -> StatusCode {
    let now = Utc::now();
    if app.subscription.is_to_be_set_up()
        && let Some(token) = notion::handshake(&body, &headers)
    {
        return match app.subscription.offer(token, now) {
            true => StatusCode::NO_CONTENT,
            false => StatusCode::BAD_REQUEST,
        };
    }
    match notion::verify(&body, &headers, app.subscription.tokens(), now) {
        Err(refused) => refused.status(),
        Ok(None) => StatusCode::NO_CONTENT,
        Ok(Some(event)) => once(&app, "", &event, async || concerned(&app, &event).await).await,
    }
}

/// Notion names a workspace: which connections that concerns is known here.
async fn concerned(app: &App, event: &notion::Event) -> Result<Vec<Hint>, Error> {
    let mut hints = Vec::new();
    for company in &COMPANIES {
        let known = app.stores.connections.list(company.tenant).await?;
        let concerned = known.into_iter().filter(|known| event.concerns(&known.workspace));
        hints.extend(concerned.filter_map(|known| event.hint(known.reference)));
    }
    Ok(hints)
}

/// Heeds an event of Notion's that was not heeded before.
async fn once(
    app: &App,
    connection: &str,
    event: &notion::Event,
    hints: impl AsyncFnOnce() -> Result<Vec<Hint>, Error>,
) -> StatusCode {
    match app.deliveries.standing(connection, event) {
        Standing::New => {}
        // Our answer was lost on its way.
        Standing::SentAgain => return StatusCode::NO_CONTENT,
        Standing::Replayed => {
            tracing::warn!(reason = "it was taken before", "a webhook is refused");
            return StatusCode::CONFLICT;
        }
    }
    let heeded = heed(app, hints).await;
    if heeded.is_some() {
        app.deliveries.note(connection, event);
    }
    answer(heeded)
}

/// None if it has to come again.
async fn heed(app: &App, hints: impl AsyncFnOnce() -> Result<Vec<Hint>, Error>) -> Option<()> {
    let heeding = async {
        for hint in hints().await? {
            app.service.hint(&hint).await?;
        }
        Ok::<_, Error>(())
    };
    match timeout(PATIENCE, heeding).await {
        Ok(Ok(())) => return Some(()),
        Ok(Err(error)) => tracing::warn!(code = error.code(), "a webhook could not be heeded"),
        Err(_) => tracing::warn!("a webhook could not be heeded in time"),
    }
    None
}

fn answer(heeded: Option<()>) -> StatusCode {
    heeded.map_or(StatusCode::SERVICE_UNAVAILABLE, |()| StatusCode::NO_CONTENT)
}

/// Reads the body whole, and logs that it was none that is read.
pub async fn whole(request: Request, next: Next) -> Response {
    let response = body::take(request, next).await;
    let reason = match response.status() {
        StatusCode::PAYLOAD_TOO_LARGE => "it is too large",
        StatusCode::REQUEST_TIMEOUT => "it came too slowly",
        _ => return response,
    };
    tracing::warn!(reason, "a webhook is refused");
    response
}
