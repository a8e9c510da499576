//! Marked values go through the whole story, and turn up nowhere they must not.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};

use chrono::Utc;
use futures_util::StreamExt;
use notion_import_core::testing::suite::content_manager;
use notion_import_core::testing::{
    FaultPlan, Server, WORLDS_SIGNATURE, World, file, image, paragraph, pdf, signed_everywhere, text,
};
use notion_import_core::transport::SystemClock;
use notion_import_core::{
    Actor, BlobStore, ConnectionStore, Connector, DocumentStore, Error, FolderBlobs, ImportEvent, Importer,
    MemberId, NotionId, Pick, Query, Role, Scheduler, TenantId,
};
use notion_import_nango::testing::{Settings, StandIn, scope};
use notion_import_nango::{Config, Nango};
use notion_import_postgres::testing::Database;
use notion_import_sqlite::Sqlite;
use secrecy::ExposeSecret;
use sqlx::AssertSqlSafe;
use tracing_subscriber::fmt::format::FmtSpan;

const API_KEY: &str = "0b5f7a4e-1111-4222-8333-94949494aaaa";
const SIGNING_KEY: &str = "0b5f7a4e-5555-4666-8777-94949494bbbb";

/// What a customer wrote: it is stored, and never said anywhere else.
const WORDS: &str = "customer-words-5d1c";

/// What the signatures are marked with that stand everywhere on a page.
const SIGNATURE: &str = "customer-signature-5d1c";

#[tokio::test]
async fn no_secret_is_kept_or_said_and_no_customers_text_is_logged() {
    let log = Log::default();
    let _listening = tracing::subscriber::set_default(log.subscriber());
    let data = tempfile::tempdir().unwrap();
    let store = Sqlite::open(data.path()).await.unwrap();
    let told = story(Stores::of(&store, store.blobs())).await;
    store.close().await;
    nowhere_but_where_it_belongs(&told, data.path(), &log);
}

#[tokio::test]
async fn no_secret_is_kept_or_said_on_postgres() {
    let log = Log::default();
    let _listening = tracing::subscriber::set_default(log.subscriber());
    let (data, database) = (tempfile::tempdir().unwrap(), Database::empty().await);
    let store = database.open(4).await;
    let told = story(Stores::of(&store, FolderBlobs::open(data.path()).await.unwrap())).await;
    fs::write(data.path().join("rows"), rows(&database).await).unwrap();
    nowhere_but_where_it_belongs(&told, data.path(), &log);
}

/// Every row of every table, the bytes in it as they are.
async fn rows(database: &Database) -> String {
    let mut superuser = database.superuser().await;
    sqlx::query("SET bytea_output = 'escape'").execute(&mut superuser).await.unwrap();
    let tables = "SELECT format('SELECT t::text FROM %I.%I t', schemaname, tablename) FROM pg_tables \
                  WHERE schemaname NOT IN ('pg_catalog', 'information_schema')";
    let mut rows = Vec::new();
    for table in sqlx::query_scalar::<_, String>(tables).fetch_all(&mut superuser).await.unwrap() {
        let of_table = sqlx::query_scalar::<_, String>(AssertSqlSafe(table)).fetch_all(&mut superuser).await;
        rows.extend(of_table.unwrap());
    }
    rows.join("\n")
}

fn nowhere_but_where_it_belongs(told: &Told, data: &Path, log: &Log) {
    let Told { secrets, said, shown } = told;
    let log = log.text();
    assert!(log.contains("notion_import_core"), "nothing was logged: {log}");
    for secret in secrets {
        for (name, bytes) in files(data) {
            assert!(!holds(&bytes, secret), "{name} keeps a secret");
        }
        assert!(!log.contains(secret.as_str()), "a secret was logged");
        assert!(!said.iter().any(|text| text.contains(secret.as_str())), "an error says a secret");
        assert!(!shown.iter().any(|text| text.contains(secret.as_str())), "a listing shows a secret");
    }
    assert!(shown.iter().any(|text| text.contains(WORDS)), "nothing was listed");
    assert!(files(data).iter().any(|(_, bytes)| holds(bytes, WORDS)), "the words were not stored at all");
    let line = log.lines().find(|line| line.contains(WORDS));
    assert_eq!(line, None, "a customer's text was logged");
    let line = said.iter().find(|text| text.contains(WORDS));
    assert_eq!(line, None, "an error quotes a customer");
}

/// What a story tells.
struct Told {
    /// What must be kept nowhere.
    secrets: Vec<String>,
    /// What errors and begun connections say of themselves.
    said: Vec<String>,
    /// What the picker lists.
    shown: Vec<String>,
}

/// Where the story is kept.
struct Stores {
    connections: Arc<dyn ConnectionStore>,
    documents: Arc<dyn DocumentStore>,
    blobs: Arc<dyn BlobStore>,
}

impl Stores {
    fn of<S: ConnectionStore + DocumentStore + Clone + 'static>(
        store: &S,
        blobs: impl BlobStore + 'static,
    ) -> Self {
        let (connections, documents) = (Arc::new(store.clone()), Arc::new(store.clone()));
        Self { connections, documents, blobs: Arc::new(blobs) }
    }
}

/// Connects, browses, imports with and without faults, syncs, fails in several ways and disconnects.
async fn story(stores: Stores) -> Told {
    let (mut said, mut shown) = (Vec::new(), Vec::new());
    let world = World::new(11);
    let notion = Server::start(world.clone(), Arc::new(SystemClock), 0).await.unwrap();
    let (workspace, home) = furnish(&world);
    // A key that may do everything, as Nango makes it by default: each look at a connection is answered with the token.
    let mut settings = Settings::new(API_KEY, SIGNING_KEY);
    settings.scopes.insert(scope::CREDENTIALS);
    let stand_in = StandIn::new(world.clone(), settings).unwrap();
    let mut config = Config::new(API_KEY.to_owned());
    config.base_url = serve(&stand_in).await;
    let nango = Nango::new(config).unwrap();

    let Stores { connections, documents, blobs } = stores;
    let importer = Importer::builder(Arc::new(nango.clone()), documents, blobs)
        .trust_origin(&notion.url().parse().unwrap())
        .build()
        .unwrap();
    let connector = Connector::new(&importer, Arc::new(nango), connections.clone()).seal_with(&[7; 32]);
    let admin = Actor::new(TenantId::fresh(), MemberId::fresh(), Role::Admin);

    let begun = connector.begin(&admin).await.unwrap();
    let reference = stand_in.consent(&begun.link.url, workspace, &[home]).await.unwrap();
    connector.reconcile(&reference).await.unwrap();
    said.push(format!("{begun:?}"));
    let connection = connector.confirm(&admin, begun.attempt, &begun.secret).await.unwrap().connection();
    let token = stand_in.token(reference.as_str()).unwrap();

    said.push(format!(
        "{:?}",
        importer
            .resolve_link(&admin, &connection, &NotionId::new(uuid::Uuid::new_v4()).to_string())
            .await
            .err()
    ));
    for faults in [None, Some(FaultPlan::survivable(0.1))] {
        world.plan_faults(faults);
        let found = importer.browse(&admin, &connection, &Query::default()).await.unwrap().entries;
        shown.extend(found.iter().map(|entry| format!("{entry:?}")));
        let picks = found.iter().map(|entry| Pick {
            id: entry.source.id,
            kind: entry.source.kind,
            ..Pick::page(home)
        });
        let mut events =
            Box::pin(importer.import(&content_manager(connection.tenant), &connection, picks.collect()));
        while let Some(event) = events.next().await {
            if let ImportEvent::Finished(outcome) = event {
                said.extend(outcome.result.err().map(|error| chain(&error)));
            }
        }
    }
    world.plan_faults(None);
    let scheduler = Scheduler::new(importer.clone(), connections.clone());
    world.at(Utc::now()).set_title(home, format!("{WORDS} again"));
    scheduler.sync_now(&admin, connection.id).await.unwrap();
    world.revoke(&token);
    said.push(chain(&scheduler.sync_now(&admin, connection.id).await.unwrap_err()));
    said.push(chain(&importer.fetch(&connection, Pick::page(home)).await.unwrap_err()));
    connector.disconnect(&admin, connection.id).await.unwrap();
    said.push(chain(&importer.sync(&connection).await.unwrap_err()));
    // One that nobody has answered yet: its session is open, and its token kept.
    let waiting = connector.begin(&admin).await.unwrap();
    let kept = connections.attempt(admin.tenant, waiting.attempt).await.unwrap().unwrap();
    assert!(kept.session.is_some(), "the token of an open session is not kept");
    notion.stop().await;
    let secret = begun.secret.expose_secret().to_owned();
    let links = [&begun, &waiting]
        .map(|begun| [begun.link.url.to_string(), begun.link.session.expose_secret().to_owned()]);
    let signatures = [SIGNATURE.to_owned(), WORLDS_SIGNATURE.to_owned()];
    let secrets = [token, secret, API_KEY.into(), SIGNING_KEY.into()].into_iter().chain(signatures);
    Told { secrets: secrets.chain(links.into_iter().flatten()).collect(), said, shown }
}

/// A workspace in which everything a customer can write is marked.
fn furnish(world: &World) -> (NotionId, NotionId) {
    let author = world.at(Utc::now() - chrono::TimeDelta::minutes(10));
    let workspace = author.workspace("Acme");
    let home = author.page(workspace, format!("{WORDS} home"));
    let png = author.file(&format!("{WORDS}.png"), "image/png", b"\x89PNG\r\n\x1a\nmarked".to_vec());
    let broken = author.file(&format!("{WORDS}.pdf"), "application/pdf", b"<html>no</html>".to_vec());
    let report = author.file("report.pdf", "application/pdf", format!("%PDF-1.7\n{WORDS}").into_bytes());
    author.append(
        home,
        [
            paragraph(text(WORDS).link(WORDS, &format!("https://example.com/{WORDS}"))),
            image(&png),
            pdf(&broken),
            file(&broken),
        ],
    );
    author.set_cover(home, png.reference());
    let audit = author.page(home, format!("{WORDS} audit"));
    author.append(audit, [pdf(&report)]);
    let vendors = author.database(home, format!("{WORDS} vendors"), [("Country", "rich_text")]);
    author.row(vendors.data_source, format!("{WORDS} vendor"), []);
    signed_everywhere(&author, home, SIGNATURE);
    (workspace, home)
}

async fn serve(stand_in: &StandIn) -> url::Url {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = stand_in.router();
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}").parse().unwrap()
}

fn chain(error: &Error) -> String {
    let causes = std::iter::successors(Some(error as &dyn std::error::Error), |error| error.source());
    causes.map(|error| format!("{error} {error:?}\n")).collect()
}

fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let inside = |path: std::path::PathBuf| match path.is_dir() {
        true => files(&path),
        false => vec![(path.display().to_string(), fs::read(&path).unwrap())],
    };
    paths.flat_map(inside).collect()
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

/// Everything that was logged, spans included, at the finest level.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn subscriber(&self) -> impl tracing::Subscriber + Send + Sync + 'static {
        let log = self.clone();
        tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_span_events(FmtSpan::FULL)
            .with_ansi(false)
            .with_writer(move || log.clone())
            .finish()
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
