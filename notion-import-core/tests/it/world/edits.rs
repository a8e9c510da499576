//! Edits and what they leave behind.

use chrono::{DateTime, Utc};
use notion_import_core::testing::{Author, paragraph};
use serde_json::{Value, json};

use super::{Company, morning};

fn later() -> DateTime<Utc> {
    "2026-11-22T09:30:59.999Z".parse().unwrap()
}

#[test]
fn times_are_told_by_the_minute() {
    let company = Company::new(5);
    let (_, page) = company.get(&format!("/v1/pages/{}", company.policy));
    assert_eq!(page["created_time"], "2026-11-22T08:00:00.000Z");
    company.world.at(later()).set_title(company.policy, "Policy");
    let (_, page) = company.get(&format!("/v1/pages/{}", company.policy));
    assert_eq!(page["created_time"], "2026-11-22T08:00:00.000Z");
    assert_eq!(page["last_edited_time"], "2026-11-22T09:30:00.000Z");
}

#[test]
fn an_edit_moves_its_own_page_and_no_parent() {
    type Edit = fn(&Author, &Company);
    let rows: [(&str, Edit, bool); 10] = [
        ("a title", |author, company| author.set_title(company.policy, "New"), true),
        ("a block", |author, company| _ = author.append(company.policy, [paragraph("more")]), true),
        ("all blocks", |author, company| _ = author.replace(company.policy, [paragraph("new")]), true),
        (
            "an icon",
            |author, company| author.set_icon(company.policy, json!({"type": "emoji", "emoji": "🔒"})),
            true,
        ),
        ("a child page", |author, company| _ = author.page(company.policy, "Appendix"), true),
        ("the trash", |author, company| author.trash(company.policy), true),
        ("the archive", |author, company| author.archive(company.policy), true),
        ("a lock", |author, company| author.lock(company.policy), false),
        (
            "a publication",
            |author, company| author.publish(company.policy, "https://acme.notion.site/x"),
            false,
        ),
        ("a move", |author, company| author.move_to(company.policy, company.workspace), false),
    ];
    for (claim, edit, moves) in rows {
        let company = Company::new(5);
        company.world.share(&company.grant.token, company.policy);
        edit(&company.world.at(later()), &company);
        let edited = |id| company.get(&format!("/v1/pages/{id}")).1["last_edited_time"].clone();
        let expected = if moves { "2026-11-22T09:30:00.000Z" } else { "2026-11-22T08:00:00.000Z" };
        assert_eq!(edited(company.policy), expected, "{claim}");
        assert_eq!(edited(company.handbook), "2026-11-22T08:00:00.000Z", "{claim}");
    }
}

#[test]
fn an_edit_deep_inside_moves_block_and_page() {
    let company = Company::new(5);
    let author = company.author();
    let outer = author.append(company.policy, [paragraph("outer")])[0];
    let inner = author.append(outer, [paragraph("inner")])[0];
    company.world.at(later()).rewrite(inner, paragraph("rewritten"));
    let edited = |path: String| company.get(&path).1["last_edited_time"].clone();
    assert_eq!(edited(format!("/v1/blocks/{inner}")), "2026-11-22T09:30:00.000Z");
    assert_eq!(edited(format!("/v1/pages/{}", company.policy)), "2026-11-22T09:30:00.000Z");
    assert_eq!(edited(format!("/v1/blocks/{outer}")), "2026-11-22T08:00:00.000Z");
    let (_, block) = company.get(&format!("/v1/blocks/{inner}"));
    assert_eq!(block["paragraph"]["rich_text"][0]["plain_text"], "rewritten");
}

#[test]
fn what_is_trashed_takes_its_contents_along_and_comes_back() {
    let company = Company::new(5);
    let block = company.author().append(company.policy, [paragraph("more")])[0];
    let trashed = |id| company.get(&format!("/v1/blocks/{id}")).1["in_trash"].clone();
    let listed = |id| company.list(&format!("/v1/blocks/{id}/children"), None, 100).len();
    assert_eq!((trashed(company.policy), trashed(block)), (json!(false), json!(false)));
    let before = listed(company.handbook);
    company.author().trash(company.policy);
    assert_eq!((trashed(company.policy), trashed(block)), (json!(true), json!(true)));
    assert_eq!(listed(company.handbook), before - 1);
    company.author().restore(company.policy);
    assert_eq!((trashed(company.policy), trashed(block)), (json!(false), json!(false)));
    assert_eq!(listed(company.handbook), before);
    company.author().remove(block);
    assert_eq!((trashed(block), listed(company.policy)), (json!(true), 1));
}

#[test]
fn archiving_is_not_trashing() {
    let company = Company::new(5);
    let source = company.vendors.data_source;
    let row = company.author().row(source, "Vendor", []);
    company.author().archive(row);
    let (_, page) = company.get(&format!("/v1/pages/{row}"));
    assert_eq!((&page["is_archived"], &page["in_trash"]), (&json!(true), &json!(false)));
    let rows = |body: Value| company.list(&format!("/v1/data_sources/{source}/query"), Some(body), 100).len();
    assert_eq!((rows(json!({})), rows(json!({"is_archived": true}))), (0, 1));
    company.author().unarchive(row);
    assert_eq!((rows(json!({})), rows(json!({"is_archived": true}))), (1, 0));
}

#[test]
fn sharing_decides_what_is_found() {
    let company = Company::new(5);
    let status = |id| company.get(&format!("/v1/pages/{id}")).0;
    let block = company.author().append(company.private, [paragraph("minutes")])[0];
    assert_eq!((status(company.policy), status(company.private)), (200, 404));
    company.world.share(&company.grant.token, company.private);
    assert_eq!((status(company.private), company.get(&format!("/v1/blocks/{block}")).0), (200, 200));
    company.world.unshare(&company.grant.token, company.handbook);
    assert_eq!((status(company.policy), status(company.private)), (404, 200));
    company.author().move_to(company.policy, company.private);
    assert_eq!(status(company.policy), 200);
    company.author().purge(company.policy);
    assert_eq!(status(company.policy), 404);
}

#[test]
fn another_workspace_is_another_world() {
    let company = Company::new(5);
    let author = company.author();
    let other = author.workspace("Umbra");
    let page = author.page(other, "Elsewhere");
    let stranger = company.world.grant(other, [page, company.handbook]);
    assert_eq!(company.get(&format!("/v1/pages/{page}")).0, 404);
    let mut request =
        super::request("GET", &format!("https://api.notion.com/v1/pages/{}", company.policy), None);
    request.headers = super::headers(&stranger.token);
    assert_eq!(company.answer(&request, morning()).status, 404);
    assert_eq!(company.world.roots(other), [(page, "Elsewhere".to_owned())]);
}

#[test]
fn every_parent_is_told_in_its_own_words() {
    let company = Company::new(5);
    let author = company.author();
    let (database, source) = (company.vendors.id, company.vendors.data_source);
    let row = author.row(source, "Vendor", []);
    let toggle = author.append(company.policy, [notion_import_core::testing::toggle("t", [])])[0];
    let nested = author.page(toggle, "Nested");
    let parent = |path: String| company.get(&path).1["parent"].clone();
    let rows = [
        (format!("/v1/pages/{}", company.handbook), json!({"type": "workspace", "workspace": true})),
        (format!("/v1/pages/{}", company.policy), json!({"type": "page_id", "page_id": company.handbook})),
        (format!("/v1/pages/{nested}"), json!({"type": "block_id", "block_id": toggle})),
        (format!("/v1/databases/{database}"), json!({"type": "page_id", "page_id": company.handbook})),
        (format!("/v1/data_sources/{source}"), json!({"type": "database_id", "database_id": database})),
        (
            format!("/v1/pages/{row}"),
            json!({"type": "data_source_id", "data_source_id": source, "database_id": database}),
        ),
    ];
    for (path, expected) in rows {
        assert_eq!(parent(path.clone()), expected, "{path}");
    }
    let (_, read) = company.get(&format!("/v1/data_sources/{source}"));
    assert_eq!(read["database_parent"], json!({"type": "page_id", "page_id": company.handbook}));
    let (_, read) = company.get(&format!("/v1/databases/{database}"));
    assert_eq!(read["data_sources"], json!([{"id": source, "name": "Vendors"}]));
}
