//! Whom a company knows outside: adding them, shutting them out, and erasing what is known of them.

use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use chrono::Utc;
use notion_import_core::{
    Action, Conflict, Contact, ContactChange, ContactDetails, ContactId, MissingDetail, StoreError,
};

use super::frame::{Frame, page};
use super::{Address, Answer, Shared, cut, id, inviting, see};
use crate::app::App;
use crate::fields::Fields;
use crate::problem::Problem;
use crate::session::{Staff, Visitor};
use crate::words;

/// Contacts on a page.
const LINES: usize = 50;

/// Contacts that are taken from a table at once.
const MOST: usize = 1000;

#[derive(askama::Template)]
#[template(path = "contacts.html")]
struct Contacts {
    frame: Frame,
    contacts: Vec<Shown>,
    /// The contact that the next page begins after; none if this is the last.
    next: Option<ContactId>,
    is_first: bool,
    form: Form,
    table: Table,
}

struct Shown {
    id: ContactId,
    name: String,
    firm: String,
    mail: String,
    is_blocked: bool,
    added: String,
}

/// What was typed of one contact, and what is wrong with it.
#[derive(Default)]
struct Form {
    name: String,
    firm: String,
    mail: String,
    wrong: Option<&'static str>,
}

/// What became of a table of contacts. What was not taken stands there still.
#[derive(Default)]
struct Table {
    added: usize,
    known: usize,
    refused: Vec<Refused>,
    left: String,
    wrong: Option<String>,
}

struct Refused {
    line: u64,
    why: &'static str,
}

pub async fn show(State(app): Shared, visitor: Visitor, RawQuery(query): RawQuery) -> Answer {
    let staff = visitor.staff_who_may(Action::Assign)?;
    let fields = Fields::read(query.unwrap_or_default().as_bytes());
    let after = id(&fields, "after")?;
    page(&contacts(&app, &visitor, &staff, after, Form::default(), Table::default()).await?)
}

async fn contacts(
    app: &App,
    visitor: &Visitor,
    staff: &Staff,
    after: Option<ContactId>,
    form: Form,
    table: Table,
) -> Result<Contacts, Problem> {
    let mut contacts = app.stores.access.contacts(&staff.actor, after, LINES + 1).await?;
    let next = cut(&mut contacts, LINES).map(|last| last.id);
    Ok(Contacts {
        frame: Frame::new(app, visitor, "Contacts").await?,
        contacts: contacts.iter().map(Shown::of).collect(),
        next,
        is_first: after.is_none(),
        form,
        table,
    })
}

pub async fn add(State(app): Shared, visitor: Visitor, body: Bytes) -> Answer {
    let staff = visitor.staff_who_may(Action::Assign)?;
    let fields = Fields::read(&body);
    let form = |wrong| Form {
        name: fields.text("name").to_owned(),
        firm: fields.text("company").to_owned(),
        mail: fields.text("mail").to_owned(),
        wrong: Some(wrong),
    };
    let details = details(fields.text("name"), fields.text("company"), fields.text("mail"));
    let added = match details {
        Ok(details) => added(&app, &staff, &details).await?,
        Err(wrong) => Err(wrong),
    };
    if let Err(wrong) = added {
        let contacts = contacts(&app, &visitor, &staff, None, form(wrong), Table::default()).await?;
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, page(&contacts)?).into_response());
    }
    let mut told = "Added. They read what is public, until somebody lets them in to more.".to_owned();
    if fields.is_on("invite")
        && let Ok(mail) = fields.text("mail").parse()
        && let Some(contact) = app.stores.access.contact_of(staff.actor.tenant, &mail).await?
    {
        told = format!("{told} {}", inviting::send(&app, staff.company, &contact, visitor.address)?.told());
    }
    visitor.tell(told);
    see(Address::Contacts)
}

/// Adds the contacts of a table, each for itself: name, company and mail address in a line.
pub async fn import(State(app): Shared, visitor: Visitor, body: Bytes) -> Answer {
    let staff = visitor.staff_who_may(Action::Assign)?;
    let fields = Fields::read(&body);
    let table = taken(&app, &staff, fields.text("table")).await?;
    let status = if table.wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let contacts = contacts(&app, &visitor, &staff, None, Form::default(), table).await?;
    Ok((status, page(&contacts)?).into_response())
}

async fn taken(app: &App, staff: &Staff, text: &str) -> Result<Table, Problem> {
    let mut lines = csv::ReaderBuilder::new();
    // What comes from a spreadsheet by the clipboard has tabs.
    let delimiter = if text.lines().next().is_some_and(|first| first.contains('\t')) { b'\t' } else { b',' };
    let mut lines = lines.has_headers(false).flexible(true).delimiter(delimiter).from_reader(text.as_bytes());
    let lines: Result<Vec<_>, _> = lines.records().collect();
    let wrong = |wrong: String| Table { left: text.to_owned(), wrong: Some(wrong), ..Table::default() };
    let lines = match lines {
        Ok(lines) if lines.is_empty() => {
            return Ok(wrong("Paste a line for each contact: name, company, mail address.".to_owned()));
        }
        Ok(lines) if lines.len() > MOST => {
            return Ok(wrong(format!("These are {} lines. Take {MOST} at once at most.", lines.len())));
        }
        Ok(lines) => lines,
        Err(_) => return Ok(wrong("This is no table.".to_owned())),
    };
    let mut table = Table::default();
    for line in &lines {
        let cell = |number| line.get(number).unwrap_or_default().trim();
        let is_heading = line.position().is_some_and(|place| place.line() == 1) && !cell(2).contains('@');
        if is_heading && table.refused.is_empty() && lines.len() > 1 {
            continue;
        }
        let outcome = match details(cell(0), cell(1), cell(2)) {
            Ok(details) => added(app, staff, &details).await?,
            Err(why) => Err(why),
        };
        match outcome {
            Ok(()) => table.added += 1,
            Err(TAKEN) => table.known += 1,
            Err(why) => {
                table.refused.push(Refused { line: line.position().map_or(0, csv::Position::line), why });
                table.left.push_str(&written(line));
            }
        }
    }
    Ok(table)
}

/// A line as it may be pasted again.
fn written(line: &csv::StringRecord) -> String {
    let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
    let written = writer.write_record(line).ok().and_then(|()| writer.into_inner().ok());
    written.and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default()
}

const TAKEN: &str = "Somebody has this mail address already.";

/// What may be known of somebody, or what is missing.
fn details(name: &str, firm: &str, mail: &str) -> Result<ContactDetails, &'static str> {
    let mail = mail.parse().map_err(|_| "That is no mail address, such as name@company.example.")?;
    ContactDetails::new(name, firm, mail).map_err(|missing| match missing {
        MissingDetail::Name => "A name is missing.",
        MissingDetail::Company => "A company is missing.",
    })
}

async fn added(
    app: &App,
    staff: &Staff,
    details: &ContactDetails,
) -> Result<Result<(), &'static str>, StoreError> {
    match app.stores.access.add_contact(&staff.actor, ContactId::fresh(), details, Utc::now()).await {
        Ok(()) => Ok(Ok(())),
        Err(StoreError::Conflict(Conflict::AddressTaken)) => Ok(Err(TAKEN)),
        Err(error) => Err(error),
    }
}

#[derive(askama::Template)]
#[template(path = "contact.html")]
struct One {
    frame: Frame,
    contact: Shown,
    may_erase: bool,
    /// When they were last invited, if that is remembered.
    invited: Option<String>,
}

pub async fn one(State(app): Shared, visitor: Visitor, Path(id): Path<ContactId>) -> Answer {
    let staff = visitor.staff_who_may(Action::Assign)?;
    let contact = known(&app, &staff, id).await?;
    page(&One {
        frame: Frame::new(&app, &visitor, contact.details.name()).await?,
        contact: Shown::of(&contact),
        may_erase: staff.actor.may(Action::Erase).is_ok(),
        invited: app.links.invited_at(id).map_err(StoreError::backend)?.map(words::moment),
    })
}

pub async fn block(State(app): Shared, visitor: Visitor, Path(id): Path<ContactId>) -> Answer {
    let staff = visitor.staff_who_may(Action::Assign)?;
    app.stores.access.change_contact(&staff.actor, id, ContactChange::Block, Utc::now()).await?;
    visitor.tell("Shut out, at once. What they are assigned stays, for when they are let back in.");
    see(Address::Contact(id))
}

pub async fn unblock(State(app): Shared, visitor: Visitor, Path(id): Path<ContactId>, body: Bytes) -> Answer {
    let staff = visitor.staff_who_may(Action::Assign)?;
    let fields = Fields::read(&body);
    let missing = || Problem::form("Say why they are let back in. The reason is kept in the history.");
    let reason = fields
        .given("reason")
        .ok_or_else(|| missing().with_way_out(Address::Contact(id).to_string(), "Back"))?;
    let change = ContactChange::Unblock(reason.to_owned());
    app.stores.access.change_contact(&staff.actor, id, change, Utc::now()).await?;
    visitor.tell("Let back in: they read again what they are assigned.");
    see(Address::Contact(id))
}

#[derive(askama::Template)]
#[template(path = "contact_erase.html")]
struct Erase {
    frame: Frame,
    contact: Shown,
}

pub async fn ask(State(app): Shared, visitor: Visitor, Path(id): Path<ContactId>) -> Answer {
    let staff = visitor.staff_who_may(Action::Erase)?;
    let contact = Shown::of(&known(&app, &staff, id).await?);
    page(&Erase { frame: Frame::new(&app, &visitor, "Erase a contact").await?, contact })
}

pub async fn erase(State(app): Shared, visitor: Visitor, Path(id): Path<ContactId>) -> Answer {
    let staff = visitor.staff_who_may(Action::Erase)?;
    app.stores.access.change_contact(&staff.actor, id, ContactChange::Erase, Utc::now()).await?;
    app.links.forget(id).map_err(StoreError::backend)?;
    visitor.tell("Erased: what was known of them is gone. The history names them by a number alone.");
    see(Address::Contacts)
}

pub async fn known(app: &App, staff: &Staff, id: ContactId) -> Result<Contact, Problem> {
    app.stores.access.contact(staff.actor.tenant, id).await?.ok_or_else(Problem::not_found)
}

impl Shown {
    fn of(contact: &Contact) -> Self {
        Self {
            id: contact.id,
            name: contact.details.name().to_owned(),
            firm: contact.details.company().to_owned(),
            mail: contact.details.mail().as_str().to_owned(),
            is_blocked: contact.blocked,
            added: words::moment(contact.added_at),
        }
    }
}
