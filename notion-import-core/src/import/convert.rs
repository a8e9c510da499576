//! What was read, as content.

use super::media::Kept;
use crate::library::document::{Content, StoredFile};
use crate::library::fidelity::{Exposure, Fidelity};
use crate::notion::database::DataSource;
use crate::notion::page::Page;
use crate::notion::tree::BlockTree;

/// Content, and what is to be said about it.
pub(super) struct Body {
    pub(super) content: Content,
    pub(super) attachments: Vec<StoredFile>,
    pub(super) fidelity: Fidelity,
    pub(super) exposure: Exposure,
}
pub(super) fn page(_page: &Page, _tree: &BlockTree, _images: &Kept) -> Body {
    body()
}
pub(super) fn file_of_page(_tree: &BlockTree, _documents: Kept) -> Body {
    body()
}
pub(super) fn table(_data_source: &DataSource, _rows: &[Page]) -> Body {
    body()
}
fn body() -> Body {
    Body {
        content: Content::Markdown(String::new()),
        attachments: vec![],
        fidelity: Fidelity::Complete,
        exposure: Exposure::default(),
    }
}
