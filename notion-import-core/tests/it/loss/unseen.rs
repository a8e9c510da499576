//! The leaves that nobody sees, and those that are counted with what they are a part of; each with its reason.

use notion_import_core::LossKind;

use super::leaf::Leaf;

/// Leaves by the keys at their end, and why no reader sees them.
const UNSEEN: &[(&str, &str)] = &[
    ("object", "says what kind of JSON it is"),
    ("type", "says which key holds the rest"),
    ("id", "names, shows nothing"),
    ("has_children", "the children say it"),
    ("block.created_time", "shown in the menu of the block, not on the page"),
    ("block.last_edited_time", "the same"),
    ("in_trash", "only what is not in the trash is listed"),
    ("parent.page_id", "where it is, which the list says"),
    ("parent.data_source_id", "the same"),
    ("parent.database_id", "the same"),
    ("page.url", "where Notion shows it; the document's source keeps it"),
    ("expiry_time", "how long an address works"),
    ("synced_from.block_id", "the copy shows the same blocks"),
    ("text.plain_text", "`text.content` says it"),
    ("text.href", "`text.link.url` says it"),
    ("equation.plain_text", "`equation.expression` says it"),
    ("equation.href", "a formula leads nowhere"),
    ("mention.plain_text", "what is mentioned says it"),
    ("mention.href", "the same"),
    ("table.table_width", "the cells say it"),
    ("verification.date.start", "Notion shows until when a page is verified"),
    ("verification.date.time_zone", "and that by the day"),
    ("link_mention.link_provider", "shown only when one points at the mention"),
    ("transcript_block_id", "where the transcript is, which is counted as left out"),
    ("properties.Name", "a title stands without the name of its column"),
    ("rollup.function", "says how Notion computed what is shown"),
];

/// Parts of what is counted as a whole: leaves by the keys at their end, and the loss that counts them.
const PARTS: &[(&str, LossKind)] = &[
    ("column.width_ratio", LossKind::Columns),
    ("custom_emoji.url", LossKind::CustomEmoji),
    ("icon.name", LossKind::Icon),
    ("icon.color", LossKind::Icon),
    ("external.url", LossKind::Icon),
    ("external.url", LossKind::FileNotStored),
    ("file.url", LossKind::FileNotStored),
    ("comment_id", LossKind::LinkTarget),
    ("table_of_contents.color", LossKind::TableOfContents),
    ("meeting_notes.status", LossKind::MeetingNotes),
    ("transcription.status", LossKind::MeetingNotes),
    ("checklist_item.checked", LossKind::UnknownBlock),
];

/// Returns why nobody sees a leaf, if nobody does.
pub fn reason(leaf: &Leaf) -> Option<&'static str> {
    UNSEEN.iter().find_map(|(pattern, reason)| leaf.is(pattern).then_some(*reason))
}

/// Returns the losses that count a leaf with the whole that it is a part of.
pub fn counted_with(leaf: &Leaf) -> impl Iterator<Item = LossKind> {
    PARTS.iter().filter(|(pattern, _)| leaf.is(pattern)).map(|(_, kind)| *kind)
}
