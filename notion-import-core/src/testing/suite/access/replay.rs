//! What the audit rebuilds: random histories, each replayed to every moment of it.

use std::collections::BTreeMap;
use std::ops::Range;

use chrono::{DateTime, TimeDelta, Utc};
use fastrand::Rng;

use super::{Desk, Library, details};
use crate::actor::{Agent, Role};
use crate::error::{Conflict, StoreError};
use crate::id::{ContactId, DocumentId, NdaId, VersionNumber};
use crate::library::access::{
    AcceptedNda, AccessFacts, AccessLevel, Allow, Decision, Deny, DocumentFacts, Viewer, decide,
};
use crate::library::audit::{AuditEntry, AuditQuery};
use crate::library::document::{Found, Source, SourceState};
use crate::library::gate::{
    AccessState, Approval, Asker, ContactChange, ContactDetails, LevelChange, NewAssignment, NewNdaVersion,
    NewRequest, Publish, RequestLimits, Retention,
};
use crate::testing::suite::fixture::{DAY, actor, content, minute, page, patch};
use crate::testing::suite::{Broken, Outcome};

/// Steps of a history.
const STEPS: usize = 30;

pub(super) async fn rebuilt(library: Library) -> Outcome {
    replayed(library, 0..8).await
}

/// Makes the random histories of these numbers, each in a tenant of its own, and holds what the audit rebuilds of every moment to what
/// the stores said then. A host may try as many of them as it has time for.
///
/// # Errors
/// [`Broken`] if the audit rebuilds something else.
pub async fn replayed(library: Library, histories: Range<u64>) -> Outcome {
    for seed in histories {
        let mut history = History::begin(&library, seed).await?;
        for step in 0..STEPS {
            let how = |how: Broken| Broken::new(format!("history {seed}, step {step}: {how}"));
            history.step().await.map_err(how)?;
            history.keep().await.map_err(how)?;
        }
        let replayed = history.replay().await;
        // To try every moment after every cut takes long.
        let replayed = if seed % 4 == 0 { replayed.and(history.cut().await) } else { replayed };
        replayed.map_err(|how| Broken::new(format!("history {seed}: {how}")))?;
    }
    Ok(())
}

pub(super) async fn reasons(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    let (access, admin, tenant) = (desk.access(), &desk.admin, desk.tenant());
    let (nda, contact) = (desk.nda("Say nothing").await?, desk.contact().await?);
    access.set_default_nda(admin, Some(nda), minute(2)).await?;
    let document = desk.open("Policy", AccessLevel::RequiresNda).await?.id;
    let new = NewAssignment { document, contact, expires_at: Some(minute(2 * DAY)), nda_waiver: None };
    let assignment = access.assign(admin, &new, minute(3)).await?;
    let acceptance = desk.acceptance(document, nda).await?;
    access.accept_nda(tenant, &desk.viewer(contact), &acceptance, minute(4)).await?;
    access.void_acceptance(admin, contact, nda, minute(5)).await?;
    access.revoke(admin, document, assignment, minute(6)).await?;
    access.change_contact(admin, contact, ContactChange::Block, minute(7)).await?;
    access.change_contact(admin, contact, ContactChange::Erase, minute(8)).await?;
    access.withdraw(admin, document, minute(9)).await?;

    let answer = async |minutes| {
        let state = access.as_of(admin, minute(minutes)).await?;
        Ok::<_, Broken>(state.answer(&desk.viewer(contact), document, minute(minutes)))
    };
    ensure_eq!(answer(0).await?, None, "the answer before there is a document");
    let accepted = vec![AcceptedNda { nda, version: 1 }];
    let by = (Agent::Member(admin.member), Agent::Contact(contact));
    for (minutes, decision, because) in [
        (3, Decision::Deny(Deny::NdaNotAccepted(nda, 1)), vec![(3, by.0)]),
        (4, Decision::Allow(Allow::AssignedWithNda(assignment, accepted)), vec![(3, by.0), (4, by.1)]),
        (5, Decision::Deny(Deny::NdaNotAccepted(nda, 1)), vec![(3, by.0), (4, by.1), (5, by.0)]),
        (6, Decision::Deny(Deny::NotAssigned), vec![(3, by.0), (6, by.0)]),
        (7, Decision::Deny(Deny::Blocked), vec![(3, by.0), (6, by.0), (7, by.0)]),
        (8, Decision::Deny(Deny::NotSignedIn), vec![(3, by.0), (6, by.0), (8, by.0)]),
        (9, Decision::Deny(Deny::NotPublished), vec![(3, by.0), (6, by.0), (8, by.0), (9, by.0)]),
    ] {
        let Some(told) = answer(minutes).await? else { return Err(Broken::new("no answer".into())) };
        ensure_eq!(told.decision, decision, "the decision at minute {minutes}");
        let digests = told.acceptances.iter().all(|given| given.digest == acceptance.digest);
        ensure!(digests, "the acceptance is of another text");
        let end = told.assignment.as_ref().map(|made| made.assignment.expires_at);
        ensure_eq!(end, Some(new.expires_at), "the end of the assignment");
        let made = told.assignment.iter().flat_map(|made| [Some(made.made), made.revoked]);
        let given = told.acceptances.iter().flat_map(|given| [Some(given.given), given.voided]);
        let stood = told.contact.into_iter().chain(told.published).chain(told.leveled).map(Some);
        let said: Vec<_> = made.chain(given).chain(stood).flatten().collect();
        let audit = access.audit(admin, &AuditQuery::newest(99)).await?;
        for said in &said {
            let entry = audit.iter().find(|entry| entry.number == said.number);
            let entry = entry.map(|entry| (entry.at, entry.by));
            ensure_eq!(entry, Some((said.at, said.by)), "what the audit has under the number that is told");
        }
        let later = said.iter().map(|said| (said.at, said.by)).filter(|(at, _)| *at > minute(2));
        let because = because.into_iter().map(|(at, by)| (minute(at), by));
        ensure_eq!(later.collect::<Vec<_>>(), because.collect::<Vec<_>>(), "the reasons at minute {minutes}");
    }
    Ok(())
}

pub(super) async fn denied(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    let document = desk.open("Policy", AccessLevel::Public).await?.id;
    for role in [Role::ContentManager, Role::AccountManager, Role::Viewer] {
        let told = desk.access().as_of(&actor(desk.tenant(), role), minute(9)).await;
        ensure_fails!(told, StoreError::Denied, "who could read what, told to a {role:?}");
    }
    let stranger = actor(crate::id::TenantId::fresh(), Role::Admin);
    let told = desk.access().as_of(&stranger, minute(9)).await?;
    ensure_eq!(told, AccessState::new(stranger.tenant), "another tenant's state");
    ensure_eq!(told.answer(&Viewer::Anonymous, document, minute(9)), None, "another tenant's document");
    let mut ours = desk.access().as_of(&desk.admin, minute(9)).await?;
    let mixed = ours.advance(desk.access(), &stranger, minute(9)).await;
    ensure_fails!(mixed, StoreError::Denied, "a state carried on by another tenant's audit");
    Ok(())
}

/// Finer than some stores keep a time.
const FINER: TimeDelta = TimeDelta::nanoseconds(1);

/// Most of what a tenant shows is closed.
const LEVELS: [AccessLevel; 7] = [
    AccessLevel::Internal,
    AccessLevel::RequiresNda,
    AccessLevel::RequiresNda,
    AccessLevel::RequiresNda,
    AccessLevel::Restricted,
    AccessLevel::Restricted,
    AccessLevel::Public,
];

/// Some documents, NDAs and people, and what becomes of them.
struct History {
    desk: Desk,
    rng: Rng,
    /// In minutes.
    now: i64,
    sources: Vec<(Source, DocumentId)>,
    ndas: [NdaId; 2],
    contacts: [ContactId; 3],
    /// What the stores said after the entry of this number.
    kept: BTreeMap<u64, Kept>,
}

/// What decides whether each viewer may read each document.
type Kept = Vec<(Option<ContactId>, DocumentFacts, AccessFacts)>;

impl History {
    async fn begin(library: &Library, seed: u64) -> Result<Self, Broken> {
        let desk = Desk::new(library);
        let contacts = [ContactId::fresh(), ContactId::fresh(), ContactId::fresh()];
        desk.add(contacts[0]).await?;
        desk.add(contacts[1]).await?;
        let ndas = [desk.nda("First").await?, desk.nda("Second").await?];
        desk.access().set_default_nda(&desk.admin, Some(ndas[0]), minute(2)).await?;
        let mut sources = Vec::new();
        for level in [AccessLevel::RequiresNda, AccessLevel::Restricted] {
            let imported = desk.open("Policy", level).await?;
            desk.list(imported.id, true).await?;
            desk.assign(imported.id, contacts[0]).await?;
            sources.push((imported.source, imported.id));
        }
        let (rng, kept) = (Rng::with_seed(seed), BTreeMap::new());
        Ok(Self { desk, rng, now: 3, sources, ndas, contacts, kept })
    }

    /// Lets somebody do something. What is refused changes nothing.
    async fn step(&mut self) -> Outcome {
        self.now += match self.rng.u8(0..10) {
            // A clock went back.
            0 => -self.rng.i64(1..20),
            1 => DAY,
            2 => 0,
            _ => self.rng.i64(1..30),
        };
        match self.act().await {
            Ok(()) | Err(StoreError::NotFound | StoreError::Conflict(_) | StoreError::OutOfRange(_)) => {
                Ok(())
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn act(&mut self) -> Result<(), StoreError> {
        let now = minute(self.now);
        let (place, nda) = (self.rng.usize(0..self.sources.len()), self.ndas[self.rng.usize(0..2)]);
        let contact = self.contacts[[0, 0, 0, 1, 1, 2][self.rng.usize(0..6)]];
        let (maybe_nda, reason) = ((self.rng.u8(0..4) > 0).then_some(nda), String::from("Asked for"));
        let (source, id) = self.sources[place].clone();
        let level = self.rng.choice(LEVELS).unwrap_or_default();
        let (access, admin, site) = (self.desk.access(), &self.desk.admin, self.desk.tenant());
        let expected = self.desk.expected(id).await.map_err(|_| StoreError::NotFound)?;
        let (document, facts) = access.facts(site, Some(contact), id).await?.ok_or(StoreError::NotFound)?;
        match self.rng.u8(0..32) {
            0 if self.sources.len() < 3 => {
                let source = page("Rules");
                let id = self.import(&source, "Rules", now).await?;
                self.sources.push((source, id));
            }
            0..=2 => {
                let text = format!("Version {}", self.rng.u8(0..3));
                self.import(&source, &text, now).await?;
            }
            3..=7 => {
                let version = VersionNumber(self.rng.u32(1..3));
                let level = self.rng.bool().then_some(level);
                let publish = Publish { version, title: "Policy".into(), level, expected };
                access.publish(admin, id, &publish, now).await?;
            }
            8 => access.set_level(admin, id, &LevelChange { to: level, expected }, now).await?,
            9 => access.withdraw(admin, id, now).await?,
            10 => access.set_listed(admin, id, self.rng.u8(0..4) > 0, &expected, now).await?,
            11..=13 => access.require_nda(admin, id, maybe_nda, now).await?,
            14 | 15 => {
                let days = self.rng.bool().then(|| TimeDelta::days(self.rng.i64(1..4)));
                let nda_waiver = (self.rng.u8(0..4) == 0).then_some(reason);
                let new = NewAssignment {
                    document: id,
                    contact,
                    expires_at: days.map(|days| now + days + FINER),
                    nda_waiver,
                };
                access.assign(admin, &new, now).await?;
            }
            16 => {
                let made = access.assignments(admin, id).await?;
                if let Some(made) = self.rng.choice(made) {
                    access.revoke(admin, id, made.id, now).await?;
                }
            }
            17 => {
                let (_, states) = access.ndas(site).await?;
                let expected = states.iter().find(|state| state.id == nda).map_or(0, |state| state.current);
                let (title, text, ask_again) = ("NDA".into(), format!("Text {expected}"), self.rng.bool());
                let new = NewNdaVersion { id: nda, title, text, expected, ask_again };
                access.publish_nda(admin, &new, now).await?;
            }
            18 => access.set_default_nda(admin, maybe_nda, now).await?,
            19..=24 => {
                let viewer = self.desk.viewer(contact);
                let nda = match decide(site, &viewer, &document, &facts, now) {
                    Decision::Deny(Deny::NdaNotAccepted(asked_for, _)) => asked_for,
                    Decision::Allow(_) | Decision::Deny(_) => nda,
                };
                let acceptance = self.desk.acceptance(id, nda).await.map_err(|_| StoreError::NotFound)?;
                access.accept_nda(site, &viewer, &acceptance, now).await?;
            }
            25 | 26 => {
                let nda = facts.acceptances.last().map_or(nda, |accepted| accepted.nda);
                access.void_acceptance(admin, contact, nda, now).await?;
            }
            27 => {
                let details = theirs(contact).map_err(|_| StoreError::NotFound)?;
                access.add_contact(admin, contact, &details, now).await?;
            }
            28 | 29 => {
                let change = match self.rng.u8(0..9) {
                    0..=2 => ContactChange::Block,
                    3..=7 => ContactChange::Unblock(reason),
                    _ => ContactChange::Erase,
                };
                access.change_contact(admin, contact, change, now).await?;
            }
            30 => self.lose(&source, id, now).await?,
            _ => self.ask(contact, id, now).await?,
        }
        Ok(())
    }

    async fn import(
        &self,
        source: &Source,
        text: &str,
        now: DateTime<Utc>,
    ) -> Result<DocumentId, StoreError> {
        let Desk { library, connection, admin, .. } = &self.desk;
        Ok(library.documents.import(admin, connection, &content(source, text), now).await?.document())
    }

    /// Somebody asks for a document, and is let in or not.
    async fn ask(&self, contact: ContactId, id: DocumentId, now: DateTime<Utc>) -> Result<(), StoreError> {
        let (access, admin) = (self.desk.access(), &self.desk.admin);
        let asker = match theirs(contact) {
            Ok(details) if self.now % 2 == 0 => Asker::Stranger(details),
            Ok(_) | Err(_) => Asker::Contact(contact),
        };
        let limits = RequestLimits::default();
        let (documents, reason) = ([id].into(), "Asked for".into());
        access
            .ask(self.desk.tenant(), &NewRequest { asker, documents, reason, address: None, limits }, now)
            .await?;
        if let Some(request) = access.requests(admin, None, 1).await?.first() {
            match self.now % 3 {
                0 => access.decline(admin, request.document, request.id, "No", now).await?,
                _ => access.approve(admin, request.document, request.id, &Approval::default(), now).await?,
            }
        }
        Ok(())
    }

    /// A source is gone, and its document closed by nobody.
    async fn lose(&self, source: &Source, id: DocumentId, now: DateTime<Utc>) -> Result<(), StoreError> {
        let Desk { library, connection, .. } = &self.desk;
        let (source, state) = (Box::new(source.clone()), SourceState::Trashed);
        let found = Found::Source { source, state, reading: None, trouble: None };
        library.documents.patch(connection, &[patch(id, self.now, found)], None).await?;
        self.desk.access().close_gone(self.desk.tenant(), id, now).await
    }

    /// Keeps what the stores say now.
    async fn keep(&mut self) -> Outcome {
        let (access, admin) = (self.desk.access(), &self.desk.admin);
        let newest = access.audit(admin, &AuditQuery::newest(1)).await?;
        let number = newest.first().map_or(0, |entry| entry.number);
        if self.kept.contains_key(&number) {
            return Ok(());
        }
        let mut kept = Kept::new();
        for (_, id) in &self.sources {
            for contact in std::iter::once(None).chain(self.contacts.map(Some)) {
                let facts = access.facts(self.desk.tenant(), contact, *id).await?;
                let (document, facts) = facts.ok_or_else(|| Broken::new("a document is gone".into()))?;
                kept.push((contact, document, sorted(facts)));
            }
        }
        self.kept.insert(number, kept);
        Ok(())
    }

    /// Replays the audit to every moment of it.
    async fn replay(&self) -> Outcome {
        let (access, admin) = (self.desk.access(), &self.desk.admin);
        let mut entries = access.audit(admin, &AuditQuery::newest(9_999)).await?;
        entries.reverse();
        let mut digests = BTreeMap::new();
        for (_, id) in &self.sources {
            for version in access.versions(admin, *id).await? {
                digests.insert((*id, version.number), version.digest());
            }
        }
        let mut whole = AccessState::new(self.desk.tenant());
        for (now, number) in moments(&entries) {
            // What comes before is what the history begins with.
            let Some(kept) = self.kept.get(&number) else { continue };
            let state = access.as_of(admin, now).await?;
            ensure_eq!(state.number(), number, "the entries up to {now}");
            for (contact, document, facts) in kept {
                let rebuilt = state.facts(*contact, document.id);
                let rebuilt = rebuilt.map(|(document, facts)| (document, sorted(facts)));
                ensure_eq!(rebuilt, Some((document.clone(), facts.clone())), "the facts at {now}");
                let viewer = contact.map_or(Viewer::Anonymous, |contact| self.desk.viewer(contact));
                let shown = document.publication.version();
                let digest = shown.and_then(|version| digests.get(&(document.id, version))).copied();
                let decision = decide(self.desk.tenant(), &viewer, document, facts, now);
                let answer = state.answer(&viewer, document.id, now);
                let answer = answer.map(|answer| (answer.decision, answer.digest));
                ensure_eq!(answer, Some((decision, digest)), "the answer at {now}");
            }
            if number % 4 == 0 {
                whole.advance(access, admin, now).await?;
                ensure_eq!(whole, state, "a state that was kept, and one from nothing, at {now}");
            }
        }
        let last = access.as_of(admin, minute(self.now + 99 * DAY)).await?;
        ensure_eq!(last.number(), entries.len() as u64, "all entries");
        whole.advance(access, admin, minute(self.now + 99 * DAY)).await?;
        ensure_eq!(whole, last, "a state that was kept, and one from nothing");
        Ok(())
    }

    /// Cuts the audit at some of its moments, and replays what is left to every other.
    async fn cut(&self) -> Outcome {
        let (access, admin) = (self.desk.access(), &self.desk.admin);
        let mut entries = access.audit(admin, &AuditQuery::newest(9_999)).await?;
        entries.reverse();
        let moments = moments(&entries);
        let mut before = BTreeMap::new();
        for now in moments.keys() {
            before.insert(*now, access.as_of(admin, *now).await?);
        }
        // What is said of the cuts comes after all that is asked for.
        let far = minute(self.now + 99 * DAY);
        for cut in moments.keys().step_by(moments.len().div_ceil(3)) {
            let kept = Retention::default().audit((far - *cut).to_std().unwrap_or_default());
            access.retain(self.desk.tenant(), &kept, far).await?;
            // Where a clock went back, an entry of before the cut may follow one of after it, and stays.
            let start = access.audit_since(self.desk.tenant(), 0, 0).await?.start.map(|start| start.at);
            for (now, state) in &before {
                let told = access.as_of(admin, *now).await;
                if start.is_some_and(|start| *now < start) {
                    ensure_fails!(
                        told,
                        StoreError::Conflict(Conflict::NoLongerKept),
                        "{now}, told after a cut at {cut}"
                    );
                } else {
                    ensure_eq!(told?, *state, "the state at {now} after a cut at {cut}");
                }
            }
            ensure!(start.is_none_or(|start| start <= *cut), "a cut at {cut} took what is of later");
        }
        Ok(())
    }
}

fn theirs(contact: ContactId) -> Result<ContactDetails, Broken> {
    details(&format!("{contact}@orchard.example"))
}

/// The times of the entries, and how many come before the first of a later time.
fn moments(entries: &[AuditEntry]) -> BTreeMap<DateTime<Utc>, u64> {
    let up_to = |at| entries.iter().take_while(|entry| entry.at <= at).count() as u64;
    entries.iter().map(|entry| (entry.at, up_to(entry.at))).collect()
}

/// Stores return what was made at once in any order.
fn sorted(mut facts: AccessFacts) -> AccessFacts {
    facts.assignments.sort_by_key(|assignment| assignment.id);
    facts.acceptances.sort_by_key(|acceptance| (acceptance.nda, acceptance.version, acceptance.voided_at));
    facts.ndas.sort_by_key(|nda| nda.id);
    facts
}
