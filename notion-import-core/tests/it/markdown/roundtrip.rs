//! Generated trees with hostile text: what the Markdown is parsed to is what the tree says.

use notion_import_core::library::fidelity::LossKind;
use notion_import_core::markdown::{Options, render};
use notion_import_core::notion::block::{
    Block, Callout, Code, Content, Heading, HeadingText, NumberedListItem, Table, Text, ToDo,
};
use notion_import_core::notion::text::{Annotations, RichText, RichTextKind};
use notion_import_core::notion::tree::{BlockTree, Handle, TreeBuilder};
use proptest::collection::vec;
use proptest::prelude::*;

use super::oracle;

/// A block and its children, as generated.
#[derive(Clone, Debug)]
struct Branch {
    content: Content,
    children: Vec<Branch>,
}

fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => "[a-zA-Z0-9]{1,4}",
        3 => Just(" ".to_owned()),
        8 => proptest::sample::select(vec![
            "*", "**", "_", "__", "~", "~~", "`", "``", "```", "[", "]", "(", ")", "<", ">", "<b>", "</b>", "<!--",
            "&", "&amp;", "&#42;", "#", "##", "-", "--", "---", "+", "=", "===", "1.", "2)", "10.", "!", "![", "|",
            "\\", "\\|", "$", "$$", "{", "}", ":", ":-", ":-:|", "\"", "'", "\n", "\n\n", "\r\n", "\t", "  ", "\u{a0}",
            "\u{3000}", "é", "中", "。", "€", "😀", "\u{301}", "\u{200b}", "\u{2028}", "http://a.b", "[x](y)", "[ ]",
            "x@y.z", "^", "/", ";", ".", ",", "\0", "\u{85}",
        ]).prop_map(str::to_owned),
    ];
    vec(piece, 0..6).prop_map(|pieces| pieces.concat())
}

fn run() -> impl Strategy<Value = RichText> {
    let link = proptest::option::weighted(
        0.2,
        proptest::sample::select(vec![
            "https://a.b/c",
            "https://a.b/(c)",
            "http://a.b/?x=1&copy=2",
            "mailto:a@b.c",
            "https://a.b/c_d*e[f]\\g",
            "https://a.b/&amp;",
        ]),
    );
    let math = proptest::sample::select(vec!["x", "\\frac{a}{b}", "a*b*c", "a_b", "x`y"]);
    (hostile(), any::<[bool; 4]>(), 0..10_u8, link, math).prop_map(|(text, marks, kind, link, math)| {
        let [bold, italic, strikethrough, code] = marks;
        let code = code && kind < 2;
        let annotations = Annotations { bold, italic, strikethrough, code, ..Annotations::default() };
        let run =
            RichText { plain_text: text, href: link.map(str::to_owned), annotations, ..RichText::default() };
        match kind {
            9 => RichText { kind: RichTextKind::Equation(math.to_owned()), ..run },
            4.. => RichText { annotations: Annotations { code, ..Annotations::default() }, ..run },
            _ => run,
        }
    })
}

fn text() -> impl Strategy<Value = Vec<RichText>> {
    vec(run(), 0..5)
}

fn branch() -> impl Strategy<Value = Branch> {
    let leaf = prop_oneof![
        6 => text().prop_map(|rich_text| Content::Paragraph(Callout { rich_text, ..Callout::default() })),
        2 => (1..5_u8, text()).prop_map(|(level, rich_text)| {
            let text = HeadingText { rich_text, ..HeadingText::default() };
            Content::Heading(Heading { level, text })
        }),
        1 => Just(Content::Divider),
        1 => (hostile(), "[a-z+# ]{0,6}").prop_map(|(text, language)| {
            let rich_text = vec![RichText::plain(text)];
            Content::Code(Code { rich_text, language, caption: Vec::new() })
        }),
    ]
    .prop_map(|content| Branch { content, children: Vec::new() });
    let table = (any::<bool>(), vec(vec(text(), 0..4), 0..4)).prop_map(|(has_column_header, rows)| Branch {
        content: Content::Table(Table { has_column_header, ..Table::default() }),
        children: rows
            .into_iter()
            .map(|cells| Branch { content: Content::TableRow(cells), children: Vec::new() })
            .collect(),
    });
    let base = prop_oneof![5 => leaf, 1 => table];
    base.prop_recursive(4, 24, 4, |inner| {
        (0..6_u8, text(), any::<bool>(), vec(inner, 0..4)).prop_map(|(kind, rich_text, checked, children)| {
            let content = match kind {
                0 => Content::BulletedListItem(Text { rich_text, ..Text::default() }),
                1 => Content::NumberedListItem(NumberedListItem { rich_text, ..NumberedListItem::default() }),
                2 => Content::ToDo(ToDo { rich_text, checked, ..ToDo::default() }),
                3 => Content::Quote(Text { rich_text, ..Text::default() }),
                4 => Content::Toggle(Text { rich_text, ..Text::default() }),
                _ => Content::Paragraph(Callout { rich_text, ..Callout::default() }),
            };
            Branch { content, children }
        })
    })
}

fn tree(branches: Vec<Branch>) -> BlockTree {
    fn add(builder: &mut TreeBuilder, of: Option<Handle>, branches: Vec<Branch>) {
        for Branch { content, children } in branches {
            let block = vec![Block::new(content)];
            let handles = match of {
                None => builder.roots(block),
                Some(of) => builder.children(of, block),
            };
            add(builder, Some(handles[0]), children);
        }
    }
    let mut builder = TreeBuilder::default();
    add(&mut builder, None, branches);
    builder.build()
}

/// Some thousands, or as many as `PROPTEST_CASES` says.
fn config() -> ProptestConfig {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(4000);
    ProptestConfig { cases, max_shrink_iters: 20_000, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn the_markdown_is_parsed_to_what_the_tree_says(branches in vec(branch(), 0..5)) {
        let tree = tree(branches);
        let rendered = render(&tree, &Options::default());
        let mut expected = oracle::expected(&tree);
        let mut parsed = oracle::parsed(&rendered.markdown);
        // What the report says was dropped need not come back.
        let lost = |kind| rendered.fidelity.losses().iter().any(|loss| loss.kind == kind);
        if lost(LossKind::Style) {
            oracle::forget_styles(&mut expected);
            oracle::forget_styles(&mut parsed);
        }
        prop_assume!(!lost(LossKind::TableCode) && !lost(LossKind::Equation));
        prop_assert_eq!(parsed, expected, "{}", rendered.markdown);
    }
}
