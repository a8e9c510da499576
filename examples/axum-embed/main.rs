//! An axum backend that embeds notion-import: a pool, users and a table of its own, JSON answers, syncs from a queue in PostgreSQL.

mod routes;
mod user;

use std::path::PathBuf;
use std::sync::Arc;

use futures_util::FutureExt;
use notion_import_core::{
    ConfirmedIdentity, Connector, FolderBlobs, Gate, Importer, ScheduleOptions, Scheduler, Service,
};
use notion_import_nango::{Config, Nango};
use notion_import_postgres::{Postgres, Worker};
use sqlx::PgPool;
use tokio::net::TcpListener;
use url::Url;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// What the backend has to be told.
pub(crate) struct Settings {
    pub(crate) nango: Config,
    pub(crate) files: PathBuf,
    /// What seals the tokens of connect sessions.
    pub(crate) key: [u8; 32],
    pub(crate) schedule: ScheduleOptions,
    /// The origin of a stand-in's files. Those of Notion need none.
    pub(crate) trusted: Option<Url>,
}

/// What the routes work with.
pub struct App {
    pool: PgPool,
    /// Every store but that of the files.
    stores: Postgres,
    nango: Arc<Nango>,
    importer: Importer,
    connector: Connector,
    service: Service,
    gate: Gate,
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let told = |name: &str| std::env::var(name).map_err(|_| format!("{name} is not set"));
    let mut nango = Config::new(told("NANGO_SECRET_KEY")?);
    nango.webhook_signing_keys = vec![told("NANGO_WEBHOOK_SIGNING_KEY")?.into()];
    let settings = Settings {
        nango,
        files: told("FILES")?.into(),
        key: told("SEAL_KEY")?.as_bytes().try_into()?,
        schedule: ScheduleOptions::default(),
        trusted: None,
    };
    let pool = PgPool::connect(&told("DATABASE_URL")?).await?;
    let listener = TcpListener::bind(("127.0.0.1", 4790)).await?;
    serve(listener, pool, settings, tokio::signal::ctrl_c().map(drop)).await
}

/// Serves until `shutdown`, and returns when every answer is out and no sync is under way.
pub(crate) async fn serve(
    listener: TcpListener,
    pool: PgPool,
    settings: Settings,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), Failure> {
    sqlx::raw_sql(include_str!("users.sql")).execute(&pool).await?;
    let stores = Postgres::new(pool.clone()).await?;
    let (kept, nango) = (Arc::new(stores.clone()), Arc::new(Nango::new(settings.nango)?));
    let blobs = Arc::new(FolderBlobs::open(&settings.files).await?);
    let identity = ConfirmedIdentity::new(nango.clone(), kept.clone());
    let importer = Importer::builder(nango.clone(), kept.clone(), blobs.clone()).identity(Arc::new(identity));
    let importer = settings.trusted.iter().fold(importer, |importer, origin| importer.trust_origin(origin));
    let importer = importer.build()?;
    let connector = Connector::new(&importer, nango.clone(), kept.clone()).seal_with(&settings.key);
    let scheduler = Scheduler::new(importer.clone(), kept.clone()).with(settings.schedule)?;
    let worker = Worker::open(&stores, scheduler.clone()).await?;
    let service = Service::new(scheduler, connector.clone()).dispatched_by(Arc::new(worker));
    let gate = Gate::new(kept, blobs);
    let app = App { pool, stores, nango, importer, connector, service: service.clone(), gate };
    let (router, shutdown) = (routes::router(Arc::new(app)), shutdown.boxed().shared());
    let serving = axum::serve(listener, router).with_graceful_shutdown(shutdown.clone());
    let (served, ()) = tokio::join!(serving.into_future(), service.run(shutdown));
    Ok(served?)
}
