//! Many things read at once, and one large one: each keeps the connection as full as it may be.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::{StreamExt, stream};
use notion_import_core::testing::{Endpoint, Grant, World, image, paragraph, toggle};
use notion_import_core::{BlobStore, Error, FetchOutcome, MemoryBlobs, NotionId, Pick, Wanted};

use super::{Line, Tenant, morning};

const LATENCY: Duration = Duration::from_millis(30);

/// Requests that may be under way at once.
const UNDER_WAY: u32 = 32;

/// A workspace with so many pages of so many toggles.
fn furnish(pages: usize, toggles: usize) -> (World, Grant, Vec<NotionId>) {
    let world = World::new(59);
    let author = world.at(morning() - TimeDelta::hours(1));
    let workspace = author.workspace("Acme");
    let page = |number| {
        let page = author.page(workspace, format!("Page {number}"));
        author.append(page, (0..toggles).map(|number| toggle(format!("{number}"), [paragraph("inside")])));
        page
    };
    let pages: Vec<_> = (0..pages).map(page).collect();
    let grant = world.grant(workspace, pages.clone());
    (world, grant, pages)
}

type Outcome = Result<FetchOutcome<MemoryBlobs>, Error>;

/// Reads everything, each page with its files in a store of its own.
async fn read(tenant: &Tenant, wanted: Vec<Wanted>) -> BTreeMap<NotionId, Outcome> {
    let stores = |_| Ok(MemoryBlobs::default());
    let read = tenant.importer.fetch_many(&tenant.connection, stream::iter(wanted), stores);
    read.map(|(wanted, outcome)| (wanted.pick.id, outcome)).collect().await
}

fn is_fetched(outcome: &Outcome) -> bool {
    matches!(outcome, Ok(FetchOutcome::Fetched(..)))
}

fn wanted(pages: &[NotionId]) -> Vec<Wanted> {
    pages.iter().map(|id| Pick::page(*id).into()).collect()
}

/// What is known of a page once it was read.
fn known_now((id, outcome): (NotionId, Outcome)) -> Wanted {
    let Ok(FetchOutcome::Fetched(fetched, _)) = outcome else { panic!("{id} was not read") };
    Wanted { pick: Pick::page(id), known_edit: Some(fetched.content.source.edited_at) }
}

#[tokio::test]
async fn one_large_page_keeps_the_connection_as_full_as_many_small_ones() {
    for (pages, toggles) in [(200, 9), (1, 90)] {
        let (world, grant, pages) = furnish(pages, toggles);
        let line = Line::virtually(&world, &grant, LATENCY);
        let began = line.clock.now();
        let read = read(&line.tenant(), wanted(&pages)).await;
        assert!(read.len() == pages.len() && read.values().all(Result::is_ok));
        let took = (line.clock.now() - began).to_std().unwrap();
        let requests = u32::try_from(world.requests().len()).unwrap();
        assert_eq!(requests as usize, pages.len() * (toggles + 2));
        // The first list, the last lists and the page itself come one after the other.
        let least = LATENCY * requests.div_ceil(UNDER_WAY);
        assert!(took <= least + 3 * LATENCY, "{requests} requests of {} pages took {took:?}", pages.len());
    }
}

#[tokio::test]
async fn a_page_that_was_read_before_and_is_unedited_costs_one_request() {
    let (world, grant, pages) = furnish(3, 1);
    let pages = <[NotionId; 3]>::try_from(pages).unwrap();
    let line = Line::virtually(&world, &grant, LATENCY);
    let tenant = line.tenant();
    let known: Vec<_> = read(&tenant, wanted(&pages)).await.into_iter().map(known_now).collect();
    world.forget_requests();
    let asked_at = line.clock.now();
    for (_, outcome) in read(&tenant, known.clone()).await {
        assert!(matches!(outcome, Ok(FetchOutcome::Unedited(at)) if at == asked_at));
    }
    assert_eq!((world.requests().len(), world.requests_to(Endpoint::Page)), (3, 3));

    line.clock.sleep(Duration::from_secs(600)).await;
    world.at(line.clock.now()).append(pages[1], [paragraph("new")]);
    world.at(line.clock.now()).trash(pages[2]);
    line.clock.sleep(Duration::from_secs(600)).await;
    world.forget_requests();
    let outcomes = read(&tenant, known).await;
    assert_eq!(pages.map(|id| is_fetched(&outcomes[&id])), [false, true, true]);
    // The edited one is looked at, read, and shows that it was not edited meanwhile.
    assert_eq!(world.requests_to(Endpoint::Page), 5);
}

#[tokio::test]
async fn what_fails_stops_nothing_else_and_files_are_in_the_store_of_their_page() {
    let (world, grant, pages) = furnish(3, 0);
    let author = world.at(morning() - TimeDelta::hours(1));
    for (number, id) in pages.iter().enumerate() {
        let bytes = [b"\x89PNG\r\n\x1a\n".as_slice(), &[number as u8]].concat();
        author.append(*id, [image(&author.file("a.png", "image/png", bytes))]);
    }
    author.purge(pages[0]);
    let line = Line::virtually(&world, &grant, LATENCY);
    let tenant = line.tenant();
    let read = read(&tenant, wanted(&pages)).await;
    assert!(read[&pages[0]].as_ref().is_err_and(Error::is_not_found));
    for id in &pages[1..] {
        let Ok(FetchOutcome::Fetched(fetched, blobs)) = &read[id] else { panic!("{id} was not read") };
        let kept = blobs.list_older_than(tenant.connection.tenant, Utc::now() + TimeDelta::days(1));
        let kept: Vec<_> = kept.map(Result::unwrap).collect().await;
        let shown: Vec<_> = fetched.content.attachments.iter().map(|file| file.blob.id).collect();
        assert!(shown.len() == 1 && shown == kept, "{shown:?} {kept:?}");
    }
}

#[tokio::test]
async fn no_edit_before_the_reading_began_is_missing() {
    let (world, grant, pages) = furnish(1, 1);
    let line = Line::virtually(&world, &grant, LATENCY);
    let tenant = line.tenant();
    let began: DateTime<Utc> = line.clock.now();
    let fetched = tenant.importer.fetch(&tenant.connection, Pick::page(pages[0])).await.unwrap();
    assert_eq!(fetched.read_at, began);
}

#[tokio::test]
async fn more_may_be_wanted_of_what_was_read() {
    let (world, grant, pages) = furnish(5, 1);
    let line = Line::virtually(&world, &grant, LATENCY);
    let tenant = line.tenant();
    let (want, mut wanted) = tokio::sync::mpsc::unbounded_channel();
    let wanted = stream::poll_fn(move |context| wanted.poll_recv(context));
    let mut rest = pages.iter().map(|id| Wanted::from(Pick::page(*id)));
    want.send(rest.next().unwrap()).unwrap();
    let stores = |_| Ok(MemoryBlobs::default());
    let mut reading = std::pin::pin!(tenant.importer.fetch_many(&tenant.connection, wanted, stores));
    let mut seen = 0;
    let mut want = Some(want);
    while let Some((_, outcome)) = reading.next().await {
        outcome.unwrap();
        seen += 1;
        want = want.filter(|want| rest.next().is_some_and(|next| want.send(next).is_ok()));
    }
    assert_eq!(seen, pages.len());
}
