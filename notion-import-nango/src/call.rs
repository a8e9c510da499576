//! One call to Nango's own API.

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use notion_import_core::transport::Request;
use notion_import_core::{AccessError, Fault, TransportError};
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;

use crate::fault::{Refusal, Speaker, classify, unexpected};
use crate::nango::Nango;
use crate::pause;

/// Nango's answers are small; anything longer is not one of them.
const LONGEST_ANSWER: u64 = 4 * 1024 * 1024;

/// What an answer without content says.
const NOTHING: &[u8] = b"null";

/// Why a call failed: what it means, and what Nango said, for the callers that know better what it means.
pub(crate) struct Failed {
    pub status: Option<StatusCode>,
    pub refusal: Option<Refusal>,
    error: AccessError,
}

impl From<Failed> for AccessError {
    fn from(failed: Failed) -> Self {
        failed.error
    }
}

impl Failed {
    fn plain(error: AccessError) -> Self {
        Self { status: None, refusal: None, error }
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
            return Err(Failed::plain(Fault::AccountPause(self.0.clock.now() + left).into()));
        }
        if body.is_some() {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        let response = self.0.transport.send(Request { method, url, headers, body }).await.map_err(lost)?;
        let (status, headers) = (response.status, response.headers.clone());
        let body = response.bytes(LONGEST_ANSWER).await.map_err(lost)?;

        let now = self.0.clock.now();
        if status.is_success() {
            if let Some(wait) = pause::after_last(&headers, now) {
                self.0.pause.extend(self.0.clock.instant(), wait);
            }
            let body = if status == StatusCode::NO_CONTENT { NOTHING } else { &body[..] };
            if let Some(answer) = read(body)? {
                return Ok(answer);
            }
        }
        let fault = classify(status, &headers, &body, now);
        self.note(fault, now);
        Err(failed(status, fault, &body))
    }

    /// A pause of the account begins here, whichever call was refused.
    pub(crate) fn note(&self, fault: Fault, now: DateTime<Utc>) {
        match fault {
            Fault::AccountPause(until) => {
                self.0.pause.extend(self.0.clock.instant(), (until - now).to_std().unwrap_or_default());
            }
            Fault::Operator | Fault::ConnectionMissing | Fault::CredentialsRefused | Fault::Transient => {}
        }
    }
}

fn failed(status: StatusCode, fault: Fault, body: &[u8]) -> Failed {
    let refusal = match Speaker::of(body) {
        Speaker::Nango(refusal) => Some(refusal),
        Speaker::Notion | Speaker::Network | Speaker::Gateway => None,
    };
    let source = refusal.as_ref().map(|refusal| refusal.shown(status).into());
    Failed { status: Some(status), refusal, error: AccessError { fault, source } }
}

/// None if it is no JSON at all, or only part of one.
fn read<T: DeserializeOwned>(body: &[u8]) -> Result<Option<T>, Failed> {
    match serde_json::from_slice(body) {
        Ok(answer) => Ok(Some(answer)),
        // The error quotes the answer, so it is not kept.
        Err(error) if error.is_data() => {
            Err(Failed::plain(unexpected("Nango's answer does not have the documented form")))
        }
        Err(_) => Ok(None),
    }
}

fn lost(error: TransportError) -> Failed {
    Failed::plain(AccessError { fault: Fault::Transient, source: Some(Box::new(error)) })
}
