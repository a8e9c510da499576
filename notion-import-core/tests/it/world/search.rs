//! Search: titles only, late, with gaps.

use std::time::Duration;

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::{Company, morning};

fn titles(found: &Value) -> Vec<String> {
    let title = |object: &Value| {
        let list = match object["object"].as_str().unwrap() {
            "page" => object["properties"]
                .as_object()
                .unwrap()
                .values()
                .find(|p| p["id"] == "title")
                .unwrap()["title"]
                .clone(),
            _ => object["title"].clone(),
        };
        list.as_array().unwrap().iter().map(|item| item["plain_text"].as_str().unwrap()).collect::<String>()
    };
    found["results"].as_array().unwrap().iter().map(title).collect()
}

#[test]
fn search_finds_titles_by_kind_and_trash() {
    let company = Company::new(9);
    let author = company.world.at(morning() + TimeDelta::minutes(5));
    author.row(company.vendors.data_source, "Vendor One", []);
    author.page(company.handbook, "Old policy");
    let old = author.page(company.handbook, "Trashed policy");
    author.page(old, "Policy inside the trash");
    author.trash(old);
    let by = |filter: Value| json!({"filter": filter});
    let object = |value: &str| json!({"property": "object", "value": value});
    let rows = [
        ("words in titles", json!({"query": "POLICY"}), vec!["Old policy", "Security policy"]),
        ("words in bodies", json!({"query": "canary"}), vec![]),
        ("words in unshared titles", json!({"query": "minutes"}), vec![]),
        ("data sources, not containers", by(object("data_source")), vec!["Vendors"]),
        ("pages", by(object("page")), vec!["Security policy", "Handbook", "Vendor One", "Old policy"]),
        ("the trash", by(json!({"in_trash": true})), vec!["Trashed policy", "Policy inside the trash"]),
    ];
    for (claim, body, expected) in rows {
        let now = morning() + TimeDelta::minutes(10);
        let (status, found) = company.ask_at(now, "POST", "/v1/search", Some(body));
        assert_eq!(status, 200, "{claim}: {found}");
        let (mut found, mut expected) = (titles(&found), expected);
        found.sort();
        expected.sort_unstable();
        assert_eq!(found, expected, "{claim}");
    }
}

#[test]
fn results_come_in_the_order_asked_for() {
    let company = Company::new(9);
    for (minutes, title) in [(1, "Policy of old"), (2, "A policy"), (3, "New policy")] {
        company.world.at(morning() + TimeDelta::minutes(minutes)).page(company.policy, title);
    }
    let by_time = |direction: &str| json!({"timestamp": "last_edited_time", "direction": direction});
    let newest = ["New policy", "Security policy", "A policy", "Policy of old"];
    let rows = [
        ("unsorted", json!(null), newest),
        ("descending", by_time("descending"), newest),
        ("ascending", by_time("ascending"), ["Policy of old", "A policy", "Security policy", "New policy"]),
        (
            "by relevance",
            json!({"property": "relevance"}),
            ["Policy of old", "New policy", "Security policy", "A policy"],
        ),
    ];
    for (claim, sort, expected) in rows {
        let body = json!({"query": "policy", "sort": sort});
        let (_, found) = company.ask_at(morning() + TimeDelta::minutes(9), "POST", "/v1/search", Some(body));
        assert_eq!(titles(&found), expected, "{claim}");
    }
}

#[test]
fn the_newest_edit_comes_first() {
    let company = Company::new(9);
    company.world.at(morning() + TimeDelta::minutes(3)).set_title(company.policy, "Policy, third");
    assert_ne!(
        titles(&company.post("/v1/search", json!({})).1)[0],
        "Policy, third",
        "nobody knows the future"
    );
    let (_, found) = company.ask_at(morning() + TimeDelta::minutes(3), "POST", "/v1/search", Some(json!({})));
    assert_eq!(titles(&found)[0], "Policy, third");
}

#[test]
fn an_edit_shows_after_the_lag_and_never_half() {
    let company = Company::new(9);
    company.world.tune(|rules| rules.search_lag = Duration::from_secs(90));
    let edit = morning() + TimeDelta::minutes(30);
    company.world.at(edit).set_title(company.policy, "Renamed policy");
    company.world.at(edit).page(company.handbook, "Brand new");
    let found = |wait: i64| {
        let body = json!({"query": "policy"});
        let (_, found) = company.ask_at(edit + TimeDelta::seconds(wait), "POST", "/v1/search", Some(body));
        (titles(&found).join(","), found["results"][0]["last_edited_time"].as_str().unwrap().to_owned())
    };
    let fresh = |wait: i64| {
        let body = json!({"query": "brand"});
        titles(&company.ask_at(edit + TimeDelta::seconds(wait), "POST", "/v1/search", Some(body)).1).len()
    };
    assert_eq!(found(89), ("Security policy".to_owned(), "2026-11-22T08:00:00.000Z".to_owned()));
    assert_eq!(found(90), ("Renamed policy".to_owned(), "2026-11-22T08:30:00.000Z".to_owned()));
    assert_eq!((fresh(89), fresh(90)), (0, 1));
    let (_, page) = company.get(&format!("/v1/pages/{}", company.policy));
    assert_eq!(page["last_edited_time"], "2026-11-22T08:30:00.000Z", "the page itself is never late");
}

#[test]
fn search_leaves_gaps_but_always_lists_what_was_granted() {
    let company = Company::new(9);
    let author = company.author();
    for n in 0..200 {
        author.page(company.handbook, format!("Page {n}"));
    }
    let found = || company.list("/v1/search", Some(json!({})), 100).len();
    assert_eq!(found(), 203);
    company.world.tune(|rules| rules.unlisted_share = 0.3);
    let some = found();
    assert!((110..180).contains(&some), "{some}");
    assert_eq!(found(), some, "the gaps stay where they are");
    company.world.tune(|rules| rules.unlisted_share = 1.0);
    assert_eq!(titles(&company.post("/v1/search", json!({})).1), ["Handbook"]);
    company.world.share(&company.grant.token, company.vendors.id);
    assert_eq!(found(), 2);
}
