//! From Markdown to events, as comrak reads it: a second opinion on text and structure, with GFM's autolinks on.

use comrak::nodes::{AstNode, ListType, NodeValue};
use comrak::{Arena, Options, parse_document};

use super::event::{BOLD, CODE, Event, ITALIC, MATH, STRIKE, target};
use super::reading::Reading;

/// The events of the Markdown.
pub fn read(markdown: &str) -> Vec<Event> {
    let mut options = Options::default();
    options.extension.strikethrough = true;
    options.extension.table = true;
    options.extension.tasklist = true;
    options.extension.math_dollars = true;
    options.extension.autolink = true;
    let arena = Arena::new();
    let mut reading = Reading::default();
    children(parse_document(&arena, markdown, &options), &mut reading);
    reading.finish()
}

fn children<'a>(node: &'a AstNode<'a>, reading: &mut Reading) {
    for child in node.children() {
        one(child, reading);
    }
}

fn wrapped<'a>(name: impl Into<String>, node: &'a AstNode<'a>, reading: &mut Reading) {
    reading.open(name);
    children(node, reading);
    reading.close();
}

fn styled<'a>(style: u8, node: &'a AstNode<'a>, reading: &mut Reading) {
    reading.styles.push(style);
    children(node, reading);
    reading.styles.pop();
}

fn one<'a>(node: &'a AstNode<'a>, reading: &mut Reading) {
    let value = &node.data.borrow().value;
    match value {
        NodeValue::Paragraph => {
            reading.end_text();
            children(node, reading);
            reading.end_text();
        }
        NodeValue::BlockQuote => wrapped("quote", node, reading),
        NodeValue::List(list) => match list.list_type {
            ListType::Bullet => wrapped("ul", node, reading),
            ListType::Ordered => wrapped(format!("ol {}", list.start), node, reading),
        },
        NodeValue::Item(_) => wrapped("item", node, reading),
        NodeValue::TaskItem(task) => {
            reading.open("item");
            reading.single(format!("task {}", task.symbol.is_some()));
            children(node, reading);
            reading.close();
        }
        NodeValue::CodeBlock(code) => {
            let name = if code.info == "math" { code.info.clone() } else { format!("code {}", code.info) };
            reading.listing(name, code.literal.strip_suffix('\n').unwrap_or(&code.literal));
        }
        NodeValue::Heading(heading) => wrapped(format!("h{}", heading.level), node, reading),
        NodeValue::ThematicBreak => reading.single("hr"),
        NodeValue::Table(_) => wrapped("table", node, reading),
        NodeValue::TableRow(_) => wrapped("row", node, reading),
        NodeValue::TableCell => wrapped("cell", node, reading),
        NodeValue::Text(text) => reading.chars(text, 0),
        NodeValue::Code(code) => reading.chars(&code.literal, CODE),
        NodeValue::Math(math) if math.display_math => reading.listing("math".to_owned(), math.literal.trim()),
        NodeValue::Math(math) => reading.chars(&math.literal, MATH),
        NodeValue::SoftBreak => reading.inline(Event::SoftBreak),
        NodeValue::LineBreak => reading.inline(Event::Break),
        NodeValue::HtmlInline(html) if html == "<br>" => reading.inline(Event::Break),
        NodeValue::Emph => styled(ITALIC, node, reading),
        NodeValue::Strong => styled(BOLD, node, reading),
        NodeValue::Strikethrough => styled(STRIKE, node, reading),
        NodeValue::Link(link) => {
            reading.link = Some(target(&link.url));
            children(node, reading);
            reading.link = None;
        }
        NodeValue::Image(image) => {
            reading.open_image(format!("image {}", target(&image.url)));
            children(node, reading);
            reading.close_image();
        }
        other => {
            reading.inline(Event::open(format!("{other:?}")));
            children(node, reading);
        }
    }
}
