//! Files, each through a document that the reader may read.

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::request::Parts;
use notion_import_core::{BlobId, DocumentId, FileRange, ReadOutcome, StoreError, Version};

use super::site::document_id;
use super::{Address, Answer, Shared};
use crate::people::Company;
use crate::problem::Problem;
use crate::revalidate;
use crate::session::Visitor;

/// A file of what is published, for a reader of the site.
pub async fn of_readers(
    State(app): Shared,
    visitor: Visitor,
    Path((site, id, blob)): Path<(String, String, String)>,
    request: Parts,
) -> Answer {
    let company = Company::of_slug(&site).ok_or_else(Problem::not_found)?;
    let id = document_id(&id)?;
    let blob = blob.parse().map_err(|_| Problem::not_found())?;
    let served = match app.gate.download(&visitor.visit(company), id, &blob, &request).await? {
        ReadOutcome::Open(served) => served,
        ReadOutcome::Closed(_) => return Err(Problem::not_found()),
        ReadOutcome::Unmarkable(why) => {
            let document = Address::Reading(company, id).to_string();
            return Err(Problem::unmarkable(company.name, why)
                .with_way_out(document, visitor.words().back_to_document));
        }
    };
    let response = served.response.map(Body::from_stream);
    Ok(if served.cacheable { revalidate::everybodys(response) } else { response })
}

/// A file of any version, drafts included, for a member.
pub async fn of_members(
    State(app): Shared,
    visitor: Visitor,
    Path((id, blob)): Path<(DocumentId, String)>,
    request: Parts,
) -> Answer {
    let staff = visitor.staff()?;
    let blob: BlobId = blob.parse().map_err(|_| Problem::not_found())?;
    let versions = app.stores.access.versions(&staff.actor, id).await?;
    let file = versions
        .iter()
        .flat_map(Version::files)
        .find(|file| file.blob.id == blob)
        .ok_or(StoreError::NotFound)?;
    let response = FileRange::answer(&*app.stores.blobs, staff.actor.tenant, file, &request).await?;
    Ok(response.map(Body::from_stream))
}
