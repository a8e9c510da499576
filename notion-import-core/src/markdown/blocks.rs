//! The walk over the blocks: one match that says what becomes of each.

use std::collections::HashSet;

use crate::id::NotionId;
use crate::library::fidelity::{LossKind, TruncationKind};
use crate::markdown::inline::{Place, shows};
use crate::markdown::ledger::Ledger;
use crate::markdown::list::{Item, Run};
use crate::markdown::piece::Kind;
use crate::markdown::pieces::Pieces;
use crate::markdown::writer::Writer;
use crate::markdown::{Options, Rendered};
use crate::notion::block::{Block, BlockType, Callout, Content, Heading, Text};
use crate::notion::icon::Icon;
use crate::notion::text::{Color, RichText};
use crate::notion::tree::{BlockTree, Node};

/// Deeper than this, blocks stand after their parent: prefixes must not grow with the square of the depth.
const DEEPEST: usize = 64;

/// What is kept while a page is written.
pub(super) struct Renderer<'a> {
    pub(super) tree: &'a BlockTree,
    pub(super) options: &'a Options<'a>,
    pub(super) writer: Writer,
    pub(super) ledger: Ledger,
    /// The list at the end of what was written in the innermost container.
    pub(super) list: Option<Run>,
    /// Where the tables around end, and how deep their rows are: they are written.
    pub(super) rows_of: Vec<(u32, u32)>,
    /// Targets the host gave, whatever their scheme.
    pub(super) trusted: HashSet<String>,
    containers: Vec<Container>,
    /// The end and depth of the tabs around.
    tabs: Vec<(u32, u32)>,
    block: Option<NotionId>,
}

/// An open list item or quotation.
struct Container {
    end: u32,
    outer: usize,
    list: Option<Run>,
    marker: u8,
}

impl<'a> Renderer<'a> {
    pub(super) fn new(tree: &'a BlockTree, options: &'a Options<'a>) -> Self {
        Self {
            tree,
            options,
            writer: Writer::default(),
            ledger: Ledger::default(),
            list: None,
            rows_of: Vec::new(),
            trusted: HashSet::new(),
            containers: Vec::new(),
            tabs: Vec::new(),
            block: None,
        }
    }

    pub(super) fn run(mut self) -> Rendered {
        for (at, node) in self.tree.nodes().iter().enumerate() {
            self.leave_before(at);
            self.block = node.block.id;
            self.ledger.at(node.block.id);
            self.note_missing(node);
            self.node(at, node);
        }
        self.finish()
    }

    pub(super) fn finish(mut self) -> Rendered {
        self.leave_before(usize::MAX);
        let (fidelity, exposure) = self.ledger.close();
        Rendered { markdown: self.writer.finish(), fidelity, exposure }
    }

    fn node(&mut self, at: usize, node: &'a Node) {
        match &node.block.content {
            Content::Paragraph(text) => self.paragraph(at, node, text),
            Content::Heading(heading) => self.heading(heading),
            Content::BulletedListItem(text) => self.bullet(at, BlockType::BulletedListItem, text),
            Content::NumberedListItem(item) => {
                self.color(item.color);
                self.numbered(at, item);
            }
            Content::ToDo(to_do) => {
                self.color(to_do.color);
                let check_box = Some(to_do.checked);
                self.item(
                    at,
                    &Item { kind: BlockType::ToDo, text: &to_do.rich_text, start: None, check_box },
                );
            }
            Content::Toggle(text) => {
                self.ledger.lose(LossKind::Toggle);
                self.bullet(at, BlockType::Toggle, text);
            }
            Content::Quote(text) => {
                self.color(text.color);
                self.quote(at, None, &text.rich_text);
            }
            Content::Callout(callout) => {
                self.color(callout.color);
                self.ledger.lose(LossKind::Callout);
                self.quote(at, callout.icon.as_ref(), &callout.rich_text);
            }
            Content::Code(code) => self.code(code),
            Content::Equation(expression) => self.equation(expression),
            Content::Divider => self.divider(),
            Content::Breadcrumb => self.ledger.lose(LossKind::Breadcrumb),
            Content::TableOfContents => self.ledger.lose(LossKind::TableOfContents),
            Content::ColumnList => self.ledger.lose(LossKind::Columns),
            Content::Column(_) | Content::SyncedBlock(_) => {}
            Content::Tab => {
                self.ledger.lose(LossKind::Tabs);
                self.tabs.push((node.end, node.depth));
            }
            Content::Table(table) => self.table(at, table),
            Content::TableRow(cells) => {
                self.rows_of.retain(|&(end, _)| end as usize > at);
                if !self.rows_of.iter().any(|&(_, depth)| depth == node.depth) {
                    self.rows(&[cells], cells.len(), false);
                }
            }
            Content::Template(text) => {
                self.color(text.color);
                self.ledger.lose(LossKind::Template);
                self.text(None, &text.rich_text);
            }
            Content::Embed(file) => self.embed(file),
            Content::Bookmark(link) | Content::LinkPreview(link) => {
                self.bookmark(&link.url, &link.caption);
            }
            Content::Image(file) => self.image(file),
            Content::Video(file) => self.file(file, "video"),
            Content::Pdf(file) => self.file(file, "pdf"),
            Content::Audio(file) => self.file(file, "audio"),
            Content::File(file) => self.file(file, "file"),
            Content::LinkToPage(target) => self.link_to_page(*target),
            Content::ChildPage(title) | Content::ChildDatabase(title) => {
                self.link_by_id(node.block.id, title);
            }
            Content::MeetingNotes(notes) => {
                self.ledger.lose(LossKind::MeetingNotes);
                self.text(None, &notes.title);
            }
            Content::Unsupported(name) => {
                self.ledger.lose(LossKind::UnsupportedBlock);
                self.placeholder(name);
            }
            Content::Unknown(name) => {
                self.ledger.lose(LossKind::UnknownBlock);
                self.placeholder(name);
            }
        }
    }

    /// A page or database inside this page is a document of its own, so its children are not missing here.
    fn note_missing(&mut self, node: &Node) {
        let Block { has_children, content, .. } = &node.block;
        let own = matches!(content, Content::ChildPage(_) | Content::ChildDatabase(_));
        if *has_children && !node.loaded && !own {
            self.ledger.truncate(TruncationKind::ChildrenNotLoaded);
        }
    }

    /// It starts a block that is no list item.
    pub(super) fn block(&mut self) {
        self.list = None;
        self.writer.begin();
    }

    pub(super) fn block_id(&self) -> Option<NotionId> {
        self.block
    }

    fn color(&mut self, color: Color) {
        self.ledger.lose_if(color.is_visible(), LossKind::Color);
    }

    fn paragraph(&mut self, at: usize, node: &Node, text: &Callout) {
        self.color(text.color);
        while self.tabs.last().is_some_and(|&(end, _)| end as usize <= at) {
            self.tabs.pop();
        }
        let is_tab = self.tabs.last().is_some_and(|&(_, depth)| depth + 1 == node.depth);
        self.ledger.lose_if(!is_tab && node.end as usize > at + 1, LossKind::Indentation);
        self.text(text.icon.as_ref(), &text.rich_text);
    }

    /// A paragraph, if there is anything in it.
    fn text(&mut self, icon: Option<&Icon>, text: &[RichText]) {
        let icon = self.icon_text(icon);
        if icon.is_some() || shows(text) {
            self.block();
            self.icon_and_text(icon, text);
        }
    }

    fn icon_and_text(&mut self, icon: Option<String>, text: &[RichText]) {
        let Some(icon) = icon else { return self.rich_text(text, Place::Paragraph) };
        let mut pieces = Pieces::default();
        pieces.words(&icon, Kind::Text, 0, 0);
        self.write_pieces(&mut pieces, Place::Paragraph);
        if shows(text) {
            self.writer.out.push(' ');
            self.rich_text(text, Place::Continued);
        }
    }

    fn heading(&mut self, heading: &Heading) {
        self.color(heading.text.color);
        self.ledger.lose_if(heading.text.is_toggleable, LossKind::Toggle);
        if shows(&heading.text.rich_text) {
            self.block();
            let level = usize::from(heading.level.clamp(1, 6));
            self.writer.out.push_str(&"######"[..level]);
            self.writer.out.push(' ');
            self.rich_text(&heading.text.rich_text, Place::Heading);
        }
    }

    fn bullet(&mut self, at: usize, kind: BlockType, text: &Text) {
        self.color(text.color);
        self.item(at, &Item { kind, text: &text.rich_text, start: None, check_box: None });
    }

    fn quote(&mut self, at: usize, icon: Option<&Icon>, text: &[RichText]) {
        self.list = None;
        let outer = self.writer.open("> ", "> ");
        let icon = self.icon_text(icon);
        if icon.is_some() || shows(text) {
            self.writer.begin();
            self.icon_and_text(icon, text);
        }
        self.enter(at, outer, b'>');
    }

    fn divider(&mut self) {
        let clashes =
            self.writer.out.is_empty() || self.writer.fresh && self.innermost_marker() == Some(b'-');
        self.block();
        self.writer.out.push_str(if clashes { "***" } else { "---" });
    }

    fn placeholder(&mut self, name: &str) {
        let label = if name.is_empty() {
            "[Unsupported block]".into()
        } else {
            format!("[Unsupported block: {name}]")
        };
        self.link_line(&label, None);
    }

    /// It goes into a container for the node's children, unless there are none or they would be too deep.
    pub(super) fn enter(&mut self, at: usize, outer: usize, marker: u8) {
        let end = self.tree.nodes()[at].end;
        let has_children = end as usize > at + 1;
        if has_children && self.containers.len() < DEEPEST {
            let list = self.list.take();
            self.containers.push(Container { end, outer, list, marker });
        } else {
            self.ledger.lose_if(has_children, LossKind::Nesting);
            self.writer.close(outer);
        }
    }

    pub(super) fn innermost_marker(&self) -> Option<u8> {
        self.containers.last().map(|container| container.marker)
    }

    /// It closes the containers that end before a node.
    fn leave_before(&mut self, at: usize) {
        while let Some(container) = self.containers.pop_if(|container| container.end as usize <= at) {
            self.writer.close(container.outer);
            self.list = container.list;
        }
    }
}
