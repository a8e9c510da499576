//! A library's life, in phases that may each be cut off anywhere and begun again.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::StreamExt;

use super::suite::content_manager;
use super::{Block, SimClock, World, WorldTransport, image, paragraph, pdf};
use crate::connection::{Connection, StaticToken};
use crate::error::{Error, StoreError};
use crate::id::{NotionId, TenantId};
use crate::import::Pick;
use crate::importer::Importer;
use crate::library::blob::BlobStore;
use crate::library::document::{DocumentReader, DocumentStore};
use crate::library::memory::{MemoryBlobs, MemoryLibrary};
use crate::transport::Clock;

const PAGES: u32 = 24;

/// How far apart phases are: four hours.
const APART: Duration = Duration::from_secs(4 * 60 * 60);

/// What stores do is not seen by the clock.
const PATIENCE: Duration = Duration::from_secs(5);

/// The life of one tenant's library: people edit a workspace, and it is imported and synced by turns. What people do in a phase depends
/// on its number alone, so that a process which is killed in one can be followed by another that begins the same one again. After that
/// the library is as if nobody had been killed.
pub struct Story {
    world: World,
    clock: SimClock,
    pages: Vec<NotionId>,
    importer: Importer,
    connection: Connection,
    documents: Arc<dyn DocumentStore>,
    phase: u32,
}

impl Story {
    /// Takes it up before a phase, in a tenant's library.
    ///
    /// # Errors
    /// The importer's.
    pub fn before(
        phase: u32,
        tenant: TenantId,
        documents: Arc<dyn DocumentStore>,
        blobs: Arc<dyn BlobStore>,
    ) -> Result<Self, Error> {
        let (world, began) = (World::new(23), DateTime::<Utc>::UNIX_EPOCH + chrono::TimeDelta::days(20_000));
        let clock = SimClock::new(began).patient(PATIENCE);
        let author = world.at(clock.now());
        let workspace = author.workspace("Acme");
        let home = author.page(workspace, "Home");
        let pages = (0..PAGES).map(|number| author.page(home, format!("Policy {number}"))).collect();
        let token = world.grant(workspace, [home]).token;
        let transport = WorldTransport::new(world.clone(), clock.clone());
        let importer = Importer::builder(Arc::new(StaticToken::new(token)), documents.clone(), blobs)
            .through(Arc::new(transport), Arc::new(clock.clone()))
            .build()?;
        let connection = Connection::new(tenant, "story");
        let mut story = Self { world, clock, pages, importer, connection, documents, phase: 0 };
        while story.phase < phase {
            story.edit();
        }
        Ok(story)
    }

    /// Returns the [account](Self::account) of a library that nobody disturbs, up to this phase and with it.
    ///
    /// # Errors
    /// The importer's.
    pub async fn undisturbed(phase: u32, tenant: TenantId) -> Result<Vec<String>, Error> {
        let (library, blobs) = (Arc::<MemoryLibrary>::default(), Arc::<MemoryBlobs>::default());
        let mut story = Self::before(0, tenant, library.clone(), blobs)?;
        while story.phase <= phase {
            story.go_on().await?;
        }
        Ok(story.account(&*library).await?)
    }

    /// Returns the phase that is next.
    pub fn phase(&self) -> u32 {
        self.phase
    }

    /// Goes through the next phase: what people edit, and an import, a sync, or both.
    ///
    /// # Errors
    /// The importer's.
    pub async fn go_on(&mut self) -> Result<(), Error> {
        let phase = self.phase;
        self.edit();
        self.clock.advance(Duration::from_secs(600));
        if phase % 3 != 1 {
            self.import().await;
        }
        if !phase.is_multiple_of(3) {
            self.importer.sync(&self.connection).await?;
        }
        Ok(())
    }

    /// Removes what no document refers to.
    ///
    /// # Errors
    /// The stores'.
    pub async fn sweep(&self) -> Result<u64, Error> {
        self.importer.sweep_files(self.connection.tenant, Duration::ZERO).await
    }

    /// Returns what is known of each page, in their order: what is to be the same whatever happened on the way.
    ///
    /// # Errors
    /// The stores'.
    pub async fn account(&self, reader: &dyn DocumentReader) -> Result<Vec<String>, StoreError> {
        let mut linked = self.documents.linked(&self.connection, None, usize::MAX).await?;
        linked.sort_by_key(|known| known.link.source.id);
        let member = content_manager(self.connection.tenant);
        let mut account = Vec::new();
        for known in linked {
            let link = &known.link;
            let versions = reader.versions(&member, known.document).await?;
            let said: Vec<_> = versions
                .iter()
                .map(|version| (version.number, &version.content, &version.attachments))
                .collect();
            account.push(format!(
                "{}: {:?}, {:?}, update {}, {said:?}",
                link.source.id, known.title.text, link.state, link.update_available
            ));
        }
        Ok(account)
    }

    async fn import(&self) {
        let picks = self.pages.iter().copied().map(Pick::page).collect();
        let manager = content_manager(self.connection.tenant);
        // What cannot be imported, since it is in the trash for instance, is an outcome like any other.
        self.importer.import(&manager, &self.connection, picks).for_each(async |_| {}).await;
    }

    /// What people do in a phase.
    fn edit(&mut self) {
        self.clock.advance(APART);
        let author = self.world.at(self.clock.now());
        for (number, page) in (0..).zip(&self.pages) {
            if (number + self.phase).is_multiple_of(3) {
                author.set_title(*page, format!("Policy {number}, {}", self.phase));
                author.replace(*page, self.content(number));
            }
            match (number + PAGES - self.phase % PAGES) % PAGES {
                0 => author.trash(*page),
                1 if self.phase > 0 => author.restore(*page),
                _ => {}
            }
        }
        self.phase += 1;
    }

    /// What a page says from this phase on: a file, an image with text, or text.
    fn content(&self, number: u32) -> Vec<Block> {
        let author = self.world.at(self.clock.now());
        let text = format!("What policy {number} says in phase {}. ", self.phase);
        match number % 3 {
            0 => {
                let bytes = format!("%PDF-1.7 {}", text.repeat(2_000));
                vec![pdf(&author.file("policy.pdf", "application/pdf", bytes))]
            }
            1 => {
                let bytes = [b"\x89PNG\r\n\x1a\n".as_slice(), text.repeat(500).as_bytes()].concat();
                vec![paragraph(text), image(&author.file("plan.png", "image/png", bytes))]
            }
            _ => vec![paragraph(text)],
        }
    }
}
