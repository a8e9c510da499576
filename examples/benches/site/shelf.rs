//! What the company shows.

use std::path::Path;
use std::sync::Arc;

use chrono::Utc;
use notion_import_core::store::NewContent;
use notion_import_core::testing::suite::{content, page};
use notion_import_core::{
    AccessLevel, AccessStore, Actor, Connection, ContactId, DocumentId, DocumentStore, Expected, MemberId,
    NewAssignment, Publish, Role, TenantId, VersionNumber,
};
use notion_import_postgres::Postgres;
use notion_import_sqlite::Sqlite;
use uuid::Uuid;

use crate::Outcome;

/// Halden Pay, and Dana Whitfield, whom it knows.
const TENANT: TenantId = TenantId::new(Uuid::from_u128(0x0199_a000_0000_7000_8000_0000_0000_0001));
const DANA: ContactId = ContactId::new(Uuid::from_u128(0x0199_a000_0000_7000_8000_0000_0000_1021));

/// Where everything is kept.
pub enum Stores<'a> {
    /// In this folder.
    Sqlite(&'a Path),
    /// In this database.
    Postgres(&'a str),
}

/// Two documents to read among all those that are listed.
pub struct Shelf {
    pub public: DocumentId,
    pub behind_nda: DocumentId,
}

impl Shelf {
    /// Publishes so many documents, for everybody but one.
    pub async fn fill(stores: &Stores<'_>, documents: usize) -> Outcome<Self> {
        match stores {
            Stores::Sqlite(folder) => {
                let sqlite = Arc::new(Sqlite::open(folder).await?);
                let shelf = fill(&*sqlite, documents).await?;
                sqlite.close().await;
                Ok(shelf)
            }
            Stores::Postgres(url) => {
                let postgres = Postgres::connect(url).await?;
                let shelf = fill(&postgres, documents).await?;
                postgres.close().await;
                Ok(shelf)
            }
        }
    }
}

async fn fill<S: DocumentStore + AccessStore>(store: &S, documents: usize) -> Outcome<Shelf> {
    let actor = Actor::new(TENANT, MemberId::fresh(), Role::Admin);
    let mut last = None;
    for number in 1..documents {
        last = Some(publish(store, &actor, &format!("Policy {number}"), AccessLevel::Public).await?);
    }
    let behind_nda = publish(store, &actor, "Penetration test", AccessLevel::RequiresNda).await?;
    let assignment =
        NewAssignment { document: behind_nda, contact: DANA, expires_at: None, nda_waiver: None };
    store.assign(&actor, &assignment, Utc::now()).await?;
    Ok(Shelf { public: last.ok_or("one document is too few")?, behind_nda })
}

async fn publish<S: DocumentStore + AccessStore>(
    store: &S,
    actor: &Actor,
    title: &str,
    level: AccessLevel,
) -> Outcome<DocumentId> {
    let source = page(title);
    let content = NewContent { attachments: Vec::new(), ..content(&source, &text()) };
    let connection = Connection::new(TENANT, "bench");
    let id = store.import(actor, &connection, &content, Utc::now()).await?.document();
    let expected = Expected { level: AccessLevel::Internal, revision: 0, reason: "For the bench".to_owned() };
    let publish =
        Publish { version: VersionNumber(1), title: title.to_owned(), level: Some(level), expected };
    store.publish(actor, id, &publish, Utc::now()).await?;
    Ok(id)
}

/// A policy of two pages: with what stands around it, as long as the static file it is compared with, or so.
fn text() -> String {
    let paragraph = "Access to production is granted by role, reviewed each quarter and taken back on the last day of work. \
        Whoever asks for more names a reason and an end; both are kept with who agreed.\n\n";
    (1..=8).fold(String::from("# Policy\n\n"), |text, chapter| {
        text + &format!("## Chapter {chapter}\n\n") + &paragraph.repeat(4)
    })
}
