//! Lists of documents, which are drawn from documents and standings.

use notion_import_core::store::{Cursor, Standing};
use notion_import_core::{
    AccessLevel, DocumentCounts, DocumentFilter, DocumentId, DocumentOrder, DocumentQuery, Place,
    PublicationState, ReadableOrder, ReadableQuery, SourceFilter, StoreError, TenantId,
};
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, PgExecutor, Postgres, QueryBuilder};
use uuid::Uuid;

use super::standings;
use crate::error::backend;
use crate::row::{Columns, every, integer};

/// What the index of stale documents is of.
const STALE: &str =
    " AND (source_id IS NULL OR connection IS NULL OR state <> 'present' OR update_available)";

/// The documents that a query wants, one more than its page has, in the order that they are read in.
pub(crate) async fn documents(
    db: impl PgExecutor<'_>,
    tenant: TenantId,
    query: &DocumentQuery,
) -> Result<Vec<DocumentId>, StoreError> {
    let DocumentQuery { filter, order, place, limit } = query;
    let mut sql = QueryBuilder::new("SELECT documents.id ");
    from(&mut sql, tenant, filter);
    let column = match order {
        DocumentOrder::Newest => "created_at",
        DocumentOrder::Edited => "edited_at",
        DocumentOrder::Title => "documents.folded",
    };
    let is_down = order.is_descending() != place.is_backward();
    if let Some(cursor) = place.cursor() {
        sql.push(format_args!(" AND ({column}, documents.id) {} (", if is_down { "<" } else { ">" }));
        match order {
            DocumentOrder::Newest | DocumentOrder::Edited => sql.push_bind(cursor.at()?),
            DocumentOrder::Title => sql.push_bind(cursor.title()?.to_owned()),
        };
        sql.push(", ").push_bind(cursor.id.as_uuid()).push(")");
    }
    let way = if is_down { "DESC" } else { "ASC" };
    sql.push(format_args!(" ORDER BY {column} {way}, documents.id {way} LIMIT "));
    sql.push_bind(integer(limit.saturating_add(1)));
    every(sql.build().fetch_all(db).await.map_err(backend)?, |row| Ok(DocumentId::new(row.id("id")?)))
}

/// How many documents a filter leaves.
pub(crate) async fn count(
    db: &mut PgConnection,
    tenant: TenantId,
    filter: &DocumentFilter,
) -> Result<u64, StoreError> {
    if filter.is_about_standings_alone() {
        return Ok(filter.among(&counts(db, tenant).await?));
    }
    let mut sql = QueryBuilder::new("SELECT count(*) ");
    from(&mut sql, tenant, filter);
    let count: i64 = sql.build_query_scalar().fetch_one(db).await.map_err(backend)?;
    Ok(u64::try_from(count).unwrap_or(0))
}

/// How many documents stand how. Those without a standing need not be looked at.
pub(crate) async fn counts(db: &mut PgConnection, tenant: TenantId) -> Result<DocumentCounts, StoreError> {
    let mut sql = QueryBuilder::new(
        "SELECT level, publication, version IS NOT NULL AS is_version, max(version) AS version, count(*) AS count \
         FROM standings WHERE tenant_id = ",
    );
    sql.push_bind(tenant.as_uuid()).push(" GROUP BY 1, 2, 3");
    let mut counts = DocumentCounts::default();
    for row in sql.build().fetch_all(&mut *db).await.map_err(backend)? {
        let state = PublicationState::of(standings::publication(&row)?);
        counts.add(standings::level(&row)?, state, row.count("count")?);
    }
    let mut sql = QueryBuilder::new("SELECT count(*) FROM documents WHERE tenant_id = ");
    sql.push_bind(tenant.as_uuid());
    let all: i64 = sql.build_query_scalar().fetch_one(db).await.map_err(backend)?;
    Ok(counts.with_the_rest_of(u64::try_from(all).unwrap_or(0)))
}

/// The tables and the conditions of a filter. Each of the standing's is met by rows alone that are there, or says what is when none is.
fn from(sql: &mut QueryBuilder<Postgres>, tenant: TenantId, filter: &DocumentFilter) {
    let DocumentFilter { text: _, level, state, source, connection } = filter;
    sql.push("FROM documents ");
    if filter.is_about_standings() {
        sql.push(
            "LEFT JOIN standings ON standings.tenant_id = documents.tenant_id AND document_id = documents.id ",
        );
    }
    sql.push("WHERE documents.tenant_id = ").push_bind(tenant.as_uuid());
    for word in filter.words() {
        sql.push(" AND strpos(documents.folded, ").push_bind(word).push(") > 0");
    }
    match level {
        // What no row says, or a level this version does not know, is internal.
        Some(AccessLevel::Internal) => {
            sql.push(" AND coalesce(level, '') NOT IN ('requires_nda', 'restricted', 'public')");
        }
        Some(level) => drop(sql.push(" AND level = ").push_bind(level.as_str())),
        None => {}
    }
    match state {
        Some(PublicationState::Published) => {
            sql.push(" AND publication = 'published' AND version IS NOT NULL");
        }
        Some(PublicationState::Archived) => drop(sql.push(" AND publication = 'archived'")),
        Some(PublicationState::Draft) => {
            sql.push(
                " AND NOT (coalesce(publication, '') = 'archived' \
                     OR coalesce(publication, '') = 'published' AND version IS NOT NULL)",
            );
        }
        None => {}
    }
    match source {
        Some(SourceFilter::Stale) => drop(sql.push(STALE)),
        Some(SourceFilter::UpdateAvailable) => drop(sql.push(STALE).push(" AND update_available")),
        Some(SourceFilter::Archived) => drop(sql.push(" AND state = 'archived'")),
        Some(SourceFilter::Gone) => drop(sql.push(" AND state IN ('trashed', 'not_shared', 'parent_gone')")),
        Some(SourceFilter::Detached) => drop(sql.push(" AND connection IS NULL AND source_id IS NOT NULL")),
        Some(SourceFilter::Unlinked) => drop(sql.push(" AND source_id IS NULL")),
        Some(SourceFilter::Trouble) => drop(sql.push(" AND trouble IS NOT NULL")),
        None => {}
    }
    if let Some(connection) = connection {
        sql.push(" AND connection = ").push_bind(connection.as_uuid());
    }
}

/// Whose list of what is published it is.
pub(crate) enum Whose {
    /// A member's: all of it.
    Members,
    /// That of somebody outside: what is public or listed, and what they were let in to.
    Outsiders(Vec<DocumentId>),
}

/// So many of the standings that are published and that somebody might be shown, from a place on. It is for
/// [`decide`](notion_import_core::decide) to say.
pub(crate) async fn published(
    db: impl PgExecutor<'_>,
    tenant: TenantId,
    whose: &Whose,
    query: &ReadableQuery,
    (place, count): (&Place, usize),
) -> Result<Vec<(Cursor, Standing)>, StoreError> {
    let order = query.order;
    let (column, is_down) = (column(order), order.is_descending() != place.is_backward());
    let part = |sql: &mut QueryBuilder<Postgres>, which: &str, among: Option<&[DocumentId]>| {
        sql.push("SELECT * FROM (SELECT * FROM standings WHERE publication = 'published' ").push(which);
        sql.push(" AND tenant_id = ").push_bind(tenant.as_uuid());
        for word in query.words() {
            sql.push(" AND strpos(folded, ").push_bind(word).push(") > 0");
        }
        if let Some(shelf) = query.shelf() {
            sql.push(" AND shelf = ").push_bind(shelf);
        }
        for among in [among, query.among.as_deref()].into_iter().flatten() {
            let among: Vec<Uuid> = among.iter().map(|id| id.as_uuid()).collect();
            sql.push(" AND document_id = ANY (").push_bind(among).push(")");
        }
        // Of what was published past the stores, at no time, nothing is shown.
        if order == ReadableOrder::Newest {
            sql.push(" AND published_at IS NOT NULL");
        }
        if let Some(cursor) = place.cursor() {
            sql.push(format_args!(" AND ({column}, document_id) {} (", if is_down { "<" } else { ">" }));
            match order {
                ReadableOrder::Title => sql.push_bind(cursor.title()?.to_owned()),
                ReadableOrder::Newest => sql.push_bind(cursor.at()?),
            };
            sql.push(", ").push_bind(cursor.id.as_uuid()).push(")");
        }
        ordered(sql, column, is_down, count);
        sql.push(") AS part");
        Ok::<_, StoreError>(())
    };
    let mut sql = QueryBuilder::new("");
    match whose {
        Whose::Members => part(&mut sql, "", None)?,
        Whose::Outsiders(assigned) => {
            part(&mut sql, "AND level <> 'internal' AND (listed OR level = 'public')", None)?;
            if !assigned.is_empty() {
                sql.push(" UNION ");
                part(&mut sql, "", Some(assigned))?;
            }
        }
    }
    ordered(&mut sql, column, is_down, count);
    every(sql.build().fetch_all(db).await.map_err(backend)?, |row: &PgRow| standings::listed(row, order))
}

/// What a list is ordered by, before the id.
const fn column(order: ReadableOrder) -> &'static str {
    match order {
        ReadableOrder::Title => "folded",
        ReadableOrder::Newest => "published_at",
    }
}

fn ordered(sql: &mut QueryBuilder<Postgres>, column: &str, is_down: bool, count: usize) {
    let way = if is_down { "DESC" } else { "ASC" };
    sql.push(format_args!(" ORDER BY {column} {way}, document_id {way} LIMIT "));
    sql.push_bind(integer(count));
}
