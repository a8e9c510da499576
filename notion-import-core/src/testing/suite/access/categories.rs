//! Where documents stand on a site.

use super::{Broken, Desk, Library};
use crate::error::StoreError;
use crate::id::{DocumentId, TenantId};
use crate::library::access::{AccessLevel, Viewer};
use crate::library::audit::{AuditEvent, AuditQuery};
use crate::library::gate::ReadableQuery;
use crate::testing::suite::Outcome;
use crate::testing::suite::fixture::{minute, seen};

pub(super) async fn kept(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    let imported = desk.open("Policy", AccessLevel::Public).await?;
    let id = imported.id;
    let set =
        async |category: Option<&str>| desk.access().set_category(&desk.admin, id, category, minute(3)).await;
    let now = async || {
        let known = desk.read(id).await?;
        let audit = desk.access().audit(&desk.admin, &AuditQuery::of_document(id, 99)).await?;
        Ok::<_, Broken>((known.category, known.revision, audit.len()))
    };
    let before = now().await?;
    ensure_eq!(before.0, None, "the category of a new document");
    let spelled = "Üb\u{202e}erblick\r\n\0 '%_\\ 東";
    for _again in 0..2 {
        set(Some(spelled)).await?;
        let expected = (Some("Überblick '%_\\ 東".to_owned()), before.1 + 1, before.2 + 1);
        ensure_eq!(now().await?, expected, "the category, the revision and the length of the audit");
    }
    let after = now().await?;
    let newest = desk.access().audit(&desk.admin, &AuditQuery::of_document(id, 1)).await?;
    ensure_eq!(newest.first().map(|entry| &entry.event), Some(&AuditEvent::CategoryChanged), "the audit");
    let longest = "a".repeat(100);
    let longer = set(Some(&format!("{longest}b"))).await;
    ensure!(matches!(longer, Err(StoreError::OutOfRange(_))), "a longer name ended in {longer:?}");
    ensure_eq!(now().await?, after, "what a refused one leaves");
    desk.import_text(&imported.source, "Second").await?;
    library.documents.patch(&desk.connection, &[seen(id, &imported.source, 5)], None).await?;
    desk.access().withdraw(&desk.admin, id, minute(6)).await?;
    desk.publish(id, 2).await?;
    ensure_eq!(now().await?.0, after.0, "the category after an import, a sync and a withdrawal");
    set(Some(&longest)).await?;
    ensure_eq!(now().await?.0, Some(longest), "the longest name");
    set(Some(" \u{200b}")).await?;
    ensure_eq!(now().await?.0, None, "the category of a name that cannot be seen");
    let unknown = desk.access().set_category(&desk.admin, DocumentId::fresh(), Some("A"), minute(7)).await;
    ensure_fails!(unknown, StoreError::NotFound, "a category of what is not there");
    Ok(())
}

pub(super) async fn seen_by(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    let into = async |id: DocumentId, category: &str| {
        Ok::<_, Broken>(desk.access().set_category(&desk.admin, id, Some(category), minute(3)).await?)
    };
    let mut policies = Vec::new();
    for (title, category) in [("Access", "Policies"), ("Backup", "POLICIES"), ("Zoning", "Politik")] {
        let id = desk.open(title, AccessLevel::Public).await?.id;
        into(id, category).await?;
        policies.push(id);
    }
    into(desk.open("Plan", AccessLevel::Internal).await?.id, "Internal").await?;
    into(desk.import("Draft").await?.id, "Drafts").await?;
    let gone = desk.open("Gone", AccessLevel::Public).await?.id;
    into(gone, "Withdrawn").await?;
    desk.access().withdraw(&desk.admin, gone, minute(4)).await?;
    let report = desk.open("Report", AccessLevel::Restricted).await?.id;
    into(report, "Audits").await?;
    let listed = desk.open("Test", AccessLevel::Restricted).await?.id;
    into(listed, "Tests").await?;
    desk.list(listed, true).await?;
    desk.open("Nowhere", AccessLevel::Public).await?;
    let contact = desk.contact().await?;
    desk.assign(report, contact).await?;

    let (site, at) = (desk.tenant(), minute(5));
    for (viewer, expected) in [
        (Viewer::Anonymous, &["policies", "politik", "tests"][..]),
        (desk.viewer(contact), &["audits", "policies", "politik", "tests"]),
        (Viewer::Member(desk.admin.clone()), &["audits", "internal", "policies", "politik", "tests"]),
    ] {
        let known = desk.access().categories(site, &viewer, at).await?;
        let known: Vec<_> = known.iter().map(|known| known.to_lowercase()).collect();
        ensure_eq!(known, expected, "what {viewer:?} knows of");
    }
    let all: Vec<_> = desk.access().list_categories(site).await?;
    let all: Vec<_> = all.iter().map(|known| known.to_lowercase()).collect();
    let expected = ["audits", "drafts", "internal", "policies", "politik", "tests", "withdrawn"];
    ensure_eq!(all, expected, "what there is");
    ensure_eq!(desk.access().list_categories(TenantId::fresh()).await?.len(), 0, "another tenant's");
    for (category, text, expected) in [
        ("policies", "", &policies[..2]),
        ("Policies", "back", &policies[1..2]),
        ("Politik", "", &policies[2..]),
        ("Poli", "", &[]),
        ("Internal", "", &[]),
    ] {
        let (category, text) = (Some(category.to_owned()), text.to_owned());
        let query = ReadableQuery { category, text, ..ReadableQuery::first(9) };
        let page = desk.access().readable(site, &Viewer::Anonymous, &query, at).await?;
        let found: Vec<_> = page.documents.iter().map(|shown| shown.id).collect();
        ensure_eq!(found, expected, "what is found by {query:?}");
    }
    Ok(())
}
