//! Databases on the command line: each table under its name, and links that lead to what was written.

use notion_import_core::testing::{block, paragraph, text as words};
use serde_json::json;

use super::{Stage, text};

#[tokio::test(flavor = "multi_thread")]
async fn several_tables_stand_under_their_names_or_each_in_a_file() {
    let stage = Stage::new().await;
    let author = stage.author();
    let assets = author.database(stage.home, "Vendors *", [("Country", "rich_text")]);
    let risks = author.data_source(assets.id, "Risks", [("Level", "select")]);
    author.row(assets.data_source, "Hosting Ltd", []);
    author.row(risks, "Fire", [("Level", json!({"name": "High"}))]);
    let id = assets.id.to_string();
    let output = stage.run(&["page", &id]).await;
    let vendors = "# Vendors \\*\n\n| Name | Country |\n| --- | --- |\n| Hosting Ltd |  |\n";
    let expected = format!("{vendors}\n# Risks\n\n| Name | Level |\n| --- | --- |\n| Fire | High |\n");
    assert_eq!(text(&output.stdout), expected);
    let refused = stage.run(&["page", "--front-matter", &id]).await;
    let said = text(&refused.stderr);
    assert_eq!(refused.status.code(), Some(2), "{said}");
    assert!(said.contains("2 tables") && said.contains("\"Risks\"") && said.contains(&risks.to_string()));
    let one = stage.run(&["page", "--front-matter", &risks.to_string()]).await;
    assert!(text(&one.stdout).ends_with("---\n\n| Name | Level |\n| --- | --- |\n| Fire | High |\n"));
    assert!(stage.run(&["page", "--front-matter", "--out", "out", &id]).await.status.success());
    for table in [assets.data_source, risks] {
        assert!(stage.folder.path().join(format!("out/{table}.md")).is_file());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_is_written_as_its_link_shows_it_or_with_the_columns_that_are_named() {
    let stage = Stage::new().await;
    let author = stage.author();
    let vendors = author.database(stage.home, "Vendors", [("Country", "rich_text"), ("Secret", "rich_text")]);
    author.row(vendors.data_source, "Hosting Ltd", []);
    let hidden = json!({"properties": [{"property_id": "Secret", "visible": false}]});
    let view =
        author.view(vendors.id, vendors.data_source, json!({"type": "table", "configuration": hidden}));
    let link = format!("https://www.notion.so/acme/{}?v={}", vendors.id.simple(), view.simple());
    let id = vendors.id.to_string();
    for (arguments, header) in [
        (vec!["page", &id], "| Name | Country | Secret |"),
        (vec!["page", &link], "| Name | Country |"),
        (vec!["page", "--columns", "Secret,Name", &link], "| Secret | Name |"),
        (vec!["page", "--all-columns", &link], "| Name | Country | Secret |"),
    ] {
        let output = stage.run(&arguments).await;
        let written = text(&output.stdout);
        assert_eq!(written.lines().next(), Some(header), "{arguments:?} {}", text(&output.stderr));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_view_of_what_is_not_shared_says_what_to_share() {
    let stage = Stage::new().await;
    let linked = stage.author().linked_database(stage.home, "Their vendors");
    let output = stage.run(&["page", &linked.to_string()]).await;
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(4), "{said}");
    assert!(said.contains("shows a table that the integration has no access to"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_link_to_a_database_leads_to_its_table_and_a_page_with_rows_is_read_again() {
    let stage = Stage::new().await;
    let author = stage.author();
    let page = author.page(stage.home, "Suppliers");
    let suppliers = author.database(page, "Suppliers", [("Country", "rich_text")]);
    author.show_inline(suppliers.id);
    author.row(suppliers.data_source, "Hosting Ltd", []);
    let to = json!({"type": "database_id", "database_id": suppliers.id});
    let url = format!("https://www.notion.so/acme/{}?v={}", suppliers.id.simple(), stage.home.simple());
    author.append(page, [block("link_to_page", to), paragraph(words("").link("as text", &url))]);
    let (tree, _) = stage.export(&["--out", "out"]).await;
    let written = text(&tree[&format!("{page}.md")]);
    assert_eq!(written.matches(&format!("]({}.md)", suppliers.data_source)).count(), 3, "{written}");
    assert!(written.contains("| Hosting Ltd |"), "{written}");
    author.row(suppliers.data_source, "Mail GmbH", []);
    let (tree, _) = stage.export(&["--out", "out"]).await;
    let written = text(&tree[&format!("{page}.md")]);
    assert!(written.contains("| Mail GmbH |"), "{written}");
}
