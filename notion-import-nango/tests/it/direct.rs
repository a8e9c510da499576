//! Access to Notion without the proxy: tokens in memory, refreshed once when they are refused.

use std::sync::Arc;
use std::time::Duration;

use notion_import_core::testing::suite::content_manager;
use notion_import_core::testing::{SimClock, World, WorldTransport};
use notion_import_core::transport::{Clock, Request};
use notion_import_core::{
    Authorizer, Connection, Error, Importer, MemoryBlobs, MemoryLibrary, Query, TenantId, TokenSource,
};
use notion_import_nango::Nango;
use notion_import_nango::testing::{Refresh, Settings, StandIn, scope};

use crate::{API_KEY, SIGNING_KEY, attempt, config};

struct Stage {
    clock: SimClock,
    world: World,
    stand_in: StandIn,
    nango: Nango,
    importer: Importer,
    connection: Connection,
}

impl Stage {
    async fn new(may_read: bool) -> Self {
        let (world, clock) = (World::new(7), SimClock::new(crate::moment()));
        let author = world.at(clock.now());
        let workspace = author.workspace("Acme");
        let page = author.page(workspace, "Security policy");
        let shared: Arc<dyn Clock> = Arc::new(clock.clone());
        let mut settings = Settings { clock: shared.clone(), ..Settings::new(API_KEY, SIGNING_KEY) };
        settings.scopes.remove(scope::PROXY);
        if may_read {
            settings.scopes.insert(scope::CREDENTIALS);
        }
        let stand_in = StandIn::new(world.clone(), settings).unwrap();
        let (answering, notion) = (stand_in.clone(), world.clone());
        let answers = move |request: &Request, now| match request.url.host_str() {
            Some("api.notion.com") => notion.answer(request, now),
            _ => answering.reply(request),
        };
        let transport = Arc::new(WorldTransport::answered(answers, clock.clone()));
        let nango = Nango::assembled(config("http://localhost"), transport.clone(), shared.clone()).unwrap();
        let (library, blobs) = (Arc::<MemoryLibrary>::default(), Arc::<MemoryBlobs>::default());
        let importer = Importer::builder(Arc::new(nango.direct()), library, blobs)
            .through(transport, shared)
            .build()
            .unwrap();
        let link = nango.begin(&attempt()).await.unwrap();
        let reference = stand_in.consent(&link.url, workspace, &[page]).await.unwrap();
        let connection = Connection::new(TenantId::fresh(), reference.as_str());
        Self { clock, world, stand_in, nango, importer, connection }
    }

    async fn browse(&self) -> Result<usize, Error> {
        let actor = content_manager(self.connection.tenant);
        Ok(self.importer.browse(&actor, &self.connection, &Query::default()).await?.entries.len())
    }

    /// How often Nango was asked for the connection.
    fn asked(&self) -> usize {
        let seen = self.stand_in.requests();
        seen.iter().filter(|seen| seen.path.starts_with("/connections/")).count()
    }

    fn id(&self) -> &str {
        self.connection.reference.as_str()
    }
}

#[tokio::test]
async fn a_token_serves_for_some_minutes_and_notion_is_asked_directly() {
    let stage = Stage::new(true).await;
    for _ in 0..3 {
        assert_eq!(stage.browse().await.unwrap(), 1);
    }
    assert_eq!(stage.asked(), 1);
    stage.clock.advance(Duration::from_secs(301));
    stage.browse().await.unwrap();
    assert_eq!(stage.asked(), 2);
    assert!(stage.stand_in.requests().iter().all(|seen| !seen.path.starts_with("/proxy")));
}

#[tokio::test]
async fn a_token_that_notion_refuses_is_refreshed_once() {
    let stage = Stage::new(true).await;
    stage.browse().await.unwrap();
    stage.stand_in.rotate(stage.id());
    assert_eq!(stage.browse().await.unwrap(), 1);
    assert_eq!(stage.asked(), 2);

    // There is no other one: the grant is gone.
    stage.world.revoke(&stage.stand_in.token(stage.id()).unwrap());
    let before = stage.asked();
    assert!(stage.browse().await.unwrap_err().needs_reconnect());
    assert_eq!(stage.asked(), before + 1);
}

#[tokio::test]
async fn what_nango_does_not_give_is_told_as_what_it_is() {
    let check = async |stage: &Stage, code: &str| {
        let error = stage.browse().await.unwrap_err();
        assert_eq!(error.code(), code, "{error:?}");
    };
    check(&Stage::new(false).await, "operator_fault").await;
    let stage = Stage::new(true).await;
    stage.stand_in.let_refresh(stage.id(), Refresh::BacksOff);
    check(&stage, "refresh_failing").await;
    stage.stand_in.let_refresh(stage.id(), Refresh::Exhausted);
    check(&stage, "credentials_refused").await;
    stage.stand_in.delete(stage.id());
    check(&stage, "connection_missing").await;
}

#[tokio::test]
async fn a_token_is_shown_nowhere() {
    let stage = Stage::new(true).await;
    let token = stage.stand_in.token(stage.id()).unwrap();
    let direct = stage.nango.direct();
    let access = direct.access(&stage.connection).await.unwrap();
    assert!(access.headers["authorization"].is_sensitive());
    assert!(!format!("{direct:?} {access:?} {:?}", access.headers).contains(&token));
}

/// A full-access key makes Nango's answers carry the tokens, which nothing but direct access reads.
#[tokio::test]
async fn a_token_in_nangos_answer_gets_nowhere() {
    let stage = Stage::new(true).await;
    let token = stage.stand_in.token(stage.id()).unwrap();
    let seen = stage.nango.inspect(&stage.connection.reference).await.unwrap();
    assert!(!format!("{seen:?} {:?}", stage.nango).contains(&token));
}
