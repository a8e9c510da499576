//! Who may see and do what: levels, viewers, facts, and the one function that decides.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::error::{Error, StoreError};
use crate::id::{ContactId, DocumentId, MemberId, NdaId, TenantId, VersionNumber};

/// How far a document is open. There is no order: a level is never a ceiling for another.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccessLevel {
    /// Members of the tenant only.
    #[default]
    Internal,
    /// Assigned contacts who accepted every required NDA.
    RequiresNda,
    /// Assigned contacts.
    Restricted,
    /// Everybody.
    Public,
}

/// Which way a change of level goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Direction {
    /// Towards fewer readers.
    Narrowing,
    /// Towards more readers.
    Widening,
    /// Neither.
    Same,
}

impl AccessLevel {
    /// Every level, from the narrowest to the widest.
    pub const ALL: [Self; 4] = [Self::Internal, Self::RequiresNda, Self::Restricted, Self::Public];

    /// Which way a change from this level to `to` goes.
    pub fn direction(self, to: Self) -> Direction {
        match (to.openness()).cmp(&self.openness()) {
            std::cmp::Ordering::Less => Direction::Narrowing,
            std::cmp::Ordering::Equal => Direction::Same,
            std::cmp::Ordering::Greater => Direction::Widening,
        }
    }

    /// The wire name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Internal => "internal",
            Self::RequiresNda => "requires_nda",
            Self::Restricted => "restricted",
            Self::Public => "public",
        }
    }

    const fn openness(self) -> u8 {
        match self {
            Self::Internal => 0,
            Self::RequiresNda => 1,
            Self::Restricted => 2,
            Self::Public => 3,
        }
    }
}

impl fmt::Display for AccessLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text is not the wire name of a level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an access level")]
pub struct UnknownLevel;

impl FromStr for AccessLevel {
    type Err = UnknownLevel;
    fn from_str(text: &str) -> Result<Self, UnknownLevel> {
        Self::ALL.into_iter().find(|level| level.as_str() == text).ok_or(UnknownLevel)
    }
}

/// What a member of a tenant is there for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Runs the tenant: connects Notion, publishes NDAs.
    Admin,
    /// Imports, publishes, opens and closes documents; lets nobody in.
    ContentManager,
    /// Assigns documents to contacts; opens no document.
    AccountManager,
    /// Reads.
    Viewer,
}

/// What a member may try to do.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Action {
    /// Connect and disconnect Notion.
    Connect,
    /// Browse Notion, import, sync by hand, unlink.
    Import,
    /// Change a level, publish and withdraw versions, list, rename.
    Publish,
    /// Assign documents to contacts and revoke that.
    Assign,
    /// Publish NDA versions, set the tenant's default NDA, take an NDA off a document.
    ManageNda,
    /// Read internal documents and drafts.
    ReadInternal,
}

impl Role {
    /// Whether the role may. The two that open documents and let people in are never one role but the administrator's.
    pub const fn may(self, action: Action) -> bool {
        match (self, action) {
            (Self::Admin, _) | (_, Action::ReadInternal) => true,
            (Self::ContentManager, Action::Import | Action::Publish) => true,
            (Self::AccountManager, Action::Assign) => true,
            (Self::ContentManager | Self::AccountManager | Self::Viewer, _) => false,
        }
    }
}

/// A member acting in their tenant, already authenticated by the host.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Actor {
    /// Where.
    pub tenant: TenantId,
    /// Who.
    pub member: MemberId,
    /// As what.
    pub role: Role,
}

impl Actor {
    /// It fails unless the actor's role may do this.
    ///
    /// # Errors
    /// [`Denied`] otherwise.
    pub const fn may(&self, action: Action) -> Result<(), Denied> {
        if self.role.may(action) { Ok(()) } else { Err(Denied) }
    }
}

/// The actor's role may not do this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not allowed")]
pub struct Denied;

impl From<Denied> for Error {
    fn from(denied: Denied) -> Self {
        Self::Store(denied.into())
    }
}

impl From<Denied> for StoreError {
    fn from(_: Denied) -> Self {
        Self::Denied
    }
}

/// Who is asking to read, already authenticated by the host.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Viewer {
    /// Nobody known.
    Anonymous,
    /// Somebody outside the tenant who is known to it.
    Contact {
        /// The tenant that knows them.
        tenant: TenantId,
        /// Who.
        id: ContactId,
        /// Whether they have shown that the e-mail address is theirs.
        verified: bool,
        /// Whether the tenant has shut them out.
        blocked: bool,
    },
    /// A member of a tenant.
    Member(Actor),
}

impl Viewer {
    /// The contact this is, if it is one.
    pub const fn contact(&self) -> Option<ContactId> {
        match self {
            Self::Contact { id, .. } => Some(*id),
            Self::Anonymous | Self::Member(_) => None,
        }
    }
}

/// Whether a document has a version that may be shown outside.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(tag = "state", content = "version", rename_all = "snake_case")]
pub enum Publication {
    /// Not yet.
    #[default]
    Draft,
    /// This version.
    Published(VersionNumber),
    /// No longer.
    Archived,
}

/// What of a document decides who may read it.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct DocumentFacts {
    /// Whose it is.
    pub tenant: TenantId,
    /// Which one.
    pub id: DocumentId,
    /// How far it is open.
    pub level: AccessLevel,
    /// Which version is shown, if any.
    pub publication: Publication,
    /// Whether people who may not read it may know that it exists.
    pub listed: bool,
    /// An NDA it requires beside the tenant's default.
    pub nda: Option<NdaId>,
}

/// What is known about one contact and one document.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct AccessFacts {
    /// The tenant's default NDA.
    pub default_nda: Option<NdaId>,
    /// The NDAs that may be required, as they stand now.
    pub ndas: Vec<NdaState>,
    /// This contact's assignments to this document, dead ones included.
    pub assignments: Vec<Assignment>,
    /// What this contact has accepted.
    pub acceptances: Vec<Acceptance>,
}

/// Names one assignment.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AssignmentId(pub Uuid);

/// One contact let in to one document.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Assignment {
    /// Which one.
    pub id: AssignmentId,
    /// Who.
    pub contact: ContactId,
    /// To what.
    pub document: DocumentId,
    /// Until when; none for no end.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was taken back.
    pub revoked_at: Option<DateTime<Utc>>,
    /// Whether the NDA was waived for it, by a person with a reason that is in the audit.
    pub nda_waived: bool,
}

impl Assignment {
    fn is_live(&self, now: DateTime<Utc>) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|end| now < end)
    }
}

/// An NDA as it stands.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct NdaState {
    /// Which one.
    pub id: NdaId,
    /// The version to be accepted now.
    pub current: u32,
    /// The oldest version whose acceptance still counts.
    pub accept_from: u32,
}

/// One contact's acceptance of one version of an NDA.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Acceptance {
    /// Which NDA.
    pub nda: NdaId,
    /// Which version of it.
    pub version: u32,
    /// When it was declared void.
    pub voided_at: Option<DateTime<Utc>>,
}

/// Why reading is allowed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Basis {
    /// The document is public.
    Public,
    /// The contact is assigned.
    Assigned(AssignmentId),
    /// The contact is assigned and has accepted every required NDA.
    AssignedWithNda(AssignmentId),
    /// The contact is assigned and need not accept any.
    AssignedWaived(AssignmentId),
    /// The viewer is a member of the tenant.
    Staff,
}

/// Why reading is denied.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Deny {
    /// The document is another tenant's.
    ForeignTenant,
    /// Nothing is published.
    NotPublished,
    /// The level is internal.
    Internal,
    /// The viewer is nobody this tenant knows.
    NotSignedIn,
    /// The contact's address is not verified.
    Unverified,
    /// The contact is shut out.
    Blocked,
    /// The contact is not assigned, or no longer.
    NotAssigned,
    /// An NDA is required and none is set up.
    NdaNotConfigured,
    /// This NDA, in this version, is to be accepted first.
    NdaNotAccepted(NdaId, u32),
}

/// What came of a request to read.
#[derive(Clone, PartialEq, Eq, Debug)]
#[must_use]
pub enum Decision {
    /// It may be read.
    Allow(Basis),
    /// It may not.
    Deny(Deny),
}

/// All that an outsider may learn of a decision.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outside {
    /// It may be read.
    Ok,
    /// There is no such document, or so it looks.
    NotFound,
    /// Signing in may help.
    SignIn,
    /// It exists and may be asked for.
    RequestAccess,
    /// This NDA, in this version, is to be accepted first.
    AcceptNda(NdaId, u32),
}

/// It decides whether `viewer`, on the site of tenant `site`, may read the document now.
///
/// The first arm that fits wins, and every arm before `Public` only denies, so none of them can widen.
pub fn decide(
    site: TenantId,
    viewer: &Viewer,
    document: &DocumentFacts,
    facts: &AccessFacts,
    now: DateTime<Utc>,
) -> Decision {
    if document.tenant != site {
        return Decision::Deny(Deny::ForeignTenant);
    }
    if matches!(viewer, Viewer::Member(actor) if actor.tenant == site && actor.may(Action::ReadInternal).is_ok())
    {
        return Decision::Allow(Basis::Staff);
    }
    if !matches!(document.publication, Publication::Published(_)) {
        return Decision::Deny(Deny::NotPublished);
    }
    match document.level {
        AccessLevel::Internal => Decision::Deny(Deny::Internal),
        AccessLevel::Public => Decision::Allow(Basis::Public),
        AccessLevel::Restricted | AccessLevel::RequiresNda => gated(site, viewer, document, facts, now),
    }
}

fn gated(
    site: TenantId,
    viewer: &Viewer,
    document: &DocumentFacts,
    facts: &AccessFacts,
    now: DateTime<Utc>,
) -> Decision {
    let contact = match viewer {
        Viewer::Contact { tenant, .. } if *tenant != site => return Decision::Deny(Deny::NotSignedIn),
        Viewer::Anonymous | Viewer::Member(_) => return Decision::Deny(Deny::NotSignedIn),
        Viewer::Contact { blocked: true, .. } => return Decision::Deny(Deny::Blocked),
        Viewer::Contact { verified: false, .. } => return Decision::Deny(Deny::Unverified),
        Viewer::Contact { id, .. } => *id,
    };
    let live = |a: &&Assignment| a.contact == contact && a.document == document.id && a.is_live(now);
    let Some(assignment) = facts.assignments.iter().find(live) else {
        return Decision::Deny(Deny::NotAssigned);
    };
    if document.level == AccessLevel::Restricted {
        return Decision::Allow(Basis::Assigned(assignment.id));
    }
    if let Some(waived) = facts.assignments.iter().filter(live).find(|a| a.nda_waived) {
        return Decision::Allow(Basis::AssignedWaived(waived.id));
    }
    // A union: an NDA of its own never takes the general one away.
    let required: Vec<NdaId> = facts.default_nda.into_iter().chain(document.nda).collect();
    if required.is_empty() {
        return Decision::Deny(Deny::NdaNotConfigured);
    }
    match required.iter().find_map(|nda| missing(*nda, facts)) {
        Some(denied) => Decision::Deny(denied),
        None => Decision::Allow(Basis::AssignedWithNda(assignment.id)),
    }
}

fn missing(nda: NdaId, facts: &AccessFacts) -> Option<Deny> {
    let Some(state) = facts.ndas.iter().find(|state| state.id == nda) else {
        return Some(Deny::NdaNotConfigured);
    };
    let counts = |a: &Acceptance| a.nda == nda && a.version >= state.accept_from && a.voided_at.is_none();
    (!facts.acceptances.iter().any(counts)).then_some(Deny::NdaNotAccepted(nda, state.current))
}

impl Decision {
    /// What an outsider may learn of it.
    pub fn outside(&self, document: &DocumentFacts) -> Outside {
        match self {
            Self::Allow(_) => Outside::Ok,
            // They are assigned, so they may know.
            Self::Deny(Deny::NdaNotAccepted(nda, version)) => Outside::AcceptNda(*nda, *version),
            Self::Deny(Deny::NotSignedIn | Deny::Unverified) if document.listed => Outside::SignIn,
            Self::Deny(Deny::NotAssigned) if document.listed => Outside::RequestAccess,
            Self::Deny(
                Deny::ForeignTenant
                | Deny::NotPublished
                | Deny::Internal
                | Deny::NotSignedIn
                | Deny::Unverified
                | Deny::Blocked
                | Deny::NotAssigned
                | Deny::NdaNotConfigured,
            ) => Outside::NotFound,
        }
    }

    /// Whether a shared cache may keep what was read: only what is public.
    pub const fn is_cacheable(&self) -> bool {
        matches!(self, Self::Allow(Basis::Public))
    }
}
