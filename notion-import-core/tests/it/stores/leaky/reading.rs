//! Leaky readers.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use notion_import_core::store::Insider;
use notion_import_core::testing::suite::Reading;
use notion_import_core::testing::suite::reading::PROMISES;
use notion_import_core::{Document, DocumentId, DocumentReader, MemoryLibrary, StoreError, Version};

#[derive(Clone, Copy, PartialEq, Debug)]
enum Leak {
    Nothing,
    BeginsAgainAfterWhatIsNotThere,
    ForgetsTheLastOfAPage,
    ForgetsOlderVersions,
    ListsOldVersionsFirst,
    ShowsVersionsToAnyTenant,
    MissesWhatIsNotThere,
}

struct Leaky {
    inner: Arc<MemoryLibrary>,
    leak: Leak,
    /// Who has asked so far.
    asked: Mutex<Vec<Insider>>,
}

#[async_trait]
impl DocumentReader for Leaky {
    async fn list_imported(
        &self,
        insider: Insider,
        after: Option<DocumentId>,
        limit: usize,
    ) -> Result<Vec<Document>, StoreError> {
        let mut listed = self.inner.list_imported(insider, after, limit).await?;
        match self.leak {
            Leak::BeginsAgainAfterWhatIsNotThere if after.is_some() => {
                let all = self.inner.list_imported(insider, None, usize::MAX).await?;
                if !all.iter().any(|document| Some(document.id) == after) {
                    return Ok(all);
                }
            }
            Leak::ForgetsTheLastOfAPage if limit > 1 => drop(listed.pop()),
            _ => {}
        }
        Ok(listed)
    }

    async fn list_versions(&self, insider: Insider, id: DocumentId) -> Result<Vec<Version>, StoreError> {
        let mut versions = self.inner.list_versions(insider, id).await?;
        let asked = {
            let mut asked = self.asked.lock().unwrap();
            asked.push(insider);
            asked.clone()
        };
        if self.leak == Leak::ShowsVersionsToAnyTenant && versions.is_empty() {
            for insider in asked {
                versions.extend(self.inner.list_versions(insider, id).await?);
            }
        }
        match self.leak {
            Leak::ForgetsOlderVersions => versions.truncate(1),
            Leak::ListsOldVersionsFirst => versions.reverse(),
            Leak::MissesWhatIsNotThere if versions.is_empty() => return Err(StoreError::NotFound),
            _ => {}
        }
        Ok(versions)
    }
}

fn reading(leak: Leak) -> Reading {
    let inner = Arc::new(MemoryLibrary::default());
    Reading { documents: inner.clone(), reader: Arc::new(Leaky { inner, leak, asked: Mutex::default() }) }
}

#[tokio::test]
async fn every_leak_breaks_its_own_promise() {
    let absent = "there is nothing of a document";
    let rows = [
        (Leak::Nothing, &[][..]),
        (Leak::BeginsAgainAfterWhatIsNotThere, &[absent, "another tenant's"]),
        (Leak::ForgetsTheLastOfAPage, &["members read", "versions are kept", "another tenant's"]),
        (Leak::ForgetsOlderVersions, &["versions are kept", "a draft that"]),
        (Leak::ListsOldVersionsFirst, &["versions are kept", "a draft that"]),
        (Leak::ShowsVersionsToAnyTenant, &["another tenant's"]),
        (Leak::MissesWhatIsNotThere, &[absent, "another tenant's"]),
    ];
    super::check(PROMISES, reading, &rows).await;
}
