//! One error for many who meet it.

use std::sync::Arc;

use super::{AccessError, DownloadError, Error, NotionError, StoreError, TransportError};

impl Error {
    /// Returns the same error once more: the meaning is copied, and the cause is shared.
    pub(crate) fn shared(cause: &Arc<Self>) -> Self {
        match &**cause {
            Self::Notion(error) => Self::Notion(NotionError::clone(error)),
            Self::Access(error) => {
                AccessError { fault: error.fault, source: Some(cause.clone().into()) }.into()
            }
            Self::Transport(error) => Self::Transport(transport(error, cause)),
            Self::Malformed(what) => Self::Malformed(what),
            Self::OtherKind(kind) => Self::OtherKind(*kind),
            Self::Incomplete(what) => Self::Incomplete(what),
            Self::Download(error) => Self::Download(download(error, cause)),
            Self::Store(error) => Self::Store(store(error, cause)),
            Self::AnotherWorkspace => Self::AnotherWorkspace,
            Self::Cancelled => Self::Cancelled,
            Self::Overdue => Self::Overdue,
        }
    }
}

fn transport(error: &TransportError, cause: &Arc<Error>) -> TransportError {
    match error {
        TransportError::Connect(_) => TransportError::Connect(Some(cause.clone().into())),
        TransportError::Timeout => TransportError::Timeout,
        TransportError::Interrupted(_) => TransportError::Interrupted(Some(cause.clone().into())),
        TransportError::TooLarge { cap } => TransportError::TooLarge { cap: *cap },
    }
}

fn download(error: &DownloadError, cause: &Arc<Error>) -> DownloadError {
    match error {
        DownloadError::Refused(why) => DownloadError::Refused(why),
        DownloadError::Status(status) => DownloadError::Status(*status),
        DownloadError::Expired => DownloadError::Expired,
        DownloadError::TooLarge { cap } => DownloadError::TooLarge { cap: *cap },
        DownloadError::Type => DownloadError::Type,
        DownloadError::TooSlow => DownloadError::TooSlow,
        DownloadError::Unusable(why) => DownloadError::Unusable(why),
        DownloadError::Transport(error) => DownloadError::Transport(transport(error, cause)),
    }
}

fn store(error: &StoreError, cause: &Arc<Error>) -> StoreError {
    match error {
        StoreError::NotFound => StoreError::NotFound,
        StoreError::Conflict(conflict) => StoreError::Conflict(*conflict),
        StoreError::OutOfRange(what) => StoreError::OutOfRange(what),
        StoreError::Denied => StoreError::Denied,
        StoreError::Fenced => StoreError::Fenced,
        StoreError::TooLarge { cap } => StoreError::TooLarge { cap: *cap },
        StoreError::Interrupted(_) => StoreError::Interrupted(cause.clone().into()),
        StoreError::Corrupt(what) => StoreError::Corrupt(what),
        StoreError::StorageFull(_) => StoreError::StorageFull(cause.clone().into()),
        StoreError::Unavailable(_) => StoreError::Unavailable(cause.clone().into()),
        StoreError::Backend(_) => StoreError::Backend(cause.clone().into()),
    }
}
