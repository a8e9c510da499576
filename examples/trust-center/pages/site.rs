//! A company's public site: what each visitor may see of it, and nothing else.

use std::sync::LazyLock;

use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use chrono::Utc;
use notion_import_core::store::folded;
use notion_import_core::{
    AccessLevel, Cursor, DocumentId, Mark, NdaId, NdaText, NewAcceptance, Outside, Place, PublicDocument,
    ReadOutcome, Readable, ReadableOrder, ReadableQuery,
};

use super::asking::{OwnRequest, contact};
use super::categories::Group;
use super::documents::place;
use super::entering;
use super::frame::{Frame, page};
use super::preview::Shown;
use super::{Address, Answer, Shared, see};
use crate::app::App;
use crate::fields::Fields;
use crate::html::Links;
use crate::kept::KeptPage;
use crate::languages::Words;
use crate::people::{Company, Person};
use crate::problem::Problem;
use crate::session::Visitor;
use crate::{language, revalidate};

#[derive(askama::Template)]
#[template(path = "site.html")]
struct Site {
    frame: Frame,
    company: &'static Company,
    is_member: bool,
    is_contact: bool,
    /// What was published last, where there is more than somebody sees at a glance.
    news: Vec<Shelved>,
    open: Vec<Group>,
    closed: Vec<Shelved>,
    /// What the visitor has asked for.
    own: Vec<OwnRequest>,
    can_ask: bool,
    /// What is asked for.
    asked: Asked,
    /// The categories, and all documents before them: what each shows, and whether that is what this page shows. Empty if there are none.
    categories: Vec<(String, String, bool)>,
    /// The same in each order; empty where there is nothing to put in order.
    orders: Vec<(&'static str, String, bool)>,
    /// Whether this is all that there is.
    is_whole: bool,
    /// Where the pages around this one begin.
    previous: Option<String>,
    next: Option<String>,
}

/// Documents on a page.
const CARDS: usize = 60;

/// How many documents somebody sees at a glance, and how many are news where there are more.
const HANDFUL: usize = 5;

/// What the page of a site looks like, as far as no document decides that.
static LOOKS: LazyLock<String> = LazyLock::new(|| {
    revalidate::digest(
        concat!(
            include_str!("../../templates/site.html"),
            include_str!("../../templates/layout.html"),
            include_str!("../languages/en.rs"),
            include_str!("../languages/de.rs"),
        )
        .as_bytes(),
    )
});

/// What somebody looks for on the shelf.
#[derive(Clone, Default)]
struct Asked {
    searched: String,
    category: Option<String>,
    order: ReadableOrder,
}

/// A document on the shelf: nothing of its source, nothing of the company's members.
pub struct Shelved {
    pub id: DocumentId,
    pub title: String,
    pub level: AccessLevel,
    pub published: String,
    pub hint: &'static str,
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
    let (company, query) = (company(&site)?, query.unwrap_or_default());
    let title = visitor.words().fill(visitor.words().site_title, &[company.name]);
    let frame = Frame::new(&app, &visitor, title).await?;
    if !frame.is_everybodys() {
        return page(&shelf(&app, &visitor, company, frame, &query).await?);
    }
    let window = frame.notion.clone().unwrap_or_default();
    let name = (&*format!("{query} {window} {}", *LOOKS), Some(visitor.language));
    let write = async || page(&shelf(&app, &visitor, company, frame, &query).await?);
    revalidate::by_revision(&app, company, &headers, name, write).await
}

async fn shelf(
    app: &App,
    visitor: &Visitor,
    company: &'static Company,
    frame: Frame,
    query: &str,
) -> Result<Site, Problem> {
    let (fields, words) = (Fields::read(query.as_bytes()), visitor.words());
    let asked = Asked::read(&fields);
    let query = ReadableQuery { place: place(&fields), ..asked.query(CARDS) };
    let (site, viewer, now) = (company.tenant, visitor.viewer(), Utc::now());
    let readable = app.stores.access.readable(site, &viewer, &query, now).await?;
    let known = app.stores.access.categories(site, &viewer, now).await?;
    let turn = |name: &str, place: &Cursor| asked.address(company, Some((name, place)));
    let (previous, next) = (
        readable.previous.as_ref().map(|at| turn("before", at)),
        readable.next.as_ref().map(|at| turn("after", at)),
    );
    let is_all = asked.searched.is_empty() && asked.category.is_none();
    let is_first = query.place == Place::Start && is_all;
    let is_handful = is_first && readable.documents.len() <= HANDFUL;
    let news = match is_first && !is_handful && asked.order == ReadableOrder::Title {
        true => {
            let newest = ReadableQuery { order: ReadableOrder::Newest, ..ReadableQuery::first(HANDFUL) };
            app.stores.access.readable(site, &viewer, &newest, now).await?.documents
        }
        false => Vec::new(),
    };
    let is_whole = previous.is_none() && next.is_none() && is_all;
    let is_open = |known: &&PublicDocument| known.outside == Outside::Ok;
    let open = readable.documents.iter().filter(is_open);
    let open = match is_whole && !known.is_empty() {
        true => Group::by_category(open, words),
        false => Group::all(open, words),
    };
    let closed: Vec<_> = readable.documents.iter().filter(|known| !is_open(known)).collect();
    let own = OwnRequest::all(app, visitor, company).await?;
    let orders = [(words.by_title, ReadableOrder::Title), (words.newest_first, ReadableOrder::Newest)];
    let orders = orders.map(|(name, order)| {
        (name, Asked { order, ..asked.clone() }.address(company, None), order == asked.order)
    });
    Ok(Site {
        company,
        is_member: is_member(visitor, company),
        is_contact: contact(visitor, company).is_some(),
        can_ask: closed.iter().any(|known| matches!(known.outside, Outside::SignIn | Outside::RequestAccess)),
        own,
        news: news.iter().map(|known| shelved(known, words)).collect(),
        open,
        closed: closed.into_iter().map(|known| shelved(known, words)).collect(),
        is_whole,
        orders: if is_handful || readable.documents.is_empty() { Vec::new() } else { orders.into() },
        categories: asked.among(company, known, words),
        asked,
        previous,
        next,
        frame,
    })
}

impl Asked {
    fn read(fields: &Fields) -> Self {
        let order = ReadableOrder::ALL.into_iter().find(|known| known.as_str() == fields.text("sort"));
        Self {
            searched: fields.text("q").to_owned(),
            category: fields.given("category").map(str::to_owned),
            order: order.unwrap_or_default(),
        }
    }

    fn query(&self, limit: usize) -> ReadableQuery {
        let Self { searched, category, order } = self.clone();
        ReadableQuery { text: searched, category, order, ..ReadableQuery::first(limit) }
    }

    /// Returns where a page of the shelf is.
    fn address(&self, company: &Company, place: Option<(&str, &Cursor)>) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(Some(&self.searched).filter(|text| !text.is_empty()).map(|text| ("q", text)));
        query.extend_pairs(self.category.as_ref().map(|category| ("category", category)));
        let sort = Some(self.order).filter(|order| *order != ReadableOrder::default());
        query.extend_pairs(sort.map(|order| ("sort", order.as_str())));
        query.extend_pairs(place.map(|(name, place)| (name, place.to_string())));
        match query.finish() {
            query if query.is_empty() => format!("/t/{}", company.slug),
            query => format!("/t/{}?{query}", company.slug),
        }
    }

    /// Returns what is shown of each category that the visitor may know of, and of all.
    fn among(&self, company: &Company, known: Vec<String>, words: &Words) -> Vec<(String, String, bool)> {
        let is_asked =
            |name: &Option<String>| name.as_deref().map(folded) == self.category.as_deref().map(folded);
        let all = known.into_iter().map(Some).collect::<Vec<_>>();
        let all = if all.is_empty() { all } else { [vec![None], all].concat() };
        let shown = all.into_iter().map(|category| {
            let (name, is_current) = (category.clone(), is_asked(&category));
            let address = Self { category, ..self.clone() }.address(company, None);
            (name.unwrap_or_else(|| words.every_category.to_owned()), address, is_current)
        });
        shown.collect()
    }
}

fn is_member(visitor: &Visitor, company: &Company) -> bool {
    matches!(&visitor.person, Some(Person::Member(own, _)) if own.tenant == company.tenant)
}

pub fn shelved(known: &PublicDocument, words: &Words) -> Shelved {
    Shelved {
        id: known.id,
        title: words.title(&known.title),
        level: known.level,
        published: words.day(known.published_at),
        hint: words.hint(&known.outside),
    }
}

#[derive(askama::Template)]
#[template(path = "reading.html")]
struct ReadingPage {
    frame: Frame,
    company: &'static Company,
    id: DocumentId,
    title: String,
    version: String,
    shown: Shown,
    /// What it says in print of the contact who reads it.
    mark: Option<Mark>,
}

pub async fn document(
    State(app): Shared,
    visitor: Visitor,
    Path((site, id)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Answer {
    let (company, id) = (company(&site)?, document_id(&id)?);
    let visit = visitor.visit(company);
    // Read before the document: what changes in between makes the page newer than its revision, and never older.
    // What else is asked for stands in the addresses of the page in other languages, and is nobody else's.
    let revision = match visitor.is_anybody() && query.is_none() {
        true => Some(app.revisions.of(company.tenant).await?),
        false => None,
    };
    if let Some(kept) =
        revision.and_then(|revision| app.kept.at(revision, (company.tenant, id, visitor.language)))
    {
        app.gate.read_again(&visit, id, kept.version).await;
        let unchanged = revalidate::unchanged_since(&headers, &kept.tag);
        let mut response = unchanged.unwrap_or_else(|| everybodys(&kept));
        language::say(response.headers_mut(), visitor.language);
        return Ok(response);
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
            let frame = Frame::new(&app, &visitor, visitor.words().access_needed).await?;
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
    let shown = Shown::to_reader(app, company, visitor, readable, &files).await?;
    let title = visitor.words().title(&readable.title);
    let frame = Frame::new(app, visitor, title.clone()).await?;
    let (version, mark) = (readable.version.0.to_string(), readable.mark.clone());
    let reading = ReadingPage { frame, company, id, title, version, shown, mark };
    let Some(revision) = revision.filter(|_| readable.cacheable) else { return page(&reading) };
    let html = Bytes::from(askama::Template::render(&reading)?);
    let kept = KeptPage { revision, version: readable.version, tag: revalidate::tag(&html), html };
    Ok(everybodys(&app.kept.keep((company.tenant, id, visitor.language), kept)))
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
    version: String,
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
        frame: Frame::new(app, visitor, visitor.words().nda).await?,
        company,
        id,
        text: app.converted.html(company.tenant, &nda.text).await?.for_reader(&links),
        digest: nda.digest().to_string(),
        version: nda.version.to_string(),
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
        return Err(Problem::form(visitor.words().nda_tick));
    }
    let acceptance = NewAcceptance {
        document: id,
        nda: fields.text("nda").parse().map_err(|_| Problem::not_found())?,
        version: fields.text("version").parse().map_err(|_| Problem::not_found())?,
        digest: fields.text("digest").parse().map_err(|_| Problem::not_found())?,
        address: visitor.address,
    };
    app.stores.access.accept_nda(company.tenant, &visitor.viewer(), &acceptance, Utc::now()).await?;
    let words = visitor.words();
    visitor.tell(words.fill(words.nda_accepted, &[company.name]));
    see(Address::Reading(company, id))
}
