//! What `decide` must never do, whatever it is told. The numbers are those of the threat model's invariants.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use notion_import_core::store::{Acceptance, AccessFacts};
use notion_import_core::{
    AccessLevel, Actor, Allow, Assignment, AssignmentId, ContactId, ContactState, Decision, DocumentFacts,
    DocumentId, MemberId, NdaId, NdaState, Outside, Publication, Role, TenantId, VersionNumber, Viewer,
    decide,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{Just, Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest};
use proptest::sample::select;
use uuid::Uuid;

// Few of each, so that they meet.
fn tenant(n: u8) -> TenantId {
    TenantId::new(Uuid::from_u128(n.into()))
}

fn contact(n: u8) -> ContactId {
    ContactId::new(Uuid::from_u128(n.into()))
}

fn document(n: u8) -> DocumentId {
    DocumentId::new(Uuid::from_u128(n.into()))
}

fn nda(n: u8) -> NdaId {
    NdaId::new(Uuid::from_u128(n.into()))
}

fn at(minutes: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::minutes(minutes)
}

/// One request to read.
#[derive(Clone, Debug)]
struct Request {
    site: TenantId,
    viewer: Viewer,
    document: DocumentFacts,
    facts: AccessFacts,
    now: i64,
}

impl Request {
    fn decide(&self) -> Decision {
        decide(self.site, &self.viewer, &self.document, &self.facts, at(self.now))
    }

    fn outside(&self) -> Outside {
        self.decide().outside(&self.document)
    }

    fn allows(&self) -> bool {
        matches!(self.decide(), Decision::Allow(_))
    }

    fn is_outsider(&self) -> bool {
        !matches!(&self.viewer, Viewer::Member(actor) if actor.tenant == self.site)
    }

    fn is_gated(&self) -> bool {
        match self.document.level {
            AccessLevel::Internal | AccessLevel::Public => false,
            AccessLevel::Restricted | AccessLevel::RequiresNda => true,
        }
    }

    fn is_published(&self) -> bool {
        matches!(self.document.publication, Publication::Published(_))
    }

    /// The viewer's assignments to the document that count now.
    fn live(&self) -> Vec<&Assignment> {
        let counts = |a: &&Assignment| {
            Some(a.contact) == self.viewer.contact()
                && a.document == self.document.id
                && a.revoked_at.is_none()
                && a.expires_at.is_none_or(|end| at(self.now) < end)
        };
        self.facts.assignments.iter().filter(counts).collect()
    }

    fn with(&self, change: impl FnOnce(&mut Self)) -> Self {
        let mut changed = self.clone();
        change(&mut changed);
        changed
    }
}

fn viewers() -> impl Strategy<Value = Viewer> {
    let contacts = (1..=2_u8, 1..=2_u8, any::<bool>());
    let roles = select(vec![Role::Admin, Role::ContentManager, Role::AccountManager, Role::Viewer]);
    prop_oneof![
        1 => Just(Viewer::Anonymous),
        6 => contacts.prop_map(|(t, c, verified)| Viewer::Contact { tenant: tenant(t), id: contact(c), verified }),
        1 => (1..=2_u8, roles).prop_map(|(t, role)| Viewer::Member(Actor::new(tenant(t), MemberId::new(Uuid::nil()), role))),
    ]
}

fn documents() -> impl Strategy<Value = DocumentFacts> {
    let publications = prop_oneof![
        1 => Just(Publication::Draft),
        4 => Just(Publication::Published(VersionNumber(1))),
        1 => Just(Publication::Archived),
    ];
    let tenants = prop_oneof![4 => Just(1_u8), 1 => Just(2)];
    (tenants, select(&AccessLevel::ALL[..]), publications, any::<bool>(), option::of(1..=3_u8)).prop_map(
        |(t, level, publication, listed, own)| DocumentFacts {
            tenant: tenant(t),
            id: document(1),
            level,
            publication,
            listed,
            nda: own.map(nda),
        },
    )
}

fn facts() -> impl Strategy<Value = AccessFacts> {
    let times = || option::weighted(0.3, (0..20_i64).prop_map(at));
    let assignments = (1..=2_u8, 1..=2_u8, times(), times(), any::<bool>(), any::<u128>()).prop_map(
        |(c, d, expires_at, revoked_at, nda_waived, id)| Assignment {
            id: AssignmentId(Uuid::from_u128(id)),
            contact: contact(c),
            document: document(d),
            expires_at,
            revoked_at,
            nda_waived,
        },
    );
    let states = (1..=3_u32, 1..=3_u32, 1..=3_u32).prop_map(|(a, b, c)| {
        let state = |n: u8, accept_from| NdaState { id: nda(n), current: 3, accept_from };
        vec![state(1, a), state(2, b), state(3, c)]
    });
    let acceptances = (1..=3_u8, 1..=3_u32, times()).prop_map(|(n, version, voided_at)| Acceptance {
        nda: nda(n),
        version,
        voided_at,
    });
    let contacts = prop_oneof![
        3 => Just(ContactState::Known),
        1 => Just(ContactState::Blocked),
        1 => Just(ContactState::Unknown),
    ];
    (option::of(1..=3_u8), states, 0..=3_usize, vec(assignments, 0..4), vec(acceptances, 0..4), contacts)
        .prop_map(|(default, mut ndas, known, assignments, acceptances, contact)| {
            ndas.rotate_left(known);
            ndas.truncate(known.max(2));
            AccessFacts { contact, default_nda: default.map(nda), ndas, assignments, acceptances }
        })
}

fn requests() -> impl Strategy<Value = Request> {
    (viewers(), documents(), facts(), 0..20_i64).prop_map(|(viewer, document, facts, now)| Request {
        site: tenant(1),
        viewer,
        document,
        facts,
        now,
    })
}

proptest! {
    #![proptest_config(proptest::test_runner::Config::with_cases(4_000))]

    #[test]
    fn p1_another_tenants_document_is_not_found_and_its_people_are_nobody(request in requests()) {
        if request.document.tenant != request.site {
            prop_assert_eq!(request.outside(), Outside::NotFound);
        }
        let foreign = match &request.viewer {
            Viewer::Anonymous => false,
            Viewer::Contact { tenant, .. } => *tenant != request.site,
            Viewer::Member(actor) => actor.tenant != request.site,
        };
        if foreign {
            let anonymous = request.with(|r| r.viewer = Viewer::Anonymous);
            prop_assert_eq!(request.outside(), anonymous.outside());
        }
    }

    #[test]
    fn p2_outsiders_read_only_what_is_published_and_not_internal(request in requests()) {
        if request.is_outsider() && request.allows() {
            prop_assert!(request.is_published() && request.document.level != AccessLevel::Internal);
        }
    }

    #[test]
    fn p3_nobody_known_reads_exactly_what_is_published_and_public_here(request in requests()) {
        let request = request.with(|r| r.viewer = Viewer::Anonymous);
        let open = request.is_published()
            && request.document.level == AccessLevel::Public
            && request.document.tenant == request.site;
        prop_assert_eq!(request.allows(), open);
        prop_assert_eq!(request.decide().is_cacheable(), open);
    }

    #[test]
    fn p4_gated_documents_need_a_live_assignment_of_a_verified_contact_who_is_known(request in requests()) {
        if request.is_gated() && request.is_outsider() && request.allows() {
            prop_assert!(!request.live().is_empty());
            let welcome = matches!(
                request.viewer,
                Viewer::Contact { tenant, verified: true, .. } if tenant == request.site
            );
            prop_assert!(welcome && request.facts.contact == ContactState::Known);
        }
    }

    #[test]
    fn p5_an_nda_is_accepted_or_waived(request in requests()) {
        let request = request.with(|r| r.document.level = AccessLevel::RequiresNda);
        let Decision::Allow(basis) = request.decide() else { return Ok(()) };
        match basis {
            Allow::Staff => prop_assert!(!request.is_outsider()),
            Allow::AssignedWaived(_) => prop_assert!(request.live().iter().any(|a| a.nda_waived)),
            Allow::AssignedWithNda(_, named) => {
                let required: BTreeSet<_> = request.facts.default_nda.into_iter().chain(request.document.nda).collect();
                prop_assert!(!required.is_empty());
                prop_assert_eq!(named.iter().map(|accepted| accepted.nda).collect::<BTreeSet<_>>(), required.clone());
                prop_assert_eq!(named.len(), required.len());
                for nda in required {
                    let floor = request.facts.ndas.iter().find(|state| state.id == nda).map(|state| state.accept_from);
                    let accepted = request.facts.acceptances.iter().any(|a| {
                        a.nda == nda && a.voided_at.is_none() && floor.is_some_and(|floor| a.version >= floor)
                    });
                    prop_assert!(accepted);
                    let newest = request.facts.acceptances.iter().filter(|a| a.nda == nda && a.voided_at.is_none());
                    let newest = newest.map(|a| a.version).max();
                    prop_assert!(named.iter().any(|named| named.nda == nda && Some(named.version) == newest));
                }
            }
            Allow::Public | Allow::Assigned(_) => prop_assert!(false, "{basis:?}"),
        }
    }

    #[test]
    fn p6_a_wider_level_never_takes_a_reader_away(request in requests()) {
        let mut before = false;
        for level in AccessLevel::ALL {
            let allows = request.with(|r| r.document.level = level).allows();
            prop_assert!(allows || !before, "{level}");
            before = allows;
        }
    }

    #[test]
    fn p7_taking_back_never_adds_a_reader(request in requests(), which in 0..4_usize) {
        let before = request.allows();
        let assignments: [fn(&mut Assignment); 3] = [
            |a| a.revoked_at = Some(at(0)),
            |a| a.expires_at = Some(at(0)),
            |a| a.nda_waived = false,
        ];
        for take_back in assignments {
            let after = request.with(|r| r.facts.assignments.iter_mut().skip(which).take(1).for_each(take_back));
            prop_assert!(before || !after.allows());
        }
        let voided = request.with(|r| {
            r.facts.acceptances.iter_mut().skip(which).take(1).for_each(|a| a.voided_at = Some(at(0)));
        });
        prop_assert!(before || !voided.allows());
        let forgotten = request.with(|r| r.facts.assignments.truncate(which));
        prop_assert!(before || !forgotten.allows());
    }

    #[test]
    fn p8_a_stricter_nda_never_adds_a_reader_and_none_admits_nobody(request in requests(), added in 1..=3_u8) {
        let request = request.with(|r| r.document.level = AccessLevel::RequiresNda);
        let before = request.allows();
        let raised = request.with(|r| r.facts.ndas.iter_mut().for_each(|state| state.accept_from += 1));
        prop_assert!(before || !raised.allows());
        if request.facts.default_nda.is_some() && request.document.nda.is_none() {
            prop_assert!(before || !request.with(|r| r.document.nda = Some(nda(added))).allows());
        }
        if request.document.nda.is_some() && request.facts.default_nda.is_none() {
            prop_assert!(before || !request.with(|r| r.facts.default_nda = Some(nda(added))).allows());
        }
        let none = request.with(|r| (r.document.nda, r.facts.default_nda) = (None, None));
        let waived = none.live().iter().any(|a| a.nda_waived);
        prop_assert!(waived || !none.is_outsider() || !none.allows());
    }

    #[test]
    fn p9_what_is_not_shown_looks_like_what_is_not_there(request in requests()) {
        let hidden = !request.is_published()
            || request.document.level == AccessLevel::Internal
            || request.document.tenant != request.site;
        if hidden && request.is_outsider() {
            prop_assert_eq!(request.outside(), Outside::NotFound);
        }
    }

    #[test]
    fn p10_an_unlisted_gated_document_is_missing_to_whoever_is_not_assigned(request in requests()) {
        let request = request.with(|r| r.document.listed = false);
        if request.is_gated() && request.is_outsider() && request.live().is_empty() {
            prop_assert_eq!(request.outside(), Outside::NotFound);
        }
    }

    #[test]
    fn p15_shutting_a_contact_out_or_erasing_them_never_adds_a_reader(request in requests()) {
        for contact in [ContactState::Blocked, ContactState::Unknown] {
            let after = request.with(|r| r.facts.contact = contact);
            prop_assert!(request.allows() || !after.allows());
            prop_assert!(!request.is_gated() || !request.is_outsider() || !after.allows());
        }
        // Somebody whom nobody knows is told what anybody is.
        let unknown = request.with(|r| r.facts.contact = ContactState::Unknown);
        if request.viewer.contact().is_some() {
            let anybody = request.with(|r| r.viewer = Viewer::Anonymous);
            prop_assert_eq!(unknown.outside(), anybody.outside());
        }
    }

    #[test]
    fn p11_time_never_adds_a_reader(request in requests(), passed in 0..30_i64) {
        prop_assert!(request.allows() || !request.with(|r| r.now += passed).allows());
    }
}
