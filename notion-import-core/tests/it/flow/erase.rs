//! Erasing a tenant that is connected.

use std::collections::HashSet;
use std::slice;

use chrono::TimeDelta;
use notion_import_core::testing::suite::{bytes, content_manager};
use notion_import_core::{
    AccessError, Actor, AuditEvent, AuditLog, AuditQuery, BlobStore, Conflict, ConnectionStore,
    DocumentStore, Erasure, Error, MemberId, MemoryTenants, Role, StoreError, TenantId,
};

use super::sessions::Scene;

impl Scene {
    /// Connected, with a document and a file that nothing refers to; another attempt waits with what it has led to.
    async fn lived(self) -> Self {
        let begun = self.connector.begin(&self.admin).await.unwrap();
        let reference = self.consents.grant(self.admin.tenant, begun.attempt, "c-1");
        self.connector.reconcile(&reference).await.unwrap();
        let record = self.connector.confirm(&self.admin, begun.attempt, &begun.secret).await.unwrap();
        let pick = notion_import_core::Pick::page(self.stage.home);
        let manager = content_manager(self.admin.tenant);
        self.stage.importer.import_one(&manager, &record.connection(), pick).await.unwrap();
        self.stage.blobs.put(self.admin.tenant, bytes(b"orphan"), 99).await.unwrap();
        let waiting = self.connector.begin(&self.admin).await.unwrap();
        let reference = self.consents.grant(self.admin.tenant, waiting.attempt, "c-2");
        self.connector.reconcile(&reference).await.unwrap();
        // Files are as old as the machine's own clock says.
        self.stage.clock.advance(TimeDelta::days(10_000).to_std().unwrap());
        self
    }

    fn tenants(&self) -> MemoryTenants {
        MemoryTenants::new(self.stage.library.clone(), self.connections.clone())
    }

    async fn erase(&self) -> Result<Erasure, Error> {
        self.connector.erase(&self.admin, &self.tenants(), &self.stage.blobs).await
    }

    async fn has_documents(&self) -> bool {
        let known = self.stage.library.linked_by_source(self.admin.tenant, slice::from_ref(&self.stage.home));
        !known.await.unwrap().is_empty()
    }

    async fn is_forgotten(&self) -> bool {
        let tenant = self.admin.tenant;
        self.connections.list(tenant).await.unwrap().is_empty()
            && self.connections.attempts(tenant).await.unwrap().is_empty()
    }
}

#[tokio::test]
async fn nothing_is_left_of_an_erased_tenant_here_or_at_the_service() {
    let scene = Scene::new().lived().await;
    let erased = scene.erase().await.unwrap();
    assert_eq!((erased.documents, erased.files), (1, 1), "{erased:?}");
    assert!(scene.is_forgotten().await && !scene.has_documents().await);
    let revoked: HashSet<_> = scene.consents.known().revoked.iter().map(ToString::to_string).collect();
    assert_eq!(revoked, ["c-1", "c-2"].map(str::to_owned).into());
    assert_eq!(scene.stage.blobs.tenants().await.unwrap(), [] as [TenantId; 0]);
    let said = scene.stage.library.audit(&scene.admin, &AuditQuery::newest(9)).await.unwrap();
    assert_eq!(said.iter().map(|entry| &entry.event).collect::<Vec<_>>(), [&AuditEvent::TenantErased]);
    assert_eq!(scene.erase().await.unwrap(), Erasure::default(), "the second time");
}

#[tokio::test]
async fn a_service_that_is_down_stops_it_before_anything_is_erased_and_it_goes_on_later() {
    let scene = Scene::new().lived().await;
    scene.consents.known().is_down = true;
    let stopped = scene.erase().await;
    assert!(matches!(stopped, Err(Error::Access(AccessError { .. }))), "{stopped:?}");
    assert!(scene.has_documents().await, "documents went while a connection is left");
    scene.consents.known().is_down = false;
    scene.erase().await.unwrap();
    assert!(scene.is_forgotten().await && !scene.has_documents().await);
}

#[tokio::test]
async fn a_link_that_cannot_be_closed_is_waited_for() {
    let scene = Scene::with(|connector| connector);
    scene.connector.begin(&scene.admin).await.unwrap();
    let refused = scene.erase().await;
    assert!(
        matches!(refused, Err(Error::Store(StoreError::Conflict(Conflict::StillConnected)))),
        "{refused:?}"
    );
    scene.stage.clock.advance(TimeDelta::minutes(31).to_std().unwrap());
    scene.erase().await.unwrap();
    assert!(scene.is_forgotten().await);
}

#[tokio::test]
async fn nobody_but_an_administrator_begins_it() {
    let scene = Scene::new().lived().await;
    for role in [Role::ContentManager, Role::AccountManager, Role::Viewer] {
        let nobody = Actor::new(scene.admin.tenant, MemberId::fresh(), role);
        let refused = scene.connector.erase(&nobody, &scene.tenants(), &scene.stage.blobs).await;
        assert!(matches!(refused, Err(Error::Store(StoreError::Denied))), "{role:?}: {refused:?}");
    }
    assert_eq!(scene.connections.list(scene.admin.tenant).await.unwrap().len(), 1, "it was disconnected");
}
