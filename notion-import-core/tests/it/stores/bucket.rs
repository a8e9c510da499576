//! Blobs in a bucket keep every promise, and leave nothing in the spool.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use notion_import_core::testing::suite;
use notion_import_core::testing::suite::{Files, blobs, sweeping};
use notion_import_core::{MemoryLibrary, ObjectBlobs};
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};
use tokio::task::yield_now;

#[tokio::test]
async fn blobs_in_a_bucket_keep_every_promise() {
    let spool = tempfile::tempdir().unwrap();
    let fresh = async || Arc::new(ObjectBlobs::new(Arc::new(Bucket::default()), spool.path()));
    suite::uphold(blobs::PROMISES, async || fresh().await as _).await;
    let documents = Arc::new(MemoryLibrary::default());
    let fresh = async || Files { documents: documents.clone(), blobs: fresh().await };
    suite::uphold(sweeping::PROMISES, fresh).await;
    assert!(spool.path().read_dir().unwrap().next().is_none());
}

/// A bucket far away: whoever calls lets others go first, so that calls of several come in any order.
#[derive(Debug, Default)]
struct Bucket(InMemory);

impl fmt::Display for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a bucket far away")
    }
}

#[async_trait]
impl ObjectStore for Bucket {
    async fn put_opts(&self, to: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        yield_now().await;
        self.0.put_opts(to, payload, options).await
    }

    async fn put_multipart_opts(
        &self,
        to: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        yield_now().await;
        self.0.put_multipart_opts(to, options).await
    }

    async fn get_opts(&self, from: &Path, options: GetOptions) -> Result<GetResult> {
        yield_now().await;
        self.0.get_opts(from, options).await
    }

    fn delete_stream(&self, gone: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        let late = gone.then(async |path| {
            yield_now().await;
            path
        });
        self.0.delete_stream(late.boxed())
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        let mut listed = self.0.list(prefix);
        stream::once(yield_now())
            .flat_map(move |()| std::mem::replace(&mut listed, stream::empty().boxed()))
            .boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        yield_now().await;
        self.0.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        yield_now().await;
        self.0.copy_opts(from, to, options).await
    }
}
