//! Generated trees with hostile text: what the Markdown is parsed to is what the tree says, and what it does not
//! say is in the report.

use notion_import_core::LossKind;
use notion_import_core::markdown::{Options, Styles, render};
use proptest::collection::vec;
use proptest::prelude::*;
use unicode_segmentation::UnicodeSegmentation;

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
    for (styles, transcripts) in [(Styles::Exact, false), (Styles::Readable, true)] {
        let options = Options { styles, transcripts, ..Options::default() };
        let rendered = render(&tree, &options);
        if rendered.markdown.contains(SIGNATURE) {
            return Err(TestCaseError::fail(format!("a signature is written:\n{}", rendered.markdown)));
        }
        oracle::check(&tree, &options, &rendered).map_err(|error| {
            TestCaseError::fail(format!("{styles:?}: {error}\n\nMarkdown:\n{}", rendered.markdown))
        })?;
        let loses = rendered.fidelity.losses().iter().any(|loss| loss.kind == LossKind::Style);
        if styles == Styles::Exact
            && loses
            && !decoded(&rendered.markdown).graphemes(true).any(is_accented_space)
        {
            return Err(TestCaseError::fail(format!("a style is lost:\n{}", rendered.markdown)));
        }
    }
    Ok(())
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
