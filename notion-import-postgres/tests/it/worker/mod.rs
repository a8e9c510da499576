//! Syncs from the queue: many tenants with one connection each, and a Notion behind a socket that takes its time.

mod children;
mod delivery;
mod kill;
mod shutdown;
mod tick;

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use notion_import_core::store::{Confirmation, ReadState};
use notion_import_core::testing::suite::{content, content_manager, dispatch, page};
use notion_import_core::testing::{Fault, FaultPlan, Server, World};
use notion_import_core::transport::SystemClock;
use notion_import_core::{
    Actor, Attempt, AttemptId, Connection, ConnectionRef, ConnectionStore, DocumentStore, Granted, Importer,
    MemberId, MemoryBlobs, Namespace, NotionId, Role, ScheduleOptions, Scheduler, Source, StaticToken,
    TenantId, Timeouts, Workspace,
};
use notion_import_postgres::{Postgres, Worker};
use sqlx::{AssertSqlSafe, PgConnection};

use crate::cluster::{Database, recognise, run};

/// The connections of a database, all due, each with one document that is linked.
struct Scene {
    database: Database,
    postgres: Postgres,
    db: PgConnection,
    /// One of them.
    connection: Connection,
    world: World,
    notion: Server,
    token: String,
}

impl Scene {
    async fn new(connections: u32) -> Self {
        let world = World::new(7);
        let edited_at = Utc::now().duration_trunc(TimeDelta::minutes(1)).unwrap();
        let author = world.at(edited_at);
        let workspace = author.workspace("Acme");
        let policy = author.page(workspace, "Policy");
        let token = world.grant(workspace, [policy]).token;
        let notion = Server::start(world.clone(), Arc::new(SystemClock), 0).await.unwrap();

        let database = Database::empty().await;
        let postgres = database.open(10).await;
        let connection = connected(&postgres, policy, edited_at).await;
        let mut db = database.superuser().await;
        multiply(&mut db, connections).await;
        record(&mut db).await;
        recognise(&postgres).await;
        Self { database, postgres, db, connection, world, notion, token }
    }

    /// Every answer of Notion takes this long.
    fn slow(&self, pause: Duration) {
        let slow = Fault::Slow { chunk: usize::MAX, pause };
        self.world.plan_faults(FaultPlan { rate: 1.0, kinds: vec![slow] });
    }

    async fn worker(&self, options: ScheduleOptions) -> Worker {
        worker(&self.postgres, self.notion.url(), &self.token, options).await
    }

    /// What a query says, in the eyes of one who sees everything.
    async fn count(&mut self, sql: &str) -> i64 {
        let sql = AssertSqlSafe(format!("SELECT count(*) FROM {sql}"));
        sqlx::query_scalar(sql).fetch_one(&mut self.db).await.unwrap()
    }

    async fn lines(&mut self, sql: &str) -> Vec<String> {
        sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_all(&mut self.db).await.unwrap()
    }

    async fn run(&mut self, sql: &str) {
        run(&mut self.db, sql).await;
    }

    async fn due(&mut self) -> i64 {
        self.count("notion_import.connections WHERE state = 'active' AND next_run <= now()").await
    }

    async fn jobs(&mut self) -> i64 {
        self.count("notion_import_worker.jobs WHERE task_identifier = 'sync'").await
    }

    /// Waits until the workers have synced everything. Minutes pass quickly: what has failed is due again.
    async fn until_done(&mut self, within: Duration) {
        let begun = Instant::now();
        let again = "UPDATE notion_import.connections SET next_run = now() \
                     WHERE state = 'active' AND next_run > now() AND last_run ->> 'failure' IS NOT NULL";
        loop {
            self.run(again).await;
            let left = self.due().await;
            if left == 0 {
                return;
            }
            assert!(begun.elapsed() < within, "{left} connections are still due after {within:?}");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }
}

/// A connection to the page, which is linked and was not edited since.
async fn connected(postgres: &Postgres, page_id: NotionId, edited_at: DateTime<Utc>) -> Connection {
    let (tenant, id, member) = (TenantId::fresh(), AttemptId::fresh(), MemberId::fresh());
    let expires_at = Utc::now() + Duration::from_secs(60);
    let attempt = Attempt::new(tenant, id, member, [1; 32], expires_at, Namespace::new("here"));
    let admin = Actor::new(tenant, member, Role::Admin);
    postgres.begin(&admin, &attempt, Utc::now()).await.unwrap();
    let workspace = Workspace { id: None, name: "Acme".into(), bot: page_id };
    let granted = Granted { reference: ConnectionRef::new("notion"), workspace };
    postgres.record_grant(tenant, id, &granted).await.unwrap();
    let record = postgres.activate(&admin, id, &Confirmation::new([1; 32], Utc::now())).await.unwrap();
    let connection = record.connection();
    let source = Source { id: page_id, parent: None, edited_at, ..page("Policy") };
    let mut new = content(&source, "Text");
    new.read = ReadState { edited_at, settled: true, basis: None, refers: false, read_at: Utc::now() };
    postgres.import(&content_manager(connection.tenant), &connection, &new, Utc::now()).await.unwrap();
    connection
}

/// Gives so many tenants in all what the one has.
async fn multiply(db: &mut PgConnection, tenants: u32) {
    let mut sql = format!(
        "CREATE TABLE public.tenants AS \
             SELECT jsonb_build_object('tenant_id', gen_random_uuid()) AS other FROM generate_series(2, {tenants});"
    );
    for table in ["connections", "documents", "checks", "versions", "audit"] {
        sql += &format!(
            "INSERT INTO notion_import.{table} SELECT (jsonb_populate_record(one, other)).* \
                 FROM notion_import.{table} AS one CROSS JOIN public.tenants;"
        );
    }
    run(db, sql + "ANALYZE").await;
}

/// Keeps what was accepted: which sync by whom, while who owned the connection.
async fn record(db: &mut PgConnection) {
    run(
        db,
        "CREATE TABLE public.patches (number bigserial, tenant uuid, generation bigint, owner bigint); \
         CREATE TABLE public.runs (number bigserial, tenant uuid, generation bigint, failure text); \
         CREATE FUNCTION public.patched() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN \
             INSERT INTO public.patches (tenant, generation, owner) \
             SELECT tenant_id, NEW.generation, generation FROM notion_import.connections WHERE tenant_id = NEW.tenant_id; \
             RETURN NULL; END $$; \
         CREATE FUNCTION public.ran() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN \
             INSERT INTO public.runs (tenant, generation, failure) \
             VALUES (NEW.tenant_id, NEW.generation, NEW.last_run ->> 'failure'); RETURN NULL; END $$; \
         CREATE TRIGGER patched AFTER INSERT OR UPDATE ON notion_import.syncs \
             FOR EACH ROW EXECUTE FUNCTION public.patched(); \
         CREATE TRIGGER ran AFTER UPDATE OF last_run ON notion_import.connections \
             FOR EACH ROW EXECUTE FUNCTION public.ran(); \
         REVOKE ALL ON FUNCTION public.patched, public.ran FROM PUBLIC",
    )
    .await;
}

/// A worker that asks the Notion at this address and spreads nothing.
async fn worker(postgres: &Postgres, notion: &str, token: &str, options: ScheduleOptions) -> Worker {
    let scheduler = scheduler(postgres, notion, token, options);
    Worker::open(postgres, scheduler).await.unwrap().spread(Duration::ZERO)
}

fn scheduler(postgres: &Postgres, notion: &str, token: &str, options: ScheduleOptions) -> Scheduler {
    let tokens = StaticToken::new(token).at(notion.parse().unwrap());
    let documents = Arc::new(postgres.clone());
    let importer = Importer::builder(Arc::new(tokens), documents, Arc::<MemoryBlobs>::default());
    let default = Timeouts::default();
    let timeouts = default.attempt(options.lease.min(default.attempt));
    let importer = importer.timeouts(timeouts).build().unwrap();
    Scheduler::new(importer, Arc::new(postgres.clone())).with(options).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_over_the_queue_serves_its_host() {
    let scene = Scene::new(1).await;
    let page = scene.world.roots(scene.world.workspaces()[0].0)[0].0;
    let scheduler = scheduler(&scene.postgres, scene.notion.url(), &scene.token, at_once(4));
    let worker = Worker::open(&scene.postgres, scheduler.clone()).await.unwrap().spread(Duration::ZERO);
    let (world, connection) = (&scene.world, &scene.connection);
    dispatch::serves(&scheduler, Arc::new(worker), world, connection, page).await.unwrap();
}

/// A scheduler that has nothing to sync with.
pub(crate) fn idle(postgres: &Postgres) -> Scheduler {
    let documents = Arc::new(postgres.clone());
    let tokens = Arc::new(StaticToken::new("none"));
    let importer = Importer::new(tokens, documents.clone(), Arc::<MemoryBlobs>::default()).unwrap();
    Scheduler::new(importer, documents)
}

/// So many at once, and a look every fifth of a second.
fn at_once(concurrency: usize) -> ScheduleOptions {
    ScheduleOptions::default().concurrency(concurrency).poll(Duration::from_millis(200))
}
