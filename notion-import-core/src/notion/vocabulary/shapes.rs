//! The fields of Notion's answers, as its reference has them for the version that is asked for.

use super::{Fields, is_color};

mod blocks;
mod properties;

use blocks::BLOCK;
use properties::{COLUMNS, PROPERTIES, PROPERTY};

/// What may stand somewhere.
pub(super) enum Shape {
    /// What people wrote, a number, an address: nothing is looked at.
    Any,
    /// One of some names.
    Name(fn(&str) -> bool),
    /// Many of a kind.
    List(&'static Shape),
    /// Many of a kind, by what people call them.
    Named(&'static Shape),
    /// These fields.
    Object(Fields),
    /// Fields, and one more that has the name of its type.
    Union {
        /// What each of them has.
        fields: Fields,
        /// What is in it, by its type.
        kinds: Fields,
    },
    /// An object that says which it is.
    ByObject,
}

use Shape::{Any, ByObject, List, Name, Object, Union};

/// The objects that say which they are.
pub(super) const OBJECTS: Fields = &[
    ("page", &PAGE),
    ("block", &BLOCK),
    ("database", &DATABASE),
    ("data_source", &DATA_SOURCE),
    ("view", &VIEW),
    ("user", &USER),
    ("group", &GROUP),
    ("list", &LIST),
    ("property_item", &PROPERTY),
    ("page_markdown", &PAGE_MARKDOWN),
];

static ANY: Shape = Any;
static NOTHING: Shape = Object(&[]);
static COLOR: Shape = Name(is_color);
static BY_OBJECT: Shape = ByObject;

static PAGE: Shape = Object(&[
    ("object", &ANY),
    ("id", &ANY),
    ("created_time", &ANY),
    ("last_edited_time", &ANY),
    ("created_by", &BY_OBJECT),
    ("last_edited_by", &BY_OBJECT),
    ("in_trash", &ANY),
    ("archived", &ANY),
    ("is_archived", &ANY),
    ("is_locked", &ANY),
    ("url", &ANY),
    ("public_url", &ANY),
    ("parent", &PARENT),
    ("properties", &PROPERTIES),
    ("icon", &ICON),
    ("cover", &FILE),
    ("request_id", &ANY),
]);

static DATABASE: Shape = Object(&[
    ("object", &ANY),
    ("id", &ANY),
    ("title", &TEXT),
    ("description", &TEXT),
    ("parent", &PARENT),
    ("is_inline", &ANY),
    ("in_trash", &ANY),
    ("archived", &ANY),
    ("is_locked", &ANY),
    ("created_time", &ANY),
    ("last_edited_time", &ANY),
    ("created_by", &BY_OBJECT),
    ("last_edited_by", &BY_OBJECT),
    ("data_sources", &List(&Object(&[("id", &ANY), ("name", &ANY)]))),
    ("icon", &ICON),
    ("cover", &FILE),
    ("url", &ANY),
    ("public_url", &ANY),
    ("request_id", &ANY),
]);

static DATA_SOURCE: Shape = Object(&[
    ("object", &ANY),
    ("id", &ANY),
    ("title", &TEXT),
    ("description", &TEXT),
    ("parent", &PARENT),
    ("database_parent", &PARENT),
    ("is_inline", &ANY),
    ("in_trash", &ANY),
    ("archived", &ANY),
    ("is_archived", &ANY),
    ("is_locked", &ANY),
    ("created_time", &ANY),
    ("last_edited_time", &ANY),
    ("created_by", &BY_OBJECT),
    ("last_edited_by", &BY_OBJECT),
    ("properties", &COLUMNS),
    ("icon", &ICON),
    ("cover", &FILE),
    ("url", &ANY),
    ("public_url", &ANY),
    ("request_id", &ANY),
]);

// What it shows and how is handed on as it is.
static VIEW: Shape = Object(&[
    ("object", &ANY),
    ("id", &ANY),
    ("parent", &PARENT),
    ("data_source_id", &ANY),
    ("name", &ANY),
    ("type", &Name(is_view)),
    ("filter", &ANY),
    ("sorts", &ANY),
    ("quick_filters", &ANY),
    ("configuration", &ANY),
    ("rows", &ANY),
    ("created_time", &ANY),
    ("last_edited_time", &ANY),
    ("created_by", &BY_OBJECT),
    ("last_edited_by", &BY_OBJECT),
    ("url", &ANY),
    ("request_id", &ANY),
]);

fn is_view(name: &str) -> bool {
    let known =
        ["table", "board", "calendar", "timeline", "gallery", "list", "form", "chart", "map", "dashboard"];
    known.contains(&name)
}

static LIST: Shape = Object(&[
    ("object", &ANY),
    ("type", &ANY),
    ("results", &List(&BY_OBJECT)),
    ("next_cursor", &ANY),
    ("has_more", &ANY),
    ("request_status", &Object(&[("type", &ANY), ("incomplete_reason", &ANY)])),
    ("request_id", &ANY),
    ("property_item", &PROPERTY),
    // Under the name of its type there is nothing.
    ("block", &NOTHING),
    ("page_or_data_source", &NOTHING),
    ("page_or_database", &NOTHING),
    ("view", &NOTHING),
    ("user", &NOTHING),
]);

static PAGE_MARKDOWN: Shape = Object(&[
    ("object", &ANY),
    ("id", &ANY),
    ("markdown", &ANY),
    ("truncated", &ANY),
    ("unknown_block_ids", &ANY),
    ("request_id", &ANY),
]);

static PARENT: Shape = Union {
    fields: &[],
    kinds: &[
        ("workspace", &ANY),
        ("page_id", &ANY),
        ("block_id", &ANY),
        ("database_id", &ANY),
        ("data_source_id", &ANY),
        ("agent_id", &ANY),
    ],
};

static ICON: Shape = Union {
    fields: &[],
    kinds: &[
        ("emoji", &ANY),
        ("icon", &Object(&[("name", &ANY), ("color", &ANY)])),
        ("custom_emoji", &CUSTOM_EMOJI),
        ("file", &HOSTED),
        ("external", &LINK),
    ],
};

static CUSTOM_EMOJI: Shape = Object(&[("id", &ANY), ("name", &ANY), ("url", &ANY)]);
static HOSTED: Shape = Object(&[("url", &ANY), ("expiry_time", &ANY)]);
static LINK: Shape = Object(&[("url", &ANY)]);
static DATE: Shape = Object(&[("start", &ANY), ("end", &ANY), ("time_zone", &ANY)]);

static FILE: Shape =
    Union { fields: &[("name", &ANY), ("caption", &TEXT)], kinds: &[("file", &HOSTED), ("external", &LINK)] };

static USER: Shape = Union {
    fields: &[
        ("object", &Name(is_user)),
        ("id", &ANY),
        ("name", &ANY),
        ("avatar_url", &ANY),
        ("request_id", &ANY),
    ],
    kinds: &[
        ("person", &Object(&[("email", &ANY), ("email_verified", &ANY)])),
        (
            "bot",
            &Object(&[
                ("owner", &Union { fields: &[], kinds: &[("user", &BY_OBJECT), ("workspace", &ANY)] }),
                ("workspace_id", &ANY),
                ("workspace_name", &ANY),
                ("workspace_limits", &Object(&[("max_file_upload_size_in_bytes", &ANY)])),
            ]),
        ),
    ],
};

static GROUP: Shape = Object(&[("object", &Name(is_user)), ("id", &ANY), ("name", &ANY)]);

fn is_user(name: &str) -> bool {
    ["user", "group"].contains(&name)
}

static TEXT: Shape = List(&Union {
    fields: &[
        ("plain_text", &ANY),
        ("href", &ANY),
        (
            "annotations",
            &Object(&[
                ("bold", &ANY),
                ("italic", &ANY),
                ("strikethrough", &ANY),
                ("underline", &ANY),
                ("code", &ANY),
                ("color", &COLOR),
            ]),
        ),
    ],
    kinds: &[
        ("text", &Object(&[("content", &ANY), ("link", &Object(&[("url", &ANY), ("type", &ANY)]))])),
        ("equation", &EXPRESSION),
        ("mention", &MENTION),
    ],
});

static EXPRESSION: Shape = Object(&[("expression", &ANY)]);
static REFERENCE: Shape = Object(&[("id", &ANY)]);

static MENTION: Shape = Union {
    fields: &[],
    kinds: &[
        ("user", &BY_OBJECT),
        ("page", &REFERENCE),
        ("database", &REFERENCE),
        ("data_source", &REFERENCE),
        ("date", &DATE),
        ("link_preview", &LINK),
        // The whole of what its target says of itself.
        ("link_mention", &ANY),
        (
            "template_mention",
            &Union {
                fields: &[],
                kinds: &[("template_mention_date", &ANY), ("template_mention_user", &ANY)],
            },
        ),
        ("custom_emoji", &CUSTOM_EMOJI),
    ],
};
