//! From the click to the disconnect.

use http::StatusCode;
use notion_import_core::testing::{Endpoint, Fault as WorldFault};
use notion_import_core::{Authorizer, ConnectionRef, Fault, TokenSource};
use notion_import_nango::testing::{Settings, StandIn, scope};
use notion_import_nango::webhook::{Auth, Event, Operation, Tags};
use serde_json::json;

use super::{Receiver, Stage};
use crate::{API_KEY, SIGNING_KEY, attempt, config};

fn auth(operation: Operation, connection: &ConnectionRef, tags: Tags) -> Event {
    let (integration, connection) = ("notion".to_owned(), connection.clone());
    Event::Auth(Auth { integration, operation, success: true, connection, tags })
}

#[tokio::test]
async fn a_link_leads_to_a_connection_that_reads_notion() {
    let (stage, attempt) = (Stage::new().await, attempt());
    let receiver = Receiver::of(&stage).await;
    let link = stage.nango.begin(&attempt).await.unwrap();
    let reference = stage.stand_in.consent(&link.url, stage.workspace, &[stage.page]).await.unwrap();

    let tags = Tags { tenant: Some(attempt.tenant), attempt: Some(attempt.id) };
    assert_eq!(receiver.events(), [auth(Operation::Creation, &reference, tags)]);
    let found = stage.nango.inspect(&reference).await.unwrap().unwrap();
    assert_eq!((found.tenant, found.attempt), (tags.tenant, tags.attempt));
    assert_eq!(found.workspace_id, Some(stage.workspace.to_string()));
    let listed = stage.nango.find(&attempt).await.unwrap();
    assert_eq!(listed.iter().map(|one| &one.reference).collect::<Vec<_>>(), [&reference]);

    let bot = stage.whoami(&reference).await;
    assert_eq!(bot.status, StatusCode::OK);
    assert_eq!(bot.json()["bot"]["workspace_name"], "Acme <Ops> & Co");
    assert_eq!(stage.world.violations(), Vec::<String>::new());
    assert!(stage.stand_in.requests().iter().all(|seen| !seen.retries));
}

#[tokio::test]
async fn a_link_used_twice_makes_two_connections_and_both_are_found() {
    let (stage, attempt) = (Stage::new().await, attempt());
    let link = stage.nango.begin(&attempt).await.unwrap();
    let first = stage.stand_in.consent(&link.url, stage.workspace, &[stage.page]).await.unwrap();
    let second = stage.stand_in.consent(&link.url, stage.workspace, &[stage.page]).await.unwrap();
    let found = stage.nango.find(&attempt).await.unwrap();
    assert_eq!(found.iter().map(|one| &one.reference).collect::<Vec<_>>(), [&second, &first], "newest first");
    assert!(stage.nango.find(&crate::attempt()).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_reconnect_link_replaces_what_a_connection_holds_each_time_it_is_used() {
    let (stage, first) = (Stage::new().await, attempt());
    let link = stage.nango.begin(&first).await.unwrap();
    let reference = stage.stand_in.consent(&link.url, stage.workspace, &[stage.page]).await.unwrap();
    let receiver = Receiver::of(&stage).await;

    // Nothing of ours asks for such a link; whoever else has the account may.
    let body = json!({ "connection_id": reference.as_str(), "integration_id": "notion",
        "tags": { "tenant_id": first.tenant, "attempt_id": first.id } });
    let headers = [("authorization", &*format!("Bearer {}", API_KEY)), ("content-type", "application/json")];
    let opened = stage.ask("POST", "/connect/sessions/reconnect", &headers, Some(&body.to_string())).await;
    let link = opened.json()["data"]["connect_link"].as_str().unwrap().parse().unwrap();
    let tags = Tags { tenant: Some(first.tenant), attempt: Some(first.id) };
    for name in ["Another", "A third"] {
        let other = stage.world.at(crate::moment()).workspace(name);
        assert_eq!(stage.stand_in.consent(&link, other, &[]).await, Ok(reference.clone()));
        assert_eq!(receiver.events().last(), Some(&auth(Operation::Override, &reference, tags)));
        let found = stage.nango.inspect(&reference).await.unwrap().unwrap();
        assert_eq!(found.workspace_id, Some(other.to_string()), "the person may choose another workspace");
    }
}

#[tokio::test]
async fn declining_tells_neither_tenant_nor_attempt() {
    let (stage, attempt) = (Stage::new().await, attempt());
    let receiver = Receiver::of(&stage).await;
    let link = stage.nango.begin(&attempt).await.unwrap();
    stage.stand_in.decline(&link.url).await.unwrap();
    let [Event::Auth(event)] = &receiver.events()[..] else { panic!("one event") };
    assert_eq!((event.operation, event.success, event.tags), (Operation::Creation, false, Tags::default()));
    assert_eq!(stage.nango.inspect(&event.connection).await.unwrap(), None);
}

#[tokio::test]
async fn a_disconnected_connection_is_gone_and_nothing_goes_through_it() {
    let (stage, attempt) = (Stage::new().await, attempt());
    let link = stage.nango.begin(&attempt).await.unwrap();
    let reference = stage.stand_in.consent(&link.url, stage.workspace, &[stage.page]).await.unwrap();
    let token = stage.stand_in.token(reference.as_str()).unwrap();
    stage.nango.revoke(&reference).await.unwrap();
    stage.nango.revoke(&reference).await.unwrap();

    let before = stage.world.requests_with(&token);
    let answer = stage.whoami(&reference).await;
    let fault = stage.nango.explain(answer.status, &answer.headers, &answer.body, crate::moment()).fault;
    assert_eq!(fault, Fault::ConnectionMissing);
    assert_eq!(stage.world.requests_with(&token), before);
    assert_eq!(stage.nango.inspect(&reference).await.unwrap(), None);

    let deletions = |status: u16| {
        let seen = stage.stand_in.requests();
        let of = |one: &&notion_import_nango::testing::Seen| {
            one.method == "DELETE"
                && one.connection.as_deref() == Some(reference.as_str())
                && one.status == status
        };
        seen.iter().filter(of).count()
    };
    assert_eq!((deletions(200), deletions(400)), (1, 1));
}

#[tokio::test]
async fn only_notion_tells_that_it_no_longer_accepts_the_connection() {
    let (stage, attempt) = (Stage::new().await, attempt());
    let link = stage.nango.begin(&attempt).await.unwrap();
    let reference = stage.stand_in.consent(&link.url, stage.workspace, &[stage.page]).await.unwrap();
    stage.world.revoke(&stage.stand_in.token(reference.as_str()).unwrap());

    let answer = stage.whoami(&reference).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert_eq!(answer.json()["object"], "error");
    assert_eq!(answer.json()["code"], "unauthorized");
    assert!(stage.nango.inspect(&reference).await.unwrap().is_some());
}

#[tokio::test]
async fn what_breaks_between_nango_and_notion_is_transient() {
    let (stage, attempt) = (Stage::new().await, attempt());
    let link = stage.nango.begin(&attempt).await.unwrap();
    let reference = stage.stand_in.consent(&link.url, stage.workspace, &[stage.page]).await.unwrap();
    for fault in [WorldFault::Reset, WorldFault::Edge] {
        stage.world.fail_next(Endpoint::Me, fault);
        let answer = stage.whoami(&reference).await;
        let fault = stage.nango.explain(answer.status, &answer.headers, &answer.body, crate::moment()).fault;
        assert_eq!(fault, Fault::Transient, "{}", answer.text());
    }
    assert_eq!(stage.whoami(&reference).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_wrong_key_or_scope_is_the_operators_fault() {
    let stage = Stage::with(|settings| {
        settings.scopes.remove(scope::LIST);
    })
    .await;
    let refused = stage.nango.find(&attempt()).await.unwrap_err();
    assert_eq!(refused.fault, Fault::Operator);
    let cause = std::error::Error::source(&refused).unwrap().to_string();
    assert_eq!(cause, "Nango refused: 403 forbidden");

    let mut wrong = config(&stage.base);
    wrong.api_key = "0c1ab1e5-0000-4000-8000-00000000beef".into();
    let wrong = notion_import_nango::Nango::new(wrong).unwrap();
    assert_eq!(wrong.begin(&attempt()).await.unwrap_err().fault, Fault::Operator);
}

#[tokio::test]
async fn the_accounts_limit_stops_before_it_is_overrun() {
    let stage = Stage::with(|settings| settings.limit = Some(2)).await;
    assert!(stage.nango.begin(&attempt()).await.is_ok());
    assert!(stage.nango.begin(&attempt()).await.is_ok());
    // The second answer said that nothing remains, so the third is not even asked.
    let refused = stage.nango.begin(&attempt()).await.unwrap_err();
    assert!(matches!(refused.fault, Fault::AccountPause(_)));
    assert_eq!(stage.stand_in.requests().len(), 2);
}

#[tokio::test]
async fn a_saved_stand_in_goes_on_where_it_was() {
    let (stage, attempt) = (Stage::new().await, attempt());
    let link = stage.nango.begin(&attempt).await.unwrap();
    let reference = stage.stand_in.consent(&link.url, stage.workspace, &[stage.page]).await.unwrap();

    let again = StandIn::new(stage.world.clone(), Settings::new(API_KEY, SIGNING_KEY)).unwrap();
    assert!(again.load(serde_json::json!([])).is_err());
    again.load(stage.stand_in.save().unwrap()).unwrap();
    let base = super::serve(again.router()).await;
    let nango = crate::nango(&base);
    assert_eq!(nango.find(&attempt).await.unwrap()[0].reference, reference);
    assert!(again.consent(&link.url, stage.workspace, &[]).await.is_ok(), "the link still works");
}
