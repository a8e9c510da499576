//! Notion, as the environment says how to reach it.

use std::env;
use std::sync::Arc;

use notion_import_core::connection::{Connection, StaticToken};
use notion_import_core::id::TenantId;
use notion_import_core::importer::Importer;
use notion_import_core::library::memory::{MemoryBlobs, MemoryLibrary};
use url::Url;

use crate::failure::Failure;

const DEFAULT_API: &str = "https://api.notion.com";

/// What reads Notion with the token of the environment.
pub struct Notion {
    /// What reads.
    pub importer: Importer,
    /// With what right.
    pub connection: Connection,
}

impl Notion {
    /// It reads `NOTION_TOKEN` and `NOTION_API_URL`.
    pub fn from_env() -> Result<Self, Failure> {
        let token = env::var("NOTION_TOKEN").unwrap_or_default();
        if token.trim().is_empty() {
            return Err(Failure::NoToken);
        }
        let given = env::var("NOTION_API_URL").ok().filter(|url| !url.trim().is_empty());
        let api = api_url(given.as_deref().unwrap_or(DEFAULT_API)).ok_or(Failure::ApiUrl)?;
        let tokens = StaticToken::new(token.trim().to_owned()).at(api.clone());
        // Nothing is stored: the library stays empty, and each page brings a folder for its files.
        let (library, blobs) = (MemoryLibrary::default(), MemoryBlobs::default());
        let mut builder = Importer::builder(Arc::new(tokens), Arc::new(library), Arc::new(blobs));
        if given.is_some() {
            builder = builder.trust_origin(&api);
        }
        Ok(Self { importer: builder.build()?, connection: Connection::new(TenantId::fresh(), "token") })
    }
}

fn api_url(text: &str) -> Option<Url> {
    let url = Url::parse(text.trim()).ok()?;
    let is_http = matches!(url.scheme(), "http" | "https") && url.host_str().is_some();
    let is_base = url.query().is_none() && url.fragment().is_none() && !has_version(&url);
    (is_http && is_base).then_some(url)
}

fn has_version(url: &Url) -> bool {
    url.path().trim_end_matches('/').ends_with("/v1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_of_the_api_is_given_without_its_version() {
        for text in ["https://api.notion.com", "http://127.0.0.1:4000/", "https://h/prefix", " https://h "] {
            assert!(api_url(text).is_some(), "{text}");
        }
        for text in
            ["https://api.notion.com/v1", "http://h/v1/", "ftp://h", "h", "https://h/?a=1", "https://h/#a"]
        {
            assert!(api_url(text).is_none(), "{text}");
        }
    }
}
