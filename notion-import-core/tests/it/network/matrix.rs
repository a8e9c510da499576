//! Every kind of fault at every endpoint: the same in the end as without it, or a typed error and no change.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{self, StreamExt};
use notion_import_core::testing::suite::content_manager;
use notion_import_core::testing::{Endpoint, Fault, Grant, World, image, paragraph, synced, toggle};
use notion_import_core::{Error, ImportOptions, NotionId, Pick};
use serde_json::json;

use super::{Line, Tenant};

/// What customers' words are marked with.
pub(super) const WORDS: &str = "canary-words-7f3a";

/// A person's address.
pub(super) const EMAIL: &str = "canary-7f3a@example.com";

/// A workspace in which every endpoint has something to say, and every list more than one part.
pub(super) struct Furnished {
    pub(super) world: World,
    pub(super) grant: Grant,
    page: NotionId,
    database: NotionId,
    data_source: NotionId,
}

pub(super) fn furnish() -> Furnished {
    let world = World::new(31);
    let author = world.at(super::morning() - chrono::TimeDelta::hours(1));
    let workspace = author.workspace(&format!("{WORDS} Acme"));
    let home = author.page(workspace, format!("{WORDS} home"));
    let columns = [("Pages", "relation"), ("Owner", "people"), ("Notes", "rich_text")];
    let database = author.database(home, format!("{WORDS} vendors"), columns);
    let rows: Vec<NotionId> = (0..105)
        .map(|number| author.row(database.data_source, format!("{WORDS} vendor {number}"), []))
        .collect();
    // Of many views the first is shown.
    for _ in 0..104 {
        author.view(database.id, database.data_source, json!({"type": "table"}));
    }
    let page = author.row(database.data_source, format!("{WORDS} policy"), []);
    author.set_property(page, "Pages", rows.iter().map(|row| json!({"id": row})).collect());
    let person =
        json!({"object": "user", "id": home, "name": WORDS, "type": "person", "person": {"email": EMAIL}});
    author.set_property(page, "Owner", json!([person]));
    let png = author.file(&format!("{WORDS}.png"), "image/png", b"\x89PNG\r\n\x1a\npicture".to_vec());
    let inside = (0..3).map(|number| paragraph(format!("{WORDS} inside {number}")));
    author.append(page, [toggle(WORDS, inside), image(&png), synced([paragraph(EMAIL)])]);
    author.append(page, (0..100).map(|number| paragraph(format!("{WORDS} {number}"))));
    let grant = world.grant(workspace, [home]);
    Furnished { world, grant, page, database: database.id, data_source: database.data_source }
}

/// Every fault a request can meet.
fn faults() -> Vec<Fault> {
    vec![
        Fault::RateLimited { retry_after: 1 },
        Fault::RateLimitedUntil,
        Fault::Blocked,
        Fault::Internal,
        Fault::BadGateway,
        Fault::Unavailable,
        Fault::TooSlow,
        Fault::GatewayTimeout,
        Fault::Overloaded { retry_after: 1 },
        Fault::Conflict,
        Fault::Restricted,
        Fault::Unauthorized,
        Fault::NotFound,
        Fault::Invalid,
        Fault::Reset,
        Fault::Cut,
        Fault::Halved,
        Fault::Slow { chunk: 64, pause: Duration::from_millis(400) },
        Fault::Edge,
        Fault::Portal,
        Fault::RenderingBudget,
        Fault::CursorLapsed,
        Fault::CursorMissing,
        Fault::CursorRepeated,
        Fault::Capped,
    ]
}

const ENDPOINTS: [Endpoint; 13] = [
    Endpoint::Search,
    Endpoint::Page,
    Endpoint::Property,
    Endpoint::Markdown,
    Endpoint::Block,
    Endpoint::Children,
    Endpoint::Database,
    Endpoint::DataSource,
    Endpoint::Query,
    Endpoint::Views,
    Endpoint::View,
    Endpoint::Me,
    Endpoint::File,
];

/// What a fault ends in.
enum End {
    /// The same as without it.
    Same,
    /// A document that says what is not known of it: these words are in it, and not in the true one.
    Told(&'static str),
    /// An error with this code.
    Error(&'static str),
}

fn expected(endpoint: Endpoint, fault: &Fault) -> End {
    match (endpoint, fault) {
        // An address that has expired is asked for anew.
        (Endpoint::File, _) => End::Same,
        // Search promises nothing, and rows beyond the cap are asked for in windows.
        (Endpoint::Search | Endpoint::Query, Fault::Capped) => End::Same,
        // What is refused by its version is asked for without.
        (Endpoint::Markdown, Fault::Invalid) => End::Same,
        (Endpoint::Markdown, Fault::Restricted | Fault::NotFound) => End::Told("kind: Completeness"),
        // Of many views the next one is as good.
        (Endpoint::View, Fault::Restricted | Fault::NotFound | Fault::Invalid) => End::Same,
        (Endpoint::Views, Fault::Restricted | Fault::NotFound | Fault::Invalid) => {
            End::Told("unsaid_columns: 3")
        }
        // The rest of a property costs that property.
        (Endpoint::Property, Fault::Restricted | Fault::NotFound | Fault::Invalid) => {
            End::Told("kind: PropertyNotLoaded")
        }
        (_, Fault::Blocked) => End::Error("public_api_request_blocked"),
        (_, Fault::Restricted) => End::Error("restricted_resource"),
        (_, Fault::Unauthorized) => End::Error("unauthorized"),
        (_, Fault::NotFound) => End::Error("object_not_found"),
        (_, Fault::Invalid) => End::Error("validation_error"),
        (_, Fault::CursorMissing | Fault::CursorRepeated | Fault::Capped) => End::Error("incomplete_listing"),
        _ => End::Same,
    }
}

/// One fault at one endpoint, and what came of it.
pub(super) struct Row {
    pub(super) endpoint: Endpoint,
    pub(super) fault: Fault,
    pub(super) outcome: Result<Vec<String>, Error>,
    /// What is in the library after.
    pub(super) contents: Vec<String>,
}

/// It does what asks at an endpoint.
async fn ask(furnished: &Furnished, tenant: &Tenant, endpoint: Endpoint) -> Result<Vec<String>, Error> {
    match endpoint {
        Endpoint::Search => Ok(tenant.browse().await?.iter().map(NotionId::to_string).collect()),
        Endpoint::Database | Endpoint::DataSource => {
            let found = tenant
                .importer
                .resolve_link(
                    &content_manager(tenant.connection.tenant),
                    &tenant.connection,
                    &furnished.database.to_string(),
                )
                .await?;
            Ok(found.iter().map(|entry| format!("{entry:?}")).collect())
        }
        Endpoint::Me => tenant.connect().await,
        Endpoint::Query | Endpoint::Views | Endpoint::View => {
            tenant.import(vec![Pick::data_source(furnished.data_source)]).await?;
            Ok(tenant.contents().await)
        }
        _ => {
            tenant.import(vec![Pick::page(furnished.page)]).await?;
            Ok(tenant.contents().await)
        }
    }
}

pub(super) async fn run(
    furnished: &Furnished,
    line: &Line,
    endpoint: Endpoint,
    fault: Option<&Fault>,
) -> (Tenant, Result<Vec<String>, Error>) {
    let options = ImportOptions::default().completeness(endpoint == Endpoint::Markdown);
    let tenant = line.tenant_with(|builder| builder.import_options(options));
    if endpoint == Endpoint::Block {
        // Its only use is to ask for an address that has expired.
        line.world.fail_next(Endpoint::File, Fault::Restricted);
    }
    if let Some(fault) = fault {
        line.world.fail_next(endpoint, fault.clone());
    }
    let outcome = ask(furnished, &tenant, endpoint).await;
    (tenant, outcome)
}

/// Whether a fault can be met at an endpoint at all.
fn is_possible(endpoint: Endpoint, fault: &Fault) -> bool {
    let is_list = matches!(
        endpoint,
        Endpoint::Search | Endpoint::Query | Endpoint::Children | Endpoint::Property | Endpoint::Views
    );
    match fault {
        Fault::TooSlow | Fault::RenderingBudget => is_list,
        Fault::CursorLapsed | Fault::CursorMissing | Fault::CursorRepeated | Fault::Capped => is_list,
        Fault::Blocked | Fault::Unauthorized | Fault::NotFound | Fault::Invalid => endpoint != Endpoint::File,
        Fault::Halved | Fault::Portal => endpoint != Endpoint::File,
        // A file may take its time.
        Fault::Slow { .. } => endpoint != Endpoint::File,
        _ => true,
    }
}

/// Runs the whole matrix, the rows of an endpoint one after another and several endpoints at once.
pub(super) async fn rows<F>(line: impl Fn(&Furnished) -> F + Clone) -> Vec<Row>
where
    F: Future<Output = (Line, Option<notion_import_core::testing::Server>)>,
{
    let columns = ENDPOINTS.map(|endpoint| {
        let line = line.clone();
        // Each is long, and a test's stack is not.
        Box::pin(async move {
            let furnished = furnish();
            let (line, _server) = line(&furnished).await;
            let mut rows = Vec::new();
            for fault in faults().into_iter().filter(|fault| is_possible(endpoint, fault)) {
                let before = line.world.faults();
                let (tenant, outcome) = run(&furnished, &line, endpoint, Some(&fault)).await;
                let wanted = if endpoint == Endpoint::Block { 2 } else { 1 };
                assert_eq!(line.world.faults() - before, wanted, "{endpoint:?} never met {fault:?}");
                let contents = tenant.contents().await;
                rows.push(Row { endpoint, fault, outcome, contents });
            }
            assert_eq!(line.world.violations(), Vec::<String>::new());
            rows
        })
    });
    stream::iter(columns).buffer_unordered(4).flat_map(stream::iter).collect().await
}

/// What each endpoint gives when nothing goes wrong.
async fn truth() -> BTreeMap<Endpoint, Vec<String>> {
    let furnished = furnish();
    let line = Line::virtually(&furnished.world, &furnished.grant, Duration::ZERO);
    let mut truth = BTreeMap::new();
    for endpoint in ENDPOINTS {
        truth.insert(endpoint, run(&furnished, &line, endpoint, None).await.1.unwrap());
    }
    truth
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fault_changes_nothing_in_the_end_or_is_told_and_changes_nothing_at_all() {
    let truth = Arc::new(truth().await);
    let rows = rows(|furnished: &Furnished| {
        let (world, grant) = (furnished.world.clone(), furnished.grant.clone());
        async move {
            let (line, server) = Line::served(&world, &grant, 60).await;
            (line, Some(server))
        }
    })
    .await;
    assert!(rows.len() > 200, "{} rows", rows.len());
    for Row { endpoint, fault, outcome, contents } in rows {
        let claim = format!("{fault:?} at {endpoint:?}");
        match (outcome, expected(endpoint, &fault)) {
            // A picker promises nothing: what is shown is shown.
            (Ok(found), End::Same) if fault == Fault::Capped && endpoint == Endpoint::Search => {
                assert!(found.iter().all(|id| truth[&endpoint].contains(id)), "{claim}");
            }
            (Ok(found), End::Same) => assert_eq!(found, truth[&endpoint], "{claim}"),
            (Ok(found), End::Told(words)) => {
                let tells = |contents: &[String]| contents.iter().any(|text| text.contains(words));
                assert!(tells(&found) && !tells(&truth[&endpoint]), "{claim}: {found:#?}");
            }
            (Err(error), End::Error(code)) => {
                assert_eq!(error.code(), code, "{claim}");
                assert_eq!(error.needs_reconnect(), fault == Fault::Unauthorized, "{claim}");
                assert_eq!(contents, Vec::<String>::new(), "{claim}");
            }
            (Ok(_), End::Error(code)) => panic!("{claim} is not told as {code}"),
            (Err(error), End::Same | End::Told(_)) => panic!("{claim}: {error:?}"),
        }
    }
}

/// Faults that may pass and do not, what they end in where Notion is asked, and what where a file is.
const STAYING: [(Fault, &str, Option<&str>); 7] = [
    (Fault::Internal, "service_unavailable", Some("file_not_served")),
    (Fault::Reset, "connection_failed", Some("connection_failed")),
    (Fault::Cut, "response_broke_off", Some("response_broke_off")),
    (Fault::Halved, "response_broke_off", None),
    (Fault::Portal, "gateway_fault", None),
    (Fault::RateLimited { retry_after: 400 }, "overdue", Some("file_not_served")),
    (Fault::Slow { chunk: 1, pause: Duration::from_secs(100) }, "timeout", Some("timeout")),
];

/// A fault that every request to an endpoint meets, and the error it ends in.
struct Outage {
    endpoint: Endpoint,
    fault: Fault,
    code: &'static str,
}

impl Outage {
    /// It begins at some moment of an import, and is over with it.
    async fn during(&self, line: &Line, tenant: &Tenant, pick: Pick, moment: Duration) -> Result<(), Error> {
        let beginning = async {
            line.clock.sleep(moment).await;
            line.world.fail_all(self.endpoint, self.fault.clone());
            std::future::pending().await
        };
        let outcome = tokio::select! {
            outcome = tenant.import(vec![pick]) => outcome,
            never = beginning => never,
        };
        line.world.fail_all(self.endpoint, None);
        outcome
    }

    /// It begins between any two requests, until no request comes after it.
    async fn at_every_step(&self, furnished: &Furnished, pick: Pick) {
        let step = Duration::from_millis(10);
        let line = Line::virtually(&furnished.world, &furnished.grant, step);
        let whole = line.tenant();
        whole.import(vec![pick]).await.unwrap();
        let truth = whole.contents().await;
        for steps in 0.. {
            let claim = format!("{:?} at {:?} from step {steps} on", self.fault, self.endpoint);
            let tenant = line.tenant();
            let Err(error) = self.during(&line, &tenant, pick, step * steps + step / 2).await else {
                assert!(steps > 0, "{claim} is not told");
                assert_eq!(tenant.contents().await, truth, "{claim}");
                return;
            };
            assert_eq!((error.code(), error.is_transient()), (self.code, true), "{claim}");
            assert_eq!(tenant.contents().await, Vec::<String>::new(), "{claim}");
            tenant.import(vec![pick]).await.unwrap();
            assert_eq!(tenant.contents().await, truth, "after {claim}");
        }
    }
}

#[tokio::test]
async fn a_fault_that_stays_is_told_and_changes_nothing_whenever_it_begins() {
    let furnished = furnish();
    let (page, data_source) = (Pick::page(furnished.page), Pick::data_source(furnished.data_source));
    for (endpoint, pick) in [
        (Endpoint::Page, page),
        (Endpoint::Children, page),
        (Endpoint::Property, page),
        (Endpoint::File, page),
        (Endpoint::DataSource, data_source),
        (Endpoint::Database, data_source),
        (Endpoint::Views, data_source),
        (Endpoint::View, data_source),
        (Endpoint::Query, data_source),
    ] {
        for (fault, of_notion, of_file) in STAYING {
            let code = if endpoint == Endpoint::File { of_file } else { Some(of_notion) };
            let Some(code) = code else { continue };
            Outage { endpoint, fault, code }.at_every_step(&furnished, pick).await;
        }
    }
}
