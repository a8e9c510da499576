//! Who has read what: each reading by a contact, and how often what is public was read.

use std::net::IpAddr;
use std::ops::Range;

use async_trait::async_trait;
use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::actor::{Action, Actor, Denied};
use crate::error::StoreError;
use crate::id::{ContactId, DocumentId, ReadId, TenantId, VersionNumber};
use crate::library::access::{AcceptedNda, AssignmentId};
use crate::library::basis::VersionDigest;
use crate::library::blob::BlobId;

/// One reading of a version, or of one of its files, by a contact.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ReadEntry {
    /// Which one. A later one is greater.
    pub id: ReadId,
    /// When.
    pub at: DateTime<Utc>,
    /// Who.
    pub contact: ContactId,
    /// From which address, where the host knows it.
    pub address: Option<IpAddr>,
    /// Of which document.
    pub document: DocumentId,
    /// Which version of it.
    pub version: VersionNumber,
    /// What that version says.
    pub digest: VersionDigest,
    /// Which of its files was downloaded; none if it was read as a page.
    pub file: Option<BlobId>,
    /// By which assignment they were let in.
    pub assignment: AssignmentId,
    /// Which NDAs they had accepted that the document required. None if it required none, or if the assignment waives them.
    pub accepted: Vec<AcceptedNda>,
}

/// How often a public version, or one of its files, was read in one minute.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PublicReads {
    /// Of which document.
    pub document: DocumentId,
    /// Which version of it.
    pub version: VersionNumber,
    /// Which of its files was downloaded; none if it was read as a page.
    pub file: Option<BlobId>,
    /// The minute's beginning.
    pub minute: DateTime<Utc>,
    /// How often.
    pub count: u64,
}

/// Returns the beginning of the minute that a moment is in.
pub fn minute_of(at: DateTime<Utc>) -> DateTime<Utc> {
    at.duration_trunc(TimeDelta::minutes(1)).unwrap_or(at)
}

/// Which entries of the read log to return, newest first.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ReadQuery {
    /// Of this document only.
    pub document: Option<DocumentId>,
    /// By this contact only.
    pub contact: Option<ContactId>,
    /// Only older ones than this: the last entry of the page before.
    pub before: Option<ReadId>,
    /// At most so many.
    pub limit: usize,
}

impl ReadQuery {
    /// Fails unless the actor may read the log. It names contacts and addresses, so it is for those who let contacts in.
    ///
    /// # Errors
    /// [`Denied`] otherwise.
    pub const fn permit(actor: &Actor) -> Result<(), Denied> {
        actor.may(Action::Assign)
    }
}

/// Where it is kept who has read what.
///
/// # Contract
/// - An entry never changes, and none goes but by a [cut](super::RetentionStore::cut) or with the tenant.
/// - One contact's readings of one version, or of one of its files, in one minute are one entry: the first.
/// - Another tenant's documents do not exist for any call.
#[async_trait]
pub trait ReadLog: Send + Sync {
    /// Keeps a reading, unless the minute has one of the same already.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if the tenant has no such version.
    async fn record_read(&self, tenant: TenantId, entry: &ReadEntry) -> Result<(), StoreError>;

    /// Adds to how often public versions were read: all of these or none.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if the tenant lacks one of the versions.
    async fn count_reads(&self, tenant: TenantId, reads: &[PublicReads]) -> Result<(), StoreError>;

    /// Returns entries of the actor's tenant, newest first.
    ///
    /// # Errors
    /// [`StoreError::Denied`] unless the actor is [permitted](ReadQuery::permit).
    async fn reads(&self, actor: &Actor, query: &ReadQuery) -> Result<Vec<ReadEntry>, StoreError>;

    /// Returns how often a public document was read in the minutes that begin in a time, oldest first, then by version, the page
    /// before the files.
    ///
    /// # Errors
    /// [`StoreError::Denied`] unless the actor is [permitted](ReadQuery::permit).
    async fn public_reads(
        &self,
        actor: &Actor,
        document: DocumentId,
        within: Range<DateTime<Utc>>,
    ) -> Result<Vec<PublicReads>, StoreError>;
}
