//! How a document stands towards its readers, and what each change makes of it. Every store applies these, so no two differ.

use chrono::{DateTime, Utc};

use super::access::{AccessLevel, Action, Actor, Direction, DocumentFacts, Publication};
use super::audit::AuditEvent;
use super::gate::{LevelChange, Publish};
use crate::error::StoreError;
use crate::id::{DocumentId, NdaId, TenantId};

/// How a document stands towards its readers. The default is that of every new document: closed.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Standing {
    /// How far it is open.
    pub level: AccessLevel,
    /// Which version is shown, if any.
    pub publication: Publication,
    /// When that version was published.
    pub published_at: Option<DateTime<Utc>>,
    /// Whether people who may not read it may know that it exists.
    pub listed: bool,
    /// The NDA it requires beside the default.
    pub nda: Option<NdaId>,
    /// Counts the changes.
    pub revision: u64,
}

impl Standing {
    /// The facts it gives [`decide`](super::access::decide).
    pub const fn facts(&self, tenant: TenantId, id: DocumentId) -> DocumentFacts {
        let Self { level, publication, listed, nda, .. } = *self;
        DocumentFacts { tenant, id, level, publication, listed, nda }
    }

    /// It changes the level; none if it is that already.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] as [`AccessStore::set_level`](super::gate::AccessStore::set_level) tells.
    pub fn set_level(&mut self, change: &LevelChange) -> Result<Option<AuditEvent>, StoreError> {
        match self.level.direction(change.to) {
            Direction::Narrowing => {}
            Direction::Widening if self.may_widen(change) => {}
            Direction::Widening => return Err(StoreError::Conflict),
            // Somebody else has widened it: whoever asked for that did not.
            Direction::Same if change.from.direction(change.to) == Direction::Widening => {
                return Err(StoreError::Conflict);
            }
            Direction::Same => return Ok(None),
        }
        let event =
            AuditEvent::LevelChanged { from: self.level, to: change.to, reason: change.reason.clone() };
        self.level = change.to;
        Ok(Some(self.changed(event)))
    }

    fn may_widen(&self, change: &LevelChange) -> bool {
        change.from == self.level
            && change.revision == self.revision
            && matches!(self.publication, Publication::Published(_))
            && !change.reason.trim().is_empty()
    }

    /// It shows a version that exists; none if it is shown already.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if the revision has moved on.
    pub fn publish(
        &mut self,
        publish: &Publish,
        now: DateTime<Utc>,
    ) -> Result<Option<AuditEvent>, StoreError> {
        if publish.revision != self.revision {
            return Err(StoreError::Conflict);
        }
        let shown = Publication::Published(publish.version);
        if self.publication == shown {
            return Ok(None);
        }
        self.publication = shown;
        self.published_at = Some(now);
        Ok(Some(self.changed(AuditEvent::Published { version: publish.version })))
    }

    /// It takes the document from every reader outside; none if nobody had it.
    pub fn withdraw(&mut self) -> Option<AuditEvent> {
        match self.publication {
            Publication::Draft | Publication::Archived => None,
            Publication::Published(_) => {
                self.publication = Publication::Archived;
                self.published_at = None;
                Some(self.changed(AuditEvent::Withdrawn))
            }
        }
    }

    /// It sets whether outsiders may know of the document; none if that is so already.
    pub fn set_listed(&mut self, listed: bool) -> Option<AuditEvent> {
        if self.listed == listed {
            return None;
        }
        self.listed = listed;
        Some(self.changed(AuditEvent::Listed { listed }))
    }

    /// It sets the NDA that exists and is required beside the default; none if it is required already.
    ///
    /// # Errors
    /// [`StoreError::Denied`] if another is required and the actor may not take it off.
    pub fn require_nda(
        &mut self,
        actor: &Actor,
        nda: Option<NdaId>,
    ) -> Result<Option<AuditEvent>, StoreError> {
        if self.nda == nda {
            return Ok(None);
        }
        if self.nda.is_some() {
            actor.may(Action::ManageNda)?;
        }
        self.nda = nda;
        Ok(Some(self.changed(AuditEvent::NdaRequired { nda })))
    }

    fn changed(&mut self, event: AuditEvent) -> AuditEvent {
        self.revision += 1;
        event
    }
}
