//! Reading and exporting, by this project and by its peers, each in a process of its own.

use std::io;
use std::process::Command;
use std::time::Instant;

use benches::figure::By;
use benches::peer::{NOTION_TO_MD, NOTION_TO_MD_PY, NOTIONHQ_CLIENT};
use benches::{Case, not_run};
use serde_json::Value;

use crate::{Outcome, READING};

/// Where the command is that exports.
const COMMAND: &str = "BENCH_COMMAND";

/// Tells what reading the pages costs here, as it was measured, and asks the peers.
pub(crate) fn read(pages: usize, place: &Value, floor: f64, here: f64) -> Outcome {
    let case = Case { group: "reading", name: "to Markdown", size: pages, unit: "s" };
    case.here(here)?;
    case.floor(READING, floor)?;
    let task = task(&["read"], place);
    for peer in [NOTIONHQ_CLIENT, NOTION_TO_MD, NOTION_TO_MD_PY] {
        if let Some(said) = peer.measure(case.group, &task)? {
            let took = said["took_ms"].as_f64().ok_or("a peer does not say what it took")?;
            case.peer(peer.name, took / 1e3)?;
        }
    }
    Ok(())
}

/// Exports the pages into a new folder each.
pub(crate) fn export(pages: usize, place: &Value, floor: f64) -> Outcome {
    let case = Case { group: "export", name: "everything into a folder", size: pages, unit: "s" };
    let Some(command) = std::env::var_os(COMMAND) else {
        return Ok(not_run(case.group, By::Here, "there is no notion-to-markdown; scripts/bench builds it")?);
    };
    let folder = tempfile::tempdir()?;
    let mut command = Command::new(command);
    command.arg("export").arg("--out").arg(folder.path());
    command.env("NOTION_API_URL", text(&place["origin"])).env("NOTION_TOKEN", text(&place["token"]));
    let began = Instant::now();
    let ran = command.output()?;
    let took = began.elapsed();
    if !ran.status.success() {
        return Err(format!("the export failed: {}", String::from_utf8_lossy(&ran.stderr)).into());
    }
    is_complete(pages, folder.path())?;
    case.here(took.as_secs_f64())?;
    case.floor(READING, floor)?;
    for peer in [NOTION_TO_MD, NOTION_TO_MD_PY] {
        let folder = tempfile::tempdir()?;
        let task = task(&["export", &folder.path().to_string_lossy()], place);
        let began = Instant::now();
        if peer.measure(case.group, &task)?.is_some() {
            let took = began.elapsed();
            is_complete(pages, folder.path())?;
            case.peer(peer.name, took.as_secs_f64())?;
        }
    }
    Ok(())
}

/// What a peer is told: where, with which token, which pages.
fn task(words: &[&str], place: &Value) -> Vec<String> {
    let pages = place["pages"].as_array().into_iter().flatten();
    let rest = [&place["origin"], &place["token"]].into_iter().chain(pages).map(text);
    words.iter().copied().chain(rest).map(str::to_owned).collect()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Whoever writes less than all pages is not to be compared with.
fn is_complete(pages: usize, folder: &std::path::Path) -> io::Result<()> {
    let names = std::fs::read_dir(folder)?.collect::<io::Result<Vec<_>>>()?;
    let written =
        names.iter().filter(|entry| entry.path().extension().is_some_and(|end| end == "md")).count();
    if written < pages { Err(io::Error::other(format!("{written} pages were written"))) } else { Ok(()) }
}
