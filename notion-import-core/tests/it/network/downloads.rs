//! How many files are under way at once: the pace bounds only what is asked of Notion.

use std::time::Duration;

use chrono::TimeDelta;
use notion_import_core::Pick;
use notion_import_core::testing::{Endpoint, Fault, World, image};

use super::{Line, morning};

const PAGES: usize = 20;
const FILES: usize = 6;

#[tokio::test]
async fn an_import_of_many_pages_has_sixteen_files_under_way_and_never_more() {
    let world = World::new(61);
    let author = world.at(morning() - TimeDelta::hours(1));
    let workspace = author.workspace("Acme");
    let home = author.page(workspace, "Home");
    let picks = (0..PAGES).map(|page| {
        let id = author.page(home, format!("Page {page}"));
        let picture = |file| author.file("a.gif", "image/gif", format!("GIF89a, picture {page}.{file}"));
        let pictures: Vec<_> = (0..FILES).map(|file| image(&picture(file))).collect();
        author.append(id, pictures);
        Pick::page(id)
    });
    let picks: Vec<Pick> = picks.collect();
    let grant = world.grant(workspace, [home]);
    let lasts = Duration::from_secs(2);
    let slow = Fault::Slow { chunk: usize::MAX, pause: lasts };
    (0..PAGES * FILES).for_each(|_| world.fail_next(Endpoint::File, slow.clone()));
    let line = Line::virtually(&world, &grant, Duration::from_millis(30));
    line.tenant().import(picks).await.unwrap();

    let mut asked = world.requests();
    asked.retain(|seen| seen.endpoint == Some(Endpoint::File));
    assert_eq!(asked.len(), PAGES * FILES);
    // Each lasts equally long, so all that begin while one is under way are so together in the end.
    let beside = |one: &_| asked.iter().filter(|seen| (*one..*one + lasts).contains(&seen.at)).count();
    assert_eq!(asked.iter().map(|one| beside(&one.at)).max(), Some(16));
}
