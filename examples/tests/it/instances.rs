//! Two instances on one database: they share the work, and one goes on alone.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use notion_import_postgres::testing::{Database, HOST};
use tempfile::TempDir;
use tokio::task::spawn_blocking;
use tokio::time::sleep;

use crate::demo::{self, Browser, Demo};
use crate::publishing::publish_as;
use crate::reading::set_level;
use crate::story::{self, POLICY};

/// A round of syncs, as the instances are told.
const ROUND: &str = "1s";

/// Two instances that were started at the same moment.
struct Two {
    one: Demo,
    two: Demo,
    database: Database,
    data: TempDir,
}

impl Two {
    async fn start() -> Self {
        let (database, data) = (Database::empty().await, tempfile::tempdir().unwrap());
        let (one, two) =
            tokio::join!(start(&database, data.path(), "one"), start(&database, data.path(), "two"));
        Self { one, two, database, data }
    }

    /// How many syncs an instance has done.
    fn syncs(&self, instance: &str) -> usize {
        let log = std::fs::read_to_string(log(self.data.path(), instance)).unwrap();
        log.matches("a sync is done").count()
    }

    /// How often connections were claimed.
    async fn claims(&self) -> i64 {
        let claims = "SELECT coalesce(sum(generation), 0)::bigint FROM notion_import.connections";
        sqlx::query_scalar(claims).fetch_one(&mut self.database.superuser().await).await.unwrap()
    }
}

async fn start(database: &Database, data: &Path, instance: &str) -> Demo {
    let mut command = demo::on(&database.url(HOST), &data.join("data"), &["--sync-every", ROUND]);
    command.env("RUST_LOG", "info").stderr(File::create(log(data, instance)).unwrap());
    spawn_blocking(move || Demo::run(command)).await.unwrap()
}

fn log(data: &Path, instance: &str) -> PathBuf {
    data.join(format!("{instance}.log"))
}

#[tokio::test(flavor = "multi_thread")]
async fn two_instances_share_the_syncs_and_one_goes_on_alone() {
    let two = Two::start().await;
    let ada = two.one.browser_of("ada").await;
    story::connect(&two.one, &ada).await;
    let imported = story::import(&ada).await;
    each_connection_is_synced_once_a_round(&two).await;

    // The first one has the stand-ins, unless the second was quicker.
    let Two { one, two, database, data } = two;
    drop(one);
    goes_on(&two, &ada.at(&two), &imported, "The first one is gone").await;
    let one = start(&database, data.path(), "one again").await;
    drop(two);
    goes_on(&one, &ada.at(&one), &imported, "The second one is gone").await;
}

async fn each_connection_is_synced_once_a_round(two: &Two) {
    let (begun, before) = (tokio::time::Instant::now(), two.claims().await);
    for _ in 0..600 {
        if two.syncs("one") > 2 && two.syncs("two") > 2 {
            break;
        }
        sleep(Duration::from_millis(100)).await;
    }
    assert!(two.syncs("one") > 2 && two.syncs("two") > 2, "one of them leaves the work to the other");
    let claims = two.claims().await - before;
    // A round is up to a twentieth shorter than told, and one may end in the middle.
    let rounds = begun.elapsed().as_secs_f64() / 0.95;
    assert!(claims as f64 <= rounds + 1.0, "{claims} syncs in {rounds} rounds");
}

/// Whatever changes in Notion is noticed without anybody asking for it.
async fn goes_on(demo: &Demo, ada: &Browser, imported: &story::Imported, title: &str) {
    ada.wait_until_there("/notion").await;
    ada.post(&format!("{}/rename", imported.notion(POLICY)), &[("title", title)]).await.ok();
    ada.wait_for(&imported.document(POLICY), title).await;
    demo.browser().get("/t/halden").await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_begun_at_one_instance_is_seen_at_the_other() {
    let two = Two::start().await;
    let ada = two.one.browser_of("ada").await;
    story::connect(&two.one, &ada).await;
    let there = ada.at(&two.two);
    there.get("/integrations").await.ok().saying("Ada Lindqvist").saying("Active");

    let picks = ada.get("/import").await.ok().picks();
    let fields: Vec<_> = picks.values().map(|pick| ("pick", pick.as_str())).collect();
    let progress = ada.post("/import", &fields).await.ok();
    there.get(&progress.path).await.ok().saying(&format!("of {}", fields.len()));
    there.wait_for(&progress.path, "To the documents").await.saying("Done.");
    let stranger = two.two.browser_of("farah").await;
    stranger.get(&progress.path).await.is(404);

    let progress = ada.post("/import", &fields).await.ok();
    there.post(&format!("{}/cancel", progress.path), &[]).await.ok();
    there.wait_for(&progress.path, "To the documents").await;
    ada.wait_for(&progress.path, "To the documents").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn instances_that_start_at_once_prepare_everything_once() {
    let two = Two::start().await;
    let ndas = "SELECT count(*), max(version)::bigint FROM notion_import.nda_versions";
    let ndas: (i64, i64) = sqlx::query_as(ndas).fetch_one(&mut two.database.superuser().await).await.unwrap();
    assert_eq!(ndas, (2, 1), "each company has one NDA of one version");
}

/// A page of a public document is kept, and shown no longer than it is public, whichever instance closes it.
#[tokio::test(flavor = "multi_thread")]
async fn what_one_instance_closes_the_other_shows_no_longer() {
    let two = Two::start().await;
    let ada = two.one.browser_of("ada").await;
    story::connect(&two.one, &ada).await;
    let imported = story::import(&ada).await;
    let document = imported.document(POLICY);
    let id = document.trim_start_matches("/documents/");
    publish_as(&ada, &document, 1, "public").await.ok();
    let visitors = [two.one.browser(), two.two.browser()];
    for _ in 0..2 {
        for visitor in &visitors {
            visitor.get(&imported.reading(POLICY)).await.ok().saying(POLICY);
        }
    }
    set_level(&ada, id, "restricted").await;
    for visitor in &visitors {
        visitor.get(&imported.reading(POLICY)).await.is(404);
    }
    // What was read from what was kept is counted as any other.
    ada.get(&format!("/readings?document={id}")).await.ok().saying("2 times in 30 days");
}
