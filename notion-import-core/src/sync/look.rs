//! Looking at sources, and reading those whole of which a look cannot tell whether they changed.

use chrono::{DateTime, Utc};

use super::plan::{self, Plan, Why};
use super::{SyncTask, ends_the_run};
use crate::error::Error;
use crate::import::{Fetcher, Pick, Shape};
use crate::library::document::{Content, Found, Linked, NewContent, Reading, SyncPatch};
use crate::mutant;
use crate::notion::page::Page;
use crate::notion::server_time::Moment;
use crate::source::{self, Seen};

/// What was seen of a source.
pub(super) struct Look {
    /// When it began.
    pub(super) began: Moment,
    /// What the source says of itself.
    pub(super) seen: Seen,
    /// The page with its properties, if it is a page.
    pub(super) page: Option<Box<Page>>,
}

/// What comes of a look.
pub(super) struct Looked {
    /// What it says.
    pub(super) patch: SyncPatch,
    /// Why the source is to be read whole, if it is.
    pub(super) unread: Option<(Why, Look)>,
}

impl SyncTask<'_> {
    /// Looks at one source.
    pub(super) async fn look(&self, known: &Linked, plan: &Plan) -> Result<Looked, Error> {
        let began = self.api.moment();
        if mutant::is("absence means gone") {
            return Ok(Looked { patch: self.patch(known, began, Found::NotShared), unread: None });
        }
        match source::look(&self.api, known.link.source.id, known.link.source.kind).await {
            Ok((seen, page)) => self.judge(known, Look { began, seen, page }, plan).await,
            Err(error) if error.is_not_found() || mutant::is("failure means gone") => {
                let absent = self.absent(known).await?;
                Ok(Looked { patch: self.patch(known, began, absent), unread: None })
            }
            Err(error) => Err(error),
        }
    }

    /// Decides what comes of a look.
    pub(super) async fn judge(&self, known: &Linked, look: Look, plan: &Plan) -> Result<Looked, Error> {
        let is_unedited = look.seen.source.edited_at == known.read.edited_at;
        let has_moved = match &look.page {
            Some(page) if is_unedited => match Box::pin(self.fetcher.has_moved(known, page)).await {
                Err(error) if ends_the_run(&error) => return Err(error),
                outcome => outcome.unwrap_or_default(),
            },
            _ => None,
        };
        let is_over = look.seen.is_settled(&self.api, look.began);
        let now = self.time(look.began);
        let patch = self.patch(known, look.began, plan::found(known, &look.seen, None));
        let why = plan::why(known, &look.seen, has_moved, is_over, plan, now);
        Ok(Looked { patch, unread: why.map(|why| (why, look)) })
    }

    /// Reads a source whole and compares it with the newest version.
    pub(super) async fn read(&self, known: &Linked, look: Look) -> Result<SyncPatch, Error> {
        let began = self.api.moment();
        match self.compare(known, look.seen.source.edited_at).await {
            Ok((fresh, differs)) => {
                let source = Box::new(fresh.source.clone().with_files_of(&known.link.source));
                let (read, state) = (fresh.read, fresh.state);
                let draft = (differs && self.options.drafts).then(|| Box::new(fresh));
                // What went to the trash while it was read says nothing new.
                let reading = (!state.is_gone()).then_some(Reading { read, differs, draft });
                let found = Found::Source { source, state, reading, trouble: None };
                Ok(self.patch(known, began, found))
            }
            Err(error) if ends_the_run(&error) => Err(error),
            Err(error) => {
                let trouble = Some(error.code().to_owned());
                Ok(self.patch(known, look.began, plan::found(known, &look.seen, trouble)))
            }
        }
    }

    /// Reads a source in the shapes that its newest version may have, and tells whether none is what that says.
    async fn compare(&self, known: &Linked, edited_at: DateTime<Utc>) -> Result<(NewContent, bool), Error> {
        let choices = self.fetcher.choices.after(Some(known));
        let fetcher = Fetcher { before: Some(known.read), choices, ..self.fetcher.clone() };
        let pick = Pick { id: known.link.source.id, kind: known.link.source.kind, shape: Shape::Best };
        let best = Box::pin(fetcher.fetch_from(pick, Some(edited_at))).await?.content;
        if best.digest() == known.digest {
            return Ok((best, false));
        }
        // Without a file both shapes are the same: what was read need not be read again.
        if let Content::File(_) = best.content {
            let text = Box::pin(fetcher.fetch(pick.shaped(Shape::Markdown))).await?.content;
            if text.digest() == known.digest {
                return Ok((text, false));
            }
        }
        Ok((best, true))
    }

    pub(super) fn patch(&self, known: &Linked, began: Moment, found: Found) -> SyncPatch {
        SyncPatch { document: known.document, began_at: self.time(began), against: known.against(), found }
    }

    /// The time of a moment, as it may be kept.
    pub(super) fn time(&self, moment: Moment) -> DateTime<Utc> {
        self.api.server().no_later(moment)
    }
}
