//! What the host decides: where files are, and which schemes are its own.

use notion_import_core::markdown::{FileRef, Options, Rendered, StoredAt, render};
use notion_import_core::notion::BlockTree;

const KNOWN: &str = "35261e8ce0a380c89f000123456789ab";
const OTHER: &str = "45261e8ce0a380c89f000123456789ab";

fn convert(blocks: &str, options: &Options<'_>) -> Rendered {
    render(&BlockTree::parse(format!("[{blocks}]").as_bytes()).unwrap(), options)
}

fn linked(href: &str) -> String {
    format!(r#"{{"type":"paragraph","paragraph":{{"rich_text":[{{"plain_text":"here","href":"{href}"}}]}}}}"#)
}

#[test]
fn links_to_pages_go_to_notion() {
    let absolute = format!("https://www.notion.so/x-{OTHER}#{KNOWN}");
    let by_path = format!("https://app.notion.com/p/{OTHER}");
    let block = format!("{by_path}#{KNOWN}");
    for (href, target) in [
        (absolute.clone(), absolute),
        (format!("/{OTHER}"), by_path),
        (format!("/{OTHER}#{KNOWN}"), block.clone()),
        (format!("/{OTHER}?pvs=25#{KNOWN}"), block.clone()),
        (format!("//www.notion.so/x-{OTHER}#{KNOWN}"), block.clone()),
        (format!("notion://www.notion.so/x-{OTHER}#{KNOWN}"), block),
    ] {
        let rendered = convert(&linked(&href), &Options::default());
        assert_eq!(rendered.markdown, format!("[here]({target})\n"), "{href}");
        assert_eq!((rendered.fidelity.losses().len(), rendered.exposure.notion_links), (0, 1), "{href}");
    }
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
    let stored = |file: FileRef<'_>| {
        let id = file.block?;
        Some(StoredAt { address: format!("attachment:{}", id.simple()), is_image: true })
    };
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
