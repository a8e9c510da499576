//! Databases as tables, alone or inside a page.

use crate::id::NotionId;
use crate::library::fidelity::{LossKind, TruncationKind};
use crate::markdown::database::{Database, DatabaseTable};
use crate::markdown::inline::{Place, rich_text};
use crate::markdown::ledger::Ledger;
use crate::markdown::links::link_by_id;
use crate::markdown::options::{Options, Reference};
use crate::markdown::property::property;
use crate::markdown::rendered::Rendered;
use crate::markdown::said::shows;
use crate::markdown::table;
use crate::markdown::target::{A_DATABASE, A_PAGE};
use crate::markdown::writer::Writer;
use crate::notion::column::Column;
use crate::notion::page::Page;
use crate::notion::row::Row;
use crate::notion::text::{Mention, RichText, RichTextKind, plain_text};

/// Writes a database as a document.
pub fn database_tables(database: &Database, options: &Options<'_>) -> Rendered {
    let (mut writer, mut ledger) = (Writer::default(), Ledger::default());
    tables(&mut writer, &mut ledger, options, database);
    Rendered::new(writer, ledger)
}

/// A database inside a page: a link to it, and its tables, if they are to stand here.
pub(super) fn child_database(
    writer: &mut Writer,
    ledger: &mut Ledger,
    options: &Options<'_>,
    id: Option<NotionId>,
    title: &str,
) {
    let database = id.and_then(|id| options.databases?.get(&id));
    match database {
        // One without a title may be a view of one that has one.
        Some(database) if title.trim().is_empty() => {
            let title = plain_text(&database.title);
            link_by_id(writer, ledger, options, id.map(Reference::Database), &title, A_DATABASE);
        }
        _ => link_by_id(writer, ledger, options, id.map(Reference::Database), title, A_DATABASE),
    }
    // Whoever names those that stand in the page knows that Notion, too, shows the others as links.
    ledger.lose_if(options.databases.is_none(), LossKind::Database);
    if let Some(database) = database {
        tables(writer, ledger, options, database);
    }
}

fn tables(writer: &mut Writer, ledger: &mut Ledger, options: &Options<'_>, database: &Database) {
    paragraph(writer, ledger, options, &database.description);
    for table in &database.tables {
        if database.tables.len() > 1 && shows(&table.name) {
            writer.block();
            writer.out.push_str("### ");
            rich_text(writer, ledger, options, &table.name, Place::Heading);
        }
        self::table(writer, ledger, options, table);
    }
    if database.is_cut {
        ledger.truncate(TruncationKind::NotShared);
    }
}

fn table(writer: &mut Writer, ledger: &mut Ledger, options: &Options<'_>, table: &DatabaseTable) {
    table.losses.iter().for_each(|kind| ledger.lose(*kind));
    table.truncations.iter().for_each(|kind| ledger.truncate(*kind));
    ledger.exposure = ledger.exposure.and(table.exposure);
    paragraph(writer, ledger, options, &table.description);
    rows(writer, ledger, &Options { schema: Some(&table.schema), ..*options }, table);
    if table.truncations.contains(&TruncationKind::TooManyRows) {
        paragraph(writer, ledger, options, &plain("[More rows]"));
    }
}

fn rows(writer: &mut Writer, ledger: &mut Ledger, options: &Options<'_>, table: &DatabaseTable) {
    let (width, here) = (table.columns.len(), ledger.here());
    if width == 0 {
        return;
    }
    let header: Vec<_> = table.columns.iter().map(|name| plain(name)).collect();
    table::begin(writer, ledger, options, &header, width);
    for row in &table.rows {
        // Whatever a row loses, in its values or where they are written, it loses as this row.
        ledger.at(row.id());
        let cells = cells(ledger, options, row, table);
        table::row(writer, ledger, options, &cells, width);
    }
    ledger.at(here);
}

fn cells(ledger: &mut Ledger, options: &Options<'_>, row: &Row, table: &DatabaseTable) -> Vec<Vec<RichText>> {
    match row {
        Row::Page(page) if page.is_partial() => {
            ledger.truncate(TruncationKind::NotShared);
            instead(table, mention(Mention::Page(page.id), A_PAGE))
        }
        Row::Page(page) => table.columns.iter().map(|name| cell(ledger, options, page, name)).collect(),
        Row::DataSource(source) => instead(table, child_source(ledger, source.id, &row.title())),
    }
}

fn cell(ledger: &mut Ledger, options: &Options<'_>, page: &Page, name: &str) -> Vec<RichText> {
    let property = page.properties.get(name);
    property.map_or_else(Vec::new, |property| self::property(ledger, options, page.id, property))
}

/// A row that has no values of its own: one cell where the title stands.
fn instead(table: &DatabaseTable, cell: RichText) -> Vec<Vec<RichText>> {
    let is_title = |name: &String| table.schema.get(name).is_some_and(Column::is_title);
    let at = table.columns.iter().position(is_title).unwrap_or_default();
    let mut cells = vec![Vec::new(); table.columns.len()];
    if let Some(place) = cells.get_mut(at) {
        place.push(cell);
    }
    cells
}

fn child_source(ledger: &mut Ledger, id: Option<NotionId>, title: &str) -> RichText {
    let is_nameless = title.trim().is_empty();
    ledger.lose_if(is_nameless, LossKind::PageTitle);
    mention(Mention::Database(id), if is_nameless { A_DATABASE } else { title })
}

fn mention(mention: Mention, words: &str) -> RichText {
    RichText {
        plain_text: words.to_owned(),
        kind: RichTextKind::Mention(Box::new(mention)),
        ..RichText::default()
    }
}

fn paragraph(writer: &mut Writer, ledger: &mut Ledger, options: &Options<'_>, text: &[RichText]) {
    if shows(text) {
        writer.block();
        rich_text(writer, ledger, options, text, Place::Paragraph);
    }
}

fn plain(text: &str) -> Vec<RichText> {
    vec![RichText::plain(text)]
}
