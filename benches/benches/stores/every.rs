//! What every store does: it brings documents in, gives one to a member, and to a reader through the gate.

use std::sync::Arc;
use std::time::{Duration, Instant};

use benches::{Case, is_quick};
use chrono::Utc;
use notion_import_core::testing::suite::content_manager;
use notion_import_core::{
    AccessLevel, AccessStore, Actor, Connection, ContactDetails, ContactId, DocumentId, DocumentStore,
    Expected, Gate, MemberId, MemoryBlobs, MemoryLibrary, NewAssignment, Publish, ReadOutcome, Role,
    TenantId, VersionNumber, Viewer, Visit,
};
use notion_import_sqlite::Sqlite;

use crate::bench::{Bench, Failure, each};
use crate::documents::{content, page};
use crate::floor::{Floor, median};

/// Documents that are brought in one by one, and as many in batches.
const DOCUMENTS: usize = 1_000;
const BATCH: usize = 100;

/// Measures all of them; PostgreSQL on one connection.
pub async fn measure(bench: &Bench) -> Result<(), Failure> {
    measure_one("memory", MemoryLibrary::default(), None).await?;
    let folder = tempfile::tempdir()?;
    let floor = Floor::of_sqlite(folder.path()).await?;
    let data = folder.path().join("data");
    measure_one("SQLite", Sqlite::open(&data).await?, Some(floor)).await?;
    let postgres = bench.open().await?;
    measure_one("PostgreSQL", postgres.clone(), Some(bench.floor)).await?;
    postgres.close().await;
    bench.empty().await;
    Ok(())
}

async fn measure_one<S>(name: &str, store: S, floor: Option<Floor>) -> Result<(), Failure>
where
    S: DocumentStore + AccessStore + 'static,
{
    let number = if is_quick() { DOCUMENTS / 10 } else { DOCUMENTS };
    let connection = Connection::new(TenantId::fresh(), "notion");
    let tell = |group, case: &str, took: Duration, least: Option<(&str, Duration)>| -> Result<(), Failure> {
        let name = format!("{name}: {case}");
        let case = Case { group, name: &name, size: number, unit: "ms" };
        case.here(took.as_secs_f64() * 1e3)?;
        if let Some((what, least)) = least {
            case.floor(what, least.as_secs_f64() * 1e3)?;
        }
        Ok(())
    };
    let (insert, select) =
        (floor.map(|floor| ("one `INSERT`", floor.insert)), floor.map(|floor| ("`SELECT 1`", floor.select)));

    let manager = content_manager(connection.tenant);
    let (mut times, mut ids) = (Vec::new(), Vec::new());
    for n in 0..number {
        let new = content(page(&format!("Policy {n}"), Utc::now()));
        let began = Instant::now();
        let imported = store.import(&manager, &connection, &new, Utc::now()).await?;
        times.push(began.elapsed());
        ids.push(imported.document());
    }
    tell("stores", "an import", median(times), insert)?;
    let batches: Vec<Vec<_>> = (0..number / BATCH)
        .map(|call| (0..BATCH).map(|n| content(page(&format!("Policy {call} {n}"), Utc::now()))).collect())
        .collect();
    let began = Instant::now();
    for batch in &batches {
        store.import_many(&manager, &connection, batch, Utc::now()).await?;
    }
    tell("stores", "an import, 100 in a batch", each(began.elapsed(), number / BATCH * BATCH), insert)?;
    let admin = Actor::new(connection.tenant, MemberId::fresh(), Role::Admin);
    let mut times = Vec::new();
    for id in &ids {
        let began = Instant::now();
        store.document(&admin, *id).await?.ok_or("it is not there")?;
        times.push(began.elapsed());
    }
    tell("stores", "a document, for a member", median(times), select)?;

    let contact = publish(&store, &admin, &ids).await?;
    let gate = Gate::new(Arc::new(store), Arc::new(MemoryBlobs::default()));
    let anybody = reads(&gate, connection.tenant, &Viewer::Anonymous, &ids[..1], number).await?;
    tell("gate", "what is public, for anybody", anybody, select)?;
    let contact = Viewer::Contact { tenant: connection.tenant, id: contact, verified: true };
    let theirs = reads(&gate, connection.tenant, &contact, &ids[1..2], number).await?;
    tell("gate", "what a contact is let in to, logged", theirs, insert)?;
    let refused = reads(&gate, connection.tenant, &Viewer::Anonymous, &ids[1..], number).await?;
    tell("gate", "a refusal", refused, select)
}

/// Publishes the first for everybody and the second for one contact.
async fn publish<S: AccessStore>(store: &S, admin: &Actor, ids: &[DocumentId]) -> Result<ContactId, Failure> {
    let contact = ContactId::fresh();
    let details = ContactDetails::new("Dana Whitfield", "Orchard Bank", "dana@orchard.example".parse()?)?;
    store.add_contact(admin, contact, &details, Utc::now()).await?;
    for (id, level) in ids.iter().zip([AccessLevel::Public, AccessLevel::Restricted]) {
        let expected =
            Expected { level: AccessLevel::Internal, revision: 0, reason: "For the bench".to_owned() };
        let (version, title) = (VersionNumber(1), "Policy".to_owned());
        let publish = Publish { version, title, level: Some(level), expected };
        store.publish(admin, *id, &publish, Utc::now()).await?;
    }
    let assignment = NewAssignment { document: ids[1], contact, expires_at: None, nda_waiver: None };
    store.assign(admin, &assignment, Utc::now()).await?;
    Ok(contact)
}

/// Asks for these in turn; the first two answers are those of a store that is not warm yet.
async fn reads(
    gate: &Gate,
    site: TenantId,
    viewer: &Viewer,
    ids: &[DocumentId],
    number: usize,
) -> Result<Duration, Failure> {
    let mut times = Vec::new();
    for id in ids.iter().cycle().take(number) {
        let visit = Visit::new(site, viewer.clone(), Utc::now());
        let began = Instant::now();
        let outcome = gate.read(&visit, *id).await?;
        times.push(began.elapsed());
        // One that is asked for alone is there to be read.
        if ids.len() == 1 && !matches!(outcome, ReadOutcome::Open(_)) {
            return Err("the gate is closed".into());
        }
    }
    Ok(median(times))
}
