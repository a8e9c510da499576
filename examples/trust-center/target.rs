//! What an address in a document leads to.

use notion_import_core::notion::link;
use notion_import_core::{BlobId, NotionId};
use url::Url;

/// What stands before a blob's id in stored Markdown.
pub const ATTACHMENT: &str = "attachment:";

/// Where a link leads, or an image is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Target {
    /// A file of the document.
    File(BlobId),
    /// Notion: a page that may be here too, and its address there.
    Notion(Option<NotionId>, String),
    /// Another site.
    Elsewhere(String),
    /// Nothing that a link may lead to: its words stay.
    Nowhere,
}

impl Target {
    /// Reads an address as a browser would. A path alone would lead to a page of this site that its author did not mean, and
    /// an address with a name in it is not what it seems.
    pub fn of(address: &str) -> Self {
        if let Some(blob) = address.strip_prefix(ATTACHMENT) {
            return blob.parse().map_or(Self::Nowhere, Self::File);
        }
        let url = Url::parse(address).ok();
        // Inside Notion, a path alone leads to a page there.
        if let Some(link) = link::recognise(url.as_ref().map_or(address, Url::as_str)) {
            return Self::Notion(Some(link.id), link::page_url(link.id));
        }
        let Some(url) = url else { return Self::Nowhere };
        let is_bare = url.username().is_empty() && url.password().is_none();
        match url.scheme() {
            "mailto" => Self::Elsewhere(url.into()),
            "http" | "https" if !is_bare => Self::Nowhere,
            "http" | "https" if link::is_in_notion(&url) => Self::Notion(None, url.into()),
            "http" | "https" => Self::Elsewhere(url.into()),
            _ => Self::Nowhere,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "35261e8ce0a380c89f000123456789ab";

    #[test]
    fn an_address_leads_where_a_browser_would_go() {
        let blob = "ab".repeat(32);
        let file = Target::File(blob.parse().unwrap());
        let page = Target::Notion(Some(PAGE.parse().unwrap()), format!("https://app.notion.com/p/{PAGE}"));
        let notion = |address: &str| Target::Notion(None, address.to_owned());
        let elsewhere = |address: &str| Target::Elsewhere(address.to_owned());
        for (address, expected) in [
            (format!("attachment:{blob}").as_str(), file),
            ("attachment:../../secret", Target::Nowhere),
            (&format!("https://notion.so/{PAGE}"), page.clone()),
            (&format!("https://www.notion.so/acme/Policy-{PAGE}?pvs=4"), page.clone()),
            (&format!("https://notion.com/{PAGE}"), page.clone()),
            (&format!("https://app.notion.com/p/{PAGE}"), page.clone()),
            (&format!("https://acme.notion.site/Policy-{PAGE}"), page.clone()),
            (&format!("HTTPS://WWW.NOTION.SO/{PAGE}"), page.clone()),
            (&format!("https://www.n%6ftion.so/{PAGE}"), page.clone()),
            (&format!("https://ada:secret@www.notion.so/{PAGE}"), page.clone()),
            (&format!("/{PAGE}"), page.clone()),
            (&format!("//www.notion.so/{PAGE}"), page),
            ("https://acme.notion.site/Our-policy", notion("https://acme.notion.site/Our-policy")),
            ("https://www.notion.so/login", notion("https://www.notion.so/login")),
            ("http://notion.com./x", notion("http://notion.com./x")),
            ("https://WWW.NOTION.COM:8443/x", notion("https://www.notion.com:8443/x")),
            ("https://ｎotion.so/x", notion("https://notion.so/x")),
            ("https:www.notion.so/x", notion("https://www.notion.so/x")),
            ("https:\\\\www.notion.so\\x", notion("https://www.notion.so/x")),
            ("https://evil-notion.so/x", elsewhere("https://evil-notion.so/x")),
            ("https://notion.so.example/x", elsewhere("https://notion.so.example/x")),
            ("https://example.com/", elsewhere("https://example.com/")),
            ("mailto:ada@example.com", elsewhere("mailto:ada@example.com")),
            ("https://ada:secret@example.com/", Target::Nowhere),
            ("https://www.notion.so@example.com/", Target::Nowhere),
            ("https://ada@acme.notion.site/x", Target::Nowhere),
            ("notion://www.notion.so/x", Target::Nowhere),
            ("javascript:alert(1)", Target::Nowhere),
            ("data:text/html,x", Target::Nowhere),
            ("/be", Target::Nowhere),
            ("//example.com/", Target::Nowhere),
            ("#part", Target::Nowhere),
            ("https://", Target::Nowhere),
            ("", Target::Nowhere),
        ] {
            assert_eq!(Target::of(address), expected, "{address}");
        }
    }
}
