//! Acts on many documents: what will happen to each is shown before it is confirmed, once for all.

use std::collections::HashMap;

use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use chrono::{TimeDelta, Utc};
use notion_import_core::{AccessLevel, AdminDocument, BulkChange, ConnectionState, DocumentId, Pick};
use uuid::Uuid;

use super::assigning::days;
use super::care::{Care, internal_titles, leaks};
use super::categories::given;
use super::choosing::chosen as chosen_contact;
use super::dialog::Report;
use super::documents::{Asked, every};
use super::frame::{Frame, page};
use super::{Address, Answer, Shared, see};
use crate::app::App;
use crate::bulk::{BulkAct, Ceremony, Chosen, Foreseen, SECRET, opened};
use crate::fields::Fields;
use crate::problem::Problem;
use crate::progress::ImportId;
use crate::session::{Staff, Visitor};
use crate::words;

/// More documents than these are not chosen at once.
const MOST: usize = 10_000;
/// What is done to so many is done before the answer; the rest can be watched.
const AT_ONCE: usize = 25;
/// Documents on a page.
const LINES: usize = 50;

#[derive(askama::Template)]
#[template(path = "bulk.html")]
struct BulkPage {
    frame: Frame,
    number: Uuid,
    what: String,
    contact: Option<String>,
    /// Who reads them from then on, if that changes.
    readers: Option<&'static str>,
    changes: usize,
    nothing: usize,
    refused: usize,
    lines: Vec<Shown>,
    takes_reason: bool,
    /// What stands beside the box to tick; none if nothing has to be.
    tick: Option<String>,
    previous: Option<usize>,
    next: Option<usize>,
}

/// What will happen to one document.
struct Shown {
    id: DocumentId,
    title: String,
    level: AccessLevel,
    version: u32,
    /// Why nothing happens; none if something does.
    why_not: Option<String>,
    is_refused: bool,
    /// What it leaves out and gives away, counted.
    counted: Vec<String>,
    /// Where all of that is shown.
    review: Option<String>,
}

/// Takes what was chosen, and foresees what comes of it.
pub async fn choose(State(app): Shared, visitor: Visitor, body: Bytes) -> Answer {
    let staff = visitor.staff()?;
    let fields = Fields::read(&body);
    let (act, contact) = act(&app, &staff, &fields).await?;
    visitor.staff_who_may(act.action())?;
    let documents = documents(&app, &staff, &fields).await?;
    if documents.is_empty() {
        return Err(Problem::form("Nothing was ticked. Go back and choose at least one document."));
    }
    let now = Utc::now();
    let chosen = documents.iter().map(|known| Chosen::of(&act, known, now)).collect();
    let id = ImportId { tenant: staff.actor.tenant, number: Uuid::new_v4() };
    app.ceremonies.keep(id, Ceremony { act, contact, chosen })?;
    see(Address::Bulk(id.number))
}

/// Reads what is to be done, and to whom.
async fn act(app: &App, staff: &Staff, fields: &Fields) -> Result<(BulkAct, Option<String>), Problem> {
    let level = |text: &str| text.parse().map_err(|_| Problem::form("Choose a level."));
    let act = match fields.text("act").split_once(' ').unwrap_or((fields.text("act"), "")) {
        ("publish", to) => BulkAct::Change(BulkChange::Publish(level(to)?)),
        ("level", to) => BulkAct::Change(BulkChange::SetLevel(level(to)?)),
        ("withdraw", _) => BulkAct::Change(BulkChange::Withdraw),
        ("category", _) => BulkAct::Change(BulkChange::SetCategory(given(fields)?)),
        ("import", _) => BulkAct::ImportAgain,
        ("unlink", _) => BulkAct::Unlink,
        ("assign", _) => {
            let contact = chosen_contact(app, staff.company, fields).await?;
            let contact = contact.ok_or_else(|| Problem::form("Choose a contact."))?;
            let days = fields.given("days").map(days).transpose()?;
            let expires_at = days.map(|days| Utc::now() + TimeDelta::days(days));
            let name = format!("{}, {}", contact.details.name(), contact.details.company());
            return Ok((BulkAct::Change(BulkChange::Assign { contact: contact.id, expires_at }), Some(name)));
        }
        _ => return Err(Problem::form("Choose what to do with the documents.")),
    };
    Ok((act, None))
}

/// The documents that are ticked, or all that the filter leaves.
async fn documents(app: &App, staff: &Staff, fields: &Fields) -> Result<Vec<AdminDocument>, Problem> {
    if fields.text("which") == "all" {
        let all = every(app, &staff.actor, &Asked::read(fields).filter, MOST + 1).await?;
        if all.len() > MOST {
            return Err(Problem::form(format!("These are more than {MOST} documents. Filter them first.")));
        }
        return Ok(all);
    }
    let mut documents = Vec::new();
    for id in fields.distinct("document").into_iter().take(MOST) {
        let id = id.parse().map_err(|_| Problem::not_found())?;
        documents.extend(app.stores.access.document(&staff.actor, id).await?);
    }
    Ok(documents)
}

fn kept(app: &App, id: ImportId) -> Result<Ceremony, Problem> {
    app.ceremonies.get(id)?.ok_or_else(|| {
        Problem::form(
            "This is confirmed already, or was chosen long ago. Look at the documents and choose again.",
        )
    })
}

pub async fn show(
    State(app): Shared,
    visitor: Visitor,
    Path(number): Path<Uuid>,
    RawQuery(query): RawQuery,
) -> Answer {
    let staff = visitor.staff()?;
    let ceremony = kept(&app, ImportId { tenant: staff.actor.tenant, number })?;
    visitor.staff_who_may(ceremony.act.action())?;
    let from: usize = Fields::read(query.unwrap_or_default().as_bytes()).text("from").parse().unwrap_or(0);
    let (changes, nothing, refused) = ceremony.counts();
    let mut lines = Vec::new();
    let internal = match ceremony.chosen.iter().any(|chosen| chosen.opens.is_some()) {
        true => internal_titles(&app, &staff, None).await?,
        false => Vec::new(),
    };
    for chosen in ceremony.chosen.iter().skip(from).take(LINES) {
        lines.push(shown(&app, &staff, &ceremony, chosen, &internal).await?);
    }
    page(&BulkPage {
        number,
        what: ceremony.act.words(),
        readers: level(&ceremony.act).map(words::readers),
        takes_reason: ceremony.act.takes_reason(),
        tick: tick(&ceremony, changes),
        previous: (from > 0).then(|| from.saturating_sub(LINES)),
        next: Some(from + LINES).filter(|next| *next < ceremony.chosen.len()),
        contact: ceremony.contact,
        changes,
        nothing,
        refused,
        lines,
        frame: Frame::new(&app, &visitor, "Many documents").await?,
    })
}

/// The level that readers are let in at.
fn level(act: &BulkAct) -> Option<AccessLevel> {
    match act {
        BulkAct::Change(BulkChange::Publish(level) | BulkChange::SetLevel(level)) => Some(*level),
        BulkAct::Change(_) | BulkAct::ImportAgain | BulkAct::Unlink => None,
    }
}

fn tick(ceremony: &Ceremony, changes: usize) -> Option<String> {
    let opened = ceremony.chosen.iter().filter(|chosen| chosen.opens.is_some()).count();
    (opened > 0).then(|| {
        format!("I have seen what will happen to each of the {changes} documents, and what readers get may be read.")
    })
}

async fn shown(
    app: &App,
    staff: &Staff,
    ceremony: &Ceremony,
    chosen: &Chosen,
    internal: &[String],
) -> Result<Shown, Problem> {
    let seen = &chosen.seen;
    let (mut why_not, mut is_refused) = match &chosen.foreseen {
        Foreseen::Changes => (None, false),
        Foreseen::Nothing => (Some("It is so already.".to_owned()), false),
        Foreseen::Refused(why) => (Some(why.clone()), true),
    };
    let (mut counted, mut review) = (Vec::new(), None);
    if let Some(version) = opened(app, &staff.actor, chosen).await? {
        let (report, leaks) = (Report::of(&version), leaks(&seen.title, &version, internal));
        let to = level(&ceremony.act).unwrap_or_default();
        let care = Care::of(&leaks, to, true);
        let parts = [("missing", report.missing.len()), ("in another form", report.losses.len())];
        counted.extend(
            parts.into_iter().filter(|(_, count)| *count > 0).map(|(what, count)| format!("{what}: {count}")),
        );
        counted.extend(report.exposures);
        counted.extend(care.findings.iter().map(|found| found.words.clone()));
        if care.findings.iter().any(|found| found.is_secret) {
            (why_not, is_refused) = (Some(SECRET.to_owned()), true);
        }
        review = Some(match &ceremony.act {
            BulkAct::Change(BulkChange::SetLevel(_)) => format!("/documents/{}/level?to={to}", seen.document),
            BulkAct::Change(_) | BulkAct::ImportAgain | BulkAct::Unlink => {
                format!("/documents/{}/publish?version={}&level={to}", seen.document, version.number.0)
            }
        });
    }
    Ok(Shown {
        id: seen.document,
        title: words::title(&seen.title),
        level: seen.level,
        version: seen.version.0,
        why_not,
        is_refused,
        counted,
        review,
    })
}

pub async fn confirm(State(app): Shared, visitor: Visitor, Path(number): Path<Uuid>, body: Bytes) -> Answer {
    let staff = visitor.staff()?;
    let id = ImportId { tenant: staff.actor.tenant, number };
    let ceremony = kept(&app, id)?;
    let staff = Staff { company: staff.company, ..visitor.staff_who_may(ceremony.act.action())? };
    let fields = Fields::read(&body);
    let again = || (format!("/bulk/{number}"), "Back to the form");
    let incomplete = |what: &'static str| {
        let (way, name) = again();
        Problem::form(what).with_way_out(way, name)
    };
    if ceremony.act.takes_reason() && !fields.is_on("reason") {
        return Err(incomplete("Say why. The reason is kept in the history of each document."));
    }
    let (changes, ..) = ceremony.counts();
    if tick(&ceremony, changes).is_some() && !fields.is_on("seen") {
        return Err(incomplete("Tick first that you have seen what will happen."));
    }
    app.ceremonies.forget(id)?;
    if let BulkAct::ImportAgain = ceremony.act {
        return import_again(&app, staff, &ceremony).await;
    }
    let is_short = ceremony.chosen.len() <= AT_ONCE;
    let reason = fields.text("reason").to_owned();
    let (number, running) = app.jobs.apply(&app, staff.actor, ceremony, reason);
    if is_short {
        // It goes on if nobody waits for it any more.
        let _ = running.await;
    }
    see(Address::Import(number))
}

async fn import_again(app: &std::sync::Arc<App>, staff: Staff, ceremony: &Ceremony) -> Answer {
    let connections = app.stores.connections.list(staff.actor.tenant).await?;
    let active = connections.into_iter().find(|record| record.state == ConnectionState::Active);
    let active = active
        .ok_or_else(|| Problem::form("Notion is not connected. An administrator can connect it again."))?;
    let picks: HashMap<Pick, String> =
        ceremony.chosen.iter().filter_map(|chosen| Some((chosen.pick?, chosen.seen.title.clone()))).collect();
    see(Address::Import(app.jobs.begin(app, staff.actor, active.id, picks, HashMap::new())))
}
