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
    AccessStore, AttemptState, BlobId, ConnectionId, ConnectionRecord, Cursor, DocumentId, ImportEvent,
    ListPage, Listing, Pick, PublicDocument, Query as BrowseQuery, ReadOutcome, ReadableQuery, StoreError,
    TenantId, Viewer, Visit,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::App;
use super::user::User;

/// Every error says itself what is answered.
pub type Failed = axum::http::Response<String>;
type Answer<T> = Result<Json<T>, Failed>;
pub const UNAUTHORIZED: StatusCode = StatusCode::UNAUTHORIZED;

pub fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/connect", post(connect).get(attempt))
        .route("/connect/confirm", post(confirm))
        .route("/connections", get(connections))
        .route("/connections/{id}/entries", get(entries))
        .route("/connections/{id}/import", post(import))
        .route("/sites/{site}", get(readable))
        .route("/sites/{site}/{document}", get(read))
        .route("/sites/{site}/{document}/{blob}", get(file))
        .route("/webhooks/nango", post(webhook))
        .with_state(app)
}

async fn connect(user: User) -> Answer<Value> {
    let begun = user.app.connector.begin(&user.actor).await?;
    user.remember(&begun).await?;
    Ok(Json(json!({ "link": begun.link.url, "expires_at": begun.link.expires_at })))
}

async fn attempt(user: User) -> Answer<AttemptState> {
    Ok(Json(user.app.connector.poll(&user.actor, user.attempt()?.0).await?))
}

async fn confirm(user: User) -> Answer<ConnectionRecord> {
    let (attempt, secret) = user.attempt()?;
    Ok(Json(user.app.connector.confirm(&user.actor, attempt, secret).await?))
}

async fn connections(user: User) -> Answer<Vec<ConnectionRecord>> {
    Ok(Json(user.app.connector.connections(user.actor.tenant).await?))
}

async fn entries(user: User, id: Path<ConnectionId>, query: Query<BrowseQuery>) -> Answer<Listing> {
    let connection = user.app.connector.get(user.actor.tenant, *id).await?.connection();
    Ok(Json(user.app.importer.browse(&user.actor, &connection, &query).await?))
}

async fn import(user: User, id: Path<ConnectionId>, picks: Json<Vec<Pick>>) -> Answer<Vec<ImportEvent>> {
    let connection = user.app.connector.get(user.actor.tenant, *id).await?.connection();
    Ok(Json(user.app.importer.import(&user.actor, &connection, picks.0).collect().await))
}

type Shared = State<Arc<App>>;
/// Who has no session is a visitor like everybody.
type Visitor = Result<User, Response>;

fn visit(site: TenantId, visitor: Visitor) -> Visit {
    Visit::new(site, visitor.map_or(Viewer::Anonymous, |user| Viewer::Member(user.actor)), Utc::now())
}

type Site = Path<TenantId>;

#[derive(Deserialize)]
struct Next {
    after: Option<Cursor>,
}

async fn readable(
    app: Shared,
    visitor: Visitor,
    site: Site,
    next: Query<Next>,
) -> Answer<ListPage<PublicDocument>> {
    let Visit { site, viewer, at, .. } = visit(*site, visitor);
    Ok(Json(app.stores.readable(site, &viewer, &ReadableQuery::first(50).after(next.0.after), at).await?))
}

type Served = Result<Response, Failed>;
type Document = Path<(TenantId, DocumentId)>;
type File = Path<(TenantId, DocumentId, BlobId)>;

async fn read(app: Shared, visitor: Visitor, Path((site, id)): Document) -> Served {
    Ok(match app.gate.read(&visit(site, visitor), id).await? {
        ReadOutcome::Open(document) => Json(document).into_response(),
        ReadOutcome::Closed(outside) => (outside.status(), Json(outside)).into_response(),
        ReadOutcome::Unmarkable(error) => error.status().into_response(),
    })
}

async fn file(app: Shared, visitor: Visitor, Path((site, id, blob)): File, request: Parts) -> Served {
    match app.gate.download(&visit(site, visitor), id, &blob, &request).await? {
        ReadOutcome::Open(served) => Ok(served.response.map(Body::from_stream)),
        ReadOutcome::Closed(_) => Err(StoreError::NotFound.into()),
        ReadOutcome::Unmarkable(error) => Ok(error.status().into_response()),
    }
}

/// The body is taken as it came: the signature is over its bytes.
async fn webhook(app: Shared, headers: HeaderMap, body: Bytes) -> Result<StatusCode, Failed> {
    let event = match app.nango.webhook(&body, &headers) {
        Ok(event) => event,
        Err(refused) => return Ok(refused.status()),
    };
    if let Some(hint) = event.hint() {
        app.service.hint(&hint).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}
