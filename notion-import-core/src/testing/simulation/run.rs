//! A history, as it happens.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::checks::{self, Known};
use super::ledger::Ledger;
use super::process::{Ground, Machine, Tokens};
use super::setting::minutes;
use super::step::{Asked, Process, Step, Thing, What};
use super::wire::Weather;
use super::workspace::Workspace;
use super::{History, Stores};
use crate::actor::{Actor, Role};
use crate::connection::{Connection, ConnectionState, Hint};
use crate::error::Error;
use crate::id::{ConnectionId, DocumentId, MemberId, NotionId, TenantId};
use crate::importer::Importer;
use crate::library::document::Linked;
use crate::library::gate::{AdminDocument, DocumentQuery};
use crate::sync::SyncReport;
use crate::testing::world::Seen;
use crate::testing::{Endpoint, SimClock, WorldTransport};
use crate::transport::Clock;

/// How a history broke a promise.
pub(super) type Broken = Vec<String>;

/// A sync that went through.
pub(super) struct Ended {
    pub began: DateTime<Utc>,
    pub until: DateTime<Utc>,
    /// What was linked when it began.
    pub known: Vec<Linked>,
    /// Whether there was a watermark.
    pub has_cursor: bool,
    pub report: SyncReport,
    /// What was asked meanwhile, if nobody else did anything.
    pub alone: bool,
}

/// A history, as it happens.
pub(super) struct Run {
    pub(super) ground: Ground,
    pub(super) clock: SimClock,
    pub(super) workspace: Workspace,
    machines: [Machine; 2],
    /// Whoever connects, disconnects and looks, from a machine on which nothing is wrong.
    pub(super) desk: Importer,
    pub(super) admin: Actor,
    pub(super) connection: Connection,
    pub(super) connected: u32,
    ended: Arc<Mutex<Vec<Ended>>>,
    /// What was opened, as it was then.
    pub(super) opened: Vec<AdminDocument>,
    /// The titles that people gave.
    pub(super) called: HashMap<DocumentId, String>,
    /// The pages that Notion said are not there.
    pub(super) refused: HashSet<NotionId>,
    /// What was asked since the last run began.
    pub(super) asked: Vec<Seen>,
    is_alone: bool,
    watermark: (ConnectionId, Option<DateTime<Utc>>),
    pub(super) known: Known,
    broken: Broken,
}

impl Run {
    pub(super) async fn new(history: &History, stores: &Stores) -> Result<Self, Error> {
        let History { seed, setting, .. } = history;
        let began = "2026-11-22T08:00:00Z".parse().unwrap_or_default();
        let clock = SimClock::new(began).eager();
        let workspace = Workspace::new(*seed, setting, clock.time());
        clock.advance(minutes(10));
        let world = workspace.world.clone();
        let (weather, tokens) = (Weather::new(super::step::Pace::AtOnce, *seed), Tokens::default());
        let transport = WorldTransport::new(world.clone(), clock.clone());
        let desk =
            Importer::builder(Arc::new(tokens.clone()), stores.documents.clone(), stores.blobs.clone())
                .through(Arc::new(transport), Arc::new(clock.clone()))
                .build()?;
        let (stores, ledger, setting) = (stores.clone(), Ledger::default(), setting.clone());
        let ground = Ground { stores, world, weather, tokens, ledger, setting };
        let admin = Actor::new(TenantId::fresh(), MemberId::fresh(), Role::Admin);
        let machines = ground.setting.clocks.map(|seconds| {
            let clock = clock.elsewhere();
            clock.set_by(TimeDelta::seconds(seconds));
            Machine::start(&ground, &clock)
        });
        let connection = Connection::new(admin.tenant, "none yet");
        let known = Known { is_untimely: ground.setting.clocks != [0, 0], ..Known::default() };
        let mut run = Self {
            ground,
            clock,
            workspace,
            machines,
            desk,
            admin,
            connection,
            connected: 0,
            ended: Arc::default(),
            opened: Vec::new(),
            called: HashMap::new(),
            refused: HashSet::new(),
            asked: Vec::new(),
            is_alone: false,
            watermark: (ConnectionId::new(uuid::Uuid::nil()), None),
            known,
            broken: Vec::new(),
        };
        run.connect(false).await?;
        for number in 0..run.ground.setting.imported {
            run.import(Process(0), Thing(number)).await?;
            run.finish().await;
        }
        run.ground.weather.set(run.ground.setting.pace);
        Ok(run)
    }

    /// Lets everything happen, and then nothing any more, and returns what was broken.
    pub(super) async fn through(mut self, steps: &[Step]) -> Broken {
        for step in steps {
            self.clock.sleep(step.after).await;
            self.check().await;
            if let Err(error) = self.take(&step.what).await {
                self.broken.push(format!("{:?} failed: {error:?}", step.what));
            }
            self.workspace.note(self.clock.time());
            if !self.broken.is_empty() {
                break;
            }
        }
        if self.broken.is_empty()
            && let Err(error) = self.quiet().await
        {
            self.broken.push(format!("in quiet: {error:?}"));
        }
        let _ = self.disconnect().await;
        self.broken
    }

    async fn take(&mut self, what: &What) -> Result<(), Error> {
        match what {
            What::Edit(thing, edit) => self.workspace.edit(*thing, *edit, self.clock.time()),
            What::SyncDue(process) => self.sync(*process).await?,
            What::SyncNow(process) => {
                let (admin, id) = (self.admin.clone(), self.connection.id);
                let scheduler = self.awake(*process).scheduler().clone();
                self.begin(*process, async move { drop(scheduler.sync_now(&admin, id).await) });
            }
            What::LookNow(process, thing) => {
                let (admin, id) = (self.admin.clone(), self.connection.id);
                let source = self.workspace.thing(*thing).id;
                let scheduler = self.awake(*process).scheduler().clone();
                self.begin(*process, async move { drop(scheduler.look_now(&admin, id, &[source]).await) });
            }
            What::Hint(process, thing, times) => {
                let sources = vec![self.workspace.thing(*thing).id];
                let hint =
                    Hint::Changed { connection: self.connection.reference.clone(), sources, bots: None };
                for _ in 0..*times {
                    let (service, hint) = (self.awake(*process).service.clone(), hint.clone());
                    self.begin(*process, async move { drop(service.hint(&hint).await) });
                }
            }
            What::Import(process, thing) => self.import(*process, *thing).await?,
            What::Publish(thing) => self.publish(*thing).await?,
            What::Call(thing, is_ours) => self.call(*thing, *is_ours).await?,
            What::Unlink(thing) => self.unlink(*thing).await?,
            What::Kill(process, awaits) => self.awake(*process).life.kill_after(*awaits),
            What::Drop(process) => self.awake(*process).leave(),
            What::Stall(process, seconds) => {
                let (life, clock) = (self.awake(*process).life.clone(), self.clock.clone());
                let seconds = Duration::from_secs(*seconds);
                life.stall(true);
                self.is_alone = false;
                tokio::spawn(async move {
                    clock.sleep(seconds).await;
                    life.stall(false);
                });
            }
            What::Disconnect(process, unanswered, seconds) => {
                let (life, clock) = (self.awake(*process).life.clone(), self.clock.clone());
                let seconds = Duration::from_secs(*seconds);
                life.disconnect(Some(*unanswered));
                tokio::spawn(async move {
                    clock.sleep(seconds).await;
                    life.disconnect(None);
                });
            }
            What::SetClock(process, seconds) => {
                self.known.is_untimely = true;
                self.awake(*process).clock.set_by(TimeDelta::seconds(*seconds));
            }
            What::Break(thing, failure) => {
                let id = self.workspace.thing(*thing).id;
                self.known.broken.insert(id);
                for endpoint in [Endpoint::Page, Endpoint::DataSource, Endpoint::Children] {
                    self.ground.world.fail_at(endpoint, id, failure.fault());
                }
            }
            What::Outage(asked, failure) => {
                self.known.outages.push((*asked, self.clock.time(), None));
                self.ground.world.fail_all(asked.endpoint(), failure.fault());
            }
            What::Mend => self.mend(),
            What::Lag(seconds) => {
                self.known.longest_lag = self.known.longest_lag.max(*seconds);
                self.ground.world.tune(|rules| rules.search_lag = Duration::from_secs(*seconds));
            }
            What::Pace(pace) => self.ground.weather.set(*pace),
            What::Renew => self.connect(true).await?,
            What::Reconnect => {
                self.disconnect().await?;
                self.connect(false).await?;
            }
            What::Revoke => self.ground.world.revoke(&self.workspace.grant.token),
        }
        Ok(())
    }

    /// The process, started anew if it was killed.
    fn awake(&mut self, process: Process) -> &mut Machine {
        let machine = &mut self.machines[usize::from(process.0)];
        if machine.life.is_dead() {
            *machine = Machine::start(&self.ground, &machine.clock.clone());
        }
        machine
    }

    fn begin(&mut self, process: Process, work: impl Future<Output = ()> + Send + 'static) {
        self.is_alone = false;
        self.awake(process).begin(work);
    }

    async fn sync(&mut self, process: Process) -> Result<(), Error> {
        let is_alone = !self.machines.iter().any(|machine| machine.is_busy() || machine.life.is_stalled());
        let (began, known, id) = (self.clock.time(), self.linked().await?, self.connection.id);
        let has_cursor = self.ground.stores.documents.cursor(&self.connection).await?.is_some();
        let (scheduler, ended) = (self.awake(process).scheduler().clone(), self.ended.clone());
        let clock = self.clock.clone();
        self.take_requests();
        self.asked.clear();
        self.begin(process, async move {
            for run in scheduler.sync_due(10).await.unwrap_or_default() {
                if let (true, Ok(report)) = (run.connection.id == id, run.outcome) {
                    let known = known.clone();
                    let run = Ended { began, until: clock.time(), known, has_cursor, report, alone: true };
                    ended.lock().unwrap_or_else(PoisonError::into_inner).push(run);
                }
            }
        });
        self.is_alone = is_alone;
        Ok(())
    }

    async fn import(&mut self, process: Process, thing: Thing) -> Result<(), Error> {
        let pick = self.workspace.thing(thing);
        let Some(record) = self.ground.stores.connections.get(self.admin.tenant, self.connection.id).await?
        else {
            return Ok(());
        };
        let (admin, connection) = (self.admin.clone(), record.connection());
        let importer = self.awake(process).importer.clone();
        self.begin(process, async move { drop(importer.import_one(&admin, &connection, pick).await) });
        Ok(())
    }

    fn mend(&mut self) {
        let now = self.clock.time();
        for (_, _, until) in &mut self.known.outages {
            until.get_or_insert(now);
        }
        self.known.mended.extend(self.known.broken.drain());
        for pick in self.workspace.things() {
            for endpoint in [Endpoint::Page, Endpoint::DataSource, Endpoint::Children] {
                self.ground.world.fail_at(endpoint, pick.id, None);
            }
        }
        for asked in [Asked::Search, Asked::Rows, Asked::Pages, Asked::Blocks] {
            self.ground.world.fail_all(asked.endpoint(), None);
        }
    }

    /// Waits for all that is under way.
    async fn finish(&mut self) {
        while self.machines.iter().any(|machine| machine.is_busy() && !machine.life.is_dead()) {
            self.clock.sleep(Duration::from_secs(1)).await;
        }
    }

    /// What is linked, through the connection or none any more.
    pub(super) async fn linked(&self) -> Result<Vec<Linked>, Error> {
        let _busy = self.clock.busy();
        let documents = &self.ground.stores.documents;
        let mut linked = documents.linked(&self.connection, None, 1000).await?;
        linked.extend(documents.detached(self.admin.tenant, None, 1000).await?);
        Ok(linked)
    }

    fn take_requests(&mut self) {
        let seen = self.ground.world.take_requests();
        self.refused.extend(seen.iter().filter_map(checks::refused));
        self.asked.extend(seen);
    }

    /// Holds what is there by now to what was promised.
    async fn check(&mut self) {
        self.take_requests();
        self.workspace.note(self.clock.time());
        self.broken.extend(self.ground.ledger.take_broken());
        let linked = match self.linked().await {
            Ok(linked) => linked,
            Err(error) => return self.broken.push(format!("what is linked cannot be read: {error:?}")),
        };
        if let Err(how) = self.follow_watermark().await {
            self.broken.push(how);
        }
        let mut ended = std::mem::take(&mut *self.ended.lock().unwrap_or_else(PoisonError::into_inner));
        for run in &mut ended {
            run.alone = self.is_alone;
        }
        let mut broken = checks::always(self, &linked);
        for run in &ended {
            broken.extend(checks::promptness(self, run, &linked));
            broken.extend(checks::budgets(self, run));
        }
        self.broken.extend(broken);
    }

    async fn follow_watermark(&mut self) -> Result<(), String> {
        let _busy = self.clock.busy();
        let cursor = self.ground.stores.documents.cursor(&self.connection).await;
        let reached =
            cursor.map_err(|error| format!("there is no cursor: {error:?}"))?.map(|cursor| cursor.watermark);
        let (id, before) = self.watermark;
        self.watermark = (self.connection.id, reached);
        if id == self.connection.id && before > reached {
            return Err(format!("the watermark moved from {before:?} to {reached:?}"));
        }
        Ok(())
    }

    /// Nothing goes wrong any more, and nobody edits anything, until each document was to be looked at.
    async fn quiet(&mut self) -> Result<(), Error> {
        self.mend();
        self.ground.weather.set(super::step::Pace::AtOnce);
        for number in 0..2 {
            let clock = self.machines[number].clock.clone();
            clock.set_by(clock.time() - clock.now());
            self.machines[number] = Machine::start(&self.ground, &clock);
        }
        let record = self.ground.stores.connections.get(self.admin.tenant, self.connection.id).await?;
        let is_active = record.is_some_and(|record| record.state == ConnectionState::Active);
        if !is_active || !self.ground.world.accepts(&self.workspace.grant.token) {
            self.connect(true).await?;
        }
        let (every, within) = (self.ground.setting.every, self.ground.setting.within);
        for round in 0..within.div_ceil(every) + 3 {
            self.clock.sleep(minutes(every) + minutes(every) / 15).await;
            self.sync(Process((round % 2) as u8)).await?;
            self.finish().await;
            self.check().await;
        }
        let broken = checks::quiet(self).await?;
        self.broken.extend(broken);
        Ok(())
    }

    pub(super) async fn documents(&self) -> Result<Vec<AdminDocument>, Error> {
        let _busy = self.clock.busy();
        Ok(self.ground.stores.access.documents(&self.admin, &DocumentQuery::newest(1000)).await?.documents)
    }
}
