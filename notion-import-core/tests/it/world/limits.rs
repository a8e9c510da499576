//! Rate limits: a window of a minute for each token, and two switches for all.

use chrono::TimeDelta;

use super::{Company, headers, morning, read, request};

#[test]
fn a_window_lasts_a_minute_and_is_each_tokens_own() {
    let company = Company::new(13);
    company.world.tune(|rules| rules.requests_per_minute = Some(3));
    let other = company.world.grant(company.workspace, [company.handbook]).token;
    let own = company.grant.token.as_str();
    let rows = [
        ("the first", own, 0, 200, None),
        ("the second", own, 10, 200, None),
        ("the third", own, 20, 200, None),
        ("one too many", own, 20, 429, Some("40")),
        ("refusals are free", own, 59, 429, Some("1")),
        ("another token", other.as_str(), 59, 200, None),
        ("a new window", own, 60, 200, None),
        ("spent at once", own, 61, 200, None),
        ("to the end", own, 62, 200, None),
        ("and over", own, 62, 429, Some("58")),
    ];
    for (claim, token, second, expected, wait) in rows {
        let mut request = request("GET", "https://api.notion.com/v1/users/me", None);
        request.headers = headers(token);
        let answer = company.answer(&request, morning() + TimeDelta::seconds(second));
        let told = answer.headers.get("retry-after").map(|value| value.to_str().unwrap());
        assert_eq!((answer.status.as_u16(), told), (expected, wait), "{claim}");
        let (_, body) = read(&answer);
        if expected == 429 {
            assert_eq!(body["code"], "rate_limited", "{claim}");
            assert_eq!(
                body["additional_data"]["rate_limit_reason"], "public_api_request_rate_limit",
                "{claim}"
            );
            assert_eq!(body["additional_data"]["retry_after"], wait.unwrap(), "{claim}");
        }
    }
    assert_eq!(company.world.requests_with(own), 9);
    assert_eq!(company.world.requests_with(&other), 1);
}

#[test]
fn everyone_may_be_told_to_wait_or_to_go_away() {
    let company = Company::new(13);
    let reason = |second: i64| {
        let now = morning() + TimeDelta::seconds(second);
        let (status, body) = company.ask_at(now, "GET", "/v1/users/me", None);
        (status, body["additional_data"]["rate_limit_reason"].as_str().unwrap_or_default().to_owned())
    };
    company.world.tune(|rules| rules.workspace_paused_until = Some(morning() + TimeDelta::seconds(300)));
    assert_eq!(reason(299), (429, "public_api_space_request_rate_limit".to_owned()));
    assert_eq!(reason(300), (200, String::new()));
    company.world.tune(|rules| rules.blocked = true);
    assert_eq!(reason(100_000), (429, "public_api_request_blocked".to_owned()));
}

#[test]
fn a_bucket_gives_so_many_at_once_and_fills_up_at_its_rate() {
    let company = Company::new(13);
    company.world.tune(|rules| rules.requests_per_second = Some((10, 5)));
    let spent = |milliseconds: i64| {
        let now = morning() + TimeDelta::milliseconds(milliseconds);
        let asked = (0..20).map(|_| company.ask_at(now, "GET", "/v1/users/me", None));
        let told: Vec<_> =
            asked.map(|(status, body)| (status, body["additional_data"]["retry_after"].clone())).collect();
        assert!(told.iter().all(|(status, wait)| *status == 200 || wait == "1"), "{told:?}");
        told.iter().filter(|(status, _)| *status == 200).count()
    };
    for (at, expected) in [(0, 5), (50, 0), (99, 0), (100, 1), (400, 3), (10_000, 5)] {
        assert_eq!(spent(at), expected, "{at}");
    }
}
