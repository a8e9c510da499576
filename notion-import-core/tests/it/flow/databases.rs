//! Databases where they stand: documents of their own, and tables inside pages.

use notion_import_core::testing::suite::content_manager;
use notion_import_core::testing::{Database, Endpoint, Fault, paragraph};
use notion_import_core::{
    Child, Error, Fetched, Fidelity, ImportOptions, Importer, InlineDatabases, LossKind, NotionId, OtherKind,
    Pick, Shape, Shown, TruncationKind,
};
use serde_json::{Value, json};

use super::{Stage, importer_with};

/// The kinds of what is missing and of what is lost.
pub(super) fn kinds(fidelity: &Fidelity) -> (Vec<TruncationKind>, Vec<LossKind>) {
    let missing = match fidelity {
        Fidelity::Complete | Fidelity::Lossy { .. } => Vec::new(),
        Fidelity::Truncated { truncations, .. } => truncations.iter().map(|missing| missing.kind).collect(),
    };
    (missing, fidelity.losses().iter().map(|loss| loss.kind).collect())
}

impl Stage {
    /// A database in the home page, shown there.
    pub(super) fn inline(&self, title: &str) -> Database {
        let author = self.author();
        author.append(self.home, [paragraph("Before.")]);
        let database = author.database(self.home, title, [("Country", "select")]);
        author.show_inline(database.id);
        author.append(self.home, [paragraph("After.")]);
        database
    }

    pub(super) fn row(&self, database: Database, name: &str, country: &str) {
        self.author().row(database.data_source, name, [("Country", json!({"name": country}))]);
    }

    fn with(&self, change: impl FnOnce(ImportOptions) -> ImportOptions) -> Importer {
        let options = change(ImportOptions::default());
        importer_with(&self.world, &self.clock, &self.grant, |builder| builder.import_options(options))
    }

    async fn home(&self, importer: &Importer) -> Fetched {
        importer.fetch(&self.connection, Pick::page(self.home)).await.unwrap()
    }

    async fn table(&self, database: Database) -> Fetched {
        self.importer.fetch(&self.connection, Pick::data_source(database.data_source)).await.unwrap()
    }
}

/// The text without the links, which hold ids.
pub(super) fn plain(fetched: &Fetched) -> String {
    let text = fetched.markdown().unwrap();
    let mut parts = text.split("](");
    let first = parts.next().unwrap().to_owned();
    parts.fold(first, |all, part| all + "]" + part.split_once(')').map_or("", |(_, rest)| rest))
}

#[tokio::test]
async fn what_a_database_is_for_stands_above_its_table_once() {
    let stage = Stage::new();
    let database = stage.author().database(stage.home, "Vendors", [("Country", "select")]);
    stage.row(database, "Hosting Ltd", "France");
    stage.author().describe(database.id, "Reviewed every quarter.");
    let table = "| Name | Country |\n| --- | --- |\n| Hosting Ltd | France |\n";
    for (of_the_source, above) in [
        ("", "Reviewed every quarter.\n\n"),
        ("Reviewed every quarter.", "Reviewed every quarter.\n\n"),
        ("The paid ones.", "Reviewed every quarter.\n\nThe paid ones.\n\n"),
    ] {
        stage.author().describe(database.data_source, of_the_source);
        stage.pass(5);
        let fetched = stage.table(database).await;
        assert_eq!(fetched.markdown().unwrap(), format!("{above}{table}"));
    }
}

#[tokio::test]
async fn an_inline_database_is_a_table_in_its_place() {
    let stage = Stage::new();
    let database = stage.inline("Vendors");
    stage.row(database, "Hosting Ltd", "France");
    stage.pass(10);
    let fetched = stage.home(&stage.importer).await;
    let table = "| Name | Country |\n| --- | --- |\n| Hosting Ltd | France |";
    assert_eq!(plain(&fetched), format!("Before.\n\n[Vendors]\n\n{table}\n\nAfter.\n"));
    assert_eq!(fetched.content.fidelity, Fidelity::Complete);
    assert_eq!(fetched.children, [Child::DataSource(database.data_source)]);
    // Rows change without an edit of the page, so it is read again.
    let first = stage.import(stage.home).await;
    stage.row(database, "Mail GmbH", "Germany");
    stage.pass(10);
    assert_ne!(stage.import(stage.home).await, first);
    let links = stage.with(|options| options.inline_databases(InlineDatabases::Links));
    let fetched = stage.home(&links).await;
    assert_eq!(plain(&fetched), "Before.\n\n[Vendors]\n\nAfter.\n");
    assert_eq!(kinds(&fetched.content.fidelity), (vec![], vec![LossKind::Database]));
    assert_eq!(fetched.children, [Child::Database(database.id)]);
}

#[tokio::test]
async fn a_database_that_notion_shows_as_a_link_is_one() {
    let stage = Stage::new();
    let database = stage.author().database(stage.home, "Vendors", [("Country", "select")]);
    stage.row(database, "Hosting Ltd", "France");
    stage.pass(10);
    let fetched = stage.home(&stage.importer).await;
    assert_eq!(plain(&fetched), "[Vendors]\n");
    assert_eq!(fetched.content.fidelity, Fidelity::Complete);
}

#[tokio::test]
async fn more_rows_than_are_read_are_named_and_counted() {
    let stage = Stage::new();
    let database = stage.inline("Vendors");
    for number in 0..5 {
        stage.row(database, &format!("Vendor {number}"), "France");
    }
    stage.pass(10);
    for (most, shown) in [(3, 3), (4, 4), (5, 5), (100, 5)] {
        let fetched = stage.home(&stage.with(|options| options.inline_rows(most))).await;
        let text = plain(&fetched);
        assert_eq!(text.matches("France").count(), shown, "{most}: {text}");
        assert_eq!(text.contains(r"\[More rows\]"), shown < 5, "{most}: {text}");
        let missing = if shown < 5 { vec![TruncationKind::TooManyRows] } else { vec![] };
        assert_eq!(kinds(&fetched.content.fidelity), (missing, vec![LossKind::RowOrder]), "{most}");
    }
}

#[tokio::test]
async fn several_data_sources_are_several_tables_with_their_names() {
    let stage = Stage::new();
    let database = stage.inline("Assets");
    stage.row(database, "Hosting Ltd", "France");
    stage.author().set_title(database.data_source, "Vendors *of ours*");
    let risks = stage.author().data_source(database.id, "Risks", [("Level", "select")]);
    stage.author().row(risks, "Fire", [("Level", json!({"name": "High"}))]);
    stage.pass(10);
    let text = plain(&stage.home(&stage.importer).await);
    let vendors = "### Vendors \\*of ours\\*\n\n| Name | Country |\n| --- | --- |\n| Hosting Ltd | France |";
    let risks = "### Risks\n\n| Name | Level |\n| --- | --- |\n| Fire | High |";
    assert_eq!(text, format!("Before.\n\n[Assets]\n\n{vendors}\n\n{risks}\n\nAfter.\n"));
}

#[tokio::test]
async fn no_row_is_blank_that_is_no_page_or_not_shared() {
    let stage = Stage::new();
    let database = stage.inline("Wiki");
    let child = stage.author().data_source(database.data_source, "Child source", [("Country", "select")]);
    stage.row(database, "Shared", "France");
    let hidden = stage.author().row(database.data_source, "Hidden", []);
    stage.author().withhold(hidden);
    stage.pass(10);
    for fetched in [stage.table(database).await, stage.home(&stage.importer).await] {
        let text = plain(&fetched);
        for row in ["| [Child source] |  |\n", "| [a page in Notion] |  |\n", "| Shared | France |\n"] {
            assert!(text.contains(row), "{row}: {text}");
        }
        assert!(!text.contains("Hidden"), "{text}");
        assert_eq!(
            kinds(&fetched.content.fidelity),
            (vec![TruncationKind::NotShared], vec![LossKind::RowOrder])
        );
    }
    assert!(stage.table(database).await.children.contains(&Child::DataSource(child)));
}

#[tokio::test]
async fn a_linked_view_without_a_source_is_a_link_and_counted_and_says_what_to_share() {
    let stage = Stage::new();
    stage.author().append(stage.home, [paragraph("Before.")]);
    let linked = stage.author().linked_database(stage.home, "Their vendors");
    stage.pass(10);
    let fetched = stage.home(&stage.importer).await;
    assert_eq!(plain(&fetched), "Before.\n\n[Their vendors]\n");
    assert_eq!(kinds(&fetched.content.fidelity), (vec![TruncationKind::NotShared], vec![]));
    let error = stage.importer.resolve_link(&stage.manager(), &stage.connection, &linked.to_string()).await;
    assert!(matches!(error, Err(Error::OtherKind(OtherKind::LinkedView))), "{error:?}");
}

#[tokio::test]
async fn what_is_refused_for_good_costs_the_table_and_what_may_pass_the_page() {
    for (endpoint, fault, is_page_there) in [
        (Endpoint::Database, Fault::Restricted, true),
        (Endpoint::DataSource, Fault::Restricted, true),
        (Endpoint::Query, Fault::Restricted, true),
        (Endpoint::Query, Fault::Unavailable, false),
    ] {
        let stage = Stage::new();
        stage.inline("Vendors");
        stage.pass(10);
        stage.world.fail_all(endpoint, fault.clone());
        let read = stage.importer.fetch(&stage.connection, Pick::page(stage.home)).await;
        assert_eq!(read.is_ok(), is_page_there, "{endpoint:?} {fault:?}");
        if let Ok(fetched) = read {
            assert_eq!(plain(&fetched), "Before.\n\n[Vendors]\n\nAfter.\n");
            assert_eq!(kinds(&fetched.content.fidelity).0, [TruncationKind::NotShared], "{endpoint:?}");
        }
    }
}

#[tokio::test]
async fn the_rows_of_a_wiki_are_imported_as_what_they_are() {
    use futures_util::StreamExt;
    let stage = Stage::new();
    let wiki = stage.author().database(stage.home, "Wiki", [("Country", "select")]);
    stage.row(wiki, "Policy", "France");
    stage.author().data_source(wiki.data_source, "Child source", [("Country", "select")]);
    stage.pass(10);
    let picks = vec![Pick::data_source(wiki.data_source).shaped(Shape::Rows)];
    let actor = content_manager(stage.connection.tenant);
    let events: Vec<_> = stage.importer.import(&actor, &stage.connection, picks).collect().await;
    let failed: Vec<_> = events.iter().filter(|event| format!("{event:?}").contains("Err(")).collect();
    assert!(events.len() == 3 && failed.is_empty(), "{events:?}");
}

/// What a data source becomes that has these views, by what is shown of it.
pub(super) async fn viewed(
    shown: impl Fn(NotionId) -> Shown + Send + Sync + 'static,
    views: &[Value],
) -> (Stage, Fetched) {
    let stage = Stage::new();
    let columns = [("Country", "select"), ("Secret", "rich_text"), ("Since", "rich_text")];
    let database = stage.author().database(stage.home, "Vendors", columns);
    for (name, country) in [("Ada Ltd", "France"), ("Mail GmbH", "Germany"), ("Zeta SA", "France")] {
        stage.row(database, name, country);
    }
    stage.author().remove_views(database.id);
    for view in views {
        stage.author().view(database.id, database.data_source, view.clone());
    }
    stage.pass(10);
    let importer =
        importer_with(&stage.world, &stage.clock, &stage.grant, |builder| builder.databases(shown));
    let fetched = importer.fetch(&stage.connection, Pick::data_source(database.data_source)).await.unwrap();
    assert!(stage.world.violations().is_empty(), "{:?}", stage.world.violations());
    (stage, fetched)
}

pub(super) fn first(_: NotionId) -> Shown {
    Shown::FirstView
}

pub(super) fn by_name(direction: &str) -> Value {
    json!([{"property": "Name", "direction": direction}])
}

#[tokio::test]
async fn a_database_is_what_its_first_view_with_rows_shows() {
    let shown = |name: &str, visible: Value| json!({"property_id": name, "visible": visible});
    let properties =
        [shown("Country", json!(true)), shown("Name", json!(true)), shown("Secret", json!(false))];
    let france = json!({"property": "Country", "select": {"equals": "France"}});
    let view = json!({
        "type": "table", "filter": france, "sorts": by_name("descending"),
        "configuration": {"properties": properties},
    });
    let form = json!({"type": "form"});
    let (_, fetched) = viewed(first, &[form, view.clone(), json!({"type": "table"})]).await;
    let table =
        "| Country | Name | Since |\n| --- | --- | --- |\n| France | Zeta SA |  |\n| France | Ada Ltd |  |\n";
    assert_eq!(fetched.markdown().unwrap(), table);
    assert_eq!(fetched.content.fidelity, Fidelity::Complete);
    // The view says nothing of one column: it counts as shown.
    assert_eq!(fetched.content.exposure.unsaid_columns, 1);
}

#[tokio::test]
async fn what_a_view_does_not_say_to_a_query_is_counted() {
    let quick =
        json!({"type": "table", "sorts": by_name("ascending"), "quick_filters": [{"property": "Country"}]});
    let board = json!({"type": "board", "sorts": by_name("ascending")});
    let odd = json!({"type": "table", "filter": {"property": "Country", "hologram": {"near": "x"}}});
    for (view, losses, unfiltered) in [
        (quick, vec![LossKind::QuickFilter], 1),
        (board, vec![LossKind::ViewLayout], 0),
        (json!({"type": "table"}), vec![LossKind::RowOrder], 0),
    ] {
        let (_, fetched) = viewed(first, std::slice::from_ref(&view)).await;
        assert_eq!(kinds(&fetched.content.fidelity), (vec![], losses), "{view}");
        assert_eq!(fetched.content.exposure.unfiltered_tables, unfiltered, "{view}");
        assert_eq!(fetched.content.exposure.unsaid_columns, 0, "{view}");
    }
    let (stage, fetched) = {
        let stage = Stage::new();
        let database = stage.author().database(stage.home, "Vendors", [("Country", "select")]);
        stage.row(database, "Ada Ltd", "France");
        stage.author().remove_views(database.id);
        stage.author().view(database.id, database.data_source, odd);
        stage.pass(10);
        let fetched = stage.table(database).await;
        (stage, fetched)
    };
    assert_eq!(stage.world.requests_to(Endpoint::Query), 2);
    assert_eq!(kinds(&fetched.content.fidelity), (vec![], vec![LossKind::ViewFilter]));
    assert_eq!(fetched.content.exposure.unfiltered_tables, 1);
    assert!(fetched.markdown().unwrap().contains("Ada Ltd"));
}

#[tokio::test]
async fn without_views_all_columns_come_and_are_reported() {
    let all = "| Name | Country | Secret | Since |\n";
    let (_, none) = viewed(first, &[]).await;
    let (_, no_rows) =
        viewed(first, &[json!({"type": "form"}), json!({"type": "feed"}), json!({"type": "carousel"})]).await;
    for fetched in [none, no_rows] {
        assert!(fetched.markdown().unwrap().starts_with(all), "{fetched:?}");
        assert_eq!(fetched.content.exposure.unsaid_columns, 3);
    }
    for (endpoint, fault) in [
        (Endpoint::Views, Fault::Restricted),
        (Endpoint::Views, Fault::NotFound),
        (Endpoint::View, Fault::NotFound),
    ] {
        let stage = Stage::new();
        let database = stage.author().database(stage.home, "Vendors", [("Country", "select")]);
        stage.pass(10);
        stage.world.fail_all(endpoint, fault);
        assert_eq!(stage.table(database).await.content.exposure.unsaid_columns, 1);
    }
}

#[tokio::test]
async fn a_view_or_columns_can_be_chosen() {
    let hidden = json!({"type": "table", "configuration": {"properties": [
        {"property_id": "Country", "visible": false}, {"property_id": "Secret", "visible": false},
        {"property_id": "Since", "visible": false},
    ]}});
    let views = [json!({"type": "table"}), hidden];
    let start = |fetched: &Fetched| fetched.markdown().unwrap().lines().next().unwrap().to_owned();
    let (stage, fetched) = viewed(first, &views).await;
    assert_eq!(start(&fetched), "| Name | Country | Secret | Since |");
    let second = stage.world.views()[1];
    let (_, fetched) = viewed(move |_| Shown::View(second), &views).await;
    assert_eq!(start(&fetched), "| Name |");
    let columns = ["Since", "Name", "Gone"].map(str::to_owned).to_vec();
    let (_, fetched) = viewed(move |_| Shown::Columns(columns.clone()), &views).await;
    assert_eq!(start(&fetched), "| Since | Name |");
    assert_eq!(kinds(&fetched.content.fidelity).1, [LossKind::ColumnMissing]);
    let (_, fetched) = viewed(|_| Shown::Everything, &views[1..]).await;
    assert_eq!(start(&fetched), "| Name | Country | Secret | Since |");
}

#[tokio::test]
async fn a_linked_database_is_shown_as_its_view_shows_what_is_shared() {
    let stage = Stage::new();
    let original = stage.author().database(stage.home, "Vendors", [("Country", "select")]);
    stage.row(original, "Ada Ltd", "France");
    stage.row(original, "Mail GmbH", "Germany");
    let page = stage.author().page(stage.home, "France");
    let linked = stage.author().linked_database(page, "French vendors");
    let france = json!({"property": "Country", "select": {"equals": "France"}});
    stage.author().view(linked, original.data_source, json!({"type": "table", "filter": france}));
    stage.pass(10);
    let fetched = stage.importer.fetch(&stage.connection, Pick::page(page)).await.unwrap();
    let found = stage.importer.resolve_link(&stage.manager(), &stage.connection, &linked.to_string()).await;
    assert_eq!(found.unwrap()[0].source.id, original.data_source);
    assert_eq!(
        plain(&fetched),
        "[French vendors]\n\n| Name | Country |\n| --- | --- |\n| Ada Ltd | France |\n"
    );
}

#[tokio::test]
async fn an_inline_database_costs_five_requests_and_nothing_is_asked_twice() {
    let stage = Stage::new();
    stage.author().append(stage.home, [paragraph("Before.")]);
    stage.pass(10);
    let count = async || {
        stage.world.forget_requests();
        stage.home(&stage.importer).await;
        let asked: Vec<_> =
            stage.world.requests().iter().map(|seen| format!("{} {:?}", seen.path, seen.query)).collect();
        let different: std::collections::BTreeSet<_> = asked.iter().collect();
        assert_eq!(different.len(), asked.len(), "{asked:#?}");
        asked.len()
    };
    let without = count().await;
    stage.inline("Vendors");
    stage.pass(10);
    // The database, its views and one of those, the data source and its rows.
    assert_eq!(count().await, without + 5);
}
