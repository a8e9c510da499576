//! Following what is new on a company's site, by mail: a mailbox is told once whoever has it has said so.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use chrono::Utc;
use notion_import_core::{MailAddress, NewSubscription, StoreError, SubscriptionId};

use super::asking::contact;
use super::frame::{Frame, page};
use super::site::company;
use super::{Address, Answer, Shared, see};
use crate::app::App;
use crate::fields::Fields;
use crate::languages::Language;
use crate::links;
use crate::people::Company;
use crate::problem::Problem;
use crate::session::Visitor;
use crate::telling::CONFIRMATION;

/// The form, with what was typed and what is wrong with it.
#[derive(askama::Template)]
#[template(path = "follow.html")]
struct Follow {
    frame: Frame,
    company: &'static Company,
    /// Where a contact is told, who has shown that the mailbox is theirs.
    known: Option<String>,
    mail: String,
    wrong: Option<&'static str>,
}

pub async fn show(State(app): Shared, visitor: Visitor, Path(site): Path<String>) -> Answer {
    page(&form(&app, &visitor, company(&site)?).await?)
}

async fn form(app: &App, visitor: &Visitor, company: &'static Company) -> Result<Follow, Problem> {
    let frame = Frame::new(app, visitor, visitor.words().follow).await?;
    let known = contact(visitor, company).map(|contact| contact.details.mail().as_str().to_owned());
    Ok(Follow { frame, company, known, mail: String::new(), wrong: None })
}

/// A contact is told from now on. Of anybody else the mailbox is asked first; whatever comes of that, the answer is one and the same.
pub async fn follow(State(app): Shared, visitor: Visitor, Path(site): Path<String>, body: Bytes) -> Answer {
    let company = company(&site)?;
    if let Some(contact) = contact(&visitor, company) {
        return subscribe(&app, &visitor, company, contact.details.mail().clone(), visitor.language).await;
    }
    let fields = Fields::read(&body);
    let Ok(mail) = fields.text("mail").parse::<MailAddress>() else {
        let mut form = form(&app, &visitor, company).await?;
        form.mail = fields.text("mail").to_owned();
        form.wrong = Some(visitor.words().wrong_mail);
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, page(&form)?).into_response());
    };
    if app.links.may_send(&mail, visitor.address) {
        let link = app.telling.confirmation(company, &mail, visitor.language, Utc::now());
        let link = link.map_err(StoreError::backend)?;
        let (words, hours) = (visitor.words(), CONFIRMATION.num_hours().to_string());
        let subject = words.fill(words.follow_mail_subject, &[company.name]);
        links::send(&mail, &subject, &words.fill(words.follow_mail, &[company.name, &hours, &link]));
    }
    see(Address::FollowSent(company))
}

#[derive(askama::Template)]
#[template(path = "follow_sent.html")]
struct FollowSent {
    frame: Frame,
    company: &'static Company,
    hours: String,
}

pub async fn sent(State(app): Shared, visitor: Visitor, Path(site): Path<String>) -> Answer {
    let company = company(&site)?;
    let frame = Frame::new(&app, &visitor, visitor.words().look_at_mail).await?;
    page(&FollowSent { frame, company, hours: CONFIRMATION.num_hours().to_string() })
}

/// Asks before anything is done: what checks mail for harm opens links, and sends no forms.
#[derive(askama::Template)]
#[template(path = "follow_confirm.html")]
struct Confirm {
    frame: Frame,
    company: &'static Company,
    /// Where the form goes: to begin, or to end.
    action: &'static str,
    link: String,
    title: &'static str,
    text: String,
    button: &'static str,
}

pub async fn ask_to_begin(
    State(app): Shared,
    visitor: Visitor,
    Path((site, link)): Path<(String, String)>,
) -> Answer {
    let company = company(&site)?;
    let (mail, _) = confirmed(&app, &visitor, company, &link)?;
    let words = visitor.words();
    let (title, button) = (words.follow, words.follow_button);
    let (frame, text) = (
        Frame::new(&app, &visitor, title).await?,
        words.fill(words.follow_confirm, &[company.name, mail.as_str()]),
    );
    page(&Confirm { frame, company, action: "by", link, title, text, button })
}

pub async fn begin(
    State(app): Shared,
    visitor: Visitor,
    Path((site, link)): Path<(String, String)>,
) -> Answer {
    let company = company(&site)?;
    let (mail, language) = confirmed(&app, &visitor, company, &link)?;
    subscribe(&app, &visitor, company, mail, language).await
}

async fn subscribe(
    app: &App,
    visitor: &Visitor,
    company: &'static Company,
    mail: MailAddress,
    language: Language,
) -> Answer {
    let new = NewSubscription { mail, language: language.code().to_owned(), address: visitor.address };
    app.stores.access.subscribe(company.tenant, &new, Utc::now()).await?;
    visitor.tell(visitor.words().follow_begun);
    see(Address::Site(company))
}

pub async fn ask_to_end(
    State(app): Shared,
    visitor: Visitor,
    Path((site, link)): Path<(String, String)>,
) -> Answer {
    let company = company(&site)?;
    ended_by(&app, company, &link)?;
    let words = visitor.words();
    let (title, button) = (words.follow_end, words.follow_end_button);
    let frame = Frame::new(&app, &visitor, title).await?;
    let text = words.fill(words.follow_end_text, &[company.name]);
    page(&Confirm { frame, company, action: "end", link, title, text, button })
}

pub async fn end(State(app): Shared, visitor: Visitor, Path((site, link)): Path<(String, String)>) -> Answer {
    let company = company(&site)?;
    let id = ended_by(&app, company, &link)?;
    app.stores.access.unsubscribe(company.tenant, id, visitor.address, Utc::now()).await?;
    visitor.tell(visitor.words().follow_ended);
    see(Address::Site(company))
}

/// What a mailbox sends by itself when somebody unsubscribes there: <https://www.rfc-editor.org/rfc/rfc8058>. It knows no origin and
/// has no session; the link is what counts.
pub async fn end_at_once(State(app): Shared, Path((site, link)): Path<(String, String)>) -> Answer {
    let company = company(&site)?;
    let id = ended_by(&app, company, &link)?;
    app.stores.access.unsubscribe(company.tenant, id, None, Utc::now()).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn confirmed(
    app: &App,
    visitor: &Visitor,
    company: &'static Company,
    link: &str,
) -> Result<(MailAddress, Language), Problem> {
    let way_out =
        || Problem::link_is_over().with_way_out(Address::Follow(company).to_string(), visitor.words().follow);
    app.telling.confirmed(company, link, Utc::now()).ok_or_else(way_out)
}

fn ended_by(app: &App, company: &Company, link: &str) -> Result<SubscriptionId, Problem> {
    app.telling.ended(company, link).ok_or_else(Problem::link_is_over)
}
