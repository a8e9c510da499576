//! A small window on the stand-in's Notion: enough to edit, trash or unshare a page and watch a sync react.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use chrono::Utc;
use notion_import_core::id::NotionId;
use notion_import_core::testing::{paragraph, text};
use serde_json::{Value, json};

use super::frame::{Frame, page as write};
use super::{Answer, Shared};
use crate::app::App;
use crate::fields::Fields;
use crate::people::COMPANIES;
use crate::problem::Problem;
use crate::session::Visitor;
use crate::stand_ins::window::{Line, Listed};
use crate::stand_ins::{Served, StandIns};

#[derive(askama::Template)]
#[template(path = "notion.html")]
struct Window {
    frame: Frame,
    workspaces: Vec<(String, Vec<Listed>)>,
    trash: Vec<(NotionId, String)>,
}

pub async fn show(State(app): Shared, visitor: Visitor) -> Answer {
    let stand_ins = stand_ins(&app)?;
    let workspaces = stand_ins.workspaces();
    let trash = stand_ins.window().trash.clone().into_iter().collect();
    write(&Window { frame: Frame::new(&app, &visitor, "Notion"), workspaces, trash })
}

fn stand_ins(app: &App) -> Result<&Served, Problem> {
    app.stand_ins.as_ref().and_then(StandIns::here).ok_or_else(Problem::not_found)
}

/// Where another instance runs the stand-ins, the window is there.
pub async fn where_it_is(State(app): Shared, request: Request, next: Next) -> Response {
    match &app.stand_ins {
        Some(stand_ins) if stand_ins.here().is_none() => {
            Redirect::to(&stand_ins.window(request.uri().path())).into_response()
        }
        _ => next.run(request).await,
    }
}

#[derive(askama::Template)]
#[template(path = "notion_page.html")]
struct NotionPage {
    frame: Frame,
    id: NotionId,
    title: String,
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

pub async fn page(State(app): Shared, visitor: Visitor, Path(id): Path<NotionId>) -> Answer {
    let stand_ins = stand_ins(&app)?;
    let seen = stand_ins.look(id).ok_or_else(Problem::not_found)?;
    let root = stand_ins.root(id);
    let connections = connections(&app, stand_ins, root, seen.workspace).await?;
    let root_title = stand_ins.look(root).map_or_else(String::new, |root| root.title);
    let frame = Frame::new(&app, &visitor, seen.title.clone());
    write(&NotionPage {
        frame,
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

pub async fn change(
    State(app): Shared,
    visitor: Visitor,
    Path((id, change)): Path<(NotionId, String)>,
    body: Bytes,
) -> Answer {
    let stand_ins = stand_ins(&app)?;
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
    visitor.tell("Changed in Notion. The next sync notices, or “Sync now” on the integrations page.");
    Ok(Redirect::to(&format!("/notion/p/{id}")).into_response())
}

/// Every request that came to the stand-in Nango, oldest first: what a connection was used for.
pub async fn requests(State(app): Shared) -> Answer {
    let seen = stand_ins(&app)?.nango.requests();
    let seen: Vec<Value> = seen
        .iter()
        .map(|seen| json!({"method": seen.method, "path": seen.path, "connection": seen.connection, "status": seen.status}))
        .collect();
    Ok(Json(seen).into_response())
}
