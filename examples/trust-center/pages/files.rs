//! Files, each through a document that the reader may read.

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::Response;
use chrono::Utc;
use notion_import_core::error::StoreError;
use notion_import_core::id::DocumentId;
use notion_import_core::library::blob::{BlobBytes, BlobId};
use notion_import_core::library::document::{Content, StoredFile, Version};
use notion_import_core::library::file_name::attachment_disposition;
use notion_import_core::library::gate::Reading;

use super::site::document_id;
use super::{Answer, Shared};
use crate::people::Company;
use crate::problem::Problem;
use crate::revalidate;
use crate::session::Visitor;

/// A file of what is published, for a reader of the site.
pub async fn of_readers(
    State(app): Shared,
    visitor: Visitor,
    Path((site, id, blob)): Path<(String, String, String)>,
) -> Answer {
    let company = Company::of_slug(&site).ok_or_else(Problem::not_found)?;
    let id = document_id(&id)?;
    let blob = blob.parse().map_err(|_| Problem::not_found())?;
    let reading = app.gate.read(company.tenant, &visitor.viewer(), id, Utc::now()).await?;
    let Reading::Open(readable) = reading else { return Err(Problem::not_found()) };
    let (file, bytes) = app.gate.open(&readable, &blob).await?;
    Ok(served(&file, bytes, readable.cacheable))
}

/// A file of any version, drafts included, for a member.
pub async fn of_members(
    State(app): Shared,
    visitor: Visitor,
    Path((id, blob)): Path<(DocumentId, String)>,
) -> Answer {
    let staff = visitor.staff()?;
    let blob: BlobId = blob.parse().map_err(|_| Problem::not_found())?;
    let versions = app.stores.access.versions(&staff.actor, id).await?;
    let file =
        versions.iter().flat_map(files).find(|file| file.blob.id == blob).ok_or(StoreError::NotFound)?;
    let bytes = app.stores.blobs.get(staff.actor.tenant, &blob, None).await?;
    Ok(served(file, bytes, false))
}

fn files(version: &Version) -> impl Iterator<Item = &StoredFile> {
    let content = match &version.content {
        Content::File(file) => Some(file),
        Content::Markdown(_) => None,
    };
    content.into_iter().chain(&version.attachments)
}

fn served(file: &StoredFile, bytes: BlobBytes, cacheable: bool) -> Response {
    let mut response = Response::new(Body::from_stream(bytes));
    let octets = HeaderValue::from_static("application/octet-stream");
    let named = HeaderValue::try_from(attachment_disposition(&file.name));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::try_from(&file.media_type).unwrap_or(octets));
    headers.insert(header::CONTENT_DISPOSITION, named.unwrap_or(HeaderValue::from_static("attachment")));
    headers.insert(header::CONTENT_LENGTH, file.blob.size.into());
    if !cacheable {
        return response;
    }
    // Its bytes are told by their digest, and what else is said of it is bound to its name and type.
    let said = [file.blob.id.to_string().as_str(), &file.name, &file.media_type].join("\n");
    response.headers_mut().insert(header::ETAG, revalidate::tag(said.as_bytes()));
    revalidate::everybodys(response)
}
