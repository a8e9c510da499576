//! Signing in to a company's site: a link goes to the address that is known, and whoever has it is the contact.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use notion_import_core::{Contact, DocumentId, MailAddress, StoreError};

use super::frame::{Cast, Frame, page};
use super::site::company;
use super::{Address, Answer, Shared, see};
use crate::app::App;
use crate::fields::Fields;
use crate::languages::Words;
use crate::links::{self, LIFETIME};
use crate::people::{Company, Person};
use crate::problem::Problem;
use crate::session::Visitor;

#[derive(askama::Template)]
#[template(path = "sign_in.html")]
pub struct SignIn {
    frame: Frame,
    company: &'static Company,
    /// Whom one can be, since it is a demo.
    cast: Cast,
    back: Address,
    /// What somebody who cannot sign in may ask for.
    document: Option<DocumentId>,
    mail: String,
    wrong: Option<&'static str>,
}

pub async fn show(State(app): Shared, visitor: Visitor, Path(site): Path<String>) -> Answer {
    page(&form(&app, &visitor, company(&site)?, None).await?)
}

/// The form to sign in with, on the way to a document or to all of them.
pub async fn form(
    app: &App,
    visitor: &Visitor,
    company: &'static Company,
    document: Option<DocumentId>,
) -> Result<SignIn, Problem> {
    let frame = Frame::new(app, visitor, visitor.words().sign_in).await?;
    let back = document.map_or(Address::Site(company), |id| Address::Reading(company, id));
    let cast = Cast::of(app, company).await?;
    Ok(SignIn { frame, company, cast, back, document, mail: String::new(), wrong: None })
}

/// Whatever comes of it, the answer is one and the same, and as soon: who is known here is told to their mailbox alone.
pub async fn send(State(app): Shared, visitor: Visitor, Path(site): Path<String>, body: Bytes) -> Answer {
    let company = company(&site)?;
    let fields = Fields::read(&body);
    let Ok(mail) = fields.text("mail").parse::<MailAddress>() else {
        let mut form = form(&app, &visitor, company, None).await?;
        form.mail = fields.text("mail").to_owned();
        form.wrong = Some(visitor.words().wrong_mail);
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, page(&form)?).into_response());
    };
    let (from, words) = (visitor.address, visitor.words());
    tokio::spawn(async move {
        if app.links.may_send(&mail, from)
            && let Err(error) = mail_link(&app, company, &mail, words).await
        {
            tracing::error!(code = "sign_in_link", %error, "a link to sign in by could not be sent");
        }
    });
    see(Address::LinkSent(company))
}

async fn mail_link(
    app: &App,
    company: &Company,
    mail: &MailAddress,
    words: &Words,
) -> Result<(), StoreError> {
    let known = app.stores.access.contact_of(company.tenant, mail).await?;
    let Some(contact) = known.filter(|contact| !contact.blocked) else { return Ok(()) };
    let secret = app.links.make(contact.id).map_err(StoreError::backend)?;
    let minutes = (LIFETIME.as_secs() / 60).to_string();
    let text = words.fill(words.link_mail, &[&minutes, &entrance(app, company, &secret)]);
    let subject = words.fill(words.link_mail_subject, &[company.name]);
    links::send(contact.details.mail(), &subject, &text);
    Ok(())
}

/// Returns where somebody signs in by a link of this secret.
pub fn entrance(app: &App, company: &Company, secret: &str) -> String {
    format!("{}t/{}/sign-in/by/{secret}", app.site, company.slug)
}

#[derive(askama::Template)]
#[template(path = "link_sent.html")]
struct LinkSent {
    frame: Frame,
    company: &'static Company,
    minutes: String,
}

pub async fn sent(State(app): Shared, visitor: Visitor, Path(site): Path<String>) -> Answer {
    let (company, minutes) = (company(&site)?, LIFETIME.as_secs() / 60);
    let frame = Frame::new(&app, &visitor, visitor.words().look_at_mail).await?;
    page(&LinkSent { frame, company, minutes: minutes.to_string() })
}

#[derive(askama::Template)]
#[template(path = "enter.html")]
struct Enter {
    frame: Frame,
    company: &'static Company,
    link: String,
    name: String,
}

/// Asks before it signs anybody in: what checks mail for harm opens links, and sends no forms.
pub async fn link(
    State(app): Shared,
    visitor: Visitor,
    Path((site, link)): Path<(String, String)>,
) -> Answer {
    let company = company(&site)?;
    let name = welcome(&app, &visitor, company, &link).await?.details.name().to_owned();
    let frame = Frame::new(&app, &visitor, visitor.words().sign_in).await?;
    page(&Enter { frame, company, link, name })
}

pub async fn enter(
    State(app): Shared,
    visitor: Visitor,
    Path((site, link)): Path<(String, String)>,
) -> Answer {
    let company = company(&site)?;
    let contact = welcome(&app, &visitor, company, &link).await?;
    // Somebody may have been quicker.
    app.links.consume(&link).map_err(StoreError::backend)?.ok_or_else(|| over(&visitor, company))?;
    let words = visitor.words();
    visitor.tell(words.fill(words.signed_in_as, &[contact.details.name()]));
    visitor.be(&app.sessions, Some(&Person::Contact(company, contact)))?;
    see(Address::Site(company))
}

/// Whose link it is, if it is still good, and they are a contact of the company who is not shut out.
async fn welcome(
    app: &App,
    visitor: &Visitor,
    company: &'static Company,
    link: &str,
) -> Result<Contact, Problem> {
    let id = app.links.whose(link).map_err(StoreError::backend)?.ok_or_else(|| over(visitor, company))?;
    let contact = app.stores.access.contact(company.tenant, id).await?;
    contact.filter(|contact| !contact.blocked).ok_or_else(|| over(visitor, company))
}

fn over(visitor: &Visitor, company: &'static Company) -> Problem {
    Problem::link_is_over().with_way_out(Address::SignIn(company).to_string(), visitor.words().another_link)
}
