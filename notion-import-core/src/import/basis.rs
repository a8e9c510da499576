//! Whether a page that was read before need be read again.

use super::around::Around;
use super::{Fetcher, ImportOptions, InlineDatabases, Shape, TreeLimits, convert};
use crate::error::Error;
use crate::library::basis::Basis;
use crate::library::document::Linked;
use crate::markdown::Options;
use crate::notion::page::Page;
use crate::source::Seen;

/// Each release reads everything once anew, for it may convert in another way.
const CONVERTER: &str = env!("CARGO_PKG_VERSION");

impl Fetcher<'_> {
    /// What reading a page rests on beside its blocks. Much that a row shows stands elsewhere and changes without an edit of the
    /// row, but one look at the row shows it. Where the look shows only the beginning, that is never all that was read.
    pub(super) fn basis(&self, page: &Page, around: &Around, shape: Shape) -> Basis {
        let ImportOptions {
            largest_file,
            largest_image,
            downloads: _,
            tree,
            transcripts,
            completeness,
            lookups: _,
            inline_databases,
            inline_rows: _,
        } = self.options;
        let titles = |reference| around.title(reference);
        let options =
            Options { titles: Some(&titles), schema: around.schema.as_deref(), ..Options::default() };
        let TreeLimits { blocks, depth } = tree;
        let limits = [largest_file, largest_image, blocks as u64, depth as u64].map(u64::to_be_bytes);
        let shape: &[u8] = match shape {
            Shape::Best | Shape::Rows => b"best",
            Shape::Markdown => b"markdown",
        };
        Basis::of(&[
            CONVERTER.as_bytes(),
            // Another authorisation may see less, also of the same workspace.
            self.connection.reference.as_str().as_bytes(),
            shape,
            limits.as_flattened(),
            &[transcripts.into(), completeness.into()],
            &[self.downloader.fetches_external().into()],
            // A page with rows in it is always read.
            &[u8::from(inline_databases == InlineDatabases::Tables)],
            convert::properties(page, &options).markdown.as_bytes(),
        ])
    }

    /// Whether a look at its source may show that a document need not be read again.
    pub(super) fn may_hold(&self, known: &Linked) -> bool {
        known.read.basis.is_some()
            && known.link.connection == Some(self.connection.id)
            && !known.link.update_available
    }

    /// Whether a look at a page shows that a document was read on another basis; none if a look cannot tell.
    pub(crate) async fn has_moved(&self, known: &Linked, page: &Page) -> Result<Option<bool>, Error> {
        let Some(basis) = known.read.basis else { return Ok(None) };
        let around = Box::pin(self.around_properties(page)).await?;
        let is_on = |shape| self.basis(page, &around, shape) == basis;
        Ok(around.is_all.then(|| ![Shape::Best, Shape::Markdown].into_iter().any(is_on)))
    }

    /// Whether such a document is what importing the page again would make of it, all of it.
    pub(super) async fn holds(&self, known: &Linked, page: &Page, shape: Shape) -> Result<bool, Error> {
        let Some(seen) = Seen::of_page(page) else { return Ok(false) };
        let link = &known.link;
        let is_unedited = known.read.edited_at == seen.source.edited_at
            && link.state == seen.state
            && link.source == seen.source.with_files_of(&link.source);
        if !is_unedited {
            return Ok(false);
        }
        let around = Box::pin(self.around_properties(page)).await?;
        Ok(known.read.basis == Some(self.basis(page, &around, shape)))
    }
}
