//! A backend with a table of its own embeds the importer: one token, no leases, no gate, and nothing of the test kit.

mod policies;

use std::sync::Arc;

use notion_import_core::{
    Actor, Connection, Imported, Importer, MemberId, MemoryBlobs, Pick, Query, Role, StaticToken, TenantId,
};
use policies::Policies;
use serde_json::{Value, json};
use wiremock::matchers::{header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

const PAGE: &str = "35261e8c-e0a3-80c8-9f00-0123456789ab";

#[tokio::test]
async fn a_host_browses_imports_and_syncs_into_its_own_table() {
    let notion = MockServer::start().await;
    serve(&notion, "Security policy", "2026-11-22T08:00:00.000Z", "We encrypt everything.").await;
    let policies = Policies::open().await;
    let tokens = StaticToken::new("ntn_host").at(notion.uri().parse().expect("a URL"));
    let importer = Importer::new(Arc::new(tokens), Arc::new(policies.clone()), Arc::<MemoryBlobs>::default())
        .expect("an importer");
    let connection = Connection::new(TenantId::fresh(), "our-notion");

    // Who this is, and what they may do, is the host's to know.
    let actor = Actor::new(connection.tenant, MemberId::fresh(), Role::ContentManager);
    let listing = importer.browse(&actor, &connection, &Query::default()).await.expect("a listing");
    let page = &listing.entries[0];
    assert_eq!((page.source.title.as_str(), page.imported), ("Security policy", None));
    let pick = Pick::page(page.source.id);
    let first = importer.import_one(&actor, &connection, pick).await.expect("an import");
    assert!(matches!(first, Imported::Created(_)), "{first:?}");
    let again = importer.import_one(&actor, &connection, pick).await.expect("an import");
    assert_eq!(again, Imported::Unchanged(first.document()));
    assert_eq!(
        policies.rows().await,
        [("Security policy".to_owned(), "We encrypt everything.\n".to_owned(), false)]
    );

    notion.reset().await;
    serve(&notion, "Security policy 2027", "2026-11-22T09:00:00.000Z", "We encrypt everything, twice.").await;
    let report = importer.sync(&connection).await.expect("a sync");
    assert_eq!((report.checked, report.changed, report.failed), (1, 1, 0));
    // The content stays until somebody imports it.
    let row = ("Security policy 2027".to_owned(), "We encrypt everything.\n".to_owned(), true);
    assert_eq!(policies.rows().await, [row]);
}

async fn serve(notion: &MockServer, title: &str, edited: &str, words: &str) {
    let text = |content: &str| json!([{"type": "text", "plain_text": content, "text": {"content": content}}]);
    let page = json!({
        "object": "page", "id": PAGE, "url": format!("https://app.notion.com/p/{PAGE}"),
        "created_time": "2026-11-01T08:00:00.000Z", "last_edited_time": edited, "in_trash": false,
        "parent": {"type": "workspace", "workspace": true},
        "properties": {"title": {"id": "title", "type": "title", "title": text(title)}},
    });
    let block = json!({
        "object": "block", "id": "35261e8c-e0a3-80c8-9f00-0123456789ac", "has_children": false,
        "type": "paragraph", "paragraph": {"rich_text": text(words)},
    });
    answer(notion, "POST", "/v1/search", &list(&page)).await;
    answer(notion, "GET", &format!("/v1/pages/{PAGE}"), &page).await;
    answer(notion, "GET", &format!("/v1/blocks/{PAGE}/children"), &list(&block)).await;
}

fn list(only: &Value) -> Value {
    json!({"object": "list", "results": [only], "has_more": false, "next_cursor": null})
}

async fn answer(notion: &MockServer, verb: &str, at: &str, body: &Value) {
    Mock::given(method(verb))
        .and(path(at))
        .and(header("authorization", "Bearer ntn_host"))
        .and(header("notion-version", "2026-03-11"))
        .respond_with(ResponseTemplate::new(200).set_body_json(body))
        .mount(notion)
        .await;
}
