//! One call to Nango's own API.

use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use notion_import_core::transport::Request;
use notion_import_core::{AccessError, Fault, TransportError};
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;

use crate::fault::{Limit, Refused, explain, unexpected};
use crate::nango::Nango;
use crate::pause;

/// Nango's answers are small; anything longer is not one of them.
const LONGEST_ANSWER: u64 = 4 * 1024 * 1024;

/// Nango may wait some seconds for a refresh that is under way; a person waits for most of what is asked here.
const LONGEST_CALL: Duration = Duration::from_secs(30);

/// What an answer without content says.
const NOTHING: &[u8] = b"null";

/// Why a call failed: what it means, for callers that may know better.
pub(crate) struct Failed(pub AccessError);

impl From<Failed> for AccessError {
    fn from(Failed(error): Failed) -> Self {
        error
    }
}

impl Failed {
    /// What Nango said, if it was Nango.
    pub fn refused(&self) -> Option<Refused> {
        self.0.source.as_ref()?.downcast_ref().copied()
    }

    pub fn is(&self, status: StatusCode, code: &str) -> bool {
        self.refused().is_some_and(|refused| refused.status == status && refused.code == code)
    }
}

impl Nango {
    pub(crate) async fn get<T: DeserializeOwned>(&self, url: Url) -> Result<T, Failed> {
        self.call(Method::GET, url, self.authorization(), None).await
    }

    pub(crate) async fn post<T: DeserializeOwned>(&self, url: Url, body: &Value) -> Result<T, Failed> {
        self.call(Method::POST, url, self.authorization(), Some(body.to_string().into())).await
    }

    pub(crate) async fn delete<T: DeserializeOwned>(&self, url: Url) -> Result<T, Failed> {
        self.call(Method::DELETE, url, self.authorization(), None).await
    }

    /// Deletes what another authorisation than the API key's is for. Nango has nothing to say about it then.
    pub(crate) async fn delete_by(&self, url: Url, authorization: HeaderValue) -> Result<(), Failed> {
        let headers = HeaderMap::from_iter([(header::AUTHORIZATION, authorization)]);
        self.call(Method::DELETE, url, headers, None).await
    }

    /// While Nango's limit is exhausted it fails at once instead of waiting: a person may be waiting for it.
    async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        url: Url,
        mut headers: HeaderMap,
        body: Option<Bytes>,
    ) -> Result<T, Failed> {
        if let Some(left) = self.0.pause.left(self.0.clock.instant()) {
            return Err(Failed(self.paused(left)));
        }
        if body.is_some() {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        let exchange = self.exchange(Request { method, url, headers, body });
        let (status, headers, body) = tokio::select! {
            biased;
            answered = exchange => answered.map_err(lost)?,
            () = self.0.clock.sleep(LONGEST_CALL) => return Err(lost(TransportError::Timeout)),
        };

        let now = self.0.clock.now();
        self.0.pause.learn(&headers);
        if status.is_success() {
            if let Some(wait) = pause::after_last(&headers, now) {
                self.0.pause.extend(self.0.clock.instant(), wait);
            }
            let body = if status == StatusCode::NO_CONTENT { NOTHING } else { &body[..] };
            if let Some(answer) = read(body)? {
                return Ok(answer);
            }
        }
        let error = explain(status, &headers, &body, now);
        self.note(error.fault, now);
        Err(Failed(error))
    }

    async fn exchange(&self, request: Request) -> Result<(StatusCode, HeaderMap, Bytes), TransportError> {
        let response = self.0.transport.send(request).await?;
        let (status, headers) = (response.status, response.headers.clone());
        Ok((status, headers, response.bytes(LONGEST_ANSWER).await?))
    }

    /// The account's limit is used up for so long, as an answer has said before.
    fn paused(&self, wait: Duration) -> AccessError {
        let limit = Some(Limit { requests: self.0.pause.limit(), wait });
        let refused = Refused { status: StatusCode::TOO_MANY_REQUESTS, code: "too_many_request", limit };
        AccessError { fault: Fault::AccountPause(self.0.clock.now() + wait), source: Some(refused.into()) }
    }

    /// A pause of the account begins here, whichever call was refused.
    pub(crate) fn note(&self, fault: Fault, now: DateTime<Utc>) {
        match fault {
            Fault::AccountPause(until) => {
                self.0.pause.extend(self.0.clock.instant(), (until - now).to_std().unwrap_or_default());
            }
            Fault::Operator
            | Fault::ConnectionMissing
            | Fault::AnotherNamespace
            | Fault::CredentialsRefused
            | Fault::RefreshFailing
            | Fault::Transient => {}
        }
    }
}

/// None if it is no JSON at all, or only part of one.
fn read<T: DeserializeOwned>(body: &[u8]) -> Result<Option<T>, Failed> {
    match serde_json::from_slice(body) {
        Ok(answer) => Ok(Some(answer)),
        // The error quotes the answer, so it is not kept.
        Err(error) if error.is_data() => {
            Err(Failed(unexpected("Nango's answer does not have the documented form")))
        }
        Err(_) => Ok(None),
    }
}

fn lost(error: TransportError) -> Failed {
    Failed(AccessError { fault: Fault::Transient, source: Some(Box::new(error)) })
}
