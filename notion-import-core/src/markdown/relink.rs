//! Links of a text, led elsewhere.

use std::ops::Range;

use pulldown_cmark::{Event, LinkType, Options, Parser, Tag, TagEnd};

use crate::markdown::escape::{self, Around};

/// Gives the links and images of a Markdown text other addresses: what `to` returns for theirs, or what they have if it
/// returns none. Every other byte stays as it is, but a line break before an address that changes.
///
/// Meant for texts that are shown or written elsewhere than where they are stored: stored files under the addresses a
/// reader can load, pages of Notion as the documents they became. The text is read as CommonMark with GFM's tables, task
/// lists and strikethrough and with `$` math, in linear time. Definitions of links count as links, and of the addresses
/// in angle brackets, which are their own words, the words stay. An address in code, a formula, HTML or plain text is
/// none. `to` gets addresses without escapes; what it returns is escaped, and white space, controls, `<`, `>`, `` ` ``,
/// `|` and `$` are percent-encoded.
///
/// ```
/// use notion_import_core::markdown::relink;
///
/// let text = "![plan](attachment:1f0b) and `[x](attachment:1f0b)`";
/// let here = |address: &str| Some(format!("files/{}.png", address.strip_prefix("attachment:")?));
/// assert_eq!(relink(text, here), "![plan](files/1f0b.png) and `[x](attachment:1f0b)`");
/// ```
pub fn relink(markdown: &str, to: impl Fn(&str) -> Option<String>) -> String {
    let mut text = String::with_capacity(markdown.len());
    let mut from = 0;
    for Place { range, address, form } in places(markdown) {
        let Some(new) = to(&address).filter(|new| *new != address) else { continue };
        text.push_str(&markdown[from..range.start]);
        from = range.end;
        match form {
            Form::Plain => write_address(&mut text, &new),
            Form::Brackets { words, after_label } => {
                separate(&mut text, after_label);
                text.push('[');
                escape::text(&mut text, words, Around { cell: true, linked: true, ..Around::default() });
                text.push_str("](");
                write_address(&mut text, &new);
                text.push(')');
            }
        }
    }
    text.push_str(&markdown[from..]);
    text
}

/// An address in a text.
struct Place<'m> {
    range: Range<usize>,
    address: String,
    form: Form<'m>,
}

enum Form<'m> {
    /// The address of a link, an image or a definition.
    Plain,
    /// An address in angle brackets, which is its own words. It may stand right after a label that is a link.
    Brackets { words: &'m str, after_label: bool },
}

/// A link or image whose end has not been read.
struct Open {
    /// Its address, if that stands after its words.
    address: Option<String>,
    words_end: usize,
}

/// The addresses in the order they stand.
fn places(markdown: &str) -> Vec<Place<'_>> {
    let dialect = Options::ENABLE_TABLES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_MATH;
    let events = Parser::new_ext(markdown, dialect).into_offset_iter();
    let definitions = events.reference_definitions().iter();
    let mut places: Vec<_> = definitions
        .filter_map(|(_, definition)| {
            let range = after(markdown, definition.span.clone(), "]:")?;
            Some(Place { range, address: definition.dest.to_string(), form: Form::Plain })
        })
        .collect();
    let mut open: Vec<Open> = Vec::new();
    let mut label_end = None;
    for (event, range) in events {
        let Range { start, end } = range;
        match event {
            Event::Start(Tag::Link { link_type, dest_url, .. } | Tag::Image { link_type, dest_url, .. }) => {
                let mut address = None;
                match link_type {
                    LinkType::Inline => address = Some(dest_url.into_string()),
                    LinkType::Shortcut => label_end = Some(end),
                    // What is inside of another link leads nowhere.
                    LinkType::Autolink | LinkType::Email if open.is_empty() => {
                        let scheme = if link_type == LinkType::Email { "mailto:" } else { "" };
                        let words = &markdown[start + 1..end - 1];
                        let form = Form::Brackets { words, after_label: label_end == Some(start) };
                        places.push(Place { range, address: format!("{scheme}{dest_url}"), form });
                    }
                    // These lead where a definition says.
                    _ => {}
                }
                open.push(Open { address, words_end: start });
                continue;
            }
            Event::End(TagEnd::Link | TagEnd::Image) => {
                if let Some(Open { address: Some(address), words_end }) = open.pop()
                    && let Some(range) = after(markdown, words_end..end, "](")
                {
                    places.push(Place { range, address, form: Form::Plain });
                }
            }
            _ => {}
        }
        if let Some(around) = open.last_mut() {
            around.words_end = end;
        }
    }
    places.sort_by_key(|place| place.range.start);
    places
}

/// Where the address after a mark stands, with the line break before it if there is one: at the start of a line, another address
/// could begin a block.
fn after(markdown: &str, within: Range<usize>, mark: &str) -> Option<Range<usize>> {
    let text = markdown.get(within.clone())?;
    let from = find(text, mark)? + mark.len();
    let gap = gap(&text[from..]);
    let is_broken = text[from..from + gap].contains(['\n', '\r']);
    let start = from + if is_broken { 0 } else { gap };
    let end = from + gap + address_length(&text[from + gap..]);
    Some(within.start + start..within.start + end)
}

/// Where a mark stands that is not escaped.
fn find(text: &str, mark: &str) -> Option<usize> {
    let mut is_escaped = false;
    text.bytes().enumerate().position(|(at, byte)| {
        let found = !is_escaped && text.as_bytes()[at..].starts_with(mark.as_bytes());
        is_escaped = !is_escaped && byte == b'\\';
        found
    })
}

/// The length of the white space before an address, with what stands before the next line of a quotation.
fn gap(text: &str) -> usize {
    let mut is_line_start = false;
    let in_gap = |byte: &u8| {
        let is_blank = matches!(byte, b' ' | b'\t');
        is_line_start = matches!(byte, b'\n' | b'\r') || is_line_start && (is_blank || *byte == b'>');
        is_line_start || is_blank
    };
    text.bytes().take_while(in_gap).count()
}

/// The length of an address: to a bracket or white space that is not part of it.
fn address_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let in_brackets = bytes.first() == Some(&b'<');
    let (mut at, mut depth) = (usize::from(in_brackets), 0_usize);
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'\\' if bytes.get(at + 1).is_some_and(u8::is_ascii_punctuation) => at += 1,
            b'>' if in_brackets => return at + 1,
            _ if in_brackets => {}
            ..=b' ' => break,
            b'(' => depth += 1,
            b')' if depth == 0 => break,
            b')' => depth -= 1,
            _ => {}
        }
        at += 1;
    }
    at
}

fn write_address(out: &mut String, address: &str) {
    match address {
        "" => out.push_str("<>"),
        // Between dollars before and after, the text would be a formula.
        address => escape::target(out, &address.replace('$', "%24"), true),
    }
}

/// Keeps what stands before a link from becoming a part of it: a label, or an exclamation mark.
fn separate(out: &mut String, after_label: bool) {
    if after_label {
        return out.push_str("[]");
    }
    let before = out.strip_suffix('!').unwrap_or_default();
    let escapes = before.len() - before.trim_end_matches('\\').len();
    if out.ends_with('!') && escapes.is_multiple_of(2) {
        out.insert(out.len() - 1, '\\');
    }
}
