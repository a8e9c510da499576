//! What goes on without anybody asking.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use notion_import_core::importer::GRACE;
use notion_import_core::schedule::ScheduleOptions;
use tokio::time::{MissedTickBehavior, interval};

use crate::app::{App, asked_to_stop};
use crate::people::COMPANIES;
use crate::problem;

/// Connections synced in one go.
const BATCH: usize = 8;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// How syncs run that are to be this often: who falls silent is not waited for much longer than that.
pub fn schedule(every: Duration) -> ScheduleOptions {
    let options = ScheduleOptions::default();
    ScheduleOptions { interval: every, lease: every.clamp(Duration::from_secs(3), options.lease), ..options }
}

/// Whether something is due is looked at every minute, or oftener if syncs are to be.
pub fn pace(every: Duration) -> Duration {
    (every / 4).clamp(Duration::from_millis(250), Duration::from_secs(60))
}

/// It syncs what is due and clears away what was left behind, until it is asked to stop.
pub async fn keep_in_sync(app: Arc<App>, every: Duration) {
    let mut stop = pin!(asked_to_stop());
    let mut ticks = interval(pace(every));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = &mut stop => return,
        }
        // Where there is a queue, whoever takes from it sees to what is due.
        if app.worker.is_none()
            && let Err(error) = app.scheduler.sync_due(BATCH).await
        {
            tracing::warn!(code = error.code(), "what is due could not be seen to");
            problem::tell(&error);
        }
        if let Err(error) = app.connector.sweep().await {
            tracing::warn!(code = error.code(), "something is left to be cleared away");
            problem::tell(&error);
        }
    }
}

/// Queues what is due and takes it from the queue, if there is one, until it is asked to stop.
pub async fn work(app: Arc<App>) {
    if let Some(worker) = &app.worker {
        worker.run(asked_to_stop()).await;
    }
}

/// Once a day it removes files that nothing refers to, such as those of an import that was killed.
pub async fn tidy(app: Arc<App>) {
    let mut days = interval(DAY);
    loop {
        days.tick().await;
        for company in &COMPANIES {
            if let Err(error) = app.importer.sweep_files(company.tenant, GRACE).await {
                tracing::warn!(code = error.code(), "files that nothing refers to could not be removed");
            }
        }
    }
}
