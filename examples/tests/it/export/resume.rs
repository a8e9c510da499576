//! Running an export again: what is read, what is asked, and what is claimed.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Child;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use notion_import_core::testing::{Endpoint, Fault, FaultPlan, paragraph};
use serde_json::{Value, json};

use super::{Stage, Tree, differing, names, page_ids, pages, text, tree, visible};

/// Makes the pages in a folder as good as checked half an hour ago.
fn let_half_an_hour_pass(stage: &Stage) {
    let path = stage.folder.path().join("out/.notion-to-markdown/pages.jsonl");
    let text = fs::read_to_string(&path).unwrap();
    let older = |line: &str| {
        let mut line: Value = serde_json::from_str(line).unwrap();
        if let Some(checked_at) = line.get_mut("checked_at") {
            let at: DateTime<Utc> = serde_json::from_value(checked_at.clone()).unwrap();
            *checked_at = json!(at - TimeDelta::minutes(30));
        }
        format!("{line}\n")
    };
    fs::write(&path, text.lines().map(older).collect::<String>()).unwrap();
}

/// Runs an export and returns how many requests each endpoint saw.
async fn requests(stage: &Stage, arguments: &[&str]) -> (BTreeMap<String, usize>, Tree, String) {
    stage.world.forget_requests();
    let (tree, said) = stage.export(&[&["--out", "out"], arguments].concat()).await;
    let mut counts = BTreeMap::new();
    for seen in stage.world.requests() {
        *counts
            .entry(seen.endpoint.map_or("unknown".to_owned(), |endpoint| format!("{endpoint:?}")))
            .or_default() += 1;
    }
    (counts, tree, said)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_export_leaves_whole_pages_and_the_next_run_goes_on() {
    let stage = Stage::new().await;
    let slow = Fault::Slow { chunk: 4096, pause: Duration::from_millis(20) };
    stage.world.plan_faults(FaultPlan { rate: 1.0, kinds: vec![slow] });
    let mut running = stage.command(&["export", "--out", "out"]).spawn().unwrap();
    let out = stage.folder.path().join("out");
    while page_ids(&names(&out)).len() < 40 {
        assert!(running.try_wait().unwrap().is_none(), "it ended too early");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    kill(&mut running);
    let done = pages(&tree(&out));
    assert!(done.len() < stage.shared.len());
    stage.world.plan_faults(None);
    stage.world.forget_requests();
    let (resumed, said) = stage.export(&["--out", "out"]).await;
    assert_eq!(pages(&resumed), stage.shared);
    assert!(!said.contains(" 0 unchanged"), "{said}");
    let read_again = stage.world.requests_to(Endpoint::Children);
    assert!(
        read_again < 2 * (stage.shared.len() - done.len()) + 10,
        "{read_again} lists, {} done",
        done.len()
    );
    let (anew, _) = stage.export(&["--out", "out", "--force"]).await;
    let (resumed, anew) = (visible(resumed), visible(anew));
    assert!(resumed == anew, "{:?}", differing(&resumed, &anew));
}

fn kill(child: &mut Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_changed_is_read_again_unless_forced() {
    let stage = Stage::new().await;
    let (first, _) = stage.export(&["--out", "out"]).await;
    let (again, said) = stage.export(&["--out", "out"]).await;
    let (first, again) = (visible(first), visible(again));
    assert!(first == again, "{:?}", differing(&first, &again));
    assert!(
        said.contains(&format!("1 written with 0 files, {} unchanged", stage.shared.len() - 1)),
        "{said}"
    );

    stage.author().append(stage.home, [paragraph("Something new.")]);
    let added = stage.author().row(stage.vendors.data_source, "A new vendor", []);
    let out = stage.folder.path().join("out");
    fs::remove_file(out.join(format!("{}/diagram.png", stage.report))).unwrap();
    let (edited, said) = stage.export(&["--out", "out"]).await;
    assert!(said.starts_with("4 written with 4 files"), "{said}");
    let mut expected = [stage.home, stage.vendors.data_source, added].map(|id| format!("{id}.md")).to_vec();
    expected.sort();
    let edited = visible(edited);
    assert_eq!(BTreeSet::from_iter(differing(&first, &edited)), BTreeSet::from_iter(&expected));

    let (_, said) = stage.export(&["--out", "out", "--force"]).await;
    assert!(said.contains(&format!("{} written", stage.shared.len() + 1)), "{said}");
    let (with_front_matter, said) = stage.export(&["--out", "out", "--front-matter"]).await;
    assert!(said.contains(" 0 unchanged"), "{said}");
    assert!(text(&with_front_matter[&format!("{}.md", stage.home)]).starts_with("---\nid: "));
}

#[tokio::test(flavor = "multi_thread")]
async fn resuming_an_unchanged_export_asks_about_no_page_and_claims_no_more_than_it_knows() {
    let stage = Stage::new().await;
    let (first, _) = stage.export(&["--out", "out"]).await;
    let_half_an_hour_pass(&stage);
    let (asked, again, said) = requests(&stage, &[]).await;
    assert!(visible(first) == visible(again));
    // Search in two parts, the database, its views and one of those, its table before its rows and after them, and these in two parts.
    let expected =
        [("DataSource", 2), ("Database", 1), ("Query", 2), ("Search", 2), ("View", 1), ("Views", 1)];
    assert_eq!(asked, expected.map(|(name, count)| (name.to_owned(), count)).into());
    let by_rows = 130;
    let by_search = stage.shared.len() - by_rows - 1;
    let counted = format!("1 written with 0 files, {by_rows} unchanged, {by_search} not checked since ");
    assert!(said.starts_with(&counted), "{said}");
    assert!(said.contains("--check asks about each page."), "{said}");

    let (asked, _, said) = requests(&stage, &["--check"]).await;
    assert_eq!(asked["Page"], stage.shared.len() - 1);
    let counted = format!("1 written with 0 files, {} unchanged, 0 not shared", stage.shared.len() - 1);
    assert!(said.starts_with(&counted) && !said.contains("not checked"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_that_search_does_not_show_yet_is_never_called_unchanged() {
    let stage = Stage::new().await;
    let (first, _) = stage.export(&["--out", "out"]).await;
    let_half_an_hour_pass(&stage);
    stage.world.tune(|rules| rules.search_lag = Duration::from_secs(60 * 60));
    let author = stage.world.at(Utc::now() - TimeDelta::minutes(7));
    author.append(stage.home, [paragraph("Something new.")]);
    author.append(stage.rows[7], [paragraph("Something new of a vendor.")]);
    let (_, hidden, said) = requests(&stage, &[]).await;
    let (before, after) = (visible(first), visible(hidden));
    let row = format!("{}.md", stage.rows[7]);
    assert_eq!(BTreeSet::from_iter(differing(&before, &after)), BTreeSet::from([&row]), "{said}");
    assert!(said.contains("129 unchanged, 11 not checked since "), "{said}");

    let (_, checked, said) = requests(&stage, &["--check"]).await;
    let home = format!("{}.md", stage.home);
    assert!(said.starts_with("2 written"), "{said}");
    assert!(text(&checked[&home]).contains("Something new."));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_search_does_not_show_at_all_is_asked() {
    let stage = Stage::new().await;
    stage.export(&["--out", "out"]).await;
    let_half_an_hour_pass(&stage);
    stage.world.tune(|rules| rules.unlisted_share = 1.0);
    let (asked, tree, said) = requests(&stage, &[]).await;
    assert_eq!(pages(&tree), stage.shared);
    let not_checked = said.split(" not checked").next().and_then(|said| said.rsplit(' ').next());
    let not_checked: usize = not_checked.unwrap().parse().unwrap_or_default();
    assert_eq!(asked["Page"] + 130 + not_checked, stage.shared.len() - 1, "{said}");
    assert!(asked["Page"] > 5, "{said}");
}
