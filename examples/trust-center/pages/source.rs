//! A document's tie to Notion: taking the new content, or cutting the tie.

use axum::extract::{Path, State};
use chrono::Utc;
use notion_import_core::store::Linked;
use notion_import_core::{
    Action, ConnectionState, DocumentId, Imported, NotionId, Pick, SourceKind, StoreError,
};

use super::document::known;
use super::{Address, Answer, Shared, see};
use crate::app::App;
use crate::problem::Problem;
use crate::session::{Staff, Visitor};

pub async fn update(State(app): Shared, visitor: Visitor, Path(id): Path<DocumentId>) -> Answer {
    let staff = visitor.staff_who_may(Action::Import)?;
    let document = known(&app, &staff, id).await?.document;
    let link =
        document.link.ok_or_else(|| Problem::form("The document is not linked to Notion any more."))?;
    let connections = app.stores.connections.list(staff.actor.tenant).await?;
    // A detached document comes back to life through whatever is connected now.
    let usable = connections.into_iter().filter(|record| record.state == ConnectionState::Active);
    let record =
        usable.into_iter().find(|record| link.connection.is_none() || link.connection == Some(record.id));
    let record = record
        .ok_or_else(|| Problem::form("Notion is not connected. An administrator can connect it again."))?;
    let pick = match link.source.kind {
        SourceKind::Page => Pick::page(link.source.id),
        SourceKind::DataSource => Pick::data_source(link.source.id),
    };
    let imported = app.importer.import_one(&staff.actor, &record.connection(), pick).await;
    let notice = match imported? {
        Imported::NewVersion(_, number) => {
            format!("Version {} is here. Readers see the old one until you publish it.", number.0)
        }
        Imported::Created(_) | Imported::Unchanged(_) => "Nothing has changed in Notion.".to_owned(),
    };
    visitor.tell(notice);
    see(Address::Document(id))
}

/// Returns what is linked to a source. What is linked to a data source of a database is also found by the database, and is left out.
pub async fn linked_to(app: &App, staff: &Staff, source: NotionId) -> Result<Option<Linked>, StoreError> {
    let found = app.stores.documents.linked_by_source(staff.actor.tenant, &[source]).await?;
    Ok(found.into_iter().find(|known| known.link.source.id == source))
}

pub async fn unlink(State(app): Shared, visitor: Visitor, Path(id): Path<DocumentId>) -> Answer {
    let staff = visitor.staff_who_may(Action::Import)?;
    app.stores.documents.unlink(&staff.actor, id, Utc::now()).await?;
    visitor.tell("Unlinked: the document stays as it is. You can undo this under Source.");
    see(Address::Document(id))
}

/// Undoes that.
pub async fn relink(State(app): Shared, visitor: Visitor, Path(id): Path<DocumentId>) -> Answer {
    let staff = visitor.staff_who_may(Action::Import)?;
    app.stores.documents.relink(&staff.actor, id, Utc::now()).await?;
    visitor.tell("Linked to Notion again, as it was.");
    see(Address::Document(id))
}
