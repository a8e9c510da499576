//! List items: which belong to one list, and what marks them.

use crate::markdown::inline::{Place, rich_text};
use crate::markdown::ledger::Ledger;
use crate::markdown::options::Options;
use crate::markdown::said::shows;
use crate::markdown::writer::{Gap, Run, Writer};
use crate::notion::block::BlockType;
use crate::notion::text::RichText;
use crate::notion::tree::Node;

/// An item to write.
pub(super) struct Item<'a> {
    pub(super) kind: BlockType,
    pub(super) text: &'a [RichText],
    /// The number Notion gives its list, if any.
    pub(super) start: Option<f64>,
    /// `[ ]` or `[x]`.
    pub(super) check_box: Option<bool>,
}

/// CommonMark reads at most nine digits.
const LAST_NUMBER: u32 = 999_999_999;

/// Says which list an item belongs to: the last one, or a new one in the container with the marker `around`.
pub(super) fn choose(
    writer: &mut Writer,
    around: Option<u8>,
    at: usize,
    node: &Node,
    item: &Item<'_>,
) -> Run {
    let start = item.start.map(|start| start.clamp(0.0, f64::from(LAST_NUMBER)) as u32);
    let last = writer.list.take();
    match last
        .filter(|run| run.end as usize == at && run.depth == node.depth && continues(run, item.kind, start))
    {
        Some(run) => {
            writer.gap = Gap::Line;
            Run { end: node.end, number: (run.number + 1).min(LAST_NUMBER), ..run }
        }
        None => {
            let start = start.unwrap_or(1);
            let interrupts = start == 1 && (shows(item.text) || item.check_box.is_some());
            if writer.after_item_text && interrupts {
                writer.gap = Gap::Line;
            }
            let around = around.filter(|_| writer.fresh);
            let marker = new_marker(item.kind, last.map(|run| run.marker), around);
            Run { kind: item.kind, marker, start, number: start, end: node.end, depth: node.depth }
        }
    }
}

/// Opens an item and writes its text, and returns what closes it.
pub(super) fn open(
    writer: &mut Writer,
    ledger: &mut Ledger,
    options: &Options<'_>,
    run: Run,
    item: &Item<'_>,
) -> usize {
    let mut marker = String::new();
    if run.kind == BlockType::NumberedListItem {
        marker.push_str(&run.number.to_string());
    }
    marker.push(run.marker as char);
    marker.push(' ');
    let prefix = " ".repeat(marker.len());
    let place = match item.check_box {
        Some(checked) => {
            marker.push_str(if checked { "[x] " } else { "[ ] " });
            Place::Continued
        }
        None => Place::Paragraph,
    };
    let outer = writer.open(&marker, &prefix);
    if shows(item.text) {
        writer.begin();
        rich_text(writer, ledger, options, item.text, place);
        writer.after_item_text = true;
    } else if item.check_box.is_some() {
        // A check box alone is text to some parsers, and children would leave its list: a space that Markdown keeps holds both.
        writer.begin();
        writer.out.push_str("&#32;");
    }
    writer.list = Some(run);
    outer
}

/// A marker that the list before does not have, nor the one around it on the same line, where dashes alone
/// would be a line across.
fn new_marker(kind: BlockType, last: Option<u8>, around: Option<u8>) -> u8 {
    if kind == BlockType::NumberedListItem {
        return if last == Some(b'.') { b')' } else { b'.' };
    }
    let free = |marker: &&u8| Some(**marker) != last && Some(**marker) != around;
    b"-*+".iter().find(free).copied().unwrap_or(b'-')
}

/// Whether an item carries on a list. Notion may say the start on the first item or on every one.
fn continues(run: &Run, kind: BlockType, start: Option<u32>) -> bool {
    run.kind == kind && start.is_none_or(|start| start == run.start || start == run.number + 1)
}
