//! What is known of a source that Notion says is not there.

use super::{SyncTask, ends_the_run};
use crate::error::Error;
use crate::id::NotionId;
use crate::library::document::{Found, Linked, SourceParent};

impl SyncTask<'_> {
    /// Asks for what a source stood in, once a run, to tell what went with it from what is missing alone.
    pub(super) async fn absent(&self, known: &Linked) -> Result<Found, Error> {
        let Some((id, parent)) =
            known.link.source.parent.and_then(|parent| Some((parent_id(parent)?, parent)))
        else {
            return Ok(Found::NotShared);
        };
        let is_gone = match Box::pin(self.parents.get(id, self.is_gone(id, parent))).await {
            Err(error) if ends_the_run(&error) => return Err(error),
            // That it could not be told says nothing of the source.
            outcome => outcome.unwrap_or_default(),
        };
        Ok(if is_gone { Found::ParentGone } else { Found::NotShared })
    }

    async fn is_gone(&self, id: NotionId, parent: SourceParent) -> Result<bool, Error> {
        let in_trash = match parent {
            SourceParent::Page(_) => self.api.page(id).await.map(|page| page.in_trash),
            SourceParent::Database(_) => self.api.database(id).await.map(|database| database.in_trash),
            SourceParent::DataSource(_) => self.api.data_source(id).await.map(|source| source.in_trash),
            SourceParent::Block(_) => self.api.block(id).await.map(|block| block.in_trash),
            SourceParent::Workspace | SourceParent::Other => Ok(false),
        };
        match in_trash {
            Err(error) if error.is_not_found() => Ok(true),
            outcome => outcome,
        }
    }
}

const fn parent_id(parent: SourceParent) -> Option<NotionId> {
    match parent {
        SourceParent::Page(id)
        | SourceParent::Database(id)
        | SourceParent::DataSource(id)
        | SourceParent::Block(id) => Some(id),
        SourceParent::Workspace | SourceParent::Other => None,
    }
}
