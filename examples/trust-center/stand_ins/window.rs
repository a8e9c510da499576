//! A look into the stand-in's Notion, through the API any integration has.

use std::collections::BTreeMap;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use notion_import_core::NotionId;
use notion_import_core::testing::Reply;
use notion_import_core::transport::Request;
use serde_json::{Value, json};
use url::Url;

use super::Served;
use crate::words;

/// A page or data source in the list of a workspace.
pub struct Listed {
    pub id: NotionId,
    pub title: String,
    pub icon: String,
    /// How deep it lies.
    pub depth: usize,
    pub is_page: bool,
}

/// A page as the window sees it.
pub struct Seen {
    pub title: String,
    pub in_trash: bool,
    pub edited: String,
    pub workspace: NotionId,
    parent: Option<NotionId>,
}

/// A line of a page.
pub struct Line {
    pub id: String,
    pub kind: String,
    pub text: String,
    /// Whether it is nothing but words, so that they can be written anew.
    pub editable: bool,
}

impl Served {
    /// Every workspace with what is in it, as a tree laid flat.
    pub fn workspaces(&self) -> Vec<(String, Vec<Listed>)> {
        let tokens = self.window().tokens.clone();
        let listed = |(id, name): (NotionId, String)| {
            let token = tokens.get(&id)?;
            Some((name, flat(&self.search(token))))
        };
        self.world.workspaces().into_iter().filter_map(listed).collect()
    }

    /// Looks at a page.
    pub fn look(&self, id: NotionId) -> Option<Seen> {
        let tokens = self.window().tokens.clone();
        tokens.into_iter().find_map(|(workspace, token)| {
            let page = self.ask(&token, "GET", &format!("pages/{id}"), None)?;
            let edited = page["last_edited_time"].as_str()?.parse::<DateTime<Utc>>().ok()?;
            Some(Seen {
                title: title(&page),
                in_trash: page["in_trash"].as_bool().unwrap_or_default(),
                edited: words::moment(edited),
                workspace,
                parent: parent(&page),
            })
        })
    }

    /// The page at the top of the workspace that a page is in; sharing is decided there.
    pub fn root(&self, id: NotionId) -> NotionId {
        let mut at = id;
        while let Some(parent) = self.look(at).and_then(|seen| seen.parent) {
            at = parent;
        }
        at
    }

    /// The lines of a page, without what is nested in them.
    pub fn lines(&self, id: NotionId) -> Vec<Line> {
        let tokens = self.window().tokens.clone();
        let path = format!("blocks/{id}/children?page_size=100");
        let found = tokens.values().find_map(|token| self.ask(token, "GET", &path, None));
        let found = found.unwrap_or_default();
        found["results"].as_array().into_iter().flatten().map(line).collect()
    }

    /// Whether a connection sees a page at the top of its workspace.
    pub fn is_shared(&self, connection: &str, root: NotionId) -> bool {
        let token = self.nango.token(connection);
        token.is_some_and(|token| self.ask(&token, "GET", &format!("pages/{root}"), None).is_some())
    }

    fn search(&self, token: &str) -> Vec<Value> {
        let (mut found, mut cursor) = (Vec::new(), Value::Null);
        loop {
            let mut body = json!({"page_size": 100});
            if !cursor.is_null() {
                body["start_cursor"] = cursor;
            }
            let Some(mut part) = self.ask(token, "POST", "search", Some(&body)) else { return found };
            found.extend(part["results"].as_array_mut().map(std::mem::take).unwrap_or_default());
            cursor = part["next_cursor"].take();
            if cursor.is_null() {
                return found;
            }
        }
    }

    fn ask(&self, token: &str, method: &str, path: &str, body: Option<&Value>) -> Option<Value> {
        let url = Url::parse(&format!("https://api.notion.com/v1/{path}")).ok()?;
        let headers =
            [("authorization", format!("Bearer {token}")), ("notion-version", "2026-03-11".to_owned())];
        let mut request = Request {
            method: method.parse().ok()?,
            url,
            headers: Default::default(),
            body: body.map(|body| Bytes::from(body.to_string())),
        };
        for (name, value) in headers {
            request.headers.insert(name, value.parse().ok()?);
        }
        if body.is_some() {
            request.headers.insert("content-type", "application/json".parse().ok()?);
        }
        match self.world.answer(&request, Utc::now()) {
            Reply::Response(answer) if answer.status.is_success() => {
                serde_json::from_slice(&answer.body).ok()
            }
            Reply::Response(_) | Reply::Reset | Reply::Cut { .. } | Reply::Drip { .. } => None,
        }
    }
}

/// Lays the tree flat, parents before their children.
fn flat(found: &[Value]) -> Vec<Listed> {
    let mut within: BTreeMap<Option<NotionId>, Vec<&Value>> = BTreeMap::new();
    let known: Vec<NotionId> = found.iter().filter_map(id).collect();
    for object in found {
        let parent = parent(object).filter(|parent| known.contains(parent));
        within.entry(parent).or_default().push(object);
    }
    for siblings in within.values_mut() {
        siblings.sort_by_key(|object| (object["created_time"].to_string(), title(object)));
    }
    let mut list = Vec::new();
    let mut waiting: Vec<(usize, &Value)> = below(&within, None, 0);
    while let Some((depth, object)) = waiting.pop() {
        let Some(id) = id(object) else { continue };
        let icon = object["icon"]["emoji"].as_str();
        let is_page = object["object"] == "page";
        let icon = icon.unwrap_or(if is_page { "📄" } else { "🗂️" }).to_owned();
        list.push(Listed { id, title: title(object), icon, depth, is_page });
        waiting.extend(below(&within, Some(id), depth + 1));
    }
    list
}

fn below<'v>(
    within: &BTreeMap<Option<NotionId>, Vec<&'v Value>>,
    parent: Option<NotionId>,
    depth: usize,
) -> Vec<(usize, &'v Value)> {
    within.get(&parent).into_iter().flatten().rev().map(|object| (depth, *object)).collect()
}

fn id(object: &Value) -> Option<NotionId> {
    object["id"].as_str()?.parse().ok()
}

/// The page or data source something is in. A database's container shows only through its data sources.
fn parent(object: &Value) -> Option<NotionId> {
    let parents = [&object["database_parent"], &object["parent"]];
    let known = |parent: &Value| {
        ["page_id", "data_source_id"].iter().find_map(|key| parent[*key].as_str()?.parse().ok())
    };
    parents.into_iter().find_map(known)
}

fn title(object: &Value) -> String {
    // A data source's properties are columns, and its title stands beside them.
    if object["title"].is_array() {
        return words::title(&plain(&object["title"]));
    }
    let mut properties = object["properties"].as_object().into_iter().flatten().map(|(_, value)| value);
    let title = properties.find(|value| value["type"] == "title");
    words::title(&title.map_or_else(String::new, |value| plain(&value["title"])))
}

fn plain(rich_text: &Value) -> String {
    let runs = rich_text.as_array().into_iter().flatten();
    runs.filter_map(|run| run["plain_text"].as_str()).collect()
}

fn line(block: &Value) -> Line {
    let kind = block["type"].as_str().unwrap_or_default().to_owned();
    let payload = &block[&kind];
    let shown = match kind.as_str() {
        "child_page" | "child_database" => payload["title"].as_str().unwrap_or_default().to_owned(),
        "equation" => payload["expression"].as_str().unwrap_or_default().to_owned(),
        _ => plain(&payload["rich_text"]),
    };
    let plain_words = ["paragraph", "bulleted_list_item", "numbered_list_item", "quote"];
    Line {
        id: block["id"].as_str().unwrap_or_default().to_owned(),
        editable: plain_words.contains(&kind.as_str()),
        text: shown,
        kind: kind.clone(),
    }
}

impl Line {
    /// What kind of block it is, in plain words.
    pub fn kind_name(&self) -> String {
        self.kind.replace("_list_item", "").replace('_', " ")
    }
}
