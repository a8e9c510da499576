//! From the tree to events.

use notion_import_core::markdown::Options;
use notion_import_core::notion::{BlockTree, Color, Content, Icon, LinkTarget, ListFormat, RichText, Table};
use notion_import_core::{LossKind, NotionId, TruncationKind};

use super::event::Event;
use super::inline;
use super::lists::List;
use super::meetings::is_name;
use super::said::Said;

/// What the tree says.
pub fn said(tree: &BlockTree, options: &Options<'_>) -> Said {
    let mut walk = Walk { tree, options, said: Said::default() };
    walk.siblings(None, false);
    walk.said
}

pub(super) struct Walk<'a> {
    pub(super) tree: &'a BlockTree,
    pub(super) options: &'a Options<'a>,
    pub(super) said: Said,
}

impl Walk<'_> {
    fn siblings(&mut self, of: Option<usize>, are_tabs: bool) {
        let mut list: Option<List> = None;
        for at in self.tree.children(of) {
            let block = &self.tree.nodes()[at].block;
            let part = self.part(block.id);
            // A heading, or what is left out, ends a list.
            if part.is_some() && list.take().is_some() {
                self.said.push(Event::Close);
            }
            self.said.at(block.id);
            if part == Some("Transcript") && !self.options.transcripts {
                self.said.account.truncate(TruncationKind::TranscriptLeftOut);
                continue;
            }
            if let Some(part) = part {
                self.part_heading(at, part);
            }
            let next = List::next(&block.content, list.as_ref());
            let carries_on = next.as_ref().is_some_and(|next| next.carries_on(list.as_ref()));
            if list.is_some() && !carries_on {
                self.said.push(Event::Close);
            }
            if let Some(next) = &next
                && !carries_on
            {
                let start = next.start;
                self.said.push(Event::open(if next.kind == "numbers" {
                    format!("ol {start}")
                } else {
                    "ul".into()
                }));
            }
            list = next;
            self.node(at, &block.content, are_tabs);
        }
        if list.is_some() {
            self.said.push(Event::Close);
        }
    }

    /// What is below a block: that some of it is missing, if it is, and then its children.
    fn below(&mut self, at: usize, are_tabs: bool) {
        if self.is_lacking(at) {
            self.not_loaded();
        }
        self.siblings(Some(at), are_tabs);
    }

    pub(super) fn is_lacking(&self, at: usize) -> bool {
        let node = &self.tree.nodes()[at];
        let other = match &node.block.content {
            Content::ChildPage(_) | Content::ChildDatabase(_) => true,
            Content::MeetingNotes(notes) => {
                notes.children.summary_block_id.is_some() && notes.children.notes_block_id.is_some()
            }
            _ => false,
        };
        node.block.has_children && !node.loaded && !other
    }

    fn node(&mut self, at: usize, content: &Content, is_tab: bool) {
        let has_children = self.tree.nodes()[at].end as usize > at + 1;
        let part = self.part(self.said.block);
        match content {
            Content::Paragraph(text) => {
                self.color(text.color);
                self.said.lose_if(has_children && !is_tab && part.is_none(), LossKind::Indentation);
                let is_said = part.is_some_and(|part| is_name(&text.rich_text, part));
                self.said.paragraph(text.icon.as_ref(), if is_said { &[] } else { &text.rich_text });
            }
            Content::Heading(heading) => {
                self.color(heading.text.color);
                self.said.lose_if(heading.text.is_toggleable, LossKind::Toggle);
                let level = heading.level.clamp(1, 6);
                self.said.heading(level, &heading.text.rich_text);
            }
            Content::BulletedListItem(text) => {
                self.color(text.color);
                return self.item(at, &text.rich_text, None);
            }
            Content::Toggle(text) => {
                self.said.lose_if(true, LossKind::Toggle);
                self.color(text.color);
                return self.item(at, &text.rich_text, None);
            }
            Content::NumberedListItem(item) => {
                self.color(item.color);
                self.said.lose_if(item.list_format != ListFormat::Numbers, LossKind::ListFormat);
                return self.item(at, &item.rich_text, None);
            }
            Content::ToDo(to_do) => {
                self.color(to_do.color);
                return self.item(at, &to_do.rich_text, Some(to_do.checked));
            }
            Content::Quote(text) => {
                self.color(text.color);
                return self.quote(at, None, &text.rich_text);
            }
            Content::Callout(callout) => {
                self.color(callout.color);
                self.said.lose_if(true, LossKind::Callout);
                return self.quote(at, callout.icon.as_ref(), &callout.rich_text);
            }
            Content::Code(code) => self.said.code(code),
            Content::Equation(expression) => self.said.equation(expression),
            Content::Divider => self.said.push(Event::open("hr")),
            Content::Breadcrumb => self.said.lose_if(true, LossKind::Breadcrumb),
            Content::TableOfContents => self.said.lose_if(true, LossKind::TableOfContents),
            Content::ColumnList => self.said.lose_if(true, LossKind::Columns),
            Content::Column(_) | Content::SyncedBlock(_) => {}
            Content::Tab => {
                self.said.lose_if(true, LossKind::Tabs);
                return self.below(at, true);
            }
            Content::Table(table) => self.table(at, table),
            Content::TableRow(_) if self.in_table(at) => {}
            Content::TableRow(cells) => self.rows(&[(self.said.block, cells)], cells.len(), false),
            Content::Template(text) => {
                self.color(text.color);
                self.said.lose_if(true, LossKind::Template);
                self.said.paragraph(None, &text.rich_text);
            }
            Content::Embed(file) => self.said.embed(file),
            Content::Bookmark(link) | Content::LinkPreview(link) => self.said.bookmark(link),
            Content::Image(file) => self.said.image(file),
            Content::Video(file) => self.said.file(file, "video"),
            Content::Pdf(file) => self.said.file(file, "pdf"),
            Content::Audio(file) => self.said.file(file, "audio"),
            Content::File(file) => self.said.file(file, "file"),
            Content::LinkToPage(LinkTarget::Page(id)) => {
                self.said.page_line(Some(*id), "", "a page in Notion")
            }
            Content::LinkToPage(LinkTarget::Database(id)) => {
                self.said.page_line(Some(*id), "", "a database in Notion");
            }
            Content::LinkToPage(target @ (LinkTarget::Comment(_) | LinkTarget::Unknown)) => {
                self.said.account.exposure.comments += u64::from(matches!(target, LinkTarget::Comment(_)));
                self.said.lose_if(true, LossKind::LinkTarget);
            }
            Content::ChildPage(title) => self.said.page_line(self.said.block, title, "Untitled"),
            Content::ChildDatabase(title) => self.said.child_database(title, self.options),
            Content::MeetingNotes(notes) => {
                self.said.lose_if(true, LossKind::MeetingNotes);
                self.said.paragraph(None, &notes.title);
                self.absent(&notes.children);
            }
            Content::Unsupported(name) => {
                self.said.lose_if(true, LossKind::UnsupportedBlock);
                self.said.placeholder(name);
            }
            Content::Unknown(block) => {
                let has_words = block.texts.iter().any(|text| inline::shows(text));
                self.said.lose_if(true, LossKind::UnknownBlock);
                if has_words {
                    block.texts.iter().for_each(|text| self.said.paragraph(None, text));
                } else {
                    self.said.account.truncate(TruncationKind::UnknownContent);
                    self.said.placeholder(&block.name);
                }
            }
        }
        self.below(at, false);
    }

    fn item(&mut self, at: usize, text: &[RichText], checked: Option<bool>) {
        self.said.push(Event::open("item"));
        if let Some(checked) = checked {
            self.said.push(Event::open(format!("task {checked}")));
        }
        self.said.paragraph(None, text);
        self.below(at, false);
        self.said.push(Event::Close);
    }

    fn quote(&mut self, at: usize, icon: Option<&Icon>, text: &[RichText]) {
        self.said.push(Event::open("quote"));
        self.said.paragraph(icon, text);
        self.below(at, false);
        self.said.push(Event::Close);
    }

    fn table(&mut self, at: usize, table: &Table) {
        self.said.lose_if(table.has_row_header, LossKind::HeaderColumn);
        let row = |at: usize| match &self.tree.nodes()[at].block.content {
            Content::TableRow(cells) => Some((self.tree.nodes()[at].block.id, cells.as_slice())),
            _ => None,
        };
        let rows: Vec<_> = self.tree.children(Some(at)).filter_map(row).collect();
        let cells = rows.iter().map(|(_, cells)| cells.len()).max().unwrap_or(0);
        let said = table.table_width.unwrap_or(0.0).clamp(0.0, 1000.0) as usize;
        self.rows(&rows, if cells == 0 { said } else { cells }, table.has_column_header);
    }

    /// Rows, each with its own block.
    fn rows(&mut self, rows: &[(Option<NotionId>, &[Vec<RichText>])], width: usize, has_header: bool) {
        if rows.is_empty() || width == 0 {
            return;
        }
        self.said.push(Event::open("table"));
        if !has_header {
            self.said.row(&[], width);
        }
        for (id, cells) in rows {
            self.said.at(*id);
            self.said.row(cells, width);
        }
        self.said.push(Event::Close);
    }

    /// Whether a row is a child of a table, and said with it.
    fn in_table(&self, at: usize) -> bool {
        let nodes = self.tree.nodes();
        let parent = nodes[..at].iter().rposition(|node| node.depth + 1 == nodes[at].depth);
        parent.is_some_and(|parent| {
            nodes[parent].end as usize > at && matches!(nodes[parent].block.content, Content::Table(_))
        })
    }

    pub(super) fn not_loaded(&mut self) {
        self.said.account.truncate(TruncationKind::ChildrenNotLoaded);
        self.said.link_line("[Content not loaded]", None);
    }

    fn color(&mut self, color: Color) {
        self.said.lose_if(color.is_visible(), LossKind::Color);
    }
}
