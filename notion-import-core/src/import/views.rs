//! The views of databases.

use std::sync::Arc;

use super::Fetcher;
use super::database::{Databases, visible};
use crate::error::Error;
use crate::id::NotionId;
use crate::library::document::SourceKind;
use crate::notion::view::View;
use crate::source::or_other_kind;

/// Views of a database that are looked at, at most.
const VIEWS: usize = 25;

/// A view that shows the rows of a data source.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ViewName {
    /// Its id.
    pub id: NotionId,
    /// What people call it; it may be empty.
    pub name: String,
}

impl Fetcher<'_> {
    /// Lists the views of a data source that show rows, in the order of its database.
    pub(crate) async fn views(&self, id: NotionId) -> Result<Vec<ViewName>, Error> {
        let read = self.api.data_source(id).await;
        let data_source = or_other_kind(&self.api, id, SourceKind::DataSource, read).await?;
        let database = self.container(&data_source).await?.and_then(|database| database.id);
        let mut views = Vec::new();
        for listed in self.listed_views(database).await?.into_iter().take(VIEWS) {
            let view = self.rows_view(listed).await?.filter(|view| view.data_source == Some(id));
            views.extend(view.map(|view| ViewName { id: listed, name: view.name.clone() }));
        }
        Ok(views)
    }

    /// Reads the views of a database until one of rows is found: the one that is wanted, else the first.
    pub(super) async fn view_of(
        &self,
        database: Option<NotionId>,
        wanted: Option<NotionId>,
        is_meant: impl Fn(&View) -> bool,
    ) -> Result<Option<Arc<View>>, Error> {
        let listed = self.listed_views(database).await?;
        for id in wanted.into_iter().chain(listed).take(VIEWS) {
            if let Some(view) = self.rows_view(id).await?.filter(|view| is_meant(view)) {
                return Ok(Some(view));
            }
        }
        Ok(None)
    }

    async fn listed_views(&self, database: Option<NotionId>) -> Result<Vec<NotionId>, Error> {
        let Databases(known) = &self.databases;
        let listed = match database {
            Some(id) => visible(known.views_of.answer(id, self.api.views(id).all()).await)?,
            None => None,
        };
        Ok(listed.iter().flat_map(|views| views.iter()).filter_map(|view| view.id).collect())
    }

    /// Reads a view; none if it is not shown, or shows no rows.
    async fn rows_view(&self, id: NotionId) -> Result<Option<Arc<View>>, Error> {
        let Databases(known) = &self.databases;
        let view = visible(known.views.answer(id, self.api.view(id)).await)?;
        Ok(view.filter(|view| view.kind.has_rows()))
    }
}
