//! The files of a page: the one that is the document, and those the document shows.

use std::collections::HashMap;
use std::sync::Arc;

use futures_util::stream::{self, StreamExt};
use tokio::sync::Semaphore;
use url::Url;

use super::Fetcher;
use crate::download::{Accept, Inline, Wanted};
use crate::error::{DownloadError, Error, ErrorKind};
use crate::id::NotionId;
use crate::library::document::StoredFile;
use crate::notion::block::{Block, Content};
use crate::notion::file::{File, FileSource};
use crate::notion::tree::BlockTree;

/// Files of a page downloaded at once.
const CONCURRENCY: usize = 4;

/// Files of an import downloaded at once, for the pace bounds only what is asked of Notion.
const DOWNLOADS: usize = 16;

/// Room for downloads. Clones share it.
#[derive(Clone)]
pub(crate) struct Downloads(Arc<Semaphore>);

impl Default for Downloads {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(DOWNLOADS)))
    }
}

/// The files kept of a page.
#[derive(Default)]
pub(super) struct PageFiles {
    /// By the block that shows them.
    pub(super) by_block: HashMap<NotionId, StoredFile>,
    /// In the order of the page, each once.
    pub(super) files: Vec<StoredFile>,
    /// Whether another try may bring more.
    pub(super) may_grow: bool,
}

impl PageFiles {
    fn add(&mut self, block: NotionId, file: StoredFile) {
        if !self.files.iter().any(|kept| kept.blob == file.blob) {
            self.files.push(file.clone());
        }
        self.by_block.insert(block, file);
    }
}

impl Fetcher<'_> {
    /// Keeps the page's documents: PDFs and other files of an accepted type.
    pub(super) async fn keep_documents(&self, tree: &BlockTree) -> Result<PageFiles, Error> {
        self.keep(tree, |accept| accept == Accept::Document).await
    }

    /// Keeps the images: the addresses of those that Notion hosts last an hour.
    pub(super) async fn keep_images(&self, tree: &BlockTree) -> Result<PageFiles, Error> {
        self.keep(tree, |accept| accept == Accept::Image).await
    }

    /// Keeps both: what Markdown shows and what it links.
    pub(super) async fn keep_files(&self, tree: &BlockTree) -> Result<PageFiles, Error> {
        self.keep(tree, |_| true).await
    }

    /// What is too large, of another type or gone is left out; what may come the next time is an error, for a document
    /// must not depend on a transient answer. Another's host may be gone for good: without the file there is still its link.
    async fn keep(&self, tree: &BlockTree, is_wanted: impl Fn(Accept) -> bool) -> Result<PageFiles, Error> {
        let files = tree.nodes().iter().filter_map(|node| worth_keeping(&node.block));
        let wanted = files.filter(|(_, _, accept)| is_wanted(*accept));
        let outcomes = wanted.map(|(block, file, accept)| async move {
            let external = matches!(file.source, FileSource::External(_));
            (block, external, self.keep_one(block, file, accept).await)
        });
        // In the order of the page, whichever comes first.
        let mut outcomes = stream::iter(outcomes.collect::<Vec<_>>()).buffered(CONCURRENCY);
        let mut kept = PageFiles::default();
        while let Some((block, external, outcome)) = outcomes.next().await {
            match outcome {
                Ok(Some(stored)) => kept.add(block, stored),
                Ok(None) => {}
                Err(Error::Download(error)) if external || !error.kind().is_transient() => {
                    // Our own limits leave it out every time, while what a server answers may change.
                    kept.may_grow |= error.kind() != ErrorKind::NotAccepted;
                    tracing::info!(%block, code = Error::Download(error).code(), "a file was left out");
                }
                Err(error) => return Err(error),
            }
        }
        Ok(kept)
    }

    async fn keep_one(
        &self,
        block: NotionId,
        file: &File,
        accept: Accept,
    ) -> Result<Option<StoredFile>, Error> {
        let name = file.display_name();
        match self.store(&file.source, name.as_deref(), accept).await {
            // An hour has passed since the block was read; a fresh read brings a fresh address.
            Err(Error::Download(DownloadError::Expired)) => {
                let fresh = self.api.block(block).await?;
                let Some(file) = file_of(&fresh) else { return Ok(None) };
                match self.store(&file.source, name.as_deref(), accept).await {
                    Err(Error::Download(DownloadError::Expired)) => {
                        Err(DownloadError::Unusable("a fresh address of it is refused as well").into())
                    }
                    outcome => outcome,
                }
            }
            outcome => outcome,
        }
    }

    /// Keeps a file from where it is; none from where it is left: another's than Notion's stays a link, unless the host wants
    /// them fetched.
    async fn store(
        &self,
        from: &FileSource,
        name: Option<&str>,
        accept: Accept,
    ) -> Result<Option<StoredFile>, Error> {
        let (tenant, limits) = (self.connection.tenant, self.options.downloads);
        let cap = match accept {
            Accept::Document => self.options.largest_file,
            Accept::Image => self.options.largest_image,
        };
        let url = match from {
            FileSource::Hosted(hosted) => Url::parse(hosted.url.expose()),
            FileSource::External(url) if self.downloader.fetches_external() => Url::parse(url),
            FileSource::Inline(address) => {
                let wanted = Inline { name, accept, cap };
                return self.downloader.store_inline(self.blobs, tenant, address, &wanted).await.map(Some);
            }
            FileSource::External(_) | FileSource::Missing => return Ok(None),
        };
        let Ok(url) = url else { return Ok(None) };
        // It is never closed, and without a permit there is only less order.
        let _room = self.downloads.0.acquire().await;
        let wanted = Wanted { url: &url, name, accept, cap, limits };
        self.downloader.store(self.blobs, tenant, &wanted).await.map(Some)
    }

    /// Keeps an icon or a cover that has no lasting address; none if that is none that can be kept. What is wrong for now is
    /// wrong with a decoration only.
    pub(super) async fn keep_decoration(&self, from: &FileSource) -> Result<Option<StoredFile>, Error> {
        // Another's stays what it is, even where files of others are fetched.
        if matches!(from, FileSource::External(_)) {
            return Ok(None);
        }
        match self.store(from, None, Accept::Image).await {
            Err(Error::Download(error)) if error.kind() == ErrorKind::NotAccepted => Ok(None),
            outcome => outcome,
        }
    }
}

/// The file a block shows, if it may turn out to be of an accepted type.
fn worth_keeping(block: &Block) -> Option<(NotionId, &File, Accept)> {
    let (file, accept) = match &block.content {
        Content::Pdf(file) => (file, Accept::Document),
        Content::File(file) if may_be(Accept::Document, file) => (file, Accept::Document),
        Content::Image(file) => (file, Accept::Image),
        // What Notion shows in a frame is kept if it can be; a web page cannot, and is named.
        Content::Embed(file) => match &file.source {
            FileSource::Hosted(_) if may_be(Accept::Document, file) => (file, Accept::Document),
            FileSource::Hosted(_) if may_be(Accept::Image, file) => (file, Accept::Image),
            _ => return None,
        },
        _ => return None,
    };
    Some((block.id?, file, accept))
}

fn may_be(accept: Accept, file: &File) -> bool {
    file.display_name().is_some_and(|name| accept.may_be(&name))
}

fn file_of(block: &Block) -> Option<&File> {
    match &block.content {
        Content::Pdf(file) | Content::File(file) | Content::Image(file) | Content::Embed(file) => Some(file),
        _ => None,
    }
}
