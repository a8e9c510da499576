//! The workspace that is synced.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use notion_import_core::testing::suite::content_manager;
use notion_import_core::testing::{SimClock, World, WorldTransport};
use notion_import_core::transport::Clock;
use notion_import_core::{
    Connection, DocumentStore, ImportEvent, Importer, MemoryBlobs, NotionId, Pick, StaticToken, TenantId,
};

use crate::Outcome;

/// Runs of a day.
pub(crate) const RUNS: usize = 6;

/// SQLite works where the clock does not see it: a page of 100,000 rows takes it longer than any pause of a sync.
const PATIENCE: Duration = Duration::from_secs(20);

/// Rows of a data source.
const ROWS: usize = 500;

/// Pages and rows, all of them imported.
pub(crate) struct Workspace {
    pub(crate) world: World,
    pub(crate) pages: Vec<NotionId>,
    pub(crate) importer: Importer,
    pub(crate) connection: Connection,
    clock: SimClock,
}

impl Workspace {
    /// Makes so many pages, half of them rows, and imports them.
    pub(crate) async fn imported(number: usize, store: Arc<dyn DocumentStore>) -> Outcome<Self> {
        let (world, clock) =
            (World::new(1), SimClock::new("2026-11-22T08:00:00Z".parse()?).patient(PATIENCE));
        let author = world.at(clock.now());
        let workspace = author.workspace("Bench");
        let home = author.page(workspace, "Home");
        let mut pages: Vec<_> =
            (0..number.div_ceil(2)).map(|n| author.page(home, format!("Page {n}"))).collect();
        let mut source = home;
        for row in 0..number / 2 {
            if row % ROWS == 0 {
                source =
                    author.database(home, format!("Database {row}"), [("Owner", "rich_text")]).data_source;
            }
            pages.push(author.row(source, format!("Row {row}"), []));
        }
        let token = world.grant(workspace, [home]).token;
        let transport = WorldTransport::new(world.clone(), clock.clone());
        let (tokens, blobs) = (Arc::new(StaticToken::new(token)), Arc::<MemoryBlobs>::default());
        let importer = Importer::builder(tokens, store, blobs)
            .through(Arc::new(transport), Arc::new(clock.clone()))
            .build()?;
        let connection = Connection::new(TenantId::fresh(), "bench");
        clock.advance(Duration::from_secs(600));
        let workspace = Self { world, pages, importer, connection, clock };
        workspace.import().await?;
        // What is edited last is not among what was imported, so that no run has all of that before it.
        workspace.clock.advance(Duration::from_secs(600));
        workspace.world.at(workspace.clock.now()).page(home, "Last");
        Ok(workspace)
    }

    async fn import(&self) -> Outcome {
        let picks = self.pages.iter().copied().map(Pick::page).collect();
        let manager = content_manager(self.connection.tenant);
        let mut events = std::pin::pin!(self.importer.import(&manager, &self.connection, picks));
        while let Some(event) = events.next().await {
            if let ImportEvent::Finished(outcome) = event {
                outcome.result?;
            }
        }
        Ok(())
    }

    /// Waits for the time of the next run.
    pub(crate) fn wait(&self) {
        self.clock.advance(Duration::from_secs(4 * 60 * 60));
    }

    /// Gives new titles to so many pages, others in each run.
    pub(crate) fn edit(&self, number: usize, run: usize) {
        self.clock.advance(Duration::from_secs(600));
        let author = self.world.at(self.clock.now());
        for page in self.pages.iter().skip(run).step_by(RUNS * 7).take(number) {
            author.set_title(*page, format!("Edited before run {run}"));
        }
    }

    /// Syncs once.
    pub(crate) async fn run(&self) -> Outcome {
        self.importer.sync(&self.connection).await?;
        Ok(())
    }

    /// Syncs for a day.
    pub(crate) async fn day(&self) -> Outcome {
        for _ in 0..RUNS {
            self.wait();
            self.run().await?;
        }
        Ok(())
    }
}
