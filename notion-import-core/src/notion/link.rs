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
    /// The block the link jumps to.
    pub block: Option<NotionId>,
}

/// Finds the id in what a person pasted: a URL of Notion's, or an id alone.
pub fn pasted(text: &str) -> Option<NotionLink> {
    let text = text.trim();
    match text.parse() {
        Ok(id) => Some(NotionLink { id, is_view: false, block: None }),
        Err(_) => recognise(text),
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
    if !is_in_notion(&url) {
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
    Some(NotionLink { id, is_view, block })
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
    href.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("http")) && href.contains("otion")
}

/// Returns whether an address leads into Notion: to a workspace, or to a site that one publishes.
pub fn is_in_notion(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https") && url.host_str().is_some_and(is_notion_host)
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
            let start = segment.len().checked_sub(32)?;
            let (slug, id) = (segment.get(..start)?, segment.get(start..)?);
            if slug.ends_with('-') { id.parse().ok() } else { None }
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
        ] {
            assert_eq!(pasted(&text).map(|link| link.id.simple()).as_deref(), Some(id), "{text}");
        }
    }

    #[test]
    fn a_link_to_a_view_is_a_database() {
        let link = pasted(&format!("https://www.notion.so/{PAGE}?v={ROW}")).unwrap();
        assert!(link.is_view);
        assert_eq!(link.id.simple(), PAGE);
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
            String::new(),
        ] {
            assert_eq!(pasted(&text), None, "{text}");
        }
    }
}
