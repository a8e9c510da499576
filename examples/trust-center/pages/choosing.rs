//! Choosing a contact: from a list of all, where they are few, or by the mail address.

use notion_import_core::{Contact, ContactId};

use crate::app::App;
use crate::fields::Fields;
use crate::people::{Company, Person};
use crate::problem::Problem;
use crate::session::Staff;

/// More than these are not listed.
const FEW: usize = 100;

/// Who can be chosen.
pub enum Choice {
    /// One of these, by what they are chosen by.
    Listed(Vec<(ContactId, String)>),
    /// Whoever has the address that is typed.
    ByAddress,
}

impl Choice {
    pub async fn of(app: &App, staff: &Staff) -> Result<Self, Problem> {
        let contacts = app.stores.access.contacts(&staff.actor, None, FEW + 1).await?;
        if contacts.len() > FEW {
            return Ok(Self::ByAddress);
        }
        let mut listed: Vec<_> = contacts.iter().map(|contact| (contact.id, named(contact))).collect();
        listed.sort_by(|(_, a), (_, b)| a.cmp(b));
        Ok(Self::Listed(listed))
    }

    /// Adds somebody who may be no contact any more, if they are not listed.
    pub fn and(mut self, id: ContactId, name: &str) -> Self {
        if let Self::Listed(listed) = &mut self
            && !listed.iter().any(|(known, _)| *known == id)
        {
            listed.push((id, name.to_owned()));
        }
        self
    }

    pub fn is_empty(&self) -> bool {
        matches!(self, Self::Listed(listed) if listed.is_empty())
    }
}

fn named(contact: &Contact) -> String {
    format!("{}, {}", contact.details.name(), contact.details.company())
}

/// Returns the contact that a form or a query names; none if it names none.
///
/// # Errors
/// A page that says so if the company has no such contact.
pub async fn chosen(app: &App, company: &Company, fields: &Fields) -> Result<Option<Contact>, Problem> {
    let Some(given) = fields.given("contact") else { return Ok(None) };
    let access = &*app.stores.access;
    let contact = match given.parse() {
        Ok(mail) => access.contact_of(company.tenant, &mail).await?,
        Err(_) => {
            let person = Person::find(access, given).await?;
            person.as_ref().and_then(|person| person.contact_of(company)).cloned()
        }
    };
    contact.map(Some).ok_or_else(|| Problem::form("There is no such contact. Add them under Contacts first."))
}
