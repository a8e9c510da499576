//! Notion pages to Markdown, for any token.

mod convert;

use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

#[derive(Parser)]
#[command(name = "notion-to-markdown", version, about = "Notion pages to Markdown")]
struct Cli {
    #[command(flatten)]
    output: Output,
    #[command(subcommand)]
    command: Command,
}

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
}

#[derive(Subcommand)]
enum Command {
    /// Convert a JSON array of Notion blocks; no network.
    Convert(convert::Convert),
}

fn main() -> ExitCode {
    let Cli { output, command } = Cli::parse();
    let done = match command {
        Command::Convert(convert) => convert.run(output),
    };
    done.unwrap_or_else(|failure| {
        eprintln!("notion-to-markdown: {failure}");
        failure.exit_code()
    })
}
