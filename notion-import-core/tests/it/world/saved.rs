//! A world is the same for the same seed, and after a restart.

use notion_import_core::testing::{FaultPlan, Reply, World, pdf};
use serde_json::json;

use super::{Company, headers, morning, request};

/// Everything a company's Notion says, in bytes.
fn told(company: &Company, world: &World) -> Vec<String> {
    let paths = [
        "/v1/users/me".to_owned(),
        format!("/v1/pages/{}", company.policy),
        format!("/v1/blocks/{}/children?page_size=1", company.policy),
        format!("/v1/data_sources/{}", company.vendors.data_source),
        format!("/v1/databases/{}", company.vendors.id),
        "/v1/search".to_owned(),
    ];
    let ask = |path: &String| {
        let method = if path == "/v1/search" { "POST" } else { "GET" };
        let body = (method == "POST").then(|| json!({"page_size": 2}));
        let mut request = request(method, &format!("https://api.notion.com{path}"), body);
        request.headers = headers(&company.grant.token);
        match world.answer(&request, morning()) {
            Reply::Response(answer) => {
                let text = String::from_utf8(answer.body.to_vec()).unwrap();
                text.split("\"request_id\"").next().unwrap().to_owned()
            }
            other => panic!("no answer but {other:?}"),
        }
    };
    paths.iter().map(ask).collect()
}

fn company(seed: u64) -> Company {
    let company = Company::new(seed);
    let stored = company.author().file("report.pdf", "application/pdf", *b"%PDF-");
    company.author().append(company.policy, [pdf(&stored)]);
    company.author().row(company.vendors.data_source, "Vendor", [("Status", json!({"name": "Done"}))]);
    company
}

#[test]
fn a_seed_decides_everything() {
    let (one, same, other) = (company(1), company(1), company(2));
    assert_eq!(told(&one, &one.world), told(&same, &same.world));
    assert_eq!(one.grant.token, same.grant.token);
    assert_ne!(one.policy, other.policy);
    assert_ne!(one.grant.token, other.grant.token);
}

#[test]
fn a_saved_world_goes_on_where_it_stopped() {
    let company = company(1);
    company.world.tune(|rules| rules.query_cap = 77);
    let before = told(&company, &company.world);
    let text = company.world.save().unwrap().to_string();
    let restored = World::load(serde_json::from_str(&text).unwrap()).unwrap();
    assert_eq!(told(&company, &restored), before);
    assert_eq!(restored.save().unwrap(), company.world.save().unwrap());
    let (there, here) = (restored.at(morning()), company.world.at(morning()));
    assert_eq!(
        there.page(company.handbook, "Next"),
        here.page(company.handbook, "Next"),
        "ids go on as well"
    );
    company.world.revoke(&company.grant.token);
    let saved = company.world.save().unwrap();
    assert!(told(&company, &World::load(saved).unwrap())[0].contains("unauthorized"));
}

#[test]
fn what_is_no_saved_world_is_refused() {
    assert!(World::load(json!({"seed": 1})).is_err());
}

#[test]
fn faults_are_drawn_by_the_seed_and_about_as_often_as_planned() {
    let drawn = |seed: u64| {
        let company = Company::new(seed);
        company.world.plan_faults(FaultPlan::survivable(0.2));
        let mut request = request("GET", "https://api.notion.com/v1/users/me", None);
        request.headers = headers(&company.grant.token);
        let replies: Vec<String> =
            (0..500).map(|_| format!("{:?}", company.world.answer(&request, morning()))).collect();
        (replies, company.world.faults())
    };
    assert_eq!(drawn(1), drawn(1));
    assert_ne!(drawn(1).0, drawn(2).0);
    assert!((60..140).contains(&drawn(1).1), "{}", drawn(1).1);
}
