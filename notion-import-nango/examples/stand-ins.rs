//! The stand-ins alone, a Nango and a Notion on this machine: for hosts in any language, and for their own clients.
//!
//! ```text
//! cargo run -p notion-import-nango --features testing --example stand-ins -- [where webhooks go]
//! ```
//!
//! The first line on standard output says, as JSON, where both listen, by which keys, and what there is to read.

use std::io::Write;
use std::sync::Arc;

use chrono::{TimeDelta, Utc};
use notion_import_core::testing::{Server, World, paragraph};
use notion_import_core::transport::SystemClock;
use notion_import_nango::testing::{Settings, StandIn};
use serde_json::json;
use tokio::net::TcpListener;
use uuid::Uuid;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let world = World::new(2026);
    let author = world.at(Utc::now() - TimeDelta::hours(1));
    let workspace = author.workspace("Acme");
    let page = author.page(workspace, "Security policy");
    author.append(page, [paragraph("Everything is encrypted.")]);
    author.page(page, "Key management");
    let database = author.database(page, "Vendors", [("Name", "title"), ("Notes", "rich_text")]);
    author.row(database.data_source, "Hosting Ltd", []);
    let grant = world.grant(workspace, [page]);

    let notion = Server::start(world.clone(), Arc::new(SystemClock), 0).await?;
    let (api_key, signing_key) = (Uuid::new_v4().to_string(), Uuid::new_v4().to_string());
    let mut settings = Settings::new(api_key.as_str(), signing_key.as_str());
    settings.webhook_url = std::env::args().nth(1).map(|url| url.parse()).transpose()?;
    // A self-hosted Nango's.
    settings.limit = Some(200);
    settings.scopes.insert(notion_import_nango::testing::scope::CREDENTIALS);
    let stand_in = StandIn::new(world, settings)?;
    let socket = TcpListener::bind(("127.0.0.1", 0)).await?;

    let said = json!({
        "nango": format!("http://{}", socket.local_addr()?), "notion": notion.url(),
        "api_key": api_key, "signing_key": signing_key, "token": grant.token, "bot": grant.bot_id, "owner": grant.owner,
        "workspace": workspace, "page": page, "database": database.id, "data_source": database.data_source,
    });
    let mut out = std::io::stdout();
    writeln!(out, "{said}")?;
    out.flush()?;
    Ok(axum::serve(socket, stand_in.router()).await?)
}
