//! Two workspaces worth reading, written down as text files and read into the fake Notion.

mod draft;
mod inline;
mod pdf;
mod picture;

use chrono::{DateTime, TimeDelta, Utc};
use notion_import_core::NotionId;
use notion_import_core::testing::{Author, Column, World};
use serde_json::{Value, json};

use self::draft::{Draft, Table, Titles, drafts};

/// Opens both workspaces.
pub fn furnish(world: &World) {
    for (name, text) in
        [("Halden Pay", include_str!("halden.txt")), ("Fernwood Health", include_str!("fernwood.txt"))]
    {
        workspace(world, name, text);
    }
}

/// Pages first, content second: they mention one another.
fn workspace(world: &World, name: &str, text: &str) {
    let drafts = drafts(text);
    let begun = Utc::now() - TimeDelta::days(90);
    let id = world.at(begun).workspace(name);
    let mut titles = Titles::new();
    let mut path = vec![id];
    let mut pages = Vec::new();
    for (at, draft) in drafts.iter().enumerate() {
        path.truncate(draft.depth);
        let author = world.at(written(begun, at));
        let page = author.page(path.last().copied().unwrap_or(id), draft.title.as_str());
        author.set_icon(page, json!({"type": "emoji", "emoji": draft.icon}));
        titles.insert(draft.title.clone(), page);
        path.push(page);
        pages.push(page);
    }
    for (at, (draft, page)) in drafts.iter().zip(pages).enumerate() {
        fill(&world.at(written(begun, at)), page, draft, &titles);
    }
}

/// Each page was last edited on a day of its own.
fn written(begun: DateTime<Utc>, at: usize) -> DateTime<Utc> {
    let hours = i64::try_from(at).unwrap_or_default() * 53;
    begun + TimeDelta::hours(hours % (24 * 88))
}

fn fill(author: &Author, page: NotionId, draft: &Draft, titles: &Titles) {
    author.append(page, draft.blocks(author, titles));
    for table in &draft.databases {
        database(author, page, table);
    }
}

fn database(author: &Author, page: NotionId, table: &Table) {
    let columns = table.columns.iter().map(|(name, kind)| {
        let column = Column::from((name.as_str(), kind.as_str()));
        match kind.as_str() {
            "select" | "multi_select" | "status" => column.config(json!({"options": []})),
            "number" => column.config(json!({"format": "number"})),
            _ => column,
        }
    });
    let database = author.database(page, table.title.as_str(), columns);
    for row in &table.rows {
        let title = row.first().map_or("", String::as_str);
        let values = table.columns.iter().zip(row).skip(1);
        let values = values.map(|((name, kind), value)| (name.as_str(), property(kind, value)));
        author.row(database.data_source, title, values);
    }
}

/// What stands under the type's key.
fn property(kind: &str, value: &str) -> Value {
    if value.is_empty() && kind != "checkbox" {
        return if matches!(kind, "rich_text" | "multi_select") { json!([]) } else { Value::Null };
    }
    match kind {
        "rich_text" => notion_import_core::testing::text(value).into_value(),
        "select" | "status" => json!({"name": value, "color": "default"}),
        "multi_select" => value.split(", ").map(|name| json!({"name": name, "color": "default"})).collect(),
        "number" => json!(value.parse::<f64>().ok()),
        "checkbox" => json!(value == "yes"),
        "date" => json!({"start": value, "end": null, "time_zone": null}),
        _ => json!(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_workspaces_hold_thirty_pages_or_so() {
        let world = World::new(1);
        furnish(&world);
        for text in [include_str!("halden.txt"), include_str!("fernwood.txt")] {
            let pages = drafts(text);
            assert!(pages.len() >= 28, "{}", pages.len());
            assert!(pages.iter().any(|page| !page.databases.is_empty()));
        }
        assert_eq!(world.workspaces().len(), 2);
    }
}
