//! Who is at the browser, and what only their session may know.
//!
//! A session lives in a sealed cookie: it outlives a restart, and every instance that has the key can read it. It is worth
//! something only while its sign-in is good, which is written down at the server.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::extract::{ConnectInfo, FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Uri, header};
use axum::middleware::Next;
use axum::response::Response;
use chrono::Utc;
use notion_import_core::{Action, Actor, AttemptId, MemberId, StoreError, Viewer, Visit};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use url::Url;
use uuid::Uuid;

use crate::app::App;
use crate::folder::Folder;
use crate::language;
use crate::languages::{Language, Words};
use crate::people::{Company, Person};
use crate::problem::Problem;
use crate::sealing::{self, Seal};
use crate::slips::Slips;

const COOKIE: &str = "trust_center";
const SECURE_COOKIE: &str = "__Host-trust_center";
const KEY: &str = "session-key";

/// After so long one signs in again.
const LIFETIME: Duration = Duration::from_secs(12 * 60 * 60);

/// So many sign-ins are good at once; one more ends the oldest.
const MOST: usize = 10_000;

/// What seals every session, and which sign-ins are good.
pub struct Sessions {
    seal: Seal,
    /// By their ids. A cookie alone is worth nothing.
    sign_ins: Slips,
    /// Whether browsers reach the site by https.
    is_secure: bool,
}

#[derive(Clone, Default, Serialize, Deserialize)]
struct Session {
    sign_in: Option<SignIn>,
    attempt: Option<Attempt>,
    notice: Option<String>,
}

/// Who signed in, and by which sign-in.
#[derive(Clone, Serialize, Deserialize)]
struct SignIn {
    id: Uuid,
    person: String,
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
    /// The language that they are spoken to in.
    pub language: Language,
    /// What was asked for, to come back to.
    pub uri: Uri,
    /// The other end of the connection. What a proxy says of somebody behind it is not believed.
    pub address: Option<IpAddr>,
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
    /// Takes the key that is kept in the folder, or makes one.
    pub fn open(folder: Option<&Folder>, public_url: Option<&Url>) -> io::Result<Self> {
        let is_secure = public_url.is_some_and(|url| url.scheme() == "https");
        let seal = Seal::new(&sealing::key(folder, KEY)?);
        Ok(Self { seal, sign_ins: Slips::of(folder, "sign-ins", LIFETIME, MOST)?, is_secure })
    }

    /// What cannot be opened is nobody's session, and neither is one whose sign-in is over.
    fn unseal(&self, headers: &HeaderMap) -> Session {
        let sealed = cookies(headers, self.cookie()).next();
        let opened = sealed.and_then(|sealed| self.seal.open(self.cookie(), sealed));
        let session: Session =
            opened.and_then(|session| serde_json::from_str(&session).ok()).unwrap_or_default();
        match &session.sign_in {
            Some(sign_in) if !self.sign_ins.is_good(&name(sign_in.id)) => Session::default(),
            Some(_) | None => session,
        }
    }

    fn seal(&self, session: String) -> Option<HeaderValue> {
        let (name, sealed) = (self.cookie(), self.seal.close(self.cookie(), session)?);
        let secure = if self.is_secure { " Secure;" } else { "" };
        HeaderValue::try_from(format!("{name}={sealed}; HttpOnly; SameSite=Lax;{secure} Path=/")).ok()
    }

    /// By the prefix a browser takes it from this very host alone, and by https.
    fn cookie(&self) -> &'static str {
        if self.is_secure { SECURE_COOKIE } else { COOKIE }
    }
}

/// Hands the session to the page and, if the page changed it, back to the browser.
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
        // It is this browser's alone.
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}

/// Returns what the cookies of a name say.
pub fn cookies<'h>(headers: &'h HeaderMap, name: &'h str) -> impl Iterator<Item = &'h str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let cookies = lines.flat_map(|line| line.split(';')).filter_map(|cookie| cookie.split_once('='));
    cookies.filter(move |(known, _)| known.trim() == name).map(|(_, says)| says.trim())
}

fn name(sign_in: Uuid) -> String {
    sign_in.simple().to_string()
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
    /// Ends the sign-in there was, for whoever has a copy of its cookie too, and begins one of this person. Who becomes nobody
    /// leaves nothing in the session.
    pub fn be(&self, sessions: &Sessions, person: Option<&Person>) -> Result<(), StoreError> {
        let old = self.session.lock().sign_in.take();
        old.map(|old| sessions.sign_ins.end(&name(old.id))).transpose().map_err(StoreError::backend)?;
        let Some(person) = person else {
            *self.session.lock() = Session::default();
            return Ok(());
        };
        let id = Uuid::new_v4();
        sessions.sign_ins.write(&name(id), b"").map_err(StoreError::backend)?;
        self.session.lock().sign_in = Some(SignIn { id, person: person.key() });
        Ok(())
    }

    /// Shows a line on the next page.
    pub fn tell(&self, notice: impl Into<String>) {
        self.session.lock().notice = Some(notice.into());
    }

    /// Whether nothing is known of them, and no line waits to be shown: they see what everybody sees.
    pub fn is_anybody(&self) -> bool {
        self.person.is_none() && self.session.lock().notice.is_none()
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
        match &self.person {
            Some(Person::Member(company, member)) => {
                let actor = member.actor(company);
                let actor = self.address.map_or(actor.clone(), |address| actor.from_address(address));
                Ok(Staff { company, actor })
            }
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

    /// The words that they are spoken to in.
    pub fn words(&self) -> &'static Words {
        self.language.words()
    }

    pub fn viewer(&self) -> Viewer {
        self.person.as_ref().map_or(Viewer::Anonymous, Person::viewer)
    }

    /// Their visit to a company's site, now.
    pub fn visit(&self, site: &Company) -> Visit {
        let visit = Visit::new(site.tenant, self.viewer(), Utc::now()).unmarkable(site.unmarkable);
        Visit { address: self.address, ..visit }
    }
}

impl FromRequestParts<Arc<App>> for Visitor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        let session = parts.extensions.get::<Carried>().cloned().unwrap_or_default();
        let key = session.lock().sign_in.as_ref().map(|known| known.person.clone());
        let person = match key {
            Some(key) => Person::find(&*app.stores.access, &key).await?,
            None => None,
        };
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let address = peer.map(|ConnectInfo(peer)| peer.ip().to_canonical());
        let language = language::of(&parts.uri, &parts.headers);
        Ok(Self { session, person, uri: parts.uri.clone(), language, address })
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
