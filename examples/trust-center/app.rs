//! The application: what it is made of, and its life from start to stop.

use std::future::pending;
use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use notion_import_core::{
    ConfirmedIdentity, Connector, Error, Gate, ImportOptions, Importer, InvalidSchedule, MarkOptions,
    Notifier, Retention, Scheduler, Service, SiteRevisions, StoreError,
};
use notion_import_nango::{InvalidConfig, Nango};
use tokio::net::TcpListener;
#[cfg(unix)]
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use url::Url;

use crate::bulk::Ceremonies;
use crate::config::Config;
use crate::converted::Converted;
use crate::database::DatabaseError;
use crate::deliveries::Deliveries;
use crate::folder::{Folder, START};
use crate::jobs::Jobs;
use crate::kept::Kept;
use crate::links::Links;
use crate::session::Sessions;
use crate::signing::SigningKeys;
use crate::stand_ins::StandIns;
use crate::stores::Stores;
use crate::subscription::Subscription;
use crate::telemetry::{Metrics, MetricsError};
use crate::telling::{self, Telling};
use crate::{background, nango, pages, sealing, server, stand_ins};

const PORT: u16 = 4780;

/// A browser may hold a connection open for ever; nobody waits for that.
const GRACE: Duration = Duration::from_secs(2);

/// Everything a page may need.
pub struct App {
    pub stores: Stores,
    pub gate: Gate,
    pub revisions: SiteRevisions,
    pub importer: Importer,
    pub connector: Connector,
    pub service: Service,
    pub nango: Nango,
    /// To Notion's own webhooks, which come beside Nango's or instead of what it forwards.
    pub subscription: Subscription,
    pub deliveries: Deliveries,
    pub sessions: Sessions,
    /// What browsers call the site, if that is not where it listens.
    pub public_url: Option<Url>,
    /// Where links in mails lead.
    pub site: Url,
    pub links: Links,
    pub telling: Arc<Telling>,
    pub notifier: Notifier,
    pub signing: SigningKeys,
    pub jobs: Jobs,
    pub ceremonies: Ceremonies,
    pub converted: Converted,
    pub kept: Kept,
    pub retention: Retention,
    /// The demo's own Nango and Notion, unless it uses real ones.
    pub stand_ins: Option<StandIns>,
}

/// The application while it runs.
pub struct Running {
    url: Url,
    app: Arc<App>,
    server: JoinHandle<()>,
    service: JoinHandle<()>,
    stand_ins: JoinHandle<()>,
    metrics: Option<Url>,
}

/// Why it did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("cannot listen or write: {0}")]
    Io(#[from] io::Error),
    #[error("the stores do not work: {0}")]
    Store(#[from] StoreError),
    #[error(transparent)]
    Database(#[from] DatabaseError),
    #[error(transparent)]
    Metrics(#[from] MetricsError),
    #[error(transparent)]
    Nango(#[from] InvalidConfig),
    #[error(transparent)]
    Schedule(#[from] InvalidSchedule),
    #[error(transparent)]
    Library(#[from] Error),
    #[error("{0}")]
    Environment(&'static str),
    #[error("what the stand-ins kept cannot be read: {0}")]
    Saved(#[from] serde_json::Error),
}

impl Running {
    pub async fn start(config: &Config) -> Result<Self, StartError> {
        // Before there is anything to count.
        let metrics = match config.metrics_addr {
            Some(address) => Some(Metrics::open(address).await?),
            None => None,
        };
        let folder = config.data().map(Folder::open).transpose()?;
        let socket = listen(config.port).await?;
        let url = Url::parse(&format!("http://{}/", socket.local_addr()?))
            .map_err(|_| StartError::Environment("the address makes no URL"))?;
        let app = Arc::new(App::assemble(config, folder.as_ref(), &url).await?);
        let service = tokio::spawn(background::run(app.clone()));
        let stand_ins = tokio::spawn(stand_ins::serve(app.clone()));
        let server = tokio::spawn(server::serve(socket, pages::router(app.clone()), asked_to_stop()));
        let (metrics, serving) = metrics.map(|metrics| (metrics.url(), metrics.serve(app.clone()))).unzip();
        serving.map(tokio::spawn);
        Ok(Self { url, app, server, service, stand_ins, metrics: metrics.flatten() })
    }

    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Where the metrics are, if they are served.
    pub fn metrics(&self) -> Option<&Url> {
        self.metrics.as_ref()
    }

    /// Where the stand-ins listen, if they are what is used: the window on them, Nango and Notion.
    pub fn stand_ins(&self) -> Option<(Url, Url, Url)> {
        let stand_ins = self.app.stand_ins.as_ref()?;
        Some((stand_ins.root(), stand_ins.config().base_url, stand_ins.files()))
    }

    /// Returns once somebody asked it to stop and every answer is out, or has had its time.
    pub async fn until_stopped(mut self) {
        tokio::select! {
            _ = &mut self.server => {}
            () = async { asked_to_stop().await; sleep(GRACE).await } => {}
        }
        // What is under way is given back, for whoever runs on.
        let _ = timeout(GRACE, self.service).await;
        self.stand_ins.abort();
        if let Some(stand_ins) = &self.app.stand_ins {
            stand_ins.save().await;
        }
    }
}

impl App {
    /// Instances that start at once do this one after the other: the first prepares what the others find.
    async fn assemble(config: &Config, folder: Option<&Folder>, url: &Url) -> Result<Self, StartError> {
        let _alone = match folder {
            Some(folder) => Some(folder.hold(START).await?),
            None => None,
        };
        let stores = Stores::open(folder, config.database_url()).await?;
        let (nango, stand_ins) = services(folder, url).await?;
        let nango = Nango::new(nango)?;
        let mut importer =
            Importer::builder(Arc::new(nango.clone()), stores.documents.clone(), stores.blobs.clone());
        let identity = ConfirmedIdentity::new(Arc::new(nango.clone()), stores.connections.clone());
        importer = importer.identity(Arc::new(identity)).timeouts(background::timeouts(config.sync_every));
        importer = importer.import_options(ImportOptions::default().completeness(true));
        if let Some(stand_ins) = &stand_ins {
            importer = importer.trust_origin(&stand_ins.files());
        }
        let importer = importer.build()?;
        let connector = Connector::new(&importer, Arc::new(nango.clone()), stores.connections.clone());
        let connector = connector.seal_with(&sealing::key(folder, sealing::CONNECT_KEY)?);
        let scheduler = Scheduler::new(importer.clone(), stores.connections.clone());
        let scheduler = scheduler.with(background::schedule(config.sync_every))?;
        let mut service = Service::new(scheduler.clone(), connector.clone());
        if let Some(queue) = &stores.queue {
            service = service.dispatched_by(queue.dispatcher(&scheduler).await?);
        }
        let site = config.public_url.clone().unwrap_or_else(|| url.clone());
        let telling = Arc::new(Telling::open(folder, &site)?);
        Ok(Self {
            revisions: SiteRevisions::of_store(stores.access.clone()),
            notifier: Notifier::new(stores.access.clone(), telling.clone(), telling::OPTIONS),
            telling,
            gate: Gate::new(stores.access.clone(), stores.blobs.clone()).with_marks(&MarkOptions::default()),
            stores,
            importer,
            connector,
            service,
            nango,
            subscription: Subscription::from_environment(),
            deliveries: Deliveries::new(),
            sessions: Sessions::open(folder, config.public_url.as_ref())?,
            public_url: config.public_url.clone(),
            site,
            links: Links::of(folder)?,
            signing: SigningKeys::open(folder)?,
            jobs: Jobs::open(folder)?,
            ceremonies: Ceremonies::open(folder)?,
            converted: Converted::new(),
            kept: Kept::new(),
            retention: config.retention(),
            stand_ins,
        })
    }
}

async fn services(
    folder: Option<&Folder>,
    url: &Url,
) -> Result<(notion_import_nango::Config, Option<StandIns>), StartError> {
    if let Some(config) = nango::from_environment()? {
        return Ok((config, None));
    }
    let stand_ins = StandIns::open(folder, url).await?;
    Ok((stand_ins.config(), Some(stand_ins)))
}

async fn listen(port: Option<u16>) -> io::Result<TcpListener> {
    match port {
        Some(port) => TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await,
        None => match TcpListener::bind((Ipv4Addr::LOCALHOST, PORT)).await {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await
            }
            bound => bound,
        },
    }
}

/// Returns on Ctrl-C, and on what a service manager ends a process with.
pub async fn asked_to_stop() {
    tokio::select! {
        () = interrupted() => {}
        () = terminated() => {}
    }
}

async fn interrupted() {
    // If the signal cannot be heard, it runs until it is killed.
    if tokio::signal::ctrl_c().await.is_err() {
        pending().await
    }
}

#[cfg(unix)]
async fn terminated() {
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => drop(terminate.recv().await),
        Err(_) => pending().await,
    }
}

#[cfg(not(unix))]
async fn terminated() {
    pending().await
}
