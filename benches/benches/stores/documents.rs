//! Documents by the million, written past the stores.

use chrono::{DateTime, Utc};
use notion_import_core::notion::LastingUrl;
use notion_import_core::store::{Basis, NewContent, ReadState};
use notion_import_core::{
    Connection, Content, Exposure, Fidelity, NotionId, Source, SourceKind, SourceParent, SourceState,
    TenantId,
};
use notion_import_postgres::testing::run;
use uuid::Uuid;

use crate::bench::{Bench, Failure};

pub const TENANTS: usize = 100;

/// So many documents of each tenant are public, and as many after them are for contacts; the rest is internal, every other
/// one of it published.
const SHOWN: usize = 20;

/// Each contact is let in to every so manyth of these.
pub const CONTACTS: usize = 4;

pub fn page(title: &str, edited_at: DateTime<Utc>) -> Source {
    Source {
        id: NotionId::new(Uuid::new_v4()),
        kind: SourceKind::Page,
        url: LastingUrl::new("https://www.notion.so/Access-control-policy-35261e8ce0a380c89f000123456789ab"),
        title: title.to_owned(),
        created_at: edited_at,
        edited_at,
        parent: Some(SourceParent::DataSource(NotionId::new(Uuid::nil()))),
        icon: None,
        cover: None,
        locked: false,
    }
}

/// Two kilobytes.
pub fn text(title: &str) -> String {
    format!("# {title}\n\n{}", "We encrypt everything, at rest and on the way. ".repeat(42))
}

/// An import of a page of two kilobytes.
pub fn content(source: Source) -> NewContent {
    let text = text(&source.title);
    NewContent {
        read: ReadState {
            edited_at: source.edited_at,
            settled: true,
            basis: Some(Basis::of(&[])),
            refers: false,
            read_at: source.edited_at,
        },
        source,
        state: SourceState::Present,
        content: Content::Markdown(text),
        attachments: Vec::new(),
        fidelity: Fidelity::Complete,
        exposure: Exposure::default(),
        chosen: None,
    }
}

/// Adds documents until each of the tenants has its share of `size`.
pub async fn fill(bench: &Bench, filled: usize, size: usize) -> Result<(), Failure> {
    let new = content(page("Access control policy", Utc::now()));
    let source = serde_json::to_string(&new.source)?;
    let version = new.version(notion_import_core::VersionNumber(1), Utc::now());
    let said = serde_json::to_string(&version.content)?;
    let (first, last) = (filled / TENANTS, size / TENANTS);
    let drawn = format!(
        "CREATE TEMP TABLE drawn ON COMMIT DROP AS \
         SELECT md5('tenant ' || t)::uuid AS tenant, md5(t || ' document ' || d)::uuid AS id, t, d \
         FROM generate_series(1, {TENANTS}) AS t, generate_series({first}, {last} - 1) AS d"
    );
    let documents = format!(
        "INSERT INTO notion_import.documents (tenant_id, id, title, edited_here, latest, digest, created_at, source_id, \
             source, state, update_available, connection, read, folded, edited_at) \
         SELECT tenant, id, to_json('Policy ' || d), false, 1, sha256(id::text::bytea), now() - d * interval '1 second', \
             md5('source ' || id)::uuid, replace($json${source}$json$, '{}', md5('source ' || id)::uuid::text)::json, \
             'present', false, '{}', $json${}$json$, 'policy ' || d, now() - d * interval '1 hour' FROM drawn",
        new.source.id,
        Connection::new(TenantId::new(Uuid::nil()), "notion").id,
        serde_json::to_string(&new.read)?,
    );
    let checks = "INSERT INTO notion_import.checks SELECT tenant, id, now() FROM drawn".to_owned();
    let versions = format!(
        "INSERT INTO notion_import.versions SELECT tenant, id, 1, $json${said}$json$, NULL, '[]', $json${}$json$, \
             $json${}$json$, now(), now() FROM drawn",
        serde_json::to_string(&version.fidelity)?,
        serde_json::to_string(&version.exposure)?
    );
    let standings = format!(
        "INSERT INTO notion_import.standings SELECT tenant, id, CASE WHEN d < {SHOWN} THEN 'public' \
             WHEN d < {SHOWN} * 2 THEN 'restricted' ELSE 'internal' END, 'published', 1, 'Policy ' || d, 'policy ' || d, now(), d < {SHOWN} * 2, NULL, 1 \
         FROM drawn WHERE d < {SHOWN} * 2 OR d % 2 = 0"
    );
    let assignments = format!(
        "INSERT INTO notion_import.assignments SELECT tenant, md5('assignment ' || id)::uuid, id, \
             md5(t || ' contact ' || d % {CONTACTS})::uuid, now(), NULL, NULL, false \
         FROM drawn WHERE d BETWEEN {SHOWN} AND {SHOWN} * 2 - 1"
    );
    let contacts = format!(
        "INSERT INTO notion_import.contacts SELECT DISTINCT tenant, id, 'Dana', 'Orchard', id || '@orchard.example', false, now() \
         FROM (SELECT tenant, md5(t || ' contact ' || d % {CONTACTS})::uuid AS id FROM drawn) AS drawn \
         ON CONFLICT DO NOTHING"
    );
    let statements = [drawn, documents, checks, versions, standings, contacts, assignments];
    let mut db = bench.superuser().await?;
    // What foreign keys would check is true by the way it is drawn.
    let all =
        format!("BEGIN; SET LOCAL session_replication_role = replica; {}; COMMIT", statements.join("; "));
    run(&mut db, all).await;
    bench.settle().await
}

/// A document that was filled in, and where it came from.
pub type Sample = (TenantId, Uuid, NotionId);

/// Documents drawn at random.
pub async fn samples(bench: &Bench, count: usize) -> Result<Vec<Sample>, Failure> {
    let mut db = bench.superuser().await?;
    let rows: Vec<(Uuid, Uuid, Uuid)> = sqlx::query_as(
        "SELECT tenant_id, id, source_id FROM notion_import.documents ORDER BY random() LIMIT $1",
    )
    .bind(i64::try_from(count)?)
    .fetch_all(&mut db)
    .await?;
    let sample = |(tenant, id, source)| (TenantId::new(tenant), id, NotionId::new(source));
    Ok(rows.into_iter().map(sample).collect())
}
