//! Who may do what: one row a call.

use futures_util::future::BoxFuture;

use super::{Desk, Library, details};
use crate::actor::Role;
use crate::actor::{Action, Actor};
use crate::error::StoreError;
use crate::id::{ContactId, DocumentId, NdaId, RequestId};
use crate::library::access::{AccessLevel, AssignmentId};
use crate::library::audit::{AuditQuery, Subject};
use crate::library::document::DocumentStore;
use crate::library::gate::{
    AccessStore, Approval, Asker, ContactChange, ContactDetails, DocumentQuery, Expected, LevelChange,
    NewAssignment, NewNdaVersion, Publish,
};
use crate::testing::suite::fixture::{actor, minute};
use crate::testing::suite::{Broken, Outcome};

const ROLES: [Role; 4] = [Role::Admin, Role::ContentManager, Role::AccountManager, Role::Viewer];

/// What the calls are tried on: a published, internal document of two versions.
struct Target<'a> {
    access: &'a dyn AccessStore,
    documents: &'a dyn DocumentStore,
    document: DocumentId,
    assignment: AssignmentId,
    contact: ContactId,
    nda: NdaId,
    asked_for: DocumentId,
    request: RequestId,
    approval: Approval,
    new_contact: ContactId,
    blocked: ContactId,
    details: ContactDetails,
    wider: LevelChange,
    second: Publish,
    of_document: AuditQuery,
    newest: AuditQuery,
    of_nda: AuditQuery,
    seen: Expected,
    assignment_again: NewAssignment,
    nda_again: NewNdaVersion,
}

type Call = for<'a> fn(&'a Target<'a>, &'a Actor) -> BoxFuture<'a, Result<(), StoreError>>;

macro_rules! call {
    ($name:literal, $action:ident, |$target:ident, $actor:ident| $call:expr) => {
        ($name, Action::$action, |$target, $actor| {
            Box::pin(async move {
                let done = $call.await;
                done.map(drop)
            })
        })
    };
}

const CALLS: &[(&str, Action, Call)] = &[
    call!("document", ReadInternal, |t, actor| t.access.document(actor, t.document)),
    call!("documents", ReadInternal, |t, actor| t.access.documents(actor, &DocumentQuery::newest(9))),
    call!("imported", ReadInternal, |t, actor| t.access.imported(actor, None, 9)),
    call!("versions", ReadInternal, |t, actor| t.access.versions(actor, t.document)),
    call!("the history of a document", ReadInternal, |t, actor| { t.access.audit(actor, &t.of_document) }),
    call!("the audit", ReadAudit, |t, actor| t.access.audit(actor, &t.newest)),
    call!("the audit of an NDA", ReadAudit, |t, actor| t.access.audit(actor, &t.of_nda)),
    call!("assignments", ReadInternal, |t, actor| t.access.assignments(actor, t.document)),
    call!("rename", Publish, |t, actor| t.access.rename(actor, t.document, Some("Renamed"), minute(3))),
    call!("set_level to public", Publish, |t, actor| {
        t.access.set_level(actor, t.document, &t.wider, minute(3))
    }),
    call!("publish", Publish, |t, actor| { t.access.publish(actor, t.document, &t.second, minute(3)) }),
    call!("set_category", Publish, |t, actor| {
        t.access.set_category(actor, t.document, Some("Policies"), minute(3))
    }),
    call!("withdraw", Publish, |t, actor| t.access.withdraw(actor, t.document, minute(3))),
    call!("set_listed", Publish, |t, actor| t.access.set_listed(actor, t.document, true, &t.seen, minute(3))),
    call!("require_nda", Publish, |t, actor| t.access.require_nda(actor, t.document, Some(t.nda), minute(3))),
    call!("assign", Assign, |t, actor| t.access.assign(actor, &t.assignment_again, minute(3))),
    call!("revoke", Assign, |t, actor| t.access.revoke(actor, t.document, t.assignment, minute(3))),
    call!("contacts", ReadInternal, |t, actor| t.access.contacts(actor, None, 9)),
    call!("requests", Assign, |t, actor| t.access.requests(actor, None, 9)),
    call!("approve", Assign, |t, actor| {
        t.access.approve(actor, t.asked_for, t.request, &t.approval, minute(3))
    }),
    call!("decline", Assign, |t, actor| {
        t.access.decline(actor, t.asked_for, t.request, "Not yet", minute(3))
    }),
    call!("add_contact", Assign, |t, actor| {
        t.access.add_contact(actor, t.new_contact, &t.details, minute(3))
    }),
    call!("blocking a contact", Assign, |t, actor| {
        t.access.change_contact(actor, t.contact, ContactChange::Block, minute(3))
    }),
    call!("unblocking a contact", Assign, |t, actor| {
        t.access.change_contact(actor, t.blocked, ContactChange::Unblock("Why".into()), minute(3))
    }),
    call!("erasing a contact", Erase, |t, actor| {
        t.access.change_contact(actor, t.contact, ContactChange::Erase, minute(3))
    }),
    call!("publish_nda", ManageNda, |t, actor| t.access.publish_nda(actor, &t.nda_again, minute(3))),
    call!("set_default_nda", ManageNda, |t, actor| t.access.set_default_nda(actor, Some(t.nda), minute(3))),
    call!("void_acceptance", ManageNda, |t, actor| {
        t.access.void_acceptance(actor, t.contact, t.nda, minute(3))
    }),
    call!("unlink", Import, |t, actor| t.documents.unlink(actor, t.document, minute(3))),
    call!("relink", Import, |t, actor| t.documents.relink(actor, t.document, minute(3))),
];

pub(super) async fn matrix(library: Library) -> Outcome {
    for (name, action, call) in CALLS {
        for role in ROLES {
            attempt(&library, name, *action, *call, role).await?;
        }
    }
    Ok(())
}

async fn attempt(library: &Library, name: &str, action: Action, call: Call, role: Role) -> Outcome {
    let desk = Desk::new(library);
    let imported = desk.import("Policy").await?;
    desk.import_text(&imported.source, "Second").await?;
    desk.publish(imported.id, 1).await?;
    let contact = desk.contact().await?;
    let nda = desk.nda("Say nothing").await?;
    desk.accept(contact, nda).await?;
    let document = imported.id;
    let asked_for = desk.gated("Asked for").await?;
    desk.ask(Asker::Contact(contact), &[asked_for], 2).await?;
    let wider = desk.change(document, AccessLevel::Public).await?;
    let target = Target {
        access: desk.access(),
        documents: &*library.documents,
        document,
        assignment: desk.assign(document, contact).await?,
        contact,
        nda,
        asked_for,
        request: desk.waiting().await?.id,
        approval: Approval::default(),
        new_contact: ContactId::fresh(),
        blocked: desk.blocked().await?,
        details: details("new@orchard.example")?,
        of_document: AuditQuery::of_document(document, 9),
        newest: AuditQuery::newest(9),
        of_nda: AuditQuery { subject: Some(Subject::Nda(nda)), ..AuditQuery::newest(9) },
        second: desk.publication_of(document, 2).await?,
        seen: wider.expected.clone(),
        wider,
        assignment_again: NewAssignment { document, contact, expires_at: None, nda_waiver: None },
        nda_again: NewNdaVersion {
            id: nda,
            title: "NDA".into(),
            text: "New".into(),
            expected: 1,
            ask_again: false,
        },
    };
    let before = everything(&desk, &target).await?;
    let done = call(&target, &actor(desk.tenant(), role)).await;
    if role.may(action) {
        return done.map_err(|error| Broken::new(format!("{name} as {role:?} failed: {error}")));
    }
    ensure_fails!(done, StoreError::Denied, "{name} as {role:?}");
    ensure_eq!(everything(&desk, &target).await?, before, "what is kept after {name} as {role:?}");
    Ok(())
}

/// All that any of the calls could change.
async fn everything(
    desk: &Desk,
    target: &Target<'_>,
) -> Result<impl PartialEq + std::fmt::Debug + use<>, Broken> {
    let access = desk.access();
    Ok((
        desk.read(target.document).await?,
        access.audit(&desk.admin, &AuditQuery::newest(99)).await?,
        access.assignments(&desk.admin, target.document).await?,
        access.ndas(desk.tenant()).await?,
        access.contacts(&desk.admin, None, 9).await?,
        desk.queue().await?,
        access.facts(desk.tenant(), Some(target.contact), target.document).await?,
    ))
}

pub(super) async fn nda_taken_off(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    let (first, second) = (desk.nda("First").await?, desk.nda("Second").await?);
    let id = desk.import("Policy").await?.id;
    let manager = actor(desk.tenant(), Role::ContentManager);
    let access = desk.access();
    access.require_nda(&manager, id, Some(first), minute(3)).await?;
    access.require_nda(&manager, id, Some(first), minute(3)).await?;
    for other in [None, Some(second)] {
        let taken = access.require_nda(&manager, id, other, minute(3)).await;
        ensure_fails!(taken, StoreError::Denied, "a content manager requiring {other:?} instead");
        ensure_eq!(desk.read(id).await?.facts.nda, Some(first), "the NDA required");
    }
    for other in [Some(second), None] {
        access.require_nda(&desk.admin, id, other, minute(3)).await?;
        ensure_eq!(desk.read(id).await?.facts.nda, other, "the NDA required");
    }
    Ok(())
}
