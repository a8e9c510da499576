//! How far an import is, written down where every instance on the folder can read it.

use std::io;
use std::time::Duration;

use notion_import_core::{DocumentId, MemberId, TenantId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::folder::Folder;

/// Whoever runs an import writes every second; after so long a silence it has ended.
const SILENCE: Duration = Duration::from_secs(15);
/// By then nobody asks any more.
const KEPT: Duration = Duration::from_secs(24 * 60 * 60);

/// How far an import is.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct Progress {
    /// What is done to many documents, in words; none of an import.
    #[serde(default)]
    pub what: Option<String>,
    /// Who began it.
    #[serde(default)]
    pub by: Option<MemberId>,
    pub total: usize,
    pub lines: Vec<Line>,
    /// Why it does not go on at the moment, in words.
    #[serde(default)]
    pub waiting: Option<String>,
    pub ended: Option<String>,
}

/// What became of one page.
#[derive(Clone, Serialize, Deserialize)]
pub struct Line {
    pub title: String,
    pub verdict: Verdict,
    pub document: Option<DocumentId>,
}

#[derive(Clone, Serialize, Deserialize)]
pub enum Verdict {
    Created,
    NewVersion,
    Unchanged,
    /// What was done, in words.
    Done(String),
    /// Nothing was to be done.
    Left,
    /// Why, in words.
    Failed(String),
}

/// An import, by its company and its number.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ImportId {
    pub tenant: TenantId,
    pub number: Uuid,
}

/// What is written down of all imports.
pub struct Notes(Folder);

impl Notes {
    pub fn of(folder: &Folder) -> io::Result<Self> {
        folder.within("imports").map(Self)
    }

    pub fn write(&self, id: ImportId, progress: &Progress) -> io::Result<()> {
        self.0.write(&file(id), &serde_json::to_vec(progress)?)
    }

    /// An import that its instance no longer writes about has ended with it.
    pub fn read(&self, id: ImportId) -> io::Result<Option<Progress>> {
        let Some(bytes) = self.0.read(&file(id))? else { return Ok(None) };
        let mut progress: Progress = serde_json::from_slice(&bytes)?;
        if self.0.age(&file(id))? > SILENCE {
            progress.ended.get_or_insert_with(|| {
                "The server that ran it was stopped. What was done stays; import the rest again.".to_owned()
            });
        }
        Ok(Some(progress))
    }

    /// Asks whoever runs the import to stop.
    pub fn ask_to_stop(&self, id: ImportId) -> io::Result<()> {
        self.0.write(&stop(id), b"")
    }

    pub fn is_asked_to_stop(&self, id: ImportId) -> bool {
        matches!(self.0.read(&stop(id)), Ok(Some(_)))
    }

    /// Throws away what is written of a company's imports.
    pub fn forget(&self, tenant: TenantId) -> io::Result<()> {
        for name in self.0.names()?.iter().filter(|name| name.starts_with(&tenant.to_string())) {
            self.0.remove(name)?;
        }
        Ok(())
    }

    /// Throws away what is old.
    pub fn clear(&self) -> io::Result<()> {
        for name in self.0.names()? {
            if self.0.age(&name)? > KEPT {
                self.0.remove(&name)?;
            }
        }
        Ok(())
    }
}

fn file(id: ImportId) -> String {
    format!("{}-{}.json", id.tenant, id.number)
}

fn stop(id: ImportId) -> String {
    format!("{}-{}.stop", id.tenant, id.number)
}
