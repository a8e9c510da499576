//! The files of a page: the one that is the document, and those the document shows.

use std::collections::HashMap;
use std::sync::Arc;

use futures_util::stream::{self, StreamExt};
use tokio::sync::Semaphore;
use url::Url;

use super::Fetcher;
use crate::download::{Accept, Inline, Wanted, is_shown};
use crate::error::{DownloadError, Error, ErrorKind};
use crate::id::NotionId;
use crate::library::document::StoredFile;
use crate::markdown::FileRef;
use crate::notion::block::{Block, Content};
use crate::notion::file::{File, FileSource};
use crate::notion::page::Page;
use crate::notion::property::{Property, PropertyValue};
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
    /// By where they stand.
    by_place: HashMap<Place, StoredFile>,
    /// In the order of the page, each once.
    pub(super) files: Vec<StoredFile>,
    /// Whether another try may bring more.
    pub(super) may_grow: bool,
}

/// Where a file stands: in a block, or in a property of a page among others.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Place {
    Block(NotionId),
    Property(NotionId, String, usize),
}

/// A file that is worth keeping.
struct Held<'a> {
    place: Place,
    file: &'a File,
    accept: Accept,
}

impl PageFiles {
    /// Returns what was kept of a file that Markdown shows.
    pub(super) fn of(&self, file: FileRef<'_>) -> Option<&StoredFile> {
        let place = match file.property {
            Some(property) => Place::Property(file.block?, property.to_owned(), file.index),
            None => Place::Block(file.block?),
        };
        self.by_place.get(&place)
    }

    /// Whether the file of a block was kept.
    pub(super) fn has_block(&self, block: &Block) -> bool {
        block.id.is_some_and(|id| self.by_place.contains_key(&Place::Block(id)))
    }

    /// Whether a property of a page says nothing but what was kept.
    pub(super) fn has_property(&self, page: NotionId, property: &Property) -> bool {
        let PropertyValue::Files(files) = &property.value else { return false };
        let place = |index| Place::Property(page, property.id.clone(), index);
        (0..files.len()).all(|index| self.by_place.contains_key(&place(index)))
    }

    /// These files, and others after them.
    pub(super) fn and(mut self, others: Self) -> Self {
        let new =
            others.files.into_iter().filter(|file| !self.files.iter().any(|kept| kept.blob == file.blob));
        let new: Vec<_> = new.collect();
        self.files.extend(new);
        self.by_place.extend(others.by_place);
        self.may_grow |= others.may_grow;
        self
    }

    fn add(&mut self, place: Place, file: StoredFile) {
        if !self.files.iter().any(|kept| kept.blob == file.blob) {
            self.files.push(file.clone());
        }
        self.by_place.insert(place, file);
    }
}

impl Fetcher<'_> {
    /// Keeps the page's documents: PDFs and other files of an accepted type.
    pub(super) async fn keep_documents(&self, page: &Page, tree: &BlockTree) -> Result<PageFiles, Error> {
        self.keep(files(page, tree).filter(|held| held.accept == Accept::Document)).await
    }

    /// Keeps the images: the addresses of those that Notion hosts last an hour.
    pub(super) async fn keep_images(&self, page: &Page, tree: &BlockTree) -> Result<PageFiles, Error> {
        self.keep(files(page, tree).filter(|held| held.accept == Accept::Image)).await
    }

    /// Keeps both: what Markdown shows and what it links.
    pub(super) async fn keep_files(&self, page: &Page, tree: &BlockTree) -> Result<PageFiles, Error> {
        self.keep(files(page, tree)).await
    }

    /// Keeps both of the rows of a table.
    pub(super) async fn keep_files_of(&self, rows: impl Iterator<Item = &Page>) -> Result<PageFiles, Error> {
        self.keep(rows.flat_map(files_of_properties)).await
    }

    /// What is too large, of another type or gone is left out; what may come the next time is an error, for a document
    /// must not depend on a transient answer. Another's host may be gone for good: without the file there is still its link.
    async fn keep<'f>(&self, wanted: impl Iterator<Item = Held<'f>>) -> Result<PageFiles, Error> {
        let outcomes = wanted.map(|held| async move {
            let external = matches!(held.file.source, FileSource::External(_));
            let outcome = self.keep_one(&held).await;
            (held.place, external, outcome)
        });
        // In the order of the page, whichever comes first.
        let mut outcomes = stream::iter(outcomes.collect::<Vec<_>>()).buffered(CONCURRENCY);
        let mut kept = PageFiles::default();
        while let Some((place, external, outcome)) = outcomes.next().await {
            match outcome {
                Ok(Some(stored)) => kept.add(place, stored),
                Ok(None) => {}
                Err(Error::Download(error)) if external || !error.kind().is_transient() => {
                    // Our own limits leave it out every time, while what a server answers may change.
                    kept.may_grow |= error.kind() != ErrorKind::NotAccepted;
                    tracing::info!(of = %place.id(), code = Error::Download(error).code(), "a file was left out");
                }
                Err(error) => return Err(error),
            }
        }
        Ok(kept)
    }

    async fn keep_one(&self, held: &Held<'_>) -> Result<Option<StoredFile>, Error> {
        let name = held.file.display_name();
        match self.store(&held.file.source, name.as_deref(), held.accept).await {
            // An hour has passed since it was read; a fresh read brings a fresh address.
            Err(Error::Download(DownloadError::Expired)) => {
                let Some(source) = self.fresh(&held.place).await? else { return Ok(None) };
                match self.store(&source, name.as_deref(), held.accept).await {
                    Err(Error::Download(DownloadError::Expired)) => {
                        Err(DownloadError::Unusable("a fresh address of it is refused as well").into())
                    }
                    outcome => outcome,
                }
            }
            outcome => outcome,
        }
    }

    /// Asks again where a file is; none if it is no more where it stood.
    async fn fresh(&self, place: &Place) -> Result<Option<FileSource>, Error> {
        Ok(match place {
            Place::Block(id) => file_of(&self.api.block(*id).await?).map(|file| file.source.clone()),
            Place::Property(page, id, index) => {
                let page = self.api.page(*page).await?;
                let property = page.properties.0.into_iter().find(|(_, property)| property.id == *id);
                match property.map(|(_, property)| property.value) {
                    Some(PropertyValue::Files(files)) => files.get(*index).map(|file| file.source.clone()),
                    _ => None,
                }
            }
        })
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
            Ok(Some(stored)) if !is_shown(&stored.media_type) => Ok(None),
            Err(Error::Download(error)) if error.kind() == ErrorKind::NotAccepted => Ok(None),
            outcome => outcome,
        }
    }
}

impl Place {
    /// The block, or the page.
    const fn id(&self) -> NotionId {
        match self {
            Self::Block(id) | Self::Property(id, ..) => *id,
        }
    }
}

/// The files of a page that may turn out to be of an accepted type, in reading order: properties stand above the blocks.
fn files<'a>(page: &'a Page, tree: &'a BlockTree) -> impl Iterator<Item = Held<'a>> {
    let blocks = tree.nodes().iter().filter_map(|node| file_of_block(&node.block));
    files_of_properties(page).chain(blocks)
}

fn files_of_properties(page: &Page) -> impl Iterator<Item = Held<'_>> {
    let properties = page.properties.0.iter().filter_map(|(_, property)| match &property.value {
        PropertyValue::Files(files) => Some((page.id?, property, files)),
        _ => None,
    });
    properties.flat_map(|(page, property, files)| {
        files.iter().enumerate().filter_map(move |(index, file)| {
            let accept =
                [Accept::Document, Accept::Image].into_iter().find(|accept| may_be(*accept, file))?;
            Some(Held { place: Place::Property(page, property.id.clone(), index), file, accept })
        })
    })
}

fn file_of_block(block: &Block) -> Option<Held<'_>> {
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
    Some(Held { place: Place::Block(block.id?), file, accept })
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
