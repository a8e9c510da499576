//! A page as Notion writes it as Markdown itself. It is read for what it names, never for its words.

use crate::id::NotionId;
use crate::notion::lenient::{deserialize, object};
use crate::notion::link;

object! {
    /// A page as Notion writes it.
    pub(crate) struct PageMarkdown {
        /// The text; none if the answer is something else.
        pub(crate) markdown: Option<String>,
        /// Whether blocks are cut or hidden.
        pub(crate) truncated: bool,
        /// Some of those that are.
        pub(crate) unknown_block_ids: Vec<Option<NotionId>>,
    }
}

deserialize!(PageMarkdown);

/// So many blocks are listed at most.
const LISTED: usize = 100;

/// The blocks that a page's Markdown names and does not show.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Unshown {
    /// Each once, in order.
    pub(crate) ids: Vec<NotionId>,
    /// How many more there are, without an id.
    pub(crate) nameless: u64,
}

impl PageMarkdown {
    /// Returns the blocks that are listed as not shown.
    pub(crate) fn listed(&self) -> impl Iterator<Item = NotionId> {
        self.unknown_block_ids.iter().copied().flatten()
    }

    /// Whether blocks may be cut or hidden that are not listed.
    pub(crate) fn may_lack_names(&self) -> bool {
        let listed = self.unknown_block_ids.len();
        self.markdown.is_none() || listed >= LISTED || (self.truncated && listed == 0)
    }

    /// Returns the blocks that are named and not shown.
    pub(crate) fn unshown(&self, page: NotionId) -> Unshown {
        let tags: Vec<Option<NotionId>> =
            unknown_tags(self.markdown.as_deref().unwrap_or_default()).map(|tag| id(tag, page)).collect();
        let mut ids: Vec<NotionId> = Vec::new();
        let mut nameless = tags.iter().filter(|id| id.is_none()).count();
        for id in self.listed() {
            // A tag without an id may be that of a block that is listed.
            if !tags.contains(&Some(id)) {
                nameless = nameless.saturating_sub(1);
            }
        }
        for id in self.listed().chain(tags.into_iter().flatten()) {
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
        Unshown { ids, nameless: nameless as u64 }
    }
}

/// The `<unknown .. />` tags of a text: those in code are words of the page, and so are those behind a backslash.
fn unknown_tags(markdown: &str) -> impl Iterator<Item = &str> {
    let mut fence: Option<usize> = None;
    let lines = markdown.lines().filter(move |line| {
        let ticks = line.trim_start().bytes().take_while(|byte| *byte == b'`').count();
        match fence {
            None if ticks >= 3 => fence = Some(ticks),
            None => return true,
            Some(open) if ticks >= open && line.trim().len() == ticks => fence = None,
            Some(_) => {}
        }
        false
    });
    lines.flat_map(tags_of_line)
}

fn tags_of_line(line: &str) -> impl Iterator<Item = &str> {
    line.match_indices("<unknown").filter_map(move |(at, _)| {
        let before = &line[..at];
        let is_escaped = before.bytes().rev().take_while(|byte| *byte == b'\\').count() % 2 == 1;
        let is_code = before.replace("\\`", "").matches('`').count() % 2 == 1;
        let rest = &line[at..];
        (!is_escaped && !is_code).then(|| rest.split_inclusive('>').next().unwrap_or(rest))
    })
}

/// The block that a tag names: the one its address jumps to, else what it leads to, unless that is the page itself.
fn id(tag: &str, page: NotionId) -> Option<NotionId> {
    let url = tag.split_once("url=\"")?.1.split('"').next()?;
    let link = link::recognise(url)?;
    link.block.or(Some(link.id).filter(|id| *id != page))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const PAGE: &str = "35261e8ce0a380c89f000123456789ab";
    const ONE: &str = "45261e8ce0a380c89f000123456789ab";
    const TWO: &str = "55261e8ce0a380c89f000123456789ab";

    fn tag(url: &str) -> String {
        format!("<unknown url=\"{url}\" alt=\"bookmark\"/>")
    }

    fn at(block: &str) -> String {
        tag(&format!("https://app.notion.com/p/{PAGE}#{block}"))
    }

    fn unshown(markdown: &str, listed: &[&str]) -> (Vec<String>, u64) {
        let unknown_block_ids = listed.iter().map(|id| id.parse().ok()).collect();
        let answer =
            PageMarkdown { markdown: Some(markdown.to_owned()), truncated: false, unknown_block_ids };
        let Unshown { ids, nameless } = answer.unshown(PAGE.parse().unwrap());
        (ids.into_iter().map(NotionId::simple).collect(), nameless)
    }

    #[test]
    fn what_is_named_is_found_once_and_what_has_no_id_is_counted() {
        let check = |markdown: &str, listed: &[&str], ids: &[&str], nameless: u64| {
            let expected = (ids.iter().map(|id| (*id).to_owned()).collect(), nameless);
            assert_eq!(unshown(markdown, listed), expected, "{markdown} {listed:?}");
        };
        check("words", &[], &[], 0);
        check("", &[ONE], &[ONE], 0);
        check(&format!("a\n\n\t{}\n\n- {}{}", at(ONE), at(TWO), at(ONE)), &[TWO], &[TWO, ONE], 0);
        check(&tag(&format!("https://www.notion.so/{ONE}")), &[], &[ONE], 0);
        for nameless in
            [&tag(&format!("https://app.notion.com/p/{PAGE}")), &tag("https://a.example/"), "<unknown/>"]
        {
            check(nameless, &[], &[], 1);
            check(nameless, &[ONE], &[ONE], 0);
            check(&format!("{nameless} {nameless} {}", at(ONE)), &[ONE, TWO], &[ONE, TWO], 1);
        }
    }

    #[test]
    fn words_of_the_page_are_no_tags() {
        for words in [
            format!("```html\n{}\n```", at(ONE)),
            format!("\t````\n\t```\n\t{}\n\t````", at(ONE)),
            format!("`{}`", at(ONE)),
            format!("\\{}", at(ONE)),
            format!("a \\\\\\{}", at(ONE)),
        ] {
            assert_eq!(unshown(&words, &[]), (vec![], 0), "{words}");
        }
        for tag in [format!("```\n```\n{}", at(ONE)), format!("`a` {}", at(ONE)), format!("\\\\{}", at(ONE))]
        {
            assert_eq!(unshown(&tag, &[]), (vec![ONE.to_owned()], 0), "{tag}");
        }
    }
}
