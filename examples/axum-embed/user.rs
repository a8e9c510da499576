//! The backend's own users, and what of them the library has to know.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use notion_import_core::{Actor, AttemptId, Begun, MemberId, Role, StoreError, TenantId};
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

use super::App;
use super::routes::{Failed, UNAUTHORIZED};

/// A user who is signed in.
pub struct User {
    pub app: Arc<App>,
    pub actor: Actor,
    session: String,
    attempt: Option<(AttemptId, SecretString)>,
}

type Row = (Uuid, Uuid, String, Option<Uuid>, Option<String>);

impl User {
    /// The attempt that this user has begun, and its secret.
    pub fn attempt(&self) -> Result<(AttemptId, &SecretString), StoreError> {
        self.attempt.as_ref().map(|(id, secret)| (*id, secret)).ok_or(StoreError::NotFound)
    }

    pub async fn remember(&self, begun: &Begun) -> Result<(), StoreError> {
        let query = sqlx::query("UPDATE app.users SET attempt = $1, secret = $2 WHERE session = $3");
        let query = query.bind(begun.attempt.as_uuid()).bind(begun.secret.expose_secret());
        let done = query.bind(&self.session).execute(&self.app.pool).await;
        done.map(drop).map_err(StoreError::backend)
    }
}

impl FromRequestParts<Arc<App>> for User {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Response> {
        let session = parts.headers.get("session").and_then(|session| session.to_str().ok());
        let session = session.unwrap_or_default().to_owned();
        let query = "SELECT tenant, member, role, attempt, secret FROM app.users WHERE session = $1";
        let row = sqlx::query_as(query).bind(&session).fetch_optional(&app.pool).await;
        let row: Option<Row> =
            row.map_err(|error| Failed::from(StoreError::backend(error)).into_response())?;
        let (tenant, member, role, attempt, secret) = row.ok_or_else(|| UNAUTHORIZED.into_response())?;
        // Whoever has a role that is not known reads.
        let role = role.parse().unwrap_or(Role::Viewer);
        let actor = Actor::new(TenantId::new(tenant), MemberId::new(member), role);
        let attempt = attempt.map(AttemptId::new).zip(secret.map(SecretString::from));
        Ok(Self { app: app.clone(), actor, session, attempt })
    }
}
