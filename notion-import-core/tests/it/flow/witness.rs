//! What the answers of the second witness to a page may look like, and what is made of each.

use notion_import_core::testing::{Endpoint, Fault, bookmark, paragraph, toggle, unsupported};
use notion_import_core::{Fidelity, ImportOptions, NotionId, TruncationKind};
use serde_json::{Value, json};

use super::Stage;
use super::completeness::{is_unknown, missing, without};

/// Changes what Notion's own Markdown says of a page or a block.
fn saying(
    of: NotionId,
    change: impl Fn(&mut Value) + Send + Sync,
) -> impl Fn(&str, &mut Value) + Send + Sync {
    let path = format!("/{of}/markdown");
    move |asked, answer| {
        if asked.ends_with(&path) {
            change(answer);
        }
    }
}

fn with_tag(answer: &mut Value) {
    let text = format!("{}\n\n<unknown alt=\"button\"/>", answer["markdown"].as_str().unwrap());
    answer["markdown"] = json!(text);
}

#[tokio::test]
async fn what_is_named_without_an_id_was_not_read_unless_it_is_in_a_part_that_was_not() {
    let stage = Stage::new();
    let part = stage.author().append(stage.home, [toggle("more", [paragraph("a")])])[0];
    stage.pass(60);
    let options = ImportOptions::default().completeness(true);
    let fetched = stage.read_by(&stage.answered(options, saying(stage.home, with_tag))).await;
    assert_eq!(missing(&fetched, TruncationKind::Unread), (1, None));
    assert!(matches!(fetched.content.fidelity, Fidelity::Truncated { .. }));
    // Where it is in the part that was not loaded, it is counted with that.
    stage.world.fail_at(Endpoint::Children, part, Fault::Invalid);
    let (page, inside) = (saying(stage.home, with_tag), saying(part, with_tag));
    let both = move |path: &str, answer: &mut Value| {
        page(path, answer);
        inside(path, answer);
    };
    let fetched = stage.read_by(&stage.answered(options, both)).await;
    assert_eq!(missing(&fetched, TruncationKind::ChildrenNotLoaded), (1, Some(part)));
    assert_eq!(missing(&fetched, TruncationKind::Unread), (0, None));
}

#[tokio::test]
async fn a_witness_that_says_that_it_lacks_something_and_not_what_is_reported() {
    let stage = Stage::new();
    stage.author().append(stage.home, [paragraph("words")]);
    stage.pass(60);
    for (change, is_partial) in [
        ((|_| ()) as fn(&mut Value), false),
        (|answer| answer["truncated"] = json!(true), true),
        (|answer| answer["markdown"] = Value::Null, true),
        (|answer| *answer = json!({"object": "page_markdown"}), true),
    ] {
        let options = ImportOptions::default().completeness(true);
        let fetched = stage.read_by(&stage.answered(options, saying(stage.home, change))).await;
        assert_eq!(is_unknown(&fetched), is_partial);
        assert_eq!(missing(&fetched, TruncationKind::Unread), (0, None));
    }
}

#[tokio::test]
async fn what_is_there_by_another_name_is_not_missing() {
    for meetings_list_parts in [true, false] {
        let stage = Stage::new();
        let parts = [paragraph("a"), paragraph("b"), paragraph("c")];
        let meeting = stage.author().meeting(stage.home, "Weekly", parts);
        let button = stage.author().append(stage.home, [unsupported("button")])[0];
        stage.pass(60);
        stage.world.tune(|rules| rules.meetings_list_parts = meetings_list_parts);
        let named = [stage.home, meeting.transcript, meeting.summary, button, button];
        let listing = move |answer: &mut Value| answer["unknown_block_ids"] = json!(named);
        let options = ImportOptions::default().completeness(true);
        let fetched = stage.read_by(&stage.answered(options, saying(stage.home, listing))).await;
        for kind in [TruncationKind::Unread, TruncationKind::Hidden] {
            assert_eq!(missing(&fetched, kind), (0, None), "{kind:?}");
        }
    }
}

#[tokio::test]
async fn a_block_in_the_trash_is_neither_hidden_nor_missing() {
    let stage = Stage::new();
    let unlisted = stage.author().append(stage.home, [bookmark("https://a.example/")])[0];
    stage.pass(60);
    let unlist = without(unlisted);
    let importer = stage.answered(ImportOptions::default().completeness(true), move |path, answer| {
        unlist(path, answer);
        if path.ends_with(&format!("/blocks/{unlisted}")) {
            answer["in_trash"] = json!(true);
        }
    });
    let fetched = stage.read_by(&importer).await;
    assert_eq!(stage.world.requests_to(Endpoint::Block), 1);
    assert_eq!(missing(&fetched, TruncationKind::Unread), (0, None));
    assert_eq!(missing(&fetched, TruncationKind::Hidden), (0, None));
}

#[tokio::test]
async fn the_transcript_is_asked_for_with_every_question_or_with_none() {
    for transcripts in [true, false] {
        let stage = Stage::new();
        stage.author().append(stage.home, [paragraph("one"), paragraph("two"), paragraph("three")]);
        stage.pass(60);
        stage.world.tune(|rules| {
            rules.markdown_limit = 1;
            rules.markdown_versions = false;
        });
        let options = ImportOptions::default().completeness(true).transcripts(transcripts);
        stage.read_by(&stage.reading(options)).await;
        let asked =
            stage.world.requests().into_iter().filter(|seen| seen.endpoint == Some(Endpoint::Markdown));
        let asked: Vec<_> = asked
            .map(|seen| (seen.query.len(), seen.query.iter().any(|(name, _)| name == "include_transcript")))
            .collect();
        assert!(asked.len() >= 4 && asked.iter().all(|(_, wanted)| *wanted == transcripts), "{asked:?}");
        let lengths: Vec<_> = asked.iter().map(|(length, _)| length - usize::from(transcripts)).collect();
        assert!(lengths.chunks(2).all(|pair| pair == [1, 0]), "{lengths:?}");
    }
}
