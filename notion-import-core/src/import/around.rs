//! What a page shows of what stands around it: the titles of others, and how its numbers are shown.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::stream::{self, StreamExt, TryStreamExt};

use super::Fetcher;
use super::convert;
use super::database::InsidePage;
use super::directory::{Schema, is_lasting, known_as};
use crate::error::Error;
use crate::id::NotionId;
use crate::markdown::{self, Options, Reference, Rendered, database_tables, render};
use crate::notion::page::Page;
use crate::notion::rate_limit::UNDER_WAY;
use crate::notion::text::plain_text;
use crate::notion::tree::BlockTree;

/// What stands around a page, as far as the page shows it.
#[derive(Clone, Default)]
pub(super) struct Around {
    /// The columns that say how numbers are shown.
    pub(super) schema: Option<Schema>,
    titles: HashMap<Reference, Arc<str>>,
    /// Whether there was a request left for all of it.
    pub(super) is_all: bool,
}

impl Around {
    /// What a page or a database is called.
    pub(super) fn title(&self, reference: Reference) -> Option<String> {
        self.titles.get(&reference).map(|title| title.as_ref().to_owned())
    }
}

impl Fetcher<'_> {
    /// Looks up what a page shows in its properties.
    pub(super) async fn around_properties(&self, page: &Page) -> Result<Around, Error> {
        let schema = self.directory.formats(&self.api, page).await?;
        let around = Around { schema, is_all: true, ..Around::default() };
        self.with_titles(around, |options| convert::properties(page, options)).await
    }

    /// Looks up what it shows in its blocks, too, and in the databases inside of it.
    pub(super) async fn around_blocks(
        &self,
        around: Around,
        tree: &BlockTree,
        inside: &InsidePage,
    ) -> Result<Around, Error> {
        let databases = inside.shown.as_ref();
        self.with_titles(around, |options| render(tree, &Options { databases, ..*options })).await
    }

    /// Looks up what a database shows in its rows.
    pub(super) async fn around_database(&self, shown: &markdown::Database) -> Result<Around, Error> {
        let around = Around { is_all: true, ..Around::default() };
        self.with_titles(around, |options| database_tables(shown, options)).await
    }

    /// Looks up the titles that a text asks for when it is written.
    async fn with_titles(
        &self,
        mut around: Around,
        write: impl FnOnce(&Options<'_>) -> Rendered,
    ) -> Result<Around, Error> {
        let wanted = Mutex::new(Vec::new());
        let titles = |reference| {
            let known = around.title(reference);
            if known.is_none() {
                wanted.lock().unwrap_or_else(PoisonError::into_inner).push(reference);
            }
            known
        };
        let transcripts = self.options.transcripts;
        write(&Options { titles: Some(&titles), transcripts, ..Options::default() });
        let mut wanted = wanted.into_inner().unwrap_or_else(PoisonError::into_inner);
        wanted.sort_by_key(|reference| reference.id());
        wanted.dedup();
        Box::pin(self.learn_from_library(&wanted)).await?;
        let looking = wanted.into_iter().map(|reference| async move {
            Ok::<_, Error>((reference, Box::pin(self.title(reference)).await?))
        });
        let found: Vec<_> = stream::iter(looking).buffered(UNDER_WAY).try_collect().await?;
        around.is_all &= found.iter().all(|(_, title)| title.is_some()) || !self.directory.is_spent();
        around.titles.extend(found.into_iter().filter_map(|(reference, title)| Some((reference, title?))));
        Ok(around)
    }

    /// Returns what something is called: as it is known, or as it is asked for.
    async fn title(&self, reference: Reference) -> Result<Option<Arc<str>>, Error> {
        let asking = async {
            match reference {
                Reference::Page(id) => self.page_title(id).await,
                Reference::Database(id) => self.database_title(id).await,
                Reference::Address(id) => match self.page_title(id).await {
                    Err(error) if is_lasting(&error) && self.directory.spend() => {
                        self.database_title(id).await
                    }
                    outcome => outcome,
                },
            }
        };
        self.directory.title(reference.id(), asking).await
    }

    async fn page_title(&self, id: NotionId) -> Result<Option<Arc<str>>, Error> {
        let page = self.api.page(id).await?;
        Ok(page.url.is_some().then(|| known_as(&page.title())))
    }

    async fn database_title(&self, id: NotionId) -> Result<Option<Arc<str>>, Error> {
        let database = self.directory.database(&self.api, id).await?;
        Ok(database.url.is_some().then(|| known_as(&plain_text(&database.title))))
    }

    /// Takes from the library what documents of this connection are called.
    async fn learn_from_library(&self, wanted: &[Reference]) -> Result<(), Error> {
        let unknown = wanted.iter().map(|reference| reference.id());
        let unknown: Vec<_> = unknown.filter(|id| !self.directory.has_title(*id)).collect();
        if unknown.is_empty() {
            return Ok(());
        }
        let linked = self.documents.linked_by_source(self.connection.tenant, &unknown).await?;
        for known in linked.iter().filter(|known| known.link.connection == Some(self.connection.id)) {
            self.directory.keep_title(known.link.source.id, &known.link.source.title);
        }
        Ok(())
    }
}
