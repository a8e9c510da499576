//! The one fake Notion.

mod answer;
mod author;
mod beside;
mod column;
mod edit;
mod facts;
mod fault;
mod file;
mod grant;
mod limit;
mod list;
mod log;
mod markdown;
mod object;
mod query;
mod render;
mod reply;
mod retrieve;
mod route;
mod rules;
mod search;
mod state;
mod version;
mod view;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use serde_json::Value;

pub use self::author::{Author, Database, Meeting};
pub use self::column::Column;
pub(in crate::testing) use self::facts::Facts;
pub use self::fault::{Fault, FaultPlan};
pub use self::file::StoredFile;
pub use self::grant::Grant;
pub use self::log::Seen;
pub use self::reply::{Answer, Reply};
pub use self::route::Endpoint;
pub use self::rules::{Rules, WrongKind};

use self::route::Call;
use self::state::State;
use crate::id::NotionId;
use crate::transport::Request;

/// Notion, as far as an import reads it: workspaces, grants and files that answer the documented protocol,
/// version `2026-03-11`. Older versions, users and comments are answered for Notion's own clients, and count as a
/// [violation](World::violations). It is deterministic by its seed, cheap to clone, and knows nothing of this crate's
/// model of Notion, so it can bear witness against it.
#[derive(Clone)]
pub struct World(Arc<Mutex<State>>);

impl World {
    /// An empty world.
    pub fn new(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(State::new(seed))))
    }

    /// Answers a request.
    pub fn answer(&self, request: &Request, now: DateTime<Utc>) -> Reply {
        self.state().answer(&Call::of(request), now)
    }

    /// Someone to edit it, at a given moment.
    pub fn at(&self, now: DateTime<Utc>) -> Author {
        Author { world: self.clone(), now }
    }

    /// The workspaces and their names.
    pub fn workspaces(&self) -> Vec<(NotionId, String)> {
        self.state().workspaces.iter().map(|(id, workspace)| (*id, workspace.name.clone())).collect()
    }

    /// What stands at the top of a workspace, with titles, oldest first: what a person may pick to share.
    pub fn roots(&self, workspace: NotionId) -> Vec<(NotionId, String)> {
        self.state().roots(workspace)
    }

    /// The views of all databases, oldest first.
    pub fn views(&self) -> Vec<NotionId> {
        self.state().views.iter().map(|view| view.id).collect()
    }

    /// Authorizes a connection to see some pages or databases and everything below them.
    ///
    /// # Panics
    /// If there is no such workspace.
    pub fn grant(&self, workspace: NotionId, roots: impl IntoIterator<Item = NotionId>) -> Grant {
        self.state().issue(workspace, roots.into_iter().collect())
    }

    /// Ends a grant: its token is answered 401 from now on.
    pub fn revoke(&self, token: &str) {
        if let Some(grant) = self.state().grants.get_mut(token) {
            grant.revoked = true;
        }
    }

    /// Lets a grant see one more page or database.
    pub fn share(&self, token: &str, root: NotionId) {
        if let Some(grant) = self.state().grants.get_mut(token) {
            grant.roots.insert(root);
        }
    }

    /// Takes a root from a grant.
    pub fn unshare(&self, token: &str, root: NotionId) {
        if let Some(grant) = self.state().grants.get_mut(token) {
            grant.roots.remove(&root);
        }
    }

    /// Hides a block, with all that is in it, from a grant that sees what it is in: no list has it, and asking for it is answered 404.
    pub fn hide(&self, token: &str, block: NotionId) {
        if let Some(grant) = self.state().grants.get_mut(token) {
            grant.hidden.insert(block);
        }
    }

    /// Changes how this Notion behaves.
    pub fn tune(&self, change: impl FnOnce(&mut Rules)) {
        change(&mut self.state().rules);
    }

    /// Signs file URLs for this origin, such as `http://127.0.0.1:4000`. The default is Notion's S3 bucket.
    pub fn serve_files_from(&self, origin: &str) {
        origin.trim_end_matches('/').clone_into(&mut self.state().origin);
    }

    /// Draws faults from a plan from now on; `None` stops that.
    pub fn plan_faults(&self, plan: impl Into<Option<FaultPlan>>) {
        self.state().faults.plan = plan.into();
    }

    /// Lets the next request to an endpoint meet a fault; called again, the one after meets the next.
    pub fn fail_next(&self, endpoint: Endpoint, fault: Fault) {
        self.state().faults.scripted.push((endpoint, fault));
    }

    /// Lets every request to an endpoint meet a fault from now on; `None` stops that.
    pub fn fail_all(&self, endpoint: Endpoint, fault: impl Into<Option<Fault>>) {
        let outages = &mut self.state().faults.outages;
        match fault.into() {
            Some(fault) => drop(outages.insert(endpoint, fault)),
            None => drop(outages.remove(&endpoint)),
        }
    }

    /// Lets every request to an endpoint about one object meet a fault from now on; `None` stops that.
    pub fn fail_at(&self, endpoint: Endpoint, id: NotionId, fault: impl Into<Option<Fault>>) {
        let refused = &mut self.state().faults.refused;
        match fault.into() {
            Some(fault) => drop(refused.insert((endpoint, id), fault)),
            None => drop(refused.remove(&(endpoint, id))),
        }
    }

    /// How many faults requests have met, drawn and scripted.
    pub fn faults(&self) -> u64 {
        self.state().faults.injected.values().sum()
    }

    /// How many faults of a kind requests have met.
    pub fn faults_like(&self, fault: &Fault) -> u64 {
        self.state().faults.injected.get(fault.name()).copied().unwrap_or_default()
    }

    /// Every request seen, oldest first; the last 50,000.
    pub fn requests(&self) -> Vec<Seen> {
        self.state().log.seen.iter().cloned().collect()
    }

    /// How many requests came with a token, ever.
    pub fn requests_with(&self, token: &str) -> u64 {
        self.state().log.counts.get(&grant::fingerprint(token)).copied().unwrap_or_default()
    }

    /// How many of the remembered requests went to an endpoint.
    pub fn requests_to(&self, endpoint: Endpoint) -> usize {
        self.state().log.seen.iter().filter(|seen| seen.endpoint == Some(endpoint)).count()
    }

    /// Forgets the requests seen so far, but not what they did.
    pub fn forget_requests(&self) {
        self.state().log.seen.clear();
    }

    /// What a correct import never asks: writes, unknown endpoints, malformed requests. Each line says which.
    pub fn violations(&self) -> Vec<String> {
        self.state().log.violations.clone()
    }

    /// Writes down what there is: content, grants and rules; not what was asked so far.
    ///
    /// # Errors
    /// Never in practice: everything kept is plain data.
    pub fn save(&self) -> Result<Value, serde_json::Error> {
        serde_json::to_value(&*self.state())
    }

    /// Restores what [`World::save`] wrote.
    ///
    /// # Errors
    /// If the JSON is something else.
    pub fn load(saved: Value) -> Result<Self, serde_json::Error> {
        Ok(Self(Arc::new(Mutex::new(serde_json::from_value(saved)?))))
    }

    /// A panic in a test must not hide behind the poisoned lock it leaves.
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state();
        f.debug_struct("World").field("seed", &state.seed).field("objects", &state.nodes.len()).finish()
    }
}
