//! `doctor`: what this release does not know of a workspace, without a word of it.

mod report;
mod survey;

use std::collections::{BTreeMap, VecDeque};
use std::io::{self, Write};
use std::process::ExitCode;

use clap::Args;
use futures_util::stream::{self, StreamExt};
use notion_import_core::{
    Error, FetchOutcome, ImportOptions, Pick, Shape, Shown, Source, SourceKind, SourceParent, Wanted,
};

use crate::Output;
use crate::failure::{Failure, Streak};
use crate::notion::Notion;
use crate::progress;
use crate::spool::Nowhere;
use report::Report;
use survey::Survey;

/// Files are fetched to see that they can be, and larger ones are left out.
const LARGEST_FILE: u64 = 1 << 20;

/// Say what this release does not know of a workspace, without a word of it, for a bug report.
#[derive(Args)]
pub struct Doctor {
    /// Read so many pages and databases at most, some of every kind. A page costs three requests or more, a database one for each 100
    /// rows; what is shared is listed for one more for each 100 of it.
    #[arg(long, value_name = "N", default_value_t = 50)]
    pages: usize,
    /// Write the report as JSON.
    #[arg(long)]
    json: bool,
}

impl Doctor {
    /// Writes what it has found to standard output, however far it came.
    pub async fn run(&self, output: Output) -> Result<ExitCode, Failure> {
        let survey = Survey::default();
        let options = ImportOptions::default().largest_file(LARGEST_FILE).largest_image(LARGEST_FILE);
        let notion = Notion::with(output, Shown::FirstView, options, |builder| survey.of(builder))?;
        let mut report = Report::default();
        let ended = tokio::select! {
            ended = self.look(&notion, &mut report) => ended,
            _ = tokio::signal::ctrl_c() => Err(Failure::Stopped),
        };
        report.take(&survey);
        let text = if self.json { report.json() } else { report.to_string() };
        match io::stdout().lock().write_all(text.as_bytes()) {
            // A reader that has seen enough is no failure.
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => return Err(Failure::Output(error)),
            _ => {}
        }
        ended.map(|()| ExitCode::SUCCESS)
    }

    async fn look(&self, notion: &Notion, report: &mut Report) -> Result<(), Failure> {
        notion.importer.workspace(&notion.connection).await?;
        let sources = listed(notion, report).await?;
        if sources.is_empty() {
            return Err(Failure::NothingShared);
        }
        let picks = some_of_every_kind(sources, self.pages);
        read(notion, &picks, report).await?;
        match report.failures() {
            0 => Ok(()),
            failed => Err(Failure::Unread(failed)),
        }
    }
}

/// Everything that search shows, by its kind.
async fn listed(
    notion: &Notion,
    report: &mut Report,
) -> Result<BTreeMap<&'static str, VecDeque<Pick>>, Failure> {
    let mut by_kind: BTreeMap<_, VecDeque<_>> = BTreeMap::new();
    let mut listing = std::pin::pin!(notion.importer.listed(&notion.connection, ""));
    while let Some(found) = listing.next().await {
        match found {
            Ok(source) => {
                let kind = kind(&source);
                report.shared(kind);
                let pick = Pick { id: source.id, kind: source.kind, shape: Shape::Markdown };
                by_kind.entry(kind).or_default().push_back(pick);
            }
            Err(error @ Error::Incomplete(_)) => report.cut_short(&error),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(by_kind)
}

fn kind(source: &Source) -> &'static str {
    match (source.kind, source.parent) {
        (SourceKind::Page, Some(SourceParent::Workspace)) => "page_in_workspace",
        (SourceKind::Page, Some(SourceParent::Page(_))) => "page_in_page",
        (SourceKind::Page, Some(SourceParent::Block(_))) => "page_in_block",
        (SourceKind::Page, Some(SourceParent::Database(_))) => "page_in_database",
        (SourceKind::Page, Some(SourceParent::DataSource(_))) => "row",
        (SourceKind::Page, Some(SourceParent::Other) | None) => "page_elsewhere",
        (SourceKind::DataSource, Some(SourceParent::Database(_))) => "data_source",
        (SourceKind::DataSource, Some(SourceParent::DataSource(_))) => "data_source_in_data_source",
        (
            SourceKind::DataSource,
            Some(
                SourceParent::Workspace
                | SourceParent::Page(_)
                | SourceParent::Block(_)
                | SourceParent::Other,
            )
            | None,
        ) => "data_source_elsewhere",
    }
}

/// Takes one of each kind in turn, so that a kind with many does not crowd out the others.
fn some_of_every_kind(
    mut by_kind: BTreeMap<&'static str, VecDeque<Pick>>,
    most: usize,
) -> Vec<(&'static str, Pick)> {
    let mut taken = Vec::new();
    while taken.len() < most {
        let before = taken.len();
        for (kind, left) in &mut by_kind {
            taken.extend(left.pop_front().map(|pick| (*kind, pick)));
        }
        if taken.len() == before {
            break;
        }
    }
    taken.truncate(most);
    taken
}

async fn read(notion: &Notion, picks: &[(&'static str, Pick)], report: &mut Report) -> Result<(), Failure> {
    let bar = progress::bar(picks.len() as u64);
    let kinds: BTreeMap<_, _> = picks.iter().map(|(kind, pick)| (pick.id, *kind)).collect();
    let wanted = stream::iter(picks.iter().map(|(_, pick)| Wanted::from(*pick)));
    let mut streak = Streak::default();
    let mut reading = std::pin::pin!(notion.importer.fetch_many(&notion.connection, wanted, |_| Ok(Nowhere)));
    while let Some((wanted, outcome)) = reading.next().await {
        bar.inc(1);
        match outcome {
            Ok(FetchOutcome::Fetched(fetched, _)) => {
                streak.end();
                let kind = kinds.get(&wanted.pick.id).copied().unwrap_or("page_elsewhere");
                report.read(kind, &fetched.content.fidelity);
            }
            Ok(FetchOutcome::Unedited(_)) => streak.end(),
            Err(error) => {
                report.failed(error.code());
                streak.failed(error)?;
            }
        }
    }
    bar.finish_and_clear();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use notion_import_core::NotionId;

    #[test]
    fn no_kind_crowds_out_another() {
        let picks = |from: u128, count: u128| {
            (from..from + count)
                .map(|id| Pick::page(NotionId::new(uuid::Uuid::from_u128(id))))
                .collect::<VecDeque<_>>()
        };
        let by_kind = BTreeMap::from([("page_in_page", picks(1, 1)), ("row", picks(10, 500))]);
        let kinds = |most| {
            some_of_every_kind(by_kind.clone(), most).into_iter().map(|(kind, _)| kind).collect::<Vec<_>>()
        };
        assert_eq!(kinds(3), ["page_in_page", "row", "row"]);
        assert_eq!(kinds(1), ["page_in_page"]);
        assert_eq!(kinds(900).len(), 501);
        assert_eq!(kinds(0), [""; 0]);
    }
}
