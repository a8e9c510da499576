//! `page`: one page or database.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use notion_import_core::markdown::{Options, render};
use notion_import_core::notion::link::pasted;
use notion_import_core::notion::{Block, Content, Heading, HeadingText, RichText, TreeBuilder};
use notion_import_core::{BlobStore, Entry, Fetched, Pick, Shape, Shown};

use crate::Output;
use crate::document::{self, Document};
use crate::failure::Failure;
use crate::folder::Folder;
use crate::notion::Notion;
use crate::spool::Nowhere;

/// Write one page or database as Markdown.
#[derive(Args)]
pub struct Page {
    /// The page's link or id.
    #[arg(value_name = "ID|URL")]
    link: String,
    /// Write into `DIR/<page id>.md`, with the files in `DIR/<page id>/`, instead of to standard output.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Write these columns of a database, by name; else those of the view that the link names, or of the first.
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    columns: Vec<String>,
}

impl Page {
    /// Writes the page; of a database, each of its tables.
    pub async fn run(&self, output: Output) -> Result<ExitCode, Failure> {
        let notion = Notion::from_env(output, self.shown())?;
        let found = notion.importer.resolve_link(&notion.actor, &notion.connection, &self.link).await?;
        if found.is_empty() {
            return Err(Failure::NoLink);
        }
        match &self.out {
            Some(folder) => {
                let folder = Folder::open(folder)?;
                for entry in &found {
                    into_folder(&notion, entry.pick(), &folder, output).await?;
                }
            }
            None => to_stdout(&notion, &found, output).await?,
        }
        Ok(ExitCode::SUCCESS)
    }

    fn shown(&self) -> Shown {
        let view = || pasted(&self.link).into_iter().find_map(|link| link.view);
        match self.columns.as_slice() {
            [] => view().map_or(Shown::FirstView, Shown::View),
            names => Shown::Columns(names.to_vec()),
        }
    }
}

async fn into_folder(notion: &Notion, pick: Pick, folder: &Folder, output: Output) -> Result<(), Failure> {
    let spool =
        folder.spool(pick.id).map_err(|source| Failure::Folder { path: folder.files(pick.id), source })?;
    let fetched = fetch(notion, pick, &spool, output).await?;
    folder.keep(&Document::new(&fetched, output.front_matter), &spool)
}

/// The same bytes as in a folder; the links lead to where the files would be. Of several tables, each stands under its name.
async fn to_stdout(notion: &Notion, found: &[Entry], output: Output) -> Result<(), Failure> {
    if found.len() > 1 && output.front_matter {
        return Err(Failure::SeveralTables(found.iter().map(|entry| entry.source.clone()).collect()));
    }
    for (at, entry) in found.iter().enumerate() {
        let fetched = fetch(notion, entry.pick(), &Nowhere, output).await?;
        let document = Document::new(&fetched, output.front_matter);
        if !document.files.is_empty() {
            eprintln!(
                "notion-to-markdown: the page has files ({}). Keep them with --out DIR.",
                document.files.len()
            );
        }
        let gap = if at == 0 { "" } else { "\n" };
        let name = if found.len() == 1 { String::new() } else { heading(&entry.source.title) + "\n" };
        write(&format!("{gap}{name}{}", document.markdown))?;
    }
    Ok(())
}

fn heading(title: &str) -> String {
    let text = HeadingText { rich_text: vec![RichText::plain(title)], ..HeadingText::default() };
    let mut tree = TreeBuilder::default();
    tree.roots(vec![Block::new(Content::Heading(Heading { level: 1, text }))]);
    render(&tree.build(), &Options::default()).markdown
}

fn write(markdown: &str) -> Result<(), Failure> {
    match io::stdout().lock().write_all(markdown.as_bytes()) {
        // A reader that has seen enough is no failure.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::Output(error)),
        _ => Ok(()),
    }
}

async fn fetch(
    notion: &Notion,
    pick: Pick,
    blobs: &dyn BlobStore,
    output: Output,
) -> Result<Fetched, Failure> {
    let fetched = notion.importer.fetch_into(blobs, &notion.connection, pick.shaped(Shape::Markdown)).await?;
    if output.report {
        document::report(&fetched.content);
    }
    Ok(fetched)
}
