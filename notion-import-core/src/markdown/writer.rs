//! Lines, and what stands before them: the prefixes of the open list items and quotations.

use crate::notion::block::BlockType;

/// How far the next block is from the last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Gap {
    /// Nothing was written yet.
    #[default]
    None,
    /// The next line.
    Line,
    /// A blank line between.
    Blank,
}

/// The list that was written last, as long as nothing else was.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run {
    pub(super) kind: BlockType,
    pub(super) marker: u8,
    pub(super) start: u32,
    pub(super) number: u32,
    /// Where its last item ended: the next item of the list is the node there, at the same depth.
    pub(super) end: u32,
    pub(super) depth: u32,
}

/// The text so far, and where it stands.
#[derive(Debug, Default)]
pub(super) struct Writer {
    pub(super) out: String,
    prefix: String,
    /// How far the next block will be.
    pub(super) gap: Gap,
    /// A marker was just written: the next block stands on its line.
    pub(super) fresh: bool,
    /// The last thing written is the text of the open list item.
    pub(super) after_item_text: bool,
    /// The list at the end of what was written in the innermost container.
    pub(super) list: Option<Run>,
}

impl Writer {
    /// Starts a block that is no list item.
    pub(super) fn block(&mut self) {
        self.list = None;
        self.begin();
    }

    /// Starts a block.
    pub(super) fn begin(&mut self) {
        self.after_item_text = false;
        if std::mem::take(&mut self.fresh) {
            return;
        }
        match self.gap {
            Gap::None => {}
            Gap::Line => self.line(),
            Gap::Blank => {
                self.blank_line();
                self.line();
            }
        }
        self.gap = Gap::Blank;
    }

    /// Starts a line of the same block that will not be blank.
    pub(super) fn line(&mut self) {
        self.out.push('\n');
        self.out.push_str(&self.prefix);
    }

    /// Starts a line of the same block that stays blank.
    pub(super) fn blank_line(&mut self) {
        self.out.push('\n');
        self.out.push_str(self.prefix.trim_end_matches(' '));
    }

    /// Opens a container: the marker, then what stands before its other lines.
    pub(super) fn open(&mut self, marker: &str, prefix: &str) -> usize {
        self.begin();
        let outer = self.prefix.len();
        self.out.push_str(marker);
        self.prefix.push_str(prefix);
        self.fresh = true;
        self.gap = Gap::Blank;
        outer
    }

    /// Closes the container that `open` opened.
    pub(super) fn close(&mut self, outer: usize) {
        self.end_marker_line();
        self.prefix.truncate(outer);
        self.gap = Gap::Blank;
        self.after_item_text = false;
    }

    /// If nothing followed a marker on its line, nothing will.
    pub(super) fn end_marker_line(&mut self) {
        if std::mem::take(&mut self.fresh) {
            let kept = self.out.trim_end_matches(' ').len();
            self.out.truncate(kept);
        }
    }

    /// The whole text.
    pub(super) fn finish(mut self) -> String {
        if !self.out.is_empty() {
            self.out.push('\n');
        }
        // At the start of a text it would be a byte order mark.
        if self.out.starts_with('\u{FEFF}') {
            self.out.replace_range(..'\u{FEFF}'.len_utf8(), "&#65279;");
        }
        self.out
    }
}
