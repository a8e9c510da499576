//! Files Notion hosts: signed for an hour, then refused the way S3 refuses.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use http::{Method, StatusCode, header};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::reply::Answer;
use super::route::Call;
use super::state::{State, wire};
use crate::id::NotionId;
use crate::library::blob::BlobId;

/// Where a block refers to a file; it becomes a signed URL whenever the block is read.
const REFERENCE: &str = "world_file";

/// What stands for the signed URL of the file whose id follows, in any text.
const IN_TEXT: &str = "world-file:";

/// The path every file's URL begins with.
pub(super) const PREFIX: &str = "/files/";

/// A file the world hosts, for blocks, icons, covers and files properties.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredFile {
    /// Its id inside the world.
    pub id: NotionId,
    /// Its name.
    pub name: String,
}

impl StoredFile {
    /// What to write anywhere in text where its signed URL shall stand: in words, targets and `external` addresses.
    pub fn address(&self) -> String {
        format!("{IN_TEXT}{}", self.id)
    }

    /// The JSON for an icon or a cover, or with a `name` added for a files property.
    pub fn reference(&self) -> Value {
        json!({"type": "file", "file": {REFERENCE: self.id}})
    }
}

#[derive(Serialize, Deserialize)]
pub(super) struct Stored {
    pub name: String,
    pub mime: String,
    #[serde(with = "hexadecimal")]
    pub bytes: Vec<u8>,
}

impl State {
    /// Puts a fresh signed URL wherever JSON refers to a file.
    pub fn sign_within(&self, value: &mut Value, now: DateTime<Utc>) {
        match value {
            Value::Object(fields) => {
                if let Some(id) = fields.get(REFERENCE).and_then(Value::as_str).and_then(|id| id.parse().ok())
                {
                    *value = self.signed(id, now);
                    return;
                }
                fields.values_mut().for_each(|field| self.sign_within(field, now));
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.sign_within(item, now)),
            Value::String(text) => {
                if let Some(at) = text.find(IN_TEXT)
                    && let Some(id) = text.get(at + IN_TEXT.len()..).and_then(|rest| rest.get(..36))
                    && let Ok(known) = id.parse()
                    && let Some(url) = self.signed(known, now)["url"].as_str()
                {
                    *text = text.replace(&format!("{IN_TEXT}{id}"), url);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn signed(&self, id: NotionId, now: DateTime<Utc>) -> Value {
        let name = self.files.get(&id).map_or("missing", |file| file.name.as_str());
        let path = format!("{PREFIX}{id}/{}", percent(name));
        let date = now.format("%Y%m%dT%H%M%SZ").to_string();
        let lifetime = self.rules.url_lifetime.as_secs();
        let lifetime = lifetime.to_string();
        let signature = self.signature(&path, &date, &lifetime);
        let expiry = expires(&date, &lifetime).unwrap_or(now);
        json!({
            "url": format!(
                "{}{path}?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Content-Sha256=UNSIGNED-PAYLOAD&X-Amz-Date={date}\
                 &X-Amz-Expires={lifetime}&X-Amz-Signature={signature}&X-Amz-SignedHeaders=host&x-id=GetObject",
                self.origin
            ),
            "expiry_time": wire(expiry),
        })
    }

    fn signature(&self, path: &str, date: &str, lifetime: &str) -> String {
        hex::encode(self.digest(&["signature", path, date, lifetime]))
    }

    /// The answer to a request for a file.
    pub fn file_answer(&self, call: &Call, now: DateTime<Utc>) -> Answer {
        if call.headers.contains_key(header::AUTHORIZATION) {
            let message = "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature \
                           query string parameter or the Authorization header should be specified";
            return refusal(StatusCode::BAD_REQUEST, "InvalidArgument", message);
        }
        let sent: BTreeMap<&str, &str> =
            call.query.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let sent = |name: &str| sent.get(name).copied().unwrap_or_default();
        let (date, lifetime) = (sent("X-Amz-Date"), sent("X-Amz-Expires"));
        let expected = self.signature(&call.path, date, lifetime);
        if call.method != Method::GET || sent("X-Amz-Signature") != expected {
            let message = "The request signature we calculated does not match the signature you provided.";
            return refusal(StatusCode::FORBIDDEN, "SignatureDoesNotMatch", message);
        }
        if expires(date, lifetime).is_none_or(|expiry| now >= expiry) {
            return refusal(StatusCode::FORBIDDEN, "AccessDenied", "Request has expired");
        }
        let id = call.path.trim_start_matches(PREFIX).split('/').next().and_then(|id| id.parse().ok());
        match id.and_then(|id: NotionId| self.files.get(&id)) {
            Some(file) => {
                let etag = format!("\"{}\"", &BlobId::of(&file.bytes).to_string()[..32]);
                // A range of what is no longer the same file would be worse than the whole of it.
                let same = call.header(header::IF_RANGE).is_none_or(|known| known == etag);
                serve(file, call.header(header::RANGE).filter(|_| same)).with(header::ETAG, &etag)
            }
            None => refusal(StatusCode::NOT_FOUND, "NoSuchKey", "The specified key does not exist."),
        }
    }
}

fn expires(date: &str, lifetime: &str) -> Option<DateTime<Utc>> {
    let signed = NaiveDateTime::parse_from_str(date, "%Y%m%dT%H%M%SZ").ok()?.and_utc();
    signed.checked_add_signed(TimeDelta::try_seconds(lifetime.parse().ok()?)?)
}

fn serve(file: &Stored, range: Option<&str>) -> Answer {
    let whole = file.bytes.len();
    let Some(range) = range else {
        return Answer::new(StatusCode::OK, &file.mime, file.bytes.clone())
            .with(header::ACCEPT_RANGES, "bytes");
    };
    match span(range, whole) {
        Some((from, to)) => {
            Answer::new(StatusCode::PARTIAL_CONTENT, &file.mime, file.bytes[from..=to].to_vec())
                .with(header::CONTENT_RANGE, &format!("bytes {from}-{to}/{whole}"))
        }
        None => refusal(
            StatusCode::RANGE_NOT_SATISFIABLE,
            "InvalidRange",
            "The requested range is not satisfiable",
        )
        .with(header::CONTENT_RANGE, &format!("bytes */{whole}")),
    }
}

/// The first and last byte a `Range` header asks for.
fn span(range: &str, whole: usize) -> Option<(usize, usize)> {
    let (from, to) = range.strip_prefix("bytes=")?.split_once('-')?;
    let last = whole.checked_sub(1)?;
    let (from, to) = match (from, to) {
        ("", length) => (whole.saturating_sub(length.parse().ok()?), last),
        (from, "") => (from.parse().ok()?, last),
        (from, to) => (from.parse().ok()?, to.parse::<usize>().ok()?.min(last)),
    };
    (from <= to && to <= last).then_some((from, to))
}

pub(super) fn refusal(status: StatusCode, code: &str, message: &str) -> Answer {
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>{message}</Message>\
         <RequestId>0A49CE4060975EAC</RequestId></Error>"
    );
    Answer::new(status, "application/xml", body)
}

fn percent(name: &str) -> String {
    let mut path = String::new();
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                path.push(char::from(byte))
            }
            _ => path.push_str(&format!("%{byte:02X}")),
        }
    }
    path
}

mod hexadecimal {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::encode(bytes))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        hex::decode(String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}
