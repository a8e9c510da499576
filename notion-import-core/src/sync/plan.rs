//! What a sync asks and what it concludes: pure functions, so that the loop which acts on them is too plain to go wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::SyncOptions;
use crate::id::{DocumentId, NotionId};
use crate::library::basis::ReadState;
use crate::library::document::{
    Found, Linked, SourceKind, SourceParent, SourceState, SyncCursor, SyncPatch, Trouble,
};
use crate::mutant;
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
    pub(super) data_sources: BTreeMap<NotionId, Rows>,
    /// Documents to read again, since nothing else tells whether what they show from elsewhere has changed.
    again: BTreeSet<DocumentId>,
    /// How many may be read whole beside these.
    pub(super) readings: usize,
}

/// The linked rows of a data source that are known to be there. If asking for all rows, a hundred a request, is cheaper than a look at
/// each of these, they wait for that.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Rows {
    linked: usize,
    /// How many runs are left in which they are verified in time, this one among them.
    runs: usize,
    /// How many requests it takes to ask for all, or at least would, if that is known.
    cost: Option<usize>,
}

impl Rows {
    /// Returns how many requests may be spent on asking for all rows now; none if that is too much, or there is time. As long as it is
    /// not known what it costs, no more is put at stake than half of what it may save.
    pub(super) fn scan(self) -> Option<usize> {
        let most = self.cost.map_or(self.linked.div_ceil(2), |_| self.linked);
        (self.is_scanned() && self.runs == 1).then_some(most)
    }

    fn is_scanned(self) -> bool {
        self.linked > 0 && self.cost.is_none_or(|cost| cost <= self.linked)
    }

    /// Whether a look at each is left to a later run.
    fn wait(self) -> bool {
        self.is_scanned() && self.runs > 1
    }
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
    /// It shows what stands elsewhere, and its turn has come to be read again.
    Again,
}

/// Decides what to ask. `cost` says how many requests it takes to ask for all rows of a data source, if that is known.
pub(super) fn plan(
    linked: &[Linked],
    cursor: Option<SyncCursor>,
    options: &SyncOptions,
    cost: impl Fn(NotionId) -> Option<usize>,
    now: DateTime<Utc>,
) -> Plan {
    let mut data_sources = BTreeMap::new();
    for known in linked {
        let Some(id) = rows_of(known) else { continue };
        let rows = data_sources.entry(id).or_insert(Rows { linked: 0, runs: usize::MAX, cost: cost(id) });
        if is_scanned_with_others(known) {
            rows.linked += 1;
            // What was edited before the first run, no later query asks for.
            let runs = cursor.map_or(1, |_| runs_left(known.link.checked_at, options, now));
            rows.runs = rows.runs.min(runs);
        }
    }
    let to_read = linked.iter().filter(|known| is_open(known) || leans_on_others(known)).count();
    let overlap = if mutant::is("no overlap") { TimeDelta::zero() } else { SEARCH_LAG };
    let readings = options.read_at_once.max(a_run(to_read, options));
    Plan {
        since: cursor.map(|cursor| to_the_minute(cursor.watermark) - overlap),
        data_sources,
        again: to_read_again(linked, options, now),
        readings: if mutant::is("no budget of readings") { usize::MAX } else { readings },
    }
}

/// Decides what to do with some documents that somebody asks for.
pub(super) fn plan_for(linked: &[Linked], options: &SyncOptions, now: DateTime<Utc>) -> Plan {
    let again =
        linked.iter().filter(|known| is_last_to_read(known, options, now)).map(|known| known.document);
    Plan { again: again.collect(), readings: linked.len(), ..Plan::default() }
}

/// Picks the documents to read again: the longest unread, enough that each is in time, but no more in a run than that takes if all runs
/// do the same. What failed is read with the look that it is given, and takes nobody's turn.
fn to_read_again(linked: &[Linked], options: &SyncOptions, now: DateTime<Utc>) -> BTreeSet<DocumentId> {
    let leaning = linked.iter().filter(|known| leans_on_others(known));
    let (mut healthy, troubled): (Vec<_>, Vec<_>) = leaning.partition(|known| known.link.trouble.is_none());
    healthy.sort_by_key(|known| (no_later(known.read.read_at, now), known.document));
    let left: Vec<_> = healthy.iter().map(|known| runs_left(known.read.read_at, options, now)).collect();
    healthy.truncate(to_do_now(&left).min(a_run(healthy.len(), options)));
    let troubled = troubled.into_iter().filter(|known| is_last_to_read(known, options, now));
    healthy.into_iter().chain(troubled).map(|known| known.document).collect()
}

/// Whether this is the last run in which it is read again in time.
fn is_last_to_read(known: &Linked, options: &SyncOptions, now: DateTime<Utc>) -> bool {
    leans_on_others(known) && runs_left(known.read.read_at, options, now) == 1
}

/// Returns how many of these are to be done now, so that all are in time if the later runs do as many as that takes. `left` says in how
/// many runs each may be done, this one among them, the most urgent first.
fn to_do_now(left: &[usize]) -> usize {
    let ranked = || left.iter().enumerate().map(|(before, runs)| (before + 1, *runs));
    let rate = ranked().map(|(rank, runs)| rank.div_ceil(runs)).max().unwrap_or_default();
    ranked().map(|(rank, runs)| rank.saturating_sub(rate * (runs - 1))).max().unwrap_or_default()
}

/// Returns the data source that a document's source is a row of.
pub(super) const fn rows_of(known: &Linked) -> Option<NotionId> {
    match (known.link.source.kind, known.link.source.parent) {
        (SourceKind::Page, Some(SourceParent::DataSource(id))) => Some(id),
        _ => None,
    }
}

/// Whether a query for all rows is expected to show it. What failed is looked at by itself.
fn is_scanned_with_others(known: &Linked) -> bool {
    known.link.state == SourceState::Present && known.link.trouble.is_none()
}

/// Returns how many runs are left in which what was done then is done again in time, this one among them.
fn runs_left(done_at: DateTime<Utc>, options: &SyncOptions, now: DateTime<Utc>) -> usize {
    1 + runs_within(options, options.verified_within.saturating_sub(age(no_later(done_at, now), now)))
}

/// Returns how many of these come to a run, if all runs in time do the same.
fn a_run(all: usize, options: &SyncOptions) -> usize {
    all.div_ceil(runs_within(options, options.verified_within).max(1))
}

/// Returns how many runs certainly come within a time.
fn runs_within(options: &SyncOptions, time: Duration) -> usize {
    let every = options.every.mul_f64(1.0 + LATE).as_secs_f64().max(1.0);
    (time.as_secs_f64() / every) as usize
}

/// Picks the documents to look at one by one among those that nothing has shown: enough that each is in time if later runs look at as
/// many. Those whose time is up come first, then those that something is left to be said of, then the longest unchecked. What failed
/// comes beside these, less and less often, and costs the others nothing.
pub(super) fn to_look<'a>(
    linked: &'a [Linked],
    plan: &Plan,
    options: &SyncOptions,
    now: DateTime<Utc>,
    mut urgency: impl FnMut(&Linked) -> Urgency,
) -> Vec<&'a Linked> {
    let asked = linked.iter().map(|known| (urgency(known), known));
    let asked = asked.filter(|(urgency, known)| match urgency {
        Urgency::Shown => false,
        Urgency::Hinted => true,
        Urgency::Unknown => !plan.waits(known),
    });
    let (mut troubled, mut healthy): (Vec<_>, Vec<_>) =
        asked.partition(|(_, known)| known.link.trouble.is_some());
    let left = |known: &Linked| match plan.again.contains(&known.document) {
        true => 1,
        false => runs_left(known.link.checked_at, options, now),
    };
    let checked_at = |known: &Linked| no_later(known.link.checked_at, now);
    healthy.sort_by_key(|(_, known)| (left(known), checked_at(known), known.document));
    let in_time: Vec<_> = healthy.iter().map(|(_, known)| left(known)).collect();
    let looks = to_do_now(&in_time).max(options.verify_at_once);
    healthy.sort_by_key(|(urgency, known)| {
        let is_to_be_said_of = *urgency == Urgency::Hinted || is_open(known);
        (left(known) > 1, !is_to_be_said_of)
    });
    let looks = if mutant::is("no budget of looks") { usize::MAX } else { looks };
    if mutant::is("newest first") {
        healthy.sort_by_key(|(_, known)| std::cmp::Reverse(checked_at(known)));
    }
    healthy.truncate(looks);
    troubled.retain(|(_, known)| known.link.trouble.as_ref().is_some_and(|met| is_over(met, options, now)));
    troubled.sort_by_key(|(_, known)| known.link.trouble.as_ref().map(|trouble| trouble.met_at));
    troubled.truncate((looks / TROUBLED).max(1));
    healthy.into_iter().chain(troubled).map(|(_, known)| known).collect()
}

impl Plan {
    /// Whether a look at a row is left to a later run, which asks for all rows.
    fn waits(&self, known: &Linked) -> bool {
        let rows = rows_of(known).and_then(|id| self.data_sources.get(&id));
        let is_asked_for = is_open(known) || self.again.contains(&known.document);
        is_scanned_with_others(known) && !is_asked_for && rows.is_some_and(|rows| rows.wait())
    }
}

/// What hints say of a document.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Urgency {
    /// They have shown it: it need not be looked at.
    Shown,
    /// Something in it was edited, or it does not stand where it should.
    Hinted,
    /// Nothing, which proves nothing.
    Unknown,
}

/// When something was done. A time in the future was written by a clock that was wrong, and says nothing.
fn no_later(done_at: DateTime<Utc>, now: DateTime<Utc>) -> DateTime<Utc> {
    if done_at > now { DateTime::UNIX_EPOCH } else { done_at }
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
    !known.link.state.is_gone() && (known.link.source.edited_at != read.edited_at || !read.settled)
}

/// Whether a look cannot tell all that reading it again might bring.
fn leans_on_others(known: &Linked) -> bool {
    let ReadState { basis, refers, .. } = &known.read;
    // What no connection shows cannot be read: it takes nobody's turn.
    let is_there = known.link.connection.is_some() && !known.link.state.is_gone();
    is_there && (basis.is_none() || *refers)
}

/// What a hint says about a document, if it is news. Search lags behind edits, so that it shows nothing new proves nothing.
pub(super) fn is_news(known: &Linked, seen: &Seen) -> bool {
    known.link.connection.is_none() || seen.source.edited_at > known.link.source.edited_at
}

/// Whether a query for all rows, which shows no news of one, tells as much as a look at it.
pub(super) fn is_as_known(known: &Linked, seen: &Seen) -> bool {
    known.link.trouble.is_none() && seen.source.edited_at == known.link.source.edited_at
}

/// Decides whether a source is to be read whole after a look at it. `has_moved` tells whether it rests on something else than when it
/// was read, if that can be told; `is_over` whether the minute of its last edit certainly is.
pub(super) fn why(
    known: &Linked,
    seen: &Seen,
    has_moved: Option<bool>,
    is_over: bool,
    plan: &Plan,
    now: DateTime<Utc>,
) -> Option<Why> {
    let read = &known.read;
    let is_future = read.read_at > now;
    match has_moved {
        _ if seen.state.is_gone() => None,
        _ if seen.source.edited_at != read.edited_at => Some(Why::Edited),
        _ if mutant::is("never read again") => None,
        Some(true) => Some(Why::Elsewhere),
        _ if !read.settled => {
            let is_over = is_over || is_future || read.was_over(now);
            is_over.then_some(Why::Unsettled)
        }
        Some(false) if !read.refers => None,
        _ => plan.again.contains(&known.document).then_some(Why::Again),
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
        found @ (Found::NotShared | Found::ParentGone) => {
            link.connection.is_some() && found.state() != Some(link.state)
        }
        Found::Source { source, state, reading, trouble: _ } => {
            link.connection.is_none()
                || **source != link.source
                || *state != link.state
                || reading.as_ref().is_some_and(|reading| {
                    reading.draft.is_some() || reading.differs != link.update_available
                })
                || known.would_follow(&source.title)
        }
    }
}

/// The later of the two cursors, so that a watermark never moves back.
pub(super) fn advance(cursor: Option<SyncCursor>, newest: Option<DateTime<Utc>>) -> Option<SyncCursor> {
    let (before, newest) = (cursor.map(|cursor| cursor.watermark), newest.map(to_the_minute));
    let watermark = if mutant::is("watermark moves back") { newest.or(before) } else { before.max(newest) }?;
    Some(SyncCursor { watermark })
}
