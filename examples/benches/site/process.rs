//! The demo as a process of its own.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use notion_import_core::DocumentId;
use reqwest::{Client, header};

use crate::Outcome;
use crate::shelf::Stores;

/// What Linux counts the processor's time by: USER_HZ, a hundredth of a second on every machine.
const TICK: Duration = Duration::from_millis(10);

/// A running demo. Dropping it kills it.
pub struct Server {
    child: Child,
    authority: String,
}

impl Server {
    /// Starts it and waits until it listens.
    pub fn start(stores: &Stores<'_>, folder: &Path) -> Outcome<Self> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_trust-center"));
        command
            .args(["--port", "0", "--data"])
            .arg(folder)
            .env_remove("NANGO_SECRET_KEY")
            .env("RUST_LOG", "off");
        match stores {
            Stores::Sqlite(_) => command.env_remove("DATABASE_URL"),
            Stores::Postgres(url) => command.env("DATABASE_URL", url),
        };
        let mut child = command.stdout(Stdio::piped()).spawn()?;
        let mut first = String::new();
        BufReader::new(child.stdout.take().ok_or("no console")?).read_line(&mut first)?;
        let authority = first.trim().strip_prefix("http://").ok_or("it says no address")?;
        Ok(Self { child, authority: authority.trim_end_matches('/').to_owned() })
    }

    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// Ends it as an operator does.
    pub fn stop(mut self) -> Outcome {
        let told = Command::new("kill").arg(self.child.id().to_string()).status()?;
        if !told.success() || !self.child.wait()?.success() {
            return Err("it did not end well".into());
        }
        Ok(())
    }

    /// Returns the time that the processor gave it so far.
    pub fn cpu(&self) -> Outcome<Duration> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        // Behind the name, which may hold anything, the 12th and the 13th number are the user's time and the system's.
        let (_, numbers) = stat.rsplit_once(')').ok_or("no such process")?;
        let times = numbers.split_whitespace().skip(11).take(2).map(str::parse::<u32>);
        Ok(times.sum::<Result<u32, _>>().map(|ticks| TICK * ticks)?)
    }

    /// Returns the cookie of somebody.
    pub async fn sign_in(&self, person: &str) -> Outcome<String> {
        let client = Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
        let form =
            client.post(format!("http://{}/be", self.authority)).header("sec-fetch-site", "same-origin");
        let answer = form.form(&[("person", person)]).send().await?;
        let cookie = answer.headers().get(header::SET_COOKIE).ok_or("no cookie is set")?.to_str()?;
        Ok(cookie.split(';').next().unwrap_or_default().to_owned())
    }

    /// Accepts the NDA that stands before a document.
    pub async fn accept_nda(&self, cookie: &str, document: DocumentId) -> Outcome {
        let (client, page) = (Client::new(), format!("http://{}/t/halden/d/{document}", self.authority));
        let asked = client.get(&page).header(header::COOKIE, cookie).send().await?.text().await?;
        let field = |name: &str| {
            let (_, rest) =
                asked.split_once(&format!("name=\"{name}\" value=\"")).ok_or("no NDA is asked for")?;
            Ok::<_, &str>(rest.split('"').next().unwrap_or_default().to_owned())
        };
        let fields = [("nda", field("nda")?), ("version", field("version")?), ("digest", field("digest")?)];
        let fields = [&fields[..], &[("agree", "yes".to_owned())]].concat();
        let form = client.post(format!("{page}/nda")).header(header::COOKIE, cookie);
        form.header("sec-fetch-site", "same-origin").form(&fields).send().await?.error_for_status()?;
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
