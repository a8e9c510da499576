//! What was read lately. A page that has not been edited since need not be read again.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};

use super::{Pick, Shape};
use crate::connection::Connection;
use crate::id::{NotionId, TenantId};
use crate::library::blob::BlobId;
use crate::library::document::{Linked, NewContent, Source, SourceImage};
use crate::source::Seen;

/// So many pages are remembered; then it begins anew.
const MOST: usize = 100_000;

/// What this importer has read and stored. Clones share it. It is not kept beyond the process: another may read in another
/// way, and then reads for itself.
#[derive(Clone, Default)]
pub(crate) struct Reads(Arc<Mutex<HashMap<(TenantId, NotionId), Read>>>);

/// One reading.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Read {
    edited_at: DateTime<Utc>,
    shape: Shape,
    digest: BlobId,
}

impl Reads {
    /// It remembers what was read, if that is all that the minute of its last edit can have brought.
    pub(super) fn remember(&self, tenant: TenantId, shape: Shape, content: &NewContent) {
        let (edited_at, digest) = (content.source.edited_at, content.content.digest());
        let mut reads = self.lock();
        if reads.len() >= MOST {
            reads.clear();
        }
        if content.settled {
            reads.insert((tenant, content.source.id), Read { edited_at, shape, digest });
        }
    }

    /// Whether a pick was read before in the same shape, whatever has become of it since.
    pub(super) fn know(&self, tenant: TenantId, pick: Pick) -> bool {
        self.lock().get(&(tenant, pick.id)).is_some_and(|read| read.shape == pick.shape)
    }

    /// Whether what is in the library is what importing the page again would bring, all of it.
    pub(super) fn holds(&self, connection: &Connection, pick: Pick, known: &Linked, seen: &Seen) -> bool {
        let edited_at = seen.source.edited_at;
        let expected = Read { edited_at, shape: pick.shape, digest: known.digest };
        let link = &known.link;
        self.lock().get(&(connection.tenant, pick.id)) == Some(&expected)
            && known.settled
            && known.imported_edit == edited_at
            && link.connection.as_ref() == Some(&connection.reference)
            && !link.update_available
            && link.state == seen.state
            && is_same(&link.source, &seen.source)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<(TenantId, NotionId), Read>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An image that was stored is what Notion hosts.
fn is_same(known: &Source, seen: &Source) -> bool {
    let hosted = |image: &Option<SourceImage>| match image {
        Some(SourceImage::Stored(_)) => Some(SourceImage::Hosted),
        image => image.clone(),
    };
    Source { icon: hosted(&known.icon), cover: hosted(&known.cover), ..known.clone() } == *seen
}
