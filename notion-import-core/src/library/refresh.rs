//! How a document takes up what its source says. Every store applies these, so no two differ.

use chrono::{DateTime, Utc};

use super::batch::StoredDocument;
use super::document::{
    Document, Found, Link, NewContent, Source, SourceImage, SyncPatch, Title, Trouble, Version,
};
use super::title::title;
use crate::connection::Connection;
use crate::id::{DocumentId, VersionNumber};
use crate::mutant;

impl NewContent {
    /// The document this makes if its source has none yet.
    pub fn first(&self, connection: &Connection, id: DocumentId, now: DateTime<Utc>) -> Document {
        Document {
            tenant: connection.tenant,
            id,
            title: Title { text: title(&self.source.title), edited_here: false },
            link: Some(self.link(connection, None, now)),
            unlinked: None,
            latest: VersionNumber(1),
            created_at: now,
        }
    }

    /// Refreshes everything of `document` but its versions, and tells whether the title changed.
    pub fn refresh(&self, document: &mut Document, connection: &Connection, now: DateTime<Utc>) -> bool {
        document.link = Some(self.link(connection, document.link.take(), now));
        document.title.follow(&self.source.title)
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

    /// The link that takes the place of the one before.
    fn link(&self, connection: &Connection, before: Option<Link>, now: DateTime<Utc>) -> Link {
        Link {
            connection: Some(connection.id),
            source: self.source.clone(),
            state: self.state,
            checked_at: self.read.read_at.min(now),
            update_available: false,
            trouble: None,
            shown: self.chosen.clone().or(before.and_then(|before| before.shown)),
        }
    }
}

impl SyncPatch {
    /// Applies the patch to a document; none if it is to be skipped.
    pub fn apply(&self, connection: &Connection, kept: &mut StoredDocument) -> Option<Patched> {
        let StoredDocument { document, read, digest } = kept;
        let is_stale = mutant::is("judged against a stale snapshot");
        let is_judged = document.latest == self.against.latest && *read == self.against.read || is_stale;
        let link = document.link.as_mut()?;
        if link.connection.is_some_and(|owner| owner != connection.id) {
            return None;
        }
        // Somebody else has looked or imported meanwhile: what was asked later counts.
        let is_late = link.checked_at != self.against.checked_at && self.began_at < link.checked_at;
        match &self.found {
            _ if is_late && !is_stale => None,
            Found::Unchanged if link.connection.is_none() => None,
            Found::NotShared | Found::ParentGone if link.connection.is_some() => {
                link.state = self.found.state().unwrap_or(link.state);
                (link.checked_at, link.trouble) = (self.began_at, None);
                Some(Patched::REFRESHED)
            }
            // Not being shared with one connection says nothing of a document that no connection holds, but that there is an answer.
            Found::Unchanged | Found::NotShared | Found::ParentGone => {
                let had_trouble = link.trouble.take().is_some();
                link.checked_at = self.began_at;
                Some(if had_trouble { Patched::REFRESHED } else { Patched::Checked })
            }
            Found::Trouble(code) => {
                link.trouble = Some(self.trouble(code, link.trouble.take()));
                Some(Patched::REFRESHED)
            }
            Found::Source { source, .. } if source.id != link.source.id => None,
            Found::Source { source, state, reading, trouble } => {
                let judged = reading.as_ref().filter(|_| is_judged);
                let draft = judged.and_then(|judged| judged.draft.as_deref());
                let before = link.update_available && !mutant::is("flag forgotten");
                *link = Link {
                    connection: Some(connection.id),
                    source: source.as_ref().clone().with_files_of(&link.source),
                    state: *state,
                    checked_at: self.began_at,
                    update_available: draft.is_none() && judged.map_or(before, |judged| judged.differs),
                    trouble: trouble.as_ref().map(|code| self.trouble(code, link.trouble.take())),
                    shown: link.shown.take(),
                };
                *read = judged.map_or(*read, |judged| judged.read);
                let is_retitled = document.title.follow(&source.title);
                let draft = draft.map(|content| {
                    document.latest.0 += 1;
                    *digest = content.digest();
                    Box::new(content.version(document.latest, self.began_at))
                });
                Some(Patched::Refreshed { is_retitled, draft })
            }
        }
    }

    /// The first trouble, or one more; applied twice, it is one.
    fn trouble(&self, code: &str, before: Option<Trouble>) -> Trouble {
        let met_at = self.began_at;
        let (since, times) = match before {
            None => (met_at, 1),
            Some(before) if before.met_at == met_at => (before.since, before.times),
            Some(before) => (before.since, before.times.saturating_add(1)),
        };
        Trouble { since, met_at, times, code: code.to_owned() }
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

/// What a patch did.
#[derive(Clone, PartialEq, Debug)]
pub enum Patched {
    /// Only the time of the look moved on.
    Checked,
    /// What is known of the source is new.
    Refreshed {
        /// Whether the document's title is, too.
        is_retitled: bool,
        /// A version that it brought.
        draft: Option<Box<Version>>,
    },
}

impl Patched {
    const REFRESHED: Self = Self::Refreshed { is_retitled: false, draft: None };
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
