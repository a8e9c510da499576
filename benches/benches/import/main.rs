//! How long it takes to read, to import and to export pages, and how many requests, beside the least that either can be and beside the peers.
//!
//! Pages of 60 blocks, from a stand-in for Notion in a process of its own. The import runs in one of its own too, so
//! that its memory is seen. Arguments choose among the settings: those whose name contains one, and `requests` for how many go where.

mod costs;
mod limit;
mod others;
mod stand_in;
mod workspace;

use std::error::Error;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use benches::{Case, is_quick};
use futures_util::StreamExt;
use futures_util::stream;
use http::{HeaderMap, Method};
use notion_import_core::testing::suite::content_manager;
use notion_import_core::transport::{Http, Request, Transport};
use notion_import_core::{
    Connection, ImportEvent, Importer, MemoryBlobs, MemoryLibrary, NotionId, Pick, StaticToken, TenantId,
};
use serde_json::{Value, json};

use self::limit::Limit;
use self::workspace::PAGES;

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// What this process was started for, if not to run the bench.
const ROLE: &str = "NOTION_IMPORT_BENCH_ROLE";

/// What the floor of reading is called.
const READING: &str = "the same answers to `Value`";

/// Requests that the client which does nothing but fetch has under way.
const UNDER_WAY: usize = 32;

/// What the stand-in does to a request.
#[derive(Clone, Copy)]
struct Setting {
    name: &'static str,
    latency: Duration,
    limit: Option<Limit>,
}

const SETTINGS: [Setting; 5] = [
    Setting { name: "answered at once", latency: Duration::ZERO, limit: None },
    Setting { name: "answered after 30 ms", latency: Duration::from_millis(30), limit: None },
    Setting {
        name: "600 requests a minute",
        latency: Duration::ZERO,
        limit: Some(Limit::Window { requests: 600, length: Duration::from_secs(60) }),
    },
    Setting {
        name: "10 requests a second",
        latency: Duration::ZERO,
        limit: Some(Limit::Bucket { a_second: 10.0, burst: 5.0 }),
    },
    Setting {
        name: "200 requests a second",
        latency: Duration::ZERO,
        limit: Some(Limit::Bucket { a_second: 200.0, burst: 20.0 }),
    },
];

fn main() -> Outcome {
    let role = std::env::var(ROLE).ok().and_then(|role| serde_json::from_str::<Value>(&role).ok());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    match role {
        Some(role) if role["serve"].is_u64() => runtime.block_on(serve(&role)),
        Some(role) => {
            println!("{}", runtime.block_on(measure(&role))?);
            Ok(())
        }
        None => bench(&runtime),
    }
}

fn bench(runtime: &tokio::runtime::Runtime) -> Outcome {
    let chosen: Vec<String> = std::env::args().skip(1).filter(|name| !name.starts_with('-')).collect();
    let is_chosen = |name: &str| chosen.is_empty() || chosen.iter().any(|part| name.contains(part));
    if is_chosen("requests") {
        runtime.block_on(costs::report())?;
    }
    for (index, setting) in SETTINGS.iter().enumerate().filter(|(_, setting)| is_chosen(setting.name)) {
        for &pages in setting.pages() {
            let (mut stand_in, place) = start(&json!({ "serve": index, "pages": pages }))?;
            let measured = beside(setting, pages, &place);
            stand_in.kill()?;
            stand_in.wait()?;
            measured?;
        }
    }
    Ok(())
}

impl Setting {
    /// How many pages are read: none of those that wait for a limit where there is no time for it.
    fn pages(&self) -> &'static [usize] {
        match (self.limit, is_quick()) {
            (Some(_), true) => &[],
            (None, true) if self.latency.is_zero() => &[5, 20],
            (None, true) => &[20],
            (None, false) if self.latency.is_zero() => &[20, 60, PAGES],
            (_, false) => &[PAGES],
        }
    }

    /// Answered at once, nothing but the work is waited for.
    fn is_at_once(&self) -> bool {
        self.latency.is_zero() && self.limit.is_none()
    }
}

/// Measures a setting while its stand-in is there.
fn beside(setting: &Setting, pages: usize, place: &str) -> Outcome {
    let place: Value = serde_json::from_str(place)?;
    let (mut import, said) = start(&place)?;
    import.wait()?;
    let measured = serde_json::from_str::<Value>(&said)?;
    report(setting, pages, &measured)?;
    if setting.is_at_once() {
        let floor = measured["reading"].as_f64().unwrap_or_default();
        others::read(pages, &place, floor, measured["fetched"].as_f64().unwrap_or_default())?;
        others::export(pages, &place, floor)?;
    }
    Ok(())
}

/// Starts this program for a role and returns what it says first.
fn start(role: &Value) -> Outcome<(Child, String)> {
    let mut command = Command::new(std::env::current_exe()?);
    let mut child = command.env(ROLE, role.to_string()).stdout(Stdio::piped()).spawn()?;
    let mut said = String::new();
    if let Some(output) = child.stdout.as_mut() {
        BufReader::new(output).read_line(&mut said)?;
    }
    Ok((child, said))
}

fn report(setting: &Setting, pages: usize, measured: &Value) -> Outcome {
    let number = |name: &str| measured[name].as_f64().unwrap_or_default();
    let (requests, under_way) = (number("requests"), number("under way"));
    let (least, floor) = match (setting.limit, setting.latency) {
        (Some(limit), _) => ("requests / limit", limit.floor(requests).as_secs_f64()),
        (None, Duration::ZERO) => (READING, number("reading")),
        (None, latency) => ("requests x delay / under way", requests * latency.as_secs_f64() / under_way),
    };
    let note = format!(
        "{requests} requests of at least {}, {} refused, {:.1} MiB at its largest",
        number("at least"),
        number("refused"),
        number("grown") / f64::from(1 << 20),
    );
    let case = Case { group: "import", name: setting.name, size: pages, unit: "s" };
    case.here_with(number("took"), &note)?;
    Ok(case.floor(least, floor)?)
}

async fn serve(role: &Value) -> Outcome {
    let index = role["serve"].as_u64().and_then(|index| usize::try_from(index).ok()).unwrap_or_default();
    let setting = SETTINGS.get(index).ok_or("no such setting")?;
    let pages = role["pages"].as_u64().and_then(|pages| usize::try_from(pages).ok()).unwrap_or(PAGES);
    let workspace = workspace::build(pages);
    stand_in::serve(workspace, setting.latency, setting.limit).await
}

/// Reads everything as JSON, then imports it, then reads it as Markdown, and says what each took.
async fn measure(place: &Value) -> Outcome<Value> {
    let origin = place["origin"].as_str().ok_or("no origin")?;
    let token = place["token"].as_str().ok_or("no token")?;
    let paths = ask(origin, "paths").await?;
    let paths: Vec<&str> = paths.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let mut reading = Duration::ZERO;
    if place["limited"] == false {
        reading = fetch(origin, &paths, |answer| {
            serde_json::from_slice::<Value>(answer)?;
            Ok(())
        })
        .await?;
    }
    ask(origin, "forget").await?;
    // From here on the system remembers the largest anew.
    std::fs::write("/proc/self/clear_refs", "5")?;
    let before = memory("VmRSS")?;
    let took = import(origin, token, &place["pages"]).await?.as_secs_f64();
    let grown = memory("VmHWM")?.saturating_sub(before);
    let mut measured = ask(origin, "counts").await?;
    measured["took"] = json!(took);
    if place["limited"] == false {
        measured["fetched"] = json!(read(origin, token, &place["pages"]).await?.as_secs_f64());
    }
    measured["reading"] = json!(reading.as_secs_f64());
    measured["grown"] = json!(grown);
    measured["at least"] = json!(paths.len());
    Ok(measured)
}

async fn import(origin: &str, token: &str, pages: &Value) -> Outcome<Duration> {
    let importer = importer(origin, token)?;
    let pages = serde_json::from_value(pages.clone())?;
    let began = Instant::now();
    import_all(&importer, pages).await?;
    Ok(began.elapsed())
}

/// Reads pages as Markdown and keeps none of it.
async fn read(origin: &str, token: &str, pages: &Value) -> Outcome<Duration> {
    let importer = importer(origin, token)?;
    let connection = Connection::new(TenantId::fresh(), "bench");
    let pages: Vec<NotionId> = serde_json::from_value(pages.clone())?;
    let wanted = stream::iter(pages).map(|page| Pick::page(page).into());
    let began = Instant::now();
    let mut fetched =
        std::pin::pin!(importer.fetch_many(&connection, wanted, |_| Ok(MemoryBlobs::default())));
    while let Some((_, outcome)) = fetched.next().await {
        outcome?;
    }
    Ok(began.elapsed())
}

fn importer(origin: &str, token: &str) -> Outcome<Importer> {
    let (documents, blobs) = (Arc::<MemoryLibrary>::default(), Arc::<MemoryBlobs>::default());
    let tokens = StaticToken::new(token.to_owned()).at(origin.parse()?);
    Ok(Importer::new(Arc::new(tokens), documents, blobs)?)
}

/// Imports pages in one run.
async fn import_all(importer: &Importer, pages: Vec<NotionId>) -> Outcome {
    let connection = Connection::new(TenantId::fresh(), "bench");
    let picks = pages.into_iter().map(Pick::page).collect();
    let mut events = std::pin::pin!(importer.import(&content_manager(connection.tenant), &connection, picks));
    while let Some(event) = events.next().await {
        if let ImportEvent::Finished(outcome) = event {
            outcome.result?;
        }
    }
    Ok(())
}

/// Fetches all there is, looks at each answer, and returns how long that took.
async fn fetch(origin: &str, paths: &[&str], look: impl Fn(&[u8]) -> Outcome) -> Outcome<Duration> {
    let http = Http::new()?;
    let began = Instant::now();
    let fetched = stream::iter(paths)
        .map(async |path| get(&http, &format!("{origin}{path}")).await.and_then(|answer| look(&answer)));
    let failed = fetched.buffer_unordered(UNDER_WAY).filter_map(async |outcome| outcome.err());
    match std::pin::pin!(failed).next().await {
        Some(error) => Err(error),
        None => Ok(began.elapsed()),
    }
}

/// Asks the stand-in about itself.
async fn ask(origin: &str, what: &str) -> Outcome<Value> {
    let answer = get(&Http::new()?, &format!("{origin}/stand-in/{what}")).await?;
    Ok(serde_json::from_slice(&answer)?)
}

async fn get(http: &Http, url: &str) -> Outcome<bytes::Bytes> {
    let request = Request { method: Method::GET, url: url.parse()?, headers: HeaderMap::new(), body: None };
    Ok(http.send(request).await?.bytes(1 << 30).await?)
}

/// What the system says of this process's memory, in bytes.
fn memory(what: &str) -> Outcome<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix(what)?.strip_prefix(':'));
    let kibibytes = line.and_then(|line| line.trim().strip_suffix(" kB")).ok_or("the system does not say")?;
    Ok(kibibytes.trim().parse::<u64>()? * 1024)
}
