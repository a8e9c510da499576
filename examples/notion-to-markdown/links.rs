//! Links to stored files, turned into links to where they are.

use std::ops::Range;

use notion_import_core::library::blob::BlobId;
use pulldown_cmark::{Event, Options, Parser, Tag};

/// It gives every link and image that leads to a stored file the target the caller names; the text around stays as it is.
pub fn relink(markdown: &str, target: impl Fn(&BlobId) -> Option<String>) -> String {
    let mut text = String::with_capacity(markdown.len());
    let mut from = 0;
    for (place, blob) in stored_links(markdown) {
        if let Some(target) = target(&blob) {
            text.push_str(&markdown[from..place.start]);
            text.push_str(&target);
            from = place.end;
        }
    }
    text.push_str(&markdown[from..]);
    text
}

/// Where the targets of links to stored files stand, in order.
fn stored_links(markdown: &str) -> Vec<(Range<usize>, BlobId)> {
    let dialect = Options::ENABLE_TABLES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_MATH;
    let links = Parser::new_ext(markdown, dialect).into_offset_iter();
    let mut found: Vec<_> = links
        .filter_map(|(event, range)| match event {
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                let blob = dest_url.strip_prefix("attachment:")?.parse().ok()?;
                Some((target_in(markdown, &range, &dest_url)?, blob))
            }
            _ => None,
        })
        .collect();
    // A link around an image ends after it and begins before it.
    found.sort_by_key(|(place, _)| place.start);
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
            assert_eq!(relink(&spelled(text), name), spelled(expected));
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
}
