//! What a file server says of a file before it sends it, and whether it is still the same file later.

use std::str::FromStr;

use chrono::{DateTime, TimeDelta};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

use crate::error::{DownloadError, TransportError};
use crate::transport::Response;

/// A file, as its server describes it.
#[derive(Clone, Debug, Default)]
pub(super) struct Told {
    /// How many bytes it has, if that was said.
    pub(super) size: Option<u64>,
    /// What tells this content from any other: only with it can a download go on where it broke off.
    pub(super) validator: Option<HeaderValue>,
}

/// The part of a file that is still missing.
pub(super) struct Rest<'a> {
    pub(super) from: u64,
    pub(super) told: &'a Told,
}

impl Told {
    /// Reads the head of a whole file.
    pub(super) fn of_whole(response: &Response) -> Result<Self, DownloadError> {
        is_plain(&response.headers)?;
        let size = number(&response.headers, &header::CONTENT_LENGTH);
        // A body that ends with its connection cannot be told from one that broke off.
        if size.is_none() && !is_chunked(&response.headers) {
            return Err(DownloadError::Unusable("it does not say where the file ends"));
        }
        Ok(Self { size, validator: validator(&response.headers) })
    }

    /// Takes in the head of the rest of a file, if it is the rest of this one.
    pub(super) fn goes_on_in(&self, response: &Response, from: u64) -> Result<Self, DownloadError> {
        // The whole again, or a range that no longer exists: the file has changed, so it is begun anew.
        if response.status != StatusCode::PARTIAL_CONTENT {
            return Err(begin_anew());
        }
        is_plain(&response.headers)?;
        let range = text(&response.headers, &header::CONTENT_RANGE).and_then(|range| range.parse().ok());
        let Some(Range { first, last, size }) = range else { return Err(begin_anew()) };
        let same = first == from
            && last + 1 == size
            && self.size.is_none_or(|told| told == size)
            && number(&response.headers, &header::CONTENT_LENGTH).is_none_or(|length| length == size - from)
            && etag(&response.headers)
                .is_none_or(|etag| self.validator.as_ref() == Some(etag) || !self.has_etag());
        if same { Ok(Self { size: Some(size), ..self.clone() }) } else { Err(begin_anew()) }
    }

    fn has_etag(&self) -> bool {
        self.validator.as_ref().is_some_and(|validator| validator.as_bytes().starts_with(b"\""))
    }
}

/// The error that has a download begun anew.
fn begin_anew() -> DownloadError {
    DownloadError::Transport(TransportError::Interrupted(None))
}

/// Nothing is decoded that was not asked for: a few bytes of an encoding can stand for gigabytes.
fn is_plain(headers: &HeaderMap) -> Result<(), DownloadError> {
    let encoded = headers.get_all(header::CONTENT_ENCODING).iter().any(|value| value != "identity");
    if encoded { Err(DownloadError::Unusable("it is encoded though that was not asked for")) } else { Ok(()) }
}

fn is_chunked(headers: &HeaderMap) -> bool {
    text(headers, &header::TRANSFER_ENCODING)
        .is_some_and(|coding| coding.trim().eq_ignore_ascii_case("chunked"))
}

/// A strong one: an entity tag, or else a date so old that no second change can hide behind it (RFC 9110, 8.8).
fn validator(headers: &HeaderMap) -> Option<HeaderValue> {
    if let Some(etag) = etag(headers) {
        return Some(etag.clone());
    }
    let modified = headers.get(header::LAST_MODIFIED)?;
    let (at, now) = (date(modified)?, date(headers.get(header::DATE)?)?);
    (now - at >= TimeDelta::seconds(60)).then(|| modified.clone())
}

fn etag(headers: &HeaderMap) -> Option<&HeaderValue> {
    headers.get(header::ETAG).filter(|tag| tag.as_bytes().starts_with(b"\""))
}

fn date(value: &HeaderValue) -> Option<DateTime<chrono::FixedOffset>> {
    DateTime::parse_from_rfc2822(value.to_str().ok()?).ok()
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn number(headers: &HeaderMap, name: &HeaderName) -> Option<u64> {
    text(headers, name)?.trim().parse().ok()
}

/// `bytes 9-14/15`: a part of a file of known size.
struct Range {
    first: u64,
    last: u64,
    size: u64,
}

impl FromStr for Range {
    type Err = Option<std::num::ParseIntError>;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (range, size) =
            text.trim().strip_prefix("bytes ").and_then(|rest| rest.split_once('/')).ok_or(None)?;
        let (first, last) = range.split_once('-').ok_or(None)?;
        let range = Self { first: first.parse()?, last: last.parse()?, size: size.parse()? };
        if range.first <= range.last && range.last < range.size { Ok(range) } else { Err(None) }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use futures_util::StreamExt;
    use futures_util::stream;

    use super::*;

    fn answer(status: u16, headers: &[(&'static str, &'static str)]) -> Response {
        let headers = headers
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect();
        Response { status: StatusCode::from_u16(status).unwrap(), headers, body: stream::empty().boxed() }
    }

    const TAG: (&str, &str) = ("etag", "\"a\"");
    const LENGTH: (&str, &str) = ("content-length", "15");

    #[test]
    fn only_a_strong_validator_lets_a_download_go_on() {
        let check = |headers: &[(&'static str, &'static str)], expected: Option<&str>| {
            let told = Told::of_whole(&answer(200, &[headers, &[LENGTH]].concat())).unwrap();
            assert_eq!(told.validator.as_ref().map(|value| value.to_str().unwrap()), expected, "{headers:?}");
        };
        let modified = ("last-modified", "Sun, 22 Nov 2026 08:00:00 GMT");
        check(&[TAG], Some("\"a\""));
        check(&[("etag", "W/\"a\"")], None);
        check(&[], None);
        check(&[modified], None);
        check(&[modified, ("date", "Sun, 22 Nov 2026 08:00:59 GMT")], None);
        check(&[modified, ("date", "Sun, 22 Nov 2026 08:01:00 GMT")], Some(modified.1));
        check(&[("etag", "W/\"a\""), modified, ("date", "Sun, 22 Nov 2026 09:00:00 GMT")], Some(modified.1));
    }

    #[test]
    fn a_file_whose_end_cannot_be_told_and_one_that_is_encoded_are_refused() {
        let check = |headers: &[(&'static str, &'static str)], usable: bool| {
            assert_eq!(Told::of_whole(&answer(200, headers)).is_ok(), usable, "{headers:?}");
        };
        check(&[LENGTH], true);
        check(&[("transfer-encoding", "chunked")], true);
        check(&[LENGTH, ("content-encoding", "identity")], true);
        check(&[], false);
        check(&[("transfer-encoding", "gzip")], false);
        for encoding in ["gzip", "br", "zstd", "deflate", "identity, gzip", "aws-chunked"] {
            check(&[LENGTH, ("content-encoding", encoding)], false);
        }
    }

    #[test]
    fn only_the_rest_of_the_very_same_file_is_taken_for_it() {
        let whole = Told::of_whole(&answer(200, &[LENGTH, TAG])).unwrap();
        let check = |status: u16, headers: &[(&'static str, &'static str)], same: bool| {
            assert_eq!(whole.goes_on_in(&answer(status, headers), 9).is_ok(), same, "{status} {headers:?}");
        };
        let range = ("content-range", "bytes 9-14/15");
        check(206, &[range], true);
        check(206, &[range, TAG, ("content-length", "6")], true);
        check(200, &[LENGTH, TAG], false);
        check(416, &[("content-range", "bytes */15")], false);
        check(206, &[], false);
        check(206, &[range, ("etag", "\"b\"")], false);
        check(206, &[range, ("content-length", "5")], false);
        check(206, &[range, ("content-encoding", "gzip")], false);
        for other in [
            "bytes 8-14/15",
            "bytes 9-13/15",
            "bytes 9-15/16",
            "bytes 9-14/*",
            "bytes 14-9/15",
            "items 9-14/15",
            "bytes 9-14",
            "bytes 9-18446744073709551615/15",
        ] {
            check(206, &[("content-range", other)], false);
        }
    }
}
