//! What follows when a person says yes or no.

use http::StatusCode;
use notion_import_core::testing::Answer;
use notion_import_core::{ConnectionRef, NotionId};
use url::Url;
use uuid::Uuid;

use super::answer::{Asked, html};
use super::hook::Hook;
use super::page;
use super::session::token_of;
use super::stand_in::StandIn;
use super::state::{Connection, Refresh, Session, State};

/// The link has expired, or never was one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the connect link does not work any more")]
pub struct NotConsented;

/// What a person decided on the consent page.
struct Decision {
    token: String,
    allow: bool,
    workspace: Option<NotionId>,
    pages: Vec<NotionId>,
}

impl StandIn {
    /// Sets out as a person would who follows a link to Notion and has not decided yet. Who set out in time may
    /// [`consent`](Self::consent) when the link no longer works, unless the session was closed.
    ///
    /// # Errors
    /// If the link does not work (any more).
    pub fn set_out(&self, link: &Url) -> Result<(), NotConsented> {
        let token = token_of(link).ok_or(NotConsented)?;
        if self.state().set_out(&token, self.now()) { Ok(()) } else { Err(NotConsented) }
    }

    /// Consents as a person would: to a workspace and some of its pages or databases. It returns the connection
    /// when its webhook has been delivered or given up. A link can be used more than once.
    ///
    /// # Errors
    /// If the link does not work (any more).
    pub async fn consent(
        &self,
        link: &Url,
        workspace: NotionId,
        pages: &[NotionId],
    ) -> Result<ConnectionRef, NotConsented> {
        let token = token_of(link).ok_or(NotConsented)?;
        let (connection, hook) = self.grant(&token, workspace, pages)?;
        if let Some(hook) = hook {
            self.send(hook).await;
        }
        Ok(ConnectionRef::new(connection))
    }

    /// Declines as a person would.
    ///
    /// # Errors
    /// If the link does not work (any more).
    pub async fn decline(&self, link: &Url) -> Result<(), NotConsented> {
        let hook = self.refuse(&token_of(link).ok_or(NotConsented)?)?;
        self.send(hook).await;
        Ok(())
    }

    /// The page a connect link opens.
    pub(super) fn show_consent(&self, asked: &Asked, state: &mut State) -> Answer {
        let token = asked.parameter("session_token").unwrap_or_default();
        match state.set_out(&token, self.now()) {
            true => html(StatusCode::OK, page::consent(self.world(), &token, None)),
            false => expired(),
        }
    }

    /// What the page's form sends.
    pub(super) fn take_consent(&self, asked: &Asked) -> Answer {
        let decision = Decision::read(&asked.body);
        let back = self.settings().back.as_ref();
        if !decision.allow {
            return match self.refuse(&decision.token) {
                Ok(hook) => {
                    self.send_later(hook);
                    html(StatusCode::OK, page::closing("Not connected", "Nothing was shared.", back))
                }
                Err(NotConsented) => expired(),
            };
        }
        let Some(workspace) = decision.workspace else {
            return self.ask_again(&decision, "Choose a workspace.");
        };
        let within: Vec<NotionId> = self.world().roots(workspace).into_iter().map(|(id, _)| id).collect();
        let pages: Vec<NotionId> = decision.pages.iter().copied().filter(|id| within.contains(id)).collect();
        if pages.is_empty() {
            return self.ask_again(&decision, "Choose at least one page of the workspace.");
        }
        match self.grant(&decision.token, workspace, &pages) {
            Ok((_, hook)) => {
                if let Some(hook) = hook {
                    self.send_later(hook);
                }
                html(StatusCode::OK, page::closing("Connected", "Notion is connected.", back))
            }
            Err(NotConsented) => expired(),
        }
    }

    fn ask_again(&self, decision: &Decision, hint: &str) -> Answer {
        html(StatusCode::BAD_REQUEST, page::consent(self.world(), &decision.token, Some(hint)))
    }

    fn grant(
        &self,
        token: &str,
        workspace: NotionId,
        pages: &[NotionId],
    ) -> Result<(String, Option<Hook>), NotConsented> {
        let now = self.now();
        let mut state = self.state();
        let Session { tags, renews, .. } = state.arrive(token, now).ok_or(NotConsented)?;
        let grant = self.world().grant(workspace, pages.iter().copied());
        let renewed = renews.filter(|id| state.connections.contains_key(id));
        let operation = if renewed.is_some() { "override" } else { "creation" };
        let id = renewed.unwrap_or_else(|| Uuid::new_v4().to_string());
        state.numbered += 1;
        let fresh = Connection {
            number: state.numbered,
            tags: tags.clone(),
            workspace: grant.workspace_id,
            bot: grant.bot_id,
            token: grant.token,
            next_token: None,
            pages: pages.to_vec(),
            refresh: Refresh::Works,
            created_at: now,
            updated_at: now,
        };
        let connection = match state.connections.remove(&id) {
            Some(old) => Connection { number: old.number, created_at: old.created_at, ..fresh },
            None => fresh,
        };
        state.connections.insert(id.clone(), connection);
        // A renewal is told whatever is switched on.
        let is_told = self.settings().tell_creations || operation == "override";
        let hook = is_told.then(|| Hook::auth(operation, &id, &tags));
        Ok((id, hook))
    }

    fn refuse(&self, token: &str) -> Result<Hook, NotConsented> {
        let session = self.state().arrive(token, self.now()).ok_or(NotConsented)?;
        // Without a connection Nango names one that never comes to be.
        let named = session.renews.unwrap_or_else(|| Uuid::new_v4().to_string());
        Ok(Hook::declined(&named))
    }
}

impl Decision {
    fn read(form: &[u8]) -> Self {
        let mut decision = Self { token: String::new(), allow: false, workspace: None, pages: Vec::new() };
        for (name, value) in url::form_urlencoded::parse(form) {
            match name.as_ref() {
                "session_token" => decision.token = value.into_owned(),
                "decision" => decision.allow = value == "allow",
                "workspace" => decision.workspace = value.parse().ok(),
                "page" => decision.pages.extend(value.parse::<NotionId>().ok()),
                _ => {}
            }
        }
        decision
    }
}

fn expired() -> Answer {
    let body = page::closing(
        "Link expired",
        "This link does not work any more. Start again where you came from.",
        None,
    );
    html(StatusCode::UNAUTHORIZED, body)
}
