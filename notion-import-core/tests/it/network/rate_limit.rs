//! How fast Notion is asked: as fast as it allows, whatever that is, and no faster.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::StreamExt;
use http::{HeaderMap, StatusCode};
use notion_import_core::testing::suite::content_manager;
use notion_import_core::testing::{Grant, Rules, Server, SimClock, World, paragraph, toggle};
use notion_import_core::transport::Clock;
use notion_import_core::{
    AccessError, ApiAccess, Connection, ConnectionRef, ImportEvent, Importer, MemoryBlobs, MemoryLibrary,
    NotionId, Pick, Query, StaticToken, TenantId, TokenSource,
};

use super::{Line, morning};

/// What Notion allows, and is not told.
#[derive(Clone, Copy, Debug)]
enum Allowed {
    Minute(u32),
    Second(u32, u32),
}

impl Allowed {
    fn set(self, rules: &mut Rules) {
        match self {
            Self::Minute(requests) => rules.requests_per_minute = Some(requests),
            Self::Second(rate, burst) => rules.requests_per_second = Some((rate, burst)),
        }
    }

    fn in_a_minute(self) -> f64 {
        match self {
            Self::Minute(requests) => f64::from(requests),
            Self::Second(rate, _) => f64::from(rate) * 60.0,
        }
    }
}

/// A workspace of pages, each of which takes `lists` + 2 requests.
fn furnish(pages: usize, lists: usize, allowed: Option<Allowed>) -> (World, Grant, Vec<Pick>) {
    let world = World::new(41);
    let author = world.at(morning() - TimeDelta::days(1));
    let workspace = author.workspace("Acme");
    let home = author.page(workspace, "Home");
    let pages: Vec<NotionId> = (0..pages).map(|number| author.page(home, format!("Page {number}"))).collect();
    for page in &pages {
        let sections = (0..lists).map(|number| toggle(format!("Section {number}"), [paragraph("Inside.")]));
        author.append(*page, sections);
    }
    let grant = world.grant(workspace, [home]);
    world.tune(|rules| allowed.into_iter().for_each(|allowed| allowed.set(rules)));
    (world, grant, pages.into_iter().map(Pick::page).collect())
}

/// The share of what was allowed between two moments that was spent.
fn spent(line: &Line, allowed: Allowed, from: DateTime<Utc>, to: DateTime<Utc>) -> f64 {
    let is_inside = |at: DateTime<Utc>| at >= from && at < to;
    let let_through =
        line.world.requests().iter().filter(|seen| seen.status == Some(200) && is_inside(seen.at)).count();
    let minutes = (to - from).num_milliseconds() as f64 / 60_000.0;
    let_through as f64 / (allowed.in_a_minute() * minutes)
}

/// Nothing is sent between a refusal and the end of the wait it asked for, but what was under way already.
fn assert_waits_are_kept(line: &Line, from: DateTime<Utc>, under_way: TimeDelta) {
    let mut requests = line.world.requests();
    requests.retain(|seen| seen.at >= from);
    for refused in requests.iter().filter(|seen| seen.status == Some(429)) {
        // The shortest wait there is.
        let until = refused.at + TimeDelta::seconds(1);
        let early =
            requests.iter().filter(|seen| seen.at > refused.at + under_way && seen.at < until).count();
        assert_eq!(early, 0, "sent within a second of the refusal at {}", refused.at);
    }
}

/// How many refusals, after `from`, came in the company of another.
fn crowded(line: &Line, from: DateTime<Utc>) -> usize {
    let refusals: Vec<_> = line.refusals().into_iter().filter(|at| *at >= from).collect();
    refusals.windows(2).filter(|pair| pair[1] - pair[0] < TimeDelta::milliseconds(900)).count()
}

async fn import_of_thirty_pages(line: &Line, picks: Vec<Pick>) -> (DateTime<Utc>, DateTime<Utc>) {
    let began = line.clock.now();
    line.tenant().import(picks).await.unwrap();
    (began, line.clock.now())
}

/// When the budget is learned: a window with the end of the wait that its first refusal asked for, a rate within 40 seconds.
fn learned(line: &Line, allowed: Allowed, began: DateTime<Utc>) -> DateTime<Utc> {
    let requests = line.world.requests();
    let let_through_again =
        requests.iter().skip_while(|seen| seen.status != Some(429)).find(|seen| seen.status == Some(200));
    match allowed {
        Allowed::Minute(_) => let_through_again.unwrap().at,
        Allowed::Second(..) => began + TimeDelta::seconds(40),
    }
}

/// Checks an import under a limit; the last window need not be full.
async fn check(line: &Line, picks: Vec<Pick>, allowed: Allowed, under_way: TimeDelta) {
    let (began, ended) = import_of_thirty_pages(line, picks).await;
    let begin = learned(line, allowed, began);
    let whole = match allowed {
        Allowed::Minute(_) => TimeDelta::minutes((ended - begin).num_minutes()),
        Allowed::Second(..) => ended - begin,
    };
    assert!(whole >= TimeDelta::seconds(30), "{allowed:?}: only {whole}");
    let spent = spent(line, allowed, begin, begin + whole);
    assert!(spent >= 0.95, "{allowed:?}: {spent} in {whole}, refused at {:?}", line.refusals());
    assert_eq!(crowded(line, begin), 0, "{allowed:?}: {:?}", line.refusals());
    // Over sockets nobody knows how long the first crowd is on its way.
    let from = if line.served_at.is_none() { began } else { begin };
    assert_waits_are_kept(line, from, under_way);
}

/// What is allowed, and how many lists a page takes so that an import of thirty lasts some minutes.
const ROWS: [(Allowed, usize); 3] =
    [(Allowed::Minute(180), 17), (Allowed::Minute(600), 62), (Allowed::Second(10, 5), 32)];

#[tokio::test]
async fn a_budget_that_nobody_told_is_learned_and_spent() {
    for (latency, rows) in [(30, &ROWS[..]), (0, &ROWS[..1]), (200, &ROWS[..1])] {
        for (allowed, lists) in rows {
            let (world, grant, picks) = furnish(30, *lists, Some(*allowed));
            let line = Line::virtually(&world, &grant, Duration::from_millis(latency));
            check(&line, picks, *allowed, TimeDelta::milliseconds(latency as i64 + 1)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_budget_is_learned_and_spent_over_sockets_too() {
    let checks = ROWS.map(|(allowed, lists)| async move {
        let (world, grant, picks) = furnish(30, lists, Some(allowed));
        let times = match allowed {
            Allowed::Minute(180) => 12,
            Allowed::Minute(_) => 6,
            // A machine that is a little late is late by as many times as much, and its sleeps are short.
            Allowed::Second(..) => 3,
        };
        let (line, _server): (Line, Server) = Line::served(&world, &grant, times).await;
        // What was under way took up to so long of real time to arrive.
        check(&line, picks, allowed, TimeDelta::milliseconds(200) * times as i32).await;
    });
    futures_util::future::join_all(checks).await;
}

#[tokio::test]
async fn nothing_is_held_back_where_nothing_is_refused() {
    let (world, grant, picks) = furnish(30, 60, None);
    let line = Line::virtually(&world, &grant, Duration::from_millis(30));
    let (began, ended) = import_of_thirty_pages(&line, picks).await;
    let floor = line.world.requests().len() as f64 * 0.030 / 32.0;
    let took = (ended - began).num_milliseconds() as f64 / 1000.0;
    assert!(took <= floor * 1.3, "{took} s where {floor} s would do");
}

#[tokio::test]
async fn two_imports_on_a_connection_share_its_budget() {
    let allowed = Allowed::Minute(180);
    let (world, grant, picks) = furnish(30, 17, Some(allowed));
    let line = Line::virtually(&world, &grant, Duration::from_millis(30));
    let tenant = line.tenant();
    let (one, two) = picks.split_at(15);
    let began = line.clock.now();
    let (one, two) = tokio::join!(tenant.import(one.to_vec()), tenant.import(two.to_vec()));
    one.and(two).unwrap();
    let begin = began + TimeDelta::minutes(1);
    let whole = TimeDelta::minutes((line.clock.now() - begin).num_minutes());
    let spent = spent(&line, allowed, begin, begin + whole);
    assert!((0.95..=1.0).contains(&spent), "{spent}");
    assert_eq!(crowded(&line, begin), 0, "{:?}", line.refusals());
}

#[tokio::test]
async fn a_person_who_browses_overtakes_what_runs() {
    for (allowed, lists) in ROWS {
        let (world, grant, picks) = furnish(30, lists, Some(allowed));
        let line = Line::virtually(&world, &grant, Duration::from_millis(30));
        let tenant = line.tenant();
        let browsing = async {
            line.clock.sleep(Duration::from_secs(if lists == 25 { 41 } else { 61 })).await;
            let mut longest = TimeDelta::zero();
            for _ in 0..3 {
                line.clock.sleep(Duration::from_secs(13)).await;
                let asked = line.clock.now();
                tenant
                    .importer
                    .browse(&content_manager(tenant.connection.tenant), &tenant.connection, &Query::default())
                    .await
                    .unwrap();
                longest = longest.max(line.clock.now() - asked);
            }
            longest
        };
        let (imported, longest) = tokio::join!(tenant.import(picks), browsing);
        imported.unwrap();
        assert!(longest < TimeDelta::seconds(1), "{allowed:?}: {longest}");
    }
}

/// A token for each of two connections.
struct Two {
    busy: (ConnectionRef, StaticToken),
    idle: StaticToken,
}

#[async_trait]
impl TokenSource for Two {
    async fn access(&self, connection: &Connection) -> Result<ApiAccess, AccessError> {
        let is_busy = connection.reference == self.busy.0;
        if is_busy { self.busy.1.access(connection).await } else { self.idle.access(connection).await }
    }

    fn explain(
        &self,
        status: StatusCode,
        headers: &HeaderMap,
        body: &[u8],
        now: DateTime<Utc>,
    ) -> AccessError {
        self.idle.explain(status, headers, body, now)
    }
}

#[tokio::test]
async fn a_connection_that_has_to_wait_holds_up_no_other() {
    let (world, grant, picks) = furnish(30, 17, Some(Allowed::Minute(180)));
    let line = Line::virtually(&world, &grant, Duration::from_millis(30));
    let other = world.grant(world.workspaces()[0].0, [picks[0].id]);
    let library = MemoryLibrary::default();
    let (busy, idle) =
        (Connection::new(TenantId::fresh(), "busy"), Connection::new(TenantId::fresh(), "idle"));
    let tokens = Two {
        busy: (busy.reference.clone(), StaticToken::new(grant.token.clone())),
        idle: StaticToken::new(other.token.clone()),
    };
    let importer = Importer::builder(Arc::new(tokens), Arc::new(library), Arc::new(MemoryBlobs::default()))
        .through(line.transport.clone(), line.clock.clone())
        .build()
        .unwrap();
    let importing = async {
        line.clock.sleep(Duration::from_secs(20)).await;
        let asked = line.clock.now();
        importer.import_one(&content_manager(idle.tenant), &idle, picks[0]).await.unwrap();
        line.clock.now() - asked
    };
    let (events, took) = tokio::join!(
        importer.import(&content_manager(busy.tenant), &busy, picks.clone()).collect::<Vec<ImportEvent>>(),
        importing
    );
    assert_eq!(events.len(), 31);
    assert!(took < TimeDelta::seconds(1), "{took}");
}

#[tokio::test]
async fn a_workspace_that_is_told_to_wait_is_left_alone_however_long() {
    let (world, grant, picks) = furnish(2, 3, None);
    let line = Line::virtually(&world, &grant, Duration::ZERO);
    let until = line.clock.now() + TimeDelta::minutes(20);
    world.tune(|rules| rules.workspace_paused_until = Some(until));
    let (_, ended) = import_of_thirty_pages(&line, picks).await;
    assert!(ended >= until);
    assert!(line.refusals().len() <= 2, "{:?}", line.refusals());
}

/// How long an import lasts under a limit, how long a person waits beside it and how often both are refused, if the clock is
/// set in the middle of it.
async fn import_while_the_clock_is_set(at: Duration, by: TimeDelta) -> (Duration, Duration, usize) {
    let (world, grant, picks) = furnish(30, 17, Some(Allowed::Minute(180)));
    let clock = SimClock::new(morning());
    let line = Line::under(&clock, &world, &grant, Duration::from_millis(30));
    let tenant = line.tenant();
    let began = clock.instant();
    let browsing = async {
        clock.sleep(at).await;
        clock.set_by(by);
        clock.sleep(Duration::from_secs(5)).await;
        let asked = clock.instant();
        tenant
            .importer
            .browse(&content_manager(tenant.connection.tenant), &tenant.connection, &Query::default())
            .await
            .unwrap();
        clock.instant() - asked
    };
    let (imported, waited) = tokio::join!(tenant.import(picks), browsing);
    imported.unwrap();
    (clock.instant() - began, waited, line.refusals().len())
}

/// At such moments the first refusal is waited out, or a window is being spent, or is spent.
#[tokio::test]
async fn a_clock_that_is_set_neither_holds_anything_up_nor_lets_too_much_through() {
    for at in [30_000, 60_100, 90_000].map(Duration::from_millis) {
        let unset = import_while_the_clock_is_set(at, TimeDelta::zero()).await;
        for hours in [1, -1] {
            let set = import_while_the_clock_is_set(at, TimeDelta::hours(hours)).await;
            assert_eq!(set, unset, "{hours} h after {at:?}");
        }
    }
}

/// Whoever waits for many pages sees one after another, not all of them in the end.
#[tokio::test]
async fn what_is_begun_is_finished_before_more_is_begun() {
    let (world, grant, picks) = furnish(60, 20, Some(Allowed::Minute(180)));
    let line = Line::virtually(&world, &grant, Duration::from_millis(100));
    let tenant = line.tenant();
    let pages = picks.len();
    let mut import = Box::pin(tenant.importer.import(
        &content_manager(tenant.connection.tenant),
        &tenant.connection,
        picks,
    ));
    let mut finished = 0;
    while let Some(event) = import.next().await {
        finished += usize::from(matches!(event, ImportEvent::Finished(_)));
        let least = finished * 22;
        let asked = world.requests().iter().filter(|seen| seen.status == Some(200)).count();
        // Beside what the finished ones took, at most what there was room for before the first refusal.
        assert!(finished == 0 || asked <= least + 160, "{asked} requests for {finished} pages");
    }
    assert_eq!(finished, pages);
}
