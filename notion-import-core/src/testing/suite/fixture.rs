//! What the suites put into the stores.

use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::{StreamExt, future, stream};
use uuid::Uuid;

use super::Broken;
use crate::actor::Actor;
use crate::actor::Role;
use crate::connection::{
    Attempt, Confirmation, Connection, ConnectionRecord, ConnectionRef, ConnectionStore, Granted, Namespace,
    SharedWorkspace, Workspace,
};
use crate::error::{Cause, Conflict, StoreError};
use crate::id::{AttemptId, ConnectionId, DocumentId, MemberId, NotionId, TenantId, VersionNumber};
use crate::library::access::{AccessFacts, AccessLevel, DocumentFacts, Publication, Viewer};
use crate::library::basis::{Basis, ReadState};
use crate::library::blob::{Blob, BlobBytes, BlobId, ByteStream};
use crate::library::document::{
    Against, Content, Found, NewContent, Source, SourceKind, SourceParent, SourceState, StoredFile, SyncPatch,
};
use crate::library::fidelity::{Exposure, Fidelity};
use crate::library::gate::Permit;

/// This many minutes into the suites' day.
pub fn minute(minutes: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(20_000) + TimeDelta::minutes(minutes)
}

/// How seldom the clock of a file system may tick: a hundred times a second on some kernels, and an idle machine may miss one.
const TICK: Duration = Duration::from_millis(20);

/// A moment after all that was put and before all that will be.
pub(super) async fn moment() -> DateTime<Utc> {
    tokio::time::sleep(TICK).await;
    let now = Utc::now();
    tokio::time::sleep(TICK).await;
    now
}

/// Lets others go first so many times.
pub(super) async fn turns(count: usize) {
    for _ in 0..count {
        tokio::task::yield_now().await;
    }
}

pub(super) fn tenant() -> TenantId {
    TenantId::fresh()
}

pub(super) fn actor(tenant: TenantId, role: Role) -> Actor {
    Actor::new(tenant, MemberId::fresh(), role)
}

/// Somebody who may import into this tenant.
pub fn content_manager(tenant: TenantId) -> Actor {
    actor(tenant, Role::ContentManager)
}

/// Permission to read a version of a document, whatever a store says of it.
///
/// # Panics
/// Never: what is public may be read by anybody.
pub fn permit(site: TenantId, id: DocumentId, version: VersionNumber) -> Permit {
    let publication = Publication::Published(version);
    let facts =
        DocumentFacts { tenant: site, id, level: AccessLevel::Public, publication, listed: false, nda: None };
    let permit = Permit::to_read(site, &Viewer::Anonymous, &facts, &AccessFacts::default(), minute(0));
    permit.unwrap_or_else(|outside| panic!("what is public may be read: {outside:?}"))
}

/// The administrator who began an attempt.
pub(super) const fn beginner(attempt: &Attempt) -> Actor {
    Actor::new(attempt.tenant, attempt.member, Role::Admin)
}

/// An attempt is begun at minute 0, by whom it says.
pub(super) async fn begin<S: ConnectionStore + ?Sized>(
    store: &S,
    attempt: &Attempt,
) -> Result<(), StoreError> {
    store.begin(&beginner(attempt), attempt, minute(0)).await
}

/// An administrator fences a connection, at minute 1.
pub(super) async fn fence<S: ConnectionStore + ?Sized>(
    store: &S,
    tenant: TenantId,
    id: ConnectionId,
) -> Result<Option<ConnectionRecord>, StoreError> {
    store.fence(&actor(tenant, Role::Admin), id, minute(1)).await
}

pub(super) const SECRET: [u8; 32] = [7; 32];

/// An attempt of minute 0 that expires at minute 15.
pub(super) fn attempt(tenant: TenantId) -> Attempt {
    Attempt::new(tenant, AttemptId::fresh(), MemberId::fresh(), SECRET, minute(15), Namespace::new("here"))
}

pub(super) fn granted(reference: &str) -> Granted {
    let bot = NotionId::new(Uuid::now_v7());
    let workspace = Workspace { id: Some("acme".into()), name: "Acme".into(), bot };
    Granted { reference: ConnectionRef::new(reference), workspace }
}

/// An active connection, confirmed and due at minute 0.
pub(super) async fn connected<S: ConnectionStore + ?Sized>(
    store: &S,
    tenant: TenantId,
    reference: &str,
) -> Result<ConnectionRecord, Broken> {
    confirmed(store, &attempt(tenant), &granted(reference), minute(0)).await
}

/// What the right person says of an attempt of [`attempt`]'s, wherever other tenants stand.
pub(super) const fn confirmation(at: DateTime<Utc>) -> Confirmation {
    Confirmation { shared: SharedWorkspace::Allow, ..Confirmation::new(SECRET, at) }
}

/// What comes of an attempt that is begun, granted and confirmed by the right person.
pub(super) async fn confirmed<S: ConnectionStore + ?Sized>(
    store: &S,
    attempt: &Attempt,
    granted: &Granted,
    now: DateTime<Utc>,
) -> Result<ConnectionRecord, Broken> {
    begin(store, attempt).await?;
    store.record_grant(attempt.tenant, attempt.id, granted).await?;
    let actor = beginner(attempt);
    Ok(store.activate(&actor, attempt.id, &confirmation(now)).await?)
}

/// Somebody who writes documents through the connection of this name.
pub(super) fn writer(tenant: TenantId, reference: &str, generation: u64) -> Connection {
    Connection { generation, ..Connection::new(tenant, reference) }
}

pub(super) fn notion_id() -> NotionId {
    NotionId::new(Uuid::now_v7())
}

/// The minutes of a day.
pub(super) const DAY: i64 = 24 * 60;

/// A page with everything a source can say, edited at minute 0.
pub fn page(title: &str) -> Source {
    let icon = crate::library::document::SourceImage::Emoji("📄".into());
    Source {
        id: notion_id(),
        kind: SourceKind::Page,
        url: crate::notion::address::LastingUrl::new("https://www.notion.so/policy"),
        title: title.into(),
        created_at: minute(-60),
        edited_at: minute(0),
        parent: Some(SourceParent::DataSource(notion_id())),
        icon: Some(icon),
        cover: Some(crate::library::document::SourceImage::Stored(file("cover.png"))),
        locked: true,
    }
}

/// What an import of `source` brings, read in the minute of its edit.
pub fn content(source: &Source, text: &str) -> NewContent {
    NewContent {
        source: source.clone(),
        state: SourceState::Present,
        content: Content::Markdown(text.into()),
        attachments: vec![file("diagram.png")],
        fidelity: fidelity(),
        exposure: Exposure::default(),
        read: ReadState {
            edited_at: source.edited_at,
            settled: false,
            basis: basis(b"first"),
            refers: false,
            read_at: minute(1),
        },
        chosen: None,
    }
}

/// What a reading may rest on.
pub(super) fn basis(of: &[u8]) -> Option<Basis> {
    Some(Basis::of(&[of]))
}

const fn fidelity() -> Fidelity {
    Fidelity::Complete
}

pub(super) fn file(name: &str) -> StoredFile {
    let blob = Blob { id: BlobId::of(name.as_bytes()), size: name.len() as u64 };
    StoredFile { blob, name: name.into(), media_type: "image/png".into() }
}

/// A look at `source` at this minute that found it as it is.
pub(super) fn seen(document: DocumentId, source: &Source, minutes: i64) -> SyncPatch {
    let source = Box::new(source.clone());
    let found = Found::Source { source, state: SourceState::Present, reading: None, trouble: None };
    patch(document, minutes, found)
}

/// What was found at this minute, by somebody who knew of the import of [`content`] at minute 1 only.
pub(super) fn patch(document: DocumentId, minutes: i64, found: Found) -> SyncPatch {
    let read = ReadState {
        edited_at: minute(0),
        settled: false,
        basis: basis(b"first"),
        refers: false,
        read_at: minute(1),
    };
    let against = Against { checked_at: minute(1), latest: VersionNumber(1), read };
    SyncPatch { document, began_at: minute(minutes), against, found }
}

/// Bytes on their way into a store, in chunks of at most seven.
pub fn bytes(text: &[u8]) -> ByteStream {
    let chunks: Vec<_> = text.chunks(7).map(|chunk| Ok(Bytes::copy_from_slice(chunk))).collect();
    stream::iter(chunks).boxed()
}

/// Bytes that break off at their end.
pub(super) fn broken_bytes(text: &[u8]) -> ByteStream {
    let cause = Cause::from("the network broke off");
    bytes(text).chain(stream::iter([Err(cause)])).boxed()
}

pub(super) async fn collected(mut bytes: BlobBytes) -> Result<Vec<u8>, Broken> {
    let mut whole = Vec::new();
    while let Some(chunk) = bytes.next().await {
        whole.extend_from_slice(&chunk?);
    }
    Ok(whole)
}

/// Polls `future` so many times, unless it is ready before, and drops it.
pub(super) async fn abandon<T>(future: impl Future<Output = T>, polls: usize) -> Option<T> {
    let mut future = pin!(future);
    for _ in 0..polls {
        let polled = future::poll_fn(|context| Poll::Ready(future.as_mut().poll(context))).await;
        if let Poll::Ready(done) = polled {
            return Some(done);
        }
        tokio::task::yield_now().await;
    }
    None
}

/// Returns the conflict that a call was refused for.
pub(super) fn conflict<T>(outcome: Result<T, StoreError>) -> Result<Conflict, Broken> {
    match outcome {
        Err(StoreError::Conflict(conflict)) => Ok(conflict),
        Err(other) => Err(Broken::new(format!("failed with '{other}'"))),
        Ok(_) => Err(Broken::new("succeeded".into())),
    }
}
