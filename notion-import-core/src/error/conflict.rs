//! What stands in the way of a change.

/// What stands in the way of a change: somebody was there first, or something has to be done before.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, thiserror::Error)]
pub enum Conflict {
    /// A document's level or revision, the current version of an NDA, or where a connection leads, is not what was looked at.
    #[error("it has changed since it was looked at")]
    Changed,
    /// More people would read a document, or one without an NDA, and nobody says why.
    #[error("there is no reason")]
    NoReason,
    /// A wider level would show something, and nothing is published.
    #[error("nothing is published")]
    NotPublished,
    /// What was accepted is not the current text of the NDA.
    #[error("what was accepted is not the current text")]
    NotCurrent,
    /// The mail address is another contact's of the tenant.
    #[error("the address is another contact's")]
    AddressTaken,
    /// The tenant has an attempt to connect of this id.
    #[error("there is such an attempt already")]
    AttemptExists,
    /// The attempt has led to another connection before.
    #[error("the attempt has led to another connection")]
    AnotherGrant,
    /// The tenant has a connection of this reference.
    #[error("it is connected already")]
    AlreadyConnected,
    /// Another tenant stands on the workspace.
    #[error("another tenant stands on the workspace")]
    WorkspaceTaken,
    /// A reconnect leads to another workspace than the connection that it renews.
    #[error("it leads to another workspace than the connection to be renewed")]
    AnotherWorkspace,
    /// The connection is not being disconnected, so its record stays.
    #[error("the connection is not being disconnected")]
    NotFenced,
    /// The source of an unlinked document is another document's.
    #[error("the source is another document's")]
    LinkedElsewhere,
    /// The tenant is not erased while it has a connection, or an attempt to connect that is remembered.
    #[error("the tenant is still connected")]
    StillConnected,
    /// The audit of that time is kept no longer.
    #[error("the audit of that time is kept no longer")]
    NoLongerKept,
}

impl Conflict {
    /// A stable, lower-case code for logs, metrics and stored outcomes.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::NoReason => "no_reason",
            Self::NotPublished => "not_published",
            Self::NotCurrent => "not_current",
            Self::AddressTaken => "address_taken",
            Self::AttemptExists => "attempt_exists",
            Self::AnotherGrant => "another_grant",
            Self::AlreadyConnected => "already_connected",
            Self::WorkspaceTaken => "workspace_taken",
            Self::AnotherWorkspace => "workspace_would_change",
            Self::NotFenced => "not_fenced",
            Self::LinkedElsewhere => "linked_elsewhere",
            Self::StillConnected => "still_connected",
            Self::NoLongerKept => "no_longer_kept",
        }
    }
}
