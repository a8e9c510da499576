//! A page that was not edited is not read again, whoever read it and however long ago; what may have changed all the same is.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use notion_import_core::store::{Found, Linked, Reading, SyncPatch};
use notion_import_core::testing::suite::content_manager;
use notion_import_core::testing::{
    Author, Endpoint, Fault, World, block, file, image, paragraph, pdf, synced, synced_copy, toggle,
};
use notion_import_core::{
    Connection, DocumentStore, External, ImportOptions, Imported, ImporterBuilder, MemoryBlobs,
    MemoryLibrary, NotionId, Pick, Shape, Source, SourceState, TenantId, TreeLimits,
};
use serde_json::json;

use super::{Line, morning};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\npicture";
const PDF: &[u8] = b"%PDF-1.7\nreport";

/// A library that is imported into by one process after the other.
struct Desk {
    world: World,
    home: NotionId,
    line: Line,
    connection: Connection,
    library: MemoryLibrary,
    blobs: MemoryBlobs,
}

impl Desk {
    fn new() -> Self {
        let world = World::new(53);
        let author = world.at(long_ago());
        let workspace = author.workspace("Acme");
        let home = author.page(workspace, "Home");
        let grant = world.grant(workspace, [home]);
        let line = Line::virtually(&world, &grant, Duration::from_millis(5));
        let (library, blobs) = (MemoryLibrary::default(), MemoryBlobs::default());
        let connection = Connection::new(TenantId::fresh(), "acme");
        Self { world, home, line, connection, library, blobs }
    }

    /// Whoever edits in the minute in which all was made leaves no trace in any time.
    fn author(&self) -> Author {
        self.world.at(long_ago())
    }

    /// Imports like nobody before, and returns how much it asked of Notion.
    async fn import(
        &self,
        pick: Pick,
        change: impl FnOnce(ImporterBuilder) -> ImporterBuilder,
    ) -> (Imported, usize) {
        self.world.forget_requests();
        let importer = self.line.importer_over(&self.library, &self.blobs, change);
        let imported = importer
            .import_one(&content_manager(self.connection.tenant), &self.connection, pick)
            .await
            .unwrap();
        (imported, self.world.requests().len())
    }

    async fn ensure(&self, claim: &str, pick: Pick, is_read: bool) {
        self.ensure_with(claim, pick, is_read, |builder| builder).await;
    }

    async fn ensure_with(
        &self,
        claim: &str,
        pick: Pick,
        is_read: bool,
        change: impl FnOnce(ImporterBuilder) -> ImporterBuilder,
    ) {
        let (imported, asked) = self.import(pick, change).await;
        // What a row shows of others it asks of them, which is no reading of the row.
        let others =
            self.world.requests().iter().filter(|seen| !seen.path.contains(&pick.id.to_string())).count();
        assert_eq!(asked - others > 1, is_read, "{claim}: {asked} requests");
        assert!(is_read || matches!(imported, Imported::Unchanged(_)), "{claim}: {imported:?}");
    }

    async fn sync(&self) {
        let importer = self.line.importer_over(&self.library, &self.blobs, |builder| builder);
        importer.sync(&self.connection).await.unwrap();
    }

    async fn linked(&self, id: NotionId) -> Linked {
        self.library.linked_by_source(self.connection.tenant, &[id]).await.unwrap().pop().unwrap()
    }

    async fn pass(&self, seconds: u64) -> DateTime<Utc> {
        self.line.clock.sleep(Duration::from_secs(seconds)).await;
        self.line.clock.now()
    }
}

fn long_ago() -> DateTime<Utc> {
    morning() - TimeDelta::hours(1)
}

#[tokio::test]
async fn a_page_that_was_not_edited_is_not_read_again() {
    let desk = Desk::new();
    let author = desk.author();
    let report = author.file("report.pdf", "application/pdf", PDF);
    let picture = author.file("picture.png", "image/png", PNG);
    author.append(desk.home, [paragraph("One."), toggle("More", [paragraph("Two.")]), file(&report)]);
    author.set_cover(desk.home, picture.reference());
    let best = Pick::page(desk.home);
    let markdown = best.shaped(Shape::Markdown);
    desk.ensure("the first time", best, true).await;
    desk.ensure("again", best, false).await;
    desk.ensure("in another shape", markdown, true).await;
    desk.ensure("in that shape again", markdown, false).await;
    desk.ensure("in the first shape", best, true).await;
    let now = desk.pass(600).await;
    desk.world.at(now).append(desk.home, [paragraph("Three.")]);
    desk.pass(20).await;
    desk.ensure("after an edit", best, true).await;
    desk.ensure("in the minute of the edit", best, true).await;
    desk.pass(60).await;
    desk.ensure("when that minute is over", best, true).await;
    desk.ensure("then again", best, false).await;
    desk.world.at(now).archive(desk.home);
    desk.ensure("archived without a trace in any time", best, true).await;
    desk.world.at(now).lock(desk.home);
    desk.ensure("locked likewise", best, true).await;
    let link = desk.linked(desk.home).await.link;
    assert_eq!((link.state, link.source.locked), (SourceState::Archived, true));
    desk.ensure("once more", best, false).await;
}

#[tokio::test]
async fn what_is_read_in_another_way_is_read_again() {
    let (plain, limits) = (ImportOptions::default(), TreeLimits::default());
    let within = |options: ImportOptions| (options, External::Link);
    let ways = [
        ("by default", within(plain)),
        ("files of any size", within(plain.largest_file(1 << 30))),
        ("images of any size", within(plain.largest_image(1 << 30))),
        ("fewer blocks", within(plain.tree(limits.blocks(99)))),
        ("less depth", within(plain.tree(limits.depth(99)))),
        ("with a second witness", within(plain.completeness(true))),
        ("every word", within(plain.transcripts(true))),
        ("others' files too", (plain, External::Fetch)),
        ("by default again", within(plain)),
    ];
    let desk = Desk::new();
    desk.author().append(desk.home, [paragraph("One."), toggle("More", [paragraph("Two.")])]);
    let pick = Pick::page(desk.home);
    for (claim, (options, external)) in ways {
        let way = |builder: ImporterBuilder| builder.import_options(options).external_files(external);
        desk.ensure_with(claim, pick, true, way).await;
        desk.ensure_with(claim, pick, false, way).await;
    }
}

#[tokio::test]
async fn only_what_this_library_has_from_this_connection_need_not_be_read() {
    let mut desk = Desk::new();
    desk.author().append(desk.home, [paragraph("One.")]);
    let pick = Pick::page(desk.home);
    let first = desk.connection.clone();
    desk.ensure("the first time", pick, true).await;
    desk.connection = Connection::new(TenantId::fresh(), "acme");
    desk.ensure("for another tenant", pick, true).await;
    desk.connection = Connection::new(first.tenant, "other");
    desk.ensure("through another connection", pick, true).await;
    desk.connection = first;
    desk.ensure("through the first again", pick, true).await;
    desk.ensure("once more", pick, false).await;
    desk.library.detach(&desk.connection).await.unwrap();
    desk.ensure("when nothing holds it", pick, true).await;
    desk.library.detach(&desk.connection).await.unwrap();
    desk.connection = Connection::new(desk.connection.tenant, "other");
    desk.sync().await;
    let link = desk.linked(desk.home).await.link;
    assert_eq!(link.connection, Some(desk.connection.id));
    desk.ensure("when a sync through another took it over, and read it", pick, false).await;
}

#[tokio::test]
async fn an_update_that_a_sync_saw_is_read() {
    for (edited_at, update_available) in [(long_ago(), true), (morning() + TimeDelta::minutes(10), false)] {
        let desk = Desk::new();
        desk.author().append(desk.home, [paragraph("One.")]);
        let pick = Pick::page(desk.home);
        desk.ensure("the first time", pick, true).await;
        desk.world.at(edited_at).append(desk.home, [paragraph("Two.")]);
        let known = desk.linked(desk.home).await;
        let (document, against, link) = (known.document, known.against(), known.link);
        let source = Box::new(Source { edited_at, ..link.source });
        let reading = Some(Reading { read: known.read, differs: update_available, draft: None });
        let found = Found::Source { source, state: link.state, reading, trouble: None };
        let began_at = desk.pass(1200).await;
        let patch = SyncPatch { document, began_at, against, found };
        desk.library.patch(&desk.connection, &[patch], None).await.unwrap();
        let (imported, _) = desk.import(pick, |builder| builder).await;
        assert!(matches!(imported, Imported::NewVersion(..)), "{edited_at}: {imported:?}");
        desk.ensure("then again", pick, false).await;
    }
}

#[tokio::test]
async fn a_copy_that_a_sync_has_read_again_is_not_read_once_more() {
    let desk = Desk::new();
    let now = desk.pass(600).await;
    desk.world.at(now).append(desk.home, [paragraph("One.")]);
    let pick = Pick::page(desk.home);
    desk.ensure("in the minute of its edit", pick, true).await;
    desk.pass(120).await;
    desk.sync().await;
    assert!(desk.linked(desk.home).await.read.settled);
    desk.ensure("after a sync", pick, false).await;
}

#[tokio::test]
async fn what_stands_elsewhere_is_read_every_time() {
    let desk = Desk::new();
    let author = desk.author();
    let original = author.append(desk.home, [synced([paragraph("Shared.")])])[0];
    let pick = Pick::page(desk.home);
    desk.ensure("an original", pick, true).await;
    desk.ensure("it is this page's own", pick, false).await;
    let page = Pick::page(author.page(desk.home, "Copies"));
    author.append(page.id, [synced_copy(original)]);
    let (_, first) = desk.import(page, |builder| builder).await;
    let (_, again) = desk.import(page, |builder| builder).await;
    // What has to be read is not looked at before.
    assert_eq!((again, again > 1), (first, true));
}

#[tokio::test]
async fn a_row_is_read_again_when_it_shows_something_else() {
    let desk = Desk::new();
    let author = desk.author();
    let columns = [("Score", "formula"), ("Total", "rollup"), ("Others", "relation")];
    let vendors = author.database(desk.home, "Vendors", columns);
    let row = author.row(vendors.data_source, "Vendor", []);
    let pick = Pick::page(row);
    desk.ensure("the first time", pick, true).await;
    desk.ensure("again", pick, false).await;
    let shown = desk.linked(row).await.link.source;
    for (name, value) in [
        ("Score", json!({"type": "string", "string": "high"})),
        ("Score", json!({"type": "string", "string": "low"})),
        ("Total", json!({"type": "number", "number": 3, "function": "count"})),
        ("Others", json!([{"id": desk.home}])),
    ] {
        author.set_property(row, name, value.clone());
        let (imported, _) = desk.import(pick, |builder| builder).await;
        assert!(matches!(imported, Imported::NewVersion(..)), "{value}: {imported:?}");
        desk.ensure(name, pick, false).await;
    }
    assert_eq!(desk.linked(row).await.link.source, shown);
    author.set_property(row, "Others", (0..30).map(|_| json!({"id": desk.home})).collect());
    for claim in ["more than a page shows", "of that only a part is seen"] {
        desk.ensure(claim, pick, true).await;
    }
}

#[tokio::test]
async fn a_page_that_became_a_row_is_read_again_even_if_a_sync_saw_it_first() {
    let desk = Desk::new();
    let author = desk.author();
    let vendors = author.database(desk.home, "Vendors", [("Country", "rich_text")]);
    let page = author.page(desk.home, "Vendor");
    let pick = Pick::page(page);
    desk.ensure("the first time", pick, true).await;
    author.move_to(page, vendors.data_source);
    desk.sync().await;
    let link = desk.linked(page).await.link;
    assert_eq!(serde_json::to_value(link.source.parent).unwrap()["type"], "data_source");
    assert!(link.update_available, "its properties are shown now");
    let (imported, _) = desk.import(pick, |builder| builder).await;
    assert!(matches!(imported, Imported::NewVersion(..)), "{imported:?}");
}

#[tokio::test]
async fn a_file_that_did_not_come_is_tried_again() {
    type Furnish = fn(&Desk);
    // The address of what is in a block is asked for once more.
    let rows: [(&str, usize, Furnish); 4] = [
        ("an image", 2, |desk| {
            let picture = desk.author().file("picture.png", "image/png", PNG);
            desk.author().append(desk.home, [paragraph("Words."), image(&picture)]);
        }),
        ("a document", 2, |desk| {
            let report = desk.author().file("report.pdf", "application/pdf", PDF);
            desk.author().append(desk.home, [paragraph("Words."), pdf(&report)]);
        }),
        ("an icon", 1, |desk| {
            let picture = desk.author().file("icon.png", "image/png", PNG);
            desk.author().set_icon(desk.home, picture.reference());
        }),
        ("a cover", 1, |desk| {
            let picture = desk.author().file("cover.png", "image/png", PNG);
            desk.author().set_cover(desk.home, picture.reference());
        }),
    ];
    for (claim, faults, furnish) in rows {
        let desk = Desk::new();
        furnish(&desk);
        let pick = Pick::page(desk.home);
        (0..faults).for_each(|_| desk.world.fail_next(Endpoint::File, Fault::Restricted));
        for (is_read, files) in [(true, 0), (true, 1), (false, 1)] {
            desk.ensure(claim, pick, is_read).await;
            let kept = desk.library.blobs(desk.connection.tenant).await.unwrap();
            assert_eq!(kept.len(), files, "{claim}");
        }
    }
}

#[tokio::test]
async fn an_image_of_another_host_that_did_not_come_is_tried_again() {
    let desk = Desk::new();
    let picture =
        json!({"type": "external", "external": {"url": "https://files.example/gone.png"}, "caption": []});
    desk.author().append(desk.home, [paragraph("Words."), block("image", picture)]);
    let pick = Pick::page(desk.home);
    let fetching = |builder: ImporterBuilder| builder.external_files(External::Fetch);
    desk.ensure_with("the first time", pick, true, fetching).await;
    desk.ensure_with("again", pick, true, fetching).await;
    desk.ensure("as a link", pick, true).await;
    desk.ensure("as a link again", pick, false).await;
}

#[tokio::test]
async fn what_our_own_limits_leave_out_is_not_tried_again() {
    let desk = Desk::new();
    let author = desk.author();
    let picture = author.file("picture.png", "image/png", PNG);
    let fake = author.file("fake.png", "image/png", b"<html>no picture</html>".to_vec());
    author.append(desk.home, [paragraph("Words."), image(&picture), image(&fake)]);
    author.set_cover(desk.home, picture.reference());
    let small = |builder: ImporterBuilder| builder.import_options(ImportOptions::default().largest_image(3));
    let pick = Pick::page(desk.home);
    desk.ensure_with("the first time", pick, true, small).await;
    desk.ensure_with("again", pick, false, small).await;
}

#[tokio::test]
async fn a_page_that_was_read_in_part_is_read_again() {
    let desk = Desk::new();
    desk.author().append(desk.home, [toggle("1", [toggle("2", [toggle("3", [paragraph("deep")])])])]);
    let flat = |builder: ImporterBuilder| {
        let tree = TreeLimits::default().depth(1);
        builder.import_options(ImportOptions::default().tree(tree))
    };
    let pick = Pick::page(desk.home);
    for claim in ["the first time", "the rest is still missing"] {
        desk.ensure_with(claim, pick, true, flat).await;
    }
    desk.ensure("whole", pick, true).await;
    desk.ensure("whole again", pick, false).await;
}
