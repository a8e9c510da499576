//! The gate: what is read through it is logged before it is answered.

use std::sync::Arc;

use http::request::Parts;
use http::{Method, Request, StatusCode, header};
use notion_import_core::store::VersionDigest;
use notion_import_core::testing::suite::{bytes, content, content_manager, minute, page};
use notion_import_core::{
    AcceptedNda, AccessLevel, AccessStore, Actor, AssignmentId, BlobId, BlobStore, Connection,
    ContactDetails, ContactId, ContactStore, DocumentId, DocumentStore, Expected, Gate, MemberId,
    MemoryBlobs, MemoryLibrary, NdaId, NewAcceptance, NewAssignment, NewNdaVersion, PublicReads, Publish,
    ReadEntry, ReadLog, ReadOutcome, ReadQuery, Role, TenantId, VersionNumber, Viewer, Visit,
};

/// A tenant with one published document, and a file attached to it.
struct Site {
    library: Arc<MemoryLibrary>,
    gate: Gate,
    admin: Actor,
    document: DocumentId,
    file: BlobId,
}

impl Site {
    async fn open(level: AccessLevel) -> Self {
        let (library, blobs) = (Arc::<MemoryLibrary>::default(), Arc::<MemoryBlobs>::default());
        let connection = Connection::new(TenantId::fresh(), "notion");
        let admin = Actor::new(connection.tenant, MemberId::fresh(), Role::Admin);
        let new = content(&page("Policy"), "We encrypt everything.");
        let file = new.attachments[0].blob.id;
        blobs.put(admin.tenant, bytes(b"diagram.png"), u64::MAX).await.unwrap();
        let writer = content_manager(admin.tenant);
        let document = library.import(&writer, &connection, &new, minute(1)).await.unwrap().document();
        let site = Self { gate: Gate::new(library.clone(), blobs), library, admin, document, file };
        let title = "Policy".to_owned();
        let publish =
            Publish { version: VersionNumber(1), title, level: Some(level), expected: site.expected().await };
        site.library.publish(&site.admin, document, &publish, minute(2)).await.unwrap();
        site
    }

    async fn expected(&self) -> Expected {
        let known = AccessStore::document(&*self.library, &self.admin, self.document).await.unwrap().unwrap();
        Expected { level: known.facts.level, revision: known.revision, reason: "reviewed".into() }
    }

    /// Adds a contact who is let in.
    async fn assign(&self) -> (ContactId, AssignmentId) {
        let contact = ContactId::fresh();
        let details =
            ContactDetails::new("Dana", "Orchard", "dana@orchard.example".parse().unwrap()).unwrap();
        self.library.add_contact(&self.admin, contact, &details, minute(2)).await.unwrap();
        let new = NewAssignment { document: self.document, contact, expires_at: None, nda_waiver: None };
        (contact, self.library.assign(&self.admin, &new, minute(2)).await.unwrap())
    }

    fn visit(&self, contact: ContactId, minutes: i64) -> Visit {
        let viewer = Viewer::Contact { tenant: self.admin.tenant, id: contact, verified: true };
        Visit::new(self.admin.tenant, viewer, minute(minutes)).from_address([192, 0, 2, 9].into())
    }

    fn anonymous(&self, minutes: i64) -> Visit {
        Visit::new(self.admin.tenant, Viewer::Anonymous, minute(minutes))
    }

    async fn reads(&self, visit: &Visit) -> bool {
        matches!(self.gate.read(visit, self.document).await.unwrap(), ReadOutcome::Open(_))
    }

    async fn downloads(&self, visit: &Visit, request: &Parts) -> StatusCode {
        match self.gate.download(visit, self.document, &self.file, request).await.unwrap() {
            ReadOutcome::Open(served) => served.response.status(),
            ReadOutcome::Closed(outside) => outside.status(),
            ReadOutcome::Unmarkable(error) => error.status(),
        }
    }

    async fn log(&self) -> Vec<ReadEntry> {
        self.library.reads(&self.admin, &ReadQuery { limit: 99, ..ReadQuery::default() }).await.unwrap()
    }

    async fn counts(&self) -> Vec<PublicReads> {
        self.library.public_reads(&self.admin, self.document, minute(0)..minute(99)).await.unwrap()
    }
}

fn get(range: Option<&str>) -> Parts {
    let mut request = Request::builder();
    if let Some(range) = range {
        request = request.header(header::RANGE, range);
    }
    request.body(()).unwrap().into_parts().0
}

#[tokio::test]
async fn a_contacts_reading_says_who_what_when_and_by_what_right() {
    let site = Site::open(AccessLevel::RequiresNda).await;
    let nda = NdaId::fresh();
    let text =
        NewNdaVersion { id: nda, title: "NDA".into(), text: "Hush".into(), expected: 0, ask_again: true };
    site.library.publish_nda(&site.admin, &text, minute(2)).await.unwrap();
    site.library.set_default_nda(&site.admin, Some(nda), minute(2)).await.unwrap();
    let (contact, assignment) = site.assign().await;
    let visit = site.visit(contact, 5);
    assert!(!site.reads(&visit).await);
    assert_eq!(site.log().await, [], "what was refused is not read");

    let digest = BlobId::of(b"Hush");
    let acceptance = NewAcceptance { document: site.document, nda, version: 1, digest, address: None };
    site.library.accept_nda(site.admin.tenant, &visit.viewer, &acceptance, minute(3)).await.unwrap();
    assert!(site.reads(&visit).await);
    let log = site.log().await;
    let new = content(&page("Policy"), "We encrypt everything.");
    let expected = ReadEntry {
        id: log[0].id,
        at: minute(5),
        contact,
        address: visit.address,
        document: site.document,
        version: VersionNumber(1),
        digest: VersionDigest::of(&new.content, &new.attachments),
        file: None,
        assignment,
        accepted: vec![AcceptedNda { nda, version: 1 }],
    };
    assert_eq!(log, [expected]);
}

#[tokio::test]
async fn a_download_is_one_reading_whatever_its_ranges_and_what_sends_nothing_is_none() {
    let site = Site::open(AccessLevel::Restricted).await;
    let (contact, _) = site.assign().await;
    let visit = site.visit(contact, 5);
    let mut head = get(None);
    head.method = Method::HEAD;
    site.downloads(&visit, &head).await;
    assert_eq!(site.downloads(&visit, &get(Some("bytes=99-"))).await, StatusCode::RANGE_NOT_SATISFIABLE);
    let stranger = site.visit(ContactId::fresh(), 5);
    site.downloads(&stranger, &get(None)).await;
    assert_eq!(site.log().await, [], "nothing was sent");

    for range in [Some("bytes=0-3"), Some("bytes=4-"), None] {
        site.downloads(&visit, &get(range)).await;
    }
    let log = site.log().await;
    assert_eq!(log.iter().map(|entry| entry.file).collect::<Vec<_>>(), [Some(site.file)]);
    assert!(site.reads(&visit).await);
    assert_eq!(site.log().await.len(), 2, "the page is read for itself");
}

#[tokio::test]
async fn what_is_public_is_counted_by_the_minute_and_members_read_unlogged() {
    let site = Site::open(AccessLevel::Public).await;
    let member = Visit::new(site.admin.tenant, Viewer::Member(site.admin.clone()), minute(3));
    assert!(site.reads(&member).await);
    for _ in 0..3 {
        assert!(site.reads(&site.anonymous(3)).await);
    }
    assert!(site.reads(&site.visit(ContactId::fresh(), 3)).await);
    site.downloads(&site.anonymous(3), &get(None)).await;
    assert_eq!(site.counts().await, [], "the minute is not over");
    assert!(site.reads(&site.anonymous(4)).await);
    let page = |minutes, count| PublicReads {
        document: site.document,
        version: VersionNumber(1),
        file: None,
        minute: minute(minutes),
        count,
    };
    let file = PublicReads { file: Some(site.file), ..page(3, 1) };
    assert_eq!(site.counts().await, [page(3, 4), file, page(4, 1)]);
    assert!(site.reads(&site.anonymous(4)).await);
    site.gate.flush().await.unwrap();
    site.gate.flush().await.unwrap();
    assert_eq!(site.counts().await, [page(3, 4), file, page(4, 2)], "nothing is counted twice");
    assert_eq!(site.log().await, [], "nobody is named");
}
