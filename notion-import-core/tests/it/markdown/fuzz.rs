//! Fixtures changed at random, field by field: whatever comes out is read as the tree says.
//!
//! `scripts/fuzz` gives it an hour; a plain test run some hundred changes. A failure says its seed.

use std::fs;
use std::time::{Duration, Instant};

use fastrand::Rng;
use notion_import_core::markdown::{Options, render};
use notion_import_core::notion::BlockTree;
use serde_json::{Value, json};

use super::{fixtures, oracle};

const TRIES: u64 = 400;

const SCRAPS: &[&str] = &[
    "*",
    "_",
    "~~",
    "`",
    "```",
    "[",
    "](",
    ")",
    "<",
    ">",
    "&amp;",
    "#",
    "- ",
    "1. ",
    "|",
    "\\",
    "$",
    "$$",
    "\n",
    "\r\n",
    "\t",
    " ",
    "\u{a0}",
    "\0",
    "\u{85}",
    "\u{2028}",
    "http://a.b",
    "www.a",
    "a@b.c",
    "é",
    "中",
    "😀",
    "\u{301}",
    "word",
    "7",
    "",
];

#[test]
fn fixtures_changed_at_random_are_read_as_they_were_written() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let time = number("NOTION_IMPORT_FUZZ_SECONDS").map(Duration::from_secs);
    let first = number("NOTION_IMPORT_FUZZ_SEED").unwrap_or(1);
    let corpus = corpus();
    let start = Instant::now();
    let mut tried = 0;
    while time.map_or(tried < TRIES, |time| start.elapsed() < time) {
        let seed = first.wrapping_mul(1_000_003).wrapping_add(tried);
        tried += 1;
        check(seed, &corpus);
    }
    println!("{tried} changed pages");
}

fn corpus() -> Vec<Value> {
    let mut folders: Vec<_> =
        fs::read_dir(fixtures::root()).unwrap().map(|folder| folder.unwrap().path()).collect();
    folders.sort();
    let blocks = |folder: std::path::PathBuf| -> Vec<Value> {
        serde_json::from_slice(&fs::read(folder.join("blocks.json")).unwrap()).unwrap()
    };
    folders.into_iter().flat_map(blocks).collect()
}

fn check(seed: u64, corpus: &[Value]) {
    let mut rng = Rng::with_seed(seed);
    let mut page = Value::from((0..rng.usize(1..5)).map(|_| pick(&mut rng, corpus)).collect::<Vec<_>>());
    for _ in 0..rng.usize(1..12) {
        change(&mut rng, &mut page, corpus);
    }
    let json = page.to_string();
    // A page of which a change left no array of blocks is refused, not converted.
    let Ok(tree) = BlockTree::parse(json.as_bytes()) else { return };
    let options = Options { transcripts: rng.bool(), ..Options::default() };
    let rendered = render(&tree, &options);
    assert_eq!(render(&tree, &options), rendered, "seed {seed}");
    if let Err(error) = oracle::check(&tree, &options, &rendered) {
        panic!("seed {seed}: {error}\n\nMarkdown:\n{}\n\n{json}", rendered.markdown);
    }
}

fn pick(rng: &mut Rng, corpus: &[Value]) -> Value {
    corpus[rng.usize(..corpus.len())].clone()
}

/// Changes one value, found by a walk that stops at random.
fn change(rng: &mut Rng, page: &mut Value, corpus: &[Value]) {
    let mut here = page;
    loop {
        let inside = match &*here {
            Value::Array(all) => all.len(),
            Value::Object(fields) => fields.len(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
        };
        if inside == 0 || rng.u8(..8) == 0 {
            break;
        }
        let at = rng.usize(..inside);
        here = match here {
            Value::Array(all) => &mut all[at],
            Value::Object(fields) => fields.values_mut().nth(at).unwrap(),
            other => other,
        };
    }
    match here {
        Value::String(text) => garble(rng, text),
        Value::Array(all) => rearrange(rng, all, corpus),
        Value::Bool(value) => *value = !*value,
        Value::Number(_) => *here = pick_number(rng),
        Value::Object(fields) => {
            if rng.bool() {
                fields.insert("children".to_owned(), json!([pick(rng, corpus)]));
            } else if let Some(key) = fields.keys().nth(rng.usize(..fields.len().max(1))).cloned() {
                fields.remove(&key);
            }
        }
        Value::Null => *here = json!(SCRAPS[rng.usize(..SCRAPS.len())]),
    }
}

fn pick_number(rng: &mut Rng) -> Value {
    [json!(0), json!(1), json!(2), json!(-3), json!(3.7), json!(1e20), json!(999_999_999)][rng.usize(..7)]
        .clone()
}

fn garble(rng: &mut Rng, text: &mut String) {
    let mut chars: Vec<char> = text.chars().collect();
    let at = rng.usize(..=chars.len());
    match rng.u8(..4) {
        0 => chars.truncate(at),
        1 => drop(chars.drain(..at)),
        _ => drop(chars.splice(at..at, SCRAPS[rng.usize(..SCRAPS.len())].chars())),
    }
    *text = chars.into_iter().collect();
}

fn rearrange(rng: &mut Rng, all: &mut Vec<Value>, corpus: &[Value]) {
    let at = rng.usize(..=all.len());
    match (all.get(at).cloned(), rng.u8(..4)) {
        (Some(_), 0) => drop(all.remove(at)),
        (Some(same), 1) => all.insert(at, same),
        (Some(_), 2) => all.swap(0, at),
        _ if all.iter().all(|one| one.get("type").is_some()) => all.insert(at, pick(rng, corpus)),
        _ => {}
    }
}
