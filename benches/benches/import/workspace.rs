//! The workspace that is imported, and everything that can be asked of it.

use std::collections::HashMap;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::{HeaderMap, HeaderValue, Method};
use notion_import_core::NotionId;
use notion_import_core::testing::{
    Author, Block, Reply, World, block, bulleted, callout, code, divider, heading, paragraph, quote, to_do,
    toggle,
};
use notion_import_core::transport::Request;
use serde_json::{Value, json};

const PAGES: usize = 200;

/// Pages that have a list more than the others, so that there are 1,631 lists.
const LONGER: usize = 31;

/// What stands in its pages beside their blocks.
#[derive(Clone, Copy, Default)]
pub(crate) struct Beside {
    /// Links to pages and a database, of which ten pages have the same.
    pub(crate) references: bool,
    /// A database in each page, of ten rows.
    pub(crate) databases: bool,
}

/// Pages, and the token that sees them.
pub(crate) struct Pages {
    pub(crate) world: World,
    pub(crate) token: String,
    pub(crate) pages: Vec<NotionId>,
}

/// A workspace, and the answer to every question an import of its pages has.
pub(crate) struct Workspace {
    pub(crate) token: String,
    pub(crate) pages: Vec<NotionId>,
    pub(crate) answers: HashMap<String, Bytes>,
}

/// Makes 200 pages of 60 blocks.
pub(crate) fn furnish(beside: Beside) -> Pages {
    let world = World::new(1);
    let now = DateTime::<Utc>::UNIX_EPOCH + chrono::TimeDelta::days(20_000);
    let author = world.at(now);
    let workspace = author.workspace("Bench");
    let home = author.page(workspace, "Home");
    let mut shared = Vec::new();
    let pages: Vec<NotionId> = (0..PAGES)
        .map(|number| {
            let page = author.page(home, format!("Page {number}"));
            author.append(page, blocks(number < LONGER));
            if beside.references {
                if number % 10 == 0 {
                    shared = references(&author, home);
                }
                author.append(page, shared.clone());
            }
            if beside.databases {
                furnish_database(&author, page);
            }
            page
        })
        .collect();
    let token = world.grant(workspace, [home]).token;
    Pages { world, token, pages }
}

/// Links to five pages and a database, two to each.
fn references(author: &Author, home: NotionId) -> Vec<Block> {
    let others = (0..5).map(|number| author.page(home, format!("Other {number}")));
    let to_page = |id| block("link_to_page", json!({"type": "page_id", "page_id": id}));
    let database = author.database(home, "Vendors", [("Country", "select")]).id;
    let to_database = block("link_to_page", json!({"type": "database_id", "database_id": database}));
    let links: Vec<Block> = others.map(to_page).chain([to_database]).collect();
    [links.clone(), links].concat()
}

fn furnish_database(author: &Author, page: NotionId) {
    let database = author.database(page, "Tasks", [("Owner", "rich_text")]);
    author.show_inline(database.id);
    for number in 0..10 {
        author.row(database.data_source, format!("Task {number}"), []);
    }
}

/// Learns every answer about 200 pages of 60 blocks.
pub(crate) fn build() -> Workspace {
    let Pages { world, token, pages } = furnish(Beside::default());
    let mut workspace = Workspace { token, pages: pages.clone(), answers: HashMap::new() };
    for page in pages {
        workspace.ask(&world, format!("/v1/pages/{page}"));
        workspace.ask_below(&world, &page.to_string());
    }
    workspace
}

/// 60 blocks in 8 lists, or 9.
fn blocks(longer: bool) -> Vec<Block> {
    let inside = |number: usize| {
        [paragraph(format!("Inside {number}: who may see what, and for how long.")), bulleted("A point.")]
    };
    let toggles = if longer { 8 } else { 7 };
    let mut blocks: Vec<Block> =
        (0..toggles).map(|number| toggle(format!("Section {number}"), inside(number))).collect();
    let plain = 60 - toggles * 3;
    blocks.extend((0..plain).map(|number| match number % 7 {
        0 => heading(2, format!("Heading {number}")),
        1 => bulleted("We encrypt everything, at rest and on the way."),
        2 => to_do("Rotate the keys", number % 2 == 0),
        3 => quote("Nothing that is imported opens by itself."),
        4 => code("let answer = 42;", "rust"),
        5 => callout("Mind the gap.", "💡"),
        _ if number % 14 == 6 => divider(),
        _ => paragraph(
            "A paragraph of about the length that a paragraph has when somebody writes one in Notion.",
        ),
    }));
    blocks
}

impl Workspace {
    fn ask_below(&mut self, world: &World, id: &str) {
        let list = self.ask(world, format!("/v1/blocks/{id}/children?page_size=100"));
        for block in list["results"].as_array().into_iter().flatten() {
            if block["has_children"] == true
                && let Some(id) = block["id"].as_str()
            {
                self.ask_below(world, id);
            }
        }
    }

    fn ask(&mut self, world: &World, path: String) -> Value {
        let mut headers = HeaderMap::new();
        headers.insert("notion-version", HeaderValue::from_static("2026-03-11"));
        if let Ok(bearer) = format!("Bearer {}", self.token).parse() {
            headers.insert("authorization", bearer);
        }
        let Ok(url) = format!("https://api.notion.com{path}").parse() else { return Value::Null };
        let request = Request { method: Method::GET, url, headers, body: None };
        let Reply::Response(answer) = world.answer(&request, Utc::now()) else { return Value::Null };
        assert!(answer.status.is_success(), "{path}: {}", answer.status);
        let value = serde_json::from_slice(&answer.body).unwrap_or_default();
        self.answers.insert(path, answer.body);
        value
    }
}
