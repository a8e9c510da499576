//! Texts that were converted already: a large page is not converted for each of its visitors.

use std::hash::Hash;
use std::sync::Arc;

use notion_import_core::{StoreError, TenantId};
use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{DefaultHashBuilder, OptionsBuilder, Weighter};
use sha2::{Digest, Sha256};
use tokio::task::spawn_blocking;

use crate::html::Html;

/// What they may take in memory, in bytes.
const ROOM: u64 = 64 << 20;

/// A company, and what its text hashes to: no company learns by the time it takes what another one has.
type Text = (TenantId, [u8; 32]);

/// The texts that were shown lately, as HTML without anything that depends on who reads it.
pub struct Converted(Cache<Text, Arc<Html>, Bytes>);

#[derive(Clone)]
struct Bytes;

impl Weighter<Text, Arc<Html>> for Bytes {
    fn weight(&self, key: &Text, html: &Arc<Html>) -> u64 {
        (size_of_val(key) + html.bytes()) as u64
    }
}

impl Converted {
    pub fn new() -> Self {
        Self::with_room(ROOM)
    }

    fn with_room(room: u64) -> Self {
        Self(bounded(room, Bytes))
    }

    /// Converts a company's Markdown, unless that was done. Who asks meanwhile waits for the one conversion.
    pub async fn html(&self, tenant: TenantId, markdown: &str) -> Result<Arc<Html>, StoreError> {
        let text = (tenant, Sha256::digest(markdown).into());
        self.0.get_or_insert_async(&text, convert(markdown)).await
    }
}

/// A cache that takes no more than this, as its weigher says what each takes.
pub fn bounded<K: Eq + Hash, V: Clone, W: Weighter<K, V> + Clone>(room: u64, weigher: W) -> Cache<K, V, W> {
    // In one shard one may be as large as the whole.
    let options =
        OptionsBuilder::new().shards(1).estimated_items_capacity(1_000).weight_capacity(room).build();
    #[allow(clippy::unwrap_used, reason = "every option that has to be given is")]
    let options = options.unwrap();
    Cache::with_options(options, weigher, DefaultHashBuilder::default(), DefaultLifecycle::default())
}

async fn convert(markdown: &str) -> Result<Arc<Html>, StoreError> {
    let markdown = markdown.to_owned();
    tracing::debug!(bytes = markdown.len(), "a text is converted");
    spawn_blocking(move || Arc::new(Html::of(&markdown))).await.map_err(StoreError::backend)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_text_is_converted_once_for_each_company_and_what_is_kept_is_bounded() {
        let converted = Converted::with_room(100_000);
        let (one, two) = (TenantId::fresh(), TenantId::fresh());
        let first = converted.html(one, "# Policy").await.unwrap();
        assert!(Arc::ptr_eq(&first, &converted.html(one, "# Policy").await.unwrap()));
        assert!(!Arc::ptr_eq(&first, &converted.html(two, "# Policy").await.unwrap()));
        for number in 0..100 {
            converted.html(one, &format!("{number} {}", "words ".repeat(1_000))).await.unwrap();
            assert!(converted.0.weight() <= 100_000, "{}", converted.0.weight());
        }
        assert!(converted.0.weight() > 50_000, "nothing is kept");
        // What is larger than all of the room is shown, and not kept.
        converted.html(one, &"words ".repeat(50_000)).await.unwrap();
        assert!(converted.0.weight() <= 100_000);
    }
}
