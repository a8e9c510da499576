//! Who is let in.

use super::{Desk, Library};
use crate::error::StoreError;
use crate::id::{ContactId, DocumentId};
use crate::library::access::{AccessLevel, Assignment, AssignmentId, Outside};
use crate::library::gate::NewAssignment;
use crate::testing::suite::fixture::minute;
use crate::testing::suite::{Broken, Outcome};

/// Whether the contact reads anything at this minute.
async fn reads(desk: &Desk, contact: ContactId, minutes: i64) -> Result<bool, Broken> {
    let viewer = desk.viewer(contact);
    let readable = desk.access().readable(desk.tenant(), &viewer, minute(minutes)).await?;
    Ok(readable.iter().any(|document| document.outside == Outside::Ok))
}

pub(super) async fn kept(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    let document = desk.import("Policy").await?.id;
    let other = desk.import("Other").await?.id;
    let mut expected = Vec::new();
    for (expires_at, waiver) in
        [(None, None), (Some(minute(9)), Some("A paper NDA")), (Some(minute(8)), None)]
    {
        let contact = ContactId::fresh();
        let nda_waiver = waiver.map(String::from);
        let new = NewAssignment { document, contact, expires_at, nda_waiver };
        let id = desk.access().assign(&desk.admin, &new, minute(2)).await?;
        let nda_waived = waiver.is_some();
        expected.push(Assignment { id, contact, document, expires_at, revoked_at: None, nda_waived });
    }
    desk.assign(other, ContactId::fresh()).await?;
    ensure_eq!(desk.access().assignments(&desk.admin, document).await?, expected, "the assignments");
    Ok(())
}

pub(super) async fn expires(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    let document = desk.open("Policy", AccessLevel::Restricted).await?.id;
    let contact = ContactId::fresh();
    let new = NewAssignment { document, contact, expires_at: Some(minute(9)), nda_waiver: None };
    desk.access().assign(&desk.admin, &new, minute(2)).await?;
    for (minutes, expected) in [(8, true), (9, false), (10, false)] {
        ensure_eq!(reads(&desk, contact, minutes).await?, expected, "reads at minute {minutes}");
    }
    Ok(())
}

pub(super) async fn revoked(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    let document = desk.open("Policy", AccessLevel::Restricted).await?.id;
    let (contact, other) = (ContactId::fresh(), ContactId::fresh());
    let assignment = desk.assign(document, contact).await?;
    desk.assign(document, other).await?;
    for minutes in [4, 5] {
        desk.access().revoke(&desk.admin, assignment, minute(minutes)).await?;
        let kept = desk.access().assignments(&desk.admin, document).await?;
        let revoked: Vec<_> = kept.iter().map(|assignment| assignment.revoked_at).collect();
        ensure_eq!(revoked, [Some(minute(4)), None], "when the assignments were revoked");
    }
    ensure_eq!(reads(&desk, contact, 5).await?, false, "whether the contact reads");
    ensure_eq!(reads(&desk, other, 5).await?, true, "whether the other contact reads");
    let unknown = AssignmentId(ContactId::fresh().as_uuid());
    let unknown = desk.access().revoke(&desk.admin, unknown, minute(5)).await;
    ensure_fails!(unknown, StoreError::NotFound, "revoking what is not there");
    Ok(())
}

pub(super) async fn no_such_document(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    let document = DocumentId::fresh();
    let new = NewAssignment { document, contact: ContactId::fresh(), expires_at: None, nda_waiver: None };
    let assigned = desk.access().assign(&desk.admin, &new, minute(2)).await;
    ensure_fails!(assigned, StoreError::NotFound, "assigning what is not there");
    ensure_eq!(desk.access().assignments(&desk.admin, document).await?, [], "its assignments");
    Ok(())
}

pub(super) async fn waiver(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    let document = desk.open("Policy", AccessLevel::RequiresNda).await?.id;
    let contact = ContactId::fresh();
    for (reason, expected) in [(None, false), (Some("A paper NDA"), true)] {
        let nda_waiver = reason.map(String::from);
        let new = NewAssignment { document, contact, expires_at: None, nda_waiver };
        desk.access().assign(&desk.admin, &new, minute(2)).await?;
        ensure_eq!(reads(&desk, contact, 3).await?, expected, "reads with the waiver {reason:?}");
    }
    for blank in ["", " \t"] {
        let new = NewAssignment { document, contact, expires_at: None, nda_waiver: Some(blank.into()) };
        let assigned = desk.access().assign(&desk.admin, &new, minute(2)).await;
        ensure_fails!(assigned, StoreError::Conflict, "waiving without a reason");
    }
    ensure_eq!(desk.access().assignments(&desk.admin, document).await?.len(), 2, "assignments made");
    Ok(())
}
