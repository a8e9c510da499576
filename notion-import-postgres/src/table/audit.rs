//! The history of documents. It is only added to.

use notion_import_core::error::StoreError;
use notion_import_core::id::{DocumentId, TenantId};
use notion_import_core::library::audit::AuditEntry;
use sqlx::PgExecutor;
use uuid::Uuid;

use crate::error::backend;
use crate::row::json;

/// It adds entries, in this order, to the histories of documents that the transaction has locked.
pub(crate) async fn insert(
    db: impl PgExecutor<'_>,
    tenant: TenantId,
    entries: &[(DocumentId, AuditEntry)],
) -> Result<(), StoreError> {
    if entries.is_empty() {
        return Ok(());
    }
    let events = entries.iter().map(|(_, entry)| json(&entry.event)).collect::<Result<Vec<_>, _>>()?;
    let members: Vec<Option<Uuid>> =
        entries.iter().map(|(_, entry)| entry.member.map(|member| member.as_uuid())).collect();
    sqlx::query(
        "INSERT INTO audit (tenant_id, document_id, number, at, member_id, event) \
         SELECT $1, new.document_id, \
             row_number() OVER (PARTITION BY new.document_id ORDER BY new.place) + coalesce(( \
                 SELECT max(number) FROM audit AS kept \
                 WHERE kept.tenant_id = $1 AND kept.document_id = new.document_id), 0), \
             new.at, new.member_id, new.event::json \
         FROM unnest($2::uuid[], $3::timestamptz[], $4::uuid[], $5::text[]) WITH ORDINALITY \
             AS new (document_id, at, member_id, event, place)",
    )
    .bind(tenant.as_uuid())
    .bind(entries.iter().map(|(document, _)| document.as_uuid()).collect::<Vec<_>>())
    .bind(entries.iter().map(|(_, entry)| entry.at).collect::<Vec<_>>())
    .bind(members)
    .bind(events)
    .execute(db)
    .await
    .map_err(backend)?;
    Ok(())
}

/// Newest first.
#[cfg(feature = "gate")]
pub(crate) async fn list(
    db: impl PgExecutor<'_>,
    tenant: TenantId,
    document: DocumentId,
) -> Result<Vec<AuditEntry>, StoreError> {
    use notion_import_core::id::MemberId;

    use crate::row::{Columns, every};

    let rows =
        sqlx::query("SELECT * FROM audit WHERE tenant_id = $1 AND document_id = $2 ORDER BY number DESC")
            .bind(tenant.as_uuid())
            .bind(document.as_uuid())
            .fetch_all(db)
            .await
            .map_err(backend)?;
    every(rows, |row| {
        Ok(AuditEntry {
            at: row.time("at")?,
            member: row.id_or_none("member_id")?.map(MemberId::new),
            event: row.json("event")?,
        })
    })
}
