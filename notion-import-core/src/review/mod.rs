//! What a person looks at before a version is shown: what has changed since the one that is shown, and what it gives away. Pure.

mod leaks;
mod secrets;
mod hosts;
mod spots;
mod files;
mod text;
mod pairs;
mod words;
mod marks;
mod blocks;

use serde::Serialize;

pub use blocks::{Block, BlockKind, blocks};
pub use files::FileChange;
pub use leaks::{Finding, LeakKind, Leaks, Place};
pub use marks::Mark;
pub use text::{Step, TextDiff};
pub use words::{WordDiff, Words};

use crate::library::document::{Content, Version};
use crate::library::fidelity::{Exposure, Fidelity};

/// A version under a title, as readers see it or are to see it.
#[derive(Clone, Copy, Debug)]
pub struct Edition<'a> {
    /// What it is called.
    pub title: &'a str,
    /// What it says.
    pub version: &'a Version,
}

impl Edition<'_> {
    fn markdown(&self) -> &str {
        match &self.version.content {
            Content::Markdown(text) => text,
            Content::File(_) => "",
        }
    }
}

/// What changes for readers from one edition of a document to another.
///
/// ```
/// # #[cfg(feature = "gate")]
/// # {
/// use notion_import_core::review::{Mark, Step, TextDiff, Words, blocks};
///
/// let (before, after) = ("# Backups\n\nWe keep them for 12 months.", "# Backups\n\nWe keep them for 24 months.");
/// let diff = TextDiff::of(&blocks(before), &blocks(after));
/// let [Step::Same(_), Step::Changed { words, .. }] = &diff.steps[..] else { panic!("{diff:?}") };
/// let Words::Changed { removed, added, marks } = &words.0[1] else { panic!("{words:?}") };
/// assert_eq!((removed.as_str(), added.as_str(), &marks[..]), ("12", "24", &[Mark::Number][..]));
/// # }
/// ```
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Review {
    /// What it is called, and was.
    pub title: WordDiff,
    /// What it says, and said. A file says nothing here: see `files`.
    pub text: TextDiff,
    /// Whether it looks different, though it says the same.
    pub has_other_form: bool,
    /// Files that came, went or are others.
    pub files: Vec<FileChange>,
    /// What is lost that was not lost before, with how much more.
    pub fidelity: Fidelity,
    /// How much more it tells or loads beyond its words.
    pub exposure: Exposure,
}

impl Review {
    /// Compares two editions of a document. Takes time in proportion to their length, but for a factor that is bounded; where that
    /// is reached, changes are shown as whole blocks ([`TextDiff::is_coarse`]).
    pub fn of(before: Edition<'_>, after: Edition<'_>) -> Self {
        let text = TextDiff::of(&blocks(before.markdown()), &blocks(after.markdown()));
        Self {
            title: WordDiff::of(before.title, after.title),
            has_other_form: text.is_empty() && before.markdown() != after.markdown(),
            text,
            files: files::changes(before.version, after.version),
            fidelity: after.version.fidelity.beyond(&before.version.fidelity),
            exposure: after.version.exposure.beyond(before.version.exposure),
        }
    }

    /// Returns whether nothing changes for readers.
    pub fn is_empty(&self) -> bool {
        self.title.is_empty() && self.text.is_empty() && !self.has_other_form && self.files.is_empty()
    }

    /// Returns what stands out of its text and its title, and how many changes have it.
    pub fn marks(&self) -> Vec<(Mark, usize)> {
        let all: Vec<Mark> = self.text.marks().chain(self.title.marks()).collect();
        let count = |mark: Mark| all.iter().filter(|other| **other == mark).count();
        Mark::ALL.into_iter().map(|mark| (mark, count(mark))).filter(|(_, count)| *count > 0).collect()
    }
}
