//! How fast what is due is found, claimed and queued.

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::Utc;
use notion_import_core::{ConnectionStore, Importer, MemoryBlobs, Scheduler, StaticToken};
use notion_import_postgres::testing::run;
use notion_import_postgres::{Postgres, Worker};

use crate::bench::{Bench, Failure, each, tell};

/// So many connections are due, the others within hours.
const DUE: usize = 20_000;
/// Looked up, or claimed, at once.
const BATCH: usize = 500;
/// How often.
const CALLS: usize = 20;

pub async fn measure(bench: &Bench, size: usize) -> Result<(), Failure> {
    fill(bench, size).await?;
    look_up(bench, size).await?;
    enqueue(bench, size).await?;
    claim(bench, size).await
}

/// Connections, each of a tenant of its own.
async fn fill(bench: &Bench, size: usize) -> Result<(), Failure> {
    let mut db = bench.superuser().await?;
    let every = (size / DUE).max(1);
    let connections = format!(
        "TRUNCATE notion_import.connections CASCADE; \
         INSERT INTO notion_import.connections (tenant_id, id, reference, namespace, state, workspace, bot_id, connected_by, connected_at, \
             generation, next_run) \
         SELECT md5('company ' || n)::uuid, md5('connection ' || n)::uuid, 'connection ' || n, 'here', 'active', \
             '{{\"id\":null,\"name\":\"Acme\",\"bot\":\"35261e8c-e0a3-80c8-9f00-0123456789ab\"}}', \
             md5('bot ' || n)::uuid, md5('member')::uuid, now(), 0, \
             now() + CASE n % {every} WHEN 0 THEN -random() ELSE random() * 20 + 6 END * interval '10 minutes' \
         FROM generate_series(1, {size}) AS n"
    );
    run(&mut db, connections).await;
    bench.settle().await
}

/// The look-up alone, under the role that may.
async fn look_up(bench: &Bench, size: usize) -> Result<(), Failure> {
    let mut db = bench.superuser().await?;
    let began = Instant::now();
    for _call in 0..CALLS {
        let look = format!(
            "BEGIN; SET LOCAL ROLE notion_import_sync; SELECT count(*) FROM notion_import.due(now(), {BATCH}); ROLLBACK"
        );
        run(&mut db, look).await;
    }
    let each = each(began.elapsed(), CALLS * BATCH);
    tell(&format!("a due connection found, {BATCH} at once"), size, each, ("`SELECT 1`", bench.floor.select))
}

/// As a worker does once a minute.
async fn enqueue(bench: &Bench, size: usize) -> Result<(), Failure> {
    let mut db = bench.superuser().await?;
    run(&mut db, "DROP SCHEMA IF EXISTS notion_import_worker CASCADE").await;
    let postgres = bench.open().await?;
    let worker = Worker::open(&postgres, scheduler(&postgres)?).await?;
    let began = Instant::now();
    let queued = worker.tick().await?;
    let each = each(began.elapsed(), queued);
    tell("a due connection queued", size, each, ("one `INSERT`", bench.floor.insert))?;
    postgres.close().await;
    run(&mut db, "UPDATE notion_import.connections SET queued_from = NULL, queued_until = NULL WHERE queued_until IS NOT NULL")
        .await;
    Ok(())
}

/// One that has nothing to sync with: what is queued here is never run.
fn scheduler(postgres: &Postgres) -> Result<Scheduler, Failure> {
    let token = Arc::new(StaticToken::new("none"));
    let importer = Importer::new(token, Arc::new(postgres.clone()), Arc::new(MemoryBlobs::default()))?;
    Ok(Scheduler::new(importer, Arc::new(postgres.clone())))
}

async fn claim(bench: &Bench, size: usize) -> Result<(), Failure> {
    let postgres = bench.open().await?;
    let began = Instant::now();
    let mut claimed = 0;
    for _call in 0..CALLS {
        claimed += postgres.claim_due(Utc::now(), Duration::from_secs(600), BATCH).await?.len();
    }
    let each = each(began.elapsed(), claimed);
    tell(
        &format!("a due connection claimed, {BATCH} at once"),
        size,
        each,
        ("one `INSERT`", bench.floor.insert),
    )?;
    postgres.close().await;
    Ok(())
}
