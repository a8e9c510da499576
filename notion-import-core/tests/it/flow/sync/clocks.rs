//! Clocks that are wrong.

use chrono::TimeDelta;
use notion_import_core::Imported;
use notion_import_core::testing::{World, paragraph};

use crate::flow::Stage;

type Tell = fn(&World);

/// What the answers say of the time, each with a name.
fn dates() -> [(&'static str, Tell); 3] {
    [
        ("right", |_| {}),
        ("none", |world| world.tune(|rules| rules.date_ahead = None)),
        ("30 days ahead", |world| world.tune(|rules| rules.date_ahead = Some(30 * 86_400))),
    ]
}

#[tokio::test]
async fn a_run_with_our_clock_far_ahead_freezes_nothing() {
    for (name, tell) in dates() {
        let stage = Stage::new();
        tell(&stage.world);
        let page = stage.page("Policy").await;
        stage.sync().await;
        stage.clock.set_by(TimeDelta::days(30));
        stage.pass(240);
        stage.sync().await;
        stage.clock.set_by(TimeDelta::days(-30));
        stage.pass(240);
        let now = stage.now();
        stage.world.at(now).set_title(page, "Renamed");
        stage.world.at(now).append(page, [paragraph("New.")]);
        stage.pass(5);
        stage.sync().await;
        let linked = stage.linked(page).await;
        assert_eq!((linked.title.text.as_str(), linked.link.update_available), ("Renamed", true), "{name}");
        assert!(linked.link.checked_at <= stage.now(), "{name}");
    }
}

#[tokio::test]
async fn edits_within_one_minute_are_seen_whatever_our_clock_says() {
    for ahead in [TimeDelta::seconds(60), TimeDelta::seconds(200), TimeDelta::days(30)] {
        for (name, tell) in dates() {
            // Two clocks that are wrong by the same cannot be told from two that are right.
            if ahead.num_days() == 30 && name == "30 days ahead" {
                continue;
            }
            let stage = Stage::new();
            tell(&stage.world);
            let notion = stage.now();
            stage.clock.set_by(ahead);
            let page = stage.world.at(notion).page(stage.home, "Policy");
            stage.world.at(notion).append(page, [paragraph("One.")]);
            stage.import(page).await;
            assert!(!stage.linked(page).await.read.settled, "{ahead}, {name}");
            stage.world.at(notion).append(page, [paragraph("Two.")]);
            let again = stage.import(page).await;
            assert!(matches!(again, Imported::NewVersion(..)), "{ahead}, {name}: {again:?}");
            stage.world.at(notion).append(page, [paragraph("Three.")]);
            for _ in 0..2 {
                stage.pass(240);
                stage.sync().await;
            }
            let linked = stage.linked(page).await;
            assert_eq!((linked.link.update_available, linked.read.settled), (true, true), "{ahead}, {name}");
        }
    }
}
