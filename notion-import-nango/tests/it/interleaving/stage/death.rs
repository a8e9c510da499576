//! The process dies in the middle of what it does.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::{HeaderMap, StatusCode};
use notion_import_core::ConnectionStore;
use notion_import_core::testing::{Answer, Reply};
use tokio::sync::Notify;

use super::super::action::{Amid, Nth};
use super::{Stage, Started, newest};

/// Waits for the request at which the process dies, if one is named.
#[derive(Clone, Default)]
pub(super) struct Death(Arc<Inner>);

#[derive(Default)]
struct Inner {
    named: Mutex<Option<Named>>,
    dead: Notify,
}

struct Named {
    after: usize,
    arrives: bool,
}

impl Death {
    /// Returns what a request is answered at which the process dies: nothing in its lifetime.
    pub(super) fn strike(&self, arrive: impl FnOnce()) -> Option<Reply> {
        let mut named = self.0.named.lock().unwrap();
        match named.as_mut()? {
            Named { after: 0, arrives } => {
                if *arrives {
                    arrive();
                }
                *named = None;
                self.0.dead.notify_one();
                let answer = Answer { status: StatusCode::OK, headers: HeaderMap::new(), body: "{}".into() };
                Some(Reply::Drip { answer, chunk: 1, pause: Duration::from_secs(1 << 30) })
            }
            Named { after, .. } => {
                *after -= 1;
                None
            }
        }
    }

    /// Lets something happen until it is over or the process dies.
    async fn amid(&self, after: usize, arrives: bool, happens: impl Future<Output = ()>) {
        *self.0.named.lock().unwrap() = Some(Named { after, arrives });
        tokio::select! {
            biased;
            () = self.0.dead.notified() => {}
            () = happens => {}
        }
        *self.0.named.lock().unwrap() = None;
    }
}

impl Stage {
    /// Whatever it comes to, nobody hears of it.
    pub(super) async fn die(&mut self, amid: Amid, nth: Nth, after: usize, arrives: bool) {
        let death = self.death.clone();
        death.amid(after, arrives, self.begin_to(amid, nth)).await;
        self.has_died = true;
        self.take_note().await;
    }

    async fn begin_to(&self, amid: Amid, nth: Nth) {
        let connector = &self.connector;
        let attempt = newest(&self.attempts, nth);
        let records = self.records().await;
        match (amid, attempt, newest(&records, nth)) {
            (Amid::Begin, ..) => drop(connector.begin(&self.admins[0]).await),
            (Amid::Webhook, ..) => {
                if let Some(reference) = newest(&self.references, nth) {
                    drop(connector.reconcile(reference).await);
                }
            }
            (Amid::Poll, Some(Started { admin, begun, .. }), _) => {
                drop(connector.poll(admin, begun.attempt).await);
            }
            (Amid::Confirm, Some(Started { admin, begun, shown: Some(_), .. }), _) => {
                drop(connector.confirm(admin, begun.attempt, &begun.secret).await);
            }
            (Amid::Cancel, Some(Started { admin, begun, .. }), _) => {
                drop(connector.cancel(admin, begun.attempt, &begun.secret).await);
            }
            (Amid::Disconnect, _, Some(record)) => {
                drop(connector.disconnect(&self.admin_of(record.tenant), record.id).await);
            }
            (Amid::Sweep, ..) => drop(connector.sweep().await),
            (Amid::Poll | Amid::Confirm | Amid::Cancel | Amid::Disconnect, ..) => {}
        }
    }

    /// What was confirmed before the process died is a connection, to the workspace that was shown.
    async fn take_note(&mut self) {
        for Started { admin, begun, shown, .. } in &self.attempts {
            let attempt = self.connections.attempt(admin.tenant, begun.attempt).await.unwrap();
            let Some(attempt) = attempt.filter(|attempt| attempt.ended_at.is_some()) else { continue };
            let record = self.connections.get(admin.tenant, attempt.connection()).await.unwrap();
            if let (Some(record), Some(shown)) = (record, shown) {
                self.confirmed.entry(record.id).or_insert(*shown);
            }
        }
    }
}
