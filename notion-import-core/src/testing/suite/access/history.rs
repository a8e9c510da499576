//! What is written down of every change.

use std::net::IpAddr;

use chrono::{DateTime, Utc};

use super::{Desk, Library};
use crate::actor::Agent;
use crate::actor::Role;
use crate::id::{DocumentId, VersionNumber};
use crate::library::access::AccessLevel;
use crate::library::audit::{AuditEntry, AuditEvent};
use crate::library::document::Source;
use crate::library::gate::{Expected, LevelChange, NewAssignment, Publish};
use crate::testing::suite::fixture::{DAY, actor, minute, seen};
use crate::testing::suite::{Broken, Outcome};

/// What the history says, newest first: when, who, from where, and what.
async fn history(desk: &Desk, id: DocumentId) -> Result<Vec<Said>, Broken> {
    Ok(desk.history(id).await?.into_iter().map(said).collect())
}

type Said = (DateTime<Utc>, Agent, Option<IpAddr>, AuditEvent);

fn said(entry: AuditEntry) -> Said {
    (entry.at, entry.by, entry.address, entry.event)
}

pub(super) async fn every(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    let address: IpAddr = [192, 0, 2, 7].into();
    let (access, admin) = (desk.access(), &desk.admin.clone().from_address(address));
    let id = desk.import("Policy").await?.id;
    let imported = history(&desk, id).await?;
    let nda = desk.nda("Say nothing").await?;
    let contact = desk.contact().await?;

    access.rename(admin, id, Some("Our policy"), minute(10)).await?;
    let version = VersionNumber(1);
    let publish = desk.publication_of(id, 1).await?;
    access.publish(admin, id, &publish, minute(11)).await?;
    let change = desk.change(id, AccessLevel::Public).await?;
    access.set_level(admin, id, &change, minute(12)).await?;
    access.set_listed(admin, id, true, &desk.expected(id).await?, minute(13)).await?;
    access.require_nda(admin, id, Some(nda), minute(14)).await?;
    let nda_waiver = Some(String::from("A paper NDA"));
    let expires_at = Some(minute(2 * DAY));
    let new = NewAssignment { document: id, contact, expires_at, nda_waiver: nda_waiver.clone() };
    let assignment = access.assign(admin, &new, minute(15)).await?;
    let replacing = NewAssignment { expires_at: None, nda_waiver: None, ..new };
    let replaced_by = access.assign(admin, &replacing, minute(16)).await?;
    access.revoke(admin, id, replaced_by, minute(17)).await?;
    access.rename(admin, id, Some("The policy"), minute(18)).await?;
    access.publish(admin, id, &desk.publication_of(id, 1).await?, minute(19)).await?;
    access.withdraw(admin, id, minute(20)).await?;
    library.documents.unlink(admin, id, minute(21)).await?;
    library.documents.relink(admin, id, minute(22)).await?;

    let LevelChange { to, expected: Expected { level: from, reason, .. } } = change;
    let events = [
        (10, AuditEvent::Renamed),
        (11, AuditEvent::Published { version, reason: reason.clone() }),
        (12, AuditEvent::LevelChanged { from, to, reason: reason.clone() }),
        (13, AuditEvent::Listed { listed: true, reason }),
        (14, AuditEvent::NdaRequired { from: None, to: Some(nda) }),
        (15, AuditEvent::Assigned { assignment, contact, expires_at, nda_waiver }),
        (16, AuditEvent::Revoked { assignment }),
        (16, AuditEvent::Assigned { assignment: replaced_by, contact, expires_at: None, nda_waiver: None }),
        (17, AuditEvent::Revoked { assignment: replaced_by }),
        (18, AuditEvent::Renamed),
        (19, AuditEvent::TitlePublished { version }),
        (20, AuditEvent::Withdrawn),
        (21, AuditEvent::Unlinked),
        (22, AuditEvent::Relinked),
    ];
    let by = Agent::Member(admin.member);
    let entries = events.into_iter().map(|(at, event)| (minute(at), by, Some(address), event));
    let mut expected: Vec<_> = imported.into_iter().chain(entries).collect();
    expected.reverse();
    ensure_eq!(history(&desk, id).await?, expected, "the history");
    Ok(())
}

pub(super) async fn failures(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    let (access, admin) = (desk.access(), &desk.admin);
    let id = desk.open("Policy", AccessLevel::Restricted).await?.id;
    let contact = desk.contact().await?;
    let assignment = desk.assign(id, contact).await?;
    access.revoke(admin, id, assignment, minute(3)).await?;
    let before = (history(&desk, id).await?, desk.read(id).await?);

    // What is so already.
    desk.publish(id, 1).await?;
    desk.set_level(id, AccessLevel::Restricted).await?;
    let seen = desk.expected(id).await?;
    access.set_listed(admin, id, false, &seen, minute(4)).await?;
    access.require_nda(admin, id, None, minute(4)).await?;
    access.revoke(admin, id, assignment, minute(4)).await?;
    access.rename(admin, id, None, minute(4)).await?;
    // What fails.
    let outdated = Expected { revision: 99, ..seen };
    let stale = LevelChange { to: AccessLevel::Public, expected: outdated.clone() };
    let publish = desk.publication_of(id, 1).await?;
    let stale_version = Publish { expected: outdated.clone(), ..publish.clone() };
    let no_version = Publish { version: VersionNumber(9), ..publish };
    let nobody = actor(desk.tenant(), Role::Viewer);
    let blank = NewAssignment { document: id, contact, expires_at: None, nda_waiver: Some(String::new()) };
    let failures = [
        access.set_level(admin, id, &stale, minute(4)).await.is_err(),
        access.publish(admin, id, &stale_version, minute(4)).await.is_err(),
        access.publish(admin, id, &no_version, minute(4)).await.is_err(),
        access.set_listed(admin, id, true, &outdated, minute(4)).await.is_err(),
        access.withdraw(&nobody, id, minute(4)).await.is_err(),
        access.rename(&nobody, id, Some("Renamed"), minute(4)).await.is_err(),
        access.require_nda(admin, id, Some(crate::id::NdaId::fresh()), minute(4)).await.is_err(),
        access.assign(admin, &blank, minute(4)).await.is_err(),
        library.documents.unlink(&nobody, id, minute(4)).await.is_err(),
        library.documents.relink(&nobody, id, minute(4)).await.is_err(),
    ];
    ensure_eq!(failures, [true; 10], "calls that failed");
    let after = (history(&desk, id).await?, desk.read(id).await?);
    ensure_eq!(after, before, "the history and the document");

    let draft = desk.import("Draft").await?.id;
    let imported = history(&desk, draft).await?;
    access.withdraw(admin, draft, minute(4)).await?;
    ensure_eq!(history(&desk, draft).await?, imported, "the history of a withdrawn draft");
    library.documents.unlink(admin, draft, minute(4)).await?;
    library.documents.unlink(admin, draft, minute(4)).await?;
    ensure_eq!(history(&desk, draft).await?.len(), 2, "entries of unlinking it twice");
    library.documents.relink(admin, draft, minute(5)).await?;
    library.documents.relink(admin, draft, minute(5)).await?;
    ensure_eq!(history(&desk, draft).await?.len(), 3, "entries of undoing it twice");
    Ok(())
}

pub(super) async fn title(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    let imported = desk.import("Policy").await?;
    let renamed = Source { title: "Policy 2026".into(), ..imported.source.clone() };
    for _again in 0..2 {
        library.documents.patch(&desk.connection, &[seen(imported.id, &renamed, 5)], None).await?;
        let entries = history(&desk, imported.id).await?;
        let followed = (minute(5), Agent::System, None, AuditEvent::TitleFollowed);
        ensure_eq!((entries.first(), entries.len()), (Some(&followed), 2), "the history after a sync");
    }
    for _again in 0..2 {
        desk.import_text(&imported.source, "Policy").await?;
        let entries = history(&desk, imported.id).await?;
        let newest = entries.first().map(|(_, by, _, event)| (matches!(by, Agent::Member(_)), event));
        let followed = (true, &AuditEvent::TitleFollowed);
        ensure_eq!((newest, entries.len()), (Some(followed), 3), "the history after an import");
    }
    Ok(())
}
