//! What the host decides: where links go, where files are, which schemes are its own.

use notion_import_core::id::NotionId;
use notion_import_core::markdown::{FileRef, Options, PageLink, Rendered, Unresolved, render};
use notion_import_core::notion::tree::BlockTree;

const KNOWN: &str = "35261e8ce0a380c89f000123456789ab";
const OTHER: &str = "45261e8ce0a380c89f000123456789ab";
const HEADING: &str = "55261e8ce0a380c89f000123456789ab";

fn convert(blocks: &str, options: &Options<'_>) -> Rendered {
    render(&BlockTree::parse(format!("[{blocks}]").as_bytes()).unwrap(), options)
}

fn linked(href: &str) -> String {
    format!(r#"{{"type":"paragraph","paragraph":{{"rich_text":[{{"plain_text":"here","href":"{href}"}}]}}}}"#)
}

fn known(id: NotionId) -> Option<PageLink> {
    (id.simple() == KNOWN)
        .then(|| PageLink { url: "/docs/policy".to_owned(), title: Some("Policy".to_owned()) })
}

fn anchor(page: NotionId, block: NotionId) -> Option<String> {
    (page.simple() == KNOWN && block.simple() == HEADING).then(|| "scope".to_owned())
}

#[test]
fn every_form_of_a_link_to_a_known_page_goes_to_the_hosts_own() {
    let options = Options { pages: Some(&known), anchors: Some(&anchor), ..Options::default() };
    for (href, target) in [
        (format!("https://app.notion.com/p/{KNOWN}"), "/docs/policy"),
        (format!("https://www.notion.so/acme/Policy-{KNOWN}?pvs=4"), "/docs/policy"),
        (format!("https://acme.notion.site/{OTHER}?p={KNOWN}"), "/docs/policy"),
        (format!("/{KNOWN}"), "/docs/policy"),
        (format!("/{KNOWN}#{HEADING}"), "/docs/policy#scope"),
        (format!("https://www.notion.so/Policy-{KNOWN}#{HEADING}"), "/docs/policy#scope"),
        (format!("https://www.notion.so/Policy-{KNOWN}#{OTHER}"), "/docs/policy"),
    ] {
        let rendered = convert(&linked(&href), &options);
        assert_eq!(rendered.markdown, format!("[here]({target})\n"), "{href}");
        assert_eq!(rendered.exposure.notion_links, 0, "{href}");
    }
}

#[test]
fn a_page_that_is_a_part_of_the_hosts_own_keeps_that_part() {
    let part = |_| Some(PageLink { url: "/docs#policy".to_owned(), title: None });
    let options = Options { pages: Some(&part), anchors: Some(&anchor), ..Options::default() };
    let rendered = convert(&linked(&format!("/{KNOWN}#{HEADING}")), &options);
    assert_eq!(rendered.markdown, "[here](/docs#policy)\n");
}

#[test]
fn links_to_pages_the_host_does_not_know_go_to_notion_or_keep_their_label() {
    let absolute = format!("https://www.notion.so/x-{OTHER}#{HEADING}");
    for (unresolved, href, markdown, lost) in [
        (Unresolved::Notion, absolute.clone(), format!("[here]({absolute})\n"), 0),
        (Unresolved::Notion, format!("/{OTHER}"), format!("[here](https://app.notion.com/p/{OTHER})\n"), 0),
        (Unresolved::Label, absolute.clone(), "here\n".to_owned(), 1),
        (Unresolved::Label, format!("/{OTHER}"), "here\n".to_owned(), 1),
    ] {
        let rendered =
            convert(&linked(&href), &Options { pages: Some(&known), unresolved, ..Options::default() });
        assert_eq!(rendered.markdown, markdown, "{unresolved:?} {href}");
        assert_eq!(rendered.fidelity.losses().len(), lost, "{unresolved:?} {href}");
        assert_eq!(rendered.exposure.notion_links, 1, "{unresolved:?} {href}");
    }
}

#[test]
fn a_page_without_a_label_is_called_by_its_title_where_the_host_knows_it() {
    let link =
        format!(r#"{{"type":"link_to_page","link_to_page":{{"type":"page_id","page_id":"{KNOWN}"}}}}"#);
    let known = convert(&link, &Options { pages: Some(&known), ..Options::default() });
    assert_eq!(known.markdown, "[Policy](/docs/policy)\n");
    let unknown = convert(&link, &Options { unresolved: Unresolved::Label, ..Options::default() });
    assert_eq!(unknown.markdown, "");
}

#[test]
fn only_schemes_that_are_allowed_are_linked() {
    let options = Options { schemes: &["attachment"], ..Options::default() };
    for (href, is_kept) in [
        ("https://a.b", true),
        ("HTTP://a.b", true),
        ("mailto:a@b.c", true),
        ("tel:+1", true),
        ("attachment:1", true),
        ("javascript:alert(1)", false),
        ("data:text/html,x", false),
        ("vbscript:x", false),
        ("file:///etc/passwd", false),
        ("java\\nscript:x", false),
        ("relative/path", false),
        ("#anchor", false),
    ] {
        let rendered = convert(&linked(href), &options);
        assert_eq!(rendered.markdown.contains("]("), is_kept, "{href}");
        assert_eq!(rendered.fidelity.losses().len(), usize::from(!is_kept), "{href}");
        assert!(rendered.markdown.contains("here"), "{href}");
    }
}

#[test]
fn a_file_stored_again_is_linked_there_and_its_signature_is_never_written() {
    let stored = |file: FileRef<'_>| file.block.map(|id| format!("attachment:{}", id.simple()));
    let options = Options { files: Some(&stored), schemes: &["attachment"], ..Options::default() };
    let file = |kind: &str, url: &str| {
        format!(
            r#"{{"type":"{kind}","id":"{KNOWN}","{kind}":{{"type":"file","file":{{"url":"{url}"}},"caption":[{{"plain_text":"Us"}}]}}}}"#
        )
    };
    let signed = "https://s3.example/a/Plan%20B.png?X-Amz-Signature=secret";
    for (kind, options, markdown) in [
        ("image", &options, format!("![Us](attachment:{KNOWN})\n")),
        ("pdf", &options, format!("[Plan B.png](attachment:{KNOWN})\n\nUs\n")),
        ("image", &Options::default(), "Plan B.png\n\nUs\n".to_owned()),
        ("video", &Options::default(), "Plan B.png\n\nUs\n".to_owned()),
    ] {
        let rendered = convert(&file(kind, signed), options);
        assert_eq!(rendered.markdown, markdown, "{kind}");
        assert_eq!(rendered.exposure.remote_images, 0, "{kind}");
    }
}
