//! The folder pages are written into. A name in it leads to something whole, whenever the program ends.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use notion_import_core::NotionId;
use notion_import_core::markdown::relink;
use notion_import_core::notion::link::recognise;

use crate::document::Document;
use crate::failure::Failure;
use crate::spool::Spool;

/// Our own folder in it.
const OWN: &str = ".notion-to-markdown";

/// A folder that nobody else writes into meanwhile.
pub struct Folder {
    root: PathBuf,
    own: PathBuf,
    _lock: File,
}

impl Folder {
    /// Makes the folder if need be, and sweeps what an earlier run left unfinished.
    pub fn open(root: &Path) -> Result<Self, Failure> {
        let own = root.join(OWN);
        let failed = |source| Failure::Folder { path: root.to_owned(), source };
        fs::create_dir_all(&own).map_err(failed)?;
        let lock = File::create(own.join("lock")).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(Failure::Locked(root.to_owned())),
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        let folder = Self { root: root.to_owned(), own, _lock: lock };
        remove_folder(&folder.spools()).map_err(failed)?;
        Ok(folder)
    }

    /// Where the record of what is done is kept.
    pub fn record(&self) -> PathBuf {
        self.own.join("pages.jsonl")
    }

    /// Where a page's Markdown is.
    pub fn markdown(&self, id: NotionId) -> PathBuf {
        self.root.join(format!("{id}.md"))
    }

    /// Where a page's files are.
    pub fn files(&self, id: NotionId) -> PathBuf {
        self.root.join(id.to_string())
    }

    /// Makes room for the files of a page that is about to be read.
    pub fn spool(&self, id: NotionId) -> io::Result<Spool> {
        Spool::new(self.spools().join(id.to_string()))
    }

    /// Puts a page and its files in place: each whole, the Markdown last, for it links the files.
    pub fn keep(&self, document: &Document, spool: &Spool) -> Result<(), Failure> {
        let path = self.markdown(document.id);
        self.place(document, spool, &path).map_err(|source| Failure::Folder { path, source })
    }

    fn place(&self, document: &Document, spool: &Spool, path: &Path) -> io::Result<()> {
        let files = self.files(document.id);
        let named = spool.folder().join("named");
        fs::create_dir(&named)?;
        for (blob, name) in &document.files {
            fs::rename(spool.path(blob), named.join(name))?;
        }
        remove_folder(&files)?;
        if !document.files.is_empty() {
            fs::rename(&named, &files)?;
        }
        replace(path, &spool.folder().join("page.md"), document.markdown.as_bytes())
    }

    /// Makes links between pages that are here lead from one to the other, and those to a database to its table. Done again, it
    /// changes nothing.
    pub fn link_pages(&self, tables: &BTreeMap<NotionId, NotionId>) -> Result<(), Failure> {
        self.link_each(tables).map_err(|source| Failure::Folder { path: self.root.clone(), source })
    }

    fn link_each(&self, tables: &BTreeMap<NotionId, NotionId>) -> io::Result<()> {
        let pages = self.pages()?;
        let beside = self.own.join("page.md");
        for id in &pages {
            let path = self.markdown(*id);
            let old = fs::read_to_string(&path)?;
            let new = relink(&old, |address| {
                let id = recognise(address)?.id;
                let id = tables.get(&id).copied().unwrap_or(id);
                pages.contains(&id).then(|| format!("{id}.md"))
            });
            if new != old {
                replace(&path, &beside, new.as_bytes())?;
            }
        }
        Ok(())
    }

    /// Every page that is here.
    fn pages(&self) -> io::Result<BTreeSet<NotionId>> {
        let mut pages = BTreeSet::new();
        for entry in fs::read_dir(&self.root)? {
            let name = entry?.file_name();
            let id = name.to_str().and_then(|name| name.strip_suffix(".md")?.parse::<NotionId>().ok());
            // A file of another's may have an id for a name, spelled otherwise.
            pages.extend(id.filter(|id| name == *format!("{id}.md")));
        }
        Ok(pages)
    }

    fn spools(&self) -> PathBuf {
        self.own.join("spool")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What stays is swept by the next run.
        let _ = remove_folder(&self.spools());
    }
}

/// Gives a file new content at once: a reader sees the old or the new, never a part.
pub fn replace(path: &Path, beside: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(beside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(beside, path)
}

fn remove_folder(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
