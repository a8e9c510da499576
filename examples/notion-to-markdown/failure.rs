//! Why a command did not do all it was asked, and what to do about it.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use chrono::Utc;
use notion_import_core::{ApiBaseError, Error, ErrorKind, OtherKind, Source};

/// Why a command ended early, or not as well as it should. No message holds a token or an address of a file.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// There is no token.
    #[error(
        "NOTION_TOKEN is not set. Create an integration at https://www.notion.so/profile/integrations, share pages \
             with it, and set NOTION_TOKEN to its secret."
    )]
    NoToken,
    /// The address of the API is none.
    #[error("NOTION_API_URL is no address of an API: {0}. Give it like https://api.notion.com.")]
    ApiUrl(#[from] ApiBaseError),
    /// What was given names nothing in Notion.
    #[error("this is neither a link to Notion nor an id. Copy the link of a page with its menu in Notion.")]
    NoLink,
    /// The front matter of several tables cannot stand in one text.
    #[error("this database has {} tables, and a text has one front matter. Take --out DIR, or name one of {}.", .0.len(), named(.0))]
    SeveralTables(Vec<Source>),
    /// Notion, or the way to it.
    #[error("{}", advice(.0))]
    Notion(#[from] Error),
    /// The token sees nothing at all.
    #[error(
        "the token sees no page. Open a page in Notion and add the integration under Connections in its menu."
    )]
    NothingShared,
    /// Notion failed for one page after the other.
    #[error("Notion failed too often, so the rest was not tried. {}", advice(.0))]
    GaveUp(#[source] Error),
    /// Search did not show everything.
    #[error(
        "{0}. What it showed was read, and all that is in it. To add the rest, run the command again with --query \
             and some words of the missing titles, or `page` with the link of a page and the same --out."
    )]
    CutShort(#[source] Error),
    /// Some pages were not exported, and said why.
    #[error("{0} not exported, see above. Run the same command again: it goes on with what is missing.")]
    Incomplete(usize),
    /// Some pages could not be read, and the report says why.
    #[error("{0} could not be read, see `read` in the report.")]
    Unread(u64),
    /// The folder cannot be written.
    #[error("{path}: {source}", path = path.display())]
    Folder {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Somebody else writes there.
    #[error("{path}: another run is writing into this folder.", path = .0.display())]
    Locked(PathBuf),
    /// The output could not be written, or the program not be run.
    #[error("{0}")]
    Output(io::Error),
    /// A person pressed Ctrl-C.
    #[error("stopped. Run the same command again to go on.")]
    Stopped,
}

impl Failure {
    /// The codes the help lists.
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::ApiUrl(_) | Self::NoLink | Self::SeveralTables(_) => 2,
            Self::NoToken => 3,
            Self::NothingShared => 4,
            Self::GaveUp(_) => 5,
            Self::Stopped => 130,
            Self::Folder { .. }
            | Self::Locked(_)
            | Self::Output(_)
            | Self::CutShort(_)
            | Self::Incomplete(_)
            | Self::Unread(_) => 1,
            Self::Notion(error) => match Trouble::of(error) {
                Trouble::Token | Trouble::Capability => 3,
                Trouble::NotShared => 4,
                Trouble::Busy | Trouble::NotNow | Trouble::Blocked | Trouble::Unreachable => 5,
                Trouble::Disk | Trouble::Other => 1,
            },
        })
    }
}

/// What kind of help an error calls for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Trouble {
    /// The token is not accepted.
    Token,
    /// The token may not read content.
    Capability,
    /// The page is not there for this token.
    NotShared,
    /// Notion asks to wait.
    Busy,
    /// The page did not come, and may the next time.
    NotNow,
    /// Notion refuses, and waiting does not help soon.
    Blocked,
    /// There is no way to Notion.
    Unreachable,
    /// The folder cannot be written.
    Disk,
    /// Anything else.
    Other,
}

impl Trouble {
    /// Tells which.
    pub fn of(error: &Error) -> Self {
        match error.kind() {
            ErrorKind::NeedsReconnect => Self::Token,
            ErrorKind::SourceRestricted => Self::Capability,
            ErrorKind::SourceNotFound => Self::NotShared,
            ErrorKind::RateLimited => Self::Busy,
            ErrorKind::SourceUnavailable => Self::NotNow,
            ErrorKind::Operator if matches!(error, Error::Notion(_)) => Self::Blocked,
            ErrorKind::Operator | ErrorKind::Unavailable => Self::Unreachable,
            ErrorKind::NotFound
            | ErrorKind::Conflict
            | ErrorKind::InvalidInput
            | ErrorKind::Denied
            | ErrorKind::StorageFull
            | ErrorKind::StorageUnavailable
            | ErrorKind::StorageFailed
            | ErrorKind::Corrupt => Self::Disk,
            ErrorKind::SourceUnusable
            | ErrorKind::NotAccepted
            | ErrorKind::Malformed
            | ErrorKind::Cancelled => Self::Other,
        }
    }
}

/// So many failures of Notion itself, with no success in between, are not about the pages.
const TOO_MANY: u32 = 5;

/// How many pages have failed one after the other for no fault of theirs.
#[derive(Clone, Copy, Default, Debug)]
pub struct Streak(u32);

impl Streak {
    /// One page was read.
    pub fn end(&mut self) {
        self.0 = 0;
    }

    /// One failed: gives the error back, or ends everything if it concerns all of them.
    pub fn failed(&mut self, error: Error) -> Result<Error, Failure> {
        let about_all = match Trouble::of(&error) {
            Trouble::Token | Trouble::Disk | Trouble::Blocked => return Err(error.into()),
            Trouble::Busy | Trouble::NotNow | Trouble::Unreachable => true,
            Trouble::Capability | Trouble::NotShared | Trouble::Other => false,
        };
        self.0 += u32::from(about_all);
        if self.0 >= TOO_MANY { Err(Failure::GaveUp(error)) } else { Ok(error) }
    }
}

fn named(tables: &[Source]) -> String {
    tables.iter().map(|table| format!("{:?} ({})", table.title, table.id)).collect::<Vec<_>>().join(", ")
}

fn advice(error: &Error) -> String {
    match Trouble::of(error) {
        Trouble::NotShared if matches!(error, Error::OtherKind(OtherKind::LinkedView)) => {
            "this database shows a table that the integration has no access to. Open the original in Notion, share it with the \
             integration under Connections in its menu, then try again."
                .to_owned()
        }
        Trouble::Token => {
            "Notion does not accept the token. Check NOTION_TOKEN: it must be the whole, current secret \
                           of the integration."
                .to_owned()
        }
        Trouble::Capability => {
            "the integration may not read this. Give it the capability \"Read content\" in its \
                                settings in Notion."
                .to_owned()
        }
        Trouble::NotShared => {
            "there is no such page or database for this token. Open it in Notion and add the \
                               integration under Connections in its menu, then try again."
                .to_owned()
        }
        Trouble::Busy => format!("Notion is busy or limits this token ({error}). {}", when(error)),
        Trouble::NotNow => format!("{error}. {}", when(error)),
        Trouble::Blocked => {
            "Notion has blocked API access of this workspace. Waiting does not help; ask Notion's \
                             support."
                .to_owned()
        }
        Trouble::Unreachable => {
            format!(
                "Notion could not be reached ({error}). Check the network and NOTION_API_URL, then try again."
            )
        }
        Trouble::Disk => match std::error::Error::source(error) {
            Some(cause) => format!("a file could not be written: {cause}"),
            None => format!("a file could not be written: {error}"),
        },
        Trouble::Other => error.to_string(),
    }
}

fn when(error: &Error) -> String {
    match error.retry_after(Utc::now()) {
        Some(wait) => format!("Try again in {} seconds.", wait.as_secs()),
        None => "Try again in a few minutes.".to_owned(),
    }
}
