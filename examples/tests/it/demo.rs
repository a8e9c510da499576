//! The demo as a process of its own, and browsers to visit it with.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Lines};
use std::path::Path;
use std::process::{Child, ChildStderr, ChildStdout, Command, ExitStatus, Stdio};
use std::time::Duration;

use reqwest::header::HeaderMap;
use reqwest::{Client, Method, StatusCode};

/// A running demo. Dropping it kills it: what it keeps has to survive that.
pub struct Demo {
    child: Child,
    pub url: String,
    /// Where its stand-ins listen.
    pub stand_ins: String,
    console: Lines<BufReader<ChildStdout>>,
}

/// Somebody's browser, with cookies of its own.
#[derive(Clone)]
pub struct Browser {
    client: Client,
    url: String,
    stand_ins: String,
}

/// What a browser shows.
pub struct Page {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub path: String,
    pub body: Vec<u8>,
}

impl Demo {
    /// Starts the demo on a free port and waits for its first line.
    pub fn start(arguments: &[&str]) -> Self {
        Self::run(command(arguments))
    }

    /// Keeps things in a database, and files in a folder.
    pub fn on(database: &str, data: &Path, arguments: &[&str]) -> Self {
        Self::run(on(database, data, arguments))
    }

    /// The same, and what it logs goes to a file.
    pub fn run_logging(mut command: Command, log: File) -> Self {
        command.stderr(log);
        Self::run(command)
    }

    pub fn run(command: Command) -> Self {
        let (child, url, mut lines) = begun(command);
        let second = lines.next().map_or_else(String::new, Result::unwrap);
        let stand_ins = second.rsplit(' ').next().unwrap().trim_end_matches('/').to_owned();
        assert!(stand_ins.starts_with("http://127.0.0.1:"), "the second line ends in no address: {second:?}");
        Self { child, url, stand_ins, console: lines }
    }

    /// Speaks to a Nango that is there already.
    pub fn run_before(mut command: Command, nango: &str, api_key: &str) -> Self {
        command.env("NANGO_BASE_URL", nango).env("NANGO_SECRET_KEY", api_key);
        let (child, url, console) = begun(command);
        Self { child, url, stand_ins: nango.to_owned(), console }
    }

    /// Its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Ends it as a service manager does.
    pub fn terminate(&mut self) -> ExitStatus {
        let told = Command::new("kill").arg(self.id().to_string()).status().unwrap();
        assert!(told.success());
        self.child.wait().unwrap()
    }

    /// Waits for the next line on its console that contains this.
    pub fn says(&mut self, words: &str) -> String {
        let mut lines = self.console.by_ref().map(Result::unwrap);
        lines.find(|line| line.contains(words)).unwrap_or_else(|| panic!("it never says {words:?}"))
    }

    /// What it says to the operator, if its command keeps that. It is read when the demo is gone.
    pub fn log(&mut self) -> ChildStderr {
        self.child.stderr.take().unwrap()
    }

    pub fn browser(&self) -> Browser {
        let client = Client::builder().cookie_store(true).timeout(Duration::from_secs(60)).build().unwrap();
        Browser { client, url: self.url.clone(), stand_ins: self.stand_ins.clone() }
    }

    /// A browser of somebody who has a name here.
    pub async fn browser_of(&self, person: &str) -> Browser {
        let browser = self.browser();
        browser.be(person).await;
        browser
    }
}

/// Starts it and waits for its first line; the lines that follow.
fn begun(mut command: Command) -> (Child, String, Lines<BufReader<ChildStdout>>) {
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let first = lines.next().map_or_else(String::new, Result::unwrap);
    assert!(first.starts_with("http://127.0.0.1:"), "the first line is no address: {first:?}");
    (child, first.trim_end_matches('/').to_owned(), lines)
}

/// The demo, as nothing around it tells it to be, on a free port if none is named.
pub fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trust-center"));
    for real in [
        "DATABASE_URL",
        "NANGO_SECRET_KEY",
        "NANGO_WEBHOOK_SIGNING_KEYS",
        "NANGO_BASE_URL",
        "NANGO_PUBLIC_URL",
        "NANGO_INTEGRATION_ID",
        "NOTION_WEBHOOK_TOKENS",
    ] {
        command.env_remove(real);
    }
    if !arguments.contains(&"--port") {
        command.args(["--port", "0"]);
    }
    command.args(arguments);
    command
}

pub fn on(database: &str, data: &Path, arguments: &[&str]) -> Command {
    let mut command = command(arguments);
    command.env("DATABASE_URL", database).arg("--data").arg(data);
    command
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Browser {
    pub async fn be(&self, person: &str) {
        self.post("/be", &[("person", person)]).await.ok();
    }

    /// The same browser, at another instance.
    pub fn at(&self, demo: &Demo) -> Self {
        Self { client: self.client.clone(), url: demo.url.clone(), stand_ins: demo.stand_ins.clone() }
    }

    /// Goes to a path of the demo, where what begins with /notion is on the stand-ins' port, or to a whole address.
    pub async fn get(&self, to: &str) -> Page {
        self.send(self.client.get(self.address(to))).await
    }

    /// Sends a form, as from a page of the demo.
    pub async fn post(&self, to: &str, fields: &[(&str, &str)]) -> Page {
        self.send(self.client.post(self.address(to)).header("origin", self.origin(to)).form(fields)).await
    }

    /// Asks for a path by any method.
    pub async fn ask(&self, method: Method, to: &str) -> Page {
        self.send(self.client.request(method, self.address(to))).await
    }

    /// The same, with more headers.
    pub async fn ask_with<const N: usize>(
        &self,
        method: Method,
        to: &str,
        headers: [(&str, &str); N],
    ) -> Page {
        let request = self.client.request(method, self.address(to));
        self.send(headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))).await
    }

    /// Sends any bytes, as from a page of the demo.
    pub async fn send_to(&self, method: Method, to: &str, body: &str) -> Page {
        let request = self.client.request(method, self.address(to)).header("origin", self.origin(to));
        self.send(request.body(body.to_owned())).await
    }

    /// Sends a form that another site's page made.
    pub async fn post_from_elsewhere(&self, to: &str) -> Page {
        let form = self.client.post(self.address(to)).header("origin", "https://evil.example");
        self.send(form.header("sec-fetch-site", "cross-site").form(&[("x", "y")])).await
    }

    /// Looks again until it sees these words.
    pub async fn wait_for(&self, path: &str, words: &str) -> Page {
        for _ in 0..900 {
            let page = self.get(path).await;
            if page.says(words) {
                return page;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("{path} never said {words:?}");
    }

    /// Tries again while nobody answers.
    pub async fn wait_until_there(&self, path: &str) {
        for _ in 0..300 {
            if self.client.get(self.address(path)).send().await.is_ok() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("nobody ever answered for {path}");
    }

    /// Where a page of the demo is that has a form for this path.
    fn origin(&self, to: &str) -> &str {
        if to.starts_with("/notion") { &self.stand_ins } else { &self.url }
    }

    fn address(&self, to: &str) -> String {
        match to {
            _ if to.starts_with("http") => to.to_owned(),
            _ if to.starts_with("/notion") => format!("{}{to}", self.stand_ins),
            _ => format!("{}{to}", self.url),
        }
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Page {
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let path = response.url().path().to_owned();
        Page { status, headers, path, body: response.bytes().await.unwrap().to_vec() }
    }
}

impl Page {
    /// It has to be there.
    pub fn ok(self) -> Self {
        assert!(self.status.is_success(), "{} answered {}: {}", self.path, self.status, self.text());
        self
    }

    pub fn is(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}: {}", self.path, self.text());
        self
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn says(&self, words: &str) -> bool {
        self.text().contains(words)
    }

    pub fn saying(self, words: &str) -> Self {
        assert!(self.says(words), "{} does not say {words:?}: {}", self.path, self.text());
        self
    }

    pub fn not_saying(self, words: &str) -> Self {
        assert!(!self.says(words), "{} says {words:?}: {}", self.path, self.text());
        self
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// What stands between two marks, wherever they are.
    pub fn all_between(&self, before: &str, after: &str) -> Vec<String> {
        let text = self.text();
        let parts = text.split(before).skip(1);
        parts
            .map(|part| {
                part.split(after).next().unwrap_or_default().replace("&amp;", "&").replace("&#38;", "&")
            })
            .collect()
    }

    pub fn between(&self, before: &str, after: &str) -> String {
        let mut found = self.all_between(before, after);
        assert!(!found.is_empty(), "{} has nothing after {before:?}: {}", self.path, self.text());
        found.remove(0)
    }

    /// What can be picked, by title: the value of its box.
    pub fn picks(&self) -> HashMap<String, String> {
        let values = self.all_between("name=\"pick\" value=\"", "\"");
        values.into_iter().map(|value| (value.splitn(3, ' ').nth(2).unwrap().to_owned(), value)).collect()
    }
}
