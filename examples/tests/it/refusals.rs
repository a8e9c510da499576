//! What the demo answers where it cannot do what it was asked: the status, how long to wait, and words that say what to do.

use std::process::Command;
use std::time::Duration;

use chrono::Utc;
use notion_import_core::testing::World;
use notion_import_core::{DocumentId, NotionId};
use notion_import_nango::testing::{Refresh, Seen, Settings, StandIn, scope};
use tokio::net::TcpListener;
use tokio::task::spawn_blocking;

use crate::demo::{Browser, Demo, command};
use crate::story::{attempt_of, integration};

const API_KEY: &str = "0c1ab1e5-0000-4000-8000-00000000cafe";

/// A demo before a Nango of the test's own, which has a workspace of one page.
pub struct Stage {
    stand_in: StandIn,
    workspace: NotionId,
    page: NotionId,
    pub demo: Demo,
}

impl Stage {
    async fn new(adjust: impl FnOnce(&mut Settings)) -> Self {
        Self::by(API_KEY, adjust).await
    }

    /// The demo has a key, right or wrong.
    async fn by(api_key: &'static str, adjust: impl FnOnce(&mut Settings)) -> Self {
        Self::with(command(&["--ephemeral"]), api_key, adjust).await
    }

    async fn with(command: Command, api_key: &'static str, adjust: impl FnOnce(&mut Settings)) -> Self {
        let world = World::new(7);
        let author = world.at(Utc::now());
        let workspace = author.workspace("Halden Pay");
        let page = author.page(workspace, "Security policy");
        Self::before((world, workspace, page), command, api_key, adjust).await
    }

    /// The workspace is there already.
    pub async fn of(world: World, workspace: NotionId, page: NotionId) -> Self {
        Self::before((world, workspace, page), command(&["--ephemeral"]), API_KEY, |_| {}).await
    }

    async fn before(
        (world, workspace, page): (World, NotionId, NotionId),
        command: Command,
        api_key: &'static str,
        adjust: impl FnOnce(&mut Settings),
    ) -> Self {
        let mut settings = Settings::new(API_KEY, "a key of nobody's");
        adjust(&mut settings);
        let stand_in = StandIn::new(world, settings).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let nango = format!("http://{}", listener.local_addr().unwrap());
        let router = stand_in.router();
        tokio::spawn(async move { axum::serve(listener, router).await });
        let demo = spawn_blocking(move || Demo::run_before(command, &nango, api_key)).await.unwrap();
        Self { stand_in, workspace, page, demo }
    }

    /// Begins, consents and confirms; nothing but polling finds out. Returns the connection.
    pub async fn connect(&self, ada: &Browser) -> String {
        let waiting = ada.post("/integrations/connect", &[]).await.ok().saying("sends no webhooks here");
        let link =
            waiting.between("id=\"consent\" href=\"", "\"").replace("&#38;", "&").replace("&amp;", "&");
        let reference =
            self.stand_in.consent(&link.parse().unwrap(), self.workspace, &[self.page]).await.unwrap();
        let asked = ada.get("/integrations/attempt").await.ok().saying("Is this your workspace?");
        ada.post("/integrations/confirm", &[("attempt", &attempt_of(&asked))]).await.ok().saying("Active");
        // A sync has read through it.
        ada.post(&format!("{}/sync", integration(ada).await), &[]).await.ok();
        ada.wait_for("/integrations", "looked at").await;
        reference.to_string()
    }

    /// How many requests the account's limit has refused.
    fn paused(&self) -> usize {
        self.stand_in.requests().iter().filter(|seen| seen.status == 429).count()
    }

    /// Returns once the check at the start is over: its last question is whether the key may read the tokens.
    async fn checked(&self) {
        let of_nobody = |seen: &&Seen| seen.method == "GET" && seen.path.starts_with("/connections/0000");
        while self.stand_in.requests().iter().filter(of_nobody).count() < 2 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_account_at_nango_is_paused_people_are_told_for_how_long() {
    let stage = Stage::new(|_| {}).await;
    let ada = stage.demo.browser_of("ada").await;
    stage.checked().await;

    stage.stand_in.limit_to(0);
    // The second time nobody is asked: the pause is known.
    for asked in [1, 1] {
        let page = ada.post("/integrations/connect", &[]).await.is(503).saying("takes no more requests");
        let page = page.saying("Nango refused: 429 too_many_request");
        let wait: u64 = page.header("retry-after").parse().unwrap();
        assert!((50..=61).contains(&wait), "{wait}");
        assert_eq!(stage.paused(), asked);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_the_set_up_is_told_to_administrators() {
    let stage = Stage::new(|_| {}).await;
    let ada = stage.demo.browser_of("ada").await;
    let setup = ada.get("/integrations/setup").await.ok().saying("are as they should be");
    setup.saying("no webhook is accepted");
    stage.demo.browser_of("bruno").await.get("/integrations/setup").await.is(403);

    let wrong = Stage::by("0c1ab1e5-0000-4000-8000-00000000beef", |_| {}).await;
    let ada = wrong.demo.browser_of("ada").await;
    let refused = "Nango refused: 401 unknown_account";
    ada.get("/integrations/setup").await.ok().saying(refused).not_saying("as they should be");
    ada.post("/integrations/connect", &[]).await.is(500).saying(refused).saying("whoever runs this site");

    let without = |settings: &mut Settings| {
        settings.scopes.remove(scope::PROXY);
    };
    let lacking = Stage::new(without).await;
    let ada = lacking.demo.browser_of("ada").await;
    ada.get("/integrations/setup").await.ok().saying("lacks the scope environment:proxy");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_is_said_to_be_gone_only_once_it_is() {
    let without = |settings: &mut Settings| {
        settings.scopes.remove(scope::DELETE);
    };
    let stage = Stage::new(without).await;
    let ada = stage.demo.browser_of("ada").await;
    let reference = stage.connect(&ada).await;
    let path = format!("{}/disconnect", integration(&ada).await);
    ada.get(&path).await.ok().saying("The grant in Notion itself remains");
    let told = ada.post(&path, &[]).await.ok().saying("Nango has not confirmed yet");
    told.saying("Nango refused: 403 forbidden").not_saying("Disconnected,");
    ada.get("/integrations").await.ok().saying("It is being disconnected").saying("Try again");

    stage.stand_in.delete(&reference);
    ada.post(&path, &[]).await.ok().saying("has not confirmed");

    let stage = Stage::new(|_| {}).await;
    let ada = stage.demo.browser_of("ada").await;
    stage.connect(&ada).await;
    let path = format!("{}/disconnect", integration(&ada).await);
    let told = ada.post(&path, &[]).await.ok().saying("deleted at Nango");
    told.saying("The grant in Notion itself remains");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_grant_is_told_before_it_is_gone_and_what_is_gone_is_connected_again() {
    let stage = Stage::new(|_| {}).await;
    let ada = stage.demo.browser_of("ada").await;
    let reference = stage.connect(&ada).await;
    ada.get("/integrations").await.ok().not_saying("grant is failing");
    stage.stand_in.let_refresh(&reference, Refresh::BacksOff);
    ada.get("/integrations").await.ok().saying("Its grant is failing").saying("Reconnect");
    let browsed = ada.get("/import").await.is(503).saying("Its grant is failing");
    browsed.saying("Nango refused: 424 connection_refresh_backoff");

    stage.stand_in.let_refresh(&reference, Refresh::Works);
    stage.stand_in.delete(&reference);
    ada.get("/integrations").await.ok().saying("It is not at Nango any more").saying("Reconnect");
    let path = integration(&ada).await;
    let waiting = ada.post(&format!("{path}/reconnect"), &[]).await.ok();
    let link = waiting.between("id=\"consent\" href=\"", "\"").replace("&#38;", "&").replace("&amp;", "&");
    stage.stand_in.consent(&link.parse().unwrap(), stage.workspace, &[stage.page]).await.unwrap();
    let asked = ada.get("/integrations/attempt").await.ok();
    ada.post("/integrations/confirm", &[("attempt", &attempt_of(&asked))]).await.ok().saying("Active");
    assert_eq!(integration(&ada).await, path);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_is_not_found_and_nothing_says_when_it_will_be() {
    let demo = Demo::start(&["--ephemeral"]);
    let ada = demo.browser_of("ada").await;
    let page = ada.get(&format!("/documents/{}", DocumentId::fresh())).await.is(404);
    assert_eq!(page.header("retry-after"), "");
    ada.post(&format!("/documents/{}/withdraw", DocumentId::fresh()), &[]).await.is(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_nango_that_knows_no_connection_ends_none_and_says_what_is_not_known() {
    let data = tempfile::tempdir().unwrap();
    let kept = || command(&["--data", data.path().to_str().unwrap(), "--sync-every", "2s"]);
    let ours = Stage::with(kept(), API_KEY, |_| {}).await;
    let reference = ours.connect(&ours.demo.browser_of("ada").await).await;
    let Stage { stand_in, demo, .. } = ours;
    let nango = demo.stand_ins.clone();
    drop(demo);

    // Another environment has an integration of the same id.
    let other = "0c1ab1e5-0000-4000-8000-00000000f00d";
    let moved = |settings: &mut Settings| {
        settings.api_key = other.into();
        settings.environment_id = other.parse().unwrap();
    };
    let mistaken = Stage::with(kept(), other, moved).await;
    let ada = mistaken.demo.browser_of("ada").await;
    ada.wait_for("/integrations", "failed (another namespace)").await;
    let page = ada.get("/integrations").await.ok().saying("Active").saying("key of another environment");
    page.saying("Reconnect").not_saying("not at Nango any more");
    ada.get("/import").await.is(500).saying("key of another environment");
    ada.get("/integrations/setup").await.ok().saying("Nango knows none of the connections");
    let path = integration(&ada).await;
    ada.post(&format!("{path}/abandon"), &[]).await.is(409).saying("still connected");
    drop(mistaken);

    // With the right key all goes on.
    let (command, address) = (kept(), nango.clone());
    let demo = spawn_blocking(move || Demo::run_before(command, &address, API_KEY)).await.unwrap();
    let ada = demo.browser_of("ada").await;
    ada.get("/integrations").await.ok().saying("Active").not_saying("another environment");
    ada.get("/import").await.ok();
    drop(demo);

    // What was deleted while nothing ran is known to be so.
    stand_in.delete(&reference);
    let (command, address) = (kept(), nango);
    let demo = spawn_blocking(move || Demo::run_before(command, &address, API_KEY)).await.unwrap();
    let ada = demo.browser_of("ada").await;
    ada.wait_for("/integrations", "Needs a new consent").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disconnect_by_another_environments_key_says_so_and_can_be_given_up() {
    let data = tempfile::tempdir().unwrap();
    let kept = || command(&["--data", data.path().to_str().unwrap(), "--sync-every", "2s"]);
    let ours = Stage::with(kept(), API_KEY, |_| {}).await;
    let reference = ours.connect(&ours.demo.browser_of("ada").await).await;
    let Stage { stand_in, demo, .. } = ours;
    drop(demo);

    let other = "0c1ab1e5-0000-4000-8000-00000000f00d";
    let moved = |settings: &mut Settings| {
        settings.api_key = other.into();
        settings.environment_id = other.parse().unwrap();
    };
    let mistaken = Stage::with(kept(), other, moved).await;
    let ada = mistaken.demo.browser_of("ada").await;
    let path = integration(&ada).await;
    let told = ada.post(&format!("{path}/disconnect"), &[]).await.ok().saying("Nango has not confirmed yet");
    told.saying("the key of another environment").not_saying("Disconnected,");
    let page = ada.get("/integrations").await.ok().saying("the key of another environment");
    page.saying("Try again").saying("Remove without Nango");

    ada.get(&format!("{path}/abandon")).await.ok().saying("Nango may still have the connection");
    let told = ada.post(&format!("{path}/abandon"), &[]).await.ok();
    told.saying("Whether Nango still has the connection is not known").not_saying("Disconnected,");
    assert!(stand_in.delete(&reference), "it was deleted");
}
