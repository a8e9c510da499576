//! What an error is about: the one table from which follows what to do.

use std::time::Duration;

use chrono::{DateTime, Utc};
use http::{HeaderValue, Response, StatusCode, header};
use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use super::{
    AccessError, Conflict, DownloadError, Error, Fault, NotionCode, NotionError, StoreError, TransportError,
};

/// What an error is about, and so what to do.
///
/// A source is the page or database of Notion that was asked for, with its files. Where *passes* stands, asking again later may succeed
/// without anybody doing anything. Where *one* stands, it says nothing about the next source. An HTTP backend answers its own user with
/// this status and `Retry-After`, for which [`Error::retry_after`] knows what the other side has asked for. Whoever may not read a
/// document is answered `Outside::status` of `library::access`.
///
/// | kind | passes | one | status | `Retry-After` |
/// |---|---|---|---|---|
/// | [`RateLimited`](Self::RateLimited) | passes | | 503 | as asked, or 60 |
/// | [`Unavailable`](Self::Unavailable) | passes | | 503 | 60 |
/// | [`SourceUnavailable`](Self::SourceUnavailable) | passes | one | 503 | as asked, or 60 |
/// | [`SourceNotFound`](Self::SourceNotFound) | | one | 404 | |
/// | [`SourceRestricted`](Self::SourceRestricted) | | one | 403 | |
/// | [`SourceUnusable`](Self::SourceUnusable) | | one | 422 | |
/// | [`NotAccepted`](Self::NotAccepted) | | one | 422 | |
/// | [`Malformed`](Self::Malformed) | | one | 502 | |
/// | [`NeedsReconnect`](Self::NeedsReconnect) | | | 409 | |
/// | [`Operator`](Self::Operator) | | | 500 | |
/// | [`NotFound`](Self::NotFound) | | | 404 | |
/// | [`Conflict`](Self::Conflict) | | | 409 | |
/// | [`InvalidInput`](Self::InvalidInput) | | | 422 | |
/// | [`Denied`](Self::Denied) | | | 403 | |
/// | [`StorageFull`](Self::StorageFull) | passes | | 507 | |
/// | [`StorageUnavailable`](Self::StorageUnavailable) | passes | | 503 | 5 |
/// | [`StorageFailed`](Self::StorageFailed) | passes | | 500 | |
/// | [`Corrupt`](Self::Corrupt) | | | 500 | |
/// | [`Cancelled`](Self::Cancelled) | | | 503 | |
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    /// Notion, or the service that holds the tokens, asks for a pause. Nothing went wrong.
    RateLimited,
    /// Notion or the way to it does not work at the moment, whatever is asked for, or took too long.
    Unavailable,
    /// The source did not come, or not whole. The next time it may.
    SourceUnavailable,
    /// The source is absent, not shared with the connection, or of another kind.
    SourceNotFound,
    /// The connection lacks a capability that the source needs.
    SourceRestricted,
    /// The source cannot be taken as it is now.
    SourceUnusable,
    /// The source is beyond our own limits: too large, or of a type that is not taken.
    NotAccepted,
    /// The answer is not what the protocol says, and nothing tells that the next one will be.
    Malformed,
    /// The connection is dead, or leads elsewhere, until somebody gives consent again.
    NeedsReconnect,
    /// Whoever runs the host has to act: the set-up is wrong, or Notion has blocked the workspace. No tenant is to blame.
    Operator,
    /// There is no such thing in the store.
    NotFound,
    /// What is stored stands in the way: somebody else was there first.
    Conflict,
    /// What was asked for cannot be, or lacks something.
    InvalidInput,
    /// The person's role may not do this.
    Denied,
    /// Our storage has no room left.
    StorageFull,
    /// Our storage cannot be reached at the moment.
    StorageUnavailable,
    /// Our storage failed.
    StorageFailed,
    /// What is stored cannot be read back.
    Corrupt,
    /// The caller gave it up, or is shutting down.
    Cancelled,
}

/// How long an error stays one.
enum Lasts {
    /// Asking again later may succeed.
    Passing,
    /// Somebody has to do something first.
    Final,
}

/// What an error says something about.
enum Scope {
    /// The source that was asked for, and no other.
    One,
    /// Whatever is asked for next as well.
    All,
}

impl ErrorKind {
    /// Asking again later may succeed without anybody doing anything.
    pub const fn is_transient(self) -> bool {
        match self.row().0 {
            Lasts::Passing => true,
            Lasts::Final => false,
        }
    }

    /// Tells whether this says nothing about the next source: whoever reads many goes on.
    pub const fn is_of_one_source(self) -> bool {
        match self.row().1 {
            Scope::One => true,
            Scope::All => false,
        }
    }

    /// Returns what an HTTP backend answers its own user.
    pub const fn status(self) -> StatusCode {
        self.row().2
    }

    /// Returns how long to wait before asking again if nobody said; none where waiting does not help, or nobody can tell.
    pub const fn retry_after(self) -> Option<Duration> {
        match self.row().3 {
            Some(seconds) => Some(Duration::from_secs(seconds)),
            None => None,
        }
    }

    const fn row(self) -> (Lasts, Scope, StatusCode, Option<u64>) {
        use Lasts::{Final, Passing};
        use Scope::{All, One};
        match self {
            Self::RateLimited => (Passing, All, StatusCode::SERVICE_UNAVAILABLE, Some(60)),
            Self::Unavailable => (Passing, All, StatusCode::SERVICE_UNAVAILABLE, Some(60)),
            Self::SourceUnavailable => (Passing, One, StatusCode::SERVICE_UNAVAILABLE, Some(60)),
            Self::SourceNotFound => (Final, One, StatusCode::NOT_FOUND, None),
            Self::SourceRestricted => (Final, One, StatusCode::FORBIDDEN, None),
            Self::SourceUnusable => (Final, One, StatusCode::UNPROCESSABLE_ENTITY, None),
            Self::NotAccepted => (Final, One, StatusCode::UNPROCESSABLE_ENTITY, None),
            Self::Malformed => (Final, One, StatusCode::BAD_GATEWAY, None),
            Self::NeedsReconnect => (Final, All, StatusCode::CONFLICT, None),
            Self::Operator => (Final, All, StatusCode::INTERNAL_SERVER_ERROR, None),
            Self::NotFound => (Final, All, StatusCode::NOT_FOUND, None),
            Self::Conflict => (Final, All, StatusCode::CONFLICT, None),
            Self::InvalidInput => (Final, All, StatusCode::UNPROCESSABLE_ENTITY, None),
            Self::Denied => (Final, All, StatusCode::FORBIDDEN, None),
            Self::StorageFull => (Passing, All, StatusCode::INSUFFICIENT_STORAGE, None),
            Self::StorageUnavailable => (Passing, All, StatusCode::SERVICE_UNAVAILABLE, Some(5)),
            Self::StorageFailed => (Passing, All, StatusCode::INTERNAL_SERVER_ERROR, None),
            Self::Corrupt => (Final, All, StatusCode::INTERNAL_SERVER_ERROR, None),
            Self::Cancelled => (Final, All, StatusCode::SERVICE_UNAVAILABLE, None),
        }
    }
}

/// As an object: what a program may be told of it, the code and the kind.
impl Serialize for Error {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut error = serializer.serialize_struct("Error", 2)?;
        error.serialize_field("code", self.code())?;
        error.serialize_field("kind", &self.kind())?;
        error.end()
    }
}

/// What an HTTP backend answers its own user: the error as JSON, with the status of its kind and, where waiting helps, `Retry-After`.
///
/// ```
/// # use notion_import_core::{Error, StoreError};
/// fn handle() -> Result<(), http::Response<String>> {
///     Err(Error::from(StoreError::Denied))?
/// }
/// let response = handle().unwrap_err();
/// assert_eq!((response.status().as_u16(), response.body().as_str()), (403, r#"{"code":"denied","kind":"denied"}"#));
/// ```
impl From<Error> for Response<String> {
    fn from(error: Error) -> Self {
        let mut response = Self::new(serde_json::json!(error).to_string());
        *response.status_mut() = error.kind().status();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(wait) = error.retry_after(Utc::now()) {
            headers.insert(header::RETRY_AFTER, wait.as_secs().into());
        }
        response
    }
}

impl From<StoreError> for Response<String> {
    fn from(error: StoreError) -> Self {
        Error::from(error).into()
    }
}

impl Error {
    /// Returns what it is about.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Notion(error) => error.kind(),
            Self::Access(error) => error.kind(),
            Self::Transport(error) => error.kind(),
            Self::Malformed(_) => ErrorKind::Malformed,
            Self::OtherKind(_) => ErrorKind::SourceNotFound,
            Self::Incomplete(_) => ErrorKind::SourceUnavailable,
            Self::Download(error) => error.kind(),
            Self::Store(error) => error.kind(),
            Self::AnotherWorkspace => ErrorKind::NeedsReconnect,
            Self::Cancelled => ErrorKind::Cancelled,
            Self::Overdue => ErrorKind::Unavailable,
        }
    }

    /// Asking again later may succeed without anybody doing anything.
    pub fn is_transient(&self) -> bool {
        self.kind().is_transient()
    }

    /// The connection is dead until somebody gives consent again.
    pub fn needs_reconnect(&self) -> bool {
        self.kind() == ErrorKind::NeedsReconnect
    }

    /// The page or database is not there for this connection: absent, unshared, or of another kind.
    pub fn is_not_found(&self) -> bool {
        self.kind() == ErrorKind::SourceNotFound
    }

    /// Returns how long to wait before asking again: as the other side has asked, or else as its [kind](ErrorKind::retry_after) says;
    /// none where waiting does not help. In whole seconds and at least one, for the header `Retry-After`.
    pub fn retry_after(&self, now: DateTime<Utc>) -> Option<Duration> {
        let unasked = self.kind().retry_after()?;
        let wait = self.asked_for(now).unwrap_or(unasked);
        let begun = u64::from(wait.subsec_nanos() > 0);
        Some(Duration::from_secs(wait.as_secs().saturating_add(begun).max(1)))
    }

    /// Returns how long the other side has asked to be left alone; none where waiting does not help.
    pub(crate) fn asked_for(&self, now: DateTime<Utc>) -> Option<Duration> {
        self.kind().retry_after()?;
        match self {
            Self::Notion(error) => error.retry_after,
            Self::Access(AccessError { fault: Fault::AccountPause(until), .. }) => {
                Some((*until - now).to_std().unwrap_or_default())
            }
            Self::Access(_) | Self::Transport(_) | Self::Download(_) | Self::Store(_) => None,
            Self::Malformed(_) | Self::OtherKind(_) | Self::Incomplete(_) => None,
            Self::AnotherWorkspace | Self::Cancelled | Self::Overdue => None,
        }
    }
}

impl NotionError {
    fn kind(&self) -> ErrorKind {
        match self.code {
            NotionCode::Unauthorized => ErrorKind::NeedsReconnect,
            NotionCode::RestrictedResource => ErrorKind::SourceRestricted,
            NotionCode::ObjectNotFound => ErrorKind::SourceNotFound,
            NotionCode::RateLimited | NotionCode::Overloaded => ErrorKind::RateLimited,
            NotionCode::Blocked => ErrorKind::Operator,
            NotionCode::Unavailable | NotionCode::TooSlow | NotionCode::Conflict => {
                ErrorKind::SourceUnavailable
            }
            NotionCode::RenderingBudget | NotionCode::InvalidCursor | NotionCode::Validation => {
                ErrorKind::SourceUnusable
            }
            NotionCode::Other => of_source(self.status),
        }
    }
}

impl AccessError {
    fn kind(&self) -> ErrorKind {
        match self.fault {
            Fault::Operator | Fault::AnotherNamespace => ErrorKind::Operator,
            Fault::AccountPause(_) => ErrorKind::RateLimited,
            Fault::ConnectionMissing | Fault::CredentialsRefused => ErrorKind::NeedsReconnect,
            Fault::RefreshFailing | Fault::Transient => ErrorKind::Unavailable,
        }
    }
}

impl TransportError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Connect(_) | Self::Timeout | Self::Interrupted(_) => ErrorKind::Unavailable,
            Self::TooLarge { .. } => ErrorKind::NotAccepted,
        }
    }
}

impl DownloadError {
    /// What it is about, for the file's page. A host of files that does not answer is not Notion.
    pub(crate) fn kind(&self) -> ErrorKind {
        match self {
            Self::Refused(_) | Self::Unusable(_) => ErrorKind::SourceUnusable,
            Self::TooLarge { .. } | Self::Type => ErrorKind::NotAccepted,
            Self::Status(status) => of_source(*status),
            // The source, read anew, has a fresh one.
            Self::Expired => ErrorKind::SourceUnavailable,
            Self::TooSlow => ErrorKind::SourceUnavailable,
            Self::Transport(error) => match error {
                TransportError::Connect(_) | TransportError::Timeout | TransportError::Interrupted(_) => {
                    ErrorKind::SourceUnavailable
                }
                TransportError::TooLarge { .. } => ErrorKind::NotAccepted,
            },
        }
    }
}

impl StoreError {
    /// Returns what it is about.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::NotFound => ErrorKind::NotFound,
            Self::Conflict(conflict) => conflict.kind(),
            Self::Fenced => ErrorKind::Conflict,
            Self::OutOfRange(_) => ErrorKind::InvalidInput,
            Self::Denied => ErrorKind::Denied,
            Self::TooLarge { .. } => ErrorKind::NotAccepted,
            Self::Interrupted(_) => ErrorKind::SourceUnavailable,
            Self::Corrupt(_) => ErrorKind::Corrupt,
            Self::StorageFull(_) => ErrorKind::StorageFull,
            Self::Unavailable(_) => ErrorKind::StorageUnavailable,
            Self::Backend(_) => ErrorKind::StorageFailed,
        }
    }

    /// Asking again later may succeed without anybody asking for something else.
    pub fn is_transient(&self) -> bool {
        self.kind().is_transient()
    }
}

impl Conflict {
    const fn kind(self) -> ErrorKind {
        match self {
            Self::NoReason => ErrorKind::InvalidInput,
            Self::Changed
            | Self::NotPublished
            | Self::NotCurrent
            | Self::AttemptExists
            | Self::AnotherGrant
            | Self::AlreadyConnected
            | Self::WorkspaceTaken
            | Self::AnotherWorkspace
            | Self::AddressTaken
            | Self::NotFenced
            | Self::LinkedElsewhere
            | Self::StillConnected
            | Self::NoLongerKept => ErrorKind::Conflict,
        }
    }
}

/// What a status that has no meaning of its own says about a source.
fn of_source(status: StatusCode) -> ErrorKind {
    let waits = [
        // It is being made: there is nothing to take yet.
        StatusCode::ACCEPTED,
        StatusCode::REQUEST_TIMEOUT,
        StatusCode::TOO_EARLY,
        StatusCode::TOO_MANY_REQUESTS,
    ]
    .contains(&status);
    if waits || status.is_server_error() { ErrorKind::SourceUnavailable } else { ErrorKind::SourceUnusable }
}
