//! Requests and refusals, row by row.

use notion_import_core::testing::WrongKind;
use serde_json::{Value, json};

use super::{Company, headers, morning, read, request};

/// Checks a status, and the error code if it is one, and that the answer has Notion's envelope.
fn check(company: &Company, claim: &str, ask: (&str, String, Option<Value>), expected: (u16, &str)) {
    let (method, path, body) = ask;
    let (status, answer) = company.ask(method, &path, body);
    assert_eq!(status, expected.0, "{claim}: {answer}");
    assert!(answer["request_id"].is_string(), "{claim}: {answer}");
    match status {
        200 => assert_eq!(answer["object"], expected.1, "{claim}: {answer}"),
        _ => {
            assert_eq!(answer["object"], "error", "{claim}");
            assert_eq!(answer["status"], status, "{claim}");
            assert_eq!(answer["code"], expected.1, "{claim}");
        }
    }
}

#[test]
fn reads_are_answered_in_protocol() {
    let company = Company::new(1);
    let Company { handbook, policy, private, vendors, .. } = &company;
    let (page, database, source) = (policy, vendors.id, vendors.data_source);
    let unknown = "35261e8c-e0a3-80c8-9f00-0123456789ab";
    let get = |path: String| ("GET", path, None);
    let rows = [
        ("a page", get(format!("/v1/pages/{page}")), (200, "page")),
        ("a page by its undashed id", get(format!("/v1/pages/{}", page.simple())), (200, "page")),
        ("a page as a block", get(format!("/v1/blocks/{page}")), (200, "block")),
        ("a page's blocks", get(format!("/v1/blocks/{page}/children")), (200, "list")),
        ("a database", get(format!("/v1/databases/{database}")), (200, "database")),
        ("a data source", get(format!("/v1/data_sources/{source}")), (200, "data_source")),
        ("the bot", get("/v1/users/me".into()), (200, "user")),
        ("a title property", get(format!("/v1/pages/{page}/properties/title")), (200, "list")),
        ("search", ("POST", "/v1/search".into(), Some(json!({}))), (200, "list")),
        ("a query", ("POST", format!("/v1/data_sources/{source}/query"), Some(json!({}))), (200, "list")),
        ("an unknown page", get(format!("/v1/pages/{unknown}")), (404, "object_not_found")),
        ("an unknown property", get(format!("/v1/pages/{page}/properties/nope")), (404, "object_not_found")),
        ("a page nobody shared", get(format!("/v1/pages/{private}")), (404, "object_not_found")),
        ("its blocks", get(format!("/v1/blocks/{private}/children")), (404, "object_not_found")),
        ("a database's id for a page's", get(format!("/v1/pages/{database}")), (400, "validation_error")),
        ("a page's id for a database's", get(format!("/v1/databases/{handbook}")), (400, "validation_error")),
        (
            "a database's id for its source's",
            get(format!("/v1/data_sources/{database}")),
            (400, "validation_error"),
        ),
        ("a source's id for a block's", get(format!("/v1/blocks/{source}")), (404, "object_not_found")),
    ];
    for (claim, ask, expected) in rows {
        check(&company, claim, ask, expected);
    }
    assert_eq!(company.world.violations(), [""; 0]);
}

#[test]
fn what_no_correct_import_asks_is_refused_and_reported() {
    let company = Company::new(1);
    let (page, source) = (company.policy, company.vendors.data_source);
    let search = |body: Value| ("POST", "/v1/search".to_owned(), Some(body));
    let query = |body: Value| ("POST", format!("/v1/data_sources/{source}/query"), Some(body));
    let get = |path: String| ("GET", path, None);
    let rows = [
        ("a write", ("PATCH", format!("/v1/pages/{page}"), Some(json!({}))), (400, "invalid_request_url")),
        ("a deletion", ("DELETE", format!("/v1/blocks/{page}"), None), (400, "invalid_request_url")),
        ("an unknown endpoint", get("/v1/teamspaces".into()), (400, "invalid_request_url")),
        ("no id", get("/v1/pages/security-policy".into()), (400, "validation_error")),
        (
            "too large a page",
            get(format!("/v1/blocks/{page}/children?page_size=101")),
            (400, "validation_error"),
        ),
        ("no page at all", get(format!("/v1/blocks/{page}/children?page_size=0")), (400, "validation_error")),
        (
            "an unknown parameter",
            get(format!("/v1/blocks/{page}/children?depth=3")),
            (400, "validation_error"),
        ),
        ("too large a search", search(json!({"page_size": 101})), (400, "validation_error")),
        ("an unknown field", search(json!({"recursive": true})), (400, "validation_error")),
        (
            "the old object filter",
            search(json!({"filter": {"property": "object", "value": "database"}})),
            (400, "validation_error"),
        ),
        (
            "a sort by creation",
            search(json!({"sort": {"timestamp": "created_time", "direction": "descending"}})),
            (400, "validation_error"),
        ),
        ("in_trash in a query", query(json!({"in_trash": true})), (400, "validation_error")),
        (
            "a deep filter",
            query(json!({"filter": {"and": [{"or": [{"and": []}]}]}})),
            (400, "validation_error"),
        ),
    ];
    let count = rows.len();
    for (claim, ask, expected) in rows {
        check(&company, claim, ask, expected);
    }
    assert_eq!(company.world.violations().len(), count, "{:#?}", company.world.violations());
    assert!(company.world.violations()[0].starts_with("PATCH /v1/pages/"));
}

#[test]
fn the_headers_decide_who_asks_and_how() {
    let company = Company::new(1);
    let revoked = company.world.grant(company.workspace, [company.handbook]);
    company.world.revoke(&revoked.token);
    let token = company.grant.token.as_str();
    let rows = [
        ("no token", None, Some("2026-03-11"), (401, "unauthorized")),
        ("a wrong token", Some("ntn_wrong"), Some("2026-03-11"), (401, "unauthorized")),
        ("a revoked token", Some(revoked.token.as_str()), Some("2026-03-11"), (401, "unauthorized")),
        ("no version", Some(token), None, (400, "missing_version")),
        ("another version", Some(token), Some("2021-01-01"), (400, "validation_error")),
    ];
    for (claim, token, version, expected) in rows {
        let mut request = request("GET", "https://api.notion.com/v1/users/me", None);
        request.headers = headers(token.unwrap_or_default());
        if version.is_none() {
            request.headers.remove("notion-version");
        }
        if let Some(version) = version {
            request.headers.insert("notion-version", version.parse().unwrap());
        }
        let answer = company.answer(&request, morning());
        assert!(answer.headers.contains_key("x-notion-request-id"), "{claim}");
        let (status, body) = read(&answer);
        assert_eq!((status, body["code"].as_str().unwrap()), expected, "{claim}");
    }
}

#[test]
fn a_wrong_kind_may_also_be_told_as_missing() {
    let company = Company::new(1);
    company.world.tune(|rules| rules.wrong_kind = WrongKind::NotFound);
    let ask = ("GET", format!("/v1/pages/{}", company.vendors.id), None);
    check(&company, "a database's id for a page's", ask, (404, "object_not_found"));
}

#[test]
fn the_bot_says_whose_it_is() {
    let company = Company::new(1);
    let (_, me) = company.get("/v1/users/me");
    assert_eq!(me["id"], json!(company.grant.bot_id));
    assert_eq!(me["type"], "bot");
    assert_eq!(me["bot"]["workspace_id"], json!(company.workspace));
    assert_eq!(me["bot"]["workspace_name"], "Acme");
    assert_eq!(me["bot"]["owner"]["user"]["id"], json!(company.grant.owner));
    assert_eq!(me["bot"]["workspace_limits"]["max_file_upload_size_in_bytes"], 5_242_880);
}
