//! Links led elsewhere: a parser reads the same text, with other addresses.

use notion_import_core::markdown::{Options, relink, render};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use pulldown_cmark::{Event, LinkType, Parser, Tag, TagEnd, TextMergeStream};

use super::oracle::target;
use super::trees::{branch, tree};

/// What a text is made of where links may be.
const MARKUP: &[&str] = &[
    "[x](y)",
    "[x](<y z>)",
    "[x](y \"t\")",
    "[x](a\\)b)",
    "[x](&amp;)",
    "[![i](j)](k)",
    "![i](j)",
    "[r]",
    "[r][]",
    "[q][r]",
    "\n\n[r]: /u\n",
    "\n[r]: <u v> 't'\n",
    "\n> [r]:\n> /w (t)\n\n",
    "<https://a.b/*c_[d]>",
    "<a@b.c>",
    "https://a.b",
    "[",
    "![",
    ")",
    "!",
    "`",
    "$",
    "\\",
    "<br>",
    "\n",
    "\n\n",
    "\n> ",
    "\n- ",
    "\n    code\n",
    "\n```\n[x](y)\n```\n",
    "\n| a |\n|---|\n| ",
];

/// Addresses that could be taken for something else.
const HOSTILE: &[&str] = &[
    "n", "", "a b", "(", "a)", "a\\)", "<x>", "](x)", "\"t\"", "\\", "`", "$", "|", "&amp;", "a&b;", "\n\nx",
    "#", "- ", "===", "---", "1.", "~~~", "*a*", "!", "[", "é中", "\u{a0}",
];

/// One of the hostile addresses for most addresses, always the same one.
fn elsewhere(salt: usize, address: &str) -> Option<String> {
    let hash = address.bytes().fold(salt, |hash, byte| hash.wrapping_mul(31).wrapping_add(usize::from(byte)));
    (hash % 4 > 0).then(|| HOSTILE[hash / 4 % HOSTILE.len()].to_owned())
}

/// What a parser reads, with the addresses mapped. How a link is written does not matter.
fn read(markdown: &str, to: &dyn Fn(&str) -> Option<String>) -> Vec<String> {
    let dialect = pulldown_cmark::Options::ENABLE_TABLES
        | pulldown_cmark::Options::ENABLE_STRIKETHROUGH
        | pulldown_cmark::Options::ENABLE_TASKLISTS
        | pulldown_cmark::Options::ENABLE_MATH;
    let mut depth = 0;
    let mut events = Vec::new();
    for event in TextMergeStream::new(Parser::new_ext(markdown, dialect)) {
        events.push(match event {
            Event::Start(Tag::Link { link_type, dest_url, title, .. }) => {
                depth += 1;
                format!("link {:?} {:?}", address(link_type, &dest_url, depth, to), &*title)
            }
            Event::Start(Tag::Image { link_type, dest_url, title, .. }) => {
                depth += 1;
                format!("image {:?} {:?}", address(link_type, &dest_url, depth, to), &*title)
            }
            Event::End(TagEnd::Link | TagEnd::Image) => {
                depth -= 1;
                "end".to_owned()
            }
            Event::Text(text) => format!("text {:?}", &*text),
            other => format!("{other:?}").replace("Borrowed(", "Boxed(").replace("Inlined(", "Boxed("),
        });
    }
    events
}

fn address(link_type: LinkType, old: &str, depth: usize, to: &dyn Fn(&str) -> Option<String>) -> String {
    let old = if link_type == LinkType::Email { format!("mailto:{old}") } else { old.to_owned() };
    let is_inside = depth > 1 && matches!(link_type, LinkType::Autolink | LinkType::Email);
    match to(&old).filter(|new| *new != old && !is_inside) {
        Some(new) => target(&new).replace('$', "%24"),
        None => old,
    }
}

fn check(markdown: &str, salt: usize) -> Result<(), TestCaseError> {
    prop_assert_eq!(relink(markdown, |_| None), markdown);
    prop_assert_eq!(relink(markdown, |address| Some(address.to_owned())), markdown);
    let to = |address: &str| elsewhere(salt, address);
    let led = relink(markdown, to);
    prop_assert_eq!(read(&led, &|_| None), read(markdown, &to), "{}\nbecame\n{}", markdown, led);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_the_converter_writes_is_read_the_same_but_for_where_links_lead(
        branches in vec(branch(), 1..4),
        salt in any::<usize>(),
    ) {
        check(&render(&tree(branches), &Options::default()).markdown, salt)?;
    }

    #[test]
    fn what_others_write_is_read_the_same_but_for_where_links_lead(
        pieces in vec(select(MARKUP), 1..9),
        salt in any::<usize>(),
    ) {
        check(&pieces.concat(), salt)?;
    }
}

#[test]
fn every_form_of_a_link_leads_elsewhere_and_nothing_else_changes() {
    let to = |address: &str| address.strip_prefix("old:").map(|rest| format!("p/{rest}.png"));
    for (text, expected) in [
        ("![x](old:a)\n", "![x](p/a.png)\n"),
        ("[![x](old:a)](old:b)", "[![x](p/a.png)](p/b.png)"),
        ("[x]( <old:a>  'title' )", "[x]( p/a.png  'title' )"),
        ("[x](\nold:a)", "[x](p/a.png)"),
        ("> [x](\n> old:a)", "> [x](p/a.png)"),
        ("[x](old:a\\)&amp;)", "[x](p/a\\)&.png)"),
        ("[x](old:a_b) [y](new:c)", "[x](p/a_b.png) [y](new:c)"),
        ("| a |\n|---|\n| [x](old:a) |\n", "| a |\n|---|\n| [x](p/a.png) |\n"),
        ("[x][r] [r]\n\n[r]: old:a \"t\"\n", "[x][r] [r]\n\n[r]: p/a.png \"t\"\n"),
        ("<old:a*b>", "[old:a\\*b](p/a*b.png)"),
        ("old!<old:a>", "old\\![old:a](p/a.png)"),
        ("[r]<old:a>\n\n[r]: b", "[r][][old:a](p/a.png)\n\n[r]: b"),
    ] {
        assert_eq!(relink(text, to), expected);
    }
    for untouched in [
        "old:a",
        "`[x](old:a)`",
        "```\n![x](old:a)\n```\n",
        "    [x](old:a)\n",
        "\\[x](old:a)",
        "[x](https://example.com/?old:a)",
        "$[x](old:a)$",
        "<a href=\"old:a\">x</a>",
        "<!-- [x](old:a) -->",
        "",
    ] {
        assert_eq!(relink(untouched, to), untouched);
    }
}

#[test]
fn an_address_stays_one_address_whatever_is_in_it() {
    for (new, expected) in [
        ("", "<>"),
        ("a b", "a%20b"),
        ("a(b", "a\\(b"),
        ("<x>", "%3Cx%3E"),
        ("a\\", "a\\\\"),
        ("a&amp;b", "a&amp;amp;b"),
        ("a\n\nb", "a%0A%0Ab"),
        ("a|b", "a%7Cb"),
        ("x$y", "x%24y"),
    ] {
        assert_eq!(relink("$1 [x](old)", |_| Some(new.to_owned())), format!("$1 [x]({expected})"));
    }
}
