//! What blocks have, by their types.

use super::Shape::{self, List, Name, Object, Union};
use super::{ANY, BY_OBJECT, COLOR, EXPRESSION, FILE, HOSTED, ICON, LINK, NOTHING, PARENT, TEXT};
use crate::notion::vocabulary::is_list_format;

pub(super) static BLOCK: Shape = Union {
    fields: &[
        ("object", &ANY),
        ("id", &ANY),
        ("parent", &PARENT),
        ("has_children", &ANY),
        ("in_trash", &ANY),
        ("archived", &ANY),
        ("created_time", &ANY),
        ("last_edited_time", &ANY),
        ("created_by", &BY_OBJECT),
        ("last_edited_by", &BY_OBJECT),
        ("request_id", &ANY),
    ],
    kinds: &[
        ("paragraph", &CALLOUT),
        ("heading_1", &HEADING),
        ("heading_2", &HEADING),
        ("heading_3", &HEADING),
        ("heading_4", &HEADING),
        ("bulleted_list_item", &COLORED),
        (
            "numbered_list_item",
            &Object(&[
                ("rich_text", &TEXT),
                ("color", &COLOR),
                ("list_start_index", &ANY),
                ("list_format", &Name(is_list_format)),
            ]),
        ),
        ("to_do", &Object(&[("rich_text", &TEXT), ("color", &COLOR), ("checked", &ANY)])),
        ("toggle", &COLORED),
        ("quote", &COLORED),
        ("callout", &CALLOUT),
        ("code", &Object(&[("rich_text", &TEXT), ("caption", &TEXT), ("language", &ANY)])),
        ("equation", &EXPRESSION),
        ("divider", &NOTHING),
        ("breadcrumb", &NOTHING),
        ("table_of_contents", &Object(&[("color", &COLOR)])),
        ("column_list", &NOTHING),
        ("column", &Object(&[("width_ratio", &ANY)])),
        ("tab", &NOTHING),
        ("table", &Object(&[("table_width", &ANY), ("has_column_header", &ANY), ("has_row_header", &ANY)])),
        ("table_row", &Object(&[("cells", &List(&TEXT))])),
        ("synced_block", &Object(&[("synced_from", &Union { fields: &[], kinds: &[("block_id", &ANY)] })])),
        ("template", &COLORED),
        ("bookmark", &CAPTIONED_LINK),
        ("embed", &EMBED),
        ("link_preview", &LINK),
        ("image", &FILE),
        ("video", &FILE),
        ("pdf", &FILE),
        ("audio", &FILE),
        ("file", &FILE),
        (
            "link_to_page",
            &Union { fields: &[], kinds: &[("page_id", &ANY), ("database_id", &ANY), ("comment_id", &ANY)] },
        ),
        ("child_page", &Object(&[("title", &ANY)])),
        ("child_database", &Object(&[("title", &ANY)])),
        ("meeting_notes", &MEETING),
        ("transcription", &MEETING),
        ("unsupported", &Object(&[("block_type", &Name(|_| false))])),
    ],
};

static COLORED: Shape = Object(&[("rich_text", &TEXT), ("color", &COLOR)]);
static CALLOUT: Shape = Object(&[("rich_text", &TEXT), ("color", &COLOR), ("icon", &ICON)]);
static HEADING: Shape = Object(&[("rich_text", &TEXT), ("color", &COLOR), ("is_toggleable", &ANY)]);
static CAPTIONED_LINK: Shape = Object(&[("url", &ANY), ("caption", &TEXT)]);
// A file has the form of other files.
static EMBED: Shape =
    Union { fields: &[("url", &ANY), ("caption", &TEXT)], kinds: &[("file", &HOSTED), ("external", &LINK)] };

static MEETING: Shape = Object(&[
    ("title", &TEXT),
    ("status", &Name(is_meeting_status)),
    (
        "children",
        &Object(&[("summary_block_id", &ANY), ("notes_block_id", &ANY), ("transcript_block_id", &ANY)]),
    ),
    ("calendar_event", &Object(&[("start_time", &ANY), ("end_time", &ANY), ("attendees", &ANY)])),
    ("recording", &Object(&[("start_time", &ANY), ("end_time", &ANY)])),
]);

fn is_meeting_status(name: &str) -> bool {
    let known = [
        "transcription_not_started",
        "transcription_paused",
        "transcription_in_progress",
        "summary_in_progress",
        "notes_ready",
    ];
    known.contains(&name)
}
