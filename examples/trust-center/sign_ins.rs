//! Which sign-ins are good, written down where every instance on the folder can read it. A cookie alone is worth nothing.

use std::collections::HashMap;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use uuid::Uuid;

use crate::folder::Folder;

/// After so long one signs in again.
const LIFETIME: Duration = Duration::from_secs(12 * 60 * 60);

/// So many sign-ins are good at once; one more ends the oldest.
const MOST: usize = 10_000;

/// The sign-ins of a folder, or of this instance alone.
pub enum SignIns {
    Kept(Folder),
    Here(Mutex<HashMap<String, Instant>>),
}

impl SignIns {
    pub fn of(folder: Option<&Folder>) -> io::Result<Self> {
        match folder {
            Some(folder) => folder.within("sign-ins").map(Self::Kept),
            None => Ok(Self::Here(Mutex::default())),
        }
    }

    /// Begins one, and clears away those that are over.
    pub fn begin(&self) -> io::Result<Uuid> {
        self.make_room(MOST)?;
        let id = Uuid::new_v4();
        match self {
            Self::Kept(folder) => folder.write(&name(id), b"")?,
            Self::Here(here) => drop(lock(here).insert(name(id), Instant::now())),
        }
        Ok(id)
    }

    /// Returns whether one has neither ended nor grown too old.
    pub fn is_good(&self, id: Uuid) -> bool {
        self.age(&name(id)).is_some_and(|age| age < LIFETIME)
    }

    /// Ends one, for every cookie that names it.
    pub fn end(&self, id: Uuid) -> io::Result<()> {
        self.remove(&name(id))
    }

    fn make_room(&self, most: usize) -> io::Result<()> {
        let mut ages: Vec<_> =
            self.names()?.into_iter().filter_map(|name| Some((self.age(&name)?, name))).collect();
        ages.sort_unstable();
        let over = |at: usize, age: Duration| at + 1 >= most || age >= LIFETIME;
        let over = ages.iter().enumerate().filter(|(at, (age, _))| over(*at, *age));
        over.map(|(_, (_, name))| name).try_for_each(|name| self.remove(name))
    }

    fn names(&self) -> io::Result<Vec<String>> {
        match self {
            Self::Kept(folder) => folder.names(),
            Self::Here(here) => Ok(lock(here).keys().cloned().collect()),
        }
    }

    /// None if there is no such sign-in.
    fn age(&self, name: &str) -> Option<Duration> {
        match self {
            Self::Kept(folder) => folder.age(name).ok(),
            Self::Here(here) => lock(here).get(name).map(Instant::elapsed),
        }
    }

    /// Another instance may have been quicker.
    fn remove(&self, name: &str) -> io::Result<()> {
        match self {
            Self::Kept(folder) => match folder.remove(name) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                _ => Ok(()),
            },
            Self::Here(here) => {
                lock(here).remove(name);
                Ok(())
            }
        }
    }
}

fn name(id: Uuid) -> String {
    id.simple().to_string()
}

fn lock(here: &Mutex<HashMap<String, Instant>>) -> MutexGuard<'_, HashMap<String, Instant>> {
    here.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::time::SystemTime;

    use super::*;

    fn check(sign_ins: &SignIns) {
        let ids: Vec<Uuid> = (0..3).map(|_| sign_ins.begin().unwrap()).collect();
        assert!(ids.iter().all(|id| sign_ins.is_good(*id)));
        sign_ins.end(ids[1]).unwrap();
        sign_ins.end(ids[1]).unwrap();
        assert_eq!(ids.iter().map(|id| sign_ins.is_good(*id)).collect::<Vec<_>>(), [true, false, true]);
        assert!(!sign_ins.is_good(Uuid::new_v4()));
        sign_ins.make_room(2).unwrap();
        assert_eq!(sign_ins.names().unwrap().len(), 1, "there is no room for one more");
    }

    #[test]
    fn a_sign_in_is_good_until_it_ends_and_there_are_never_too_many() {
        let data = tempfile::tempdir().unwrap();
        check(&SignIns::of(None).unwrap());
        check(&SignIns::of(Some(&Folder::open(data.path()).unwrap())).unwrap());
    }

    #[test]
    fn an_old_sign_in_is_over_and_cleared_away() {
        let data = tempfile::tempdir().unwrap();
        let sign_ins = SignIns::of(Some(&Folder::open(data.path()).unwrap())).unwrap();
        let old = sign_ins.begin().unwrap();
        let file = File::options().write(true).open(data.path().join("sign-ins").join(name(old))).unwrap();
        file.set_modified(SystemTime::now() - LIFETIME).unwrap();
        assert!(!sign_ins.is_good(old));
        let new = sign_ins.begin().unwrap();
        assert_eq!(sign_ins.names().unwrap(), [name(new)]);
    }
}
