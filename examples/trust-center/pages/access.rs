//! Who could read what, at any time: rebuilt from the company's audit.

use axum::extract::{RawQuery, State};
use chrono::{DateTime, NaiveDateTime, SecondsFormat, SubsecRound, TimeDelta, Utc};
use notion_import_core::{AccessAnswer, Action, ContactId, Decision, DocumentId, Viewer};

use super::choosing::{Choice, chosen};
use super::frame::{Frame, page};
use super::readings::titles;
use super::{Answer, Shared, cut, id};
use crate::because::Because;
use crate::fields::Fields;
use crate::names::Names;
use crate::problem::Problem;
use crate::session::{Staff, Visitor};
use crate::words;

/// Documents on a page.
const LINES: usize = 50;

#[derive(askama::Template)]
#[template(path = "access.html")]
struct Access {
    frame: Frame,
    /// Whom the page is about; none for everybody.
    contact: Option<ContactId>,
    who: String,
    contacts: Choice,
    /// Their address, where they are chosen by that.
    mail: String,
    /// The document that the page is about, if it is about one only.
    document: Option<(DocumentId, String)>,
    readable: bool,
    at: String,
    /// The same for the field of a form, to the second, which is not before it.
    second: String,
    /// The number of the last entry that counts.
    entry: u64,
    answers: Vec<Shown>,
    /// What the next page is narrowed to; none if this is the last.
    older: Option<String>,
}

struct Shown {
    document: DocumentId,
    title: String,
    version: Option<ShownVersion>,
    level: &'static str,
    level_name: &'static str,
    could: bool,
    because: Vec<Because>,
}

struct ShownVersion {
    number: u32,
    digest: String,
}

/// What is asked.
struct Question {
    contact: Option<ContactId>,
    document: Option<DocumentId>,
    /// Whether only what could be read is shown.
    readable: bool,
    at: DateTime<Utc>,
    /// The document that the page begins behind.
    after: Option<DocumentId>,
}

pub async fn show(State(app): Shared, visitor: Visitor, RawQuery(query): RawQuery) -> Answer {
    let staff = visitor.staff_who_may(Action::ReadAudit)?;
    let fields = Fields::read(query.unwrap_or_default().as_bytes());
    let contact = match fields.text("contact").parse() {
        // Somebody who may be no contact any more.
        Ok(id) => Some(id),
        Err(_) => chosen(&app, staff.company, &fields).await?.map(|contact| contact.id),
    };
    let question = Question::read(&fields, contact, Utc::now())?;
    let state = app.stores.access.as_of(&staff.actor, question.at).await?;
    let viewer = question.viewer(&staff);
    let wanted = |answer: &AccessAnswer| !question.readable || could(answer);
    let mut answers: Vec<_> = match question.document {
        Some(id) => state.answer(&viewer, id, question.at).into_iter().collect(),
        None => {
            let all = state.answers(&viewer, question.at, question.after);
            all.filter(wanted).take(LINES + 1).collect()
        }
    };
    let older = cut(&mut answers, LINES).map(|last| question.older(last.document.id));
    let names = Names::of(&app, &staff, question.contact).await?;
    let mail = question.contact.and_then(|id| names.known(id)).map(|known| known.details.mail().as_str());
    let contacts = Choice::of(&app, &staff).await?;
    let shown = answers.iter().map(|answer| answer.document.id);
    let titles = titles(&app, &staff, shown.chain(question.document)).await?;
    let title = |id: DocumentId| titles.get(&id).cloned().unwrap_or_default();
    page(&Access {
        frame: Frame::new(&app, &visitor, "Who could read what").await?,
        contact: question.contact,
        who: question.contact.map_or("everybody".to_owned(), |id| names.contact(id).to_owned()),
        contacts: match question.contact {
            Some(id) => contacts.and(id, names.contact(id)),
            None => contacts,
        },
        mail: mail.unwrap_or_default().to_owned(),
        document: question.document.map(|id| (id, title(id))),
        readable: question.readable,
        at: words::moment(question.at),
        second: second(question.at),
        entry: state.number(),
        answers: answers.iter().map(|answer| shown_of(answer, title(answer.document.id), &names)).collect(),
        older,
    })
}

impl Question {
    fn read(fields: &Fields, contact: Option<ContactId>, now: DateTime<Utc>) -> Result<Self, Problem> {
        Ok(Self {
            contact,
            document: id(fields, "document")?,
            readable: fields.is_on("readable"),
            at: fields.given("at").map_or(Ok(now), moment)?.min(now),
            after: id(fields, "after")?,
        })
    }

    /// As whom the gate would see them, had they shown that their address is theirs.
    fn viewer(&self, staff: &Staff) -> Viewer {
        match self.contact {
            Some(id) => Viewer::Contact { tenant: staff.company.tenant, id, verified: true },
            None => Viewer::Anonymous,
        }
    }

    fn older(&self, after: DocumentId) -> String {
        let contact = self.contact.map(|id| format!("contact={id}&")).unwrap_or_default();
        let readable = if self.readable { "readable=on&" } else { "" };
        format!("{contact}{readable}at={}&after={after}", exact(self.at))
    }
}

/// A moment as a field of a form says it, which knows no time zone, or as one of our addresses does.
fn moment(text: &str) -> Result<DateTime<Utc>, Problem> {
    let naive = ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M"].into_iter();
    let naive = naive.filter_map(|form| NaiveDateTime::parse_from_str(text, form).ok()).next();
    let exact = || DateTime::parse_from_rfc3339(text).ok().map(|at| at.to_utc());
    let at = naive.map(|naive| naive.and_utc()).or_else(exact);
    at.ok_or_else(|| Problem::form("Give a date and a time, as 2026-11-30T12:00."))
}

/// A moment in an address, as exact as the audit has it.
pub fn exact(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

fn second(at: DateTime<Utc>) -> String {
    let whole = at.trunc_subsecs(0);
    let next = if whole == at { whole } else { whole + TimeDelta::seconds(1) };
    next.format("%Y-%m-%dT%H:%M:%S").to_string()
}

fn could(answer: &AccessAnswer) -> bool {
    matches!(answer.decision, Decision::Allow(_))
}

fn shown_of(answer: &AccessAnswer, title: String, names: &Names) -> Shown {
    let digest = answer.digest.map(|digest| digest.to_string());
    let version = answer.document.publication.version().zip(digest);
    Shown {
        document: answer.document.id,
        title,
        version: version.map(|(version, digest)| ShownVersion { number: version.0, digest }),
        level: answer.document.level.as_str(),
        level_name: words::level(answer.document.level),
        could: could(answer),
        because: Because::of(answer, names),
    }
}
