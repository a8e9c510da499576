//! Who has read what.

use chrono::TimeDelta;

use super::{Desk, Library};
use crate::actor::Role;
use crate::error::StoreError;
use crate::id::{ContactId, DocumentId, NdaId, ReadId, VersionNumber};
use crate::library::access::{AcceptedNda, AssignmentId};
use crate::library::basis::VersionDigest;
use crate::library::blob::BlobId;
use crate::library::gate::{PublicReads, ReadEntry, ReadQuery};
use crate::testing::suite::fixture::{actor, minute};
use crate::testing::suite::{Broken, Outcome};

/// A reading of a first version in this minute.
pub(in crate::testing::suite) fn entry(document: DocumentId, contact: ContactId, minutes: i64) -> ReadEntry {
    ReadEntry {
        id: ReadId::fresh(),
        at: minute(minutes) + TimeDelta::seconds(7),
        contact,
        address: Some([192, 0, 2, 7].into()),
        document,
        version: VersionNumber(1),
        digest: VersionDigest::from_digest([5; 32]),
        file: None,
        assignment: AssignmentId(uuid::Uuid::now_v7()),
        accepted: vec![AcceptedNda { nda: NdaId::fresh(), version: 3 }],
    }
}

pub(super) fn counted(document: DocumentId, minutes: i64, count: u64) -> PublicReads {
    PublicReads { document, version: VersionNumber(1), file: None, minute: minute(minutes), count }
}

impl Desk {
    pub(super) async fn record(&self, entry: &ReadEntry) -> Result<(), Broken> {
        Ok(self.access().record_read(self.tenant(), entry).await?)
    }

    async fn reads(&self, query: ReadQuery) -> Result<Vec<ReadEntry>, Broken> {
        Ok(self.access().reads(&self.admin, &query).await?)
    }

    pub(super) async fn newest_reads(&self) -> Result<Vec<ReadEntry>, Broken> {
        self.reads(ReadQuery { limit: 99, ..ReadQuery::default() }).await
    }

    pub(super) async fn public_reads(&self, document: DocumentId) -> Result<Vec<PublicReads>, Broken> {
        Ok(self.access().public_reads(&self.admin, document, minute(0)..minute(99)).await?)
    }
}

pub(super) async fn kept(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    let document = desk.import("Policy").await?.id;
    let page = entry(document, ContactId::fresh(), 3);
    let file = ReadEntry {
        file: Some(BlobId::of(b"a file")),
        address: None,
        accepted: Vec::new(),
        ..entry(document, page.contact, 3)
    };
    desk.record(&page).await?;
    desk.record(&file).await?;
    ensure_eq!(desk.newest_reads().await?, [file, page], "the log");
    Ok(())
}

pub(super) async fn once(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    let document = desk.import("Policy").await?.id;
    let first = entry(document, ContactId::fresh(), 3);
    desk.record(&first).await?;
    let again = ReadEntry { id: ReadId::fresh(), at: first.at + TimeDelta::seconds(50), ..first.clone() };
    desk.record(&again).await?;
    ensure_eq!(desk.newest_reads().await?, std::slice::from_ref(&first), "the log of one minute");
    let later = ReadEntry { id: ReadId::fresh(), at: first.at + TimeDelta::seconds(53), ..first.clone() };
    let other = ReadEntry { id: ReadId::fresh(), contact: ContactId::fresh(), ..first.clone() };
    for entry in [&later, &other] {
        desk.record(entry).await?;
    }
    ensure_eq!(desk.newest_reads().await?, [other, later, first], "the log of others and other minutes");
    Ok(())
}

pub(super) async fn paged(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    let documents = [desk.import("Policy").await?.id, desk.import("Other").await?.id];
    let contacts = [ContactId::fresh(), ContactId::fresh()];
    let mut all = Vec::new();
    for minutes in 1..4 {
        for document in documents {
            for contact in contacts {
                let entry = entry(document, contact, minutes);
                desk.record(&entry).await?;
                all.insert(0, entry);
            }
        }
    }
    let (mut paged, mut before) = (Vec::new(), None);
    loop {
        let page = desk.reads(ReadQuery { before, limit: 5, ..ReadQuery::default() }).await?;
        let Some(last) = page.last() else { break };
        before = Some(last.id);
        paged.extend(page);
    }
    ensure_eq!(paged, all, "all pages");
    for (document, contact) in
        [(Some(documents[0]), None), (None, Some(contacts[1])), (Some(documents[1]), Some(contacts[0]))]
    {
        let wanted = |entry: &&ReadEntry| {
            document.is_none_or(|document| entry.document == document)
                && contact.is_none_or(|contact| entry.contact == contact)
        };
        let expected: Vec<ReadEntry> = all.iter().filter(wanted).cloned().collect();
        let found = desk.reads(ReadQuery { document, contact, before: None, limit: 99 }).await?;
        ensure_eq!(found, expected, "the log of {document:?} and {contact:?}");
    }
    Ok(())
}

pub(super) async fn counts(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    let (document, other) = (desk.import("Policy").await?.id, desk.import("Other").await?.id);
    let file = Some(BlobId::of(b"a file"));
    let of_file = PublicReads { file, ..counted(document, 3, 4) };
    desk.access()
        .count_reads(desk.tenant(), &[of_file, counted(document, 3, 2), counted(other, 3, 9)])
        .await?;
    desk.access().count_reads(desk.tenant(), &[counted(document, 2, 1), counted(document, 3, 5)]).await?;
    let expected = [counted(document, 2, 1), counted(document, 3, 7), of_file];
    ensure_eq!(desk.public_reads(document).await?, expected, "how often it was read");
    let within = desk.access().public_reads(&desk.admin, document, minute(2)..minute(3)).await?;
    ensure_eq!(within, [counted(document, 2, 1)], "how often it was read in a minute");
    Ok(())
}

pub(super) async fn no_such_version(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    let document = desk.import("Policy").await?.id;
    let none = VersionNumber(2);
    let entry = ReadEntry { version: none, ..entry(document, ContactId::fresh(), 3) };
    let recorded = desk.access().record_read(desk.tenant(), &entry).await;
    ensure_fails!(recorded, StoreError::NotFound, "a reading of no version");
    let reads = [counted(document, 3, 2), PublicReads { version: none, ..counted(document, 3, 2) }];
    let recorded = desk.access().count_reads(desk.tenant(), &reads).await;
    ensure_fails!(recorded, StoreError::NotFound, "a count for no version");
    ensure_eq!(desk.newest_reads().await?, [], "the log");
    ensure_eq!(desk.public_reads(document).await?, [], "what is counted of all, if one is not there");
    Ok(())
}

pub(super) async fn denied(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    let document = desk.import("Policy").await?.id;
    desk.record(&entry(document, ContactId::fresh(), 3)).await?;
    for (role, may) in [
        (Role::Admin, true),
        (Role::AccountManager, true),
        (Role::ContentManager, false),
        (Role::Viewer, false),
    ] {
        let actor = actor(desk.tenant(), role);
        let query = ReadQuery { limit: 9, ..ReadQuery::default() };
        let read = desk.access().reads(&actor, &query).await;
        let public = desk.access().public_reads(&actor, document, minute(0)..minute(9)).await;
        if may {
            ensure_eq!(read?.len(), 1, "what {role:?} reads");
            public?;
        } else {
            ensure_fails!(read, StoreError::Denied, "the log to {role:?}");
            ensure_fails!(public, StoreError::Denied, "the counts to {role:?}");
        }
    }
    Ok(())
}

pub(super) async fn tenancy(library: Library) -> Outcome {
    let (desk, other) = (Desk::new(&library), Desk::new(&library));
    let document = desk.import("Policy").await?.id;
    let kept = entry(document, ContactId::fresh(), 3);
    desk.record(&kept).await?;
    desk.access().count_reads(desk.tenant(), &[counted(document, 3, 2)]).await?;
    let theirs = ReadEntry { id: ReadId::fresh(), ..kept.clone() };
    let recorded = other.access().record_read(other.tenant(), &theirs).await;
    ensure_fails!(recorded, StoreError::NotFound, "a reading of another tenant's document");
    let recorded = other.access().count_reads(other.tenant(), &[counted(document, 3, 2)]).await;
    ensure_fails!(recorded, StoreError::NotFound, "a count for another tenant's document");
    ensure_eq!(other.newest_reads().await?, [], "another tenant's log");
    ensure_eq!(other.public_reads(document).await?, [], "another tenant's counts");
    ensure_eq!(desk.newest_reads().await?, [kept], "the log");
    ensure_eq!(desk.public_reads(document).await?, [counted(document, 3, 2)], "the counts");
    Ok(())
}
