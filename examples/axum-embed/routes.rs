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
use notion_import_core::{
    AccessStore, AdminDocument, AttemptState, BlobId, ConnectionId, ConnectionRecord, DocumentId,
    ImportEvent, LevelChange, Listing, NotionId, Pick, PublicDocument, Publish, Query as BrowseQuery,
    ReadOutcome, StoreError, SyncReport, TenantId, Viewer,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::App;
use super::user::User;

/// Every error says itself what is answered.
pub type Failed = axum::http::Response<String>;
type Answer<T> = Result<Json<T>, Failed>;
type Done = Result<StatusCode, Failed>;

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

async fn connect(user: User, Query(asked): Query<Renewal>) -> Answer<Value> {
    let begun = match asked.renews {
        None => user.app.connector.begin(&user.actor).await?,
        Some(id) => user.app.connector.reconnect(&user.actor, id).await?,
    };
    user.remember(&begun).await?;
    Ok(Json(json!({ "link": begun.link.url, "expires_at": begun.link.expires_at })))
}

async fn attempt(user: User) -> Answer<AttemptState> {
    Ok(Json(user.app.connector.poll(&user.actor, user.attempt()?.0).await?))
}

/// What the administrator was shown: the bot of the workspace to be left, if there is one.
#[derive(Deserialize)]
struct Shown {
    leaves: Option<NotionId>,
}

async fn confirm(user: User, Json(shown): Json<Shown>) -> Answer<ConnectionRecord> {
    let (attempt, secret) = user.attempt()?;
    Ok(Json(match shown.leaves {
        None => user.app.connector.confirm(&user.actor, attempt, secret).await?,
        Some(from) => user.app.connector.confirm_change(&user.actor, attempt, secret, from).await?,
    }))
}

async fn cancel(user: User) -> Done {
    let (attempt, secret) = user.attempt()?;
    user.app.connector.cancel(&user.actor, attempt, secret).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn connections(user: User) -> Answer<Vec<ConnectionRecord>> {
    Ok(Json(user.app.connector.connections(user.actor.tenant).await?))
}

async fn entries(
    user: User,
    Path(id): Path<ConnectionId>,
    Query(query): Query<BrowseQuery>,
) -> Answer<Listing> {
    let record = user.app.connector.get(user.actor.tenant, id).await?;
    Ok(Json(user.app.importer.browse(&user.actor, &record.connection(), &query).await?))
}

async fn import(
    user: User,
    Path(id): Path<ConnectionId>,
    Json(picks): Json<Vec<Pick>>,
) -> Answer<Vec<ImportEvent>> {
    let connection = user.app.connector.get(user.actor.tenant, id).await?.connection();
    Ok(Json(user.app.importer.import(&user.actor, &connection, picks).collect().await))
}

/// None if it is being synced already.
async fn sync(user: User, Path(id): Path<ConnectionId>) -> Answer<Option<SyncReport>> {
    Ok(Json(user.app.service.scheduler().sync_now(&user.actor, id).await?))
}

async fn documents(user: User) -> Answer<Vec<AdminDocument>> {
    Ok(Json(user.app.stores.documents(&user.actor, None, 100).await?))
}

async fn publish(user: User, Path(id): Path<DocumentId>, Json(publish): Json<Publish>) -> Done {
    user.app.stores.publish(&user.actor, id, &publish, Utc::now()).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn set_level(user: User, Path(id): Path<DocumentId>, Json(change): Json<LevelChange>) -> Done {
    user.app.stores.set_level(&user.actor, id, &change, Utc::now()).await?;
    Ok(StatusCode::NO_CONTENT)
}

type Shared = State<Arc<App>>;
/// Who has no session is a visitor like everybody.
type Visitor = Result<User, Response>;

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
) -> Result<Response, Failed> {
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
) -> Result<Response, Failed> {
    let reading = app.gate.read(site, &viewer(visitor), id, Utc::now()).await?;
    let ReadOutcome::Open(document) = reading else { return Err(StoreError::NotFound.into()) };
    Ok(app.gate.answer(&document, &blob, &request).await?.map(Body::from_stream))
}

/// The body is taken as it came: the signature is over its bytes.
async fn webhook(State(app): Shared, headers: HeaderMap, body: Bytes) -> Done {
    let Ok(event) = app.nango.webhook(&body, &headers) else { return Ok(StatusCode::UNAUTHORIZED) };
    if let Some(hint) = event.hint() {
        app.service.hint(&hint).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}
