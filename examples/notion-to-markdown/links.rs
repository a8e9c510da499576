//! Links to stored files and to other pages, turned into links to where these are.

use std::ops::Range;

use notion_import_core::id::NotionId;
use notion_import_core::library::blob::BlobId;
use notion_import_core::notion::link::recognise;
use pulldown_cmark::{Event, Options, Parser, Tag};

/// It gives every link and image that leads to a stored file the target the caller names; the text around stays as it is.
pub fn link_files(markdown: &str, target: impl Fn(&BlobId) -> Option<String>) -> String {
    relink(markdown, |old| target(&old.strip_prefix("attachment:")?.parse().ok()?))
}

/// It gives every link that leads to a page in Notion the target the caller names.
pub fn link_pages(markdown: &str, target: impl Fn(NotionId) -> Option<String>) -> String {
    relink(markdown, |old| target(recognise(old)?.id))
}

fn relink(markdown: &str, target: impl Fn(&str) -> Option<String>) -> String {
    let mut text = String::with_capacity(markdown.len());
    let mut from = 0;
    for place in targets(markdown) {
        if let Some(target) = target(&markdown[place.clone()]) {
            text.push_str(&markdown[from..place.start]);
            text.push_str(&target);
            from = place.end;
        }
    }
    text.push_str(&markdown[from..]);
    text
}

/// Where the targets of links and images stand, in order.
fn targets(markdown: &str) -> Vec<Range<usize>> {
    let dialect = Options::ENABLE_TABLES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_MATH;
    let links = Parser::new_ext(markdown, dialect).into_offset_iter();
    let mut found: Vec<_> = links
        .filter_map(|(event, range)| match event {
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                target_in(markdown, &range, &dest_url)
            }
            _ => None,
        })
        .collect();
    // A link around an image ends after it and begins before it.
    found.sort_by_key(|place| place.start);
    found
}

/// A link ends in its target and a bracket.
fn target_in(markdown: &str, link: &Range<usize>, target: &str) -> Option<Range<usize>> {
    let before_the_bracket = markdown.get(link.clone())?.strip_suffix(')')?;
    let end = link.start + before_the_bracket.strip_suffix(target).map(|_| before_the_bracket.len())?;
    Some(end - target.len()..end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_targets_of_links_change() {
        let (a, b) = (BlobId::of(b"a"), BlobId::of(b"b"));
        let check = |text: &str, expected: &str| {
            let spelled = |text: &str| text.replace("{a}", &a.to_string()).replace("{b}", &b.to_string());
            let name = |blob: &BlobId| (*blob == a).then(|| "p/a.png".to_owned());
            assert_eq!(link_files(&spelled(text), name), spelled(expected));
        };
        check("![x](attachment:{a})\n", "![x](p/a.png)\n");
        check("[![x](attachment:{a})](attachment:{a})", "[![x](p/a.png)](p/a.png)");
        check("| a |\n|---|\n| [x](attachment:{a}) |\n", "| a |\n|---|\n| [x](p/a.png) |\n");
        check("[gone](attachment:{b}) [x](attachment:{a})", "[gone](attachment:{b}) [x](p/a.png)");
        for untouched in [
            "attachment:{a}",
            "`[x](attachment:{a})`",
            "```\n![x](attachment:{a})\n```\n",
            "\\[x](attachment:{a})",
            "[x](https://example.com/?attachment:{a})",
            "$[x](attachment:{a})$",
            "",
        ] {
            check(untouched, untouched);
        }
    }

    #[test]
    fn only_links_to_pages_of_the_folder_lead_there() {
        let there = "35261e8ce0a380c89f000123456789ab";
        let page: NotionId = there.parse().unwrap();
        let check = |text: &str, expected: &str| {
            let name = |id| (id == page).then(|| "it.md".to_owned());
            assert_eq!(link_pages(text, name), expected);
        };
        check(&format!("[x](https://app.notion.com/p/{there})"), "[x](it.md)");
        check(
            &format!("| [x](https://www.notion.so/acme/It-{there}?pvs=4) |\n|---|\n"),
            "| [x](it.md) |\n|---|\n",
        );
        for untouched in [
            format!("[x](https://app.notion.com/p/{}0)", &there[1..]),
            format!("[x](https://example.com/{there})"),
            format!("https://app.notion.com/p/{there}"),
            format!("`[x](https://app.notion.com/p/{there})`"),
            "[x](it.md)".to_owned(),
        ] {
            check(&untouched, &untouched);
        }
    }
}
