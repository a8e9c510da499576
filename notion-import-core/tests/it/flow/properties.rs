//! Property values that do not stand in a row alone: formats of numbers, and what rests on more than a page gives.

use notion_import_core::testing::{Column, Database, Endpoint, Fault, paragraph};
use notion_import_core::{Fidelity, ImportOptions, LossKind, NotionId, Pick, TruncationKind};
use serde_json::json;

use super::{Stage, importer_with};

/// What stands beside a name in a table of properties.
async fn values(stage: &Stage, row: NotionId) -> (String, Fidelity) {
    let fetched = stage.importer.fetch(&stage.connection, Pick::page(row)).await.unwrap();
    (fetched.markdown().unwrap().to_owned(), fetched.content.fidelity)
}

fn measures(stage: &Stage) -> Database {
    stage.author().database(
        stage.home,
        "Measures",
        [
            Column::from(("Coverage", "number")).config(json!({"format": "percent"})),
            Column::from(("Budget", "number")).config(json!({"format": "dollar"})),
        ],
    )
}

#[tokio::test]
async fn numbers_of_a_row_are_shown_as_the_schema_says_which_a_run_asks_for_once() {
    let stage = Stage::new();
    let database = measures(&stage);
    let values_of_row = || [("Coverage", json!(0.95)), ("Budget", json!(1_234_567.5))];
    let rows = ["Disk encryption", "Backups"]
        .map(|name| stage.author().row(database.data_source, name, values_of_row()));
    stage.pass(5);
    let (text, fidelity) = values(&stage, rows[0]).await;
    assert!(text.contains("| Budget | \\$1,234,567.50 |\n| Coverage | 95% |\n"), "{text}");
    assert_eq!(fidelity, Fidelity::Complete);
    stage.world.forget_requests();
    let picks = rows.map(Pick::page).to_vec();
    let manager = stage.manager();
    let events = stage.importer.import(&manager, &stage.connection, picks);
    assert_eq!(futures_util::StreamExt::count(events).await, 3);
    assert_eq!(stage.world.requests_to(Endpoint::DataSource), 1);
    let table =
        stage.importer.fetch(&stage.connection, Pick::data_source(database.data_source)).await.unwrap();
    assert!(
        table.markdown().unwrap().contains("| Backups | 95% | \\$1,234,567.50 |"),
        "{:?}",
        table.markdown()
    );
    let lost: Vec<_> = table.content.fidelity.losses().iter().map(|loss| loss.kind).collect();
    assert_eq!(lost, [LossKind::RowOrder]);
}

#[tokio::test]
async fn a_row_without_numbers_costs_no_request_for_their_format() {
    let stage = Stage::new();
    let database = measures(&stage);
    let row = stage.author().row(database.data_source, "Backups", []);
    stage.pass(5);
    values(&stage, row).await;
    assert_eq!(stage.world.requests_to(Endpoint::DataSource), 0);
}

#[tokio::test]
async fn a_number_whose_format_cannot_be_had_stands_as_it_is_and_is_counted() {
    let stage = Stage::new();
    let database = measures(&stage);
    let row = stage.author().row(database.data_source, "Backups", [("Coverage", json!(0.95))]);
    stage.pass(5);
    stage.world.fail_all(Endpoint::DataSource, Fault::NotFound);
    let (text, fidelity) = values(&stage, row).await;
    assert!(text.contains("| Coverage | 0.95 |"), "{text}");
    assert_eq!(fidelity.losses()[0].kind, LossKind::NumberFormat);
}

#[tokio::test]
async fn another_format_makes_another_version_though_no_row_was_edited() {
    let stage = Stage::new();
    let database = measures(&stage);
    let row = stage.author().row(database.data_source, "Backups", [("Coverage", json!(0.95))]);
    stage.pass(15);
    stage.import(row).await;
    let again = stage.import(row).await;
    assert!(matches!(again, notion_import_core::Imported::Unchanged(_)), "{again:?}");
    stage.author().set_column(database.data_source, "Coverage", json!({"format": "number"}));
    let again = stage.import(row).await;
    assert!(matches!(again, notion_import_core::Imported::NewVersion(..)), "{again:?}");
}

/// A vendor with so many controls, and what is rolled up of them.
fn vendor(stage: &Stage, controls: usize) -> NotionId {
    let author = stage.author();
    let library = author.database(
        stage.home,
        "Controls",
        [Column::from(("Cost", "number")).config(json!({"format": "euro"}))],
    );
    let relation = json!({"data_source_id": library.data_source, "database_id": library.id});
    let of = |column: &str, function: &str| json!({"relation_property_name": "Controls", "rollup_property_name": column, "function": function});
    let vendors = author.database(
        stage.home,
        "Vendors",
        [
            Column::from(("Controls", "relation")).config(relation),
            Column::from(("Names", "rollup")).config(of("Name", "show_original")),
            Column::from(("Count", "rollup")).config(of("Name", "count")),
            Column::from(("Cost", "rollup")).config(of("Cost", "sum")),
            Column::from(("Share", "formula")),
        ],
    );
    let name = |number: usize| json!({"type": "title", "title": [{"type": "text", "plain_text": format!("C{number}")}]});
    let links: Vec<_> = (0..controls)
        .map(|number| json!({"id": author.row(library.data_source, format!("C{number}"), [])}))
        .collect();
    author.row(
        vendors.data_source,
        "Acme Hosting",
        [
            ("Controls", json!(links)),
            (
                "Names",
                json!({"type": "array", "array": (0..controls).map(name).collect::<Vec<_>>(), "function": "show_original"}),
            ),
            ("Count", json!({"type": "number", "number": controls, "function": "count"})),
            ("Cost", json!({"type": "number", "number": 1200, "function": "sum"})),
            ("Share", json!({"type": "number", "number": 0.5})),
        ],
    )
}

#[tokio::test]
async fn what_rests_on_more_references_than_a_page_gives_is_read_whole() {
    let stage = Stage::new();
    let row = vendor(&stage, 134);
    stage.pass(15);
    let (text, fidelity) = values(&stage, row).await;
    assert!(text.contains("C132, C133 |") && text.contains("| Names | C0, C1, "), "{text}");
    assert!(text.contains("| Cost | €1,200.00 |\n| Count | 134 |\n"), "{text}");
    assert!(!matches!(fidelity, Fidelity::Truncated { .. }), "{fidelity:?}");
    // Two pages of the relation and of the names, one for the count, the cost and the formula each.
    assert_eq!(stage.world.requests_to(Endpoint::Property), 2 + 2 + 3);
    assert!(stage.world.violations().is_empty(), "{:?}", stage.world.violations());
}

#[tokio::test]
async fn the_rest_of_a_property_that_notion_refuses_costs_that_property_alone() {
    for fault in [Fault::Invalid, Fault::Restricted, Fault::NotFound] {
        let stage = Stage::new();
        let row = vendor(&stage, 30);
        stage.author().append(row, [paragraph("Body.")]);
        stage.pass(15);
        stage.world.fail_all(Endpoint::Property, fault.clone());
        let (text, fidelity) = values(&stage, row).await;
        assert!(text.contains("C24") && text.ends_with("Body.\n"), "{fault:?}: {text}");
        let Fidelity::Truncated { truncations, .. } = fidelity else { panic!("nothing is missing") };
        // The relation, and the four values that rest on it.
        assert_eq!((truncations[0].kind, truncations[0].count), (TruncationKind::PropertyNotLoaded, 5));
        stage.world.fail_all(Endpoint::Property, Fault::Internal);
        let read = stage.importer.fetch(&stage.connection, Pick::page(row)).await;
        assert!(read.is_err_and(|error| error.kind().is_transient()), "{fault:?}");
    }
}

#[tokio::test]
async fn a_property_that_says_that_there_is_more_of_it_is_read_whole_however_little_is_shown() {
    let stage = Stage::new();
    let row = vendor(&stage, 5);
    stage.pass(15);
    let importer = stage.answered(ImportOptions::default(), move |path, answer| {
        if path.ends_with(&format!("/pages/{row}")) {
            let relation = &mut answer["properties"]["Controls"];
            relation["relation"].as_array_mut().unwrap().truncate(2);
            relation["has_more"] = json!(true);
        }
    });
    let fetched = importer.fetch(&stage.connection, Pick::page(row)).await.unwrap();
    let text = fetched.markdown().unwrap();
    assert!(text.contains("| Controls | [C0](") && text.contains("[C4]("), "{text}");
    assert!(
        !matches!(fetched.content.fidelity, Fidelity::Truncated { .. }),
        "{:?}",
        fetched.content.fidelity
    );
}

#[tokio::test]
async fn what_rests_on_no_more_than_a_page_gives_costs_nothing() {
    let stage = Stage::new();
    let row = vendor(&stage, 24);
    stage.pass(5);
    let (text, _) = values(&stage, row).await;
    assert!(text.contains("| Count | 24 |"), "{text}");
    assert_eq!(stage.world.requests_to(Endpoint::Property), 0);
}

#[tokio::test]
async fn what_there_is_no_request_left_for_is_reported_and_read_the_next_time() {
    let stage = Stage::new();
    let row = vendor(&stage, 30);
    stage.author().append(row, [paragraph("Body.")]);
    stage.pass(15);
    let poor = importer_with(&stage.world, &stage.clock, &stage.grant, |builder| {
        builder.import_options(ImportOptions::default().lookups(1))
    });
    let fetched = poor.fetch(&stage.connection, Pick::page(row)).await.unwrap();
    let Fidelity::Truncated { truncations, .. } = fetched.content.fidelity else {
        panic!("nothing is missing")
    };
    // The names are read with the one request that there is; count, cost and share are as the page gives them.
    assert_eq!((truncations[0].kind, truncations[0].count), (TruncationKind::PropertyNotLoaded, 3));
    assert!(fetched.content.read.basis.is_none());
}

#[tokio::test]
async fn a_rollup_that_notion_refuses_to_give_whole_is_reported() {
    let stage = Stage::new();
    let row = vendor(&stage, 5);
    let incomplete = json!({"type": "incomplete", "incomplete": {}, "function": "sum"});
    stage.author().set_property(row, "Cost", incomplete);
    stage.pass(5);
    for fault in [None, Some(Fault::NotFound)] {
        stage.world.fail_all(Endpoint::Property, fault.clone());
        let (_, fidelity) = values(&stage, row).await;
        let Fidelity::Truncated { truncations, .. } = fidelity else { panic!("nothing is missing") };
        assert_eq!(
            (truncations[0].kind, truncations[0].count),
            (TruncationKind::PropertyNotLoaded, 1),
            "{fault:?}"
        );
    }
}
