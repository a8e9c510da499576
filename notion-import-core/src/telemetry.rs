//! What an operator is told: one function for each thing that is counted, which also logs it where it is worth a line.
//!
//! No other module counts anything. A label's value is `&'static str`: what a customer wrote, a token, an address or an id cannot
//! be one.

mod metric;

use std::time::Duration;

use chrono::TimeDelta;
#[cfg(feature = "metrics")]
pub use metric::describe_metrics;
pub use metric::{METRICS, Metric, MetricKind};

use crate::error::{Error, StoreError};
use crate::id::{ConnectionId, TenantId};

/// The outcome of what went well and has no other name.
const OK: &str = "ok";

/// What happens to a connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Turn {
    /// An administrator confirmed it, anew or again.
    Connected,
    /// Notion or the service that holds the token no longer accepts it.
    Refused,
    /// Found to lead to another workspace than was confirmed.
    Elsewhere,
    /// Forgotten, here and at the service.
    Disconnected,
}

/// How many documents a sync looked at, found changed, and could not look at or read.
#[derive(Clone, Copy)]
pub(crate) struct Looked {
    pub(crate) checked: u32,
    pub(crate) changed: u32,
    pub(crate) failed: u32,
}

/// A request to Notion has had its turn, after so long.
pub(crate) fn waited(is_of_a_person: bool, wait: Duration) {
    metric::RATE_LIMIT_WAIT.took(wait, &[if is_of_a_person { "person" } else { "background" }]);
}

/// A request to Notion was answered, or was not.
pub(crate) fn exchanged(endpoint: &'static str, error: Option<&Error>, took: Duration) {
    metric::REQUEST_DURATION.took(took, &[endpoint, error.map_or(OK, Error::code)]);
}

/// A request to Notion failed and is sent again.
pub(crate) fn asking_again(error: &Error, tried: u32, refused: u32) {
    tracing::debug!(code = error.code(), tried, refused, "asking Notion again");
    metric::RETRIES.count(1, &[error.code()]);
}

/// There was no access to Notion, so that nothing was asked.
pub(crate) fn no_access(error: &Error) {
    metric::ACCESS_FAILURES.count(1, &[error.code()]);
}

/// A file was downloaded, of so many bytes, or was not.
pub(crate) fn downloaded(size: Result<u64, &Error>, took: Duration) {
    metric::DOWNLOAD_DURATION.took(took, &[size.as_ref().map_or_else(|error| error.code(), |_| OK)]);
    metric::DOWNLOADED.count(size.unwrap_or_default(), &[]);
}

/// A page or a data source was imported, with this outcome, or was not.
pub(crate) fn imported(outcome: Result<&'static str, &Error>) {
    metric::IMPORTS.count(1, &[outcome.unwrap_or_else(Error::code)]);
}

/// A sync that was due began so much later.
pub(crate) fn began_late(by: TimeDelta) {
    metric::SYNC_DELAY.took(by.to_std().unwrap_or_default(), &[]);
}

/// A sync has ended, or a look at some documents alone: an event for every run, in its span.
pub(crate) fn synced(occasion: &'static str, outcome: Result<Looked, &Error>, took: TimeDelta) {
    let duration_ms = took.num_milliseconds();
    metric::SYNC_DURATION.took(
        took.to_std().unwrap_or_default(),
        &[occasion, outcome.as_ref().map_or_else(|error| error.code(), |_| OK)],
    );
    match outcome {
        Ok(Looked { checked, changed, failed }) => {
            metric::SYNCED.count(checked.saturating_sub(changed).into(), &["unchanged"]);
            metric::SYNCED.count(changed.into(), &["changed"]);
            metric::SYNCED.count(failed.into(), &["failed"]);
            tracing::info!(occasion, outcome = OK, duration_ms, checked, changed, failed, "a sync is done");
        }
        Err(error @ (Error::Cancelled | Error::Store(StoreError::Fenced))) => {
            tracing::info!(occasion, outcome = error.code(), duration_ms, "a sync was given up");
        }
        Err(Error::Store(error)) => {
            // What the operator has to mend is among the causes, which hold no customer's text.
            let cause = error as &dyn std::error::Error;
            tracing::warn!(
                occasion,
                outcome = error.code(),
                error = cause,
                duration_ms,
                "a sync did not finish"
            );
        }
        Err(error) => {
            tracing::warn!(occasion, outcome = error.code(), duration_ms, "a sync did not finish");
        }
    }
}

/// Something happened to a connection.
pub(crate) fn turned(turn: Turn, tenant: TenantId, connection: ConnectionId) {
    let event = match turn {
        Turn::Connected => {
            tracing::info!(%tenant, %connection, "a connection is confirmed");
            "connected"
        }
        Turn::Refused => {
            tracing::warn!(%tenant, %connection, "a connection is no longer accepted");
            "refused"
        }
        Turn::Elsewhere => {
            tracing::warn!(%tenant, %connection, "a connection leads to another workspace than was confirmed");
            "elsewhere"
        }
        Turn::Disconnected => {
            tracing::info!(%tenant, %connection, "a connection is disconnected");
            "disconnected"
        }
    };
    metric::CONNECTIONS.count(1, &[event]);
}

/// A webhook was taken, or refused for a reason that has a code and words.
pub(crate) fn webhook(sender: &'static str, refused: Option<(&'static str, &dyn std::error::Error)>) {
    if let Some((_, reason)) = refused {
        tracing::warn!(sender, %reason, "a webhook is refused");
    }
    metric::WEBHOOKS.count(1, &[sender, refused.map_or(OK, |(code, _)| code)]);
}

/// A round of clearing away has ended, and so many things were.
pub(crate) fn cleared(what: &'static str, outcome: Result<usize, &Error>) {
    match outcome {
        Ok(0) => {}
        Ok(count) => tracing::debug!(what, count, "cleared away"),
        Err(error) => {
            let cause = error as &dyn std::error::Error;
            tracing::warn!(what, code = error.code(), error = cause, "something is left to be cleared away");
        }
    }
    metric::SWEEPS.count(1, &[what, outcome.map_or_else(Error::code, |_| OK)]);
}

/// A subscriber was told what is new, or was not.
#[cfg(feature = "gate")]
pub(crate) fn told(outcome: Result<(), (&'static str, &dyn std::error::Error)>) {
    if let Err((code, error)) = outcome {
        tracing::warn!(code, %error, "a subscriber was not told what is new");
    }
    metric::NOTICES.count(1, &[outcome.map_or_else(|(code, _)| code, |()| OK)]);
}
