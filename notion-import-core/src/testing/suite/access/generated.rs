//! The list of what is readable, held to the decision on generated libraries.

use fastrand::Rng;

use super::{Desk, Library};
use crate::actor::Role;
use crate::id::{ContactId, DocumentId, NdaId};
use crate::library::access::{AccessLevel, Outside, Publication, Viewer, decide};
use crate::library::gate::NewAssignment;
use crate::testing::suite::fixture::{DAY, actor, minute, tenant};
use crate::testing::suite::{Broken, Outcome};

pub(super) async fn readable(library: Library) -> Outcome {
    for seed in 0..12 {
        let mut rng = Rng::with_seed(seed);
        let desk = Desk::new(&library);
        let contacts = [desk.contact().await?, desk.contact().await?, desk.contact().await?];
        let documents = furnish(&desk, &contacts, &mut rng).await?;
        desk.block(contacts[2]).await?;
        for viewer in viewers(&desk, &contacts) {
            for minutes in [3, 2 * DAY, 5 * DAY] {
                compare(&desk, &documents, &viewer, minutes).await.map_err(|how| {
                    Broken::new(format!("seed {seed}, {viewer:?}, minute {minutes}: {how}"))
                })?;
            }
        }
    }
    Ok(())
}

/// Fills a library at random.
async fn furnish(desk: &Desk, contacts: &[ContactId], rng: &mut Rng) -> Result<Vec<DocumentId>, Broken> {
    let ndas = [desk.nda("First").await?, desk.nda("Second").await?];
    if rng.bool() {
        desk.access().set_default_nda(&desk.admin, Some(ndas[0]), minute(2)).await?;
    }
    let mut documents = Vec::new();
    for n in 0..6 {
        let id = document(desk, &format!("Document {}", n % 4), &ndas, rng).await?;
        for contact in contacts {
            for _ in 0..rng.u8(0..3) {
                assign(desk, id, *contact, rng).await?;
            }
        }
        documents.push(id);
    }
    for contact in contacts {
        for nda in ndas.into_iter().filter(|_| rng.bool()).collect::<Vec<_>>() {
            desk.accept(*contact, nda).await?;
            if rng.u8(0..4) == 0 {
                desk.access().void_acceptance(&desk.admin, *contact, nda, minute(2)).await?;
            }
        }
    }
    if rng.bool() {
        desk.publish_nda(ndas[1], "Second, again", rng.bool()).await?;
    }
    Ok(documents)
}

async fn document(desk: &Desk, title: &str, ndas: &[NdaId], rng: &mut Rng) -> Result<DocumentId, Broken> {
    let level = rng.choice(AccessLevel::ALL).unwrap_or_default();
    let id = desk.open(title, level).await?.id;
    let nda = rng.choice(ndas).copied().filter(|_| rng.bool());
    desk.access().require_nda(&desk.admin, id, nda, minute(2)).await?;
    desk.list(id, rng.bool()).await?;
    if rng.u8(0..5) == 0 {
        desk.access().withdraw(&desk.admin, id, minute(2)).await?;
    }
    Ok(id)
}

async fn assign(desk: &Desk, document: DocumentId, contact: ContactId, rng: &mut Rng) -> Outcome {
    let nda_waiver = (rng.u8(0..4) == 0).then(|| "A paper NDA".into());
    let expires_at = rng.bool().then(|| minute(rng.i64(2..5) * DAY));
    let new = NewAssignment { document, contact, expires_at, nda_waiver };
    let assignment = desk.access().assign(&desk.admin, &new, minute(2)).await?;
    if rng.u8(0..4) == 0 {
        desk.access().revoke(&desk.admin, document, assignment, minute(2)).await?;
    }
    Ok(())
}

fn viewers(desk: &Desk, contacts: &[ContactId; 3]) -> Vec<Viewer> {
    let contact = |tenant, id, verified| Viewer::Contact { tenant, id, verified };
    vec![
        Viewer::Anonymous,
        Viewer::Member(actor(desk.tenant(), Role::Viewer)),
        Viewer::Member(actor(tenant(), Role::Admin)),
        desk.viewer(contacts[0]),
        desk.viewer(contacts[1]),
        desk.viewer(ContactId::fresh()),
        contact(desk.tenant(), contacts[0], false),
        contact(desk.tenant(), contacts[2], true),
        contact(tenant(), contacts[0], true),
    ]
}

async fn compare(desk: &Desk, documents: &[DocumentId], viewer: &Viewer, minutes: i64) -> Outcome {
    let now = minute(minutes);
    let mut expected = Vec::new();
    for id in documents {
        let facts = desk.access().facts(desk.tenant(), viewer.contact(), *id).await?;
        let Some((document, facts)) = facts else { return Err(Broken::new("a document is gone".into())) };
        let outside = decide(desk.tenant(), viewer, &document, &facts, now).outside(&document);
        if outside != Outside::NotFound && matches!(document.publication, Publication::Published(_)) {
            expected.push((*id, document.level, outside));
        }
    }
    let readable = desk.readable(viewer, now).await?;
    let mut readable: Vec<_> =
        readable.into_iter().map(|shown| (shown.id, shown.level, shown.outside)).collect();
    readable.sort_by_key(|(id, ..)| *id);
    expected.sort_by_key(|(id, ..)| *id);
    ensure_eq!(readable, expected, "what is readable");
    Ok(())
}
