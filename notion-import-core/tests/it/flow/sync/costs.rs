//! What a day of syncs costs: requests by kind, and rows written. `NOTION_IMPORT_SOAK=1` asks for ten times as many documents.

use std::sync::Arc;

use notion_import_core::testing::{Counted, Endpoint, paragraph};
use notion_import_core::{Importer, NotionId, Pick};

use crate::flow::Stage;

const RUNS: usize = 6;

/// Half of them pages, half of them rows of data sources of a hundred.
async fn documents(stage: &Stage, importer: &Importer, number: usize) -> Vec<NotionId> {
    let author = stage.author();
    let mut pages: Vec<_> = (0..number / 2).map(|n| author.page(stage.home, format!("Page {n}"))).collect();
    for source in 0..number / 2 / 100 {
        let source = author.database(stage.home, format!("Table {source}"), [("Owner", "rich_text")]);
        pages.extend((0..100).map(|row| author.row(source.data_source, format!("Row {row}"), [])));
    }
    stage.pass(5);
    for page in &pages {
        importer.import_one(&stage.manager(), &stage.connection, Pick::page(*page)).await.unwrap();
    }
    // What was edited last is none of them.
    stage.pass(10);
    stage.author().page(stage.home, "Last");
    pages
}

#[tokio::test]
async fn a_day_costs_a_look_for_each_page_a_query_for_each_hundred_rows_and_a_row_for_each_change() {
    let number = if std::env::var_os("NOTION_IMPORT_SOAK").is_some() { 10_000 } else { 1_000 };
    let stage = Stage::new();
    let counted = Arc::new(Counted::over(Arc::new(stage.library.clone())));
    let importer = stage.importer_into(counted.clone());
    let pages = documents(&stage, &importer, number).await;
    // The first run looks through everything.
    importer.sync(&stage.connection).await.unwrap();
    let (looks, sources) = (number / 2, number / 2 / 100);
    for changed in [0, 0, number / 100] {
        counted.forget();
        stage.world.forget_requests();
        for run in 0..RUNS {
            stage.pass(120);
            for page in pages.iter().skip(run * 7).step_by(pages.len() / (changed + 1)).take(changed / RUNS) {
                stage.author().append(*page, [paragraph("Edited.")]);
            }
            stage.pass(120);
            importer.sync(&stage.connection).await.unwrap();
        }
        let asked = |endpoint| stage.world.requests_to(endpoint);
        let changed = changed / RUNS * RUNS;
        assert!(asked(Endpoint::Search) <= 2 * RUNS, "{} searches", asked(Endpoint::Search));
        // A query for what was edited in each run, and in one or two of them one for all.
        assert!(
            (RUNS - 1) * sources <= asked(Endpoint::Query) && asked(Endpoint::Query) <= RUNS * sources + RUNS
        );
        let (most, asked_looks) = (looks.max(100 * RUNS) * 5 / 4 + 2 * changed, asked(Endpoint::Page));
        assert!((looks..=most).contains(&asked_looks), "{asked_looks} looks at {looks} pages");
        // Each that changed is read, and written once with what was seen of it and once with what was read.
        assert_eq!(asked(Endpoint::Children), changed);
        assert!(counted.rewritten() <= 2 * changed, "{} rows for {changed}", counted.rewritten());
        let looked_at = counted.looked_at();
        assert!((number - changed..=2 * number).contains(&looked_at), "{looked_at} times of looks");
    }
}
