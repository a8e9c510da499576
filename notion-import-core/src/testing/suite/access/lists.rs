//! Lists of documents: pages, filters, searches, and what names their state.

use std::collections::HashMap;

use super::{Desk, Library};
use crate::error::StoreError;
use crate::id::DocumentId;
use crate::library::access::{AccessLevel, Viewer};
use crate::library::document::{Found, Source, SourceState};
use crate::library::gate::{
    AdminDocument, DocumentFilter, DocumentOrder, DocumentQuery, ListPage, Place, PublicationState,
    ReadableQuery, SourceFilter,
};
use crate::testing::suite::fixture::{content, content_manager, minute, page, patch, writer};
use crate::testing::suite::{Broken, Outcome};

impl Desk {
    /// Imports a page that was edited at this minute, at another.
    async fn import_at(&self, title: &str, edited: i64, imported: i64) -> Result<DocumentId, Broken> {
        let source = Source { edited_at: minute(edited), ..page(title) };
        let (manager, new) = (content_manager(self.tenant()), content(&source, title));
        let import = self.library.documents.import(&manager, &self.connection, &new, minute(imported));
        Ok(import.await?.document())
    }

    async fn listed(&self, query: &DocumentQuery) -> Result<ListPage<AdminDocument>, Broken> {
        let page = self.access().documents(&self.admin, query).await?;
        ensure!(
            page.documents.len() <= query.limit,
            "{} documents on a page of {}",
            page.documents.len(),
            query.limit
        );
        Ok(page)
    }

    /// Returns what a filter lists, in pages of three.
    async fn every(&self, filter: &DocumentFilter) -> Result<Vec<AdminDocument>, Broken> {
        let mut query = DocumentQuery { filter: filter.clone(), ..DocumentQuery::newest(3) };
        let mut all = Vec::new();
        loop {
            let page = self.listed(&query).await?;
            all.extend(page.documents);
            ensure!(all.len() < 1_000, "the pages do not end");
            if page.next.is_none() {
                return Ok(all);
            }
            query = query.after(page.next);
        }
    }
}

fn ids(documents: &[AdminDocument]) -> Vec<DocumentId> {
    documents.iter().map(|known| known.document.id).collect()
}

pub(super) async fn paged(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    let drawn =
        [("beta", 3, 5), ("Alpha", 3, 1), ("Ältere", 9, 3), ("alpha", 1, 3), ("Zeta", 5, 9), ("zeta", 5, 9)];
    let mut made = Vec::new();
    for (title, edited, imported) in drawn {
        made.push((title.to_lowercase(), edited, imported, desk.import_at(title, edited, imported).await?));
    }
    for order in DocumentOrder::ALL {
        let mut expected = made.clone();
        match order {
            DocumentOrder::Newest => expected.sort_by_key(|(_, _, at, id)| std::cmp::Reverse((*at, *id))),
            DocumentOrder::Edited => expected.sort_by_key(|(_, at, _, id)| std::cmp::Reverse((*at, *id))),
            DocumentOrder::Title => {
                expected.sort_by_key(|(title, _, _, id)| (title.replace('ä', "a"), *id));
            }
        }
        let expected: Vec<_> = expected.into_iter().map(|(.., id)| id).collect();
        for limit in [1, 2, 5, 6, 99] {
            let mut query = DocumentQuery { order, ..DocumentQuery::newest(limit) };
            let (mut pages, mut forward) = (Vec::new(), Vec::new());
            loop {
                let page = desk.listed(&query).await?;
                for known in &page.documents {
                    ensure_eq!(*known, desk.read(known.document.id).await?, "a document of the list");
                }
                forward.extend(ids(&page.documents));
                ensure!(forward.len() <= expected.len(), "{order:?} in pages of {limit} does not end");
                pages.push(page.clone());
                if page.next.is_none() {
                    break;
                }
                query = query.after(page.next);
            }
            ensure_eq!(forward, expected, "{order:?} in pages of {limit}");
            let first = pages.first().and_then(|page| page.previous.clone());
            ensure_eq!(first, None, "what is before the first page");
            let Some(last) = pages.pop() else { continue };
            let mut previous = last.previous;
            for page in pages.into_iter().rev() {
                let Some(before) = previous else {
                    return Err(Broken::new(format!("{order:?}: nothing before a later page")));
                };
                let back =
                    desk.listed(&DocumentQuery { place: Place::Before(before), ..query.clone() }).await?;
                ensure_eq!(ids(&back.documents), ids(&page.documents), "{order:?}: the page before");
                ensure!(back.next.is_some(), "{order:?}: nothing after an earlier page");
                previous = back.previous;
            }
            ensure_eq!(previous, None, "{order:?}: what is before the first page, from behind");
        }
    }
    let wrong = Place::After(DocumentOrder::Title.cursor(&desk.read(made[0].3).await?.document));
    let wrong = DocumentQuery { place: wrong, ..DocumentQuery::newest(3) };
    ensure!(
        matches!(desk.access().documents(&desk.admin, &wrong).await, Err(StoreError::OutOfRange(_))),
        "a place of another order was not refused"
    );
    Ok(())
}

pub(super) async fn standing_still(library: Library) -> Outcome {
    for order in DocumentOrder::ALL {
        let desk = Desk::new(&library);
        let mut still = Vec::new();
        for n in 0..12 {
            still.push(desk.import_at(&format!("Document {:02}", n / 2), n / 2, n / 2).await?);
        }
        let mut query = DocumentQuery { order, ..DocumentQuery::newest(2) };
        let mut listed: HashMap<DocumentId, usize> = HashMap::new();
        let mut round = 0;
        loop {
            let page = desk.listed(&query).await?;
            for id in ids(&page.documents) {
                *listed.entry(id).or_default() += 1;
            }
            let (Some(last), Some(next)) = (page.documents.last(), page.next) else { break };
            // The last one moves away, and others come in, before and behind.
            let (id, title) = (last.document.id, if round % 2 == 0 { "Zzz" } else { "Aaa" });
            desk.access().rename(&desk.admin, id, Some(title), minute(20)).await?;
            still.retain(|other| *other != id);
            desk.import_at("Document 00", 0, 0).await?;
            desk.import_at("Document 99", 99, 99).await?;
            round += 1;
            ensure!(round < 100, "{order:?}: the pages do not end");
            query = query.after(Some(next));
        }
        for id in still {
            ensure_eq!(
                listed.get(&id),
                Some(&1),
                "{order:?}: on how many pages a document is that stood still"
            );
        }
    }
    Ok(())
}

pub(super) async fn filtered(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    let other = Desk { connection: writer(desk.tenant(), "other", 1), ..Desk::new(&library) };
    let other = Desk { admin: desk.admin.clone(), ..other };
    for level in AccessLevel::ALL {
        desk.open("Opened", level).await?;
        let withdrawn = other.open("Withdrawn", level).await?.id;
        desk.access().withdraw(&desk.admin, withdrawn, minute(2)).await?;
    }
    let states =
        [SourceState::Archived, SourceState::Trashed, SourceState::NotShared, SourceState::ParentGone];
    for state in states {
        let imported = desk.open("Changed", AccessLevel::Public).await?;
        let found = match state {
            SourceState::NotShared => Found::NotShared,
            SourceState::ParentGone => Found::ParentGone,
            SourceState::Present | SourceState::Archived | SourceState::Trashed => {
                let source = Box::new(imported.source.clone());
                Found::Source { source, state, reading: None, trouble: None }
            }
        };
        library.documents.patch(&desk.connection, &[patch(imported.id, 5, found)], None).await?;
    }
    let updated = desk.import("Updated").await?;
    let (read, differs) = (content(&updated.source, "").read, true);
    let reading = crate::library::document::Reading { read, differs, draft: None };
    let found = Found::Source {
        source: Box::new(updated.source.clone()),
        state: SourceState::Present,
        reading: Some(reading),
        trouble: None,
    };
    library.documents.patch(&desk.connection, &[patch(updated.id, 5, found)], None).await?;
    let troubled = desk.import("Troubled").await?.id;
    let found = Found::Trouble("restricted".into());
    library.documents.patch(&desk.connection, &[patch(troubled, 5, found)], None).await?;
    let unlinked = desk.import("Unlinked").await?.id;
    library.documents.unlink(&desk.admin, unlinked, minute(6)).await?;
    let detached = Desk { connection: writer(desk.tenant(), "third", 1), ..Desk::new(&library) };
    let detached = Desk { admin: desk.admin.clone(), ..detached };
    detached.import("Detached").await?;
    library.documents.detach(&detached.connection).await?;

    let all = desk.every(&DocumentFilter::default()).await?;
    ensure_eq!(all.len(), 16, "all documents");
    let filters = filters(&desk, &other);
    for (filter, is_wanted) in &filters {
        let expected: Vec<_> = all.iter().filter(|known| is_wanted(known)).collect();
        let listed = desk.every(filter).await?;
        ensure_eq!(listed.iter().collect::<Vec<_>>(), expected, "what {filter:?} lists");
        let count = desk.access().count_documents(desk.insider()?, filter).await?;
        ensure_eq!(count, expected.len() as u64, "how many {filter:?} counts");
    }
    let counts = desk.access().document_counts(desk.insider()?).await?;
    ensure_eq!(counts.all(), all.len() as u64, "how many documents are counted");
    for level in AccessLevel::ALL {
        let counted = all.iter().filter(|known| known.facts.level == level).count() as u64;
        ensure_eq!(counts.of_level(level), counted, "how many are {level}");
    }
    for state in PublicationState::ALL {
        let is_it = |known: &&AdminDocument| PublicationState::of(known.facts.publication) == state;
        let counted = all.iter().filter(is_it).count() as u64;
        ensure_eq!(counts.of_state(state), counted, "how many are {state:?}");
    }
    Ok(())
}

type Wanted = Box<dyn Fn(&AdminDocument) -> bool + Send + Sync>;

/// Filters, and what they say in other words.
fn filters(desk: &Desk, other: &Desk) -> Vec<(DocumentFilter, Wanted)> {
    let all = DocumentFilter::default();
    let mut filters: Vec<(DocumentFilter, Wanted)> = vec![(all.clone(), Box::new(|_| true))];
    for level in AccessLevel::ALL {
        let filter = DocumentFilter { level: Some(level), ..all.clone() };
        filters.push((filter.clone(), Box::new(move |known| known.facts.level == level)));
        for state in PublicationState::ALL {
            let is_it = move |known: &AdminDocument| PublicationState::of(known.facts.publication) == state;
            let both = DocumentFilter { state: Some(state), ..filter.clone() };
            filters.push((both, Box::new(move |known| known.facts.level == level && is_it(known))));
            filters.push((DocumentFilter { state: Some(state), ..all.clone() }, Box::new(is_it)));
        }
    }
    let titles = |titles: &'static [&'static str]| move |title: &str| titles.contains(&title);
    let of_source: [(SourceFilter, &'static [&'static str]); 5] = [
        (SourceFilter::UpdateAvailable, &["Updated"]),
        (SourceFilter::Detached, &["Detached"]),
        (SourceFilter::Unlinked, &["Unlinked"]),
        (SourceFilter::Trouble, &["Troubled"]),
        (SourceFilter::Stale, &["Changed", "Updated", "Detached", "Unlinked"]),
    ];
    for (source, named) in of_source {
        let is_named = titles(named);
        let filter = DocumentFilter { source: Some(source), ..all.clone() };
        filters.push((filter, Box::new(move |known| is_named(&known.document.title.text))));
    }
    let state = |known: &AdminDocument| known.document.link.as_ref().map(|link| link.state);
    let archived = DocumentFilter { source: Some(SourceFilter::Archived), ..all.clone() };
    filters.push((archived, Box::new(move |known| state(known) == Some(SourceState::Archived))));
    let gone = DocumentFilter { source: Some(SourceFilter::Gone), ..all.clone() };
    filters.push((gone, Box::new(move |known| state(known).is_some_and(SourceState::is_gone))));
    for connection in [desk.connection.id, other.connection.id] {
        let through = move |known: &AdminDocument| {
            known.document.link.as_ref().and_then(|link| link.connection) == Some(connection)
        };
        filters.push((DocumentFilter { connection: Some(connection), ..all.clone() }, Box::new(through)));
        let public = DocumentFilter {
            connection: Some(connection),
            level: Some(AccessLevel::Public),
            text: "CH".into(),
            ..all.clone()
        };
        filters.push((
            public,
            Box::new(move |known| {
                through(known)
                    && known.facts.level == AccessLevel::Public
                    && known.document.title.text == "Changed"
            }),
        ));
    }
    filters
}

/// Titles, and what is looked for and found in them.
const TITLES: [&str; 6] =
    ["Information Security Policy", "Zürich: Straße", "100% uptime", "1000 uptime", "under_score", "a\\b"];
const FOUND: [(&str, &[usize]); 12] = [
    ("", &[0, 1, 2, 3, 4, 5]),
    (" \u{200b} ", &[0, 1, 2, 3, 4, 5]),
    ("policy", &[0]),
    ("POLICY  secur", &[0]),
    ("policy zurich", &[]),
    ("zurich", &[1]),
    ("Zu\u{308}RICH STRASSE", &[1]),
    ("%", &[2]),
    ("_", &[4]),
    ("100 upt", &[2, 3]),
    ("\\", &[5]),
    ("'; --", &[]),
];

pub(super) async fn found(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    let mut made = Vec::new();
    for (title, at) in TITLES.into_iter().zip(0..) {
        // A search is for what a document is called here, which may have been given here.
        let id = desk.import_at("Untitled", at, at).await?;
        desk.access().rename(&desk.admin, id, Some(title), minute(9)).await?;
        made.push(id);
    }
    for (text, expected) in FOUND {
        let mut found = ids(&desk.every(&DocumentFilter { text: text.into(), ..Default::default() }).await?);
        found.reverse();
        let expected: Vec<_> = expected.iter().map(|at| made[*at]).collect();
        ensure_eq!(found, expected, "what is found for {text:?}");
    }
    Ok(())
}

pub(super) async fn readable(library: Library) -> Outcome {
    let desk = Desk::new(&library);
    let mut made = Vec::new();
    for title in TITLES {
        let id = desk.open(title, AccessLevel::Public).await?.id;
        desk.access().rename(&desk.admin, id, Some("Policy of nobody"), minute(9)).await?;
        made.push((title, id));
    }
    let closed = desk.open("Information Security Policy", AccessLevel::Restricted).await?.id;
    let find = async |query: ReadableQuery| {
        let page = desk.access().readable(desk.tenant(), &Viewer::Anonymous, &query, minute(3)).await?;
        Ok::<_, Broken>(page.documents.into_iter().map(|shown| shown.id).collect::<Vec<_>>())
    };
    for (text, expected) in FOUND {
        let mut found = find(ReadableQuery { text: text.into(), ..ReadableQuery::first(9) }).await?;
        let mut expected: Vec<_> = expected.iter().map(|at| made[*at].1).collect();
        found.sort_unstable();
        expected.sort_unstable();
        ensure_eq!(found, expected, "what is found for {text:?}");
    }
    let among = vec![made[2].1, closed, DocumentId::fresh(), made[4].1];
    ensure_eq!(find(ReadableQuery::among(among)).await?, [made[2].1, made[4].1], "what is known among these");
    ensure_eq!(find(ReadableQuery::among(Vec::new())).await?, [], "what is known among none");

    let query = ReadableQuery::first(4);
    let first = desk.access().readable(desk.tenant(), &Viewer::Anonymous, &query, minute(3)).await?;
    let query = query.after(first.next.clone());
    let second = desk.access().readable(desk.tenant(), &Viewer::Anonymous, &query, minute(3)).await?;
    let Some(before) = second.previous else { return Err(Broken::new("nothing is before it".into())) };
    let back = ReadableQuery { place: Place::Before(before), ..ReadableQuery::first(4) };
    let back = desk.access().readable(desk.tenant(), &Viewer::Anonymous, &back, minute(3)).await?;
    ensure_eq!((back.documents, back.previous), (first.documents, None), "the page before the second");
    Ok(())
}

pub(super) async fn revision(library: Library) -> Outcome {
    let (desk, other) = (Desk::new(&library), Desk::new(&library));
    other.open("Policy", AccessLevel::Public).await?;
    let theirs = other.access().site_revision(other.tenant()).await?;
    let mut last = desk.access().site_revision(desk.tenant()).await?;
    ensure_eq!(last, 0, "the revision of an empty site");
    let (id, site) = (desk.import("Policy").await?.id, desk.tenant());
    let grown = async |last: &mut u64, after: &str| {
        let now = desk.access().site_revision(site).await?;
        ensure!(now > *last, "the revision after {after} is {now} as before");
        *last = now;
        Ok::<_, Broken>(())
    };
    let same = async |last: u64, after: &str| {
        let now = desk.access().site_revision(site).await?;
        ensure_eq!(now, last, "the revision after {after}");
        Ok::<_, Broken>(())
    };
    same(last, "an import").await?;
    let publish = desk.publication_as(id, AccessLevel::Public).await?;
    desk.access().publish(&desk.admin, id, &publish, minute(2)).await?;
    grown(&mut last, "a publication").await?;
    let publish =
        crate::library::gate::Publish { title: "Our policy".into(), ..desk.publication_of(id, 1).await? };
    desk.access().publish(&desk.admin, id, &publish, minute(2)).await?;
    grown(&mut last, "a new title").await?;
    desk.set_level(id, AccessLevel::Restricted).await?;
    grown(&mut last, "a narrowing").await?;
    desk.list(id, true).await?;
    grown(&mut last, "a listing").await?;
    desk.access().rename(&desk.admin, id, Some("Working title"), minute(3)).await?;
    desk.assign(id, desk.contact().await?).await?;
    same(last, "what nobody outside sees").await?;
    desk.access().withdraw(&desk.admin, id, minute(4)).await?;
    grown(&mut last, "a withdrawal").await?;
    desk.access().withdraw(&desk.admin, id, minute(4)).await?;
    same(last, "a withdrawal of nothing").await?;
    ensure_eq!(other.access().site_revision(other.tenant()).await?, theirs, "another site's revision");
    Ok(())
}
