//! What goes on without anybody asking.

use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use notion_import_core::{ScheduleOptions, Timeouts};
use tokio::time::timeout;

use crate::app::{App, asked_to_stop};
use crate::config::DAY;
use crate::nango;
use crate::people::COMPANIES;

/// How long it is from one look for something to tell to the next.
const TELLING: Duration = Duration::from_secs(2);

/// Returns how syncs run that are to be this often: who falls silent is not waited for much longer than that.
pub fn schedule(every: Duration) -> ScheduleOptions {
    let options = ScheduleOptions::default();
    options
        .interval(every)
        .lease(every.clamp(Duration::from_secs(3), options.lease))
        .poll((every / 4).clamp(Duration::from_millis(250), options.poll))
        // A demo is not waited for.
        .grace(Duration::ZERO)
}

/// Returns how long things may take beside syncs that are this often: a request no longer than a claim.
pub fn timeouts(every: Duration) -> Timeouts {
    let timeouts = Timeouts::default();
    timeouts.attempt(schedule(every).lease.min(timeouts.attempt))
}

/// Runs what is to be run beside the pages, until it is asked to stop.
pub async fn run(app: Arc<App>) {
    // Whoever brings a Nango along knows what it is like.
    let checked = async {
        if app.stand_ins.is_none() {
            nango::log_findings(&app).await;
        }
    };
    tokio::join!(checked, app.service.run(asked_to_stop()), count(&app), retain(&app), tell(&app));
}

/// Deletes at the start, and once a day, what is older than it is to be kept.
async fn retain(app: &App) {
    let mut is_over = !app.retention.is_limited();
    while !is_over {
        for company in &COMPANIES {
            let cut = app.stores.access.retain(company.tenant, &app.retention, Utc::now()).await;
            if let Err(error) = cut {
                tracing::warn!(%error, tenant = %company.tenant, "what is older than it is kept stays for a day");
            }
        }
        is_over = timeout(DAY, asked_to_stop()).await.is_ok();
    }
}

/// Looks every other second whether there is something to tell.
async fn tell(app: &App) {
    let mut is_over = false;
    while !is_over {
        for company in &COMPANIES {
            if let Err(error) = app.notifier.announce(company.tenant, Utc::now()).await {
                tracing::warn!(%error, tenant = %company.tenant, "what is new is told later");
            }
        }
        is_over = timeout(TELLING, asked_to_stop()).await.is_ok();
    }
}

/// Writes every minute how often what is public was read, and once more at the end.
async fn count(app: &App) {
    let mut is_over = false;
    while !is_over {
        is_over = timeout(Duration::from_secs(60), asked_to_stop()).await.is_ok();
        if let Err(error) = app.gate.flush().await {
            tracing::warn!(%error, "how often public documents were read is not written");
        }
    }
}
