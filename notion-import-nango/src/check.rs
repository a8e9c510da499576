//! Whether the set-up at Nango is right: for the operator, at the start and on a page.

use std::fmt;

use http::StatusCode;
use notion_import_core::{AccessError, Authorizer, ConnectionRef, Fault};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::json;
use url::Url;

use crate::call::Failed;
use crate::fault::Refused;
use crate::integration::Integration;
use crate::nango::Nango;

/// An id that no connection has: Nango's are of version 4.
const NOBODY: &str = "00000000-0000-0000-0000-000000000000";

/// So many connections are asked for at most.
const MOST_ASKED: usize = 20;

/// Something about the set-up at Nango, in words for the operator: what is so, and what to do.
#[derive(Debug)]
#[non_exhaustive]
pub enum Finding {
    /// Nobody answers there, or not as Nango does at the moment.
    Unreachable(AccessError),
    /// Something answers there that is not Nango's API.
    NotNango,
    /// Nango does not accept the key.
    Key(Refused),
    /// The key lacks this scope.
    ScopeMissing(&'static str),
    /// The key may do what nothing here needs: read the tokens.
    ReadsCredentials,
    /// There is no such integration in the environment that the key is of.
    UnknownIntegration,
    /// The integration is of another provider than `notion`.
    AnotherProvider,
    /// Nango knows none of this many connections of ours.
    KnowsNone(usize),
    /// The account's limit is used up.
    Paused(AccessError),
    /// Nango refuses in another way.
    Refused(AccessError),
    /// There is no key to check webhooks with.
    NoSigningKey,
    /// Nango does not pass Notion's events on.
    ForwardsNothing,
    /// Where Notion has to send its events.
    EventsTo(Url),
}

/// How much a [`Finding`] matters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Level {
    /// Good to know.
    Note,
    /// It works, and slower or less safely than it could.
    Warning,
    /// Connecting, reading or disconnecting does not work.
    Error,
}

impl Finding {
    /// Tells how much it matters.
    pub const fn level(&self) -> Level {
        match self {
            Self::Unreachable(_) | Self::NotNango | Self::Key(_) | Self::ScopeMissing(_) => Level::Error,
            Self::UnknownIntegration | Self::AnotherProvider | Self::KnowsNone(_) => Level::Error,
            Self::Refused(_) => Level::Error,
            Self::Paused(_) | Self::ReadsCredentials | Self::NoSigningKey => Level::Warning,
            Self::ForwardsNothing | Self::EventsTo(_) => Level::Note,
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable(error) => {
                write!(f, "Nango does not answer{}. Check the base URL, and that it runs.", Because(error))
            }
            Self::NotNango => f.write_str(
                "What answers at the base URL is not Nango's API. It is https://api.nango.dev, or where your own server listens, \
                 without a path unless a proxy adds one.",
            ),
            Self::Key(refused) => write!(f, "{refused}. {}", refused.advice()),
            Self::ScopeMissing(scope) => write!(
                f,
                "The API key lacks the scope {scope}. Add it in Nango under Environment Settings, API Keys."
            ),
            Self::ReadsCredentials => f.write_str(
                "The API key may read the tokens, which nothing here does. Make one that has only the scopes that are needed.",
            ),
            Self::UnknownIntegration => f.write_str(
                "There is no integration of this id in the environment that the API key is of. Check the id, and that the key \
                 is of the right environment.",
            ),
            Self::AnotherProvider => f.write_str(
                "The integration is not one of Notion's: its provider has to be `notion`, not `notion-mcp` or `notion-scim`.",
            ),
            Self::KnowsNone(count) => write!(
                f,
                "Nango knows none of the connections that are kept here ({count} looked for). The API key is of another environment \
                 than they were made in, or all of them were deleted at Nango. Until that is clear, none of them is given up.",
            ),
            Self::Paused(error) => write!(f, "Nango takes no more requests at the moment{}.", Because(error)),
            Self::Refused(error) => write!(f, "Nango does not do what it should{}.", Because(error)),
            Self::NoSigningKey => f.write_str(
                "Without a webhook signing key no webhook is accepted. Polling finds what they would tell, but later.",
            ),
            Self::ForwardsNothing => f.write_str(
                "Nango does not forward Notion's events for this integration: changes are found by the next sync.",
            ),
            Self::EventsTo(url) => write!(f, "Notion's events are forwarded if Notion sends them to {url}."),
        }
    }
}

impl Refused {
    /// Returns what the operator can do about a key that is not accepted.
    fn advice(&self) -> &'static str {
        match self.code {
            "invalid_secret_key_format" => {
                "The API key is not in the form of Nango's: a UUID. Copy it anew from Environment Settings, API Keys."
            }
            "unknown_account" => {
                "The API key was deleted, rotated or never there. Copy it anew from Environment Settings, API Keys."
            }
            "deprecated_authentication" => {
                "This is a public key, which is of no use here. Make an API key in Environment Settings."
            }
            _ => "Check the API key.",
        }
    }
}

/// The cause of an error, where there is one.
struct Because<'a>(&'a AccessError);

impl fmt::Display for Because<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.source {
            Some(cause) => write!(f, " ({cause})"),
            None => Ok(()),
        }
    }
}

impl Nango {
    /// Asks Nango whether the set-up is right, and returns what is to be said about it; of the level [`Error`](Level::Error)
    /// nothing, if it is. Nothing is made or changed there. It costs up to nine requests.
    pub async fn check(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        if let Some(found) = self.check_way().await.err() {
            return vec![found];
        }
        for scope in &SCOPES {
            match self.check_scope(scope).await {
                Ok(()) => {}
                Err(found @ Finding::ScopeMissing(_)) => findings.push(found),
                // The rest would say the same.
                Err(found) => {
                    findings.push(found);
                    return findings;
                }
            }
        }
        findings.extend(self.check_integration().await);
        if self.reads_credentials().await {
            findings.push(Finding::ReadsCredentials);
        }
        if self.0.config.webhook_signing_keys.is_empty() {
            findings.push(Finding::NoSigningKey);
        }
        findings
    }

    /// Asks Nango for connections of ours until it knows one, and returns what is to be said if it knows none: then the key may be of
    /// another environment that has an integration of the same id. Of many, it asks for the first twenty.
    pub async fn check_connections(&self, ours: &[ConnectionRef]) -> Option<Finding> {
        let asked = &ours[..ours.len().min(MOST_ASKED)];
        for reference in asked {
            match self.inspect(reference).await {
                Ok(None) => {}
                // What else is wrong the check of the set-up tells.
                Ok(Some(_)) | Err(_) => return None,
            }
        }
        (!asked.is_empty()).then_some(Finding::KnowsNone(asked.len()))
    }

    /// It asks for what needs no key.
    async fn check_way(&self) -> Result<(), Finding> {
        match self.get::<Healthy>(self.url(&["health"])).await {
            Ok(_) => Ok(()),
            Err(Failed(error)) if error.fault == Fault::Transient => Err(Finding::Unreachable(error)),
            Err(Failed(error)) if matches!(error.fault, Fault::AccountPause(_)) => {
                Err(Finding::Paused(error))
            }
            Err(_) => Err(Finding::NotNango),
        }
    }

    /// Each call is one that Nango refuses only after it has looked at the key and its scopes.
    async fn check_scope(&self, scope: &Scope) -> Result<(), Finding> {
        let url = self.url(scope.path);
        let asked: Result<IgnoredAny, Failed> = match scope.call {
            Call::Get => self.get(self.of_integration(url)).await,
            Call::List => {
                let mut url = url;
                url.query_pairs_mut().append_pair("limit", "1");
                self.get(url).await
            }
            Call::Post => self.post(url, &json!({})).await,
            Call::Delete => self.delete(self.of_integration(url)).await,
            Call::Proxy => self.get(url).await,
        };
        let Err(failed) = asked else { return Ok(()) };
        match failed.refused() {
            Some(refused) if refused.status == StatusCode::UNAUTHORIZED => Err(Finding::Key(refused)),
            Some(refused) if refused.code == "forbidden" => Err(Finding::ScopeMissing(scope.name)),
            Some(refused) if refused.code == scope.refused => Ok(()),
            // It is said by the look at the integration.
            Some(refused) if refused.code == "unknown_provider_config" => Ok(()),
            Some(_) | None => Err(trouble(failed.0)),
        }
    }

    async fn check_integration(&self) -> Option<Finding> {
        match self.integration().await {
            Ok(found) => found.finding(),
            Err(failed) if failed.is(StatusCode::NOT_FOUND, "not_found") => Some(Finding::UnknownIntegration),
            Err(failed) if failed.is(StatusCode::FORBIDDEN, "forbidden") => {
                Some(Finding::ScopeMissing("environment:integrations:read"))
            }
            Err(Failed(error)) => Some(trouble(error)),
        }
    }

    /// A key that may not is refused before the connection is looked for.
    async fn reads_credentials(&self) -> bool {
        let mut url = self.of_integration(self.url(&["connections", NOBODY]));
        url.query_pairs_mut().append_pair("refresh_token", "true");
        let asked = self.get::<IgnoredAny>(url).await;
        asked.is_err_and(|failed| failed.is(StatusCode::NOT_FOUND, "not_found"))
    }

    fn of_integration(&self, mut url: Url) -> Url {
        url.query_pairs_mut().append_pair("provider_config_key", &self.0.config.integration_id);
        url
    }
}

fn trouble(error: AccessError) -> Finding {
    match error.fault {
        Fault::AccountPause(_) => Finding::Paused(error),
        Fault::Transient => Finding::Unreachable(error),
        Fault::Operator
        | Fault::ConnectionMissing
        | Fault::AnotherNamespace
        | Fault::CredentialsRefused
        | Fault::RefreshFailing => Finding::Refused(error),
    }
}

/// A scope, and the call that tells whether the key has it.
struct Scope {
    name: &'static str,
    call: Call,
    path: &'static [&'static str],
    /// What it is refused by if the key has the scope.
    refused: &'static str,
}

enum Call {
    Get,
    List,
    Post,
    Delete,
    Proxy,
}

/// What the adapter needs.
const SCOPES: [Scope; 5] = [
    Scope { name: "environment:connections:list", call: Call::List, path: &["connections"], refused: "" },
    Scope {
        name: "environment:connections:read",
        call: Call::Get,
        path: &["connections", NOBODY],
        refused: "not_found",
    },
    Scope {
        name: "environment:connections:delete",
        call: Call::Delete,
        path: &["connections", NOBODY],
        refused: "unknown_connection",
    },
    Scope {
        name: "environment:connect_sessions:write",
        call: Call::Post,
        path: &["connect", "sessions"],
        refused: "invalid_body",
    },
    Scope {
        name: "environment:proxy",
        call: Call::Proxy,
        path: &["proxy", "v1", "users", "me"],
        refused: "invalid_headers",
    },
];

#[derive(Deserialize)]
struct Healthy {
    #[serde(rename = "result")]
    _result: String,
}

impl Integration {
    fn finding(self) -> Option<Finding> {
        match (self.provider.as_str(), self.forward_webhooks, self.webhook_url) {
            ("notion", Some(false), _) => Some(Finding::ForwardsNothing),
            ("notion", _, Some(url)) => Some(Finding::EventsTo(url)),
            ("notion", _, None) => None,
            _ => Some(Finding::AnotherProvider),
        }
    }
}
