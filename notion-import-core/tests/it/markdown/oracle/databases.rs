//! From databases to events.

use notion_import_core::markdown::{Database, DatabaseTable, Options};
use notion_import_core::notion::{Mention, RichText, RichTextKind, Row};
use notion_import_core::{LossKind, TruncationKind};

use super::event::Event;
use super::properties::words;
use super::said::Said;

impl Said {
    /// A database inside a page: the link to it, and its tables, where they are given.
    pub fn child_database(&mut self, title: &str, options: &Options<'_>) {
        let database = self.block.and_then(|id| options.databases?.get(&id));
        let own: String =
            database.iter().flat_map(|known| &known.title).map(|run| run.plain_text.as_str()).collect();
        let title = if title.trim().is_empty() { &own } else { title };
        self.page_line(self.block, title, "a database in Notion");
        self.lose_if(options.databases.is_none(), LossKind::Database);
        if let Some(database) = database {
            self.database(database);
        }
    }

    /// What a database is for, and its tables; a heading above each where there are several.
    pub fn database(&mut self, database: &Database) {
        let here = self.block;
        self.paragraph(None, &database.description);
        for table in &database.tables {
            if database.tables.len() > 1 {
                self.heading(3, &table.name);
            }
            self.paragraph(None, &table.description);
            table.losses.iter().for_each(|kind| self.account.lose(*kind));
            table.truncations.iter().for_each(|kind| self.account.truncate(*kind));
            self.account.exposure.unsaid_columns += table.exposure.unsaid_columns;
            self.account.exposure.unfiltered_tables += table.exposure.unfiltered_tables;
            if !table.columns.is_empty() {
                self.source(table);
                self.at(here);
            }
            if table.truncations.contains(&TruncationKind::TooManyRows) {
                self.link_line("[More rows]", None);
            }
        }
        if database.is_cut {
            self.account.truncate(TruncationKind::NotShared);
        }
    }

    /// A data source: the names of its columns, and a row for each of its rows.
    fn source(&mut self, table: &DatabaseTable) {
        let width = table.columns.len();
        self.push(Event::open("table"));
        self.row(&table.columns.iter().map(|name| words(name)).collect::<Vec<_>>(), width);
        for row in &table.rows {
            self.at(row.id());
            let cells = self.cells(row, table);
            self.row(&cells, width);
        }
        self.push(Event::Close);
    }

    fn cells(&mut self, row: &Row, table: &DatabaseTable) -> Vec<Vec<RichText>> {
        let mention = match row {
            Row::Page(page) if page.url.is_some() || !page.properties.0.is_empty() => {
                let value = |name: &String| {
                    let own = page.properties.0.iter().find(|(own, _)| own == name);
                    own.map_or_else(Vec::new, |(_, property)| self.property(property, Some(&table.schema)))
                };
                return table.columns.iter().map(value).collect();
            }
            Row::Page(page) => {
                self.account.truncate(TruncationKind::NotShared);
                mention(Mention::Page(page.id), "a page in Notion")
            }
            Row::DataSource(source) => {
                let title: String = source.title.iter().map(|run| run.plain_text.as_str()).collect();
                let is_blank = title.trim().is_empty();
                mention(Mention::Database(source.id), if is_blank { "" } else { &title })
            }
        };
        // Without values of its own, it stands under the titles, or first.
        let is_title =
            |name: &String| table.schema.0.iter().any(|(own, column)| own == name && column.kind == "title");
        let at = table.columns.iter().position(is_title).unwrap_or(0);
        let mut cells = vec![Vec::new(); table.columns.len()];
        cells[at] = vec![mention];
        cells
    }
}

fn mention(mention: Mention, words: &str) -> RichText {
    RichText { kind: RichTextKind::Mention(Box::new(mention)), ..RichText::plain(words) }
}
