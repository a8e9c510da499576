//! Files of pages: addresses that expire, and bodies that break off, on the way to a document.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use notion_import_core::testing::{
    Author, Endpoint, Fault, Reply, SimClock, World, WorldTransport, block, image, paragraph, pdf,
};
use notion_import_core::transport::{Clock, Request};
use notion_import_core::{
    BlobId, Connection, Content, External, Fetched, Importer, MemoryBlobs, MemoryLibrary, NotionId, Pick,
    StaticToken, TenantId,
};
use serde_json::json;

struct Stage {
    world: World,
    clock: SimClock,
    home: NotionId,
    token: String,
}

/// A report longer than what is looked at to tell what it is.
fn report() -> Vec<u8> {
    b"%PDF-1.7\n".iter().copied().chain((0..50_000_u32).flat_map(u32::to_be_bytes)).collect()
}

impl Stage {
    fn new() -> Self {
        let world = World::new(7);
        let clock = SimClock::new("2026-11-22T08:00:00Z".parse().unwrap());
        let author = world.at(clock.now());
        let workspace = author.workspace("Acme");
        let home = author.page(workspace, "Home");
        let token = world.grant(workspace, [home]).token;
        Self { world, clock, home, token }
    }

    fn with_report() -> Self {
        let stage = Self::new();
        let author = stage.author();
        let stored = author.file("report.pdf", "application/pdf", report());
        author.append(stage.home, [pdf(&stored)]);
        stage
    }

    fn author(&self) -> Author {
        self.world.at(self.clock.now())
    }

    /// The address of a picture at a host that is not one of Notion's, and that this world stands in for as well.
    fn elsewhere(&self) -> String {
        self.world.serve_files_from("https://files.example");
        let picture = self.author().file("a.png", "image/png", *b"\x89PNG\r\n\x1a\n the picture");
        let shown = self.author().append(self.home, [image(&picture)])[0];
        let url = format!("https://api.notion.com/v1/blocks/{shown}").parse().unwrap();
        let bearer = format!("Bearer {}", self.token).parse().unwrap();
        let headers = HeaderMap::from_iter([
            (header::AUTHORIZATION, bearer),
            (HeaderName::from_static("notion-version"), HeaderValue::from_static("2026-03-11")),
        ]);
        let request = Request { method: Method::GET, url, headers, body: None };
        let Reply::Response(answer) = self.world.answer(&request, self.clock.now()) else { panic!() };
        let block: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
        self.author().remove(shown);
        block["image"]["file"]["url"].as_str().unwrap().to_owned()
    }

    async fn fetch(&self, external: External) -> Result<Fetched, notion_import_core::Error> {
        let transport = WorldTransport::new(self.world.clone(), self.clock.clone());
        let importer = Importer::builder(
            Arc::new(StaticToken::new(self.token.clone())),
            Arc::<MemoryLibrary>::default(),
            Arc::<MemoryBlobs>::default(),
        )
        .external_files(external)
        .through(Arc::new(transport), Arc::new(self.clock.clone()))
        .build()
        .unwrap();
        importer.fetch(&Connection::new(TenantId::fresh(), "acme"), Pick::page(self.home)).await
    }

    /// The report is fetched whole, with so many requests for it and for its block.
    async fn ensure_report(&self, files: usize, blocks: usize, why: &str) {
        let fetched = self.fetch(External::Link).await.unwrap().content.content;
        let Content::File(file) = fetched else { panic!("{why}: {fetched:?}") };
        assert_eq!(file.blob.id, BlobId::of(&report()), "{why}");
        let asked = (self.world.requests_to(Endpoint::File), self.world.requests_to(Endpoint::Block));
        assert_eq!(asked, (files, blocks), "{why}");
    }
}

#[tokio::test]
async fn a_download_gets_over_what_happens_to_it() {
    for (faults, files, blocks, why) in [
        (vec![], 1, 0, "nothing"),
        (vec![Fault::Cut], 2, 0, "a body that breaks off goes on"),
        (vec![Fault::Cut, Fault::Cut, Fault::Cut], 4, 0, "again and again"),
        (vec![Fault::Cut, Fault::Unavailable], 3, 0, "a refusal on the way"),
        (vec![Fault::Reset, Fault::Reset], 3, 0, "no connection"),
        (vec![Fault::Restricted], 2, 1, "an address that expired before"),
        (vec![Fault::Cut, Fault::Restricted], 3, 1, "an address that expired between two parts"),
        (vec![Fault::Restricted, Fault::Cut, Fault::Cut], 4, 1, "a fresh address whose body breaks off"),
    ] {
        let stage = Stage::with_report();
        faults.into_iter().for_each(|fault| stage.world.fail_next(Endpoint::File, fault));
        stage.ensure_report(files, blocks, why).await;
    }
}

#[tokio::test]
async fn an_address_that_never_works_is_asked_for_once_more_and_then_left() {
    let stage = Stage::with_report();
    (0..9).for_each(|_| stage.world.fail_next(Endpoint::File, Fault::Restricted));
    let fetched = stage.fetch(External::Link).await.unwrap();
    assert!(fetched.markdown().is_some());
    assert_eq!((stage.world.requests_to(Endpoint::File), stage.world.requests_to(Endpoint::Block)), (2, 1));
}

#[tokio::test]
async fn a_file_that_drips_for_hours_fails_the_page_within_minutes() {
    let stage = Stage::with_report();
    let began = stage.clock.now();
    let pause = Duration::from_secs(1);
    stage.world.fail_next(Endpoint::File, Fault::Slow { chunk: 1, pause });
    let error = stage.fetch(External::Link).await.unwrap_err();
    assert_eq!((error.code(), error.is_transient()), ("file_too_slow", true));
    assert!((stage.clock.now() - began).num_seconds() < 60, "{:?}", stage.clock);
}

#[tokio::test]
async fn an_image_of_another_host_is_a_link_unless_it_is_wanted_and_there() {
    let broken = vec![Fault::Reset; 9];
    for (external, faults, kept) in [
        (External::Link, vec![], false),
        (External::Fetch, vec![], true),
        (External::Fetch, vec![Fault::Cut, Fault::Reset], true),
        (External::Fetch, broken, false),
    ] {
        let stage = Stage::new();
        let mut url = stage.elsewhere();
        if !kept {
            // A link is written without a signature or not at all.
            url.truncate(url.find('?').unwrap());
        }
        let picture = json!({"type": "external", "external": {"url": url}, "caption": []});
        stage.author().append(stage.home, [paragraph("Words."), block("image", picture)]);
        faults.iter().for_each(|fault| stage.world.fail_next(Endpoint::File, fault.clone()));
        let fetched = stage.fetch(external).await.unwrap();
        let (text, remote) = (fetched.markdown().unwrap(), fetched.content.exposure.remote_images);
        let claim = format!("{external:?} {faults:?}: {text}");
        assert_eq!(text.contains("(attachment:"), kept, "{claim}");
        assert_eq!(text.contains("files.example"), !kept, "{claim}");
        assert_eq!(
            (fetched.content.attachments.len(), remote),
            if kept { (1, 0) } else { (0, 1) },
            "{claim}"
        );
        let asked = stage.world.requests_to(Endpoint::File);
        assert_eq!(asked > 0, external == External::Fetch, "{claim}");
    }
}

#[tokio::test]
async fn a_clock_that_is_set_ends_no_download_and_saves_none() {
    for (hours, chunk, outcome) in
        [(1, 5_000, Ok(())), (-1, 5_000, Ok(())), (1, 1, Err("file_too_slow")), (-1, 1, Err("file_too_slow"))]
    {
        let stage = Stage::with_report();
        let pause = Duration::from_secs(1);
        stage.world.fail_next(Endpoint::File, Fault::Slow { chunk, pause });
        let began = stage.clock.instant();
        let setting = async {
            stage.clock.sleep(Duration::from_secs(7)).await;
            stage.clock.set_by(TimeDelta::hours(hours));
            std::future::pending().await
        };
        let fetched = tokio::select! {
            fetched = stage.fetch(External::Link) => fetched,
            never = setting => never,
        };
        let took = stage.clock.instant() - began;
        assert_eq!(
            fetched.map(drop).map_err(|error| error.code()),
            outcome,
            "{hours} h, {chunk} bytes a second"
        );
        assert!((Duration::from_secs(30)..Duration::from_secs(60)).contains(&took), "{hours} h: {took:?}");
        assert_eq!(stage.world.requests_to(Endpoint::File), 1, "{hours} h, {chunk} bytes a second");
    }
}
