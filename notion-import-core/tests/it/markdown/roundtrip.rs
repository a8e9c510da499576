//! Generated trees with hostile text: what the Markdown is parsed to is what the tree says, and what it does not
//! say is in the report.

use std::collections::HashSet;
use std::sync::Arc;

use notion_import_core::LossKind;
use notion_import_core::markdown::{
    Databases, Options, Rendered, Styles, database_tables, properties_table, render,
};
use notion_import_core::notion::{BlockTree, Callout, Content};
use proptest::collection::vec;
use proptest::prelude::*;
use unicode_segmentation::UnicodeSegmentation;

use super::oracle;
use super::rows::{database, row};
use super::trees::{Branch, branch, deep, text, tree};
use super::words::{SIGNATURE, words};

/// A share, in percent, of the trees of one run: `NOTION_IMPORT_TREES`, or 10,000.
fn config(percent: u32) -> ProptestConfig {
    let trees =
        std::env::var("NOTION_IMPORT_TREES").ok().and_then(|trees| trees.parse().ok()).unwrap_or(10_000);
    let cases = trees / 100 * percent;
    ProptestConfig { cases, max_shrink_iters: 20_000, failure_persistence: None, ..ProptestConfig::default() }
}

fn check(branches: Vec<Branch>) -> Result<(), TestCaseError> {
    check_tree(&tree(branches), None)
}

fn check_tree(tree: &BlockTree, databases: Option<&Databases>) -> Result<(), TestCaseError> {
    for (styles, transcripts) in [(Styles::Exact, false), (Styles::Readable, true)] {
        let options = Options { styles, transcripts, databases, ..Options::default() };
        let rendered = render(tree, &options);
        holds(styles, &rendered, oracle::check(tree, &options, &rendered))?;
    }
    Ok(())
}

/// Whether the oracle has nothing against what was written, and no rule for every text is broken.
fn holds(styles: Styles, rendered: &Rendered, verdict: Result<(), String>) -> Result<(), TestCaseError> {
    let Rendered { markdown, fidelity, .. } = rendered;
    if markdown.contains(SIGNATURE) {
        return Err(TestCaseError::fail(format!("a signature is written:\n{markdown}")));
    }
    verdict.map_err(|error| TestCaseError::fail(format!("{styles:?}: {error}\n\nMarkdown:\n{markdown}")))?;
    let loses = fidelity.losses().iter().any(|loss| loss.kind == LossKind::Style);
    if styles == Styles::Exact && loses && !decoded(markdown).graphemes(true).any(is_accented_space) {
        return Err(TestCaseError::fail(format!("a style is lost:\n{markdown}")));
    }
    Ok(())
}

/// Some databases inside of a page, each a block of its own somewhere.
fn page_of_databases() -> impl Strategy<Value = (BlockTree, Databases)> {
    let child = || words().prop_map(|title| Branch::new(Content::ChildDatabase(title), Vec::new()));
    let within =
        (text(), vec(prop_oneof![2 => child(), 1 => branch()], 1..3)).prop_map(|(rich_text, below)| {
            Branch::new(Content::Callout(Callout { rich_text, ..Callout::default() }), below)
        });
    let branches = vec(prop_oneof![2 => child(), 1 => within, 1 => branch()], 1..4);
    (branches, vec(database(), 1..3)).prop_map(|(branches, databases)| {
        let tree = tree(branches);
        let blocks = tree.nodes().iter().filter_map(|node| match node.block.content {
            Content::ChildDatabase(_) => node.block.id,
            _ => None,
        });
        let databases = blocks.zip(databases.into_iter().map(Arc::new)).collect();
        (tree, databases)
    })
}

/// Whether each line of a table has as many cells as its first: parsers add and drop them without a word.
fn are_even(markdown: &str) -> bool {
    let cells = |line: &str| {
        let (mut chars, mut count) = (line.chars(), 0);
        while let Some(char) = chars.next() {
            match char {
                '\\' => drop(chars.next()),
                '|' => count += 1,
                _ => {}
            }
        }
        count
    };
    let tables = markdown.split("\n\n").filter(|block| block.starts_with('|'));
    tables.map(|table| table.lines().map(cells).collect::<HashSet<u32>>()).all(|counts| counts.len() == 1)
}

/// A text with the characters that its references stand for.
fn decoded(markdown: &str) -> String {
    let mut parts = markdown.split("&#x");
    let mut text = parts.next().unwrap().to_owned();
    for part in parts {
        let char = part.split_once(';').and_then(|(digits, _)| u32::from_str_radix(digits, 16).ok());
        text.extend(char.and_then(char::from_u32));
        text.push_str(part.split_once(';').map_or(part, |(_, rest)| rest));
    }
    text
}

/// A mark over white space begins a word that no delimiter can stand before.
fn is_accented_space(cluster: &str) -> bool {
    let mut chars = cluster.chars();
    chars.next().is_some_and(char::is_whitespace) && chars.next().is_some_and(|mark| !mark.is_whitespace())
}

proptest! {
    #![proptest_config(config(40))]

    #[test]
    fn every_line_of_text_is_read_as_it_was_written(lines in vec(text(), 1..4)) {
        let paragraph = |rich_text| Content::Paragraph(Callout { rich_text, ..Callout::default() });
        check(lines.into_iter().map(|text| Branch::new(paragraph(text), Vec::new())).collect())?;
    }
}

proptest! {
    #![proptest_config(config(55))]

    #[test]
    fn every_kind_of_block_is_read_as_it_was_written(branches in vec(branch(), 0..4)) {
        check(branches)?;
    }
}

proptest! {
    #![proptest_config(config(5))]

    #[test]
    fn blocks_twelve_deep_are_read_as_they_were_written(branch in deep()) {
        check(vec![branch])?;
    }
}

proptest! {
    #![proptest_config(config(15))]

    #[test]
    fn every_property_of_a_row_is_read_in_its_own_cell((page, schema) in row(), is_known in any::<bool>()) {
        for styles in [Styles::Exact, Styles::Readable] {
            let options = Options { styles, schema: is_known.then_some(&schema), ..Options::default() };
            let rendered = properties_table(&page, &options);
            holds(styles, &rendered, oracle::check_row(&page, &options, &rendered))?;
            prop_assert!(are_even(&rendered.markdown), "a line has more cells, or less:\n{}", rendered.markdown);
        }
    }
}

proptest! {
    #![proptest_config(config(5))]

    #[test]
    fn every_database_is_read_as_it_was_written(database in database()) {
        for styles in [Styles::Exact, Styles::Readable] {
            let rendered = database_tables(&database, &Options { styles, ..Options::default() });
            holds(styles, &rendered, oracle::check_database(&database, &rendered))?;
            prop_assert!(are_even(&rendered.markdown), "a line has more cells, or less:\n{}", rendered.markdown);
        }
    }
}

proptest! {
    #![proptest_config(config(5))]

    #[test]
    fn every_database_inside_a_page_is_read_below_its_link((tree, databases) in page_of_databases()) {
        check_tree(&tree, Some(&databases))?;
    }
}
