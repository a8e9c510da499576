//! How a document stands towards its readers, and what each change makes of it. Every store applies these, so no two differ.

use chrono::{DateTime, Utc};

use super::access::{
    AccessFacts, AccessLevel, Direction, DocumentFacts, Outside, Publication, Viewer, decide,
};
use super::audit::AuditEvent;
use super::gate::{Expected, LevelChange, PublicDocument, Publish};
use super::title::{reason, title};
use crate::actor::{Action, Actor};
use crate::error::{Conflict, StoreError};
use crate::id::{DocumentId, NdaId, TenantId};

/// How a document stands towards its readers. The default is that of every new document: closed.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Standing {
    /// How far it is open.
    pub level: AccessLevel,
    /// Which version is shown, if any.
    pub publication: Publication,
    /// What it is called to readers, as long as a version is shown.
    pub title: Option<String>,
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
    /// The facts it gives [`decide`].
    pub const fn facts(&self, tenant: TenantId, id: DocumentId) -> DocumentFacts {
        let Self { level, publication, listed, nda, .. } = *self;
        DocumentFacts { tenant, id, level, publication, listed, nda }
    }

    /// Returns the document as `viewer` may see it on the site of its tenant; none if nothing is shown, or not even that it exists.
    pub fn shown(
        self,
        tenant: TenantId,
        id: DocumentId,
        viewer: &Viewer,
        facts: &AccessFacts,
        now: DateTime<Utc>,
    ) -> Option<PublicDocument> {
        let document = self.facts(tenant, id);
        let outside = decide(tenant, viewer, &document, facts, now).outside(&document);
        let Self { level, publication: Publication::Published(version), title, published_at, .. } = self
        else {
            return None;
        };
        let shown =
            PublicDocument { id, title: title?, level, version, published_at: published_at?, outside };
        (outside != Outside::NotFound).then_some(shown)
    }

    /// Changes the level; none if it is that already.
    ///
    /// # Errors
    /// [`StoreError::Conflict`], as [`AccessStore::set_level`](super::gate::AccessStore::set_level) tells.
    pub fn set_level(&mut self, change: &LevelChange) -> Result<Option<AuditEvent>, StoreError> {
        match self.level.direction(change.to) {
            Direction::Narrowing => {}
            Direction::Widening if self.is_shown() => self.may_open(&change.expected)?,
            Direction::Widening => return Err(Conflict::NotPublished.into()),
            // Somebody else has widened it: whoever asked for that did not.
            Direction::Same if change.expected.level.direction(change.to) == Direction::Widening => {
                return Err(Conflict::Changed.into());
            }
            Direction::Same => return Ok(None),
        }
        let event = AuditEvent::LevelChanged {
            from: self.level,
            to: change.to,
            reason: reason(&change.expected.reason),
        };
        self.level = change.to;
        Ok(Some(self.changed(event)))
    }

    /// Fails unless this is what was decided on, for a reason: one rule for all that shows a document to more people.
    fn may_open(&self, expected: &Expected) -> Result<(), StoreError> {
        let Expected { level, revision, reason } = expected;
        if *level != self.level || *revision != self.revision {
            return Err(Conflict::Changed.into());
        }
        if self::reason(reason).is_empty() { Err(Conflict::NoReason.into()) } else { Ok(()) }
    }

    fn is_shown(&self) -> bool {
        match self.publication {
            Publication::Published(_) => true,
            Publication::Draft | Publication::Archived => false,
        }
    }

    /// Whether the level lets readers outside in to what is shown.
    fn lets_in(&self) -> bool {
        match self.level {
            AccessLevel::Internal => false,
            AccessLevel::RequiresNda | AccessLevel::Restricted | AccessLevel::Public => true,
        }
    }

    /// Shows a version that exists under a title; none if both are shown already.
    ///
    /// # Errors
    /// [`Conflict::Changed`] if the revision has moved on, and, where nothing was shown at a level that lets readers in, if the
    /// level has; [`Conflict::NoReason`] if there is none then.
    pub fn publish(
        &mut self,
        publish: &Publish,
        now: DateTime<Utc>,
    ) -> Result<Option<AuditEvent>, StoreError> {
        let Publish { version, title: given, expected } = publish;
        if expected.revision != self.revision {
            return Err(Conflict::Changed.into());
        }
        if !self.is_shown() && self.lets_in() {
            self.may_open(expected)?;
        }
        let (version, shown) = (*version, Publication::Published(*version));
        let given = Some(title(given));
        let is_retitled = self.title != given;
        self.title = given;
        if self.publication == shown {
            return Ok(is_retitled.then(|| self.changed(AuditEvent::TitlePublished { version })));
        }
        self.publication = shown;
        self.published_at = Some(now);
        Ok(Some(self.changed(AuditEvent::Published { version, reason: reason(&expected.reason) })))
    }

    /// Takes the document from every reader outside; none if nobody had it.
    pub fn withdraw(&mut self) -> Option<AuditEvent> {
        match self.publication {
            Publication::Draft | Publication::Archived => None,
            Publication::Published(_) => {
                self.publication = Publication::Archived;
                self.title = None;
                self.published_at = None;
                Some(self.changed(AuditEvent::Withdrawn))
            }
        }
    }

    /// Sets whether outsiders may know of the document; none if that is so already.
    ///
    /// # Errors
    /// When listing: [`Conflict::Changed`] if level or revision have moved on, [`Conflict::NoReason`] if there is none.
    pub fn set_listed(
        &mut self,
        listed: bool,
        expected: &Expected,
    ) -> Result<Option<AuditEvent>, StoreError> {
        if self.listed == listed {
            return Ok(None);
        }
        if listed {
            self.may_open(expected)?;
        }
        self.listed = listed;
        Ok(Some(self.changed(AuditEvent::Listed { listed, reason: reason(&expected.reason) })))
    }

    /// Sets the NDA that exists and is required beside the default; none if it is required already.
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
