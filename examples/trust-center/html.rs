//! Markdown as HTML that is safe to show: links lead where this reader may go, images come from here, and what is left is
//! sanitised last.

use std::collections::{HashMap, HashSet};

use ammonia::Builder;
use notion_import_core::id::NotionId;
use notion_import_core::library::blob::BlobId;
use notion_import_core::notion::link;
use pulldown_cmark::{CowStr, Event, LinkType, Options, Parser, Tag, TagEnd};
use url::Url;

/// What stands before a blob's id in stored Markdown.
const ATTACHMENT: &str = "attachment:";

/// Where links lead for one reader.
pub struct Links<'a> {
    /// The path below which the document's files are.
    pub files: &'a str,
    /// The pages of documents this reader may read, by their source.
    pub documents: &'a HashMap<NotionId, String>,
    /// Whether what is not here may lead to Notion: outside, its addresses tell too much.
    pub into_notion: bool,
}

/// It writes Markdown as HTML for a reader.
pub fn render(markdown: &str, links: &Links<'_>) -> String {
    let mut ends = Vec::new();
    let events = parser(markdown).filter_map(|event| links.event(event, &mut ends));
    let mut html = String::with_capacity(markdown.len() * 2);
    pulldown_cmark::html::push_html(&mut html, events);
    sanitised(&html)
}

/// It finds what a text links to in Notion, to learn which of it is here.
pub fn notion_links(markdown: &str) -> Vec<NotionId> {
    let found = parser(markdown).filter_map(|event| match event {
        Event::Start(Tag::Link { dest_url, .. }) => link::recognise(&dest_url).map(|link| link.id),
        _ => None,
    });
    found.collect::<HashSet<_>>().into_iter().collect()
}

fn parser(markdown: &str) -> Parser<'_> {
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_MATH;
    Parser::new_ext(markdown, options)
}

impl Links<'_> {
    /// It says what an event becomes. `ends` remembers how each open link and image ends.
    fn event<'e>(&self, event: Event<'e>, ends: &mut Vec<Option<TagEnd>>) -> Option<Event<'e>> {
        match event {
            Event::Start(Tag::Link { dest_url, title, .. }) => open(self.address(&dest_url), title, ends),
            Event::Start(Tag::Image { dest_url, title, id, .. }) => match self.file(&dest_url) {
                Some(here) => {
                    ends.push(Some(TagEnd::Image));
                    let dest_url = here.into();
                    Some(Event::Start(Tag::Image { link_type: LinkType::Inline, dest_url, title, id }))
                }
                // An image elsewhere is not loaded: that would tell somebody who reads this. Inside a link it is words.
                None => open(elsewhere(&dest_url).filter(|_| ends.is_empty()), title, ends),
            },
            Event::End(TagEnd::Link | TagEnd::Image) => ends.pop().flatten().map(Event::End),
            Event::Html(html) | Event::InlineHtml(html) => Some(match html.trim() {
                "<br>" => Event::InlineHtml(html),
                _ => Event::Text(html),
            }),
            event => Some(event),
        }
    }

    fn file(&self, address: &str) -> Option<String> {
        let blob: BlobId = address.strip_prefix(ATTACHMENT)?.parse().ok()?;
        Some(format!("{}/{blob}", self.files))
    }

    /// Where a link leads; none if it is only words here.
    fn address(&self, address: &str) -> Option<String> {
        if let Some(file) = self.file(address) {
            return Some(file);
        }
        match link::recognise(address) {
            Some(link) => {
                let here = self.documents.get(&link.id).cloned();
                here.or_else(|| self.into_notion.then(|| link::page_url(link.id)))
            }
            None => elsewhere(address),
        }
    }
}

/// A link that leads somewhere else; a path alone would lead to a page of this site that its author did not mean.
fn elsewhere(address: &str) -> Option<String> {
    let url = Url::parse(address).ok()?;
    matches!(url.scheme(), "http" | "https" | "mailto").then(|| url.into())
}

fn open<'e>(address: Option<String>, title: CowStr<'e>, ends: &mut Vec<Option<TagEnd>>) -> Option<Event<'e>> {
    ends.push(address.is_some().then_some(TagEnd::Link));
    let dest_url = address?.into();
    Some(Event::Start(Tag::Link { link_type: LinkType::Inline, dest_url, title, id: CowStr::Borrowed("") }))
}

fn sanitised(html: &str) -> String {
    Builder::default()
        .add_tags(["input"])
        .add_tag_attributes("input", ["type", "checked", "disabled"])
        .add_tag_attributes("span", ["class"])
        .add_tag_attributes("code", ["class"])
        .add_tag_attributes("ol", ["start"])
        .url_schemes(HashSet::from(["http", "https", "mailto"]))
        .link_rel(Some("noopener noreferrer nofollow"))
        .clean(html)
        .to_string()
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
            assert_eq!(render(markdown, &links(into_notion)).trim(), expected, "{markdown}");
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
}
