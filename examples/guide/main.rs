//! What `docs/embedding.md` shows, over a Notion and a Nango of its own.

mod backend;
mod store;

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use backend::{Backend, routes};
use chrono::Utc;
use notion_import_core::testing::{World, paragraph};
use notion_import_core::{Actor, AttemptState, Content, DocumentReader, MemberId, Query, Role, TenantId};
use notion_import_nango::Config;
use notion_import_nango::testing::{Settings, StandIn};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    walk_through().await
}

/// Connects, imports, reads and syncs.
pub async fn walk_through() -> Result<(), Box<dyn Error>> {
    let world = World::new(7);
    let workspace = world.at(Utc::now()).workspace("Acme");
    let page = world.at(Utc::now()).page(workspace, "Security policy");
    world.at(Utc::now()).append(page, [paragraph("We encrypt everything.")]);
    let key = "b6b5d0f5-2f0a-4b5c-9d0e-0123456789ab";
    let stand_in = StandIn::new(world.clone(), Settings::new(key, "signing-key"))?;

    let mut config = Config::new(key);
    config.base_url = serve(stand_in.router()).await?.parse()?;
    config.webhook_signing_keys.push("signing-key".into());
    let backend = Arc::new(Backend::new(config, &[7; 32])?);
    let origin = serve(routes(backend.clone())).await?;
    stand_in.send_webhooks_to(format!("{origin}/webhooks/nango").parse()?);

    let admin = Actor::new(TenantId::fresh(), MemberId::fresh(), Role::Admin);
    let begun = backend.connector.begin(&admin).await?;
    // The administrator follows the link, and Nango sends its webhook.
    stand_in.consent(&begun.link.url, workspace, &[page]).await?;
    assert_eq!(stand_in.deliveries()[0].status, Some(204));
    let AttemptState::Granted(granted) = backend.connector.poll(&admin, begun.attempt).await? else {
        return Err("nothing is granted".into());
    };
    assert_eq!(granted.workspace.name, "Acme");
    let record = backend.connector.confirm(&admin, begun.attempt, &begun.secret).await?;

    let connection = record.connection();
    let listing = backend.importer.browse(&admin, &connection, &Query::default()).await?;
    backend.importer.import_one(&admin, &connection, listing.entries[0].pick()).await?;

    let documents = backend.shelf.imported(&admin, None, 100).await?;
    assert_eq!(documents[0].title.text, "Security policy");
    let versions = backend.shelf.versions(&admin, documents[0].id).await?;
    assert_eq!(versions[0].content, Content::Markdown("We encrypt everything.\n".into()));

    world.at(Utc::now()).set_title(page, "Security policy 2027");
    let (shut_down, told) = oneshot::channel::<()>();
    let running = tokio::spawn({
        let service = backend.service.clone();
        async move { service.run(async { drop(told.await) }).await }
    });
    // The connection is due since it was confirmed.
    let renamed = async {
        while backend.shelf.imported(&admin, None, 1).await?[0].title.text != "Security policy 2027" {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok::<_, Box<dyn Error>>(())
    };
    tokio::time::timeout(Duration::from_secs(30), renamed).await??;
    drop(shut_down);
    running.await?;
    Ok(())
}

async fn serve(router: Router) -> Result<String, std::io::Error> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let origin = format!("http://{}", listener.local_addr()?);
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(origin)
}
