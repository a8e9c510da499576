//! Slips that are good for a while, each under a name, kept where every instance on the folder can read them.

use std::collections::HashMap;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::folder::Folder;

/// The slips of a folder, or of this instance alone.
pub struct Slips {
    place: Place,
    /// So long each is good.
    lifetime: Duration,
    /// So many are good at once; one more ends the oldest.
    most: usize,
}

enum Place {
    Kept(Folder),
    Here(Mutex<HashMap<String, (Instant, Vec<u8>)>>),
}

impl Slips {
    pub fn of(folder: Option<&Folder>, name: &str, lifetime: Duration, most: usize) -> io::Result<Self> {
        let place = match folder {
            Some(folder) => Place::Kept(folder.within(name)?),
            None => Place::Here(Mutex::default()),
        };
        Ok(Self { place, lifetime, most })
    }

    /// Writes one, and clears away those that are over.
    pub fn write(&self, name: &str, says: &[u8]) -> io::Result<()> {
        self.make_room(self.most)?;
        match &self.place {
            Place::Kept(folder) => folder.write(name, says),
            Place::Here(here) => {
                lock(here).insert(name.to_owned(), (Instant::now(), says.to_vec()));
                Ok(())
            }
        }
    }

    /// Returns whether one has neither ended nor grown too old.
    pub fn is_good(&self, name: &str) -> bool {
        self.age(name).is_some_and(|age| age < self.lifetime)
    }

    /// Returns what a good one says.
    pub fn read(&self, name: &str) -> io::Result<Option<Vec<u8>>> {
        if !self.is_good(name) {
            return Ok(None);
        }
        match &self.place {
            Place::Kept(folder) => folder.read(name),
            Place::Here(here) => Ok(lock(here).get(name).map(|(_, says)| says.clone())),
        }
    }

    /// Ends a good one and returns what it says, to whoever is first.
    pub fn take(&self, name: &str) -> io::Result<Option<Vec<u8>>> {
        let says = self.read(name)?;
        Ok(if self.remove(name)? { says } else { None })
    }

    /// Ends one, if it is there.
    pub fn end(&self, name: &str) -> io::Result<()> {
        self.remove(name).map(drop)
    }

    fn make_room(&self, most: usize) -> io::Result<()> {
        let mut ages: Vec<_> =
            self.names()?.into_iter().filter_map(|name| Some((self.age(&name)?, name))).collect();
        ages.sort_unstable();
        let over = |at: usize, age: Duration| at + 1 >= most || age >= self.lifetime;
        let over = ages.iter().enumerate().filter(|(at, (age, _))| over(*at, *age));
        over.map(|(_, (_, name))| name).try_for_each(|name| self.end(name))
    }

    fn names(&self) -> io::Result<Vec<String>> {
        match &self.place {
            Place::Kept(folder) => folder.names(),
            Place::Here(here) => Ok(lock(here).keys().cloned().collect()),
        }
    }

    /// None if there is no such slip.
    fn age(&self, name: &str) -> Option<Duration> {
        match &self.place {
            Place::Kept(folder) => folder.age(name).ok(),
            Place::Here(here) => lock(here).get(name).map(|(written, _)| written.elapsed()),
        }
    }

    /// Returns whether it was there: another instance may have been quicker.
    fn remove(&self, name: &str) -> io::Result<bool> {
        match &self.place {
            Place::Kept(folder) => match folder.remove(name) {
                Ok(()) => Ok(true),
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
                Err(error) => Err(error),
            },
            Place::Here(here) => Ok(lock(here).remove(name).is_some()),
        }
    }
}

fn lock<T>(here: &Mutex<T>) -> MutexGuard<'_, T> {
    here.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::time::SystemTime;

    use super::*;

    const HOUR: Duration = Duration::from_secs(60 * 60);

    fn check(slips: &Slips) {
        for name in ["a", "b", "c"] {
            slips.write(name, name.as_bytes()).unwrap();
        }
        assert!(["a", "b", "c"].iter().all(|name| slips.is_good(name)));
        slips.end("b").unwrap();
        slips.end("b").unwrap();
        assert_eq!(["a", "b", "c"].map(|name| slips.is_good(name)), [true, false, true]);
        assert!(!slips.is_good("d"));
        assert_eq!(slips.read("a").unwrap().unwrap(), b"a");
        assert_eq!(slips.take("a").unwrap().unwrap(), b"a");
        assert_eq!(slips.take("a").unwrap(), None);
        slips.write("a", b"").unwrap();
        slips.make_room(2).unwrap();
        assert_eq!(slips.names().unwrap().len(), 1, "there is no room for one more");
    }

    #[test]
    fn a_slip_is_good_until_it_ends_and_there_are_never_too_many() {
        let data = tempfile::tempdir().unwrap();
        check(&Slips::of(None, "slips", HOUR, 100).unwrap());
        check(&Slips::of(Some(&Folder::open(data.path()).unwrap()), "slips", HOUR, 100).unwrap());
    }

    #[test]
    fn an_old_slip_is_over_and_cleared_away() {
        let data = tempfile::tempdir().unwrap();
        let slips = Slips::of(Some(&Folder::open(data.path()).unwrap()), "slips", HOUR, 100).unwrap();
        slips.write("old", b"x").unwrap();
        let file = File::options().write(true).open(data.path().join("slips/old")).unwrap();
        file.set_modified(SystemTime::now() - HOUR).unwrap();
        assert!(!slips.is_good("old"));
        assert_eq!(slips.read("old").unwrap(), None);
        slips.write("new", b"").unwrap();
        assert_eq!(slips.names().unwrap(), ["new"]);
    }
}
