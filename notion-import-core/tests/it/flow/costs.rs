//! What pages cost in requests, by what stands in them and what is asked for them; and that nothing is asked twice.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::StreamExt;
use notion_import_core::testing::{Column, Endpoint, Seen, block, paragraph, text, toggle};
use notion_import_core::{ImportEvent, ImportOptions, NotionId, Pick, Shape};
use serde_json::json;

use super::{Stage, importer_with};

/// How many requests went to each endpoint.
type Costs = BTreeMap<Endpoint, usize>;

const PAGES: usize = 4;

impl Stage {
    /// Pages of two lists, a paragraph and a toggle.
    fn pages(&self) -> Vec<NotionId> {
        let author = self.author();
        let pages: Vec<_> =
            (0..PAGES).map(|number| author.page(self.home, format!("Page {number}"))).collect();
        for page in &pages {
            author.append(*page, [paragraph("words"), toggle("more", [paragraph("inside")])]);
        }
        pages
    }

    /// Refers from a page to others and to a database, in several ways and more than once.
    fn refer(&self, page: NotionId, others: &[NotionId], database: NotionId) {
        let to = |id: NotionId| block("link_to_page", json!({"type": "page_id", "page_id": id}));
        let mentioned = others.iter().map(|id| paragraph(text("see ").mention_page(*id, "")));
        self.author().append(page, others.iter().map(|id| to(*id)).chain(mentioned));
        let to_database = block("link_to_page", json!({"type": "database_id", "database_id": database}));
        self.author().append(page, [to_database.clone(), to_database]);
    }

    /// Puts a database into a page that is shown there.
    fn furnish(&self, page: NotionId) -> NotionId {
        let author = self.author();
        let database = author.database(page, "Vendors", [("Country", "select")]);
        author.show_inline(database.id);
        author.row(database.data_source, "Hosting Ltd", [("Country", json!({"name": "France"}))]);
        database.id
    }

    /// Imports in one run into an empty library, and returns what that asks for.
    async fn asked(&self, picks: Vec<Pick>, options: ImportOptions) -> Vec<Seen> {
        self.pass(60);
        self.world.forget_requests();
        let importer =
            importer_with(&self.world, &self.clock, &self.grant, |builder| builder.import_options(options));
        let manager = self.manager();
        let events: Vec<_> = importer.import(&manager, &self.connection, picks).collect().await;
        for event in &events {
            let ImportEvent::Finished(outcome) = event else { continue };
            assert!(outcome.result.is_ok(), "{outcome:?}");
        }
        assert_eq!(self.world.violations(), [""; 0]);
        self.world.requests()
    }

    /// Does the same, and returns what that costs. Nothing is asked twice.
    async fn cost(&self, picks: Vec<Pick>, options: ImportOptions) -> Costs {
        let seen = self.asked(picks, options).await;
        let mut asked = BTreeSet::new();
        for seen in &seen {
            let question = format!("{} {} {:?} {:?}", seen.method, seen.path, seen.query, seen.body);
            assert!(asked.insert(question.clone()), "{question} is asked twice");
        }
        costs(&seen)
    }
}

fn costs(seen: &[Seen]) -> Costs {
    let mut costs = Costs::new();
    for seen in seen {
        *costs.entry(seen.endpoint.unwrap()).or_default() += 1;
    }
    costs
}

fn picks(pages: &[NotionId]) -> Vec<Pick> {
    pages.iter().copied().map(Pick::page).collect()
}

/// What pages cost of which nothing more is wanted: themselves and their lists.
fn plain() -> Costs {
    Costs::from([(Endpoint::Page, PAGES), (Endpoint::Children, 2 * PAGES)])
}

fn and(costs: Costs, more: &[(Endpoint, usize)]) -> Costs {
    let mut all = costs;
    more.iter().for_each(|(endpoint, count)| *all.entry(*endpoint).or_default() += count);
    all
}

/// What each database costs that is shown in a page.
const OF_A_TABLE: [Endpoint; 5] =
    [Endpoint::Database, Endpoint::Views, Endpoint::View, Endpoint::DataSource, Endpoint::Query];

#[tokio::test]
async fn a_page_costs_itself_and_its_lists() {
    let stage = Stage::new();
    let pages = stage.pages();
    assert_eq!(stage.cost(picks(&pages), ImportOptions::default()).await, plain());
}

#[tokio::test]
async fn what_pages_refer_to_costs_a_request_each_however_often_they_do() {
    let stage = Stage::new();
    let author = stage.author();
    let shared = author.page(stage.home, "Shared");
    let database = author.database(stage.home, "Vendors", [("Country", "select")]);
    let pages = stage.pages();
    for page in &pages {
        let own = author.page(stage.home, "Own");
        stage.refer(*page, &[shared, own], database.id);
    }
    let costs = stage.cost(picks(&pages), ImportOptions::default()).await;
    assert_eq!(costs, and(plain(), &[(Endpoint::Page, 1 + PAGES), (Endpoint::Database, 1)]));
}

#[tokio::test]
async fn a_database_in_a_page_costs_five_requests_and_its_title_none() {
    let stage = Stage::new();
    let pages = stage.pages();
    let databases: Vec<NotionId> = pages.iter().map(|page| stage.furnish(*page)).collect();
    let tables = OF_A_TABLE.map(|endpoint| (endpoint, PAGES));
    assert_eq!(stage.cost(picks(&pages), ImportOptions::default()).await, and(plain(), &tables));
    pages.iter().for_each(|page| stage.refer(*page, &[], databases[0]));
    assert_eq!(stage.cost(picks(&pages), ImportOptions::default()).await, and(plain(), &tables));
}

#[tokio::test]
async fn a_second_witness_costs_a_request_for_each_page_and_one_for_each_block_it_misses() {
    let stage = Stage::new();
    let pages = stage.pages();
    let completeness = ImportOptions::default().completeness(true);
    let costs = stage.cost(picks(&pages), completeness).await;
    assert_eq!(costs, and(plain(), &[(Endpoint::Markdown, PAGES)]));
    let hidden = stage.author().append(pages[0], (0..2).map(|_| paragraph("secret")));
    hidden.iter().for_each(|block| stage.world.hide(&stage.grant.token, *block));
    let costs = stage.cost(picks(&pages), completeness).await;
    assert_eq!(costs, and(plain(), &[(Endpoint::Markdown, PAGES + 2)]));
}

#[tokio::test]
async fn what_stands_in_pages_costs_together_what_it_costs_apart() {
    let stage = Stage::new();
    let shared = stage.author().page(stage.home, "Shared");
    let pages = stage.pages();
    for page in &pages {
        let database = stage.furnish(*page);
        stage.refer(*page, &[shared], database);
    }
    let costs = stage.cost(picks(&pages), ImportOptions::default().completeness(true)).await;
    let tables = OF_A_TABLE.map(|endpoint| (endpoint, PAGES));
    let expected = and(and(plain(), &tables), &[(Endpoint::Page, 1), (Endpoint::Markdown, PAGES)]);
    assert_eq!(costs, expected);
}

#[tokio::test]
async fn a_database_in_a_page_and_its_rows_beside_it_share_what_they_ask() {
    let stage = Stage::new();
    let author = stage.author();
    let page = author.page(stage.home, "Vendors");
    let spent = Column::from(("Spent", "number")).config(json!({"format": "euro"}));
    let database = author.database(page, "Vendors", [spent]);
    author.show_inline(database.id);
    let rows = ["One", "Two"].map(|name| author.row(database.data_source, name, [("Spent", json!(1))]));
    let alone = stage.cost(vec![Pick::page(page)], ImportOptions::default()).await;
    assert_eq!(OF_A_TABLE.map(|endpoint| alone[&endpoint]), [1; 5]);
    let beside = picks(&[rows[0], page, rows[1]]);
    let costs_beside = stage.cost(beside, ImportOptions::default()).await;
    assert_eq!(costs_beside, and(alone, &[(Endpoint::Page, 2), (Endpoint::Children, 2)]));
    // A list of rows to import is read for itself.
    let listed = Pick::data_source(database.data_source).shaped(Shape::Rows);
    let seen = stage.asked(vec![listed, Pick::page(page)], ImportOptions::default()).await;
    assert_eq!(costs(&seen), and(costs_beside, &[(Endpoint::Query, 1)]));
}
