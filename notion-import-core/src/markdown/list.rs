//! List items: which belong to one list, and what marks them.

use crate::library::fidelity::LossKind;
use crate::markdown::blocks::Renderer;
use crate::markdown::inline::{Place, shows};
use crate::markdown::writer::Gap;
use crate::notion::block::{BlockType, ListFormat, NumberedListItem};
use crate::notion::text::RichText;

/// The list that was written last, as long as nothing else was.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run {
    kind: BlockType,
    marker: u8,
    start: u32,
    number: u32,
    /// Where its last item ended: the next item of the list is the node there, at the same depth.
    end: u32,
    depth: u32,
}

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

impl Renderer<'_> {
    pub(super) fn numbered(&mut self, at: usize, item: &NumberedListItem) {
        self.ledger.lose_if(item.list_format != ListFormat::Numbers, LossKind::ListFormat);
        self.item(
            at,
            &Item {
                kind: BlockType::NumberedListItem,
                text: &item.rich_text,
                start: item.list_start_index,
                check_box: None,
            },
        );
    }

    pub(super) fn item(&mut self, at: usize, item: &Item<'_>) {
        let node = &self.tree.nodes()[at];
        let start = item.start.map(|start| start.clamp(0.0, f64::from(LAST_NUMBER)) as u32);
        let last = self.list.take();
        let run = match last.filter(|run| {
            run.end as usize == at && run.depth == node.depth && run.continues(item.kind, start)
        }) {
            Some(run) => {
                self.writer.gap = Gap::Line;
                Run { end: node.end, number: (run.number + 1).min(LAST_NUMBER), ..run }
            }
            None => {
                let start = start.unwrap_or(1);
                let interrupts = start == 1 && (shows(item.text) || item.check_box.is_some());
                if self.writer.after_item_text && interrupts {
                    self.writer.gap = Gap::Line;
                }
                let marker = self.new_marker(item.kind, last);
                Run { kind: item.kind, marker, start, number: start, end: node.end, depth: node.depth }
            }
        };
        self.open_item(at, run, item);
    }

    fn open_item(&mut self, at: usize, run: Run, item: &Item<'_>) {
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
        let outer = self.writer.open(&marker, &prefix);
        if shows(item.text) {
            self.writer.begin();
            self.rich_text(item.text, place);
            self.writer.after_item_text = true;
        } else if item.check_box.is_some() {
            self.empty_task(at);
        }
        self.list = Some(run);
        self.enter(at, outer, run.marker);
    }

    /// Under a check box alone, children would leave the list: a space that Markdown keeps holds them.
    fn empty_task(&mut self, at: usize) {
        if self.tree.children(Some(at)).next().is_some() {
            self.writer.begin();
            self.writer.out.push_str("&#32;");
        } else {
            self.writer.end_marker_line();
        }
    }

    /// A marker that the list before does not have, nor the one around it on the same line, where dashes alone
    /// would be a line across.
    fn new_marker(&self, kind: BlockType, last: Option<Run>) -> u8 {
        let last = last.map(|run| run.marker);
        if kind == BlockType::NumberedListItem {
            return if last == Some(b'.') { b')' } else { b'.' };
        }
        let around = self.writer.fresh.then(|| self.innermost_marker()).flatten();
        let free = |marker: &&u8| Some(**marker) != last && Some(**marker) != around;
        b"-*+".iter().find(free).copied().unwrap_or(b'-')
    }
}

impl Run {
    /// Whether an item carries on this list. Notion may say the start on the first item or on every one.
    fn continues(&self, kind: BlockType, start: Option<u32>) -> bool {
        self.kind == kind && start.is_none_or(|start| start == self.start || start == self.number + 1)
    }
}
