//! Folders and files that no other user of the machine may enter, read or write, whatever the umask says.

use std::fs::{self, DirBuilder, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::Path;

use rights::{
    FILE, FOLDER, has_one_owner, is_open_to_others, is_ours, is_shared, owned_by_one, readable_by_one, set,
};

/// Makes a folder that somebody names, with those above it, or takes one that is there, for this user alone. `first` is the name of
/// what its owner puts there before anything else: a folder that others may enter is narrowed only if it is empty or has that in it.
///
/// # Errors
/// If it cannot be made or narrowed. The root of the file system, a folder that is meant for several users, such as `/tmp`, one that
/// is somebody else's, and one that others may enter and that holds what is not ours are refused, and left as they are.
pub fn take(path: &Path, first: &str) -> io::Result<()> {
    owned_by_one(DirBuilder::new().recursive(true)).create(path)?;
    let metadata = fs::metadata(path)?;
    if is_shared(&metadata) || fs::canonicalize(path)?.parent().is_none() {
        return Err(refused("the folder is meant for several users: name one for this alone"));
    }
    if !is_ours(&metadata) {
        return Err(refused("the folder is somebody else's: name one of your own"));
    }
    // In this order: whoever takes it at the same time puts that there, and then more.
    if fs::read_dir(path)?.next().is_none() || has(path, first)? {
        set(path, &metadata, FOLDER)
    } else if is_open_to_others(&metadata) {
        Err(refused("the folder is open to others and holds what is not ours: name one for this alone"))
    } else {
        Ok(())
    }
}

/// Takes a folder like [`take`]. If what comes first is in it, all that is in it is narrowed as well.
///
/// # Errors
/// Those of [`take`]. Whatever is refused, nothing in it has changed.
pub fn tree(path: &Path, first: &str) -> io::Result<()> {
    take(path, first)?;
    if has(path, first)? { narrow_below(path) } else { Ok(()) }
}

/// Makes a folder in one of ours, with those between them, and narrows it.
///
/// # Errors
/// If it cannot be made or narrowed.
pub fn folder(path: &Path) -> io::Result<()> {
    owned_by_one(DirBuilder::new().recursive(true)).create(path)?;
    set(path, &fs::metadata(path)?, FOLDER)
}

/// Opens a file to read and write, makes it if it is not there, and narrows it.
///
/// # Errors
/// If it cannot be made, opened or narrowed.
pub fn file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    let file = readable_by_one(options.read(true).write(true).create(true).truncate(false)).open(path)?;
    set(path, &file.metadata()?, FILE)?;
    Ok(file)
}

/// Makes a file to write, which is not there yet.
///
/// # Errors
/// If it is there, or cannot be made.
pub fn new_file(path: &Path) -> io::Result<File> {
    readable_by_one(OpenOptions::new().write(true).create_new(true)).open(path)
}

/// Narrows a file, if it is there.
///
/// # Errors
/// If it cannot be narrowed.
pub fn narrow_file(path: &Path) -> io::Result<()> {
    if_there(fs::metadata(path).and_then(|metadata| set(path, &metadata, FILE))).map(drop)
}

fn narrow_below(folder: &Path) -> io::Result<()> {
    let owner = fs::metadata(folder)?;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        // Whoever else has the folder open may take things away meanwhile.
        if let Some(metadata) = if_there(entry.metadata())?
            && has_one_owner(&metadata, &owner)
        {
            if_there(narrow(&entry.path(), &metadata))?;
        }
    }
    Ok(())
}

/// A link has no rights of its own, and what it points to is not in the folder.
fn narrow(path: &Path, metadata: &Metadata) -> io::Result<()> {
    if metadata.is_dir() {
        set(path, metadata, FOLDER)?;
        narrow_below(path)
    } else if metadata.is_file() {
        set(path, metadata, FILE)
    } else {
        Ok(())
    }
}

fn has(folder: &Path, name: &str) -> io::Result<bool> {
    Ok(if_there(fs::symlink_metadata(folder.join(name)))?.is_some())
}

fn if_there<T>(done: io::Result<T>) -> io::Result<Option<T>> {
    match done {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        done => done.map(Some),
    }
}

fn refused(why: &'static str) -> io::Error {
    io::Error::new(ErrorKind::PermissionDenied, why)
}

#[cfg(unix)]
mod rights {
    use std::fs::{self, DirBuilder, Metadata, OpenOptions, Permissions};
    use std::io;
    use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
    use std::path::Path;

    pub(super) const FOLDER: u32 = 0o700;
    pub(super) const FILE: u32 = 0o600;

    const OTHERS: u32 = 0o077;
    const STICKY: u32 = 0o1000;
    const ALL: u32 = 0o7777;

    pub(super) fn owned_by_one(builder: &mut DirBuilder) -> &mut DirBuilder {
        builder.mode(FOLDER)
    }

    pub(super) fn readable_by_one(options: &mut OpenOptions) -> &mut OpenOptions {
        options.mode(FILE)
    }

    pub(super) fn is_open_to_others(metadata: &Metadata) -> bool {
        metadata.mode() & OTHERS != 0
    }

    pub(super) fn is_shared(metadata: &Metadata) -> bool {
        metadata.mode() & STICKY != 0
    }

    /// Where the system does not say who we are, it still lets nobody but root narrow what is another's.
    pub(super) fn is_ours(metadata: &Metadata) -> bool {
        user().is_none_or(|user| metadata.uid() == user)
    }

    pub(super) fn has_one_owner(one: &Metadata, other: &Metadata) -> bool {
        one.uid() == other.uid()
    }

    pub(super) fn set(path: &Path, metadata: &Metadata, rights: u32) -> io::Result<()> {
        if metadata.mode() & ALL == rights {
            return Ok(());
        }
        fs::set_permissions(path, Permissions::from_mode(rights))
    }

    /// Whom the files belong to that this process makes: the last of four ids. Linux tells it without unsafe code.
    fn user() -> Option<u32> {
        let status = fs::read_to_string("/proc/self/status").ok()?;
        let ids = status.lines().find_map(|line| line.strip_prefix("Uid:"))?;
        ids.split_whitespace().next_back()?.parse().ok()
    }
}

/// Other systems give a user's files to nobody else.
#[cfg(not(unix))]
mod rights {
    use std::fs::{DirBuilder, Metadata, OpenOptions};
    use std::io;
    use std::path::Path;

    pub(super) const FOLDER: u32 = 0;
    pub(super) const FILE: u32 = 0;

    pub(super) fn owned_by_one(builder: &mut DirBuilder) -> &mut DirBuilder {
        builder
    }

    pub(super) fn readable_by_one(options: &mut OpenOptions) -> &mut OpenOptions {
        options
    }

    pub(super) fn is_open_to_others(_: &Metadata) -> bool {
        false
    }

    pub(super) fn is_shared(_: &Metadata) -> bool {
        false
    }

    pub(super) fn is_ours(_: &Metadata) -> bool {
        true
    }

    pub(super) fn has_one_owner(_: &Metadata, _: &Metadata) -> bool {
        true
    }

    pub(super) fn set(_: &Path, _: &Metadata, _: u32) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(all(test, unix))]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o7777
    }

    fn set_mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    /// A file in it and one in a folder in it, which everybody may run.
    fn filled(folder: &Path) {
        fs::create_dir(folder.join("below")).unwrap();
        set_mode(&folder.join("below"), 0o755);
        for file in ["program", "below/program"] {
            fs::write(folder.join(file), "").unwrap();
            set_mode(&folder.join(file), 0o755);
        }
    }

    fn modes(folder: &Path) -> [u32; 4] {
        ["", "program", "below", "below/program"].map(|path| mode(&folder.join(path)))
    }

    #[test]
    fn what_was_open_to_others_is_narrowed_and_what_is_linked_stays() {
        let place = tempfile::tempdir().unwrap();
        let (ours, elsewhere) = (place.path().join("a/b"), place.path().join("elsewhere"));
        take(&ours, "first").unwrap();
        folder(&ours.join("below/it")).unwrap();
        assert_eq!((mode(&place.path().join("a")), mode(&ours)), (0o700, 0o700));
        for path in [&elsewhere, &ours.join("first"), &ours.join("below/it/blob")] {
            fs::write(path, "").unwrap();
            set_mode(path, 0o666);
        }
        std::os::unix::fs::symlink(&elsewhere, ours.join("link")).unwrap();
        set_mode(&ours.join("below"), 0o777);
        set_mode(&ours, 0o755);
        tree(&ours, "first").unwrap();
        assert_eq!(["", "below", "below/it"].map(|folder| mode(&ours.join(folder))), [0o700; 3]);
        assert_eq!(["first", "below/it/blob"].map(|file| mode(&ours.join(file))), [0o600; 2]);
        assert_eq!(mode(&elsewhere), 0o666);
        set_mode(&ours.join("below/it/blob"), 0o644);
        file(&ours.join("below/it/blob")).unwrap();
        file(&ours.join("fresh")).unwrap();
        assert_eq!(["fresh", "below/it/blob"].map(|file| mode(&ours.join(file))), [0o600; 2]);
    }

    #[test]
    fn a_folder_that_is_refused_is_left_as_it_is_with_all_that_is_in_it() {
        let place = tempfile::tempdir().unwrap();
        filled(place.path());
        // Several users share the first two, even if we were there; the others hold what is not ours.
        for (rights, first) in
            [(0o1777, "first"), (0o1777, "program"), (0o777, "first"), (0o755, "first"), (0o710, "first")]
        {
            set_mode(place.path(), rights);
            let before = modes(place.path());
            for refused in [take(place.path(), first), tree(place.path(), first)] {
                assert_eq!(refused.unwrap_err().kind(), ErrorKind::PermissionDenied, "{rights:o}");
            }
            assert_eq!(modes(place.path()), before);
        }
    }

    #[test]
    fn of_a_folder_that_is_private_already_what_is_not_ours_is_left_as_it_is() {
        let place = tempfile::tempdir().unwrap();
        filled(place.path());
        set_mode(place.path(), 0o700);
        let before = modes(place.path());
        tree(place.path(), "first").unwrap();
        assert_eq!(modes(place.path()), before);
    }

    #[test]
    fn whatever_the_rights_were_our_folders_are_0700_and_our_files_0600() {
        let place = tempfile::tempdir().unwrap();
        filled(place.path());
        for (folders, files) in [(0o700, 0o666), (0o755, 0o777), (0o2750, 0o4755), (0o500, 0o400)] {
            for (path, mode) in
                [("below/program", files), ("program", files), ("below", folders), ("", folders)]
            {
                set_mode(&place.path().join(path), mode);
            }
            tree(place.path(), "program").unwrap();
            assert_eq!(modes(place.path()), [0o700, 0o600, 0o700, 0o600], "{folders:o} {files:o}");
        }
    }

    #[test]
    fn an_empty_folder_is_taken_and_a_file_is_not() {
        let place = tempfile::tempdir().unwrap();
        set_mode(place.path(), 0o775);
        tree(place.path(), "first").unwrap();
        assert_eq!(mode(place.path()), 0o700);
        fs::write(place.path().join("file"), "").unwrap();
        assert!(take(&place.path().join("file"), "first").is_err());
    }

    /// Only root can make a folder that is somebody else's.
    #[test]
    fn a_folder_of_somebody_else_is_refused() {
        let place = tempfile::tempdir().unwrap();
        if std::os::unix::fs::chown(place.path(), Some(12_345), None).is_err() {
            return;
        }
        for rights in [0o700, 0o755] {
            set_mode(place.path(), rights);
            for refused in [take(place.path(), "first"), tree(place.path(), "first")] {
                assert_eq!(refused.unwrap_err().kind(), ErrorKind::PermissionDenied);
            }
            assert_eq!(mode(place.path()), rights);
        }
    }
}
