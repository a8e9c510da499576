//! Whole tenants on SQLite.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use notion_import_core::{Action, Actor, Conflict, Erasure, StoreError, TenantStore};

use crate::database::{Sqlite, commit};
use crate::table::{audit, log_starts, tenants};

#[async_trait]
impl TenantStore for Sqlite {
    async fn erase_tenant(&self, actor: &Actor, now: DateTime<Utc>) -> Result<Erasure, StoreError> {
        actor.may(Action::EraseTenant)?;
        let tenant = actor.tenant;
        let mut tx = self.write().await?;
        if tenants::is_connected(&mut tx, tenant).await? {
            return Err(Conflict::StillConnected.into());
        }
        let Some(end) = tenants::end(&mut tx, tenant).await? else { return Ok(Erasure::default()) };
        let erased = tenants::erase(&mut tx, tenant).await?;
        log_starts::set(&mut *tx, tenant, &end).await?;
        let entries = audit::delete(&mut *tx, tenant, end.number).await?;
        audit::insert(&mut *tx, tenant, &Erasure::entry(actor, now)).await?;
        commit(tx).await?;
        self.checkpoint().await?;
        Ok(Erasure { entries, ..erased })
    }
}
