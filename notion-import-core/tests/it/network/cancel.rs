//! Cancelling is dropping: at whatever point, nothing is half done and nothing is kept from others.

use std::future::Future;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use futures_util::poll;
use notion_import_core::testing::suite::content_manager;
use notion_import_core::testing::{Grant, World, image, paragraph, toggle};
use notion_import_core::{NotionId, Pick};

use super::{Line, Tenant, morning};

fn furnish() -> (World, Grant, NotionId) {
    let world = World::new(43);
    let author = world.at(morning() - chrono::TimeDelta::hours(1));
    let workspace = author.workspace("Acme");
    let home = author.page(workspace, "Home");
    let png = author.file("diagram.png", "image/png", b"\x89PNG\r\n\x1a\npicture".to_vec());
    author
        .append(home, (0..4).map(|number| toggle(format!("{number}"), [paragraph("Inside."), image(&png)])));
    let grant = world.grant(workspace, [home]);
    (world, grant, home)
}

/// Goes on with something for so many steps, and then drops it.
async fn up_to<T>(steps: usize, mut going: Pin<Box<impl Future<Output = T> + ?Sized>>) -> Option<T> {
    for _ in 0..steps {
        if let Poll::Ready(done) = poll!(going.as_mut()) {
            return Some(done);
        }
        tokio::task::yield_now().await;
    }
    None
}

/// Drops an operation after every number of steps until it comes to its end, on one connection all the time.
async fn check<T>(
    line: &Line,
    operation: impl AsyncFn(&Tenant, usize) -> Option<T>,
    end: &[String],
) -> usize {
    let tenant = line.tenant();
    let mut steps = 0;
    while operation(&tenant, steps).await.is_none() {
        let contents = tenant.contents().await;
        assert!(contents.is_empty() || contents == end, "half done after {steps} steps: {contents:#?}");
        steps += 1;
        assert!(steps < 4_000, "it never came to its end: something it needs was not given back");
    }
    steps
}

#[tokio::test]
async fn an_import_dropped_at_any_point_leaves_all_or_nothing_and_the_pace_to_others() {
    let (world, grant, home) = furnish();
    for (latency, limit) in [(0, None), (30, None), (30, Some(20))] {
        world.tune(|rules| rules.requests_per_second = limit.map(|rate| (rate, 5)));
        let line = Line::virtually(&world, &grant, Duration::from_millis(latency));
        let whole = line.tenant();
        whole.import(vec![Pick::page(home)]).await.unwrap();
        let end = whole.contents().await;
        let steps = check(
            &line,
            async |tenant: &Tenant, steps| {
                let actor = content_manager(tenant.connection.tenant);
                let import = tenant.importer.import_one(&actor, &tenant.connection, Pick::page(home));
                up_to(steps, Box::pin(import)).await.map(|outcome| outcome.unwrap())
            },
            &end,
        )
        .await;
        assert!(steps > 3, "{steps}");
    }
}

#[tokio::test]
async fn a_sync_dropped_at_any_point_changes_nothing_by_halves() {
    let (world, grant, home) = furnish();
    let line = Line::virtually(&world, &grant, Duration::from_millis(30));
    let tenant = line.tenant();
    tenant.import(vec![Pick::page(home)]).await.unwrap();
    let before = tenant.contents().await;
    world.at(line.clock.now()).set_title(home, "Home, renamed");
    let mut steps = 0;
    loop {
        let sync = tenant.importer.sync(&tenant.connection);
        let done = up_to(steps, Box::pin(sync)).await;
        let is_renamed = tenant.contents().await != before;
        if done.is_some() {
            assert!(is_renamed);
            break;
        }
        steps += 1;
        assert!(steps < 4_000);
    }
}
