//! Everything comes, and looks as it should.

use std::collections::BTreeSet;
use std::fs;

use notion_import_core::NotionId;
use notion_import_core::testing::{FaultPlan, paragraph};

use super::{PDF, PNG, Stage, Tree, differing, pages, text, tree, visible};

#[tokio::test(flavor = "multi_thread")]
async fn every_page_row_and_file_comes_and_faults_change_no_byte() {
    let stage = Stage::new().await;
    let (calm, said) = stage.export(&["--out", "out", "--front-matter"]).await;
    assert_eq!(pages(&calm), stage.shared);
    assert!(said.contains(&format!("{} written with 5 files", stage.shared.len())), "{said}");
    assert!(stage.world.violations().is_empty(), "{:?}", stage.world.violations());
    fs::rename(stage.folder.path().join("out"), stage.folder.path().join("calm")).unwrap();
    stage.world.plan_faults(FaultPlan::survivable(0.05));
    let (stormy, _) = stage.export(&["--out", "out", "--front-matter"]).await;
    assert!(stage.world.faults() > 10, "{}", stage.world.faults());
    let (calm, stormy) = (visible(calm), visible(stormy));
    assert!(calm == stormy, "faults changed {:?}", differing(&calm, &stormy));
}

#[tokio::test(flavor = "multi_thread")]
async fn files_stand_beside_the_page_under_their_names_and_are_linked() {
    let stage = Stage::new().await;
    let (tree, _) = stage.export(&["--out", "out", "--query", "Report"]).await;
    let id = stage.report.to_string();
    assert_eq!(pages(&tree), BTreeSet::from([id.clone()]));
    let names: Vec<_> = tree.keys().filter_map(|name| name.strip_prefix(&format!("{id}/"))).collect();
    assert_eq!(names.len(), 4, "{names:?}");
    assert_eq!(tree[&format!("{id}/diagram.png")], PNG);
    assert_eq!(tree[&format!("{id}/SOC 2 (final).pdf")], PDF);
    let markdown = text(&tree[&format!("{id}.md")]);
    for link in [
        format!("![]({id}/diagram.png)"),
        format!("({id}/SOC%202%20%28final%29.pdf)"),
        format!("[list.csv]({id}/list.csv)"),
        format!("[list.csv]({id}/list-"),
    ] {
        assert!(markdown.contains(&link), "{link} is not in {markdown}");
    }
    assert!(!markdown.contains("attachment:"), "{markdown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn links_between_exported_pages_lead_from_file_to_file() {
    let stage = Stage::new().await;
    let link = |id: NotionId| {
        paragraph(
            notion_import_core::testing::text("See ")
                .link("there", &format!("https://app.notion.com/p/{}", id.simple())),
        )
    };
    stage.author().append(stage.report, [link(stage.home), link(stage.private)]);
    stage.author().append(stage.home, [link(stage.report)]);
    let markdown = |tree: &Tree, id: NotionId| text(&tree[&format!("{id}.md")]);
    let (tree, _) = stage.export(&["--out", "out", "--query", "Report"]).await;
    let alone = markdown(&tree, stage.report);
    assert!(alone.contains(&format!("/p/{})", stage.home.simple())), "{alone}");
    let (tree, _) = stage.export(&["--out", "out"]).await;
    let (home, report) = (markdown(&tree, stage.home), markdown(&tree, stage.report));
    assert!(home.contains(&format!("({}.md)", stage.report)), "{home}");
    assert!(report.contains(&format!("({}.md)", stage.home)), "{report}");
    assert!(report.contains(&format!("/p/{})", stage.private.simple())), "it was not exported: {report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_search_hides_is_found_through_what_it_is_in() {
    let stage = Stage::new().await;
    stage.world.tune(|rules| rules.unlisted_share = 0.9);
    let (tree, _) = stage.export(&["--out", "out"]).await;
    assert_eq!(pages(&tree), stage.shared);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_goes_to_standard_output_or_into_a_folder_with_the_same_bytes() {
    let stage = Stage::new().await;
    let link = format!("https://www.notion.so/acme/Report-{}?pvs=4", stage.report.simple());
    for options in [&["--front-matter", "--report"][..], &[]] {
        let shown = stage.run(&[&["page", &link], options].concat()).await;
        let said = text(&shown.stderr);
        assert!(shown.status.success() && said.contains("--out DIR"), "{said}");
        assert_eq!(said.contains("\"fidelity\""), !options.is_empty(), "{said}");
        let kept = stage.run(&[&["page", &link, "--out", "out"], options].concat()).await;
        assert!(kept.status.success() && kept.stdout.is_empty(), "{}", text(&kept.stderr));
        let tree = visible(tree(&stage.folder.path().join("out")));
        assert_eq!(text(&shown.stdout), text(&tree[&format!("{}.md", stage.report)]));
        assert_eq!(tree[&format!("{}/SOC 2 (final).pdf", stage.report)], PDF);
        assert_eq!(tree.len(), 5, "{:?}", tree.keys());
    }
    let table = stage.run(&["page", &stage.vendors.id.to_string()]).await;
    assert!(text(&table.stdout).contains("| Vendor 129 |"), "{}", text(&table.stdout));
}

#[tokio::test(flavor = "multi_thread")]
async fn front_matter_says_what_the_page_says_of_itself() {
    let stage = Stage::new().await;
    stage.author().set_icon(stage.home, serde_json::json!({"type": "emoji", "emoji": "🏠"}));
    let shown = stage.run(&["page", &stage.home.to_string(), "--front-matter"]).await;
    let markdown = text(&shown.stdout);
    let (yaml, body) = markdown.strip_prefix("---\n").unwrap().split_once("---\n\n").unwrap();
    let names: Vec<_> = yaml.lines().map(|line| line.split_once(": ").unwrap().0).collect();
    assert_eq!(names, ["id", "title", "url", "created", "edited", "icon"]);
    assert!(yaml.contains(r#"title: "Home: \"all\" of it 🔐""#), "{yaml}");
    assert!(yaml.contains("icon: \"🏠\""), "{yaml}");
    assert!(body.starts_with("canary words"), "no heading is added: {body}");
}
