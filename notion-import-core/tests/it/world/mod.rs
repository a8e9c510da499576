//! The fake Notion keeps to the documented protocol.

mod clock;
mod doors;
mod edits;
mod files;
mod limits;
mod markdown;
mod lists;
mod protocol;
mod saved;
mod search;
mod versions;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::{HeaderMap, Method};
use notion_import_core::NotionId;
use notion_import_core::testing::{Answer, Author, Database, Grant, Reply, World, paragraph};
use notion_import_core::transport::Request;
use serde_json::Value;
use url::Url;

/// A Sunday morning, some seconds into a minute.
pub fn morning() -> DateTime<Utc> {
    "2026-11-22T08:00:42.123456789Z".parse().unwrap()
}

/// A small company's Notion, and a connection to its handbook.
pub struct Company {
    pub world: World,
    pub workspace: NotionId,
    pub handbook: NotionId,
    pub policy: NotionId,
    pub private: NotionId,
    pub vendors: Database,
    pub grant: Grant,
}

impl Company {
    pub fn new(seed: u64) -> Self {
        let world = World::new(seed);
        let author = world.at(morning());
        let workspace = author.workspace("Acme");
        let handbook = author.page(workspace, "Handbook");
        let policy = author.page(handbook, "Security policy");
        author.append(policy, [paragraph("canary: we encrypt everything")]);
        let columns =
            [("Name", "title"), ("Status", "status"), ("Notes", "rich_text"), ("Pages", "relation")];
        let vendors = author.database(handbook, "Vendors", columns);
        let private = author.page(workspace, "Board minutes");
        let grant = world.grant(workspace, [handbook]);
        Self { world, workspace, handbook, policy, private, vendors, grant }
    }

    pub fn author(&self) -> Author {
        self.world.at(morning())
    }

    pub fn get(&self, path: &str) -> (u16, Value) {
        self.ask("GET", path, None)
    }

    pub fn post(&self, path: &str, body: Value) -> (u16, Value) {
        self.ask("POST", path, Some(body))
    }

    pub fn ask(&self, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        self.ask_at(morning(), method, path, body)
    }

    pub fn ask_at(&self, now: DateTime<Utc>, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        let mut request = request(method, &format!("https://api.notion.com{path}"), body);
        request.headers = headers(&self.grant.token);
        read(&self.answer(&request, now))
    }

    pub fn answer(&self, request: &Request, now: DateTime<Utc>) -> Answer {
        match self.world.answer(request, now) {
            Reply::Response(answer) => answer,
            other => panic!("no answer but {other:?}"),
        }
    }

    /// Pages through a GET list, or a POST list with this body.
    pub fn list(&self, path: &str, body: Option<Value>, page_size: usize) -> Vec<Value> {
        let (mut all, mut cursor) = (Vec::new(), None::<String>);
        loop {
            let (status, list) = match &body {
                None => {
                    let cursor = cursor.map(|cursor| format!("&start_cursor={cursor}")).unwrap_or_default();
                    self.get(&format!("{path}?page_size={page_size}{cursor}"))
                }
                Some(body) => {
                    let mut body = body.clone();
                    body["page_size"] = page_size.into();
                    body["start_cursor"] = cursor.into();
                    self.post(path, body)
                }
            };
            assert_eq!(status, 200, "{list}");
            let results = list["results"].as_array().unwrap();
            assert!(results.len() <= page_size);
            all.extend(results.iter().cloned());
            assert_eq!(list["has_more"], list["next_cursor"].is_string());
            match list["next_cursor"].as_str() {
                Some(next) => cursor = Some(next.to_owned()),
                None => return all,
            }
        }
    }
}

pub fn headers(token: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert("authorization", format!("Bearer {token}").parse().unwrap());
    headers.insert("notion-version", "2026-03-11".parse().unwrap());
    headers
}

pub fn request(method: &str, url: &str, body: Option<Value>) -> Request {
    Request {
        method: Method::from_bytes(method.as_bytes()).unwrap(),
        url: Url::parse(url).unwrap(),
        headers: HeaderMap::new(),
        body: body.map(|body| Bytes::from(body.to_string())),
    }
}

pub fn read(answer: &Answer) -> (u16, Value) {
    (answer.status.as_u16(), serde_json::from_slice(&answer.body).unwrap_or(Value::Null))
}
