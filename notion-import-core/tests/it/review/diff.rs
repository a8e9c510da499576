//! What changed between two versions.

use std::time::{Duration, Instant};

use notion_import_core::review::{Block, BlockKind, Mark, Review, Step, TextDiff, WordDiff, Words, blocks};
use notion_import_core::{Exposure, Fidelity, LossKind};
use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, prop_assert, prop_assert_eq, prop_oneof, proptest};
use proptest::sample::select;

use super::{edition, file, loss, version};

/// Each step in a line: `=`, `-`, `+`, `~` for a change, `<` and `>` for what moved.
fn shown(diff: &TextDiff) -> Vec<String> {
    let words = |words: &Words| match words {
        Words::Same { text } => text.clone(),
        Words::Changed { removed, added, .. } => format!("[{removed}→{added}]"),
    };
    let line = |step: &Step| match step {
        Step::Same(block) => format!("= {}", block.text),
        Step::MovedAway(block) => format!("< {}", block.text),
        Step::MovedHere(block) => format!("> {}", block.text),
        Step::Removed { block, .. } => format!("- {}", block.text),
        Step::Added { block, .. } => format!("+ {}", block.text),
        Step::Changed { words: diff, .. } => format!("~ {}", diff.0.iter().map(words).collect::<String>()),
    };
    diff.steps.iter().map(line).collect()
}

#[test]
fn a_diff_says_what_became_of_each_block() {
    let check = |before: &str, after: &str, expected: &[&str]| {
        let diff = TextDiff::of(&blocks(before), &blocks(after));
        assert_eq!(shown(&diff), expected, "{before:?} / {after:?}");
    };
    check("a\n\nb", "a\n\nb", &["= a", "= b"]);
    check("We keep it for 12 months.", "We keep it for 24 months.", &["~ We keep it for [12→24] months."]);
    check("one\n\ntwo", "one\n\nnew and other\n\ntwo", &["= one", "+ new and other", "= two"]);
    check("one\n\nold and gone\n\ntwo", "one\n\ntwo", &["= one", "- old and gone", "= two"]);
    check(
        "first block\n\nsecond block\n\nthird block",
        "second block\n\nthird block\n\nfirst block",
        &["< first block", "= second block", "= third block", "> first block"],
    );
    check("The same words", "## The same words", &["~ The same words"]);
    check(
        "[policy](https://a.example.com)",
        "[policy](https://b.example.com)",
        &["~ policy (https://[a.example.com→b.example.com])"],
    );
    check(
        "| What | Months |\n| --- | --- |\n| Logs | 12 |\n| Mail | 6 |",
        "| What | Months |\n| --- | --- |\n| Logs | 24 |\n| Mail | 6 |",
        &["= What | Months", "~ Logs | [12→24]", "= Mail | 6"],
    );
    check(
        "We must encrypt all data at rest.\n\nKeys are kept in a vault.",
        "An entirely new beginning here.\n\nWe should encrypt all data at rest.\n\nKeys are kept in a safe.",
        &[
            "+ An entirely new beginning here.",
            "~ We [must→should] encrypt all data at rest.",
            "~ Keys are kept in a [vault→safe].",
        ],
    );
    check("It ~~may~~ leave.", "It may leave.", &["~ It [~~may~~→may] leave."]);
}

#[test]
fn a_review_says_all_that_changes_for_readers() {
    let mut before = version("Kept for **12** months.");
    before.attachments = vec![file("plan.pdf", b"old"), file("gone.pdf", b"gone"), file("a.pdf", b"kept")];
    before.exposure = Exposure { people: 1, ..Exposure::default() };
    before.fidelity = Fidelity::new(Vec::new(), vec![loss(LossKind::Color, 2)]);
    let mut after = version("Kept for 12 months.");
    after.attachments = vec![file("plan.pdf", b"new"), file("b.pdf", b"kept"), file("new.pdf", b"another")];
    after.exposure = Exposure { people: 3, files: 1, ..Exposure::default() };
    after.fidelity = Fidelity::new(Vec::new(), vec![loss(LossKind::Color, 1), loss(LossKind::Toggle, 4)]);

    let review = Review::of(edition("Policy", &before), edition("Policy 2026", &after));
    assert!(review.text.is_empty() && review.has_other_form && !review.is_empty());
    assert_eq!(review.title.after(), "Policy 2026");
    let files: Vec<_> =
        review.files.iter().map(|change| (change.before.as_ref(), change.after.as_ref())).collect();
    assert_eq!(
        files,
        [
            (Some(&before.attachments[0]), Some(&after.attachments[0])),
            (Some(&before.attachments[2]), Some(&after.attachments[1])),
            (None, Some(&after.attachments[2])),
            (Some(&before.attachments[1]), None),
        ]
    );
    assert_eq!(review.exposure, Exposure { people: 2, files: 1, ..Exposure::default() });
    assert_eq!(review.fidelity.losses(), [loss(LossKind::Toggle, 4)]);
    assert_eq!(review.marks(), [(Mark::Date, 1)]);
    assert!(Review::of(edition("Policy", &after), edition("Policy", &after)).is_empty());
}

#[test]
fn what_comes_or_goes_whole_stands_out_too() {
    let diff = TextDiff::of(&blocks("Stays."), &blocks("Stays.\n\nEverybody must do it within 5 days."));
    assert_eq!(diff.marks().collect::<Vec<_>>(), [Mark::Number, Mark::Obligation]);
    let moved = TextDiff::of(&blocks("We must.\n\nb b\n\nc c"), &blocks("b b\n\nc c\n\nWe must."));
    assert_eq!(moved.marks().count(), 0);
}

fn texts() -> impl Strategy<Value = String> {
    let word = || {
        select(vec![
            "we",
            "must",
            "may",
            "not",
            "keep",
            "12",
            "24",
            "months",
            "data",
            "99.9%",
            "2026-05-01",
            "é",
            "数据",
            "-",
        ])
    };
    let line = || vec(word(), 1..8).prop_map(|words| words.join(" "));
    let block = prop_oneof![
        4 => line(),
        1 => line().prop_map(|line| format!("# {line}")),
        1 => line().prop_map(|line| format!("- {line}")),
        1 => line().prop_map(|line| format!("> {line}")),
        1 => line().prop_map(|line| format!("| {line} | x |\n| --- | --- |\n| y | {line} |")),
        1 => line().prop_map(|line| format!("```\n{line}\n```")),
        1 => Just("---".to_owned()),
    ];
    vec(block, 0..12).prop_map(|blocks| blocks.join("\n\n"))
}

proptest! {
    #![proptest_config(proptest::test_runner::Config::with_cases(1_000))]

    #[test]
    fn a_diff_gives_both_texts(before in texts(), after in texts()) {
        let (before, after) = (blocks(&before), blocks(&after));
        let diff = TextDiff::of(&before, &after);
        prop_assert_eq!(diff.before(), &before[..]);
        prop_assert_eq!(diff.after(), &after[..]);
        prop_assert_eq!(diff.is_empty(), before == after);
    }

    #[test]
    fn a_diff_of_words_gives_both_texts(before in "\\PC{0,60}", after in "\\PC{0,60}") {
        let diff = WordDiff::of(&before, &after);
        prop_assert_eq!(diff.before(), &before[..]);
        prop_assert_eq!(diff.after(), &after[..]);
        prop_assert_eq!(diff.is_empty(), before == after);
    }

    #[test]
    fn blocks_of_any_text_are_read(text in "\\PC{0,200}") {
        prop_assert!(TextDiff::of(&blocks(&text), &blocks(&text)).is_empty());
    }

    #[test]
    fn one_changed_word_is_one_change(lines in vec(vec(0..50_u8, 3..9), 1..20), at in 0..400_usize) {
        let texts: Vec<Vec<String>> =
            lines.iter().enumerate().map(|(n, line)| line.iter().map(|word| format!("w{word}x{n}")).collect()).collect();
        let mut changed = texts.clone();
        let line = at % changed.len();
        let word = at % changed[line].len();
        changed[line][word] = "changed".to_owned();
        let text = |lines: &[Vec<String>]| lines.iter().map(|line| line.join(" ")).collect::<Vec<_>>().join("\n\n");
        let diff = TextDiff::of(&blocks(&text(&texts)), &blocks(&text(&changed)));
        let steps: Vec<_> = diff.steps.iter().filter(|step| !matches!(step, Step::Same(_))).collect();
        let [Step::Changed { words, .. }] = steps[..] else { panic!("{diff:?}") };
        let changes: Vec<_> = words.0.iter().filter(|words| !matches!(words, Words::Same { .. })).collect();
        let [Words::Changed { removed, added, .. }] = changes[..] else { panic!("{diff:?}") };
        prop_assert_eq!((removed, added.as_str()), (&texts[line][word], "changed"));
    }
}

/// Documents of which nothing is as it was, as large as they come.
#[test]
fn what_is_too_large_is_compared_coarsely_and_soon() {
    let paragraphs = |seed: u64, count: u64, words: u64| -> Vec<Block> {
        let mut rng = fastrand::Rng::with_seed(seed);
        let mut text = || (0..words).map(|_| format!("word{}", rng.u64(..900))).collect::<Vec<_>>().join(" ");
        (0..count).map(|_| Block { kind: BlockKind::Paragraph, text: text() }).collect()
    };
    for (count, words, is_coarse) in
        [(40, 40, false), (2_000, 30, true), (1, 15_000, true), (1, 9_000, false)]
    {
        let (before, after) = (paragraphs(1, count, words), paragraphs(2, count, words));
        let began = Instant::now();
        let diff = TextDiff::of(&before, &after);
        assert!(began.elapsed() < Duration::from_secs(20), "{count} x {words}: {:?}", began.elapsed());
        assert_eq!(diff.is_coarse, is_coarse, "{count} x {words}");
        assert_eq!((diff.before(), diff.after()), (before, after));
    }
}
