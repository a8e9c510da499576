//! What the gate gives to whom, and with which mark.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::stream::BoxStream;
use futures_util::{TryStreamExt, future};
use http::request::Parts;
use http::{HeaderMap, Method, Request, StatusCode, header};
use notion_import_core::testing::suite::{bytes, content, content_manager, minute, page};
use notion_import_core::{
    AccessLevel, AccessStore, Actor, AssignmentId, Blob, BlobBytes, BlobId, BlobStore, ByteStream,
    Connection, ContactDetails, ContactId, ContactStore, Content, DocumentId, DocumentStore, Expected, Gate,
    MarkError, MarkOptions, MemberId, MemoryBlobs, MemoryLibrary, NewAssignment, Publish, ReadEntry, ReadLog,
    ReadOutcome, ReadQuery, Readable, Role, SigningKey, StoreError, StoredFile, TenantId, Unmarkable,
    VersionNumber, Viewer, Visit,
};

use super::pdf::{page_of, texts};

/// A tenant with one document that is a PDF, shown to assigned contacts.
struct Site {
    library: Arc<MemoryLibrary>,
    blobs: Arc<Counted>,
    gate: Gate,
    admin: Actor,
    document: DocumentId,
    original: Vec<u8>,
}

impl Site {
    async fn with(original: Vec<u8>, options: &MarkOptions) -> Self {
        let (library, blobs) = (Arc::<MemoryLibrary>::default(), Arc::<Counted>::default());
        let connection = Connection::new(TenantId::fresh(), "notion");
        let admin = Actor::new(connection.tenant, MemberId::fresh(), Role::Admin);
        let blob = blobs.put(admin.tenant, bytes(&original), u64::MAX).await.unwrap();
        let file =
            StoredFile { blob, name: "Report.pdf".to_owned(), media_type: "application/pdf".to_owned() };
        let mut new = content(&page("Report"), "");
        blobs.put(admin.tenant, bytes(b"diagram.png"), u64::MAX).await.unwrap();
        new.content = Content::File(file);
        let writer = content_manager(admin.tenant);
        let document = library.import(&writer, &connection, &new, minute(1)).await.unwrap().document();
        let gate = Gate::new(library.clone(), blobs.clone()).with_marks(options);
        let site = Self { gate, library, blobs, admin, document, original };
        site.publish(AccessLevel::Restricted).await;
        site
    }

    async fn open() -> Self {
        Self::with(page_of(b"0 0 10 10 re f"), &MarkOptions::default()).await
    }

    async fn publish(&self, level: AccessLevel) {
        let known = AccessStore::document(&*self.library, &self.admin, self.document).await.unwrap().unwrap();
        let expected =
            Expected { level: known.facts.level, revision: known.revision, reason: "reviewed".into() };
        let publish =
            Publish { version: VersionNumber(1), title: "Report".into(), level: Some(level), expected };
        self.library.publish(&self.admin, self.document, &publish, minute(2)).await.unwrap();
    }

    /// Adds a contact who is let in.
    async fn assign(&self, name: &str) -> (ContactId, AssignmentId) {
        let contact = ContactId::fresh();
        let mail = format!("{name}@orchard.example").parse().unwrap();
        let details = ContactDetails::new(name, "Orchard", mail).unwrap();
        self.library.add_contact(&self.admin, contact, &details, minute(2)).await.unwrap();
        let new = NewAssignment { document: self.document, contact, expires_at: None, nda_waiver: None };
        (contact, self.library.assign(&self.admin, &new, minute(2)).await.unwrap())
    }

    fn visit(&self, contact: ContactId) -> Visit {
        let viewer = Viewer::Contact { tenant: self.admin.tenant, id: contact, verified: true };
        Visit::new(self.admin.tenant, viewer, minute(5))
    }

    async fn outcome(&self, visit: &Visit, request: &Parts) -> Result<Answer, MarkError> {
        let file = BlobId::of(&self.original);
        match self.gate.download(visit, self.document, &file, request).await.unwrap() {
            ReadOutcome::Open(served) => {
                let (head, body) = served.response.into_parts();
                let parts: Vec<_> = body.try_collect().await.unwrap();
                Ok(Answer { status: head.status, headers: head.headers, body: parts.concat() })
            }
            ReadOutcome::Closed(outside) => panic!("closed: {outside:?}"),
            ReadOutcome::Unmarkable(error) => Err(error),
        }
    }

    async fn get(&self, visit: &Visit, headers: &[(&str, &str)]) -> Answer {
        self.outcome(visit, &request(Method::GET, headers)).await.unwrap()
    }

    async fn read(&self, visit: &Visit) -> Readable {
        match self.gate.read(visit, self.document).await.unwrap() {
            ReadOutcome::Open(readable) => readable,
            ReadOutcome::Closed(_) | ReadOutcome::Unmarkable(_) => panic!("closed"),
        }
    }

    async fn log(&self) -> Vec<ReadEntry> {
        self.library.reads(&self.admin, &ReadQuery { limit: 99, ..ReadQuery::default() }).await.unwrap()
    }
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Answer {
    fn header(&self, name: header::HeaderName) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

fn request(method: Method, headers: &[(&str, &str)]) -> Parts {
    let mut request = Request::builder().method(method);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(()).unwrap().into_parts().0
}

#[tokio::test]
async fn parts_of_a_marked_file_make_the_whole() {
    let site = Site::open().await;
    let visit = site.visit(site.assign("dana").await.0);
    let whole = site.get(&visit, &[]).await;
    assert_eq!((whole.status, whole.header(header::ACCEPT_RANGES)), (StatusCode::OK, "bytes"));
    assert_eq!(whole.header(header::CONTENT_LENGTH), whole.body.len().to_string());
    assert_eq!(whole.header(header::CACHE_CONTROL), "no-store");
    assert!(texts(&whole.body)[0].contains("dana@orchard.example"));

    let tag = whole.header(header::ETAG);
    let (half, size) = (whole.body.len() / 2, whole.body.len());
    let first = site.get(&visit, &[("range", &format!("bytes=0-{}", half - 1))]).await;
    // Each part might be answered by another process, which has marked nothing yet.
    let gate = Gate::new(site.library.clone(), site.blobs.clone()).with_marks(&MarkOptions::default());
    let elsewhere = Site {
        gate,
        library: site.library.clone(),
        blobs: site.blobs.clone(),
        admin: site.admin.clone(),
        ..site
    };
    let second = elsewhere.get(&visit, &[("range", &format!("bytes={half}-")), ("if-range", tag)]).await;
    for (part, range) in [
        (&first, format!("bytes 0-{}/{size}", half - 1)),
        (&second, format!("bytes {half}-{}/{size}", size - 1)),
    ] {
        assert_eq!(part.status, StatusCode::PARTIAL_CONTENT);
        assert_eq!((part.header(header::CONTENT_RANGE), part.header(header::ETAG)), (range.as_str(), tag));
    }
    assert_eq!([first.body, second.body].concat(), whole.body);

    // What does not belong together is not joined: of another day, and of the original.
    let mut tomorrow = visit.clone();
    tomorrow.at += TimeDelta::days(1);
    let answer = elsewhere.get(&tomorrow, &[("range", "bytes=5-"), ("if-range", tag)]).await;
    assert_eq!(answer.status, StatusCode::OK);
    let beyond = elsewhere.get(&visit, &[("range", &format!("bytes={size}-"))]).await;
    assert_eq!((beyond.status, beyond.body.len()), (StatusCode::RANGE_NOT_SATISFIABLE, 0));
    let head = elsewhere.outcome(&visit, &request(Method::HEAD, &[])).await.unwrap();
    assert_eq!(
        (head.header(header::ETAG), head.header(header::CONTENT_LENGTH)),
        (tag, size.to_string().as_str())
    );
}

#[tokio::test]
async fn each_assignment_and_day_has_a_file_of_its_own_and_the_original_stays() {
    let site = Site::open().await;
    let ((dana, _), (emil, _)) = (site.assign("dana").await, site.assign("emil").await);
    let later = |contact, days, hours| Visit {
        at: minute(5) + TimeDelta::days(days) + TimeDelta::hours(hours),
        ..site.visit(contact)
    };
    let mut files = HashSet::new();
    for visit in [later(dana, 0, 0), later(dana, 1, 0), later(emil, 0, 0)] {
        let answer = site.get(&visit, &[]).await;
        files.insert((answer.header(header::ETAG).to_owned(), answer.body));
    }
    let same_day = site.get(&later(dana, 0, 12), &[]).await;
    assert!(files.contains(&(same_day.header(header::ETAG).to_owned(), same_day.body)));
    // An assignment that takes the place of another.
    let new = NewAssignment { document: site.document, contact: dana, expires_at: None, nda_waiver: None };
    site.library.assign(&site.admin, &new, minute(3)).await.unwrap();
    let again = site.get(&later(dana, 0, 0), &[]).await;
    files.insert((again.header(header::ETAG).to_owned(), again.body));
    assert_eq!(files.len(), 4);
    assert_eq!(files.iter().map(|(tag, _)| tag).collect::<HashSet<_>>().len(), 4);

    let kept = site.blobs.get(site.admin.tenant, &BlobId::of(&site.original), None).await.unwrap();
    assert_eq!(kept.try_collect::<Vec<_>>().await.unwrap().concat(), site.original);
}

#[tokio::test]
async fn mark_receipt_and_log_name_the_original() {
    let site = Site::open().await;
    let (contact, assignment) = site.assign("dana").await;
    let visit = site.visit(contact);
    let answer = site.get(&visit, &[]).await;
    let original = BlobId::of(&site.original);
    let text = texts(&answer.body).remove(0);
    assert!(text.contains(&format!("SHA-256 {}", &original.to_string()[..16])), "{text}");
    assert!(text.contains(&assignment.0.to_string()), "{text}");
    let mark = site.read(&visit).await.mark.unwrap();
    let log = site.log().await;
    assert_eq!(log.len(), 2);
    for entry in &log {
        assert_eq!((entry.digest, entry.assignment), (mark.version, mark.assignment));
    }
    assert_eq!((log[1].file, mark.original), (Some(original), original));
    let ReadOutcome::Open(receipt) = site.gate.receipt(&visit, site.document).await.unwrap() else {
        panic!()
    };
    assert_eq!(receipt.sha256, original);
    assert!(SigningKey::new(&[1; 32]).sign(&receipt).is_ok() && receipt.check(&site.original).is_ok());
}

#[tokio::test]
async fn only_what_a_contact_is_assigned_to_is_marked() {
    let site = Site::open().await;
    let (contact, _) = site.assign("dana").await;
    let member = Visit::new(site.admin.tenant, Viewer::Member(site.admin.clone()), minute(5));
    assert_eq!(site.get(&member, &[]).await.body, site.original);
    assert_eq!(site.read(&member).await.mark, None);
    site.publish(AccessLevel::Public).await;
    let anonymous = Visit::new(site.admin.tenant, Viewer::Anonymous, minute(5));
    for visit in [anonymous, site.visit(contact)] {
        assert_eq!(site.get(&visit, &[]).await.body, site.original);
        assert_eq!(site.read(&visit).await.mark, None);
    }
    // A gate that marks nothing, and what is no PDF.
    site.publish(AccessLevel::Restricted).await;
    assert_ne!(site.get(&site.visit(contact), &[]).await.body, site.original);
    let picture = BlobId::of(b"diagram.png");
    let outcome =
        site.gate.download(&site.visit(contact), site.document, &picture, &request(Method::GET, &[])).await;
    let ReadOutcome::Open(served) = outcome.unwrap() else { panic!("closed") };
    assert_eq!(served.response.into_body().try_collect::<Vec<_>>().await.unwrap().concat(), b"diagram.png");
    let gate = Gate::new(site.library.clone(), site.blobs.clone());
    let site = Site { gate, ..site };
    assert_eq!(site.get(&site.visit(contact), &[]).await.body, site.original);
}

#[tokio::test]
async fn what_cannot_be_marked_is_given_only_where_the_tenant_lets_it() {
    let plain = String::from_utf8(page_of(b"")).unwrap();
    let encrypted = plain.replace("/Root 1 0 R", "/Root 1 0 R /Encrypt 9 0 R").into_bytes();
    let small = MarkOptions::default().largest(100);
    for (original, options, error) in [
        (encrypted, MarkOptions::default(), MarkError::Encrypted),
        (b"%PDF-1.7 and nothing".to_vec(), MarkOptions::default(), MarkError::Broken),
        (page_of(b""), small, MarkError::TooLarge),
    ] {
        let site = Site::with(original, &options).await;
        let visit = site.visit(site.assign("dana").await.0);
        for method in [Method::GET, Method::HEAD] {
            let refused = site.outcome(&visit, &request(method, &[])).await;
            assert_eq!(refused.err(), Some(error));
        }
        assert_eq!(site.log().await, [], "what was refused is not read");
        let allowed = visit.unmarkable(Unmarkable::Serve);
        assert_eq!(site.get(&allowed, &[]).await.body, site.original);
        assert_eq!(site.log().await.len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_marked_once_for_all_who_ask_for_parts_of_it() {
    // It takes a while.
    let site = Site::with(page_of(&b"q Q ".repeat(200_000)), &MarkOptions::default()).await;
    let visit = site.visit(site.assign("dana").await.0);
    let asked = [0, 10, 20, 30].map(|at| format!("bytes={at}-{}", at + 9));
    let first = [("range", asked[0].as_str())];
    let parts = future::join_all((0..20).map(|_| site.get(&visit, &first))).await;
    for range in &asked {
        site.get(&visit, &[("range", range)]).await;
    }
    assert!(parts.iter().all(|part| part.body == parts[0].body));
    assert_eq!(site.blobs.reads.load(Ordering::SeqCst), 1, "the original was read again");
    // Nothing is kept where there is no room.
    let none = Site::with(site.original.clone(), &MarkOptions::default().kept(0)).await;
    let visit = none.visit(none.assign("dana").await.0);
    for reads in 1..3 {
        none.get(&visit, &first).await;
        assert_eq!(none.blobs.reads.load(Ordering::SeqCst), reads);
    }
}

#[tokio::test]
async fn bytes_that_are_not_the_original_are_not_marked_as_if_they_were() {
    let site = Site::open().await;
    let visit = site.visit(site.assign("dana").await.0);
    site.blobs.is_damaged.store(1, Ordering::SeqCst);
    let file = BlobId::of(&site.original);
    let outcome = site.gate.download(&visit, site.document, &file, &request(Method::GET, &[])).await;
    assert!(matches!(outcome, Err(StoreError::Corrupt(_))));
}

/// Blobs, and how often one was read.
#[derive(Default)]
struct Counted {
    blobs: MemoryBlobs,
    reads: AtomicUsize,
    is_damaged: AtomicUsize,
}

#[async_trait]
impl BlobStore for Counted {
    async fn put(&self, tenant: TenantId, bytes: ByteStream, cap: u64) -> Result<Blob, StoreError> {
        self.blobs.put(tenant, bytes, cap).await
    }

    async fn get(
        &self,
        tenant: TenantId,
        blob: &BlobId,
        range: Option<std::ops::Range<u64>>,
    ) -> Result<BlobBytes, StoreError> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        let range = if self.is_damaged.load(Ordering::SeqCst) > 0 { Some(0..9) } else { range };
        self.blobs.get(tenant, blob, range).await
    }

    async fn tenants(&self) -> Result<Vec<TenantId>, StoreError> {
        self.blobs.tenants().await
    }

    fn list_older_than(
        &self,
        tenant: TenantId,
        before: DateTime<Utc>,
    ) -> BoxStream<'_, Result<BlobId, StoreError>> {
        self.blobs.list_older_than(tenant, before)
    }

    async fn remove(&self, tenant: TenantId, blob: &BlobId, before: DateTime<Utc>) -> Result<(), StoreError> {
        self.blobs.remove(tenant, blob, before).await
    }
}
