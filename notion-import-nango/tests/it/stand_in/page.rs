//! The consent page, as a browser uses it.

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use notion_import_core::Authorizer;
use notion_import_core::testing::SimClock;
use url::Url;
use url::form_urlencoded::Serializer;

use super::{Answered, Receiver, Stage};
use crate::attempt;

const FORM: [(&str, &str); 1] = [("content-type", "application/x-www-form-urlencoded")];

async fn open(stage: &Stage, link: &Url) -> Answered {
    stage.ask("GET", &format!("{}?{}", link.path(), link.query().unwrap()), &[], None).await
}

async fn submit(stage: &Stage, link: &Url, fields: &[(&str, &str)]) -> Answered {
    let token = link.query_pairs().find(|(name, _)| name == "session_token").unwrap().1.into_owned();
    let form =
        Serializer::new(String::new()).append_pair("session_token", &token).extend_pairs(fields).finish();
    stage.ask("POST", "/connect-ui/consent", &FORM, Some(&form)).await
}

#[tokio::test]
async fn the_page_offers_workspaces_and_pages_and_escapes_their_names() {
    let stage = Stage::new().await;
    let link = stage.nango.begin(&attempt()).await.unwrap().url;
    let page = open(&stage, &link).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text().contains("Acme &lt;Ops&gt; &amp; Co"));
    assert!(page.text().contains("Security &quot;policy&quot;"));
    assert!(page.text().contains(&format!("value=\"{}\"", stage.page)));
    assert_eq!(page.headers["cache-control"], "no-store");
}

#[tokio::test]
async fn allowing_connects_the_chosen_pages() {
    let (stage, attempt) = (
        Stage::with(|settings| {
            settings.back =
                Some(("Back to the Trust Center".to_owned(), Url::parse("http://localhost:4000/a").unwrap()));
        })
        .await,
        attempt(),
    );
    let receiver = Receiver::of(&stage).await;
    let link = stage.nango.begin(&attempt).await.unwrap().url;
    let (workspace, page) = (stage.workspace.to_string(), stage.page.to_string());
    let closing =
        submit(&stage, &link, &[("workspace", &workspace), ("page", &page), ("decision", "allow")]).await;
    assert_eq!(closing.status, StatusCode::OK);
    assert!(closing.text().contains("You can close this tab"));
    assert!(closing.text().contains("href=\"http://localhost:4000/a\""));
    let reference = stage.nango.find(&attempt).await.unwrap().remove(0).reference;
    assert_eq!(stage.whoami(&reference).await.status, StatusCode::OK);
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(receiver.events().len(), 1);
}

#[tokio::test]
async fn what_cannot_be_granted_grants_nothing() {
    let (stage, attempt) = (Stage::new().await, attempt());
    let link = stage.nango.begin(&attempt).await.unwrap().url;
    let (workspace, page) = (stage.workspace.to_string(), stage.page.to_string());
    let check = async |fields: &[(&str, &str)], status: u16| {
        assert_eq!(submit(&stage, &link, fields).await.status, status, "{fields:?}");
        assert!(stage.nango.find(&attempt).await.unwrap().is_empty());
    };
    check(&[("decision", "allow"), ("page", &page)], 400).await;
    check(&[("decision", "allow"), ("workspace", &workspace)], 400).await;
    check(&[("decision", "allow"), ("workspace", &page), ("page", &page)], 400).await;
    check(&[("decision", "allow"), ("workspace", &workspace), ("page", &workspace)], 400).await;
    check(&[("decision", "deny"), ("workspace", &workspace), ("page", &page)], 200).await;
    check(&[], 200).await;
}

#[tokio::test]
async fn a_link_works_for_half_an_hour() {
    let clock = SimClock::new(crate::moment());
    let stage = Stage::with(|settings| settings.clock = Arc::new(clock.clone())).await;
    let link = stage.nango.begin(&attempt()).await.unwrap();
    assert_eq!(link.expires_at, crate::moment() + chrono::TimeDelta::minutes(30));
    clock.advance(Duration::from_secs(30 * 60 - 1));
    assert_eq!(open(&stage, &link.url).await.status, StatusCode::OK);
    clock.advance(Duration::from_secs(1));
    assert_eq!(open(&stage, &link.url).await.status, StatusCode::UNAUTHORIZED);
    // The page that was opened in time can still be sent, once.
    assert_eq!(submit(&stage, &link.url, &[("decision", "deny")]).await.status, StatusCode::OK);
    assert!(stage.stand_in.consent(&link.url, stage.workspace, &[]).await.is_err());
    assert_eq!(submit(&stage, &link.url, &[("decision", "deny")]).await.status, StatusCode::UNAUTHORIZED);
}
