//! Errors by meaning, and what they are about.
//!
//! No error carries a token, a signed URL or a customer's text.

mod conflict;
mod kind;
mod shared;
#[cfg(test)]
mod tests;

use std::io;
use std::time::Duration;

use chrono::{DateTime, Utc};
use http::StatusCode;

pub use conflict::Conflict;
pub use kind::ErrorKind;

/// A cause that is kept but not interpreted.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Why something this library was asked to do did not happen.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Notion answered with an error.
    #[error(transparent)]
    Notion(#[from] NotionError),
    /// Notion could not be reached through the connection.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// No answer, or not the whole of it.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// An answer that is not what the protocol says.
    #[error("the answer was not understood: {0}")]
    Malformed(&'static str),
    /// What was asked for as a page is none, or as a data source.
    #[error(transparent)]
    OtherKind(#[from] OtherKind),
    /// An enumeration that cannot be completed: nothing was taken from it.
    #[error("the listing could not be completed: {0}")]
    Incomplete(&'static str),
    /// A file could not be downloaded.
    #[error(transparent)]
    Download(#[from] DownloadError),
    /// A store refused or failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The connection leads to another workspace than the one that was confirmed. Nothing that was read through it is kept.
    #[error("the connection leads to another workspace than was confirmed")]
    AnotherWorkspace,
    /// The caller cancelled.
    #[error("cancelled")]
    Cancelled,
    /// The whole of what was asked for took longer than it may.
    #[error("it took longer than it may")]
    Overdue,
}

impl Error {
    /// A stable, lower-case code for logs, metrics and stored outcomes.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Notion(error) => error.code.as_str(),
            Self::Access(error) => error.fault.code(),
            Self::Transport(error) => error.code(),
            Self::Malformed(_) => "malformed_answer",
            Self::OtherKind(_) => "of_another_kind",
            Self::Incomplete(_) => "incomplete_listing",
            Self::Download(error) => error.code(),
            Self::Store(error) => error.code(),
            Self::AnotherWorkspace => "another_workspace",
            Self::Cancelled => "cancelled",
            Self::Overdue => "overdue",
        }
    }
}

/// What an id names that was asked for as something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OtherKind {
    /// A page, or a row of a data source.
    #[error("it is a page, and was asked for as a data source")]
    Page,
    /// A data source.
    #[error("it is a data source, and was asked for as a page")]
    DataSource,
    /// A database, which holds the data sources that can be picked.
    #[error("it is a database: its data sources can be imported, and the database itself cannot")]
    Database,
    /// A database without a data source of its own: a linked view, or one whose data sources are not shared with the connection.
    #[error("it shows a table that the connection has no access to: the original has to be shared with it")]
    LinkedView,
}

/// Notion's own answer, `"object":"error"`. Its message is left out: it can name pages and people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Notion answered {status} {}", code.as_str())]
pub struct NotionError {
    /// The HTTP status.
    pub status: StatusCode,
    /// What Notion calls it.
    pub code: NotionCode,
    /// Notion's id of the exchange, for its support.
    pub request_id: Option<String>,
    /// How long to wait, if Notion said so.
    pub retry_after: Option<Duration>,
}

/// The kinds of error Notion gives, as far as they are acted on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NotionCode {
    /// 401: the token is no longer valid.
    Unauthorized,
    /// 403: a capability is missing. The token is fine.
    RestrictedResource,
    /// 404: absent, not shared, or of another kind.
    ObjectNotFound,
    /// 429: wait.
    RateLimited,
    /// 429 `public_api_request_blocked`: waiting does not help.
    Blocked,
    /// 529: wait.
    Overloaded,
    /// 500, 502, 503, 504.
    Unavailable,
    /// 503 with the advice to ask for fewer.
    TooSlow,
    /// 409.
    Conflict,
    /// 400: the answer takes too long to render; ask for fewer.
    RenderingBudget,
    /// 400: the cursor is not, or no longer, valid.
    InvalidCursor,
    /// 400: anything else it did not like.
    Validation,
    /// A code not known here.
    Other,
}

impl NotionCode {
    /// Notion's name for it, or ours where Notion has none.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unauthorized => "unauthorized",
            Self::RestrictedResource => "restricted_resource",
            Self::ObjectNotFound => "object_not_found",
            Self::RateLimited => "rate_limited",
            Self::Blocked => "public_api_request_blocked",
            Self::Overloaded => "service_overload",
            Self::Unavailable | Self::TooSlow => "service_unavailable",
            Self::Conflict => "conflict_error",
            Self::RenderingBudget => "rendering_budget_exceeded",
            Self::InvalidCursor => "invalid_cursor",
            Self::Validation => "validation_error",
            Self::Other => "notion_error",
        }
    }
}

/// Whose fault an answer is that does not come from Notion.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// The operator's set-up is wrong (an API key, a missing integration): no tenant is to blame.
    Operator,
    /// The whole account has to wait until then.
    AccountPause(DateTime<Utc>),
    /// The connection no longer exists at the service that held it.
    ConnectionMissing,
    /// The operator's key is of another [`Namespace`](crate::Namespace) (an account, an environment) than the connection was made in, so
    /// nobody can tell whether that is still there. It ends no connection.
    AnotherNamespace,
    /// The connection's credentials no longer work and need the tenant's consent again.
    CredentialsRefused,
    /// The connection's credentials could not be renewed just now. That is tried again, and may come to [`CredentialsRefused`](Self::CredentialsRefused).
    RefreshFailing,
    /// Something on the way broke; asking again may help.
    Transient,
}

impl Fault {
    fn code(self) -> &'static str {
        match self {
            Self::Operator => "operator_fault",
            Self::AccountPause(_) => "account_paused",
            Self::ConnectionMissing => "connection_missing",
            Self::AnotherNamespace => "another_namespace",
            Self::CredentialsRefused => "credentials_refused",
            Self::RefreshFailing => "refresh_failing",
            Self::Transient => "gateway_fault",
        }
    }
}

/// Notion could not be reached through the connection, and not through Notion's fault.
#[derive(Debug, thiserror::Error)]
#[error("no access to Notion: {}", fault.code())]
pub struct AccessError {
    /// Whose fault it is.
    pub fault: Fault,
    /// The cause, if there is one worth keeping.
    #[source]
    pub source: Option<Cause>,
}

impl From<Fault> for AccessError {
    fn from(fault: Fault) -> Self {
        Self { fault, source: None }
    }
}

/// No answer, or not the whole of it. It never carries a URL: those can be secrets.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TransportError {
    /// The connection could not be made, or was refused or reset.
    #[error("the connection failed")]
    Connect(#[source] Option<Cause>),
    /// The answer did not come, or did not end, in time.
    #[error("the request timed out")]
    Timeout,
    /// The body ended before it was complete.
    #[error("the response broke off")]
    Interrupted(#[source] Option<Cause>),
    /// The body is longer than the caller accepts.
    #[error("the response is larger than {cap} bytes")]
    TooLarge {
        /// The limit, in bytes.
        cap: u64,
    },
}

impl TransportError {
    fn code(&self) -> &'static str {
        match self {
            Self::Connect(_) => "connection_failed",
            Self::Timeout => "timeout",
            Self::Interrupted(_) => "response_broke_off",
            Self::TooLarge { .. } => "response_too_large",
        }
    }
}

/// A file that was not downloaded. Nothing of it was kept.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DownloadError {
    /// The address is one this library does not connect to.
    #[error("the address is not allowed: {0}")]
    Refused(&'static str),
    /// The server answered with something else than the file.
    #[error("the file server answered {0}")]
    Status(StatusCode),
    /// The signed address is no longer valid.
    #[error("the address of the file has expired")]
    Expired,
    /// The file is larger than allowed.
    #[error("the file is larger than {cap} bytes")]
    TooLarge {
        /// The limit, in bytes.
        cap: u64,
    },
    /// What came is not a type that is accepted here.
    #[error("the file is of a type that is not accepted")]
    Type,
    /// It came so slowly that it was given up.
    #[error("the file came too slowly")]
    TooSlow,
    /// The server's answer is not one a whole file can be taken from.
    #[error("the file server's answer cannot be used: {0}")]
    Unusable(&'static str),
    /// It did not come whole.
    #[error(transparent)]
    Transport(TransportError),
}

impl DownloadError {
    fn code(&self) -> &'static str {
        match self {
            Self::Refused(_) => "address_refused",
            Self::Status(_) => "file_not_served",
            Self::Expired => "file_address_expired",
            Self::TooLarge { .. } => "file_too_large",
            Self::Type => "file_type_not_accepted",
            Self::TooSlow => "file_too_slow",
            Self::Unusable(_) => "file_answer_unusable",
            Self::Transport(error) => error.code(),
        }
    }
}

/// Why a store did not do what it was asked. Whatever the reason, it is as it was before.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// There is no such thing for this tenant.
    #[error("not found")]
    NotFound,
    /// What is stored stands in the way.
    #[error("conflict: {0}")]
    Conflict(#[from] Conflict),
    /// What was asked for is outside of what there can be, whatever is stored.
    #[error("out of range: {0}")]
    OutOfRange(&'static str),
    /// The person's role may not do this.
    #[error("not allowed")]
    Denied,
    /// The writer's generation is older than one already accepted: somebody else owns the connection now.
    #[error("a newer owner has taken over the connection")]
    Fenced,
    /// What was to be stored is larger than allowed.
    #[error("larger than {cap} bytes")]
    TooLarge {
        /// The limit, in bytes.
        cap: u64,
    },
    /// The stream that was being stored broke off: nothing of it was kept.
    #[error("the stream broke off")]
    Interrupted(#[source] Cause),
    /// What is stored cannot be read back.
    #[error("stored data cannot be read: {0}")]
    Corrupt(&'static str),
    /// The store has no room left: a full disk or an exhausted quota. Reading goes on, and so does writing once there is room.
    #[error("the store has no room left")]
    StorageFull(#[source] Cause),
    /// The store could not be reached, or was too busy to begin in time. It may be there again in a moment.
    #[error("the store cannot be reached at the moment")]
    Unavailable(#[source] Cause),
    /// The database or file system failed.
    #[error("the store failed")]
    Backend(#[source] Cause),
}

impl StoreError {
    /// Keeps the error of a backend that could not be reached, or not in time, as the cause.
    pub fn unavailable(error: impl Into<Cause>) -> Self {
        Self::Unavailable(error.into())
    }

    /// Keeps a backend's error as the cause, as [`StorageFull`](Self::StorageFull) if that is what the operating system says somewhere
    /// among its causes.
    pub fn backend(error: impl Into<Cause>) -> Self {
        let cause = error.into();
        if is_full(&*cause) { Self::StorageFull(cause) } else { Self::Backend(cause) }
    }

    /// A stable, lower-case code for logs, metrics and stored outcomes.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::Conflict(conflict) => conflict.code(),
            Self::OutOfRange(_) => "out_of_range",
            Self::Denied => "denied",
            Self::Fenced => "fenced",
            Self::TooLarge { .. } => "too_large",
            Self::Interrupted(_) => "stream_broke_off",
            Self::Corrupt(_) => "corrupt",
            Self::StorageFull(_) => "storage_full",
            Self::Unavailable(_) => "store_unavailable",
            Self::Backend(_) => "store_failed",
        }
    }
}

fn is_full(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut causes = std::iter::successors(Some(error), |error| error.source());
    causes.any(|cause| match cause.downcast_ref::<io::Error>() {
        // The last one is a limit on a file's size: a file system's own, or one that was set for the process.
        Some(error) => matches!(
            error.kind(),
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge
        ),
        None => false,
    })
}
