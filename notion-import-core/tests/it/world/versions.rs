//! What Notion's own clients ask for, by the versions they are of.

use notion_import_core::NotionId;
use serde_json::{Value, json};

use super::{Company, morning, read, request};

/// Asks by a version.
fn by(company: &Company, version: &str, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
    let mut request = request(method, &format!("https://api.notion.com{path}"), body);
    request.headers = super::headers(&company.grant.token);
    request.headers.insert("notion-version", version.parse().unwrap());
    read(&company.answer(&request, morning()))
}

#[test]
fn before_data_sources_a_database_was_the_table() {
    let company = Company::new(1);
    company.author().row(company.vendors.data_source, "Hosting Ltd", []);
    let old = |method, path: &str, body| by(&company, "2022-06-28", method, path, body);
    let container = company.vendors.id;

    let (status, table) = old("GET", &format!("/v1/databases/{container}"), None);
    assert_eq!((status, &table["object"], &table["id"]), (200, &json!("database"), &json!(container)));
    assert!(table["properties"].is_object() && table["archived"] == false, "{table}");
    assert!(table.get("data_sources").is_none() && table.get("database_parent").is_none(), "{table}");

    let (status, rows) = old("POST", &format!("/v1/databases/{container}/query"), Some(json!({})));
    assert_eq!((status, &rows["type"]), (200, &json!("page_or_database")));
    let parent = json!({"type": "database_id", "database_id": container});
    assert!(rows["results"].as_array().unwrap().iter().all(|row| row["parent"] == parent), "{rows}");
    assert!(!rows["results"].as_array().unwrap().is_empty());

    let filter = |value: &str| Some(json!({"filter": {"property": "object", "value": value}}));
    let (status, found) = old("POST", "/v1/search", filter("database"));
    assert_eq!((status, &found["results"][0]["object"]), (200, &json!("database")));
    assert_eq!(old("POST", "/v1/search", filter("data_source")).0, 400);
    let source = format!("/v1/data_sources/{}", company.vendors.data_source);
    assert_eq!(old("GET", &source, None).1["code"], "invalid_request_url");
}

#[test]
fn since_data_sources_a_database_only_holds_them_and_the_trash_had_another_name() {
    let company = Company::new(1);
    for (version, archived) in [("2025-09-03", Some(&json!(false))), ("2026-03-11", None)] {
        let ask = |method, path: &str, body| by(&company, version, method, path, body);
        let (status, database) = ask("GET", &format!("/v1/databases/{}", company.vendors.id), None);
        assert_eq!((status, database.get("archived")), (200, archived), "{version}");
        assert!(database["data_sources"][0]["id"].is_string(), "{version}");
        let (_, found) = ask("POST", "/v1/search", Some(json!({})));
        assert_eq!(found["type"], "page_or_data_source", "{version}");
        assert_eq!(found["results"][0].get("archived"), archived, "{version}");
        let query = format!("/v1/databases/{}/query", company.vendors.id);
        assert_eq!(ask("POST", &query, Some(json!({}))).1["code"], "invalid_request_url", "{version}");
    }
}

#[test]
fn people_and_comments_are_told_and_an_import_that_asks_for_them_is_noticed() {
    let company = Company::new(1);
    let ask = |path: &str| by(&company, "2026-03-11", "GET", path, None);
    let (status, users) = ask("/v1/users");
    assert_eq!((status, &users["type"]), (200, &json!("user")));
    let owner = &users["results"][0];
    assert_eq!((&owner["type"], &owner["id"]), (&json!("person"), &json!(company.grant.owner)));
    assert_eq!(&ask(&format!("/v1/users/{}", company.grant.owner)).1["id"], &owner["id"]);
    assert_eq!(ask(&format!("/v1/users/{}", NotionId::new(uuid::Uuid::nil()))).1["code"], "object_not_found");
    let (status, comments) = ask(&format!("/v1/comments?block_id={}", company.handbook));
    assert_eq!((status, &comments["type"], &comments["results"]), (200, &json!("comment"), &json!([])));
    assert_eq!(ask("/v1/comments").0, 400);
    assert_eq!(company.world.violations().len(), 5);
}
