//! What a company signs of the version that it shows, and what is needed to verify it.

use axum::extract::{Path, State};
use axum::http::header;
use axum::response::IntoResponse;
use chrono::Utc;
use notion_import_core::{
    Actor, Agent, AuditEvent, AuditQuery, Content, DocumentId, MemberId, ReadOutcome, Receipt, Version,
    VersionNumber,
};

use super::document::{files, known};
use super::site::{company, document_id};
use super::{Answer, Shared, download};
use crate::app::App;
use crate::people::Company;
use crate::problem::Problem;
use crate::session::{Staff, Visitor};

/// So many entries of a document's history are searched for who published it.
const HISTORY: usize = 1000;

const MARKDOWN: &str = "text/markdown";

/// For members: with the page, its losses and who published it.
pub async fn of_members(State(app): Shared, visitor: Visitor, Path(id): Path<DocumentId>) -> Answer {
    let staff = visitor.staff()?;
    let document = known(&app, &staff, id).await?;
    let version = shown(&app, &staff, id, document.facts.publication.version()).await?;
    let by = publisher(&app, &staff.actor, id, version.number).await?;
    let receipt = Receipt::of(&document, &version, by, Utc::now()).ok_or_else(Problem::not_found)?;
    signed(&app, staff.company, &receipt)
}

/// For whoever may read the document, if it is a file.
pub async fn of_readers(
    State(app): Shared,
    visitor: Visitor,
    Path((site, id)): Path<(String, String)>,
) -> Answer {
    let (company, id) = (company(&site)?, document_id(&id)?);
    let ReadOutcome::Open(receipt) = app.gate.receipt(&visitor.visit(company), id).await? else {
        return Err(Problem::not_found());
    };
    // A text is shown as a page, with the links that its reader may follow: nobody outside has the bytes that are signed.
    if receipt.media_type == MARKDOWN {
        return Err(Problem::not_found());
    }
    signed(&app, company, &receipt)
}

/// The document that a receipt for members is about, as the bytes that were signed.
pub async fn document(State(app): Shared, visitor: Visitor, Path(id): Path<DocumentId>) -> Answer {
    let staff = visitor.staff()?;
    let published = known(&app, &staff, id).await?.facts.publication.version();
    Ok(match shown(&app, &staff, id, published).await?.content {
        Content::Markdown(text) => download("text/markdown; charset=utf-8", "document.md", text),
        Content::File(file) => {
            axum::response::Redirect::to(&format!("{}/{}", files(id), file.blob.id)).into_response()
        }
    })
}

/// The keys by which a company's receipts are verified. They are for everybody, and at this address for good.
pub async fn keys(State(app): Shared, Path(site): Path<String>) -> Answer {
    let keys = app.signing.published(company(&site)?).to_string();
    Ok(([(header::CONTENT_TYPE, "application/jwk-set+json")], keys).into_response())
}

async fn shown(
    app: &App,
    staff: &Staff,
    id: DocumentId,
    published: Option<VersionNumber>,
) -> Result<Version, Problem> {
    let versions = app.stores.access.versions(&staff.actor, id).await?;
    versions.into_iter().find(|version| Some(version.number) == published).ok_or_else(Problem::not_found)
}

async fn publisher(
    app: &App,
    actor: &Actor,
    id: DocumentId,
    shown: VersionNumber,
) -> Result<Option<MemberId>, Problem> {
    let history = app.stores.audit.audit(actor, &AuditQuery::of_document(id, HISTORY)).await?;
    let published = history
        .into_iter()
        .find(|entry| matches!(&entry.event, AuditEvent::Published { version, .. } if *version == shown));
    Ok(published.and_then(|entry| match entry.by {
        Agent::Member(member) => Some(member),
        Agent::Contact(_) | Agent::Visitor | Agent::System => None,
    }))
}

fn signed(app: &App, company: &Company, receipt: &Receipt) -> Answer {
    let signed = app.signing.sign(company, receipt).ok_or_else(Problem::not_found)?;
    Ok(download("application/jose", "receipt.jws", signed))
}
