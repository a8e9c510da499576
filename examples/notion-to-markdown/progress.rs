//! How an export is getting on, for a person who watches, and what came of it.

use chrono::{DateTime, Utc};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use notion_import_core::{Error, NotionId};

use crate::failure::{Failure, Streak};

/// Returns a bar of so many pages on standard error, seen only if that is a terminal.
pub fn bar(pages: u64) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(pages), ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template("{wide_bar} {pos}/{len} pages, {elapsed}") {
        bar.set_style(style);
    }
    bar
}

/// The bar and the counts.
pub struct Progress {
    bar: ProgressBar,
    written: u64,
    unchanged: u64,
    not_checked: Vec<DateTime<Utc>>,
    files: u64,
    not_shared: u64,
    failed: usize,
    streak: Streak,
}

impl Progress {
    /// Nothing is known yet.
    pub fn new() -> Self {
        Self {
            bar: bar(0),
            written: 0,
            unchanged: 0,
            not_checked: Vec::new(),
            files: 0,
            not_shared: 0,
            failed: 0,
            streak: Streak::default(),
        }
    }

    /// So many pages are known by now, and of so many of them only search says that they were not edited.
    pub fn known(&self, pages: usize, not_checked: usize) {
        self.bar.set_length(pages as u64);
        let Self { written, unchanged, not_shared, failed, .. } = self;
        self.bar.set_position(written + unchanged + not_shared + (failed + not_checked) as u64);
    }

    /// One was written, with so many files.
    pub fn written(&mut self, files: usize) {
        self.written += 1;
        self.files += files as u64;
        self.done();
    }

    /// One had not changed since the last run.
    pub fn unchanged(&mut self) {
        self.unchanged += 1;
        self.done();
    }

    /// Nobody has asked Notion about these since then.
    pub fn not_checked(&mut self, since: impl Iterator<Item = DateTime<Utc>>) {
        self.not_checked = since.collect();
    }

    /// One led nowhere for this token: linked somewhere, but not shared.
    pub fn not_shared(&mut self) {
        self.not_shared += 1;
    }

    /// One could not be exported. An error that concerns all of them ends the export.
    pub fn failed(&mut self, id: NotionId, error: Error) -> Result<(), Failure> {
        // Also the one that ends the export was not exported.
        self.failed += 1;
        let error = self.streak.failed(error)?;
        self.say(|| eprintln!("notion-to-markdown: {id} was not exported: {}", Failure::from(error)));
        Ok(())
    }

    /// Lets something be written on standard error without tearing the bar.
    pub fn say(&self, say: impl FnOnce()) {
        self.bar.suspend(say);
    }

    /// How many failed.
    pub fn failures(&self) -> usize {
        self.failed
    }

    /// Whether there was nothing at all.
    pub fn saw_nothing(&self) -> bool {
        self.written + self.unchanged == 0 && self.not_checked.is_empty() && self.failed == 0
    }

    /// Takes the bar away and says what came of it all.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
        let Self { written, unchanged, files, not_shared, failed, .. } = self;
        let not_checked = not_checked(&self.not_checked);
        eprintln!(
            "{written} written with {files} files, {unchanged} unchanged, {not_checked}{not_shared} not shared, {failed} failed"
        );
        if !not_checked.is_empty() {
            eprintln!(
                "Search shows no edit of what was not checked, but it may show one late, or not at all. --check asks about each page."
            );
        }
    }

    fn done(&mut self) {
        self.streak.end();
    }
}

/// Says how many pages were not checked, and since when: they may have been checked at different times.
fn not_checked(since: &[DateTime<Utc>]) -> String {
    let to_the_minute = |at: &DateTime<Utc>| at.format("%Y-%m-%d %H:%M UTC").to_string();
    let (first, last) = (since.iter().min().map(to_the_minute), since.iter().max().map(to_the_minute));
    match (first, last) {
        (Some(first), Some(last)) if first == last => format!("{} not checked since {first}, ", since.len()),
        (Some(first), Some(last)) => format!("{} not checked since {first} to {last}, ", since.len()),
        (None, _) | (_, None) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_checked_is_told_with_the_times_since_when() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let (first, later) = (at("2026-11-22T08:00:10Z"), at("2026-11-22T08:28:00Z"));
        assert_eq!(not_checked(&[]), "");
        assert_eq!(not_checked(&[first, first]), "2 not checked since 2026-11-22 08:00 UTC, ");
        assert_eq!(
            not_checked(&[later, first]),
            "2 not checked since 2026-11-22 08:00 UTC to 2026-11-22 08:28 UTC, "
        );
    }
}
