//! One thing done to many documents, each by the act that does it to one: wholly or not at all, whatever becomes of the others.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{AccessStore, AdminDocument, Expected, LevelChange, NewAssignment, Publish};
use crate::actor::Actor;
#[cfg(doc)]
use crate::error::Conflict;
use crate::error::StoreError;
use crate::id::{ContactId, DocumentId, VersionNumber};
use crate::library::access::AccessLevel;
use crate::library::standing::Standing;

/// What is to be done to each of many documents.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum BulkChange {
    /// Shows the version that was seen, under the title that was seen, at this level ([`AccessStore::publish`]).
    Publish(AccessLevel),
    /// Changes the level of what it shows, or closes it ([`AccessStore::set_level`]).
    SetLevel(AccessLevel),
    /// Takes it from every reader outside ([`AccessStore::withdraw`]).
    Withdraw,
    /// Puts it into a category, or into none ([`AccessStore::set_category`]).
    SetCategory(Option<String>),
    /// Lets a contact in ([`AccessStore::assign`]).
    Assign {
        /// Who.
        contact: ContactId,
        /// Until when; none for no end.
        expires_at: Option<DateTime<Utc>>,
    },
}

/// A document as a person saw it who decided on many.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Seen {
    /// Which one.
    pub document: DocumentId,
    /// What it was called.
    pub title: String,
    /// The number of its newest version.
    pub version: VersionNumber,
    /// The level it had.
    pub level: AccessLevel,
    /// The revision it had.
    pub revision: u64,
}

impl From<&AdminDocument> for Seen {
    fn from(known: &AdminDocument) -> Self {
        let AdminDocument { document, facts, revision, .. } = known;
        Self {
            document: document.id,
            title: document.title.text.clone(),
            version: document.latest,
            level: facts.level,
            revision: *revision,
        }
    }
}

impl BulkChange {
    /// Says beforehand whether a document would change, as it is now and for a reason.
    ///
    /// # Errors
    /// Why it would be refused: [`Conflict::NotPublished`] if nothing is shown that a level would open.
    pub fn foresee(&self, known: &AdminDocument, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let (seen, mut standing) = (Seen::from(known), known.standing());
        match self {
            Self::Publish(level) => Ok(!standing.publish(&seen.publish(*level, FORESEEN), now)?.is_empty()),
            Self::SetLevel(to) => Ok(standing.set_level(&seen.change(*to, FORESEEN), now)?.is_some()),
            Self::Withdraw => Ok(standing.withdraw(now).is_some()),
            Self::SetCategory(to) => Ok(standing.set_category(to.as_deref(), now)?.is_some()),
            Self::Assign { .. } => Ok(true),
        }
    }

    /// Does it to one document, as it was seen. What has changed since is refused where more people would read it, and stays
    /// as it is.
    ///
    /// # Errors
    /// Those of the act: [`Conflict::Changed`] if the document is no longer as it was seen.
    pub async fn apply(
        &self,
        access: &dyn AccessStore,
        actor: &Actor,
        seen: &Seen,
        reason: &str,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let document = seen.document;
        match self {
            Self::Publish(level) => access.publish(actor, document, &seen.publish(*level, reason), now).await,
            Self::SetLevel(to) => access.set_level(actor, document, &seen.change(*to, reason), now).await,
            Self::Withdraw => access.withdraw(actor, document, now).await,
            Self::SetCategory(to) => access.set_category(actor, document, to.as_deref(), now).await,
            Self::Assign { contact, expires_at } => {
                let (contact, expires_at) = (*contact, *expires_at);
                let assignment = NewAssignment { document, contact, expires_at, nda_waiver: None };
                access.assign(actor, &assignment, now).await.map(drop)
            }
        }
    }

    /// Does it to each of these documents, one after the other, and returns what became of each.
    pub async fn apply_to_each(
        &self,
        access: &dyn AccessStore,
        actor: &Actor,
        seen: &[Seen],
        reason: &str,
        now: DateTime<Utc>,
    ) -> Vec<(DocumentId, Result<(), StoreError>)> {
        let mut results = Vec::with_capacity(seen.len());
        for seen in seen {
            results.push((seen.document, self.apply(access, actor, seen, reason, now).await));
        }
        results
    }
}

/// Stands for the reason that is given later.
const FORESEEN: &str = "foreseen";

impl Seen {
    fn expected(&self, reason: &str) -> Expected {
        Expected { level: self.level, revision: self.revision, reason: reason.to_owned() }
    }

    fn change(&self, to: AccessLevel, reason: &str) -> LevelChange {
        LevelChange { to, expected: self.expected(reason) }
    }

    fn publish(&self, level: AccessLevel, reason: &str) -> Publish {
        let (version, title, expected) = (self.version, self.title.clone(), self.expected(reason));
        Publish { version, title, level: Some(level), expected }
    }
}

impl AdminDocument {
    fn standing(&self) -> Standing {
        Standing {
            level: self.facts.level,
            publication: self.facts.publication,
            title: self.published_title.clone(),
            published_at: None,
            listed: self.facts.listed,
            nda: self.facts.nda,
            category: self.category.clone(),
            revision: self.revision,
        }
    }
}
