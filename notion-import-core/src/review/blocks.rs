//! A Markdown text as the blocks that a reader sees.

use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};
use serde::Serialize;

/// How many characters of an attachment's digest stand in the text.
const DIGEST: usize = 12;

/// What stands before the digest of a file that is kept.
const ATTACHMENT: &str = "attachment:";

/// A block as a reader sees it: its words without their styles.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
pub struct Block {
    /// What it is.
    pub kind: BlockKind,
    /// What it says. Where a link leads stands behind its label, in brackets; what is struck through stands between `~~`, a check
    /// box is `[x]` or `[ ]`, and between the cells of a row stands `|`.
    pub text: String,
}

/// What a block is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BlockKind {
    /// A heading of this level.
    Heading(u8),
    /// A paragraph.
    Paragraph,
    /// An item of a list, or a part of one, this deep in lists.
    Item(usize),
    /// A paragraph of a quotation.
    Quote,
    /// A listing.
    Code,
    /// A row of a table.
    Row,
    /// A line across the page.
    Rule,
}

/// Splits a Markdown text into its blocks, in linear time. Numbers of lists and styles but strikethrough are not in them.
pub fn blocks(markdown: &str) -> Vec<Block> {
    let dialect = Options::ENABLE_TABLES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_MATH;
    let mut reading = Reading::default();
    Parser::new_ext(markdown, dialect).for_each(|event| reading.event(event));
    reading.end(BlockKind::Paragraph);
    reading.blocks
}

#[derive(Default)]
struct Reading {
    blocks: Vec<Block>,
    text: String,
    lists: usize,
    quotes: usize,
    /// Where the words of open links and images begin, and where those lead.
    links: Vec<(usize, String)>,
}

impl Reading {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.close(tag),
            Event::Text(text)
            | Event::Code(text)
            | Event::InlineMath(text)
            | Event::DisplayMath(text)
            | Event::Html(text)
            | Event::FootnoteReference(text) => self.text.push_str(&text),
            Event::InlineHtml(html) if html.trim() == "<br>" => self.text.push('\n'),
            Event::InlineHtml(html) => self.text.push_str(&html),
            Event::SoftBreak => self.text.push(' '),
            Event::HardBreak => self.text.push('\n'),
            Event::Rule => {
                self.end(self.around());
                self.blocks.push(Block { kind: BlockKind::Rule, text: String::new() });
            }
            Event::TaskListMarker(done) => self.text.push_str(if done { "[x] " } else { "[ ] " }),
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. } => {
                self.links.push((self.text.len(), address(&dest_url)));
            }
            Tag::Strikethrough => self.text.push_str("~~"),
            Tag::TableCell if !self.text.is_empty() => self.text.push_str(" | "),
            Tag::List(_) => {
                self.end(self.around());
                self.lists += 1;
            }
            Tag::BlockQuote(_) => {
                self.end(self.around());
                self.quotes += 1;
            }
            Tag::Paragraph
            | Tag::Heading { .. }
            | Tag::CodeBlock(_)
            | Tag::HtmlBlock
            | Tag::Item
            | Tag::Table(_)
            | Tag::TableHead
            | Tag::TableRow => self.end(self.around()),
            _ => {}
        }
    }

    fn close(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Link | TagEnd::Image => {
                let Some((from, address)) = self.links.pop() else { return };
                if self.text[from..] != address && !address.is_empty() {
                    let gap = if self.text.len() > from { " " } else { "" };
                    self.text.extend([gap, "(", &address, ")"]);
                }
            }
            TagEnd::Strikethrough => self.text.push_str("~~"),
            TagEnd::List(_) => {
                self.end(self.around());
                self.lists = self.lists.saturating_sub(1);
            }
            TagEnd::BlockQuote(_) => {
                self.end(self.around());
                self.quotes = self.quotes.saturating_sub(1);
            }
            TagEnd::Heading(level) => self.end(BlockKind::Heading(number(level))),
            TagEnd::CodeBlock => self.end(BlockKind::Code),
            TagEnd::TableHead | TagEnd::TableRow => self.end(BlockKind::Row),
            TagEnd::Paragraph | TagEnd::HtmlBlock | TagEnd::Item => self.end(self.around()),
            _ => {}
        }
    }

    /// What a paragraph is here.
    const fn around(&self) -> BlockKind {
        match (self.lists, self.quotes) {
            (0, 0) => BlockKind::Paragraph,
            (0, _) => BlockKind::Quote,
            (depth, _) => BlockKind::Item(depth),
        }
    }

    fn end(&mut self, kind: BlockKind) {
        let text = std::mem::take(&mut self.text);
        let text = text.trim();
        if !text.is_empty() {
            self.blocks.push(Block { kind, text: text.to_owned() });
        }
    }
}

const fn number(level: HeadingLevel) -> u8 {
    match level {
        HeadingLevel::H1 => 1,
        HeadingLevel::H2 => 2,
        HeadingLevel::H3 => 3,
        HeadingLevel::H4 => 4,
        HeadingLevel::H5 => 5,
        HeadingLevel::H6 => 6,
    }
}

/// Where a link leads, as people can read it: of a file that is kept, the beginning of its digest.
fn address(to: &str) -> String {
    match to.strip_prefix(ATTACHMENT) {
        Some(digest) => ATTACHMENT.chars().chain(digest.chars().take(DIGEST)).collect(),
        None => to.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_what_a_reader_sees() {
        let text = "# Backups\n\nWe **must** keep ~~no~~ [copies](https://example.com/a).\n\n1. first\n   - [x] deep\n2. second\n\n\
                    > quoted\n\n| a | b |\n| --- | --- |\n| 1 |  |\n\n```sh\nrun\n```\n\n---\n\n![plan](attachment:0123456789abcdef)";
        let found: Vec<_> = blocks(text).into_iter().map(|block| (block.kind, block.text)).collect();
        let expected = [
            (BlockKind::Heading(1), "Backups"),
            (BlockKind::Paragraph, "We must keep ~~no~~ copies (https://example.com/a)."),
            (BlockKind::Item(1), "first"),
            (BlockKind::Item(2), "[x] deep"),
            (BlockKind::Item(1), "second"),
            (BlockKind::Quote, "quoted"),
            (BlockKind::Row, "a | b"),
            (BlockKind::Row, "1 |"),
            (BlockKind::Code, "run"),
            (BlockKind::Rule, ""),
            (BlockKind::Paragraph, "plan (attachment:0123456789ab)"),
        ];
        assert_eq!(found, expected.map(|(kind, text)| (kind, text.to_owned())));
    }
}
