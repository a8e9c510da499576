//! What is readable according to the database is what `decide` says, on libraries drawn at random and written past the stores.

use notion_import_core::store::{Acceptance, AccessFacts};
use notion_import_core::testing::suite::{content, content_manager, minute, page};
use notion_import_core::{
    AccessLevel, AccessStore, Actor, Assignment, AssignmentId, Connection, ContactId, ContactState,
    DocumentFacts, DocumentId, DocumentStore, MemberId, NdaId, NdaState, Outside, Publication, ReadableOrder,
    ReadableQuery, Role, TenantId, VersionNumber, Viewer, decide,
};
use notion_import_postgres::Postgres;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::test_runner::{Config, TestRunner};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::cluster::Database;

/// A level as it may be found in the database, and what it means.
const LEVELS: [(&str, AccessLevel); 6] = [
    ("internal", AccessLevel::Internal),
    ("requires_nda", AccessLevel::RequiresNda),
    ("restricted", AccessLevel::Restricted),
    ("public", AccessLevel::Public),
    ("everybody", AccessLevel::Internal),
    ("Public", AccessLevel::Internal),
];

/// What is kept of a contact, past the stores, and how the tenant stands to them.
const CONTACTS: [(&str, ContactState); 3] = [
    ("'Dana', 'Orchard', $2::text || '@orchard.example', false", ContactState::Known),
    ("'Dana', 'Orchard', $2::text || '@orchard.example', true", ContactState::Blocked),
    ("NULL, NULL, NULL, false", ContactState::Unknown),
];

#[derive(Clone, Debug)]
struct Drawn {
    contacts: [usize; 2],
    documents: Vec<DrawnDocument>,
    assignments: Vec<DrawnAssignment>,
    /// Who, which NDA, which version, and whether it was declared void.
    acceptances: Vec<(usize, usize, u32, bool)>,
    default_nda: Option<usize>,
    /// The current version, and the oldest that counts.
    ndas: [(u32, u32); 2],
}

#[derive(Clone, Debug)]
struct DrawnDocument {
    level: usize,
    publication: &'static str,
    listed: bool,
    nda: Option<usize>,
}

#[derive(Clone, Debug)]
struct DrawnAssignment {
    contact: usize,
    document: usize,
    expires_at: Option<i64>,
    revoked: bool,
    nda_waived: bool,
}

fn library() -> impl Strategy<Value = Drawn> {
    let publication = prop_oneof![4 => Just("published"), 1 => Just("draft"), 1 => Just("archived"), 1 => Just("Published")];
    let document = (0..LEVELS.len(), publication, any::<bool>(), option::of(0..2_usize))
        .prop_map(|(level, publication, listed, nda)| DrawnDocument { level, publication, listed, nda });
    let assignment = (0..2_usize, 0..8_usize, option::of(1..6_i64), any::<bool>(), any::<bool>()).prop_map(
        |(contact, document, expires_at, revoked, nda_waived)| DrawnAssignment {
            contact,
            document,
            expires_at,
            revoked,
            nda_waived,
        },
    );
    let acceptance = (0..2_usize, 0..2_usize, 1..3_u32, any::<bool>());
    let nda = prop_oneof![Just((1, 1)), Just((2, 1)), Just((2, 2))];
    let contact = prop_oneof![4 => Just(0_usize), 1 => 1..3_usize];
    let all = (
        vec(document, 1..8),
        vec(assignment, 0..12),
        vec(acceptance, 0..6),
        option::of(0..2_usize),
        [nda.clone(), nda],
        [contact.clone(), contact],
    );
    all.prop_map(|(documents, assignments, acceptances, default_nda, ndas, contacts)| Drawn {
        contacts,
        documents,
        assignments,
        acceptances,
        default_nda,
        ndas,
    })
}

/// A library as it is in the database, and as `decide` is asked about it.
struct Written {
    tenant: TenantId,
    contacts: [ContactId; 2],
    drawn_contacts: [usize; 2],
    documents: Vec<(DocumentFacts, String)>,
    assignments: Vec<Assignment>,
    acceptances: Vec<(ContactId, Acceptance)>,
    default_nda: Option<NdaId>,
    ndas: Vec<NdaState>,
}

async fn write(postgres: &Postgres, db: &mut PgConnection, drawn: &Drawn) -> Written {
    let tenant = TenantId::fresh();
    let nda_ids = [NdaId::fresh(), NdaId::fresh()];
    let mut written = Written {
        tenant,
        contacts: [ContactId::fresh(), ContactId::fresh()],
        drawn_contacts: drawn.contacts,
        documents: Vec::new(),
        assignments: Vec::new(),
        acceptances: Vec::new(),
        default_nda: drawn.default_nda.map(|nda| nda_ids[nda]),
        ndas: Vec::new(),
    };
    for (id, kept) in written.contacts.iter().zip(drawn.contacts) {
        let row = format!("INSERT INTO notion_import.contacts VALUES ($1, $2, {}, now())", CONTACTS[kept].0);
        let row = sqlx::query(sqlx::AssertSqlSafe(row)).bind(tenant.as_uuid()).bind(id.as_uuid());
        row.execute(&mut *db).await.unwrap();
    }
    for (id, (current, accept_from)) in nda_ids.into_iter().zip(drawn.ndas) {
        written.nda(db, NdaState { id, current, accept_from }).await;
    }
    if let Some(nda) = written.default_nda {
        let row = sqlx::query("INSERT INTO notion_import.default_ndas VALUES ($1, $2)");
        row.bind(tenant.as_uuid()).bind(nda.as_uuid()).execute(&mut *db).await.unwrap();
    }
    for (n, document) in drawn.documents.iter().enumerate() {
        // Ordered by what was published, which has nothing to do with the working title.
        let title = format!("Document {}", n % 3);
        let connection = Connection::new(tenant, "notion");
        let working = content(&page(&format!("Working {}", 9 - n % 5)), "Text");
        let imported =
            postgres.import(&content_manager(tenant), &connection, &working, minute(1)).await.unwrap();
        let nda = document.nda.map(|nda| nda_ids[nda]);
        written.document(db, imported.document(), title, document, nda).await;
    }
    for assignment in &drawn.assignments {
        written.assignment(db, assignment).await;
    }
    for (contact, nda, version, void) in &drawn.acceptances {
        written.acceptance(db, *contact, nda_ids[*nda], *version, *void).await;
    }
    written
}

impl Written {
    async fn nda(&mut self, db: &mut PgConnection, nda: NdaState) {
        let row = sqlx::query("INSERT INTO notion_import.ndas VALUES ($1, $2, $3, $4)");
        let row = row.bind(self.tenant.as_uuid()).bind(nda.id.as_uuid());
        row.bind(nda.current as i32).bind(nda.accept_from as i32).execute(&mut *db).await.unwrap();
        for version in 1..3 {
            let row = sqlx::query(
                "INSERT INTO notion_import.nda_versions VALUES ($1, $2, $3, '\"\"', '\"\"', $2, now())",
            );
            row.bind(self.tenant.as_uuid())
                .bind(nda.id.as_uuid())
                .bind(version)
                .execute(&mut *db)
                .await
                .unwrap();
        }
        self.ndas.push(nda);
    }

    async fn document(
        &mut self,
        db: &mut PgConnection,
        id: DocumentId,
        title: String,
        drawn: &DrawnDocument,
        nda: Option<NdaId>,
    ) {
        let (level, meant) = LEVELS[drawn.level];
        let publication = match drawn.publication {
            "published" => Publication::Published(VersionNumber(1)),
            "archived" => Publication::Archived,
            _ => Publication::Draft,
        };
        let shown = drawn.publication == "published";
        sqlx::query(
            "INSERT INTO notion_import.standings VALUES ($1, $2, $3, $4, $5, $6, coalesce(lower($6), ''), $7, $8, $9, 1)",
        )
        .bind(self.tenant.as_uuid())
        .bind(id.as_uuid())
        .bind(level)
        .bind(drawn.publication)
        .bind(shown.then_some(1))
        .bind(shown.then_some(&title))
        .bind(shown.then(|| minute(1)))
        .bind(drawn.listed)
        .bind(nda.map(NdaId::as_uuid))
        .execute(db)
        .await
        .unwrap();
        let facts =
            DocumentFacts { tenant: self.tenant, id, level: meant, publication, listed: drawn.listed, nda };
        self.documents.push((facts, title));
    }

    async fn assignment(&mut self, db: &mut PgConnection, drawn: &DrawnAssignment) {
        let assignment = Assignment {
            id: AssignmentId(Uuid::now_v7()),
            contact: self.contacts[drawn.contact],
            document: self.documents[drawn.document % self.documents.len()].0.id,
            expires_at: drawn.expires_at.map(minute),
            revoked_at: drawn.revoked.then(|| minute(1)),
            nda_waived: drawn.nda_waived,
        };
        sqlx::query("INSERT INTO notion_import.assignments VALUES ($1, $2, $3, $4, now(), $5, $6, $7)")
            .bind(self.tenant.as_uuid())
            .bind(assignment.id.0)
            .bind(assignment.document.as_uuid())
            .bind(assignment.contact.as_uuid())
            .bind(assignment.expires_at)
            .bind(assignment.revoked_at)
            .bind(assignment.nda_waived)
            .execute(db)
            .await
            .unwrap();
        self.assignments.push(assignment);
    }

    async fn acceptance(&mut self, db: &mut PgConnection, who: usize, nda: NdaId, version: u32, void: bool) {
        let contact = self.contacts[who];
        let acceptance = Acceptance { nda, version, voided_at: void.then(|| minute(1)) };
        sqlx::query("INSERT INTO notion_import.acceptances VALUES ($1, $2, $3, $4, $5, now(), $6, NULL, $7, $8) ON CONFLICT DO NOTHING")
            .bind(self.tenant.as_uuid())
            .bind(Uuid::now_v7())
            .bind(contact.as_uuid())
            .bind(nda.as_uuid())
            .bind(version as i32)
            .bind(acceptance.voided_at)
            .bind([0_u8; 32].as_slice())
            .bind(self.documents[0].0.id.as_uuid())
            .execute(db)
            .await
            .unwrap();
        self.acceptances.push((contact, acceptance));
    }

    fn viewers(&self) -> Vec<Viewer> {
        let [known, other] = self.contacts;
        let contact = |tenant, id, verified| Viewer::Contact { tenant, id, verified };
        let member = |tenant, role| Viewer::Member(Actor::new(tenant, MemberId::fresh(), role));
        vec![
            Viewer::Anonymous,
            member(self.tenant, Role::Viewer),
            member(self.tenant, Role::Admin),
            member(TenantId::fresh(), Role::Admin),
            contact(self.tenant, known, true),
            contact(self.tenant, other, true),
            contact(self.tenant, ContactId::fresh(), true),
            contact(self.tenant, known, false),
            contact(TenantId::fresh(), known, true),
        ]
    }

    fn expected(&self, viewer: &Viewer, now: i64) -> Vec<(DocumentId, AccessLevel, Outside)> {
        let of = |contact: &ContactId| Some(*contact) == viewer.contact();
        let place = self.contacts.iter().position(of);
        let facts = AccessFacts {
            contact: place.map(|place| CONTACTS[self.drawn_contacts[place]].1).unwrap_or_default(),
            default_nda: self.default_nda,
            ndas: self.ndas.clone(),
            assignments: self.assignments.iter().filter(|a| of(&a.contact)).cloned().collect(),
            acceptances: self.acceptances.iter().filter(|(who, _)| of(who)).map(|(_, a)| *a).collect(),
        };
        let mut documents: Vec<_> = self.documents.iter().collect();
        documents.sort_by(|(a, a_title), (b, b_title)| (a_title, a.id).cmp(&(b_title, b.id)));
        let outside = |document| decide(self.tenant, viewer, document, &facts, minute(now)).outside(document);
        let published = documents.iter().filter(|(d, _)| matches!(d.publication, Publication::Published(_)));
        let shown = published.map(|(document, _)| (document.id, document.level, outside(document)));
        shown.filter(|(.., outside)| *outside != Outside::NotFound).collect()
    }
}

#[test]
fn what_is_readable_is_what_the_decision_says() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (database, postgres) = runtime.block_on(async {
        let database = Database::empty().await;
        let postgres = database.open(1).await;
        (database, postgres)
    });
    let cases = if std::env::var_os("NOTION_IMPORT_SOAK").is_some() { 1_000 } else { 60 };
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    TestRunner::new(config)
        .run(&library(), |drawn| {
            runtime.block_on(async {
                let mut db = database.superuser().await;
                let written = write(&postgres, &mut db, &drawn).await;
                for viewer in written.viewers() {
                    for now in [1, 3, 5] {
                        let readable = postgres
                            .readable(written.tenant, &viewer, &ReadableQuery::first(99), minute(now))
                            .await
                            .unwrap()
                            .documents;
                        let readable: Vec<_> = readable
                            .into_iter()
                            .map(|shown| (shown.id, shown.level, shown.outside))
                            .collect();
                        assert_eq!(readable, written.expected(&viewer, now), "{viewer:?} at {now}");
                    }
                }
            });
            Ok(())
        })
        .unwrap();
}

/// Documents of one tenant, published one minute after the other.
const DOCUMENTS: i64 = 3_000;
const LINES: i64 = 20;
/// Calls that are planned for what they ask, and then for whatever they may ask.
const CALLS: i64 = 12;

#[tokio::test]
async fn a_page_of_what_is_readable_reads_the_rows_of_that_page_in_every_order() {
    let database = Database::empty().await;
    let postgres = database.open(1).await;
    let (tenant, mut db) = (TenantId::fresh(), database.superuser().await);
    let connection = Connection::new(tenant, "notion");
    for n in 0..DOCUMENTS {
        let new = content(&page(&format!("Document {}", n * 7_919 % DOCUMENTS)), "Text");
        postgres.import(&content_manager(tenant), &connection, &new, minute(1)).await.unwrap();
    }
    let publish = "INSERT INTO notion_import.standings \
         (tenant_id, document_id, level, publication, version, published_title, folded, published_at) \
         SELECT tenant_id, id, CASE WHEN substr(id::text, 36) < '8' THEN 'internal' ELSE 'public' END, 'published', 1, \
             'Document', 'document ' || id, now() + (random() * 1000000) * interval '1 second' FROM notion_import.documents";
    sqlx::raw_sql(publish).execute(&mut db).await.unwrap();
    sqlx::raw_sql("VACUUM ANALYZE").execute(&mut db).await.unwrap();
    for order in ReadableOrder::ALL {
        for viewer in [Viewer::Anonymous, Viewer::Member(Actor::new(tenant, MemberId::fresh(), Role::Viewer))]
        {
            sqlx::raw_sql("SELECT pg_stat_reset()").execute(&mut db).await.unwrap();
            let postgres = database.open(1).await;
            let first = ReadableQuery { order, ..ReadableQuery::first(LINES as usize) };
            let mut query = first.clone();
            for _ in 0..CALLS {
                let read = postgres.readable(tenant, &viewer, &query, minute(1)).await.unwrap();
                assert_eq!(read.documents.len() as i64, LINES);
                query = first.clone().after(read.next);
            }
            // The statistics of a session are complete when it has ended.
            postgres.close().await;
            let read = "SELECT coalesce(sum(idx_tup_fetch), 0)::bigint, coalesce(sum(seq_tup_read), 0)::bigint \
                        FROM pg_stat_user_tables WHERE relname = 'standings'";
            let mut rows = (0_i64, 0_i64);
            for _ in 0..100 {
                rows = sqlx::query_as(read).fetch_one(&mut db).await.unwrap();
                if rows.0 + rows.1 > 0 {
                    break;
                }
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            }
            // One more than the page says whether there is another.
            assert_eq!(
                rows,
                (CALLS * (LINES + 1), 0),
                "{order:?} for {viewer:?}: by an index, and without one"
            );
        }
    }
}
