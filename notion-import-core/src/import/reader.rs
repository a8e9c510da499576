//! Reading many things through one connection, each as soon as there is room for it.

use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::Stream;
use futures_util::stream::StreamExt;

use super::{FetchOutcome, Fetched, Fetcher, Pick, Wanted};
use crate::connection::{Identity, noted};
use crate::error::{Error, StoreError};
use crate::library::blob::BlobStore;
use crate::library::document::{Linked, SourceKind, SourceState};
use crate::notion::page::Page;
use crate::notion::rate_limit::UNDER_WAY;
use crate::source::Seen;
use crate::transport::within;

/// Things read at once, if they are so small that each has but one request under way. The rate limiter of the connection bounds
/// them further: none is begun while those that are have something to ask.
pub(super) const CONCURRENCY: usize = UNDER_WAY;

/// What reads through one connection. Clones share its rate limiter.
#[derive(Clone)]
pub(crate) struct Reader<'a> {
    pub(crate) fetcher: Fetcher<'a>,
    pub(crate) identity: Option<&'a dyn Identity>,
    /// How long one thing may take.
    pub(crate) limit: Duration,
}

/// What was read before of the page that is wanted.
#[derive(Clone, Copy)]
pub(crate) enum Known<'a> {
    /// A document, which may be what importing the page again would make of it.
    Document(&'a Linked),
    /// Its last edit then.
    Edit(DateTime<Utc>),
}

/// What reading one thing brought.
pub(crate) enum Obtained<T> {
    /// A look at the page showed that it need not be read.
    Held(Box<Page>),
    /// What is wanted of all that was read.
    Fetched(T),
}

impl<T> Obtained<T> {
    pub(super) fn map<U>(self, keep: impl FnOnce(T) -> U) -> Obtained<U> {
        match self {
            Self::Held(page) => Obtained::Held(page),
            Self::Fetched(fetched) => Obtained::Fetched(keep(fetched)),
        }
    }
}

impl<'a> Reader<'a> {
    /// Reads many things, several at a time, each with a reader that has room for it. What it waits for that is not counted as its
    /// time. One that fails does not stop the others.
    pub(crate) fn many<W, T, R>(
        self,
        wanted: impl Stream<Item = W> + Send + 'a,
        read: impl Fn(Self, W) -> R + Clone + Send + 'a,
    ) -> impl Stream<Item = (W, Result<T, Error>)> + Send + 'a
    where
        W: Copy + Send + 'a,
        T: Send + 'a,
        R: Future<Output = Result<T, Error>> + Send + 'a,
    {
        let reading = wanted.map(move |wanted| {
            let (reader, read) = (self.clone(), read.clone());
            async move {
                let outcome = match reader.begin().await {
                    Ok(begun) => reader.timely(read(begun, wanted)).await,
                    Err(error) => Err(error),
                };
                (wanted, outcome)
            }
        });
        reading.buffer_unordered(CONCURRENCY)
    }

    async fn begin(&self) -> Result<Self, Error> {
        let fetcher = Fetcher { api: self.fetcher.api.begin().await?, ..self.fetcher.clone() };
        Ok(Self { fetcher, ..*self })
    }

    /// Reads what there is a document of as was chosen for that.
    pub(super) fn reading_again(&self, known: Option<&Linked>) -> Self {
        let choices = self.fetcher.choices.after(known);
        Self { fetcher: Fetcher { choices, ..self.fetcher.clone() }, ..*self }
    }

    /// Reads one. Of a page that may be held it looks first whether it is.
    pub(crate) async fn read(
        &self,
        pick: Pick,
        known: Option<Known<'_>>,
    ) -> Result<Obtained<Fetched>, Error> {
        let mut edited_at = None;
        if pick.kind == SourceKind::Page
            && let Some(known) = known
        {
            let page = self.fetcher.api.page(pick.id).await?;
            self.fetcher.directory.keep_title_of(&page);
            let is_held = match known {
                Known::Document(linked) => Box::pin(self.fetcher.holds(linked, &page, pick.shape)).await?,
                Known::Edit(known_edit) => is_unedited(&page, known_edit),
            };
            if is_held {
                return Ok(Obtained::Held(Box::new(page)));
            }
            edited_at = page.last_edited_time;
        }
        Ok(Obtained::Fetched(Box::pin(self.fetcher.fetch_from(pick, edited_at)).await?))
    }

    /// Reads what is wanted, with its files in a store that is made for it.
    pub(crate) async fn read_into<B: BlobStore>(
        self,
        wanted: Wanted,
        blobs_for: &(impl Fn(Pick) -> Result<B, StoreError> + Sync),
    ) -> Result<FetchOutcome<B>, Error> {
        let read_at = self.fetcher.clock.now();
        let blobs = blobs_for(wanted.pick)?;
        let into = Reader { fetcher: Fetcher { blobs: &blobs, ..self.fetcher.clone() }, ..self };
        let obtained = into.read(wanted.pick, wanted.known_edit.map(Known::Edit)).await?;
        Ok(match obtained {
            Obtained::Held(_) => FetchOutcome::Unedited(read_at),
            Obtained::Fetched(fetched) => FetchOutcome::Fetched(Box::new(fetched), blobs),
        })
    }

    /// Gives up on what takes too long, and notes a refusal of the connection.
    pub(crate) async fn timely<T>(&self, going: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        let outcome = within(&*self.fetcher.clock, self.limit, going, Error::Overdue).await;
        noted(self.identity, self.fetcher.connection, outcome).await
    }
}

fn is_unedited(page: &Page, known_edit: DateTime<Utc>) -> bool {
    Seen::of_page(page)
        .is_some_and(|seen| seen.source.edited_at <= known_edit && seen.state != SourceState::Trashed)
}
