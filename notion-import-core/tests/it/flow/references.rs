//! What a page refers to is called by its title, wherever that is known from, and asked for once a run.

use futures_util::StreamExt;
use notion_import_core::testing::{Block, Column, Endpoint, Fault, block, paragraph, text};
use notion_import_core::{Fidelity, ImportOptions, Imported, KnownTitles, LossKind, NotionId, Pick, Shape};
use serde_json::json;

use super::{Stage, importer_with};

/// Blocks that refer to a page and a database without saying what they are called.
fn references(page: NotionId, database: NotionId) -> Vec<Block> {
    let address = format!("https://www.notion.so/acme/{}?pvs=4", page.simple());
    vec![
        block("link_to_page", json!({"type": "page_id", "page_id": page})),
        block("link_to_page", json!({"type": "database_id", "database_id": database})),
        paragraph(text("see ").mention_page(page, "")),
        paragraph(text("at ").link(&address, &address)),
        block("bookmark", json!({"url": address, "caption": []})),
    ]
}

/// How often each page and database was asked for.
fn asked_for(stage: &Stage, id: NotionId) -> usize {
    let path = id.to_string();
    let is_object = |endpoint| matches!(endpoint, Some(Endpoint::Page | Endpoint::Database));
    stage
        .world
        .requests()
        .iter()
        .filter(|seen| is_object(seen.endpoint) && seen.path.ends_with(&path))
        .count()
}

/// Rows that relate to others, and the one they all relate to.
fn vendors(stage: &Stage) -> (NotionId, NotionId, [NotionId; 2]) {
    let author = stage.author();
    let vendors = author.database(stage.home, "Vendors", [("Country", "rich_text")]);
    let vendor = author.row(vendors.data_source, "Acme [Hosting]", []);
    let relation = json!({"data_source_id": vendors.data_source, "database_id": vendors.id});
    let contracts =
        author.database(stage.home, "Contracts", [Column::from(("Vendor", "relation")).config(relation)]);
    let rows = ["First", "Second"]
        .map(|name| author.row(contracts.data_source, name, [("Vendor", json!([{"id": vendor}]))]));
    (vendors.data_source, vendor, rows)
}

#[tokio::test]
async fn what_a_page_refers_to_is_called_by_its_title_which_is_asked_for_once() {
    let stage = Stage::new();
    let author = stage.author();
    let policy = author.page(stage.home, "Incident response");
    let database = author.database(stage.home, "Sub-processors", [("Country", "select")]);
    let page = author.page(stage.home, "Overview");
    author.append(page, references(policy, database.id));
    stage.pass(15);
    let fetched = stage.importer.fetch(&stage.connection, Pick::page(page)).await.unwrap();
    let text = fetched.markdown().unwrap();
    assert_eq!(text.matches("[Incident response](").count(), 4, "{text}");
    assert_eq!(text.matches("[Sub-processors](").count(), 1, "{text}");
    assert!(fetched.content.fidelity.losses().iter().all(|loss| loss.kind != LossKind::PageTitle));
    assert_eq!((asked_for(&stage, policy), asked_for(&stage, database.id)), (1, 1));
    assert!(stage.world.violations().is_empty(), "{:?}", stage.world.violations());
}

#[tokio::test]
async fn what_cannot_be_asked_for_stands_under_neutral_words_and_is_counted() {
    let stage = Stage::new();
    let author = stage.author();
    let other = author.workspace("Other");
    let hidden = author.page(other, "Secret plan");
    let database = author.database(other, "Secret table", [("Country", "select")]);
    let page = author.page(stage.home, "Overview");
    author.append(page, references(hidden, database.id));
    stage.pass(15);
    let fetched = stage.importer.fetch(&stage.connection, Pick::page(page)).await.unwrap();
    let text = fetched.markdown().unwrap();
    assert_eq!(text.matches("[a page in Notion](").count(), 4, "{text}");
    assert_eq!(text.matches("[a database in Notion](").count(), 1, "{text}");
    let losses = fetched.content.fidelity.losses();
    let titles = losses.iter().find(|loss| loss.kind == LossKind::PageTitle).unwrap();
    assert_eq!(titles.count, 5);
    assert_eq!((asked_for(&stage, hidden), asked_for(&stage, database.id)), (1, 1));
}

#[tokio::test]
async fn a_mention_that_notion_calls_untitled_has_no_title_or_none_that_may_be_known() {
    let stage = Stage::new();
    let author = stage.author();
    let hidden = author.page(author.workspace("Other"), "Secret plan");
    let [named, blank] = ["Incident response", ""].map(|title| author.page(stage.home, title));
    for (page, label, lost) in
        [(named, "[Incident response](", 0), (blank, "[Untitled](", 0), (hidden, "[a page in Notion](", 1)]
    {
        let place = author.page(stage.home, "Overview");
        author.append(place, [paragraph(text("see ").mention_page(page, "Untitled"))]);
        stage.pass(15);
        let fetched = stage.importer.fetch(&stage.connection, Pick::page(place)).await.unwrap();
        assert!(fetched.markdown().unwrap().starts_with(&format!("see {label}")), "{:?}", fetched.markdown());
        let losses = fetched.content.fidelity.losses();
        assert_eq!(losses.iter().map(|loss| loss.count).sum::<u64>(), lost, "{losses:?}");
        assert_eq!(asked_for(&stage, page), 1);
    }
}

#[tokio::test]
async fn an_address_that_leads_to_a_database_is_called_by_its_title() {
    let stage = Stage::new();
    let database = stage.author().database(stage.home, "Sub-processors", [("Country", "select")]);
    let address = format!("https://www.notion.so/{}", database.id.simple());
    let page = stage.author().page(stage.home, "Overview");
    stage.author().append(page, [paragraph(text("").link(&address, &address))]);
    stage.pass(15);
    let fetched = stage.importer.fetch(&stage.connection, Pick::page(page)).await.unwrap();
    assert!(fetched.markdown().unwrap().starts_with("[Sub-processors]("), "{:?}", fetched.markdown());
}

#[tokio::test]
async fn what_may_be_called_something_the_next_time_fails_the_page_for_now() {
    let stage = Stage::new();
    let page = stage.author().page(stage.home, "Overview");
    let database = stage.author().database(stage.home, "Sub-processors", [("Country", "select")]);
    stage.author().append(page, references(stage.home, database.id));
    stage.pass(15);
    stage.world.fail_all(Endpoint::Database, Fault::Internal);
    let error = stage.importer.fetch(&stage.connection, Pick::page(page)).await.unwrap_err();
    assert!(error.kind().is_transient(), "{error:?}");
}

#[tokio::test]
async fn a_relation_is_called_by_the_titles_of_its_rows_and_a_run_asks_for_each_once() {
    let stage = Stage::new();
    let (_, vendor, rows) = vendors(&stage);
    stage.pass(15);
    let manager = stage.manager();
    let events = stage.importer.import(&manager, &stage.connection, rows.map(Pick::page).to_vec());
    assert_eq!(events.count().await, 3);
    assert_eq!(asked_for(&stage, vendor), 1);
    let fetched = stage.importer.fetch(&stage.connection, Pick::page(rows[0])).await.unwrap();
    let link = format!("| Vendor | [Acme \\[Hosting\\]](https://app.notion.com/p/{}) |", vendor.simple());
    assert!(fetched.markdown().unwrap().contains(&link), "{:?}", fetched.markdown());
    assert_eq!(fetched.content.fidelity, Fidelity::Complete);
}

#[tokio::test]
async fn what_is_known_already_is_not_asked_for() {
    let stage = Stage::new();
    let (data_source, vendor, rows) = vendors(&stage);
    stage.pass(15);
    // As a row of the same run, then as a document of the library, then as the host says.
    let manager = stage.manager();
    let picks = vec![Pick::data_source(data_source).shaped(Shape::Rows), Pick::page(rows[0])];
    let events = stage.importer.import(&manager, &stage.connection, picks);
    assert_eq!(events.count().await, 3);
    assert_eq!(asked_for(&stage, vendor), 1, "it was read itself");
    stage.world.forget_requests();
    stage.import(rows[1]).await;
    assert_eq!(asked_for(&stage, vendor), 0);
    let source = stage.importer.metadata(&stage.connection, Pick::page(vendor)).await.unwrap();
    stage.world.forget_requests();
    let known = KnownTitles::default();
    known.learn(&source);
    let apart = importer_with(&stage.world, &stage.clock, &stage.grant, |builder| builder).knowing(known);
    let fetched = apart.fetch(&stage.connection, Pick::page(rows[0])).await.unwrap();
    assert!(fetched.markdown().unwrap().contains("Acme"), "{:?}", fetched.markdown());
    assert_eq!(asked_for(&stage, vendor), 0);
}

#[tokio::test]
async fn another_title_makes_another_version_of_a_row_that_shows_it() {
    let stage = Stage::new();
    let (_, vendor, [row, _]) = vendors(&stage);
    stage.pass(15);
    stage.import(row).await;
    stage.world.forget_requests();
    let again = stage.import(row).await;
    assert!(matches!(again, Imported::Unchanged(_)), "{again:?}");
    assert_eq!((stage.world.requests().len(), asked_for(&stage, row)), (2, 1));
    stage.author().set_title(vendor, "Acme Cloud");
    let again = stage.import(row).await;
    assert!(matches!(again, Imported::NewVersion(..)), "{again:?}");
}

#[tokio::test]
async fn a_run_asks_for_no_more_than_its_budget_and_the_rest_comes_the_next_time() {
    let stage = Stage::new();
    let author = stage.author();
    let pages = ["One", "Two", "Three"].map(|title| author.page(stage.home, title));
    let page = author.page(stage.home, "Overview");
    author.append(page, pages.map(|id| block("link_to_page", json!({"type": "page_id", "page_id": id}))));
    stage.pass(15);
    let poor = importer_with(&stage.world, &stage.clock, &stage.grant, |builder| {
        builder.import_options(ImportOptions::default().lookups(2))
    });
    let fetched = poor.fetch(&stage.connection, Pick::page(page)).await.unwrap();
    let losses = fetched.content.fidelity.losses();
    assert_eq!((losses[0].kind, losses[0].count), (LossKind::PageTitle, 1), "{losses:?}");
    assert_eq!(pages.iter().map(|id| asked_for(&stage, *id)).sum::<usize>(), 2);
    assert!(fetched.content.read.basis.is_none());
}

#[tokio::test]
async fn a_table_calls_its_own_rows_by_their_titles_without_a_request() {
    let stage = Stage::new();
    let author = stage.author();
    let tasks = author.database(stage.home, "Tasks", [("Blocks", "relation")]);
    let first = author.row(tasks.data_source, "Plan", []);
    author.row(tasks.data_source, "Build", [("Blocks", json!([{"id": first}]))]);
    stage.pass(15);
    let table = stage.importer.fetch(&stage.connection, Pick::data_source(tasks.data_source)).await.unwrap();
    assert!(table.markdown().unwrap().contains("| Build | [Plan]("), "{:?}", table.markdown());
    assert_eq!(stage.world.requests_to(Endpoint::Page), 0);
}
