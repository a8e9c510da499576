//! From the tree to events.

use notion_import_core::notion::{
    Annotations, BlockTree, Color, Content, Icon, LinkTarget, ListFormat, MeetingParts, RichText,
    RichTextKind, Table,
};
use notion_import_core::{LossKind, NotionId};

use super::account::Account;
use super::event::{CODE, Event};
use super::inline::{self, Place};
use super::signed::lasting;

/// What the tree says: the events, the block of each, and what is lost.
#[derive(Default)]
pub struct Said {
    pub events: Vec<Event>,
    pub owners: Vec<Option<NotionId>>,
    pub account: Account,
}

/// The events of the tree.
pub fn said(tree: &BlockTree, transcripts: bool) -> Said {
    let mut walk = Walk { tree, transcripts, said: Said::default(), block: None };
    walk.siblings(None, false);
    walk.said
}

pub(super) struct Walk<'a> {
    tree: &'a BlockTree,
    transcripts: bool,
    pub(super) said: Said,
    pub(super) block: Option<NotionId>,
}

/// A list that the next sibling may carry on.
#[derive(PartialEq)]
struct List {
    kind: &'static str,
    start: u32,
    number: u32,
}

impl Walk<'_> {
    fn siblings(&mut self, of: Option<usize>, are_tabs: bool) {
        let mut list: Option<List> = None;
        for at in self.tree.children(of) {
            let block = &self.tree.nodes()[at].block;
            let part = self.part(block.id);
            // A heading, or what is left out, ends a list.
            if part.is_some() && list.take().is_some() {
                self.push(Event::Close);
            }
            if part == Some("Transcript") && !self.transcripts {
                self.said.account.leave_out();
                continue;
            }
            self.said.account.at(block.id);
            self.block = block.id;
            if let Some(part) = part {
                self.part_heading(at, part);
            }
            let next = next_list(&block.content, list.as_ref());
            let carries_on = matches!((&list, &next), (Some(list), Some(next)) if list.kind == next.kind && next.number > next.start);
            if list.is_some() && !carries_on {
                self.push(Event::Close);
            }
            if let Some(next) = &next
                && !carries_on
            {
                let start = next.start;
                self.push(Event::open(if next.kind == "numbers" {
                    format!("ol {start}")
                } else {
                    "ul".into()
                }));
            }
            list = next;
            self.node(at, &block.content, are_tabs);
        }
        if list.is_some() {
            self.push(Event::Close);
        }
    }

    /// What is below a block: that some of it is missing, if it is, and then its children.
    fn below(&mut self, at: usize, are_tabs: bool) {
        if self.is_lacking(at) {
            self.said.account.miss();
            self.link_line("[Content not loaded]", None);
        }
        self.siblings(Some(at), are_tabs);
    }

    fn is_lacking(&self, at: usize) -> bool {
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

    /// What a meeting calls a block that it points to: a transcript before all, for that is not shown to everybody.
    fn part(&self, id: Option<NotionId>) -> Option<&'static str> {
        let id = id?;
        let meetings = || {
            self.tree.nodes().iter().filter_map(|node| match &node.block.content {
                Content::MeetingNotes(notes) => Some(&notes.children),
                _ => None,
            })
        };
        ["Transcript", "Notes", "Summary"]
            .into_iter()
            .find(|name| meetings().any(|parts| pointer(parts, name) == Some(id)))
    }

    /// The heading of a part of a meeting, if there is anything below it.
    fn part_heading(&mut self, at: usize, part: &str) {
        let node = &self.tree.nodes()[at];
        let text = match &node.block.content {
            Content::Paragraph(text) => Some(text.rich_text.as_slice()),
            _ => None,
        };
        let has_children = node.end as usize > at + 1;
        if has_children || self.is_lacking(at) || text.is_none_or(inline::shows) {
            self.said.account.exposure.transcripts += u64::from(part == "Transcript");
            match text.filter(|text| is_name(text, part)) {
                Some(name) => self.wrapped("h3", name, Place::Heading),
                None => self.named_heading(part),
            }
        }
    }

    fn named_heading(&mut self, part: &str) {
        self.push(Event::open("h3"));
        self.extend(inline::words(part, None));
        self.push(Event::Close);
    }

    /// The parts of a meeting that are not here.
    fn absent(&mut self, parts: &MeetingParts) {
        for name in ["Summary", "Notes", "Transcript"] {
            let Some(id) = pointer(parts, name) else { continue };
            if self.tree.nodes().iter().any(|node| node.block.id == Some(id)) {
                continue;
            }
            if name == "Transcript" && !self.transcripts {
                self.said.account.leave_out();
                continue;
            }
            self.named_heading(name);
            self.said.account.miss();
            self.link_line("[Content not loaded]", None);
        }
    }

    fn node(&mut self, at: usize, content: &Content, is_tab: bool) {
        let has_children = self.tree.nodes()[at].end as usize > at + 1;
        let part = self.part(self.block);
        match content {
            Content::Paragraph(text) => {
                self.color(text.color);
                self.lose_if(has_children && !is_tab && part.is_none(), LossKind::Indentation);
                let is_said = part.is_some_and(|part| is_name(&text.rich_text, part));
                self.paragraph(text.icon.as_ref(), if is_said { &[] } else { &text.rich_text });
            }
            Content::Heading(heading) => {
                self.color(heading.text.color);
                self.lose_if(heading.text.is_toggleable, LossKind::Toggle);
                let level = heading.level.clamp(1, 6);
                self.wrapped(&format!("h{level}"), &heading.text.rich_text, Place::Heading);
            }
            Content::BulletedListItem(text) => {
                self.color(text.color);
                return self.item(at, &text.rich_text, None);
            }
            Content::Toggle(text) => {
                self.lose_if(true, LossKind::Toggle);
                self.color(text.color);
                return self.item(at, &text.rich_text, None);
            }
            Content::NumberedListItem(item) => {
                self.color(item.color);
                self.lose_if(item.list_format != ListFormat::Numbers, LossKind::ListFormat);
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
                self.lose_if(true, LossKind::Callout);
                return self.quote(at, callout.icon.as_ref(), &callout.rich_text);
            }
            Content::Code(code) => {
                let text: String = code.rich_text.iter().map(|run| self.listed(run)).collect();
                let fence = lasting(&code.language, &mut self.said.account);
                let text = lasting(&text, &mut self.said.account);
                self.listing(&language(&fence), &text);
                self.caption(&code.caption);
            }
            Content::Equation(expression) => {
                let expression = expression.trim();
                if !expression.is_empty() {
                    let expression = lasting(expression, &mut self.said.account);
                    self.listing("math", &expression);
                }
            }
            Content::Divider => self.push(Event::open("hr")),
            Content::Breadcrumb => self.lose_if(true, LossKind::Breadcrumb),
            Content::TableOfContents => self.lose_if(true, LossKind::TableOfContents),
            Content::ColumnList => self.lose_if(true, LossKind::Columns),
            Content::Column(_) | Content::SyncedBlock(_) => {}
            Content::Tab => {
                self.lose_if(true, LossKind::Tabs);
                return self.below(at, true);
            }
            Content::Table(table) => self.table(at, table),
            Content::TableRow(_) if self.in_table(at) => {}
            Content::TableRow(cells) => self.rows(&[(self.block, cells)], cells.len(), false),
            Content::Template(text) => {
                self.color(text.color);
                self.lose_if(true, LossKind::Template);
                self.paragraph(None, &text.rich_text);
            }
            Content::Embed(file) => self.embed(file),
            Content::Bookmark(link) | Content::LinkPreview(link) => self.bookmark(link),
            Content::Image(file) => self.image(file),
            Content::Video(file) => self.file(file, "video"),
            Content::Pdf(file) => self.file(file, "pdf"),
            Content::Audio(file) => self.file(file, "audio"),
            Content::File(file) => self.file(file, "file"),
            Content::LinkToPage(LinkTarget::Page(id)) => self.page_line(Some(*id), "", "a page in Notion"),
            Content::LinkToPage(LinkTarget::Database(id)) => {
                self.page_line(Some(*id), "", "a database in Notion");
            }
            Content::LinkToPage(target @ (LinkTarget::Comment(_) | LinkTarget::Unknown)) => {
                self.said.account.exposure.comments += u64::from(matches!(target, LinkTarget::Comment(_)));
                self.lose_if(true, LossKind::LinkTarget);
            }
            Content::ChildPage(title) => self.page_line(self.block, title, "Untitled"),
            Content::ChildDatabase(title) => {
                self.page_line(self.block, title, "a database in Notion");
                self.lose_if(true, LossKind::Database);
            }
            Content::MeetingNotes(notes) => {
                self.lose_if(true, LossKind::MeetingNotes);
                self.paragraph(None, &notes.title);
                self.absent(&notes.children);
            }
            Content::Unsupported(name) => {
                self.lose_if(true, LossKind::UnsupportedBlock);
                self.placeholder(name);
            }
            Content::Unknown(block) => {
                let has_words = block.texts.iter().any(|text| inline::shows(text));
                self.lose_if(true, LossKind::UnknownBlock);
                if has_words {
                    block.texts.iter().for_each(|text| self.paragraph(None, text));
                } else {
                    self.said.account.miss_words();
                    self.placeholder(&block.name);
                }
            }
        }
        self.below(at, false);
    }

    fn item(&mut self, at: usize, text: &[RichText], checked: Option<bool>) {
        self.push(Event::open("item"));
        if let Some(checked) = checked {
            self.push(Event::open(format!("task {checked}")));
        }
        self.paragraph(None, text);
        self.below(at, false);
        self.push(Event::Close);
    }

    fn quote(&mut self, at: usize, icon: Option<&Icon>, text: &[RichText]) {
        self.push(Event::open("quote"));
        self.paragraph(icon, text);
        self.below(at, false);
        self.push(Event::Close);
    }

    fn paragraph(&mut self, icon: Option<&Icon>, text: &[RichText]) {
        let mut events = self.icon(icon);
        let words = inline::text(text, Place::Block, &mut self.said.account);
        if !events.is_empty() && !words.is_empty() {
            events.push(Event::char(' ', 0, None));
        }
        events.extend(words);
        self.line(events);
    }

    fn icon(&mut self, icon: Option<&Icon>) -> Vec<Event> {
        match icon {
            None => Vec::new(),
            Some(Icon::Emoji(emoji)) => inline::words(&lasting(emoji.trim(), &mut self.said.account), None),
            Some(Icon::CustomEmoji(emoji)) => {
                self.lose_if(true, LossKind::CustomEmoji);
                if emoji.name.is_empty() {
                    Vec::new()
                } else {
                    let name = format!(":{}:", emoji.name);
                    inline::words(&lasting(&name, &mut self.said.account), None)
                }
            }
            Some(_) => {
                self.lose_if(true, LossKind::Icon);
                Vec::new()
            }
        }
    }

    fn wrapped(&mut self, name: &str, text: &[RichText], place: Place) {
        let events = inline::text(text, place, &mut self.said.account);
        if !events.is_empty() {
            self.push(Event::open(name));
            self.extend(events);
            self.push(Event::Close);
        }
    }

    fn listing(&mut self, language: &str, text: &str) {
        let text = text.replace("\r\n", "\n").replace('\r', "\n").replace('\0', "\u{FFFD}");
        self.push(Event::open(if language == "math" { "math".into() } else { format!("code {language}") }));
        self.extend(text.chars().map(|char| Event::char(char, CODE, None)).collect());
        self.push(Event::Close);
    }

    fn table(&mut self, at: usize, table: &Table) {
        self.lose_if(table.has_row_header, LossKind::HeaderColumn);
        let row = |at: usize| match &self.tree.nodes()[at].block.content {
            Content::TableRow(cells) => Some((self.tree.nodes()[at].block.id, cells.as_slice())),
            _ => None,
        };
        let rows: Vec<_> = self.tree.children(Some(at)).filter_map(row).collect();
        let cells = rows.iter().map(|(_, cells)| cells.len()).max().unwrap_or(0);
        let said = table.table_width.unwrap_or(0.0).clamp(0.0, 1000.0) as usize;
        self.rows(&rows, if cells == 0 { said } else { cells }, table.has_column_header);
    }

    /// Whether a row is a child of a table, and said with it.
    fn in_table(&self, at: usize) -> bool {
        let nodes = self.tree.nodes();
        let parent = nodes[..at].iter().rposition(|node| node.depth + 1 == nodes[at].depth);
        parent.is_some_and(|parent| {
            nodes[parent].end as usize > at && matches!(nodes[parent].block.content, Content::Table(_))
        })
    }

    /// Rows, each with its own block.
    fn rows(&mut self, rows: &[(Option<NotionId>, &[Vec<RichText>])], width: usize, has_header: bool) {
        if rows.is_empty() || width == 0 {
            return;
        }
        self.push(Event::open("table"));
        if !has_header {
            self.row(&[], width);
        }
        for (id, cells) in rows {
            self.said.account.at(*id);
            self.block = *id;
            self.row(cells, width);
        }
        self.push(Event::Close);
    }

    fn row(&mut self, cells: &[Vec<RichText>], width: usize) {
        self.push(Event::open("row"));
        for at in 0..width {
            self.push(Event::open("cell"));
            let cell = cells.get(at).map_or(&[][..], Vec::as_slice);
            let events = inline::text(cell, Place::Cell, &mut self.said.account);
            self.extend(events);
            self.push(Event::Close);
        }
        self.push(Event::Close);
    }

    /// A paragraph, if there is anything in it.
    pub(super) fn line(&mut self, events: Vec<Event>) {
        if !events.is_empty() {
            self.push(Event::open("p"));
            self.extend(events);
            self.push(Event::Close);
        }
    }

    /// The words of a run in a listing, which has no looks.
    fn listed(&mut self, run: &RichText) -> String {
        let account = &mut self.said.account;
        let words = match &run.kind {
            RichTextKind::Mention(mention) => inline::named(run, mention, account),
            RichTextKind::Text | RichTextKind::Equation(_) => run.plain_text.clone(),
        };
        if !words.trim().is_empty() {
            let Annotations { bold, italic, strikethrough, underline, code, color } = run.annotations;
            let looks =
                [bold, italic, strikethrough, underline, code, color.is_visible(), run.href.is_some()];
            looks.into_iter().for_each(|lost| account.lose_if(lost, LossKind::ListingStyle));
        }
        words
    }

    fn color(&mut self, color: Color) {
        self.lose_if(color.is_visible(), LossKind::Color);
    }

    pub(super) fn lose_if(&mut self, lost: bool, kind: LossKind) {
        self.said.account.lose_if(lost, kind);
    }

    pub(super) fn push(&mut self, event: Event) {
        self.said.events.push(event);
        self.said.owners.push(self.block);
    }

    pub(super) fn extend(&mut self, events: Vec<Event>) {
        events.into_iter().for_each(|event| self.push(event));
    }
}

fn pointer(parts: &MeetingParts, name: &str) -> Option<NotionId> {
    match name {
        "Summary" => parts.summary_block_id,
        "Notes" => parts.notes_block_id,
        _ => parts.transcript_block_id,
    }
}

/// Whether a text is just the name of a part.
fn is_name(text: &[RichText], part: &str) -> bool {
    let words: String = text.iter().map(|run| run.plain_text.as_str()).collect();
    words.trim() == part && text.iter().all(|run| matches!(run.kind, RichTextKind::Text))
}

/// A number of a list has nine digits at most.
const LAST_NUMBER: f64 = 999_999_999.0;

/// The list an item begins or carries on. Notion says a list's start on its first item or on every one.
fn next_list(content: &Content, list: Option<&List>) -> Option<List> {
    let (kind, start) = match content {
        Content::BulletedListItem(_) => ("bullets", None),
        Content::ToDo(_) => ("tasks", None),
        Content::Toggle(_) => ("toggles", None),
        Content::NumberedListItem(item) => {
            ("numbers", item.list_start_index.map(|start| start.clamp(0.0, LAST_NUMBER) as u32))
        }
        _ => return None,
    };
    match list.filter(|list| list.kind == kind) {
        Some(List { start: first, number, .. })
            if start.is_none_or(|start| start == *first || start == number + 1) =>
        {
            Some(List { kind, start: *first, number: number + 1 })
        }
        _ => Some(List { kind, start: start.unwrap_or(1), number: start.unwrap_or(1) }),
    }
}

/// The first word of a fence, for Notion's names of languages.
fn language(name: &str) -> String {
    for (notion, fence) in [
        ("plain text", ""),
        ("ascii art", "text"),
        ("c#", "csharp"),
        ("c++", "cpp"),
        ("f#", "fsharp"),
        ("docker", "dockerfile"),
        ("java/c/c++/c#", "c"),
        ("llvm ir", "llvm"),
        ("objective-c", "objectivec"),
        ("vb.net", "vbnet"),
        ("visual basic", "vb"),
        ("webassembly", "wasm"),
        ("markup", "html"),
    ] {
        if name == notion {
            return fence.to_owned();
        }
    }
    let is_kept = |char: char| char.is_alphanumeric() || "+#._-".contains(char);
    name.chars().map(|char| if is_kept(char) { char } else { '-' }).collect()
}
