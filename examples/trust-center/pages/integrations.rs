//! Connecting Notion, and what became of the connection.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{Path, State};
use chrono::{DateTime, Utc};
use notion_import_core::{
    Action, AttemptId, AttemptState, ConnectionId, ConnectionRecord, ConnectionState, Error, Health,
    StoreError,
};
use tokio::time::timeout;

use super::documents::linked_through;
use super::frame::{Frame, page};
use super::{Address, Answer, Shared, see};
use crate::app::App;
use crate::fields::Fields;
use crate::problem::{self, Problem};
use crate::session::{Attempt, Staff, Visitor};
use crate::words::{self, Badge};

/// A page does not wait for Nango longer than this.
const PATIENCE: Duration = Duration::from_secs(2);

/// What is said once a connection is known to be gone.
const DISCONNECTED: &str = "Disconnected, and the connection is deleted at Nango. Every document is still here. The grant in Notion itself remains until somebody removes it there: Settings → Connections.";

#[derive(askama::Template)]
#[template(path = "integrations.html")]
struct Integrations {
    frame: Frame,
    connections: Vec<Shown>,
    may_connect: bool,
    may_sync: bool,
    under_way: bool,
}

/// A connection as its page shows it.
struct Shown {
    id: ConnectionId,
    workspace: String,
    badge: Badge,
    connected_by: &'static str,
    connected_at: String,
    last_run: String,
    next_run: String,
    linked: u64,
    is_active: bool,
    needs_consent: bool,
    /// Where it leads instead of to the workspace that was confirmed, and what to do.
    elsewhere: Option<String>,
    /// What Nango knows against it, and what to do.
    trouble: Option<String>,
    is_leaving: bool,
    /// Whether it can be connected again from here.
    can_reconnect: bool,
}

pub async fn show(State(app): Shared, visitor: Visitor) -> Answer {
    let staff = visitor.staff()?;
    let mut connections = Vec::new();
    for record in app.connector.connections(staff.actor.tenant).await? {
        connections.push(shown(&app, &staff, &record, Utc::now()).await?);
    }
    page(&Integrations {
        connections,
        may_connect: staff.actor.may(Action::Connect).is_ok(),
        may_sync: staff.actor.may(Action::Import).is_ok(),
        under_way: visitor.attempt(staff.actor.member).is_some(),
        frame: Frame::new(&app, &visitor, "Integrations").await?,
    })
}

async fn shown(
    app: &App,
    staff: &Staff,
    record: &ConnectionRecord,
    now: DateTime<Utc>,
) -> Result<Shown, Problem> {
    let is_active = record.state == ConnectionState::Active;
    let needs_consent = record.state == ConnectionState::NeedsReauth;
    let health = timeout(PATIENCE, app.connector.health(record.tenant, record.id)).await;
    let health = health.unwrap_or(Err(Error::Overdue));
    let next_run = match is_active {
        true if record.next_run <= now => "now".to_owned(),
        true => words::away(record.next_run, now),
        false => "not until it is reconnected".to_owned(),
    };
    Ok(Shown {
        id: record.id,
        workspace: record.workspace.name.clone(),
        badge: words::state(record.state),
        connected_by: staff.company.member_named(record.connected_by),
        connected_at: words::moment(record.connected_at),
        last_run: words::last_run(record, now),
        next_run,
        linked: linked_through(app, &staff.actor, record.id).await?,
        is_active,
        needs_consent,
        elsewhere: record.found.as_ref().map(|found| words::elsewhere(&record.workspace, found)),
        is_leaving: record.state == ConnectionState::Disconnecting,
        can_reconnect: needs_consent
            || matches!(health, Ok(Health::Missing | Health::Unknown | Health::Failing)),
        trouble: trouble(record, &health),
    })
}

/// Nango is asked in passing: what it does not say in time is left out.
fn trouble(record: &ConnectionRecord, health: &Result<Health, Error>) -> Option<String> {
    match (record.state, health) {
        (ConnectionState::Disconnecting, Ok(Health::Unknown)) => {
            Some(words::leaving(Some(words::OF_ANOTHER_ENVIRONMENT)))
        }
        (ConnectionState::Disconnecting, Ok(Health::Sound | Health::Failing | Health::Missing)) => {
            Some(words::leaving(None))
        }
        (ConnectionState::Disconnecting, Err(error)) => {
            Some(words::leaving(words::obstacle(error).as_deref()))
        }
        (ConnectionState::NeedsReauth, _) | (ConnectionState::Active, Ok(Health::Sound)) => None,
        (ConnectionState::Active, Ok(Health::Failing)) => Some(words::GRANT_FAILING.to_owned()),
        (ConnectionState::Active, Ok(Health::Unknown)) => Some(words::ANOTHER_ENVIRONMENT.to_owned()),
        (ConnectionState::Active, Ok(Health::Missing)) => {
            Some("It is not at Nango any more, so nothing can be read through it. Reconnect to go on; the documents stay.".to_owned())
        }
        (ConnectionState::Active, Err(error)) => {
            let refusal = words::refusal(error)?;
            Some(format!("Nothing can be read at the moment ({refusal}). The connection stays as it is; whoever runs this site has to look at the set-up at Nango."))
        }
    }
}

pub async fn connect(State(app): Shared, visitor: Visitor) -> Answer {
    let staff = visitor.staff_who_may(Action::Connect)?;
    let begun = app.connector.begin(&staff.actor).await?;
    remember(&visitor, &staff, begun)
}

pub async fn reconnect(State(app): Shared, visitor: Visitor, Path(id): Path<ConnectionId>) -> Answer {
    let staff = visitor.staff_who_may(Action::Connect)?;
    let begun = app.connector.reconnect(&staff.actor, id).await?;
    remember(&visitor, &staff, begun)
}

fn remember(visitor: &Visitor, staff: &Staff, begun: notion_import_core::Begun) -> Answer {
    let attempt =
        Attempt { member: staff.actor.member, id: begun.attempt, secret: begun.secret, link: begun.link.url };
    visitor.set_attempt(Some(attempt));
    see(Address::Attempt)
}

#[derive(askama::Template)]
#[template(path = "attempt.html")]
struct AttemptPage {
    frame: Frame,
    id: AttemptId,
    link: String,
    state: AttemptState,
    /// Whether only polling finds out.
    is_slow: bool,
}

pub async fn attempt(State(app): Shared, visitor: Visitor) -> Answer {
    let staff = visitor.staff_who_may(Action::Connect)?;
    let Some(attempt) = visitor.attempt(staff.actor.member) else {
        return see(Address::Integrations);
    };
    let frame = Frame::new(&app, &visitor, "Connect Notion").await?;
    let (id, link, is_slow) = (attempt.id, attempt.link.to_string(), !app.nango.takes_webhooks());
    match app.connector.poll(&staff.actor, attempt.id).await? {
        state @ AttemptState::Waiting => {
            page(&AttemptPage { frame: frame.again_in(3), id, link, state, is_slow })
        }
        state @ (AttemptState::Granted(_) | AttemptState::GrantedElsewhere { .. }) => {
            page(&AttemptPage { frame, id, link, state, is_slow })
        }
        AttemptState::Expired => {
            visitor.set_attempt(None);
            visitor.tell("The attempt has expired, or led to another workspace. Start again.");
            see(Address::Integrations)
        }
    }
}

pub async fn confirm(State(app): Shared, visitor: Visitor, body: Bytes) -> Answer {
    let (staff, attempt) = attempted(&visitor, &Fields::read(&body))?;
    let confirmed = app.connector.confirm(&staff.actor, attempt.id, &attempt.secret).await;
    let name = settled(&visitor, confirmed)?.workspace.name;
    visitor.tell(format!("{name} is connected. Now choose what to import."));
    see(Address::Integrations)
}

pub async fn change(State(app): Shared, visitor: Visitor, body: Bytes) -> Answer {
    let fields = Fields::read(&body);
    let (staff, attempt) = attempted(&visitor, &fields)?;
    let from = fields.text("from").parse().map_err(|_| Problem::moved_on())?;
    let confirmed = app.connector.confirm_change(&staff.actor, attempt.id, &attempt.secret, from).await;
    let name = settled(&visitor, confirmed)?.workspace.name;
    visitor.tell(format!(
        "{name} is connected instead. What was imported before is still here and no longer syncs."
    ));
    see(Address::Integrations)
}

/// The attempt that a form was shown for, of whoever may connect at this browser.
fn attempted(visitor: &Visitor, fields: &Fields) -> Result<(Staff, Attempt), Problem> {
    let staff = visitor.staff_who_may(Action::Connect)?;
    let attempt = visitor.attempt(staff.actor.member).ok_or_else(|| {
        Problem::form("There is nothing to confirm in this session. Start again from the integrations.")
    })?;
    // Another window may have begun another since.
    let is_shown = fields.text("attempt").parse() == Ok(attempt.id);
    if is_shown { Ok((staff, attempt)) } else { Err(Problem::moved_on()) }
}

fn settled(
    visitor: &Visitor,
    confirmed: Result<ConnectionRecord, Error>,
) -> Result<ConnectionRecord, Problem> {
    let record = confirmed?;
    visitor.set_attempt(None);
    Ok(record)
}

pub async fn cancel(State(app): Shared, visitor: Visitor, body: Bytes) -> Answer {
    let staff = visitor.staff_who_may(Action::Connect)?;
    if visitor.attempt(staff.actor.member).is_some() {
        let (staff, attempt) = attempted(&visitor, &Fields::read(&body))?;
        match app.connector.cancel(&staff.actor, attempt.id, &attempt.secret).await {
            // It may be over already.
            Ok(()) | Err(Error::Store(StoreError::NotFound)) => visitor.set_attempt(None),
            Err(error) => return Err(error.into()),
        }
    }
    visitor.tell("Nothing was connected. The link no longer works, and what Notion granted is taken back.");
    see(Address::Integrations)
}

#[derive(askama::Template)]
#[template(path = "disconnect.html")]
struct Disconnect {
    frame: Frame,
    connection: Shown,
}

pub async fn ask(State(app): Shared, visitor: Visitor, Path(id): Path<ConnectionId>) -> Answer {
    let staff = visitor.staff_who_may(Action::Connect)?;
    let record = app.connector.get(staff.actor.tenant, id).await?;
    let connection = shown(&app, &staff, &record, Utc::now()).await?;
    page(&Disconnect { connection, frame: Frame::new(&app, &visitor, "Disconnect Notion").await? })
}

pub async fn disconnect(
    State(app): Shared,
    visitor: Visitor,
    Path(id): Path<ConnectionId>,
    _: Bytes,
) -> Answer {
    let staff = visitor.staff_who_may(Action::Connect)?;
    let notice = match app.connector.disconnect(&staff.actor, id).await {
        Ok(()) => DISCONNECTED.to_owned(),
        Err(Error::Store(error)) => return Err(error.into()),
        Err(error) => {
            problem::log(&error);
            words::leaving(words::obstacle(&error).as_deref())
        }
    };
    visitor.tell(notice);
    see(Address::Integrations)
}

#[derive(askama::Template)]
#[template(path = "abandon.html")]
struct Abandon {
    frame: Frame,
    connection: Shown,
}

pub async fn ask_to_abandon(State(app): Shared, visitor: Visitor, Path(id): Path<ConnectionId>) -> Answer {
    let staff = visitor.staff_who_may(Action::Connect)?;
    let record = app.connector.get(staff.actor.tenant, id).await?;
    let connection = shown(&app, &staff, &record, Utc::now()).await?;
    page(&Abandon { connection, frame: Frame::new(&app, &visitor, "Remove a connection").await? })
}

pub async fn abandon(State(app): Shared, visitor: Visitor, Path(id): Path<ConnectionId>, _: Bytes) -> Answer {
    let staff = visitor.staff_who_may(Action::Connect)?;
    match app.connector.abandon(&staff.actor, id).await? {
        Some(unknown) => {
            problem::log(&unknown.into());
            visitor.tell("Removed here. Whether Nango still has the connection is not known: whoever runs this site has to look there. Every document is still here, and the grant in Notion remains until somebody removes it: Settings → Connections.");
        }
        None => visitor.tell(DISCONNECTED),
    }
    see(Address::Integrations)
}
