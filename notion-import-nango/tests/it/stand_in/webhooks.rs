//! Webhooks as they are really sent.

use std::sync::Arc;

use notion_import_core::{
    Authorizer, Connector, Importer, MemoryBlobs, MemoryConnections, MemoryLibrary, Scheduler, Service,
};
use notion_import_nango::webhook::Event;
use serde_json::json;
use url::Url;

use super::{Receiver, Stage};
use crate::attempt;

async fn connect(stage: &Stage) -> String {
    let link = stage.nango.begin(&attempt()).await.unwrap();
    let reference = stage.stand_in.consent(&link.url, stage.workspace, &[stage.page]).await.unwrap();
    reference.as_str().to_owned()
}

#[tokio::test]
async fn silence_and_5xx_are_tried_three_times_and_nothing_else_twice() {
    let check = async |statuses: &[u16], attempts: u32, last: u16| {
        let stage = Stage::new().await;
        Receiver::answering(&stage, statuses).await;
        connect(&stage).await;
        let delivery = &stage.stand_in.deliveries()[0];
        assert_eq!((delivery.attempts, delivery.status), (attempts, Some(last)), "{statuses:?}");
    };
    check(&[], 1, 204).await;
    check(&[500, 204], 2, 204).await;
    check(&[500, 503, 204], 3, 204).await;
    check(&[500, 500, 500, 204], 3, 500).await;
    for last in [301, 400, 401, 408, 429] {
        check(&[last, 204], 1, last).await;
    }
    let stage = Stage::new().await;
    stage.stand_in.send_webhooks_to(Url::parse("http://127.0.0.1:9").unwrap());
    connect(&stage).await;
    assert_eq!((stage.stand_in.deliveries()[0].attempts, stage.stand_in.deliveries()[0].status), (3, None));
}

#[tokio::test]
async fn bodies_are_written_with_sorted_keys() {
    let stage = Stage::new().await;
    let receiver = Receiver::of(&stage).await;
    let id = connect(&stage).await;
    let body = receiver.bodies.lock().unwrap()[0].clone();
    let expected =
        format!(r#"{{"authMode":"OAUTH2","connectionId":"{id}","environment":"dev","from":"nango","#);
    assert!(body.starts_with(&expected), "{body}");
    let tags = body.find(r#""tags":{"attempt_id":"#).expect("sorted below the top, too");
    assert!(tags > body.find(r#""success":true"#).unwrap());
}

#[tokio::test]
async fn a_change_in_notion_is_forwarded_to_every_connection_of_its_workspace() {
    let stage = Stage::new().await;
    let connections = [connect(&stage).await, connect(&stage).await];
    let receiver = Receiver::of(&stage).await;
    let event = |workspace: &str| {
        json!({
            "type": "page.content_updated", "workspace_id": workspace, "accessible_by": [],
            "entity": { "id": stage.page, "type": "page" },
        })
    };
    stage.stand_in.forward(&event(&stage.workspace.to_string())).await;
    let mut told: Vec<String> = Vec::new();
    for event in receiver.events() {
        let Event::Notion(changed) = event else { panic!("{event:?}") };
        assert_eq!((changed.event.entity, changed.event.bots), (stage.page, Some(vec![])));
        told.push(changed.connection.as_str().to_owned());
    }
    told.sort();
    let mut connections = connections.to_vec();
    connections.sort();
    assert_eq!(told, connections);
}

#[tokio::test]
async fn a_forwarded_event_is_taken_without_a_request() {
    let stage = Stage::new().await;
    connect(&stage).await;
    let receiver = Receiver::of(&stage).await;
    let event = json!({
        "type": "page.content_updated", "workspace_id": stage.workspace.to_string(),
        "entity": { "id": stage.page, "type": "page" },
    });
    stage.stand_in.forward(&event).await;
    let hint = receiver.events()[0].hint().unwrap();

    let (nango, connections) = (Arc::new(stage.nango.clone()), Arc::<MemoryConnections>::default());
    let (library, blobs) = (Arc::<MemoryLibrary>::default(), Arc::<MemoryBlobs>::default());
    let importer = Importer::builder(nango.clone(), library, blobs).build().unwrap();
    let connector = Connector::new(&importer, nango, connections.clone());
    let service = Service::new(Scheduler::new(importer, connections), connector);
    let before = stage.stand_in.requests().len();
    service.hint(&hint).await.unwrap();
    assert_eq!(stage.stand_in.requests().len(), before);
}

#[tokio::test]
async fn whatever_reaches_nangos_public_address_comes_signed() {
    let stage = Stage::new().await;
    let receiver = Receiver::of(&stage).await;
    // No connection matches, so Nango hands on the bare body, and a forger may write what he likes.
    let forged = json!({
        "type": "auth", "operation": "creation", "success": true, "connectionId": "forged",
        "providerConfigKey": "notion", "from": "nango", "tags": { "tenant_id": attempt().tenant },
    });
    stage.stand_in.forward(&forged).await;
    let [Event::Auth(auth)] = &receiver.events()[..] else { panic!("it looks real") };
    assert_eq!(stage.nango.inspect(&auth.connection).await.unwrap(), None, "asking tells the truth");
}

#[tokio::test]
async fn a_deletion_is_told_only_if_switched_on() {
    for told in [false, true] {
        let stage = Stage::with(|settings| settings.tell_deletions = told).await;
        let id = connect(&stage).await;
        let receiver = Receiver::of(&stage).await;
        stage.nango.revoke(&notion_import_core::ConnectionRef::new(id)).await.unwrap();
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        assert_eq!(receiver.events().len(), usize::from(told));
    }
}
