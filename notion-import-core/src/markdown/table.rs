//! Tables.

use crate::library::fidelity::LossKind;
use crate::markdown::blocks::Renderer;
use crate::markdown::inline::{Place, shows};
use crate::notion::block::{Content, Table};
use crate::notion::text::RichText;

/// No table of Notion's is wider; a number beyond it is a mistake.
const WIDEST: f64 = 1000.0;

/// Short rows of wider tables stay short, as GFM allows: padding must not grow with the product of two sizes.
const PADDED: usize = 100;

impl Renderer<'_> {
    pub(super) fn table(&mut self, at: usize, table: &Table) {
        self.ledger.lose_if(table.has_row_header, LossKind::HeaderColumn);
        let tree = self.tree;
        let rows: Vec<&[Vec<RichText>]> = tree
            .children(Some(at))
            .filter_map(|child| match &tree.nodes()[child].block.content {
                Content::TableRow(cells) => Some(cells.as_slice()),
                _ => None,
            })
            .collect();
        let node = &tree.nodes()[at];
        self.rows_of.retain(|&(end, _)| end as usize > at);
        self.rows_of.push((node.end, node.depth + 1));
        let said = table.table_width.unwrap_or(0.0).clamp(0.0, WIDEST) as usize;
        let cells = rows.iter().map(|row| row.len()).max().unwrap_or(0);
        self.rows(&rows, if cells == 0 { said } else { cells }, table.has_column_header);
    }

    /// It writes rows as a table. Without a header, the header is empty: GFM has no table without one.
    pub(super) fn rows(&mut self, rows: &[&[Vec<RichText>]], width: usize, has_header: bool) {
        if rows.is_empty() || width == 0 {
            return;
        }
        self.block();
        let (header, body) = if has_header { (rows[0], &rows[1..]) } else { (&[][..], rows) };
        self.row(header, width);
        self.writer.line();
        self.writer.out.push('|');
        (0..width).for_each(|_| self.writer.out.push_str(" --- |"));
        for row in body {
            self.writer.line();
            self.row(row, if width > PADDED { row.len().max(1) } else { width });
        }
    }

    fn row(&mut self, cells: &[Vec<RichText>], width: usize) {
        self.writer.out.push('|');
        for at in 0..width {
            self.writer.out.push(' ');
            if let Some(cell) = cells.get(at).filter(|cell| shows(cell)) {
                self.rich_text(cell, Place::Cell);
            }
            self.writer.out.push_str(" |");
        }
    }
}
