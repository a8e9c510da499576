//! Notion, as the environment says how to reach it.

use std::env;
use std::sync::{Arc, Once};

use notion_import_core::{
    Actor, ApiBase, Connection, ImportOptions, Importer, ImporterBuilder, InlineDatabases, MemberId,
    MemoryBlobs, MemoryLibrary, Retry, Role, Shown, StaticToken, TenantId,
};

use crate::Output;
use crate::failure::{Failure, Trouble};

/// What reads Notion with the token of the environment.
pub struct Notion {
    /// What reads.
    pub importer: Importer,
    /// With what right.
    pub connection: Connection,
    /// Whoever runs the command.
    pub actor: Actor,
}

impl Notion {
    /// Reads `NOTION_TOKEN` and `NOTION_API_URL`. Of each database this is read, but where all of it is asked for.
    pub fn from_env(output: Output, shown: Shown) -> Result<Self, Failure> {
        Self::with(output, shown, ImportOptions::default(), |builder| builder)
    }

    /// Does the same with other options, and whatever else is to be set.
    pub fn with(
        output: Output,
        shown: Shown,
        options: ImportOptions,
        set: impl FnOnce(ImporterBuilder) -> ImporterBuilder,
    ) -> Result<Self, Failure> {
        let token = env::var("NOTION_TOKEN").unwrap_or_default();
        if token.trim().is_empty() {
            return Err(Failure::NoToken);
        }
        let given = env::var("NOTION_API_URL").ok().filter(|url| !url.trim().is_empty());
        let given = given.map(|url| url.parse::<ApiBase>()).transpose()?;
        let mut tokens = StaticToken::new(token.trim().to_owned());
        if let Some(api) = &given {
            tokens = tokens.at(api.clone());
        }
        // Nothing is stored: the library stays empty, and each page brings a folder for its files.
        let (library, blobs) = (MemoryLibrary::default(), MemoryBlobs::default());
        let builder = Importer::builder(Arc::new(tokens), Arc::new(library), Arc::new(blobs));
        let inside = if output.link_databases { InlineDatabases::Links } else { InlineDatabases::Tables };
        let options = options
            .transcripts(output.transcripts)
            .completeness(output.completeness)
            .inline_databases(inside);
        let shown = if output.all_columns { Shown::Everything } else { shown };
        let builder = builder.databases(move |_| shown.clone());
        let mut builder = builder.on_retry(say_once()).import_options(options);
        if let Some(api) = &given {
            builder = builder.trust_origin(api.url());
        }
        let connection = Connection::new(TenantId::fresh(), "token");
        let actor = Actor::new(connection.tenant, MemberId::fresh(), Role::Admin);
        Ok(Self { importer: set(builder).build()?, connection, actor })
    }
}

/// Says once why it takes longer: a person who sees nothing thinks that nothing happens.
fn say_once() -> impl Fn(Retry<'_>) + Send + Sync + 'static {
    let said = Once::new();
    move |retry| {
        said.call_once(|| {
            let trouble = match Trouble::of(retry.error) {
                Trouble::Unreachable => "Notion cannot be reached",
                Trouble::Busy => "Notion is busy or limits this token",
                Trouble::NotNow
                | Trouble::Token
                | Trouble::Capability
                | Trouble::NotShared
                | Trouble::Blocked
                | Trouble::Disk
                | Trouble::Other => "Notion does not answer as it should",
            };
            let seconds = retry.wait.as_secs_f64().ceil();
            eprintln!("notion-to-markdown: {trouble}, trying again in {seconds} s");
        });
    }
}
