//! What stands around a page: the bar to switch persons, the way to the other pages, and the last notice.

use askama::Template;
use axum::response::{Html, IntoResponse};
use notion_import_core::{Action, Contact};

use super::Answer;
use crate::app::App;
use crate::language;
use crate::languages::{Language, Words};
use crate::people::{COMPANIES, Company, Person};
use crate::problem::Problem;
use crate::session::{Staff, Visitor};
use crate::stand_ins::StandIns;

/// The frame of a page.
pub struct Frame {
    pub title: String,
    /// What the page says around what it shows, in the visitor's language.
    pub words: &'static Words,
    /// The company whose public site the page is on.
    pub site: Option<&'static Company>,
    /// The page in each language.
    pub in_languages: Vec<(Language, &'static str, String)>,
    pub path: String,
    pub notice: Option<String>,
    pub person: Option<Person>,
    /// The company whose member this is.
    pub works_for: Option<&'static Company>,
    pub may_import: bool,
    pub may_manage_nda: bool,
    pub may_assign: bool,
    pub may_read_audit: bool,
    /// How many requests wait, for whoever may decide them.
    pub waiting: Option<u64>,
    /// Whom one can be, where the page lets one choose.
    pub cast: Vec<Cast>,
    /// Where the window on the stand-ins' Notion is, if that is what is connected.
    pub notion: Option<String>,
    /// Seconds after which the page looks again.
    pub again_in: Option<u32>,
}

/// A company, and the contacts that one can be.
pub struct Cast {
    pub company: &'static Company,
    pub contacts: Vec<Contact>,
}

impl Cast {
    /// How many contacts of a company one can be.
    const MOST: usize = 20;

    pub async fn of(app: &App, company: &'static Company) -> Result<Self, Problem> {
        let contacts = app.stores.access.contacts(&company.admin(), None, Self::MOST).await?;
        Ok(Self { company, contacts })
    }
}

impl Frame {
    pub async fn new(app: &App, visitor: &Visitor, title: impl Into<String>) -> Result<Self, Problem> {
        let works_for = match &visitor.person {
            Some(Person::Member(company, _)) => Some(*company),
            Some(Person::Contact(..)) | None => None,
        };
        let may = |action| visitor.staff_who_may(action).is_ok();
        let mut cast = Vec::new();
        // A company's site is its own.
        if !is_in(visitor.uri.path(), "/t") {
            for company in &COMPANIES {
                cast.push(Cast::of(app, company).await?);
            }
        }
        let waiting = match visitor.staff_who_may(Action::Assign) {
            Ok(Staff { actor, .. }) => {
                let insider = actor.insider().map_err(|_| Problem::not_your_role())?;
                Some(app.stores.access.count_requests(insider).await?)
            }
            Err(_) => None,
        };
        Ok(Self {
            title: title.into(),
            words: visitor.words(),
            site: language::site(visitor.uri.path()),
            in_languages: language::addresses(&visitor.uri),
            path: visitor.uri.path().to_owned(),
            notice: visitor.take_notice(),
            person: visitor.person.clone(),
            works_for,
            may_import: may(Action::Import),
            may_manage_nda: may(Action::ManageNda),
            may_assign: may(Action::Assign),
            may_read_audit: may(Action::ReadAudit),
            notion: app.stand_ins.as_ref().map(StandIns::window),
            waiting,
            cast,
            again_in: None,
        })
    }

    pub fn again_in(self, seconds: u32) -> Self {
        Self { again_in: Some(seconds), ..self }
    }

    /// The feed of what is new on the site, in the language of the page.
    pub fn feed(&self, company: &Company) -> String {
        let query = match self.words.language {
            Language::English => "",
            Language::German => "?lang=de",
        };
        format!("/t/{}/changes.atom{query}", company.slug)
    }

    /// Whether nothing on the page is for one visitor alone.
    pub fn is_everybodys(&self) -> bool {
        self.person.is_none() && self.notice.is_none()
    }

    /// Whether the page belongs to a part of the site.
    pub fn is_in(&self, part: &str) -> bool {
        is_in(&self.path, part)
    }

    pub fn is(&self, key: impl ToString) -> bool {
        self.person.as_ref().is_some_and(|person| person.key() == key.to_string())
    }
}

fn is_in(path: &str, part: &str) -> bool {
    path == part || path.strip_prefix(part).is_some_and(|rest| rest.starts_with('/'))
}

/// Writes a page.
pub fn page(template: &impl Template) -> Answer {
    Ok(Html(template.render()?).into_response())
}
