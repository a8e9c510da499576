//! From Notion's words to ours: what a page or a data source says of itself.

use std::borrow::Cow;

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use url::Url;

use crate::error::{Error, OtherKind};
use crate::id::NotionId;
use crate::library::document::{Source, SourceImage, SourceKind, SourceParent, SourceState};
use crate::library::title::title;
use crate::notion::address::{LastingUrl, lasting_text};
use crate::notion::client::Api;
use crate::notion::database::DataSource;
use crate::notion::endpoints::Found;
use crate::notion::file::FileSource;
use crate::notion::icon::Icon;
use crate::notion::link;
use crate::notion::page::Page;
use crate::notion::parent::Parent;
use crate::notion::server_time::Moment;
use crate::notion::text::plain_text;

/// For so long search may show a page as it was before an edit. Notion says that search lags, but not how long: what it shows as old
/// is never proof that nothing was edited.
pub const SEARCH_LAG: TimeDelta = TimeDelta::minutes(5);

/// A source as it was just seen.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Seen {
    /// What it says of itself.
    pub(crate) source: Source,
    /// How it stands.
    pub(crate) state: SourceState,
}

impl Seen {
    /// What a page says; none if it came without its content, as it does where a capability is missing.
    pub(crate) fn of_page(page: &Page) -> Option<Self> {
        let source = Source {
            id: page.id?,
            kind: SourceKind::Page,
            url: page_url(page.url.as_deref()?, page.id?, &page.title()),
            title: lasting_text(&title(&page.title())).into_owned(),
            created_at: page.created_time.unwrap_or(DateTime::UNIX_EPOCH),
            edited_at: page.last_edited_time?,
            parent: parent(&page.parent),
            icon: page.icon.as_ref().map(icon),
            cover: page.cover.as_ref().and_then(|cover| image(&cover.source)),
            locked: page.is_locked,
        };
        Some(Self { source, state: state(page.in_trash, page.is_archived) })
    }

    /// What a data source says; none if it came without its content.
    pub(crate) fn of_data_source(data_source: &DataSource) -> Option<Self> {
        let source = Source {
            id: data_source.id?,
            kind: SourceKind::DataSource,
            url: data_source
                .url
                .as_deref()
                .and_then(|url| page_url(url, data_source.id?, &plain_text(&data_source.title))),
            title: lasting_text(&title(&plain_text(&data_source.title))).into_owned(),
            created_at: data_source.created_time.unwrap_or(DateTime::UNIX_EPOCH),
            edited_at: data_source.last_edited_time?,
            parent: parent(&data_source.parent),
            icon: data_source.icon.as_ref().map(icon),
            cover: data_source.cover.as_ref().and_then(|cover| image(&cover.source)),
            locked: false,
        };
        Some(Self { source, state: state(data_source.in_trash, false) })
    }

    /// What a search found.
    pub(crate) fn found(found: &Found) -> Option<Self> {
        match found {
            Found::Page(page) => Self::of_page(page),
            Found::DataSource(data_source) => Self::of_data_source(data_source),
            Found::Other => None,
        }
    }

    /// A data source as of the last edit of a row: editing a row need not touch the data source itself.
    pub(crate) fn with_rows(mut self, newest: Option<DateTime<Utc>>) -> Self {
        self.source.edited_at =
            newest.map_or(self.source.edited_at, |edited| edited.max(self.source.edited_at));
        self
    }

    /// Whether the minute of the last edit was certainly over: what was read from that moment on is all that it brought.
    pub(crate) fn is_settled(&self, api: &Api, from: Moment) -> bool {
        api.server().is_past(to_the_minute(self.source.edited_at) + TimeDelta::minutes(1), from)
    }
}

/// Notion's timestamps have the precision of a minute.
pub(crate) fn to_the_minute(at: DateTime<Utc>) -> DateTime<Utc> {
    at.duration_trunc(TimeDelta::minutes(1)).unwrap_or(at)
}

/// Looks at a source's metadata alone.
pub(crate) async fn metadata(api: &Api, id: NotionId, kind: SourceKind) -> Result<Seen, Error> {
    Ok(look(api, id, kind).await?.0)
}

/// Does the same, and returns a page with its properties.
pub(crate) async fn look(
    api: &Api,
    id: NotionId,
    kind: SourceKind,
) -> Result<(Seen, Option<Box<Page>>), Error> {
    let (seen, page) = match kind {
        SourceKind::Page => {
            let page = api.page(id).await?;
            (Seen::of_page(&page), Some(Box::new(page)))
        }
        SourceKind::DataSource => {
            let data_source = api.data_source(id).await?;
            let newest = api.last_edited_row(id).await?.and_then(|row| row.last_edited_time);
            (Seen::of_data_source(&data_source).map(|seen| seen.with_rows(newest)), None)
        }
    };
    // The object came without its content: a capability is missing.
    let seen = seen.ok_or(Error::Malformed("an object without its metadata"))?;
    Ok((seen, page))
}

/// Turns what was not found as one kind into [`OtherKind`], if Notion knows the id as another: the one answer is the same for what is
/// absent. It costs a request or two where nothing was found, none else.
pub(crate) async fn or_other_kind<T>(
    api: &Api,
    id: NotionId,
    kind: SourceKind,
    found: Result<T, Error>,
) -> Result<T, Error> {
    let error = match found {
        Err(error) if error.is_not_found() => error,
        found => return found,
    };
    let other = match kind {
        SourceKind::Page => api.data_source(id).await.map(|_| OtherKind::DataSource),
        SourceKind::DataSource => api.page(id).await.map(|_| OtherKind::Page),
    };
    let other = match other {
        Ok(other) => Ok(other),
        Err(_) => api.database(id).await.map(|_| OtherKind::Database),
    };
    // What else may be wrong with these answers says nothing about what was asked for.
    Err(other.map_or(error, Error::OtherKind))
}

fn state(in_trash: bool, is_archived: bool) -> SourceState {
    match (in_trash, is_archived) {
        (true, _) => SourceState::Trashed,
        (false, true) => SourceState::Archived,
        (false, false) => SourceState::Present,
    }
}

fn parent(parent: &Parent) -> Option<SourceParent> {
    match parent {
        Parent::Workspace => Some(SourceParent::Workspace),
        Parent::Page(id) => Some(SourceParent::Page(*id)),
        Parent::Block(id) => Some(SourceParent::Block(*id)),
        Parent::Database(id) => Some(SourceParent::Database(*id)),
        Parent::DataSource { data_source, .. } => Some(SourceParent::DataSource(*data_source)),
        Parent::Agent(_) => Some(SourceParent::Other),
        Parent::Unknown => None,
    }
}

fn icon(icon: &Icon) -> SourceImage {
    match icon {
        Icon::Emoji(emoji) => SourceImage::Emoji(lasting_text(emoji).into_owned()),
        Icon::Native(native) => {
            let name = format!("{}/{}", native.name, native.color);
            SourceImage::Native(lasting_text(&name).into_owned())
        }
        Icon::Image(source) => image(source).unwrap_or(SourceImage::Hosted),
        Icon::CustomEmoji(_) | Icon::Unknown(_) => SourceImage::Hosted,
    }
}

fn image(source: &FileSource) -> Option<SourceImage> {
    match source {
        FileSource::Hosted(_) | FileSource::Inline(_) => Some(SourceImage::Hosted),
        FileSource::External(address) => url(address).map(SourceImage::External),
        FileSource::Missing => None,
    }
}

/// Returns the address for people. Notion makes it of the title, so that it holds the words of a signed address in there, of which
/// nothing tells any more what they were: that of the id alone leads to the same.
fn page_url(address: &str, id: NotionId, title: &str) -> Option<LastingUrl> {
    match lasting_text(title) {
        Cow::Borrowed(_) => url(address),
        Cow::Owned(_) => LastingUrl::new(link::page_url(id)),
    }
}

/// An address that may be kept and shown.
fn url(text: &str) -> Option<LastingUrl> {
    LastingUrl::new(Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?)
}
