//! Every metric there is, and how one is recorded.

use std::time::Duration;

/// A metric of the library, in the words of Prometheus: counters end in `_total`, times are in seconds and sizes in bytes.
///
/// With the feature `metrics` it goes to the recorder that the process has installed for the facade of that name. Without the feature,
/// or a recorder, nothing is counted.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Metric {
    /// Its name.
    pub name: &'static str,
    /// Of what kind it is.
    pub kind: MetricKind,
    /// The labels that each of its series has. Their values are words of the library's own, some dozens at most.
    pub labels: &'static [&'static str],
    /// What it says.
    pub help: &'static str,
}

/// Of what kind a metric is.
#[derive(Clone, Copy, PartialEq, Debug)]
#[non_exhaustive]
pub enum MetricKind {
    /// A count that only rises.
    Counter,
    /// How often something took how long, in seconds, by the upper bounds of buckets.
    Histogram(&'static [f64]),
}

/// Requests take a moment, or as long as whoever asks waits for an answer.
const MOMENTS: &[f64] = &[0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 75.0];

/// What waits for its turn, or does much, may take hours.
const HOURS: &[f64] = &[0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0, 14400.0];

pub(super) const REQUEST_DURATION: Metric = Metric {
    name: "notion_import_request_duration_seconds",
    kind: MetricKind::Histogram(MOMENTS),
    labels: &["endpoint", "outcome"],
    help: "How long requests to Notion took, each try by itself, the wait for its turn not counted.",
};

pub(super) const RATE_LIMIT_WAIT: Metric = Metric {
    name: "notion_import_rate_limit_wait_seconds",
    kind: MetricKind::Histogram(HOURS),
    labels: &["priority"],
    help: "How long requests to Notion waited for their turn.",
};

pub(super) const RETRIES: Metric = Metric {
    name: "notion_import_retries_total",
    kind: MetricKind::Counter,
    labels: &["reason"],
    help: "Requests to Notion that failed and were sent again.",
};

pub(super) const ACCESS_FAILURES: Metric = Metric {
    name: "notion_import_access_failures_total",
    kind: MetricKind::Counter,
    labels: &["reason"],
    help: "Requests to Notion that were not sent, because whoever holds the token gave no access.",
};

pub(super) const SYNC_DURATION: Metric = Metric {
    name: "notion_import_sync_duration_seconds",
    kind: MetricKind::Histogram(HOURS),
    labels: &["occasion", "outcome"],
    help: "How long syncs took that came to an end, well or not.",
};

pub(super) const SYNC_DELAY: Metric = Metric {
    name: "notion_import_sync_delay_seconds",
    kind: MetricKind::Histogram(HOURS),
    labels: &[],
    help: "How long after they were due syncs began.",
};

pub(super) const SYNCED: Metric = Metric {
    name: "notion_import_synced_documents_total",
    kind: MetricKind::Counter,
    labels: &["outcome"],
    help: "Documents whose source a sync looked at, or could not look at or read.",
};

pub(super) const IMPORTS: Metric = Metric {
    name: "notion_import_imports_total",
    kind: MetricKind::Counter,
    labels: &["outcome"],
    help: "Pages, rows and data sources that a person imported, or tried to.",
};

pub(super) const DOWNLOAD_DURATION: Metric = Metric {
    name: "notion_import_download_duration_seconds",
    kind: MetricKind::Histogram(HOURS),
    labels: &["outcome"],
    help: "How long downloads of files took, with every try.",
};

pub(super) const DOWNLOADED: Metric = Metric {
    name: "notion_import_downloaded_bytes_total",
    kind: MetricKind::Counter,
    labels: &[],
    help: "Bytes of the files that were downloaded whole.",
};

pub(super) const CONNECTIONS: Metric = Metric {
    name: "notion_import_connection_events_total",
    kind: MetricKind::Counter,
    labels: &["event"],
    help: "What happened to connections.",
};

pub(super) const WEBHOOKS: Metric = Metric {
    name: "notion_import_webhooks_total",
    kind: MetricKind::Counter,
    labels: &["sender", "verdict"],
    help: "Webhooks by whom they are to be of, and whether their signature, form and age were right.",
};

pub(super) const SWEEPS: Metric = Metric {
    name: "notion_import_sweeps_total",
    kind: MetricKind::Counter,
    labels: &["of", "outcome"],
    help: "Rounds of clearing away.",
};

#[cfg(feature = "gate")]
pub(super) const NOTICES: Metric = Metric {
    name: "notion_import_notices_total",
    kind: MetricKind::Counter,
    labels: &["outcome"],
    help: "Mails that tell subscribers what is new.",
};

/// Every metric that this library records.
pub const METRICS: &[Metric] = &[
    REQUEST_DURATION,
    RATE_LIMIT_WAIT,
    RETRIES,
    ACCESS_FAILURES,
    SYNC_DURATION,
    SYNC_DELAY,
    SYNCED,
    IMPORTS,
    DOWNLOAD_DURATION,
    DOWNLOADED,
    CONNECTIONS,
    WEBHOOKS,
    SWEEPS,
    #[cfg(feature = "gate")]
    NOTICES,
];

/// Tells the recorder that the process has installed what each of [`METRICS`] says.
#[cfg(feature = "metrics")]
pub fn describe_metrics() {
    for Metric { name, kind, help, .. } in METRICS {
        match kind {
            MetricKind::Counter if name.ends_with("_bytes_total") => {
                metrics::describe_counter!(*name, metrics::Unit::Bytes, *help);
            }
            MetricKind::Counter => metrics::describe_counter!(*name, *help),
            MetricKind::Histogram(_) => metrics::describe_histogram!(*name, metrics::Unit::Seconds, *help),
        }
    }
}

#[cfg(feature = "metrics")]
impl Metric {
    /// Counts so many more, in the series of these values of its labels.
    pub(super) fn count(&self, more: u64, values: &[&'static str]) {
        metrics::counter!(self.name, self.labelled(values)).increment(more);
    }

    /// Records that something took so long.
    pub(super) fn took(&self, time: Duration, values: &[&'static str]) {
        metrics::histogram!(self.name, self.labelled(values)).record(time.as_secs_f64());
    }

    fn labelled(&self, values: &[&'static str]) -> Vec<metrics::Label> {
        debug_assert_eq!(self.labels.len(), values.len(), "{}", self.name);
        let labelled = self.labels.iter().zip(values);
        labelled.map(|(label, value)| metrics::Label::from_static_parts(label, value)).collect()
    }
}

#[cfg(not(feature = "metrics"))]
impl Metric {
    #[inline]
    pub(super) fn count(&self, _more: u64, _values: &[&'static str]) {}

    #[inline]
    pub(super) fn took(&self, _time: Duration, _values: &[&'static str]) {}
}
