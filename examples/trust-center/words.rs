//! How the demo says what the library knows.

use std::net::IpAddr;

use chrono::{DateTime, TimeDelta, Utc};
use notion_import_core::store::{Elsewhere, Link, Trouble};
use notion_import_core::{
    AccessError, AccessLevel, Conflict, ConnectionRecord, ConnectionState, DocumentOrder, Error, ErrorKind,
    Fault, Loss, OtherKind, Publication, PublicationState, Shown, Source, SourceFilter, SourceImage,
    SourceKind, SourceParent, SourceState, StoreError, Truncation, Workspace,
};
use notion_import_nango::Refused;

pub use crate::languages::Badge;
use crate::languages::Language;

/// An address of the network; nothing if it is not known.
pub fn address(address: Option<IpAddr>) -> String {
    address.map(|address| address.to_string()).unwrap_or_default()
}

pub const fn level(level: AccessLevel) -> &'static str {
    Language::English.words().level(level)
}

/// Whom a level lets in.
pub const fn readers(level: AccessLevel) -> &'static str {
    match level {
        AccessLevel::Internal => "Members of your company only.",
        AccessLevel::RequiresNda => "Assigned contacts who have accepted the NDA.",
        AccessLevel::Restricted => "Assigned contacts, without an NDA.",
        AccessLevel::Public => "Everybody on the internet, search engines included.",
    }
}

pub fn publication(publication: Publication) -> String {
    match publication {
        Publication::Draft => "Draft".to_owned(),
        Publication::Published(version) => format!("Published v{}", version.0),
        Publication::Archived => "Withdrawn".to_owned(),
    }
}

/// What is kept from being looked at.
pub const NOT_REACHABLE: Badge = Badge { style: "warn", text: "Not reachable" };

/// What stands out about a document's source; none if all is well.
pub fn source_badge(link: Option<&Link>) -> Option<Badge> {
    let Some(link) = link else { return Some(Badge { style: "quiet", text: "Unlinked" }) };
    match (link.state, link.update_available) {
        (SourceState::Trashed, _) => Some(Badge { style: "bad", text: "In Notion's trash" }),
        (SourceState::NotShared, _) => Some(Badge { style: "bad", text: "Removed or no longer shared" }),
        (SourceState::ParentGone, _) => Some(Badge { style: "bad", text: "Out of reach with its parent" }),
        (SourceState::Archived, _) => Some(Badge { style: "warn", text: "Archived in Notion" }),
        (SourceState::Present, true) => Some(Badge { style: "warn", text: "Update available" }),
        (SourceState::Present, false) if link.connection.is_none() => {
            Some(Badge { style: "quiet", text: "Disconnected" })
        }
        (SourceState::Present, false) => None,
    }
}

pub const fn state_of(state: PublicationState) -> &'static str {
    match state {
        PublicationState::Draft => "Draft",
        PublicationState::Published => "Published",
        PublicationState::Archived => "Withdrawn",
    }
}

pub const fn source_filter(source: SourceFilter) -> &'static str {
    match source {
        SourceFilter::Stale => "Moved on in Notion",
        SourceFilter::UpdateAvailable => "Update available",
        SourceFilter::Archived => "Archived in Notion",
        SourceFilter::Gone => "Gone from Notion",
        SourceFilter::Detached => "Disconnected",
        SourceFilter::Unlinked => "Unlinked",
        SourceFilter::Trouble => "Not reachable",
    }
}

pub const fn order(order: DocumentOrder) -> &'static str {
    match order {
        DocumentOrder::Newest => "Newest first",
        DocumentOrder::Edited => "Edited last in Notion",
        DocumentOrder::Title => "By title",
    }
}

pub const fn state(state: ConnectionState) -> Badge {
    match state {
        ConnectionState::Active => Badge { style: "good", text: "Active" },
        ConnectionState::NeedsReauth => Badge { style: "bad", text: "Needs a new consent" },
        ConnectionState::Disconnecting => Badge { style: "warn", text: "Disconnecting" },
    }
}

pub const fn kind(source: &Source) -> &'static str {
    match (source.kind, source.parent) {
        (SourceKind::Page, Some(SourceParent::DataSource(_))) => "Row of a database",
        (SourceKind::Page, _) => "Page",
        (SourceKind::DataSource, _) => "Database",
    }
}

/// What of a database a document shows.
pub fn shown(chosen: Option<&Shown>) -> String {
    match chosen {
        None | Some(Shown::FirstView) => "what its first view shows".to_owned(),
        Some(Shown::View(_)) => "what a view shows".to_owned(),
        Some(Shown::Everything) => "everything".to_owned(),
        Some(Shown::Columns(names)) => {
            let names: Vec<_> = names.iter().map(|name| title(name)).collect();
            format!("of all rows: {}", names.join(", "))
        }
    }
}

/// An icon that is a letter, for lists.
pub fn icon(source: &Source) -> String {
    match (&source.icon, source.kind) {
        (Some(SourceImage::Emoji(emoji)), _) => emoji.clone(),
        (_, SourceKind::Page) => "📄".to_owned(),
        (_, SourceKind::DataSource) => "🗂️".to_owned(),
    }
}

pub fn title(title: &str) -> String {
    Language::English.words().title(title)
}

pub fn moment(at: DateTime<Utc>) -> String {
    Language::English.words().moment(at)
}

/// How far a moment is from now.
pub fn away(at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let distance = |delta: TimeDelta| match (delta.num_days(), delta.num_hours(), delta.num_minutes()) {
        (0, 0, 0) => "less than a minute".to_owned(),
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, minutes) => format!("{hours} h {} min", minutes % 60),
        (days, _, _) => format!("{days} d"),
    };
    if at <= now { format!("{} ago", distance(now - at)) } else { format!("in {}", distance(at - now)) }
}

/// How long something took.
pub fn took(time: TimeDelta) -> String {
    match time.num_seconds() {
        ..1 => "less than a second".to_owned(),
        seconds @ 1..60 => format!("{seconds} s"),
        seconds @ 60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        seconds => format!("{} h {} min", seconds / 3600, seconds / 60 % 60),
    }
}

pub fn size(bytes: u64) -> String {
    Language::English.words().size(bytes)
}

/// Which workspace was confirmed, to which one the connection leads now, and what to do.
pub fn elsewhere(confirmed: &Workspace, found: &Elsewhere) -> String {
    let id = |id: &Option<String>| {
        id.as_ref().map_or_else(|| "of no id".to_owned(), |id| format!("of the id {id}"))
    };
    format!(
        "The workspace {} ({}) was confirmed, but this connection leads to the workspace {} now, so nothing is read through it. Reconnect and choose {} to go on, or disconnect it.",
        confirmed.name,
        id(&confirmed.id),
        id(&found.id),
        confirmed.name,
    )
}

/// Why something did not happen, and what to do.
pub fn reason(error: &Error) -> &'static str {
    match error {
        Error::AnotherWorkspace => {
            "The connection leads to another Notion workspace than the one that was confirmed. The integrations page says to which; an administrator can reconnect it there."
        }
        Error::Store(StoreError::Conflict(why)) => conflict(*why),
        Error::Store(StoreError::Fenced) => "A sync took over meanwhile. Try again.",
        Error::Store(StoreError::TooLarge { .. }) | Error::Download(_) => {
            "A file on it could not be brought over. Check it in Notion, then try again."
        }
        Error::Access(access) => reason_of_access(access.fault),
        Error::OtherKind(OtherKind::LinkedView) => {
            "It shows a table of another place in Notion. Share the original there (••• → Connections), then pick that."
        }
        error => reason_of(error.kind()),
    }
}

/// The same, of what came of the way to Notion and not of Notion.
const fn reason_of_access(fault: Fault) -> &'static str {
    match fault {
        Fault::Operator => reason_of(ErrorKind::Operator),
        Fault::AccountPause(_) => {
            "Nango takes no more requests from this site at the moment. Nothing was changed; try again in a minute."
        }
        Fault::ConnectionMissing => {
            "The connection is not at Nango any more. An administrator can reconnect it; the documents stay."
        }
        Fault::AnotherNamespace => ANOTHER_ENVIRONMENT,
        Fault::CredentialsRefused => {
            "The connection's grant could not be renewed and is given up. An administrator can reconnect it; the documents stay."
        }
        Fault::RefreshFailing => GRANT_FAILING,
        Fault::Transient => {
            "Notion could not be reached through Nango. Nothing was changed; try again in a few minutes."
        }
    }
}

/// What is said of a connection that was made in another environment than the key is of.
pub const ANOTHER_ENVIRONMENT: &str = "This site has the key of another environment of Nango's, or another integration, than this connection was made in, so nobody can tell whether it is still there. The connection stays as it is, and goes on once whoever runs this site has put that right. If the site has moved to another environment for good, an administrator can reconnect it. The documents stay.";

/// What is said of a connection before its grant is gone.
pub const GRANT_FAILING: &str = "Its grant is failing: Nango could not renew it the last time, and goes on trying. If that lasts, an administrator has to reconnect it; the documents stay.";

/// Who refused and how, where it was not Notion: for whoever runs the site.
pub fn refusal(error: &Error) -> Option<String> {
    let causes = std::iter::successors(std::error::Error::source(error), |cause| cause.source());
    causes.filter_map(|cause| cause.downcast_ref::<Refused>()).next().map(ToString::to_string)
}

/// What is said of a disconnect that is not finished, and what stands in its way, if that is known.
pub fn leaving(obstacle: Option<&str>) -> String {
    let why = obstacle.map(|obstacle| format!(" ({obstacle})")).unwrap_or_default();
    format!(
        "It is being disconnected: nothing is read through it any more, and its documents stay. Nango has not confirmed yet that the connection is deleted there{why}; this is tried again every minute."
    )
}

/// What stands in the way of a disconnect, by what became of asking Nango.
pub fn obstacle(error: &Error) -> Option<String> {
    match error {
        Error::Access(AccessError { fault: Fault::AnotherNamespace, .. }) => {
            Some(OF_ANOTHER_ENVIRONMENT.to_owned())
        }
        error => refusal(error),
    }
}

/// Why Nango is not asked to delete a connection.
pub const OF_ANOTHER_ENVIRONMENT: &str =
    "this site has the key of another environment, or another integration, than the connection was made in";

/// The same, of any error of a kind.
const fn reason_of(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::RateLimited => {
            "Notion takes no more requests at the moment. Nothing was changed; try again in a minute."
        }
        ErrorKind::Unavailable => {
            "Notion could not be reached. Nothing was changed; try again in a few minutes."
        }
        ErrorKind::SourceUnavailable => {
            "Notion did not give this at the moment. Nothing was changed; try again in a few minutes."
        }
        ErrorKind::SourceNotFound => {
            "Notion does not show this to the connection. Share it in Notion (••• → Connections), then try again."
        }
        ErrorKind::SourceRestricted => {
            "The integration may not read this in Notion. Whoever set it up there can give it the capability to read content."
        }
        ErrorKind::SourceUnusable => "Notion refused this. Nothing was changed.",
        ErrorKind::NotAccepted => "It is more than can be taken here. Nothing was changed.",
        ErrorKind::Malformed => "What Notion answered could not be understood. Nothing was changed.",
        ErrorKind::NeedsReconnect => {
            "Notion no longer accepts this connection. An administrator can reconnect it; the documents stay."
        }
        ErrorKind::Operator => {
            "The access to Notion does not work as it is set up. Nothing was changed; whoever runs this site has to mend it."
        }
        ErrorKind::NotFound | ErrorKind::Conflict | ErrorKind::InvalidInput | ErrorKind::Denied => {
            "It has changed here meanwhile. Nothing was done; look at it again."
        }
        ErrorKind::StorageFull => {
            "Our storage is full. Nothing was changed; it works again as soon as whoever runs this site has made room."
        }
        ErrorKind::StorageUnavailable => {
            "Our database did not answer in time. Nothing was changed; try again in a minute."
        }
        ErrorKind::StorageFailed | ErrorKind::Corrupt => {
            "Our storage did not work. Nothing was changed; try again in a few minutes."
        }
        ErrorKind::Cancelled => "It was cancelled.",
    }
}

/// What keeps a document from being looked at, and since when.
pub fn trouble(trouble: &Trouble) -> String {
    let times = if trouble.times == 1 { "once".to_owned() } else { format!("{} times", trouble.times) };
    let reason = match trouble.code.as_str() {
        "rate_limited" | "service_overload" | "service_unavailable" | "account_paused" => {
            "Notion takes no requests"
        }
        "restricted_resource" => "the integration may not read this",
        "validation_error" | "rendering_budget_exceeded" | "conflict_error" | "of_another_kind" => {
            "Notion refuses this page"
        }
        "timeout" | "overdue" | "connection_failed" | "response_broke_off" | "gateway_fault" => {
            "Notion does not answer in time"
        }
        code if code.starts_with("file_") || code == "address_refused" => "a file on it cannot be fetched",
        "response_too_large" | "too_large" => "it is more than can be taken here",
        // The rest tells whoever runs the site more than its readers, and is in the log.
        _ => "what Notion answers cannot be used",
    };
    format!("Not reachable since {}, tried {times}: {reason}.", moment(trouble.since))
}

/// What stands in the way of a change, and what to do.
pub const fn conflict(conflict: Conflict) -> &'static str {
    match conflict {
        Conflict::Changed => Language::English.words().changed_advice,
        Conflict::NoReason => {
            "Nobody says why, so nothing was done. Go back and give a reason; it is kept in the history."
        }
        Conflict::NotPublished => {
            "No version of it is published, so there is nothing to open. Publish one first, then choose the level."
        }
        Conflict::NotCurrent => Language::English.words().nda_changed_advice,
        Conflict::AddressTaken => "This mail address is another contact's.",
        Conflict::AttemptExists | Conflict::AnotherGrant => {
            "This attempt to connect has gone another way already. Start again from the integrations."
        }
        Conflict::AlreadyConnected => "This consent is connected already. Nothing was done.",
        Conflict::WorkspaceTaken => "This Notion workspace is connected by another company here already.",
        Conflict::AnotherWorkspace => {
            "The consent is for another Notion workspace than the one that is connected. Go back and say whether to change to it, or reconnect and choose the same one in Notion."
        }
        Conflict::NotFenced | Conflict::StillConnected => "It is still connected. Disconnect it first.",
        Conflict::NoLongerKept => {
            "The audit of that time is kept no longer, so nobody can tell who could read what. Choose a later one."
        }
        Conflict::LinkedElsewhere => {
            "What it was imported from was imported anew meanwhile and is another document's. Unlink that one first."
        }
    }
}

/// How the last sync ended.
pub fn last_run(record: &ConnectionRecord, now: DateTime<Utc>) -> String {
    match &record.last_run {
        None => "not yet".to_owned(),
        Some(run) => match &run.failure {
            None => {
                let ago = away(run.finished_at, now);
                format!("{ago}: {} looked at, {} changed", run.checked, run.changed)
            }
            Some(code) => format!("{}: failed ({})", away(run.finished_at, now), code.replace('_', " ")),
        },
    }
}

pub fn loss(loss: &Loss) -> String {
    counted(loss.kind.description(), loss.count)
}

pub fn truncation(truncation: &Truncation) -> String {
    counted(truncation.kind.description(), truncation.count)
}

/// Says how many there are of what takes an s.
pub fn plural(count: u64, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

fn counted(description: &str, count: u64) -> String {
    let description = description.trim_end_matches('.');
    if count > 1 { format!("{description} (×{count})") } else { description.to_owned() }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_keeps_a_document_from_being_looked_at_is_said_in_words() {
        let since = "2026-11-22T09:00:00Z".parse().unwrap();
        for (times, code, said) in [
            (1, "timeout", "tried once: Notion does not answer in time."),
            (3, "file_too_large", "tried 3 times: a file on it cannot be fetched."),
            (9, "<b>", "tried 9 times: what Notion answers cannot be used."),
        ] {
            let trouble = super::trouble(&Trouble { since, met_at: since, times, code: code.into() });
            assert_eq!(trouble, format!("Not reachable since 22 Nov 2026, 09:00 UTC, {said}"));
        }
    }
}
