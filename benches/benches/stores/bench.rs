//! A database to measure, and what was measured.

use std::error::Error;
use std::time::{Duration, Instant};

use benches::Case;
use notion_import_postgres::Postgres;
use notion_import_postgres::testing::{Cluster, run};
use sqlx::postgres::PgPoolOptions;
use sqlx::{Connection, PgConnection};

use crate::floor::Floor;

pub type Failure = Box<dyn Error>;

/// One warm-up for so many measurements.
const WARM_UP: usize = 10;

/// A cluster that is as careful as a new one is.
pub struct Bench {
    cluster: Cluster,
    pub floor: Floor,
}

impl Bench {
    pub async fn start() -> Result<Self, Failure> {
        let mut bench = Self { cluster: Cluster::local(&[]).await, floor: Floor::default() };
        bench.open().await?.close().await;
        bench.floor = Floor::of_postgres(&mut bench.superuser().await?).await?;
        Ok(bench)
    }

    /// The stores on one connection.
    pub async fn open(&self) -> Result<Postgres, Failure> {
        let pool = PgPoolOptions::new().max_connections(1);
        Ok(Postgres::new(pool.connect_with(self.cluster.superuser().clone()).await?).await?)
    }

    /// A look past all the rules.
    pub async fn superuser(&self) -> Result<PgConnection, Failure> {
        Ok(PgConnection::connect_with(self.cluster.superuser()).await?)
    }

    /// Forgets all documents: reads are measured among what is known.
    pub async fn empty(&self) {
        let Ok(mut db) = self.superuser().await else { return };
        run(&mut db, "TRUNCATE notion_import.documents, notion_import.syncs CASCADE").await;
    }

    /// Settles what was written, so that nothing goes on behind what is measured.
    pub async fn settle(&self) -> Result<(), Failure> {
        let mut db = self.superuser().await?;
        run(&mut db, "VACUUM ANALYZE").await;
        run(&mut db, "CHECKPOINT").await;
        Ok(())
    }

    /// Calls `read` on each of these, and tells how long that took and what PostgreSQL read for it.
    pub async fn latency<T: Clone>(
        &self,
        samples: &[T],
        read: impl AsyncFn(&Postgres, T) -> Result<usize, Failure>,
    ) -> Result<Latency, Failure> {
        let postgres = self.open().await?;
        for sample in samples.iter().step_by(WARM_UP) {
            read(&postgres, sample.clone()).await?;
        }
        let mut db = self.superuser().await?;
        run(&mut db, "SELECT pg_stat_reset()").await;
        let (mut times, mut rows) = (Vec::with_capacity(samples.len()), 0);
        for sample in samples {
            let began = Instant::now();
            rows += read(&postgres, sample.clone()).await?;
            times.push(began.elapsed());
        }
        // Its statistics are complete when a session has ended.
        postgres.close().await;
        tokio::time::sleep(Duration::from_millis(200)).await;
        times.sort_unstable();
        Ok(Latency { times, rows: rows / samples.len().max(1), plan: plan(&mut db).await? })
    }
}

pub struct Latency {
    /// Shortest first.
    times: Vec<Duration>,
    /// Rows that a read returned, on average.
    rows: usize,
    plan: Vec<String>,
}

impl Latency {
    fn percentile(&self, percent: usize) -> f64 {
        let at = self.times.len() * percent / 100;
        self.times.get(at).map_or(0.0, |time| time.as_secs_f64() * 1e3)
    }

    /// Tells what a read cost in the middle of all, among so many documents, and what is the least.
    pub fn tell(&self, what: &str, size: usize, floor: Floor) -> Result<(), Failure> {
        let Self { rows, plan, .. } = self;
        let name = format!("PostgreSQL: {what}");
        let case = Case { group: "stores", name: &name, size, unit: "ms" };
        let note = format!("99th {:.2} ms, {rows} rows, {}", self.percentile(99), plan.join(", "));
        case.here_with(self.percentile(50), &note)?;
        Ok(case.floor("`SELECT 1`", floor.select.as_secs_f64() * 1e3)?)
    }
}

/// The indexes that were read since the last reset, and the tables of which rows were read without one.
async fn plan(db: &mut PgConnection) -> Result<Vec<String>, Failure> {
    let indexes = "SELECT indexrelname::text FROM pg_stat_user_indexes \
         WHERE schemaname = 'notion_import' AND idx_scan > 0 \
         UNION ALL \
         SELECT format('%s WITHOUT AN INDEX (%s rows)', relname, seq_tup_read) FROM pg_stat_user_tables \
         WHERE schemaname = 'notion_import' AND relname <> 'migrations' AND seq_tup_read > 0 ORDER BY 1";
    Ok(sqlx::query_scalar(indexes).fetch_all(db).await?)
}

/// Tells what one of so many cost PostgreSQL, and what is the least for one.
pub fn tell(what: &str, size: usize, each: Duration, floor: (&str, Duration)) -> Result<(), Failure> {
    let name = format!("PostgreSQL: {what}");
    let case = Case { group: "stores", name: &name, size, unit: "ms" };
    case.here(each.as_secs_f64() * 1e3)?;
    Ok(case.floor(floor.0, floor.1.as_secs_f64() * 1e3)?)
}

/// What one of so many took.
pub fn each(took: Duration, count: usize) -> Duration {
    took.div_f64(count.max(1) as f64)
}
