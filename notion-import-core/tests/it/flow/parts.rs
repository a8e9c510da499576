//! What Notion refuses of a page costs that part, and not the page.

use notion_import_core::testing::{Endpoint, Fault, bulleted, columns, paragraph, quote, table, toggle};
use notion_import_core::{Fetched, Fidelity, NotionId, Pick, TruncationKind};

use super::Stage;

impl Stage {
    async fn fetch(&self) -> Fetched {
        self.importer.fetch(&self.connection, Pick::page(self.home)).await.unwrap()
    }
}

/// How many parts are missing, and the first block that misses one.
fn not_loaded(fidelity: &Fidelity) -> (u64, Option<NotionId>) {
    let Fidelity::Truncated { truncations, .. } = fidelity else { return (0, None) };
    let [truncation] = &truncations[..] else { panic!("{truncations:?}") };
    assert_eq!(truncation.kind, TruncationKind::ChildrenNotLoaded);
    (truncation.count, truncation.first_block)
}

#[tokio::test]
async fn a_list_that_is_refused_for_good_is_missing_visibly_and_the_rest_is_there() {
    for refusal in [Fault::Invalid, Fault::Restricted, Fault::NotFound] {
        for (part, expected) in [
            (toggle("more", [paragraph("inside")]), "- more\n\n  \\[Content not loaded\\]"),
            (bulleted("").children([paragraph("inside")]), "- \\[Content not loaded\\]"),
            (quote("said").children([paragraph("inside")]), "> said\n>\n> \\[Content not loaded\\]"),
            (paragraph("above").children([paragraph("inside")]), "above\n\n\\[Content not loaded\\]"),
            (table([["inside", "b"]]), "\\[Content not loaded\\]"),
            (columns([[paragraph("inside")]]), "\\[Content not loaded\\]"),
        ] {
            let stage = Stage::new();
            let part = stage.author().append(stage.home, [paragraph("before"), part, paragraph("end")])[1];
            stage.world.fail_at(Endpoint::Children, part, refusal.clone());
            let fetched = stage.fetch().await;
            let markdown = fetched.markdown().unwrap();
            assert_eq!(markdown, format!("before\n\n{expected}\n\nend\n"), "{refusal:?}");
            assert_eq!(not_loaded(&fetched.content.fidelity), (1, Some(part)), "{refusal:?}");
            assert!(fetched.content.read.basis.is_none(), "what is missing is tried again: {refusal:?}");
        }
    }
}

#[tokio::test]
async fn each_part_that_is_refused_is_counted() {
    let stage = Stage::new();
    let author = stage.author();
    let parts =
        author.append(stage.home, (0..3).map(|_| toggle("more", [toggle("inner", [paragraph("x")])])));
    for part in &parts[..2] {
        stage.world.fail_at(Endpoint::Children, *part, Fault::Invalid);
    }
    let fetched = stage.fetch().await;
    assert_eq!(fetched.markdown().unwrap().matches("Content not loaded").count(), 2, "{fetched:?}");
    assert_eq!(not_loaded(&fetched.content.fidelity), (2, Some(parts[0])));
}

#[tokio::test]
async fn the_pages_own_list_and_what_may_go_better_still_fail_the_page() {
    let lists = |fault: Fault| async move {
        let stage = Stage::new();
        let part = stage.author().append(stage.home, [toggle("more", [paragraph("inside")])])[0];
        stage.world.fail_at(Endpoint::Children, part, fault);
        stage.importer.fetch(&stage.connection, Pick::page(stage.home)).await.map(drop)
    };
    for fault in [
        Fault::Internal,
        Fault::BadGateway,
        Fault::Unavailable,
        Fault::RateLimited { retry_after: 1 },
        Fault::Overloaded { retry_after: 1 },
        Fault::Unauthorized,
        Fault::Blocked,
        Fault::Edge,
    ] {
        assert!(lists(fault.clone()).await.is_err(), "{fault:?}");
    }
    for fault in [Fault::Invalid, Fault::Restricted, Fault::NotFound] {
        let stage = Stage::new();
        stage.author().append(stage.home, [paragraph("words")]);
        stage.world.fail_at(Endpoint::Children, stage.home, fault.clone());
        let failed = stage.importer.fetch(&stage.connection, Pick::page(stage.home)).await;
        assert!(failed.is_err(), "{fault:?}");
    }
}
