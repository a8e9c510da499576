//! The parts of meetings: which block is one, and the heading above it.

use std::collections::{HashMap, HashSet};

use crate::id::NotionId;
use crate::library::fidelity::TruncationKind;
use crate::markdown::inline::{Place, rich_text};
use crate::markdown::ledger::Ledger;
use crate::markdown::links::not_loaded;
use crate::markdown::options::Options;
use crate::markdown::writer::Writer;
use crate::notion::block::{Content, MeetingNotes, MeetingPart};
use crate::notion::text::{RichText, RichTextKind, plain_text};
use crate::notion::tree::{BlockTree, Node};

/// The blocks that the meetings of a page point to.
#[derive(Default)]
pub(super) struct Meetings {
    parts: HashMap<NotionId, MeetingPart>,
    /// Those of them that are in the tree.
    present: HashSet<NotionId>,
}

impl Meetings {
    pub(super) fn of(tree: &BlockTree) -> Self {
        let mut parts = HashMap::new();
        for node in tree.nodes() {
            let Content::MeetingNotes(notes) = &node.block.content else { continue };
            for part in MeetingPart::ALL {
                let Some(id) = notes.children.id(part) else { continue };
                // What is a transcript to one meeting is none the less one to another.
                parts
                    .entry(id)
                    .and_modify(|known: &mut MeetingPart| *known = part.max(*known))
                    .or_insert(part);
            }
        }
        if parts.is_empty() {
            return Self::default();
        }
        let ids = tree.nodes().iter().filter_map(|node| node.block.id);
        Self { present: ids.filter(|id| parts.contains_key(id)).collect(), parts }
    }

    /// Which part of a meeting a block is.
    pub(super) fn part(&self, node: &Node) -> Option<MeetingPart> {
        self.parts.get(&node.block.id?).copied()
    }

    /// Says of a meeting which of its parts are not in the tree.
    pub(super) fn absent(
        &self,
        writer: &mut Writer,
        ledger: &mut Ledger,
        options: &Options<'_>,
        notes: &MeetingNotes,
    ) {
        let is_absent =
            |part: &MeetingPart| notes.children.id(*part).is_some_and(|id| !self.present.contains(&id));
        for part in MeetingPart::ALL.into_iter().filter(is_absent) {
            if is_left_out(options, part) {
                ledger.truncate(TruncationKind::TranscriptLeftOut);
            } else {
                heading(writer, ledger, options, part, &[]);
                not_loaded(writer, ledger);
            }
        }
    }
}

/// Whether a part is only written where that is asked for, and it is not.
pub(super) fn is_left_out(options: &Options<'_>, part: MeetingPart) -> bool {
    match part {
        MeetingPart::Summary | MeetingPart::Notes => false,
        MeetingPart::Transcript => !options.transcripts,
    }
}

/// The heading above a part: its name, as the part itself says it where it does.
pub(super) fn heading(
    writer: &mut Writer,
    ledger: &mut Ledger,
    options: &Options<'_>,
    part: MeetingPart,
    said: &[RichText],
) {
    writer.block();
    writer.out.push_str("### ");
    let name = [RichText::plain(part.label())];
    let said = if is_name(said, part) { said } else { &name };
    rich_text(writer, ledger, options, said, Place::Heading);
}

/// Whether the text of a part is no more than its name.
pub(super) fn is_name(text: &[RichText], part: MeetingPart) -> bool {
    plain_text(text).trim() == part.label() && text.iter().all(|run| run.kind == RichTextKind::Text)
}
