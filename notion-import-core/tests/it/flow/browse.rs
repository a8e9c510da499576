//! The picker.

use futures_util::StreamExt;
use notion_import_core::{Error, Query, QueryKind, SourceKind};

use super::Stage;

#[tokio::test]
async fn the_picker_lists_what_was_edited_last_and_marks_what_is_imported() {
    let stage = Stage::new();
    let policy = stage.author().page(stage.home, "Security policy");
    let imported = stage.import(policy).await.document();
    let listing =
        stage.importer.browse(&stage.manager(), &stage.connection, &Query::default()).await.unwrap();
    let rows: Vec<_> = listing.entries.iter().map(|e| (e.source.title.as_str(), e.imported)).collect();
    assert_eq!(rows, [("Security policy", Some(imported)), ("Home", None)]);
    assert_eq!(listing.next, None);
}

#[tokio::test]
async fn a_title_that_deceives_is_listed_and_kept_as_what_can_be_seen() {
    let stage = Stage::new();
    let deceiving = "Pay\u{202e}slip\r\n\0  fdp.exe";
    let page = stage.author().page(stage.home, deceiving);
    let database = stage.author().database(stage.home, deceiving, [("Country", "select")]);
    stage.import(page).await;
    let listing =
        stage.importer.browse(&stage.manager(), &stage.connection, &Query::default()).await.unwrap();
    for id in [page, database.data_source] {
        let listed = listing.entries.iter().find(|entry| entry.source.id == id).unwrap();
        assert_eq!(listed.source.title, "Payslip fdp.exe");
    }
}

#[tokio::test]
async fn the_picker_filters_by_kind_and_words() {
    let stage = Stage::new();
    stage.author().page(stage.home, "Vendor policy");
    stage.author().database(stage.home, "Vendors", [("Country", "select")]);
    let check = async |words: &str, kind, expected: &[&str]| {
        let query = Query { words: words.to_owned(), kind, after: None };
        let listing = stage.importer.browse(&stage.manager(), &stage.connection, &query).await.unwrap();
        let mut titles: Vec<_> = listing.entries.iter().map(|entry| entry.source.title.as_str()).collect();
        titles.sort_unstable();
        assert_eq!(titles, expected, "{words} {kind:?}");
    };
    check("vendor", QueryKind::Any, &["Vendor policy", "Vendors"]).await;
    check("vendor", QueryKind::Pages, &["Vendor policy"]).await;
    check("vendor", QueryKind::DataSources, &["Vendors"]).await;
    check("nothing of the kind", QueryKind::Any, &[]).await;
}

#[tokio::test]
async fn the_picker_goes_on_where_it_stopped() {
    let stage = Stage::new();
    for number in 0..120 {
        stage.author().page(stage.home, format!("Page {number}"));
    }
    let (mut query, mut seen) = (Query::default(), std::collections::HashSet::new());
    loop {
        let listing = stage.importer.browse(&stage.manager(), &stage.connection, &query).await.unwrap();
        seen.extend(listing.entries.iter().map(|entry| entry.source.id));
        match listing.next {
            Some(next) => query.after = Some(next),
            None => break,
        }
    }
    assert_eq!(seen.len(), 121);
}

#[tokio::test]
async fn a_list_that_notion_cuts_short_says_so() {
    let stage = Stage::new();
    for number in 0..119 {
        stage.author().page(stage.home, format!("Page {number}"));
    }
    let parts = async || {
        let (mut query, mut parts) = (Query::default(), Vec::new());
        loop {
            let listing = stage.importer.browse(&stage.manager(), &stage.connection, &query).await.unwrap();
            parts.push((listing.entries.len(), listing.is_capped));
            match listing.next {
                Some(next) => query.after = Some(next),
                None => return parts,
            }
        }
    };
    let listed = async || {
        let listed: Vec<_> = stage.importer.listed(&stage.connection, "").collect().await;
        let error = listed.last().and_then(|last| last.as_ref().err()).map(Error::code);
        (listed.iter().filter(|found| found.is_ok()).count(), error)
    };
    for (cap, expected, error) in [
        (None, [(50, false), (50, false), (20, false)].as_slice(), None),
        (Some(120), &[(50, false), (50, false), (20, false)], None),
        (Some(119), &[(50, true), (50, true), (19, true)], Some("incomplete_listing")),
        (Some(50), &[(50, true)], Some("incomplete_listing")),
    ] {
        stage.world.tune(|rules| rules.search_cap = cap);
        assert_eq!(parts().await, expected, "{cap:?}");
        assert_eq!(listed().await, (cap.unwrap_or(120), error), "{cap:?}");
    }
}

#[tokio::test]
async fn a_pasted_link_finds_pages_rows_and_databases() {
    let stage = Stage::new();
    let database = stage.author().database(stage.home, "Vendors", [("Country", "select")]);
    let row = stage.author().row(database.data_source, "Example Ltd", []);
    let check = async |text: String, expected: Option<(SourceKind, &str)>| {
        let found = stage.importer.resolve_link(&stage.manager(), &stage.connection, &text).await.unwrap();
        let found = found.first().map(|entry| (entry.source.kind, entry.source.title.as_str()));
        assert_eq!(found, expected, "{text}");
    };
    let home = stage.home.simple();
    check(format!("https://app.notion.com/p/Home-{home}"), Some((SourceKind::Page, "Home"))).await;
    check(home.clone(), Some((SourceKind::Page, "Home"))).await;
    check(row.to_string(), Some((SourceKind::Page, "Example Ltd"))).await;
    check(
        format!("https://www.notion.so/{}?v={home}", database.id.simple(), home = row.simple()),
        Some((SourceKind::DataSource, "Vendors")),
    )
    .await;
    check(database.id.to_string(), Some((SourceKind::DataSource, "Vendors"))).await;
    check(database.data_source.to_string(), Some((SourceKind::DataSource, "Vendors"))).await;
    check("https://example.com/".to_owned(), None).await;
    let several =
        format!("Vendors: {}, [row](notion.so/{}) notion://notion.so/Home-{home}", database.id, row.simple());
    let found = stage.importer.resolve_link(&stage.manager(), &stage.connection, &several).await.unwrap();
    let found: Vec<_> = found.into_iter().map(|entry| entry.source.id).collect();
    assert_eq!(found, [database.data_source, row, stage.home]);
}

#[tokio::test]
async fn a_pasted_link_to_what_is_not_shared_says_so() {
    let stage = Stage::new();
    let author = stage.author();
    let elsewhere = author.page(author.workspace("Other"), "Theirs");
    let error = stage
        .importer
        .resolve_link(&stage.manager(), &stage.connection, &elsewhere.to_string())
        .await
        .unwrap_err();
    assert!(error.is_not_found(), "{error:?}");
}
