//! What an earlier run has done: one line of JSON a page, written as it goes, so that any end leaves it usable.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use notion_import_core::NotionId;
use serde::{Deserialize, Serialize};

use crate::Output;
use crate::folder::{Folder, replace};

/// What the pages were written under. Under other terms all of them are written anew.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Terms {
    /// The program's version.
    pub version: String,
    /// Whether they have front matter.
    pub front_matter: bool,
    /// Whether they have the transcripts of meetings.
    #[serde(default)]
    pub transcripts: bool,
    /// Whether the databases inside of them are links alone.
    #[serde(default)]
    pub link_databases: bool,
}

impl Terms {
    /// The terms of this run.
    pub fn new(output: Output) -> Self {
        // Tables, and pages with rows in them, are written anew by every run.
        let Output { front_matter, report: _, transcripts, completeness: _, all_columns: _, link_databases } =
            output;
        Self { version: env!("CARGO_PKG_VERSION").to_owned(), front_matter, transcripts, link_databases }
    }
}

/// A page that is in its place, and where it led.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Done {
    /// Which page.
    pub id: NotionId,
    /// Its last edit when it was read.
    pub edited: DateTime<Utc>,
    /// Since then nobody has asked Notion about it.
    pub checked_at: DateTime<Utc>,
    /// The names of its files.
    pub files: Vec<String>,
    /// The pages in it.
    pub pages: Vec<NotionId>,
    /// The databases in it.
    pub databases: Vec<NotionId>,
    /// The tables of databases in it.
    pub tables: Vec<NotionId>,
}

/// The pages that are done.
pub struct Record {
    path: PathBuf,
    file: File,
    terms: Terms,
    done: BTreeMap<NotionId, Done>,
}

impl Record {
    /// Goes on where an earlier run stopped, if that ran under the same terms.
    pub fn open(path: PathBuf, terms: Terms) -> io::Result<Self> {
        let done = match fs::read(&path) {
            Ok(bytes) => read(&bytes, &terms),
            Err(error) if error.kind() == io::ErrorKind::NotFound => BTreeMap::new(),
            Err(error) => return Err(error),
        };
        Self::begin(path, terms, done)
    }

    /// Forgets what an earlier run has done.
    pub fn anew(path: PathBuf, terms: Terms) -> io::Result<Self> {
        Self::begin(path, terms, BTreeMap::new())
    }

    fn begin(path: PathBuf, terms: Terms, done: BTreeMap<NotionId, Done>) -> io::Result<Self> {
        // Rewritten, because an earlier run may have ended within a line.
        write(&path, &terms, &done)?;
        let file = OpenOptions::new().append(true).open(&path)?;
        Ok(Self { path, file, terms, done })
    }

    /// What is known of a page that is still in its place, with all its files.
    pub fn get(&self, id: NotionId, folder: &Folder) -> Option<&Done> {
        let done = self.done.get(&id)?;
        let files = folder.files(id);
        let is_whole =
            folder.markdown(id).is_file() && done.files.iter().all(|name| files.join(name).is_file());
        is_whole.then_some(done)
    }

    /// Notes that a page in its place had not changed by then, and returns where it leads.
    pub fn check(&mut self, id: NotionId, checked_at: DateTime<Utc>) -> io::Result<Option<Done>> {
        let Some(done) = self.done.get(&id) else { return Ok(None) };
        let done = Done { checked_at: checked_at.max(done.checked_at), ..done.clone() };
        self.add(done.clone())?;
        Ok(Some(done))
    }

    /// Notes that a page is in its place.
    pub fn add(&mut self, done: Done) -> io::Result<()> {
        self.file.write_all(line(&done)?.as_bytes())?;
        self.done.insert(done.id, done);
        Ok(())
    }

    /// Brings the notes in order, the same whatever the order of the work.
    pub fn close(self) -> io::Result<()> {
        write(&self.path, &self.terms, &self.done)
    }
}

/// Lines that are not understood are pages not done.
fn read(bytes: &[u8], terms: &Terms) -> BTreeMap<NotionId, Done> {
    let mut lines = bytes.split(|byte| *byte == b'\n');
    let known: Option<Terms> = lines.next().and_then(|line| serde_json::from_slice(line).ok());
    if known.as_ref() != Some(terms) {
        return BTreeMap::new();
    }
    let done = lines.filter_map(|line| serde_json::from_slice::<Done>(line).ok());
    done.map(|done| (done.id, done)).collect()
}

fn write(path: &Path, terms: &Terms, done: &BTreeMap<NotionId, Done>) -> io::Result<()> {
    let mut text = line(terms)?;
    for done in done.values() {
        text.push_str(&line(done)?);
    }
    replace(path, &path.with_extension("new"), text.as_bytes())
}

fn line(value: &impl Serialize) -> io::Result<String> {
    Ok(serde_json::to_string(value)? + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_broke_off_and_other_terms_are_pages_not_done() {
        let plain = Output {
            front_matter: false,
            report: false,
            transcripts: false,
            completeness: false,
            all_columns: false,
            link_databases: false,
        };
        let terms = Terms::new(plain);
        let done = Done {
            id: "35261e8ce0a380c89f000123456789ab".parse().unwrap(),
            edited: "2026-11-22T08:00:00Z".parse().unwrap(),
            checked_at: "2026-11-22T09:00:00Z".parse().unwrap(),
            files: vec!["a.pdf".to_owned()],
            pages: vec![],
            databases: vec![],
            tables: vec![],
        };
        let text = line(&terms).unwrap() + &line(&done).unwrap();
        let check = |text: &str, terms: &Terms, expected: usize| {
            assert_eq!(read(text.as_bytes(), terms).len(), expected, "{text}");
        };
        check(&text, &terms, 1);
        check(&text, &Terms::new(Output { report: true, ..plain }), 1);
        check(&text, &Terms::new(Output { front_matter: true, ..plain }), 0);
        check(&text, &Terms::new(Output { transcripts: true, ..plain }), 0);
        check(&text, &Terms::new(Output { link_databases: true, ..plain }), 0);
        check(&text[..text.len() - 10], &terms, 0);
        check(&format!("{text}{{\"id\":"), &terms, 1);
        check("", &terms, 0);
    }
}
