//! Imports under way: each runs on its own and can be watched and cancelled.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::StreamExt;
use notion_import_core::connection::{Connection, ConnectionRef, ConnectionState};
use notion_import_core::error::{Error, StoreError};
use notion_import_core::id::{DocumentId, TenantId};
use notion_import_core::import::{Event, Outcome, Pick};
use notion_import_core::library::access::Actor;
use notion_import_core::library::document::Imported;
use tokio::task::AbortHandle;
use uuid::Uuid;

use crate::app::App;
use crate::words;

/// A sync that begins meanwhile fences an import; so often it goes on where it was.
const TRIES: u32 = 4;

/// Every import since the start.
#[derive(Default)]
pub struct Jobs(Mutex<HashMap<Uuid, Arc<Job>>>);

/// One import.
pub struct Job {
    tenant: TenantId,
    titles: HashMap<Pick, String>,
    progress: Mutex<Progress>,
    task: Mutex<Option<AbortHandle>>,
}

/// How far it is.
#[derive(Clone, Default)]
pub struct Progress {
    pub total: usize,
    pub lines: Vec<Line>,
    pub ended: Option<&'static str>,
}

/// What became of one page.
#[derive(Clone)]
pub struct Line {
    pub title: String,
    pub verdict: Verdict,
    pub document: Option<DocumentId>,
}

#[derive(Clone, Copy)]
pub enum Verdict {
    Created,
    NewVersion,
    Unchanged,
    Failed(&'static str),
}

impl Jobs {
    /// It begins an import of what was picked, each with the title it was picked by.
    pub fn begin(
        &self,
        app: &Arc<App>,
        actor: Actor,
        reference: ConnectionRef,
        titles: HashMap<Pick, String>,
    ) -> Uuid {
        let id = Uuid::new_v4();
        let progress = Mutex::new(Progress { total: titles.len(), ..Progress::default() });
        let job = Arc::new(Job { tenant: actor.tenant, titles, progress, task: Mutex::default() });
        self.lock().insert(id, job.clone());
        let running = tokio::spawn(run(app.clone(), actor, reference, job.clone()));
        *job.task.lock().unwrap_or_else(PoisonError::into_inner) = Some(running.abort_handle());
        id
    }

    pub fn of(&self, tenant: TenantId, id: Uuid) -> Option<Arc<Job>> {
        self.lock().get(&id).filter(|job| job.tenant == tenant).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Uuid, Arc<Job>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Job {
    pub fn progress(&self) -> Progress {
        self.lock().clone()
    }

    /// It stops what is still open; what is done stays.
    pub fn cancel(&self) {
        if let Some(task) = self.task.lock().unwrap_or_else(PoisonError::into_inner).take() {
            task.abort();
        }
        self.lock().ended.get_or_insert("Cancelled. What was done stays.");
    }

    fn lock(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn run(app: Arc<App>, actor: Actor, reference: ConnectionRef, job: Arc<Job>) {
    let ended = import(&app, &actor, &reference, &job).await;
    job.lock().ended.get_or_insert(ended);
}

async fn import(app: &App, actor: &Actor, reference: &ConnectionRef, job: &Job) -> &'static str {
    let mut open: Vec<Pick> = job.titles.keys().copied().collect();
    for _ in 0..TRIES {
        let connection = match app.stores.connections.get(actor.tenant, reference).await {
            Ok(Some(record)) if record.state == ConnectionState::Active => record.connection(),
            Ok(_) => return "The connection is not active, so the rest was not imported.",
            Err(_) => return "The database did not answer, so the rest was not imported.",
        };
        open = import_through(app, actor, &connection, job, open).await;
        if open.is_empty() {
            return "Done.";
        }
    }
    "Syncs kept taking over. Import the rest again."
}

/// It returns what a sync fenced off.
async fn import_through(
    app: &App,
    actor: &Actor,
    connection: &Connection,
    job: &Job,
    picks: Vec<Pick>,
) -> Vec<Pick> {
    let mut fenced = Vec::new();
    let mut events = pin!(app.importer.import(connection, picks));
    while let Some(event) = events.next().await {
        match event {
            Event::Total(total) => {
                let mut progress = job.lock();
                progress.total = progress.lines.len() + total;
            }
            Event::Finished(Outcome { pick, result: Err(Error::Store(StoreError::Fenced)) }) => {
                fenced.push(pick)
            }
            Event::Finished(outcome) => {
                let line = line(app, actor, connection, job, outcome).await;
                job.lock().lines.push(line);
            }
        }
    }
    fenced
}

async fn line(app: &App, actor: &Actor, connection: &Connection, job: &Job, outcome: Outcome) -> Line {
    let picked = job.titles.get(&outcome.pick);
    match outcome.result {
        Ok(imported) => {
            let verdict = match imported {
                Imported::Created(_) => Verdict::Created,
                Imported::NewVersion(..) => Verdict::NewVersion,
                Imported::Unchanged(_) => Verdict::Unchanged,
            };
            let known = app.stores.access.document(actor, imported.document()).await.ok().flatten();
            let title = known.map(|known| known.document.title.text).or_else(|| picked.cloned());
            Line {
                title: words::title(&title.unwrap_or_default()),
                verdict,
                document: Some(imported.document()),
            }
        }
        Err(error) => {
            app.note(connection, &error).await;
            let title = picked.cloned().unwrap_or_else(|| "A row".to_owned());
            Line { title, verdict: Verdict::Failed(words::reason(&error)), document: None }
        }
    }
}

impl App {
    /// It remembers that Notion refuses a connection, so that its page says so.
    pub async fn note(&self, connection: &Connection, error: &Error) {
        if error.needs_reconnect() {
            let noted = self.stores.connections.needs_reauth(connection.tenant, &connection.reference).await;
            if let Err(error) = noted {
                tracing::warn!(%error, "a refused connection could not be noted");
            }
        }
    }
}
