//! Inviting a contact: a link to sign in by goes to the address that is known of them.

use std::net::IpAddr;

use axum::extract::{Path, State};
use notion_import_core::{Action, Contact, ContactId, StoreError};

use super::contacts::known;
use super::entering::entrance;
use super::{Address, Answer, Shared, see};
use crate::app::App;
use crate::languages::Language;
use crate::links::{self, INVITATION};
use crate::people::Company;
use crate::problem::Problem;
use crate::session::Visitor;

/// What came of an invitation.
pub enum Invited {
    Sent,
    /// The mailbox, or whoever sends, has had as many mails as there may be in an hour.
    TooMany,
    ShutOut,
}

impl Invited {
    /// What whoever sent it is told.
    pub const fn told(&self) -> &'static str {
        match self {
            Self::Sent => "The invitation is sent.",
            Self::TooMany => {
                "No invitation was sent: there were several mails within the hour. Try again later."
            }
            Self::ShutOut => "No invitation was sent: they are shut out.",
        }
    }
}

pub async fn invite(State(app): Shared, visitor: Visitor, Path(id): Path<ContactId>) -> Answer {
    let staff = visitor.staff_who_may(Action::Assign)?;
    let contact = known(&app, &staff, id).await?;
    visitor.tell(send(&app, staff.company, &contact, visitor.address)?.told());
    see(Address::Contact(id))
}

/// Mails a contact a link to sign in by, in English: nobody knows yet which language they speak.
pub fn send(
    app: &App,
    company: &Company,
    contact: &Contact,
    from: Option<IpAddr>,
) -> Result<Invited, Problem> {
    if contact.blocked {
        return Ok(Invited::ShutOut);
    }
    if !app.links.may_send(contact.details.mail(), from) {
        return Ok(Invited::TooMany);
    }
    let secret = app.links.invite(contact.id).map_err(StoreError::backend)?;
    let words = Language::English.words();
    let (name, days) = (contact.details.name(), INVITATION.as_secs() / (24 * 60 * 60));
    let values = &[name, company.name, &days.to_string(), &entrance(app, company, &secret)];
    let subject = words.fill(words.invitation_subject, &[company.name]);
    links::send(contact.details.mail(), &subject, &words.fill(words.invitation, values));
    Ok(Invited::Sent)
}
