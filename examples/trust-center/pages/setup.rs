//! Whether the set-up at Nango is right, and how Notion's own webhooks are set up, for administrators.

use std::time::Duration;

use axum::extract::State;
use notion_import_core::Action;
use notion_import_nango::Level;
use secrecy::ExposeSecret;
use tokio::time::timeout;

use super::frame::{Frame, page};
use super::{Answer, Shared};
use crate::nango;
use crate::session::Visitor;
use crate::words;

/// Nobody waits longer for Nango than this.
const PATIENCE: Duration = Duration::from_secs(20);

#[derive(askama::Template)]
#[template(path = "setup.html")]
struct Setup {
    frame: Frame,
    /// How they look, and what they say.
    findings: Vec<(&'static str, String)>,
    works: bool,
    takes_webhooks: bool,
    takes_events: bool,
    /// Where Notion has to send its events; none if browsers know this site by an address that Notion cannot reach.
    events_to: Option<String>,
    /// When tokens came to check events with, and which.
    offered: Vec<(String, String)>,
}

pub async fn show(State(app): Shared, visitor: Visitor) -> Answer {
    visitor.staff_who_may(Action::Connect)?;
    let checked = timeout(PATIENCE, nango::findings(&app)).await;
    let works = checked.as_ref().is_ok_and(|found| found.iter().all(|one| one.level() < Level::Error));
    let findings = match checked {
        Ok(found) => found.iter().map(|one| (style(one.level()), one.to_string())).collect(),
        Err(_) => vec![(style(Level::Error), "Nango does not answer in time.".to_owned())],
    };
    let takes_webhooks = app.nango.takes_webhooks();
    let offered = app.subscription.offered().into_iter();
    page(&Setup {
        findings,
        works,
        takes_webhooks,
        takes_events: !app.subscription.is_to_be_set_up(),
        events_to: app.public_url.as_ref().map(|url| format!("{url}webhooks/notion")),
        offered: offered.map(|one| (words::moment(one.at), one.token.expose_secret().to_owned())).collect(),
        frame: Frame::new(&app, &visitor, "Set-up").await?,
    })
}

const fn style(level: Level) -> &'static str {
    match level {
        Level::Error => "callout bad",
        Level::Warning => "callout",
        Level::Note => "quiet",
    }
}
