//! The walk over the blocks: one match that says what becomes of each.

use crate::library::fidelity::{LossKind, TruncationKind};
use crate::markdown::code;
use crate::markdown::databases::child_database;
use crate::markdown::files::{self, icon_text};
use crate::markdown::inline::{Place, rich_text, write_pieces};
use crate::markdown::ledger::Ledger;
use crate::markdown::links;
use crate::markdown::list::{self, Item};
use crate::markdown::meetings::{self, Meetings};
use crate::markdown::options::{FileRef, Options, Reference};
use crate::markdown::piece::Kind;
use crate::markdown::pieces::Pieces;
use crate::markdown::rendered::Rendered;
use crate::markdown::said::shows;
use crate::markdown::table;
use crate::markdown::target::A_PAGE;
use crate::markdown::writer::{Run, Writer};
use crate::notion::block::{
    Block, BlockType, Callout, Content, Heading, ListFormat, MeetingPart, Table, Text, UnknownBlock,
};
use crate::notion::icon::Icon;
use crate::notion::text::{Color, RichText};
use crate::notion::tree::{BlockTree, Node};

/// Deeper than this, blocks stand after their parent: prefixes must not grow with the square of the depth.
const DEEPEST: usize = 64;

/// Writes blocks as Markdown.
pub fn render(tree: &BlockTree, options: &Options<'_>) -> Rendered {
    let mut walk = Walk {
        tree,
        options,
        writer: Writer::default(),
        ledger: Ledger::default(),
        containers: Vec::new(),
        tables: Vec::new(),
        tabs: Vec::new(),
        meetings: Meetings::of(tree),
    };
    let mut at = 0;
    while let Some(node) = tree.nodes().get(at) {
        walk.leave_before(at);
        walk.ledger.at(node.block.id);
        at = match walk.begin_part(at, node) {
            Writes::Nothing => node.end as usize,
            Writes::Block => {
                walk.node(at, node);
                walk.missing(node);
                at + 1
            }
        };
    }
    walk.leave_before(usize::MAX);
    Rendered::new(walk.writer, walk.ledger)
}

/// Where the walk is, and what it has written.
struct Walk<'a> {
    tree: &'a BlockTree,
    options: &'a Options<'a>,
    writer: Writer,
    ledger: Ledger,
    containers: Vec<Container>,
    /// Where the tables around end, and how deep their rows are: they are written.
    tables: Vec<(u32, u32)>,
    /// The end and depth of the tabs around.
    tabs: Vec<(u32, u32)>,
    meetings: Meetings,
}

/// What is written of a block.
enum Writes {
    Block,
    /// Neither it nor what is in it.
    Nothing,
}

/// An open list item or quotation.
struct Container {
    end: u32,
    outer: usize,
    list: Option<Run>,
    marker: u8,
}

impl Walk<'_> {
    fn node(&mut self, at: usize, node: &Node) {
        let Self { options, writer, ledger, .. } = self;
        let id = node.block.id;
        let held = |file| FileRef { block: id, property: None, index: 0, file };
        match &node.block.content {
            Content::Paragraph(text) => self.paragraph(at, node, text),
            Content::Heading(heading) => self.heading(heading),
            Content::BulletedListItem(text) => self.bullet(at, node, BlockType::BulletedListItem, text),
            Content::NumberedListItem(item) => {
                color(ledger, item.color);
                ledger.lose_if(item.list_format != ListFormat::Numbers, LossKind::ListFormat);
                let (kind, start) = (BlockType::NumberedListItem, item.list_start_index);
                self.item(at, node, &Item { kind, text: &item.rich_text, start, check_box: None });
            }
            Content::ToDo(to_do) => {
                color(ledger, to_do.color);
                let (kind, check_box) = (BlockType::ToDo, Some(to_do.checked));
                self.item(at, node, &Item { kind, text: &to_do.rich_text, start: None, check_box });
            }
            Content::Toggle(text) => {
                ledger.lose(LossKind::Toggle);
                self.bullet(at, node, BlockType::Toggle, text);
            }
            Content::Quote(text) => {
                color(ledger, text.color);
                self.quote(at, node, None, &text.rich_text);
            }
            Content::Callout(callout) => {
                color(ledger, callout.color);
                ledger.lose(LossKind::Callout);
                self.quote(at, node, callout.icon.as_ref(), &callout.rich_text);
            }
            Content::Code(code) => code::listing(writer, ledger, options, code),
            Content::Equation(expression) => code::equation(writer, ledger, expression),
            Content::Divider => self.divider(),
            Content::Breadcrumb => ledger.lose(LossKind::Breadcrumb),
            Content::TableOfContents => ledger.lose(LossKind::TableOfContents),
            Content::ColumnList => ledger.lose(LossKind::Columns),
            Content::Column(_) | Content::SyncedBlock(_) => {}
            Content::Tab => {
                ledger.lose(LossKind::Tabs);
                self.tabs.push((node.end, node.depth));
            }
            Content::Table(table) => self.table(at, node, table),
            Content::TableRow(cells) => self.row(at, node, cells),
            Content::Template(text) => {
                color(ledger, text.color);
                ledger.lose(LossKind::Template);
                self.text(None, &text.rich_text);
            }
            Content::Embed(file) => files::embed(writer, ledger, options, held(file)),
            Content::Bookmark(link) | Content::LinkPreview(link) => {
                links::bookmark(writer, ledger, options, &link.url, &link.caption);
            }
            Content::Image(file) => files::image(writer, ledger, options, held(file)),
            Content::Video(file) => files::file(writer, ledger, options, held(file), "video"),
            Content::Pdf(file) => files::file(writer, ledger, options, held(file), "pdf"),
            Content::Audio(file) => files::file(writer, ledger, options, held(file), "audio"),
            Content::File(file) => files::file(writer, ledger, options, held(file), "file"),
            Content::LinkToPage(target) => links::link_to_page(writer, ledger, options, *target),
            Content::ChildPage(title) => {
                let title = if title.trim().is_empty() { "Untitled" } else { title };
                links::link_by_id(writer, ledger, options, id.map(Reference::Page), title, A_PAGE);
            }
            Content::ChildDatabase(title) => child_database(writer, ledger, options, id, title),
            Content::MeetingNotes(notes) => {
                ledger.lose(LossKind::MeetingNotes);
                self.text(None, &notes.title);
                let Self { options, writer, ledger, .. } = self;
                self.meetings.absent(writer, ledger, options, notes);
            }
            Content::Unsupported(name) => {
                ledger.lose(LossKind::UnsupportedBlock);
                placeholder(writer, ledger, name);
            }
            Content::Unknown(block) => self.unknown(block),
        }
    }

    /// Says that children are missing, where the first of them would stand.
    fn missing(&mut self, node: &Node) {
        if lacks_children(node) {
            self.ledger.at(node.block.id);
            links::not_loaded(&mut self.writer, &mut self.ledger);
        }
    }

    /// Writes the heading of a part of a meeting, if the block is one that says something.
    fn begin_part(&mut self, at: usize, node: &Node) -> Writes {
        let Some(part) = self.meetings.part(node) else { return Writes::Block };
        if meetings::is_left_out(self.options, part) {
            self.ledger.truncate(TruncationKind::TranscriptLeftOut);
            return Writes::Nothing;
        }
        let said = match &node.block.content {
            Content::Paragraph(text) => Some(&*text.rich_text),
            _ => None,
        };
        if has_children(at, node) || lacks_children(node) || said.is_none_or(shows) {
            let Self { options, writer, ledger, .. } = self;
            ledger.exposure.transcripts += u64::from(part == MeetingPart::Transcript);
            meetings::heading(writer, ledger, options, part, said.unwrap_or_default());
        }
        Writes::Block
    }

    fn paragraph(&mut self, at: usize, node: &Node, text: &Callout) {
        color(&mut self.ledger, text.color);
        while self.tabs.last().is_some_and(|&(end, _)| end as usize <= at) {
            self.tabs.pop();
        }
        let is_tab = self.tabs.last().is_some_and(|&(_, depth)| depth + 1 == node.depth);
        let part = self.meetings.part(node);
        self.ledger.lose_if(!is_tab && part.is_none() && has_children(at, node), LossKind::Indentation);
        let is_said = part.is_some_and(|part| meetings::is_name(&text.rich_text, part));
        self.text(text.icon.as_ref(), if is_said { &[] } else { &text.rich_text });
    }

    /// A paragraph, if there is anything in it.
    fn text(&mut self, icon: Option<&Icon>, text: &[RichText]) {
        let icon = icon_text(&mut self.ledger, icon);
        if icon.is_some() || shows(text) {
            self.writer.block();
            self.icon_and_text(icon, text);
        }
    }

    fn icon_and_text(&mut self, icon: Option<String>, text: &[RichText]) {
        let Self { options, writer, ledger, .. } = self;
        let Some(icon) = icon else { return rich_text(writer, ledger, options, text, Place::Paragraph) };
        let mut pieces = Pieces::default();
        pieces.words(&icon, Kind::Text, 0, 0);
        write_pieces(writer, ledger, &pieces, Place::Paragraph);
        if shows(text) {
            writer.out.push(' ');
            rich_text(writer, ledger, options, text, Place::Continued);
        }
    }

    /// The words of a block of an unknown type, or what says that there is one.
    fn unknown(&mut self, block: &UnknownBlock) {
        let has_words = block.texts.iter().any(|text| shows(text));
        self.ledger.lose(LossKind::UnknownBlock);
        if !has_words {
            self.ledger.truncate(TruncationKind::UnknownContent);
            return placeholder(&mut self.writer, &mut self.ledger, &block.name);
        }
        for text in &block.texts {
            self.text(None, text);
        }
    }

    fn heading(&mut self, heading: &Heading) {
        let Self { options, writer, ledger, .. } = self;
        color(ledger, heading.text.color);
        ledger.lose_if(heading.text.is_toggleable, LossKind::Toggle);
        if shows(&heading.text.rich_text) {
            writer.block();
            let level = usize::from(heading.level.clamp(1, 6));
            writer.out.push_str(&"######"[..level]);
            writer.out.push(' ');
            rich_text(writer, ledger, options, &heading.text.rich_text, Place::Heading);
        }
    }

    fn bullet(&mut self, at: usize, node: &Node, kind: BlockType, text: &Text) {
        color(&mut self.ledger, text.color);
        self.item(at, node, &Item { kind, text: &text.rich_text, start: None, check_box: None });
    }

    fn item(&mut self, at: usize, node: &Node, item: &Item<'_>) {
        let around = self.innermost_marker();
        let Self { options, writer, ledger, .. } = self;
        let run = list::choose(writer, around, at, node, item);
        let outer = list::open(writer, ledger, options, run, item);
        self.enter(at, node, outer, run.marker);
    }

    fn quote(&mut self, at: usize, node: &Node, icon: Option<&Icon>, text: &[RichText]) {
        self.writer.list = None;
        let outer = self.writer.open("> ", "> ");
        let icon = icon_text(&mut self.ledger, icon);
        if icon.is_some() || shows(text) {
            self.writer.begin();
            self.icon_and_text(icon, text);
        }
        self.enter(at, node, outer, b'>');
    }

    fn divider(&mut self) {
        let clashes =
            self.writer.out.is_empty() || self.writer.fresh && self.innermost_marker() == Some(b'-');
        self.writer.block();
        self.writer.out.push_str(if clashes { "***" } else { "---" });
    }

    fn table(&mut self, at: usize, node: &Node, table: &Table) {
        self.tables.retain(|&(end, _)| end as usize > at);
        self.tables.push((node.end, node.depth + 1));
        table::table(&mut self.writer, &mut self.ledger, self.options, self.tree, at, table);
    }

    /// A row outside of a table is a table of its own.
    fn row(&mut self, at: usize, node: &Node, cells: &[Vec<RichText>]) {
        self.tables.retain(|&(end, _)| end as usize > at);
        if !self.tables.iter().any(|&(_, depth)| depth == node.depth) {
            let Self { options, writer, ledger, .. } = self;
            if !cells.is_empty() {
                table::begin(writer, ledger, options, &[], cells.len());
                table::row(writer, ledger, options, cells, cells.len());
            }
        }
    }

    /// Goes into a container for the node's children, or for the word that they are missing, unless there are none or they would
    /// be too deep.
    fn enter(&mut self, at: usize, node: &Node, outer: usize, marker: u8) {
        let has_children = has_children(at, node) || lacks_children(node);
        if has_children && self.containers.len() < DEEPEST {
            let list = self.writer.list.take();
            self.containers.push(Container { end: node.end, outer, list, marker });
        } else {
            self.ledger.lose_if(has_children, LossKind::Nesting);
            self.writer.close(outer);
        }
    }

    fn innermost_marker(&self) -> Option<u8> {
        self.containers.last().map(|container| container.marker)
    }

    /// Closes the containers that end before a node.
    fn leave_before(&mut self, at: usize) {
        while let Some(container) = self.containers.pop_if(|container| container.end as usize <= at) {
            self.writer.close(container.outer);
            self.writer.list = container.list;
        }
    }
}

fn has_children(at: usize, node: &Node) -> bool {
    node.end as usize > at + 1
}

/// Whether children of a block are not in the tree. A page or database inside this page is a document of its own, so its children are
/// not missing here. What is missing of a meeting that points to all its parts is said part by part.
fn lacks_children(node: &Node) -> bool {
    let Block { has_children, content, .. } = &node.block;
    let is_said_elsewhere = match content {
        Content::ChildPage(_) | Content::ChildDatabase(_) => true,
        Content::MeetingNotes(notes) => notes.children.is_whole(),
        _ => false,
    };
    *has_children && !node.loaded && !is_said_elsewhere
}

fn color(ledger: &mut Ledger, color: Color) {
    ledger.lose_if(color.is_visible(), LossKind::Color);
}

fn placeholder(writer: &mut Writer, ledger: &mut Ledger, name: &str) {
    let label =
        if name.is_empty() { "[Unsupported block]".into() } else { format!("[Unsupported block: {name}]") };
    links::link_line(writer, ledger, &label, None);
}
