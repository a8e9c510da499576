//! How long an import takes, and how many requests, beside the least that either can be.
//!
//! 200 pages of 60 blocks, from a stand-in for Notion in a process of its own. The import runs in one of its own too, so
//! that its memory is seen. Arguments choose among the settings: those whose name contains one, and `requests` for how many go where.

mod costs;
mod limit;
mod stand_in;
mod workspace;

use std::error::Error;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

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

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// What this process was started for, if not to run the bench.
const ROLE: &str = "NOTION_IMPORT_BENCH_ROLE";

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
    Setting { name: "at once", latency: Duration::ZERO, limit: None },
    Setting { name: "after 30 ms", latency: Duration::from_millis(30), limit: None },
    Setting {
        name: "600 a minute",
        latency: Duration::ZERO,
        limit: Some(Limit::Window { requests: 600, length: Duration::from_secs(60) }),
    },
    Setting {
        name: "10 a second",
        latency: Duration::ZERO,
        limit: Some(Limit::Bucket { a_second: 10.0, burst: 5.0 }),
    },
    Setting {
        name: "200 a second",
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
    println!(
        "{:14} {:>9} {:>9} {:>6} {:>9} {:>9} {:>9} {:>9} {:>9}",
        "answered", "import", "floor", "ratio", "requests", "at least", "under way", "refused", "memory"
    );
    let mut fetching: f64 = 0.0;
    for (index, setting) in SETTINGS.iter().enumerate().filter(|(_, setting)| is_chosen(setting.name)) {
        let (mut stand_in, place) = start(&json!({ "serve": index }))?;
        let measured = start(&serde_json::from_str(&place)?).and_then(|(mut import, said)| {
            import.wait()?;
            Ok(serde_json::from_str::<Value>(&said)?)
        });
        stand_in.kill()?;
        stand_in.wait()?;
        let measured = measured?;
        report(setting, &measured);
        if setting.latency.is_zero() && setting.limit.is_none() {
            fetching = measured["fetching"].as_f64().unwrap_or_default();
        }
    }
    println!(
        "\nThe floor is requests x latency / under way, or requests / limit; at once, what a client takes that fetches"
    );
    println!(
        "the same answers, {UNDER_WAY} under way, and reads them as JSON (fetching alone: {fetching:.2} s). Memory is what the"
    );
    println!("importing process grew by at its largest.");
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

fn report(setting: &Setting, measured: &Value) {
    let number = |name: &str| measured[name].as_f64().unwrap_or_default();
    let (took, requests, under_way) = (number("took"), number("requests"), number("under way"));
    let floor = match (setting.limit, setting.latency) {
        (Some(limit), _) => limit.floor(requests).as_secs_f64(),
        (None, Duration::ZERO) => number("reading"),
        (None, latency) => requests * latency.as_secs_f64() / under_way,
    };
    // Who answers at once never has two to answer.
    let shown = if setting.latency.is_zero() { "-".to_owned() } else { under_way.to_string() };
    println!(
        "{:14} {took:>7.2} s {floor:>7.2} s {:>6.2} {requests:>9} {:>9} {shown:>9} {:>9} {:>5.1} MiB",
        setting.name,
        took / floor,
        number("at least"),
        number("refused"),
        number("grown") / f64::from(1 << 20),
    );
}

async fn serve(role: &Value) -> Outcome {
    let index = role["serve"].as_u64().and_then(|index| usize::try_from(index).ok()).unwrap_or_default();
    let setting = SETTINGS.get(index).ok_or("no such setting")?;
    let workspace = workspace::build();
    stand_in::serve(workspace, setting.latency, setting.limit).await
}

/// Fetches everything without looking at it, then reads it as JSON, then imports it, and says what each took.
async fn measure(place: &Value) -> Outcome<Value> {
    let origin = place["origin"].as_str().ok_or("no origin")?;
    let token = place["token"].as_str().ok_or("no token")?;
    let paths = ask(origin, "paths").await?;
    let paths: Vec<&str> = paths.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let (mut fetching, mut reading) = (Duration::ZERO, Duration::ZERO);
    if place["limited"] == false {
        fetching = fetch(origin, &paths, |_| Ok(())).await?;
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
    measured["fetching"] = json!(fetching.as_secs_f64());
    measured["reading"] = json!(reading.as_secs_f64());
    measured["grown"] = json!(grown);
    measured["at least"] = json!(paths.len());
    Ok(measured)
}

async fn import(origin: &str, token: &str, pages: &Value) -> Outcome<Duration> {
    let (documents, blobs) = (Arc::<MemoryLibrary>::default(), Arc::<MemoryBlobs>::default());
    let tokens = StaticToken::new(token.to_owned()).at(origin.parse()?);
    let importer = Importer::new(Arc::new(tokens), documents, blobs)?;
    let pages = serde_json::from_value(pages.clone())?;
    let began = Instant::now();
    import_all(&importer, pages).await?;
    Ok(began.elapsed())
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
