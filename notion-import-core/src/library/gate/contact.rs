//! What is known of people outside: the one place where it stands.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde::Serialize;
use url::Host;

use crate::id::ContactId;
use crate::library::access::ContactState;
use crate::library::file_name::is_hidden;
use crate::library::title::title;

/// A mail address in the one spelling that a mailbox has here: lower case, the domain as ASCII. The part before the `@` is ASCII, too,
/// so that none looks like another.
///
/// ```
/// # use notion_import_core::{InvalidMailAddress, MailAddress};
/// let address: MailAddress = " Dana@Bücher.Example ".parse()?;
/// assert_eq!(address.as_str(), "dana@xn--bcher-kva.example");
/// assert_eq!("dana".parse::<MailAddress>(), Err(InvalidMailAddress));
/// # Ok::<(), InvalidMailAddress>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct MailAddress(String);

/// The text is no mail address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a mail address")]
pub struct InvalidMailAddress;

impl MailAddress {
    /// The most bytes an address has, and the part of it before the `@` (RFC 5321).
    const LONGEST: usize = 254;
    const LONGEST_LOCAL: usize = 64;

    /// Returns the address as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for MailAddress {
    type Err = InvalidMailAddress;

    fn from_str(text: &str) -> Result<Self, InvalidMailAddress> {
        let (local, domain) = text.trim().rsplit_once('@').ok_or(InvalidMailAddress)?;
        // A quoted local part may hold anything else, and nobody has one.
        let plain = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c);
        let is_plain = !local.is_empty() && local.len() <= Self::LONGEST_LOCAL && local.chars().all(plain);
        let dots = local.starts_with('.') || local.ends_with('.') || local.contains("..");
        if !is_plain || dots || domain.chars().any(is_hidden) {
            return Err(InvalidMailAddress);
        }
        let Ok(Host::Domain(domain)) = Host::parse(domain) else { return Err(InvalidMailAddress) };
        let labels = domain.contains('.') && domain.split('.').all(|label| !label.is_empty());
        let address = format!("{}@{domain}", local.to_ascii_lowercase());
        if labels && address.len() <= Self::LONGEST { Ok(Self(address)) } else { Err(InvalidMailAddress) }
    }
}

/// Says no address: it is a person's.
impl fmt::Debug for MailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MailAddress(..)")
    }
}

/// What is known of a person outside.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct ContactDetails {
    name: String,
    company: String,
    mail: MailAddress,
}

/// What is missing of somebody's details.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MissingDetail {
    /// Nothing can be seen of the name.
    #[error("there is no name")]
    Name,
    /// Nothing can be seen of the company.
    #[error("there is no company")]
    Company,
}

impl ContactDetails {
    /// Builds them; name and company are cleaned as titles are.
    ///
    /// # Errors
    /// [`MissingDetail`] if nothing can be seen of one.
    pub fn new(name: &str, company: &str, mail: MailAddress) -> Result<Self, MissingDetail> {
        let (name, company) = (title(name), title(company));
        match (name.is_empty(), company.is_empty()) {
            (true, _) => Err(MissingDetail::Name),
            (_, true) => Err(MissingDetail::Company),
            (false, false) => Ok(Self { name, company, mail }),
        }
    }

    /// Returns what the person is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns what the company is called that the person is with.
    pub fn company(&self) -> &str {
        &self.company
    }

    /// Returns the mail address.
    pub const fn mail(&self) -> &MailAddress {
        &self.mail
    }
}

/// Says nothing of the person.
impl fmt::Debug for ContactDetails {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ContactDetails(..)")
    }
}

/// A person outside whom a tenant knows.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Contact {
    /// Who: the id by which assignments, acceptances, requests and the audit name them.
    pub id: ContactId,
    /// What is known of them.
    pub details: ContactDetails,
    /// Whether the tenant has shut them out.
    pub blocked: bool,
    /// When they were added.
    pub added_at: DateTime<Utc>,
}

impl Contact {
    /// Returns how the tenant stands to them.
    pub const fn state(&self) -> ContactState {
        if self.blocked { ContactState::Blocked } else { ContactState::Known }
    }
}

/// What a store keeps under a contact's id.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum ContactRow {
    /// Nothing: there never was such a contact.
    #[default]
    Absent,
    /// A contact of whom nothing is known any more.
    Erased,
    /// A contact.
    Kept(Contact),
}

impl ContactRow {
    /// Returns the contact, if there is one.
    pub fn contact(self) -> Option<Contact> {
        match self {
            Self::Kept(contact) => Some(contact),
            Self::Absent | Self::Erased => None,
        }
    }

    /// Returns how the tenant stands to whom it is about.
    pub const fn state(&self) -> ContactState {
        match self {
            Self::Kept(contact) => contact.state(),
            Self::Absent | Self::Erased => ContactState::Unknown,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_an_address_is_one_address() {
        let check = |raw: &str, expected: Option<&str>| {
            let read = raw.parse::<MailAddress>().ok();
            assert_eq!(read.as_ref().map(MailAddress::as_str), expected, "{raw:?}");
            if let Some(expected) = expected {
                assert_eq!(expected.parse::<MailAddress>().ok(), read, "once more");
            }
        };
        check("dana@orchard.example", Some("dana@orchard.example"));
        check("\t Dana.W+x@ORCHARD.Example\n", Some("dana.w+x@orchard.example"));
        check("d@bücher.example", Some("d@xn--bcher-kva.example"));
        check("d@xn--bcher-kva.example", Some("d@xn--bcher-kva.example"));
        let long = format!("{}@orchard.example", "a".repeat(65));
        let no =
            ["", "@", "dana", "dana@", "@orchard.example", "dana@orchard", "dana@127.0.0.1", "dana@[::1]"];
        let odd = [
            "a b@c.example",
            "a@b@c.example",
            "dаna@c.example",
            "a\0@c.example",
            ".a@c.example",
            "a@c..example",
        ];
        let lines = [
            "a@c.example\r\nBcc: x@y.example",
            "a@c\u{202e}.example",
            "<a@c.example>",
            "a@c.example,b@c.example",
        ];
        for raw in no.into_iter().chain(odd).chain(lines).chain([long.as_str()]) {
            check(raw, None);
        }
    }

    #[test]
    fn nothing_of_a_person_is_in_what_a_log_shows() {
        let mail = "dana@orchard.example".parse().unwrap();
        let details = ContactDetails::new("Dana", "Orchard", mail).unwrap();
        let shown = format!("{details:?} {:?}", details.mail());
        assert!(!shown.contains("ana") && !shown.contains("rchard"), "{shown}");
    }

    #[test]
    fn a_name_is_what_can_be_seen_of_it() {
        let details = |name, company| ContactDetails::new(name, company, "d@o.example".parse().unwrap());
        assert_eq!(details(" Da\u{202e}na\n W ", "Orchard").unwrap().name(), "Dana W");
        assert_eq!(details("\u{200b}", "Orchard"), Err(MissingDetail::Name));
        assert_eq!(details("Dana", " "), Err(MissingDetail::Company));
    }
}
