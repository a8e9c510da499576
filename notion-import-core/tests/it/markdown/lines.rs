//! Lines of styled text, letter for letter: which delimiters stand where, and what is given up where none can.

use notion_import_core::LossKind;
use notion_import_core::markdown::{Options, Rendered, Styles, render};
use notion_import_core::notion::BlockTree;
use serde_json::{Value, json};

use super::oracle;

/// Runs as `{styles:text}`: **b**old, **i**talic, **s**truck, **c**ode, **m**ath, **l**inked; plain text stands bare.
fn runs(line: &str) -> Value {
    let mut runs = Vec::new();
    for (at, part) in line.split('{').enumerate() {
        let (styled, plain) = if at == 0 { ("", part) } else { part.split_once('}').unwrap() };
        if let Some((styles, text)) = styled.split_once(':') {
            runs.push(run(styles, text));
        }
        if !plain.is_empty() {
            runs.push(run("", plain));
        }
    }
    Value::Array(runs)
}

fn run(styles: &str, text: &str) -> Value {
    let on = |style| styles.contains(style);
    let annotations =
        json!({ "bold": on('b'), "italic": on('i'), "strikethrough": on('s'), "code": on('c') });
    let href = on('l').then_some("https://a.example/");
    if on('m') {
        let equation = json!({ "expression": text });
        return json!({ "type": "equation", "equation": equation, "plain_text": text, "href": href, "annotations": annotations });
    }
    json!({ "type": "text", "plain_text": text, "href": href, "annotations": annotations })
}

fn tree(kind: &str, line: &str) -> BlockTree {
    let block = match kind {
        "table_row" => json!({ "type": kind, kind: { "cells": [runs(line)] } }),
        _ => json!({ "type": kind, kind: { "rich_text": runs(line) } }),
    };
    BlockTree::parse(json!([block]).to_string().as_bytes()).unwrap()
}

fn convert(kind: &str, line: &str) -> Rendered {
    render(&tree(kind, line), &Options { styles: Styles::Readable, ..Options::default() })
}

fn styles_lost(rendered: &Rendered) -> u64 {
    let lost = rendered.fidelity.losses().iter().find(|loss| loss.kind == LossKind::Style);
    lost.map_or(0, |loss| loss.count)
}

/// Each row: a line, what is written for it, and how many styles are lost.
fn check(kind: &str, rows: &[(&str, &str, u64)]) {
    for (line, markdown, lost) in rows {
        let rendered = convert(kind, line);
        assert_eq!((rendered.markdown.trim_end(), styles_lost(&rendered)), (*markdown, *lost), "{line}");
    }
}

/// Each row: a line, and what is written for it where every style is to be shown.
#[test]
fn where_a_style_could_not_stand_the_letter_beside_it_is_a_reference() {
    for (line, markdown) in [
        ("a {b:b} c", "a **b** c"),
        ("{b:.a.}", "**.a.**"),
        ("a{b:.}c", "&#x61;**.**&#x63;"),
        ("a{b:.b}c", "&#x61;**.b**c"),
        ("a{b:b.}c", "a**b.**&#x63;"),
        ("ab{b:(c)}de", "a&#x62;**(c)**&#x64;e"),
        ("a{i:(b)}c", "&#x61;*(b)*&#x63;"),
        ("a{s:(b)}c", "&#x61;~~(b)~~&#x63;"),
        ("a{bi:(b)}c", "&#x61;***(b)***&#x63;"),
        ("a{b:(b}{i:c)}d", "&#x61;**(b**_c)_&#x64;"),
        ("a{b:€b}c", "&#x61;**€b**c"),
        ("a{i:b}{b:c}d", "&#x61;_b_**c**d"),
        ("a{b:b}{i:c}d", "a**b**_c_&#x64;"),
        ("a{bc:b}c", "&#x61;**`b`**&#x63;"),
        ("a{b:b}{bc:c}d", "a**b`c`**&#x64;"),
        ("{s:gone}{bc: did}{c: i pass}", "~~gon&#x65;~~**` did`**` i pass`"),
        ("a{bis:b}{bi:c}{b:d}", "&#x61;***~~b~~c*d**"),
        ("{b:a*}b", "**a\\***&#x62;"),
        ("{l:a}{lb:.b}", "[&#x61;**.b**](https://a.example/)"),
        ("{b:a} {bl:b}", "**a** [**b**](https://a.example/)"),
        ("{b:[a]} {bsl:b}{b: c}", "**\\[a\\]** [~~**b**~~](https://a.example/) **c**"),
        ("a_b{b:.}", "a\\_&#x62;**.**"),
        ("注意{b:「重要」}です", "注&#x610F;**「重要」**&#x3067;す"),
        ("{b:これは重要。}次", "**これは重要。**&#x6B21;"),
        ("text{b:⚠️ Note}", "tex&#x74;**⚠️ Note**"),
        ("{b:👩‍👩‍👧}x", "**👩‍👩‍👧**&#x78;"),
        ("a{bi:👨‍💻}b", "&#x61;***👨‍💻***&#x62;"),
        ("a{b:.}b{b:.}c", "&#x61;**.**&#x62;**.**&#x63;"),
    ] {
        let tree = tree("paragraph", line);
        let rendered = render(&tree, &Options::default());
        assert_eq!((rendered.markdown.trim_end(), styles_lost(&rendered)), (markdown, 0), "{line}");
        oracle::check(&tree, &Options::default(), &rendered).unwrap();
        is_needed(&tree, &rendered);
    }
}

/// Holds that no reference could be left out: with the character itself a parser reads another style, or would if it knew symbols.
fn is_needed(tree: &BlockTree, rendered: &Rendered) {
    for (at, _) in rendered.markdown.match_indices("&#x") {
        let (before, rest) = rendered.markdown.split_at(at);
        let (digits, after) = rest["&#x".len()..].split_once(';').unwrap();
        let char = char::from_u32(u32::from_str_radix(digits, 16).unwrap()).unwrap();
        let markdown = format!("{before}{char}{after}");
        let changed = Rendered { markdown, ..rendered.clone() };
        assert!(
            oracle::check(tree, &Options::default(), &changed).is_err(),
            "{} is read as {}",
            changed.markdown,
            rendered.markdown
        );
    }
}

#[test]
fn no_delimiter_stands_inside_of_a_grapheme_cluster() {
    check(
        "paragraph",
        &[
            ("text{b:⚠️ Note}", "text⚠️ **Note**", 1),
            ("{b:👩‍👩‍👧}x", "👩‍👩‍👧x", 1),
            ("a{bi:👨‍💻}b", "a👨‍💻b", 1),
            ("{b:cafe}\u{301}s", "**cafe\u{301}**s", 0),
            ("{i:a} \u{301}{b:b}", "*a* \u{301}**b**", 0),
            ("{l:e}\u{301}", "[e\u{301}](https://a.example/)", 0),
            ("{c:e}\u{301}", "`e\u{301}`", 0),
            ("{b:🇩}🇪", "**🇩🇪**", 0),
            ("👩{b:\u{200d}🔬 x}", "👩\u{200d}🔬 **x**", 0),
        ],
    );
}

#[test]
fn every_style_stands_where_commonmark_reads_it_or_is_counted_as_lost() {
    check(
        "paragraph",
        &[
            ("{b:a} b", "**a** b", 0),
            ("a {b:b} c", "a **b** c", 0),
            ("a{b:b}c", "a**b**c", 0),
            ("a{i:b}c", "a*b*c", 0),
            ("a{s:b}c", "a~~b~~c", 0),
            ("{b:a }b", "**a** b", 0),
            ("{b:a}{b: b}", "**a b**", 0),
            ("{b:a} {b:b}", "**a** **b**", 0),
            ("{b:a} {i:b}", "**a** *b*", 0),
            ("{bi:a} {b:b}", "***a*** **b**", 0),
            ("{l:a} {l:b}", "[a](https://a.example/) [b](https://a.example/)", 0),
            ("{l:a}{l: b}", "[a b](https://a.example/)", 0),
            ("{bl:a} b", "[**a**](https://a.example/) b", 0),
            ("{b:a}{bl:b}", "**a**[**b**](https://a.example/)", 0),
            ("{bi:a}", "***a***", 0),
            ("{bis:a}", "~~***a***~~", 0),
            ("{bi:a}{b:b}", "***a*b**", 0),
            ("{b:a}{bi:b}", "**a*b***", 0),
            ("{b:a}{bi:b}{b:c}", "**a*b*c**", 0),
            ("{i:a}{bi:b}{i:c}", "*a**b**c*", 0),
            ("{s:a}{bs:b}{s:c}", "~~a**b**c~~", 0),
            ("{bs:a}{s:b}", "~~**a**b~~", 0),
            ("{b:a}{bs:b}{s:c}", "**a~~b~~**~~c~~", 0),
            ("{b:a}{i:b}", "**a**_b_", 0),
            ("{i:a}{b:b}", "_a_**b**", 0),
            ("{b:a}{i:b}{b:c}", "**a**_b_**c**", 0),
            ("{i:a}{b:b}{i:c}", "_a_**b**_c_", 0),
            ("{b:a}{s:b}", "**a**~~b~~", 0),
            ("{s:a}{b:b}", "~~a~~**b**", 0),
            ("{i:a}{s:b}{i:c}", "*a*~~b~~*c*", 0),
            ("a{b:.}c", "a.c", 1),
            ("a{b:.b}c", "a.**b**c", 1),
            ("a{b:b.}c", "a**b**.c", 1),
            ("a{b:(b)}c", "a(**b**)c", 2),
            ("a{i:(b)}c", "a(*b*)c", 2),
            ("a{s:(b)}c", "a(~~b~~)c", 2),
            ("a{bi:(b)}c", "a(***b***)c", 2),
            ("a{b:(b}{i:c)}d", "a(**b**_c_)d", 2),
            ("a{b:€b}c", "a€**b**c", 1),
            ("a{b:b€}c", "a**b**€c", 1),
            ("{b:.a.}", "**.a.**", 0),
            ("({b:a})", "(**a**)", 0),
            ("{b:a}.", "**a**.", 0),
            ("a{i:b}{b:.}", "a*b*.", 1),
            ("a{i:.}{b:b}", "a.**b**", 1),
            ("a{b:b }{i:c}d", "a**b** *c*d", 0),
            ("a{s:.b}{b:c}d", "a.~~b~~**c**d", 1),
            ("a{b:.}{s:b}c", "a.~~b~~c", 1),
            ("a {b:.b} c", "a **.b** c", 0),
            ("{b:a}{c:b}", "**a**`b`", 0),
            ("a{b:b}{c:c}d", "a**b**`c`d", 0),
            ("a{c:b}{b:c}d", "a`b`**c**d", 0),
            ("a{bc:b}c", "a`b`c", 1),
            ("a{b:b}{bc:c}d", "ab`c`d", 1),
            ("a{b:b}{m:x}c", "a**b**$x$c", 0),
            ("a{m:x}{b:b}c", "a$x$**b**c", 0),
            ("{m:x}1", "$x$&#49;", 0),
            ("{m:x}1{b:€}", "$x$&#49;**€**", 0),
            ("{m:x}{s:1}{i:€}", "$x$~~1~~€", 1),
            ("{m:x}1{b:b}", "$x$&#49;**b**", 0),
            ("{m:x}{b:1}", "$x$**1**", 0),
            ("{m:x}a{b:€}", "$x$a€", 1),
            ("{m:x}{m:y}", "$x y$", 0),
            ("{m:x}{bm:y}", "$x$**$y$**", 0),
            ("{m:x}", "$x$", 0),
            ("{m:x\\}{b:y}", "`x\\`**y**", 0),
            ("{m:x\\$y}", "`x\\$y`", 0),
            ("{m:x$y}", "`x$y`", 0),
            ("{m:\\}x}", "`\\`x}", 0),
            ("{b:a}*{i:b}", "**a**\\**b*", 0),
            ("{b:*}", "**\\***", 0),
            ("{b:a*}b", "**a**\\*b", 1),
            ("*{i:a}*", "\\**a*\\*", 0),
            ("a_{i:b}_c", "a\\_*b*\\_c", 0),
            ("{i:a}_", "*a*\\_", 0),
            ("__{b:a}__", "\\_\\_**a**\\_\\_", 0),
            ("{i:a}{i:}{b:b}{bi:c}{s:d}e", "_a_**b*c***~~d~~e", 0),
            ("{bis:a}{bi:b}{b:c}d", "***~~a~~b*c**d", 0),
            ("a{bis:b}{bi:c}{b:d}", "abcd", 3),
            ("{b:a}{bi:b}{bis:c}", "**a*b~~c~~***", 0),
            ("{is:a}{bi:b}{bs:c}", "*~~a~~**b***~~**c**~~", 0),
            ("{bl:a}{il:b}", "[**a**_b_](https://a.example/)", 0),
            ("{l:.}{b:a}", "[.](https://a.example/)**a**", 0),
            ("{b:a}{l:b}{b:c}", "**a**[b](https://a.example/)**c**", 0),
            ("a{b:b}{l:c}", "a**b**[c](https://a.example/)", 0),
            ("a!{l:b}", "a\\![b](https://a.example/)", 0),
            ("!{l:a}", "\\![a](https://a.example/)", 0),
            ("a{bl:.}c", "a[**.**](https://a.example/)c", 0),
            ("{l:a}{lb:b}{l:c}", "[a**b**c](https://a.example/)", 0),
            ("{il:a}{bil:b}", "[*a**b***](https://a.example/)", 0),
            ("{l:^a}", "[\\^a](https://a.example/)", 0),
            ("{cl:]: a}", "[`]: a`](https://a.example/ \"\")", 0),
            ("{c:a`b}", "``a`b``", 0),
            ("{c:`}", "`` ` ``", 0),
            ("{c: a }", "`  a  `", 0),
            ("{c: }", "` `", 0),
            ("{c:a}{c:b}", "`ab`", 0),
            ("{c:a}{bc:b}", "`a`**`b`**", 0),
            ("{b: a }", "**a**", 0),
            ("a{b: }b", "a b", 0),
            ("a {b:b}{b: }c", "a **b** c", 0),
        ],
    );
}

#[test]
fn only_what_would_mean_something_is_escaped() {
    check(
        "paragraph",
        &[
            (". x", ". x", 0),
            ("a!{c:b}", "a!`b`", 0),
            ("{b:a!}{l:b}", "**a!**[b](https://a.example/)", 0),
            ("{l:# a}", "[# a](https://a.example/)", 0),
            ("+x", "+x", 0),
            ("-x", "-x", 0),
            ("--x", "\\--x", 0),
            ("-:x", "\\-:x", 0),
            (":x", ":x", 0),
            (":-x", "\\:-x", 0),
            ("=x", "\\=x", 0),
            (">x", "\\>x", 0),
            ("|x", "\\|x", 0),
            ("1x", "1x", 0),
            ("x. y", "x. y", 0),
            ("1.x", "1.x", 0),
            ("1. x", "1\\. x", 0),
            ("1) x", "1\\) x", 0),
            ("123456789. x", "123456789\\. x", 0),
            ("1234567890. x", "1234567890. x", 0),
            ("# x", "\\# x", 0),
            ("#x", "#x", 0),
            ("###### x", "\\###### x", 0),
            ("####### x", "####### x", 0),
            ("+ x", "\\+ x", 0),
            ("- x", "\\- x", 0),
            ("+", "\\+", 0),
            ("-", "\\-", 0),
            ("1.", "1\\.", 0),
            ("a!", "a!", 0),
            ("a\0b", "a�b", 0),
            ("1://x", "1://x", 0),
            ("a://x", "a\\://x", 0),
            ("www.a", "www\\.a", 0),
            ("xwww.a", "xwww\\.a", 0),
            ("ww.a", "ww.a", 0),
            ("a &; b", "a &; b", 0),
            ("a &amp; b", "a \\&amp; b", 0),
            ("a &# b", "a &# b", 0),
            ("a_b", "a_b", 0),
            ("_a", "\\_a", 0),
            ("a_ b", "a\\_ b", 0),
            ("<a", "\\<a", 0),
            ("< a", "< a", 0),
            ("<1", "<1", 0),
            ("a|b", "a|b", 0),
            ("a~b", "a\\~b", 0),
            ("$5", "\\$5", 0),
            ("a:b", "a:b", 0),
            ("a.b", "a.b", 0),
            ("1+1", "1+1", 0),
            ("a\tb", "a\tb", 0),
            ("x\u{b}y", "x y", 0),
            ("a\nb", "a\\\nb", 0),
        ],
    );
    check(
        "heading_2",
        &[
            ("a #", "## a \\#", 0),
            ("a ## ", "## a \\##", 0),
            ("a#", "## a#", 0),
            ("#", "## \\#", 0),
            ("a # b", "## a # b", 0),
            ("{b:a}#", "## **a**#", 0),
            ("{b:a} #", "## **a** \\#", 0),
            ("- a", "## - a", 0),
        ],
    );
    let cell = |line: &str, written: &str| {
        assert_eq!(convert("table_row", line).markdown, format!("|  |\n| --- |\n| {written} |\n"), "{line}");
    };
    cell("a|b", "a\\|b");
    cell("- a", "- a");
    cell("a\n# b", "a<br># b");
    cell("{c:a|b}", "`a\\|b`");
    cell("{c:a\\|b}", "a\\\\\\|b");
    cell("{c:a\\}{c:|b}", "`a\\`\\|b");
    cell("{c:a}{c:|b}", "`a\\|b`");
    cell("{c:a\\}{bc:|b}", "`a\\`**\\|b**");
    cell("{l:a}", "[a](https://a.example/)");
    cell("{m:a|b}", "`a\\|b`");
}

/// What a caption is written as: the text of its bookmark's link, or a line below it.
#[test]
fn a_caption_is_the_text_of_its_link_or_stands_below() {
    const TARGET: &str = r"https://b.example/a|b&c&amp;d(e)\";
    for (caption, markdown) in [
        (
            "{l:a}",
            "[https://b.example/a|b&c\\&amp;d(e)\\\\](https://b.example/a|b&c&amp;amp;d\\(e\\)\\\\)\n\n[a](https://a.example/)",
        ),
        (
            "{bl:a}b",
            "[https://b.example/a|b&c\\&amp;d(e)\\\\](https://b.example/a|b&c&amp;amp;d\\(e\\)\\\\)\n\n[**a**](https://a.example/)b",
        ),
        ("{c:a|b}", "[`a|b`](https://b.example/a|b&c&amp;amp;d\\(e\\)\\\\)"),
        ("{c:]: a}", "[`]: a`](https://b.example/a|b&c&amp;amp;d\\(e\\)\\\\ \"\")"),
        ("{c:a]}: b", "[`a]`: b](https://b.example/a|b&c&amp;amp;d\\(e\\)\\\\)"),
        (
            "{l:^a}",
            "[https://b.example/a|b&c\\&amp;d(e)\\\\](https://b.example/a|b&c&amp;amp;d\\(e\\)\\\\)\n\n[\\^a](https://a.example/)",
        ),
        ("a!", "[a!](https://b.example/a|b&c&amp;amp;d\\(e\\)\\\\)"),
        ("{m:x}1", "[$x$&#49;](https://b.example/a|b&c&amp;amp;d\\(e\\)\\\\)"),
        ("#", "[#](https://b.example/a|b&c&amp;amp;d\\(e\\)\\\\)"),
        ("a #", "[a #](https://b.example/a|b&c&amp;amp;d\\(e\\)\\\\)"),
        ("a|b", "[a|b](https://b.example/a|b&c&amp;amp;d\\(e\\)\\\\)"),
        ("x\\{c:]}: y", "[x\\\\`]`: y](https://b.example/a|b&c&amp;amp;d\\(e\\)\\\\)"),
        (
            "{cl:a]}",
            "[https://b.example/a|b&c\\&amp;d(e)\\\\](https://b.example/a|b&c&amp;amp;d\\(e\\)\\\\)\n\n[`a]`](https://a.example/)",
        ),
        ("{c:a\\]: b}", "[`a\\]: b`](https://b.example/a|b&c&amp;amp;d\\(e\\)\\\\)"),
    ] {
        let block = json!({ "type": "bookmark", "bookmark": { "url": TARGET, "caption": runs(caption) } });
        let tree = BlockTree::parse(json!([block]).to_string().as_bytes()).unwrap();
        assert_eq!(render(&tree, &Options::default()).markdown.trim_end(), markdown, "{caption}");
    }
}
