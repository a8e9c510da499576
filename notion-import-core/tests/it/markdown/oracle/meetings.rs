//! The parts of meetings.

use notion_import_core::notion::{Content, MeetingParts, RichText, RichTextKind};
use notion_import_core::{NotionId, TruncationKind};

use super::blocks::Walk;
use super::event::Event;
use super::inline;

impl Walk<'_> {
    /// What a meeting calls a block that it points to: a transcript before all, for that is not shown to everybody.
    pub(super) fn part(&self, id: Option<NotionId>) -> Option<&'static str> {
        let id = id?;
        let meetings = || {
            self.tree.nodes().iter().filter_map(|node| match &node.block.content {
                Content::MeetingNotes(notes) => Some(&notes.children),
                _ => None,
            })
        };
        ["Transcript", "Notes", "Summary"]
            .into_iter()
            .find(|name| meetings().any(|parts| pointer(parts, name) == Some(id)))
    }

    /// The heading of a part of a meeting, if there is anything below it.
    pub(super) fn part_heading(&mut self, at: usize, part: &str) {
        let node = &self.tree.nodes()[at];
        let text = match &node.block.content {
            Content::Paragraph(text) => Some(text.rich_text.as_slice()),
            _ => None,
        };
        let has_children = node.end as usize > at + 1;
        if has_children || self.is_lacking(at) || text.is_none_or(inline::shows) {
            self.said.account.exposure.transcripts += u64::from(part == "Transcript");
            match text.filter(|text| is_name(text, part)) {
                Some(name) => self.said.heading(3, name),
                None => self.named_heading(part),
            }
        }
    }

    fn named_heading(&mut self, part: &str) {
        self.said.push(Event::open("h3"));
        self.said.extend(inline::words(part, None));
        self.said.push(Event::Close);
    }

    /// The parts of a meeting that are not here.
    pub(super) fn absent(&mut self, parts: &MeetingParts) {
        for name in ["Summary", "Notes", "Transcript"] {
            let Some(id) = pointer(parts, name) else { continue };
            if self.tree.nodes().iter().any(|node| node.block.id == Some(id)) {
                continue;
            }
            if name == "Transcript" && !self.options.transcripts {
                self.said.account.truncate(TruncationKind::TranscriptLeftOut);
                continue;
            }
            self.named_heading(name);
            self.not_loaded();
        }
    }
}

fn pointer(parts: &MeetingParts, name: &str) -> Option<NotionId> {
    match name {
        "Summary" => parts.summary_block_id,
        "Notes" => parts.notes_block_id,
        _ => parts.transcript_block_id,
    }
}

/// Whether a text is just the name of a part.
pub(super) fn is_name(text: &[RichText], part: &str) -> bool {
    let words: String = text.iter().map(|run| run.plain_text.as_str()).collect();
    words.trim() == part && text.iter().all(|run| matches!(run.kind, RichTextKind::Text))
}
