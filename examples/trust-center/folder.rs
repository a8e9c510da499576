//! The folder things are kept in, for this user of the machine alone. Instances that share a database share it, so each file is
//! written whole.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use notion_import_core::store::private;
use tokio::task::spawn_blocking;
use uuid::Uuid;

/// What an instance holds while it starts: its lock is the first file of the folder, by which it is known for a demo's.
pub const START: &str = "start";

/// A folder on this machine, or one that several mount.
#[derive(Clone)]
pub struct Folder(PathBuf);

/// Something that one instance has at a time: until this is dropped, or the process ends in whatever way.
pub struct Held(#[expect(dead_code, reason = "the lock ends with the file")] File);

impl Folder {
    /// Makes the folder if it is not there. What others could read in one of ours, they no longer can; one that holds something else
    /// and that they may enter is refused.
    pub fn open(path: &Path) -> io::Result<Self> {
        private::tree(path, &lock_name(START))?;
        Ok(Self(path.to_owned()))
    }

    /// Makes a folder in it.
    pub fn within(&self, name: &str) -> io::Result<Self> {
        let path = self.0.join(name);
        private::folder(&path)?;
        Ok(Self(path))
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Waits until nobody else holds this.
    pub async fn hold(&self, name: &str) -> io::Result<Held> {
        let file = self.lock_file(name)?;
        let locked = spawn_blocking(move || file.lock().map(|()| Held(file))).await;
        locked.map_err(io::Error::other)?
    }

    /// Takes this if nobody else holds it.
    pub fn try_hold(&self, name: &str) -> io::Result<Option<Held>> {
        let file = self.lock_file(name)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Held(file))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    fn lock_file(&self, name: &str) -> io::Result<File> {
        private::file(&self.0.join(lock_name(name)))
    }

    pub fn read(&self, name: &str) -> io::Result<Option<Vec<u8>>> {
        match fs::read(self.0.join(name)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Whoever reads meanwhile gets the old or the new, and no other user of the machine gets either. Where there is no room, the old
    /// stays.
    pub fn write(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let fresh = self.0.join(format!("{name}.{}", Uuid::new_v4().simple()));
        let mut file = private::new_file(&fresh)?;
        let written = file.write_all(bytes).and_then(|()| fs::rename(&fresh, self.0.join(name)));
        if written.is_err() {
            // A part of it would take what little room there is.
            let _ = fs::remove_file(fresh);
        }
        written
    }

    pub fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.0.join(name))
    }

    /// How long ago it was written.
    pub fn age(&self, name: &str) -> io::Result<Duration> {
        let written = fs::metadata(self.0.join(name))?.modified()?;
        // A clock that was set back makes nothing old.
        Ok(written.elapsed().unwrap_or_default())
    }

    /// What it holds.
    pub fn names(&self) -> io::Result<Vec<String>> {
        let names = fs::read_dir(&self.0)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
        names.collect()
    }
}

fn lock_name(name: &str) -> String {
    format!("{name}.lock")
}
