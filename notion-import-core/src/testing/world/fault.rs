//! Faults: drawn at a rate, or scripted for the next request.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use http::{StatusCode, header};
use serde_json::{Value, json};

use super::file;
use super::list::request_status;
use super::reply::{Answer, Refusal, Reply, ray};
use super::route::{Call, Endpoint};
use super::state::State;
use crate::id::NotionId;

/// What may go wrong with a request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// 429 `rate_limited`, to be waited out. Of a file: a 429 that does not say how long.
    RateLimited {
        /// `Retry-After`, in seconds.
        retry_after: u64,
    },
    /// 500 `internal_server_error`.
    Internal,
    /// 502 `bad_gateway`.
    BadGateway,
    /// 503 `service_unavailable`.
    Unavailable,
    /// 503 `service_unavailable`, with the advice to ask for less at a time. Only a request for more than 25 results is
    /// refused so.
    TooSlow,
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
    /// A page of HTML with status 200, as a captive proxy gives it; Notion never saw the request.
    Portal,
    /// The first half of the true answer, as if it were whole.
    Halved,
    /// 400: rendering took too long. Only a request for more than 25 results is refused so.
    RenderingBudget,
    /// 429 with `Retry-After` as a date, two seconds from now.
    RateLimitedUntil,
    /// 429 `public_api_request_blocked`, which no waiting helps.
    Blocked,
    /// 401 `unauthorized`.
    Unauthorized,
    /// 404 `object_not_found`.
    NotFound,
    /// 400 `validation_error` about something else than the cursor.
    Invalid,
    /// 400: the cursor is no longer valid. Only a request with a cursor meets it.
    CursorLapsed,
    /// The true list, which announces more without saying where. Only lists meet it.
    CursorMissing,
    /// The true list, which goes on where it began. Only a request with a cursor meets it.
    CursorRepeated,
    /// The true list, said to be cut short at Notion's cap. Only lists meet it.
    Capped,
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
            Fault::TooSlow,
            Fault::GatewayTimeout,
            Fault::Overloaded { retry_after: 1 },
            Fault::Conflict,
            Fault::Reset,
            Fault::Cut,
            Fault::Halved,
            slow,
            Fault::Edge,
            Fault::Portal,
            Fault::RenderingBudget,
            Fault::RateLimitedUntil,
            Fault::CursorLapsed,
        ];
        Self { rate, kinds }
    }
}

#[derive(Default)]
pub(super) struct Faults {
    pub plan: Option<FaultPlan>,
    pub scripted: Vec<(Endpoint, Fault)>,
    pub outages: BTreeMap<Endpoint, Fault>,
    pub refused: BTreeMap<(Endpoint, NotionId), Fault>,
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
            Self::TooSlow => "too_slow",
            Self::GatewayTimeout => "gateway_timeout",
            Self::Overloaded { .. } => "overloaded",
            Self::Conflict => "conflict",
            Self::Restricted => "restricted",
            Self::Reset => "reset",
            Self::Cut => "cut",
            Self::Slow { .. } => "slow",
            Self::Edge => "edge",
            Self::Portal => "portal",
            Self::Halved => "halved",
            Self::RenderingBudget => "rendering_budget",
            Self::RateLimitedUntil => "rate_limited_until",
            Self::Blocked => "blocked",
            Self::Unauthorized => "unauthorized",
            Self::NotFound => "not_found",
            Self::Invalid => "invalid",
            Self::CursorLapsed => "cursor_lapsed",
            Self::CursorMissing => "cursor_missing",
            Self::CursorRepeated => "cursor_repeated",
            Self::Capped => "capped",
        }
    }

    /// What the fault does to a request whose true answer is given by `truth`.
    pub(super) fn apply(&self, met: &Meeting<'_>, truth: impl FnOnce() -> Answer) -> Reply {
        match self.effect() {
            Effect::Reset => Reply::Reset,
            Effect::Cut => {
                let answer = truth();
                let after = answer.body.len() / 2;
                Reply::Cut { answer, after }
            }
            Effect::Slow { chunk, pause } => Reply::Drip { answer: truth(), chunk, pause },
            Effect::Refuse(_) if met.is_file && *self == Self::Restricted => Reply::Response(expired()),
            Effect::Refuse(_) if met.is_file && matches!(self, Self::RateLimited { .. }) => {
                Reply::Response(too_many())
            }
            Effect::Edge | Effect::Refuse(_) | Effect::Change(_) if met.is_file => {
                Reply::Response(slow_down())
            }
            Effect::Edge => Reply::Response(edge(StatusCode::FORBIDDEN, met.request_id)),
            Effect::Portal => Reply::Response(edge(StatusCode::OK, met.request_id)),
            Effect::Halve => Reply::Response(halved(truth())),
            Effect::Change(change) => Reply::Response(changed(truth(), met.cursor, change)),
            Effect::Refuse(refusal) => {
                let answer = refusal.answer(met.request_id);
                Reply::Response(match self {
                    Self::RateLimitedUntil => answer.with(header::RETRY_AFTER, &date(met.now)),
                    _ => answer,
                })
            }
        }
    }

    fn effect(&self) -> Effect {
        Effect::Refuse(match self {
            Self::Reset => return Effect::Reset,
            Self::Cut => return Effect::Cut,
            Self::Slow { chunk, pause } => return Effect::Slow { chunk: (*chunk).max(1), pause: *pause },
            Self::Edge => return Effect::Edge,
            Self::Portal => return Effect::Portal,
            Self::Halved => return Effect::Halve,
            Self::CursorMissing => return Effect::Change(without_cursor),
            Self::CursorRepeated => return Effect::Change(in_circles),
            Self::Capped => return Effect::Change(capped),
            Self::RateLimited { retry_after } => {
                Refusal::limited("public_api_request_rate_limit", *retry_after)
            }
            Self::RateLimitedUntil => Refusal::limited("public_api_request_rate_limit", 2),
            Self::Blocked => Refusal::limited("public_api_request_blocked", 60),
            Self::Internal => refuse(500, "internal_server_error", "Unexpected error occurred."),
            Self::BadGateway => refuse(502, "bad_gateway", "Bad gateway."),
            Self::Unavailable => {
                refuse(503, "service_unavailable", "Notion is unavailable, please try again later.")
            }
            Self::TooSlow => too_slow(),
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
            Self::Unauthorized => refuse(401, "unauthorized", "API token is invalid."),
            Self::NotFound => refuse(404, "object_not_found", "Could not find it."),
            Self::Invalid => Refusal::invalid("body failed validation."),
            Self::CursorLapsed => Refusal::invalid("The start_cursor provided is invalid."),
            Self::RenderingBudget => {
                Refusal::invalid("Rendering exceeded the response time budget; use a smaller page_size.")
            }
        })
    }

    /// Whether a request can meet it.
    fn suits(&self, endpoint: Endpoint, call: &Call) -> bool {
        match self {
            Self::RenderingBudget | Self::TooSlow => asks_for_many(endpoint, call),
            Self::CursorLapsed | Self::CursorRepeated => cursor(call).is_some(),
            Self::CursorMissing | Self::Capped => is_list(endpoint),
            Self::Halved
            | Self::Portal
            | Self::Unauthorized
            | Self::NotFound
            | Self::Blocked
            | Self::Invalid => endpoint != Endpoint::File,
            _ => true,
        }
    }
}

/// The request that meets a fault.
pub(super) struct Meeting<'a> {
    pub request_id: &'a str,
    pub is_file: bool,
    pub cursor: Option<&'a str>,
    pub now: DateTime<Utc>,
}

/// Where in a list a request begins.
pub(super) fn cursor(call: &Call) -> Option<String> {
    let asked = call.query.iter().find(|(name, _)| name == "start_cursor").map(|(_, cursor)| cursor.clone());
    asked.or_else(|| Some(call.json().ok()?["start_cursor"].as_str()?.to_owned()))
}

enum Effect {
    Reset,
    Cut,
    Slow {
        chunk: usize,
        pause: Duration,
    },
    Edge,
    Portal,
    Halve,
    /// The true answer, made untrue; it is told where the request began.
    Change(fn(&mut Value, Option<&str>)),
    Refuse(Refusal),
}

impl State {
    /// The fault this request meets, if any: a scripted one first.
    pub fn draw_fault(&mut self, endpoint: Endpoint, call: &Call) -> Option<Fault> {
        let hits = |fault: &Fault| fault.suits(endpoint, call);
        let next = self.faults.scripted.iter().position(|(at, fault)| *at == endpoint && hits(fault));
        let fault = match next {
            Some(next) => self.faults.scripted.remove(next).1,
            None => self.standing(endpoint, call).or_else(|| self.drawn()).filter(hits)?,
        };
        *self.faults.injected.entry(fault.name()).or_default() += 1;
        Some(fault)
    }

    /// What every request to this endpoint meets, or every one about this object.
    fn standing(&self, endpoint: Endpoint, call: &Call) -> Option<Fault> {
        let id = call.route().and_then(|(_, [id, _])| id.parse().ok());
        let refused = id.and_then(|id| self.faults.refused.get(&(endpoint, id)));
        refused.or_else(|| self.faults.outages.get(&endpoint)).cloned()
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
    is_list(endpoint) && asked.unwrap_or(100) > 25
}

fn is_list(endpoint: Endpoint) -> bool {
    matches!(
        endpoint,
        Endpoint::Search | Endpoint::Query | Endpoint::Children | Endpoint::Property | Endpoint::Views
    )
}

fn refuse(status: u16, code: &'static str, message: &str) -> Refusal {
    Refusal::new(StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), code, message)
}

fn too_slow() -> Refusal {
    refuse(503, "service_unavailable", "Notion is unavailable, please try again later.").additional(json!({
        "endpoint_name": "public_queryDataSource", "notion_error_name": "BackendTimeout",
        "retry_guidance": ["Retry with exponential backoff.", "Use a smaller page_size."],
    }))
}

/// How S3 says that a signature is no longer good.
fn expired() -> Answer {
    file::refusal(StatusCode::FORBIDDEN, "AccessDenied", "Request has expired")
}

/// How a host of files in front of S3 says that it is asked too much.
fn too_many() -> Answer {
    file::refusal(StatusCode::TOO_MANY_REQUESTS, "TooManyRequests", "Please reduce your request rate.")
}

/// How S3 says that something went wrong on its side.
fn slow_down() -> Answer {
    file::refusal(StatusCode::SERVICE_UNAVAILABLE, "SlowDown", "Please reduce your request rate.")
}

fn edge(status: StatusCode, request_id: &str) -> Answer {
    let page = "<!DOCTYPE html><html><head><title>Attention Required! | Cloudflare</title></head>\
                <body>Sorry, you have been blocked</body></html>";
    Answer::new(status, "text/html; charset=UTF-8", page)
        .with(http::HeaderName::from_static("cf-ray"), &ray(request_id))
}

fn halved(answer: Answer) -> Answer {
    let half = answer.body.slice(..answer.body.len() / 2);
    Answer::new(answer.status, "application/json; charset=utf-8", half)
}

fn changed(answer: Answer, cursor: Option<&str>, change: fn(&mut Value, Option<&str>)) -> Answer {
    let Ok(mut body) = serde_json::from_slice::<Value>(&answer.body) else { return answer };
    if answer.status.is_success() {
        change(&mut body, cursor);
    }
    Answer::new(answer.status, "application/json; charset=utf-8", body.to_string())
}

fn without_cursor(list: &mut Value, _cursor: Option<&str>) {
    list["has_more"] = json!(true);
    list["next_cursor"] = Value::Null;
}

fn in_circles(list: &mut Value, cursor: Option<&str>) {
    list["has_more"] = json!(true);
    list["next_cursor"] = json!(cursor);
}

fn capped(list: &mut Value, _cursor: Option<&str>) {
    list["has_more"] = json!(false);
    list["next_cursor"] = Value::Null;
    list["request_status"] = request_status(true);
}

/// Two seconds from now, as HTTP writes it.
fn date(now: DateTime<Utc>) -> String {
    (now + TimeDelta::seconds(2)).format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}
