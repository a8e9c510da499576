//! What goes wrong is told, with what to do about it.

use std::time::{Duration, Instant};

use axum::Router;
use axum::http::StatusCode;
use axum::response::Html;
use notion_import_core::testing::{Endpoint, Fault};
use tokio::net::TcpListener;

use super::{Stage, finished, pages, text, tree};

#[tokio::test(flavor = "multi_thread")]
async fn one_page_that_fails_is_told_and_the_rest_is_exported() {
    let stage = Stage::new().await;
    for _ in 0..2 {
        stage.world.fail_next(Endpoint::Page, Fault::Restricted);
    }
    let output = stage.run(&["export", "--out", "out"]).await;
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert_eq!(said.matches("was not exported").count(), 2, "{said}");
    assert!(said.contains("Read content") && said.contains("Run the same command again"), "{said}");
    let (tree, _) = stage.export(&["--out", "out"]).await;
    assert_eq!(pages(&tree), stage.shared);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_that_is_cut_short_is_told_and_the_advice_brings_the_rest() {
    let stage = Stage::new().await;
    stage.world.tune(|rules| rules.search_cap = Some(2));
    let cut = stage.run(&["export", "--out", "out", "--query", "Vendor 1"]).await;
    let said = text(&cut.stderr);
    assert_eq!(cut.status.code(), Some(1), "{said}");
    assert!(said.contains("capped") && said.contains("--query") && said.contains("`page`"), "{said}");
    let shown = pages(&tree(&stage.folder.path().join("out")));
    assert_eq!(shown.len(), 2);

    let (narrowed, _) = stage.export(&["--out", "out", "--query", "Vendor 107"]).await;
    assert!(pages(&narrowed).is_superset(&shown) && pages(&narrowed).len() == 3);
    let report = stage.report.to_string();
    assert!(stage.run(&["page", &report, "--out", "out"]).await.status.success());
    let added: Vec<_> =
        pages(&tree(&stage.folder.path().join("out"))).difference(&pages(&narrowed)).cloned().collect();
    assert_eq!(added, [report]);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nobody_answers_that_is_said_at_once_and_given_up_within_seconds() {
    let stage = Stage::new().await;
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let home = stage.home.to_string();
    for arguments in [["page", &home].as_slice(), &["export", "--out", "out"]] {
        let mut command = stage.command(arguments);
        command.env("NOTION_API_URL", format!("http://{closed}"));
        let began = Instant::now();
        let output = finished(command).await;
        let (took, said) = (began.elapsed(), text(&output.stderr));
        assert_eq!(output.status.code(), Some(5), "{said}");
        let mut lines: Vec<_> = said.lines().collect();
        lines.retain(|line| !line.starts_with("0 written"));
        assert_eq!(lines.len(), 2, "{said}");
        assert!(lines[0].contains("Notion cannot be reached, trying again in 1 s"), "{said}");
        assert!(lines[1].contains("Check the network and NOTION_API_URL, then try again."), "{said}");
        assert!(took < Duration::from_secs(10), "{took:?}");
    }
}

/// Answers everything as something before Notion may: with a page of HTML, and without a word on when to come back.
async fn before_notion(status: StatusCode) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let page = move || async move { (status, Html("<!DOCTYPE html><title>Not here</title>")) };
    tokio::spawn(axum::serve(listener, Router::new().fallback(page)).into_future());
    url
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stands_before_notion_and_refuses_is_told_within_the_minute() {
    let stage = Stage::new().await;
    let home = stage.home.to_string();
    for status in
        [StatusCode::FORBIDDEN, StatusCode::TOO_MANY_REQUESTS, StatusCode::BAD_GATEWAY, StatusCode::OK]
    {
        let url = before_notion(status).await;
        let mut command = stage.command(&["page", &home]);
        command.env("NOTION_API_URL", &url);
        let began = Instant::now();
        let output = finished(command).await;
        let (took, said) = (began.elapsed(), text(&output.stderr));
        assert_eq!(output.status.code(), Some(5), "{status}: {said}");
        assert!(!said.contains("html"), "{said}");
        assert!(took < Duration::from_secs(60), "{status}: {took:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_have_a_code_each_and_say_what_to_do() {
    let stage = Stage::new().await;
    let (home, private) = (stage.home.to_string(), stage.private.to_string());
    let check = async |arguments: &[&str], environment: &[(&str, &str)], code: i32, advice: &str| {
        let mut command = stage.command(arguments);
        command.envs(environment.iter().copied());
        let output = finished(command).await;
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments:?} {environment:?}: {said}");
        assert!(said.contains(advice), "{arguments:?} {environment:?}: {said}");
        stage.keeps_secrets(&output);
    };
    check(&["page", &home], &[("NOTION_TOKEN", "")], 3, "set NOTION_TOKEN").await;
    check(&["page", &home], &[("NOTION_TOKEN", "ntn_wrong")], 3, "Check NOTION_TOKEN").await;
    check(&["export", "--out", "out"], &[("NOTION_TOKEN", "ntn_wrong")], 3, "Check NOTION_TOKEN").await;
    check(&["page", &private], &[], 4, "add the integration").await;
    check(&["page", "https://example.com/"], &[], 2, "Copy the link").await;
    let versioned = format!("{}/v1", stage.server.url());
    check(&["page", &home], &[("NOTION_API_URL", &versioned)], 0, "").await;
    check(&["page", &home], &[("NOTION_API_URL", "api.notion.com")], 2, "it is no URL").await;
    check(&["export"], &[], 2, "--out").await;
    check(&["--help"], &[], 0, "").await;
    let nobody = stage.world.grant(stage.grant.workspace_id, []);
    check(&["export", "--out", "empty"], &[("NOTION_TOKEN", &nobody.token)], 4, "sees no page").await;
    check(&["export", "--out", "empty", "--query", "x"], &[("NOTION_TOKEN", &nobody.token)], 0, "0 written")
        .await;
    stage.world.fail_next(Endpoint::Page, Fault::Restricted);
    check(&["page", &home], &[], 3, "Read content").await;
    stage.world.tune(|rules| rules.blocked = true);
    check(&["page", &home], &[], 5, "blocked").await;
    check(&["export", "--out", "out"], &[], 5, "blocked").await;
}
