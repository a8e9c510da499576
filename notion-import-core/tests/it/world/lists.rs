//! Lists: nothing twice, nothing lost, and cursors that fit one list only.

use std::collections::BTreeSet;

use notion_import_core::testing::{Text, block, bulleted, paragraph, synced, synced_copy, text, toggle};
use serde_json::{Value, json};

use super::Company;

fn ids(list: &[Value]) -> Vec<String> {
    list.iter().map(|object| object["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn paging_neither_repeats_nor_loses() {
    let company = Company::new(3);
    let author = company.author();
    let blocks = author.append(company.handbook, (0..203).map(|n| paragraph(format!("line {n}"))));
    let source = company.vendors.data_source;
    let rows: Vec<_> = (0..130).map(|n| author.row(source, format!("Vendor {n}"), [])).collect();
    let related: Vec<Value> = rows.iter().take(61).map(|row| json!({"id": row})).collect();
    author.set_property(rows[0], "Pages", Value::Array(related));
    // Besides: the policy, the data source as a block's parent, and the handbook.
    let children = format!("/v1/blocks/{}/children", company.handbook);
    let query = format!("/v1/data_sources/{source}/query");
    let (_, page) = company.get(&format!("/v1/pages/{}", rows[0]));
    let relation = page["properties"]["Pages"]["id"].as_str().unwrap();
    let property = format!("/v1/pages/{}/properties/{relation}", rows[0]);
    let lists = [
        ("blocks", children.as_str(), None, blocks.len() + 2),
        ("rows", query.as_str(), Some(json!({})), rows.len()),
        ("search", "/v1/search", Some(json!({})), rows.len() + 3),
    ];
    for (claim, path, body, expected) in lists {
        for size in [1, 7, 100] {
            let listed = ids(&company.list(path, body.clone(), size));
            let distinct: BTreeSet<&String> = listed.iter().collect();
            assert_eq!((listed.len(), distinct.len()), (expected, expected), "{claim} by {size}");
        }
    }
    for size in [1, 7, 100] {
        let listed = company.list(&property, None, size);
        let related: Vec<&Value> = listed.iter().map(|item| &item["relation"]["id"]).collect();
        let expected: Vec<Value> = rows.iter().take(61).map(|row| json!(row)).collect();
        assert_eq!(related, expected.iter().collect::<Vec<_>>(), "by {size}");
    }
    assert_eq!(company.world.violations(), [""; 0]);
}

#[test]
fn a_cursor_fits_its_own_list_only() {
    let company = Company::new(3);
    company.author().append(company.policy, (0..5).map(|n| paragraph(format!("line {n}"))));
    let of = |page| format!("/v1/blocks/{page}/children?page_size=2");
    let (_, list) = company.get(&of(company.policy));
    let cursor = list["next_cursor"].as_str().unwrap();
    let rows = [
        ("its own list", of(company.policy), cursor.to_owned(), 200),
        ("another list", of(company.handbook), cursor.to_owned(), 400),
        ("a changed cursor", of(company.policy), cursor.replacen('2', "3", 1), 400),
        ("no cursor at all", of(company.policy), company.policy.to_string(), 400),
    ];
    for (claim, path, cursor, expected) in rows {
        let (status, answer) = company.get(&format!("{path}&start_cursor={cursor}"));
        assert_eq!(status, expected, "{claim}: {answer}");
    }
}

#[test]
fn a_page_shows_the_first_25_of_a_property() {
    let company = Company::new(3);
    let author = company.author();
    let notes = (0..40).fold(Text::default(), |notes, n| notes.bold(format!("n{n} ")));
    let row = author.row(company.vendors.data_source, "Vendor", [("Notes", notes.into_value())]);
    author.set_property(row, "Pages", (0..26).map(|_| json!({"id": row})).collect());
    let (_, page) = company.get(&format!("/v1/pages/{row}"));
    let properties = &page["properties"];
    assert_eq!(properties["Notes"]["rich_text"].as_array().unwrap().len(), 25);
    assert_eq!(properties["Pages"]["relation"].as_array().unwrap().len(), 25);
    assert_eq!(properties["Pages"]["has_more"], true);
    let path = format!("/v1/pages/{row}/properties/{}", properties["Notes"]["id"].as_str().unwrap());
    let (_, list) = company.get(&format!("{path}?page_size=10"));
    assert_eq!(list["property_item"]["type"], "rich_text");
    assert!(list["property_item"]["next_url"].as_str().unwrap().contains("start_cursor="), "{list}");
    assert_eq!(company.list(&path, None, 10).len(), 40);
}

#[test]
fn only_wanted_properties_are_shown() {
    let company = Company::new(3);
    let row = company.author().row(company.vendors.data_source, "Vendor", []);
    let shown = |query: &str| {
        let (status, page) = company.get(&format!("/v1/pages/{row}{query}"));
        let names = page["properties"].as_object().map(|shown| shown.keys().cloned().collect());
        (status, names.unwrap_or_else(Vec::new))
    };
    let rows = [
        ("all", String::new(), (200, vec!["Name", "Notes", "Pages", "Status"])),
        ("by id", "?filter_properties=title".into(), (200, vec!["Name"])),
        (
            "by name",
            "?filter_properties[]=Notes&filter_properties[]=title".into(),
            (200, vec!["Name", "Notes"]),
        ),
        ("unknown", "?filter_properties=Nope".into(), (400, vec![])),
    ];
    for (claim, query, expected) in rows {
        let (status, names) = shown(&query);
        assert_eq!((status, names.iter().map(String::as_str).collect()), expected, "{claim}");
    }
}

#[test]
fn only_the_first_level_is_listed() {
    let company = Company::new(3);
    let inner = toggle("inner", [bulleted("deep")]);
    let outer = company.author().append(company.policy, [toggle("outer", [inner])])[0];
    let listed = company.list(&format!("/v1/blocks/{}/children", company.policy), None, 100);
    assert_eq!(listed.len(), 2);
    assert_eq!(listed[1]["has_children"], true);
    assert_eq!(listed[1]["toggle"]["rich_text"][0]["plain_text"], "outer");
    assert!(listed[1]["toggle"].get("children").is_none());
    let listed = company.list(&format!("/v1/blocks/{outer}/children"), None, 100);
    assert_eq!(listed[0]["parent"], json!({"type": "block_id", "block_id": outer}));
    assert_eq!(listed[0]["toggle"]["rich_text"][0]["plain_text"], "inner");
}

#[test]
fn a_synced_copy_lists_what_its_original_holds_if_that_is_shared() {
    let company = Company::new(3);
    let author = company.author();
    let original = author.append(company.policy, [synced([paragraph("shared words")])])[0];
    let hidden = author.append(company.private, [synced([paragraph("secret words")])])[0];
    let copies = author.append(company.handbook, [synced_copy(original), synced_copy(hidden)]);
    let listed = |copy| company.list(&format!("/v1/blocks/{copy}/children"), None, 100).len();
    assert_eq!((listed(copies[0]), listed(copies[1])), (1, 0));
    company.world.tune(|rules| rules.copies_list_children = false);
    assert_eq!(listed(copies[0]), 0);
}

#[test]
fn a_query_filters_and_sorts_by_time() {
    let company = Company::new(3);
    let source = company.vendors.data_source;
    for (minute, name) in ["08:01", "08:02", "08:03"].iter().zip(["one", "two", "three"]) {
        let author = company.world.at(format!("2026-11-22T{minute}:30Z").parse().unwrap());
        author.row(source, name, []);
    }
    let edited = |operator: &str, time: &str| json!({"timestamp": "last_edited_time", "last_edited_time": {operator: time}});
    let one_to_three = [edited("after", "2026-11-22T08:01:00Z"), edited("before", "2026-11-22T08:03:00Z")];
    let not_two = [edited("before", "2026-11-22T08:02:00Z"), edited("after", "2026-11-22T08:02:00Z")];
    let rows = [
        ("on_or_after", edited("on_or_after", "2026-11-22T08:02:00Z"), vec!["two", "three"]),
        ("after", edited("after", "2026-11-22T08:02:00Z"), vec!["three"]),
        ("before", edited("before", "2026-11-22T08:02:00.000Z"), vec!["one"]),
        ("on_or_before", edited("on_or_before", "2026-11-22T09:02:00+01:00"), vec!["one", "two"]),
        ("equals a day", edited("equals", "2026-11-22"), vec!["one", "two", "three"]),
        ("and", json!({"and": one_to_three}), vec!["two"]),
        ("or", json!({"or": not_two}), vec!["one", "three"]),
    ];
    let path = format!("/v1/data_sources/{source}/query");
    for (claim, filter, expected) in rows {
        let sorts = json!([{"timestamp": "created_time", "direction": "ascending"}]);
        let found = company.list(&path, Some(json!({"filter": filter, "sorts": sorts})), 1);
        let names: Vec<&str> = found
            .iter()
            .map(|row| row["properties"]["Name"]["title"][0]["plain_text"].as_str().unwrap())
            .collect();
        assert_eq!(names, expected, "{claim}");
    }
}

#[test]
fn a_query_cut_short_says_so_on_every_page() {
    let company = Company::new(3);
    let source = company.vendors.data_source;
    company.world.tune(|rules| rules.query_cap = 5);
    for (rows, expected) in [(5, "complete"), (8, "incomplete")] {
        let missing =
            rows - company.list(&format!("/v1/data_sources/{source}/query"), Some(json!({})), 100).len();
        for n in 0..missing {
            company.author().row(source, format!("Vendor {n}"), []);
        }
        let (mut seen, mut cursor) = (0, Value::Null);
        loop {
            let body = json!({"page_size": 2, "start_cursor": cursor});
            let (_, list) = company.post(&format!("/v1/data_sources/{source}/query"), body);
            assert_eq!(list["request_status"]["type"], expected, "{rows} rows");
            seen += list["results"].as_array().unwrap().len();
            cursor = list["next_cursor"].clone();
            if cursor.is_null() {
                break;
            }
        }
        assert_eq!(seen, 5, "{rows} rows");
    }
}

#[test]
fn long_text_comes_in_pieces() {
    let company = Company::new(3);
    let id = company.author().append(company.policy, [paragraph(text("é".repeat(4100)))])[0];
    let (_, read) = company.get(&format!("/v1/blocks/{id}"));
    let pieces = read["paragraph"]["rich_text"].as_array().unwrap();
    let lengths: Vec<usize> =
        pieces.iter().map(|p| p["plain_text"].as_str().unwrap().chars().count()).collect();
    assert_eq!(lengths, [2000, 2000, 100]);
}

#[test]
fn any_block_is_passed_on_as_it_stands() {
    let company = Company::new(3);
    let payload = json!({"hologram": {"depth": 3}, "rich_text": []});
    let id = company.author().append(company.policy, [block("hologram", payload.clone())])[0];
    let (_, read) = company.get(&format!("/v1/blocks/{id}"));
    assert_eq!((&read["type"], &read["hologram"]), (&json!("hologram"), &payload));
}
