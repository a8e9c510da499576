//! What a sync asks and what it concludes: pure functions, so that the loop which acts on them is too plain to go wrong.

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::SyncOptions;
use crate::id::NotionId;
use crate::library::basis::ReadState;
use crate::library::document::{
    Found, Linked, SourceKind, SourceParent, SourceState, SyncCursor, SyncPatch, Trouble,
};
use crate::source::{SEARCH_LAG, Seen, to_the_minute};

/// A run may come so much later than its interval says, as a part of it.
const LATE: f64 = 0.05;

/// Of the documents that are looked at, one in so many may be one that failed the last time.
const TROUBLED: usize = 10;

/// What to ask.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Plan {
    /// Look through what was edited since then; none on the first run, which looks through everything.
    pub(super) since: Option<DateTime<Utc>>,
    /// Data sources whose rows are linked.
    pub(super) data_sources: Vec<NotionId>,
    /// How many documents may be looked at one by one.
    pub(super) looks: usize,
    /// How many of those that failed may be, beside these.
    pub(super) troubled: usize,
    /// How many may be read whole.
    pub(super) readings: usize,
}

/// Why a source is to be read whole: the most urgent first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Why {
    /// It was edited since it was read.
    Edited,
    /// Something elsewhere that it shows has changed.
    Elsewhere,
    /// It was read in the minute of its last edit, and that minute is over.
    Unsettled,
    /// It shows what stands elsewhere, and was not read for long.
    Overdue,
}

/// Decides what to ask.
pub(super) fn plan(linked: &[Linked], cursor: Option<SyncCursor>, options: &SyncOptions) -> Plan {
    let rows = linked.iter().filter_map(|known| match known.link.source.parent {
        Some(SourceParent::DataSource(id)) if known.link.source.kind == SourceKind::Page => Some(id),
        _ => None,
    });
    let runs = runs_in_time(options);
    let looks = options.verify_at_once.max(linked.len().div_ceil(runs));
    let to_read = linked.iter().filter(|known| is_open(known) || leans_on_others(&known.read)).count();
    Plan {
        since: cursor.map(|cursor| to_the_minute(cursor.watermark) - SEARCH_LAG),
        data_sources: rows.collect::<BTreeSet<_>>().into_iter().collect(),
        looks,
        troubled: (looks / TROUBLED).max(1),
        readings: options.read_at_once.max(to_read.div_ceil(runs)),
    }
}

/// Returns how many runs certainly come within the time in which each document is verified: what one leaves, the others make up for.
fn runs_in_time(options: &SyncOptions) -> usize {
    let every = options.every.mul_f64(1.0 + LATE).as_secs_f64().max(1.0);
    (options.verified_within.as_secs_f64() / every) as usize
}

/// Picks the documents to look at one by one among those that nothing has shown: those that something is left to be said of first,
/// then the longest unchecked. What failed comes beside these, less and less often, and costs the others nothing.
pub(super) fn to_look<'a>(
    linked: &'a [Linked],
    plan: &Plan,
    options: &SyncOptions,
    now: DateTime<Utc>,
    mut urgency: impl FnMut(&Linked) -> Urgency,
) -> Vec<&'a Linked> {
    let asked = linked.iter().map(|known| (urgency(known), known));
    let asked = asked.filter(|(urgency, _)| *urgency != Urgency::Shown);
    let (mut troubled, mut healthy): (Vec<_>, Vec<_>) =
        asked.partition(|(_, known)| known.link.trouble.is_some());
    healthy.sort_by_key(|(urgency, known)| {
        let is_first = *urgency == Urgency::Hinted || is_open(known);
        (!is_first, checked_at(known, now), known.document)
    });
    healthy.truncate(plan.looks);
    troubled.retain(|(_, known)| known.link.trouble.as_ref().is_some_and(|met| is_over(met, options, now)));
    troubled.sort_by_key(|(_, known)| known.link.trouble.as_ref().map(|trouble| trouble.met_at));
    troubled.truncate(plan.troubled);
    healthy.into_iter().chain(troubled).map(|(_, known)| known).collect()
}

/// What hints say of a document.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Urgency {
    /// They have shown it: it need not be looked at.
    Shown,
    /// Something in it was edited.
    Hinted,
    /// Nothing, which proves nothing.
    Unknown,
}

/// When it was last looked at. A time in the future was written by a clock that was wrong, and says nothing.
fn checked_at(known: &Linked, now: DateTime<Utc>) -> DateTime<Utc> {
    if known.link.checked_at > now { DateTime::UNIX_EPOCH } else { known.link.checked_at }
}

/// Whether trouble may be over, so that it is worth another try.
fn is_over(trouble: &Trouble, options: &SyncOptions, now: DateTime<Utc>) -> bool {
    let times = trouble.times.saturating_sub(1).min(16);
    let wait = options.every.mul_f64(1.0 - LATE).saturating_mul(1 << times).min(options.verified_within);
    trouble.met_at > now || age(trouble.met_at, now) >= wait
}

fn age(of: DateTime<Utc>, now: DateTime<Utc>) -> Duration {
    (now - of).to_std().unwrap_or_default()
}

/// Whether the source was edited, or may have been, since it was last read whole.
fn is_open(known: &Linked) -> bool {
    let read = &known.read;
    is_readable(known.link.state) && (known.link.source.edited_at != read.edited_at || !read.settled)
}

/// Whether a look cannot tell all that reading it again might bring.
const fn leans_on_others(read: &ReadState) -> bool {
    read.basis.is_none() || read.refers
}

/// Whether there is something to read, which an update could come of.
const fn is_readable(state: SourceState) -> bool {
    match state {
        SourceState::Present | SourceState::Archived => true,
        SourceState::Trashed | SourceState::NotShared => false,
    }
}

/// What a hint says about a document, if it is news. Search lags behind edits, so that it shows nothing new proves nothing.
pub(super) fn is_news(known: &Linked, seen: &Seen) -> bool {
    known.link.connection.is_none() || seen.source.edited_at > known.link.source.edited_at
}

/// Decides whether a source is to be read whole after a look at it. `has_moved` tells whether it rests on something else than when it
/// was read, if that can be told; `is_over` whether the minute of its last edit certainly is.
pub(super) fn why(
    known: &Linked,
    seen: &Seen,
    has_moved: Option<bool>,
    is_over: bool,
    options: &SyncOptions,
    now: DateTime<Utc>,
) -> Option<Why> {
    let read = &known.read;
    let age = age(read.read_at, now);
    let is_future = read.read_at > now;
    match has_moved {
        _ if !is_readable(seen.state) => None,
        _ if seen.source.edited_at != read.edited_at => Some(Why::Edited),
        Some(true) => Some(Why::Elsewhere),
        _ if !read.settled => {
            let is_over = is_over || is_future || read.was_over(now);
            is_over.then_some(Why::Unsettled)
        }
        Some(false) if !read.refers => None,
        _ => {
            let is_overdue = is_future || age >= options.verified_within.saturating_sub(options.every);
            is_overdue.then_some(Why::Overdue)
        }
    }
}

/// What a look found that is not read whole.
pub(super) fn found(known: &Linked, seen: &Seen, trouble: Option<String>) -> Found {
    let source = seen.source.clone().with_files_of(&known.link.source);
    let link = &known.link;
    let is_known = link.connection.is_some() && link.source == source && link.state == seen.state;
    match trouble {
        None if is_known && !known.would_follow(&source.title) => Found::Unchanged,
        trouble => Found::Source { source: Box::new(source), state: seen.state, reading: None, trouble },
    }
}

/// Whether a patch changes anything that people see but the time of the look.
pub(super) fn changes(known: &Linked, patch: &SyncPatch) -> bool {
    let link = &known.link;
    match &patch.found {
        Found::Unchanged | Found::Trouble(_) => false,
        Found::NotShared => link.connection.is_some() && link.state != SourceState::NotShared,
        Found::Source { source, state, reading, trouble: _ } => {
            link.connection.is_none()
                || **source != link.source
                || *state != link.state
                || reading.is_some_and(|reading| reading.differs != link.update_available)
                || known.would_follow(&source.title)
        }
    }
}

/// The later of the two cursors, so that a watermark never moves back.
pub(super) fn advance(cursor: Option<SyncCursor>, newest: Option<DateTime<Utc>>) -> Option<SyncCursor> {
    let watermark = cursor.map(|cursor| cursor.watermark).max(newest.map(to_the_minute))?;
    Some(SyncCursor { watermark })
}
