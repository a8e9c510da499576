//! Nothing is asked twice, and nothing that is there already.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::TimeDelta;
use notion_import_core::testing::{
    Block, Endpoint, Fault, Grant, World, columns, paragraph, synced, synced_copy, table, toggle,
};
use notion_import_core::{NotionId, Pick, SourceState, Timeouts};

use super::{Line, morning};

fn furnish() -> (World, Grant, NotionId) {
    let world = World::new(53);
    let author = world.at(morning() - TimeDelta::hours(1));
    let workspace = author.workspace("Acme");
    let home = author.page(workspace, "Home");
    let grant = world.grant(workspace, [home]);
    (world, grant, home)
}

/// How often each list of blocks was asked for.
fn lists(world: &World) -> BTreeMap<String, usize> {
    let mut lists = BTreeMap::new();
    for seen in world.requests().iter().filter(|seen| seen.endpoint == Some(Endpoint::Children)) {
        *lists.entry(format!("{} {:?}", seen.path, seen.query)).or_default() += 1;
    }
    lists
}

#[tokio::test]
async fn every_list_is_asked_for_once_and_what_has_none_never() {
    let (world, grant, home) = furnish();
    let author = world.at(morning() - TimeDelta::hours(1));
    let nested = toggle("1", [toggle("2", [toggle("3", [paragraph("deep")])]), paragraph("leaf")]);
    author.append(
        home,
        [nested, table([["a", "b"], ["1", "2"]]), columns([[paragraph("l")], [paragraph("r")]])],
    );
    author.append(home, (0..150).map(|number| paragraph(format!("{number}"))));
    let line = Line::virtually(&world, &grant, Duration::from_millis(5));
    line.tenant().import(vec![Pick::page(home)]).await.unwrap();
    let lists = lists(&world);
    assert!(lists.values().all(|times| *times == 1), "{lists:#?}");
    // The page in two parts; three toggles, the table, the column list and its two columns.
    assert_eq!(lists.len(), 2 + 3 + 1 + 3);
    assert_eq!(world.requests_to(Endpoint::Page), 1);
    assert_eq!(world.requests().len(), lists.len() + 1);
}

/// Imports a page with these blocks after an original, and returns the Markdown and how many lists were asked for.
async fn with_copies(copies: impl FnOnce(NotionId) -> Vec<Block>) -> (String, usize) {
    let (world, grant, home) = furnish();
    let author = world.at(morning() - TimeDelta::hours(1));
    let original =
        author.append(home, [synced([paragraph("Shared."), toggle("More", [paragraph("inside")])])])[0];
    author.append(home, copies(original));
    let line = Line::virtually(&world, &grant, Duration::from_millis(5));
    let tenant = line.tenant();
    let fetched = tenant.importer.fetch(&tenant.connection, Pick::page(home)).await.unwrap();
    (fetched.markdown().unwrap().to_owned(), lists(&world).values().sum())
}

#[tokio::test]
async fn a_copy_of_what_is_on_the_page_costs_nothing() {
    let (alone, lists_of_one) = with_copies(|_| vec![]).await;
    let (text, lists) = with_copies(|original| vec![synced_copy(original), synced_copy(original)]).await;
    assert_eq!(lists, lists_of_one);
    assert_eq!(text.matches("Shared.").count(), 3, "{text}");
    assert_eq!(text.matches("inside").count(), 3 * alone.matches("inside").count(), "{text}");
}

#[tokio::test]
async fn copies_of_what_is_elsewhere_are_read_once() {
    let (world, grant, home) = furnish();
    let author = world.at(morning() - TimeDelta::hours(1));
    let original = author.append(home, [synced([paragraph("Shared.")])])[0];
    let page = author.page(home, "Copies");
    author.append(page, (0..5).map(|_| synced_copy(original)));
    let line = Line::virtually(&world, &grant, Duration::from_millis(5));
    let tenant = line.tenant();
    let fetched = tenant.importer.fetch(&tenant.connection, Pick::page(page)).await.unwrap();
    assert_eq!(fetched.markdown().unwrap().matches("Shared.").count(), 5);
    assert_eq!(lists(&world).values().sum::<usize>(), 2);
}

#[tokio::test]
async fn blocks_that_contain_each_other_come_to_an_end() {
    let (world, grant, home) = furnish();
    let author = world.at(morning() - TimeDelta::hours(1));
    let one = author.append(home, [synced([paragraph("One.")])])[0];
    let two = author.append(home, [synced([paragraph("Two."), synced_copy(one)])])[0];
    author.append(one, [synced_copy(two), synced_copy(one)]);
    let line = Line::virtually(&world, &grant, Duration::from_millis(5));
    // Round in circles it would ask for hours.
    let timeouts = Timeouts::default().import(Duration::from_secs(1));
    let tenant = line.tenant_with(|builder| builder.timeouts(timeouts));
    let fetched = tenant.importer.fetch(&tenant.connection, Pick::page(home)).await.unwrap();
    let text = fetched.markdown().unwrap();
    assert!(text.contains("One.") && text.contains("Two."), "{text}");
    assert!(world.requests().len() < 20, "{}", world.requests().len());
}

#[tokio::test]
async fn a_page_edited_while_it_is_read_is_read_again_at_most_twice() {
    for edits in [1, 2, 3, 100] {
        let (world, grant, home) = furnish();
        world.at(morning() - TimeDelta::hours(1)).append(home, [paragraph("First.")]);
        // A list and the page: each time it takes a little more than a minute to read them.
        let line = Line::virtually(&world, &grant, Duration::from_secs(31));
        let tenant = line.tenant();
        let editing = async {
            for edit in 0..edits {
                line.clock.sleep(Duration::from_secs(if edit == 0 { 45 } else { 62 })).await;
                world.at(line.clock.now()).append(home, [paragraph(format!("Edit {edit}."))]);
            }
            std::future::pending::<()>().await;
        };
        let fetched = tokio::select! {
            fetched = tenant.importer.fetch(&tenant.connection, Pick::page(home)) => fetched.unwrap(),
            () = editing => unreachable!(),
        };
        let reads = world.requests_to(Endpoint::Children);
        assert!(reads == (edits as usize + 1).min(3), "{edits} edits: read {reads} times");
        if edits == 1 {
            assert!(fetched.markdown().unwrap().contains("Edit 0."));
        }
        assert_eq!(fetched.content.read.settled, edits < 3, "{edits} edits");
    }
}

#[tokio::test]
async fn a_database_that_changes_while_it_is_read_is_read_as_it_was_at_one_time() {
    let (world, grant, home) = furnish();
    let author = world.at(morning() - TimeDelta::hours(1));
    let vendors = author.database(home, "Vendors", [("Country", "rich_text")]).data_source;
    author.row(vendors, "Vendor", []);
    // It takes half a minute to read it.
    let line = Line::virtually(&world, &grant, Duration::from_secs(5));
    let tenant = line.tenant();
    let editing = async {
        line.clock.sleep(Duration::from_secs(12)).await;
        world.at(line.clock.now()).trash(vendors);
        std::future::pending::<()>().await;
    };
    let fetched = tokio::select! {
        fetched = tenant.importer.fetch(&tenant.connection, Pick::data_source(vendors)) => fetched.unwrap(),
        () = editing => unreachable!(),
    };
    let (source, edited) = (&fetched.content.source, line.clock.now() - TimeDelta::minutes(1));
    assert_eq!(fetched.content.state, SourceState::Trashed, "it says what its rows say");
    assert!(source.edited_at > edited - TimeDelta::minutes(1), "{}", source.edited_at);
    assert!(!fetched.content.read.settled, "the minute of the edit was not over");
}

#[tokio::test]
async fn a_page_that_was_edited_just_before_is_read_twice() {
    for (minutes_ago, reads) in [(60, 1), (7, 1), (2, 1), (0, 2)] {
        let (world, grant, home) = furnish();
        world.at(morning() - TimeDelta::minutes(minutes_ago)).append(home, [paragraph("First.")]);
        let line = Line::virtually(&world, &grant, Duration::from_millis(5));
        let tenant = line.tenant();
        tenant.importer.fetch(&tenant.connection, Pick::page(home)).await.unwrap();
        let asked = (world.requests_to(Endpoint::Children), world.requests_to(Endpoint::Page));
        assert_eq!(asked, (reads, reads), "edited {minutes_ago} minutes before");
    }
}

#[tokio::test]
async fn an_edit_while_a_page_is_read_is_noticed_even_if_notions_clock_is_behind() {
    let (world, grant, home) = furnish();
    world.tune(|rules| rules.date_ahead = Some(-4 * 60));
    let line = Line::virtually(&world, &grant, Duration::from_secs(20));
    let tenant = line.tenant();
    let editing = async {
        line.clock.sleep(Duration::from_secs(30)).await;
        let author = world.at(line.clock.now() - TimeDelta::minutes(4));
        author.append(home, [paragraph("Last.")]);
        std::future::pending::<()>().await;
    };
    let fetched = tokio::select! {
        fetched = tenant.importer.fetch(&tenant.connection, Pick::page(home)) => fetched.unwrap(),
        () = editing => unreachable!(),
    };
    assert_eq!(fetched.markdown().unwrap(), "Last.\n");
}

#[tokio::test]
async fn rows_beyond_the_cap_of_a_query_are_found_in_windows() {
    let (world, grant, home) = furnish();
    let vendors =
        world.at(morning() - TimeDelta::hours(1)).database(home, "Vendors", [("Country", "select")]);
    for number in 0..250 {
        let author = world.at(morning() - TimeDelta::minutes(600 - number / 2));
        author.row(vendors.data_source, format!("Vendor {number}"), []);
    }
    world.tune(|rules| rules.query_cap = 120);
    let line = Line::virtually(&world, &grant, Duration::from_millis(5));
    let tenant = line.tenant();
    let rows = tenant.importer.rows(&tenant.connection, vendors.data_source).await.unwrap();
    let different: std::collections::BTreeSet<_> = rows.iter().collect();
    assert_eq!((rows.len(), different.len()), (250, 250));
    // More than a query shows, all made in one minute: nothing tells them apart, so it is said.
    for number in 0..130 {
        world.at(morning()).row(vendors.data_source, format!("Twin {number}"), []);
    }
    let error = tenant.importer.rows(&tenant.connection, vendors.data_source).await.unwrap_err();
    assert_eq!(error.code(), "incomplete_listing");
}

#[tokio::test]
async fn advice_to_ask_for_less_is_taken_at_once() {
    let (world, grant, home) = furnish();
    world
        .at(morning() - TimeDelta::hours(1))
        .append(home, (0..100).map(|number| paragraph(format!("{number}"))));
    let line = Line::virtually(&world, &grant, Duration::from_millis(5));
    for fault in [Fault::TooSlow, Fault::RenderingBudget] {
        world.forget_requests();
        world.fail_next(Endpoint::Children, fault.clone());
        line.tenant().import(vec![Pick::page(home)]).await.unwrap();
        let asked = world.requests().into_iter().filter(|seen| seen.endpoint == Some(Endpoint::Children));
        let sizes: Vec<String> = asked
            .flat_map(|seen| seen.query)
            .filter(|(name, _)| name == "page_size")
            .map(|(_, size)| size)
            .collect();
        assert_eq!(sizes, ["100", "50", "50"], "{fault:?}");
    }
}
