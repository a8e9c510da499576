//! A budget against limits that it is not told.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;
use std::sync::LazyLock;

use super::*;

/// How a Notion of the test counts; it returns after how many milliseconds to ask again, if it refuses.
enum Law {
    /// So many in a window of a minute, which opens with the first request.
    Window { holds: usize, opened: i64, spent: usize },
    /// So many a second, and so many at once.
    Bucket { rate: f64, depth: f64, tokens: f64, at: i64 },
}

impl Law {
    fn window(holds: usize) -> Self {
        Self::Window { holds, opened: -60_000, spent: 0 }
    }

    fn bucket(rate: f64, depth: f64) -> Self {
        Self::Bucket { rate, depth, tokens: depth, at: 0 }
    }

    fn judge(&mut self, now: i64) -> Option<i64> {
        match self {
            Self::Window { holds, opened, spent } => {
                if now >= *opened + 60_000 {
                    (*opened, *spent) = (now, 0);
                }
                *spent += 1;
                (*spent > *holds).then(|| *opened + 60_000 - now)
            }
            Self::Bucket { rate, depth, tokens, at } => {
                *tokens = (*tokens + (now - *at) as f64 * *rate / 1000.0).min(*depth);
                *at = now;
                let refused = *tokens < 1.0;
                *tokens -= if refused { 0.0 } else { 1.0 };
                refused.then(|| ((1.0 - *tokens) / *rate * 1000.0) as i64)
            }
        }
    }
}

/// What a connection met: by the second, how many were let through and how many refused.
#[derive(Default)]
struct Met {
    let_through: BTreeMap<i64, usize>,
    refused: Vec<i64>,
}

impl Met {
    fn between(&self, from: i64, to: i64) -> usize {
        self.let_through.range(from..to).map(|(_, count)| count).sum()
    }

    /// How often several were refused within a second after `from`.
    fn crowds(&self, from: i64) -> usize {
        let late: Vec<i64> = self.refused.iter().copied().filter(|at| *at >= from * 1000).collect();
        late.windows(2).filter(|pair| pair[1] - pair[0] < 1000).count()
    }
}

/// Asks as fast as it may, with 32 under way and answers after `latency` milliseconds.
fn drive(budget: &mut Budget, law: &mut Law, latency: i64, seconds: Range<i64>) -> Met {
    let mut met = Met::default();
    let mut answers: VecDeque<(i64, bool, Option<i64>)> = VecDeque::new();
    let mut now = seconds.start * 1000;
    while now < seconds.end * 1000 {
        while let Some((_, probe, refusal)) = answers.pop_front_if(|(due, ..)| *due <= now) {
            match refusal.map(|wait| Duration::from_secs((wait as u64).div_ceil(1000).max(1))) {
                None if probe => budget.probe_accepted(at(now)),
                None => budget.accepted(at(now)),
                Some(wait) if probe => budget.probe_refused(at(now), wait),
                Some(wait) => budget.refused(at(now), wait),
            }
        }
        let mut next = answers.front().map_or(i64::MAX, |(due, ..)| *due);
        while answers.len() < 32 {
            match budget.admit(at(now), Priority::New, answers.len()) {
                Admission::Go { probe } => {
                    let refusal = law.judge(now + latency / 2);
                    match refusal {
                        None => *met.let_through.entry(now / 1000).or_default() += 1,
                        Some(_) => met.refused.push(now),
                    }
                    answers.push_back((now + latency, probe, refusal));
                    next = next.min(now + latency);
                }
                Admission::Later(wait) => {
                    next = next.min(now + (wait.as_millis() as i64).max(1));
                    break;
                }
                Admission::WhenAnswered => break,
            }
        }
        now = next;
    }
    met
}

fn at(milliseconds: i64) -> Instant {
    static BEGIN: LazyLock<Instant> = LazyLock::new(Instant::now);
    *BEGIN + Duration::from_millis(milliseconds as u64)
}

#[test]
fn nothing_is_held_back_before_the_first_refusal() {
    let met = drive(&mut Budget::default(), &mut Law::window(usize::MAX), 10, 0..20);
    assert_eq!(met.between(0, 20), 20 * 100 * 32);
}

#[test]
fn a_window_of_any_size_is_spent_to_the_last_request_and_never_overrun() {
    for holds in [180, 600, 1000] {
        for latency in [1, 30, 300] {
            let met = drive(&mut Budget::default(), &mut Law::window(holds), latency, 0..540);
            let spent = met.between(130, 490) as f64 / (holds * 6) as f64;
            assert!(spent >= 0.95, "{holds} at {latency} ms: {spent}");
            let first = met.refused.first().copied().unwrap_or_default();
            assert!(
                met.refused.iter().all(|at| at - first < 1000),
                "{holds} at {latency} ms: {:?}",
                met.refused
            );
        }
    }
}

#[test]
fn a_rate_is_found_and_spent() {
    for (rate, depth) in [(10.0, 5.0), (3.0, 10.0), (50.0, 20.0), (2.0, 3.0), (200.0, 20.0), (100.0, 5.0)] {
        for latency in [1, 30, 100] {
            let met = drive(&mut Budget::default(), &mut Law::bucket(rate, depth), latency, 0..600);
            let spent = |from: i64, to: i64| met.between(from, to) as f64 / (rate * (to - from) as f64);
            for (from, to, least) in [(0, 10, 0.3), (10, 40, 0.8), (40, 200, 0.97), (200, 600, 0.98)] {
                let spent = spent(from, to);
                assert!(spent >= least, "{rate}/s at {latency} ms, from {from} to {to} s: {spent}");
            }
            let late = met.refused.iter().filter(|at| **at > 200_000).count();
            assert!(late <= 6, "{rate}/s at {latency} ms: {:?}", met.refused);
            // Where more are under way than a bucket holds, several meet one refusal.
            let is_bunched = rate * latency as f64 / 1000.0 > depth / 2.0;
            assert!(is_bunched || met.crowds(200) == 0, "{rate}/s at {latency} ms: {:?}", met.refused);
        }
    }
}

#[test]
fn more_is_tried_once_in_a_while_and_what_is_more_is_found() {
    let mut budget = Budget::default();
    let mut law = Law::window(180);
    let met = drive(&mut budget, &mut law, 30, 0..1500);
    let tries = met.refused.iter().filter(|at| **at > 60_000).count();
    assert_eq!(tries, 2, "{:?}", met.refused);
    let met = drive(&mut budget, &mut Law::window(600), 30, 1500..4500);
    assert!(met.between(3900, 4500) >= 5400, "{} {:?}", met.between(3900, 4500), met.refused);
}

#[test]
fn a_refusal_before_what_is_promised_is_waited_out_and_holds_nothing_back_after() {
    let mut budget = Budget::default();
    (0..30).for_each(|_| budget.accepted(at(0)));
    budget.refused(at(1000), Duration::from_secs(50));
    assert_eq!(budget.admit(at(50_000), Priority::Interactive, 0), Admission::Later(Duration::from_secs(1)));
    assert_eq!(drive(&mut budget, &mut Law::window(usize::MAX), 10, 51..61).between(51, 61), 10 * 100 * 32);
}

#[test]
fn answers_that_come_after_the_refusal_still_count_and_further_refusals_do_not() {
    let mut budget = Budget::default();
    (0..175).for_each(|_| budget.accepted(at(0)));
    budget.refused(at(1000), Duration::from_secs(59));
    (0..5).for_each(|_| budget.accepted(at(1100)));
    budget.refused(at(1200), Duration::from_secs(58));
    let mut sent = 0;
    while sent < 1000 && budget.admit(at(60_000), Priority::Interactive, 0) == GO {
        budget.accepted(at(60_000));
        sent += 1;
    }
    assert_eq!(sent, 180);
}

#[test]
fn a_reserve_is_left_to_persons_until_the_window_is_about_over() {
    let mut budget = Budget::default();
    (0..600).for_each(|_| budget.accepted(at(0)));
    budget.refused(at(1000), Duration::from_secs(59));
    let spend = |budget: &mut Budget, now: i64, priority: Priority| {
        let mut sent = 0;
        while sent < 1000 && budget.admit(at(now), priority, 0) == GO {
            budget.accepted(at(now));
            sent += 1;
        }
        sent
    };
    assert_eq!(spend(&mut budget, 60_000, Priority::New), 585);
    assert_eq!(spend(&mut budget, 70_000, Priority::Interactive), 15);
    assert_eq!(spend(&mut budget, 119_999, Priority::Interactive), 0);
    assert_eq!(spend(&mut budget, 120_000, Priority::New), 570);
}

#[test]
fn a_pause_that_is_not_about_the_budget_teaches_nothing() {
    let mut budget = Budget::default();
    budget.pause(at(0), Duration::from_secs(100));
    assert_eq!(budget.admit(at(40_000), Priority::Interactive, 0), Admission::Later(Duration::from_secs(60)));
    assert_eq!(
        drive(&mut budget, &mut Law::window(usize::MAX), 10, 100..110).between(100, 110),
        10 * 100 * 32
    );
}
