//! What goes on without anybody asking.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use crate::app::App;

/// Connections synced in one go.
const BATCH: usize = 8;

/// It syncs what is due and clears away what was left behind, every minute, or oftener if syncs are to be.
pub async fn keep_in_sync(app: Arc<App>, every: Duration) {
    let mut ticks = interval((every / 4).clamp(Duration::from_millis(250), Duration::from_secs(60)));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        match app.scheduler.sync_due(BATCH).await {
            Ok(runs) => {
                for run in runs.iter().filter(|run| run.outcome.is_ok()) {
                    tracing::info!(tenant = %run.connection.tenant, "a sync is done");
                }
            }
            Err(error) => tracing::warn!(code = error.code(), "no connection could be claimed for a sync"),
        }
        if let Err(error) = app.connector.sweep().await {
            tracing::warn!(code = error.code(), "something is left to be cleared away");
        }
    }
}
