//! What properties have, and the columns that they are values of.

use super::Shape::{self, List, Name, Named, Object, Union};
use super::{ANY, BY_OBJECT, COLOR, DATE, EXPRESSION, FILE, NOTHING, REFERENCE, TEXT};
use crate::notion::vocabulary::is_number_format;

pub(super) static PROPERTIES: Shape = Named(&PROPERTY);

pub(super) static PROPERTY: Shape = Union {
    fields: &[
        ("object", &ANY),
        ("id", &ANY),
        ("has_more", &ANY),
        ("next_url", &ANY),
        ("request_id", &ANY),
        ("name", &ANY),
    ],
    kinds: &[
        ("title", &TEXT),
        ("rich_text", &TEXT),
        ("number", &ANY),
        ("url", &ANY),
        ("select", &CHOICE),
        ("multi_select", &List(&CHOICE)),
        ("status", &CHOICE),
        ("date", &DATE),
        ("email", &ANY),
        ("phone_number", &ANY),
        ("checkbox", &ANY),
        ("files", &List(&FILE)),
        ("created_by", &BY_OBJECT),
        ("created_time", &ANY),
        ("last_edited_by", &BY_OBJECT),
        ("last_edited_time", &ANY),
        (
            "formula",
            &Union {
                fields: &[],
                kinds: &[
                    ("string", &ANY),
                    ("number", &ANY),
                    ("boolean", &ANY),
                    ("date", &DATE),
                    ("unsupported", &ANY),
                ],
            },
        ),
        (
            "rollup",
            &Union {
                fields: &[("function", &ANY)],
                kinds: &[
                    ("number", &ANY),
                    ("date", &DATE),
                    ("array", &List(&PROPERTY)),
                    ("incomplete", &ANY),
                    ("unsupported", &ANY),
                ],
            },
        ),
        ("relation", &List(&REFERENCE)),
        ("people", &List(&BY_OBJECT)),
        ("unique_id", &Object(&[("prefix", &ANY), ("number", &ANY)])),
        (
            "verification",
            &Object(&[("state", &Name(is_verification)), ("date", &DATE), ("verified_by", &BY_OBJECT)]),
        ),
        ("button", &NOTHING),
        (
            "place",
            &Object(&[
                ("name", &ANY),
                ("address", &ANY),
                ("lat", &ANY),
                ("lon", &ANY),
                ("aws_place_id", &ANY),
                ("google_place_id", &ANY),
            ]),
        ),
    ],
};

fn is_verification(name: &str) -> bool {
    ["verified", "expired", "unverified"].contains(&name)
}

static CHOICE: Shape = Object(&[("id", &ANY), ("name", &ANY), ("color", &COLOR), ("description", &ANY)]);

pub(super) static COLUMNS: Shape = Named(&Union {
    fields: &[("id", &ANY), ("name", &ANY), ("description", &ANY)],
    kinds: &[
        ("title", &NOTHING),
        ("rich_text", &NOTHING),
        ("number", &Object(&[("format", &Name(is_number_format))])),
        ("url", &NOTHING),
        ("select", &OPTIONS),
        ("multi_select", &OPTIONS),
        ("status", &OPTIONS),
        ("date", &NOTHING),
        ("email", &NOTHING),
        ("phone_number", &NOTHING),
        ("checkbox", &NOTHING),
        ("files", &NOTHING),
        ("created_by", &NOTHING),
        ("created_time", &NOTHING),
        ("last_edited_by", &NOTHING),
        ("last_edited_time", &NOTHING),
        ("formula", &EXPRESSION),
        (
            "rollup",
            &Object(&[
                ("function", &ANY),
                ("relation_property_id", &ANY),
                ("relation_property_name", &ANY),
                ("rollup_property_id", &ANY),
                ("rollup_property_name", &ANY),
            ]),
        ),
        (
            "relation",
            &Union {
                fields: &[("data_source_id", &ANY), ("database_id", &ANY)],
                kinds: &[("single_property", &ANY), ("dual_property", &ANY)],
            },
        ),
        ("people", &NOTHING),
        ("unique_id", &Object(&[("prefix", &ANY)])),
        ("verification", &NOTHING),
        ("button", &NOTHING),
        ("place", &NOTHING),
    ],
});

static OPTIONS: Shape = Object(&[
    ("options", &List(&CHOICE)),
    ("groups", &List(&Object(&[("id", &ANY), ("name", &ANY), ("color", &COLOR), ("option_ids", &ANY)]))),
]);
