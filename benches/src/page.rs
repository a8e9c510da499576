//! A page of mixed blocks, as Notion's API gives them: every envelope complete, every run annotated.

use serde_json::{Value, json};

/// How many blocks the measured page has.
pub const BLOCKS: usize = 20_000;

/// A page of that many blocks as a JSON array, children embedded.
pub fn page(blocks: usize) -> Vec<u8> {
    let mut author = Author { left: blocks, at: 0 };
    let mut top = Vec::new();
    while author.left > 0 {
        top.push(author.block(0));
    }
    Value::from(top).to_string().into_bytes()
}

struct Author {
    left: usize,
    at: usize,
}

impl Author {
    /// One block of every kind in turn; lists, toggles and quotations have children.
    fn block(&mut self, depth: usize) -> Value {
        let at = self.at;
        self.at += 1;
        self.left -= 1;
        let text = sentence(at);
        let (kind, payload, children) = match at % 20 {
            0 => (
                "heading_1",
                json!({ "rich_text": [run("Information security", "")], "color": "default", "is_toggleable": false }),
                0,
            ),
            1 | 8 => (
                "heading_2",
                json!({ "rich_text": [run("Access control (A.9)", "")], "color": "default", "is_toggleable": false }),
                0,
            ),
            2 | 5 | 9 | 13 | 17 => {
                ("paragraph", json!({ "rich_text": text, "color": "default", "icon": null }), 0)
            }
            3 | 10 | 14 => ("bulleted_list_item", json!({ "rich_text": text, "color": "default" }), 2),
            4 | 11 => ("numbered_list_item", json!({ "rich_text": text, "color": "default" }), 1),
            6 => (
                "to_do",
                json!({ "rich_text": text, "color": "default", "checked": at.is_multiple_of(3) }),
                0,
            ),
            7 => ("toggle", json!({ "rich_text": text, "color": "default" }), 2),
            12 => ("quote", json!({ "rich_text": text, "color": "default" }), 1),
            15 => (
                "callout",
                json!({ "rich_text": text, "color": "gray_background", "icon": { "type": "emoji", "emoji": "\u{1F512}" } }),
                0,
            ),
            16 => (
                "code",
                json!({ "rich_text": [run("fn main() {\n    println!(\"{}\", 1 < 2 && true);\n}", "")], "caption": [], "language": "rust" }),
                0,
            ),
            18 => (
                "bookmark",
                json!({ "url": "https://example.com/policies/access-control", "caption": [] }),
                0,
            ),
            _ => ("divider", json!({}), 0),
        };
        let children = if depth < 4 { children.min(self.left) } else { 0 };
        let children: Vec<Value> =
            (0..children).map_while(|_| (self.left > 0).then(|| self.block(depth + 1))).collect();
        let mut block = json!({
            "object": "block", "id": format!("35261e8c-e0a3-80c8-9f00-{at:012x}"), "type": kind,
            "has_children": !children.is_empty(), "in_trash": false, "archived": false,
            "created_time": "2026-11-22T10:00:00.000Z", "last_edited_time": "2026-11-22T10:00:00.000Z",
            "created_by": { "object": "user", "id": "6b2f3c1a-0000-4000-8000-000000000001" },
            "last_edited_by": { "object": "user", "id": "6b2f3c1a-0000-4000-8000-000000000001" },
            "parent": { "type": "page_id", "page_id": "35261e8c-e0a3-80c8-9f00-0123456789ab" },
            kind: payload,
        });
        if !children.is_empty() {
            block["children"] = Value::from(children);
        }
        block
    }
}

/// A few runs with the styles and the signs that policies have.
fn sentence(at: usize) -> Vec<Value> {
    match at % 4 {
        0 => vec![run(
            "All customer data is encrypted at rest with AES-256 and in transit with TLS 1.3; keys are rotated every 90 days.",
            "",
        )],
        1 => vec![
            run("All data is encrypted ", ""),
            run("at rest", "bold"),
            run(" and in transit, see snake_case and 2 * 3 [sic] for <details>.", ""),
        ],
        2 => vec![
            run("Run ", ""),
            run("cargo test --all", "code"),
            run(" before each release", "italic"),
            run(", as the ", ""),
            linked("handbook", "https://example.com/handbook?a=1&b=2"),
            run(" says.", ""),
        ],
        _ => vec![run("Reviewed yearly by the CISO. ", ""), run("Exceptions are logged.", "strikethrough")],
    }
}

fn run(text: &str, style: &str) -> Value {
    text_run(text, style, &Value::Null)
}

fn linked(text: &str, url: &str) -> Value {
    text_run(text, "", &Value::from(url))
}

fn text_run(text: &str, style: &str, href: &Value) -> Value {
    let is = |name: &str| style == name;
    let link = if href.is_null() { Value::Null } else { json!({ "url": href }) };
    json!({
        "type": "text", "text": { "content": text, "link": link }, "plain_text": text, "href": href,
        "annotations": {
            "bold": is("bold"), "italic": is("italic"), "strikethrough": is("strikethrough"),
            "underline": false, "code": is("code"), "color": "default",
        },
    })
}
