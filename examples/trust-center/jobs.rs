//! Imports, and acts on many documents, under way: each runs on its own and can be watched and cancelled.

use std::collections::HashMap;
use std::io;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::StreamExt;
use notion_import_core::{
    Actor, Connection, ConnectionId, ConnectionState, Error, ImportEvent, ImportOutcome, Imported, NotionId,
    Pick, Shown, StoreError, TenantId,
};
use tokio::task::{AbortHandle, JoinHandle};
use tokio::time::sleep;
use uuid::Uuid;

use crate::app::App;
use crate::bulk::Ceremony;
use crate::folder::Folder;
use crate::problem;
use crate::progress::{ImportId, Line, Notes, Progress, Verdict};
use crate::words;

/// A sync that begins meanwhile fences an import; so often it goes on where it was.
const TRIES: u32 = 4;

/// Where our storage is full, it is tried again after this, and twice as long after each further time.
const UNTIL_THERE_IS_ROOM: Duration = Duration::from_secs(4);
const LONGEST: Duration = Duration::from_secs(5 * 60);

/// How often it is written down how far an import is.
const PACE: Duration = Duration::from_secs(1);

/// The imports of this instance, and what is known of those of others.
pub struct Jobs {
    here: Mutex<HashMap<ImportId, Arc<Job>>>,
    notes: Option<Arc<Notes>>,
}

/// One import.
struct Job {
    id: ImportId,
    titles: HashMap<Pick, String>,
    /// What of databases is to be shown, where that was chosen.
    chosen: HashMap<NotionId, Shown>,
    progress: Mutex<Progress>,
    task: Mutex<Option<AbortHandle>>,
}

impl Jobs {
    /// Without a folder, nobody else knows of them.
    pub fn open(folder: Option<&Folder>) -> io::Result<Self> {
        let notes = folder.map(Notes::of).transpose()?;
        notes.as_ref().map(Notes::clear).transpose()?;
        Ok(Self { here: Mutex::default(), notes: notes.map(Arc::new) })
    }

    /// Begins an import of what was picked, each with the title it was picked by.
    pub fn begin(
        &self,
        app: &Arc<App>,
        actor: Actor,
        connection: ConnectionId,
        titles: HashMap<Pick, String>,
        chosen: HashMap<NotionId, Shown>,
    ) -> Uuid {
        let id = ImportId { tenant: actor.tenant, number: Uuid::new_v4() };
        let (by, total) = (Some(actor.member), titles.len());
        let progress = Mutex::new(Progress { by, total, ..Progress::default() });
        let job = Arc::new(Job { id, titles, chosen, progress, task: Mutex::default() });
        self.start(job.clone(), run(app.clone(), actor, connection, job));
        id.number
    }

    /// Does to each document what was confirmed for all. Returns its number, and what ends with it.
    pub fn apply(
        &self,
        app: &Arc<App>,
        actor: Actor,
        ceremony: Ceremony,
        reason: String,
    ) -> (Uuid, JoinHandle<()>) {
        let id = ImportId { tenant: actor.tenant, number: Uuid::new_v4() };
        let (what, by, total) = (Some(ceremony.act.words()), Some(actor.member), ceremony.chosen.len());
        let progress = Mutex::new(Progress { what, by, total, ..Progress::default() });
        let (titles, chosen, task) = Default::default();
        let job = Arc::new(Job { id, titles, chosen, progress, task });
        let (app, worker) = (app.clone(), job.clone());
        let running = self.start(job, async move {
            for chosen in &ceremony.chosen {
                let line = ceremony.apply(&app, &actor, chosen, &reason).await;
                worker.lock().lines.push(line);
            }
            worker.end("Done.");
        });
        (id.number, running)
    }

    fn start(&self, job: Arc<Job>, work: impl Future<Output = ()> + Send + 'static) -> JoinHandle<()> {
        self.lock().insert(job.id, job.clone());
        let running = tokio::spawn(work);
        *job.task.lock().unwrap_or_else(PoisonError::into_inner) = Some(running.abort_handle());
        if let Some(notes) = &self.notes {
            job.write(notes);
            tokio::spawn(note(notes.clone(), job));
        }
        running
    }

    /// How far an import is, whichever instance runs it.
    pub fn progress(&self, id: ImportId) -> Option<Progress> {
        let here = self.lock().get(&id).map(|job| job.lock().clone());
        here.or_else(|| {
            self.notes.as_ref()?.read(id).unwrap_or_else(|error| {
                tracing::warn!(%error, "what is written down of an import cannot be read");
                None
            })
        })
    }

    /// Stops what is still open of an import, whichever instance runs it; what is done stays.
    pub fn cancel(&self, id: ImportId) {
        let here = self.lock().get(&id).cloned();
        match (here, &self.notes) {
            (Some(job), _) => job.cancel(),
            (None, Some(notes)) => {
                if let Err(error) = notes.ask_to_stop(id) {
                    tracing::warn!(%error, "an import elsewhere cannot be stopped");
                }
            }
            (None, None) => {}
        }
    }

    /// Stops a company's imports, and forgets what they have done.
    pub fn forget(&self, tenant: TenantId) -> io::Result<()> {
        for (_, job) in self.lock().extract_if(|id, _| id.tenant == tenant) {
            job.cancel();
            // It may be written down once more.
            job.lock().lines.clear();
        }
        self.notes.as_ref().map_or(Ok(()), |notes| notes.forget(tenant))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<ImportId, Arc<Job>>> {
        self.here.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Job {
    fn cancel(&self) {
        if let Some(task) = self.task.lock().unwrap_or_else(PoisonError::into_inner).take() {
            task.abort();
        }
        self.end("Cancelled. What was done stays.");
    }

    async fn wait_for_room(&self, pause: Duration) {
        const WORDS: &str =
            "Our storage is full. What was done stays; the rest follows by itself as soon as there is room.";
        self.lock().waiting = Some(WORDS.to_owned());
        sleep(pause).await;
        self.lock().waiting = None;
    }

    fn end(&self, how: &str) {
        self.lock().ended.get_or_insert_with(|| how.to_owned());
    }

    fn write(&self, notes: &Notes) {
        if let Err(error) = notes.write(self.id, &self.lock().clone()) {
            tracing::warn!(%error, "how far an import is cannot be written down");
        }
    }

    fn lock(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells the other instances how far the import is, and hears from them whether to stop it.
async fn note(notes: Arc<Notes>, job: Arc<Job>) {
    loop {
        sleep(PACE).await;
        if notes.is_asked_to_stop(job.id) {
            job.cancel();
        }
        job.write(&notes);
        if job.lock().ended.is_some() {
            return;
        }
    }
}

async fn run(app: Arc<App>, actor: Actor, connection: ConnectionId, job: Arc<Job>) {
    let ended = import(&app, &actor, connection, &job).await;
    job.end(ended);
}

async fn import(app: &App, actor: &Actor, connection: ConnectionId, job: &Job) -> &'static str {
    let mut open: Vec<Pick> = job.titles.keys().copied().collect();
    let (mut tries, mut pause) = (0, UNTIL_THERE_IS_ROOM);
    while tries < TRIES {
        let connection = match app.stores.connections.get(actor.tenant, connection).await {
            Ok(Some(record)) if record.state == ConnectionState::Active => record.connection(),
            Ok(_) => return "The connection is not active, so the rest was not imported.",
            Err(_) => return "The database did not answer, so the rest was not imported.",
        };
        let rest = import_through(app, actor, &connection, job, open).await;
        if rest.without_room.is_empty() {
            tries += 1;
        } else {
            job.wait_for_room(pause).await;
            pause = LONGEST.min(pause * 2);
        }
        open = rest.fenced.into_iter().chain(rest.without_room).collect();
        if open.is_empty() {
            return "Done.";
        }
    }
    "Syncs kept taking over. Import the rest again."
}

/// What was not imported and may be the next time.
#[derive(Default)]
struct Rest {
    /// A sync took over.
    fenced: Vec<Pick>,
    /// Our storage was full.
    without_room: Vec<Pick>,
}

async fn import_through(
    app: &App,
    actor: &Actor,
    connection: &Connection,
    job: &Job,
    picks: Vec<Pick>,
) -> Rest {
    let mut rest = Rest::default();
    let importer = app.importer.showing(job.chosen.clone());
    let mut events = pin!(importer.import(actor, connection, picks));
    while let Some(event) = events.next().await {
        match event {
            ImportEvent::Total(total) => {
                let mut progress = job.lock();
                progress.total = progress.lines.len() + total;
            }
            ImportEvent::Finished(ImportOutcome { pick, result: Err(Error::Store(StoreError::Fenced)) }) => {
                rest.fenced.push(pick)
            }
            ImportEvent::Finished(ImportOutcome {
                pick,
                result: Err(error @ Error::Store(StoreError::StorageFull(_))),
            }) => {
                problem::log(&error);
                rest.without_room.push(pick)
            }
            ImportEvent::Finished(outcome) => {
                let line = line(app, actor, job, outcome).await;
                job.lock().lines.push(line);
            }
        }
    }
    rest
}

async fn line(app: &App, actor: &Actor, job: &Job, outcome: ImportOutcome) -> Line {
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
            problem::log(&error);
            let title = picked.cloned().unwrap_or_else(|| "A row".to_owned());
            Line { title, verdict: Verdict::Failed(words::reason(&error).to_owned()), document: None }
        }
    }
}
