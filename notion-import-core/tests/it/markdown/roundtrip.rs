//! Generated trees with hostile text: what the Markdown is parsed to is what the tree says, and what it does not
//! say is in the report.

use notion_import_core::markdown::{Options, render};
use proptest::collection::vec;
use proptest::prelude::*;

use super::oracle;
use super::trees::{Branch, branch, deep, text, tree};
use super::words::SIGNATURE;

/// A share, in percent, of the trees of one run: `NOTION_IMPORT_TREES`, or 10,000.
fn config(percent: u32) -> ProptestConfig {
    let trees =
        std::env::var("NOTION_IMPORT_TREES").ok().and_then(|trees| trees.parse().ok()).unwrap_or(10_000);
    let cases = trees / 100 * percent;
    ProptestConfig { cases, max_shrink_iters: 20_000, failure_persistence: None, ..ProptestConfig::default() }
}

fn check(branches: Vec<Branch>) -> Result<(), TestCaseError> {
    let tree = tree(branches);
    let rendered = render(&tree, &Options::default());
    if rendered.markdown.contains(SIGNATURE) {
        return Err(TestCaseError::fail(format!("a signature is written:\n{}", rendered.markdown)));
    }
    oracle::check(&tree, &rendered)
        .map_err(|error| TestCaseError::fail(format!("{error}\n\nMarkdown:\n{}", rendered.markdown)))
}

proptest! {
    #![proptest_config(config(40))]

    #[test]
    fn every_line_of_text_is_read_as_it_was_written(lines in vec(text(), 1..4)) {
        use notion_import_core::notion::{Callout, Content};
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
