//! Whether the set-up at Nango is right, for administrators.

use std::time::Duration;

use axum::extract::State;
use notion_import_core::Action;
use notion_import_nango::Level;
use tokio::time::timeout;

use super::frame::{Frame, page};
use super::{Answer, Shared};
use crate::session::Visitor;

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
}

pub async fn show(State(app): Shared, visitor: Visitor) -> Answer {
    visitor.staff_who_may(Action::Connect)?;
    let checked = timeout(PATIENCE, app.nango.check()).await;
    let works = checked.as_ref().is_ok_and(|found| found.iter().all(|one| one.level() < Level::Error));
    let findings = match checked {
        Ok(found) => found.iter().map(|one| (style(one.level()), one.to_string())).collect(),
        Err(_) => vec![(style(Level::Error), "Nango does not answer in time.".to_owned())],
    };
    let takes_webhooks = app.nango.takes_webhooks();
    page(&Setup { findings, works, takes_webhooks, frame: Frame::new(&app, &visitor, "Set-up at Nango") })
}

const fn style(level: Level) -> &'static str {
    match level {
        Level::Error => "callout bad",
        Level::Warning => "callout",
        Level::Note => "quiet",
    }
}
