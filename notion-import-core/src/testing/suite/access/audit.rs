//! The tenant's audit as a whole.

use std::net::IpAddr;

use futures_util::future::join_all;

use super::{Desk, Library};
use crate::actor::{Agent, Role};
use crate::error::StoreError;
use crate::id::{NdaId, VersionNumber};
use crate::library::access::AccessLevel;
use crate::library::audit::{AuditEntry, AuditEvent, AuditQuery, Subject};
use crate::library::blob::BlobId;
use crate::library::gate::NewAcceptance;
use crate::testing::suite::fixture::{abandon, actor, content, minute, page};
use crate::testing::suite::{Broken, Outcome};

const ALL: AuditQuery = AuditQuery::newest(9_999);

/// The whole audit, oldest first.
async fn audit(desk: &Desk) -> Result<Vec<AuditEntry>, Broken> {
    let mut entries = desk.access().audit(&desk.admin, &ALL).await?;
    entries.reverse();
    Ok(entries)
}

/// Holds the numbers to being counted from one, without a gap.
fn gapless(entries: &[AuditEntry]) -> Outcome {
    let numbers: Vec<u64> = entries.iter().map(|entry| entry.number).collect();
    let expected: Vec<u64> = (1..).take(entries.len()).collect();
    ensure_eq!(numbers, expected, "the numbers");
    Ok(())
}

fn of_subject(subject: Subject) -> AuditQuery {
    AuditQuery { subject: Some(subject), ..ALL }
}

pub(super) async fn read_on(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    for _ in 0..7 {
        desk.contact().await?;
    }
    let stranger = Desk::new(&library);
    stranger.contact().await?;
    let all = audit(&desk).await?;
    for (after, limit, expected) in [
        (0, 99, &all[..]),
        (0, 3, &all[..3]),
        (2, 3, &all[2..5]),
        (5, 99, &all[5..]),
        (7, 9, &[]),
        (99, 9, &[]),
    ] {
        let page = desk.access().audit_since(desk.tenant(), after, limit).await?;
        ensure_eq!(page.entries, expected, "at most {limit} entries after {after}");
        ensure_eq!(page.start, None, "where an audit starts that is whole");
    }
    Ok(())
}

pub(super) async fn imports(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    let address = IpAddr::from([0xfe80, 0, 0, 0, 0, 0, 0, 7]);
    let manager = actor(desk.tenant(), Role::ContentManager).from_address(address);
    let source = page("Policy");
    let import = async |text, minutes| {
        let new = content(&source, text);
        Ok::<_, Broken>(library.documents.import(&manager, &desk.connection, &new, minute(minutes)).await?)
    };
    let id = import("First", 1).await?.document();
    import("First", 2).await?;
    import("Second", 3).await?;
    let viewer = actor(desk.tenant(), Role::Viewer);
    let stranger = actor(crate::id::TenantId::fresh(), Role::Admin);
    for nobody in [viewer, stranger] {
        let new = content(&source, "Third");
        let denied = library.documents.import(&nobody, &desk.connection, &new, minute(4)).await;
        ensure_fails!(denied, StoreError::Denied, "an import by {nobody:?}");
    }
    let said: Vec<_> = audit(&desk)
        .await?
        .into_iter()
        .map(|entry| (entry.at, entry.by, entry.address, entry.subject, entry.event))
        .collect();
    let (by, subject) = (Agent::Member(manager.member), Subject::Document(id));
    let connection = desk.connection.id;
    let imported = |at, number, text| {
        let (version, digest) = (VersionNumber(number), content(&source, text).digest());
        let event = AuditEvent::Imported { version, digest, connection };
        (minute(at), by, Some(address), subject, event)
    };
    ensure_eq!(said, [imported(1, 1, "First"), imported(3, 2, "Second")], "what is said of the imports");
    Ok(())
}

pub(super) async fn ndas(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    let (access, admin) = (desk.access(), &desk.admin);
    let (nda, contact) = (desk.nda("Say nothing").await?, desk.contact().await?);
    for _again in 0..2 {
        access.set_default_nda(admin, Some(nda), minute(3)).await?;
    }
    let address = IpAddr::from([192, 0, 2, 7]);
    let document = desk.open("Policy", AccessLevel::RequiresNda).await?.id;
    desk.assign(document, contact).await?;
    let acceptance = NewAcceptance { address: Some(address), ..desk.acceptance(document, nda).await? };
    for _again in 0..2 {
        access.accept_nda(desk.tenant(), &desk.viewer(contact), &acceptance, minute(4)).await?;
    }
    for _again in 0..2 {
        access.void_acceptance(admin, contact, nda, minute(5)).await?;
    }
    for _again in 0..2 {
        access.set_default_nda(admin, None, minute(6)).await?;
    }
    ensure_fails!(
        access.set_default_nda(admin, Some(NdaId::fresh()), minute(7)).await,
        StoreError::NotFound,
        "an NDA that is not there as the default"
    );
    let said = |entries: Vec<AuditEntry>| -> Vec<_> {
        entries.into_iter().rev().map(|entry| (entry.at, entry.by, entry.address, entry.event)).collect()
    };
    let (member, digest) = (Agent::Member(admin.member), BlobId::of(b"Say nothing"));
    let of_nda = said(access.audit(admin, &of_subject(Subject::Nda(nda))).await?);
    let expected = [
        (minute(2), member, None, AuditEvent::NdaPublished { version: 1, digest, ask_again: true }),
        (minute(3), member, None, AuditEvent::DefaultNda { from: None, to: Some(nda) }),
        (minute(6), member, None, AuditEvent::DefaultNda { from: Some(nda), to: None }),
    ];
    ensure_eq!(of_nda, expected, "what is said of the NDA");
    let of_contact = said(access.audit(admin, &of_subject(Subject::Contact(contact))).await?);
    let accepted = AuditEvent::NdaAccepted { nda, version: 1 };
    let expected = [
        (minute(0), member, None, AuditEvent::ContactAdded),
        (minute(4), Agent::Contact(contact), Some(address), accepted),
        (minute(5), member, None, AuditEvent::AcceptanceVoided { nda }),
    ];
    ensure_eq!(of_contact, expected, "what is said of the contact");
    gapless(&audit(&desk).await?)
}

pub(super) async fn numbers(library: Library) -> Outcome {
    let (ours, theirs) = (Desk::new(&library), Desk::new(&library));
    for desk in [&ours, &theirs, &ours] {
        desk.import("Policy").await?;
        desk.nda("Say nothing").await?;
    }
    let (ours, theirs) = (audit(&ours).await?, audit(&theirs).await?);
    ensure_eq!((ours.len(), theirs.len()), (4, 2), "entries of two tenants");
    gapless(&ours)?;
    gapless(&theirs)
}

pub(super) async fn at_once(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    let id = desk.import("Policy").await?.id;
    let imports = async { join_all((0..8).map(|_| desk.import("Other"))).await };
    let ndas = async { join_all((0..8).map(|_| desk.nda("Say nothing"))).await };
    let renames = async {
        let rename = async |n: usize| {
            let title = format!("Title {n}");
            desk.access().rename(&desk.admin, id, Some(&title), minute(3)).await
        };
        join_all((0..8).map(rename)).await
    };
    let (imports, ndas, renames) = tokio::join!(imports, ndas, renames);
    imports.into_iter().try_for_each(|done| done.map(drop))?;
    ndas.into_iter().try_for_each(|done| done.map(drop))?;
    renames.into_iter().collect::<Result<(), StoreError>>()?;
    let entries = audit(&desk).await?;
    ensure_eq!(entries.len(), 25, "entries of acts at once");
    gapless(&entries)
}

pub(super) async fn dropped(library: Library) -> Outcome {
    for polls in 0..12 {
        let desk = Desk::new(&library);
        let source = page("Policy");
        abandon(desk.import_text(&source, "First"), polls).await;
        let kept = library.documents.linked_by_source(desk.tenant(), &[source.id]).await?.len();
        // What was dropped may still end: after this, it has.
        let id = desk.import_text(&source, "First").await?;
        let entries = audit(&desk).await?;
        ensure_eq!(
            entries.len(),
            1,
            "entries of an import dropped after {polls} polls that left {kept} documents"
        );
        ensure_eq!(entries[0].subject, Subject::Document(id), "what the entry is about");
        gapless(&entries)?;
    }
    Ok(())
}

pub(super) async fn change_dropped(library: Library) -> Outcome {
    for polls in 0..12 {
        let desk = Desk::new(&library);
        let id = desk.open("Policy", AccessLevel::Internal).await?.id;
        let change = desk.change(id, AccessLevel::Public).await?;
        abandon(desk.try_level(id, &change), polls).await;
        // What was dropped may still end: after this, it has.
        desk.access().rename(&desk.admin, id, Some("Afterwards"), minute(3)).await?;
        let entries = audit(&desk).await?;
        let of_level = |entry: &&AuditEntry| matches!(entry.event, AuditEvent::LevelChanged { .. });
        let widened = desk.level(id).await? == AccessLevel::Public;
        ensure_eq!(
            entries.iter().filter(of_level).count(),
            usize::from(widened),
            "entries of a change dropped after {polls} polls that happened: {widened}"
        );
        gapless(&entries)?;
    }
    Ok(())
}

pub(super) async fn paged(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    let id = desk.import("Policy").await?.id;
    for _ in 0..2 {
        desk.import("Other").await?;
        for listed in [true, false] {
            desk.list(id, listed).await?;
        }
    }
    for subject in [None, Some(Subject::Document(id))] {
        let query = AuditQuery { subject, ..ALL };
        let all = desk.access().audit(&desk.admin, &query).await?;
        let (mut paged, mut before) = (Vec::new(), None);
        loop {
            let page = AuditQuery { before, limit: 2, ..query.clone() };
            let page = desk.access().audit(&desk.admin, &page).await?;
            ensure!(page.len() <= 2, "{} entries on a page of two", page.len());
            let Some(last) = page.last() else { break };
            before = Some(last.number);
            paged.extend(page);
            ensure!(paged.len() <= all.len(), "the pages have no end");
        }
        ensure_eq!(paged, all, "the pages");
        ensure!(all.is_sorted_by(|a, b| a.number > b.number), "the audit is not newest first");
        let foreign = query.subject.is_some_and(|subject| all.iter().any(|entry| entry.subject != subject));
        ensure!(!foreign, "an entry about something else");
        ensure!(all.len() >= 5, "{} entries", all.len());
    }
    Ok(())
}

pub(super) async fn tenancy(library: Library) -> Outcome {
    let (ours, theirs) = (Desk::new(&library), Desk::new(&library));
    let id = ours.import("Policy").await?.id;
    let nda = ours.nda("Say nothing").await?;
    for query in [ALL, of_subject(Subject::Document(id)), of_subject(Subject::Nda(nda))] {
        let read = ours.access().audit(&theirs.admin, &query).await?;
        ensure_eq!(read, [], "another tenant's entries");
    }
    Ok(())
}
