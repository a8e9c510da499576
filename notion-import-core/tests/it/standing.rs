//! What no sequence of acts may make of who reads a document.

use chrono::{DateTime, Utc};
use notion_import_core::store::{AccessFacts, Standing};
use notion_import_core::{
    AccessLevel, AuditEvent, Conflict, DocumentFacts, DocumentId, Expected, LevelChange, Publication,
    Publish, StoreError, TenantId, VersionNumber, Viewer, decide,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{Just, Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest};
use proptest::sample::select;

#[derive(Clone, Debug)]
enum Step {
    Publish(u32, &'static str, Option<AccessLevel>, Care),
    SetLevel(AccessLevel, Care),
    Withdraw,
}

/// How well somebody has looked.
#[derive(Clone, Debug)]
struct Care {
    /// The level they believe it has; none for the one it has.
    level: Option<AccessLevel>,
    revision_is_old: bool,
    reason: &'static str,
}

impl Care {
    fn expected(&self, standing: &Standing) -> Expected {
        let revision = standing.revision + u64::from(self.revision_is_old);
        let level = self.level.unwrap_or(standing.level);
        Expected { level, revision, reason: self.reason.to_owned() }
    }

    fn is_enough(&self, standing: &Standing) -> bool {
        let is_so = self.level.is_none_or(|level| level == standing.level) && !self.revision_is_old;
        is_so && self.reason == "Asked for"
    }
}

fn steps() -> impl Strategy<Value = Step> {
    let levels = || select(&AccessLevel::ALL[..]);
    let care = || {
        let reasons = prop_oneof![3 => Just("Asked for"), 1 => Just(" \u{200b}")];
        (option::weighted(0.2, levels()), proptest::bool::weighted(0.1), reasons)
            .prop_map(|(level, revision_is_old, reason)| Care { level, revision_is_old, reason })
    };
    prop_oneof![
        4 => (1..=2_u32, select(vec!["Policy", "Rules"]), option::of(levels()), care())
            .prop_map(|(version, title, level, care)| Step::Publish(version, title, level, care)),
        2 => (levels(), care()).prop_map(|(to, care)| Step::SetLevel(to, care)),
        1 => Just(Step::Withdraw),
    ]
}

fn publish(version: u32, title: &str, level: Option<AccessLevel>, expected: Expected) -> Publish {
    Publish { version: VersionNumber(version), title: title.to_owned(), level, expected }
}

fn apply(standing: &mut Standing, step: &Step) -> Result<Vec<AuditEvent>, StoreError> {
    let now = DateTime::<Utc>::UNIX_EPOCH;
    match step {
        Step::Publish(version, title, level, care) => {
            let expected = care.expected(standing);
            standing.publish(&publish(*version, title, *level, expected), now)
        }
        Step::SetLevel(to, care) => {
            let expected = care.expected(standing);
            Ok(standing.set_level(&LevelChange { to: *to, expected }, now)?.into_iter().collect())
        }
        Step::Withdraw => Ok(standing.withdraw(now).into_iter().collect()),
    }
}

/// How many of the levels' circles of readers are let in to something: 0 for nobody, 3 for everybody.
fn circles(standing: &Standing) -> usize {
    match standing.publication {
        Publication::Published(_) => AccessLevel::ALL.iter().position(|l| *l == standing.level).unwrap(),
        Publication::Draft | Publication::Archived => 0,
    }
}

fn facts(standing: &Standing) -> DocumentFacts {
    standing.facts(TenantId::new(uuid::Uuid::nil()), DocumentId::new(uuid::Uuid::nil()))
}

proptest! {
    #![proptest_config(proptest::test_runner::Config::with_cases(4_000))]

    #[test]
    fn p14_more_read_only_by_an_act_that_names_level_revision_and_reason(history in vec(steps(), 1..12)) {
        let mut standing = Standing::default();
        for step in &history {
            let before = standing.clone();
            let mut after = before.clone();
            let came = apply(&mut after, step);
            let opens = match step {
                Step::Publish(_, _, level, _) => facts(&before).opens(level.unwrap_or(before.level)),
                Step::SetLevel(..) | Step::Withdraw => circles(&after) > circles(&before),
            };
            if let Ok(events) = &came {
                prop_assert_eq!(circles(&after) > circles(&before), opens);
                let care = match step {
                    Step::Publish(.., care) | Step::SetLevel(_, care) => care.is_enough(&before),
                    Step::Withdraw => false,
                };
                prop_assert!(care || !opens, "{step:?} opened {before:?}");
                prop_assert_eq!(after.revision, before.revision + u64::from(!events.is_empty()));
                let is_told = |told: &dyn Fn(&AuditEvent) -> bool| events.iter().filter(|e| told(e)).count();
                let levels = is_told(&|e| matches!(e, AuditEvent::LevelChanged { .. }));
                prop_assert_eq!(levels, usize::from(after.level != before.level));
                let shown = is_told(&|e| matches!(e, AuditEvent::Published { .. }));
                prop_assert_eq!(shown == 1, after.publication != before.publication && after.publication.version().is_some());
                standing = after;
            } else if let Step::SetLevel(to, _) = step {
                let refused_late = matches!(came, Err(StoreError::Conflict(Conflict::NotPublished)));
                prop_assert_eq!(refused_late, facts(&before).needs_publication(*to), "it is told beforehand");
                prop_assert_eq!(&after, &before);
            } else {
                prop_assert_eq!(&after, &before, "what is refused changes nothing");
            }
            let anonymous = decide(
                TenantId::new(uuid::Uuid::nil()), &Viewer::Anonymous, &facts(&standing), &AccessFacts::default(), DateTime::<Utc>::UNIX_EPOCH,
            );
            prop_assert_eq!(anonymous.is_cacheable(), circles(&standing) == 3);
        }
    }

    #[test]
    fn one_act_shows_what_two_would(history in vec(steps(), 0..8), version in 1..=2_u32, to in select(&AccessLevel::ALL[..]), has_reason in any::<bool>()) {
        let mut before = Standing::default();
        for step in &history {
            let mut after = before.clone();
            if apply(&mut after, step).is_ok() {
                before = after;
            }
        }
        let reason = if has_reason { "Asked for" } else { "" };
        let care = Care { level: None, revision_is_old: false, reason };
        let (mut once, mut twice) = (before.clone(), before.clone());
        let at_once = apply(&mut once, &Step::Publish(version, "Policy", Some(to), care.clone()));
        // What was withdrawn at a level that lets readers in would be open between two acts: it is closed first.
        let closing = Care { level: None, revision_is_old: false, reason: "" };
        let mut steps = vec![Step::Publish(version, "Policy", None, care.clone()), Step::SetLevel(to, care)];
        if before.publication.version().is_none() {
            steps.insert(0, Step::SetLevel(AccessLevel::Internal, closing));
        }
        let in_turn: Result<Vec<_>, _> = steps.iter().map(|step| apply(&mut twice, step)).collect();
        prop_assert_eq!(at_once.is_ok(), in_turn.is_ok(), "{:?} {:?}", at_once, in_turn);
        if at_once.is_ok() {
            prop_assert_eq!(Standing { revision: 0, ..once }, Standing { revision: 0, ..twice });
        } else {
            prop_assert_eq!(once, before);
        }
    }
}
