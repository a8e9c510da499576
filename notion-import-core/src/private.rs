//! Folders and files that no other user of the machine may enter, read or write, whatever the umask says.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::Path;

use rights::{is_open_to_others, is_shared, narrow, owned_by_one, readable_by_one};

/// Makes a folder, with those above it, for this user alone. One that was open to others is narrowed: whoever names a folder here gives
/// it away.
///
/// # Errors
/// If it cannot be made or narrowed. A folder that is meant for several users, such as `/tmp`, and the root of the file system are
/// refused.
pub fn folder(path: &Path) -> io::Result<()> {
    owned_by_one(DirBuilder::new().recursive(true)).create(path)?;
    let metadata = fs::metadata(path)?;
    if is_open_to_others(&metadata) {
        if is_shared(&metadata) || fs::canonicalize(path)?.parent().is_none() {
            return Err(io::Error::new(
                ErrorKind::PermissionDenied,
                "the folder is meant for several users: name one for this alone",
            ));
        }
        narrow(path, metadata)?;
    }
    Ok(())
}

/// Makes a folder like [`folder`]. If it was open to others, all that is in it is narrowed as well.
///
/// # Errors
/// Those of [`folder`].
pub fn tree(path: &Path) -> io::Result<()> {
    if fs::metadata(path).is_ok_and(|metadata| is_open_to_others(&metadata) && !is_shared(&metadata)) {
        // The folder itself comes last, so that what a crash cuts short is made up for.
        narrow_below(path)?;
    }
    folder(path)
}

/// Opens a file to read and write, makes it if it is not there, and narrows it if it was open to others.
///
/// # Errors
/// If it cannot be made, opened or narrowed.
pub fn file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    let file = readable_by_one(options.read(true).write(true).create(true).truncate(false)).open(path)?;
    let metadata = file.metadata()?;
    if is_open_to_others(&metadata) {
        narrow(path, metadata)?;
    }
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
    match fs::metadata(path).and_then(|metadata| narrow(path, metadata)) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        narrowed => narrowed,
    }
}

fn narrow_below(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() {
            narrow_below(&entry.path())?;
        }
        // A link has no rights of its own, and what it points to is not in the folder.
        if kind.is_dir() || kind.is_file() {
            narrow_file(&entry.path())?;
        }
    }
    Ok(())
}

#[cfg(unix)]
mod rights {
    use std::fs::{self, DirBuilder, Metadata, OpenOptions};
    use std::io;
    use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
    use std::path::Path;

    const OTHERS: u32 = 0o077;
    const STICKY: u32 = 0o1000;

    pub(super) fn owned_by_one(builder: &mut DirBuilder) -> &mut DirBuilder {
        builder.mode(0o700)
    }

    pub(super) fn readable_by_one(options: &mut OpenOptions) -> &mut OpenOptions {
        options.mode(0o600)
    }

    pub(super) fn is_open_to_others(metadata: &Metadata) -> bool {
        metadata.permissions().mode() & OTHERS != 0
    }

    pub(super) fn is_shared(metadata: &Metadata) -> bool {
        metadata.permissions().mode() & STICKY != 0
    }

    pub(super) fn narrow(path: &Path, metadata: Metadata) -> io::Result<()> {
        let mut rights = metadata.permissions();
        rights.set_mode(rights.mode() & !OTHERS);
        fs::set_permissions(path, rights)
    }
}

/// Other systems give a user's files to nobody else.
#[cfg(not(unix))]
mod rights {
    use std::fs::{DirBuilder, Metadata, OpenOptions};
    use std::io;
    use std::path::Path;

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

    pub(super) fn narrow(_: &Path, _: Metadata) -> io::Result<()> {
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

    fn open_to_all(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn what_was_open_to_others_is_narrowed_and_what_is_linked_stays() {
        let place = tempfile::tempdir().unwrap();
        let (ours, elsewhere) = (place.path().join("a/b"), place.path().join("elsewhere"));
        folder(&ours.join("below")).unwrap();
        assert_eq!((mode(&place.path().join("a")), mode(&ours)), (0o700, 0o700));
        for path in [&elsewhere, &ours.join("below/blob")] {
            fs::write(path, "").unwrap();
            open_to_all(path, 0o666);
        }
        std::os::unix::fs::symlink(&elsewhere, ours.join("link")).unwrap();
        open_to_all(&ours.join("below"), 0o777);
        open_to_all(&ours, 0o755);
        tree(&ours).unwrap();
        assert_eq!(
            (mode(&ours), mode(&ours.join("below")), mode(&ours.join("below/blob"))),
            (0o700, 0o700, 0o600)
        );
        assert_eq!(mode(&elsewhere), 0o666);
        open_to_all(&ours.join("below/blob"), 0o644);
        file(&ours.join("below/blob")).unwrap();
        file(&ours.join("fresh")).unwrap();
        assert_eq!((mode(&ours.join("below/blob")), mode(&ours.join("fresh"))), (0o600, 0o600));
    }

    #[test]
    fn a_folder_that_several_users_share_is_refused_and_left_as_it_is() {
        let place = tempfile::tempdir().unwrap();
        open_to_all(place.path(), 0o1777);
        for refused in [folder(place.path()), tree(place.path())] {
            assert_eq!(refused.unwrap_err().kind(), ErrorKind::PermissionDenied);
        }
        assert_eq!(mode(place.path()), 0o1777);
    }
}
