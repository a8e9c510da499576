//! The Trust Center demo: two companies show what they keep in Notion to whom they choose.

mod app;
mod background;
mod because;
mod body;
mod bulk;
mod config;
mod converted;
#[cfg(feature = "postgres")]
mod database;
#[cfg(not(feature = "postgres"))]
#[path = "no_database.rs"]
mod database;
mod deliveries;
mod environment;
mod fields;
mod folder;
mod headers;
mod html;
mod jobs;
mod kept;
mod language;
mod languages;
mod links;
mod live;
mod names;
mod nango;
mod pages;
mod people;
mod problem;
mod progress;
mod revalidate;
mod same_origin;
mod sealing;
mod seed;
mod server;
mod signing;
mod session;
mod slips;
mod stand_ins;
mod stores;
mod stream;
mod subscription;
mod target;
#[cfg(feature = "metrics")]
mod telemetry;
#[cfg(not(feature = "metrics"))]
#[path = "no_telemetry.rs"]
mod telemetry;
mod telling;
mod words;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::app::Running;
use crate::config::Config;

/// What is logged by default. A login that row-level security does not bind is refused anyway, so it is not warned about too.
const LOGGED: &str = "warn,sqlx::postgres::notice=off,notion_import_postgres::safety=off";

#[tokio::main]
async fn main() -> ExitCode {
    let written = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    tracing_subscriber::registry().with(written).with(logged()).init();
    match run(Config::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("trust-center: {error}");
            ExitCode::FAILURE
        }
    }
}

/// What `RUST_LOG` says is logged: levels of targets, such as `info,sqlx=warn`.
fn logged() -> Targets {
    let said = std::env::var("RUST_LOG").ok().and_then(|said| said.parse().ok());
    said.or_else(|| LOGGED.parse().ok()).unwrap_or_default()
}

async fn run(config: Config) -> Result<(), app::StartError> {
    let running = Running::start(&config).await?;
    let stand_ins = running.stand_ins().map_or_else(String::new, |(window, nango, notion)| {
        format!("Notion and Nango, as stand-ins: {window}\nNango's API: {nango}\nNotion's API: {notion}\n")
    });
    // Whoever started this waits for the first line, and may read no further.
    let mut out = std::io::stdout();
    let metrics = running.metrics().map_or_else(String::new, |url| format!("Metrics: {url}\n"));
    let _ = write!(out, "{}\n{stand_ins}{metrics}", running.url()).and_then(|()| out.flush());
    running.until_stopped().await;
    Ok(())
}
