//! The backend's own users, and what of them the library has to know.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use notion_import_core::{Actor, AttemptId, Begun, MemberId, Role, StoreError, TenantId};
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

use super::App;
use super::routes::Failed;

/// A user who is signed in.
pub struct User {
    pub app: Arc<App>,
    pub actor: Actor,
    session: String,
    attempt: Option<(AttemptId, SecretString)>,
}

type Row = (Uuid, Uuid, String, Option<Uuid>, Option<String>);

impl User {
    async fn of(app: &Arc<App>, session: &str) -> Result<Option<Self>, StoreError> {
        let query = "SELECT tenant, member, role, attempt, secret FROM app.users WHERE session = $1";
        let row = sqlx::query_as(query).bind(session).fetch_optional(&app.pool);
        let row: Option<Row> = row.await.map_err(StoreError::backend)?;
        Ok(row.map(|(tenant, member, role, attempt, secret)| {
            // Whoever has a role that is not known reads.
            let role = role.parse().unwrap_or(Role::Viewer);
            let actor = Actor::new(TenantId::new(tenant), MemberId::new(member), role);
            let attempt = attempt.map(AttemptId::new).zip(secret.map(SecretString::from));
            Self { app: app.clone(), actor, session: session.to_owned(), attempt }
        }))
    }

    /// The attempt that this user has begun, and its secret.
    pub fn attempt(&self) -> Result<(AttemptId, &SecretString), StoreError> {
        let attempt = self.attempt.as_ref().ok_or(StoreError::NotFound)?;
        Ok((attempt.0, &attempt.1))
    }

    pub async fn remember(&self, begun: &Begun) -> Result<(), StoreError> {
        let query = "UPDATE app.users SET attempt = $1, secret = $2 WHERE session = $3";
        let query = sqlx::query(query).bind(begun.attempt.as_uuid()).bind(begun.secret.expose_secret());
        query.bind(&self.session).execute(&self.app.pool).await.map_err(StoreError::backend)?;
        Ok(())
    }
}

impl FromRequestParts<Arc<App>> for User {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Response> {
        let session = parts.headers.get("session").and_then(|session| session.to_str().ok());
        let user = Self::of(app, session.unwrap_or_default())
            .await
            .map_err(|error| Failed::from(error).into_response())?;
        user.ok_or_else(|| StatusCode::UNAUTHORIZED.into_response())
    }
}
