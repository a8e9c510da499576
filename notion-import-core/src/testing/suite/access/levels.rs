//! How a level changes.

use futures_util::future::join_all;

use super::{Desk, Imported, Library};
use crate::actor::Agent;
use crate::error::{Conflict, StoreError};
use crate::id::DocumentId;
use crate::library::access::AccessLevel;
use crate::library::audit::{AuditEntry, AuditEvent};
use crate::library::document::{Found, SourceState};
use crate::library::gate::{Expected, LevelChange};
use crate::testing::suite::Outcome;
use crate::testing::suite::fixture::{conflict, minute, patch};

/// The change is refused and leaves the document as it is.
async fn refused(desk: &Desk, id: DocumentId, change: LevelChange, why: Conflict) -> Outcome {
    let before = desk.read(id).await?;
    ensure_eq!(conflict(desk.try_level(id, &change).await)?, why, "why {change:?} is refused");
    ensure_eq!(desk.read(id).await?, before, "the document");
    Ok(())
}

pub(super) async fn level(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    let id = desk.open("Policy", AccessLevel::RequiresNda).await?.id;
    for from in [AccessLevel::Internal, AccessLevel::Restricted, AccessLevel::Public] {
        let change = desk.change(id, AccessLevel::Public).await?;
        let expected = Expected { level: from, ..change.expected };
        refused(&desk, id, LevelChange { expected, ..change }, Conflict::Changed).await?;
    }
    // Somebody else did what was asked for here; this one is not to believe that they did.
    let change = desk.change(id, AccessLevel::Restricted).await?;
    desk.try_level(id, &change).await?;
    refused(&desk, id, change, Conflict::Changed).await?;
    let unknown = desk.change(id, AccessLevel::Public).await?;
    let unknown = desk.try_level(DocumentId::fresh(), &unknown).await;
    ensure_fails!(unknown, StoreError::NotFound, "a document that is not there");
    Ok(())
}

pub(super) async fn revision(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    let id = desk.open("Policy", AccessLevel::Restricted).await?.id;
    let change = desk.change(id, AccessLevel::Public).await?;
    desk.list(id, true).await?;
    refused(&desk, id, change.clone(), Conflict::Changed).await?;
    let expected = Expected { revision: change.expected.revision + 9, ..change.expected };
    refused(&desk, id, LevelChange { expected, ..change }, Conflict::Changed).await?;
    desk.set_level(id, AccessLevel::Public)
        .await
        .map_err(|how| super::Broken::new(format!("the current revision was refused: {how}")))
}

pub(super) async fn published(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    let id = desk.import("Policy").await?.id;
    refused(&desk, id, desk.change(id, AccessLevel::Restricted).await?, Conflict::NotPublished).await?;
    desk.publish(id, 1).await?;
    desk.access().withdraw(&desk.admin, id, minute(3)).await?;
    refused(&desk, id, desk.change(id, AccessLevel::Restricted).await?, Conflict::NotPublished).await
}

pub(super) async fn reason(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    let id = desk.open("Policy", AccessLevel::Internal).await?.id;
    for reason in ["", " \n", "\u{200b}\u{202e}"] {
        let change = desk.change(id, AccessLevel::Public).await?;
        let expected = Expected { reason: reason.into(), ..change.expected };
        refused(&desk, id, LevelChange { expected, ..change }, Conflict::NoReason).await?;
    }
    let change = desk.change(id, AccessLevel::Public).await?;
    let expected = Expected { reason: " Asked\u{202e}\r\nfor\0 ".into(), ..change.expected };
    desk.try_level(id, &LevelChange { expected, ..change }).await?;
    let kept = desk.history(id).await?.into_iter().find_map(|entry| match entry.event {
        AuditEvent::LevelChanged { to: AccessLevel::Public, reason, .. } => Some(reason),
        _ => None,
    });
    ensure_eq!(kept.as_deref(), Some("Asked for"), "the reason as it is kept");
    Ok(())
}

pub(super) async fn race(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    let id = desk.open("Policy", AccessLevel::Internal).await?.id;
    let change = desk.change(id, AccessLevel::Public).await?;
    let mut succeeded = 0;
    for done in join_all((0..8).map(|_| desk.try_level(id, &change))).await {
        match done {
            Ok(()) => succeeded += 1,
            Err(StoreError::Conflict(Conflict::Changed)) => {}
            Err(other) => return Err(other.into()),
        }
    }
    ensure_eq!(succeeded, 1, "widenings that succeeded");
    Ok(())
}

pub(super) async fn narrowing(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    let id = desk.open("Policy", AccessLevel::Public).await?.id;
    desk.access().withdraw(&desk.admin, id, minute(3)).await?;
    for to in
        [AccessLevel::Restricted, AccessLevel::RequiresNda, AccessLevel::Internal, AccessLevel::Internal]
    {
        let expected = Expected { level: AccessLevel::Public, revision: 99, reason: String::new() };
        desk.try_level(id, &LevelChange { to, expected }).await?;
        ensure_eq!(desk.level(id).await?, to, "the level");
    }
    Ok(())
}

pub(super) async fn gone(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    let (tenant, member) = (desk.tenant(), desk.open("Unlinked", AccessLevel::Public).await?.id);
    library.documents.unlink(&desk.admin, member, minute(3)).await?;
    for (state, level) in [
        (SourceState::Present, AccessLevel::Public),
        (SourceState::Archived, AccessLevel::Public),
        (SourceState::Trashed, AccessLevel::Internal),
        (SourceState::NotShared, AccessLevel::Internal),
    ] {
        let Imported { id, source } = desk.open("Policy", AccessLevel::Public).await?;
        let (source, reading, trouble) = (Box::new(source), None, None);
        let found = Found::Source { source, state, reading, trouble };
        library.documents.patch(&desk.connection, &[patch(id, 5, found)], None).await?;
        for time in ["once", "twice"] {
            desk.access().close_gone(tenant, id, minute(6)).await?;
            ensure_eq!(desk.level(id).await?, level, "the level where it is {state:?}, closed {time}");
        }
        let closed = |entry: &&AuditEntry| {
            matches!(&entry.event, AuditEvent::LevelChanged { to: AccessLevel::Internal, .. })
                && entry.by == Agent::System
        };
        let entries = desk.history(id).await?.iter().filter(closed).count();
        ensure_eq!(entries, usize::from(state.is_gone()), "entries where it is {state:?}");
        desk.access().close_gone(super::tenant(), id, minute(6)).await?;
    }
    desk.access().close_gone(tenant, member, minute(6)).await?;
    ensure_eq!(desk.level(member).await?, AccessLevel::Public, "the level of what has no source");
    desk.access().close_gone(tenant, DocumentId::fresh(), minute(6)).await?;
    Ok(())
}

pub(super) async fn every(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    let id = desk.open("Policy", AccessLevel::Internal).await?.id;
    for from in AccessLevel::ALL {
        for to in AccessLevel::ALL {
            desk.set_level(id, from).await?;
            let before = desk.read(id).await?.revision;
            desk.set_level(id, to).await?;
            let after = desk.read(id).await?;
            ensure_eq!(after.facts.level, to, "the level after {from} to {to}");
            ensure_eq!(after.revision > before, from != to, "a new revision after {from} to {to}");
        }
    }
    Ok(())
}
