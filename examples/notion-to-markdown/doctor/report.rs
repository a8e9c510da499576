//! What is said of a workspace: numbers, and the names that Notion and this project give to things.

use std::collections::BTreeMap;
use std::fmt;

use notion_import_core::notion::{Meaning, NOTION_VERSION};
use notion_import_core::{Error, Fidelity};
use serde::Serialize;

use super::survey::Survey;

/// How often, by name.
type Counts = BTreeMap<String, u64>;

/// A report that may be shown to anybody.
#[derive(Serialize, Default)]
pub struct Report {
    /// This program's version.
    version: &'static str,
    /// The version of Notion's API that is asked for.
    notion_version: &'static str,
    /// Whose token it is, and what it may.
    token: Token,
    /// What search shows, by kind.
    shared: Counts,
    /// Why that is not all, if Notion says so.
    shared_cut_short: Option<&'static str>,
    /// What was read, by kind, and what could not be, by code.
    read: Counts,
    failed: Counts,
    /// The requests, by what they ask for, and those that failed, by code.
    requests: Counts,
    refused: Counts,
    longest_wait_seconds: u64,
    slowest_milliseconds: u64,
    /// What Markdown does not say of it: documents by kind of loss, with how often in all.
    losses: Counts,
    /// Types that were met and are known.
    block_types: Counts,
    property_types: Counts,
    /// What this release does not know.
    unknown: Vec<Unknown>,
}

#[derive(Serialize, Default)]
struct Token {
    /// `bot` or `person`.
    kind: Option<String>,
    /// `workspace` or `user`, of a bot.
    owner: Option<String>,
    /// Whether it may read content; unknown if that was not tried.
    reads_content: Option<bool>,
    /// Whether more than the ids of people was seen. Where there are no people nobody knows.
    sees_people: Option<bool>,
}

#[derive(Serialize)]
struct Unknown {
    /// Where it stands.
    place: String,
    /// What it is called; none where that does not look like a name of Notion's.
    name: Option<String>,
    /// `name` or `field`.
    what: &'static str,
    count: u64,
}

impl Report {
    /// One was listed.
    pub fn shared(&mut self, kind: &str) {
        add(&mut self.shared, kind, 1);
    }

    /// Notion shows less than there is.
    pub fn cut_short(&mut self, error: &Error) {
        self.shared_cut_short = Some(error.code());
    }

    /// One was read.
    pub fn read(&mut self, kind: &str, fidelity: &Fidelity) {
        add(&mut self.read, kind, 1);
        for loss in fidelity.losses() {
            add(&mut self.losses, &name(&loss.kind), loss.count);
        }
        if let Fidelity::Truncated { truncations, .. } = fidelity {
            for truncation in truncations {
                add(&mut self.losses, &name(&truncation.kind), truncation.count);
            }
        }
    }

    /// One could not be read.
    pub fn failed(&mut self, code: &str) {
        add(&mut self.failed, code, 1);
    }

    /// How many could not be read.
    pub fn failures(&self) -> u64 {
        self.failed.values().sum()
    }

    /// Takes over what was counted.
    pub fn take(&mut self, survey: &Survey) {
        let counts = survey.counts();
        (self.version, self.notion_version) = (env!("CARGO_PKG_VERSION"), NOTION_VERSION);
        self.requests = counts.requests.iter().map(|(route, count)| ((*route).to_owned(), *count)).collect();
        self.refused = counts.failures.iter().map(|(code, count)| ((*code).to_owned(), *count)).collect();
        self.longest_wait_seconds = counts.longest_wait.as_secs();
        self.slowest_milliseconds = u64::try_from(counts.slowest.as_millis()).unwrap_or(u64::MAX);
        self.token.reads_content =
            match (self.shared.is_empty(), self.refused.contains_key("restricted_resource")) {
                (false, _) => Some(true),
                (true, true) => Some(false),
                (true, false) => None,
            };
        let mut unknown: BTreeMap<_, u64> = BTreeMap::new();
        for ((route, word), count) in &counts.words {
            match (word.meaning, &word.name) {
                (Meaning::Known, Some(name)) => self.known(route, &word.place, name, *count),
                (Meaning::Known, None) => {}
                (Meaning::NewName | Meaning::NewField, _) => *unknown.entry(word).or_default() += count,
            }
        }
        self.unknown = unknown
            .into_iter()
            .map(|(word, count)| {
                let what = if word.meaning == Meaning::NewField { "field" } else { "name" };
                Unknown { place: word.place.clone(), name: word.name.clone(), what, count }
            })
            .collect();
    }

    fn known(&mut self, route: &str, place: &str, name: &str, count: u64) {
        match (route, place) {
            ("users/me", "user.type") => self.token.kind = Some(name.to_owned()),
            ("users/me", "user.bot.owner.type") => self.token.owner = Some(name.to_owned()),
            ("users/me", _) => {}
            (_, "user.type") => self.token.sees_people = Some(true),
            (_, "block.type") => add(&mut self.block_types, name, count),
            (_, "page.properties.*.type") => add(&mut self.property_types, name, count),
            _ => {}
        }
    }

    /// The report for programs.
    pub fn json(&self) -> String {
        // Of numbers and names, which can always be written.
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Token { kind, owner, reads_content, sees_people } = &self.token;
        let or_unknown = |said: &Option<String>| said.clone().unwrap_or_else(|| "unknown".to_owned());
        let yes = |said: &Option<bool>| said.map_or("not seen", |said| if said { "yes" } else { "no" });
        writeln!(f, "notion-to-markdown {}, Notion API {}", self.version, self.notion_version)?;
        writeln!(f, "\ntoken: {}, owned by: {}", or_unknown(kind), or_unknown(owner))?;
        writeln!(f, "reads content: {}, sees people: {}", yes(reads_content), yes(sees_people))?;
        section(f, "shared, as search shows it", &self.shared)?;
        if let Some(code) = self.shared_cut_short {
            writeln!(f, "  and more: {code}")?;
        }
        section(f, "read", &self.read)?;
        section(f, "could not be read", &self.failed)?;
        section(f, "requests", &self.requests)?;
        section(f, "requests that failed", &self.refused)?;
        writeln!(f, "\nlongest wait asked for: {} s", self.longest_wait_seconds)?;
        writeln!(f, "slowest answer: {} ms", self.slowest_milliseconds)?;
        section(f, "not said by the Markdown", &self.losses)?;
        section(f, "types of blocks", &self.block_types)?;
        section(f, "types of properties", &self.property_types)?;
        writeln!(f, "\nnot known to this release:")?;
        for Unknown { place, name, what, count } in &self.unknown {
            let name = name.as_deref().unwrap_or("(not printed)");
            writeln!(f, "  {count:>6}  {what} {name} in {place}")?;
        }
        if self.unknown.is_empty() {
            writeln!(f, "  nothing")?;
        }
        writeln!(f, "\nNo title, text, name, id or address of the workspace is in this report.")
    }
}

fn section(f: &mut fmt::Formatter<'_>, title: &str, counts: &Counts) -> fmt::Result {
    if counts.is_empty() {
        return Ok(());
    }
    writeln!(f, "\n{title}:")?;
    counts.iter().try_for_each(|(name, count)| writeln!(f, "  {count:>6}  {name}"))
}

fn add(counts: &mut Counts, name: &str, count: u64) {
    *counts.entry(name.to_owned()).or_default() += count;
}

/// The name of a kind, as it is written elsewhere.
fn name(kind: &impl Serialize) -> String {
    let name = serde_json::to_value(kind).ok();
    name.and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default()
}
