//! Who may ask, and how often.

use chrono::TimeDelta;
use http::{HeaderMap, HeaderName, StatusCode};
use secrecy::ExposeSecret;
use serde_json::json;
use uuid::{Uuid, Version};

use super::answer::{Asked, Outcome, Refusal};
use super::stand_in::StandIn;
use super::state::{State, Window};

impl StandIn {
    /// The key, then the limit, then the scope: in Nango's order.
    pub(super) fn admit(&self, asked: &Asked, state: &mut State, scope: &str) -> Outcome<()> {
        self.recognise(asked)?;
        self.count(asked, state)?;
        if self.settings().scopes.contains(scope) {
            return Ok(());
        }
        Err(lacks(scope))
    }

    fn recognise(&self, asked: &Asked) -> Outcome<()> {
        let unauthorized = |code: &str| {
            Err(Refusal::new(StatusCode::UNAUTHORIZED, code)
                .saying("Authentication failed")
                .with("payload", json!({})))
        };
        let Some(header) = asked.header("authorization") else { return unauthorized("missing_auth_header") };
        // A key alone will do as well.
        let Some(key) = header.rsplit("Bearer ").next().filter(|key| !key.is_empty()) else {
            return unauthorized("malformed_auth_header");
        };
        let format = Uuid::try_parse(key).ok().and_then(|key| key.get_version());
        if format != Some(Version::Random) {
            return unauthorized("invalid_secret_key_format");
        }
        if key != self.settings().api_key.expose_secret() {
            return unauthorized("unknown_account");
        }
        Ok(())
    }

    fn count(&self, asked: &Asked, state: &mut State) -> Outcome<()> {
        let Some(limit) = self.limit() else { return Ok(()) };
        let now = self.now();
        let window = match state.window.take().filter(|window| window.ends > now) {
            Some(running) => state.window.insert(running),
            None => state.window.insert(Window { ends: now + TimeDelta::seconds(60), spent: 0 }),
        };
        window.spent += 1;
        if window.spent <= limit {
            return Ok(());
        }
        let mut refusal = Refusal::new(StatusCode::TOO_MANY_REQUESTS, "too_many_request")
            .with("method", asked.method.as_str().into())
            .with("path", asked.path.as_str().into());
        refusal.retry_after = u64::try_from((window.ends - now).num_seconds()).ok();
        Err(refusal)
    }

    /// The headers every counted answer carries, proxied ones too.
    pub(super) fn limits(&self, state: &State) -> HeaderMap {
        let (Some(limit), Some(window)) = (self.limit(), &state.window) else {
            return HeaderMap::new();
        };
        let number = |name, value: u64| (HeaderName::from_static(name), value.into());
        HeaderMap::from_iter([
            number("x-ratelimit-limit", limit),
            number("x-ratelimit-remaining", limit.saturating_sub(window.spent)),
            number("x-ratelimit-reset", window.ends.timestamp().try_into().unwrap_or_default()),
        ])
    }
}

pub(super) fn lacks(scope: &str) -> Refusal {
    let message = format!("Insufficient scope. Required: {scope}");
    Refusal::new(StatusCode::FORBIDDEN, "forbidden").saying(&message)
}
