//! What is still to be read, each thing once, however many ways lead to it.
//!
//! A page that is in its place is read again only if something says that it was edited. Its table says so, or that it was not. Search
//! shows edits late: what it shows as old may have been edited, and is asked about only if search may not even know what is in place.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

use chrono::{DateTime, Utc};
use notion_import_core::{NotionId, Pick, SEARCH_LAG, Shape, Wanted};

use crate::record::Done;

/// Something to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    /// Read it, or ask whether that is needed.
    Read(Wanted),
    /// List the tables of a database.
    Expand(NotionId),
}

/// What led to a page, and says of its edits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Evidence {
    /// Search, and when it was edited last as far as search knows.
    Search(DateTime<Utc>),
    /// The table it is a row of, read at a time at which it had been edited last at another.
    Row { edited: DateTime<Utc>, read_at: DateTime<Utc> },
    /// What it stands in, which says nothing of it.
    Parent,
}

/// What is known of a page after some evidence.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// The page is asked or read, or waits for better evidence.
    Open,
    /// The page had not changed by then.
    Unchanged(DateTime<Utc>),
    /// Search shows no edit of it.
    NotChecked,
}

/// The steps not yet taken, and all that was ever led to.
pub struct Worklist {
    steps: VecDeque<Step>,
    pages: HashSet<NotionId>,
    data_sources: HashSet<NotionId>,
    databases: HashSet<NotionId>,
    /// In their place, until search has shown all it shows: their last edit.
    waiting: HashMap<NotionId, DateTime<Utc>>,
    /// In their place, and only search speaks of them: when they were checked.
    not_checked: BTreeMap<NotionId, DateTime<Utc>>,
    is_searching: bool,
    asks_all: bool,
    now: DateTime<Utc>,
}

impl Worklist {
    /// Nothing to do yet; at this time search begins. Pages in their place are asked about where nothing says whether they were
    /// edited, or all of them.
    pub fn new(now: DateTime<Utc>, asks_all: bool) -> Self {
        Self {
            steps: VecDeque::new(),
            pages: HashSet::new(),
            data_sources: HashSet::new(),
            databases: HashSet::new(),
            waiting: HashMap::new(),
            not_checked: BTreeMap::new(),
            is_searching: true,
            asks_all,
            now,
        }
    }

    /// Takes a page in, or what more is said of it, given what is in its place.
    pub fn page(&mut self, id: NotionId, evidence: Evidence, done: Option<&Done>) -> Verdict {
        let is_new = self.pages.insert(id);
        let is_better = match evidence {
            Evidence::Row { .. } => self.waiting.contains_key(&id) || self.not_checked.contains_key(&id),
            Evidence::Search(_) => self.waiting.contains_key(&id),
            Evidence::Parent => false,
        };
        if !is_new && !is_better {
            return Verdict::Open;
        }
        self.waiting.remove(&id);
        self.not_checked.remove(&id);
        let Some(done) = done else { return self.read(Pick::page(id), None) };
        match evidence {
            Evidence::Search(edited) | Evidence::Row { edited, .. } if edited > done.edited => {
                self.read(Pick::page(id), None)
            }
            _ if self.asks_all => self.read(Pick::page(id), Some(done.edited)),
            Evidence::Row { read_at, .. } => Verdict::Unchanged(read_at),
            // It may show the page as it was before it was checked.
            Evidence::Search(_) if done.checked_at > self.now - SEARCH_LAG => {
                self.read(Pick::page(id), Some(done.edited))
            }
            Evidence::Search(_) => {
                self.not_checked.insert(id, done.checked_at);
                Verdict::NotChecked
            }
            Evidence::Parent if self.is_searching => {
                self.waiting.insert(id, done.edited);
                Verdict::Open
            }
            Evidence::Parent => self.read(Pick::page(id), Some(done.edited)),
        }
    }

    /// Takes a table in. It is always read: only that shows its rows.
    pub fn data_source(&mut self, id: NotionId) {
        if self.data_sources.insert(id) {
            self.read(Pick::data_source(id), None);
        }
    }

    /// Takes a database in, which only leads to its tables.
    pub fn database(&mut self, id: NotionId) {
        if self.databases.insert(id) {
            self.steps.push_back(Step::Expand(id));
        }
    }

    /// Search shows no more, so that nothing will speak of the pages that wait.
    pub fn search_ended(&mut self) {
        self.is_searching = false;
        for (id, edited) in std::mem::take(&mut self.waiting) {
            self.read(Pick::page(id), Some(edited));
        }
    }

    /// Gives the next step.
    pub fn next(&mut self) -> Option<Step> {
        self.steps.pop_front()
    }

    /// How many documents are known so far.
    pub fn documents(&self) -> usize {
        self.pages.len() + self.data_sources.len()
    }

    /// When the pages were checked that nothing but search speaks of.
    pub fn not_checked(&self) -> impl ExactSizeIterator<Item = DateTime<Utc>> {
        self.not_checked.values().copied()
    }

    fn read(&mut self, pick: Pick, known_edit: Option<DateTime<Utc>>) -> Verdict {
        self.steps.push_back(Step::Read(Wanted { pick: pick.shaped(Shape::Markdown), known_edit }));
        Verdict::Open
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    const HOUR: TimeDelta = TimeDelta::hours(1);

    fn id() -> NotionId {
        "35261e8ce0a380c89f000123456789ab".parse().unwrap()
    }

    fn now() -> DateTime<Utc> {
        "2026-11-22T08:00:00Z".parse().unwrap()
    }

    /// A page that was edited a day before, and checked so long ago.
    fn done(checked: TimeDelta) -> Done {
        let edited = now() - HOUR * 24;
        Done {
            id: id(),
            edited,
            checked_at: now() - checked,
            files: vec![],
            pages: vec![],
            databases: vec![],
            tables: vec![],
        }
    }

    fn steps(work: &mut Worklist) -> Vec<Step> {
        std::iter::from_fn(|| work.next()).collect()
    }

    fn read(known_edit: Option<DateTime<Utc>>) -> Vec<Step> {
        vec![Step::Read(Wanted { pick: Pick::page(id()).shaped(Shape::Markdown), known_edit })]
    }

    fn row(edited: DateTime<Utc>) -> Evidence {
        Evidence::Row { edited, read_at: now() }
    }

    #[test]
    fn each_thing_is_followed_once_and_only_documents_are_counted() {
        let mut work = Worklist::new(now(), false);
        for _ in 0..2 {
            work.page(id(), Evidence::Parent, None);
            work.database(id());
            work.data_source(id());
        }
        assert_eq!(work.documents(), 2);
        assert_eq!(steps(&mut work).len(), 3);
        assert_eq!(work.page(id(), Evidence::Search(now()), None), Verdict::Open);
        assert_eq!(steps(&mut work), []);
    }

    #[test]
    fn only_what_says_that_a_page_was_not_edited_is_believed() {
        use Evidence::{Parent, Search};
        let (old, new) = (now() - HOUR * 24, now());
        let asked = || read(Some(old));
        let check = |said: &[Evidence], done: Option<Done>, verdict: Verdict, expected: Vec<Step>| {
            let mut work = Worklist::new(now(), false);
            let last = said.iter().map(|evidence| work.page(id(), *evidence, done.as_ref())).last();
            assert_eq!((last, steps(&mut work)), (Some(verdict), expected), "{said:?} {done:?}");
            work.search_ended();
            (steps(&mut work), work.not_checked().collect::<Vec<_>>())
        };
        for evidence in [Parent, row(old), Search(old)] {
            check(&[evidence], None, Verdict::Open, read(None));
        }
        for evidence in [row(new), Search(new)] {
            check(&[evidence], Some(done(HOUR)), Verdict::Open, read(None));
        }
        check(&[row(old)], Some(done(HOUR)), Verdict::Unchanged(now()), vec![]);
        let left = check(&[Search(old)], Some(done(HOUR)), Verdict::NotChecked, vec![]);
        assert_eq!(left, (vec![], vec![now() - HOUR]));
        check(&[Search(old)], Some(done(TimeDelta::minutes(4))), Verdict::Open, asked());
        check(&[Search(old)], Some(done(-HOUR)), Verdict::Open, asked());
        let left = check(&[Search(old), row(old)], Some(done(HOUR)), Verdict::Unchanged(now()), vec![]);
        assert_eq!(left, (vec![], vec![]));
        check(&[Search(old), row(new)], Some(done(HOUR)), Verdict::Open, read(None));
        check(&[Parent, Search(new)], Some(done(HOUR)), Verdict::Open, read(None));
        check(&[Search(old), Parent], Some(done(HOUR)), Verdict::Open, vec![]);
        let left = check(&[Parent], Some(done(HOUR)), Verdict::Open, vec![]);
        assert_eq!(left, (asked(), vec![]));
    }

    #[test]
    fn whoever_asks_all_believes_no_evidence_but_of_edits() {
        let old = now() - HOUR * 24;
        for (evidence, known_edit) in [
            (Evidence::Parent, Some(old)),
            (row(old), Some(old)),
            (Evidence::Search(old), Some(old)),
            (row(now()), None),
        ] {
            let mut work = Worklist::new(now(), true);
            assert_eq!(work.page(id(), evidence, Some(&done(HOUR))), Verdict::Open);
            assert_eq!(steps(&mut work), read(known_edit), "{evidence:?}");
        }
    }
}
