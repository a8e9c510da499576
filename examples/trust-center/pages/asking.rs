//! Asking a company for access, as a contact of it or as somebody it does not know yet.

use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use chrono::Utc;
use notion_import_core::{
    AccessRequest, Asker, Contact, ContactDetails, Cursor, DocumentId, MailAddress, NewRequest, Outside,
    PublicDocument, ReadableQuery, RequestId, RequestLimits, RequestState,
};

use super::frame::{Frame, page};
use super::site::company;
use super::{Address, Answer, Shared, see};
use crate::app::App;
use crate::fields::Fields;
use crate::languages::{Badge, Words};
use crate::people::Company;
use crate::problem::Problem;
use crate::session::Visitor;

/// How many documents the form offers; a search finds others.
const CHOICES: usize = 100;

/// How many pages are looked through for what can be asked for.
const READINGS: usize = 5;

/// How many of their own requests somebody is shown.
const OWN: usize = 20;

/// The form, with what was typed and what is wrong with it.
#[derive(askama::Template)]
#[template(path = "ask.html")]
struct Ask {
    frame: Frame,
    company: &'static Company,
    /// Whether the company knows who asks, so that nobody has to say.
    is_contact: bool,
    documents: Vec<Choice>,
    /// What is searched for.
    searched: String,
    /// Whether a search may find more.
    is_more: bool,
    name: String,
    firm: String,
    mail: String,
    reason: String,
    wrong: Wrong,
}

struct Choice {
    id: DocumentId,
    title: String,
    is_ticked: bool,
}

/// What is wrong with a form; none of what is fine.
#[derive(Default)]
struct Wrong {
    documents: Option<&'static str>,
    name: Option<&'static str>,
    firm: Option<&'static str>,
    mail: Option<&'static str>,
    reason: Option<&'static str>,
}

impl Wrong {
    fn is_nothing(&self) -> bool {
        [self.documents, self.name, self.firm, self.mail, self.reason].iter().all(Option::is_none)
    }
}

pub async fn show(
    State(app): Shared,
    visitor: Visitor,
    Path(site): Path<String>,
    RawQuery(query): RawQuery,
) -> Answer {
    let company = company(&site)?;
    let fields = Fields::read(query.unwrap_or_default().as_bytes());
    page(&form(&app, &visitor, company, &fields, Wrong::default()).await?)
}

/// Whatever comes of it, the answer is one and the same.
pub async fn ask(State(app): Shared, visitor: Visitor, Path(site): Path<String>, body: Bytes) -> Answer {
    let company = company(&site)?;
    let fields = Fields::read(&body);
    let new = match read(&visitor, company, &fields) {
        Ok(new) => new,
        Err(wrong) => {
            let form = form(&app, &visitor, company, &fields, wrong).await?;
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, page(&form)?).into_response());
        }
    };
    app.stores.access.ask(company.tenant, &new, Utc::now()).await?;
    see(Address::Asked(company))
}

#[derive(askama::Template)]
#[template(path = "asked.html")]
struct Asked {
    frame: Frame,
    company: &'static Company,
}

pub async fn asked(State(app): Shared, visitor: Visitor, Path(site): Path<String>) -> Answer {
    let company = company(&site)?;
    let frame = Frame::new(&app, &visitor, visitor.words().thank_you).await?;
    page(&Asked { frame, company })
}

pub async fn withdraw(
    State(app): Shared,
    visitor: Visitor,
    Path((site, id)): Path<(String, String)>,
) -> Answer {
    let company = company(&site)?;
    let id: RequestId = id.parse().map_err(|_| Problem::not_found())?;
    app.stores.access.withdraw_request(company.tenant, &visitor.viewer(), id, Utc::now()).await?;
    visitor.tell(visitor.words().no_longer_asked);
    see(Address::Site(company))
}

async fn form(
    app: &App,
    visitor: &Visitor,
    company: &'static Company,
    fields: &Fields,
    wrong: Wrong,
) -> Result<Ask, Problem> {
    let own = own(app, visitor, company).await?;
    let waits = |id| own.iter().any(|kept| kept.document == id && kept.state == RequestState::Waiting);
    let may_ask = |known: &PublicDocument| match known.outside {
        Outside::SignIn | Outside::RequestAccess => !waits(known.id),
        Outside::Ok | Outside::NotFound | Outside::AcceptNda { .. } => false,
    };
    let ticked: Vec<DocumentId> =
        fields.distinct("document").into_iter().filter_map(|id| id.parse().ok()).take(CHOICES).collect();
    let searched = fields.text("q").to_owned();
    let mut choices = ReadableChoices { app, visitor, company, may_ask, found: Vec::new() };
    // What is ticked stays in sight, whatever is searched for.
    choices.read(ReadableQuery::among(ticked.clone())).await?;
    let mut query = ReadableQuery { text: searched.clone(), ..ReadableQuery::first(CHOICES) };
    let mut is_more = true;
    for _ in 0..READINGS {
        let next = choices.read(query.clone()).await?;
        is_more = next.is_some();
        if !is_more || choices.found.len() >= CHOICES {
            break;
        }
        query = query.after(next);
    }
    let documents = choices.found.into_iter().map(|known| Choice {
        title: visitor.words().title(&known.title),
        is_ticked: ticked.contains(&known.id),
        id: known.id,
    });
    let documents: Vec<_> = documents.collect();
    Ok(Ask {
        frame: Frame::new(app, visitor, visitor.words().ask).await?,
        company,
        is_contact: contact(visitor, company).is_some(),
        documents,
        searched,
        is_more,
        name: fields.text("name").to_owned(),
        firm: fields.text("company").to_owned(),
        mail: fields.text("mail").to_owned(),
        reason: fields.text("reason").to_owned(),
        wrong,
    })
}

/// What can be asked for, as it is read.
struct ReadableChoices<'a, F> {
    app: &'a App,
    visitor: &'a Visitor,
    company: &'static Company,
    may_ask: F,
    found: Vec<PublicDocument>,
}

impl<F: Fn(&PublicDocument) -> bool> ReadableChoices<'_, F> {
    /// Takes a page of what the visitor may know of, and returns where the next begins.
    async fn read(&mut self, query: ReadableQuery) -> Result<Option<Cursor>, Problem> {
        let (site, viewer) = (self.company.tenant, self.visitor.viewer());
        let page = self.app.stores.access.readable(site, &viewer, &query, Utc::now()).await?;
        for known in page.documents {
            if (self.may_ask)(&known) && self.found.iter().all(|found| found.id != known.id) {
                self.found.push(known);
            }
        }
        Ok(page.next)
    }
}

/// The contact of the company that is at the browser.
pub fn contact<'v>(visitor: &'v Visitor, company: &Company) -> Option<&'v Contact> {
    visitor.person.as_ref()?.contact_of(company)
}

/// What the form asks for, or what is wrong with it: that depends on nothing but the form.
fn read(visitor: &Visitor, company: &Company, fields: &Fields) -> Result<NewRequest, Wrong> {
    let (words, mut wrong) = (visitor.words(), Wrong::default());
    let documents: std::collections::BTreeSet<_> =
        fields.all("document").filter_map(|id| id.parse().ok()).collect();
    if !NewRequest::DOCUMENTS.contains(&documents.len()) {
        wrong.documents = Some(words.wrong_documents);
    }
    if fields.text("reason").is_empty() {
        wrong.reason = Some(words.wrong_reason);
    }
    let asker = match contact(visitor, company) {
        Some(contact) => Some(Asker::Contact(contact.id)),
        None => stranger(fields, words, &mut wrong).map(Asker::Stranger),
    };
    let (reason, address) = (fields.text("reason").to_owned(), visitor.address);
    match asker {
        Some(asker) if wrong.is_nothing() => {
            Ok(NewRequest { asker, documents, reason, address, limits: RequestLimits::default() })
        }
        Some(_) | None => Err(wrong),
    }
}

fn stranger(fields: &Fields, words: &'static Words, wrong: &mut Wrong) -> Option<ContactDetails> {
    let (name, firm) = (fields.text("name"), fields.text("company"));
    let mail = fields.text("mail").parse::<MailAddress>();
    if name.is_empty() {
        wrong.name = Some(words.wrong_name);
    }
    if firm.is_empty() {
        wrong.firm = Some(words.wrong_company);
    }
    if mail.is_err() {
        wrong.mail = Some(words.wrong_mail);
    }
    let details = ContactDetails::new(name, firm, mail.ok()?);
    if details.is_err() && wrong.is_nothing() {
        wrong.name = Some(words.wrong_letters);
    }
    details.ok()
}

/// What whoever is at the browser has asked this company for, newest first.
async fn own(app: &App, visitor: &Visitor, company: &Company) -> Result<Vec<AccessRequest>, Problem> {
    match contact(visitor, company) {
        Some(contact) => Ok(app.stores.access.requests_of(company.tenant, contact.id, OWN).await?),
        None => Ok(Vec::new()),
    }
}

/// A request, as its author sees it.
pub struct OwnRequest {
    pub id: RequestId,
    pub document: DocumentId,
    pub title: String,
    pub asked: String,
    pub state: RequestState,
    pub badge: Badge,
}

impl OwnRequest {
    /// Returns what the visitor has asked for. What they may not know of has no title.
    pub async fn all(app: &App, visitor: &Visitor, company: &Company) -> Result<Vec<Self>, Problem> {
        let own = own(app, visitor, company).await?;
        let among = ReadableQuery::among(own.iter().map(|kept| kept.document).collect());
        let viewer = visitor.viewer();
        let readable =
            app.stores.access.readable(company.tenant, &viewer, &among, Utc::now()).await?.documents;
        let words = visitor.words();
        let title = |id| match readable.iter().find(|known| known.id == id) {
            Some(known) => words.title(&known.title),
            None => words.gone_document.to_owned(),
        };
        let shown = own.into_iter().map(|kept| Self {
            id: kept.id,
            document: kept.document,
            title: title(kept.document),
            asked: words.moment(kept.asked_at),
            badge: words.request(kept.state),
            state: kept.state,
        });
        Ok(shown.collect())
    }

    pub fn is_waiting(&self) -> bool {
        self.state == RequestState::Waiting
    }
}
