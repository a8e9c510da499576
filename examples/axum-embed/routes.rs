//! The doors: for members, for readers, and for Nango.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{Path, Query, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use chrono::Utc;
use futures_util::StreamExt;
use notion_import_core::actor::Action;
use notion_import_core::browse;
use notion_import_core::connect::AttemptState;
use notion_import_core::connection::{Connection, ConnectionRecord};
use notion_import_core::error::StoreError;
use notion_import_core::id::{ConnectionId, DocumentId, NotionId, TenantId};
use notion_import_core::import::{Event, Pick};
use notion_import_core::library::access::Viewer;
use notion_import_core::library::blob::BlobId;
use notion_import_core::library::gate::{
    AccessStore, AdminDocument, LevelChange, PublicDocument, Publish, ReadOutcome,
};
use notion_import_core::sync::SyncReport;
use serde::Deserialize;
use serde_json::{Value, json};

use super::App;
use super::problem::Problem;
use super::user::User;

type Shared = State<Arc<App>>;
type Visitor = Result<User, Response>;
type Answer<T> = Result<Json<T>, Problem>;

pub fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/connect", post(connect).get(attempt).delete(cancel))
        .route("/connect/confirm", post(confirm))
        .route("/connections", get(connections))
        .route("/connections/{id}/entries", get(entries))
        .route("/connections/{id}/import", post(import))
        .route("/connections/{id}/sync", post(sync))
        .route("/documents", get(documents))
        .route("/documents/{id}/publish", post(publish))
        .route("/documents/{id}/level", post(set_level))
        .route("/sites/{site}", get(readable))
        .route("/sites/{site}/{document}", get(read))
        .route("/sites/{site}/{document}/{blob}", get(file))
        .route("/webhooks/nango", post(webhook))
        .with_state(app)
}

/// The connection whose consent is to be renewed, if it is not a new one.
#[derive(Deserialize)]
struct Renewal {
    renews: Option<ConnectionId>,
}

async fn connect(State(app): Shared, user: User, Query(asked): Query<Renewal>) -> Answer<Value> {
    let begun = match asked.renews {
        None => app.connector.begin(&user.actor).await?,
        Some(id) => app.connector.reconnect(&user.actor, id).await?,
    };
    user.remember(&app.pool, &begun).await?;
    Ok(Json(json!({ "link": begun.link.url, "expires_at": begun.link.expires_at })))
}

async fn attempt(State(app): Shared, user: User) -> Answer<AttemptState> {
    Ok(Json(app.connector.poll(&user.actor, user.attempt()?.0).await?))
}

/// What the administrator was shown: the bot of the workspace to be left, if there is one.
#[derive(Deserialize)]
struct Shown {
    leaves: Option<NotionId>,
}

async fn confirm(State(app): Shared, user: User, Json(shown): Json<Shown>) -> Answer<ConnectionRecord> {
    let (attempt, secret) = user.attempt()?;
    Ok(Json(match shown.leaves {
        None => app.connector.confirm(&user.actor, attempt, secret).await?,
        Some(from) => app.connector.confirm_change(&user.actor, attempt, secret, from).await?,
    }))
}

async fn cancel(State(app): Shared, user: User) -> Result<StatusCode, Problem> {
    let (attempt, secret) = user.attempt()?;
    app.connector.cancel(&user.actor, attempt, secret).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn connections(State(app): Shared, user: User) -> Answer<Vec<ConnectionRecord>> {
    Ok(Json(app.connector.connections(user.actor.tenant).await?))
}

/// A connection of the user's tenant, for who may import.
async fn usable(app: &App, user: &User, id: ConnectionId) -> Result<Connection, Problem> {
    user.actor.may(Action::Import)?;
    Ok(app.connector.get(user.actor.tenant, id).await?.connection())
}

async fn entries(
    State(app): Shared,
    user: User,
    Path(id): Path<ConnectionId>,
    Query(query): Query<browse::Query>,
) -> Answer<browse::Listing> {
    let connection = usable(&app, &user, id).await?;
    Ok(Json(app.importer.browse(&connection, &query).await?))
}

async fn import(
    State(app): Shared,
    user: User,
    Path(id): Path<ConnectionId>,
    Json(picks): Json<Vec<Pick>>,
) -> Answer<Vec<Event>> {
    let connection = usable(&app, &user, id).await?;
    Ok(Json(app.importer.import(&user.actor, &connection, picks).collect().await))
}

/// None if it is being synced already.
async fn sync(State(app): Shared, user: User, Path(id): Path<ConnectionId>) -> Answer<Option<SyncReport>> {
    user.actor.may(Action::Import)?;
    Ok(Json(app.service.scheduler().sync_now(user.actor.tenant, id).await?))
}

async fn documents(State(app): Shared, user: User) -> Answer<Vec<AdminDocument>> {
    Ok(Json(app.stores.documents(&user.actor, None, 100).await?))
}

async fn publish(
    State(app): Shared,
    user: User,
    Path(id): Path<DocumentId>,
    Json(publish): Json<Publish>,
) -> Result<StatusCode, Problem> {
    app.stores.publish(&user.actor, id, &publish, Utc::now()).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn set_level(
    State(app): Shared,
    user: User,
    Path(id): Path<DocumentId>,
    Json(change): Json<LevelChange>,
) -> Result<StatusCode, Problem> {
    app.stores.set_level(&user.actor, id, &change, Utc::now()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Who has no session is a visitor like everybody.
fn viewer(user: Visitor) -> Viewer {
    user.map_or(Viewer::Anonymous, |user| Viewer::Member(user.actor))
}

async fn readable(
    State(app): Shared,
    visitor: Visitor,
    Path(site): Path<TenantId>,
) -> Answer<Vec<PublicDocument>> {
    Ok(Json(app.stores.readable(site, &viewer(visitor), Utc::now()).await?))
}

async fn read(
    State(app): Shared,
    visitor: Visitor,
    Path((site, id)): Path<(TenantId, DocumentId)>,
) -> Result<Response, Problem> {
    Ok(match app.gate.read(site, &viewer(visitor), id, Utc::now()).await? {
        ReadOutcome::Open(document) => Json(document).into_response(),
        ReadOutcome::Closed(outside) => (outside.status(), Json(outside)).into_response(),
    })
}

async fn file(
    State(app): Shared,
    visitor: Visitor,
    Path((site, id, blob)): Path<(TenantId, DocumentId, BlobId)>,
    request: Parts,
) -> Result<Response, Problem> {
    let reading = app.gate.read(site, &viewer(visitor), id, Utc::now()).await?;
    let ReadOutcome::Open(document) = reading else { return Err(StoreError::NotFound.into()) };
    Ok(app.gate.answer(&document, &blob, &request).await?.map(Body::from_stream))
}

/// The body is taken as it came: the signature is over its bytes.
async fn webhook(State(app): Shared, headers: HeaderMap, body: Bytes) -> Result<StatusCode, Problem> {
    let Ok(event) = app.nango.webhook(&body, &headers) else { return Ok(StatusCode::UNAUTHORIZED) };
    if let Some(hint) = event.hint() {
        app.service.hint(&hint).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}
