//! Who may see and do what: levels, viewers, facts, and the one function that decides.

mod facts;
mod level;

use chrono::{DateTime, Utc};
use http::StatusCode;
use serde::Serialize;

pub use facts::{
    Acceptance, AcceptedNda, AccessFacts, Assignment, AssignmentId, ContactState, DocumentFacts, NdaState,
    Publication, Viewer,
};
pub use level::{AccessLevel, Direction, UnknownLevel};

use crate::actor::Action;
use crate::error::ErrorKind;
use crate::id::{ContactId, NdaId, TenantId};

/// Why reading is allowed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Allow {
    /// The document is public.
    Public,
    /// The contact is assigned.
    Assigned(AssignmentId),
    /// The contact is assigned and has accepted every required NDA: these.
    AssignedWithNda(AssignmentId, Vec<AcceptedNda>),
    /// The contact is assigned and need not accept any.
    AssignedWaived(AssignmentId),
    /// The viewer is a member of the tenant.
    Staff,
}

impl Allow {
    /// Whether a shared cache may keep what was read: only what is public.
    pub const fn is_cacheable(&self) -> bool {
        matches!(self, Self::Public)
    }

    /// Returns the assignment by which a contact is let in; none if it takes none.
    pub const fn assignment(&self) -> Option<AssignmentId> {
        match self {
            Self::Assigned(id) | Self::AssignedWithNda(id, _) | Self::AssignedWaived(id) => Some(*id),
            Self::Public | Self::Staff => None,
        }
    }
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
    Allow(Allow),
    /// It may not.
    Deny(Deny),
}

/// All that an outsider may learn of a decision.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Outside {
    /// It may be read.
    Ok,
    /// There is no such document, or so it looks.
    NotFound,
    /// Signing in may help.
    SignIn,
    /// Exists and may be asked for.
    RequestAccess,
    /// This NDA is to be accepted first.
    AcceptNda {
        /// Which one.
        nda: NdaId,
        /// The version to be accepted.
        version: u32,
    },
}

impl Outside {
    /// Returns what an HTTP backend answers whoever asked to read, as [`ErrorKind::status`] says of errors.
    pub const fn status(self) -> StatusCode {
        match self {
            Self::Ok => StatusCode::OK,
            Self::NotFound => ErrorKind::NotFound.status(),
            Self::SignIn => StatusCode::UNAUTHORIZED,
            Self::RequestAccess | Self::AcceptNda { .. } => ErrorKind::Denied.status(),
        }
    }
}

/// Decides whether `viewer`, on the site of tenant `site`, may read the document now.
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
        return Decision::Allow(Allow::Staff);
    }
    if !matches!(document.publication, Publication::Published(_)) {
        return Decision::Deny(Deny::NotPublished);
    }
    match document.level {
        AccessLevel::Internal => Decision::Deny(Deny::Internal),
        AccessLevel::Public => Decision::Allow(Allow::Public),
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
        Viewer::Contact { id, verified, .. } => match (facts.contact, verified) {
            (ContactState::Unknown, _) => return Decision::Deny(Deny::NotSignedIn),
            (ContactState::Blocked, _) => return Decision::Deny(Deny::Blocked),
            (ContactState::Known, false) => return Decision::Deny(Deny::Unverified),
            (ContactState::Known, true) => *id,
        },
    };
    let live = |a: &&Assignment| a.contact == contact && a.document == document.id && a.is_live(now);
    let Some(assignment) = facts.assignments.iter().find(live) else {
        return Decision::Deny(Deny::NotAssigned);
    };
    if document.level == AccessLevel::Restricted {
        return Decision::Allow(Allow::Assigned(assignment.id));
    }
    if let Some(waived) = facts.assignments.iter().filter(live).find(|a| a.nda_waived) {
        return Decision::Allow(Allow::AssignedWaived(waived.id));
    }
    let mut required = required(document, facts).peekable();
    if required.peek().is_none() {
        return Decision::Deny(Deny::NdaNotConfigured);
    }
    match required.map(|nda| accepted(nda, facts)).collect() {
        Ok(accepted) => Decision::Allow(Allow::AssignedWithNda(assignment.id, accepted)),
        Err(denied) => Decision::Deny(denied),
    }
}

/// Returns the NDAs that a document requires at its level.
fn required(document: &DocumentFacts, facts: &AccessFacts) -> impl Iterator<Item = NdaId> {
    let requires = match document.level {
        AccessLevel::RequiresNda => true,
        AccessLevel::Internal | AccessLevel::Restricted | AccessLevel::Public => false,
    };
    // A union: an NDA of its own never takes the general one away.
    let own = document.nda.filter(|nda| facts.default_nda != Some(*nda));
    facts.default_nda.into_iter().chain(own).filter(move |_| requires)
}

/// Says whether `viewer` may accept an NDA for the sake of a document, and which contact that is: only somebody who may read
/// the document, ask for it or is kept from it by an NDA alone, and only an NDA that it requires.
pub fn accepts(
    site: TenantId,
    viewer: &Viewer,
    document: &DocumentFacts,
    facts: &AccessFacts,
    nda: NdaId,
    now: DateTime<Utc>,
) -> Option<ContactId> {
    let known = match decide(site, viewer, document, facts, now).outside(document) {
        Outside::Ok | Outside::RequestAccess | Outside::AcceptNda { .. } => true,
        Outside::SignIn | Outside::NotFound => false,
    };
    viewer.contact().filter(|_| known && required(document, facts).any(|required| required == nda))
}

/// Returns the newest acceptance of an NDA that counts.
fn accepted(nda: NdaId, facts: &AccessFacts) -> Result<AcceptedNda, Deny> {
    let state = facts.ndas.iter().find(|state| state.id == nda).ok_or(Deny::NdaNotConfigured)?;
    let counts = |a: &&Acceptance| a.nda == nda && a.version >= state.accept_from && a.voided_at.is_none();
    let newest = facts.acceptances.iter().filter(counts).map(|acceptance| acceptance.version).max();
    let version = newest.ok_or(Deny::NdaNotAccepted(nda, state.current))?;
    Ok(AcceptedNda { nda, version })
}

impl Decision {
    /// What an outsider may learn of it.
    pub fn outside(&self, document: &DocumentFacts) -> Outside {
        match self {
            Self::Allow(_) => Outside::Ok,
            // They are assigned, so they may know.
            Self::Deny(Deny::NdaNotAccepted(nda, version)) => {
                Outside::AcceptNda { nda: *nda, version: *version }
            }
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
        matches!(self, Self::Allow(why) if why.is_cacheable())
    }
}
