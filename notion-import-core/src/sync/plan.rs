//! What a sync asks and what it concludes: pure functions, so that the loop which acts on them is too plain to go wrong.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};

use super::SyncOptions;
use crate::id::NotionId;
use crate::library::document::{Found, Linked, SourceKind, SourceParent, SourceState, SyncCursor, SyncPatch};
use crate::source::{SEARCH_LAG, Seen, to_the_minute};

/// What to ask, beside the documents that are verified one by one.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Plan {
    /// Look through what was edited since then; none on the first run, which looks through everything.
    pub(crate) since: Option<DateTime<Utc>>,
    /// Data sources whose rows are linked.
    pub(crate) data_sources: Vec<NotionId>,
    /// How many documents may be verified one by one.
    pub(crate) budget: usize,
}

/// Decides what to ask.
pub(crate) fn plan(linked: &[Linked], cursor: Option<SyncCursor>, options: &SyncOptions) -> Plan {
    let rows = linked.iter().filter_map(|known| match known.link.source.parent {
        Some(SourceParent::DataSource(id)) if known.link.source.kind == SourceKind::Page => Some(id),
        _ => None,
    });
    let mut data_sources: Vec<NotionId> = rows.collect::<HashSet<_>>().into_iter().collect();
    data_sources.sort();
    Plan {
        since: cursor.map(|cursor| to_the_minute(cursor.watermark) - SEARCH_LAG),
        data_sources,
        budget: options.verify_at_once.max(linked.len().div_ceil(runs_in_time(options))),
    }
}

/// Returns how many runs come within the time in which each document is verified: what one leaves, the others make up for.
fn runs_in_time(options: &SyncOptions) -> usize {
    let runs = options.verified_within.as_secs() / options.every.as_secs().max(1);
    usize::try_from(runs).unwrap_or(usize::MAX).max(1)
}

/// Picks the documents to verify: those no hint has confirmed, longest unchecked first.
pub(crate) fn to_verify<'a>(
    linked: &'a [Linked],
    seen: &HashMap<NotionId, Seen>,
    budget: usize,
) -> Vec<&'a Linked> {
    let mut open: Vec<&Linked> = linked.iter().filter(|known| confirmed(known, seen).is_none()).collect();
    open.sort_by_key(|known| (known.link.checked_at, known.document));
    open.truncate(budget);
    open
}

/// What a hint says about a document, if it is news. Search lags behind edits, so that it shows nothing new proves nothing.
pub(crate) fn confirmed<'a>(known: &Linked, seen: &'a HashMap<NotionId, Seen>) -> Option<&'a Seen> {
    seen.get(&known.link.source.id).filter(|seen| seen.source.edited_at > known.link.source.edited_at)
}

/// Whether a document's newest version has to be read again: it was taken in the minute of its own last edit, that minute is
/// over, and a further edit in it would show no other time.
pub(crate) fn needs_reading(known: &Linked, seen: &Seen, now: DateTime<Utc>) -> bool {
    !known.read.settled && seen.source.edited_at == known.read.edited_at && seen.is_settled(now)
}

/// Turns a look at a source into a patch. `reread` tells whether a fresh copy differs from the newest version, if one was
/// taken.
pub(crate) fn diff(known: &Linked, seen: &Seen, reread: Option<bool>, now: DateTime<Utc>) -> SyncPatch {
    let moved_on = seen.source.edited_at > known.read.edited_at || reread == Some(true);
    let title = &seen.source.title;
    let follows = !known.title.edited_here && known.title.text != *title;
    SyncPatch {
        document: known.document,
        checked_at: now,
        found: Found::Source {
            source: Box::new(seen.source.clone().with_files_of(&known.link.source)),
            state: seen.state,
            update_available: moved_on || known.link.update_available,
            settled: known.read.settled || reread.is_some(),
            title: follows.then(|| title.clone()),
        },
    }
}

/// It is the patch for a source that Notion says is not there.
pub(crate) fn gone(known: &Linked, now: DateTime<Utc>) -> SyncPatch {
    SyncPatch { document: known.document, checked_at: now, found: Found::NotShared }
}

/// Whether a patch changes anything but the time of the look.
pub(crate) fn changes(known: &Linked, patch: &SyncPatch) -> bool {
    match &patch.found {
        Found::NotShared => known.link.state != SourceState::NotShared,
        Found::Source { source, state, update_available, settled: _, title } => {
            **source != known.link.source
                || *state != known.link.state
                || *update_available != known.link.update_available
                || title.is_some()
        }
    }
}

/// The later of the two cursors, so that a watermark never moves back.
pub(crate) fn advance(cursor: Option<SyncCursor>, started: DateTime<Utc>) -> SyncCursor {
    let watermark = to_the_minute(started);
    SyncCursor { watermark: cursor.map_or(watermark, |cursor| cursor.watermark.max(watermark)) }
}
