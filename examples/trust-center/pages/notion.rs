//! A small window on the stand-in's Notion: enough to edit, trash or unshare a page and watch a sync react.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Redirect};
use chrono::Utc;
use notion_import_core::NotionId;
use notion_import_core::testing::{paragraph, text};
use serde_json::{Value, json};

use super::frame::page as write;
use super::{Answer, Shared};
use crate::app::App;
use crate::fields::Fields;
use crate::people::COMPANIES;
use crate::problem::Problem;
use crate::stand_ins::Served;
use crate::stand_ins::window::{Line, Listed};

/// What the address of a page says that was changed a moment ago.
const CHANGED: &str = "changed";

#[derive(askama::Template)]
#[template(path = "notion.html")]
struct Window {
    title: String,
    trust_center: String,
    is_changed: bool,
    workspaces: Vec<(String, Vec<Listed>)>,
    trash: Vec<(NotionId, String)>,
}

pub async fn show(State(app): Shared) -> Answer {
    let (stand_ins, trust_center) = stand_ins(&app)?;
    let workspaces = stand_ins.workspaces();
    let trash = stand_ins.window().trash.clone().into_iter().collect();
    write(&Window { title: "Notion".to_owned(), trust_center, is_changed: false, workspaces, trash })
}

/// The stand-ins of this instance, and where the Trust Center is.
fn stand_ins(app: &App) -> Result<(&Served, String), Problem> {
    let stand_ins = app.stand_ins.as_ref().ok_or_else(Problem::not_found)?;
    let trust_center = stand_ins.trust_center().to_string();
    Ok((stand_ins.here().ok_or_else(Problem::not_found)?, trust_center))
}

#[derive(askama::Template)]
#[template(path = "notion_page.html")]
struct NotionPage {
    title: String,
    trust_center: String,
    is_changed: bool,
    id: NotionId,
    lines: Vec<Line>,
    in_trash: bool,
    edited: String,
    /// The page at the top of the workspace that this one is in.
    root: NotionId,
    root_title: String,
    is_root: bool,
    connections: Vec<Connected>,
}

/// A connection to the page's workspace.
struct Connected {
    reference: String,
    company: &'static str,
    shared: bool,
}

pub async fn page(State(app): Shared, Path(id): Path<NotionId>, RawQuery(query): RawQuery) -> Answer {
    let (stand_ins, trust_center) = stand_ins(&app)?;
    let seen = stand_ins.look(id).ok_or_else(Problem::not_found)?;
    let root = stand_ins.root(id);
    let connections = connections(&app, stand_ins, root, seen.workspace).await?;
    let root_title = stand_ins.look(root).map_or_else(String::new, |root| root.title);
    write(&NotionPage {
        trust_center,
        is_changed: query.as_deref() == Some(CHANGED),
        id,
        is_root: root == id,
        root,
        root_title,
        title: seen.title,
        lines: stand_ins.lines(id),
        in_trash: seen.in_trash,
        edited: seen.edited,
        connections,
    })
}

async fn connections(
    app: &App,
    stand_ins: &Served,
    root: NotionId,
    workspace: NotionId,
) -> Result<Vec<Connected>, Problem> {
    let mut found = Vec::new();
    for company in &COMPANIES {
        for record in app.stores.connections.list(company.tenant).await? {
            if record.workspace.id.as_deref() == Some(&workspace.to_string()) {
                let reference = record.reference.to_string();
                let shared = stand_ins.is_shared(&reference, root);
                found.push(Connected { reference, company: company.name, shared });
            }
        }
    }
    Ok(found)
}

pub async fn change(State(app): Shared, Path((id, change)): Path<(NotionId, String)>, body: Bytes) -> Answer {
    let (stand_ins, _) = stand_ins(&app)?;
    let seen = stand_ins.look(id).ok_or_else(Problem::not_found)?;
    let fields = Fields::read(&body);
    let author = stand_ins.world.at(Utc::now());
    let given = |name| fields.given(name).ok_or_else(|| Problem::form("Write something first."));
    match change.as_str() {
        "rename" => author.set_title(id, given("title")?),
        "add" => drop(author.append(id, [paragraph(given("text")?)])),
        "rewrite" => {
            let line = stand_ins.lines(id).into_iter().find(|line| line.id == fields.text("block"));
            let line = line.filter(|line| line.editable).ok_or_else(Problem::not_found)?;
            let block = line.id.parse().map_err(|_| Problem::not_found())?;
            let words = json!({"rich_text": text(given("text")?).into_value(), "color": "default"});
            author.rewrite(block, notion_import_core::testing::block(&line.kind, words));
        }
        "trash" => {
            author.trash(id);
            stand_ins.window().trash.insert(id, seen.title);
        }
        "restore" => {
            author.restore(id);
            stand_ins.window().trash.remove(&id);
        }
        "share" | "unshare" | "revoke" => {
            let token = stand_ins.nango.token(fields.text("connection")).ok_or_else(Problem::not_found)?;
            match change.as_str() {
                "share" => stand_ins.world.share(&token, id),
                "revoke" => stand_ins.world.revoke(&token),
                _ => stand_ins.world.unshare(&token, id),
            }
        }
        _ => return Err(Problem::not_found()),
    }
    Ok(Redirect::to(&format!("/notion/p/{id}?{CHANGED}")).into_response())
}

/// Every request that came to the stand-in Nango, oldest first: what a connection was used for.
pub async fn requests(State(app): Shared) -> Answer {
    let seen = stand_ins(&app)?.0.nango.requests();
    let seen: Vec<Value> = seen
        .iter()
        .map(|seen| json!({"method": seen.method, "path": seen.path, "connection": seen.connection, "status": seen.status}))
        .collect();
    Ok(Json(seen).into_response())
}
