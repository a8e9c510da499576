//! The companies of the demo, and the people one can be. A real host has its own users; these are all there are here.

use notion_import_core::{
    AccessStore, Actor, Contact, ContactDetails, ContactId, MemberId, NdaId, Role, StoreError, TenantId,
    Unmarkable, Viewer,
};
use uuid::Uuid;

use crate::languages::InEach;

/// A customer of the Trust Center: a tenant with its members and the contacts it begins with.
pub struct Company {
    pub tenant: TenantId,
    /// Its place in addresses.
    pub slug: &'static str,
    pub name: &'static str,
    pub promise: InEach,
    /// What it does, in a few sentences.
    pub about: InEach,
    /// Whom to write to about security.
    pub security_mail: &'static str,
    /// Its logo, as SVG.
    pub logo: &'static str,
    pub members: [Member; 3],
    pub contacts: [FirstContact; 2],
    /// The NDA that its gated documents require.
    pub nda: NdaId,
    /// What becomes of a file that cannot be marked, when a contact asks for it.
    pub unmarkable: Unmarkable,
}

pub struct Member {
    pub id: MemberId,
    pub key: &'static str,
    pub name: &'static str,
    pub role: Role,
}

/// Somebody outside whom a company knows from the beginning. What it knows of anybody is in the store.
pub struct FirstContact {
    pub id: ContactId,
    key: &'static str,
    name: &'static str,
    firm: &'static str,
    mail: &'static str,
}

/// Somebody one can be.
#[derive(Clone)]
pub enum Person {
    Member(&'static Company, &'static Member),
    Contact(&'static Company, Contact),
}

pub static COMPANIES: [Company; 2] = [
    Company {
        tenant: TenantId::new(Uuid::from_u128(0x0199_a000_0000_7000_8000_0000_0000_0001)),
        slug: "halden",
        name: "Halden Pay",
        promise: InEach {
            en: "Payments that settle the same day, and proof that they are safe.",
            de: "Zahlungen, die am selben Tag ankommen, und der Nachweis, dass sie sicher sind.",
        },
        about: InEach {
            en: "Halden Pay moves money for eleven thousand merchants in nine countries, from the terminal in a shop to the account at the bank. Here we show how we keep that money, and what we know about the people behind it, safe.",
            de: "Halden Pay bewegt Geld für elftausend Händler in neun Ländern, vom Terminal im Laden bis zum Konto bei der Bank. Hier zeigen wir, wie wir dieses Geld schützen, und was wir über die Menschen dahinter wissen.",
        },
        security_mail: "security@haldenpay.example",
        logo: include_str!("../templates/halden.svg"),
        members: [
            member(0x11, "ada", "Ada Lindqvist", Role::Admin),
            member(0x12, "bruno", "Bruno Keller", Role::ContentManager),
            member(0x13, "chiara", "Chiara Romano", Role::AccountManager),
        ],
        contacts: [
            contact(0x21, "dana", "Dana Whitfield", "Orchard Bank", "dana.whitfield@orchardbank.example"),
            contact(0x22, "emil", "Emil Novak", "Tessera Retail", "emil.novak@tessera.example"),
        ],
        nda: NdaId::new(Uuid::from_u128(0x0199_a000_0000_7000_8000_0000_0000_0031)),
        unmarkable: Unmarkable::Refuse,
    },
    Company {
        tenant: TenantId::new(Uuid::from_u128(0x0199_a000_0000_7000_8000_0000_0000_0002)),
        slug: "fernwood",
        name: "Fernwood Health",
        promise: InEach {
            en: "Scheduling for clinics. Patients’ data stays where patients are.",
            de: "Terminplanung für Kliniken. Die Daten der Patienten bleiben dort, wo die Patienten sind.",
        },
        about: InEach {
            en: "Fernwood Health plans appointments for clinics and practices. What patients tell their doctors stays in the country they live in; here we show how.",
            de: "Fernwood Health plant Termine für Kliniken und Praxen. Was Patienten ihren Ärzten anvertrauen, bleibt in dem Land, in dem sie leben; hier zeigen wir, wie.",
        },
        security_mail: "security@fernwood.example",
        logo: include_str!("../templates/fernwood.svg"),
        members: [
            member(0x41, "farah", "Farah Haddad", Role::Admin),
            member(0x42, "goran", "Goran Petrović", Role::ContentManager),
            member(0x43, "hanna", "Hanna Virtanen", Role::AccountManager),
        ],
        contacts: [
            contact(0x51, "imke", "Imke de Vries", "Noordzee Clinics", "imke@noordzee.example"),
            contact(0x52, "jonas", "Jonas Baumann", "Klinikum Aller", "j.baumann@aller.example"),
        ],
        nda: NdaId::new(Uuid::from_u128(0x0199_a000_0000_7000_8000_0000_0000_0061)),
        unmarkable: Unmarkable::Serve,
    },
];

const fn member(id: u128, key: &'static str, name: &'static str, role: Role) -> Member {
    Member { id: MemberId::new(Uuid::from_u128(PEOPLE + id)), key, name, role }
}

const fn contact(
    id: u128,
    key: &'static str,
    name: &'static str,
    firm: &'static str,
    mail: &'static str,
) -> FirstContact {
    FirstContact { id: ContactId::new(Uuid::from_u128(PEOPLE + id)), key, name, firm, mail }
}

const PEOPLE: u128 = 0x0199_a000_0000_7000_8000_0000_0000_1000;

impl Company {
    pub fn of_slug(slug: &str) -> Option<&'static Self> {
        COMPANIES.iter().find(|company| company.slug == slug)
    }

    pub fn of_tenant(tenant: TenantId) -> Option<&'static Self> {
        COMPANIES.iter().find(|company| company.tenant == tenant)
    }

    /// Its administrator, who sets it up.
    pub fn admin(&self) -> Actor {
        self.members[0].actor(self)
    }

    pub fn member_named(&self, id: MemberId) -> &'static str {
        self.members.iter().find(|member| member.id == id).map_or("a former member", |member| member.name)
    }
}

impl FirstContact {
    /// What the company knows of them to begin with.
    pub fn details(&self) -> Option<ContactDetails> {
        ContactDetails::new(self.name, self.firm, self.mail.parse().ok()?).ok()
    }
}

impl Member {
    /// What they are there for, in words.
    pub fn role_name(&self) -> &'static str {
        match self.role {
            Role::Admin => "Administrator",
            Role::ContentManager => "Content manager",
            Role::AccountManager => "Account manager",
            Role::Viewer => "Viewer",
        }
    }

    pub fn actor(&self, company: &Company) -> Actor {
        Actor::new(company.tenant, self.id, self.role)
    }
}

impl Person {
    /// Finds the member of a key, or the contact of a key or an id.
    pub async fn find(access: &dyn AccessStore, key: &str) -> Result<Option<Self>, StoreError> {
        for company in &COMPANIES {
            if let Some(member) = company.members.iter().find(|member| member.key == key) {
                return Ok(Some(Self::Member(company, member)));
            }
            let first = company.contacts.iter().find(|contact| contact.key == key).map(|contact| contact.id);
            let Some(id) = first.or_else(|| key.parse().ok()) else { continue };
            if let Some(contact) = access.contact(company.tenant, id).await? {
                return Ok(Some(Self::Contact(company, contact)));
            }
        }
        Ok(None)
    }

    pub fn company(&self) -> &'static Company {
        match self {
            Self::Member(company, _) | Self::Contact(company, _) => company,
        }
    }

    /// By which they are found.
    pub fn key(&self) -> String {
        match self {
            Self::Member(_, member) => member.key.to_owned(),
            Self::Contact(_, contact) => contact.id.to_string(),
        }
    }

    pub fn name(&self) -> &str {
        match self {
            Self::Member(_, member) => member.name,
            Self::Contact(_, contact) => contact.details.name(),
        }
    }

    /// What they are, in a few words.
    pub fn part(&self) -> &str {
        match self {
            Self::Member(_, member) => member.role_name(),
            Self::Contact(_, contact) => contact.details.company(),
        }
    }

    /// How the gate sees them.
    pub fn viewer(&self) -> Viewer {
        match self {
            Self::Member(company, member) => Viewer::Member(member.actor(company)),
            Self::Contact(company, contact) => {
                Viewer::Contact { tenant: company.tenant, id: contact.id, verified: true }
            }
        }
    }

    /// The contact of this company, if it is one.
    pub fn contact_of(&self, company: &Company) -> Option<&Contact> {
        match self {
            Self::Contact(own, contact) if own.tenant == company.tenant => Some(contact),
            Self::Contact(..) | Self::Member(..) => None,
        }
    }
}
