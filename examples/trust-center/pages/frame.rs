//! What stands around a page: the bar to switch persons, the way to the other pages, and the last notice.

use askama::Template;
use axum::response::{Html, IntoResponse};
use notion_import_core::Action;

use super::Answer;
use crate::app::App;
use crate::people::{COMPANIES, Company, Person};
use crate::session::Visitor;
use crate::stand_ins::StandIns;

/// The frame of a page.
pub struct Frame {
    pub title: String,
    pub path: String,
    pub notice: Option<String>,
    pub person: Option<Person>,
    /// The company whose member this is.
    pub works_for: Option<&'static Company>,
    pub may_import: bool,
    pub may_manage_nda: bool,
    pub may_assign: bool,
    pub may_read_audit: bool,
    /// Where the window on the stand-ins' Notion is, if that is what is connected.
    pub notion: Option<String>,
    /// Seconds after which the page looks again.
    pub again_in: Option<u32>,
}

impl Frame {
    pub fn new(app: &App, visitor: &Visitor, title: impl Into<String>) -> Self {
        let works_for = match visitor.person {
            Some(Person::Member(company, _)) => Some(company),
            Some(Person::Contact(..)) | None => None,
        };
        let may = |action| visitor.staff_who_may(action).is_ok();
        Self {
            title: title.into(),
            path: visitor.path.clone(),
            notice: visitor.take_notice(),
            person: visitor.person,
            works_for,
            may_import: may(Action::Import),
            may_manage_nda: may(Action::ManageNda),
            may_assign: may(Action::Assign),
            may_read_audit: may(Action::ReadAudit),
            notion: app.stand_ins.as_ref().map(StandIns::window),
            again_in: None,
        }
    }

    pub fn again_in(self, seconds: u32) -> Self {
        Self { again_in: Some(seconds), ..self }
    }

    /// Whether nothing on the page is for one visitor alone.
    pub fn is_everybodys(&self) -> bool {
        self.person.is_none() && self.notice.is_none()
    }

    pub fn companies(&self) -> &'static [Company] {
        &COMPANIES
    }

    /// Whether the page belongs to a part of the site.
    pub fn is_in(&self, part: &str) -> bool {
        self.path == part || self.path.strip_prefix(part).is_some_and(|rest| rest.starts_with('/'))
    }

    pub fn is(&self, key: &str) -> bool {
        self.person.is_some_and(|person| person.key() == key)
    }
}

/// Writes a page.
pub fn page(template: &impl Template) -> Answer {
    Ok(Html(template.render()?).into_response())
}
