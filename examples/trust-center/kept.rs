//! Pages of public documents, kept for as long as nothing changes of what everybody sees.

use std::sync::Arc;

use axum::body::Bytes;
use axum::http::HeaderValue;
use notion_import_core::{DocumentId, TenantId, VersionNumber};
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use crate::converted::bounded;
use crate::languages::Language;

/// What they may take in memory, in bytes.
const ROOM: u64 = 64 << 20;

type Key = (TenantId, DocumentId, Language);

/// The pages that everybody was shown lately.
pub struct Kept(Cache<Key, Arc<KeptPage>, Weight>);

/// A page as everybody gets it.
pub struct KeptPage {
    /// The site's, before the page was made.
    pub revision: u64,
    pub version: VersionNumber,
    pub tag: HeaderValue,
    pub html: Bytes,
}

#[derive(Clone)]
struct Weight;

impl Weighter<Key, Arc<KeptPage>> for Weight {
    fn weight(&self, key: &Key, page: &Arc<KeptPage>) -> u64 {
        (size_of_val(key) + size_of::<KeptPage>() + page.html.len()) as u64
    }
}

impl Kept {
    pub fn new() -> Self {
        Self(bounded(ROOM, Weight))
    }

    /// Returns the page, if it was made at this revision of the site.
    pub fn at(&self, revision: u64, key: Key) -> Option<Arc<KeptPage>> {
        self.0.get(&key).filter(|page| page.revision == revision)
    }

    /// Keeps a page instead of the one before, and returns it.
    pub fn keep(&self, key: Key, page: KeptPage) -> Arc<KeptPage> {
        let page = Arc::new(page);
        self.0.insert(key, page.clone());
        page
    }
}
