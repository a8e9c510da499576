//! Files: signed for an hour, for anyone, for one URL.

use std::time::Duration;

use chrono::TimeDelta;
use notion_import_core::testing::{Answer, StoredFile, file, image, pdf};
use serde_json::{Value, json};

use super::{Company, headers, morning, request};

const CONTENT: &[u8] = b"%PDF-1.7 canary";

fn with_pdf() -> (Company, StoredFile, String) {
    let company = Company::new(11);
    let stored = company.author().file("Pen test 2026 (final).pdf", "application/pdf", CONTENT);
    let block = company.author().append(company.policy, [pdf(&stored)])[0];
    let (_, read) = company.get(&format!("/v1/blocks/{block}"));
    let url = read["pdf"]["file"]["url"].as_str().unwrap().to_owned();
    assert_eq!(read["pdf"]["type"], "file");
    assert_eq!(read["pdf"]["file"]["expiry_time"], "2026-11-22T09:00:42.000Z");
    (company, stored, url)
}

fn fetch(company: &Company, method: &str, url: &str, range: Option<&str>, minutes: i64) -> Answer {
    let mut request = request(method, url, None);
    if let Some(range) = range {
        request.headers.insert("range", range.parse().unwrap());
    }
    company.answer(&request, morning() + TimeDelta::minutes(minutes))
}

#[test]
fn a_signed_url_is_good_for_an_hour_and_for_itself() {
    let (company, _, url) = with_pdf();
    assert!(url.starts_with("https://prod-files-secure.s3.us-west-2.amazonaws.com/files/"), "{url}");
    let rows = [
        ("at once", "GET", url.clone(), 0, 200),
        ("after 59 minutes", "GET", url.clone(), 59, 200),
        ("after an hour", "GET", url.clone(), 60, 403),
        ("with HEAD", "HEAD", url.clone(), 0, 403),
        ("with another signature", "GET", url.replace("Signature=", "Signature=0"), 0, 403),
        ("with a longer life", "GET", url.replace("Expires=3600", "Expires=9999"), 0, 403),
        ("for another file", "GET", url.replace("Pen", "Ben"), 0, 403),
        ("without a signature", "GET", url.split('?').next().unwrap().to_owned(), 0, 403),
    ];
    for (claim, method, url, minutes, expected) in rows {
        let answer = fetch(&company, method, &url, None, minutes);
        assert_eq!(answer.status, expected, "{claim}");
        match expected {
            200 => assert_eq!(
                (&answer.body[..], answer.headers["content-type"].to_str().unwrap()),
                (CONTENT, "application/pdf"),
                "{claim}"
            ),
            _ => assert!(answer.body.starts_with(b"<?xml"), "{claim}"),
        }
    }
}

#[test]
fn a_url_dies_at_the_second_it_says() {
    let (company, _, url) = with_pdf();
    for (time, expected) in [("2026-11-22T09:00:41.999Z", 200), ("2026-11-22T09:00:42.000Z", 403)] {
        assert_eq!(
            company.answer(&request("GET", &url, None), time.parse().unwrap()).status,
            expected,
            "{time}"
        );
    }
}

#[test]
fn a_token_has_no_business_at_the_file_server() {
    let (company, _, url) = with_pdf();
    let mut request = request("GET", &url, None);
    request.headers = headers(&company.grant.token);
    assert_eq!(company.answer(&request, morning()).status, 400);
}

#[test]
fn a_range_is_served_or_refused() {
    let (company, _, url) = with_pdf();
    let rows = [
        ("bytes=0-3", 206, &b"%PDF"[..], "bytes 0-3/15"),
        ("bytes=9-", 206, b"canary", "bytes 9-14/15"),
        ("bytes=-6", 206, b"canary", "bytes 9-14/15"),
        ("bytes=9-99", 206, b"canary", "bytes 9-14/15"),
        ("bytes=15-", 416, b"", "bytes */15"),
        ("bytes=4-2", 416, b"", "bytes */15"),
    ];
    for (range, status, body, told) in rows {
        let answer = fetch(&company, "GET", &url, Some(range), 0);
        assert_eq!(answer.status, status, "{range}");
        assert_eq!(answer.headers["content-range"], told, "{range}");
        assert!(status == 416 || answer.body == body, "{range}");
    }
}

#[test]
fn every_read_signs_anew_wherever_a_file_is_shown() {
    let (company, stored, first) = with_pdf();
    let author = company.author();
    author.set_icon(company.policy, stored.reference());
    author.set_cover(company.policy, stored.reference());
    author.append(company.policy, [image(&stored), file(&stored)]);
    let row = author.data_source(company.vendors.id, "Papers", [("Paper", "files")]);
    let mut paper = stored.reference();
    paper["name"] = json!("Paper");
    let row = author.row(row, "One", [("Paper", json!([paper]))]);
    let later = morning() + TimeDelta::minutes(61);
    let read = |path: String| company.ask_at(later, "GET", &path, None).1;
    let page = read(format!("/v1/pages/{}", company.policy));
    let blocks = read(format!("/v1/blocks/{}/children", company.policy));
    let row = read(format!("/v1/pages/{row}"));
    let shown = [
        &page["icon"],
        &page["cover"],
        &blocks["results"][1]["pdf"],
        &blocks["results"][2]["image"],
        &blocks["results"][3]["file"],
        &row["properties"]["Paper"]["files"][0],
    ];
    for (place, file) in shown.into_iter().enumerate() {
        let url = file["file"]["url"].as_str().unwrap_or_else(|| panic!("{place}: {file}"));
        assert_ne!(url, first, "{place}");
        assert_eq!(fetch(&company, "GET", url, None, 61).status, 200, "{place}");
    }
    assert_eq!(fetch(&company, "GET", &first, None, 61).status, 403);
    assert_eq!(blocks["results"][3]["file"]["name"], "Pen test 2026 (final).pdf");
    assert_eq!(blocks["results"][2]["image"]["caption"], Value::Array(Vec::new()));
}

#[test]
fn the_log_keeps_no_signature() {
    let (company, _, url) = with_pdf();
    fetch(&company, "GET", &url, None, 0);
    let signature = url.split("X-Amz-Signature=").nth(1).unwrap().split('&').next().unwrap();
    let log = format!("{:?}", company.world.requests());
    assert!(log.contains("/files/") && !log.contains(signature));
    assert!(
        !log.contains(&company.grant.token) && !format!("{:?}", company.grant).contains(&company.grant.token)
    );
}

#[test]
fn the_life_of_a_url_can_be_shortened() {
    let company = Company::new(11);
    company.world.tune(|rules| rules.url_lifetime = Duration::from_secs(5));
    let stored = company.author().file("a.txt", "text/plain", *b"a");
    let block = company.author().append(company.policy, [file(&stored)])[0];
    let (_, read) = company.get(&format!("/v1/blocks/{block}"));
    let url = read["file"]["file"]["url"].as_str().unwrap();
    assert_eq!(fetch(&company, "GET", url, None, 0).status, 200);
    assert_eq!(fetch(&company, "GET", url, None, 1).status, 403);
}
