//! `export`: everything the token can see.
//!
//! Search shows only a part of it, so every page, table and database also leads to what is in it.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use notion_import_core::error::{Error, StoreError};
use notion_import_core::import::{Child, Fetched, Pick, Shape};
use notion_import_core::library::document::{SourceKind, SourceState};

use crate::Output;
use crate::document::{self, Document};
use crate::failure::{Failure, Trouble};
use crate::folder::Folder;
use crate::notion::Notion;
use crate::progress::Progress;
use crate::record::{Done, Record, Terms};
use crate::spool::Spool;
use crate::worklist::{Lead, Worklist};

/// Pages read at once. Notion's limit on requests bounds them further.
const AT_ONCE: usize = 6;

/// Write every page and database the token can see into a folder.
#[derive(Args)]
pub struct Export {
    /// Write into `DIR/<page id>.md`, with the files in `DIR/<page id>/`. Links between the pages lead from file to file.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Only what has these words in its title, and what is in it.
    #[arg(long, value_name = "WORDS")]
    query: Option<String>,
    /// Read everything anew, also what has not changed since the last run.
    #[arg(long)]
    force: bool,
}

impl Export {
    /// Writes everything it can, and fails if that is not all.
    pub async fn run(&self, output: Output) -> Result<ExitCode, Failure> {
        let notion = Notion::from_env()?;
        let folder = Folder::open(&self.out)?;
        let mut run = Run::new(&notion, &folder, output, self.force)?;
        let ended = tokio::select! {
            ended = run.all(self.query.as_deref().unwrap_or_default()) => ended,
            _ = tokio::signal::ctrl_c() => Err(Failure::Stopped),
        };
        run.progress.finish();
        run.record.close().map_err(|source| Failure::Folder { path: self.out.clone(), source })?;
        folder.link_pages()?;
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
}

/// What a lead led to.
enum Read {
    /// The page as it is in its place already.
    Unchanged(Done),
    /// A page or a table, and where its files are.
    Fetched(Box<Fetched>, Spool),
    /// The tables of a database.
    Database(Vec<Lead>),
}

impl<'a> Run<'a> {
    fn new(notion: &'a Notion, folder: &'a Folder, output: Output, force: bool) -> Result<Self, Failure> {
        let (path, terms) = (folder.record(), Terms::new(output.front_matter));
        let record = match force {
            true => Record::anew(path.clone(), terms),
            false => Record::open(path.clone(), terms),
        };
        let record = record.map_err(|source| Failure::Folder { path, source })?;
        Ok(Self { notion, folder, output, record, work: Worklist::default(), progress: Progress::new() })
    }

    /// It follows every lead. A search that fails leaves what it found until then, and ends in its error.
    async fn all(&mut self, words: &str) -> Result<(), Failure> {
        let (notion, folder) = (self.notion, self.folder);
        let mut search = std::pin::pin!(notion.importer.listed(&notion.connection, words));
        let mut searching = true;
        let mut search_ended = Ok(());
        let mut reading = FuturesUnordered::new();
        loop {
            while reading.len() < AT_ONCE
                && let Some(lead) = self.work.next()
            {
                let known = self.record.get(lead.id(), folder).cloned();
                reading.push(async move { (lead, read(notion, folder, lead, known).await) });
            }
            self.progress.known(self.work.documents());
            tokio::select! {
                found = search.next(), if searching => match found {
                    Some(Ok((id, kind))) => self.work.add(Lead::found(id, kind)),
                    Some(Err(error)) => {
                        searching = false;
                        search_ended = Err(cut_short(error));
                    }
                    None => searching = false,
                },
                Some((lead, outcome)) = reading.next(), if !reading.is_empty() => self.take(lead, outcome)?,
                else => return search_ended,
            }
        }
    }

    fn take(&mut self, lead: Lead, outcome: Result<Read, Error>) -> Result<(), Failure> {
        match outcome {
            Ok(Read::Unchanged(done)) => {
                self.follow(&done);
                self.progress.unchanged();
            }
            Ok(Read::Fetched(fetched, spool)) => self.write(&fetched, &spool)?,
            Ok(Read::Database(tables)) => tables.into_iter().for_each(|table| self.work.add(table)),
            // A page may show what is in it without letting everybody in.
            Err(error) if Trouble::of(&error) == Trouble::NotShared => self.progress.not_shared(),
            Err(error) => self.progress.failed(lead.id(), error)?,
        }
        Ok(())
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
        self.follow(&done);
        // An edit later in the same minute would look like none, and rows may leave a table without a trace in it.
        if content.read.settled && content.source.kind == SourceKind::Page {
            let path = self.folder.record();
            self.record.add(done).map_err(|source| Failure::Folder { path, source })?;
        }
        Ok(())
    }

    fn follow(&mut self, done: &Done) {
        done.pages.iter().for_each(|id| self.work.add(Lead::Page(*id)));
        done.databases.iter().for_each(|id| self.work.add(Lead::Database(*id)));
    }
}

async fn read(notion: &Notion, folder: &Folder, lead: Lead, known: Option<Done>) -> Result<Read, Error> {
    let (importer, connection) = (&notion.importer, &notion.connection);
    let pick = match lead {
        Lead::Page(id) => Pick::page(id),
        Lead::DataSource(id) => Pick::data_source(id),
        Lead::Database(id) => {
            let tables = importer.data_sources(connection, id).await?;
            return Ok(Read::Database(tables.into_iter().map(Lead::DataSource).collect()));
        }
    };
    if let Some(done) = known
        && importer.metadata(connection, pick).await?.edited_at <= done.edited
    {
        return Ok(Read::Unchanged(done));
    }
    let spool = folder.spool(pick.id).map_err(StoreError::backend)?;
    let fetched = importer.fetch_into(&spool, connection, pick.shaped(Shape::Markdown)).await?;
    Ok(Read::Fetched(Box::new(fetched), spool))
}

fn cut_short(error: Error) -> Failure {
    match error {
        Error::Incomplete(_) => Failure::CutShort(error),
        error => error.into(),
    }
}

fn done(fetched: &Fetched, document: Document) -> Done {
    let (mut pages, mut databases) = (Vec::new(), Vec::new());
    for child in &fetched.children {
        match child {
            Child::Page(id) => pages.push(*id),
            Child::Database(id) => databases.push(*id),
        }
    }
    Done {
        id: document.id,
        edited: fetched.content.source.edited_at,
        files: document.files.into_values().collect(),
        pages,
        databases,
    }
}
