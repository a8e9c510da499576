//! How a document stands towards its readers, and what each change makes of it. Every store applies these, so no two differ.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::access::{
    AccessFacts, AccessLevel, Direction, DocumentFacts, Outside, Publication, Viewer, decide,
};
use super::audit::AuditEvent;
use super::gate::{Expected, LevelChange, PublicDocument, Publish};
use super::title::{folded, given_category, given_reason, reason, title};
use crate::actor::{Action, Actor};
use crate::error::{Conflict, StoreError};
use crate::id::{DocumentId, NdaId, TenantId};

/// How a document stands towards its readers. The default is that of every new document: closed.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Standing {
    /// How far it is open.
    pub level: AccessLevel,
    /// Which version is shown, if any.
    pub publication: Publication,
    /// What it is called to readers, as long as a version is shown.
    pub title: Option<String>,
    /// When that version was published, or the document was shown to more people since.
    pub published_at: Option<DateTime<Utc>>,
    /// Whether people who may not read it may know that it exists.
    pub listed: bool,
    /// The NDA it requires beside the default.
    pub nda: Option<NdaId>,
    /// Where it stands on the site, in the tenant's words.
    pub category: Option<String>,
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
        let Self {
            level, publication: Publication::Published(version), title, published_at, category, ..
        } = self
        else {
            return None;
        };
        let (title, published_at) = (title?, published_at?);
        let shown = PublicDocument { id, title, level, category, version, published_at, outside };
        (outside != Outside::NotFound).then_some(shown)
    }

    /// Changes the level; none if it is that already.
    ///
    /// # Errors
    /// [`StoreError::Conflict`], as [`AccessStore::set_level`](super::gate::AccessStore::set_level) tells.
    pub fn set_level(
        &mut self,
        change: &LevelChange,
        now: DateTime<Utc>,
    ) -> Result<Option<AuditEvent>, StoreError> {
        match self.level.direction(change.to) {
            Direction::Narrowing => {}
            Direction::Widening if self.publication.is_needed(self.level, change.to) => {
                return Err(Conflict::NotPublished.into());
            }
            Direction::Widening => self.may_open(&change.expected)?,
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
        Ok(Some(self.changed(event, now)))
    }

    /// Fails unless this is what was decided on, for a reason: one rule for all that shows a document to more people.
    fn may_open(&self, expected: &Expected) -> Result<(), StoreError> {
        let Expected { level, revision, reason } = expected;
        if *level != self.level || *revision != self.revision {
            return Err(Conflict::Changed.into());
        }
        given_reason(reason)?;
        Ok(())
    }

    /// Shows a version that exists under a title, at the level that is named or at the one it has. Returns what came of it: nothing if
    /// all of that is so already.
    ///
    /// # Errors
    /// [`Conflict::Changed`] if the revision has moved on, and, where a level is named or readers are let in who were not, if the level
    /// has; [`Conflict::NoReason`] if readers are let in and there is none.
    pub fn publish(&mut self, publish: &Publish, now: DateTime<Utc>) -> Result<Vec<AuditEvent>, StoreError> {
        let Publish { version, title: given, level, expected } = publish;
        let to = level.unwrap_or(self.level);
        if expected.revision != self.revision || level.is_some() && expected.level != self.level {
            return Err(Conflict::Changed.into());
        }
        if self.publication.opens(self.level, to) {
            self.may_open(expected)?;
        }
        let mut events = Vec::new();
        let (version, shown, given) = (*version, Publication::Published(*version), Some(title(given)));
        if self.publication != shown {
            events.push(AuditEvent::Published { version, reason: reason(&expected.reason) });
        } else if self.title != given {
            events.push(AuditEvent::TitlePublished { version });
        }
        if self.level != to {
            let (from, reason) = (self.level, reason(&expected.reason));
            events.push(AuditEvent::LevelChanged { from, to, reason });
        }
        events.iter().for_each(|event| self.apply(event, now));
        self.title = given;
        // One act, however much it changes.
        self.revision += u64::from(!events.is_empty());
        Ok(events)
    }

    /// Takes the document from every reader outside; none if nobody had it.
    pub fn withdraw(&mut self, now: DateTime<Utc>) -> Option<AuditEvent> {
        match self.publication {
            Publication::Draft | Publication::Archived => None,
            Publication::Published(_) => Some(self.changed(AuditEvent::Withdrawn, now)),
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
        now: DateTime<Utc>,
    ) -> Result<Option<AuditEvent>, StoreError> {
        if self.listed == listed {
            return Ok(None);
        }
        if listed {
            self.may_open(expected)?;
        }
        Ok(Some(self.changed(AuditEvent::Listed { listed, reason: reason(&expected.reason) }, now)))
    }

    /// Sets the NDA that exists and is required beside the default; none if it is required already.
    ///
    /// # Errors
    /// [`StoreError::Denied`] if another is required and the actor may not take it off.
    pub fn require_nda(
        &mut self,
        actor: &Actor,
        nda: Option<NdaId>,
        now: DateTime<Utc>,
    ) -> Result<Option<AuditEvent>, StoreError> {
        if self.nda == nda {
            return Ok(None);
        }
        if self.nda.is_some() {
            actor.may(Action::ManageNda)?;
        }
        Ok(Some(self.changed(AuditEvent::NdaRequired { from: self.nda, to: nda }, now)))
    }

    /// Puts the document into a category, or into none; none if it is there already.
    ///
    /// # Errors
    /// [`StoreError::OutOfRange`] if the name is longer than 100 bytes.
    pub fn set_category(
        &mut self,
        category: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<Option<AuditEvent>, StoreError> {
        let category = category.map(given_category).transpose()?.flatten();
        if self.category == category {
            return Ok(None);
        }
        self.category = category;
        Ok(Some(self.changed(AuditEvent::CategoryChanged, now)))
    }

    /// Returns what a store finds the documents of its category by: that, folded; empty of none.
    pub fn shelf(&self) -> String {
        self.category.as_deref().map(folded).unwrap_or_default()
    }

    /// To somebody it is new, whenever its version was published.
    fn shown_anew(&mut self, at: DateTime<Utc>) {
        self.published_at = self.published_at.map(|_| at);
    }

    fn changed(&mut self, event: AuditEvent, now: DateTime<Utc>) -> AuditEvent {
        self.apply(&event, now);
        self.revision += 1;
        event
    }

    /// Becomes what an event says that happened at `at`. An act and its replay both go through here. Some things are not an event's to
    /// say: the title and the category, which are the customer's text, and the revision, of which there is one for an act of several events.
    pub fn apply(&mut self, event: &AuditEvent, at: DateTime<Utc>) {
        match event {
            AuditEvent::LevelChanged { to, .. } => {
                if self.level.direction(*to) == Direction::Widening {
                    self.shown_anew(at);
                }
                self.level = *to;
            }
            AuditEvent::Published { version, .. } => {
                self.publication = Publication::Published(*version);
                self.published_at = Some(at);
            }
            AuditEvent::Withdrawn => {
                self.publication = Publication::Archived;
                self.title = None;
                self.published_at = None;
            }
            AuditEvent::Listed { listed, .. } => {
                if *listed {
                    self.shown_anew(at);
                }
                self.listed = *listed;
            }
            AuditEvent::NdaRequired { to, .. } => self.nda = *to,
            AuditEvent::TitlePublished { .. }
            | AuditEvent::Imported { .. }
            | AuditEvent::TitleFollowed
            | AuditEvent::Renamed
            | AuditEvent::Unlinked
            | AuditEvent::Relinked
            | AuditEvent::CategoryChanged
            | AuditEvent::Assigned { .. }
            | AuditEvent::Revoked { .. }
            | AuditEvent::AccessRequested { .. }
            | AuditEvent::RequestApproved { .. }
            | AuditEvent::RequestDeclined { .. }
            | AuditEvent::RequestWithdrawn { .. }
            | AuditEvent::Subscribed { .. }
            | AuditEvent::Unsubscribed { .. }
            | AuditEvent::NdaPublished { .. }
            | AuditEvent::DefaultNda { .. }
            | AuditEvent::NdaAccepted { .. }
            | AuditEvent::AcceptanceVoided { .. }
            | AuditEvent::ContactAdded
            | AuditEvent::ContactBlocked
            | AuditEvent::ContactUnblocked { .. }
            | AuditEvent::ContactErased
            | AuditEvent::TenantErased
            | AuditEvent::LogsCut { .. }
            | AuditEvent::ConnectionBegun { .. }
            | AuditEvent::ConnectionConfirmed { .. }
            | AuditEvent::ConnectionRenewed { .. }
            | AuditEvent::IdentityRefused { .. }
            | AuditEvent::NeedsReauth
            | AuditEvent::Disconnected
            | AuditEvent::ConnectionRemoved
            | AuditEvent::ConnectionAbandoned => {}
        }
    }
}
