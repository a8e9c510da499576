//! Whoever counts is told of each request, and of Notion's words in its answer, but never of people's.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use notion_import_core::Pick;
use notion_import_core::notion::{Meaning, Word};
use notion_import_core::testing::{Endpoint, Fault, World, block, callout, paragraph, text};
use serde_json::json;

use super::{Line, morning};

/// What is written everywhere people write.
const CANARY: &str = "canary";

#[derive(Default)]
struct Told {
    routes: BTreeMap<(&'static str, Option<&'static str>), usize>,
    words: Vec<Word>,
    all: String,
}

/// Reads a page with a table through a line that is counted.
async fn told(world: &World, strange: bool) -> Told {
    let author = world.at(morning() - chrono::TimeDelta::hours(1));
    let workspace = author.workspace(CANARY);
    let page = author.page(workspace, CANARY);
    let vendors = author.database(page, CANARY, [(CANARY, "rich_text"), ("owner", "people")]);
    let row = author.row(vendors.data_source, CANARY, [(CANARY, text(CANARY).into_value())]);
    author.append(row, [callout("🔐", CANARY).color("red")]);
    if strange {
        author.append(page, [block("hologram", json!({"rich_text": text(CANARY).into_value()}))]);
        author.append(page, [paragraph(CANARY).with("sparkle", CANARY).color("ultraviolet")]);
        author.append(page, [block("Board canary", json!({}))]);
    }
    let grant = world.grant(workspace, [page]);
    let line = Line::virtually(world, &grant, Duration::from_millis(40));
    let told = Arc::new(Mutex::new(Told::default()));
    let telling = told.clone();
    let tenant = line.tenant_with(move |builder| {
        builder.on_exchange(move |exchange| {
            let mut told = telling.lock().unwrap();
            let code = exchange.error.map(notion_import_core::Error::code);
            *told.routes.entry((exchange.route, code)).or_default() += 1;
            assert!(exchange.took >= Duration::from_millis(40), "{exchange:?}");
            told.all += &format!("{exchange:?} {:?}", exchange.words());
            told.words.extend(exchange.words());
        })
    });
    world.fail_next(Endpoint::Page, Fault::Unavailable);
    tenant.importer.workspace(&tenant.connection).await.unwrap();
    for pick in [Pick::page(page), Pick::page(row), Pick::data_source(vendors.data_source)] {
        tenant.importer.fetch(&tenant.connection, pick).await.unwrap();
    }
    drop(tenant);
    Arc::into_inner(told).unwrap().into_inner().unwrap()
}

fn new_words(told: &Told) -> Vec<(&str, Option<&str>)> {
    let new = told.words.iter().filter(|word| word.meaning != Meaning::Known);
    let mut new: Vec<_> = new.map(|word| (word.place.as_str(), word.name.as_deref())).collect();
    new.sort_unstable();
    new.dedup();
    new
}

#[tokio::test]
async fn each_request_is_told_by_its_route_and_what_came_of_it() {
    let told = told(&World::new(11), false).await;
    let count = |route, code| told.routes.get(&(route, code)).copied().unwrap_or_default();
    assert_eq!(count("users/me", None), 1, "{:?}", told.routes);
    assert_eq!(count("pages/{page_id}", Some("service_unavailable")), 1, "{:?}", told.routes);
    assert!(count("blocks/{block_id}/children", None) >= 2, "{:?}", told.routes);
    assert!(count("data_sources/{data_source_id}/query", None) >= 1, "{:?}", told.routes);
    assert!(told.routes.keys().all(|(route, _)| *route != "other"), "{:?}", told.routes);
}

#[tokio::test]
async fn of_what_notion_documents_every_word_is_known() {
    let told = told(&World::new(12), false).await;
    assert_eq!(new_words(&told), []);
    let known = |place: &str, name: &str| {
        told.words.iter().any(|word| word.place == place && word.name.as_deref() == Some(name))
    };
    assert!(known("block.type", "callout") && known("block.callout.color", "red"));
    assert!(known("user.bot.owner.type", "user") && known("page.parent.type", "data_source_id"));
}

#[tokio::test]
async fn what_is_new_is_told_by_notions_name_and_no_word_of_people_ever() {
    let told = told(&World::new(13), true).await;
    let expected = [
        ("block.paragraph", Some("sparkle")),
        ("block.paragraph.color", Some("ultraviolet")),
        ("block.type", None),
        ("block.type", Some("hologram")),
    ];
    assert_eq!(new_words(&told), expected);
    assert!(!told.all.contains(CANARY), "{}", told.all);
}
