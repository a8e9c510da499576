//! Acts on many documents: what was chosen, what is foreseen of each, and what becomes of each once it is confirmed.

use std::collections::VecDeque;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use notion_import_core::review::{Edition, LeakKind, Leaks};
use notion_import_core::{
    AccessLevel, Action, Actor, AdminDocument, BulkChange, Error, Pick, Seen, SourceKind, StoreError, Version,
};
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::folder::Folder;
use crate::problem;
use crate::progress::{ImportId, Line, Verdict};
use crate::words;

/// What is chosen is forgotten after so long.
const KEPT: Duration = Duration::from_secs(24 * 60 * 60);
/// Where there is no folder, no more than so many are remembered.
const MOST: usize = 64;

/// What is to be done.
#[derive(Clone, Serialize, Deserialize)]
pub enum BulkAct {
    /// A change of who may read.
    Change(BulkChange),
    /// Taking the new content from Notion.
    ImportAgain,
    /// Cutting the tie to Notion.
    Unlink,
}

/// What somebody chose to do to many documents, before they confirm it.
#[derive(Clone, Serialize, Deserialize)]
pub struct Ceremony {
    pub act: BulkAct,
    /// Whom it lets in, if anybody.
    pub contact: Option<String>,
    pub chosen: Vec<Chosen>,
}

/// One of the documents, as it was seen.
#[derive(Clone, Serialize, Deserialize)]
pub struct Chosen {
    pub seen: Seen,
    /// Which version would be read by more people; none if nobody new reads anything.
    pub opens: Option<u32>,
    pub foreseen: Foreseen,
    pub pick: Option<Pick>,
}

#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub enum Foreseen {
    Changes,
    Nothing,
    /// Why it would be refused, in words.
    Refused(String),
}

impl BulkAct {
    /// Returns what a member has to be allowed to do for it.
    pub const fn action(&self) -> Action {
        match self {
            Self::Change(
                BulkChange::Publish(_)
                | BulkChange::SetLevel(_)
                | BulkChange::Withdraw
                | BulkChange::SetCategory(_),
            ) => Action::Publish,
            Self::Change(BulkChange::Assign { .. }) => Action::Assign,
            Self::ImportAgain | Self::Unlink => Action::Import,
        }
    }

    /// Returns whether the history wants to know why.
    pub const fn takes_reason(&self) -> bool {
        match self {
            Self::Change(BulkChange::Publish(level) | BulkChange::SetLevel(level)) => {
                !matches!(level, AccessLevel::Internal)
            }
            Self::Change(BulkChange::Withdraw | BulkChange::SetCategory(_) | BulkChange::Assign { .. })
            | Self::ImportAgain
            | Self::Unlink => false,
        }
    }

    pub fn words(&self) -> String {
        match self {
            Self::Change(BulkChange::Publish(level)) => format!("Publish as {}", words::level(*level)),
            Self::Change(BulkChange::SetLevel(level)) => format!("Set the level to {}", words::level(*level)),
            Self::Change(BulkChange::Withdraw) => "Withdraw".to_owned(),
            Self::Change(BulkChange::SetCategory(Some(to))) => format!("Put into the category “{to}”"),
            Self::Change(BulkChange::SetCategory(None)) => "Take out of its category".to_owned(),
            Self::Change(BulkChange::Assign { .. }) => "Let a contact in".to_owned(),
            Self::ImportAgain => "Import again".to_owned(),
            Self::Unlink => "Unlink".to_owned(),
        }
    }
}

impl Chosen {
    /// Foresees what comes of an act on a document.
    pub fn of(act: &BulkAct, known: &AdminDocument, now: DateTime<Utc>) -> Self {
        let link = known.document.link.as_ref();
        let refused = |why: &str| Foreseen::Refused(why.to_owned());
        let foreseen = match act {
            BulkAct::Change(change) => match change.foresee(known, now) {
                Ok(true) => Foreseen::Changes,
                Ok(false) => Foreseen::Nothing,
                Err(error) => refused(words::reason(&Error::from(error))),
            },
            BulkAct::ImportAgain if link.is_none() => {
                refused("The document is not linked to Notion any more.")
            }
            BulkAct::Unlink if link.is_none() => Foreseen::Nothing,
            BulkAct::ImportAgain | BulkAct::Unlink => Foreseen::Changes,
        };
        let opens = match act {
            BulkAct::Change(BulkChange::Publish(AccessLevel::Internal)) => None,
            BulkAct::Change(BulkChange::Publish(_)) => Some(known.document.latest.0),
            BulkAct::Change(BulkChange::SetLevel(to)) if known.facts.opens(*to) => {
                known.facts.publication.version().map(|version| version.0)
            }
            BulkAct::Change(_) | BulkAct::ImportAgain | BulkAct::Unlink => None,
        };
        let pick = link.map(|link| match link.source.kind {
            SourceKind::Page => Pick::page(link.source.id),
            SourceKind::DataSource => Pick::data_source(link.source.id),
        });
        Self {
            seen: Seen::from(known),
            opens: opens.filter(|_| foreseen == Foreseen::Changes),
            foreseen,
            pick,
        }
    }
}

impl Ceremony {
    /// How many documents change, stay as they are, and are refused.
    pub fn counts(&self) -> (usize, usize, usize) {
        let count = |is_it: fn(&Foreseen) -> bool| {
            self.chosen.iter().filter(|chosen| is_it(&chosen.foreseen)).count()
        };
        (
            count(|foreseen| *foreseen == Foreseen::Changes),
            count(|foreseen| *foreseen == Foreseen::Nothing),
            count(|foreseen| matches!(foreseen, Foreseen::Refused(_))),
        )
    }

    /// Does it to one document, wholly or not at all, and says what became of it.
    pub async fn apply(&self, app: &App, actor: &Actor, chosen: &Chosen, reason: &str) -> Line {
        let verdict = match &chosen.foreseen {
            Foreseen::Refused(why) => Verdict::Failed(why.clone()),
            Foreseen::Nothing => Verdict::Left,
            Foreseen::Changes => match self.try_apply(app, actor, chosen, reason).await {
                Ok(()) => Verdict::Done(self.act.words()),
                Err(Refused::Secret) => Verdict::Failed(SECRET.to_owned()),
                Err(Refused::By(error)) => {
                    problem::log(&error);
                    Verdict::Failed(words::reason(&error).to_owned())
                }
            },
        };
        Line { title: words::title(&chosen.seen.title), verdict, document: Some(chosen.seen.document) }
    }

    async fn try_apply(
        &self,
        app: &App,
        actor: &Actor,
        chosen: &Chosen,
        reason: &str,
    ) -> Result<(), Refused> {
        let (id, now) = (chosen.seen.document, Utc::now());
        if let Some(version) = opened(app, actor, chosen).await?
            && is_secret(&chosen.seen.title, &version)
        {
            return Err(Refused::Secret);
        }
        let done: Result<(), StoreError> = match &self.act {
            BulkAct::Change(change) => {
                change.apply(&*app.stores.access, actor, &chosen.seen, reason, now).await
            }
            BulkAct::Unlink => app.stores.documents.unlink(actor, id, now).await,
            // That is a run of its own.
            BulkAct::ImportAgain => Ok(()),
        };
        Ok(done.map_err(Error::from)?)
    }
}

/// Why a document is left out whose text looks like a key or a password.
pub const SECRET: &str =
    "It looks as if a secret stood in it. Look at it alone, and publish it from its own page.";

enum Refused {
    Secret,
    By(Error),
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self::By(error)
    }
}

/// The version that more people would read.
pub async fn opened(app: &App, actor: &Actor, chosen: &Chosen) -> Result<Option<Version>, Error> {
    let Some(number) = chosen.opens else { return Ok(None) };
    let versions = app.stores.access.versions(actor, chosen.seen.document).await?;
    Ok(versions.into_iter().find(|version| version.number.0 == number))
}

fn is_secret(title: &str, version: &Version) -> bool {
    Leaks::of(Edition { title, version }, &[]).counts().into_iter().any(|(kind, _)| kind == LeakKind::Secret)
}

/// What was chosen and is not confirmed yet.
pub struct Ceremonies {
    here: Mutex<VecDeque<(ImportId, Ceremony)>>,
    folder: Option<Folder>,
}

impl Ceremonies {
    /// Without a folder, no other instance knows of them.
    pub fn open(folder: Option<&Folder>) -> io::Result<Self> {
        let folder = folder.map(|folder| folder.within("bulk")).transpose()?;
        if let Some(folder) = &folder {
            for name in folder.names()? {
                if folder.age(&name)? > KEPT {
                    folder.remove(&name)?;
                }
            }
        }
        Ok(Self { here: Mutex::default(), folder })
    }

    pub fn keep(&self, id: ImportId, ceremony: Ceremony) -> Result<(), StoreError> {
        if let Some(folder) = &self.folder {
            let bytes = serde_json::to_vec(&ceremony).map_err(StoreError::backend)?;
            return folder.write(&file(id), &bytes).map_err(StoreError::backend);
        }
        let mut here = self.lock();
        here.truncate(MOST - 1);
        here.push_front((id, ceremony));
        Ok(())
    }

    pub fn get(&self, id: ImportId) -> Result<Option<Ceremony>, StoreError> {
        let Some(folder) = &self.folder else {
            return Ok(self.lock().iter().find(|(known, _)| *known == id).map(|(_, kept)| kept.clone()));
        };
        let Some(bytes) = folder.read(&file(id)).map_err(StoreError::backend)? else { return Ok(None) };
        serde_json::from_slice(&bytes).map(Some).map_err(StoreError::backend)
    }

    /// Forgets what was confirmed: whoever confirms it again finds nothing.
    pub fn forget(&self, id: ImportId) -> Result<(), StoreError> {
        match &self.folder {
            Some(folder) => folder.remove(&file(id)).map_err(StoreError::backend),
            None => {
                self.lock().retain(|(known, _)| *known != id);
                Ok(())
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<(ImportId, Ceremony)>> {
        self.here.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn file(id: ImportId) -> String {
    format!("{}-{}.json", id.tenant, id.number)
}
