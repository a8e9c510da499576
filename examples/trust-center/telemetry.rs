//! Metrics for Prometheus, on an address of their own: visitors cannot ask for them.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use metrics::{Label, Unit};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use notion_import_core::{METRICS, MetricKind, describe_metrics};
use tokio::net::TcpListener;
use tokio::time::sleep;
use url::Url;

use crate::app::{App, asked_to_stop};
use crate::server;

/// How long a page took, until the head of its answer.
const REQUESTS: &str = "http_server_request_duration_seconds";

/// How many connections to the database are in use, and idle.
const POOL: &str = "db_client_connection_count";

/// The upper bounds of the buckets of [`REQUESTS`], in seconds: those that OpenTelemetry recommends.
const BUCKETS: &[f64] = &[0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];

/// What was recorded is put into its buckets this often, whether or not somebody asks for it.
const UPKEEP: Duration = Duration::from_secs(5);

/// What is counted, and where it is served.
pub struct Metrics {
    socket: TcpListener,
    recorded: PrometheusHandle,
}

/// Why the metrics are not served.
#[derive(Debug, thiserror::Error)]
pub enum MetricsError {
    #[error("metrics cannot be served there: {0}")]
    Io(#[from] io::Error),
    #[error(transparent)]
    Recorder(#[from] BuildError),
}

impl Metrics {
    /// Listens there, and counts from now on.
    pub async fn open(address: SocketAddr) -> Result<Self, MetricsError> {
        let socket = TcpListener::bind(address).await?;
        let mut builder = PrometheusBuilder::new();
        for metric in METRICS {
            if let MetricKind::Histogram(buckets) = metric.kind {
                builder = builder.set_buckets_for_metric(Matcher::Full(metric.name.to_owned()), buckets)?;
            }
        }
        let builder = builder.set_buckets_for_metric(Matcher::Full(REQUESTS.to_owned()), BUCKETS)?;
        let recorded = builder.install_recorder()?;
        describe_metrics();
        metrics::describe_histogram!(
            REQUESTS,
            Unit::Seconds,
            "How long pages took, until the head of the answer."
        );
        metrics::describe_gauge!(POOL, "Connections to the database.");
        Ok(Self { socket, recorded })
    }

    pub fn url(&self) -> Option<Url> {
        Url::parse(&format!("http://{}/metrics", self.socket.local_addr().ok()?)).ok()
    }

    /// Answers whoever reaches the address.
    pub fn serve(self, app: Arc<App>) -> impl Future<Output = ()> + Send {
        let Self { socket, recorded } = self;
        let router = Router::new().route("/metrics", get(show)).with_state((app, recorded.clone()));
        async move {
            tokio::select! {
                () = server::serve(socket, router, asked_to_stop()) => {}
                () = keep_up(&recorded) => {}
            }
        }
    }
}

async fn keep_up(recorded: &PrometheusHandle) {
    loop {
        sleep(UPKEEP).await;
        recorded.run_upkeep();
    }
}

async fn show(State((app, recorded)): State<(Arc<App>, PrometheusHandle)>) -> Response {
    if let Some(queue) = &app.stores.queue {
        let (used, idle) = queue.connections();
        metrics::gauge!(POOL, "state" => "used").set(used);
        metrics::gauge!(POOL, "state" => "idle").set(idle);
    }
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], recorded.render()).into_response()
}

/// Measures what each page takes.
pub fn observed(router: Router<Arc<App>>) -> Router<Arc<App>> {
    router.layer(middleware::from_fn(observe))
}

/// A visitor chooses the address and the method: neither is a label, but the route that was found and a method that is known.
async fn observe(request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let (method, began) = (known(request.method()), Instant::now());
    let response = next.run(request).await;
    let labels = vec![
        Label::from_static_parts("method", method),
        Label::new("route", route.unwrap_or_else(|| "none".to_owned())),
        Label::from_static_parts("status", class(response.status())),
    ];
    metrics::histogram!(REQUESTS, labels).record(began.elapsed().as_secs_f64());
    response
}

fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        _ => "other",
    }
}

fn class(status: StatusCode) -> &'static str {
    match status.as_u16() {
        100..=199 => "1xx",
        200..=299 => "2xx",
        300..=399 => "3xx",
        400..=499 => "4xx",
        _ => "5xx",
    }
}
