//! What a document gives away.

use std::time::{Duration, Instant};

use notion_import_core::review::{LeakKind, Leaks};
use notion_import_core::{Exposure, Fidelity, LossKind};
use proptest::prelude::{prop_assert, proptest};

use super::{edition, loss, version};

const AWS: &str = concat!("AKIA", "QX7RT2LMNB4VZK3P");
const GITHUB: &str = concat!("ghp", "_16C7e42F292c6912E7710c838347Ae178B4a");
const SLACK: &str = concat!("xoxb", "-2048-4096-q7Xw0Lk2");
const JWT: &str = concat!("eyJ", "hbGciOiJIUzI1NiJ9.eyJzdWIiOiI0MiJ9.9x7Qz1v0Tt3l2Wk8");

fn found(text: &str, internal: &[&str]) -> Vec<(LeakKind, String)> {
    let mut version = version(text);
    version.exposure = Exposure { people: text.matches("@A").count() as u64, ..Exposure::default() };
    let leaks = Leaks::of(edition("Policy", &version), internal);
    leaks.findings.into_iter().map(|finding| (finding.kind, finding.place.unwrap().found)).collect()
}

#[test]
fn what_gives_something_away_is_found() {
    let check = |text: &str, kind: LeakKind, shown: &str| {
        let found = found(text, &["Incident report May", "Reorganisation"]);
        assert_eq!(found, [(kind, shown.to_owned())], "{text}");
    };
    for (text, shown) in [
        ("Ask ada.lindqvist@halden.com about it.", "ada.lindqvist@halden.com"),
        ("[write](mailto:ada@halden.com)", "ada@halden.com"),
        ("(mail: bruno+x@mail.halden.co.uk)", "bruno+x@mail.halden.co.uk"),
    ] {
        check(text, LeakKind::MailAddress, shown);
    }
    check("Owned by @Ada Lindqvist.", LeakKind::Person, "@Ada Lindqvist");
    check("by @Ada, who knows", LeakKind::Person, "@Ada");
    for (text, shown) in [
        ("See https://wiki.corp.halden.com/x", "wiki.corp.halden.com"),
        ("on db-1.prod.internal:5432", "db-1.prod.internal"),
        ("printer.local is down", "printer.local"),
        ("go to http://intranet/policies", "intranet"),
        ("`https://grafana.halden.lan/d`", "grafana.halden.lan"),
    ] {
        check(text, LeakKind::InternalHost, shown);
    }
    for (text, shown) in [
        ("The bastion is 10.20.30.40.", "10.20.30.40"),
        ("https://192.168.1.7:8443/admin", "192.168.1.7"),
        ("peer 172.16.4.0/24", "172.16.4.0"),
        ("at fd12:3456:789a::1 only", "fd12:3456:789a::1"),
    ] {
        check(text, LeakKind::PrivateAddress, shown);
    }
    check("as the incident  report May says", LeakKind::InternalTitle, "incident  report May");
    check("after the reorganisation, all", LeakKind::InternalTitle, "reorganisation");
    for (text, shown) in [
        (format!("key {AWS} is old"), "AKIA…"),
        (format!("token {GITHUB}."), "ghp_…"),
        (format!("use `{SLACK}`"), "xoxb-…"),
        (format!("Authorization: Bearer {JWT}"), "eyJ…"),
        ("Authorization: Bearer 9x7Qz1v0Tt3l2Wk8Lm5n".to_owned(), "…"),
        (format!("send {JWT} there"), "eyJ…"),
        ("postgres://app:hunter22@db.halden.com/x".to_owned(), "…"),
        ("```\nDB_PASSWORD=korrekt7pferd\n```".to_owned(), "…"),
        ("```\n\"api_key\": \"9f8e7d6c5b4a\"\n```".to_owned(), "…"),
        (
            "```\n-----BEGIN RSA PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY-----\n```".to_owned(),
            "-----BEGIN …",
        ),
        ("https://hooks.slack.com/services/T01234567/B01234567/abcdefgh12345678".to_owned(), "T…"),
    ] {
        check(&text, LeakKind::Secret, shown);
    }
}

#[test]
fn what_only_looks_like_it_is_not() {
    for text in [
        "Write to security@halden.com, privacy@halden.com or DPO@halden.com.",
        "e.g. ada@example.com or bob@mail.example or root@localhost",
        "![logo](https://cdn.halden.com/logo@2x.png)",
        "git@github.com:halden/policies.git",
        "ping me @ noon, @halden on social media",
        "Java has @Override and CSS has @media",
        "halden.com and https://www.halden.com/internal/policies are public",
        "internal.audit is a team, an internal host is not named",
        "the file .env.local and ./config/app.local.json",
        "http://localhost:8080/",
        "Version 10.2.1.4 and v 10.2.1.4 and section 10.1.2.3",
        "# 10.1.2.3 Backups",
        "Windows 10.0.19045.1, public 8.8.8.8, 203.0.113.9 and 2001:db8::1",
        "Private networks are 10.0.0.0/8, 172.16.0.0/12 and 192.168.0.0/16.",
        "Passwords have at least 12 characters; password: required",
        "Password: minimum length 12, token: optional",
        "https://user:password@host.example.com and https://user:<secret>@host.example.com",
        "postgres://app:$PASSWORD@db.halden.com",
        "AKIAIOSFODNN7EXAMPLE is the example of AWS",
        "Bearer authentication is required; a bearer token-based-authentication-scheme",
        "-----BEGIN CERTIFICATE-----",
        "ghp_ begins tokens of GitHub, xoxb- those of Slack",
        "at 10:30:45 and 12:00::later, ratio 3:4:5",
        "The policy of all teams; incident reports; May",
        "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "commit 35261e8ce0a380c89f000123456789ab",
    ] {
        assert_eq!(found(text, &["Policy", "Teams", "Incident report May"]), [], "{text}");
    }
}

#[test]
fn what_has_no_place_is_counted() {
    let mut version = version("By @Ada Lindqvist");
    version.exposure = Exposure {
        people: 3,
        comments: 2,
        transcripts: 1,
        unsaid_columns: 1,
        unfiltered_tables: 1,
        ..Exposure::default()
    };
    version.fidelity = Fidelity::new(Vec::new(), vec![loss(LossKind::Toggle, 4)]);
    let leaks = Leaks::of(edition("Policy", &version), &[]);
    assert_eq!(
        leaks.counts(),
        [
            (LeakKind::Person, 3),
            (LeakKind::Toggle, 4),
            (LeakKind::Comment, 2),
            (LeakKind::Transcript, 1),
            (LeakKind::HiddenRows, 2),
        ]
    );
}

#[test]
fn a_place_is_told_with_the_words_around_and_every_secret_is_masked() {
    let text = format!("# Access\n\nThe key is {AWS}, and ada@halden.com has {GITHUB} too.");
    let version = version(&text);
    let leaks = Leaks::of(edition("Of ada@halden.com", &version), &[]);
    let blocks: Vec<_> = leaks.findings.iter().filter_map(|finding| finding.place.as_ref()).collect();
    assert_eq!(blocks.iter().map(|place| place.block).collect::<Vec<_>>(), [0, 2, 2, 2]);
    assert_eq!(
        (blocks[2].before.as_str(), blocks[2].after.as_str()),
        ("The key is AKIA…, and ", " has ghp_… too.")
    );
    let json = serde_json::to_string(&leaks).unwrap();
    assert!(!json.contains(AWS) && !json.contains(GITHUB) && json.contains("ada@halden.com"), "{json}");
    let logged = format!("{leaks:?}");
    assert!(!logged.contains("ada") && !logged.contains("AKIA") && !logged.contains("key"), "{logged}");
}

#[test]
fn what_was_shown_before_is_not_new() {
    let (before, same) = (version("ada@halden.com"), version("By ada@halden.com and all"));
    let other_key = AWS.replace('3', "9");
    let keys = (version(&format!("{AWS} ada@halden.com")), version(&format!("{other_key} ada@halden.com")));
    let of = |version| Leaks::of(edition("Policy", version), &[]);
    assert!(of(&same).beyond(&of(&before)).is_empty());
    let new = of(&keys.1).beyond(&of(&keys.0));
    assert_eq!(new.counts(), [(LeakKind::Secret, 1)], "another key with the same mask is another");
    assert_ne!(of(&keys.0).digest(), of(&keys.1).digest());
    assert_eq!(of(&same).digest(), of(&same).digest());
}

proptest! {
    #![proptest_config(proptest::test_runner::Config::with_cases(2_000))]

    #[test]
    fn any_text_is_looked_through(text in "[a-zA-Z0-9@.:/ =_<>\\-\\[\\]\"éß数\n]{0,120}") {
        let version = version(&text);
        let leaks = Leaks::of(edition(&text, &version), &["any title", &text]);
        prop_assert!(leaks.findings.iter().all(|finding| finding.count > 0));
    }
}

#[test]
fn a_long_text_is_looked_through_soon() {
    for piece in [
        "@",
        "@A",
        "a@",
        "://",
        "://a:b@",
        "password=",
        "password:password",
        "-----BEGIN PRIVATE KEY",
        "earer ",
        "Bearer a",
        "hooks.slack.com/services/",
        "10.0.0.1,",
        "ada@halden.com ",
        "= ",
        "\"=",
        "::",
        ".",
        "any ",
    ] {
        let text = piece.repeat(100_000 / piece.len());
        let mut version = version(&text);
        version.exposure.people = 1;
        let began = Instant::now();
        let _ = Leaks::of(edition("Policy", &version), &["any title", "any other"]);
        assert!(began.elapsed() < Duration::from_secs(8), "{piece:?}: {:?}", began.elapsed());
    }
}
