//! docs/operations.md names every metric and every event there is, and no other; and who reads the metrics learns nothing of anybody.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use notion_import_core::{METRICS, Metric, MetricKind};
use reqwest::StatusCode;
use tokio::task::spawn_blocking;
use tokio::time::sleep;

use crate::demo::Demo;
use crate::story;

/// What the libraries' own metrics begin with.
const OURS: &str = "notion_import_";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The rows of the tables in one chapter of docs/operations.md, each cell as it stands there.
fn rows(chapter: &str) -> Vec<Vec<String>> {
    let page = fs::read_to_string(root().join("docs/operations.md")).unwrap();
    let chapter = page.split(&format!("\n## {chapter}\n")).nth(1).unwrap().split("\n## ").next().unwrap();
    let rows = chapter.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
    let cells = rows.map(|row| row.split('|').map(|cell| cell.trim().to_owned()));
    cells.map(Iterator::collect::<Vec<_>>).filter(|cells| cells[0].starts_with('`')).collect()
}

/// The words of a cell that are written as code.
fn words(cell: &str) -> Vec<String> {
    cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// What is told of each metric: its type and its labels.
fn documented() -> BTreeMap<String, (String, Vec<String>)> {
    let rows = rows("Metrics").into_iter();
    rows.map(|row| (words(&row[0]).remove(0), (row[1].clone(), words(&row[2])))).collect()
}

#[test]
fn the_table_of_metrics_is_what_the_library_can_record() {
    let recorded = METRICS.iter().map(|Metric { name, kind, labels, .. }| {
        let kind = match kind {
            MetricKind::Counter => "counter",
            MetricKind::Histogram(_) => "histogram",
            other => panic!("{other:?}"),
        };
        (name.to_string(), (kind.to_owned(), labels.iter().map(ToString::to_string).collect()))
    });
    let mut documented = documented();
    documented.retain(|name, _| name.starts_with(OURS));
    assert_eq!(documented, recorded.collect());
}

#[test]
fn names_of_metrics_end_as_prometheus_wants_them() {
    for Metric { name, kind, .. } in METRICS {
        let (unit, others) = match kind {
            MetricKind::Counter => ("_total", ["_count", "_sum"]),
            _ => ("_seconds", ["_total", "_bucket"]),
        };
        let is_plain = name.chars().all(|c| c.is_ascii_lowercase() || c == '_');
        assert!(
            is_plain && name.ends_with(unit) && !others.iter().any(|other| name.ends_with(other)),
            "{name}"
        );
    }
}

/// An event: the library, its level, its words and its fields.
type Event = (String, String, String, BTreeSet<String>);

#[test]
fn the_table_of_events_is_what_the_libraries_log() {
    let (events, spans): (BTreeSet<Event>, BTreeSet<Event>) =
        logged().into_iter().partition(|(_, level, ..)| level != "info_span");
    assert!(events.len() > 30, "{events:#?}");
    let documented: BTreeSet<Event> = rows("Events")
        .into_iter()
        .map(|row| {
            let [words_of_it, library, level, fields] = &row[..] else { panic!("{row:?}") };
            let fields = words(fields).into_iter().collect();
            (library.clone(), level.clone(), words(words_of_it).remove(0), fields)
        })
        .collect();
    let drawn = |events: &BTreeSet<Event>| {
        let rows = events.iter().map(|(library, level, words, fields)| {
            let fields: Vec<String> = fields.iter().map(|field| format!("`{field}`")).collect();
            format!("| `{words}` | {library} | {level} | {} |", fields.join(", "))
        });
        rows.collect::<Vec<_>>().join("\n")
    };
    assert_eq!(drawn(&documented), drawn(&events), "draw this in docs/operations.md:\n{}", drawn(&events));
    let page = fs::read_to_string(root().join("docs/operations.md")).unwrap();
    for (_, _, name, fields) in spans {
        let fields: Vec<String> = fields.iter().map(|field| format!("`{field}`")).collect();
        let span = format!("`{name}` ({})", fields.join(", "));
        assert!(page.contains(&span), "{span}");
    }
}

/// What the libraries log, as it stands in their code.
fn logged() -> BTreeSet<Event> {
    let mut logged = BTreeSet::new();
    for library in ["core", "nango", "postgres", "sqlite"] {
        for file in files(&root().join(format!("notion-import-{library}/src"))) {
            let text = fs::read_to_string(&file).unwrap();
            for call in text.split("tracing::").skip(1) {
                let Some((level, rest)) = call.split_once("!(") else { continue };
                if level.chars().all(|c| c.is_ascii_lowercase() || c == '_') {
                    let (words, fields) = said(rest);
                    logged.insert((library.to_owned(), level.to_owned(), words, fields));
                }
            }
        }
    }
    logged
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// The words of an event or the name of a span, and its fields, from behind the opening parenthesis.
fn said(call: &str) -> (String, BTreeSet<String>) {
    let (mut depth, mut in_words, mut parts) = (1, false, vec![String::new()]);
    for c in call.chars() {
        match c {
            '"' => in_words = !in_words,
            '(' if !in_words => depth += 1,
            ')' if !in_words => depth -= 1,
            ',' if !in_words && depth == 1 => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        if depth == 0 {
            break;
        }
        parts.last_mut().unwrap().push(c);
    }
    let parts = parts.iter().map(|part| part.trim()).filter(|part| !part.is_empty());
    let (words, fields): (Vec<&str>, Vec<&str>) = parts.partition(|part| part.starts_with('"'));
    // A line of code that ends in a backslash goes on with the next word.
    let lines = words[0].trim_matches('"').split('\\').map(str::trim);
    let name =
        |field: &str| field.split('=').next().unwrap().trim().trim_start_matches(['%', '?']).to_owned();
    (lines.collect::<Vec<_>>().join(" "), fields.into_iter().map(name).collect())
}

#[test]
fn an_event_is_read_from_the_code() {
    let (words, fields) =
        said("code = error.code(), %tenant, of = %place(a, b), tried, \"it is (almost), done\");");
    assert_eq!(words, "it is (almost), done");
    assert_eq!(fields.into_iter().collect::<Vec<_>>(), ["code", "of", "tenant", "tried"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_are_served_where_the_demo_is_told_to_and_name_nobody() {
    let started = spawn_blocking(|| {
        let arguments = ["--ephemeral", "--sync-every", "2s", "--metrics-addr", "127.0.0.1:0"];
        let mut demo = Demo::start(&arguments);
        let line = demo.says("Metrics: ");
        (demo, line.trim_start_matches("Metrics: ").to_owned())
    });
    let (demo, address) = started.await.unwrap();
    let ada = demo.browser_of("ada").await;
    story::connect(&demo, &ada).await;
    story::import(&ada).await;
    ada.get("/audit?from=somewhere").await;
    ada.get("/nowhere/canary").await;
    let visited = reqwest::Client::new().get(format!("{}/metrics", demo.url)).send().await.unwrap();
    assert_eq!(visited.status(), StatusCode::NOT_FOUND);
    let strange = reqwest::Method::from_bytes(b"CANARY").unwrap();
    reqwest::Client::new().request(strange, &demo.url).send().await.unwrap();

    let text = scraped(&address).await;
    let families = families(&text);
    let documented = documented();
    for (name, kind) in &families {
        let (expected, _) = documented.get(name).unwrap_or_else(|| panic!("{name} is on no page"));
        assert_eq!(kind, expected, "{name}");
    }
    for recorded in ["http_server_request_duration_seconds", "notion_import_request_duration_seconds"] {
        assert!(families.contains_key(recorded), "{text}");
    }
    let has = |series: &str| assert!(text.lines().any(|line| line.starts_with(series)), "{series}: {text}");
    has(r#"http_server_request_duration_seconds_count{method="GET",route="/audit",status="2xx"} "#);
    has(r#"http_server_request_duration_seconds_count{method="GET",route="none",status="4xx"} "#);
    has(r#"http_server_request_duration_seconds_count{method="other","#);
    has(
        r#"http_server_request_duration_seconds_bucket{method="GET",route="/imports/{id}",status="2xx",le="0.005"} "#,
    );
    has(r#"notion_import_imports_total{outcome="created"} "#);
    has(r#"notion_import_connection_events_total{event="connected"} 1"#);
    has("# HELP notion_import_sync_duration_seconds How long syncs took");
    for canary in
        ["canary", "CANARY", "somewhere", "127.0.0.1", "http://", "Halden", "Fernwood", "halden", "fernwood"]
    {
        assert!(!text.contains(canary), "{canary} is in {text}");
    }
    let ids = text.split(|c: char| !c.is_ascii_hexdigit() && c != '-').filter(|word| word.len() >= 32);
    assert_eq!(ids.collect::<Vec<_>>(), [""; 0], "{text}");
}

/// What is served there, once a sync has ended.
async fn scraped(address: &str) -> String {
    for _ in 0..100 {
        let scraped = reqwest::get(address).await.unwrap();
        assert_eq!(scraped.headers()["content-type"], "text/plain; version=0.0.4; charset=utf-8");
        let text = scraped.text().await.unwrap();
        if text.contains("notion_import_sync_duration_seconds") {
            return text;
        }
        sleep(Duration::from_millis(100)).await;
    }
    panic!("no sync has ended");
}

/// The metrics in a text of Prometheus's format, and of what type each is; every line is one of the format.
fn families(text: &str) -> BTreeMap<String, String> {
    let mut families = BTreeMap::new();
    for line in text.lines().filter(|line| !line.is_empty()) {
        if let Some(comment) = line.strip_prefix("# ") {
            let words: Vec<&str> = comment.splitn(3, ' ').collect();
            match words[..] {
                ["TYPE", name, kind] => {
                    assert!(families.insert(name.to_owned(), kind.to_owned()).is_none(), "{line}");
                }
                ["HELP", _, help] => assert!(help.ends_with('.'), "{line}"),
                _ => panic!("{line}"),
            }
            continue;
        }
        let (series, value) = line.rsplit_once(' ').unwrap();
        value.parse::<f64>().unwrap_or_else(|_| panic!("{line}"));
        let name = series.split('{').next().unwrap();
        let family = ["_bucket", "_sum", "_count"].iter().find_map(|part| name.strip_suffix(part));
        let is_known = [Some(name), family].into_iter().flatten().any(|name| families.contains_key(name));
        assert!(is_known, "no TYPE stands before {line}");
    }
    families
}
