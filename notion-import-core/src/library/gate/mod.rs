//! The access gate: where levels, publications, assignments and NDAs are kept, and the one door through which a
//! document is read.

mod acceptance;
mod act;
mod bulk;
mod change;
mod contact;
mod door;
mod gone;
mod list;
mod mark;
#[cfg(feature = "watermark")]
mod marks;
mod notifier;
mod people;
mod place;
mod readable;
mod reads;
#[cfg(any(feature = "ring", feature = "aws-lc-rs"))]
mod receipt;
mod replay;
mod request;
mod retention;
mod revisions;
mod rows;
mod store;
mod subscription;
mod tally;
#[cfg(feature = "watermark")]
mod watermark;

use chrono::{DateTime, Utc};
use serde::Serialize;

pub use acceptance::{AcceptanceEntry, AcceptanceQuery};
pub use act::{AccessChange, Act, ContactChange, DocumentChange};
pub use bulk::{BulkChange, Seen};
pub use change::{Expected, LevelChange, NdaText, NewAcceptance, NewAssignment, NewNdaVersion, Publish};
pub use contact::{Contact, ContactDetails, ContactRow, InvalidMailAddress, MailAddress, MissingDetail};
pub use door::{Gate, ReadOutcome, Readable, Served, Visit};
pub use gone::InternalWhenGone;
pub use list::{
    DocumentCounts, DocumentFilter, DocumentOrder, DocumentQuery, PublicationState, SourceFilter,
};
pub use mark::{Mark, MarkError, Unmarkable};
#[cfg(feature = "watermark")]
pub use marks::MarkOptions;
pub use notifier::{Announced, MailError, Mailer, Notice, Notifier, NotifyOptions};
pub use people::{ActStore, ContactStore};
pub use place::{Cursor, InvalidCursor, Key, ListPage, Place};
pub use readable::{ReadableOrder, ReadablePage, ReadableQuery};
pub use reads::{PublicReads, ReadEntry, ReadLog, ReadQuery, minute_of};
#[cfg(any(feature = "ring", feature = "aws-lc-rs"))]
pub use receipt::{Origin, Receipt, ReceiptError, SigningKey, VerifyingKey};
pub use replay::{AcceptanceRecord, AccessAnswer, AccessState, AssignmentRecord, Provenance};
pub use request::{AccessRequest, Approval, Asker, NewRequest, RequestCounts, RequestLimits, RequestState};
pub use retention::{CutEntries, LogCut, Retention, RetentionStore};
pub use revisions::SiteRevisions;
pub use rows::{ActFacts, CountScope, Scope, Verdict, Write};
pub use store::AccessStore;
pub use subscription::{DueQuery, NewSubscription, Subscriber, Subscription, SubscriptionStore, Told};

use super::access::{
    AccessFacts, AccessLevel, Allow, Decision, DocumentFacts, Outside, Publication, Viewer, decide,
};
use super::document::Document;
use super::standing::Standing;
use crate::id::{DocumentId, TenantId, VersionNumber};

/// A document as members of its tenant see it.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct AdminDocument {
    /// The document.
    pub document: Document,
    /// How far it is open and what decides that.
    pub facts: DocumentFacts,
    /// The title that readers outside see, if anything is published.
    pub published_title: Option<String>,
    /// Its category, in the tenant's words.
    pub category: Option<String>,
    /// Counts changes of the facts; a change names the one it was made from.
    pub revision: u64,
}

impl AdminDocument {
    /// Builds it from what a store keeps.
    pub fn new(document: Document, standing: Standing) -> Self {
        let facts = standing.facts(document.tenant, document.id);
        let Standing { title: published_title, category, revision, .. } = standing;
        Self { document, facts, published_title, category, revision }
    }
}

/// Permission to read the version of a document that is shown. Only a decision makes one.
#[derive(Debug)]
pub struct Permit {
    site: TenantId,
    document: DocumentId,
    version: VersionNumber,
    why: Allow,
}

impl Permit {
    /// Decides, with [`decide`], what comes of the wish to read a document.
    ///
    /// # Errors
    /// All that the viewer may learn, if it may not be read or nothing is published.
    pub fn to_read(
        site: TenantId,
        viewer: &Viewer,
        document: &DocumentFacts,
        facts: &AccessFacts,
        now: DateTime<Utc>,
    ) -> Result<Self, Outside> {
        let decision = decide(site, viewer, document, facts, now);
        let outside = decision.outside(document);
        match (decision, document.publication) {
            (Decision::Allow(why), Publication::Published(version)) => {
                Ok(Self { site, document: document.id, version, why })
            }
            (Decision::Allow(_), Publication::Draft | Publication::Archived) => Err(Outside::NotFound),
            (Decision::Deny(_), _) => Err(outside),
        }
    }

    /// Returns the tenant on whose site it is read.
    pub const fn site(&self) -> TenantId {
        self.site
    }

    /// Returns the document.
    pub const fn document(&self) -> DocumentId {
        self.document
    }

    /// Returns the version that is shown.
    pub const fn version(&self) -> VersionNumber {
        self.version
    }
}

/// A document as a reader outside sees it: nothing of its source, nothing of the tenant's members.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct PublicDocument {
    /// Which one.
    pub id: DocumentId,
    /// Its title, as it was published.
    pub title: String,
    /// How far it is open.
    pub level: AccessLevel,
    /// Its category, in the tenant's words.
    pub category: Option<String>,
    /// Which version is shown.
    pub version: VersionNumber,
    /// When that version was published, or shown to more people since: since then it may be new to somebody.
    pub published_at: DateTime<Utc>,
    /// What this viewer may do about it.
    pub outside: Outside,
}
