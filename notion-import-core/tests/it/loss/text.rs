//! Rich text as Notion gives it.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

pub const ID: &str = "35261e8c-e0a3-80c8-9f00-0123456789ab";

/// Words that show: what is hostile in text is another property's.
pub fn words() -> impl Strategy<Value = String> {
    let word = select(vec![
        "encrypt", "at rest", "keys", "3.5", "a*b", "中文", "né", "100 %", "C:\\x", "x_y_z", "🙂",
    ]);
    vec(word, 1..3).prop_map(|words| words.join(" "))
}

pub fn address() -> impl Strategy<Value = String> {
    select(vec!["https://a.example/policy", "https://b.example/x?y=1#z", "mailto:ann@a.example"])
        .prop_map(str::to_owned)
}

pub fn color() -> impl Strategy<Value = &'static str> {
    prop_oneof![8 => Just("default"), 1 => Just("red"), 1 => Just("blue_background")]
}

fn annotations() -> impl Strategy<Value = Value> {
    let mark = || proptest::bool::weighted(0.2);
    (mark(), mark(), mark(), mark(), proptest::bool::weighted(0.1), color()).prop_map(
        |(bold, italic, strikethrough, underline, code, color)| {
            json!({ "bold": bold, "italic": italic, "strikethrough": strikethrough, "underline": underline, "code": code, "color": color })
        },
    )
}

fn linked() -> impl Strategy<Value = Value> {
    (words(), option::weighted(0.2, address())).prop_map(|(words, address)| {
        let link = address.as_ref().map(|url| json!({ "url": url }));
        json!({ "type": "text", "text": { "content": words, "link": link }, "plain_text": words, "href": address })
    })
}

fn mention() -> impl Strategy<Value = Value> {
    let page = words().prop_map(|title| {
        let href = format!("https://app.notion.com/p/{ID}");
        json!({ "type": "mention", "mention": { "type": "page", "page": { "id": ID } }, "plain_text": title, "href": href })
    });
    let user = words().prop_map(|name| {
        let user = json!({ "object": "user", "id": ID, "name": name });
        json!({ "type": "mention", "mention": { "type": "user", "user": user }, "plain_text": format!("@{name}"), "href": null })
    });
    let date = range().prop_map(|date| {
        let [start, end] = ["start", "end"].map(|key| date[key].as_str());
        let words = [start, end].into_iter().flatten().collect::<Vec<_>>().join(" → ");
        json!({ "type": "mention", "mention": { "type": "date", "date": date }, "plain_text": words, "href": null })
    });
    let link = (address(), words()).prop_map(|(href, title)| {
        let link = json!({ "href": href, "title": title });
        json!({ "type": "mention", "mention": { "type": "link_mention", "link_mention": link }, "plain_text": title, "href": href })
    });
    let emoji = Just(json!({ "type": "mention", "plain_text": ":shield:", "href": null,
        "mention": { "type": "custom_emoji", "custom_emoji": { "id": ID, "name": "shield", "url": "https://a.example/s.png" } } }));
    prop_oneof![page, user, date, link, emoji]
}

/// A date or a time, perhaps with an end; a time without an offset may have a zone beside it.
pub fn range() -> impl Strategy<Value = Value> {
    let plain = (select(vec!["2026-05-01", "2026-05-01T09:00:00.000+02:00"]), Just(None));
    let local = (Just("2026-05-01T09:00:00.000"), option::of(Just("Europe/Berlin")));
    (prop_oneof![plain, local], option::of(Just("2029-06-01")))
        .prop_map(|((start, time_zone), end)| json!({ "start": start, "end": end, "time_zone": time_zone }))
}

fn equation() -> impl Strategy<Value = Value> {
    select(vec!["x^2", "\\frac{a}{b}"])
        .prop_map(|source| json!({ "type": "equation", "equation": { "expression": source }, "plain_text": source, "href": null }))
}

fn run() -> impl Strategy<Value = Value> {
    (prop_oneof![8 => linked(), 2 => mention(), 1 => equation()], annotations()).prop_map(
        |(mut run, annotations)| {
            run["annotations"] = annotations;
            if run["type"] == "equation" {
                // A formula is a formula, whatever else it is said to be.
                run["annotations"]["code"] = json!(false);
            }
            run
        },
    )
}

/// Text that is not empty.
pub fn text() -> impl Strategy<Value = Value> {
    vec(run(), 1..4).prop_map(Value::Array)
}

/// The text of a title: Notion shows no styles in it.
pub fn title() -> impl Strategy<Value = Value> {
    vec(prop_oneof![4 => linked(), 1 => equation()], 1..3).prop_map(|mut runs| {
        for run in &mut runs {
            run["href"] = Value::Null;
            if let Some(text) = run.get_mut("text") {
                text["link"] = Value::Null;
            }
        }
        Value::Array(runs)
    })
}

/// Text that may be empty, such as a caption.
pub fn caption() -> impl Strategy<Value = Value> {
    prop_oneof![2 => Just(json!([])), 1 => text()]
}

pub fn icon() -> impl Strategy<Value = Value> {
    prop_oneof![
        2 => Just(Value::Null),
        2 => Just(json!({ "type": "emoji", "emoji": "💡" })),
        1 => Just(json!({ "type": "icon", "icon": { "name": "shield", "color": "gray" } })),
        1 => Just(json!({ "type": "custom_emoji", "custom_emoji": { "id": ID, "name": "shield", "url": "https://a.example/s.png" } })),
        1 => Just(json!({ "type": "external", "external": { "url": "https://a.example/i.svg" } })),
    ]
}
