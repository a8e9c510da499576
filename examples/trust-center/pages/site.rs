//! A company's public site: what each visitor may see of it, and nothing else.

use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use chrono::Utc;
use notion_import_core::{
    AccessLevel, Cursor, DocumentId, Mark, NdaId, NdaText, NewAcceptance, Outside, PublicDocument,
    ReadOutcome, Readable, ReadableQuery,
};

use super::asking::{OwnRequest, contact};
use super::documents::place;
use super::entering;
use super::frame::{Frame, page};
use super::preview::Shown;
use super::{Address, Answer, Shared, see};
use crate::app::App;
use crate::fields::Fields;
use crate::html::Links;
use crate::kept::KeptPage;
use crate::people::{Company, Person};
use crate::problem::Problem;
use crate::session::Visitor;
use crate::{revalidate, words};

#[derive(askama::Template)]
#[template(path = "site.html")]
struct Site {
    frame: Frame,
    company: &'static Company,
    is_member: bool,
    is_contact: bool,
    open: Vec<Shelved>,
    closed: Vec<Shelved>,
    /// What the visitor has asked for.
    own: Vec<OwnRequest>,
    can_ask: bool,
    /// What is searched for.
    words: String,
    /// Whether this is all that there is.
    is_whole: bool,
    /// Where the pages around this one begin.
    previous: Option<String>,
    next: Option<String>,
}

/// Documents on a page.
const CARDS: usize = 60;

/// What the page of a site looks like, as far as no document decides that.
const LOOKS: &str =
    concat!(include_str!("../../templates/site.html"), include_str!("../../templates/layout.html"));

/// A document on the shelf: nothing of its source, nothing of the company's members.
struct Shelved {
    id: DocumentId,
    title: String,
    level: AccessLevel,
    published: String,
    hint: &'static str,
}

pub fn company(site: &str) -> Result<&'static Company, Problem> {
    Company::of_slug(site).ok_or_else(Problem::not_found)
}

/// What is no id names nothing, and looks like it.
pub fn document_id(text: &str) -> Result<DocumentId, Problem> {
    text.parse().map_err(|_| Problem::not_found())
}

pub async fn show(
    State(app): Shared,
    visitor: Visitor,
    Path(site): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Answer {
    let company = company(&site)?;
    let query = query.unwrap_or_default();
    let frame = Frame::new(&app, &visitor, format!("{} Trust Center", company.name)).await?;
    if !frame.is_everybodys() {
        return page(&shelf(&app, &visitor, company, frame, &query).await?);
    }
    // Read before the list: what changes in between makes the list newer than its tag, and never older.
    let revision = app.stores.access.site_revision(company.tenant).await?;
    let window = frame.notion.clone().unwrap_or_default();
    let tag = revalidate::tag(format!("{revision} {} {query} {window} {LOOKS}", company.slug).as_bytes());
    if let Some(unchanged) = revalidate::unchanged_since(&headers, &tag) {
        return Ok(unchanged);
    }
    let page = page(&shelf(&app, &visitor, company, frame, &query).await?)?;
    Ok(revalidate::everybodys(revalidate::tagged_by(page, tag)))
}

async fn shelf(
    app: &App,
    visitor: &Visitor,
    company: &'static Company,
    frame: Frame,
    query: &str,
) -> Result<Site, Problem> {
    let fields = Fields::read(query.as_bytes());
    let words = fields.text("q").to_owned();
    let query = ReadableQuery { text: words.clone(), place: place(&fields), ..ReadableQuery::first(CARDS) };
    let readable = app.stores.access.readable(company.tenant, &visitor.viewer(), &query, Utc::now()).await?;
    let turn = |name: &str, place: &Cursor| {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("q", &words).append_pair(name, &place.to_string());
        format!("/t/{}?{}", company.slug, query.finish())
    };
    let (previous, next) = (
        readable.previous.as_ref().map(|at| turn("before", at)),
        readable.next.as_ref().map(|at| turn("after", at)),
    );
    let (open, closed): (Vec<_>, Vec<_>) =
        readable.documents.iter().partition(|known| known.outside == Outside::Ok);
    let own = OwnRequest::all(app, visitor, company).await?;
    Ok(Site {
        company,
        is_member: is_member(visitor, company),
        is_contact: contact(visitor, company).is_some(),
        can_ask: closed.iter().any(|known| matches!(known.outside, Outside::SignIn | Outside::RequestAccess)),
        own,
        open: open.into_iter().map(shelved).collect(),
        closed: closed.into_iter().map(shelved).collect(),
        is_whole: previous.is_none() && next.is_none() && words.is_empty(),
        words,
        previous,
        next,
        frame,
    })
}

fn is_member(visitor: &Visitor, company: &Company) -> bool {
    matches!(&visitor.person, Some(Person::Member(own, _)) if own.tenant == company.tenant)
}

fn shelved(known: &PublicDocument) -> Shelved {
    let hint = match known.outside {
        Outside::Ok => "",
        Outside::AcceptNda { .. } => "Accept the NDA to read",
        Outside::SignIn => "Sign in, or ask for access",
        Outside::RequestAccess => "Ask for access",
        Outside::NotFound => "",
    };
    Shelved {
        id: known.id,
        title: words::title(&known.title),
        level: known.level,
        published: known.published_at.format("%-d %B %Y").to_string(),
        hint,
    }
}

#[derive(askama::Template)]
#[template(path = "reading.html")]
struct ReadingPage {
    frame: Frame,
    company: &'static Company,
    id: DocumentId,
    title: String,
    version: u32,
    shown: Shown,
    /// What it says in print of the contact who reads it.
    mark: Option<Mark>,
}

pub async fn document(
    State(app): Shared,
    visitor: Visitor,
    Path((site, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Answer {
    let (company, id) = (company(&site)?, document_id(&id)?);
    let visit = visitor.visit(company);
    // Read before the document: what changes in between makes the page newer than its revision, and never older.
    let revision = match visitor.is_anybody() {
        true => Some(app.stores.access.site_revision(company.tenant).await?),
        false => None,
    };
    if let Some(kept) = revision.and_then(|revision| app.kept.at(revision, company.tenant, id)) {
        app.gate.read_again(&visit, id, kept.version).await;
        let unchanged = revalidate::unchanged_since(&headers, &kept.tag);
        return Ok(unchanged.unwrap_or_else(|| everybodys(&kept)));
    }
    match app.gate.read(&visit, id).await? {
        ReadOutcome::Open(readable) => read(&app, &visitor, company, id, &readable, revision).await,
        ReadOutcome::Closed(Outside::AcceptNda { nda, version }) => {
            ask_nda(&app, &visitor, company, id, (nda, version)).await
        }
        ReadOutcome::Closed(Outside::SignIn) => {
            let form = entering::form(&app, &visitor, company, Some(id)).await?;
            Ok((StatusCode::UNAUTHORIZED, page(&form)?).into_response())
        }
        ReadOutcome::Closed(Outside::RequestAccess) => {
            let waiting = OwnRequest::all(&app, &visitor, company).await?.into_iter();
            let mut waiting = waiting.filter(|own| own.document == id && own.is_waiting());
            let waiting = waiting.next().map(|own| own.asked);
            let frame = Frame::new(&app, &visitor, "Access needed").await?;
            let closed = Closed { frame, company, document: id, waiting };
            Ok((StatusCode::FORBIDDEN, page(&closed)?).into_response())
        }
        ReadOutcome::Closed(Outside::NotFound | Outside::Ok) => Err(Problem::not_found()),
        ReadOutcome::Unmarkable(why) => Err(Problem::unmarkable(company.name, why)),
    }
}

async fn read(
    app: &App,
    visitor: &Visitor,
    company: &'static Company,
    id: DocumentId,
    readable: &Readable,
    revision: Option<u64>,
) -> Answer {
    let files = format!("/t/{}/d/{id}/files", company.slug);
    let shown = Shown::to_reader(app, company, &visitor.viewer(), readable, &files).await?;
    let title = words::title(&readable.title);
    let frame = Frame::new(app, visitor, title.clone()).await?;
    let (version, mark) = (readable.version.0, readable.mark.clone());
    let reading = ReadingPage { frame, company, id, title, version, shown, mark };
    let Some(revision) = revision.filter(|_| readable.cacheable) else { return page(&reading) };
    let html = Bytes::from(askama::Template::render(&reading)?);
    let kept = KeptPage { revision, version: readable.version, tag: revalidate::tag(&html), html };
    Ok(everybodys(&app.kept.keep(company.tenant, id, kept)))
}

fn everybodys(kept: &KeptPage) -> Response {
    let page = Html(kept.html.clone()).into_response();
    revalidate::everybodys(revalidate::tagged_by(page, kept.tag.clone()))
}

#[derive(askama::Template)]
#[template(path = "closed.html")]
struct Closed {
    frame: Frame,
    company: &'static Company,
    document: DocumentId,
    /// When the visitor asked for it, if nobody has answered.
    waiting: Option<String>,
}

#[derive(askama::Template)]
#[template(path = "nda.html")]
struct NdaPage {
    frame: Frame,
    company: &'static Company,
    id: DocumentId,
    nda: NdaText,
    text: String,
    digest: String,
}

async fn ask_nda(
    app: &App,
    visitor: &Visitor,
    company: &'static Company,
    id: DocumentId,
    (nda, version): (NdaId, u32),
) -> Answer {
    let nda =
        app.stores.access.nda_text(company.tenant, nda, version).await?.ok_or_else(Problem::not_found)?;
    let links = Links { files: "", documents: &Default::default(), into_notion: false };
    let shown = NdaPage {
        frame: Frame::new(app, visitor, "Non-disclosure agreement").await?,
        company,
        id,
        text: app.converted.html(company.tenant, &nda.text).await?.for_reader(&links),
        digest: nda.digest().to_string(),
        nda,
    };
    Ok((StatusCode::FORBIDDEN, Html(askama::Template::render(&shown)?)).into_response())
}

/// An acceptance is of the very text that was shown.
pub async fn accept(
    State(app): Shared,
    visitor: Visitor,
    Path((site, id)): Path<(String, String)>,
    body: Bytes,
) -> Answer {
    let (company, id) = (company(&site)?, document_id(&id)?);
    let fields = Fields::read(&body);
    if !fields.is_on("agree") {
        return Err(Problem::form("Tick that you agree, or leave the document unread."));
    }
    let acceptance = NewAcceptance {
        document: id,
        nda: fields.text("nda").parse().map_err(|_| Problem::not_found())?,
        version: fields.text("version").parse().map_err(|_| Problem::not_found())?,
        digest: fields.text("digest").parse().map_err(|_| Problem::not_found())?,
        address: visitor.address,
    };
    app.stores.access.accept_nda(company.tenant, &visitor.viewer(), &acceptance, Utc::now()).await?;
    visitor.tell(format!(
        "Accepted. {} keeps it word for word; your copy is under “What you accepted”.",
        company.name
    ));
    see(Address::Reading(company, id))
}
