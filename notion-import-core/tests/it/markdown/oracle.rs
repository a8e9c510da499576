//! Two ways to the same events: from the tree, and from the Markdown through pulldown-cmark.
//!
//! The way from the tree knows nothing of the writer. Both end in one list of flat events: containers, blocks,
//! breaks, and each visible character with its styles and its link.

use notion_import_core::notion::block::Content;
use notion_import_core::notion::text::{RichText, RichTextKind};
use notion_import_core::notion::tree::BlockTree;
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

/// One event. Styles are kept per character, so that it does not matter how runs are cut.
#[derive(Clone, Debug, PartialEq)]
pub enum Flat {
    Open(String),
    Close,
    Char { char: char, styles: String, link: String },
    Code(String),
    Math(String),
    Break,
}

/// The events of the tree.
pub fn expected(tree: &BlockTree) -> Vec<Flat> {
    let mut events = Vec::new();
    siblings(tree, None, &mut events);
    events
}

fn siblings(tree: &BlockTree, of: Option<usize>, events: &mut Vec<Flat>) {
    let mut list: Option<String> = None;
    for at in tree.children(of) {
        let content = &tree.nodes()[at].block.content;
        let kind = match content {
            Content::BulletedListItem(_) => Some("bullets"),
            Content::ToDo(_) => Some("tasks"),
            Content::Toggle(_) => Some("toggles"),
            Content::NumberedListItem(_) => Some("numbers"),
            _ => None,
        };
        if list.as_deref() != kind {
            if list.take().is_some() {
                events.push(Flat::Close);
            }
            if let Some(kind) = kind {
                let ordered = if kind == "numbers" { "ol 1" } else { "ul" };
                events.push(Flat::Open(ordered.to_owned()));
                list = Some(kind.to_owned());
            }
        }
        node(tree, at, content, events);
    }
    if list.is_some() {
        events.push(Flat::Close);
    }
}

fn node(tree: &BlockTree, at: usize, content: &Content, events: &mut Vec<Flat>) {
    let wrapped = |name: &str, events: &mut Vec<Flat>, inner: &dyn Fn(&mut Vec<Flat>)| {
        events.push(Flat::Open(name.to_owned()));
        inner(events);
        events.push(Flat::Close);
    };
    match content {
        Content::Paragraph(text) => {
            paragraph(&text.rich_text, events);
            siblings(tree, Some(at), events);
        }
        Content::Heading(heading) => {
            if !inline(&heading.text.rich_text, true).is_empty() {
                wrapped(&format!("h{}", heading.level), events, &|events| {
                    events.extend(inline(&heading.text.rich_text, true));
                });
            }
            siblings(tree, Some(at), events);
        }
        Content::BulletedListItem(text) | Content::Toggle(text) => wrapped("item", events, &|events| {
            paragraph(&text.rich_text, events);
            siblings(tree, Some(at), events);
        }),
        Content::NumberedListItem(item) => wrapped("item", events, &|events| {
            paragraph(&item.rich_text, events);
            siblings(tree, Some(at), events);
        }),
        Content::ToDo(to_do) => wrapped("item", events, &|events| {
            events.push(Flat::Open(format!("task {}", to_do.checked)));
            paragraph(&to_do.rich_text, events);
            siblings(tree, Some(at), events);
        }),
        Content::Quote(text) => wrapped("quote", events, &|events| {
            paragraph(&text.rich_text, events);
            siblings(tree, Some(at), events);
        }),
        Content::Code(code) => {
            let text: String = code.rich_text.iter().map(|run| run.plain_text.as_str()).collect();
            let text = lines(&text).replace('\0', "\u{FFFD}");
            wrapped("code", events, &|events| events.push(Flat::Code(text.clone())));
        }
        Content::Divider => events.push(Flat::Open("hr".to_owned())),
        Content::Table(table) => {
            let rows: Vec<_> = tree.children(Some(at)).collect();
            let cells = |row: &usize| match &tree.nodes()[*row].block.content {
                Content::TableRow(cells) => cells.clone(),
                other => panic!("no row: {other:?}"),
            };
            let width = rows.iter().map(|row| cells(row).len()).max().unwrap_or(0);
            if width == 0 {
                return;
            }
            let row = |cells: &[Vec<RichText>], events: &mut Vec<Flat>| {
                events.push(Flat::Open("row".to_owned()));
                for at in 0..width {
                    events.push(Flat::Open("cell".to_owned()));
                    events.extend(cells.get(at).map_or_else(Vec::new, |cell| inline(cell, false)));
                    events.push(Flat::Close);
                }
                events.push(Flat::Close);
            };
            events.push(Flat::Open("table".to_owned()));
            if !table.has_column_header {
                row(&[], events);
            }
            for at in &rows {
                row(&cells(at), events);
            }
            events.push(Flat::Close);
        }
        other => panic!("the oracle does not know {other:?}"),
    }
}

fn paragraph(text: &[RichText], events: &mut Vec<Flat>) {
    let text = inline(text, false);
    if !text.is_empty() {
        events.push(Flat::Open("p".to_owned()));
        events.extend(text);
        events.push(Flat::Close);
    }
}

fn lines(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n")
}

/// Characters, breaks, code and formulas. White space has no style: none of it shows.
fn inline(runs: &[RichText], one_line: bool) -> Vec<Flat> {
    let mut events = Vec::new();
    for run in runs {
        let marks = run.annotations;
        let mut styles = String::new();
        for (on, style) in [(marks.bold, 'b'), (marks.italic, 'i'), (marks.strikethrough, 's')] {
            if on {
                styles.push(style);
            }
        }
        let link = run.href.clone().unwrap_or_default();
        if let RichTextKind::Equation(expression) = &run.kind {
            events.push(Flat::Math(expression.clone()));
            continue;
        }
        let text = lines(&run.plain_text).replace('\0', "\u{FFFD}");
        for (at, line) in text.split('\n').enumerate() {
            if at > 0 {
                events.push(Flat::Break);
            }
            if marks.code {
                match events.last_mut() {
                    _ if line.is_empty() => {}
                    Some(Flat::Code(last)) => last.push_str(line),
                    _ => events.push(Flat::Code(line.to_owned())),
                }
                continue;
            }
            events.extend(line.chars().map(|char| flat(char, &styles, &link)));
        }
    }
    trim(events, one_line)
}

fn flat(char: char, styles: &str, link: &str) -> Flat {
    if char.is_whitespace() {
        return Flat::Char { char, styles: String::new(), link: String::new() };
    }
    Flat::Char { char, styles: styles.to_owned(), link: link.to_owned() }
}

/// It drops spaces and tabs at the ends of lines, and lines without words at the ends of the text.
fn trim(events: Vec<Flat>, one_line: bool) -> Vec<Flat> {
    let space = |event: &Flat| matches!(event, Flat::Char { char: ' ' | '\t', .. });
    let silent = |line: &Vec<Flat>| {
        line.iter().all(|event| matches!(event, Flat::Char { char, .. } if char.is_whitespace()))
    };
    let mut lines: Vec<Vec<Flat>> = vec![Vec::new()];
    for event in events {
        let line = lines.last_mut().unwrap();
        match (line.last_mut(), event) {
            (_, Flat::Break) => lines.push(Vec::new()),
            // Neighbouring formulas and neighbouring code are one: how they are cut does not show.
            (Some(Flat::Math(last)), Flat::Math(next)) => last.extend([" ", &next]),
            (Some(Flat::Code(last)), Flat::Code(next)) => last.push_str(&next),
            (_, event) => line.push(event),
        }
    }
    for line in &mut lines {
        while line.last().is_some_and(space) {
            line.pop();
        }
        let start = line.iter().position(|event| !space(event)).unwrap_or(line.len());
        line.drain(..start);
    }
    while lines.last().is_some_and(silent) {
        lines.pop();
    }
    let start = lines.iter().position(|line| !silent(line)).unwrap_or(lines.len());
    lines.drain(..start);
    let between = if one_line { flat(' ', "", "") } else { Flat::Break };
    lines.join(&between)
}

/// The events of the Markdown.
pub fn parsed(markdown: &str) -> Vec<Flat> {
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_MATH;
    let mut events = Vec::new();
    let mut reading = Reading::default();
    for event in Parser::new_ext(markdown, options) {
        reading.event(event, &mut events);
    }
    reading.end_text(&mut events);
    events
}

#[derive(Default)]
struct Reading {
    styles: Vec<char>,
    link: String,
    text: Vec<Flat>,
    in_code: Option<String>,
}

impl Reading {
    fn event(&mut self, event: Event<'_>, events: &mut Vec<Flat>) {
        match event {
            Event::Start(tag) => self.start(tag, events),
            Event::End(tag) => self.end(tag, events),
            Event::Text(text) => match &mut self.in_code {
                Some(code) => code.push_str(&text),
                None => {
                    let mut styles = self.styles.clone();
                    styles.sort_unstable();
                    styles.dedup();
                    let styles: String = styles.into_iter().collect();
                    self.text.extend(text.chars().map(|char| flat(char, &styles, &self.link)));
                }
            },
            Event::Code(code) => match self.text.last_mut() {
                Some(Flat::Code(last)) => last.push_str(&code),
                _ => self.text.push(Flat::Code(code.into_string())),
            },
            Event::InlineMath(math) => self.text.push(Flat::Math(math.into_string())),
            Event::SoftBreak => self.text.push(Flat::Open("soft break".to_owned())),
            Event::HardBreak => self.text.push(Flat::Break),
            Event::InlineHtml(html) if &*html == "<br>" => self.text.push(Flat::Break),
            Event::Rule => {
                self.end_text(events);
                events.push(Flat::Open("hr".to_owned()));
            }
            Event::TaskListMarker(checked) => events.push(Flat::Open(format!("task {checked}"))),
            other => self.text.push(Flat::Open(format!("{other:?}"))),
        }
    }

    fn start(&mut self, tag: Tag<'_>, events: &mut Vec<Flat>) {
        let name = match tag {
            Tag::Emphasis => return self.styles.push('i'),
            Tag::Strong => return self.styles.push('b'),
            Tag::Strikethrough => return self.styles.push('s'),
            Tag::Link { dest_url, .. } => {
                self.link = dest_url.into_string();
                return;
            }
            // A tight item's text has no paragraph of its own; whether a list is tight means nothing here.
            Tag::Paragraph => return self.end_text(events),
            Tag::Heading { level, .. } => format!("{level}"),
            Tag::BlockQuote(_) => "quote".to_owned(),
            Tag::CodeBlock(_) => {
                self.end_text(events);
                self.in_code = Some(String::new());
                return;
            }
            Tag::List(Some(start)) => format!("ol {start}"),
            Tag::List(None) => "ul".to_owned(),
            Tag::Item => "item".to_owned(),
            Tag::Table(_) => "table".to_owned(),
            Tag::TableHead | Tag::TableRow => "row".to_owned(),
            Tag::TableCell => "cell".to_owned(),
            other => format!("{other:?}"),
        };
        self.end_text(events);
        events.push(Flat::Open(name));
    }

    fn end(&mut self, tag: TagEnd, events: &mut Vec<Flat>) {
        match tag {
            TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough => {
                self.styles.pop();
            }
            TagEnd::Link => self.link.clear(),
            TagEnd::Paragraph => self.end_text(events),
            TagEnd::CodeBlock => {
                let code = self.in_code.take().unwrap_or_default();
                let code = code.strip_suffix('\n').unwrap_or(&code).to_owned();
                events.extend([Flat::Open("code".to_owned()), Flat::Code(code), Flat::Close]);
            }
            _ => {
                self.end_text(events);
                events.push(Flat::Close);
            }
        }
    }

    fn end_text(&mut self, events: &mut Vec<Flat>) {
        let text = trim(std::mem::take(&mut self.text), false);
        if text.is_empty() {
            return;
        }
        let bare = matches!(events.last(), Some(Flat::Open(name)) if name == "cell" || name.starts_with('h') && name != "hr");
        if !bare {
            events.push(Flat::Open("p".to_owned()));
        }
        events.extend(text);
        if !bare {
            events.push(Flat::Close);
        }
    }
}

/// It makes every character plain, where the report says that some style was dropped.
pub fn forget_styles(events: &mut [Flat]) {
    for event in events {
        if let Flat::Char { styles, .. } = event {
            styles.clear();
        }
    }
}
