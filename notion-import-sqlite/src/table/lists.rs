//! Lists of documents, which are drawn from documents and standings.

use notion_import_core::store::{Cursor, Standing};
use notion_import_core::{
    AccessLevel, DocumentCounts, DocumentFilter, DocumentId, DocumentOrder, DocumentQuery, Place,
    PublicationState, ReadableOrder, ReadableQuery, SourceFilter, StoreError, TenantId,
};
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Sqlite, SqliteConnection, SqliteExecutor};

use super::standings;
use crate::error::backend;
use crate::row::{Columns, every, integer, json, micros};

/// What the index of stale documents is of.
macro_rules! stale {
    () => {
        "(source_id IS NULL OR connection IS NULL OR state <> 'present' OR update_available)"
    };
}

/// The documents that a query wants, one more than its page has, in the order that they are read in.
pub(crate) async fn documents(
    db: &mut SqliteConnection,
    tenant: TenantId,
    query: &DocumentQuery,
) -> Result<Vec<DocumentId>, StoreError> {
    let DocumentQuery { filter, order, place, limit } = query;
    let mut sql = QueryBuilder::new("SELECT documents.id ");
    from(&mut sql, tenant, filter);
    let few = few(&mut *db, tenant, filter).await?;
    // With the sign, the index that gives the order is not followed.
    let column = match (order, few) {
        (DocumentOrder::Newest, None) => "created_at",
        (DocumentOrder::Newest, Some(_)) => "+created_at",
        (DocumentOrder::Edited, None) => "edited_at",
        (DocumentOrder::Edited, Some(_)) => "+edited_at",
        (DocumentOrder::Title, None) => "documents.folded",
        (DocumentOrder::Title, Some(_)) => "+documents.folded",
    };
    if let Some(part) = few {
        part.narrow(&mut sql, tenant, filter);
    }
    let is_down = order.is_descending() != place.is_backward();
    if let Some(cursor) = place.cursor() {
        sql.push(format_args!(" AND ({column}, documents.id) {} (", if is_down { "<" } else { ">" }));
        match order {
            DocumentOrder::Newest | DocumentOrder::Edited => sql.push_bind(micros(cursor.at()?)),
            DocumentOrder::Title => sql.push_bind(cursor.title()?.to_owned()),
        };
        sql.push(", ").push_bind(cursor.id.to_string()).push(")");
    }
    let way = if is_down { "DESC" } else { "ASC" };
    sql.push(format_args!(" ORDER BY {column} {way}, documents.id {way} LIMIT "));
    sql.push_bind(integer(limit.saturating_add(1)));
    every(sql.build().fetch_all(db).await.map_err(backend)?, |row| row.id("id"))
}

/// How many documents a filter leaves.
pub(crate) async fn count(
    db: &mut SqliteConnection,
    tenant: TenantId,
    filter: &DocumentFilter,
) -> Result<u64, StoreError> {
    if filter.is_about_standings_alone() {
        return Ok(filter.among(&counts(db, tenant).await?));
    }
    let mut sql = QueryBuilder::new("SELECT count(*) ");
    from(&mut sql, tenant, filter);
    if let Some(part) = few(&mut *db, tenant, filter).await? {
        part.narrow(&mut sql, tenant, filter);
    }
    let count: i64 = sql.build_query_scalar().fetch_one(db).await.map_err(backend)?;
    Ok(u64::try_from(count).unwrap_or(0))
}

/// How many documents stand how. Those without a standing need not be looked at.
pub(crate) async fn counts(
    db: &mut SqliteConnection,
    tenant: TenantId,
) -> Result<DocumentCounts, StoreError> {
    let mut sql = QueryBuilder::new(
        "SELECT level, publication, version IS NOT NULL AS is_version, max(version) AS version, count(*) AS count \
         FROM standings WHERE tenant_id = ",
    );
    sql.push_bind(tenant.to_string()).push(" GROUP BY 1, 2, 3");
    let mut counts = DocumentCounts::default();
    for row in sql.build().fetch_all(&mut *db).await.map_err(backend)? {
        let state = PublicationState::of(standings::publication(&row)?);
        counts.add(standings::level(&row)?, state, row.count("count")?);
    }
    let mut sql = QueryBuilder::new("SELECT count(*) FROM documents WHERE tenant_id = ");
    sql.push_bind(tenant.to_string());
    let all: i64 = sql.build_query_scalar().fetch_one(db).await.map_err(backend)?;
    Ok(counts.with_the_rest_of(u64::try_from(all).unwrap_or(0)))
}

/// What so few documents are, these are read and put in order: the order's index would be followed far for a page of them.
const FEW: i64 = 5_000;

/// A part of a filter that may leave few documents, and that an index answers.
#[derive(Clone, Copy)]
enum Part {
    Source,
    Standing,
    Title,
}

/// The first part of a filter that leaves few.
async fn few(
    db: &mut SqliteConnection,
    tenant: TenantId,
    filter: &DocumentFilter,
) -> Result<Option<Part>, StoreError> {
    let is_standing = filter.level.is_some_and(|level| level != AccessLevel::default())
        || filter.state.is_some_and(|state| state != PublicationState::Draft);
    let parts = [
        (Part::Source, filter.source.is_some()),
        (Part::Standing, is_standing),
        (Part::Title, !filter.words().is_empty()),
    ];
    for (part, _) in parts.into_iter().filter(|(_, is_asked)| *is_asked) {
        let mut sql = QueryBuilder::new("SELECT count(*) FROM (");
        part.push(&mut sql, tenant, filter);
        sql.push(" LIMIT ").push_bind(FEW + 1).push(")");
        let count: i64 = sql.build_query_scalar().fetch_one(&mut *db).await.map_err(backend)?;
        if count <= FEW {
            return Ok(Some(part));
        }
    }
    Ok(None)
}

impl Part {
    /// Narrows a query for documents to those that the part leaves.
    fn narrow(self, sql: &mut QueryBuilder<Sqlite>, tenant: TenantId, filter: &DocumentFilter) {
        sql.push(" AND documents.id IN (");
        self.push(sql, tenant, filter);
        sql.push(")");
    }

    /// The ids of the documents that the part leaves, or of more. Nothing but an index is read for them.
    fn push(self, sql: &mut QueryBuilder<Sqlite>, tenant: TenantId, filter: &DocumentFilter) {
        match self {
            Self::Source => {
                sql.push(match filter.source {
                    Some(SourceFilter::Trouble) => {
                        "SELECT id FROM documents INDEXED BY documents_in_trouble WHERE trouble IS NOT NULL"
                    }
                    _ => concat!("SELECT id FROM documents INDEXED BY documents_stale WHERE ", stale!()),
                });
                sql.push(" AND tenant_id = ").push_bind(tenant.to_string());
            }
            Self::Standing => {
                sql.push("SELECT document_id FROM standings WHERE tenant_id = ")
                    .push_bind(tenant.to_string());
                standing(sql, filter);
            }
            Self::Title => {
                sql.push("SELECT id FROM documents INDEXED BY documents_by_title WHERE tenant_id = ");
                sql.push_bind(tenant.to_string());
                words(sql, "folded", filter.words());
            }
        }
    }
}

fn words(sql: &mut QueryBuilder<Sqlite>, column: &str, words: Vec<String>) {
    for word in words {
        sql.push(format_args!(" AND instr({column}, ")).push_bind(word).push(") > 0");
    }
}

/// The tables and the conditions of a filter. Each of the standing's is met by rows alone that are there, or says what is when none is.
fn from(sql: &mut QueryBuilder<Sqlite>, tenant: TenantId, filter: &DocumentFilter) {
    let DocumentFilter { source, connection, .. } = filter;
    sql.push("FROM documents ");
    if filter.is_about_standings() {
        sql.push(
            "LEFT JOIN standings ON standings.tenant_id = documents.tenant_id AND document_id = documents.id ",
        );
    }
    sql.push("WHERE documents.tenant_id = ").push_bind(tenant.to_string());
    words(sql, "documents.folded", filter.words());
    standing(sql, filter);
    match source {
        Some(SourceFilter::Stale) => drop(sql.push(concat!(" AND ", stale!()))),
        Some(SourceFilter::UpdateAvailable) => {
            sql.push(concat!(" AND ", stale!(), " AND update_available"));
        }
        Some(SourceFilter::Archived) => drop(sql.push(" AND state = 'archived'")),
        Some(SourceFilter::Gone) => drop(sql.push(" AND state IN ('trashed', 'not_shared', 'parent_gone')")),
        Some(SourceFilter::Detached) => drop(sql.push(" AND connection IS NULL AND source_id IS NOT NULL")),
        Some(SourceFilter::Unlinked) => drop(sql.push(" AND source_id IS NULL")),
        Some(SourceFilter::Trouble) => drop(sql.push(" AND trouble IS NOT NULL")),
        None => {}
    }
    if let Some(connection) = connection {
        sql.push(" AND connection = ").push_bind(connection.to_string());
    }
}

/// The conditions on a standing, which may not be there.
fn standing(sql: &mut QueryBuilder<Sqlite>, filter: &DocumentFilter) {
    let DocumentFilter { level, state, .. } = filter;
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
    db: impl SqliteExecutor<'_>,
    tenant: TenantId,
    whose: &Whose,
    query: &ReadableQuery,
    (place, count): (&Place, usize),
) -> Result<Vec<(Cursor, Standing)>, StoreError> {
    let order = query.order;
    let (column, is_down) = (column(order), order.is_descending() != place.is_backward());
    let part = |sql: &mut QueryBuilder<Sqlite>, which: &str, among: Option<&[DocumentId]>| {
        sql.push("SELECT * FROM (SELECT document_id FROM standings WHERE publication = 'published' ")
            .push(which);
        sql.push(" AND tenant_id = ").push_bind(tenant.to_string());
        words(sql, "folded", query.words());
        if let Some(shelf) = query.shelf() {
            sql.push(" AND shelf = ").push_bind(shelf);
        }
        for among in [among, query.among.as_deref()].into_iter().flatten() {
            sql.push(" AND document_id IN (SELECT value FROM json_each(").push_bind(json(&among)?).push("))");
        }
        // Of what was published past the stores, at no time, nothing is shown.
        if order == ReadableOrder::Newest {
            sql.push(" AND published_at IS NOT NULL");
        }
        if let Some(cursor) = place.cursor() {
            sql.push(format_args!(" AND ({column}, document_id) {} (", if is_down { "<" } else { ">" }));
            match order {
                ReadableOrder::Title => sql.push_bind(cursor.title()?.to_owned()),
                ReadableOrder::Newest => sql.push_bind(micros(cursor.at()?)),
            };
            sql.push(", ").push_bind(cursor.id.to_string()).push(")");
        }
        ordered(sql, ("", column), is_down, count);
        sql.push(")");
        Ok::<_, StoreError>(())
    };
    // What is looked for stands in the index alone; the rows are read of what is found.
    let mut sql = QueryBuilder::new("SELECT * FROM standings WHERE document_id IN (");
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
    sql.push(") AND tenant_id = ").push_bind(tenant.to_string());
    ordered(&mut sql, ("+", column), is_down, count);
    every(sql.build().fetch_all(db).await.map_err(backend)?, |row: &SqliteRow| standings::listed(row, order))
}

/// What a list is ordered by, before the id.
const fn column(order: ReadableOrder) -> &'static str {
    match order {
        ReadableOrder::Title => "folded",
        ReadableOrder::Newest => "published_at",
    }
}

/// With the sign, no index is followed for the order.
fn ordered(sql: &mut QueryBuilder<Sqlite>, (sign, column): (&str, &str), is_down: bool, count: usize) {
    let way = if is_down { "DESC" } else { "ASC" };
    sql.push(format_args!(" ORDER BY {sign}{column} {way}, {sign}document_id {way} LIMIT "));
    sql.push_bind(integer(count));
}
