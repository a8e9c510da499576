//! How long logs are kept.

use std::time::Duration;

use super::reads::{counted, entry};
use super::{Desk, Library};
use crate::actor::Agent;
use crate::error::{Conflict, StoreError};
use crate::id::{ContactId, DocumentId};
use crate::library::access::{AccessLevel, Viewer};
use crate::library::audit::{AuditEvent, AuditQuery, Subject};
use crate::library::gate::{AccessState, CutEntries, LogCut, ReadEntry, Retention};
use crate::testing::suite::fixture::minute;
use crate::testing::suite::{Broken, Outcome};

const ALL: AuditQuery = AuditQuery::newest(99);

/// A document with readings of minutes 1 to 5, newest first, and as many counts.
async fn read(desk: &Desk) -> Result<(DocumentId, Vec<ReadEntry>), Broken> {
    let document = desk.import("Policy").await?.id;
    let contact = ContactId::fresh();
    let mut all = Vec::new();
    for minutes in 1..=5 {
        let entry = entry(document, contact, minutes);
        desk.record(&entry).await?;
        all.insert(0, entry);
        let reads = [counted(document, minutes, 2)];
        desk.access().count_reads(desk.tenant(), &reads).await?;
    }
    Ok((document, all))
}

fn reads_before(minutes: i64) -> LogCut {
    LogCut { reads: Some(minute(minutes)), audit: None }
}

pub(super) async fn reads(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    let (document, all) = read(&desk).await?;
    let cut = desk.access().cut(desk.tenant(), &reads_before(3), minute(9)).await?;
    ensure_eq!(cut, CutEntries { reads: 4, audit: 0 }, "what went");
    ensure_eq!(desk.newest_reads().await?, all[..3], "the log");
    let counts: Vec<_> = (3..=5).map(|minutes| counted(document, minutes, 2)).collect();
    ensure_eq!(desk.public_reads(document).await?, counts, "the counts");
    let said = desk.access().audit(&desk.admin, &AuditQuery::newest(1)).await?;
    let said = said.first().map(|entry| (entry.at, entry.by, entry.subject, entry.event.clone()));
    let event = AuditEvent::LogsCut { reads: Some(minute(3)), audit: None };
    let subject = Subject::Tenant(desk.tenant());
    ensure_eq!(said, Some((minute(9), Agent::System, subject, event)), "what the audit says");
    Ok(())
}

pub(super) async fn audit(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    let (access, admin, tenant) = (desk.access(), &desk.admin, desk.tenant());
    let document = desk.open("Policy", AccessLevel::Public).await?.id;
    access.withdraw(admin, document, minute(4)).await?;
    let before = access.audit(admin, &ALL).await?;
    let (then, now) = (access.as_of(admin, minute(3)).await?, access.as_of(admin, minute(5)).await?);
    // The import of minute 1, and what was done in minute 2.
    let kept = Retention::default().audit(Duration::from_secs(60));
    let cut = access.retain(tenant, &kept, minute(4)).await?;
    ensure_eq!(cut, CutEntries { reads: 0, audit: before.len() as u64 - 1 }, "what went");
    let after = access.audit(admin, &ALL).await?;
    ensure_eq!(after[1..], before[..1], "what is left, below what is said of the cut");
    ensure_eq!(after[0].number, before[0].number + 1, "the number of what is said of the cut");
    let last = before[1].number;
    let said = AuditEvent::LogsCut { reads: None, audit: Some(last) };
    ensure_eq!((&after[0].event, after[0].by), (&said, Agent::System), "what is said of the cut");
    let start = access.audit_since(tenant, 0, 99).await?.start.map(|start| (start.number, start.at));
    ensure_eq!(start, Some((last, minute(2))), "where the audit starts");
    ensure_eq!(access.audit_since(tenant, last, 99).await?.start, None, "the start, after it");
    let told = access.as_of(admin, minute(1)).await;
    ensure_fails!(told, StoreError::Conflict(Conflict::NoLongerKept), "what is gone");
    ensure_eq!(access.as_of(admin, minute(3)).await?, then, "the state before the withdrawal");
    let told = access.as_of(admin, minute(5)).await?;
    let answer = |state: &AccessState| state.answer(&Viewer::Anonymous, document, minute(5));
    ensure_eq!(answer(&told), answer(&now), "the answer after the withdrawal");
    let again = access.cut(tenant, &LogCut { reads: None, audit: then.as_start()? }, minute(6)).await?;
    ensure_eq!(again, CutEntries::default(), "what goes the second time");
    Ok(())
}

pub(super) async fn nothing(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    let (access, admin, tenant) = (desk.access(), &desk.admin, desk.tenant());
    read(&desk).await?;
    let before = access.audit(admin, &ALL).await?;
    for cut in [reads_before(0), LogCut::default()] {
        ensure_eq!(access.cut(tenant, &cut, minute(9)).await?, CutEntries::default(), "what {cut:?} takes");
    }
    for retention in [Retention::default(), Retention::default().reads(Duration::MAX).audit(Duration::MAX)] {
        let taken = access.retain(tenant, &retention, minute(9)).await?;
        ensure_eq!(taken, CutEntries::default(), "what {retention:?} takes");
    }
    ensure_eq!(access.audit(admin, &ALL).await?, before, "the audit");
    Ok(())
}

pub(super) async fn retained(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    let (_, all) = read(&desk).await?;
    let (access, tenant) = (desk.access(), desk.tenant());
    let kept = Retention::default().reads(Duration::from_secs(3 * 60)).audit(Duration::from_secs(60));
    access.retain(tenant, &kept, minute(7)).await?;
    ensure_eq!(desk.newest_reads().await?, all[..2], "readings of the last three minutes");
    let events = access.audit(&desk.admin, &ALL).await?.into_iter().map(|entry| entry.event);
    let said = AuditEvent::LogsCut { reads: Some(minute(4)), audit: Some(1) };
    ensure_eq!(events.collect::<Vec<_>>(), [said], "the audit of the last minute");
    // A day later nothing of the first day is left but what it came to.
    access.retain(tenant, &kept, minute(99)).await?;
    ensure_eq!(desk.newest_reads().await?, [], "the readings");
    ensure_eq!(access.as_of(&desk.admin, minute(99)).await?.number(), 3, "the last entry");
    Ok(())
}

pub(super) async fn tenancy(library: Library) -> Outcome {
    let (ours, theirs) = (Desk::new(&library), Desk::new(&library));
    read(&ours).await?;
    let (document, all) = read(&theirs).await?;
    let kept = Retention::default().reads(Duration::ZERO).audit(Duration::ZERO);
    ours.access().retain(ours.tenant(), &kept, minute(9)).await?;
    ensure_eq!(ours.newest_reads().await?, [], "our log");
    ensure_eq!(theirs.newest_reads().await?, all, "their log");
    ensure_eq!(theirs.public_reads(document).await?.len(), 5, "their counts");
    ensure_eq!(theirs.access().audit(&theirs.admin, &ALL).await?.len(), 1, "their audit");
    ensure_eq!(theirs.access().audit_since(theirs.tenant(), 0, 9).await?.start, None, "the start of theirs");
    Ok(())
}
