//! The backend's own users, and what of them the library has to know.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use notion_import_core::actor::{Actor, Role};
use notion_import_core::connect::Begun;
use notion_import_core::error::StoreError;
use notion_import_core::id::{AttemptId, MemberId, TenantId};
use secrecy::{ExposeSecret, SecretString};
use sqlx::PgPool;
use uuid::Uuid;

use super::App;
use super::problem::Problem;

/// A user who is signed in.
pub struct User {
    pub actor: Actor,
    session: String,
    attempt: Option<(AttemptId, SecretString)>,
}

type Row = (Uuid, Uuid, String, Option<Uuid>, Option<String>);

impl User {
    async fn of(pool: &PgPool, session: &str) -> Result<Option<Self>, Problem> {
        let query = "SELECT tenant, member, role, attempt, secret FROM app.users WHERE session = $1";
        let row: Option<Row> =
            sqlx::query_as(query).bind(session).fetch_optional(pool).await.map_err(StoreError::backend)?;
        Ok(row.map(|(tenant, member, role, attempt, secret)| Self {
            // Whoever has a role that is not known reads.
            actor: Actor::new(
                TenantId::new(tenant),
                MemberId::new(member),
                role.parse().unwrap_or(Role::Viewer),
            ),
            session: session.to_owned(),
            attempt: attempt.map(AttemptId::new).zip(secret.map(SecretString::from)),
        }))
    }

    /// The attempt that this user has begun, and its secret.
    pub fn attempt(&self) -> Result<(AttemptId, &SecretString), Problem> {
        let attempt = self.attempt.as_ref().ok_or(StoreError::NotFound)?;
        Ok((attempt.0, &attempt.1))
    }

    pub async fn remember(&self, pool: &PgPool, begun: &Begun) -> Result<(), Problem> {
        let query = "UPDATE app.users SET attempt = $1, secret = $2 WHERE session = $3";
        let query = sqlx::query(query).bind(begun.attempt.as_uuid()).bind(begun.secret.expose_secret());
        query.bind(&self.session).execute(pool).await.map_err(StoreError::backend)?;
        Ok(())
    }
}

impl FromRequestParts<Arc<App>> for User {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Response> {
        let session = parts.headers.get("session").and_then(|session| session.to_str().ok());
        let user = Self::of(&app.pool, session.unwrap_or_default()).await.map_err(Problem::into_response)?;
        user.ok_or_else(|| StatusCode::UNAUTHORIZED.into_response())
    }
}
