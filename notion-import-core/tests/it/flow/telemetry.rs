//! What is counted while a tenant connects, imports, syncs and leaves: every metric there is and no other, and nobody's words.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use http::{HeaderMap, StatusCode};
use metrics_util::MetricKind as Kind;
use metrics_util::debugging::{DebugValue, DebuggingRecorder, Snapshotter};
use notion_import_core::testing::{Endpoint, Fault as Trouble, image, pdf};
use notion_import_core::{
    AccessError, AccessLevel, AccessStore, Actor, ApiAccess, Connection, DocumentId, Expected, Fault,
    Importer, METRICS, MailError, Mailer, MetricKind, NewSubscription, Notice, Notifier, NotifyOptions, Pick,
    Publish, SubscriptionStore, TokenSource, VersionNumber, describe_metrics, webhook,
};

use super::Stage;
use super::service::Scene;

/// What a customer writes.
const CANARY: &str = "Canary";

/// A source of tokens that has none.
struct Failing;

#[async_trait]
impl TokenSource for Failing {
    async fn access(&self, _: &Connection) -> Result<ApiAccess, AccessError> {
        Err(Fault::RefreshFailing.into())
    }

    fn explain(&self, _: StatusCode, _: &HeaderMap, _: &[u8], _: DateTime<Utc>) -> AccessError {
        Fault::RefreshFailing.into()
    }
}

/// A mail service to which nobody's mailbox takes mail.
struct Refusing;

#[async_trait]
impl Mailer for Refusing {
    async fn send(&self, _: &Notice) -> Result<(), MailError> {
        Err(MailError::Refused)
    }
}

/// Publishes what was imported, and tells a subscriber of it.
async fn tell(stage: &Stage, admin: &Actor, document: DocumentId) {
    let (library, now) = (Arc::new(stage.library.clone()), stage.now());
    let mail = format!("{CANARY}@orchard.example").parse().unwrap();
    let new = NewSubscription { mail, language: "en".into(), address: None };
    library.subscribe(admin.tenant, &new, now).await.unwrap();
    let expected = Expected { level: AccessLevel::Internal, revision: 0, reason: CANARY.into() };
    let (version, level) = (VersionNumber(1), Some(AccessLevel::Public));
    let publish = Publish { version, title: CANARY.into(), level, expected };
    library.publish(admin, document, &publish, now + TimeDelta::minutes(1)).await.unwrap();
    let notifier = Notifier::new(library, Arc::new(Refusing), NotifyOptions::default());
    notifier.announce(admin.tenant, now + TimeDelta::minutes(9)).await.unwrap();
}

/// What was counted: by the metric and the values of its labels, how often or how much.
#[derive(Debug)]
struct Counted {
    series: BTreeMap<(&'static str, Vec<String>), f64>,
    all: String,
}

impl Counted {
    /// Takes what was recorded, if each of it is what [`METRICS`] says.
    fn of(snapshotter: &Snapshotter) -> Self {
        let (mut series, mut all) = (BTreeMap::new(), String::new());
        for (key, _, help, value) in snapshotter.snapshot().into_vec() {
            let (kind, key) = key.into_parts();
            let metric = METRICS.iter().find(|metric| metric.name == key.name());
            let metric = metric.unwrap_or_else(|| panic!("{} is not among METRICS", key.name()));
            let (expected, count) = match (metric.kind, value) {
                (MetricKind::Counter, DebugValue::Counter(count)) => (Kind::Counter, count as f64),
                (MetricKind::Histogram(_), DebugValue::Histogram(times)) => {
                    (Kind::Histogram, times.len() as f64)
                }
                (kind, value) => panic!("{} is {kind:?}, and recorded is {value:?}", metric.name),
            };
            assert_eq!(kind, expected, "{}", metric.name);
            assert_eq!(help.as_deref(), Some(metric.help), "{}", metric.name);
            let labels: Vec<&str> = key.labels().map(|label| label.key()).collect();
            assert_eq!(labels, metric.labels, "{}", metric.name);
            all += &format!("{key:?}\n");
            let values = key.labels().map(|label| label.value().to_owned()).collect();
            series.insert((metric.name, values), count);
        }
        Self { series, all }
    }

    #[track_caller]
    fn check(&self, name: &'static str, values: &[&str], count: impl Fn(f64) -> bool) {
        let values = values.iter().map(|&value| value.to_owned()).collect();
        let counted = self.series.get(&(name, values)).copied().unwrap_or_default();
        assert!(count(counted), "{name} is {counted}: {:#?}", self.series);
    }
}

#[tokio::test]
async fn each_metric_is_recorded_as_it_is_listed_and_says_nothing_of_a_customer() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let _recording = metrics::set_default_local_recorder(&recorder);
    describe_metrics();
    let scene = Scene::new(Duration::from_millis(40)).await;
    let (stage, tenant) = (&scene.stage, scene.admin.tenant);
    let author = stage.author();
    let (policy, gone) = (author.page(stage.home, CANARY), author.page(stage.home, CANARY));
    author.append(policy, [image(&author.file(CANARY, "image/png", b"\x89PNG\r\n\x1a\n0000".to_vec()))]);
    author.append(policy, [pdf(&author.file(CANARY, "application/pdf", b"%PDF-1.7\n".to_vec()))]);
    stage.pass(5);
    stage.world.fail_next(Endpoint::Page, Trouble::Unavailable);
    let mut document = None;
    for _ in 0..2 {
        let imported =
            scene.importer.import_one(&stage.manager(), &stage.connection, Pick::page(policy)).await;
        document = Some(imported.unwrap().document());
    }
    tell(stage, &scene.admin, document.unwrap()).await;
    author.trash(gone);
    let of_another_kind = Pick::data_source(gone);
    scene.importer.import_one(&stage.manager(), &stage.connection, of_another_kind).await.unwrap_err();
    let (library, blobs) = (Arc::new(stage.library.clone()), Arc::new(stage.blobs.clone()));
    let without = Importer::builder(Arc::new(Failing), library, blobs).build().unwrap();
    without.workspace(&stage.connection).await.unwrap_err();
    scene.beside(&scene.service(), TimeDelta::hours(9), async {}).await;
    scene.scheduler().sync_now(&scene.admin, stage.connection.id).await.unwrap();
    webhook::verify(CANARY.as_bytes(), &HeaderMap::new(), &[], stage.now()).unwrap_err();
    webhook::tell("nango", None);
    scene.connector.disconnect(&scene.admin, stage.connection.id).await.unwrap();

    let counted = Counted::of(&snapshotter);
    let of = |count: f64| move |counted: f64| counted == count;
    let some = |counted: f64| counted >= 1.0;
    counted.check("notion_import_request_duration_seconds", &["users/me", "ok"], some);
    counted.check(
        "notion_import_request_duration_seconds",
        &["pages/{page_id}", "service_unavailable"],
        of(1.0),
    );
    counted.check("notion_import_retries_total", &["service_unavailable"], of(1.0));
    counted.check("notion_import_rate_limit_wait_seconds", &["person"], some);
    counted.check("notion_import_rate_limit_wait_seconds", &["background"], some);
    counted.check("notion_import_access_failures_total", &["refresh_failing"], some);
    counted.check("notion_import_imports_total", &["created"], of(1.0));
    counted.check("notion_import_imports_total", &["unchanged"], of(1.0));
    counted.check("notion_import_imports_total", &["of_another_kind"], of(1.0));
    counted.check("notion_import_download_duration_seconds", &["ok"], some);
    counted.check("notion_import_downloaded_bytes_total", &[], some);
    counted.check("notion_import_sync_duration_seconds", &["due", "ok"], |counted| {
        (2.0..=4.0).contains(&counted)
    });
    counted.check("notion_import_sync_duration_seconds", &["person", "ok"], of(1.0));
    counted.check("notion_import_sync_delay_seconds", &[], |counted| (2.0..=4.0).contains(&counted));
    counted.check("notion_import_synced_documents_total", &["unchanged"], some);
    counted.check("notion_import_connection_events_total", &["connected"], of(1.0));
    counted.check("notion_import_connection_events_total", &["disconnected"], of(1.0));
    counted.check("notion_import_webhooks_total", &["notion", "unsigned"], of(1.0));
    counted.check("notion_import_webhooks_total", &["nango", "ok"], of(1.0));
    counted.check("notion_import_sweeps_total", &["connecting", "ok"], some);
    counted.check("notion_import_sweeps_total", &["files", "ok"], some);
    counted.check("notion_import_notices_total", &["mail_refused"], of(1.0));

    let recorded: BTreeSet<&str> = counted.series.keys().map(|(name, _)| *name).collect();
    assert_eq!(recorded, METRICS.iter().map(|metric| metric.name).collect(), "listed and never recorded");
    let theirs = [stage.grant.token.clone(), tenant.to_string(), policy.to_string(), CANARY.to_owned()];
    for canary in theirs {
        assert!(!counted.all.contains(&canary), "{canary} is in {}", counted.all);
    }
    assert!(!counted.all.contains("http") && !counted.all.contains("Acme"), "{}", counted.all);
}
