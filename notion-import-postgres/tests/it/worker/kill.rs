//! Two processes share two thousand connections. One is killed, one sleeps past its leases and wakes up as somebody who no
//! longer owns anything. `NOTION_IMPORT_SOAK=1` tries ten times as often.

use std::time::{Duration, Instant};

use uuid::Uuid;

use super::Scene;
use super::children::Child;

const CONNECTIONS: i64 = 2_000;

/// Seconds.
const LEASE: u64 = 3;

/// A round may take so long on a machine that does much else.
const ROUND: Duration = Duration::from_secs(300);

/// Some time before this.
fn before(latest: Duration) -> Duration {
    let random = Uuid::new_v4().as_u128();
    latest.mul_f64((random % 1000) as f64 / 1000.0)
}

struct Stage {
    scene: Scene,
}

impl Stage {
    async fn new() -> Self {
        let mut scene = Scene::new(CONNECTIONS as u32).await;
        let patience = "DO $$ BEGIN EXECUTE format( \
            'ALTER DATABASE %I SET idle_in_transaction_session_timeout = 4000', current_database()); END $$";
        scene.run(patience).await;
        scene.slow(Duration::from_millis(40));
        // Until it begins.
        scene.run("UPDATE notion_import.connections SET next_run = now() + interval '1 hour'").await;
        Self { scene }
    }

    /// A process that is ready to sync.
    async fn child(&self, lease: u64) -> Child {
        let child = Child::spawn("children::child_that_syncs", &self.scene, lease);
        child.until_ready().await;
        child
    }

    /// Everything is due.
    async fn begin(&mut self) {
        self.scene.run("TRUNCATE public.runs; UPDATE notion_import.connections SET next_run = now()").await;
    }

    /// Every connection was synced, and only once.
    async fn check(&mut self, round: &str) {
        let twice =
            "SELECT tenant::text FROM public.runs WHERE failure IS NULL GROUP BY tenant HAVING count(*) > 1";
        assert_eq!(self.scene.lines(twice).await, [""; 0], "{round}: finished twice");
        assert_eq!(
            self.scene.count("public.runs WHERE failure IS NULL").await,
            CONNECTIONS,
            "{round}: finished"
        );
        // Of whoever sleeps in the middle of a transaction, the transaction does not wait.
        let failures =
            "SELECT failure FROM public.runs WHERE failure NOT IN ('store_failed', 'store_unavailable')";
        assert_eq!(self.scene.lines(failures).await, [""; 0], "{round}: failed");
        let stale = self.scene.count("public.patches WHERE generation <> owner").await;
        assert_eq!(stale, 0, "{round}: writes of a stale owner");
        let backwards = "(SELECT generation - lag(generation) OVER (PARTITION BY tenant ORDER BY number) AS step \
                         FROM public.patches) AS steps WHERE step < 0";
        assert_eq!(self.scene.count(backwards).await, 0, "{round}: writes after a later owner's");
        let unchecked = "notion_import.checks AS d JOIN notion_import.connections AS c USING (tenant_id) \
                         WHERE (c.last_run ->> 'checked')::int <> 1 OR d.checked_at < (c.last_run ->> 'started_at')::timestamptz";
        assert_eq!(self.scene.count(unchecked).await, 0, "{round}: documents that were not looked at");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_share_the_work_and_sync_every_connection_once() {
    let mut stage = Stage::new().await;
    let children = [stage.child(60).await, stage.child(60).await];
    stage.begin().await;
    stage.scene.until_done(ROUND).await;
    stage.check("undisturbed").await;
    assert_eq!(stage.scene.count("notion_import.connections WHERE generation <> 1").await, 0);
    assert_eq!(stage.scene.world.violations(), [""; 0]);
    let asked = stage.scene.world.requests().len() as i64;
    assert_eq!(asked % CONNECTIONS, 0, "as many requests for each connection");
    for child in &children {
        let done = child.ended("ok");
        assert!(done > CONNECTIONS as usize / 10, "one did {done} of {CONNECTIONS}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_is_killed_or_sleeps_loses_no_sync_and_overwrites_none() {
    let mut stage = Stage::new().await;
    let rounds = if std::env::var_os("NOTION_IMPORT_SOAK").is_some() { 50 } else { 5 };
    let mut sleeper = stage.child(LEASE).await;
    for round in 1..=rounds {
        let begun = Instant::now();
        let victim = stage.child(LEASE).await;
        let done = sleeper.ended("ok");
        stage.begin().await;
        tokio::join!(sleeper.until_more("ok", done), victim.until_more("ok", 0));
        tokio::time::sleep(before(Duration::from_millis(700))).await;
        sleeper.signal("STOP");
        tokio::time::sleep(before(Duration::from_millis(700))).await;
        drop(victim);
        let helper = stage.child(LEASE).await;
        match round % 2 {
            // When it wakes up, all it had begun has long been done by another.
            1 => {
                stage.scene.until_done(ROUND).await;
                let lost = sleeper.lost();
                sleeper.signal("CONT");
                sleeper.until_more_lost(lost).await;
            }
            // It wakes up in the middle of others taking over.
            _ => {
                tokio::join!(stage.scene.until_done(ROUND), async {
                    tokio::time::sleep(Duration::from_secs(LEASE) + before(Duration::from_secs(3))).await;
                    sleeper.signal("CONT");
                });
            }
        }
        stage.check(&format!("round {round}")).await;
        println!("round {round}: {:?}, {:?}, {:?}", begun.elapsed(), sleeper.outcomes(), helper.outcomes());
        sleeper = helper;
    }
}
