//! What changed among the files of a document.

use serde::Serialize;

use crate::library::document::{StoredFile, Version};

/// A file that came, went, or is another: other bytes under its name, or its bytes under another name.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct FileChange {
    /// What it was; none if it is new.
    pub before: Option<StoredFile>,
    /// What it is; none if it is gone.
    pub after: Option<StoredFile>,
}

/// What changed, by name and digest, in the order of the new files and then of those that are gone.
pub fn changes(before: &Version, after: &Version) -> Vec<FileChange> {
    let mut left: Vec<&StoredFile> = before.files().collect();
    let mut rest = Vec::new();
    for file in after.files() {
        if take(&mut left, |kept| kept == file).is_none() {
            rest.push(file);
        }
    }
    let mut changes = Vec::new();
    for file in rest {
        let before = take(&mut left, |kept| kept.name == file.name)
            .or_else(|| take(&mut left, |kept| kept.blob.id == file.blob.id));
        changes.push(FileChange { before: before.cloned(), after: Some(file.clone()) });
    }
    changes.extend(left.into_iter().map(|file| FileChange { before: Some(file.clone()), after: None }));
    changes
}

fn take<'f>(left: &mut Vec<&'f StoredFile>, fits: impl Fn(&StoredFile) -> bool) -> Option<&'f StoredFile> {
    let at = left.iter().position(|file| fits(file))?;
    Some(left.remove(at))
}
