//! What a supervisor asks: whether this process lives, and whether it can serve. Strangers learn no more than that.

use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use notion_import_core::StoreError;
use tokio::time::timeout;

use super::Shared;
use crate::people::COMPANIES;
use crate::stores::Stores;

/// A store that takes longer serves nobody.
const PATIENCE: Duration = Duration::from_secs(3);

/// Whether this process answers at all. It asks nobody: one whose database is away is not mended by starting it again.
pub async fn live() -> &'static str {
    "ok\n"
}

/// Whether the stores answer, so that requests may be sent here.
pub async fn ready(State(app): Shared) -> (StatusCode, &'static str) {
    match timeout(PATIENCE, answer(&app.stores)).await {
        Ok(Ok(())) => (StatusCode::OK, "ok\n"),
        Ok(Err(error)) => {
            tracing::warn!(code = notion_import_core::Error::from(error).code(), "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, "not ready\n")
        }
        Err(_) => {
            tracing::warn!(code = "too_slow", "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, "not ready\n")
        }
    }
}

/// Asks the database and where files are kept, each for little.
async fn answer(stores: &Stores) -> Result<(), StoreError> {
    let [company, ..] = &COMPANIES;
    stores.connections.list(company.tenant).await?;
    stores.blobs.tenants().await?;
    Ok(())
}
