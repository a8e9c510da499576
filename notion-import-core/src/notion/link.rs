//! Recognising Notion's URLs. They are display links, so only the id in them counts.

use url::Url;

use crate::id::NotionId;

/// What a link to Notion points to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotionLink {
    /// A page, a database or a data source: the URL does not tell which.
    pub id: NotionId,
    /// Whether the link shows a view, so that the id is a database's.
    pub is_view: bool,
    /// The view it shows, where the link names one.
    pub view: Option<NotionId>,
    /// The block the link jumps to.
    pub block: Option<NotionId>,
}

/// Finds the ids in what a person pasted, each once and in order: URLs of Notion's, with or without a scheme, and ids, alone or
/// after a title. They may stand among other words, in angle brackets, or in links of Markdown.
pub fn pasted(text: &str) -> Vec<NotionLink> {
    let mut found: Vec<NotionLink> = Vec::new();
    for link in text.split(separates).flat_map(addresses).filter_map(address) {
        if !found.iter().any(|known| known.id == link.id) {
            found.push(link);
        }
    }
    found
}

/// Finds the id in a text that is nothing but a URL of Notion's, or an id.
pub fn whole(text: &str) -> Option<NotionLink> {
    let text = text.trim();
    match text.parse() {
        Ok(id) => Some(NotionLink { id, is_view: false, view: None, block: None }),
        Err(_) if is_schemeless(text) => recognise(&format!("https://{text}")),
        Err(_) => recognise(text),
    }
}

/// Whether a text is an address as browsers show it: without its scheme.
fn is_schemeless(text: &str) -> bool {
    let host = text.split(['/', '?', '#']).next().unwrap_or(text);
    is_notion_host(host) && !text.contains(char::is_whitespace)
}

/// Whether a character stands between words, or between addresses without a space. The invisible ones come with what is copied out of
/// chats and tables.
fn separates(char: char) -> bool {
    char.is_whitespace()
        || matches!(char, ',' | ';' | '|' | '<' | '>' | '"' | '\u{200B}' | '\u{2060}' | '\u{FEFF}')
}

/// The addresses in a word: the targets of its links, or all of it without the marks around.
fn addresses(word: &str) -> impl Iterator<Item = &str> {
    let is_link = word.contains("](");
    let targets = word.split("](").skip(1).map(|rest| rest.split(')').next().unwrap_or(rest));
    let bare = std::iter::once(word).filter(move |_| !is_link);
    // No address of Notion's begins or ends in a mark that tells anything of its id.
    let before = |mark: char| !mark.is_alphanumeric() && mark != '/';
    let behind = |mark: char| !mark.is_ascii_alphanumeric();
    targets.chain(bare).map(move |address| address.trim_start_matches(before).trim_end_matches(behind))
}

fn address(word: &str) -> Option<NotionLink> {
    let by_id = |id| NotionLink { id, is_view: false, view: None, block: None };
    if !word.contains(['/', ':', '.', '?']) {
        return in_path(word).map(by_id);
    }
    let (scheme, rest) = word.split_once("://").unwrap_or(("https", word));
    let is_notion = ["http", "https", "notion"].iter().any(|known| scheme.eq_ignore_ascii_case(known));
    match word.starts_with('/') {
        true => recognise(word),
        false if is_notion => recognise(&format!("https://{rest}")),
        false => None,
    }
}

/// Finds the id in a link, if the link goes to Notion. Text inside Notion may link by path alone.
pub fn recognise(href: &str) -> Option<NotionLink> {
    let in_app = href.get(..APP.len()).filter(|scheme| scheme.eq_ignore_ascii_case(APP)).is_some();
    let href = if in_app { &href[APP.len() - "//".len()..] } else { href };
    if !href.starts_with('/') && !may_be_notion(href) {
        return None;
    }
    let base = Url::parse("https://app.notion.com/").ok()?;
    let url = base.join(href).ok()?;
    if !is_in_notion(&url) || url.host_str().is_some_and(has_files) {
        return None;
    }
    let query = |name: &str| {
        let value = url.query_pairs().find(|(key, _)| key == name)?.1;
        value.parse::<NotionId>().ok()
    };
    let opened = query("p").or_else(|| query("page_id"));
    let is_view = opened.is_none() && url.query_pairs().any(|(key, _)| key == "v");
    let id = opened.or_else(|| in_path(url.path())).or_else(|| query("database_id"))?;
    let block = url.fragment().and_then(|fragment| fragment.parse().ok());
    let view = query("v").filter(|_| is_view);
    Some(NotionLink { id, is_view, view, block })
}

/// The URL Notion shows a page under.
pub fn page_url(id: NotionId) -> String {
    format!("https://app.notion.com/p/{}", id.simple())
}

/// The URL Notion shows a block of a page under.
pub(crate) fn block_url(page: NotionId, block: NotionId) -> String {
    format!("{}#{}", page_url(page), block.simple())
}

/// How links begin that open the app.
const APP: &str = "notion://";

/// A cheap test before the URL is parsed: most links go elsewhere.
fn may_be_notion(href: &str) -> bool {
    href.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("http"))
        && href.as_bytes().windows(5).any(|part| part.eq_ignore_ascii_case(b"otion"))
}

/// Returns whether an address leads into Notion: to a workspace, or to a site that one publishes.
pub fn is_in_notion(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https") && url.host_str().is_some_and(is_notion_host)
}

/// Whether a host of Notion's has files alone: their addresses hold the ids of spaces and files.
fn has_files(host: &str) -> bool {
    ["file.", "files."].iter().any(|start| host.starts_with(start))
}

/// A dot at the end changes nothing about a name.
fn is_notion_host(host: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host);
    ["notion.so", "notion.com", "notion.site"]
        .iter()
        .any(|domain| host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.')))
}

/// The last path segment that is an id, or ends in one after its slug.
fn in_path(path: &str) -> Option<NotionId> {
    path.split('/').rev().find_map(|segment| {
        let whole = segment.parse().ok();
        whole.or_else(|| {
            [32, 36].into_iter().find_map(|length| {
                let start = segment.len().checked_sub(length)?;
                let (slug, id) = (segment.get(..start)?, segment.get(start..)?);
                if slug.ends_with('-') { id.parse().ok() } else { None }
            })
        })
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const PAGE: &str = "35261e8ce0a380c89f000123456789ab";
    const ROW: &str = "45261e8ce0a380c89f000123456789ab";

    #[test]
    fn every_form_of_a_notion_link_gives_the_id() {
        for (text, id) in [
            (PAGE.to_owned(), PAGE),
            ("35261e8c-e0a3-80c8-9f00-0123456789ab".to_owned(), PAGE),
            (format!("https://app.notion.com/p/{PAGE}"), PAGE),
            (format!("https://app.notion.com/p/Security-policy-{PAGE}?pvs=4"), PAGE),
            (format!("https://www.notion.so/{PAGE}"), PAGE),
            (format!("https://www.notion.so/acme/Policy-{PAGE}#{ROW}"), PAGE),
            (format!("https://www.notion.com/acme/{PAGE}?v={ROW}&p={ROW}"), ROW),
            (format!("https://acme.notion.site/Policy-{PAGE}"), PAGE),
            (format!("/{PAGE}"), PAGE),
            (format!("notion://www.notion.so/acme/Policy-{PAGE}#{ROW}"), PAGE),
            (format!("Notion://notion.so/{PAGE}"), PAGE),
            (format!("www.notion.so/acme/Policy-{PAGE}"), PAGE),
            (format!("notion.so/{PAGE}?pvs=4"), PAGE),
            (format!("notion://www.notion.so/acme/Policy-{PAGE}"), PAGE),
            (format!("HTTPS://WWW.NOTION.SO/{PAGE}"), PAGE),
            ("Policy-35261e8c-e0a3-80c8-9f00-0123456789ab".to_owned(), PAGE),
            (format!("Security-policy-{PAGE}"), PAGE),
            ("https://notion.so/Policy-35261e8c-e0a3-80c8-9f00-0123456789ab?pvs=4".to_owned(), PAGE),
            (format!("<https://www.notion.so/{PAGE}>"), PAGE),
            (format!("[Security policy](https://www.notion.so/Policy-{PAGE}?pvs=4)."), PAGE),
            (format!("[{ROW}](https://www.notion.so/{PAGE})"), PAGE),
            (format!("Security policy https://www.notion.so/{PAGE}"), PAGE),
            (format!("Security policy: (https://www.notion.so/{PAGE}),"), PAGE),
            (format!("https://www.notion.so/{PAGE}\nhttps://www.notion.so/Policy-{PAGE}"), PAGE),
            (format!("`https://www.notion.so/{PAGE}`"), PAGE),
            (format!("**https://www.notion.so/{PAGE}**!"), PAGE),
            (format!("\u{201C}https://www.notion.so/{PAGE}\u{201D}\u{3002}"), PAGE),
            (format!("\u{FEFF}https://www.notion.so/{PAGE}\u{200B}"), PAGE),
            (format!("<a href=\"https://www.notion.so/{PAGE}\">Policy</a>"), PAGE),
            (format!("[Policy](<https://www.notion.so/{PAGE}> \"title\")"), PAGE),
            (format!("| Policy | https://www.notion.so/{PAGE} |"), PAGE),
        ] {
            let found: Vec<_> = pasted(&text).iter().map(|link| link.id.simple()).collect();
            assert_eq!(found, [id], "{text}");
        }
    }

    #[test]
    fn several_links_are_all_found_in_their_order() {
        for text in [
            format!("https://www.notion.so/{ROW}\nhttps://www.notion.so/{PAGE}"),
            format!("Vendors <notion.so/{ROW}>, Policy-{PAGE}"),
            format!("https://www.notion.so/{ROW},https://www.notion.so/Policy-{PAGE}"),
            format!("https://www.notion.so/{ROW};notion.so/{PAGE}"),
            format!("|{ROW}|https://www.notion.so/{PAGE}|"),
            format!("[a](https://notion.so/{ROW})[b](https://notion.so/{PAGE})"),
            format!("https://example.com/{PAGE} {ROW} {PAGE}"),
        ] {
            let found: Vec<_> = pasted(&text).iter().map(|link| link.id.simple()).collect();
            assert_eq!(found, [ROW, PAGE], "{text}");
        }
    }

    #[test]
    fn a_link_to_a_view_is_a_database() {
        let link = pasted(&format!("https://www.notion.so/{PAGE}?v={ROW}"));
        let [NotionLink { id, is_view: true, .. }] = link[..] else { panic!("{link:?}") };
        assert_eq!(id.simple(), PAGE);
    }

    #[test]
    fn an_address_is_one_without_its_scheme_too() {
        for text in [
            format!("www.notion.so/acme/Policy-{PAGE}?pvs=4"),
            format!(" app.notion.com/p/{PAGE}#{ROW} "),
            format!("https://www.notion.so/{PAGE}"),
            PAGE.to_owned(),
        ] {
            assert_eq!(whole(&text).map(|link| link.id.simple()), Some(PAGE.to_owned()), "{text}");
        }
        for words in
            [format!("see www.notion.so/{PAGE}"), format!("notion.so/{PAGE} now"), "notion.so".to_owned()]
        {
            assert_eq!(whole(&words), None, "{words}");
        }
    }

    #[test]
    fn other_links_are_not_notions() {
        for text in [
            format!("https://evil-notion.so/{PAGE}"),
            format!("https://notion.so.evil.example/{PAGE}"),
            format!("javascript:alert('{PAGE}')"),
            format!("//evil.example/{PAGE}"),
            format!("notion://evil.example/{PAGE}"),
            format!("notion://{PAGE}"),
            "https://www.notion.so/help".to_owned(),
            "word".to_owned(),
            format!("notion-so/{PAGE}"),
            format!("file:///{PAGE}"),
            format!("https://file.notion.so/f/f/{PAGE}/{ROW}/policy.pdf"),
            String::new(),
        ] {
            assert!(pasted(&text).is_empty(), "{text}");
        }
    }
}
