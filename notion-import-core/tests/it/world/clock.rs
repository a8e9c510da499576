//! Virtual time: it jumps, in order, and only when everyone sleeps.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use notion_import_core::testing::{Endpoint, Fault, SimClock, WorldTransport};
use notion_import_core::transport::{Clock, Transport};

use super::{Company, headers, morning, request};

const HOUR: Duration = Duration::from_secs(3600);

#[tokio::test]
async fn sleepers_wake_in_order_and_at_their_time() {
    let clock = SimClock::new(morning());
    let woken = Mutex::new(Vec::new());
    let started = Instant::now();
    join_all([5_u32, 1, 3, 1, 24 * 365].into_iter().enumerate().map(|(place, hours)| {
        let (clock, woken) = (&clock, &woken);
        async move {
            clock.sleep(HOUR * hours).await;
            woken.lock().unwrap().push((hours, place, clock.now() - morning()));
        }
    }))
    .await;
    let expected: Vec<_> = [(1, 1), (1, 3), (3, 2), (5, 0), (24 * 365, 4)]
        .map(|(hours, place)| (hours, place, chrono::TimeDelta::hours(i64::from(hours))))
        .into();
    assert_eq!(*woken.lock().unwrap(), expected);
    assert!(started.elapsed() < Duration::from_secs(5), "a year of waiting takes no time");
}

#[tokio::test]
async fn time_stands_still_while_anyone_works() {
    let company = Company::new(17);
    let clock = SimClock::new(morning());
    let transport = WorldTransport::new(company.world.clone(), clock.clone());
    let worked = async {
        for _ in 0..200 {
            let mut request = request("GET", "https://api.notion.com/v1/users/me", None);
            request.headers = headers(&company.grant.token);
            assert_eq!(transport.send(request).await.unwrap().status, 200);
        }
        clock.now()
    };
    let (then, ()) = tokio::join!(worked, clock.sleep(HOUR));
    assert_eq!(then, morning());
    assert_eq!(clock.now(), morning() + HOUR);
}

#[tokio::test]
async fn a_sleeper_nobody_polls_holds_up_no_one() {
    let clock = SimClock::new(morning());
    let mut forgotten = Box::pin(clock.sleep(HOUR));
    assert!(futures_util::poll!(&mut forgotten).is_pending());
    clock.sleep(HOUR * 2).await;
    assert_eq!(clock.now(), morning() + HOUR * 2);
    forgotten.await;
}

#[tokio::test]
async fn a_dropped_sleeper_is_forgotten() {
    let clock = SimClock::new(morning());
    tokio::select! {
        () = clock.sleep(HOUR * 9) => panic!("the longer sleep ended first"),
        () = clock.sleep(HOUR) => {}
    }
    clock.sleep(HOUR).await;
    assert_eq!(clock.now(), morning() + HOUR * 2);
}

#[tokio::test]
async fn a_patient_clock_waits_for_work_it_cannot_see() {
    let clock = SimClock::new(morning()).patient(Duration::from_millis(200));
    let work = async {
        tokio::time::sleep(Duration::from_millis(20)).await;
        clock.now()
    };
    let (then, ()) = tokio::join!(work, clock.sleep(HOUR));
    assert_eq!(then, morning());
}

#[tokio::test]
async fn waiting_for_an_answer_takes_virtual_time() {
    let company = Company::new(17);
    let clock = SimClock::new(morning());
    let transport = WorldTransport::new(company.world.clone(), clock.clone()).latency(Duration::from_secs(2));
    let me = || {
        let mut request = request("GET", "https://api.notion.com/v1/users/me", None);
        request.headers = headers(&company.grant.token);
        request
    };
    let response = transport.send(me()).await.unwrap();
    assert_eq!(clock.now(), morning() + Duration::from_secs(2));
    let whole = response.bytes(10_000).await.unwrap().len();
    company.world.fail_next(Endpoint::Me, Fault::Slow { chunk: whole / 3 + 1, pause: HOUR });
    let response = transport.send(me()).await.unwrap();
    let read = Arc::new(response.bytes(10_000).await.unwrap());
    assert_eq!(read.len(), whole);
    assert_eq!(clock.now(), morning() + Duration::from_secs(4) + HOUR * 3);
}
