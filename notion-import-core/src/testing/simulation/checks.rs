//! What is held against a history.

use std::collections::HashSet;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::run::{Broken, Ended, Run};
use super::step::Asked;
use crate::connection::Connection;
use crate::error::Error;
use crate::id::NotionId;
use crate::import::{KnownTitles, Pick, Shape};
use crate::importer::Importer;
use crate::library::access::{AccessLevel, Publication};
use crate::library::document::{Content, Linked, SourceKind, SourceParent, SourceState};
use crate::library::memory::{MemoryBlobs, MemoryLibrary};
use crate::testing::world::{Facts, Seen};
use crate::testing::{Endpoint, WorldTransport};

/// What is known of what went wrong, for what may be late because of it.
#[derive(Default)]
pub(super) struct Known {
    /// Requests that failed, from when to when.
    pub outages: Vec<(Asked, DateTime<Utc>, Option<DateTime<Utc>>)>,
    /// Sources about which requests fail, and failed.
    pub broken: HashSet<NotionId>,
    pub mended: HashSet<NotionId>,
    /// Whether a clock was set wrong.
    pub is_untimely: bool,
    /// The longest that search lagged, in seconds.
    pub longest_lag: u64,
}

impl Known {
    fn failed(&self, asked: Asked, since: DateTime<Utc>) -> bool {
        self.outages.iter().any(|(what, _, until)| *what == asked && until.is_none_or(|until| until >= since))
    }

    fn is_broken(&self, id: NotionId) -> bool {
        self.broken.contains(&id) || self.mended.contains(&id)
    }
}

/// The page or data source that a request was told is not there.
pub(super) fn refused(seen: &Seen) -> Option<NotionId> {
    let is_look = matches!(seen.endpoint?, Endpoint::Page | Endpoint::DataSource | Endpoint::Query);
    let id = seen.path.split('/').nth(3)?.parse().ok()?;
    (is_look && seen.status == Some(404)).then_some(id)
}

/// What holds at every moment.
pub(super) fn always(run: &Run, linked: &[Linked]) -> Broken {
    let mut broken = Vec::new();
    for known in linked {
        let id = known.link.source.id;
        if is_absent(known.link.state) && !run.refused.contains(&id) {
            broken.push(format!("{} is not shared, which Notion never said", name(run, id)));
        }
    }
    if let Some(violation) = run.ground.world.violations().first() {
        broken.push(violation.clone());
    }
    broken
}

/// What a sync could know it has seen.
pub(super) fn promptness(run: &Run, ended: &Ended, linked: &[Linked]) -> Broken {
    let mut broken = Vec::new();
    for before in &ended.known {
        let id = before.link.source.id;
        let Some(after) = linked.iter().find(|after| after.document == before.document) else { continue };
        let is_troubled = before.link.trouble.is_some() || after.link.trouble.is_some();
        let is_ours = [before, after].iter().all(|known| known.link.connection == Some(run.connection.id));
        if is_troubled || !is_ours || run.known.is_broken(id) || !could_know(run, ended, before) {
            continue;
        }
        let then = ended.began - lag(run);
        let past = run.workspace.since(id, then);
        broken.extend(stale(after, &past).map(|what| {
            format!("{} has {what} after a sync that began at {}, of {past:?}", name(run, id), ended.began)
        }));
    }
    broken
}

fn lag(run: &Run) -> TimeDelta {
    let longest = run.known.longest_lag.max(run.ground.setting.lag);
    TimeDelta::seconds(i64::try_from(longest).unwrap_or(i64::MAX))
}

/// Whether a sync could know what is true of a document.
fn could_know(run: &Run, ended: &Ended, known: &Linked) -> bool {
    let setting = &run.ground.setting;
    let (looks, _) = setting.budget;
    let id = known.link.source.id;
    let is_page = known.link.source.kind == SourceKind::Page;
    let failed = |asked, since| run.known.failed(asked, since);
    let pages_fail = failed(Asked::Pages, ended.began) || (!is_page && failed(Asked::Rows, ended.began));
    if pages_fail {
        return false;
    }
    // Rows wait for a query that shows all of them.
    if ended.known.len() <= looks && !is_row(known) {
        return true;
    }
    // Shown by search, or by the rows of its database.
    let Some(Some(facts)) = run.workspace.since(id, ended.began).first().cloned() else { return false };
    let edited = facts.edited_at;
    let was_there =
        |facts: &Option<Facts>| facts.as_ref().is_some_and(|facts| !facts.is_in_trash && !facts.is_archived);
    let is_new = edited > known.link.source.edited_at;
    let since = run.workspace.since(id, edited);
    if !is_page || !is_new || !since.iter().all(was_there) {
        return false;
    }
    let is_shown = setting.unlisted == 0.0
        && lag(run) <= TimeDelta::minutes(5)
        && edited + TimeDelta::minutes(1) + lag(run) <= ended.began
        && !failed(Asked::Search, ended.began);
    let of_rows = |known: &&Linked| known.link.source.parent == facts.parent.map(SourceParent::DataSource);
    let is_queried = ended.has_cursor
        && known.link.source.parent == facts.parent.map(SourceParent::DataSource)
        && facts.parent.is_some()
        && since.iter().flatten().all(|then| then.parent == facts.parent)
        && ended.known.iter().any(|known| of_rows(&known))
        && !failed(Asked::Rows, edited)
        && !failed(Asked::Search, edited);
    is_shown || is_queried
}

const fn is_row(known: &Linked) -> bool {
    matches!(known.link.source.parent, Some(SourceParent::DataSource(_)))
}

/// To how many documents a run must do something, at least, that was last done to each then, so that each is in time.
fn needed_in_time(run: &Run, ended: &Ended, last: impl Fn(&Linked) -> DateTime<Utc>) -> usize {
    let setting = &run.ground.setting;
    let mut done: Vec<_> = ended.known.iter().map(last).collect();
    done.sort();
    let runs_left = |done: DateTime<Utc>| {
        // What is due is decided at some time of the run.
        let left = TimeDelta::minutes(setting.within as i64) - (ended.until - done);
        1 + (left.num_seconds().max(0) as f64 / (setting.every as f64 * 63.0)) as usize
    };
    let needed = done.iter().enumerate().map(|(older, done)| (older + 1).div_ceil(runs_left(*done)));
    needed.max().unwrap_or_default()
}

/// Whether Notion says that something is not there.
const fn is_absent(state: SourceState) -> bool {
    matches!(state, SourceState::NotShared | SourceState::ParentGone)
}

/// What of a document was true at no time.
fn stale(known: &Linked, past: &[Option<Facts>]) -> Option<String> {
    let link = &known.link;
    let all: Vec<&Facts> = past.iter().flatten().collect();
    if is_absent(link.state) {
        return past.iter().all(Option::is_some).then(|| format!("the state {:?}", link.state));
    }
    if all.is_empty() {
        return Some(format!("the state {:?}", link.state));
    }
    let has = |what: &dyn Fn(&Facts) -> bool| all.iter().any(|facts| what(facts));
    if !has(&|facts| facts.edited_at == link.source.edited_at) {
        return Some(format!("the edit of {}", link.source.edited_at));
    }
    if !has(&|facts| known.title.edited_here || facts.title == known.title.text) {
        return Some(format!("the title {:?}", known.title.text));
    }
    let state = |facts: &Facts| match (facts.is_in_trash, facts.is_archived) {
        (true, _) => SourceState::Trashed,
        (false, true) => SourceState::Archived,
        (false, false) => SourceState::Present,
    };
    if !has(&|facts| state(facts) == link.state) {
        return Some(format!("the state {:?}", link.state));
    }
    if !has(&|facts| facts.is_locked == link.source.locked) {
        return Some("another lock".to_owned());
    }
    None
}

/// No sync did more than it may.
pub(super) fn budgets(run: &Run, ended: &Ended) -> Broken {
    let mut broken = Vec::new();
    let setting = &run.ground.setting;
    let is_on_time = setting.dated.is_none_or(|seconds| seconds.abs() < 300) && !run.known.is_untimely;
    if !ended.alone || !is_on_time {
        return broken;
    }
    let (looks, readings) = setting.budget;
    // What is to be read again is looked at for that.
    let done = |known: &Linked| known.link.checked_at.min(known.read.read_at);
    let looks = looks.max(needed_in_time(run, ended, done));
    let runs = (setting.within as f64 / (setting.every as f64 * 1.05)) as usize;
    let turns = ended.known.len().div_ceil(runs.max(1));
    let turns = turns.max(needed_in_time(run, ended, |known| known.read.read_at));
    let readings = readings.max(turns) + turns;
    let news = |known: &&Linked| {
        let past = run.workspace.since(known.link.source.id, ended.began);
        let is_edited = past.iter().flatten().any(|facts| facts.edited_at > known.link.source.edited_at);
        known.link.connection.is_none() || is_edited || is_row(known)
    };
    let news = ended.known.iter().filter(news).count();
    let most = looks + (looks / 10).max(1) + news;
    if ended.report.checked as usize > most {
        broken.push(format!("a sync looked at {} documents and may at {most}", ended.report.checked));
    }
    let sources: HashSet<NotionId> = ended.known.iter().map(|known| known.link.source.id).collect();
    let read = run.asked.iter().filter(|seen| seen.endpoint == Some(Endpoint::Children));
    let read: HashSet<NotionId> = read.filter_map(|seen| seen.path.split('/').nth(3)?.parse().ok()).collect();
    let read = read.intersection(&sources).count();
    if read > readings {
        broken.push(format!("a sync read {read} documents and may read {readings}"));
    }
    broken
}

/// After the last step and a time in which each document was to be looked at, all is as it is in Notion.
pub(super) async fn quiet(run: &Run) -> Result<Broken, Error> {
    let mut broken = Vec::new();
    let linked = run.linked().await?;
    let (library, blobs) = (Arc::<MemoryLibrary>::default(), Arc::<MemoryBlobs>::default());
    let transport = WorldTransport::new(run.ground.world.clone(), run.clock.clone());
    let oracle = Importer::builder(Arc::new(run.ground.tokens.clone()), library, blobs)
        .through(Arc::new(transport), Arc::new(run.clock.clone()))
        .build()?;
    // What Notion no longer shows is still called by the title that the library has.
    let titles = KnownTitles::default();
    let gone = linked.iter().filter(|known| run.workspace.facts(known.link.source.id).is_none());
    gone.filter(|known| known.link.connection == Some(run.connection.id))
        .for_each(|known| titles.learn(&known.link.source));
    let oracle = oracle.knowing(titles);
    for known in &linked {
        let (link, id) = (&known.link, known.link.source.id);
        let facts = run.workspace.facts(id);
        let is_ours = link.connection == Some(run.connection.id);
        if !is_ours {
            if facts.is_some() {
                broken.push(format!("{} is linked through no connection", name(run, id)));
            }
            continue;
        }
        if let Some(what) = stale(known, std::slice::from_ref(&facts)) {
            broken.push(format!("{} has {what} in the end, of {facts:?}", name(run, id)));
        }
        if let Some(trouble) = &link.trouble {
            broken.push(format!("{} has trouble in the end: {trouble:?}", name(run, id)));
        }
        if facts.is_some_and(|facts| !facts.is_in_trash) {
            let differs = differs(&oracle, &run.connection, known).await?;
            if differs != link.update_available {
                let flag = link.update_available;
                broken.push(format!(
                    "{}: update_available is {flag}, it differs: {differs}; {:?}",
                    name(run, id),
                    known.read
                ));
            }
        }
    }
    broken.extend(access(run).await?);
    Ok(broken)
}

/// Whether importing a source anew would bring something else than its newest version.
async fn differs(oracle: &Importer, connection: &Connection, known: &Linked) -> Result<bool, Error> {
    let source = &known.link.source;
    let pick = Pick { id: source.id, kind: source.kind, shape: Shape::Best };
    let best = oracle.fetch(connection, pick).await?.content;
    if best.digest() == known.digest {
        return Ok(false);
    }
    let Content::File(_) = best.content else { return Ok(true) };
    let text = oracle.fetch(connection, pick.shaped(Shape::Markdown)).await?.content;
    Ok(text.digest() != known.digest)
}

/// Nothing was opened, published, withdrawn or deleted but by the person who did it.
async fn access(run: &Run) -> Result<Broken, Error> {
    let mut broken = Vec::new();
    let documents = run.documents().await?;
    for (id, versions) in run.ground.ledger.versions() {
        let Some(seen) = documents.iter().find(|seen| seen.document.id == id) else {
            broken.push("a document is gone".to_owned());
            continue;
        };
        if !versions.contains(&seen.document.latest.0) {
            broken
                .push(format!("a document has {:?} instead of {versions:?} versions", seen.document.latest));
        }
        let title = &seen.document.title;
        let called = title.edited_here.then_some(&title.text);
        if run.called.get(&id) != called {
            broken.push(format!("a document is called {called:?} by people"));
        }
        let is_closed = seen.facts.level == AccessLevel::Internal && run.ground.ledger.has_closed(id);
        let link = seen.document.link.as_ref();
        let is_gone =
            link.is_some_and(|link| link.state.is_gone() && link.connection == Some(run.connection.id));
        if run.ground.setting.closes_gone && is_gone && seen.facts.level != AccessLevel::Internal {
            broken.push(format!("a document is open though its source is gone: {seen:?}"));
        }
        let is_as_it_was = match run.opened.iter().find(|opened| opened.document.id == id) {
            Some(opened) if is_closed => {
                (opened.facts.publication, &opened.published_title)
                    == (seen.facts.publication, &seen.published_title)
            }
            Some(opened) => {
                (&opened.facts, opened.revision, &opened.published_title)
                    == (&seen.facts, seen.revision, &seen.published_title)
            }
            None => seen.facts.level == AccessLevel::Internal && seen.facts.publication == Publication::Draft,
        };
        if !is_as_it_was {
            broken.push(format!("a document was opened or closed: {seen:?}"));
        }
    }
    Ok(broken)
}

fn name(run: &Run, id: NotionId) -> String {
    let place = run.workspace.things().iter().position(|pick| pick.id == id);
    place.map_or_else(|| id.to_string(), |place| format!("thing {place}"))
}
