//! How the demo is started.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Parser;
use notion_import_core::Retention;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

/// A Trust Center whose documents come from Notion. Without NANGO_SECRET_KEY it brings its own Nango and Notion.
///
/// Several may be started on one database and one folder, each on a port of its own. They share the syncs, the sign-ins and, if
/// they bring them, Nango and Notion: one runs these, and another goes on with them when it ends.
#[derive(Parser, Debug)]
#[command(name = "trust-center")]
pub struct Config {
    /// Where everything is kept; with a database, the files.
    #[arg(long, value_name = "DIR", default_value = "data", conflicts_with = "ephemeral")]
    data: PathBuf,
    /// Keep the rest in PostgreSQL: postgres://login:password@host:5432/database. In the environment nobody else on the machine
    /// sees the password.
    #[arg(
        long,
        value_name = "URL",
        env = "DATABASE_URL",
        hide_env_values = true,
        conflicts_with = "ephemeral"
    )]
    database_url: Option<SecretString>,
    /// Keep nothing once it stops.
    #[arg(long)]
    ephemeral: bool,
    /// The port on 127.0.0.1. By default 4780, or any free one if that is taken.
    #[arg(long)]
    pub port: Option<u16>,
    /// What browsers call the site, if a proxy stands before it: `https://trust.example`. Its name is answered to, and with https
    /// cookies are marked Secure. What a request says of itself, such as X-Forwarded-Proto, is not believed.
    #[arg(long, value_name = "URL", value_parser = origin)]
    pub public_url: Option<Url>,
    /// How often a connection is synced, such as 4h, 15m or 30s.
    #[arg(long, value_name = "TIME", default_value = "4h", value_parser = duration)]
    pub sync_every: Duration,
    /// For how many days it is kept who read what; for good by default.
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..))]
    keep_readings: Option<u32>,
    /// For how many days the audit is kept; for good by default. Who could read what is not told of times before.
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..))]
    keep_audit: Option<u32>,
    /// Where metrics are served for Prometheus, such as `127.0.0.1:9464`: at `/metrics`, to whoever reaches that address, so not where
    /// visitors do. Nowhere by default.
    #[arg(long, value_name = "ADDRESS")]
    pub metrics_addr: Option<SocketAddr>,
}

/// A day, as logs are kept by them.
pub const DAY: Duration = Duration::from_secs(24 * 60 * 60);

impl Config {
    /// The directory to keep things in; none if nothing is to be kept.
    pub fn data(&self) -> Option<&Path> {
        (!self.ephemeral).then_some(self.data.as_path())
    }

    /// How long the companies' logs are kept.
    pub fn retention(&self) -> Retention {
        let kept = Retention::default();
        let kept = self.keep_readings.map_or(kept, |days| kept.reads(DAY * days));
        self.keep_audit.map_or(kept, |days| kept.audit(DAY * days))
    }

    /// The address of the database; none if everything is in the directory.
    pub fn database_url(&self) -> Option<&str> {
        self.database_url.as_ref().map(ExposeSecret::expose_secret).filter(|url| !url.is_empty())
    }
}

/// Pages lead to one another by paths from the root, so the site has a name of its own.
fn origin(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| error.to_string())?;
    match url.origin().is_tuple() && format!("{}/", url.origin().ascii_serialization()) == url.as_str() {
        true if matches!(url.scheme(), "http" | "https") => Ok(url),
        _ => Err("give http:// or https:// and a name, without a path".to_owned()),
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
