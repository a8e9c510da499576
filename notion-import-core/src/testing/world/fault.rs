//! Faults: drawn at a rate, or scripted for the next request.

use std::collections::BTreeMap;
use std::time::Duration;

use http::StatusCode;
use serde_json::json;

use super::file;
use super::reply::{Answer, Refusal, Reply, ray};
use super::route::{Call, Endpoint};
use super::state::State;

/// What may go wrong with a request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// 429 `rate_limited`, to be waited out.
    RateLimited {
        /// `Retry-After`, in seconds.
        retry_after: u64,
    },
    /// 500 `internal_server_error`.
    Internal,
    /// 502 `bad_gateway`.
    BadGateway,
    /// 503 `service_unavailable`, with advice on retrying.
    Unavailable,
    /// 504 `gateway_timeout`.
    GatewayTimeout,
    /// 529 `service_overload`.
    Overloaded {
        /// `Retry-After`, in seconds.
        retry_after: u64,
    },
    /// 409 `conflict_error`.
    Conflict,
    /// 403 `restricted_resource`: a capability is missing. Of a file: its signature has expired.
    Restricted,
    /// No answer: the connection is reset.
    Reset,
    /// The true answer, broken off in the middle.
    Cut,
    /// The true answer, slowly.
    Slow {
        /// How many bytes arrive at a time.
        chunk: usize,
        /// How long it pauses before each.
        pause: Duration,
    },
    /// A 403 in HTML by the edge proxy; Notion never saw the request.
    Edge,
    /// 400: rendering took too long. Only a request for more than 25 results is refused so.
    RenderingBudget,
}

/// Faults drawn at a rate, deterministic by the world's seed.
#[derive(Clone, Debug)]
pub struct FaultPlan {
    /// The share, 0 to 1, of requests that go wrong.
    pub rate: f64,
    /// What may go wrong; each is as likely.
    pub kinds: Vec<Fault>,
}

impl FaultPlan {
    /// Everything an import is expected to get over by itself, at a rate.
    pub fn survivable(rate: f64) -> Self {
        let slow = Fault::Slow { chunk: 4096, pause: Duration::from_millis(20) };
        let kinds = vec![
            Fault::RateLimited { retry_after: 1 },
            Fault::Internal,
            Fault::BadGateway,
            Fault::Unavailable,
            Fault::GatewayTimeout,
            Fault::Overloaded { retry_after: 1 },
            Fault::Conflict,
            Fault::Reset,
            Fault::Cut,
            slow,
            Fault::Edge,
            Fault::RenderingBudget,
        ];
        Self { rate, kinds }
    }
}

#[derive(Default)]
pub(super) struct Faults {
    pub plan: Option<FaultPlan>,
    pub scripted: Vec<(Endpoint, Fault)>,
    pub injected: BTreeMap<&'static str, u64>,
}

impl Fault {
    /// The fault's name in counts.
    pub fn name(&self) -> &'static str {
        match self {
            Self::RateLimited { .. } => "rate_limited",
            Self::Internal => "internal",
            Self::BadGateway => "bad_gateway",
            Self::Unavailable => "unavailable",
            Self::GatewayTimeout => "gateway_timeout",
            Self::Overloaded { .. } => "overloaded",
            Self::Conflict => "conflict",
            Self::Restricted => "restricted",
            Self::Reset => "reset",
            Self::Cut => "cut",
            Self::Slow { .. } => "slow",
            Self::Edge => "edge",
            Self::RenderingBudget => "rendering_budget",
        }
    }

    /// What the fault does to a request whose true answer is given by `truth`.
    pub(super) fn apply(&self, request_id: &str, file: bool, truth: impl FnOnce() -> Answer) -> Reply {
        match self.effect() {
            Effect::Reset => Reply::Reset,
            Effect::Cut => {
                let answer = truth();
                let after = answer.body.len() / 2;
                Reply::Cut { answer, after }
            }
            Effect::Slow { chunk, pause } => Reply::Drip { answer: truth(), chunk, pause },
            Effect::Refuse(_) if file && *self == Self::Restricted => Reply::Response(expired()),
            Effect::Edge | Effect::Refuse(_) if file => Reply::Response(slow_down()),
            Effect::Edge => Reply::Response(edge(request_id)),
            Effect::Refuse(refusal) => Reply::Response(refusal.answer(request_id)),
        }
    }

    fn effect(&self) -> Effect {
        Effect::Refuse(match self {
            Self::Reset => return Effect::Reset,
            Self::Cut => return Effect::Cut,
            Self::Slow { chunk, pause } => return Effect::Slow { chunk: (*chunk).max(1), pause: *pause },
            Self::Edge => return Effect::Edge,
            Self::RateLimited { retry_after } => {
                Refusal::limited("public_api_request_rate_limit", *retry_after)
            }
            Self::Internal => refuse(500, "internal_server_error", "Unexpected error occurred."),
            Self::BadGateway => refuse(502, "bad_gateway", "Bad gateway."),
            Self::Unavailable => unavailable(),
            Self::GatewayTimeout => refuse(504, "gateway_timeout", "Gateway timeout."),
            Self::Overloaded { retry_after } => {
                refuse(529, "service_overload", "Notion is overloaded.").retry_after(*retry_after)
            }
            Self::Conflict => {
                refuse(409, "conflict_error", "Conflict occurred while saving. Please try again.")
            }
            Self::Restricted => {
                refuse(403, "restricted_resource", "Insufficient permissions for this endpoint.")
            }
            Self::RenderingBudget => {
                Refusal::invalid("Rendering exceeded the response time budget; use a smaller page_size.")
            }
        })
    }
}

enum Effect {
    Reset,
    Cut,
    Slow { chunk: usize, pause: Duration },
    Edge,
    Refuse(Refusal),
}

impl State {
    /// The fault this request meets, if any: a scripted one first.
    pub fn draw_fault(&mut self, endpoint: Endpoint, call: &Call) -> Option<Fault> {
        let hits = |fault: &Fault| *fault != Fault::RenderingBudget || asks_for_many(endpoint, call);
        let next = self.faults.scripted.iter().position(|(at, fault)| *at == endpoint && hits(fault));
        let fault = match next {
            Some(next) => self.faults.scripted.remove(next).1,
            None => self.drawn().filter(hits)?,
        };
        *self.faults.injected.entry(fault.name()).or_default() += 1;
        Some(fault)
    }

    fn drawn(&self) -> Option<Fault> {
        let plan = self.faults.plan.as_ref()?;
        let number = self.log.answered.to_string();
        if self.chance(&["fault", &number]) >= plan.rate {
            return None;
        }
        let kind = usize::from(self.digest(&["kind", &number])[0]);
        plan.kinds.get(kind.checked_rem(plan.kinds.len())?).cloned()
    }
}

fn asks_for_many(endpoint: Endpoint, call: &Call) -> bool {
    let asked =
        call.query.iter().find(|(name, _)| name == "page_size").and_then(|(_, size)| size.parse().ok());
    let asked = asked.or_else(|| call.json().ok()?["page_size"].as_u64());
    let lists =
        matches!(endpoint, Endpoint::Search | Endpoint::Query | Endpoint::Children | Endpoint::Property);
    lists && asked.unwrap_or(100) > 25
}

fn refuse(status: u16, code: &'static str, message: &str) -> Refusal {
    Refusal::new(StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), code, message)
}

fn unavailable() -> Refusal {
    refuse(503, "service_unavailable", "Notion is unavailable, please try again later.").additional(json!({
        "endpoint_name": "public_queryDataSource", "notion_error_name": "BackendTimeout",
        "retry_guidance": ["Retry with exponential backoff.", "Use a smaller page_size."],
    }))
}

/// How S3 says that a signature is no longer good.
fn expired() -> Answer {
    file::refusal(StatusCode::FORBIDDEN, "AccessDenied", "Request has expired")
}

/// How S3 says that something went wrong on its side.
fn slow_down() -> Answer {
    file::refusal(StatusCode::SERVICE_UNAVAILABLE, "SlowDown", "Please reduce your request rate.")
}

fn edge(request_id: &str) -> Answer {
    let page = "<!DOCTYPE html><html><head><title>Attention Required! | Cloudflare</title></head>\
                <body>Sorry, you have been blocked</body></html>";
    Answer::new(StatusCode::FORBIDDEN, "text/html; charset=UTF-8", page)
        .with(http::HeaderName::from_static("cf-ray"), &ray(request_id))
}
