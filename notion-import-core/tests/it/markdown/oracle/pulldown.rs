//! From Markdown to events, as pulldown-cmark reads it.

use pulldown_cmark::{CodeBlockKind, Event as Parsed, Options, Parser, Tag, TagEnd};

use super::event::{BOLD, CODE, Event, ITALIC, MATH, STRIKE, target};
use super::reading::Reading;

/// The events of the Markdown.
pub fn read(markdown: &str) -> Vec<Event> {
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_MATH;
    let mut reader = Reader::default();
    for event in Parser::new_ext(markdown, options) {
        reader.event(event);
    }
    reader.reading.finish()
}

#[derive(Default)]
struct Reader {
    reading: Reading,
    listing: Option<(String, String)>,
}

impl Reader {
    fn event(&mut self, event: Parsed<'_>) {
        let reading = &mut self.reading;
        match event {
            Parsed::Start(tag) => self.start(tag),
            Parsed::End(tag) => self.end(tag),
            Parsed::Text(text) => match &mut self.listing {
                Some((_, listing)) => listing.push_str(&text),
                None => reading.chars(&text, 0),
            },
            Parsed::Code(code) => reading.chars(&code, CODE),
            Parsed::InlineMath(math) => reading.chars(&math, MATH),
            Parsed::DisplayMath(math) => reading.listing("math".to_owned(), math.trim()),
            Parsed::SoftBreak => reading.inline(Event::SoftBreak),
            Parsed::HardBreak => reading.inline(Event::Break),
            Parsed::InlineHtml(html) if &*html == "<br>" => reading.inline(Event::Break),
            Parsed::Rule => reading.single("hr"),
            Parsed::TaskListMarker(checked) => reading.single(format!("task {checked}")),
            other => reading.inline(Event::open(format!("{other:?}"))),
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        let reading = &mut self.reading;
        match tag {
            Tag::Emphasis => reading.styles.push(ITALIC),
            Tag::Strong => reading.styles.push(BOLD),
            Tag::Strikethrough => reading.styles.push(STRIKE),
            Tag::Link { dest_url, .. } => reading.link = Some(target(&dest_url)),
            Tag::Image { dest_url, .. } => reading.open_image(format!("image {}", target(&dest_url))),
            Tag::Paragraph => reading.end_text(),
            Tag::CodeBlock(CodeBlockKind::Fenced(info)) => {
                self.listing = Some((info.into_string(), String::new()));
            }
            Tag::Heading { level, .. } => reading.open(format!("{level}")),
            Tag::BlockQuote(_) => reading.open("quote"),
            Tag::List(Some(start)) => reading.open(format!("ol {start}")),
            Tag::List(None) => reading.open("ul"),
            Tag::Item => reading.open("item"),
            Tag::Table(_) => reading.open("table"),
            Tag::TableHead | Tag::TableRow => reading.open("row"),
            Tag::TableCell => reading.open("cell"),
            other => reading.open(format!("{other:?}")),
        }
    }

    fn end(&mut self, tag: TagEnd) {
        let reading = &mut self.reading;
        match tag {
            TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough => {
                reading.styles.pop();
            }
            TagEnd::Link => reading.link = None,
            TagEnd::Image => reading.close_image(),
            TagEnd::Paragraph => reading.end_text(),
            TagEnd::CodeBlock => {
                let (info, text) = self.listing.take().unwrap_or_default();
                let name = if info == "math" { info } else { format!("code {info}") };
                self.reading.listing(name, text.strip_suffix('\n').unwrap_or(&text));
            }
            _ => reading.close(),
        }
    }
}
