//! Access that Notion no longer accepts, or that cannot be renewed just now.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use http::{HeaderMap, StatusCode};
use notion_import_core::testing::suite::content_manager;
use notion_import_core::testing::{SimClock, World, WorldTransport};
use notion_import_core::transport::Clock;
use notion_import_core::{
    AccessError, ApiAccess, Connection, Error, Fault, Importer, MemoryBlobs, MemoryLibrary, Query, TenantId,
    TokenSource,
};

use super::morning;

/// Tokens, each good until Notion refuses it; the last one is all there is then.
struct Rotating {
    left: Mutex<Vec<String>>,
    renewals: Mutex<usize>,
}

#[async_trait]
impl TokenSource for Rotating {
    async fn access(&self, _: &Connection) -> Result<ApiAccess, AccessError> {
        ApiAccess::bearer(self.left.lock().unwrap().last().unwrap().clone())
    }

    async fn renew(&self, _: &Connection, refused: &ApiAccess) -> Result<bool, AccessError> {
        *self.renewals.lock().unwrap() += 1;
        let mut left = self.left.lock().unwrap();
        assert_eq!(refused.headers["authorization"], format!("Bearer {}", left.last().unwrap()));
        Ok(left.len() > 1 && left.pop().is_some())
    }

    fn explain(&self, status: StatusCode, _: &HeaderMap, _: &[u8], _: DateTime<Utc>) -> AccessError {
        ApiAccess::explain_bearer(status).into()
    }
}

/// A world of one page, and a token that sees it.
fn world() -> (World, String) {
    let world = World::new(7);
    let author = world.at(morning());
    let workspace = author.workspace("Acme");
    let page = author.page(workspace, "Security policy");
    let token = world.grant(workspace, [page]).token;
    (world, token)
}

async fn browse(tokens: Arc<dyn TokenSource>, world: &World, clock: &SimClock) -> Result<usize, Error> {
    let transport = Arc::new(WorldTransport::new(world.clone(), clock.clone()));
    let (documents, blobs) = (Arc::<MemoryLibrary>::default(), Arc::<MemoryBlobs>::default());
    let importer = Importer::builder(tokens, documents, blobs)
        .through(transport, Arc::new(clock.clone()))
        .build()
        .unwrap();
    let connection = Connection::new(TenantId::fresh(), "c-1");
    let listing =
        importer.browse(&content_manager(connection.tenant), &connection, &Query::default()).await?;
    Ok(listing.entries.len())
}

#[tokio::test]
async fn access_that_was_refused_is_renewed_once_for_each_request_and_no_oftener() {
    let (world, good) = world();
    let clock = SimClock::new(morning());
    let rotating = |tokens: &[&str]| {
        let left = Mutex::new(tokens.iter().rev().map(|token| (*token).to_owned()).collect());
        Arc::new(Rotating { left, renewals: Mutex::default() })
    };
    let tokens = rotating(&["ntn_old", &good]);
    assert_eq!(browse(tokens.clone(), &world, &clock).await.unwrap(), 1);
    assert_eq!((world.requests().len(), *tokens.renewals.lock().unwrap()), (2, 1));

    // The second one is refused as well: the third is for the next request.
    let tokens = rotating(&["ntn_old", "ntn_older", &good]);
    assert!(browse(tokens.clone(), &world, &clock).await.unwrap_err().needs_reconnect());
    assert_eq!(*tokens.renewals.lock().unwrap(), 1);

    let tokens = rotating(&["ntn_old"]);
    assert!(browse(tokens.clone(), &world, &clock).await.unwrap_err().needs_reconnect());
    assert_eq!((world.requests().len(), *tokens.renewals.lock().unwrap()), (5, 1));
}

/// Its credentials cannot be renewed just now.
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

#[tokio::test]
async fn a_person_hears_at_once_that_a_grant_is_failing() {
    let (world, _) = world();
    let clock = SimClock::new(morning());
    let failed = browse(Arc::new(Failing), &world, &clock).await.unwrap_err();
    assert_eq!((failed.code(), failed.needs_reconnect()), ("refresh_failing", false));
    assert_eq!(clock.now() - morning(), chrono::TimeDelta::zero());
    assert_eq!(failed.retry_after(clock.now()), Some(Duration::from_secs(60)));
}
