//! What was measured: a line to read, and a line of JSON for the report.

use std::fs::OpenOptions;
use std::io::{self, Write};

use serde::{Deserialize, Serialize};

use crate::report::shown;

/// The file that figures are added to, if there is one.
const FILE: &str = "BENCH_FIGURES";

/// Set where a tenth of the work is enough.
const QUICK: &str = "BENCH_QUICK";

/// One number. Less is better, whatever it counts.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Figure {
    /// What it belongs to, by the name of one of the report's groups.
    pub group: String,
    /// What was done.
    pub case: String,
    /// How many of what the group grows by.
    pub size: u64,
    /// How much of the unit it cost.
    pub value: f64,
    /// Such as `ms`.
    pub unit: String,
    /// Who did it.
    pub by: By,
    /// What else there is to say.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

/// Who did what was measured.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum By {
    /// This project.
    Here,
    /// The least that it could be: what everybody has to do for it, and nothing else.
    Floor(String),
    /// Others who do it.
    Peer(String),
}

/// Why there is no figure.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct NotRun {
    /// What it would have belonged to.
    pub group: String,
    /// A peer, or this project if that was not measured either.
    pub not_run: By,
    /// The reason.
    pub why: String,
}

/// A line of the file.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Line {
    /// Something was measured.
    Figure(Figure),
    /// Something was not.
    NotRun(NotRun),
}

/// Something that is measured, by whoever does it.
pub struct Case<'a> {
    /// As [`Figure::group`].
    pub group: &'a str,
    /// As [`Figure::case`].
    pub name: &'a str,
    /// As [`Figure::size`].
    pub size: usize,
    /// As [`Figure::unit`].
    pub unit: &'a str,
}

impl Case<'_> {
    /// Tells what it cost here.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn here(&self, value: f64) -> io::Result<()> {
        self.here_with(value, "")
    }

    /// Does the same, and says something beside it.
    ///
    /// # Errors
    /// As [`here`](Self::here).
    pub fn here_with(&self, value: f64, note: &str) -> io::Result<()> {
        self.tell(By::Here, value, note)
    }

    /// Tells what it costs to do nothing but this.
    ///
    /// # Errors
    /// As [`here`](Self::here).
    pub fn floor(&self, what: &str, value: f64) -> io::Result<()> {
        self.tell(By::Floor(what.to_owned()), value, "")
    }

    /// Tells what it costs somebody else.
    ///
    /// # Errors
    /// As [`here`](Self::here).
    pub fn peer(&self, name: &str, value: f64) -> io::Result<()> {
        self.tell(By::Peer(name.to_owned()), value, "")
    }

    fn tell(&self, by: By, value: f64, note: &str) -> io::Result<()> {
        let Self { group, name, size, unit } = *self;
        let who = match &by {
            By::Here => "here",
            By::Floor(who) | By::Peer(who) => who,
        };
        println!("{group:10} {name:44} {size:>9} {who:34} {:>12}   {note}", shown(value, unit));
        let size = size.try_into().unwrap_or(u64::MAX);
        let (group, case) = (group.to_owned(), name.to_owned());
        add(&Line::Figure(Figure {
            group,
            case,
            size,
            value,
            unit: unit.to_owned(),
            by,
            note: note.to_owned(),
        }))
    }
}

/// Says why a peer, or all of a group, was not measured.
///
/// # Errors
/// If the file cannot be written.
pub fn not_run(group: &str, who: By, why: &str) -> io::Result<()> {
    println!("{group:10} {who:?} was not run: {why}");
    add(&Line::NotRun(NotRun { group: group.to_owned(), not_run: who, why: why.to_owned() }))
}

/// Returns whether a tenth of the work is enough.
pub fn is_quick() -> bool {
    std::env::var_os(QUICK).is_some()
}

fn add(line: &Line) -> io::Result<()> {
    let Some(file) = std::env::var_os(FILE) else { return Ok(()) };
    let mut file = OpenOptions::new().create(true).append(true).open(file)?;
    writeln!(file, "{}", serde_json::to_string(line)?)
}
