//! A request in, a reply out: who asks, may they, what for, and what goes wrong on the way.

use chrono::{DateTime, TimeDelta, Utc};
use http::StatusCode;
use serde_json::json;

use super::fault::{self, Fault, Meeting};
use super::grant::{Granted, fingerprint};
use super::log::Seen;
use super::reply::{Answer, Outcome, Refusal, Reply};
use super::retrieve::Ask;
use super::route::{Call, Endpoint};
use super::state::State;
use super::version::Version;

impl State {
    pub fn answer(&mut self, call: &Call, now: DateTime<Utc>) -> Reply {
        self.log.answered += 1;
        let request_id = self.request_id();
        let route = call.route();
        let fault = route.and_then(|(endpoint, _)| self.draw_fault(endpoint, call));
        let reply = match (route, fault) {
            (None, _) => Reply::Response(self.unknown(call, now, &request_id)),
            (Some(route), None) => Reply::Response(self.truth(call, route, now, &request_id)),
            (Some(route), Some(fault)) => self.faulty(&fault, call, route, now, &request_id),
        };
        let date = self.rules.date_ahead.and_then(|ahead| now.checked_add_signed(TimeDelta::seconds(ahead)));
        let reply = date.into_iter().fold(reply, Reply::dated);
        let seen = seen(call, route.map(|(endpoint, _)| endpoint), reply.status(), now);
        self.log.record(seen);
        reply
    }

    fn faulty(
        &mut self,
        fault: &Fault,
        call: &Call,
        route: (Endpoint, [&str; 2]),
        now: DateTime<Utc>,
        request_id: &str,
    ) -> Reply {
        let cursor = fault::cursor(call);
        let is_file = route.0 == Endpoint::File;
        let met = Meeting { request_id, is_file, cursor: cursor.as_deref(), now };
        fault.apply(&met, || self.truth(call, route, now, request_id))
    }

    /// The answer when nothing goes wrong on the way.
    fn truth(
        &mut self,
        call: &Call,
        (endpoint, names): (Endpoint, [&str; 2]),
        now: DateTime<Utc>,
        request_id: &str,
    ) -> Answer {
        if endpoint == Endpoint::File {
            return self.file_answer(call, now);
        }
        let outcome = self.attend(call, endpoint, names, now);
        self.worded(call, outcome, request_id)
    }

    fn worded(&mut self, call: &Call, outcome: Outcome, request_id: &str) -> Answer {
        match outcome {
            Ok(mut body) => {
                body["request_id"] = json!(request_id);
                Answer::json(StatusCode::OK, &body, request_id)
            }
            Err(refusal) => {
                if refusal.violation {
                    self.violate(call, &refusal.message);
                }
                refusal.answer(request_id)
            }
        }
    }

    fn attend(
        &mut self,
        call: &Call,
        endpoint: Endpoint,
        [id, property]: [&str; 2],
        now: DateTime<Utc>,
    ) -> Outcome {
        let (grant, version) = self.admit(call, now)?;
        let ask = Ask { call, grant: &grant, now, version };
        let mut told = match endpoint {
            Endpoint::DataSource | Endpoint::Views | Endpoint::View if !version.has_data_sources() => {
                Err(invalid_url())
            }
            Endpoint::Query if call.path.starts_with("/v1/databases/") == version.has_data_sources() => {
                Err(invalid_url())
            }
            Endpoint::Search => self.search(&ask),
            Endpoint::Page => self.retrieve_page(&ask, id),
            Endpoint::Property => self.retrieve_property(&ask, id, property),
            Endpoint::Markdown => self.retrieve_markdown(&ask, id),
            Endpoint::Block => self.retrieve_block(&ask, id),
            Endpoint::Children => self.list_children(&ask, id),
            Endpoint::Database => self.retrieve_database(&ask, id),
            Endpoint::DataSource => self.retrieve_data_source(&ask, id),
            Endpoint::Query => self.query(&ask, id),
            Endpoint::Views => self.list_views(&ask),
            Endpoint::View => self.retrieve_view(&ask, id),
            Endpoint::Me => self.me(&ask),
            Endpoint::File => Err(invalid_url()),
        }?;
        version.tell(&mut told);
        Ok(told)
    }

    /// Who asks, and in which version. An import asks for the latest.
    fn admit(&mut self, call: &Call, now: DateTime<Utc>) -> Outcome<(Granted, Version)> {
        let (token, grant) = self.authorize(call)?;
        let version = Version::of(call)?;
        self.spend(&token, now)?;
        if !version.is_latest() {
            self.violate(call, "an import asks for the latest version");
        }
        Ok((grant, version))
    }

    fn authorize(&self, call: &Call) -> Outcome<(String, Granted)> {
        let token = call.token().unwrap_or_default();
        match self.grants.get(token).filter(|grant| !grant.revoked) {
            Some(grant) => Ok((token.to_owned(), grant.clone())),
            None => Err(Refusal::new(StatusCode::UNAUTHORIZED, "unauthorized", "API token is invalid.")),
        }
    }

    /// What no import asks for.
    fn unknown(&mut self, call: &Call, now: DateTime<Utc>, request_id: &str) -> Answer {
        self.violate(call, "an import only reads, and nothing but what Endpoint lists");
        let outcome = self.admit(call, now).and_then(|(grant, version)| {
            let ask = Ask { call, grant: &grant, now, version };
            self.beside(&ask).unwrap_or_else(|| Err(invalid_url()))
        });
        self.worded(call, outcome, request_id)
    }

    fn violate(&mut self, call: &Call, what: &str) {
        self.log.violations.push(format!("{} {}: {what}", call.method, call.path));
    }
}

fn invalid_url() -> Refusal {
    Refusal::new(StatusCode::BAD_REQUEST, "invalid_request_url", "Invalid request URL.")
}

fn seen(call: &Call, endpoint: Option<Endpoint>, status: Option<u16>, now: DateTime<Utc>) -> Seen {
    let file = endpoint == Some(Endpoint::File);
    Seen {
        at: now,
        method: call.method.clone(),
        path: call.path.clone(),
        query: if file { Vec::new() } else { call.query.clone() },
        body: call.json().ok().filter(|body| body.as_object().is_some_and(|fields| !fields.is_empty())),
        endpoint,
        token: call.token().map(fingerprint),
        status,
    }
}
