//! Tables of rows: what they call what they refer to, how their numbers are shown, and what is said of what is not in them.

use notion_import_core::testing::{Column, Database, Endpoint, Fault, block, paragraph, text};
use notion_import_core::{
    Connection, Fetched, Fidelity, ImportOptions, LossKind, NotionId, Pick, Shown, TruncationKind,
};
use serde_json::{Value, json};

use super::Stage;
use super::databases::{kinds, plain};

impl Stage {
    /// Reads a page as this Notion answers.
    async fn home_where(&self, change: impl Fn(&str, &mut Value) + Send + Sync + 'static) -> Fetched {
        self.pass(10);
        let importer = self.answered(ImportOptions::default(), change);
        importer.fetch(&self.connection, Pick::page(self.home)).await.unwrap()
    }

    async fn rows_of(&self, database: Database) -> String {
        self.pass(10);
        let fetched = self.importer.fetch(&self.connection, Pick::data_source(database.data_source)).await;
        fetched.unwrap().markdown().unwrap().to_owned()
    }

    /// A database of things that refer to those of another.
    fn relating(&self, place: NotionId, to: NotionId, more: Vec<Column>) -> Database {
        let relation = Column::from(("Vendor", "relation")).config(json!({"data_source_id": to}));
        self.author().database(place, "Contracts", [relation].into_iter().chain(more))
    }
}

fn rolled(column: &str, function: &str) -> Value {
    json!({"relation_property_name": "Vendor", "rollup_property_name": column, "function": function})
}

#[tokio::test]
async fn a_page_with_rows_in_it_is_read_again_though_nobody_edited_it() {
    let stage = Stage::new();
    stage.author().append(stage.home, [paragraph("Before.")]);
    stage.pass(60);
    let read = async || stage.importer.fetch(&stage.connection, Pick::page(stage.home)).await.unwrap();
    assert!(read().await.content.read.basis.is_some());
    let database = stage.inline("Vendors");
    stage.row(database, "Ada Ltd", "France");
    stage.pass(60);
    assert!(read().await.content.read.basis.is_none());
}

#[tokio::test]
async fn a_database_without_a_title_in_its_page_is_called_as_it_or_its_rows_are() {
    for (title, of_source, label) in [
        (json!([{"type": "text", "plain_text": "Our vendors"}]), "Vendors", "Our vendors"),
        (json!([]), "Vendors", "Vendors"),
    ] {
        let stage = Stage::new();
        let database = stage.inline("Vendors");
        stage.author().set_title(database.data_source, of_source);
        let path = format!("/databases/{}", database.id);
        let fetched = stage
            .home_where(move |asked, answer| {
                if asked.ends_with(&path) {
                    answer["title"] = title.clone();
                }
                for block in answer["results"].as_array_mut().into_iter().flatten() {
                    if block["type"] == "child_database" {
                        block["child_database"]["title"] = json!("");
                    }
                }
            })
            .await;
        assert!(plain(&fetched).contains(&format!("\n\n[{label}]\n\n")), "{}", plain(&fetched));
        assert_eq!(fetched.content.fidelity, Fidelity::Complete);
    }
}

#[tokio::test]
async fn rows_beyond_what_is_shown_inside_a_page_are_counted_also_in_the_middle_of_an_answer() {
    let stage = Stage::new();
    let database = stage.inline("Vendors");
    for number in 0..130 {
        stage.row(database, &format!("Vendor {number}"), "France");
    }
    stage.pass(10);
    for (most, shown) in [(120, 120), (130, 130)] {
        let options = ImportOptions::default().inline_rows(most);
        let importer = stage.importer_with(|builder| builder.import_options(options));
        let fetched = importer.fetch(&stage.connection, Pick::page(stage.home)).await.unwrap();
        assert_eq!(plain(&fetched).matches("France").count(), shown);
        assert_eq!(plain(&fetched).contains(r"\[More rows\]"), shown < 130);
        let missing = if shown < 130 { vec![TruncationKind::TooManyRows] } else { vec![] };
        assert_eq!(kinds(&fetched.content.fidelity).0, missing);
    }
}

#[tokio::test]
async fn rows_inside_a_page_call_what_they_relate_to_by_its_title() {
    let stage = Stage::new();
    let vendors = stage.author().database(stage.home, "Vendors", [("Country", "select")]);
    let vendor = stage.author().row(vendors.data_source, "Ada Ltd", []);
    let page = stage.author().page(stage.home, "Overview");
    let contracts = stage.relating(page, vendors.data_source, vec![]);
    stage.author().row(contracts.data_source, "First", [("Vendor", json!([{"id": vendor}]))]);
    stage.author().show_inline(contracts.id);
    stage.pass(10);
    let fetched = stage.importer.fetch(&stage.connection, Pick::page(page)).await.unwrap();
    assert!(plain(&fetched).contains("| First | [Ada Ltd] |"), "{}", plain(&fetched));
    assert_eq!(fetched.content.fidelity, Fidelity::Complete);
}

#[tokio::test]
async fn a_row_that_is_not_shared_is_untitled_to_nobody() {
    let stage = Stage::new();
    let vendors = stage.author().database(stage.home, "Vendors", [("Country", "select")]);
    let contracts = stage.relating(stage.home, vendors.data_source, vec![]);
    let hidden = stage.author().row(contracts.data_source, "Hidden", []);
    stage.author().row(contracts.data_source, "First", [("Vendor", json!([{"id": hidden}]))]);
    stage.author().withhold(hidden);
    let text = stage.rows_of(contracts).await;
    assert_eq!(text.matches("[a page in Notion](").count(), 2, "{text}");
    assert!(!text.contains("Untitled"), "{text}");
}

#[tokio::test]
async fn a_database_that_is_not_shared_is_untitled_to_nobody_and_a_page_without_a_title_is() {
    let stage = Stage::new();
    let blank = stage.author().page(stage.home, "");
    let page = stage.author().page(stage.home, "Overview");
    let inline = stage.author().database(page, "Vendors", [("Country", "select")]);
    let elsewhere = stage.author().database(stage.home, "Risks", [("Level", "select")]);
    let source = json!({"type": "data_source", "data_source": {"id": inline.data_source}});
    stage.author().show_inline(inline.id);
    stage.author().append(
        page,
        [
            block("link_to_page", json!({"type": "page_id", "page_id": blank})),
            block("link_to_page", json!({"type": "database_id", "database_id": inline.id})),
            block("link_to_page", json!({"type": "database_id", "database_id": elsewhere.id})),
            paragraph(text("").mention(source, "", None)),
        ],
    );
    stage.pass(10);
    for partial in [vec![inline.id, elsewhere.id], vec![inline.data_source, elsewhere.id, inline.id]] {
        let importer = stage.answered(ImportOptions::default(), move |path, answer| {
            if let Some(id) = partial.iter().find(|id| path.ends_with(&id.to_string())) {
                // A database inside of which only the data source is hidden says what it is called.
                if partial.len() == 2 || *id != inline.id {
                    *answer = json!({"object": answer["object"], "id": id});
                }
            }
        });
        let fetched = importer.fetch(&stage.connection, Pick::page(page)).await.unwrap();
        let text = plain(&fetched);
        assert_eq!(text.matches("[Untitled]").count(), 1, "{text}");
        assert!(text.matches("[a database in Notion]").count() >= 2, "{text}");
    }
}

#[tokio::test]
async fn a_title_of_another_connection_is_not_shown_to_this_one() {
    let stage = Stage::new();
    let policy = stage.author().page(stage.home, "Old name");
    let page = stage.author().page(stage.home, "Overview");
    stage.author().append(page, [block("link_to_page", json!({"type": "page_id", "page_id": policy}))]);
    stage.pass(10);
    stage.import(policy).await;
    stage.author().set_title(policy, "New name");
    stage.pass(10);
    let other = Connection::new(stage.connection.tenant, "other");
    for (connection, label) in [(&stage.connection, "[Old name]\n"), (&other, "[New name]\n")] {
        let fetched = stage.importer.fetch(connection, Pick::page(page)).await.unwrap();
        assert_eq!(plain(&fetched), label);
    }
}

#[tokio::test]
async fn the_second_request_for_what_an_address_leads_to_is_one_of_the_budget() {
    let stage = Stage::new();
    let database = stage.author().database(stage.home, "Vendors", [("Country", "select")]);
    let address = format!("https://www.notion.so/{}", database.id.simple());
    let page = stage.author().page(stage.home, "Overview");
    stage.author().append(page, [paragraph(text("").link(&address, &address))]);
    stage.pass(10);
    for (lookups, label) in [(1, "[a page in Notion]"), (2, "[Vendors]")] {
        let options = ImportOptions::default().lookups(lookups);
        let importer = stage.importer_with(|builder| builder.import_options(options));
        stage.world.forget_requests();
        let fetched = importer.fetch(&stage.connection, Pick::page(page)).await.unwrap();
        assert_eq!(plain(&fetched), format!("{label}\n"));
        assert_eq!(stage.world.requests_to(Endpoint::Database), lookups as usize - 1);
    }
}

#[tokio::test]
async fn numbers_that_rows_take_from_others_are_shown_as_those_are() {
    let stage = Stage::new();
    let euro = Column::from(("Cost", "number")).config(json!({"format": "euro"}));
    let vendors = stage.author().database(stage.home, "Vendors", [euro]);
    let contracts = stage.relating(
        stage.home,
        vendors.data_source,
        vec![
            Column::from(("All", "rollup")).config(rolled("Cost", "show_original")),
            Column::from(("Sum", "rollup")).config(rolled("Cost", "sum")),
        ],
    );
    let costs = json!([{"type": "number", "number": 2}, {"type": "number", "number": 1.5}]);
    stage.author().row(
        contracts.data_source,
        "First",
        [
            ("All", json!({"type": "array", "array": costs, "function": "show_original"})),
            ("Sum", json!({"type": "number", "number": 3.5, "function": "sum"})),
        ],
    );
    let text = stage.rows_of(contracts).await;
    assert!(text.contains("€2.00, €1.50 | €3.50 |"), "{text}");
}

#[tokio::test]
async fn a_number_rolled_up_of_what_is_rolled_up_has_no_format_that_is_known() {
    let stage = Stage::new();
    let euro = Column::from(("Cost", "number")).config(json!({"format": "euro"}));
    let vendors = stage.author().database(stage.home, "Vendors", [euro]);
    let sums = Column::from(("Sum", "rollup")).config(rolled("Cost", "sum"));
    let contracts = stage.relating(stage.home, vendors.data_source, vec![sums]);
    let all = Column::from(("Total", "rollup")).config(rolled("Sum", "sum"));
    let teams = stage.relating(stage.home, contracts.data_source, vec![all]);
    let total = json!({"type": "number", "number": 3.5, "function": "sum"});
    stage.author().row(teams.data_source, "Finance", [("Total", total)]);
    stage.pass(10);
    let fetched =
        stage.importer.fetch(&stage.connection, Pick::data_source(teams.data_source)).await.unwrap();
    assert!(fetched.markdown().unwrap().contains(" 3.5 |"), "{:?}", fetched.markdown());
    assert_eq!(kinds(&fetched.content.fidelity), (vec![], vec![LossKind::NumberFormat]));
}

#[tokio::test]
async fn a_data_source_that_relates_to_itself_is_asked_for_no_more_than_another() {
    let stage = Stage::new();
    let euro = Column::from(("Cost", "number")).config(json!({"format": "euro"}));
    let parts = stage.author().database(stage.home, "Parts", [euro]);
    let itself = json!({"data_source_id": parts.data_source});
    let path = format!("/data_sources/{}", parts.data_source);
    let sum = json!({"type": "number", "number": 3.5, "function": "sum"});
    stage.author().row(parts.data_source, "Whole", []);
    stage.pass(10);
    let importer = stage.answered(ImportOptions::default(), move |asked, answer| {
        if asked.ends_with(&path) {
            answer["properties"]["Vendor"] = json!({"id": "r", "type": "relation", "relation": itself});
            answer["properties"]["Sum"] =
                json!({"id": "s", "type": "rollup", "rollup": rolled("Cost", "sum")});
        }
        for row in answer["results"].as_array_mut().into_iter().flatten() {
            if row["object"] == "page" {
                row["properties"]["Sum"] = json!({"id": "s", "type": "rollup", "rollup": sum});
            }
        }
    });
    let fetched = importer.fetch(&stage.connection, Pick::data_source(parts.data_source)).await.unwrap();
    assert!(fetched.markdown().unwrap().contains("€3.50"), "{:?}", fetched.markdown());
    // Before its rows and after them.
    assert_eq!(stage.world.requests_to(Endpoint::DataSource), 2);
}

#[tokio::test]
async fn what_a_row_shows_the_beginning_of_is_whole_in_a_table_too() {
    let stage = Stage::new();
    let vendors = stage.author().database(stage.home, "Vendors", [("Country", "select")]);
    let names = Column::from(("Names", "rollup")).config(rolled("Name", "show_original"));
    let contracts = stage.relating(stage.home, vendors.data_source, vec![names]);
    let related: Vec<_> = (0..30)
        .map(|number| json!({"id": stage.author().row(vendors.data_source, format!("V{number}"), [])}))
        .collect();
    stage.author().row(contracts.data_source, "First", [("Vendor", json!(related))]);
    let text = stage.rows_of(contracts).await;
    assert!(text.contains("[V0](") && text.contains("[V29]("), "{text}");
}

#[tokio::test]
async fn a_rollup_that_may_be_cut_is_read_whole_though_nothing_else_is() {
    let stage = Stage::new();
    let row = |number: usize| json!({"type": "title", "title": [{"type": "text", "plain_text": format!("C{number}")}]});
    for (count, asked) in [(24, 0), (25, 1)] {
        let names = Column::from(("Names", "rollup")).config(rolled("Name", "show_original"));
        let contracts = stage.relating(stage.home, stage.home, vec![names]);
        let all = json!({"type": "array", "array": (0..count).map(row).collect::<Vec<_>>(), "function": "show_original"});
        let page = stage.author().row(contracts.data_source, "First", [("Names", all)]);
        stage.pass(10);
        stage.world.forget_requests();
        let fetched = stage.importer.fetch(&stage.connection, Pick::page(page)).await.unwrap();
        assert!(fetched.markdown().unwrap().contains(&format!("C{}", count - 1)), "{:?}", fetched.markdown());
        assert_eq!(stage.world.requests_to(Endpoint::Property), asked, "{count}");
    }
}

#[tokio::test]
async fn a_row_that_is_a_data_source_stands_where_titles_stand_and_is_never_nameless_in_silence() {
    let stage = Stage::new();
    let wiki = stage.author().database(stage.home, "Wiki", [("Country", "select")]);
    stage.author().data_source(wiki.data_source, "Child", [("Country", "select")]);
    stage.author().data_source(wiki.data_source, "", [("Country", "select")]);
    let columns = ["Country", "Name"].map(str::to_owned).to_vec();
    let importer = stage.importer_with(|builder| builder.databases(move |_| Shown::Columns(columns.clone())));
    stage.pass(10);
    let fetched = importer.fetch(&stage.connection, Pick::data_source(wiki.data_source)).await.unwrap();
    let text = plain(&fetched);
    for row in ["|  | [Child] |\n", "|  | [a database in Notion] |\n"] {
        assert!(text.contains(row), "{row}: {text}");
    }
    assert!(
        kinds(&fetched.content.fidelity).1.contains(&LossKind::PageTitle),
        "{:?}",
        fetched.content.fidelity
    );
}

#[tokio::test]
async fn a_table_that_is_not_shared_is_missing_at_the_block_of_its_database() {
    let stage = Stage::new();
    let database = stage.inline("Assets");
    stage.row(database, "Ada Ltd", "France");
    let risks = stage.author().data_source(database.id, "Risks", [("Level", "select")]);
    stage.pass(10);
    stage.world.fail_at(Endpoint::DataSource, risks, Fault::NotFound);
    let fetched = stage.importer.fetch(&stage.connection, Pick::page(stage.home)).await.unwrap();
    assert!(plain(&fetched).contains("| Ada Ltd | France |"), "{}", plain(&fetched));
    let Fidelity::Truncated { truncations, .. } = &fetched.content.fidelity else {
        panic!("nothing is missing")
    };
    assert_eq!(
        (truncations[0].kind, truncations[0].first_block),
        (TruncationKind::NotShared, Some(database.id))
    );
}
