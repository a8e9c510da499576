//! Markdown as HTML that is safe to show. What is the same for everybody is made once; where links lead is put in for each
//! reader.

use std::collections::{HashMap, HashSet};

use ammonia::Builder;
use notion_import_core::NotionId;
use pulldown_cmark::{CowStr, Event, LinkType, Options, Parser, Tag, TagEnd};

use crate::target::{ATTACHMENT, Target};

/// What stands before the number of a link into Notion until it is put in. No author can write it: of the schemes in a text,
/// `Target` lets only those of the web through.
const NOTION: &str = "notion:";

/// A text as HTML, with gaps where links lead somewhere else for each reader.
pub struct Html {
    pieces: Vec<Piece>,
    /// What is linked in Notion, by its number in the text.
    notion: Vec<(Option<NotionId>, String)>,
}

enum Piece {
    Text(String),
    /// The path below which the document's files are.
    Files,
    /// The beginning of a link into Notion, and what its tag says after the address.
    Open(usize, String),
    /// The end of one.
    Close,
}

/// Where links lead for one reader.
pub struct Links<'a> {
    /// The path below which the document's files are.
    pub files: &'a str,
    /// The pages of documents this reader may read, by their source.
    pub documents: &'a HashMap<NotionId, String>,
    /// Whether what is not here may lead to Notion: outside, its addresses tell too much.
    pub into_notion: bool,
}

impl Html {
    /// Converts Markdown.
    pub fn of(markdown: &str) -> Self {
        let mut conversion = Conversion::default();
        let events = parser(markdown).filter_map(|event| conversion.event(event));
        let mut html = String::with_capacity(markdown.len() * 2);
        pulldown_cmark::html::push_html(&mut html, events);
        Self { pieces: pieces(&sanitised(&html)), notion: conversion.notion }
    }

    /// Writes it for a reader.
    pub fn for_reader(&self, links: &Links<'_>) -> String {
        let mut html = String::with_capacity(self.bytes());
        let mut is_open = false;
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => html.push_str(text),
                Piece::Files => html.push_str(links.files),
                Piece::Open(number, rest) => {
                    let address = self.notion.get(*number).and_then(|notion| links.address(notion));
                    is_open = address.is_some();
                    if let Some(address) = address {
                        let address = address.replace('&', "&amp;").replace('"', "&quot;");
                        html.extend(["<a href=\"", &address, rest]);
                    }
                }
                Piece::Close if is_open => html.push_str("</a>"),
                Piece::Close => {}
            }
        }
        html
    }

    /// Returns what it links to in Notion, to learn which of it is here.
    pub fn linked(&self) -> Vec<NotionId> {
        let ids: HashSet<_> = self.notion.iter().filter_map(|(id, _)| *id).collect();
        ids.into_iter().collect()
    }

    /// Returns about how much memory it takes.
    pub fn bytes(&self) -> usize {
        let text = |piece: &Piece| match piece {
            Piece::Text(text) | Piece::Open(_, text) => text.len(),
            Piece::Files | Piece::Close => 0,
        };
        let linked =
            self.notion.iter().map(|(_, address)| address.len() + size_of::<(Option<NotionId>, String)>());
        self.pieces.iter().map(|piece| text(piece) + size_of::<Piece>()).chain(linked).sum()
    }
}

impl Links<'_> {
    /// Where a link into Notion leads; none if it is only words here.
    fn address(&self, (id, there): &(Option<NotionId>, String)) -> Option<String> {
        let here = id.and_then(|id| self.documents.get(&id).cloned());
        here.or_else(|| self.into_notion.then(|| there.clone()))
    }
}

fn parser(markdown: &str) -> Parser<'_> {
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_MATH;
    Parser::new_ext(markdown, options)
}

#[derive(Default)]
struct Conversion {
    notion: Vec<(Option<NotionId>, String)>,
    /// How each open link and image ends.
    ends: Vec<Option<TagEnd>>,
}

impl Conversion {
    /// Says what an event becomes.
    fn event<'e>(&mut self, event: Event<'e>) -> Option<Event<'e>> {
        match event {
            Event::Start(Tag::Link { dest_url, title, .. }) => {
                let address = self.address(Target::of(&dest_url));
                self.open(address, title)
            }
            Event::Start(Tag::Image { dest_url, title, id, .. }) => match Target::of(&dest_url) {
                Target::File(blob) => {
                    self.ends.push(Some(TagEnd::Image));
                    let dest_url = format!("{ATTACHMENT}{blob}").into();
                    Some(Event::Start(Tag::Image { link_type: LinkType::Inline, dest_url, title, id }))
                }
                // An image elsewhere is not loaded: that would tell somebody who reads this. Inside a link it is words.
                Target::Elsewhere(address) if self.ends.is_empty() => self.open(Some(address), title),
                Target::Elsewhere(_) | Target::Notion(..) | Target::Nowhere => self.open(None, title),
            },
            Event::End(TagEnd::Link | TagEnd::Image) => self.ends.pop().flatten().map(Event::End),
            Event::Html(html) | Event::InlineHtml(html) => Some(match html.trim() {
                "<br>" => Event::InlineHtml(html),
                _ => Event::Text(html),
            }),
            event => Some(event),
        }
    }

    fn address(&mut self, target: Target) -> Option<String> {
        match target {
            Target::File(blob) => Some(format!("{ATTACHMENT}{blob}")),
            Target::Notion(id, there) => {
                self.notion.push((id, there));
                Some(format!("{NOTION}{}", self.notion.len() - 1))
            }
            Target::Elsewhere(address) => Some(address),
            Target::Nowhere => None,
        }
    }

    fn open<'e>(&mut self, address: Option<String>, title: CowStr<'e>) -> Option<Event<'e>> {
        self.ends.push(address.is_some().then_some(TagEnd::Link));
        let dest_url = address?.into();
        Some(Event::Start(Tag::Link {
            link_type: LinkType::Inline,
            dest_url,
            title,
            id: CowStr::Borrowed(""),
        }))
    }
}

fn sanitised(html: &str) -> String {
    Builder::default()
        .add_tags(["input"])
        .add_tag_attributes("input", ["type", "checked", "disabled"])
        .add_tag_attributes("span", ["class"])
        .add_tag_attributes("code", ["class"])
        .add_tag_attributes("ol", ["start"])
        // A wide table scrolls, also for whoever has no mouse.
        .set_tag_attribute_value("table", "tabindex", "0")
        .url_schemes(HashSet::from(["http", "https", "mailto", "attachment", "notion"]))
        .link_rel(Some("noopener noreferrer nofollow"))
        .clean(html)
        .to_string()
}

/// Splits sanitised HTML at its gaps. There, every `<` begins a tag, and every attribute stands in double quotes. A link that
/// has lost its address is no link.
fn pieces(html: &str) -> Vec<Piece> {
    let (mut pieces, mut text, mut rest) = (Vec::new(), String::new(), html);
    let mut close = Some(Piece::Text("</a>".to_owned()));
    while let Some(at) = rest.find('<') {
        text.push_str(&rest[..at]);
        let (tag, after) = rest[at..].split_at(tag_length(&rest[at..]));
        rest = after;
        let gap = |before: &str| tag.strip_prefix(before);
        if let Some((number, attributes)) = gap("<a href=\"notion:").and_then(|gap| gap.split_once('"')) {
            pieces.push(Piece::Text(std::mem::take(&mut text)));
            pieces.push(Piece::Open(number.parse().unwrap_or(usize::MAX), format!("\"{attributes}")));
            close = Some(Piece::Close);
        } else if let Some(before) = ["<a href=\"", "<img src=\""]
            .into_iter()
            .find(|before| gap(before).is_some_and(|address| address.starts_with(ATTACHMENT)))
        {
            pieces.push(Piece::Text(std::mem::take(&mut text) + before));
            pieces.push(Piece::Files);
            text.push('/');
            text.push_str(&tag[before.len() + ATTACHMENT.len()..]);
        } else if tag.starts_with("<a ") && !tag.contains(" href=\"") {
            close = None;
        } else if tag == "</a>" {
            match close.replace(Piece::Text(tag.to_owned())) {
                Some(Piece::Text(end)) => text.push_str(&end),
                Some(piece) => {
                    pieces.push(Piece::Text(std::mem::take(&mut text)));
                    pieces.push(piece);
                }
                None => {}
            }
        } else {
            text.push_str(tag);
        }
    }
    text.push_str(rest);
    pieces.push(Piece::Text(text));
    pieces
}

fn tag_length(html: &str) -> usize {
    let mut is_quoted = false;
    let end = html.bytes().position(|byte| {
        is_quoted ^= byte == b'"';
        byte == b'>' && !is_quoted
    });
    end.map_or(html.len(), |end| end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "35261e8ce0a380c89f000123456789ab";
    const OTHER: &str = "45261e8ce0a380c89f000123456789ab";

    fn check(markdown: &str, outside: &str, inside: &str) {
        let documents = HashMap::from([(PAGE.parse().unwrap(), "/t/halden/d/1".to_owned())]);
        let links = |into_notion| Links { files: "/files", documents: &documents, into_notion };
        for (into_notion, expected) in [(false, outside), (true, inside)] {
            assert_eq!(Html::of(markdown).for_reader(&links(into_notion)).trim(), expected, "{markdown}");
        }
    }

    fn check_both(markdown: &str, expected: &str) {
        check(markdown, expected, expected);
    }

    #[test]
    fn links_lead_where_the_reader_may_go() {
        let rel = "rel=\"noopener noreferrer nofollow\"";
        let here = format!("<p><a href=\"/t/halden/d/1\" {rel}>policy</a></p>");
        check_both(&format!("[policy](https://app.notion.com/p/{PAGE})"), &here);
        let notion = format!("<p><a href=\"https://app.notion.com/p/{OTHER}\" {rel}>secret</a></p>");
        check(&format!("[secret](https://www.notion.so/acme/Secret-{OTHER})"), "<p>secret</p>", &notion);
        check_both(
            "[site](https://example.com/)",
            &format!("<p><a href=\"https://example.com/\" {rel}>site</a></p>"),
        );
        for nowhere in [
            "[x](/act-as)",
            "[x](javascript:alert(1))",
            "[x](attachment:../../secret)",
            "[x](data:text/html,x)",
        ] {
            check_both(nowhere, "<p>x</p>");
        }
    }

    #[test]
    fn images_come_from_here_or_are_links() {
        let blob = "ab".repeat(32);
        check_both(
            &format!("![plan](attachment:{blob})"),
            &format!("<p><img src=\"/files/{blob}\" alt=\"plan\"></p>"),
        );
        check_both(
            "![cat](https://example.com/cat.png) after",
            "<p><a href=\"https://example.com/cat.png\" rel=\"noopener noreferrer nofollow\">cat</a> after</p>",
        );
    }

    #[test]
    fn what_an_author_wrote_as_html_is_text() {
        check_both("a <b onclick=\"x()\">b</b>", "<p>a &lt;b onclick=\"x()\"&gt;b&lt;/b&gt;</p>");
        check_both("one<br>two", "<p>one<br>two</p>");
    }

    #[test]
    fn a_text_that_looks_like_a_gap_is_none() {
        for text in ["src=\"attachment:x\"", "notion:0", "href=\"notion:0\""] {
            check_both(text, &format!("<p>{text}</p>"));
        }
        check_both("[x](notion:0)", "<p>x</p>");
        let blob = "ab".repeat(32);
        check(
            &format!("[a ![</a>](attachment:{blob}) b](https://www.notion.so/{OTHER} \"t > u\") c"),
            &format!("<p>a <img src=\"/files/{blob}\" alt=\"&lt;/a&gt;\"> b c</p>"),
            &format!(
                "<p><a href=\"https://app.notion.com/p/{OTHER}\" title=\"t &gt; u\" rel=\"noopener noreferrer nofollow\">\
                 a <img src=\"/files/{blob}\" alt=\"&lt;/a&gt;\"> b</a> c</p>"
            ),
        );
    }

    #[test]
    fn a_reader_outside_gets_no_link_into_notion_none_with_a_name_in_it_and_none_without_an_address() {
        for address in [
            "https://notion.so/x",
            "https://www.notion.so/x",
            "https://notion.com/x",
            "https://app.notion.com/x",
            "https://acme.notion.site/x",
            "HTTPS://ACME.NOTION.SITE./x",
            "https://ada:secret@example.com/",
            "https://www.notion.so@example.com/",
            "javascript:alert(1)",
            "x",
            "",
        ] {
            let links = Links { files: "", documents: &HashMap::new(), into_notion: false };
            for markdown in [
                format!("[words](<{address}>)"),
                format!("[![words](<{address}>)](<{address}>)"),
                format!("![words](<{address}>)"),
            ] {
                assert_eq!(Html::of(&markdown).for_reader(&links).trim(), "<p>words</p>", "{markdown}");
            }
        }
        assert_eq!(pieces("<a rel=\"x\">words</a>").len(), 1);
    }
}
