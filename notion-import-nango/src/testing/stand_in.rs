//! The stand-in itself: what it is asked, and who answers.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use http::StatusCode;
use notion_import_core::TransportError;
use notion_import_core::testing::{Answer, Reply, World};
use notion_import_core::transport::{Http, Transport};
use serde_json::{Value, json};
use url::Url;

use super::answer::{Asked, Outcome, html, no_such_call, reply};
use super::page;
use super::settings::{Settings, scope};
use super::state::{Delivery, Refresh, Seen, State};

/// A Nango of one environment and one integration, in memory. Cheap to clone; clones are one stand-in.
#[derive(Clone)]
pub struct StandIn(Arc<Inner>);

struct Inner {
    world: World,
    settings: Settings,
    switches: Mutex<Switches>,
    state: Mutex<State>,
    transport: Arc<dyn Transport>,
}

/// What can be changed while it runs.
struct Switches {
    webhook_url: Option<Url>,
    limit: Option<u64>,
}

impl StandIn {
    /// It stands before a world and has no connections yet.
    ///
    /// # Errors
    /// If this machine cannot speak TLS, which a webhook may need.
    pub fn new(world: World, settings: Settings) -> Result<Self, TransportError> {
        let transport = Arc::new(Http::new()?);
        let switches = Switches { webhook_url: settings.webhook_url.clone(), limit: settings.limit };
        let (switches, state) = (Mutex::new(switches), Mutex::default());
        Ok(Self(Arc::new(Inner { world, settings, switches, state, transport })))
    }

    /// Writes down sessions and connections; not what was asked so far.
    ///
    /// # Errors
    /// Never in practice: everything kept is plain data.
    pub fn save(&self) -> Result<Value, serde_json::Error> {
        serde_json::to_value(&*self.state())
    }

    /// Goes on where [`StandIn::save`] left off. The world has to be the one saved at the same time.
    ///
    /// # Errors
    /// If the JSON is something else; then nothing changes.
    pub fn load(&self, saved: Value) -> Result<(), serde_json::Error> {
        let loaded = serde_json::from_value(saved)?;
        *self.state() = loaded;
        Ok(())
    }

    /// Sends webhooks there from now on.
    pub fn send_webhooks_to(&self, url: Url) {
        self.switches().webhook_url = Some(url);
    }

    /// Lets the account make so many requests in a minute from now on; `None` lifts the limit.
    pub fn limit_to(&self, requests: impl Into<Option<u64>>) {
        self.switches().limit = requests.into();
        self.state().window = None;
    }

    /// Lets Nango fail to renew a connection's credentials from now on, or no more.
    pub fn let_refresh(&self, connection: &str, refresh: Refresh) {
        if let Some(found) = self.state().connections.get_mut(connection) {
            found.refresh = refresh;
        }
    }

    /// Gives a connection another token at Notion, as a refresh would, and ends the one it had there.
    pub fn rotate(&self, connection: &str) {
        let mut state = self.state();
        let Some(found) = state.connections.get_mut(connection) else { return };
        self.world().revoke(&found.token);
        found.next_token = Some(self.world().grant(found.workspace, found.pages.iter().copied()).token);
    }

    /// Deletes a connection as somebody would who has Nango's dashboard.
    pub fn delete(&self, connection: &str) -> bool {
        self.state().connections.remove(connection).is_some()
    }

    /// Every request seen, oldest first; the last 50,000.
    pub fn requests(&self) -> Vec<Seen> {
        self.state().seen.iter().cloned().collect()
    }

    /// Every webhook that was delivered or given up, oldest first.
    pub fn deliveries(&self) -> Vec<Delivery> {
        self.state().deliveries.clone()
    }

    /// The token of the fake Notion that a connection stands for, to revoke or unshare it there.
    pub fn token(&self, connection: &str) -> Option<String> {
        self.state().connections.get(connection).map(|found| found.token.clone())
    }

    pub(super) fn answer(&self, asked: &Asked) -> Reply {
        let at = self.now();
        let reply = self.route(asked);
        self.log(asked, at, &reply);
        reply
    }

    /// The table of contents.
    fn route(&self, asked: &Asked) -> Reply {
        let segments = asked.segments();
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        match (asked.method.as_str(), segments.as_slice()) {
            ("GET", ["health"]) => plain(reply(StatusCode::OK, &json!({ "result": "ok" }))),
            ("GET", ["connect-ui", ""]) => plain(self.show_consent(asked, &mut self.state())),
            ("POST", ["connect-ui", "consent"]) => plain(self.take_consent(asked)),
            ("GET" | "DELETE", ["connect", "session"]) => settle(self.own_session(asked, &mut self.state())),
            ("POST", ["connect", "sessions"]) => {
                self.admitted(asked, scope::SESSIONS, |state| self.create_session(asked, state))
            }
            ("POST", ["connect", "sessions", "reconnect"]) => {
                self.admitted(asked, scope::SESSIONS, |state| self.reconnect_session(asked, state))
            }
            // The older name is another for the same.
            ("GET", ["connections" | "connection"]) => {
                self.admitted(asked, scope::LIST, |state| self.list_connections(asked, state))
            }
            ("GET", ["connections" | "connection", id]) => {
                self.admitted(asked, scope::READ, |state| self.get_connection(asked, id, state))
            }
            ("DELETE", ["connections" | "connection", id]) => {
                self.admitted(asked, scope::DELETE, |state| self.delete_connection(asked, id, state))
            }
            ("GET", ["integrations"]) => {
                self.admitted(asked, scope::INTEGRATIONS, |_| self.list_integrations(asked))
            }
            ("GET", ["integrations", id]) => {
                self.admitted(asked, scope::INTEGRATIONS, |_| self.get_integration(asked, id))
            }
            (_, ["proxy", ..]) => self.proxied(asked),
            ("GET", _) => plain(html(StatusCode::OK, page::dashboard())),
            _ => plain(no_such_call(asked)),
        }
    }

    fn admitted(&self, asked: &Asked, scope: &str, act: impl FnOnce(&mut State) -> Outcome<Answer>) -> Reply {
        let mut state = self.state();
        let outcome = self.admit(asked, &mut state, scope).and_then(|()| act(&mut state));
        self.counted(settle(outcome), &state)
    }

    fn proxied(&self, asked: &Asked) -> Reply {
        let mut state = self.state();
        let outcome = self.admit(asked, &mut state, scope::PROXY).and_then(|()| self.proxy(asked, &state));
        let reply = outcome.unwrap_or_else(|refusal| plain(refusal.answer()));
        self.counted(reply, &state)
    }

    fn counted(&self, mut reply: Reply, state: &State) -> Reply {
        match &mut reply {
            Reply::Response(answer) | Reply::Cut { answer, .. } | Reply::Drip { answer, .. } => {
                answer.headers.extend(self.limits(state));
            }
            Reply::Reset => {}
        }
        reply
    }

    fn log(&self, asked: &Asked, at: DateTime<Utc>, reply: &Reply) {
        let named = match asked.segments().as_slice() {
            [first, id] if matches!(first.as_str(), "connections" | "connection") => Some(id.clone()),
            _ => asked.header("connection-id").map(str::to_owned),
        };
        let status = match reply {
            Reply::Response(answer) | Reply::Cut { answer, .. } | Reply::Drip { answer, .. } => {
                answer.status.as_u16()
            }
            Reply::Reset => 0,
        };
        let retries = asked.headers.contains_key("retries");
        let (method, path) = (asked.method.to_string(), asked.path.clone());
        self.state().record(Seen { method, path, connection: named, retries, at, status });
    }

    pub(super) fn settings(&self) -> &Settings {
        &self.0.settings
    }

    pub(super) fn world(&self) -> &World {
        &self.0.world
    }

    pub(super) fn transport(&self) -> &dyn Transport {
        &*self.0.transport
    }

    pub(super) fn webhook_url(&self) -> Option<Url> {
        self.switches().webhook_url.clone()
    }

    pub(super) fn limit(&self) -> Option<u64> {
        self.switches().limit
    }

    fn switches(&self) -> MutexGuard<'_, Switches> {
        self.0.switches.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn now(&self) -> DateTime<Utc> {
        self.0.settings.clock.now()
    }

    /// A panic in a test must not hide behind the poisoned lock it leaves.
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for StandIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StandIn")
            .field("connections", &self.state().connections.len())
            .finish_non_exhaustive()
    }
}

fn plain(answer: Answer) -> Reply {
    Reply::Response(answer)
}

fn settle(outcome: Outcome<Answer>) -> Reply {
    plain(outcome.unwrap_or_else(|refusal| refusal.answer()))
}
