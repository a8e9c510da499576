//! What came of a run until now.

use super::{SyncReport, Watch, plan};
use crate::error::Error;
use crate::library::document::{Found, Linked, SyncPatch};

/// If nothing at all was answered after so many failures, nothing is: the trouble is no document's.
const LOST: usize = 10;

/// What came of a run until now.
#[derive(Default)]
pub(super) struct Outcome {
    watch: Watch,
    pub(super) report: SyncReport,
    has_answer: bool,
    failures: usize,
    first: Option<Error>,
    /// Patches that only count if it turns out that others were answered.
    held: Vec<SyncPatch>,
}

impl Outcome {
    /// Begins with nothing; whoever watches the run is told.
    pub(super) fn told(watch: &Watch) -> Self {
        Self { watch: watch.clone(), ..Self::default() }
    }

    /// Notes that something was answered.
    pub(super) fn answered(&mut self) {
        self.has_answer = true;
    }

    /// Notes that something was not, which is no document.
    pub(super) fn missed(&mut self, error: Error) {
        tracing::info!(code = error.code(), "a part of a sync was left out");
        self.lost(error);
    }

    /// Notes what a look found, and returns whether that is news.
    pub(super) fn found(&mut self, known: &Linked, patch: &SyncPatch) -> bool {
        self.has_answer = true;
        let changed = plan::changes(known, patch);
        self.report.checked += 1;
        self.report.changed += u32::from(changed);
        self.watch.found(changed);
        changed
    }

    /// Notes what reading a source brought that was looked at before.
    pub(super) fn read(&mut self, known: &Linked, is_counted: bool, patch: &SyncPatch) {
        let changed = !is_counted && plan::changes(known, patch);
        self.report.changed += u32::from(changed);
        self.watch.changed(changed);
        if let Found::Source { trouble: Some(code), .. } = &patch.found {
            tracing::info!(document = %known.document, code, "a source was not read");
            self.report.failed += 1;
            self.watch.not_read(code);
        }
    }

    /// Notes that a document's source could not be looked at.
    pub(super) fn failed(&mut self, known: &Linked, error: Error, patch: impl FnOnce(Found) -> SyncPatch) {
        tracing::info!(document = %known.document, code = error.code(), "a source was not looked at");
        self.report.failed += 1;
        self.watch.missed(error.code());
        self.held.push(patch(Found::Trouble(error.code().to_owned())));
        self.lost(error);
    }

    fn lost(&mut self, error: Error) {
        self.failures += 1;
        self.first.get_or_insert(error);
    }

    /// Fails if nothing is answered at all.
    pub(super) fn check(&mut self) -> Result<(), Error> {
        if !self.has_answer && self.failures >= LOST { self.end() } else { Ok(()) }
    }

    /// Fails if nothing was answered.
    pub(super) fn end(&mut self) -> Result<(), Error> {
        if self.has_answer { Ok(()) } else { self.first.take().map_or(Ok(()), Err) }
    }

    /// Takes the patches of documents that failed while others were answered.
    pub(super) fn take_failures(&mut self) -> Vec<SyncPatch> {
        if self.has_answer { std::mem::take(&mut self.held) } else { Vec::new() }
    }
}
