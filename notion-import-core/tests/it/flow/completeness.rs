//! What Notion's own Markdown of a page names and its blocks lack.

use notion_import_core::testing::{
    Endpoint, Fault, bookmark, code, paragraph, synced, synced_copy, table, text, toggle, unsupported,
};
use notion_import_core::{
    Fetched, Fidelity, ImportOptions, Imported, Importer, LossKind, NotionId, Pick, TruncationKind,
};
use serde_json::{Value, json};

use super::{Stage, importer_with};

impl Stage {
    fn witnessed(&self) -> Importer {
        self.reading(ImportOptions::default().completeness(true))
    }

    pub(super) fn reading(&self, options: ImportOptions) -> Importer {
        importer_with(&self.world, &self.clock, &self.grant, |builder| builder.import_options(options))
    }

    pub(super) async fn read_by(&self, importer: &Importer) -> Fetched {
        self.world.forget_requests();
        importer.fetch(&self.connection, Pick::page(self.home)).await.unwrap()
    }

    /// Appends so many paragraphs, each of them hidden.
    fn hide(&self, blocks: usize) -> Vec<NotionId> {
        let hidden = self.author().append(self.home, (0..blocks).map(|at| paragraph(format!("secret {at}"))));
        hidden.iter().for_each(|block| self.world.hide(&self.grant.token, *block));
        self.pass(60);
        hidden
    }
}

/// How many blocks of a kind are missing, and the first of them.
pub(super) fn missing(fetched: &Fetched, kind: TruncationKind) -> (u64, Option<NotionId>) {
    let Fidelity::Truncated { truncations, .. } = &fetched.content.fidelity else { return (0, None) };
    let found = truncations.iter().find(|found| found.kind == kind);
    found.map_or((0, None), |found| (found.count, found.first_block))
}

pub(super) fn is_unknown(fetched: &Fetched) -> bool {
    fetched
        .content
        .fidelity
        .losses()
        .iter()
        .any(|loss| loss.kind == LossKind::Completeness && loss.count == 1)
}

/// One of everything that the Markdown has no syntax for, and words that look like it.
fn of_everything(stage: &Stage) {
    let author = stage.author();
    let tag = "<unknown url=\"https://app.notion.com/p/35261e8ce0a380c89f000123456789ab\"/>";
    author.append(stage.home, [bookmark("https://a.example/"), unsupported("button"), paragraph(tag)]);
    author.append(stage.home, [code("html", tag), paragraph(text("See ").code(tag)), table([[tag]])]);
    author.append(stage.home, [toggle("more", [bookmark("https://b.example/"), code("html", tag)])]);
    let original = author.append(stage.home, [synced([bookmark("https://c.example/")])])[0];
    author.append(stage.home, [synced_copy(original)]);
    author.page(stage.home, "Below");
    author.meeting(stage.home, "Weekly", [paragraph("a"), bookmark("https://d.example/"), paragraph("c")]);
    stage.pass(60);
}

#[tokio::test]
async fn what_the_blocks_have_is_not_missing_and_without_a_witness_a_page_costs_what_it_did() {
    let stage = Stage::new();
    of_everything(&stage);
    let alone = stage.read_by(&stage.importer).await;
    let requests = stage.world.requests().len();
    assert_eq!(stage.world.requests_to(Endpoint::Markdown), 0);
    let witnessed = stage.read_by(&stage.witnessed()).await;
    assert_eq!(witnessed.content.fidelity, alone.content.fidelity);
    assert_eq!(witnessed.markdown(), alone.markdown());
    assert_eq!(stage.world.requests().len(), requests + 1);
    assert_eq!(stage.world.requests_to(Endpoint::Markdown), 1);
    assert_eq!(stage.world.violations(), [""; 0]);
    let asked = stage.world.requests().into_iter().find(|seen| seen.endpoint == Some(Endpoint::Markdown));
    assert_eq!(asked.unwrap().query, [("markdown_version".to_owned(), "v2".to_owned())]);
}

#[tokio::test]
async fn a_block_is_hidden_only_if_asking_for_it_says_so_and_few_are_asked_for() {
    for (blocks, hidden, unread) in [(1, 1, 0), (5, 5, 0), (8, 5, 3)] {
        let stage = Stage::new();
        stage.author().append(stage.home, [paragraph("before")]);
        let named = stage.hide(blocks);
        let alone = stage.read_by(&stage.importer).await;
        assert_eq!(alone.content.fidelity, Fidelity::Complete, "nothing else shows that they are missing");
        let requests = stage.world.requests().len();

        let fetched = stage.read_by(&stage.witnessed()).await;
        assert_eq!(fetched.markdown(), Some("before\n"));
        assert_eq!(missing(&fetched, TruncationKind::Hidden), (hidden, Some(named[0])), "{blocks}");
        assert_eq!(missing(&fetched, TruncationKind::Unread), (unread, named.get(5).copied()), "{blocks}");
        assert!(!is_unknown(&fetched), "{blocks}");
        assert_eq!(stage.world.requests().len(), requests + 1 + blocks.min(5), "{blocks}");
        assert!(fetched.content.read.basis.is_none(), "it may be shown without an edit");
    }
}

/// Takes a block out of a list.
pub(super) fn without(block: NotionId) -> impl Fn(&str, &mut Value) + Send + Sync + 'static {
    move |_, answer| {
        if let Some(listed) = answer["results"].as_array_mut() {
            listed.retain(|one| one["id"] != json!(block));
        }
    }
}

#[tokio::test]
async fn a_block_that_is_there_was_not_read_whatever_else_asking_for_it_says() {
    for refusal in [None, Some(Fault::Restricted), Some(Fault::Invalid), Some(Fault::Internal)] {
        let stage = Stage::new();
        let unlisted = stage.author().append(stage.home, [bookmark("https://a.example/")])[0];
        stage.pass(60);
        stage.world.fail_all(Endpoint::Block, refusal.clone());
        let importer = stage.answered(ImportOptions::default().completeness(true), without(unlisted));
        let fetched = stage.read_by(&importer).await;
        assert_eq!(missing(&fetched, TruncationKind::Unread), (1, Some(unlisted)), "{refusal:?}");
        assert_eq!(missing(&fetched, TruncationKind::Hidden).0, 0, "{refusal:?}");
        assert!(fetched.content.read.basis.is_none(), "{refusal:?}");
    }
}

#[tokio::test]
async fn what_is_in_a_part_that_was_not_loaded_is_counted_with_it_alone() {
    let stage = Stage::new();
    let inside = || [paragraph("a"), bookmark("https://a.example/"), unsupported("button")];
    let parts =
        stage.author().append(stage.home, [toggle("more", inside()), toggle("most", [toggle("", inside())])]);
    let secret = stage.author().append(parts[0], [paragraph("secret")])[0];
    stage.world.hide(&stage.grant.token, secret);
    for part in &parts {
        stage.world.fail_at(Endpoint::Children, *part, Fault::Invalid);
    }
    let hidden = stage.hide(1);
    let fetched = stage.read_by(&stage.witnessed()).await;
    assert_eq!(missing(&fetched, TruncationKind::ChildrenNotLoaded), (2, Some(parts[0])));
    assert_eq!(missing(&fetched, TruncationKind::Unread), (0, None));
    assert_eq!(missing(&fetched, TruncationKind::Hidden), (1, Some(hidden[0])));
    assert!(!is_unknown(&fetched));
}

#[tokio::test]
async fn the_version_is_left_away_where_it_is_not_known() {
    let stage = Stage::new();
    stage.world.tune(|rules| rules.markdown_versions = false);
    stage.hide(1);
    let fetched = stage.read_by(&stage.witnessed()).await;
    assert_eq!(missing(&fetched, TruncationKind::Hidden).0, 1);
    let asked = stage.world.requests().into_iter().filter(|seen| seen.endpoint == Some(Endpoint::Markdown));
    let asked: Vec<_> = asked.map(|seen| (seen.query.len(), seen.status)).collect();
    assert_eq!(asked, [(1, Some(400)), (0, Some(200)), (1, Some(400)), (0, Some(404))]);
}

#[tokio::test]
async fn a_witness_that_is_silent_or_has_not_seen_all_leaves_the_page_and_a_line_in_the_report() {
    for fault in [Fault::Invalid, Fault::Restricted, Fault::NotFound, Fault::Internal, Fault::GatewayTimeout]
    {
        let stage = Stage::new();
        stage.author().append(stage.home, [paragraph("words")]);
        stage.pass(60);
        stage.world.fail_all(Endpoint::Markdown, fault.clone());
        let fetched = stage.read_by(&stage.witnessed()).await;
        assert_eq!(fetched.markdown(), Some("words\n"), "{fault:?}");
        assert!(is_unknown(&fetched), "{fault:?}");
        let is_passing = matches!(fault, Fault::Internal | Fault::GatewayTimeout);
        assert_eq!(fetched.content.read.basis.is_none(), is_passing, "{fault:?}");
    }
}

#[tokio::test]
async fn what_is_cut_off_is_asked_for_where_it_begins_and_a_few_times_at_most() {
    for (limit, asked, is_cut) in [(9, 1, false), (8, 2, false), (4, 6, false), (3, 6, true)] {
        let stage = Stage::new();
        stage.author().append(stage.home, (0..9).map(|at| paragraph(format!("{at}"))));
        stage.pass(60);
        stage.world.tune(|rules| rules.markdown_limit = limit);
        let fetched = stage.read_by(&stage.witnessed()).await;
        assert_eq!((is_unknown(&fetched), fetched.content.read.basis.is_some()), (is_cut, true), "{limit}");
        assert_eq!(missing(&fetched, TruncationKind::Unread).0, 0, "{limit}");
        assert_eq!(stage.world.requests_to(Endpoint::Markdown), asked, "{limit}");
        assert_eq!(stage.world.requests_to(Endpoint::Block), 0, "{limit}");
    }
}

#[tokio::test]
async fn what_is_hidden_where_the_text_is_cut_off_is_found_there() {
    let stage = Stage::new();
    let parts =
        stage.author().append(stage.home, [paragraph("words"), toggle("more", [paragraph("inside")])]);
    let secret = stage.author().append(parts[1], [paragraph("secret")])[0];
    stage.world.hide(&stage.grant.token, secret);
    stage.pass(60);
    stage.world.tune(|rules| rules.markdown_limit = 1);
    let fetched = stage.read_by(&stage.witnessed()).await;
    assert_eq!(missing(&fetched, TruncationKind::Hidden), (1, Some(secret)));
    assert!(!is_unknown(&fetched));
}

#[tokio::test]
async fn a_list_of_hidden_blocks_that_is_full_may_not_be_all_of_it() {
    for (blocks, is_cut) in [(99, false), (100, true), (101, true)] {
        let stage = Stage::new();
        stage.hide(blocks);
        let fetched = stage.read_by(&stage.witnessed()).await;
        assert_eq!(is_unknown(&fetched), is_cut, "{blocks}");
        assert_eq!(missing(&fetched, TruncationKind::Hidden).0, 5, "{blocks}");
        assert_eq!(missing(&fetched, TruncationKind::Unread).0, blocks as u64 - 5, "{blocks}");
    }
}

#[tokio::test]
async fn a_run_asks_for_no_more_of_what_is_missing_than_its_budget() {
    let stage = Stage::new();
    stage.hide(3);
    let poor = stage.reading(ImportOptions::default().completeness(true).lookups(2));
    let fetched = stage.read_by(&poor).await;
    assert_eq!(missing(&fetched, TruncationKind::Hidden).0, 2);
    assert_eq!(missing(&fetched, TruncationKind::Unread).0, 1);
    assert_eq!(stage.world.requests_to(Endpoint::Markdown), 1 + 2);
    // What was cut off and not asked for comes the next time.
    let stage = Stage::new();
    stage.author().append(stage.home, [paragraph("one"), paragraph("two")]);
    stage.pass(60);
    stage.world.tune(|rules| rules.markdown_limit = 1);
    let poor = stage.reading(ImportOptions::default().completeness(true).lookups(0));
    let fetched = stage.read_by(&poor).await;
    assert!(is_unknown(&fetched) && fetched.content.read.basis.is_none());
}

#[tokio::test]
async fn a_listed_block_is_hidden_only_where_asking_for_it_says_that_there_is_none() {
    for (refusal, hidden) in
        [(Fault::NotFound, 1), (Fault::Restricted, 0), (Fault::Invalid, 0), (Fault::Internal, 0)]
    {
        let stage = Stage::new();
        let secret = stage.hide(1)[0];
        stage.world.fail_at(Endpoint::Markdown, secret, refusal.clone());
        let fetched = stage.read_by(&stage.witnessed()).await;
        assert_eq!(missing(&fetched, TruncationKind::Hidden).0, hidden, "{refusal:?}");
        assert_eq!(missing(&fetched, TruncationKind::Unread).0, 1 - hidden, "{refusal:?}");
    }
}

#[tokio::test]
async fn a_connection_that_is_refused_or_limited_is_so_by_the_witness_too() {
    for fault in [Fault::Unauthorized, Fault::Blocked] {
        let stage = Stage::new();
        stage.world.fail_all(Endpoint::Markdown, fault.clone());
        let importer = stage.witnessed();
        assert!(importer.fetch(&stage.connection, Pick::page(stage.home)).await.is_err(), "{fault:?}");
    }
}

#[tokio::test]
async fn a_transcript_is_witnessed_where_it_is_read() {
    let stage = Stage::new();
    let meeting =
        stage.author().meeting(stage.home, "Weekly", [paragraph("a"), paragraph("b"), paragraph("c")]);
    let spoken = stage.author().append(meeting.transcript, [paragraph("secret")])[0];
    stage.world.hide(&stage.grant.token, spoken);
    stage.pass(60);
    let options = ImportOptions::default().completeness(true);
    for (transcripts, hidden) in [(false, 0), (true, 1)] {
        let fetched = stage.read_by(&stage.reading(options.transcripts(transcripts))).await;
        assert_eq!(missing(&fetched, TruncationKind::Hidden).0, hidden, "{transcripts}");
    }
}

#[tokio::test]
async fn a_page_that_is_held_is_not_witnessed_again() {
    let stage = Stage::new();
    stage.author().append(stage.home, [paragraph("words")]);
    stage.pass(60);
    let importer = stage.witnessed();
    let manager = stage.manager();
    let import = || importer.import_one(&manager, &stage.connection, Pick::page(stage.home));
    assert!(matches!(import().await.unwrap(), Imported::Created(_)));
    stage.world.forget_requests();
    assert!(matches!(import().await.unwrap(), Imported::Unchanged(_)));
    assert_eq!((stage.world.requests().len(), stage.world.requests_to(Endpoint::Page)), (1, 1));
}
