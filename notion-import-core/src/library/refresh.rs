//! How a document takes up what its source says. Every store applies these, so no two differ.

use chrono::{DateTime, Utc};

use super::document::{
    Content, Document, Found, Link, NewContent, Source, SourceImage, SourceState, StoredFile, SyncPatch,
    Title, Version,
};
use super::title::title;
use crate::connection::Connection;
use crate::id::{DocumentId, VersionNumber};

impl NewContent {
    /// The document this makes if its source has none yet.
    pub fn first(&self, connection: &Connection, id: DocumentId, now: DateTime<Utc>) -> Document {
        Document {
            tenant: connection.tenant,
            id,
            title: Title { text: title(&self.source.title), edited_here: false },
            link: Some(self.link(connection, now)),
            latest: VersionNumber(1),
            created_at: now,
        }
    }

    /// Refreshes everything of `document` but its versions, and tells whether the title changed.
    pub fn refresh(&self, document: &mut Document, connection: &Connection, now: DateTime<Utc>) -> bool {
        document.link = Some(self.link(connection, now));
        document.title.follow(&self.source.title)
    }

    /// Whether this is what a version already says.
    pub fn says_the_same(&self, content: &Content, attachments: &[StoredFile]) -> bool {
        self.content == *content && self.attachments == attachments
    }

    /// The version it makes.
    pub fn version(&self, number: VersionNumber, now: DateTime<Utc>) -> Version {
        Version {
            number,
            content: self.content.clone(),
            attachments: self.attachments.clone(),
            fidelity: self.fidelity.clone(),
            exposure: self.exposure,
            source_edited_at: self.source.edited_at,
            imported_at: now,
        }
    }

    fn link(&self, connection: &Connection, now: DateTime<Utc>) -> Link {
        Link {
            connection: Some(connection.id),
            source: self.source.clone(),
            state: self.state,
            checked_at: now,
            update_available: false,
        }
    }
}

impl SyncPatch {
    /// Applies the patch to `document`; none if the patch is to be skipped.
    pub fn apply(&self, connection: &Connection, document: &mut Document) -> Option<Patched> {
        let link = document.link.as_mut().filter(|link| link.checked_at <= self.checked_at)?;
        match (&self.found, &link.connection) {
            (_, Some(owner)) if *owner != connection.id => None,
            (Found::Source { source, .. }, _) if source.id != link.source.id => None,
            // Not being shared with one connection says nothing of a document that no connection holds.
            (Found::NotShared, None) => None,
            (Found::NotShared, Some(_)) => {
                link.checked_at = self.checked_at;
                link.state = SourceState::NotShared;
                Some(Patched { settled: false, retitled: false })
            }
            (Found::Source { source, state, update_available, settled, title }, _) => {
                *link = Link {
                    connection: Some(connection.id),
                    source: source.as_ref().clone().with_files_of(&link.source),
                    state: *state,
                    checked_at: self.checked_at,
                    update_available: *update_available,
                };
                let retitled = title.as_ref().is_some_and(|title| document.title.follow(title));
                Some(Patched { settled: *settled, retitled })
            }
        }
    }
}

impl Source {
    /// A look at a source reads no files: where there still is an image that Notion hosts, the copy that is kept stays. It can
    /// name no other: that one may have been removed meanwhile.
    #[must_use]
    pub fn with_files_of(mut self, kept: &Self) -> Self {
        for (seen, kept) in [(&mut self.icon, &kept.icon), (&mut self.cover, &kept.cover)] {
            if let Some(SourceImage::Hosted | SourceImage::Stored(_)) = seen {
                *seen = Some(match kept {
                    Some(SourceImage::Stored(file)) => SourceImage::Stored(file.clone()),
                    _ => SourceImage::Hosted,
                });
            }
        }
        self
    }
}

/// What a patch did beside refreshing the link.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Patched {
    /// The newest version is known to be settled.
    pub settled: bool,
    /// The title changed, which is to be audited.
    pub retitled: bool,
}

impl Title {
    /// Takes up the source's title unless somebody here wrote one, and tells whether that changed it.
    pub fn follow(&mut self, source: &str) -> bool {
        let source = title(source);
        let follows = !self.edited_here && self.text != source;
        if follows {
            self.text = source;
        }
        follows
    }

    /// Takes a title given here, or for none, or one of nothing that can be seen, the source's again, and tells whether that
    /// changed anything.
    pub fn rename(&mut self, given: Option<&str>, source: Option<&str>) -> bool {
        let given = given.map(title).filter(|given| !given.is_empty());
        let text = given.clone().or(source.map(title)).unwrap_or_else(|| self.text.clone());
        let renamed = Self { text, edited_here: given.is_some() };
        let changed = *self != renamed;
        *self = renamed;
        changed
    }
}
