//! Nothing that Notion shows is lost in silence: whatever leaf of a page's JSON is taken away or changed, its Markdown says so, or a count
//! of what is lost does.

use proptest::prelude::*;

use leaf::{Class, Leaf};

mod blocks;
mod leaf;
mod sample;
mod text;
mod unseen;
pub mod values;

pub use sample::{Account, Sample};

/// What is wrong with the account of a page, if anything.
fn silent(sample: &Sample) -> Option<String> {
    let whole = sample.account();
    leaf::leaves(&sample.json)
        .into_iter()
        .filter(|leaf| unseen::reason(leaf).is_none() && !leaf.is_secret())
        .find_map(|leaf| dropped(sample, &whole, &leaf).map(|how| format!("{}: {how}", leaf.pattern())))
}

fn dropped(sample: &Sample, whole: &Account, leaf: &Leaf) -> Option<String> {
    if unseen::counted_with(leaf).any(|kind| whole.count(kind) > 0) {
        return None;
    }
    let without = sample.with(leaf.removed(&sample.json)).account();
    if without.says_as(whole) {
        return Some("taken away, and nothing says so".to_owned());
    }
    let counted = without.words == whole.words;
    if counted && leaf.class() == Class::Words && !whole.is_truncated() {
        return Some(format!("words are missing, and yet the account is {:?}", whole.fidelity));
    }
    let changed = sample.with(leaf.changed(&sample.json)?).account();
    let told = changed.words != whole.words || (counted && changed.losses() != without.losses());
    (!told).then(|| "changed, and nothing says so".to_owned())
}

fn cases(quick: u32) -> ProptestConfig {
    let soak = std::env::var_os("NOTION_IMPORT_SOAK").is_some();
    ProptestConfig::with_cases(if soak { quick * 50 } else { quick })
}

fn check(sample: &Sample) -> Result<(), TestCaseError> {
    match silent(sample) {
        Some(how) => Err(TestCaseError::fail(format!("{how}\n{}", sample.account().words))),
        None => Ok(()),
    }
}

proptest! {
    #![proptest_config(cases(6_000))]

    #[test]
    fn no_leaf_of_a_page_of_blocks_is_lost_in_silence(page in blocks::page()) {
        check(&Sample::blocks(page))?;
    }
}

proptest! {
    #![proptest_config(cases(2_000))]

    #[test]
    fn no_leaf_of_a_row_is_lost_in_silence(page in values::row()) {
        check(&Sample::row(page))?;
    }

    #[test]
    fn no_leaf_of_a_table_is_lost_in_silence(table in values::table()) {
        check(&Sample::table(table))?;
    }
}

/// Recorded pages that say something twice: their folders, and what.
const TWICE: &[(&str, &str)] = &[
    ("dates_with_zones", "an offset says the zone"),
    ("meeting_notes", "what calls a part by its name stands where our heading does"),
    ("numbered_list_item", "a list begins with the number that it would have"),
];

#[test]
fn every_recorded_page_says_what_it_loses() {
    for entry in std::fs::read_dir(crate::markdown::fixtures::root()).unwrap() {
        let path = entry.unwrap().path();
        if TWICE.iter().any(|(folder, _)| path.ends_with(folder)) {
            continue;
        }
        let blocks = std::fs::read(path.join("blocks.json")).unwrap();
        let how = silent(&Sample::blocks(serde_json::from_slice(&blocks).unwrap()));
        assert_eq!(how, None, "{}", path.display());
    }
}
