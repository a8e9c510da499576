//! Tables.

use crate::id::NotionId;
use crate::library::fidelity::LossKind;
use crate::markdown::inline::{Place, rich_text};
use crate::markdown::ledger::Ledger;
use crate::markdown::options::Options;
use crate::markdown::said::shows;
use crate::markdown::writer::Writer;
use crate::notion::block::{Block, Content, Table};
use crate::notion::text::RichText;
use crate::notion::tree::BlockTree;

/// No table of Notion's is wider; a number beyond it is a mistake.
const WIDEST: f64 = 1000.0;

/// Short rows of wider tables stay short, as GFM allows: padding must not grow with the product of two sizes.
const PADDED: usize = 100;

pub(super) fn table(
    writer: &mut Writer,
    ledger: &mut Ledger,
    options: &Options<'_>,
    tree: &BlockTree,
    at: usize,
    table: &Table,
) {
    ledger.lose_if(table.has_row_header, LossKind::HeaderColumn);
    let found: Vec<(Option<NotionId>, &[Vec<RichText>])> = tree
        .children(Some(at))
        .filter_map(|child| match &tree.nodes()[child].block {
            Block { id, content: Content::TableRow(cells), .. } => Some((*id, cells.as_slice())),
            _ => None,
        })
        .collect();
    let said = table.table_width.unwrap_or(0.0).clamp(0.0, WIDEST) as usize;
    let cells = found.iter().map(|(_, cells)| cells.len()).max().unwrap_or(0);
    let width = if cells == 0 { said } else { cells };
    if found.is_empty() || width == 0 {
        return;
    }
    let (header, rows) = found.split_at(usize::from(table.has_column_header));
    let (id, header) = header.first().copied().unwrap_or_default();
    ledger.at(id);
    begin(writer, ledger, options, header, width);
    for (id, cells) in rows {
        ledger.at(*id);
        row(writer, ledger, options, cells, width);
    }
}

/// Begins a table. Without a header, the header is empty: GFM has no table without one.
pub(super) fn begin(
    writer: &mut Writer,
    ledger: &mut Ledger,
    options: &Options<'_>,
    header: &[Vec<RichText>],
    width: usize,
) {
    writer.block();
    write_row(writer, ledger, options, header, width);
    writer.line();
    writer.out.push('|');
    (0..width).for_each(|_| writer.out.push_str(" --- |"));
}

/// Writes a row of the table that was begun.
pub(super) fn row(
    writer: &mut Writer,
    ledger: &mut Ledger,
    options: &Options<'_>,
    cells: &[Vec<RichText>],
    width: usize,
) {
    writer.line();
    write_row(writer, ledger, options, cells, if width > PADDED { cells.len().max(1) } else { width });
}

fn write_row(
    writer: &mut Writer,
    ledger: &mut Ledger,
    options: &Options<'_>,
    cells: &[Vec<RichText>],
    width: usize,
) {
    writer.out.push('|');
    for at in 0..width {
        writer.out.push(' ');
        if let Some(cell) = cells.get(at).filter(|cell| shows(cell)) {
            rich_text(writer, ledger, options, cell, Place::Cell);
        }
        writer.out.push_str(" |");
    }
}
