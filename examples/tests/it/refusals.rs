//! What the demo answers where it cannot do what it was asked: the status, how long to wait, and words that say what to do.

use notion_import_core::DocumentId;
use notion_import_core::testing::World;
use notion_import_nango::testing::{Settings, StandIn};
use tokio::net::TcpListener;
use tokio::task::spawn_blocking;

use crate::demo::Demo;

const API_KEY: &str = "0c1ab1e5-0000-4000-8000-00000000cafe";

#[tokio::test(flavor = "multi_thread")]
async fn while_the_account_at_nango_is_paused_people_are_told_for_how_long() {
    let stand_in = StandIn::new(World::new(7), Settings::new(API_KEY, "a key of nobody's")).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let nango = format!("http://{}", listener.local_addr().unwrap());
    let router = stand_in.router();
    tokio::spawn(async move { axum::serve(listener, router).await });
    let demo = spawn_blocking(move || Demo::before(&nango, API_KEY)).await.unwrap();
    let ada = demo.browser_of("ada").await;

    stand_in.limit_to(0);
    // The second time nobody is asked: the pause is known.
    for asked in [1, 1] {
        let page = ada.post("/integrations/connect", &[]).await.is(503).saying("takes no more requests");
        let wait: u64 = page.header("retry-after").parse().unwrap();
        assert!((50..=61).contains(&wait), "{wait}");
        assert_eq!(stand_in.requests().len(), asked);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_is_not_found_and_nothing_says_when_it_will_be() {
    let demo = Demo::start(&["--ephemeral"]);
    let ada = demo.browser_of("ada").await;
    let page = ada.get(&format!("/documents/{}", DocumentId::fresh())).await.is(404);
    assert_eq!(page.header("retry-after"), "");
    ada.post(&format!("/documents/{}/withdraw", DocumentId::fresh()), &[]).await.is(404);
}
