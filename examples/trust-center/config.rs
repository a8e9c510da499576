//! How the demo is started.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Parser;

/// A Trust Center whose documents come from Notion. Without NANGO_SECRET_KEY it brings its own Nango and Notion.
#[derive(Parser, Debug)]
#[command(name = "trust-center")]
pub struct Config {
    /// Where everything is kept.
    #[arg(long, value_name = "DIR", default_value = "data", conflicts_with = "ephemeral")]
    data: PathBuf,
    /// Keep nothing once it stops.
    #[arg(long)]
    ephemeral: bool,
    /// The port on 127.0.0.1. By default 4780, or any free one if that is taken.
    #[arg(long)]
    pub port: Option<u16>,
    /// How often a connection is synced, such as 4h, 15m or 30s.
    #[arg(long, value_name = "TIME", default_value = "4h", value_parser = duration)]
    pub sync_every: Duration,
}

impl Config {
    /// The directory to keep things in; none if nothing is to be kept.
    pub fn data(&self) -> Option<&Path> {
        (!self.ephemeral).then_some(self.data.as_path())
    }
}

fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let seconds = match &text[digits.len()..] {
        "s" | "" => 1,
        "m" => 60,
        "h" => 3600,
        _ => return Err("give a number and s, m or h".to_owned()),
    };
    match digits.parse::<u32>() {
        Ok(count) if count > 0 => Ok(Duration::from_secs(u64::from(count) * seconds)),
        _ => Err("give a number and s, m or h".to_owned()),
    }
}
