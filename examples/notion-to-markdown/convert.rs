//! `convert`: blocks as JSON to Markdown, without a network.

use std::fs;
use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use clap::Args;
use notion_import_core::markdown::{Options, Rendered, Styles, render};
use notion_import_core::notion::{BlockTree, ParseError};
use serde_json::json;

use crate::Output;

/// Convert a JSON array of Notion blocks; no network.
#[derive(Args)]
pub struct Convert {
    /// The file with the blocks; `-` or nothing reads standard input.
    file: Option<PathBuf>,
    /// Say on standard error, as JSON, how long it took: once to parse, ten times to convert.
    #[arg(long)]
    timings: bool,
    /// Write no character references for letters beside styles; what cannot be delimited without them is lost.
    #[arg(long)]
    readable: bool,
}

/// Why nothing was converted.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The input is no blocks.
    #[error("{input}: {source}")]
    Parse {
        /// The file, or `standard input`.
        input: String,
        /// Where and why.
        source: ParseError,
    },
    /// The input could not be read.
    #[error("{input}: {source}")]
    Read {
        /// The file, or `standard input`.
        input: String,
        /// Why.
        source: io::Error,
    },
    /// The output could not be written.
    #[error("standard output: {0}")]
    Write(io::Error),
}

impl Failure {
    /// 2 for input that is no blocks, 1 for the rest.
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Parse { .. } => ExitCode::from(2),
            Self::Read { .. } | Self::Write(_) => ExitCode::FAILURE,
        }
    }
}

impl Convert {
    /// Writes the Markdown to standard output.
    pub fn run(&self, output: Output) -> Result<ExitCode, Failure> {
        let json = self.read().map_err(|source| Failure::Read { input: self.input(), source })?;
        let start = Instant::now();
        let tree =
            BlockTree::parse(&json).map_err(|source| Failure::Parse { input: self.input(), source })?;
        let parse_ms = milliseconds(start);
        let styles = if self.readable { Styles::Readable } else { Styles::Exact };
        let rendered =
            render(&tree, &Options { styles, transcripts: output.transcripts, ..Options::default() });
        if self.timings {
            report_timings(&tree, json.len(), parse_ms, &rendered);
        }
        if output.report {
            eprintln!("{}", json!({ "fidelity": rendered.fidelity, "exposure": rendered.exposure }));
        }
        match io::stdout().lock().write_all(rendered.markdown.as_bytes()) {
            // A reader that has seen enough is no failure.
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::Write(error)),
            _ => Ok(ExitCode::SUCCESS),
        }
    }

    fn read(&self) -> io::Result<Vec<u8>> {
        match &self.file {
            Some(path) if path.as_os_str() != "-" => fs::read(path),
            _ => {
                let mut json = Vec::new();
                io::stdin().lock().read_to_end(&mut json)?;
                Ok(json)
            }
        }
    }

    fn input(&self) -> String {
        match &self.file {
            Some(path) if path.as_os_str() != "-" => path.display().to_string(),
            _ => "standard input".to_owned(),
        }
    }
}

fn report_timings(tree: &BlockTree, bytes_in: usize, parse_ms: f64, rendered: &Rendered) {
    let convert_ms: Vec<f64> = (0..10)
        .map(|_| {
            let start = Instant::now();
            std::hint::black_box(render(tree, &Options::default()));
            milliseconds(start)
        })
        .collect();
    eprintln!(
        "{}",
        json!({
            "blocks": tree.len(),
            "bytes_in": bytes_in,
            "bytes_out": rendered.markdown.len(),
            "parse_ms": parse_ms,
            "convert_ms": convert_ms,
        })
    );
}

fn milliseconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1000.0
}
