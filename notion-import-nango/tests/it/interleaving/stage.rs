//! Two tenants before one Nango before one Notion of three workspaces, and what may be seen of them.

mod consent;
mod death;
mod left;
mod seen;
mod trigger;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use notion_import_core::testing::suite::content_manager;
use notion_import_core::testing::{SimClock, World, WorldTransport, paragraph};
use notion_import_core::transport::{Clock, Request};
use notion_import_core::{
    Actor, AttemptState, Authorizer, Begun, ConfirmedIdentity, Connection, ConnectionId, ConnectionRecord,
    ConnectionRef, ConnectionStore, Connector, Granted, Importer, Listing, MemberId, MemoryBlobs,
    MemoryConnections, MemoryLibrary, NotionId, Pick, Query, Role, Scheduler, SyncedNow, TenantId,
};
use notion_import_nango::Nango;
use notion_import_nango::testing::{Settings, StandIn};
use proptest::test_runner::{TestCaseError, TestCaseResult};
use proptest::{prop_assert, prop_assert_eq};
use url::Url;

use self::death::Death;
use self::trigger::{Trigger, pull};
use super::action::{Action, Nth, TENANTS, WORKSPACES, Where};
use crate::{API_KEY, SIGNING_KEY, config};

pub struct Stage {
    with_key: bool,
    clock: SimClock,
    workspaces: Vec<Workspace>,
    stand_in: StandIn,
    nango: Nango,
    connections: MemoryConnections,
    library: MemoryLibrary,
    importer: Importer,
    connector: Connector,
    scheduler: Scheduler,
    admins: Vec<Actor>,
    trigger: Trigger,
    death: Death,
    has_died: bool,
    /// By how much somebody set our clock back, all in all.
    set_back: Duration,
    /// What there ever was, oldest first.
    links: Vec<Url>,
    references: Vec<ConnectionRef>,
    attempts: Vec<Started>,
    held: Vec<Connection>,
    /// What was confirmed, of each connection there ever was.
    confirmed: HashMap<ConnectionId, NotionId>,
    /// When a connection began to lead elsewhere.
    replaced: HashMap<ConnectionRef, Instant>,
}

struct Workspace {
    id: NotionId,
    name: String,
    page: NotionId,
}

struct Started {
    admin: Actor,
    begun: Begun,
    /// The workspace that the administrator was shown.
    shown: Option<NotionId>,
    /// The bot of the workspace that they were told would be left for it.
    leaves: Option<NotionId>,
}

impl Stage {
    /// With a key the sessions are closed, without one their links lead to more than one connection.
    pub fn new(with_key: bool) -> Self {
        let (world, clock) = (World::new(7), SimClock::new(crate::moment()));
        let workspaces: Vec<_> = (0..WORKSPACES).map(|n| Workspace::new(&world, &clock, n)).collect();
        // Every page's last edit is over.
        clock.advance(Duration::from_secs(600));
        let shared: Arc<dyn Clock> = Arc::new(clock.clone());
        let settings = Settings { clock: shared.clone(), ..Settings::new(API_KEY, SIGNING_KEY) };
        let stand_in = StandIn::new(world, settings).unwrap();
        let trigger = Trigger::default();
        let (answering, pulled, mortal) = (stand_in.clone(), trigger.clone(), Death::default());
        let death = mortal.clone();
        let answers = move |request: &Request, _| {
            if let Some(silence) = mortal.strike(|| drop(answering.reply(request))) {
                return silence;
            }
            let reply = answering.reply(request);
            if request.url.path().starts_with("/proxy/") {
                pull(&pulled, &answering);
            }
            reply
        };
        let transport = Arc::new(WorldTransport::answered(answers, clock.clone()));
        let nango = Nango::assembled(config("http://localhost"), transport.clone(), shared.clone()).unwrap();
        let authorizer = Arc::new(nango.clone());
        let (connections, library) = (MemoryConnections::default(), MemoryLibrary::default());
        let kept: Arc<dyn ConnectionStore> = Arc::new(connections.clone());
        let identity = ConfirmedIdentity::new(authorizer.clone(), kept.clone()).by(shared.clone());
        let blobs = Arc::new(MemoryBlobs::default());
        let importer = Importer::builder(authorizer.clone(), Arc::new(library.clone()), blobs)
            .identity(Arc::new(identity))
            .through(transport, shared)
            .build()
            .unwrap();
        let connector = Connector::new(&importer, authorizer, kept.clone());
        let connector = if with_key { connector.seal_with(&[3; 32]) } else { connector };
        let scheduler = Scheduler::new(importer.clone(), kept);
        Self {
            with_key,
            clock,
            workspaces,
            stand_in,
            nango,
            connections,
            library,
            importer,
            connector,
            scheduler,
            admins: (0..TENANTS).map(|_| admin(TenantId::fresh())).collect(),
            trigger,
            death,
            has_died: false,
            set_back: Duration::ZERO,
            links: Vec::new(),
            references: Vec::new(),
            attempts: Vec::new(),
            held: Vec::new(),
            confirmed: HashMap::new(),
            replaced: HashMap::new(),
        }
    }

    pub async fn act(&mut self, action: Action) -> TestCaseResult {
        match action {
            Action::Begin(who) => self.begin(who).await,
            Action::Reconnect(nth) => self.reconnect(nth).await,
            Action::Consent { link, workspace } => self.consent(link, workspace).await,
            Action::Replace { connection, workspace, keeps_tags } => {
                self.replace(connection, workspace, keeps_tags).await;
            }
            Action::ReplaceAmid { connection, workspace, after } => {
                self.replace_amid(connection, workspace, after).await;
            }
            Action::Webhook(nth) => self.hear(nth).await?,
            Action::Forged => self.connector.reconcile(&ConnectionRef::new("forged")).await?,
            Action::Delete(nth) => self.delete(nth),
            Action::Die { amid, nth, after, arrives } => self.die(amid, nth, after, arrives).await,
            Action::Poll(nth) => self.poll(nth).await?,
            Action::Confirm(nth) => self.confirm(nth).await?,
            Action::ConfirmChange(nth) => self.confirm_change(nth).await?,
            Action::ConfirmAsAnother(nth) => self.confirm_as_another(nth).await?,
            Action::Cancel(nth) => self.cancel(nth).await?,
            Action::Browse(nth) => self.browse(nth).await?,
            Action::Import { by, workspace } => self.import(by, workspace).await?,
            Action::Sync(nth) => self.sync(nth).await?,
            Action::SyncDue => drop(self.scheduler.sync_due(10).await?),
            Action::Disconnect(nth) => self.disconnect(nth).await?,
            Action::Sweep => drop(self.connector.sweep().await?),
            Action::Wait(minutes) => self.clock.advance(Duration::from_secs(minutes * 60)),
            Action::SetClock(minutes) => {
                self.clock.set_by(TimeDelta::minutes(minutes));
                self.set_back += TimeDelta::minutes(-minutes).to_std().unwrap_or_default();
            }
        }
        Ok(())
    }

    async fn poll(&mut self, nth: Nth) -> TestCaseResult {
        let Some(started) = newest_of(&mut self.attempts, nth) else { return Ok(()) };
        match self.connector.poll(&started.admin, started.begun.attempt).await? {
            AttemptState::Granted(granted) => started.show(&granted, None)?,
            AttemptState::GrantedElsewhere { from, to } => started.show(&to, Some(from.bot))?,
            AttemptState::Waiting | AttemptState::Expired => {}
        }
        Ok(())
    }

    async fn confirm(&mut self, nth: Nth) -> TestCaseResult {
        self.poll(nth).await?;
        let Some(started) = newest_of(&mut self.attempts, nth) else { return Ok(()) };
        let Started { admin, begun, shown, leaves } = started;
        let Ok(record) = self.connector.confirm(admin, begun.attempt, &begun.secret).await else {
            return Ok(());
        };
        prop_assert_eq!(*leaves, None, "a workspace was left unasked");
        let shown = shown.ok_or(TestCaseError::fail("nothing was shown and it was confirmed"))?;
        self.became(record, shown).await
    }

    async fn confirm_change(&mut self, nth: Nth) -> TestCaseResult {
        self.poll(nth).await?;
        let Some(Started { admin, begun, shown, leaves }) = newest(&self.attempts, nth) else {
            return Ok(());
        };
        let (Some(shown), Some(leaves)) = (*shown, *leaves) else { return Ok(()) };
        let changed = self.connector.confirm_change(admin, begun.attempt, &begun.secret, leaves).await;
        let Ok(record) = changed else { return Ok(()) };
        prop_assert!(!self.confirmed.contains_key(&record.id), "a change kept the connection");
        self.became(record, shown).await
    }

    async fn became(&mut self, record: ConnectionRecord, shown: NotionId) -> TestCaseResult {
        let before = self.confirmed.insert(record.id, shown);
        prop_assert!(before.is_none() || before == Some(shown), "a renewal led to another workspace");
        let leads = self.nango.inspect(&record.reference).await?.and_then(|seen| seen.workspace_id);
        prop_assert_eq!(leads, Some(shown.to_string()), "another was shown than became active");
        Ok(())
    }

    async fn confirm_as_another(&self, nth: Nth) -> TestCaseResult {
        let Some(Started { admin, begun, .. }) = newest(&self.attempts, nth) else { return Ok(()) };
        let others = self.admins.iter().filter(|other| other.tenant != admin.tenant).cloned();
        for other in others.chain([self::admin(admin.tenant)]) {
            let confirmed = self.connector.confirm(&other, begun.attempt, &begun.secret).await;
            prop_assert!(confirmed.is_err(), "somebody else confirmed");
        }
        Ok(())
    }

    async fn cancel(&self, nth: Nth) -> TestCaseResult {
        let Some(Started { admin, begun, .. }) = newest(&self.attempts, nth) else { return Ok(()) };
        if self.connector.cancel(admin, begun.attempt, &begun.secret).await.is_ok() {
            let confirmed = self.connector.confirm(admin, begun.attempt, &begun.secret).await;
            prop_assert!(confirmed.is_err(), "what was cancelled was confirmed");
        }
        Ok(())
    }

    async fn browse(&mut self, nth: Nth) -> TestCaseResult {
        let Some(connection) = newest(&self.held, nth).cloned() else { return Ok(()) };
        let noticeable = self.is_noticeable(&connection);
        let listed =
            self.importer.browse(&content_manager(connection.tenant), &connection, &Query::default()).await;
        self.settle(&connection, noticeable, listed.is_ok()).await?;
        let Ok(Listing { entries, .. }) = listed else { return Ok(()) };
        let unnoticed = self.replaced.contains_key(&connection.reference);
        for entry in entries {
            let workspace = self.workspace_of(entry.source.id);
            let confirmed = self.confirmed[&connection.id] == workspace.id;
            prop_assert!(confirmed || unnoticed, "the list shows a page of {}", workspace.name);
        }
        Ok(())
    }

    async fn import(&mut self, by: Nth, workspace: Where) -> TestCaseResult {
        let Some(connection) = newest(&self.held, by).cloned() else { return Ok(()) };
        let noticeable = self.is_noticeable(&connection);
        let (admin, pick) = (self.admin_of(connection.tenant), Pick::page(self.workspaces[workspace].page));
        let imported = self.importer.import_one(&admin, &connection, pick).await;
        self.settle(&connection, noticeable, imported.is_ok()).await
    }

    async fn sync(&mut self, nth: Nth) -> TestCaseResult {
        let Some(record) = newest(&self.records().await, nth).cloned() else { return Ok(()) };
        let connection = record.connection();
        let noticeable = self.is_noticeable(&connection);
        let synced = self.scheduler.sync_now(&content_manager(record.tenant), record.id).await;
        self.settle(&connection, noticeable, matches!(synced, Ok(SyncedNow::Done(_)))).await
    }

    fn delete(&self, nth: Nth) {
        if let Some(reference) = newest(&self.references, nth) {
            self.stand_in.delete(reference.as_str());
        }
    }

    async fn disconnect(&self, nth: Nth) -> TestCaseResult {
        let Some(record) = newest(&self.records().await, nth).cloned() else { return Ok(()) };
        Ok(self.connector.disconnect(&self.admin_of(record.tenant), record.id).await?)
    }

    async fn records(&self) -> Vec<ConnectionRecord> {
        let mut records = Vec::new();
        for admin in &self.admins {
            records.extend(self.connections.list(admin.tenant).await.unwrap());
        }
        records.sort_by_key(|record| record.connected_at);
        records
    }

    fn admin_of(&self, tenant: TenantId) -> Actor {
        self.admins.iter().find(|admin| admin.tenant == tenant).unwrap().clone()
    }

    fn workspace_of(&self, page: NotionId) -> &Workspace {
        self.workspaces.iter().find(|workspace| workspace.page == page).unwrap()
    }
}

impl Started {
    fn show(&mut self, granted: &Granted, leaves: Option<NotionId>) -> TestCaseResult {
        let id = granted.workspace.id.as_ref().and_then(|id| id.parse().ok());
        prop_assert!(self.shown.is_none() || self.shown == id, "another was shown before");
        (self.shown, self.leaves) = (id, leaves);
        Ok(())
    }
}

impl Workspace {
    fn new(world: &World, clock: &SimClock, n: usize) -> Self {
        let (author, name) = (world.at(clock.now()), format!("Company {n}"));
        let id = author.workspace(&name);
        let page = author.page(id, name.as_str());
        author.append(page, [paragraph(format!("Said in {name}.").as_str())]);
        Self { id, name, page }
    }
}

fn admin(tenant: TenantId) -> Actor {
    Actor::new(tenant, MemberId::fresh(), Role::Admin)
}

/// The nth of them, from the newest on; beyond the oldest it begins again.
fn newest<T>(of: &[T], nth: Nth) -> Option<&T> {
    of.iter().rev().nth(nth.checked_rem(of.len())?)
}

fn newest_of<T>(of: &mut [T], nth: Nth) -> Option<&mut T> {
    let nth = nth.checked_rem(of.len())?;
    of.iter_mut().rev().nth(nth)
}
