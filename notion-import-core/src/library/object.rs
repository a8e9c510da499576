//! Blobs in an object store, such as a bucket.
//!
//! A blob is `<tenant>/<first two digits>/<sha256>`. No object store removes an object only if nobody has written it again
//! meanwhile, so removing one copies it first, to `<tenant>/aside/<sha256>/<milliseconds since 1970>`. If somebody did write it
//! in that moment, the copy says the same, for an id stands for bytes: it is what is read then. Whoever wrote it has until the
//! next removal to refer to it.

use std::fmt;
use std::io::{self, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures_util::stream::{self, BoxStream};
use futures_util::{StreamExt, TryStreamExt, future};
use object_store::path::Path as Key;
use object_store::{Error, ObjectMeta, ObjectStore, ObjectStoreExt, WriteMultipart};
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt};

use crate::error::StoreError;
use crate::id::TenantId;
use crate::library::blob::{Blob, BlobBytes, BlobId, BlobStore, ByteStream, copy};

/// What is no larger is sent in one piece; what is, in pieces of this size.
const PIECE: usize = 8 * 1024 * 1024;
/// Pieces on their way at once. They are what a blob takes of the memory, however large it is.
const PIECES: usize = 2;
/// Where what is being removed waits.
const ASIDE: &str = "aside";

/// Blobs in an object store, content-addressed per tenant.
///
/// A blob is spooled in a nameless local file until its hash is known, so whatever breaks off leaves nothing behind.
#[derive(Clone)]
pub struct ObjectBlobs {
    objects: Arc<dyn ObjectStore>,
    spool: PathBuf,
}

impl ObjectBlobs {
    /// Keeps blobs in an object store of the host's, and spools them in the local folder `spool`, which exists.
    pub fn new(objects: Arc<dyn ObjectStore>, spool: impl AsRef<Path>) -> Self {
        Self { objects, spool: spool.as_ref().to_owned() }
    }

    async fn spooled(&self, bytes: ByteStream, cap: u64) -> Result<Spooled, StoreError> {
        let spool = self.spool.clone();
        let file = tokio::task::spawn_blocking(move || tempfile::tempfile_in(spool)).await;
        let file = file.map_err(StoreError::backend)?.map_err(StoreError::backend)?;
        let mut file = File::from_std(file);
        let blob = copy(bytes, cap, &mut file).await?;
        file.seek(SeekFrom::Start(0)).await.map_err(StoreError::backend)?;
        Ok(Spooled { file, blob })
    }

    async fn read(&self, key: &Key, range: Option<Range<u64>>) -> Result<BlobBytes, StoreError> {
        let size = self.objects.head(key).await.map_err(backend)?.size;
        let range = range.unwrap_or(0..size);
        if range.start > range.end || range.end > size {
            return Err(StoreError::NotFound);
        }
        if range.is_empty() {
            return Ok(stream::empty().boxed());
        }
        let options = object_store::GetOptions { range: Some(range.into()), ..Default::default() };
        let part = self.objects.get_opts(key, options).await.map_err(backend)?;
        Ok(part.into_stream().map(|chunk: Result<Bytes, _>| chunk.map_err(backend)).boxed())
    }

    async fn set_aside(&self, key: &Key, tenant: TenantId, blob: &BlobId) -> Result<(), StoreError> {
        let copy = aside(tenant, blob).join(Utc::now().timestamp_millis().to_string());
        if there(self.objects.copy(key, &copy).await)?.is_some() {
            there(self.objects.delete(key).await)?;
        }
        Ok(())
    }
}

impl fmt::Debug for ObjectBlobs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A store may show its credentials.
        f.debug_struct("ObjectBlobs").field("spool", &self.spool).finish_non_exhaustive()
    }
}

/// A whole blob on its way. Dropped, it is gone.
struct Spooled {
    file: File,
    blob: Blob,
}

impl Spooled {
    async fn send(self, objects: &dyn ObjectStore, key: Key) -> Result<Blob, StoreError> {
        let blob = self.blob;
        if blob.size <= PIECE as u64 {
            self.send_whole(objects, &key).await?;
        } else {
            self.send_in_pieces(objects, &key).await?;
        }
        Ok(blob)
    }

    async fn send_whole(mut self, objects: &dyn ObjectStore, key: &Key) -> Result<(), StoreError> {
        let mut whole = Vec::new();
        self.file.read_to_end(&mut whole).await.map_err(StoreError::backend)?;
        objects.put(key, whole.into()).await.map_err(backend)?;
        Ok(())
    }

    async fn send_in_pieces(mut self, objects: &dyn ObjectStore, key: &Key) -> Result<(), StoreError> {
        let upload = objects.put_multipart(key).await.map_err(backend)?;
        let mut upload = WriteMultipart::new_with_chunk_size(upload, PIECE);
        match self.feed(&mut upload).await {
            Ok(()) => upload.finish().await.map(drop).map_err(backend),
            Err(error) => {
                // Pieces that never become a blob cost money until they are told to go.
                let _ = upload.abort().await;
                Err(error)
            }
        }
    }

    async fn feed(&mut self, upload: &mut WriteMultipart) -> Result<(), StoreError> {
        let mut piece = vec![0; 64 * 1024];
        loop {
            let read = self.file.read(&mut piece).await.map_err(StoreError::backend)?;
            if read == 0 {
                return Ok(());
            }
            upload.wait_for_capacity(PIECES).await.map_err(backend)?;
            upload.write(&piece[..read]);
        }
    }
}

#[async_trait]
impl BlobStore for ObjectBlobs {
    async fn put(&self, tenant: TenantId, bytes: ByteStream, cap: u64) -> Result<Blob, StoreError> {
        let spooled = self.spooled(bytes, cap).await?;
        let key = key(tenant, &spooled.blob.id);
        let objects = self.objects.clone();
        // In a task, which runs to its end, so that being dropped meanwhile leaves nothing half done.
        let sent = tokio::spawn(async move { spooled.send(&*objects, key).await });
        sent.await.map_err(StoreError::backend)?
    }

    async fn get(
        &self,
        tenant: TenantId,
        blob: &BlobId,
        range: Option<Range<u64>>,
    ) -> Result<BlobBytes, StoreError> {
        match self.read(&key(tenant, blob), range.clone()).await {
            Err(StoreError::NotFound) => {
                let mut copies = self.objects.list(Some(&aside(tenant, blob)));
                let copy = copies.try_next().await.map_err(backend)?.ok_or(StoreError::NotFound)?;
                self.read(&copy.location, range).await
            }
            read => read,
        }
    }

    async fn tenants(&self) -> Result<Vec<TenantId>, StoreError> {
        let shelves = self.objects.list_with_delimiter(None).await.map_err(backend)?.common_prefixes;
        Ok(shelves.iter().filter_map(|shelf| shelf.filename()?.parse().ok()).collect())
    }

    fn list_older_than(
        &self,
        tenant: TenantId,
        before: DateTime<Utc>,
    ) -> BoxStream<'_, Result<BlobId, StoreError>> {
        let objects = self.objects.list(Some(&Key::from(tenant.to_string()))).map_err(backend);
        let old = move |object: ObjectMeta| {
            let object = Stored::at(&object.location, object.last_modified);
            future::ready(Ok(object.filter(|object| object.since < before).map(|object| object.blob)))
        };
        objects.try_filter_map(old).boxed()
    }

    async fn remove(&self, tenant: TenantId, blob: &BlobId, before: DateTime<Utc>) -> Result<(), StoreError> {
        let mut copies = self.objects.list(Some(&aside(tenant, blob))).map_err(backend);
        while let Some(copy) = copies.try_next().await? {
            if Stored::at(&copy.location, copy.last_modified).is_some_and(|copy| copy.since < before) {
                there(self.objects.delete(&copy.location).await)?;
            }
        }
        let key = key(tenant, blob);
        match there(self.objects.head(&key).await)? {
            Some(object) if object.last_modified < before => self.set_aside(&key, tenant, blob).await,
            Some(_) | None => Ok(()),
        }
    }
}

/// An object, and since when it is what it is: when it was last put, or set aside.
struct Stored {
    blob: BlobId,
    since: DateTime<Utc>,
}

impl Stored {
    fn at(place: &Key, last_modified: DateTime<Utc>) -> Option<Self> {
        let parts: Vec<_> = place.parts().collect();
        match parts.iter().map(AsRef::as_ref).collect::<Vec<&str>>()[..] {
            [_, ASIDE, name, since] => {
                let since = DateTime::from_timestamp_millis(since.parse().ok()?)?;
                Some(Self { blob: name.parse().ok()?, since })
            }
            [_, _, name] => Some(Self { blob: name.parse().ok()?, since: last_modified }),
            _ => None,
        }
    }
}

fn aside(tenant: TenantId, blob: &BlobId) -> Key {
    Key::from(format!("{tenant}/{ASIDE}/{blob}"))
}

/// None for what is not there.
fn there<T>(found: Result<T, Error>) -> Result<Option<T>, StoreError> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(Error::NotFound { .. }) => Ok(None),
        Err(error) => Err(backend(error)),
    }
}

fn key(tenant: TenantId, blob: &BlobId) -> Key {
    let name = blob.to_string();
    Key::from(format!("{tenant}/{}/{name}", &name[..2]))
}

/// Keeps what an object store's error means. The error itself quotes addresses, and those can be signed.
fn backend(error: Error) -> StoreError {
    let causes =
        std::iter::successors(Some(&error as &(dyn std::error::Error + 'static)), |error| error.source());
    let kinds = causes.filter_map(|cause| cause.downcast_ref::<io::Error>()).map(io::Error::kind);
    let mut told = kinds.map(|kind| StoreError::backend(io::Error::from(kind)));
    if let Some(full) = told.find(|error| matches!(error, StoreError::StorageFull(_))) {
        return full;
    }
    StoreError::backend(match error {
        Error::NotFound { .. } => return StoreError::NotFound,
        Error::PermissionDenied { .. } | Error::Unauthenticated { .. } => {
            "the object store refused the credentials"
        }
        Error::NotSupported { .. } | Error::NotImplemented { .. } => "the object store cannot do this",
        _ => "the object store failed",
    })
}
