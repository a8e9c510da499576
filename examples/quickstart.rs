//! Lists what a token can see, and imports what was edited last.

use std::process::ExitCode;
use std::sync::Arc;

use notion_import_core::actor::{Actor, Role};
use notion_import_core::browse::Query;
use notion_import_core::connection::{Connection, StaticToken};
use notion_import_core::id::{MemberId, TenantId};
use notion_import_core::importer::Importer;
use notion_import_core::library::memory::{MemoryBlobs, MemoryLibrary};

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("quickstart: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn std::error::Error>> {
    let token =
        std::env::var("NOTION_TOKEN").map_err(|_| "set NOTION_TOKEN to the secret of an integration")?;
    let tokens = StaticToken::new(token);
    let importer =
        Importer::new(Arc::new(tokens), Arc::<MemoryLibrary>::default(), Arc::<MemoryBlobs>::default())?;
    let connection = Connection::new(TenantId::fresh(), "my-notion");
    let actor = Actor::new(connection.tenant, MemberId::fresh(), Role::Admin);
    let listing = importer.browse(&actor, &connection, &Query::default()).await?;
    if let Some(entry) = listing.entries.first() {
        println!("{:?}", importer.import_one(&actor, &connection, entry.pick()).await?);
    }
    Ok(())
}
