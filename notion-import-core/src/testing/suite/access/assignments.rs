//! Who is let in.

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::join_all;

use super::{Desk, Library};
use crate::error::{Conflict, StoreError};
use crate::id::{ContactId, DocumentId};
use crate::library::access::{AccessLevel, Assignment, AssignmentId, Outside};
use crate::library::gate::NewAssignment;
use crate::testing::suite::fixture::{DAY, minute};
use crate::testing::suite::{Broken, Outcome};

/// Whether the contact reads anything at this minute.
async fn reads(desk: &Desk, contact: ContactId, minutes: i64) -> Result<bool, Broken> {
    let viewer = desk.viewer(contact);
    let readable = desk.readable(&viewer, minute(minutes)).await?;
    Ok(readable.iter().any(|document| document.outside == Outside::Ok))
}

pub(super) async fn kept(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    let document = desk.import("Policy").await?.id;
    let other = desk.import("Other").await?.id;
    let mut expected = Vec::new();
    for (expires_at, waiver) in
        [(None, None), (Some(minute(9 * DAY)), Some("A paper NDA")), (Some(minute(8 * DAY)), None)]
    {
        let contact = desk.contact().await?;
        let nda_waiver = waiver.map(String::from);
        let new = NewAssignment { document, contact, expires_at, nda_waiver };
        let id = desk.access().assign(&desk.admin, &new, minute(2)).await?;
        let nda_waived = waiver.is_some();
        expected.push(Assignment { id, contact, document, expires_at, revoked_at: None, nda_waived });
    }
    desk.assign(other, desk.contact().await?).await?;
    ensure_eq!(desk.access().assignments(&desk.admin, document).await?, expected, "the assignments");
    Ok(())
}

pub(super) async fn expires(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    let document = desk.open("Policy", AccessLevel::Restricted).await?.id;
    let contact = desk.contact().await?;
    let new = NewAssignment { document, contact, expires_at: Some(minute(9 * DAY)), nda_waiver: None };
    desk.access().assign(&desk.admin, &new, minute(2)).await?;
    for (minutes, expected) in [(9 * DAY - 1, true), (9 * DAY, false), (10 * DAY, false)] {
        ensure_eq!(reads(&desk, contact, minutes).await?, expected, "reads at minute {minutes}");
    }
    Ok(())
}

pub(super) async fn revoked(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    let document = desk.open("Policy", AccessLevel::Restricted).await?.id;
    let (contact, other) = (desk.contact().await?, desk.contact().await?);
    let assignment = desk.assign(document, contact).await?;
    desk.assign(document, other).await?;
    for minutes in [4, 5] {
        desk.access().revoke(&desk.admin, document, assignment, minute(minutes)).await?;
        let kept = desk.access().assignments(&desk.admin, document).await?;
        let revoked: Vec<_> = kept.iter().map(|assignment| assignment.revoked_at).collect();
        ensure_eq!(revoked, [Some(minute(4)), None], "when the assignments were revoked");
    }
    ensure_eq!(reads(&desk, contact, 5).await?, false, "whether the contact reads");
    ensure_eq!(reads(&desk, other, 5).await?, true, "whether the other contact reads");
    let unknown = AssignmentId(DocumentId::fresh().as_uuid());
    let unknown = desk.access().revoke(&desk.admin, document, unknown, minute(5)).await;
    ensure_fails!(unknown, StoreError::NotFound, "revoking what is not there");
    Ok(())
}

pub(super) async fn no_such_document(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    let document = DocumentId::fresh();
    let new = NewAssignment { document, contact: desk.contact().await?, expires_at: None, nda_waiver: None };
    let assigned = desk.access().assign(&desk.admin, &new, minute(2)).await;
    ensure_fails!(assigned, StoreError::NotFound, "assigning what is not there");
    ensure_eq!(desk.access().assignments(&desk.admin, document).await?, [], "its assignments");
    Ok(())
}

pub(super) async fn waiver(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    let document = desk.open("Policy", AccessLevel::RequiresNda).await?.id;
    let contact = desk.contact().await?;
    for (reason, expected) in [(None, false), (Some("A paper NDA"), true)] {
        let nda_waiver = reason.map(String::from);
        let new = NewAssignment { document, contact, expires_at: None, nda_waiver };
        desk.access().assign(&desk.admin, &new, minute(2)).await?;
        ensure_eq!(reads(&desk, contact, 3).await?, expected, "reads with the waiver {reason:?}");
    }
    for blank in ["", " \t"] {
        let new = NewAssignment { document, contact, expires_at: None, nda_waiver: Some(blank.into()) };
        let assigned = desk.access().assign(&desk.admin, &new, minute(2)).await;
        ensure_fails!(assigned, StoreError::Conflict(Conflict::NoReason), "waiving without a reason");
    }
    ensure_eq!(desk.access().assignments(&desk.admin, document).await?.len(), 2, "assignments made");
    Ok(())
}

pub(super) async fn days(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    let document = desk.open("Policy", AccessLevel::Restricted).await?.id;
    let contact = desk.contact().await?;
    let assign = async |end| {
        let new = NewAssignment { document, contact, expires_at: Some(end), nda_waiver: None };
        desk.access().assign(&desk.admin, &new, minute(2)).await
    };
    let ends = |days: i64| minute(2 + days * DAY);
    let moment = TimeDelta::milliseconds(1);
    for end in
        [ends(-1), ends(0), ends(1) - moment, ends(3650) + moment, ends(10_000), DateTime::<Utc>::MAX_UTC]
    {
        ensure_fails!(assign(end).await, StoreError::OutOfRange(_), "an end at {end}");
    }
    ensure_eq!(desk.access().assignments(&desk.admin, document).await?, [], "the assignments");
    for end in [ends(1), ends(3650)] {
        assign(end).await?;
    }
    Ok(())
}

pub(super) async fn one(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    let document = desk.open("Policy", AccessLevel::Restricted).await?.id;
    let elsewhere = desk.open("Other", AccessLevel::Restricted).await?.id;
    let (contact, other) = (desk.contact().await?, desk.contact().await?);
    let untouched = [desk.assign(document, other).await?, desk.assign(elsewhere, contact).await?];
    let end = Some(minute(3 * DAY));
    let short = NewAssignment { document, contact, expires_at: end, nda_waiver: None };
    let first = desk.access().assign(&desk.admin, &short, minute(2)).await?;
    // One that has ended is not taken back.
    let after = minute(4 * DAY);
    let forever = NewAssignment { expires_at: None, ..short.clone() };
    let second = desk.access().assign(&desk.admin, &forever, after).await?;
    let third = desk.access().assign(&desk.admin, &forever, after).await?;
    let mut kept = desk.access().assignments(&desk.admin, document).await?;
    kept.extend(desk.access().assignments(&desk.admin, elsewhere).await?);
    let live = |id| kept.iter().any(|kept| kept.id == id && kept.revoked_at.is_none());
    ensure_eq!(untouched.map(live), [true; 2], "whether others' assignments are live");
    ensure_eq!(
        [first, second, third].map(live),
        [true, false, true],
        "whether the contact's were left alone"
    );
    ensure_eq!(reads(&desk, contact, 5 * DAY).await?, true, "whether the contact reads");
    desk.access().revoke(&desk.admin, document, third, after).await?;
    let viewer = desk.viewer(contact);
    let readable = desk.readable(&viewer, minute(5 * DAY)).await?;
    ensure!(readable.iter().all(|shown| shown.id != document), "the contact reads what was taken back");
    Ok(())
}

pub(super) async fn race(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    let document = desk.open("Policy", AccessLevel::Restricted).await?.id;
    let contact = desk.contact().await?;
    for made in join_all((0..8).map(|_| desk.assign(document, contact))).await {
        made?;
    }
    let kept = desk.access().assignments(&desk.admin, document).await?;
    let live = kept.iter().filter(|kept| kept.is_live(minute(3))).count();
    ensure_eq!((kept.len(), live), (8, 1), "assignments, and those that are live");
    Ok(())
}

pub(super) async fn of_document(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    let document = desk.open("Policy", AccessLevel::Restricted).await?.id;
    let other = desk.open("Other", AccessLevel::Restricted).await?.id;
    let contact = desk.contact().await?;
    let assignment = desk.assign(document, contact).await?;
    for id in [other, DocumentId::fresh()] {
        let revoked = desk.access().revoke(&desk.admin, id, assignment, minute(3)).await;
        ensure_fails!(revoked, StoreError::NotFound, "revoking it as another document's");
    }
    ensure_eq!(reads(&desk, contact, 4).await?, true, "whether the contact reads");
    ensure_eq!(desk.history(other).await?.len(), 3, "the other document's history");
    Ok(())
}
