//! What a sync's patches change, and what they do not.

use super::{Desk, Store};
use crate::id::VersionNumber;
use crate::library::basis::ReadState;
use crate::library::document::{
    Against, Found, Imported, Link, NewContent, Reading, Source, SourceImage, SourceState, StoredFile,
    SyncCursor, SyncPatch, Trouble,
};
use crate::testing::suite::fixture::{
    DAY, abandon, basis, content, file, minute, notion_id, page, patch, seen,
};
use crate::testing::suite::{Broken, Outcome};

/// A look at minute 5 that found the page renamed, edited and in the trash.
fn moved_on(patch_of: &Source) -> (Source, Found) {
    let source = Source { title: "Renamed".into(), edited_at: minute(4), icon: None, ..patch_of.clone() };
    let read =
        ReadState { edited_at: minute(4), settled: true, basis: None, refers: true, read_at: minute(5) };
    let found = Found::Source {
        source: Box::new(source.clone()),
        state: SourceState::Trashed,
        reading: Some(Reading { read, differs: true, draft: None }),
        trouble: None,
    };
    (source, found)
}

fn cursor(minutes: i64) -> Option<SyncCursor> {
    Some(SyncCursor { watermark: minute(minutes) })
}

pub(super) async fn source(store: Store) -> Outcome {
    let desk = Desk::new(&store);
    let (before, document) = desk.page("Policy").await?;
    let (other, _) = desk.page("Other").await?;
    let untouched = desk.linked(&other).await?;
    let (source, found) = moved_on(&before);
    store.patch(&desk.connection, &[patch(document, 5, found)], None).await?;
    let linked = desk.linked(&before).await?;
    let expected = Link {
        connection: Some(desk.connection.id),
        source,
        state: SourceState::Trashed,
        checked_at: minute(5),
        update_available: true,
        trouble: None,
        shown: None,
    };
    ensure_eq!(linked.link, expected, "the link");
    ensure_eq!(linked.title.text, "Renamed", "the title");
    ensure_eq!((linked.read.settled, linked.read.edited_at), (true, minute(4)), "the edit that was read");
    ensure_eq!(desk.linked(&other).await?, untouched, "another document");
    Ok(())
}

pub(super) async fn twice(store: Store) -> Outcome {
    let desk = Desk::new(&store);
    let (source, document) = desk.page("Policy").await?;
    let patch = patch(document, 5, moved_on(&source).1);
    store.patch(&desk.connection, std::slice::from_ref(&patch), cursor(5)).await?;
    let once = desk.linked(&source).await?;
    store.patch(&desk.connection, &[patch.clone(), patch], cursor(5)).await?;
    ensure_eq!(desk.linked(&source).await?, once, "the document patched twice");
    ensure_eq!(store.cursor(&desk.connection).await?, cursor(5), "the cursor moved twice");
    Ok(())
}

pub(super) async fn not_shared(store: Store) -> Outcome {
    let desk = Desk::new(&store);
    let (source, document) = desk.page("Policy").await?;
    let mut expected = desk.linked(&source).await?;
    for (minutes, found, state) in
        [(5, Found::NotShared, SourceState::NotShared), (6, Found::ParentGone, SourceState::ParentGone)]
    {
        let patch = SyncPatch { against: expected.against(), ..patch(document, minutes, found) };
        store.patch(&desk.connection, &[patch], None).await?;
        (expected.link.state, expected.link.checked_at) = (state, minute(minutes));
        ensure_eq!(desk.linked(&source).await?, expected, "the document");
    }
    Ok(())
}

pub(super) async fn unlinked(store: Store) -> Outcome {
    let desk = Desk::new(&store);
    let (source, document) = desk.page("Policy").await?;
    let (other, kept) = desk.page("Other").await?;
    let actor = super::super::fixture::actor(desk.connection.tenant, crate::actor::Role::Admin);
    store.unlink(&actor, document, minute(2)).await?;
    let unknown = crate::id::DocumentId::fresh();
    let renamed = Source { title: "Renamed".into(), ..other.clone() };
    let patches = [seen(document, &source, 5), seen(unknown, &source, 5), seen(kept, &renamed, 5)];
    store.patch(&desk.connection, &patches, cursor(5)).await?;
    ensure_eq!(desk.find(source.id).await?, None, "what is linked to the forgotten source");
    ensure_eq!(desk.linked(&other).await?.title.text, "Renamed", "the title in the same batch");
    ensure_eq!(store.cursor(&desk.connection).await?, cursor(5), "the cursor of the same batch");
    Ok(())
}

pub(super) async fn other_connection(store: Store) -> Outcome {
    let desk = Desk::new(&store);
    let (source, document) = desk.page("Policy").await?;
    let before = desk.linked(&source).await?;
    let other = desk.other().connection;
    for found in [moved_on(&source).1, Found::NotShared] {
        store.patch(&other, &[patch(document, 5, found)], None).await?;
        ensure_eq!(desk.linked(&source).await?, before, "the document");
    }
    Ok(())
}

pub(super) async fn other_source(store: Store) -> Outcome {
    let desk = Desk::new(&store);
    let (source, document) = desk.page("Policy").await?;
    let before = desk.linked(&source).await?;
    let stranger = Source { id: notion_id(), ..source.clone() };
    store.patch(&desk.connection, &[seen(document, &stranger, 5)], None).await?;
    ensure_eq!(desk.linked(&source).await?, before, "the document");
    ensure_eq!(desk.find(stranger.id).await?, None, "what is linked to the other source");
    Ok(())
}

pub(super) async fn older(store: Store) -> Outcome {
    let desk = Desk::new(&store);
    let source = page("Policy");
    let document = desk.import_at(&content(&source, "Policy"), 5).await?.document();
    let before = desk.linked(&source).await?;
    for found in [moved_on(&source).1, Found::NotShared] {
        store.patch(&desk.connection, &[patch(document, 4, found)], None).await?;
        ensure_eq!(desk.linked(&source).await?, before, "the document");
    }
    Ok(())
}

pub(super) async fn relinked(store: Store) -> Outcome {
    let desk = Desk::new(&store);
    let (source, document) = desk.page("Policy").await?;
    store.detach(&desk.connection).await?;
    let other = desk.other();
    store.patch(&other.connection, &[seen(document, &source, 5)], None).await?;
    let linked = desk.linked(&source).await?;
    ensure_eq!(linked.document, document, "the document");
    ensure_eq!(linked.link.connection, Some(other.connection.id), "the connection that holds it");
    Ok(())
}

pub(super) async fn not_relinked(store: Store) -> Outcome {
    let desk = Desk::new(&store);
    let (source, document) = desk.page("Policy").await?;
    store.detach(&desk.connection).await?;
    let mut expected = desk.linked(&source).await?;
    store.patch(&desk.other().connection, &[patch(document, 5, Found::NotShared)], None).await?;
    expected.link.checked_at = minute(5);
    ensure_eq!(desk.linked(&source).await?, expected, "the document");
    Ok(())
}

pub(super) async fn no_file(store: Store) -> Outcome {
    let desk = Desk::new(&store);
    let (source, document) = desk.page("Policy").await?;
    let (kept, strange) = (file("cover.png"), file("strange.png"));
    let stored = |file: &StoredFile| Some(SourceImage::Stored(file.clone()));
    let rows = [
        ((stored(&strange), stored(&strange)), (Some(SourceImage::Hosted), stored(&kept))),
        ((None, Some(SourceImage::Hosted)), (None, stored(&kept))),
        ((None, None), (None, None)),
        ((None, stored(&kept)), (None, Some(SourceImage::Hosted))),
    ];
    for (minutes, ((icon, cover), expected)) in (5..).zip(rows) {
        let seen = seen(document, &Source { icon, cover, ..source.clone() }, minutes);
        store.patch(&desk.connection, &[seen], None).await?;
        let Source { icon, cover, .. } = desk.linked(&source).await?.link.source;
        ensure_eq!((icon, cover), expected, "icon and cover at minute {minutes}");
    }
    Ok(())
}

pub(super) async fn judged(store: Store) -> Outcome {
    let desk = Desk::new(&store);
    let (source, document) = desk.page("Policy").await?;
    let known = desk.linked(&source).await?;
    let read =
        ReadState { edited_at: minute(4), settled: true, basis: None, refers: true, read_at: minute(5) };
    let judging = |minutes, against, differs| SyncPatch {
        against,
        ..patch(document, minutes, {
            let renamed = Source { title: format!("At {minutes}"), ..source.clone() };
            let reading = Some(Reading { read, differs, draft: None });
            let (source, state) = (Box::new(renamed), SourceState::Present);
            Found::Source { source, state, reading, trouble: None }
        })
    };
    let look = async |patch: SyncPatch| {
        store.patch(&desk.connection, &[patch], None).await?;
        let linked = desk.linked(&source).await?;
        Ok::<_, Broken>((linked.title.text, linked.link.update_available, linked.read))
    };
    // Somebody imports while the answer is on its way: another reading of the same words, then other words.
    let again = ReadState { basis: basis(b"second"), ..known.read };
    desk.import_at(&NewContent { read: again, ..content(&source, "Policy") }, 2).await?;
    let again = ReadState { read_at: minute(2), ..again };
    let found = look(judging(5, known.against(), true)).await?;
    ensure_eq!(found, ("At 5".into(), false, again), "judged against an earlier reading");
    desk.import_at(&content(&source, "New"), 6).await?;
    let imported = desk.linked(&source).await?;
    let stale = Against { latest: VersionNumber(1), ..imported.against() };
    let found = look(judging(7, stale, true)).await?;
    ensure_eq!(found, ("At 7".into(), false, imported.read), "judged against an earlier version");
    let found = look(judging(8, imported.against(), true)).await?;
    ensure_eq!(found, ("At 8".into(), true, read), "judged against what there is");
    let read_then = desk.linked(&source).await?.against();
    let found = look(judging(9, read_then, false)).await?;
    ensure_eq!(found, ("At 9".into(), false, read), "judged the same again");
    Ok(())
}

pub(super) async fn draft(store: Store) -> Outcome {
    let desk = Desk::new(&store);
    let (source, document) = desk.page("Policy").await?;
    let drafted = |minutes, against, text: &str| {
        let content = content(&source, text);
        let (read, draft) = (content.read, Some(Box::new(content)));
        let reading = Some(Reading { read, differs: true, draft });
        let (source, state) = (Box::new(source.clone()), SourceState::Present);
        let found = Found::Source { source, state, reading, trouble: None };
        SyncPatch { against, ..patch(document, minutes, found) }
    };
    let first = desk.linked(&source).await?;
    let patch = drafted(5, first.against(), "Second");
    for time in ["once", "twice"] {
        store.patch(&desk.connection, std::slice::from_ref(&patch), None).await?;
        let linked = desk.linked(&source).await?;
        ensure_eq!(
            (linked.latest, linked.link.update_available),
            (VersionNumber(2), false),
            "patched {time}"
        );
        ensure_eq!(linked.digest, content(&source, "Second").digest(), "what it says, patched {time}");
    }
    let drafted_too_late = drafted(6, first.against(), "Compared with the first");
    store.patch(&desk.connection, &[drafted_too_late], None).await?;
    let linked = desk.linked(&source).await?;
    ensure_eq!(linked.latest, VersionNumber(2), "compared with an earlier version");
    ensure_eq!(linked.digest, content(&source, "Second").digest(), "what it says still");
    let imported = desk.import_at(&content(&source, "Second"), 7).await?;
    ensure_eq!(imported, Imported::Unchanged(document), "an import of what was drafted");
    Ok(())
}

pub(super) async fn clocks(store: Store) -> Outcome {
    let desk = Desk::new(&store);
    let source = page("Policy");
    let document = desk.import_at(&content(&source, "Policy"), 30 * DAY).await?.document();
    let known = desk.linked(&source).await?;
    for found in [Found::Unchanged, moved_on(&source).1, Found::NotShared] {
        let against = desk.linked(&source).await?.against();
        let patch = SyncPatch { against, ..patch(document, 5, found) };
        store.patch(&desk.connection, std::slice::from_ref(&patch), None).await?;
        let looked = desk.linked(&source).await?;
        ensure_eq!(looked.link.checked_at, minute(5), "the time after {patch:?}");
    }
    ensure_eq!(desk.linked(&source).await?.latest, known.latest, "the version");
    Ok(())
}

pub(super) async fn unchanged(store: Store) -> Outcome {
    let desk = Desk::new(&store);
    let (source, document) = desk.page("Policy").await?;
    let mut expected = desk.linked(&source).await?;
    store.patch(&desk.connection, &[patch(document, 5, Found::Unchanged)], None).await?;
    expected.link.checked_at = minute(5);
    ensure_eq!(desk.linked(&source).await?, expected, "the document");
    ensure_eq!(store.linked(&desk.connection, None, 9).await?, [expected], "what is listed");
    Ok(())
}

pub(super) async fn trouble(store: Store) -> Outcome {
    let desk = Desk::new(&store);
    let (source, document) = desk.page("Policy").await?;
    let mut expected = desk.linked(&source).await?;
    let met = |times, met_at, code: &str| {
        Some(Trouble { since: minute(5), met_at: minute(met_at), times, code: code.into() })
    };
    for (minutes, times, code) in [(5, 1, "unavailable"), (6, 2, "restricted")] {
        let found = Found::Trouble(code.into());
        store.patch(&desk.connection, &[patch(document, minutes, found)], None).await?;
        expected.link.trouble = met(times, minutes, code);
        ensure_eq!(desk.linked(&source).await?, expected, "the document at minute {minutes}");
    }
    let mut unread = seen(document, &source, 7);
    if let Found::Source { trouble, .. } = &mut unread.found {
        *trouble = Some("unavailable".into());
    }
    store.patch(&desk.connection, &[unread], None).await?;
    (expected.link.checked_at, expected.link.trouble) = (minute(7), met(3, 7, "unavailable"));
    ensure_eq!(desk.linked(&source).await?, expected, "the document that was looked at and not read");
    store.patch(&desk.connection, &[patch(document, 8, Found::Unchanged)], None).await?;
    (expected.link.checked_at, expected.link.trouble) = (minute(8), None);
    ensure_eq!(desk.linked(&source).await?, expected, "the document that answered");

    store.patch(&desk.connection, &[patch(document, 9, Found::Trouble("unavailable".into()))], None).await?;
    store.detach(&desk.connection).await?;
    let other = desk.other().connection;
    store.patch(&other, &[patch(document, 10, Found::NotShared)], None).await?;
    (expected.link.checked_at, expected.link.connection) = (minute(10), None);
    ensure_eq!(desk.linked(&source).await?, expected, "the detached document of which Notion answered");
    Ok(())
}

pub(super) async fn basis_stays(store: Store) -> Outcome {
    let desk = Desk::new(&store);
    let (source, document) = desk.page("Policy").await?;
    let patches = [
        seen(document, &source, 5),
        patch(document, 6, Found::Unchanged),
        patch(document, 7, Found::NotShared),
    ];
    for patch in patches {
        store.patch(&desk.connection, std::slice::from_ref(&patch), None).await?;
        ensure_eq!(desk.linked(&source).await?.read.basis, basis(b"first"), "after {patch:?}");
    }
    store.detach(&desk.connection).await?;
    let other = desk.other().connection;
    store.patch(&other, &[seen(document, &source, 8)], None).await?;
    ensure_eq!(desk.linked(&source).await?.read.basis, basis(b"first"), "linked through another connection");
    Ok(())
}

pub(super) async fn many(store: Store) -> Outcome {
    let desk = Desk::new(&store);
    let (source, document) = desk.page("Policy").await?;
    let (other, last) = desk.page("Other").await?;
    let strangers = (0..3_000).map(|_| seen(crate::id::DocumentId::fresh(), &source, 5));
    let renamed = |source: &Source| Source { title: "Renamed".into(), ..source.clone() };
    let mut patches = vec![seen(document, &renamed(&source), 5)];
    patches.extend(strangers);
    patches.push(seen(last, &renamed(&other), 5));
    store.patch(&desk.connection, &patches, cursor(5)).await?;
    let mut sources: Vec<_> = (0..3_000).map(|_| notion_id()).collect();
    sources.extend([source.id, other.id]);
    let found = store.linked_by_source(desk.connection.tenant, &sources).await?;
    ensure_eq!(found.len(), 2, "documents found among thousands of sources");
    ensure!(found.iter().all(|linked| linked.title.text == "Renamed"), "a patch among thousands was lost");
    Ok(())
}

pub(super) async fn dropped(store: Store) -> Outcome {
    for polls in 0..40 {
        let desk = Desk::new(&store);
        let (first, one) = desk.page("First").await?;
        let (second, two) = desk.page("Second").await?;
        let renamed = |source: &Source| Source { title: "Renamed".into(), ..source.clone() };
        let patches = [seen(one, &renamed(&first), 5), seen(two, &renamed(&second), 5)];
        abandon(store.patch(&desk.connection, &patches, cursor(5)), polls).await;
        // What was dropped may still be on its way; this waits for it.
        store.patch(&desk.connection, &[], None).await?;
        let moved = store.cursor(&desk.connection).await?.is_some();
        for source in [&first, &second] {
            let renamed = desk.linked(source).await?.title.text == "Renamed";
            ensure_eq!(renamed, moved, "after {polls} polls: title and cursor moved");
        }
    }
    Ok(())
}

pub(super) async fn watermark(store: Store) -> Outcome {
    let desk = Desk::new(&store);
    ensure_eq!(store.cursor(&desk.connection).await?, None, "the first cursor");
    for (to, expected) in [(5, 5), (9, 9), (7, 9)] {
        store.patch(&desk.connection, &[], cursor(to)).await?;
        ensure_eq!(store.cursor(&desk.connection).await?, cursor(expected), "the cursor moved to {to}");
    }
    store.patch(&desk.connection, &[], None).await?;
    ensure_eq!(store.cursor(&desk.connection).await?, cursor(9), "the cursor that was not moved");
    Ok(())
}

pub(super) async fn cursors(store: Store) -> Outcome {
    let desk = Desk::new(&store);
    store.patch(&desk.connection, &[], cursor(5)).await?;
    ensure_eq!(store.cursor(&desk.other().connection).await?, None, "another connection's cursor");
    let same_name = Desk::new(&store);
    ensure_eq!(store.cursor(&same_name.connection).await?, None, "another tenant's cursor");
    Ok(())
}
