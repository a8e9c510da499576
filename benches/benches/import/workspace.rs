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

/// Pages at most. Of 200 the first 31 have a list more than the others, so that there are 1,631 lists.
pub(crate) const PAGES: usize = 200;
const LONGER: usize = 31;

/// Where a search is asked for.
pub(crate) const SEARCH: &str = "/v1/search";

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
    /// What they are in.
    home: NotionId,
    pub(crate) pages: Vec<NotionId>,
}

/// A workspace, and the answer to every question an import of its pages has.
pub(crate) struct Workspace {
    pub(crate) token: String,
    pub(crate) pages: Vec<NotionId>,
    /// Of what an import of the pages asks for, by address.
    pub(crate) answers: HashMap<String, Bytes>,
    /// Of what only finding the pages asks for: a search by its address and cursor.
    pub(crate) finding: HashMap<String, Bytes>,
}

/// Makes so many pages of 60 blocks.
pub(crate) fn furnish(number: usize, beside: Beside) -> Pages {
    let world = World::new(1);
    let now = DateTime::<Utc>::UNIX_EPOCH + chrono::TimeDelta::days(20_000);
    let author = world.at(now);
    let workspace = author.workspace("Bench");
    let home = author.page(workspace, "Home");
    let mut shared = Vec::new();
    let pages: Vec<NotionId> = (0..number)
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
    Pages { world, token, home, pages }
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

/// Learns every answer about so many pages of 60 blocks.
pub(crate) fn build(number: usize) -> Workspace {
    let Pages { world, token, home, pages } = furnish(number, Beside::default());
    let (answers, finding) = (HashMap::new(), HashMap::new());
    let mut workspace = Workspace { token, pages: pages.clone(), answers, finding };
    workspace.find(&world, home);
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
    /// Learns what leads to the pages: the page they are in, and a search for everything.
    fn find(&mut self, world: &World, home: NotionId) {
        let mut cursor = Value::Null;
        loop {
            let key = format!("{SEARCH}{}", cursor.as_str().unwrap_or_default());
            let mut body = json!({"page_size": 100});
            if !cursor.is_null() {
                body["start_cursor"] = cursor;
            }
            let answer = self.request(world, Method::POST, SEARCH, Some(body));
            cursor = read(&answer)["next_cursor"].take();
            self.finding.insert(key, answer);
            if cursor.is_null() {
                break;
            }
        }
        let page = format!("/v1/pages/{home}");
        let answer = self.request(world, Method::GET, &page, None);
        self.finding.insert(page, answer);
        let mut rest = String::new();
        loop {
            let list = format!("/v1/blocks/{home}/children?page_size=100{rest}");
            let answer = self.request(world, Method::GET, &list, None);
            let cursor = read(&answer)["next_cursor"].take();
            self.finding.insert(list, answer);
            let Some(cursor) = cursor.as_str() else { return };
            rest = format!("&start_cursor={cursor}");
        }
    }

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
        let answer = self.request(world, Method::GET, &path, None);
        let value = read(&answer);
        self.answers.insert(path, answer);
        value
    }

    fn request(&self, world: &World, method: Method, path: &str, body: Option<Value>) -> Bytes {
        let mut headers = HeaderMap::new();
        headers.insert("notion-version", HeaderValue::from_static("2026-03-11"));
        if let Ok(bearer) = format!("Bearer {}", self.token).parse() {
            headers.insert("authorization", bearer);
        }
        let Ok(url) = format!("https://api.notion.com{path}").parse() else { return Bytes::new() };
        let body = body.map(|body| Bytes::from(body.to_string()));
        let request = Request { method, url, headers, body };
        let Reply::Response(answer) = world.answer(&request, Utc::now()) else { return Bytes::new() };
        assert!(answer.status.is_success(), "{path}: {}", answer.status);
        answer.body
    }
}

fn read(answer: &[u8]) -> Value {
    serde_json::from_slice(answer).unwrap_or_default()
}
