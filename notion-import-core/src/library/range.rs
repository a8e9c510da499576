//! What of a file is answered to a request (RFC 9110, section 14).

use std::ops::Range;

#[cfg(feature = "watermark")]
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};

use super::blob::{BlobBytes, BlobStore};
use super::document::StoredFile;
use super::file_name::attachment_disposition;
use crate::error::StoreError;
use crate::id::TenantId;

/// What of a file is answered to a request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum FileRange {
    /// All of it: 200.
    Whole,
    /// These bytes, at least one, counted from 0: 206.
    Part(Range<u64>),
    /// Nothing, for it has no such bytes: 416.
    Unsatisfiable,
}

impl FileRange {
    /// Reads what a request asks for of a file. Only a `GET` asks for a part, and one with `If-Range` only of a file that still has
    /// the [tag](StoredFile::etag) it names.
    pub fn asked(request: &Parts, file: &StoredFile) -> Self {
        let mut ranges = request.headers.get_all(header::RANGE).iter();
        match (ranges.next(), ranges.next()) {
            (Some(range), None) if request.method == Method::GET && is_current(&request.headers, file) => {
                range.to_str().map_or(Self::Whole, |range| Self::parse(range, file.blob.size))
            }
            _ => Self::Whole,
        }
    }

    /// Reads the value of a header `Range` for so many bytes: `bytes=a-b`, `bytes=a-` or `bytes=-n`. Several ranges, and what is no
    /// range of bytes, are answered whole, and so is an empty file.
    pub fn parse(range: &str, size: u64) -> Self {
        match part(range, size) {
            Some(part) if !part.is_empty() => Self::Part(part),
            Some(_) if size > 0 => Self::Unsatisfiable,
            Some(_) | None => Self::Whole,
        }
    }

    /// Returns the status of the answer.
    pub const fn status(&self) -> StatusCode {
        match self {
            Self::Whole => StatusCode::OK,
            Self::Part(_) => StatusCode::PARTIAL_CONTENT,
            Self::Unsatisfiable => StatusCode::RANGE_NOT_SATISFIABLE,
        }
    }

    /// Returns the headers of the answer: how long it is, and, unless there is nothing, what the file is and that it is a download.
    pub fn headers(&self, file: &StoredFile) -> HeaderMap {
        let size = file.blob.size;
        let mut headers = HeaderMap::new();
        let (length, of) = match self {
            Self::Whole => (size, None),
            Self::Part(part) => {
                (part.end - part.start, Some(format!("bytes {}-{}/{size}", part.start, part.end - 1)))
            }
            Self::Unsatisfiable => (0, Some(format!("bytes */{size}"))),
        };
        headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        headers.insert(header::CONTENT_LENGTH, length.into());
        if let Some(Ok(of)) = of.map(HeaderValue::try_from) {
            headers.insert(header::CONTENT_RANGE, of);
        }
        if *self != Self::Unsatisfiable {
            describe(&mut headers, file);
        }
        headers
    }

    /// Streams it from where the file is kept.
    ///
    /// # Errors
    /// The store's.
    pub async fn open(
        &self,
        blobs: &dyn BlobStore,
        tenant: TenantId,
        file: &StoredFile,
    ) -> Result<BlobBytes, StoreError> {
        match self {
            Self::Whole => blobs.get(tenant, &file.blob.id, None).await,
            Self::Part(part) => blobs.get(tenant, &file.blob.id, Some(part.clone())).await,
            Self::Unsatisfiable => Ok(stream::empty().boxed()),
        }
    }
}

impl FileRange {
    /// Answers a request for a file of a tenant with what it asks for, as a download that no cache keeps.
    ///
    /// Who may read it is decided before: for readers outside, [`Gate::download`](super::gate::Gate::download) does both.
    ///
    /// # Errors
    /// The store's.
    pub async fn answer(
        blobs: &dyn BlobStore,
        tenant: TenantId,
        file: &StoredFile,
        request: &Parts,
    ) -> Result<Response<BlobBytes>, StoreError> {
        let range = Self::asked(request, file);
        let body = range.open(blobs, tenant, file).await?;
        Ok(range.response(file, body))
    }

    /// Answers a request for a file that is in memory and in no store: otherwise as [`answer`](Self::answer).
    #[cfg(feature = "watermark")]
    pub(crate) fn answer_from(bytes: &Bytes, file: &StoredFile, request: &Parts) -> Response<BlobBytes> {
        let range = Self::asked(request, file);
        let at = |place: u64| usize::try_from(place).unwrap_or(usize::MAX).min(bytes.len());
        let part = match &range {
            Self::Whole => bytes.clone(),
            Self::Part(part) => bytes.slice(at(part.start)..at(part.end)),
            Self::Unsatisfiable => Bytes::new(),
        };
        range.response(file, stream::iter([Ok(part)]).boxed())
    }

    fn response(&self, file: &StoredFile, body: BlobBytes) -> Response<BlobBytes> {
        let mut response = Response::new(body);
        *response.status_mut() = self.status();
        *response.headers_mut() = self.headers(file);
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}

/// Whether the bytes that the request has of the file are some of those there are. A date or a weak tag does not tell.
fn is_current(headers: &HeaderMap, file: &StoredFile) -> bool {
    headers.get(header::IF_RANGE).is_none_or(|tag| tag.as_bytes() == file.etag().as_bytes())
}

/// None for what is not one range of bytes. An empty range lies outside of the file.
fn part(range: &str, size: u64) -> Option<Range<u64>> {
    let (unit, set) = range.split_once('=')?;
    let (first, last) = set.trim_matches([' ', '\t']).split_once('-')?;
    if !unit.eq_ignore_ascii_case("bytes") {
        return None;
    }
    match (first, last) {
        ("", length) => Some(size.saturating_sub(number(length)?)..size),
        (first, "") => Some(number(first)?..size),
        (first, last) => {
            let (first, last) = (number(first)?, number(last)?);
            (first <= last).then(|| first..last.saturating_add(1).min(size))
        }
    }
}

/// A number that is too large for us is larger than every file.
fn number(digits: &str) -> Option<u64> {
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| digits.parse().unwrap_or(u64::MAX))
}

fn describe(headers: &mut HeaderMap, file: &StoredFile) {
    let octets = HeaderValue::from_static("application/octet-stream");
    let media_type = HeaderValue::try_from(&file.media_type).unwrap_or(octets);
    let named = HeaderValue::try_from(attachment_disposition(&file.name));
    headers.insert(header::CONTENT_TYPE, media_type);
    headers.insert(header::CONTENT_DISPOSITION, named.unwrap_or(HeaderValue::from_static("attachment")));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Ok(tag) = HeaderValue::try_from(file.etag()) {
        headers.insert(header::ETAG, tag);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use http::Request;

    use super::*;
    use crate::library::blob::{Blob, BlobId};

    #[test]
    fn a_header_asks_for_one_part_or_is_answered_whole() {
        use FileRange::{Part, Unsatisfiable, Whole};
        let longest = u64::MAX;
        for (range, size, expected) in [
            ("bytes=0-0", 10, Part(0..1)),
            ("bytes=2-4", 10, Part(2..5)),
            ("bytes=0-9", 10, Part(0..10)),
            ("bytes=9-9", 10, Part(9..10)),
            ("bytes=5-99", 10, Part(5..10)),
            ("bytes=5-99999999999999999999999", 10, Part(5..10)),
            ("bytes=0-18446744073709551615", longest, Part(0..longest)),
            ("bytes=3-", 10, Part(3..10)),
            ("bytes=0-", 10, Part(0..10)),
            ("bytes=-3", 10, Part(7..10)),
            ("bytes=-99", 10, Part(0..10)),
            ("bytes=-99999999999999999999999", 10, Part(0..10)),
            ("Bytes= 2-4\t", 10, Part(2..5)),
            ("bytes=10-", 10, Unsatisfiable),
            ("bytes=10-12", 10, Unsatisfiable),
            ("bytes=-0", 10, Unsatisfiable),
            ("bytes=99999999999999999999999-", 10, Unsatisfiable),
            ("bytes=0-", 0, Whole),
            ("bytes=-5", 0, Whole),
            ("bytes=0-0", 0, Whole),
            ("bytes=4-2", 10, Whole),
            ("bytes=0-1,4-5", 10, Whole),
            ("bytes=0-1,", 10, Whole),
            ("bytes=-", 10, Whole),
            ("bytes=", 10, Whole),
            ("bytes", 10, Whole),
            ("bytes=1", 10, Whole),
            ("bytes=--1", 10, Whole),
            ("bytes=+1-2", 10, Whole),
            ("bytes=1 -2", 10, Whole),
            ("bytes=a-b", 10, Whole),
            ("bytes=0x1-2", 10, Whole),
            ("bytes=١-٢", 10, Whole),
            ("lines=0-1", 10, Whole),
            ("", 10, Whole),
        ] {
            assert_eq!(FileRange::parse(range, size), expected, "{range:?} of {size}");
        }
    }

    /// A method, headers, and what they ask for.
    type Row<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a FileRange);

    fn file() -> StoredFile {
        let blob = Blob { id: BlobId::of(b"0123456789"), size: 10 };
        StoredFile { blob, name: "Report.pdf".to_owned(), media_type: "application/pdf".to_owned() }
    }

    #[test]
    fn only_a_get_for_the_file_as_it_is_asks_for_a_part() {
        let (tag, range) = (file().etag(), ("range", "bytes=2-4"));
        let (weak, date) = (format!("W/{tag}"), "Sun, 22 Nov 2026 08:00:00 GMT");
        let part = FileRange::Part(2..5);
        let rows: [Row; 8] = [
            ("GET", &[range], &part),
            ("GET", &[range, ("if-range", &tag)], &part),
            ("GET", &[range, ("if-range", &weak)], &FileRange::Whole),
            ("GET", &[range, ("if-range", date)], &FileRange::Whole),
            ("GET", &[range, ("if-range", "\"another\"")], &FileRange::Whole),
            ("GET", &[range, range], &FileRange::Whole),
            ("GET", &[], &FileRange::Whole),
            ("HEAD", &[range], &FileRange::Whole),
        ];
        for (method, headers, expected) in rows {
            let mut request = Request::builder().method(method);
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            let (request, ()) = request.body(()).unwrap().into_parts();
            assert_eq!(FileRange::asked(&request, &file()), *expected, "{method} {headers:?}");
        }
    }

    #[test]
    fn an_answer_says_which_part_it_is_and_of_what() {
        let tag = file().etag();
        for (range, status, length, part, kind, tagged) in [
            (FileRange::Whole, 200, "10", None, Some("application/pdf"), Some(&*tag)),
            (FileRange::Part(2..5), 206, "3", Some("bytes 2-4/10"), Some("application/pdf"), Some(&*tag)),
            (FileRange::Unsatisfiable, 416, "0", Some("bytes */10"), None, None),
        ] {
            let headers = range.headers(&file());
            let said = |name| headers.get(name).map(|value| value.to_str().unwrap());
            assert_eq!(range.status().as_u16(), status);
            assert_eq!(said(header::CONTENT_LENGTH), Some(length), "{range:?}");
            assert_eq!(said(header::CONTENT_RANGE), part, "{range:?}");
            assert_eq!(said(header::ACCEPT_RANGES), Some("bytes"), "{range:?}");
            assert_eq!((said(header::CONTENT_TYPE), said(header::ETAG)), (kind, tagged), "{range:?}");
        }
    }
}
