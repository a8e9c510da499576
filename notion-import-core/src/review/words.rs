//! What changed among the words of a text.

use std::collections::HashMap;
use std::ops::Range;

use serde::Serialize;
use similar::{Algorithm, DiffOp};
use unicode_segmentation::UnicodeSegmentation;

use super::marks::{Mark, changed, marks};

/// Words that stayed, or that others took the place of.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Words {
    /// They stayed.
    Same {
        /// What they are.
        text: String,
    },
    /// Some went, or others came, or both.
    Changed {
        /// What went.
        removed: String,
        /// What came.
        added: String,
        /// What of it stands out.
        marks: Vec<Mark>,
    },
}

/// What changed among the words of a text, in their order.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
#[serde(transparent)]
pub struct WordDiff(pub Vec<Words>);

impl WordDiff {
    /// Compares two texts. What changed side by side, with nothing but spaces between, is one change.
    pub fn of(before: &str, after: &str) -> Self {
        let (old, new) = (tokens(before), tokens(after));
        let (old_marks, new_marks) = (marks(&old), marks(&new));
        let mut words = Vec::new();
        for (is_same, removed, added) in hunks(&old, &new) {
            words.push(if is_same {
                Words::Same { text: new[added].concat() }
            } else {
                let marks = changed(
                    old[removed.clone()].iter().zip(&old_marks[removed.clone()]),
                    new[added.clone()].iter().zip(&new_marks[added.clone()]),
                );
                Words::Changed { removed: old[removed].concat(), added: new[added].concat(), marks }
            });
        }
        Self(words)
    }

    /// Returns whether nothing changed.
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|words| matches!(words, Words::Same { .. }))
    }

    /// Returns the text before.
    pub fn before(&self) -> String {
        let text = self.0.iter().map(|words| match words {
            Words::Same { text } | Words::Changed { removed: text, .. } => text.as_str(),
        });
        text.collect()
    }

    /// Returns the text after.
    pub fn after(&self) -> String {
        let text = self.0.iter().map(|words| match words {
            Words::Same { text } | Words::Changed { added: text, .. } => text.as_str(),
        });
        text.collect()
    }

    /// Returns what stands out, for each change that has it.
    pub fn marks(&self) -> impl Iterator<Item = Mark> {
        self.0
            .iter()
            .flat_map(|words| match words {
                Words::Same { .. } => &[][..],
                Words::Changed { marks, .. } => marks,
            })
            .copied()
    }
}

/// A run of tokens: whether it is the same on both sides, and where it is on each.
type Hunk = (bool, Range<usize>, Range<usize>);

fn hunks(old: &[&str], new: &[&str]) -> Vec<Hunk> {
    let mut numbers = HashMap::new();
    let mut numbered = |tokens: &[&str]| -> Vec<usize> {
        let number = |token: &&str| {
            let next = numbers.len();
            *numbers.entry((*token).to_owned()).or_insert(next)
        };
        tokens.iter().map(number).collect()
    };
    let (before, after) = (numbered(old), numbered(new));
    let mut hunks: Vec<Hunk> = Vec::new();
    for op in similar::capture_diff_slices(Algorithm::Myers, &before, &after) {
        let is_same = matches!(op, DiffOp::Equal { .. });
        push(&mut hunks, (is_same, op.old_range(), op.new_range()), new);
    }
    hunks
}

/// Adds a run to those before it. A change takes a gap along that ends at another change.
fn push(hunks: &mut Vec<Hunk>, hunk: Hunk, new: &[&str]) {
    let (is_same, removed, added) = hunk;
    if !is_same {
        let is_gap =
            |(same, _, at): &Hunk| *same && new[at.clone()].iter().all(|token| token.trim().is_empty());
        if hunks.len() > 1 && hunks.last().is_some_and(is_gap) {
            hunks.pop();
        }
        if let Some((false, before, after)) = hunks.last_mut() {
            (before.end, after.end) = (removed.end, added.end);
            return;
        }
    }
    hunks.push((is_same, removed, added));
}

/// Splits a text into words, spaces and punctuation, all of it. A number stays with its sign, its unit of one letter and its
/// parts (`99.9%`, `2026-05-01`, `$1,234.50`), and a word with what joins its parts (`re-encrypt`, `ada@example.com`) or strikes it
/// through (`~~must~~`).
pub fn tokens(text: &str) -> Vec<&str> {
    let mut tokens: Vec<Range<usize>> = Vec::new();
    for (at, part) in text.split_word_bound_indices() {
        match tokens.last_mut() {
            Some(last) if joins(&text[last.clone()], part, &text[at + part.len()..]) => {
                last.end += part.len()
            }
            _ => tokens.push(at..at + part.len()),
        }
    }
    tokens.into_iter().map(|range| &text[range]).collect()
}

fn joins(token: &str, part: &str, rest: &str) -> bool {
    let (Some(last), Some(first)) = (token.chars().next_back(), part.chars().next()) else { return false };
    // What is struck through begins and ends at a word, so that this word is seen to change.
    if first == '~' {
        return last == '~' || last.is_alphanumeric();
    }
    if last == '~' {
        return first.is_alphanumeric() && token.len() <= 2 && token.starts_with('~');
    }
    let is_currency = |c| matches!(c, '$' | '€' | '£');
    if last.is_numeric() && (matches!(first, '%' | '‰' | '°') || is_currency(first)) {
        return true;
    }
    if first.is_alphanumeric() {
        return is_joint(last) && token.len() > last.len_utf8() || is_currency(last) && first.is_numeric();
    }
    let follows = rest.chars().next().is_some_and(char::is_alphanumeric);
    last.is_alphanumeric() && follows && part.len() == first.len_utf8() && is_joint(first)
}

const fn is_joint(c: char) -> bool {
    matches!(c, '-' | '–' | '/' | ':' | '.' | ',' | '@' | '_' | '+' | '&' | '\'' | '’' | '#' | '=')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_a_word_a_gap_or_a_mark() {
        let check = |text: &str, expected: &[&str]| assert_eq!(tokens(text), expected, "{text}");
        check(
            "We must, by 2026-05-01, reach 99.9%.",
            &["We", " ", "must", ",", " ", "by", " ", "2026-05-01", ",", " ", "reach", " ", "99.9%", "."],
        );
        check("(pay $1,234.50 or 5€)", &["(", "pay", " ", "$1,234.50", " ", "or", " ", "5€", ")"]);
        check("don't re-encrypt and/or", &["don't", " ", "re-encrypt", " ", "and/or"]);
        check("~~must not~~ go", &["~~must", " ", "not~~", " ", "go"]);
        check("- a", &["-", " ", "a"]);
        check("12 Monate, §5", &["12", " ", "Monate", ",", " ", "§", "5"]);
    }

    fn shown(before: &str, after: &str) -> Vec<String> {
        let shown = |words: Words| match words {
            Words::Same { text } => text,
            Words::Changed { removed, added, .. } => format!("[{removed}→{added}]"),
        };
        WordDiff::of(before, after).0.into_iter().map(shown).collect()
    }

    #[test]
    fn what_changed_side_by_side_is_one_change() {
        let check = |before: &str, after: &str, expected: &str| {
            assert_eq!(shown(before, after).concat(), expected, "{before} / {after}");
        };
        check("We keep it 12 months.", "We keep it 24 months.", "We keep it [12→24] months.");
        check("It must not leave.", "It may always leave.", "It [must not→may always] leave.");
        check("one two", "one", "one[ two→]");
        check("", "new", "[→new]");
        check("same", "same", "same");
    }
}
