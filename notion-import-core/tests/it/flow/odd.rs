//! Answers of older versions of the API, partial ones, and values that Notion has added since: each is shown, or counted.

use notion_import_core::testing::{Column, block, paragraph};
use notion_import_core::{
    Child, Fetched, Fidelity, ImportOptions, LossKind, NotionId, Pick, Truncation, TruncationKind,
};
use serde_json::{Value, json};

use super::Stage;

impl Stage {
    /// Reads a page as this Notion answers.
    async fn read_page(&self, page: NotionId) -> Fetched {
        self.pass(60);
        self.importer.fetch(&self.connection, Pick::page(page)).await.unwrap()
    }

    /// Reads a page where an object is answered as this.
    async fn page_where(&self, page: NotionId, object: NotionId, fields: Value) -> Fetched {
        self.pass(60);
        let id = object.to_string();
        let importer = self.answered(ImportOptions::default(), move |path, answer| {
            if path.ends_with(&id) {
                match (&fields, answer.as_object_mut()) {
                    (Value::Object(fields), Some(answer)) => answer.extend(fields.clone()),
                    _ => *answer = json!({"object": answer["object"], "id": id}),
                }
            }
        });
        importer.fetch(&self.connection, Pick::page(page)).await.unwrap()
    }
}

/// It is answered with no more than what it is and its id.
const PARTIAL: Value = Value::Null;

fn losses(fetched: &Fetched) -> Vec<(LossKind, u64)> {
    fetched.content.fidelity.losses().iter().map(|loss| (loss.kind, loss.count)).collect()
}

fn run(words: &str) -> Value {
    json!([{"type": "text", "text": {"content": words}, "plain_text": words}])
}

#[tokio::test]
async fn the_properties_of_a_row_stand_above_its_blocks_whatever_its_parent_is_called() {
    let stage = Stage::new();
    let author = stage.author();
    let spent = Column::from(("Spent", "number")).config(json!({"format": "euro"}));
    let vendors = author.database(stage.home, "Vendors", [spent]);
    let row = author.row(vendors.data_source, "Hosting Ltd", [("Spent", json!(2))]);
    author.append(row, [paragraph("words")]);
    let elsewhere = json!({"type": "folder_id", "folder_id": vendors.id});
    for (parent, shown, lost) in [
        (json!({"type": "database_id", "database_id": vendors.id}), "€2.00", vec![]),
        (elsewhere, "2", vec![(LossKind::NumberFormat, 1)]),
        (json!("folder"), "2", vec![(LossKind::NumberFormat, 1)]),
    ] {
        let fetched = stage.page_where(row, row, json!({"parent": parent})).await;
        let text = fetched.markdown().unwrap();
        assert!(text.ends_with(&format!("| Spent | {shown} |\n\nwords\n")), "{parent}: {text}");
        assert_eq!(losses(&fetched), lost, "{parent}");
    }
}

#[tokio::test]
async fn people_without_a_name_are_people_and_counted() {
    let stage = Stage::new();
    let author = stage.author();
    let columns = [("Owner", "people"), ("Made by", "created_by")];
    let tasks = author.database(stage.home, "Tasks", columns);
    let partial = json!({"object": "user", "id": stage.grant.owner});
    let row = author.row(tasks.data_source, "Plan", [("Owner", json!([partial]))]);
    let mention = json!({"type": "mention", "mention": {"type": "user", "user": partial}});
    let named =
        json!({"type": "mention", "mention": {"type": "user", "user": partial}, "plain_text": "@Ann"});
    author.append(row, [block("paragraph", json!({"rich_text": [mention]}))]);
    author.append(row, [block("paragraph", json!({"rich_text": [named]}))]);
    let fetched = stage.read_page(row).await;
    let text = fetched.markdown().unwrap();
    for words in ["| Owner | a person |", "| Made by | a person |", "@Ann"] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert_eq!(losses(&fetched), [(LossKind::PersonName, 3)], "{text}");
}

#[tokio::test]
async fn what_comes_with_no_more_than_its_id_is_named_neutrally_and_counted() {
    let stage = Stage::new();
    let author = stage.author();
    let tasks = author.database(stage.home, "Tasks", [("Blocks", "relation")]);
    let hidden = author.row(tasks.data_source, "Secret", []);
    author.withhold(hidden);
    let row = author.row(tasks.data_source, "Plan", [("Blocks", json!([{"id": hidden}]))]);
    author.append(row, [block("link_to_page", json!({"type": "page_id", "page_id": hidden}))]);
    let fetched = stage.read_page(row).await;
    let text = fetched.markdown().unwrap();
    assert_eq!(text.matches("[a page in Notion](").count(), 2, "{text}");
    assert_eq!(losses(&fetched), [(LossKind::PageTitle, 2)]);
}

#[tokio::test]
async fn a_database_in_a_page_that_comes_with_no_more_than_its_id_is_a_link_and_counted() {
    let stage = Stage::new();
    let author = stage.author();
    let page = author.page(stage.home, "Overview");
    let database = author.database(page, "Vendors", [("Country", "select")]);
    author.row(database.data_source, "Hosting Ltd", []);
    author.show_inline(database.id);
    for (partial, child) in [
        (database.id, Child::Database(database.id)),
        (database.data_source, Child::DataSource(database.data_source)),
    ] {
        let fetched = stage.page_where(page, partial, PARTIAL).await;
        let text = fetched.markdown().unwrap();
        assert!(text.starts_with("[Vendors](") && text.lines().count() == 1, "{text}");
        let not_shared =
            Truncation { kind: TruncationKind::NotShared, count: 1, first_block: Some(database.id) };
        let expected = Fidelity::Truncated { truncations: vec![not_shared], losses: vec![] };
        assert_eq!(fetched.content.fidelity, expected);
        assert_eq!(fetched.children, [child]);
    }
}

/// Reads what has a value in it that Notion has added since: its words are there, and the form that is lost is counted.
async fn check(stage: &Stage, page: NotionId, claim: &Value, words: &str, lost: Option<LossKind>) {
    let fetched = stage.read_page(page).await;
    let text = fetched.markdown().unwrap();
    assert!(text.contains(words), "{claim}: {text}");
    let verdict = &fetched.content.fidelity;
    assert!(!matches!(verdict, Fidelity::Truncated { .. }), "{claim}: {verdict:?}");
    match lost {
        Some(lost) => assert!(losses(&fetched).contains(&(lost, 1)), "{claim}: {verdict:?}"),
        None => assert_eq!(*verdict, Fidelity::Complete, "{claim}"),
    }
}

#[tokio::test]
async fn no_value_that_is_not_known_costs_words_of_a_block() {
    let words = run("words");
    let colored = json!([{"type": "text", "plain_text": "words", "annotations": {"color": "gold"}}]);
    let mention = |mention: Value| json!([{"type": "mention", "mention": mention, "plain_text": "words"}]);
    let date = json!({"type": "date", "date": {"start": "2026-01-01", "end": null, "type": "lunar"}});
    for (kind, payload, lost) in [
        ("paragraph", json!({"rich_text": words, "color": "gold"}), Some(LossKind::Color)),
        ("paragraph", json!({"rich_text": colored}), Some(LossKind::Color)),
        ("paragraph", json!({"rich_text": [{"type": "hologram", "plain_text": "words"}]}), None),
        (
            "paragraph",
            json!({"rich_text": mention(json!({"type": "hologram"}))}),
            Some(LossKind::UnknownMention),
        ),
        ("paragraph", json!({"rich_text": [mention(date)[0], words[0]]}), None),
        (
            "numbered_list_item",
            json!({"rich_text": words, "list_format": "greek"}),
            Some(LossKind::ListFormat),
        ),
        ("code", json!({"rich_text": words, "language": "brainfog"}), None),
        ("callout", json!({"rich_text": words, "icon": {"type": "hologram"}}), Some(LossKind::Icon)),
        ("image", json!({"type": "hologram", "hologram": {}, "caption": words}), Some(LossKind::FileMissing)),
        ("file", json!({"type": "hologram", "name": "words"}), Some(LossKind::FileMissing)),
        ("meeting_notes", json!({"title": words, "status": "pondering"}), Some(LossKind::MeetingNotes)),
        ("heading_9", json!({"rich_text": words}), Some(LossKind::UnknownBlock)),
    ] {
        let stage = Stage::new();
        let claim = json!({kind: payload});
        stage.author().append(stage.home, [block(kind, payload)]);
        stage.author().set_icon(stage.home, json!({"type": "hologram", "hologram": {}}));
        stage.author().set_cover(stage.home, json!({"type": "hologram", "hologram": {}}));
        check(&stage, stage.home, &claim, "words", lost).await;
    }
}

#[tokio::test]
async fn no_value_that_is_not_known_costs_words_of_a_row() {
    let nothing = || json!({});
    let option = json!({"name": "words", "color": "gold"});
    let status = json!({"options": [option], "groups": [{"name": "Odd", "color": "gold", "option_ids": []}]});
    let shown = json!([{"type": "rich_text", "rich_text": run("words")}]);
    let robot = json!([{"object": "robot", "name": "words"}]);
    let zoned =
        json!({"start": "2026-01-01T09:00", "end": null, "time_zone": "Mars/Olympus", "type": "lunar"});
    for (kind, config, value, words, lost) in [
        ("number", json!({"format": "credits"}), json!(7), "7", Some(LossKind::NumberFormat)),
        (
            "rollup",
            json!({"function": "harmonic_mean"}),
            json!({"type": "number", "number": 7, "function": "harmonic_mean"}),
            "7",
            Some(LossKind::NumberFormat),
        ),
        (
            "rollup",
            nothing(),
            json!({"type": "array", "array": shown, "function": "show_some"}),
            "words",
            None,
        ),
        ("select", nothing(), option.clone(), "words", Some(LossKind::Color)),
        ("multi_select", nothing(), json!([option]), "words", Some(LossKind::Color)),
        ("status", status, json!({"name": "words", "color": "default"}), "words", None),
        ("date", nothing(), zoned, "2026-01-01T09:00 (Mars/Olympus)", None),
        ("verification", nothing(), json!({"state": "pondering"}), "pondering", None),
        (
            "files",
            nothing(),
            json!([{"name": "a.pdf", "type": "hologram"}]),
            "a.pdf",
            Some(LossKind::FileMissing),
        ),
        ("people", nothing(), robot, "words", None),
        (
            "formula",
            nothing(),
            json!({"type": "string", "string": "words", "kind": "hologram"}),
            "words",
            None,
        ),
    ] {
        let stage = Stage::new();
        let claim = json!({kind: value});
        let column = Column::from(("Value", kind)).config(config);
        let database = stage.author().database(stage.home, "Odd", [column]);
        let row = stage.author().row(database.data_source, "Row", [("Value", value)]);
        check(&stage, row, &claim, &format!("| Value | {words} |"), lost).await;
    }
}

#[tokio::test]
async fn a_value_of_a_type_that_is_not_known_is_counted_as_missing() {
    let stage = Stage::new();
    let database = stage.author().database(stage.home, "Odd", [("Value", "hologram")]);
    let row = stage.author().row(database.data_source, "Row", [("Value", json!({"words": "words"}))]);
    let fetched = stage.read_page(row).await;
    assert!(matches!(fetched.content.fidelity, Fidelity::Truncated { .. }));
    assert_eq!(losses(&fetched), [(LossKind::UnsupportedProperty, 1)]);
}
