//! How long reads take.

use std::collections::HashMap;

use chrono::{TimeDelta, Utc};
use notion_import_core::store::Key;
use notion_import_core::testing::suite::permit;
use notion_import_core::{
    AccessStore, Actor, Connection, ContactId, Cursor, DocumentId, DocumentQuery, DocumentStore, MemberId,
    NotionId, ReadableQuery, Role, TenantId, VersionNumber, Viewer,
};
use sqlx::Row;
use uuid::Uuid;

use crate::bench::{Bench, Failure};
use crate::documents::{self, Sample};

/// Reads of each kind.
const READS: usize = 1_000;
/// Documents on a page of a list.
const PAGE: usize = 50;

pub async fn measure(bench: &Bench, size: usize) -> Result<(), Failure> {
    let samples = documents::samples(bench, READS).await?;
    let contacts = contacts(bench).await?;
    let samples: Vec<(Sample, ContactId)> = samples
        .into_iter()
        .zip(contacts.into_iter().cycle())
        .map(|(sample, (_, contact))| (sample, contact))
        .collect();
    readable(bench, size).await?;
    let get = bench.latency(&samples, async |postgres, ((tenant, id, _), _)| {
        let found = postgres.document(&member(tenant), DocumentId::new(id)).await?;
        Ok(usize::from(found.is_some()))
    });
    get.await?.tell("get, for a member", size, bench.floor)?;
    let read = bench.latency(&samples, async |postgres, ((tenant, id, _), contact)| {
        let id = DocumentId::new(id);
        postgres.facts(tenant, Some(contact), id).await?;
        Ok(usize::from(postgres.content(&permit(tenant, id, VersionNumber(1))).await?.is_some()))
    });
    read.await?.tell("facts and content, for a contact", size, bench.floor)?;
    let list = bench.latency(&samples, async |postgres, ((tenant, id, _), _)| {
        let back = TimeDelta::seconds(i64::from(id.as_bytes()[15]));
        let after = Cursor { key: Key::At((Utc::now() - back).timestamp_micros()), id: DocumentId::new(id) };
        let query = DocumentQuery::newest(PAGE).after(Some(after));
        Ok(postgres.documents(&member(tenant), &query).await?.documents.len())
    });
    list.await?.tell("a page of all, for a member", size, bench.floor)?;
    linked(bench, &samples, size).await
}

async fn readable(bench: &Bench, size: usize) -> Result<(), Failure> {
    let contacts = contacts(bench).await?;
    let contacts: Vec<_> = contacts.into_iter().cycle().take(READS).collect();
    let anonymous = bench.latency(&contacts, async |postgres, (tenant, _)| {
        Ok(postgres
            .readable(tenant, &Viewer::Anonymous, &ReadableQuery::first(PAGE), Utc::now())
            .await?
            .documents
            .len())
    });
    anonymous.await?.tell("a page of what is readable, for anybody", size, bench.floor)?;
    let contact = bench.latency(&contacts, async |postgres, (tenant, contact)| {
        let viewer = Viewer::Contact { tenant, id: contact, verified: true };
        Ok(postgres.readable(tenant, &viewer, &ReadableQuery::first(PAGE), Utc::now()).await?.documents.len())
    });
    contact.await?.tell("a page of what is readable, for a contact", size, bench.floor)?;
    Ok(())
}

async fn linked(bench: &Bench, samples: &[(Sample, ContactId)], size: usize) -> Result<(), Failure> {
    let page = bench.latency(samples, async |postgres, ((tenant, id, _), _)| {
        let connection = Connection::new(tenant, "notion");
        Ok(postgres.linked(&connection, Some(DocumentId::new(id)), PAGE).await?.len())
    });
    page.await?.tell("a page of what is linked", size, bench.floor)?;
    let detached = bench.latency(samples, async |postgres, ((tenant, id, _), _)| {
        Ok(postgres.detached(tenant, Some(DocumentId::new(id)), PAGE).await?.len())
    });
    detached.await?.tell("a page of what is detached", size, bench.floor)?;
    let mut sources: HashMap<TenantId, Vec<NotionId>> = HashMap::new();
    for ((tenant, _, source), _) in samples {
        sources.entry(*tenant).or_default().push(*source);
    }
    let by_source = bench.latency(samples, async |postgres, ((tenant, _, _), _)| {
        Ok(postgres.linked_by_source(tenant, &sources[&tenant]).await?.len())
    });
    by_source.await?.tell("what is linked to some sources", size, bench.floor)?;
    Ok(())
}

fn member(tenant: TenantId) -> Actor {
    Actor::new(tenant, MemberId::new(Uuid::nil()), Role::Admin)
}

async fn contacts(bench: &Bench) -> Result<Vec<(TenantId, ContactId)>, Failure> {
    let mut db = bench.superuser().await?;
    let rows = sqlx::query("SELECT DISTINCT tenant_id, contact_id FROM notion_import.assignments ORDER BY 2");
    let rows = rows.fetch_all(&mut db).await?;
    let contact =
        |row: &sqlx::postgres::PgRow| Ok((TenantId::new(row.try_get(0)?), ContactId::new(row.try_get(1)?)));
    Ok(rows.iter().map(contact).collect::<Result<_, sqlx::Error>>()?)
}
