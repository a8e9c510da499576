//! How an export is getting on, for a person who watches, and what came of it.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use notion_import_core::error::Error;
use notion_import_core::id::NotionId;

use crate::failure::{Failure, Trouble};

/// So many failures of Notion itself, with no success in between, are not about the pages.
const TOO_MANY: u32 = 5;

/// The bar and the counts.
pub struct Progress {
    bar: ProgressBar,
    written: u64,
    unchanged: u64,
    files: u64,
    not_shared: u64,
    failed: usize,
    failed_in_a_row: u32,
}

impl Progress {
    /// A bar on standard error, seen only if that is a terminal.
    pub fn new() -> Self {
        let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr());
        if let Ok(style) = ProgressStyle::with_template("{wide_bar} {pos}/{len} pages, {elapsed}") {
            bar.set_style(style);
        }
        Self { bar, written: 0, unchanged: 0, files: 0, not_shared: 0, failed: 0, failed_in_a_row: 0 }
    }

    /// So many pages are known by now.
    pub fn known(&self, pages: u64) {
        self.bar.set_length(pages);
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

    /// One led nowhere for this token: linked somewhere, but not shared.
    pub fn not_shared(&mut self) {
        self.not_shared += 1;
        self.bar.inc(1);
    }

    /// One could not be exported. An error that concerns all of them ends the export.
    pub fn failed(&mut self, id: NotionId, error: Error) -> Result<(), Failure> {
        let about_all = match Trouble::of(&error) {
            Trouble::Token | Trouble::Disk | Trouble::Blocked => return Err(error.into()),
            Trouble::Busy | Trouble::NotNow | Trouble::Unreachable => true,
            Trouble::Capability | Trouble::NotShared | Trouble::Other => false,
        };
        self.failed += 1;
        self.failed_in_a_row += u32::from(about_all);
        self.bar.inc(1);
        if self.failed_in_a_row >= TOO_MANY {
            return Err(Failure::GaveUp(error));
        }
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
        self.written + self.unchanged == 0 && self.failed == 0
    }

    /// Takes the bar away and says what came of it all.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
        let Self { written, unchanged, files, not_shared, failed, .. } = self;
        eprintln!(
            "{written} written with {files} files, {unchanged} unchanged, {not_shared} not shared, {failed} failed"
        );
    }

    fn done(&mut self) {
        self.failed_in_a_row = 0;
        self.bar.inc(1);
    }
}
