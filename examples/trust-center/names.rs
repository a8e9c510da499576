//! What a company's members call people, and what was done.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use notion_import_core::{
    Agent, AuditEntry, AuditEvent, Contact, ContactId, StoreError, Subject, VersionNumber,
};

use crate::app::App;
use crate::people::Company;
use crate::session::Staff;
use crate::words;

/// What people are called who are named on a page.
pub struct Names {
    company: &'static Company,
    contacts: HashMap<ContactId, Contact>,
}

impl Names {
    /// Looks up these contacts. Whoever is none any more is not found.
    pub async fn of(
        app: &App,
        staff: &Staff,
        contacts: impl IntoIterator<Item = ContactId>,
    ) -> Result<Self, StoreError> {
        let wanted: BTreeSet<_> = contacts.into_iter().collect();
        let mut contacts = HashMap::new();
        for id in wanted {
            if let Some(contact) = app.stores.access.contact(staff.company.tenant, id).await? {
                contacts.insert(id, contact);
            }
        }
        Ok(Self { company: staff.company, contacts })
    }

    /// Looks up the contacts whom entries of the audit name.
    pub async fn in_audit(app: &App, staff: &Staff, entries: &[AuditEntry]) -> Result<Self, StoreError> {
        let named = entries.iter().flat_map(|entry| {
            let by = match entry.by {
                Agent::Contact(id) => Some(id),
                Agent::Member(_) | Agent::Visitor | Agent::System => None,
            };
            let about = match entry.subject {
                Subject::Contact(id) => Some(id),
                Subject::Connection(_) | Subject::Document(_) | Subject::Nda(_) | Subject::Tenant(_) => None,
            };
            let assigned = match entry.event {
                AuditEvent::Assigned { contact, .. } => Some(contact),
                _ => None,
            };
            [by, about, assigned].into_iter().flatten()
        });
        Self::of(app, staff, named).await
    }

    pub fn known(&self, id: ContactId) -> Option<&Contact> {
        self.contacts.get(&id)
    }

    pub fn contact(&self, id: ContactId) -> &str {
        self.known(id).map_or("A former contact", |contact| contact.details.name())
    }

    /// Whom the contact is with; nothing if they are none any more.
    pub fn firm(&self, id: ContactId) -> &str {
        self.known(id).map_or("", |contact| contact.details.company())
    }

    /// Who did something.
    pub fn agent(&self, agent: Agent) -> &str {
        match agent {
            Agent::Member(member) => self.company.member_named(member),
            Agent::Contact(contact) => self.contact(contact),
            Agent::Visitor => "A visitor",
            Agent::System => "Sync",
        }
    }

    /// What happened.
    pub fn event(&self, event: &AuditEvent) -> String {
        match event {
            AuditEvent::TitleFollowed => "The title followed Notion's".to_owned(),
            AuditEvent::Renamed => "Renamed".to_owned(),
            AuditEvent::Unlinked => "Unlinked from Notion".to_owned(),
            AuditEvent::CategoryChanged => "Put into another category".to_owned(),
            AuditEvent::Relinked => "Linked to Notion again".to_owned(),
            AuditEvent::LevelChanged { from, to, reason } => {
                format!("{} → {}{}", words::level(*from), words::level(*to), because(reason))
            }
            AuditEvent::Published { version, reason } => {
                format!("Version {} published{}", version.0, because(reason))
            }
            AuditEvent::TitlePublished { version } => {
                format!("A new title of version {} published", version.0)
            }
            AuditEvent::Withdrawn => "Withdrawn".to_owned(),
            AuditEvent::Listed { listed: true, reason } => {
                format!("Listed for those who may not read it yet{}", because(reason))
            }
            AuditEvent::Listed { listed: false, .. } => "No longer listed".to_owned(),
            AuditEvent::NdaRequired { to: Some(_), .. } => "A further NDA required".to_owned(),
            AuditEvent::NdaRequired { to: None, .. } => "The further NDA taken off".to_owned(),
            AuditEvent::Assigned { contact, expires_at, nda_waiver, .. } => {
                let name = self.contact(*contact);
                let until = expires_at.map(|end| format!(" until {}", words::moment(end)));
                let until = until.unwrap_or_default();
                let waived = if nda_waiver.is_some() { ", NDA waived" } else { "" };
                format!("{name} assigned{until}{waived}")
            }
            AuditEvent::Revoked { .. } => "An assignment taken back".to_owned(),
            AuditEvent::Imported { version: VersionNumber(1), .. } => "Imported from Notion".to_owned(),
            AuditEvent::Imported { version, .. } => format!("Version {} imported from Notion", version.0),
            AuditEvent::ConnectionBegun { .. } => "Connecting Notion begun".to_owned(),
            AuditEvent::ConnectionConfirmed { .. } => "Notion connected".to_owned(),
            AuditEvent::ConnectionRenewed { .. } => "Notion connected again".to_owned(),
            AuditEvent::IdentityRefused { .. } => {
                "Access to another workspace refused: nothing of it was kept".to_owned()
            }
            AuditEvent::NeedsReauth => "Notion needs to be connected again".to_owned(),
            AuditEvent::Disconnected => "Notion disconnected".to_owned(),
            AuditEvent::ConnectionRemoved => "What was left of the connection to Notion removed".to_owned(),
            AuditEvent::ConnectionAbandoned => {
                "The connection to Notion removed here; whether Nango still has it is not known".to_owned()
            }
            AuditEvent::NdaPublished { version, ask_again, .. } => {
                let again = if *ask_again { ", to be accepted anew by everybody" } else { "" };
                format!("Version {version} of an NDA published{again}")
            }
            AuditEvent::DefaultNda { to: Some(_), .. } => "The NDA for every document set".to_owned(),
            AuditEvent::DefaultNda { to: None, .. } => "No NDA for every document any more".to_owned(),
            AuditEvent::NdaAccepted { version, .. } => format!("Version {version} of the NDA accepted"),
            AuditEvent::AcceptanceVoided { .. } => "The acceptance of an NDA declared void".to_owned(),
            AuditEvent::ContactAdded => "Added to the contacts".to_owned(),
            AuditEvent::ContactBlocked => "Shut out".to_owned(),
            AuditEvent::ContactUnblocked { reason } => format!("No longer shut out{}", because(reason)),
            AuditEvent::ContactErased => "All that was known of them erased".to_owned(),
            AuditEvent::AccessRequested { .. } => "Access asked for".to_owned(),
            AuditEvent::RequestApproved { .. } => "A request approved".to_owned(),
            AuditEvent::RequestDeclined { reason, .. } => format!("A request declined{}", because(reason)),
            AuditEvent::Subscribed { .. } => "Told what is new from now on".to_owned(),
            AuditEvent::Unsubscribed { .. } => "Told no longer what is new".to_owned(),
            AuditEvent::RequestWithdrawn { .. } => "A request withdrawn".to_owned(),
            AuditEvent::TenantErased => "Everything erased".to_owned(),
            AuditEvent::LogsCut { reads, audit } => cut(*reads, *audit),
        }
    }
}

/// What went because it was older than it is kept.
fn cut(reads: Option<DateTime<Utc>>, audit: Option<u64>) -> String {
    let reads = reads.map(|before| format!("readings from before {}", words::moment(before)));
    let audit = audit.map(|number| format!("entries of the audit up to no. {number}"));
    let gone: Vec<_> = reads.into_iter().chain(audit).collect();
    format!("Deleted, as older than it is kept: {}", gone.join(", "))
}

fn because(reason: &str) -> String {
    if reason.is_empty() { String::new() } else { format!(": “{reason}”") }
}
