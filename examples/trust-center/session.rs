//! Who is at the browser, and what only their session may know.
//!
//! A session lives in a sealed cookie: it outlives a restart, and every instance that has the key can read it.

use std::convert::Infallible;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;
use cookie::{Cookie, CookieJar, Key, SameSite};
use notion_import_core::id::{AttemptId, MemberId};
use notion_import_core::library::access::{Action, Actor, Viewer};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::app::App;
use crate::folder::Folder;
use crate::people::{Company, Person};
use crate::problem::Problem;

const COOKIE: &str = "trust_center";
const KEY: &str = "session-key";

/// What seals every session.
pub struct Sessions(Key);

#[derive(Clone, Default, Serialize, Deserialize)]
struct Session {
    person: Option<String>,
    attempt: Option<Attempt>,
    notice: Option<String>,
}

/// A connect attempt of the administrator at this browser. The secret and the link never leave the session.
#[derive(Clone, Serialize, Deserialize)]
pub struct Attempt {
    pub member: MemberId,
    pub id: AttemptId,
    #[serde(with = "sealed")]
    pub secret: SecretString,
    pub link: Url,
}

/// Whoever sent a request.
pub struct Visitor {
    session: Carried,
    pub person: Option<Person>,
    /// The path asked for, to come back to.
    pub path: String,
}

/// A member at work in their company.
pub struct Staff {
    pub company: &'static Company,
    pub actor: Actor,
}

/// The session of the request under way.
#[derive(Clone, Default)]
struct Carried(Arc<Mutex<Session>>);

impl Sessions {
    /// It takes the key that is kept in the folder, or makes one.
    pub fn open(folder: Option<&Folder>) -> io::Result<Self> {
        let Some(folder) = folder else { return Ok(Self(Key::generate())) };
        if let Some(kept) = folder.read(KEY)? {
            return Key::try_from(kept.as_slice()).map(Self).map_err(io::Error::other);
        }
        let key = Key::generate();
        folder.write(KEY, key.master())?;
        Ok(Self(key))
    }

    /// What cannot be opened is nobody's session.
    fn unseal(&self, headers: &HeaderMap) -> Session {
        let lines = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut cookies = lines.flat_map(Cookie::split_parse).flatten().map(Cookie::into_owned);
        let sealed = cookies.find(|cookie| cookie.name() == COOKIE);
        let opened = sealed.and_then(|cookie| CookieJar::new().private(&self.0).decrypt(cookie));
        opened.and_then(|cookie| serde_json::from_str(cookie.value()).ok()).unwrap_or_default()
    }

    fn seal(&self, session: String) -> Option<HeaderValue> {
        let mut jar = CookieJar::new();
        let cookie = Cookie::build((COOKIE, session)).path("/").http_only(true).same_site(SameSite::Lax);
        jar.private_mut(&self.0).add(cookie);
        HeaderValue::try_from(jar.get(COOKIE)?.to_string()).ok()
    }
}

/// It hands the session to the page and, if the page changed it, back to the browser.
pub async fn carry(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    let session = app.sessions.unseal(request.headers());
    let before = written(&session);
    let carried = Carried(Arc::new(Mutex::new(session)));
    request.extensions_mut().insert(carried.clone());
    let mut response = next.run(request).await;
    let after = written(&carried.lock());
    if after != before
        && let Some(cookie) = app.sessions.seal(after)
    {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

fn written(session: &Session) -> String {
    serde_json::to_string(session).unwrap_or_default()
}

impl Carried {
    fn lock(&self) -> MutexGuard<'_, Session> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Visitor {
    /// From here on they are this person, or nobody. What the session holds stays.
    pub fn be(&self, person: Option<Person>) {
        self.session.lock().person = person.map(|person| person.key().to_owned());
    }

    /// It shows a line on the next page.
    pub fn tell(&self, notice: impl Into<String>) {
        self.session.lock().notice = Some(notice.into());
    }

    pub fn take_notice(&self) -> Option<String> {
        self.session.lock().notice.take()
    }

    /// The attempt this member began in this session.
    pub fn attempt(&self, member: MemberId) -> Option<Attempt> {
        self.session.lock().attempt.clone().filter(|attempt| attempt.member == member)
    }

    pub fn set_attempt(&self, attempt: Option<Attempt>) {
        self.session.lock().attempt = attempt;
    }

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

    async fn from_request_parts(parts: &mut Parts, _: &Arc<App>) -> Result<Self, Infallible> {
        let session = parts.extensions.get::<Carried>().cloned().unwrap_or_default();
        let person = session.lock().person.as_deref().and_then(Person::of_key);
        Ok(Self { session, person, path: parts.uri.path().to_owned() })
    }
}

/// A secret is written down nowhere but in a sealed session.
mod sealed {
    use secrecy::{ExposeSecret, SecretString};
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(secret: &SecretString, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(secret.expose_secret())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SecretString, D::Error> {
        String::deserialize(deserializer).map(SecretString::from)
    }
}
