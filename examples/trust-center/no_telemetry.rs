//! A demo that was built without metrics.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use url::Url;

use crate::app::App;

/// Why the metrics are not served.
#[derive(Debug, thiserror::Error)]
pub enum MetricsError {
    #[error(
        "this demo was built without metrics. Start it with\n  \
         cargo run --features metrics -- --metrics-addr 127.0.0.1:9464"
    )]
    NotBuilt,
}

/// There are none.
pub enum Metrics {}

impl Metrics {
    pub async fn open(_address: SocketAddr) -> Result<Self, MetricsError> {
        Err(MetricsError::NotBuilt)
    }

    pub fn url(&self) -> Option<Url> {
        match *self {}
    }

    pub async fn serve(self, _app: Arc<App>) {
        match self {}
    }
}

/// Leaves the pages as they are.
pub fn observed(router: Router<Arc<App>>) -> Router<Arc<App>> {
    router
}
