//! Who is at the browser, and what only their session may know.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};
use notion_import_core::id::{AttemptId, MemberId};
use notion_import_core::library::access::{Action, Actor, Viewer};
use secrecy::SecretString;
use url::Url;
use uuid::Uuid;

use crate::app::App;
use crate::people::{Company, Person};
use crate::problem::Problem;

const COOKIE: &str = "trust_center";

/// Every session there is; a restart ends them all.
#[derive(Default)]
pub struct Sessions(Mutex<HashMap<String, Session>>);

#[derive(Clone, Default)]
struct Session {
    person: Option<Person>,
    attempt: Option<Attempt>,
    notice: Option<String>,
}

/// A connect attempt of the administrator at this browser. The secret and the link never leave the session.
#[derive(Clone)]
pub struct Attempt {
    pub member: MemberId,
    pub id: AttemptId,
    pub secret: SecretString,
    pub link: Url,
}

/// Whoever sent a request.
pub struct Visitor {
    token: Option<String>,
    pub person: Option<Person>,
    /// The path asked for, to come back to.
    pub path: String,
}

/// A member at work in their company.
pub struct Staff {
    pub company: &'static Company,
    pub actor: Actor,
}

impl Sessions {
    /// It begins a session for a person, or for nobody, and returns its cookie. What the old one held moves along.
    pub fn begin(&self, visitor: &Visitor, person: Option<Person>) -> HeaderValue {
        let mut sessions = self.lock();
        let old = visitor.token.as_ref().and_then(|token| sessions.remove(token)).unwrap_or_default();
        let token = Uuid::new_v4().simple().to_string();
        let cookie = format!("{COOKIE}={token}; Path=/; HttpOnly; SameSite=Lax");
        sessions.insert(token, Session { person, ..old });
        HeaderValue::try_from(cookie).unwrap_or_else(|_| HeaderValue::from_static(""))
    }

    /// It shows a line on the next page.
    pub fn tell(&self, visitor: &Visitor, notice: impl Into<String>) {
        self.change(visitor, |session| session.notice = Some(notice.into()));
    }

    pub fn take_notice(&self, visitor: &Visitor) -> Option<String> {
        let mut sessions = self.lock();
        sessions.get_mut(visitor.token.as_ref()?)?.notice.take()
    }

    /// The attempt this member began in this session.
    pub fn attempt(&self, visitor: &Visitor, member: MemberId) -> Option<Attempt> {
        let sessions = self.lock();
        let attempt = sessions.get(visitor.token.as_ref()?)?.attempt.clone();
        attempt.filter(|attempt| attempt.member == member)
    }

    pub fn set_attempt(&self, visitor: &Visitor, attempt: Option<Attempt>) {
        self.change(visitor, |session| session.attempt = attempt);
    }

    fn change(&self, visitor: &Visitor, change: impl FnOnce(&mut Session)) {
        let mut sessions = self.lock();
        if let Some(session) = visitor.token.as_ref().and_then(|token| sessions.get_mut(token)) {
            change(session);
        }
    }

    fn person(&self, token: &str) -> Option<Option<Person>> {
        self.lock().get(token).map(|session| session.person)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Session>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Visitor {
    /// The member this is.
    ///
    /// # Errors
    /// A page that says so if it is none.
    pub fn staff(&self) -> Result<Staff, Problem> {
        match self.person {
            Some(Person::Member(company, member)) => Ok(Staff { company, actor: member.actor(company) }),
            Some(Person::Contact(..)) | None => Err(Problem::members_only()),
        }
    }

    /// The member this is, if their role may do this.
    ///
    /// # Errors
    /// A page that says so if not.
    pub fn staff_who_may(&self, action: Action) -> Result<Staff, Problem> {
        let staff = self.staff()?;
        staff.actor.may(action).map_err(|_| Problem::not_your_role())?;
        Ok(staff)
    }

    pub fn viewer(&self) -> Viewer {
        self.person.map_or(Viewer::Anonymous, Person::viewer)
    }
}

impl FromRequestParts<Arc<App>> for Visitor {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Infallible> {
        let token = cookie(&parts.headers);
        let known = token.as_ref().and_then(|token| app.sessions.person(token));
        let path = parts.uri.path().to_owned();
        Ok(Self { token: token.filter(|_| known.is_some()), person: known.flatten(), path })
    }
}

fn cookie(headers: &HeaderMap) -> Option<String> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == COOKIE).map(|(_, value)| value.to_owned())
}
