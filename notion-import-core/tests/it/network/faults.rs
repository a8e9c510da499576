//! Faults drawn at random: whatever comes in whatever order, the result is the same to the byte.

use std::time::Duration;

use notion_import_core::testing::{
    FaultPlan, Grant, World, bulleted, columns, file, image, paragraph, pdf, synced, synced_copy, table,
    toggle,
};
use notion_import_core::{NotionId, Pick};
use serde_json::json;

use super::{Line, Tenant, morning};

struct Workspace {
    world: World,
    grant: Grant,
    pages: Vec<NotionId>,
    data_source: NotionId,
}

/// Of everything something, and the same for every seed but what goes wrong.
fn furnish(seed: u64) -> Workspace {
    let world = World::new(seed);
    let author = world.at(morning() - chrono::TimeDelta::hours(1));
    let workspace = author.workspace("Acme");
    let home = author.page(workspace, "Home");
    let png = author.file("diagram.png", "image/png", b"\x89PNG\r\n\x1a\npicture".to_vec());
    let report = author.file("SOC 2.pdf", "application/pdf", b"%PDF-1.7\nreport".to_vec());
    let shared = author.append(home, [synced([paragraph("Shared."), bulleted("Point")])])[0];
    author.append(home, (0..120).map(|number| paragraph(format!("Line {number}"))));
    author.set_cover(home, png.reference());
    let policy = author.page(home, "Policy");
    let sections = (0..6).map(|number| {
        toggle(
            format!("Section {number}"),
            [columns([[paragraph("Left")], [paragraph("Right")]]), image(&png)],
        )
    });
    author.append(policy, sections);
    author.append(policy, [synced_copy(shared), table([["a", "b"], ["1", "2"]])]);
    let audit = author.page(home, "Audit");
    author.append(audit, [paragraph("See:"), pdf(&report), file(&report)]);
    let vendors = author.database(home, "Vendors", [("Country", "rich_text"), ("Pages", "relation")]);
    for number in 0..12 {
        let row = author.row(vendors.data_source, format!("Vendor {number}"), []);
        author.set_property(row, "Pages", (0..30).map(|_| json!({"id": home})).collect());
    }
    let grant = world.grant(workspace, [home]);
    Workspace { world, grant, pages: vec![home, policy, audit], data_source: vendors.data_source }
}

/// Imports everything, as often as it takes.
async fn import(line: &Line, workspace: &Workspace) -> Tenant {
    let tenant = line.tenant();
    let mut picks: Vec<Pick> = workspace.pages.iter().copied().map(Pick::page).collect();
    picks.push(Pick::data_source(workspace.data_source));
    for _ in 0..20 {
        match tenant.import(picks.clone()).await {
            Ok(()) => return tenant,
            Err(error) => assert!(error.is_transient(), "{error:?}"),
        }
    }
    panic!("twenty imports did not get through");
}

fn seeds() -> u64 {
    if std::env::var_os("NOTION_IMPORT_SOAK").is_some() { 500 } else { 50 }
}

/// Ids depend on a world's seed, and so does what goes wrong: each seed is compared with itself. It returns how much went wrong.
async fn check(seed: u64, rough: impl AsyncFn(&Workspace) -> Tenant) -> u64 {
    let workspace = furnish(seed);
    let fair = Line::virtually(&workspace.world, &workspace.grant, Duration::ZERO);
    let expected = import(&fair, &workspace).await.contents().await;
    assert_eq!(expected.len(), 4);
    let rate = 0.01 + 0.29 * (seed % 10) as f64 / 9.0;
    workspace.world.plan_faults(FaultPlan::survivable(rate));
    assert_eq!(rough(&workspace).await.contents().await, expected, "seed {seed}");
    assert_eq!(workspace.world.violations(), Vec::<String>::new(), "seed {seed}");
    workspace.world.faults()
}

#[tokio::test]
async fn whatever_goes_wrong_at_random_the_result_is_the_same_to_the_byte() {
    let mut met = 0;
    for seed in 0..seeds() {
        met += check(seed, async |workspace: &Workspace| {
            let line = Line::virtually(&workspace.world, &workspace.grant, Duration::ZERO);
            import(&line, workspace).await
        })
        .await;
    }
    assert!(met > seeds() * 5, "only {met} faults were met");
}

/// Over sockets, where a fault is what a network makes of it.
#[tokio::test]
async fn over_sockets_it_is_the_same_too() {
    let mut met = 0;
    for seed in 0..seeds() {
        met += check(seed, async |workspace: &Workspace| {
            let (line, _server) = Line::served(&workspace.world, &workspace.grant, 1000).await;
            import(&line, workspace).await
        })
        .await;
    }
    assert!(met > seeds() * 5, "only {met} faults were met");
}
