use std::error::Error;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use notion_import_core::{
    ConfirmedIdentity, Connector, Importer, MemoryBlobs, MemoryConnections, Scheduler, Service,
};
use notion_import_nango::{Config, Nango};

use super::store::Shelf;

pub struct Backend {
    pub nango: Arc<Nango>,
    pub shelf: Arc<Shelf>,
    pub importer: Importer,
    pub connector: Connector,
    pub service: Service,
}

impl Backend {
    pub fn new(config: Config, key: &[u8; 32]) -> Result<Self, Box<dyn Error>> {
        let nango = Arc::new(Nango::new(config)?);
        let (shelf, connections) = (Arc::<Shelf>::default(), Arc::<MemoryConnections>::default());
        // What is connected at Nango can be replaced there: nothing is read through another workspace than the confirmed one.
        let identity = ConfirmedIdentity::new(nango.clone(), connections.clone());
        let importer = Importer::builder(nango.clone(), shelf.clone(), Arc::<MemoryBlobs>::default())
            .identity(Arc::new(identity))
            .build()?;
        // The key seals the tokens of connect sessions until they are closed.
        let connector = Connector::new(&importer, nango.clone(), connections.clone()).seal_with(key);
        let service = Service::new(Scheduler::new(importer.clone(), connections), connector.clone());
        Ok(Self { nango, shelf, importer, connector, service })
    }
}

pub fn routes(backend: Arc<Backend>) -> Router {
    Router::new().route("/webhooks/nango", post(webhook)).with_state(backend)
}

/// The body is taken as it came: the signature is over its bytes.
async fn webhook(State(backend): State<Arc<Backend>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let event = match backend.nango.webhook(&body, &headers) {
        Ok(event) => event,
        Err(refused) => return refused.status(),
    };
    let Some(hint) = event.hint() else { return StatusCode::NO_CONTENT };
    match backend.service.hint(&hint).await {
        Ok(()) => StatusCode::NO_CONTENT,
        // What is answered 5xx is sent again.
        Err(_) => StatusCode::SERVICE_UNAVAILABLE,
    }
}
