//! `notion-to-markdown doctor`: numbers and Notion's own names, and nothing else of a workspace.

use notion_import_core::testing::{
    Endpoint, Fault, Grant, Server, World, block, callout, external, paragraph, text as words,
};
use serde_json::{Value, json};

use super::{Arc, Command, NotionId, Output, Stdio, SystemClock, TimeDelta, Utc, finished, text};

/// What people have written everywhere they can write, and looks like a name of Notion's.
const CANARY: &str = "canary";

struct Patient {
    world: World,
    server: Server,
    grant: Grant,
    ids: Vec<NotionId>,
}

impl Patient {
    async fn new() -> Self {
        let world = World::new(77);
        let author = world.at(Utc::now() - TimeDelta::hours(2));
        let workspace = author.workspace(CANARY);
        let home = author.page(workspace, CANARY);
        let below = author.page(home, CANARY);
        let vendors = author.database(home, CANARY, [(CANARY, "rich_text"), ("canary_people", "people")]);
        let row = author.row(vendors.data_source, CANARY, [(CANARY, words(CANARY).into_value())]);
        let person = json!({"object": "user", "id": workspace, "name": CANARY, "type": "person", "person": {"email": "canary@example.com"}});
        author.set_property(row, "canary_people", json!([person]));
        author.append(
            home,
            [paragraph(CANARY), callout("🐤", CANARY), external("image", "https://canary.example.com/c.png")],
        );
        author.append(
            home,
            [block("hologram", json!({"rich_text": words(CANARY).into_value(), CANARY: CANARY}))],
        );
        author.append(below, [paragraph(CANARY).with("sparkle", CANARY).color("ultraviolet")]);
        author.append(below, [block("Canary minutes", json!({}))]);
        let grant = world.grant(workspace, [home]);
        let server = Server::start(world.clone(), Arc::new(SystemClock), 0).await.unwrap();
        let ids = vec![workspace, home, below, vendors.id, vendors.data_source, row, grant.bot_id];
        Self { world, server, grant, ids }
    }

    async fn doctor(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_notion-to-markdown"));
        command.arg("doctor").args(arguments);
        command.env("NOTION_TOKEN", &self.grant.token).env("NOTION_API_URL", self.server.url());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let output = finished(command).await;
        self.says_nothing_of_people(&output);
        output
    }

    async fn json(&self, arguments: &[&str]) -> Value {
        let output = self.doctor(&[&["--json"], arguments].concat()).await;
        assert!(output.status.success(), "{}", text(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    fn says_nothing_of_people(&self, output: &Output) {
        let said = (text(&output.stdout) + &text(&output.stderr)).to_lowercase();
        assert!(!said.contains(CANARY), "{said}");
        assert!(!said.contains("http"), "{said}");
        assert!(!said.contains(&self.grant.token), "{said}");
        for id in &self.ids {
            assert!(!said.contains(&id.to_string()) && !said.contains(&id.simple().to_string()), "{said}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_has_numbers_and_notions_names_and_nothing_of_the_workspace() {
    let patient = Patient::new().await;
    let report = patient.json(&[]).await;
    assert_eq!(
        report["token"],
        json!({"kind": "bot", "owner": "user", "reads_content": true, "sees_people": true})
    );
    let all = json!({"page_in_workspace": 1, "page_in_page": 1, "data_source": 1, "row": 1});
    assert_eq!((&report["shared"], &report["read"]), (&all, &all));
    assert_eq!(report["notion_version"], "2026-03-11");
    assert_eq!(report["block_types"]["callout"], 1);
    assert!(report["requests"]["blocks/{block_id}/children"].as_u64() >= Some(3), "{report}");
    let unknown: Vec<_> = report["unknown"]
        .as_array()
        .unwrap()
        .iter()
        .map(|unknown| {
            (unknown["what"].as_str().unwrap(), unknown["place"].as_str().unwrap(), unknown["name"].as_str())
        })
        .collect();
    let expected = [
        ("field", "block.paragraph", Some("sparkle")),
        ("name", "block.paragraph.color", Some("ultraviolet")),
        ("name", "block.type", None),
        ("name", "block.type", Some("hologram")),
    ];
    assert_eq!(unknown, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_text_says_the_same() {
    let patient = Patient::new().await;
    let output = patient.doctor(&[]).await;
    let said = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    for line in [
        "token: bot, owned by: user",
        "reads content: yes, sees people: yes",
        "       1  page_in_page",
        "       1  name hologram in block.type",
        "       1  field sparkle in block.paragraph",
        "       1  name (not printed) in block.type",
    ] {
        assert!(said.lines().any(|said| said == line), "{line}: {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_pages_are_read_than_it_was_told_and_some_of_every_kind() {
    let patient = Patient::new().await;
    let report = patient.json(&["--pages", "2"]).await;
    assert_eq!(report["read"], json!({"data_source": 1, "page_in_page": 1}));
    let report = patient.json(&["--pages", "0"]).await;
    assert_eq!((&report["read"], &report["requests"]), (&json!({}), &json!({"search": 1, "users/me": 1})));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_has_a_code_and_the_report_comes_all_the_same() {
    let patient = Patient::new().await;
    let check = async |arguments: &[&str], code: i32, advice: &str, line: &str| {
        let output = patient.doctor(arguments).await;
        let (said, report) = (text(&output.stderr), text(&output.stdout));
        assert_eq!(output.status.code(), Some(code), "{said}");
        assert!(said.contains(advice), "{advice}: {said}");
        assert!(report.contains(line), "{line}: {report}");
    };
    patient.world.fail_next(Endpoint::Page, Fault::Restricted);
    check(&[], 1, "1 could not be read", "       1  restricted_resource").await;
    patient.world.fail_next(Endpoint::Search, Fault::Restricted);
    check(&[], 3, "Read content", "reads content: no").await;
    patient.world.fail_next(Endpoint::Me, Fault::Unauthorized);
    check(&[], 3, "Check NOTION_TOKEN", "       1  unauthorized").await;
    patient.world.tune(|rules| rules.search_cap = Some(2));
    check(&[], 0, "", "and more: incomplete_listing").await;
    patient.world.tune(|rules| rules.blocked = true);
    check(&[], 5, "blocked", "public_api_request_blocked").await;
}
