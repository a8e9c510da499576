//! What a person has to have seen, and to say so, before more people read something.

use std::collections::BTreeSet;

use notion_import_core::review::{Edition, Finding, LeakKind, Leaks};
use notion_import_core::{AccessLevel, AdminDocument, DocumentFilter, DocumentId, Version};

use super::documents::every;
use crate::app::App;
use crate::fields::Fields;
use crate::problem::Problem;
use crate::session::Staff;
use crate::words;

/// How many places of one kind a page shows.
const PLACES: usize = 20;

/// What is found in a version, and what is to be ticked about it.
pub struct Care {
    pub findings: Vec<Findings>,
    /// What stands beside the box to tick; none if nothing has to be.
    pub tick: Option<String>,
    /// What the ticked box says: which findings, at which level.
    pub value: String,
    /// Whether readers are let in who are not now, which takes a reason.
    pub opens: bool,
}

/// All of one kind.
pub struct Findings {
    pub words: String,
    pub is_secret: bool,
    pub places: Vec<ShownPlace>,
    pub more: usize,
}

pub struct ShownPlace {
    pub place: String,
    pub before: String,
    pub found: String,
    pub after: String,
}

impl Care {
    /// Says what is to be ticked before these findings are shown at this level, to readers who are let in anew or not.
    pub fn of(leaks: &Leaks, to: AccessLevel, opens: bool) -> Self {
        let is_shown = to != AccessLevel::Internal;
        let tick = (is_shown && (opens || !leaks.is_empty())).then(|| tick(leaks, to, opens));
        let value = format!("{to} {}", leaks.digest());
        let found = |(kind, count)| Findings::of(kind, count, leaks);
        Self { findings: leaks.counts().into_iter().map(found).collect(), tick, value, opens }
    }

    /// Fails unless a form says all that is to be said.
    pub fn check(&self, fields: &Fields) -> Result<(), String> {
        if self.opens && !fields.is_on("reason") {
            return Err("Say why the document opens further. The reason is kept in its history.".to_owned());
        }
        match &self.tick {
            Some(tick) if fields.text("seen") != self.value => Err(format!("Tick this first: {tick}")),
            Some(_) | None => Ok(()),
        }
    }
}

fn tick(leaks: &Leaks, to: AccessLevel, opens: bool) -> String {
    let found = leaks.counts().into_iter().map(|(kind, count)| counted(kind, count)).collect::<Vec<_>>();
    let sum: u64 = leaks.counts().into_iter().map(|(_, count)| count).sum();
    let seen = match sum {
        0 => "I have seen what readers get".to_owned(),
        1 => format!("I have seen the 1 finding and it may be read: {}", found.join(", ")),
        _ => format!("I have seen the {sum} findings and they may be read: {}", found.join(", ")),
    };
    match to {
        AccessLevel::Public if opens => {
            format!("{seen}. Everybody on the internet may read it, search engines included.")
        }
        AccessLevel::Internal | AccessLevel::RequiresNda | AccessLevel::Restricted | AccessLevel::Public => {
            format!("{seen}.")
        }
    }
}

fn counted(kind: LeakKind, count: u64) -> String {
    let (one, several) = kind.description();
    format!("{count} {}", if count == 1 { one } else { several })
}

impl Findings {
    fn of(kind: LeakKind, count: u64, leaks: &Leaks) -> Self {
        let of_kind = leaks.findings.iter().filter(|finding| finding.kind == kind);
        let places: Vec<_> = of_kind.filter_map(shown).collect();
        let more = places.len().saturating_sub(PLACES);
        let is_secret = kind == LeakKind::Secret;
        Self {
            words: counted(kind, count),
            is_secret,
            places: places.into_iter().take(PLACES).collect(),
            more,
        }
    }
}

fn shown(finding: &Finding) -> Option<ShownPlace> {
    let place = finding.place.as_ref()?;
    let named = if place.block == 0 { "Title".to_owned() } else { format!("Block {}", place.block) };
    Some(ShownPlace {
        place: named,
        before: place.before.clone(),
        found: place.found.clone(),
        after: place.after.clone(),
    })
}

/// The titles of documents that nobody outside knows of, but of this one.
pub async fn internal_titles(
    app: &App,
    staff: &Staff,
    own: Option<DocumentId>,
) -> Result<Vec<String>, Problem> {
    let mut secret = every(app, &staff.actor, &DocumentFilter::default(), usize::MAX).await?;
    secret.retain(|known| Some(known.document.id) != own && !is_known_outside(known));
    let titles = secret.into_iter().flat_map(|AdminDocument { document, .. }| {
        [Some(document.title.text), document.link.map(|link| link.source.title)]
    });
    Ok(titles.flatten().collect::<BTreeSet<_>>().into_iter().collect())
}

fn is_known_outside(known: &AdminDocument) -> bool {
    known.facts.level != AccessLevel::Internal && known.facts.publication.version().is_some()
}

/// What a version under a title gives away.
pub fn leaks(title: &str, version: &Version, internal: &[String]) -> Leaks {
    let titles: Vec<&str> = internal.iter().map(String::as_str).collect();
    Leaks::of(Edition { title, version }, &titles)
}

/// The levels to choose from, the one that is chosen among them.
pub fn levels(chosen: AccessLevel) -> Vec<(AccessLevel, &'static str, bool)> {
    AccessLevel::ALL.into_iter().map(|level| (level, words::level(level), level == chosen)).collect()
}
