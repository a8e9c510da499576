//! `export`: everything the token can see.
//!
//! Search shows only a part of it, so every page, table and database also leads to what is in it.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use chrono::{DateTime, Utc};
use clap::Args;
use futures_util::StreamExt;
use futures_util::stream::{self, FuturesUnordered};
use notion_import_core::notion::Row;
use notion_import_core::{
    Child, Error, FetchOutcome, Fetched, KnownTitles, NotionId, Pick, Shown, Source, SourceKind,
    SourceParent, SourceState, StoreError,
};
use tokio::sync::mpsc;

use crate::Output;
use crate::document::{self, Document};
use crate::failure::{Failure, Trouble};
use crate::folder::Folder;
use crate::notion::Notion;
use crate::progress::Progress;
use crate::record::{Done, Record, Terms};
use crate::spool::Spool;
use crate::worklist::{Evidence, Step, Verdict, Worklist};

/// Write every page and database the token can see into a folder.
#[derive(Args)]
pub struct Export {
    /// Write into `DIR/<page id>.md`, with the files in `DIR/<page id>/`. Links between the pages lead from file to file.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Only what has these words in its title, and what is in it.
    #[arg(long, value_name = "WORDS")]
    query: Option<String>,
    /// Ask about every page whether it has changed since the last run, a request each, also where search shows no edit.
    #[arg(long)]
    check: bool,
    /// FetchOutcome everything anew, also what has not changed since the last run.
    #[arg(long, conflicts_with = "check")]
    force: bool,
}

impl Export {
    /// Writes everything it can, and fails if that is not all.
    pub async fn run(&self, output: Output) -> Result<ExitCode, Failure> {
        let notion = Notion::from_env(output, Shown::FirstView)?;
        let folder = Folder::open(&self.out)?;
        let mut run = Run::new(&notion, &folder, output, self)?;
        let ended = tokio::select! {
            ended = run.all(self.query.as_deref().unwrap_or_default()) => ended,
            _ = tokio::signal::ctrl_c() => Err(Failure::Stopped),
        };
        run.progress.not_checked(run.work.not_checked());
        run.progress.finish();
        run.record.close().map_err(|source| Failure::Folder { path: self.out.clone(), source })?;
        folder.link_pages(&run.tables)?;
        ended?;
        match (run.progress.failures(), run.progress.saw_nothing() && self.query.is_none()) {
            (0, false) => Ok(ExitCode::SUCCESS),
            (0, true) => Err(Failure::NothingShared),
            (failed, _) => Err(Failure::Incomplete(failed)),
        }
    }
}

/// One export.
struct Run<'a> {
    notion: &'a Notion,
    folder: &'a Folder,
    output: Output,
    record: Record,
    work: Worklist,
    progress: Progress,
    /// The tables that are read, by the databases they are in.
    tables: BTreeMap<NotionId, NotionId>,
}

impl<'a> Run<'a> {
    fn new(notion: &'a Notion, folder: &'a Folder, output: Output, asked: &Export) -> Result<Self, Failure> {
        let (path, terms) = (folder.record(), Terms::new(output));
        let record = match asked.force {
            true => Record::anew(path.clone(), terms),
            false => Record::open(path.clone(), terms),
        };
        let record = record.map_err(|source| Failure::Folder { path, source })?;
        let work = Worklist::new(Utc::now(), asked.check);
        let (progress, tables) = (Progress::new(), BTreeMap::new());
        Ok(Self { notion, folder, output, record, work, progress, tables })
    }

    /// Follows every lead. A search that fails leaves what it found until then, and ends in its error.
    async fn all(&mut self, words: &str) -> Result<(), Failure> {
        let (Notion { importer, connection, .. }, folder) = (self.notion, self.folder);
        // What search shows need not be asked for where another page refers to it.
        let titles = KnownTitles::default();
        let importer = &importer.knowing(titles.clone());
        let mut search = std::pin::pin!(importer.listed(connection, words));
        let (mut searching, mut search_ended) = (true, Ok(()));
        let (want, mut wanted) = mpsc::unbounded_channel();
        let wanted = stream::poll_fn(move |context| wanted.poll_recv(context));
        let spool = |pick: Pick| folder.spool(pick.id).map_err(StoreError::backend);
        let mut reading = std::pin::pin!(importer.fetch_many(connection, wanted, spool));
        let mut open: usize = 0;
        let mut expanding = FuturesUnordered::new();
        loop {
            while let Some(step) = self.work.next() {
                match step {
                    // Never refused: what receives it lives as long as this loop.
                    Step::Read(wanted) => open += usize::from(want.send(wanted).is_ok()),
                    Step::Expand(id) => {
                        expanding.push(async move { (id, importer.data_sources(connection, id).await) });
                    }
                }
            }
            self.progress.known(self.work.documents(), self.work.not_checked().len());
            tokio::select! {
                found = search.next(), if searching => match found {
                    Some(Ok(source)) => {
                        titles.learn(&source);
                        self.found(&source)?;
                    }
                    ended => {
                        searching = false;
                        self.work.search_ended();
                        if let Some(Err(error)) = ended {
                            search_ended = Err(cut_short(error));
                        }
                    }
                },
                Some((wanted, outcome)) = reading.next(), if open > 0 => {
                    open -= 1;
                    self.take(wanted.pick.id, outcome)?;
                }
                Some((id, tables)) = expanding.next(), if !expanding.is_empty() => match tables {
                    Ok(tables) => tables.into_iter().for_each(|table| self.work.data_source(table)),
                    Err(error) => self.failed(id, error)?,
                },
                else => return search_ended,
            }
        }
    }

    fn found(&mut self, source: &Source) -> Result<(), Failure> {
        match source.kind {
            SourceKind::Page => self.page(source.id, Evidence::Search(source.edited_at)),
            SourceKind::DataSource => {
                self.work.data_source(source.id);
                Ok(())
            }
        }
    }

    fn take(&mut self, id: NotionId, outcome: Result<FetchOutcome<Spool>, Error>) -> Result<(), Failure> {
        match outcome {
            Ok(FetchOutcome::Unedited(checked_at)) => self.unchanged(id, checked_at),
            Ok(FetchOutcome::Fetched(fetched, spool)) => self.write(&fetched, &spool),
            Err(error) => self.failed(id, error),
        }
    }

    fn failed(&mut self, id: NotionId, error: Error) -> Result<(), Failure> {
        // A page may show what is in it without letting everybody in.
        if Trouble::of(&error) == Trouble::NotShared {
            self.progress.not_shared();
            return Ok(());
        }
        self.progress.failed(id, error)
    }

    fn write(&mut self, fetched: &Fetched, spool: &Spool) -> Result<(), Failure> {
        let content = &fetched.content;
        if content.state == SourceState::Trashed {
            self.progress.not_shared();
            return Ok(());
        }
        let document = Document::new(fetched, self.output.front_matter);
        self.folder.keep(&document, spool)?;
        if self.output.report {
            self.progress.say(|| document::report(content));
        }
        self.progress.written(document.files.len());
        let done = done(fetched, document);
        match content.source.kind {
            SourceKind::Page => self.follow(&done)?,
            SourceKind::DataSource => {
                self.contained(&content.source);
                self.rows(fetched)?;
            }
        }
        // Without a basis, another look at the page would not show what has changed: an edit later in the same minute looks like
        // none, and rows come and go without a trace in a table, or in the page that it stands in.
        if content.read.basis.is_some() {
            self.record.add(done).map_err(unwritten(self.folder))?;
        }
        Ok(())
    }

    /// The page is in its place as it was at that time.
    fn unchanged(&mut self, id: NotionId, checked_at: DateTime<Utc>) -> Result<(), Failure> {
        self.progress.unchanged();
        let done = self.record.check(id, checked_at).map_err(unwritten(self.folder))?;
        done.map_or(Ok(()), |done| self.follow(&done))
    }

    /// Notes which database a table is in: links lead to that. Of several, to the one that was read first.
    fn contained(&mut self, table: &Source) {
        if let Some(SourceParent::Database(database)) = table.parent {
            self.tables.entry(database).or_insert(table.id);
        }
    }

    fn follow(&mut self, done: &Done) -> Result<(), Failure> {
        done.tables.iter().for_each(|id| self.work.data_source(*id));
        done.databases.iter().for_each(|id| self.work.database(*id));
        done.pages.iter().try_for_each(|id| self.page(*id, Evidence::Parent))
    }

    fn rows(&mut self, table: &Fetched) -> Result<(), Failure> {
        let read_at = table.read_at;
        for row in table.rows() {
            match row {
                Row::Page(page) => {
                    let evidence = page.last_edited_time.map(|edited| Evidence::Row { edited, read_at });
                    page.id.map_or(Ok(()), |id| self.page(id, evidence.unwrap_or(Evidence::Parent)))?;
                }
                Row::DataSource(source) => source.id.into_iter().for_each(|id| self.work.data_source(id)),
            }
        }
        Ok(())
    }

    fn page(&mut self, id: NotionId, evidence: Evidence) -> Result<(), Failure> {
        let done = self.record.get(id, self.folder).cloned();
        match (self.work.page(id, evidence, done.as_ref()), done) {
            (Verdict::Unchanged(checked_at), _) => self.unchanged(id, checked_at),
            (Verdict::NotChecked, Some(done)) => self.follow(&done),
            (Verdict::NotChecked, None) | (Verdict::Open, _) => Ok(()),
        }
    }
}

fn unwritten(folder: &Folder) -> impl FnOnce(io::Error) -> Failure {
    let path = folder.record();
    move |source| Failure::Folder { path, source }
}

fn cut_short(error: Error) -> Failure {
    match error {
        Error::Incomplete(_) => Failure::CutShort(error),
        error => error.into(),
    }
}

fn done(fetched: &Fetched, document: Document) -> Done {
    let (mut pages, mut databases, mut tables) = (Vec::new(), Vec::new(), Vec::new());
    for child in &fetched.children {
        match child {
            Child::Page(id) => pages.push(*id),
            Child::Database(id) => databases.push(*id),
            Child::DataSource(id) => tables.push(*id),
        }
    }
    Done {
        id: document.id,
        edited: fetched.content.source.edited_at,
        checked_at: fetched.read_at,
        files: document.files.into_values().collect(),
        pages,
        databases,
        tables,
    }
}
