//! Lists what a token can see, and imports what was edited last.

use std::process::ExitCode;
use std::sync::Arc;

use notion_import_core::{
    Actor, Connection, Importer, MemberId, MemoryBlobs, MemoryLibrary, Query, Role, StaticToken, TenantId,
};

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
