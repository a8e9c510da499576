//! Nothing takes longer than it may.

use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::TimeDelta;
use futures_util::{Stream, StreamExt};
use notion_import_core::testing::suite::content_manager;
use notion_import_core::testing::{Endpoint, Fault, FaultPlan, World};
use notion_import_core::{Error, Pick, Query, Timeouts, TransportError};

use super::{Line, morning};

fn line() -> (Line, Pick) {
    let world = World::new(47);
    let author = world.at(morning() - TimeDelta::hours(1));
    let workspace = author.workspace("Acme");
    let home = author.page(workspace, "Home");
    let grant = world.grant(workspace, [home]);
    (Line::virtually(&world, &grant, Duration::ZERO), Pick::page(home))
}

/// Waits for the first that something lists.
async fn first_of<T>(listed: impl Stream<Item = Result<T, Error>>) -> Option<Error> {
    pin!(listed).next().await.and_then(Result::err)
}

/// One byte a minute.
fn drip() -> Fault {
    Fault::Slow { chunk: 1, pause: Duration::from_secs(60) }
}

#[tokio::test]
async fn an_answer_that_drips_is_given_up_and_asked_for_again() {
    let (line, home) = line();
    let tenant = line.tenant();
    line.world.fail_next(Endpoint::Page, drip());
    let began = line.clock.now();
    tenant.import(vec![home]).await.unwrap();
    let took = line.clock.now() - began;
    assert!((TimeDelta::seconds(75)..TimeDelta::seconds(80)).contains(&took), "{took}");
}

#[tokio::test]
async fn an_attempt_takes_as_long_as_it_may_and_no_longer() {
    let (line, home) = line();
    line.world.plan_faults(FaultPlan { rate: 1.0, kinds: vec![drip()] });
    let timeouts = Timeouts::default().attempt(Duration::from_secs(2));
    let tenant = line.tenant_with(|builder| builder.timeouts(timeouts));
    let began = line.clock.now();
    let error = tenant.import(vec![home]).await.unwrap_err();
    assert!(matches!(error, Error::Transport(TransportError::Timeout)), "{error:?}");
    let took = line.clock.now() - began;
    // Six attempts and the waits between them.
    assert!((TimeDelta::seconds(12)..TimeDelta::seconds(12 + 31)).contains(&took), "{took}");
}

#[tokio::test]
async fn an_operation_takes_as_long_as_it_may_whatever_it_waits_for() {
    let (line, home) = line();
    let hour = line.clock.now() + TimeDelta::hours(1);
    line.world.tune(|rules| rules.workspace_paused_until = Some(hour));
    let timeouts = Timeouts::default()
        .browse(Duration::from_secs(10))
        .import(Duration::from_secs(20))
        .sync(Duration::from_secs(30));
    let tenant = line.tenant_with(|builder| builder.timeouts(timeouts));
    let mut began = line.clock.now();
    let mut check = |outcome: Option<Error>, seconds: i64| {
        assert!(matches!(outcome, Some(Error::Overdue)), "{outcome:?} after {seconds}");
        assert_eq!(line.clock.now() - began, TimeDelta::seconds(seconds));
        began = line.clock.now();
    };
    check(
        tenant
            .importer
            .browse(&content_manager(tenant.connection.tenant), &tenant.connection, &Query::default())
            .await
            .err(),
        10,
    );
    check(
        tenant
            .importer
            .import_one(&content_manager(tenant.connection.tenant), &tenant.connection, home)
            .await
            .err(),
        20,
    );
    check(tenant.importer.sync(&tenant.connection).await.err(), 30);
    check(first_of(tenant.importer.listed(&tenant.connection, "")).await, 30);
    assert_eq!(tenant.contents().await, Vec::<String>::new());
    // Of many, each waits for its turn as long as that takes, and only then its time begins.
    tenant.import(vec![home]).await.unwrap();
    assert!(line.clock.now() >= hour);
}

#[tokio::test]
async fn a_list_may_take_so_long_in_all_and_whoever_reads_it_any_time() {
    let (line, home) = line();
    let author = line.world.at(morning() - TimeDelta::hours(1));
    for number in 0..1000 {
        author.page(home.id, format!("Page {number}"));
    }
    // Eleven parts, ten seconds each.
    let line = Line::virtually(&line.world, &line.grant, Duration::from_secs(10));
    for (limit, parts) in [(109, 10), (111, 11)] {
        let timeouts = Timeouts::default().sync(Duration::from_secs(limit));
        let tenant = line.tenant_with(|builder| builder.timeouts(timeouts));
        let mut listed = pin!(tenant.importer.listed(&tenant.connection, ""));
        let (mut found, mut error) = (0, None);
        while let Some(next) = listed.next().await {
            line.clock.sleep(Duration::from_secs(1)).await;
            match next {
                Ok(_) => found += 1,
                Err(overdue) => error = Some(overdue),
            }
        }
        assert_eq!(found, (parts * 100).min(1001), "{limit} s");
        assert_eq!(matches!(error, Some(Error::Overdue)), parts == 10, "{limit} s: {error:?}");
    }
}

#[tokio::test]
async fn a_person_hears_within_seconds_that_notion_cannot_be_reached_and_what_runs_by_itself_goes_on() {
    let (line, home) = line();
    line.world.plan_faults(FaultPlan { rate: 1.0, kinds: vec![Fault::Reset] });
    let told = Arc::new(Mutex::new(Vec::new()));
    let tell = told.clone();
    let tenant = line.tenant_with(|builder| {
        builder.on_retry(move |retry| tell.lock().unwrap().push((retry.sent, retry.error.code(), retry.wait)))
    });
    let check = |error: Error, began: chrono::DateTime<chrono::Utc>, tries: u32, longest: i64| {
        assert!(matches!(error, Error::Transport(TransportError::Connect(_))), "{error:?}");
        let took = line.clock.now() - began;
        let told = std::mem::take(&mut *told.lock().unwrap());
        let sent: Vec<_> = told.iter().map(|(sent, ..)| *sent).collect();
        assert_eq!(sent, (1..tries).collect::<Vec<_>>());
        assert!(told.iter().all(|(_, code, _)| *code == "connection_failed"), "{told:?}");
        assert_eq!(took, TimeDelta::from_std(told.iter().map(|(.., wait)| *wait).sum()).unwrap());
        assert!(took < TimeDelta::seconds(longest), "{took}");
    };
    let began = line.clock.now();
    check(tenant.browse().await.unwrap_err(), began, 3, 4);
    let began = line.clock.now();
    let pasted = tenant
        .importer
        .resolve_link(&content_manager(tenant.connection.tenant), &tenant.connection, &home.id.to_string())
        .await;
    check(pasted.unwrap_err(), began, 3, 4);
    let began = line.clock.now();
    check(first_of(tenant.importer.listed(&tenant.connection, "")).await.unwrap(), began, 3, 4);
    let began = line.clock.now();
    check(tenant.importer.metadata(&tenant.connection, home).await.unwrap_err(), began, 3, 4);
    let began = line.clock.now();
    check(tenant.import(vec![home]).await.unwrap_err(), began, 6, 32);
}

#[tokio::test]
async fn a_person_who_has_waited_long_for_a_connection_is_not_kept_for_another_try() {
    for (latency, tries) in [(10, 1), (5, 2), (2, 3)] {
        let (line, _) = line();
        line.world.plan_faults(FaultPlan { rate: 1.0, kinds: vec![Fault::Reset] });
        let line = Line::virtually(&line.world, &line.grant, Duration::from_secs(latency));
        let error = line.tenant().browse().await.unwrap_err();
        assert!(matches!(error, Error::Transport(TransportError::Connect(_))), "{error:?}");
        assert_eq!(line.world.faults(), tries, "{latency} s");
    }
}

#[tokio::test]
async fn a_person_may_wait_for_slow_answers_as_often_as_for_others() {
    let (line, _) = line();
    line.world.plan_faults(FaultPlan { rate: 1.0, kinds: vec![drip()] });
    let timeouts = Timeouts::default().attempt(Duration::from_secs(10));
    let error = line.tenant_with(|builder| builder.timeouts(timeouts)).browse().await.unwrap_err();
    assert!(matches!(error, Error::Transport(TransportError::Timeout)), "{error:?}");
    assert_eq!(line.world.faults(), 3);
}
