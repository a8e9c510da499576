//! What a host answers as JSON, and what it reads: the names are promised, and no secret is among them.

use chrono::{DateTime, TimeDelta, Utc};
use notion_import_core::notion::LastingUrl;
use notion_import_core::store::{Link, Title};
use notion_import_core::{
    AccessLevel, AdminDocument, AttemptState, ConnectionRef, Document, DocumentFacts, DocumentId, Entry,
    Error, Expected, Granted, ImportEvent, ImportOutcome, Imported, LevelChange, Listing, NdaId, NotionId,
    Outside, Pick, PublicDocument, Publication, Publish, Query, QueryKind, Role, Shape, Shown, Source,
    SourceImage, SourceKind, SourceParent, SourceState, StoreError, SyncReport, TenantId, UnknownRole,
    VersionNumber, Workspace,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use uuid::Uuid;

const ID: &str = "35261e8c-e0a3-80c8-9f00-0123456789ab";
const AT: &str = "2026-11-22T08:00:00Z";

fn uuid() -> Uuid {
    ID.parse().unwrap()
}

fn notion() -> NotionId {
    NotionId::new(uuid())
}

fn document() -> DocumentId {
    DocumentId::new(uuid())
}

fn at() -> DateTime<Utc> {
    AT.parse().unwrap()
}

fn source() -> Source {
    Source {
        id: notion(),
        kind: SourceKind::DataSource,
        url: LastingUrl::new("https://app.notion.com/p/x"),
        title: "Policy".to_owned(),
        created_at: at(),
        edited_at: at() + TimeDelta::minutes(1),
        parent: Some(SourceParent::Database(notion())),
        icon: Some(SourceImage::Emoji("📄".to_owned())),
        cover: Some(SourceImage::Hosted),
        locked: false,
    }
}

fn source_json() -> Value {
    json!({
        "id": ID, "kind": "data_source", "url": "https://app.notion.com/p/x", "title": "Policy",
        "created_at": AT, "edited_at": "2026-11-22T08:01:00Z", "parent": { "type": "database", "id": ID },
        "icon": { "type": "emoji", "value": "📄" }, "cover": { "type": "hosted" }, "locked": false,
    })
}

fn granted(name: &str) -> Granted {
    let workspace = Workspace { id: Some("w".to_owned()), name: name.to_owned(), bot: notion() };
    Granted { reference: ConnectionRef::new("nango-1"), workspace }
}

fn outcome(result: Result<Imported, Error>) -> ImportEvent {
    ImportEvent::Finished(ImportOutcome { pick: Pick::page(notion()), result })
}

fn writes(written: impl Serialize, expected: &Value) {
    assert_eq!(serde_json::to_value(written).unwrap(), *expected);
}

#[test]
fn what_a_host_answers_is_written_so() {
    let entry = Entry { source: source(), state: SourceState::NotShared, imported: Some(document()) };
    let listing = Listing { entries: vec![entry], next: Some("cursor".to_owned()), is_capped: true };
    let entry = json!({ "source": source_json(), "state": "not_shared", "imported": ID });
    writes(listing, &json!({ "entries": [entry], "next": "cursor", "is_capped": true }));

    let report = SyncReport { checked: 3, changed: 2, failed: 1 };
    writes(report, &json!({ "checked": 3, "changed": 2, "failed": 1 }));

    let acme = json!({ "id": "w", "name": "Acme", "bot": ID });
    writes(AttemptState::Waiting, &json!({ "state": "waiting" }));
    writes(AttemptState::Expired, &json!({ "state": "expired" }));
    let expected = json!({ "state": "granted", "reference": "nango-1", "workspace": acme });
    writes(AttemptState::Granted(granted("Acme")), &expected);
    let elsewhere = AttemptState::GrantedElsewhere { from: granted("Acme").workspace, to: granted("Other") };
    let to = json!({ "reference": "nango-1", "workspace": { "id": "w", "name": "Other", "bot": ID } });
    writes(elsewhere, &json!({ "state": "granted_elsewhere", "from": acme, "to": to }));

    writes(ImportEvent::Total(2), &json!({ "type": "total", "value": 2 }));
    let pick = json!({ "id": ID, "kind": "page", "shape": "best" });
    for (imported, kind, version) in [
        (Imported::Created(document()), "created", json!(null)),
        (Imported::NewVersion(document(), VersionNumber(2)), "new_version", json!(2)),
        (Imported::Unchanged(document()), "unchanged", json!(null)),
    ] {
        let imported_json = json!({ "type": kind, "document": ID, "version": version });
        writes(imported, &imported_json);
        let finished = json!({ "pick": pick, "imported": imported_json, "error": null });
        writes(outcome(Ok(imported)), &json!({ "type": "finished", "value": finished }));
    }
    let error = json!({ "code": "store_failed", "kind": "storage_failed" });
    writes(Error::from(StoreError::backend("password=hunter2")), &error);
    let finished = json!({ "pick": pick, "imported": null, "error": error });
    let failed = outcome(Err(StoreError::backend("password=hunter2").into()));
    writes(failed, &json!({ "type": "finished", "value": finished }));

    for (outside, status, expected) in [
        (Outside::Ok, 200, json!({ "type": "ok" })),
        (Outside::NotFound, 404, json!({ "type": "not_found" })),
        (Outside::SignIn, 401, json!({ "type": "sign_in" })),
        (Outside::RequestAccess, 403, json!({ "type": "request_access" })),
        (
            Outside::AcceptNda { nda: NdaId::new(uuid()), version: 3 },
            403,
            json!({ "type": "accept_nda", "nda": ID, "version": 3 }),
        ),
    ] {
        assert_eq!(outside.status(), status, "{outside:?}");
        writes(outside, &expected);
        let (id, version) = (document(), VersionNumber(1));
        let (level, title) = (AccessLevel::RequiresNda, "Policy".to_owned());
        let public =
            PublicDocument { id, title, level, category: None, version, published_at: at(), outside };
        let shown = json!({ "id": ID, "title": "Policy", "level": "requires_nda", "category": null, "version": 1,
            "published_at": AT, "outside": expected });
        writes(public, &shown);
    }
}

#[test]
fn what_members_see_of_a_document_is_written_so() {
    let tenant = TenantId::new(uuid());
    let link = Link {
        connection: None,
        source: source(),
        state: SourceState::Present,
        checked_at: at(),
        update_available: true,
        trouble: None,
        shown: Some(Shown::Columns(vec!["Name".to_owned()])),
    };
    let admin = AdminDocument {
        document: Document {
            tenant,
            id: document(),
            title: Title { text: "Policy".to_owned(), edited_here: false },
            link: Some(link),
            unlinked: None,
            latest: VersionNumber(2),
            created_at: at(),
        },
        facts: DocumentFacts {
            tenant,
            id: document(),
            level: AccessLevel::Public,
            publication: Publication::Published(VersionNumber(1)),
            listed: true,
            nda: None,
        },
        published_title: Some("Our policy".to_owned()),
        category: Some("Policies".to_owned()),
        revision: 7,
    };
    let link = json!({ "connection": null, "source": source_json(), "state": "present", "checked_at": AT,
        "update_available": true, "trouble": null, "shown": { "type": "columns", "value": ["Name"] } });
    let expected = json!({
        "document": { "tenant": ID, "id": ID, "title": { "text": "Policy", "edited_here": false },
            "link": link, "unlinked": null, "latest": 2, "created_at": AT },
        "facts": { "tenant": ID, "id": ID, "level": "public",
            "publication": { "state": "published", "version": 1 }, "listed": true, "nda": null },
        "published_title": "Our policy", "category": "Policies", "revision": 7,
    });
    writes(admin, &expected);
}

fn reads<T: DeserializeOwned + PartialEq + std::fmt::Debug>(read: Value, expected: T) {
    assert_eq!(serde_json::from_value::<T>(read).unwrap(), expected);
}

#[test]
fn what_a_host_is_asked_for_is_read_so() {
    let query =
        Query { words: "policy".to_owned(), kind: QueryKind::DataSources, after: Some("c".to_owned()) };
    reads(json!({}), Query::default());
    reads(json!({ "words": "policy", "kind": "data_sources", "after": "c" }), query);
    for (name, kind) in
        [("any", QueryKind::Any), ("pages", QueryKind::Pages), ("data_sources", QueryKind::DataSources)]
    {
        reads(json!(name), kind);
    }
    reads(json!({ "id": ID, "kind": "page" }), Pick::page(notion()));
    for (name, shape) in [("best", Shape::Best), ("markdown", Shape::Markdown), ("rows", Shape::Rows)] {
        let pick = Pick::data_source(notion()).shaped(shape);
        reads(json!({ "id": ID, "kind": "data_source", "shape": name }), pick);
    }
    let expected = Expected { level: AccessLevel::Internal, revision: 1, reason: "Asked for".to_owned() };
    let expected_json = json!({ "level": "internal", "revision": 1, "reason": "Asked for" });
    let change = LevelChange { to: AccessLevel::Public, expected: expected.clone() };
    reads(json!({ "to": "public", "expected": expected_json }), change);
    for role in [Role::Admin, Role::ContentManager, Role::AccountManager, Role::Viewer] {
        assert_eq!(serde_json::to_value(role).unwrap().as_str().unwrap().parse(), Ok(role));
    }
    assert_eq!("owner".parse::<Role>(), Err(UnknownRole));
    let publish = Publish { version: VersionNumber(1), title: "Policy".to_owned(), level: None, expected };
    reads(json!({ "version": 1, "title": "Policy", "expected": expected_json }), publish.clone());
    let publish = Publish { level: Some(AccessLevel::Public), ..publish };
    reads(json!({ "version": 1, "title": "Policy", "level": "public", "expected": expected_json }), publish);
}
