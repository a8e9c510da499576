//! What happens in a history, one thing after the other.

use std::fmt;
use std::time::Duration;

use crate::testing::{Endpoint, Fault};

/// One thing that happens, and how long nothing happens before it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Step {
    pub after: Duration,
    pub what: What,
}

/// A page or a data source, by its place among those that there are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Thing(pub u8);

/// One of the two processes that sync.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Process(pub u8);

/// What happens.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum What {
    /// Somebody edits something in Notion.
    Edit(Thing, Edit),
    /// A process syncs what is due.
    SyncDue(Process),
    /// Somebody asks a process for a sync.
    SyncNow(Process),
    /// Somebody asks a process to look at one source.
    LookNow(Process, Thing),
    /// A webhook names a source, so often.
    Hint(Process, Thing, u8),
    /// Somebody imports something.
    Import(Process, Thing),
    /// Somebody publishes a document and opens it to all.
    Publish(Thing),
    /// Somebody gives a document a title of its own, or lets it follow its source's again.
    Call(Thing, bool),
    /// Somebody takes the link to its source from a document.
    Unlink(Thing),
    /// A process is killed when it has awaited so often again, wherever it is.
    Kill(Process, u16),
    /// Whoever waits for what a process does leaves, and all of it is dropped.
    Drop(Process),
    /// A process stands still for so many seconds.
    Stall(Process, u64),
    /// The stores do not answer a process for so many seconds.
    Disconnect(Process, Unanswered, u64),
    /// A process' clock is set by so many seconds.
    SetClock(Process, i64),
    /// Requests about a source fail.
    Break(Thing, Failure),
    /// All requests of one kind fail.
    Outage(Asked, Failure),
    /// What failed is answered again.
    Mend,
    /// Search lags by so many seconds from now on.
    Lag(u64),
    /// Answers take such times from now on.
    Pace(Pace),
    /// The consent is renewed: another bot, another token.
    Renew,
    /// The workspace is disconnected and connected anew.
    Reconnect,
    /// The token is refused from now on.
    Revoke,
}

/// What somebody does in Notion.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Edit {
    Rename,
    Icon,
    /// A paragraph is added.
    Write,
    /// The first block says one of two things.
    Rewrite,
    /// A file is added.
    Attach,
    /// The last block goes.
    Remove,
    Lock,
    Trash,
    Restore,
    Purge,
    Archive,
    Unarchive,
    Share,
    Unshare,
    /// Into the database: it is a row then.
    IntoDatabase,
    /// To the top of the workspace.
    ToTop,
    /// Into the first page.
    IntoPage,
    /// A row of the database is new.
    NewRow,
    /// A roll-up of a row comes out otherwise.
    RollUp,
    /// A row refers to another page.
    Relate,
    /// What is shown in several places is edited where it stands.
    Original,
}

/// Requests of one kind.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Asked {
    Search,
    Rows,
    Pages,
    Blocks,
}

/// How requests fail.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Failure {
    /// 403, in Notion's words.
    Restricted,
    /// 400, in Notion's words.
    Invalid,
    /// 500.
    Internal,
    /// 503.
    Unavailable,
    /// No answer.
    Reset,
    /// A page of HTML instead of an answer.
    Portal,
    /// An answer that is cut off.
    Halved,
}

/// What becomes of what is asked of a store that does not answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Unanswered {
    /// Nothing.
    Undone,
    /// All of it.
    Done,
}

/// How long answers take.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Pace {
    AtOnce,
    /// Some seconds, before or after they are made.
    Seconds,
    /// So long that a lease may run out.
    Slow,
}

impl Asked {
    /// Where these requests go.
    pub(super) const fn endpoint(self) -> Endpoint {
        match self {
            Self::Search => Endpoint::Search,
            Self::Rows => Endpoint::Query,
            Self::Pages => Endpoint::Page,
            Self::Blocks => Endpoint::Children,
        }
    }
}

impl Failure {
    /// How the world fails so.
    pub(super) const fn fault(self) -> Fault {
        match self {
            Self::Restricted => Fault::Restricted,
            Self::Invalid => Fault::Invalid,
            Self::Internal => Fault::Internal,
            Self::Unavailable => Fault::Unavailable,
            Self::Reset => Fault::Reset,
            Self::Portal => Fault::Portal,
            Self::Halved => Fault::Halved,
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.after.as_secs();
        let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        write!(f, "+{hours:02}:{minutes:02}:{seconds:02}  {:?}", self.what)
    }
}
