use std::io;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use http::StatusCode;

use super::*;

fn of_notion(code: NotionCode, status: u16, retry_after: Option<Duration>) -> Error {
    let status = StatusCode::from_u16(status).unwrap_or_default();
    NotionError { status, code, request_id: None, retry_after }.into()
}

fn now() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(20_000)
}

fn of_access(fault: Fault) -> Error {
    AccessError::from(fault).into()
}

fn of_file(status: StatusCode) -> Error {
    DownloadError::Status(status).into()
}

fn of_conflict(conflict: Conflict) -> Error {
    StoreError::from(conflict).into()
}

fn cause() -> Cause {
    "the index is broken".into()
}

/// Every error there is, and its kind.
fn all() -> Vec<(Error, ErrorKind)> {
    let download = |error: TransportError| Error::from(DownloadError::Transport(error));
    vec![
        (of_notion(NotionCode::Unauthorized, 401, None), ErrorKind::NeedsReconnect),
        (of_notion(NotionCode::RestrictedResource, 403, None), ErrorKind::SourceRestricted),
        (of_notion(NotionCode::ObjectNotFound, 404, None), ErrorKind::SourceNotFound),
        (of_notion(NotionCode::RateLimited, 429, None), ErrorKind::RateLimited),
        (of_notion(NotionCode::Blocked, 429, None), ErrorKind::Operator),
        (of_notion(NotionCode::Overloaded, 529, None), ErrorKind::RateLimited),
        (of_notion(NotionCode::Unavailable, 500, None), ErrorKind::SourceUnavailable),
        (of_notion(NotionCode::TooSlow, 503, None), ErrorKind::SourceUnavailable),
        (of_notion(NotionCode::Conflict, 409, None), ErrorKind::SourceUnavailable),
        (of_notion(NotionCode::RenderingBudget, 400, None), ErrorKind::SourceUnusable),
        (of_notion(NotionCode::InvalidCursor, 400, None), ErrorKind::SourceUnusable),
        (of_notion(NotionCode::Validation, 400, None), ErrorKind::SourceUnusable),
        (of_notion(NotionCode::Other, 418, None), ErrorKind::SourceUnusable),
        (of_notion(NotionCode::Other, 408, None), ErrorKind::SourceUnavailable),
        (of_notion(NotionCode::Other, 520, None), ErrorKind::SourceUnavailable),
        (of_access(Fault::Operator), ErrorKind::Operator),
        (of_access(Fault::AccountPause(now())), ErrorKind::RateLimited),
        (of_access(Fault::ConnectionMissing), ErrorKind::NeedsReconnect),
        (of_access(Fault::AnotherNamespace), ErrorKind::Operator),
        (of_access(Fault::CredentialsRefused), ErrorKind::NeedsReconnect),
        (of_access(Fault::RefreshFailing), ErrorKind::Unavailable),
        (of_access(Fault::Transient), ErrorKind::Unavailable),
        (TransportError::Connect(None).into(), ErrorKind::Unavailable),
        (TransportError::Timeout.into(), ErrorKind::Unavailable),
        (TransportError::Interrupted(None).into(), ErrorKind::Unavailable),
        (TransportError::TooLarge { cap: 1 }.into(), ErrorKind::NotAccepted),
        (Error::OtherKind(OtherKind::Database), ErrorKind::SourceNotFound),
        (Error::Malformed("it is empty"), ErrorKind::Malformed),
        (Error::Incomplete("it was capped"), ErrorKind::SourceUnavailable),
        (DownloadError::Refused("its host is not one of Notion's").into(), ErrorKind::SourceUnusable),
        (of_file(StatusCode::NOT_FOUND), ErrorKind::SourceUnusable),
        (of_file(StatusCode::TOO_MANY_REQUESTS), ErrorKind::SourceUnavailable),
        (of_file(StatusCode::BAD_GATEWAY), ErrorKind::SourceUnavailable),
        (DownloadError::Expired.into(), ErrorKind::SourceUnavailable),
        (DownloadError::TooLarge { cap: 1 }.into(), ErrorKind::NotAccepted),
        (DownloadError::Type.into(), ErrorKind::NotAccepted),
        (DownloadError::TooSlow.into(), ErrorKind::SourceUnavailable),
        (DownloadError::Unusable("it is encoded").into(), ErrorKind::SourceUnusable),
        (download(TransportError::Connect(None)), ErrorKind::SourceUnavailable),
        (download(TransportError::Timeout), ErrorKind::SourceUnavailable),
        (download(TransportError::Interrupted(None)), ErrorKind::SourceUnavailable),
        (download(TransportError::TooLarge { cap: 1 }), ErrorKind::NotAccepted),
        (StoreError::NotFound.into(), ErrorKind::NotFound),
        (of_conflict(Conflict::Changed), ErrorKind::Conflict),
        (of_conflict(Conflict::NoReason), ErrorKind::InvalidInput),
        (of_conflict(Conflict::NotPublished), ErrorKind::Conflict),
        (of_conflict(Conflict::NotCurrent), ErrorKind::Conflict),
        (of_conflict(Conflict::AttemptExists), ErrorKind::Conflict),
        (of_conflict(Conflict::AnotherGrant), ErrorKind::Conflict),
        (of_conflict(Conflict::AlreadyConnected), ErrorKind::Conflict),
        (of_conflict(Conflict::WorkspaceTaken), ErrorKind::Conflict),
        (of_conflict(Conflict::AnotherWorkspace), ErrorKind::Conflict),
        (of_conflict(Conflict::NotFenced), ErrorKind::Conflict),
        (of_conflict(Conflict::LinkedElsewhere), ErrorKind::Conflict),
        (of_conflict(Conflict::StillConnected), ErrorKind::Conflict),
        (of_conflict(Conflict::NoLongerKept), ErrorKind::Conflict),
        (StoreError::OutOfRange("expires_at").into(), ErrorKind::InvalidInput),
        (StoreError::Denied.into(), ErrorKind::Denied),
        (StoreError::Fenced.into(), ErrorKind::Conflict),
        (StoreError::TooLarge { cap: 1 }.into(), ErrorKind::NotAccepted),
        (StoreError::Interrupted(cause()).into(), ErrorKind::SourceUnavailable),
        (StoreError::Corrupt("level").into(), ErrorKind::Corrupt),
        (StoreError::StorageFull(cause()).into(), ErrorKind::StorageFull),
        (StoreError::unavailable("no server").into(), ErrorKind::StorageUnavailable),
        (StoreError::backend("the index is broken").into(), ErrorKind::StorageFailed),
        (Error::AnotherWorkspace, ErrorKind::NeedsReconnect),
        (Error::Cancelled, ErrorKind::Cancelled),
        (Error::Overdue, ErrorKind::Unavailable),
    ]
}

#[test]
fn every_error_is_of_one_kind() {
    for (error, kind) in all() {
        assert_eq!(error.kind(), kind, "{error:?}");
    }
}

#[test]
fn every_conflict_has_a_code_of_its_own() {
    let conflicts =
        all().into_iter().filter(|(error, _)| matches!(error, Error::Store(StoreError::Conflict(_))));
    let codes: Vec<_> = conflicts.map(|(error, _)| error.code()).collect();
    let others =
        all().into_iter().filter(|(error, _)| !matches!(error, Error::Store(StoreError::Conflict(_))));
    let mut seen: std::collections::HashSet<_> = others.map(|(error, _)| error.code()).collect();
    for code in codes {
        assert!(seen.insert(code), "{code} says two things");
    }
}

#[test]
fn a_busy_host_and_an_expired_address_pass_while_nonsense_and_what_is_too_large_stay_with_their_page() {
    let check = |error: Error, is_transient: bool| {
        let kind = error.kind();
        assert_eq!((error.is_transient(), kind.is_of_one_source()), (is_transient, true), "{error:?}");
    };
    check(of_file(StatusCode::TOO_MANY_REQUESTS), true);
    check(of_file(StatusCode::REQUEST_TIMEOUT), true);
    check(of_file(StatusCode::TOO_EARLY), true);
    check(of_file(StatusCode::ACCEPTED), true);
    check(DownloadError::Expired.into(), true);
    check(Error::Malformed("it is empty"), false);
    check(TransportError::TooLarge { cap: 1 }.into(), false);
    check(DownloadError::Transport(TransportError::TooLarge { cap: 1 }).into(), false);
    check(StoreError::TooLarge { cap: 1 }.into(), false);
}

#[test]
fn what_asks_to_wait_says_how_long_and_nothing_else_does() {
    let check = |error: Error, expected: Option<u64>| {
        assert_eq!(error.retry_after(now()), expected.map(Duration::from_secs), "{error:?}");
    };
    let (seconds, millis) = (Duration::from_secs, Duration::from_millis);
    check(of_notion(NotionCode::RateLimited, 429, Some(seconds(7))), Some(7));
    check(of_notion(NotionCode::Unavailable, 503, Some(millis(1_001))), Some(2));
    check(of_notion(NotionCode::Overloaded, 529, Some(Duration::ZERO)), Some(1));
    check(of_notion(NotionCode::RateLimited, 429, None), Some(60));
    // No waiting helps.
    check(of_notion(NotionCode::Blocked, 429, Some(seconds(60))), None);
    check(of_access(Fault::AccountPause(now() + TimeDelta::seconds(41))), Some(41));
    check(of_access(Fault::AccountPause(now() + TimeDelta::milliseconds(500))), Some(1));
    check(of_access(Fault::AccountPause(now() - TimeDelta::seconds(1))), Some(1));
    check(of_access(Fault::Transient), Some(60));
    check(of_access(Fault::CredentialsRefused), None);
    check(StoreError::unavailable("no server").into(), Some(5));
    check(StoreError::StorageFull(cause()).into(), None);
    check(Error::Cancelled, None);
}

#[test]
fn the_table_in_the_documentation_is_the_one_in_the_code() {
    let text = include_str!("kind.rs");
    let rows: Vec<Vec<&str>> = text
        .lines()
        .filter_map(|line| line.strip_prefix("/// | [`"))
        .map(|row| row.split('|').map(str::trim).collect())
        .collect();
    let kinds: std::collections::HashSet<ErrorKind> = all().into_iter().map(|(_, kind)| kind).collect();
    assert_eq!(rows.len(), kinds.len());
    for kind in kinds {
        let name = format!("{kind:?}`]");
        let row = rows.iter().find(|row| row[0].starts_with(&name)).unwrap_or_else(|| panic!("{name}"));
        let told = |is: bool, word: &'static str| if is { word } else { "" };
        let wait = kind.retry_after().map(|wait| wait.as_secs().to_string()).unwrap_or_default();
        let (passes, one) = (told(kind.is_transient(), "passes"), told(kind.is_of_one_source(), "one"));
        let expected = format!("{passes}|{one}|{}|{wait}", kind.status().as_u16());
        let row = [row[1], row[2], row[3], row[4].trim_start_matches("as asked, or ")].join("|");
        assert_eq!(row, expected, "{kind:?}");
    }
}

#[test]
fn an_error_that_is_shared_keeps_its_meaning_and_its_cause() {
    for (error, kind) in all() {
        let (code, text) = (error.code(), error.to_string());
        let has_cause = std::error::Error::source(&error).is_some();
        let shared = Error::shared(&Arc::new(error));
        assert_eq!((shared.code(), shared.kind(), shared.to_string()), (code, kind, text), "{shared:?}");
        assert!(!has_cause || std::error::Error::source(&shared).is_some(), "{shared:?}");
    }
}

#[test]
fn a_full_disk_is_told_from_a_broken_one_however_deep_it_lies() {
    let inner = io::Error::from(io::ErrorKind::StorageFull);
    let quota = io::Error::from(io::ErrorKind::QuotaExceeded);
    let deep = StoreError::backend(TransportError::Connect(Some(quota.into())));
    for (error, code) in [
        (StoreError::backend(inner), "storage_full"),
        (deep, "storage_full"),
        (StoreError::backend(io::Error::from(io::ErrorKind::FileTooLarge)), "storage_full"),
        (StoreError::backend(io::Error::from(io::ErrorKind::PermissionDenied)), "store_failed"),
        (StoreError::backend("the index is broken"), "store_failed"),
    ] {
        assert_eq!((error.code(), error.is_transient()), (code, true), "{error:?}");
        assert_eq!(Error::from(error).code(), code);
    }
}
