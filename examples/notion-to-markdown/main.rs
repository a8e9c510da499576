//! Notion pages to Markdown, for any token.

mod convert;
mod doctor;
mod document;
mod export;
mod failure;
mod folder;
mod front_matter;
mod notion;
mod page;
mod progress;
mod record;
mod spool;
mod verify;
mod worklist;

use std::fmt::Display;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::failure::Failure;

#[derive(Parser)]
#[command(name = "notion-to-markdown", version, about = "Notion pages to Markdown", after_help = HELP)]
struct Cli {
    #[command(flatten)]
    output: Output,
    #[command(subcommand)]
    command: Command,
}

const HELP: &str = "\
Environment:
  NOTION_TOKEN    the token of an integration, or a personal one (`page`, `export` and `doctor`)
  NOTION_API_URL  where Notion's API is [default: https://api.notion.com]

Exit codes:
  0    all done; what `export` has not checked it names, and since when
  1    something failed; the messages say what, the rest is done
  2    the command line or the input is wrong
  3    Notion does not accept the token, or the token may not read content
  4    the page is not there, or not shared with the integration
  5    Notion limits, blocks or cannot be reached; run the same command again later
  6    `verify`: the receipt does not hold, or is about another document, or signed with another key
  130  stopped by Ctrl-C; run the same command again to go on";

/// What every command writes besides the Markdown.
#[derive(Args, Clone, Copy, Debug)]
struct Output {
    /// Put the title, the source and the times above the text, as YAML.
    #[arg(long, global = true)]
    #[allow(dead_code)] // Blocks alone have no title; commands that fetch pages read it.
    front_matter: bool,
    /// Say on standard error, as JSON, what the Markdown does not say.
    #[arg(long, global = true)]
    report: bool,
    /// Write the transcripts of meetings, which are left out and reported otherwise.
    #[arg(long, global = true)]
    transcripts: bool,
    /// Ask Notion beside the blocks which of them are missing, for the report: at least one request more a page.
    #[arg(long, global = true)]
    #[allow(dead_code)]
    // Of blocks alone nobody can be asked what is missing; commands that fetch pages read it.
    completeness: bool,
    /// Write all columns and rows of databases, also what their views hide.
    #[arg(long, global = true)]
    all_columns: bool,
    /// Leave the databases inside pages links to them.
    #[arg(long, global = true)]
    link_databases: bool,
}

#[derive(Subcommand)]
enum Command {
    /// Write one page or database as Markdown.
    Page(page::Page),
    /// Write every page and database the token can see into a folder.
    Export(export::Export),
    /// Say what this release does not know of a workspace, without a word of it, for a bug report.
    Doctor(doctor::Doctor),
    /// Convert a JSON array of Notion blocks; no network.
    Convert(convert::Convert),
    /// Hold a document against the receipt of its publication; no network.
    Verify(verify::Verify),
}

fn main() -> ExitCode {
    let Cli { output, command } = Cli::parse();
    match command {
        Command::Page(page) => conclude(waiting(page.run(output)), Failure::exit_code),
        Command::Export(export) => conclude(waiting(export.run(output)), Failure::exit_code),
        Command::Doctor(doctor) => conclude(waiting(doctor.run(output)), Failure::exit_code),
        Command::Convert(convert) => conclude(convert.run(output), convert::Failure::exit_code),
        Command::Verify(verify) => conclude(verify.run(), verify::Failure::exit_code),
    }
}

fn waiting(work: impl Future<Output = Result<ExitCode, Failure>>) -> Result<ExitCode, Failure> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Failure::Output)?
        .block_on(work)
}

fn conclude<F: Display>(done: Result<ExitCode, F>, exit_code: fn(&F) -> ExitCode) -> ExitCode {
    done.unwrap_or_else(|failure| {
        eprintln!("notion-to-markdown: {failure}");
        exit_code(&failure)
    })
}
