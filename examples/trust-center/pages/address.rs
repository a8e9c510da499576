//! Where a page leads: only to addresses that are known here.

use std::fmt;

use notion_import_core::{ConnectionId, ContactId, DocumentId};
use uuid::Uuid;

use crate::people::{Company, Person};

/// A page of this site. Whatever a browser sends as one is read into this first, so nothing can lead elsewhere.
#[derive(Clone, Copy)]
pub enum Address {
    Start,
    Documents,
    Document(DocumentId),
    Publishing(DocumentId),
    Picker,
    Import(Uuid),
    Bulk(Uuid),
    Integrations,
    Attempt,
    Runs(ConnectionId),
    Requests,
    Contacts,
    Contact(ContactId),
    Subscribers,
    Nda,
    Audit,
    Readings,
    Site(&'static Company),
    Reading(&'static Company, DocumentId),
    Asking(&'static Company),
    Asked(&'static Company),
    Follow(&'static Company),
    FollowSent(&'static Company),
    SignIn(&'static Company),
    LinkSent(&'static Company),
}

impl Address {
    /// Returns the page at a path; none if the path is none that is known to the letter.
    pub fn of(path: &str) -> Option<Self> {
        let parts: Vec<&str> = path.strip_prefix('/')?.split('/').collect();
        let found = match parts.as_slice() {
            [""] => Self::Start,
            ["documents"] => Self::Documents,
            ["documents", id] => Self::Document(id.parse().ok()?),
            ["documents", id, "publish"] => Self::Publishing(id.parse().ok()?),
            ["import"] => Self::Picker,
            ["imports", number] => Self::Import(number.parse().ok()?),
            ["bulk", number] => Self::Bulk(number.parse().ok()?),
            ["integrations"] => Self::Integrations,
            ["integrations", "attempt"] => Self::Attempt,
            ["integrations", id, "runs"] => Self::Runs(id.parse().ok()?),
            ["requests"] => Self::Requests,
            ["contacts"] => Self::Contacts,
            ["contacts", id] => Self::Contact(id.parse().ok()?),
            ["subscribers"] => Self::Subscribers,
            ["nda"] => Self::Nda,
            ["audit"] => Self::Audit,
            ["readings"] => Self::Readings,
            ["t", slug] => Self::Site(Company::of_slug(slug)?),
            ["t", slug, "ask"] => Self::Asking(Company::of_slug(slug)?),
            ["t", slug, "sign-in"] => Self::SignIn(Company::of_slug(slug)?),
            ["t", slug, "sign-in", "sent"] => Self::LinkSent(Company::of_slug(slug)?),
            ["t", slug, "follow"] => Self::Follow(Company::of_slug(slug)?),
            ["t", slug, "follow", "sent"] => Self::FollowSent(Company::of_slug(slug)?),
            ["t", slug, "asked"] => Self::Asked(Company::of_slug(slug)?),
            ["t", slug, "d", id] => Self::Reading(Company::of_slug(slug)?, id.parse().ok()?),
            _ => return None,
        };
        Some(found)
    }

    /// Returns where somebody begins.
    pub fn home(person: Option<&Person>) -> Self {
        match person {
            Some(Person::Member(..)) => Self::Documents,
            Some(Person::Contact(company, _)) => Self::Site(company),
            None => Self::Start,
        }
    }

    /// Returns the company whose public site this is a page of.
    pub fn site(self) -> Option<&'static Company> {
        match self {
            Self::Site(company)
            | Self::Reading(company, _)
            | Self::Asking(company)
            | Self::Asked(company)
            | Self::Follow(company)
            | Self::FollowSent(company)
            | Self::SignIn(company)
            | Self::LinkSent(company) => Some(company),
            Self::Start
            | Self::Documents
            | Self::Document(_)
            | Self::Publishing(_)
            | Self::Picker
            | Self::Import(_)
            | Self::Bulk(_)
            | Self::Integrations
            | Self::Attempt
            | Self::Runs(_)
            | Self::Requests
            | Self::Contacts
            | Self::Contact(_)
            | Self::Subscribers
            | Self::Nda
            | Self::Audit
            | Self::Readings => None,
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start => f.write_str("/"),
            Self::Documents => f.write_str("/documents"),
            Self::Document(id) => write!(f, "/documents/{id}"),
            Self::Publishing(id) => write!(f, "/documents/{id}/publish"),
            Self::Picker => f.write_str("/import"),
            Self::Import(number) => write!(f, "/imports/{number}"),
            Self::Bulk(number) => write!(f, "/bulk/{number}"),
            Self::Integrations => f.write_str("/integrations"),
            Self::Attempt => f.write_str("/integrations/attempt"),
            Self::Runs(id) => write!(f, "/integrations/{id}/runs"),
            Self::Requests => f.write_str("/requests"),
            Self::Contacts => f.write_str("/contacts"),
            Self::Contact(id) => write!(f, "/contacts/{id}"),
            Self::Subscribers => f.write_str("/subscribers"),
            Self::Nda => f.write_str("/nda"),
            Self::Audit => f.write_str("/audit"),
            Self::Readings => f.write_str("/readings"),
            Self::Site(company) => write!(f, "/t/{}", company.slug),
            Self::Reading(company, id) => write!(f, "/t/{}/d/{id}", company.slug),
            Self::Asking(company) => write!(f, "/t/{}/ask", company.slug),
            Self::SignIn(company) => write!(f, "/t/{}/sign-in", company.slug),
            Self::LinkSent(company) => write!(f, "/t/{}/sign-in/sent", company.slug),
            Self::Follow(company) => write!(f, "/t/{}/follow", company.slug),
            Self::FollowSent(company) => write!(f, "/t/{}/follow/sent", company.slug),
            Self::Asked(company) => write!(f, "/t/{}/asked", company.slug),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0199a000-0000-7000-8000-000000000000";

    #[test]
    fn a_page_is_found_by_its_own_address() {
        for path in [
            "/".to_owned(),
            "/documents".to_owned(),
            format!("/documents/{ID}"),
            format!("/documents/{ID}/publish"),
            "/import".to_owned(),
            format!("/imports/{ID}"),
            format!("/bulk/{ID}"),
            "/integrations".to_owned(),
            "/integrations/attempt".to_owned(),
            format!("/integrations/{ID}/runs"),
            "/nda".to_owned(),
            "/requests".to_owned(),
            "/contacts".to_owned(),
            "/subscribers".to_owned(),
            format!("/contacts/{ID}"),
            "/t/halden".to_owned(),
            "/t/halden/ask".to_owned(),
            "/t/halden/sign-in".to_owned(),
            "/t/halden/sign-in/sent".to_owned(),
            "/t/halden/asked".to_owned(),
            "/t/halden/follow".to_owned(),
            "/t/halden/follow/sent".to_owned(),
            format!("/t/fernwood/d/{ID}"),
        ] {
            assert_eq!(Address::of(&path).unwrap().to_string(), path);
        }
    }

    #[test]
    fn what_leads_elsewhere_is_no_page() {
        for path in [
            "",
            "//evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "/%2f/evil.example",
            "/%5cevil.example",
            "/t/halden/../../evil",
            "/t/halden//evil.example",
            "/t/haldenevil",
            "/t/halden@evil.example",
            "/documents/nonsense",
            "/documents?next=//evil.example",
            "/documents#x",
            "/documents/",
            "/t/halden\r\nset-cookie: x=y",
            "/\t/evil.example",
            "https://evil.example/documents",
            "javascript:alert(1)",
            "/be",
        ] {
            assert!(Address::of(path).is_none(), "{path:?}");
        }
    }
}
