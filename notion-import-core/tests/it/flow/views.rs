//! What of a database a view shows, and what a query cannot be asked for.

use std::collections::HashMap;

use notion_import_core::testing::{Database, Endpoint};
use notion_import_core::{
    Content, DocumentReader, Fetched, Fidelity, ImportOptions, Imported, LossKind, NotionId, Pick, Shown,
    SyncOptions, TruncationKind, VersionNumber,
};
use serde_json::{Value, json};

use super::Stage;
use super::databases::{by_name, first, kinds, plain, viewed};

impl Stage {
    /// Reads a table as this Notion answers.
    async fn table_where(
        &self,
        database: Database,
        change: impl Fn(&str, &mut Value) + Send + Sync + 'static,
    ) -> Fetched {
        self.pass(10);
        let importer = self.answered(ImportOptions::default(), change);
        importer.fetch(&self.connection, Pick::data_source(database.data_source)).await.unwrap()
    }
}

fn start(fetched: &Fetched) -> &str {
    fetched.markdown().unwrap().lines().next().unwrap()
}

/// The first words of the rows, from top to bottom.
fn names(fetched: &Fetched) -> Vec<&str> {
    let rows = fetched.markdown().unwrap().lines().skip(2);
    rows.filter_map(|row| row.strip_prefix("| ")?.split(" |").next()).collect()
}

fn listed(name: &str, visible: Value) -> Value {
    json!({"property_id": name, "visible": visible})
}

fn france() -> Value {
    json!({"property": "Country", "select": {"equals": "France"}})
}

#[tokio::test]
async fn rows_stand_in_the_order_of_the_view_in_both_directions() {
    for (direction, expected) in [
        ("ascending", ["Ada Ltd", "Mail GmbH", "Zeta SA"]),
        ("descending", ["Zeta SA", "Mail GmbH", "Ada Ltd"]),
    ] {
        let view = json!({"type": "table", "sorts": by_name(direction)});
        let (_, fetched) = viewed(first, &[view]).await;
        assert_eq!(names(&fetched), expected, "{direction}");
        assert_eq!(fetched.content.fidelity, Fidelity::Complete);
    }
}

#[tokio::test]
async fn a_column_of_which_a_view_does_not_say_whether_it_is_shown_is_shown_and_reported() {
    let (yes, no, unsaid) = (json!(true), json!(false), Value::Null);
    for (columns, header, reported) in [
        // The title is first where the view does not list it, and is no column that anybody hides.
        (
            vec![
                listed("Country", unsaid.clone()),
                listed("Secret", yes.clone()),
                listed("Since", no.clone()),
            ],
            "| Name | Country | Secret |",
            1,
        ),
        (
            vec![listed("Secret", yes.clone()), listed("Country", yes)],
            "| Name | Secret | Country | Since |",
            1,
        ),
        (
            vec![listed("Since", unsaid.clone()), listed("Name", unsaid.clone())],
            "| Since | Name | Country | Secret |",
            3,
        ),
        (vec![listed("Gone", unsaid), listed("Country", no)], "| Name | Secret | Since |", 2),
    ] {
        let view =
            json!({"type": "table", "sorts": by_name("ascending"), "configuration": {"properties": columns}});
        let (_, fetched) = viewed(first, std::slice::from_ref(&view)).await;
        assert_eq!(start(&fetched), header, "{view}");
        assert_eq!(fetched.content.exposure.unsaid_columns, reported, "{view}");
        assert_eq!(fetched.content.fidelity, Fidelity::Complete, "{view}");
    }
}

#[tokio::test]
async fn a_view_may_name_its_columns_by_their_ids_escaped_or_not_or_by_their_names() {
    let stage = Stage::new();
    let database =
        stage.author().database(stage.home, "Vendors", [("Country", "select"), ("Secret", "rich_text")]);
    stage.row(database, "Ada Ltd", "France");
    let hidden = json!({"type": "table", "configuration": {"properties": [listed("Secret", json!(false)), listed("Country", json!(true))]}});
    stage.author().remove_views(database.id);
    stage.author().view(database.id, database.data_source, hidden);
    for spelling in [
        |id: &str| id.to_owned(),
        |id: &str| id.replace("%3A", ":").replace("%40", "@").replace("%3B", ";"),
        |_: &str| "Secret".to_owned(),
    ] {
        let fetched = stage
            .table_where(database, move |path, answer| {
                if path.contains("/views/") {
                    let id = &mut answer["configuration"]["properties"][0]["property_id"];
                    *id = json!(spelling(id.as_str().unwrap()));
                }
            })
            .await;
        assert_eq!((start(&fetched), fetched.content.exposure.unsaid_columns), ("| Name | Country |", 0));
    }
}

#[tokio::test]
async fn the_form_of_a_view_is_counted_and_one_without_rows_is_none() {
    for kind in ["board", "calendar", "timeline", "gallery", "list", "map"] {
        let view = json!({"type": kind, "filter": france(), "sorts": by_name("ascending")});
        let (_, fetched) = viewed(first, &[view]).await;
        assert_eq!(names(&fetched), ["Ada Ltd", "Zeta SA"], "{kind}");
        assert_eq!(kinds(&fetched.content.fidelity), (vec![], vec![LossKind::ViewLayout]), "{kind}");
    }
    for kind in ["form", "chart", "dashboard", "feed", "hologram"] {
        let view = json!({"type": kind, "filter": france(), "sorts": by_name("ascending")});
        let (_, fetched) = viewed(first, &[view]).await;
        assert_eq!(names(&fetched).len(), 3, "{kind}");
        assert_eq!(fetched.content.exposure.unsaid_columns, 3, "{kind}");
    }
    let configuration = json!({"properties": [], "group_by": {"property_id": "Country", "type": "select"}});
    let grouped = json!({"type": "table", "sorts": by_name("ascending"), "configuration": configuration});
    let (_, fetched) = viewed(first, &[grouped]).await;
    assert_eq!(kinds(&fetched.content.fidelity), (vec![], vec![LossKind::ViewLayout]));
}

#[tokio::test]
async fn an_order_that_cannot_be_asked_for_costs_the_order_and_keeps_the_filter() {
    let stage = Stage::new();
    let database = stage.author().database(stage.home, "Vendors", [("Country", "select")]);
    for (name, country) in [("Ada Ltd", "France"), ("Mail GmbH", "Germany"), ("Zeta SA", "France")] {
        stage.row(database, name, country);
    }
    let odd = json!([{"property": "Name", "direction": "sideways"}]);
    for (filter, rows, losses) in [
        (france(), 2, vec![LossKind::RowOrder]),
        (
            json!({"property": "Country", "hologram": {"near": "x"}}),
            3,
            vec![LossKind::ViewFilter, LossKind::RowOrder],
        ),
    ] {
        stage.author().remove_views(database.id);
        let view = json!({"type": "table", "filter": filter, "sorts": odd});
        stage.author().view(database.id, database.data_source, view);
        let fetched = stage.table_where(database, |_, _| ()).await;
        assert_eq!(names(&fetched).len(), rows, "{filter}");
        assert_eq!(kinds(&fetched.content.fidelity), (vec![], losses), "{filter}");
        assert_eq!(fetched.content.exposure.unfiltered_tables, rows as u64 - 2, "{filter}");
    }
}

#[tokio::test]
async fn a_view_shows_the_data_source_that_it_is_of() {
    let stage = Stage::new();
    let database = stage.author().database(stage.home, "Assets", [("Country", "select")]);
    stage.row(database, "Ada Ltd", "France");
    stage.row(database, "Mail GmbH", "Germany");
    let risks = stage.author().data_source(database.id, "Risks", [("Level", "select")]);
    stage.author().remove_views(database.id);
    let high = json!({"property": "Level", "select": {"equals": "High"}});
    stage.author().view(database.id, risks, json!({"type": "table", "filter": high}));
    let own = json!({"type": "table", "filter": france()});
    stage.author().view(database.id, database.data_source, own.clone());
    let fetched = stage.table_where(database, |_, _| ()).await;
    assert_eq!(names(&fetched), ["Ada Ltd"]);
    assert_eq!(fetched.content.fidelity, Fidelity::Complete);
    // One that is asked for by name is, too.
    let foreign = stage.world.views()[0];
    let importer = stage.importer_with(|builder| builder.databases(move |_| Shown::View(foreign)));
    let other = importer.fetch(&stage.connection, Pick::data_source(database.data_source)).await.unwrap();
    assert_eq!(names(&other), ["Ada Ltd"]);
    assert_eq!(kinds(&other.content.fidelity), (vec![], vec![LossKind::ViewMissing]));
}

#[tokio::test]
async fn another_view_than_the_one_that_was_chosen_is_counted() {
    let gone = NotionId::new(uuid::Uuid::from_u128(9));
    let sorted = json!({"type": "table", "sorts": by_name("ascending")});
    let (_, fetched) = viewed(move |_| Shown::View(gone), std::slice::from_ref(&sorted)).await;
    assert_eq!(kinds(&fetched.content.fidelity), (vec![], vec![LossKind::ViewMissing]));
    assert_eq!(fetched.content.exposure.unsaid_columns, 0);
    let (_, fetched) = viewed(move |_| Shown::View(gone), &[]).await;
    assert_eq!(kinds(&fetched.content.fidelity), (vec![], vec![LossKind::ViewMissing]));
    assert_eq!(fetched.content.exposure.unsaid_columns, 3);
}

#[tokio::test]
async fn rows_beyond_what_a_query_gives_in_an_order_come_without_it_or_are_named() {
    let stage = Stage::new();
    let database = stage.inline("Vendors");
    for number in 0..5 {
        stage.pass(1);
        stage.row(database, &format!("Vendor {number}"), "France");
    }
    stage.author().remove_views(database.id);
    stage.author().view(
        database.id,
        database.data_source,
        json!({"type": "table", "sorts": by_name("descending")}),
    );
    stage.world.tune(|rules| rules.query_cap = 3);
    let alone = stage.table_where(database, |_, _| ()).await;
    assert_eq!(names(&alone).len(), 5);
    assert_eq!(kinds(&alone.content.fidelity), (vec![], vec![LossKind::RowOrder]));
    let inside = stage.importer.fetch(&stage.connection, Pick::page(stage.home)).await.unwrap();
    let text = plain(&inside);
    assert!(text.contains("| [Vendor 4]") || text.contains("| Vendor 4 |"), "{text}");
    assert!(text.contains(r"\[More rows\]") && !text.contains("Vendor 1"), "{text}");
    assert_eq!(kinds(&inside.content.fidelity), (vec![TruncationKind::TooManyRows], vec![]));
}

#[tokio::test]
async fn a_filter_hides_rows_from_readers_and_not_from_a_sync() {
    let stage = Stage::new();
    let database = stage.author().database(stage.home, "Vendors", [("Country", "select")]);
    stage.row(database, "Ada Ltd", "France");
    stage.author().remove_views(database.id);
    stage.author().view(database.id, database.data_source, json!({"type": "table", "filter": france()}));
    stage.pass(60);
    stage.row(database, "Mail GmbH", "Germany");
    let edited = stage.now();
    let fetched = stage.table_where(database, |_, _| ()).await;
    assert_eq!(names(&fetched), ["Ada Ltd"]);
    assert_eq!(fetched.content.read.edited_at.timestamp() / 60, edited.timestamp() / 60);
}

#[tokio::test]
async fn rows_in_the_trash_are_left_out_and_counted() {
    let stage = Stage::new();
    let database = stage.author().database(stage.home, "Vendors", [("Country", "select")]);
    for name in ["Ada Ltd", "Mail GmbH"] {
        stage.row(database, name, "France");
    }
    for flag in ["in_trash", "archived"] {
        let fetched = stage
            .table_where(database, move |path, answer| {
                for row in answer["results"].as_array_mut().into_iter().flatten() {
                    if path.ends_with("/query") && row.to_string().contains("Mail GmbH") {
                        row[flag] = json!(true);
                    }
                }
            })
            .await;
        assert_eq!(names(&fetched), ["Ada Ltd"], "{flag}");
        // One row has no order.
        assert_eq!(kinds(&fetched.content.fidelity), (vec![], vec![LossKind::RowInTrash]), "{flag}");
    }
    assert_eq!(stage.world.requests_to(Endpoint::Query), 2);
}

impl Stage {
    /// Imports a table, as somebody chose or as it was chosen before, and returns its first line.
    async fn choose(&self, table: NotionId, chosen: Option<Shown>) -> (Imported, String) {
        let chosen = chosen.into_iter().map(|chosen| (table, chosen)).collect::<HashMap<_, _>>();
        let importer = self.importer.showing(chosen);
        let imported = importer.import_one(&self.manager(), &self.connection, Pick::data_source(table)).await;
        (imported.unwrap(), self.header(table).await)
    }

    /// The first line of a table's newest version.
    async fn header(&self, table: NotionId) -> String {
        let document = self.linked(table).await.document;
        let newest = self.library.versions(&self.manager(), document).await.unwrap().remove(0);
        let Content::Markdown(text) = newest.content else { panic!("{newest:?}") };
        text.lines().next().unwrap().to_owned()
    }
}

#[tokio::test]
async fn what_was_chosen_to_be_shown_is_imported_and_synced_until_there_is_another_choice() {
    let stage = Stage::new();
    let database = stage.inline("Vendors");
    let table = database.data_source;
    let row = stage.author().row(table, "Ada Ltd", [("Country", json!({"name": "France"}))]);
    let listed_only = json!({"configuration": {"properties": [listed("Country", json!(false))]}});
    let view = stage.author().view(database.id, table, listed_only);
    stage.pass(60);
    let (country, name) = ("| Name | Country |", "| Name |");
    assert_eq!(stage.choose(table, None).await.1, country);
    let columns = Shown::Columns(vec!["Name".to_owned()]);
    assert_eq!(stage.choose(table, Some(columns.clone())).await.1, name);
    stage.pass(60);
    let (again, header) = stage.choose(table, None).await;
    assert_eq!((again, header.as_str()), (Imported::Unchanged(again.document()), name));
    assert_eq!(stage.linked(table).await.link.shown, Some(columns));
    // What is not shown changes nothing, and what is comes as it was chosen.
    let drafts = stage.importer_with(|builder| builder.sync_options(SyncOptions::default().drafts(true)));
    stage.author().set_property(row, "Country", json!({"name": "Spain"}));
    stage.pass(240);
    stage.importer.sync(&stage.connection).await.unwrap();
    assert!(!stage.linked(table).await.link.update_available);
    stage.row(database, "Zeta SA", "France");
    stage.pass(240);
    drafts.sync(&stage.connection).await.unwrap();
    let known = stage.linked(table).await;
    assert_eq!((known.latest, known.link.update_available), (VersionNumber(3), false));
    assert_eq!(stage.header(table).await, name);
    // Another document that shows it is not concerned.
    let inside = stage.importer.fetch(&stage.connection, Pick::page(stage.home)).await.unwrap();
    assert!(plain(&inside).contains(country), "{}", plain(&inside));
    for chosen in [Shown::Everything, Shown::View(view), Shown::FirstView] {
        let header = stage.choose(table, Some(chosen.clone())).await.1;
        assert_eq!(header, if chosen == Shown::View(view) { name } else { country }, "{chosen:?}");
    }
}

#[tokio::test]
async fn the_views_to_choose_from_are_those_of_rows_of_the_data_source_by_their_names() {
    let stage = Stage::new();
    let database = stage.author().database(stage.home, "Vendors", [("Country", "select")]);
    let other = stage.author().data_source(database.id, "Risks", [("Level", "select")]);
    stage.author().remove_views(database.id);
    let add = |of, about| stage.author().view(database.id, of, about);
    let mut expected = vec![add(database.data_source, json!({"type": "table", "name": "In use"}))];
    add(other, json!({"type": "table", "name": "Of others"}));
    for kind in ["form", "chart", "feed"] {
        add(database.data_source, json!({"type": kind, "name": "No rows"}));
    }
    expected.push(add(database.data_source, json!({"type": "board", "name": "By country"})));
    stage.pass(10);
    let views = stage.importer.views(&stage.connection, database.data_source).await.unwrap();
    assert_eq!(views.iter().map(|view| view.id).collect::<Vec<_>>(), expected);
    assert_eq!(views.iter().map(|view| view.name.as_str()).collect::<Vec<_>>(), ["In use", "By country"]);
    let page = stage.importer.views(&stage.connection, stage.home).await.unwrap_err();
    assert!(matches!(page, notion_import_core::Error::OtherKind(_)), "{page:?}");
}
