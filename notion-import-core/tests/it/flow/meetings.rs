//! Notes of meetings: the summary and the notes come, the transcript where it is asked for.

use notion_import_core::testing::{Endpoint, Fault, Meeting, block, bulleted, paragraph, text};
use notion_import_core::{Fetched, Fidelity, ImportOptions, Importer, Pick, TruncationKind};
use serde_json::json;

use super::{Stage, importer_with};

const NOT_LOADED: &str = "\\[Content not loaded\\]";

fn stage() -> (Stage, Meeting) {
    let stage = Stage::new();
    let parts = [paragraph("We decided."), bulleted("A note."), paragraph("Every word.")];
    let meeting = stage.author().meeting(stage.home, "Weekly", parts);
    stage.author().append(stage.home, [paragraph("After.")]);
    stage.pass(60);
    (stage, meeting)
}

impl Stage {
    fn listening(&self) -> Importer {
        let options = ImportOptions::default().transcripts(true);
        importer_with(&self.world, &self.clock, &self.grant, |builder| builder.import_options(options))
    }

    async fn read(&self, importer: &Importer) -> Fetched {
        importer.fetch(&self.connection, Pick::page(self.home)).await.unwrap()
    }
}

/// How many parts are missing, and how many transcripts were left out.
fn missing(fetched: &Fetched) -> (u64, u64) {
    let Fidelity::Truncated { truncations, .. } = &fetched.content.fidelity else { return (0, 0) };
    let count = |kind| truncations.iter().filter(|found| found.kind == kind).map(|found| found.count).sum();
    (count(TruncationKind::ChildrenNotLoaded), count(TruncationKind::TranscriptLeftOut))
}

#[tokio::test]
async fn the_summary_and_the_notes_come_and_the_transcript_is_left_out_and_reported() {
    for meetings_list_parts in [true, false] {
        let (stage, meeting) = stage();
        stage.world.tune(|rules| rules.meetings_list_parts = meetings_list_parts);
        let fetched = stage.read(&stage.importer).await;
        let expected = "Weekly\n\n### Summary\n\nWe decided.\n\n### Notes\n\n- A note.\n\nAfter.\n";
        assert_eq!(fetched.markdown(), Some(expected), "listed: {meetings_list_parts}");
        assert_eq!((missing(&fetched), fetched.content.exposure.transcripts), ((0, 1), 0));
        let asked = stage.world.requests();
        let about_it = |path: &str| path.contains(&meeting.transcript.to_string());
        assert!(!asked.iter().any(|seen| about_it(&seen.path)), "it was asked for: {meetings_list_parts}");
        assert!(fetched.content.read.basis.is_some(), "nothing more would come at the next reading");
    }
}

#[tokio::test]
async fn the_transcript_comes_where_it_is_asked_for_and_is_counted_as_exposure() {
    for meetings_list_parts in [true, false] {
        let (stage, _) = stage();
        stage.world.tune(|rules| rules.meetings_list_parts = meetings_list_parts);
        let fetched = stage.read(&stage.listening()).await;
        let markdown = fetched.markdown().unwrap();
        assert!(markdown.ends_with("### Transcript\n\nEvery word.\n\nAfter.\n"), "{markdown}");
        assert_eq!((missing(&fetched), fetched.content.exposure.transcripts), ((0, 0), 1));
    }
}

#[tokio::test]
async fn what_a_meeting_costs_is_each_list_once_and_each_part_that_is_not_listed_once() {
    // The page's list and the page; the meeting's list, or its parts one by one; what is in each part.
    for (meetings_list_parts, transcripts, requests) in [
        (true, false, 2 + 1 + 2),
        (true, true, 2 + 1 + 3),
        (false, false, 2 + 2 + 2),
        (false, true, 2 + 3 + 3),
    ] {
        let (stage, _) = stage();
        stage.world.tune(|rules| rules.meetings_list_parts = meetings_list_parts);
        stage.world.forget_requests();
        match transcripts {
            true => drop(stage.read(&stage.listening()).await),
            false => drop(stage.read(&stage.importer).await),
        }
        let asked = stage.world.requests();
        assert_eq!(
            asked.len(),
            requests,
            "listed: {meetings_list_parts}, transcripts: {transcripts}: {asked:#?}"
        );
    }
}

#[tokio::test]
async fn each_part_that_is_refused_is_counted_once() {
    for (meetings_list_parts, transcripts) in [(true, true), (true, false), (false, true), (false, false)] {
        for refused in [&[Endpoint::Children][..], &[Endpoint::Children, Endpoint::Block]] {
            let (stage, meeting) = stage();
            stage.world.tune(|rules| rules.meetings_list_parts = meetings_list_parts);
            for endpoint in refused {
                for part in [meeting.summary, meeting.transcript] {
                    stage.world.fail_at(*endpoint, part, Fault::NotFound);
                }
            }
            let importer = if transcripts { stage.listening() } else { stage.importer.clone() };
            let fetched = stage.read(&importer).await;
            let markdown = fetched.markdown().unwrap();
            let expected = if transcripts { (2, 0) } else { (1, 1) };
            assert_eq!(missing(&fetched), expected, "{meetings_list_parts} {transcripts}: {markdown}");
            assert!(markdown.contains(&format!("### Summary\n\n{NOT_LOADED}\n\n### Notes\n\n- A note.")));
            let transcript = format!("### Transcript\n\n{NOT_LOADED}\n");
            assert_eq!(markdown.contains(&transcript), transcripts, "{markdown}");
        }
    }
}

#[tokio::test]
async fn a_meeting_whose_own_list_is_refused_is_read_by_its_pointers() {
    let (stage, meeting) = stage();
    stage.world.fail_at(Endpoint::Children, meeting.id, Fault::NotFound);
    let fetched = stage.read(&stage.importer).await;
    let markdown = fetched.markdown().unwrap();
    assert!(markdown.contains("We decided.") && markdown.contains("A note."), "{markdown}");
    assert_eq!(missing(&fetched), (0, 1));

    // Without all pointers, something may have been in the list that is nowhere else.
    let (stage, meeting) = self::stage();
    let pointers = json!({"children": {"summary_block_id": meeting.summary}});
    stage.author().rewrite(meeting.id, block("meeting_notes", pointers));
    stage.world.fail_at(Endpoint::Children, meeting.id, Fault::NotFound);
    let fetched = stage.read(&stage.importer).await;
    assert!(fetched.markdown().unwrap().contains("We decided."));
    assert_eq!(missing(&fetched), (1, 0));
}

#[tokio::test]
async fn what_may_go_better_of_a_part_fails_the_page() {
    let (stage, meeting) = stage();
    stage.world.tune(|rules| rules.meetings_list_parts = false);
    stage.world.fail_at(Endpoint::Block, meeting.notes, Fault::Internal);
    assert!(stage.importer.fetch(&stage.connection, Pick::page(stage.home)).await.is_err());
}

#[tokio::test]
async fn a_transcript_in_the_trash_says_nothing() {
    let (stage, meeting) = stage();
    stage.author().trash(meeting.transcript);
    let fetched = stage.read(&stage.listening()).await;
    let markdown = fetched.markdown().unwrap();
    assert!(!markdown.contains("Transcript") && !markdown.contains("Every word."), "{markdown}");
    assert_eq!((missing(&fetched), fetched.content.exposure.transcripts), ((0, 0), 0));
}

#[tokio::test]
async fn the_words_of_the_block_that_holds_a_part_come_too() {
    let (stage, meeting) = stage();
    stage.world.tune(|rules| rules.meetings_list_parts = false);
    stage.author().rewrite(meeting.summary, paragraph(text("Summary")));
    stage.author().rewrite(meeting.notes, paragraph(text("Taken by hand")));
    let fetched = stage.read(&stage.importer).await;
    let markdown = fetched.markdown().unwrap();
    assert!(markdown.contains("### Summary\n\nWe decided."), "{markdown}");
    assert!(markdown.contains("### Notes\n\nTaken by hand\n\n- A note."), "{markdown}");
}

#[tokio::test]
async fn what_was_spoken_of_is_called_by_its_title() {
    let (stage, meeting) = stage();
    let policy = stage.author().page(stage.home, "Incident response");
    stage
        .author()
        .append(meeting.transcript, [block("link_to_page", json!({"type": "page_id", "page_id": policy}))]);
    stage.pass(60);
    let fetched = stage.read(&stage.listening()).await;
    assert_eq!(
        fetched.markdown().unwrap().matches("[Incident response](").count(),
        2,
        "{:?}",
        fetched.markdown()
    );
}
