//! Property values of every type, and a data source as a table.

use std::sync::Arc;

use notion_import_core::markdown::{
    Database, DatabaseTable, Options, Rendered, database_tables, plain_value, properties_table,
};
use notion_import_core::notion::{Column, NumberFormat, Page, Properties, Row};
use notion_import_core::{Fidelity, LossKind, TruncationKind};
use serde_json::{Value, json};

fn page(properties: Value) -> Page {
    serde_json::from_value(json!({ "object": "page", "properties": properties })).unwrap()
}

/// A data source with these columns and rows.
fn table(columns: &[&str], rows: Vec<Page>) -> Rendered {
    table_of(Properties::default(), columns, rows)
}

fn table_of(schema: Properties<Column>, columns: &[&str], rows: Vec<Page>) -> Rendered {
    let columns = columns.iter().map(|name| (*name).to_owned()).collect();
    let rows = rows.into_iter().map(|page| Row::Page(Box::new(page))).collect();
    let tables = vec![DatabaseTable { columns, rows, schema: Arc::new(schema), ..DatabaseTable::default() }];
    database_tables(&Database { tables, ..Database::default() }, &Options::default())
}

/// The value's cell in a column without a format, and how many losses it costs.
fn cell(property: Value) -> (String, usize) {
    cell_in(None, property)
}

/// Its cell in a column whose numbers have a format.
fn cell_in(number_format: Option<NumberFormat>, mut property: Value) -> (String, usize) {
    property["id"] = json!("x%3Ay");
    let column = Column { id: "x%3Ay".to_owned(), number_format, ..Column::default() };
    let schema = Properties(vec![("Field".to_owned(), column)]);
    let options = Options { schema: Some(&schema), ..Options::default() };
    let rendered = properties_table(&page(json!({ "Field": property })), &options);
    let row = rendered.markdown.lines().nth(2).unwrap_or_default();
    let value = row.strip_prefix("| Field | ").and_then(|row| row.strip_suffix(" |")).unwrap_or(row);
    (value.to_owned(), rendered.fidelity.losses().len())
}

#[test]
fn every_type_of_value_becomes_the_text_of_its_cell() {
    let id = "35261e8c-e0a3-80c8-9f00-0123456789ab";
    let person = json!({ "object": "user", "id": id, "name": "Ann" });
    for (property, expected) in [
        (json!({ "type": "rich_text", "rich_text": [{ "plain_text": "a|b\nc" }] }), r"a\|b<br>c"),
        (json!({ "type": "number", "number": 3.0 }), "3"),
        (json!({ "type": "number", "number": 0.1 }), "0.1"),
        (json!({ "type": "number", "number": null }), ""),
        (json!({ "type": "url", "url": "https://a.b/x_y" }), "[https://a.b/x_y](https://a.b/x_y)"),
        (json!({ "type": "email", "email": "a@b.c" }), "[a@b.c](mailto:a@b.c)"),
        (json!({ "type": "phone_number", "phone_number": "+1 2" }), "[+1 2](tel:+12)"),
        (json!({ "type": "select", "select": { "name": "High *" } }), r"High \*"),
        (json!({ "type": "select", "select": null }), ""),
        (json!({ "type": "status", "status": { "name": "Done" } }), "Done"),
        (json!({ "type": "multi_select", "multi_select": [{ "name": "a" }, { "name": "b" }] }), "a, b"),
        (
            json!({ "type": "date", "date": { "start": "2026-01-01", "end": "2026-02-01" } }),
            "2026-01-01 → 2026-02-01",
        ),
        (json!({ "type": "date", "date": { "start": "2026-01-01", "end": null } }), "2026-01-01"),
        (json!({ "type": "date", "date": null }), ""),
        (
            json!({ "type": "date", "date": { "start": "2026-05-01T09:00:00.000", "end": "2026-05-01T17:00:00.000", "time_zone": "Europe/Berlin" } }),
            "2026-05-01T09:00:00.000 → 2026-05-01T17:00:00.000 (Europe/Berlin)",
        ),
        (
            json!({ "type": "date", "date": { "start": "2026-05-01T09:00:00.000+02:00", "time_zone": "Europe/Berlin" } }),
            "2026-05-01T09:00:00.000+02:00",
        ),
        (
            json!({ "type": "formula", "formula": { "type": "date", "date": { "start": "2026-01-01T09:00", "time_zone": "UTC" } } }),
            "2026-01-01T09:00 (UTC)",
        ),
        (json!({ "type": "text", "text": [{ "plain_text": "of 2021" }] }), "of 2021"),
        (json!({ "type": "people", "people": [] }), ""),
        (json!({ "type": "created_by", "created_by": null }), ""),
        (json!({ "type": "checkbox", "checkbox": true }), "Yes"),
        (json!({ "type": "checkbox", "checkbox": false }), "No"),
        (json!({ "type": "people", "people": [person, person] }), "Ann, Ann"),
        (json!({ "type": "created_by", "created_by": person }), "Ann"),
        (json!({ "type": "last_edited_by", "last_edited_by": person }), "Ann"),
        (
            json!({ "type": "created_time", "created_time": "2026-01-01T10:00:00.000Z" }),
            "2026-01-01T10:00:00.000Z",
        ),
        (
            json!({ "type": "last_edited_time", "last_edited_time": "2026-01-02T10:00:00.000Z" }),
            "2026-01-02T10:00:00.000Z",
        ),
        (json!({ "type": "formula", "formula": { "type": "string", "string": "x" } }), "x"),
        (json!({ "type": "formula", "formula": { "type": "number", "number": 1.5 } }), "1.5"),
        (json!({ "type": "formula", "formula": { "type": "boolean", "boolean": false } }), "No"),
        (
            json!({ "type": "formula", "formula": { "type": "date", "date": { "start": "2026-01-01" } } }),
            "2026-01-01",
        ),
        (json!({ "type": "rollup", "rollup": { "type": "number", "number": 7, "function": "count" } }), "7"),
        (
            json!({ "type": "rollup", "rollup": { "type": "date", "date": { "start": "2026-01-01" } } }),
            "2026-01-01",
        ),
        (
            json!({ "type": "rollup", "rollup": { "type": "array", "array": [
                { "type": "status", "status": { "name": "Open" } }, { "type": "number", "number": null }, { "type": "checkbox", "checkbox": true },
            ] } }),
            "Open, Yes",
        ),
        (
            json!({ "type": "rollup", "rollup": { "type": "array", "array": [
                { "type": "rich_text", "rich_text": [{ "plain_text": " " }] }, { "type": "url", "url": "" },
                { "type": "status", "status": { "name": "Open" } },
            ] } }),
            "Open",
        ),
        (json!({ "type": "unique_id", "unique_id": { "prefix": "RISK", "number": 4 } }), "RISK-4"),
        (json!({ "type": "unique_id", "unique_id": { "prefix": null, "number": 4 } }), "4"),
        (json!({ "type": "unique_id", "unique_id": { "prefix": "", "number": 4 } }), "4"),
        (json!({ "type": "verification", "verification": { "state": "verified" } }), "verified"),
        (
            json!({ "type": "verification", "verification": { "state": "verified", "verified_by": person,
                "date": { "start": "2026-01-01T00:00:00.000Z", "end": "2026-04-01T00:00:00.000Z" } } }),
            "verified until 2026-04-01 by Ann",
        ),
        (
            json!({ "type": "verification", "verification": { "state": "verified",
                "date": { "start": "2026-01-01T09:00:00.000", "end": "2026-04-01", "time_zone": "Europe/Berlin" } } }),
            "verified until 2026-04-01",
        ),
        (
            json!({ "type": "verification", "verification": { "state": "expired", "date": { "end": "2026-04-01" } } }),
            "expired since 2026-04-01",
        ),
        (
            json!({ "type": "place", "place": { "name": "HQ", "lat": 52.5, "lon": 13.25 } }),
            "HQ (52.5, 13.25)",
        ),
        (json!({ "type": "place", "place": { "lat": 52.5, "lon": 13.25 } }), "52.5, 13.25"),
        (json!({ "type": "button", "button": {} }), ""),
        (json!({ "type": "place", "place": { "name": "HQ", "address": "1 Main St" } }), "HQ, 1 Main St"),
        (
            json!({ "type": "files", "files": [{ "name": "a.pdf", "type": "external", "external": { "url": "https://a.b/a.pdf" } }] }),
            "[a.pdf](https://a.b/a.pdf)",
        ),
    ] {
        assert_eq!(cell(property.clone()), (expected.to_owned(), 0), "{property}");
    }
}

#[test]
fn a_value_that_cannot_be_said_leaves_its_cell_empty_and_a_line_in_the_report() {
    for property in [
        json!({ "type": "hologram", "hologram": {} }),
        json!({ "type": "formula", "formula": { "type": "unsupported", "unsupported": {} } }),
        json!({ "type": "rollup", "rollup": { "type": "unsupported", "unsupported": {} } }),
        // Each is a type that the other has.
        json!({ "type": "formula", "formula": { "type": "array", "array": [{ "type": "number", "number": 1 }] } }),
        json!({ "type": "rollup", "rollup": { "type": "string", "string": "words", "function": "show_unique" } }),
        json!({ "type": "rollup", "rollup": { "type": "boolean", "boolean": true } }),
    ] {
        assert_eq!(cell(property.clone()), (String::new(), 1), "{property}");
    }
    let signed = json!({ "type": "files", "files": [
        { "name": "b.pdf", "type": "file", "file": { "url": "https://s3/b.pdf?X-Amz-Signature=secret" } },
    ] });
    assert_eq!(cell(signed), ("b.pdf".to_owned(), 1));
}

#[test]
fn a_value_that_comes_as_another_type_of_json_is_the_same_value() {
    for (property, expected) in [
        (json!({ "type": "number", "number": "7.5" }), "7.5"),
        (json!({ "type": "unique_id", "unique_id": { "prefix": "RISK", "number": "4" } }), "RISK-4"),
        (json!({ "type": "checkbox", "checkbox": "true" }), "Yes"),
        (json!({ "type": "formula", "formula": { "type": "string", "string": 5 } }), "5"),
        (json!({ "type": "formula", "formula": { "type": "boolean", "boolean": "false" } }), "No"),
        (json!({ "type": "select", "select": { "name": 2026 } }), "2026"),
        (json!({ "type": "place", "place": { "lat": "52.5", "lon": "13.25" } }), "52.5, 13.25"),
        (json!({ "type": "rich_text", "rich_text": "words" }), "words"),
        (json!({ "type": "number", "number": "seven" }), ""),
        (json!({ "type": "number", "number": "inf" }), ""),
    ] {
        assert_eq!(cell_in(Some(NumberFormat::Plain), property.clone()).0, expected, "{property}");
    }
}

#[test]
fn what_has_no_name_stands_under_neutral_words_and_is_counted() {
    let id = "35261e8c-e0a3-80c8-9f00-0123456789ab";
    let page = "[a page in Notion](https://app.notion.com/p/35261e8ce0a380c89f000123456789ab)";
    for (property, words) in [
        (json!({ "type": "relation", "relation": [{ "id": id }] }), page),
        (json!({ "type": "url", "url": "https://app.notion.com/p/35261e8ce0a380c89f000123456789ab" }), page),
        (
            json!({ "type": "people", "people": [{ "id": id }, { "id": id, "name": "" }] }),
            "a person, a person",
        ),
        (json!({ "type": "created_by", "created_by": { "object": "user", "id": id } }), "a person"),
        (json!({ "type": "people", "people": [{ "object": "user" }] }), "a person"),
        (json!({ "type": "people", "people": [{ "object": "group", "id": id }] }), "a group"),
        (
            json!({ "type": "verification", "verification": { "state": "verified", "verified_by": { "id": id } } }),
            "verified by a person",
        ),
    ] {
        assert_eq!(cell(property.clone()), (words.to_owned(), 1), "{property}");
    }
}

#[test]
fn a_rollup_that_notion_gives_page_by_page_is_missing_and_is_said_to_be() {
    let rollup =
        json!({ "type": "rollup", "rollup": { "type": "incomplete", "incomplete": {}, "function": "sum" } });
    let Fidelity::Truncated { truncations, .. } =
        properties_table(&page(json!({ "Field": rollup })), &Options::default()).fidelity
    else {
        panic!("it is not missing")
    };
    assert_eq!((truncations[0].kind, truncations[0].count), (TruncationKind::PropertyNotLoaded, 1));
}

#[test]
fn numbers_are_shown_in_the_format_of_their_column_and_none_of_their_digits_is_lost() {
    for (format, number, expected) in [
        ("number", json!(1234567.5), "1234567.5"),
        ("number_with_commas", json!(1234567.5), "1,234,567.5"),
        ("number_with_commas", json!(-123), "-123"),
        ("number_with_commas", json!(-1234), "-1,234"),
        ("percent", json!(0.95), "95%"),
        ("percent", json!(0.07), "7%"),
        ("percent", json!(0.125), "12.5%"),
        ("percent", json!(-0.001), "-0.1%"),
        ("percent", json!(12), "1,200%"),
        ("percent", json!(0), "0%"),
        ("dollar", json!(1234567.5), r"\$1,234,567.50"),
        ("dollar", json!(0.125), r"\$0.125"),
        ("euro", json!(-2), "-€2.00"),
        ("yen", json!(1250), "¥1,250"),
        ("franc", json!(1250), "CHF\u{a0}1,250.00"),
    ] {
        let shown =
            cell_in(Some(NumberFormat::from_name(format)), json!({ "type": "number", "number": number }));
        assert_eq!(shown, (expected.to_owned(), 0), "{format} {number}");
    }
}

#[test]
fn every_format_that_notion_lists_has_a_form_of_its_own() {
    let mut forms = std::collections::HashMap::new();
    for format in NumberFormat::ALL.iter().filter(|format| **format != NumberFormat::Other) {
        let (shown, losses) = cell_in(Some(*format), json!({ "type": "number", "number": 1234.5 }));
        assert_eq!(losses, 0, "{format:?}");
        if let Some(other) = forms.insert(shown.clone(), format) {
            panic!("{format:?} and {other:?} are both {shown}");
        }
    }
    assert_eq!(forms.len(), 41);
}

#[test]
fn a_number_whose_format_is_not_known_stands_as_it_is_and_is_counted() {
    let number = json!({ "type": "number", "number": 0.95 });
    let unknown = NumberFormat::from_name("credits");
    assert_eq!(cell_in(Some(unknown), number.clone()), ("0.95".to_owned(), 1));
    let sum = json!({ "type": "rollup", "rollup": { "type": "number", "number": 7, "function": "sum" } });
    assert_eq!(cell(sum), ("7".to_owned(), 1));
    let rendered = properties_table(&page(json!({ "Field": number })), &Options::default());
    assert_eq!(rendered.fidelity.losses()[0].kind, LossKind::NumberFormat);
    assert!(rendered.markdown.contains("| 0.95 |"), "{}", rendered.markdown);
}

#[test]
fn what_a_rollup_counts_has_a_format_of_its_own() {
    for (function, number, expected) in
        [("count", 7.0, "7"), ("percent_checked", 0.5, "50%"), ("percent_per_group", 1.0, "100%")]
    {
        let rollup = json!({ "type": "number", "number": number, "function": function });
        let shown = cell(json!({ "type": "rollup", "rollup": rollup }));
        assert_eq!(shown, (expected.to_owned(), 0), "{function}");
    }
}

#[test]
fn rows_become_a_table_in_the_order_of_the_columns() {
    let row = |name: &str, level: &str| {
        page(json!({
            "Level": { "type": "select", "select": { "name": level } },
            "Name": { "id": "title", "type": "title", "title": [{ "plain_text": name }] },
        }))
    };
    let rows = vec![row("Fire", "High"), row("Flood | rain", "Low")];
    let rendered = table(&["Name", "Level", "Absent"], rows);
    let expected =
        "| Name | Level | Absent |\n| --- | --- | --- |\n| Fire | High |  |\n| Flood \\| rain | Low |  |\n";
    assert_eq!(rendered.markdown, expected);
}

#[test]
fn a_loss_is_of_the_first_row_that_lost_it_wherever_it_was_lost() {
    let (first, second) = ("60000000-0000-4000-8000-000000000061", "60000000-0000-4000-8000-000000000062");
    let row = |id: &str, properties: Value| {
        serde_json::from_value::<Page>(json!({ "object": "page", "id": id, "properties": properties }))
            .unwrap()
    };
    let lost = |rows: [Value; 2]| {
        let [one, two] = rows;
        let rendered = table(&["Name", "Value"], vec![row(first, one), row(second, two)]);
        rendered
            .fidelity
            .losses()
            .iter()
            .map(|loss| loss.first_block.unwrap().to_string())
            .collect::<Vec<_>>()
    };
    let address = |url: &str| json!({ "Value": { "type": "url", "url": url } });
    let related = json!({ "Value": { "type": "relation", "relation": [{ "id": second }] } });
    let at_notion = format!("https://app.notion.com/p/{}", first.replace('-', ""));
    let nothing = || json!({});
    assert_eq!(lost([address("no-scheme.example"), nothing()]), [first]);
    assert_eq!(lost([nothing(), address("no-scheme.example")]), [second]);
    // One is found in the value, the other where it is written.
    assert_eq!(lost([address(&at_notion), related.clone()]), [first]);
    assert_eq!(lost([related, address(&at_notion)]), [first]);
}

#[test]
fn people_and_files_of_a_row_are_in_the_report() {
    let person = json!({ "object": "user", "name": "Ann" });
    let nameless = json!({ "object": "user" });
    let file =
        |name: &str| json!({ "name": name, "type": "external", "external": { "url": "https://a.b/c" } });
    let row = page(json!({
        "Owners": { "type": "people", "people": [person, person, nameless] },
        "Author": { "type": "created_by", "created_by": person },
        "Evidence": { "type": "files", "files": [file("a.pdf"), file("b.pdf")] },
    }));
    let exposure = properties_table(&row, &Options::default()).exposure;
    assert_eq!((exposure.people, exposure.files), (3, 2));
}

#[test]
fn a_file_at_notion_hides_no_link_into_notion() {
    let page = "https://app.notion.com/p/35261e8ce0a380c89f000123456789ab";
    let file = json!({ "name": "a.pdf", "type": "external", "external": { "url": page } });
    let row = self::page(json!({
        "Evidence": { "type": "files", "files": [file] },
        "Page": { "type": "url", "url": page },
    }));
    let exposure = properties_table(&row, &Options::default()).exposure;
    assert_eq!((exposure.files, exposure.notion_links), (1, 2));
}

#[test]
fn a_row_without_properties_has_no_table() {
    let title = json!({ "Name": { "id": "title", "type": "title", "title": [{ "plain_text": "a" }] } });
    assert_eq!(properties_table(&page(title), &Options::default()).markdown, "");
}

#[test]
fn a_value_is_plain_text_for_titles_and_search() {
    let row = page(
        json!({ "Tags": { "type": "multi_select", "multi_select": [{ "name": "*a*" }, { "name": "b" }] } }),
    );
    assert_eq!(plain_value(&row.properties.get("Tags").unwrap().value), "*a*, b");
}
