//! What a document gives away, to be looked at before more people read it.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::ops::Range;

use serde::Serialize;

use super::Edition;
use super::blocks::{Block, BlockKind, blocks};
use super::hosts::{hosts, mail_addresses};
use super::secrets::secrets;
use super::spots::{Spot, ahead};
use super::words::tokens;
use crate::library::blob::BlobId;
use crate::library::fidelity::LossKind;

/// How many characters are shown on either side of what was found.
const AROUND: usize = 40;

/// Shorter titles of one word are words that any text may use.
const SHORTEST_TITLE: usize = 12;

/// What a document may give away.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LeakKind {
    /// A secret: a key, a token or a password. What is shown of it is masked.
    Secret,
    /// A mail address of a person.
    MailAddress,
    /// A person that Notion mentions.
    Person,
    /// A name that only an internal network resolves.
    InternalHost,
    /// An IP address of a private network.
    PrivateAddress,
    /// The title of another document that is internal.
    InternalTitle,
    /// A toggle, folded in Notion, whose content readers see at once.
    Toggle,
    /// A link to a comment, left out.
    Comment,
    /// A transcript of a meeting, word by word.
    Transcript,
    /// A column or a table with rows that a view in Notion may hide.
    HiddenRows,
}

impl LeakKind {
    /// Every kind, the worst first.
    pub const ALL: [Self; 10] = [
        Self::Secret,
        Self::MailAddress,
        Self::Person,
        Self::InternalHost,
        Self::PrivateAddress,
        Self::InternalTitle,
        Self::Toggle,
        Self::Comment,
        Self::Transcript,
        Self::HiddenRows,
    ];

    /// What it is, in a few words for people: of one, and of several.
    pub const fn description(self) -> (&'static str, &'static str) {
        match self {
            Self::Secret => ("secret", "secrets"),
            Self::MailAddress => ("mail address", "mail addresses"),
            Self::Person => ("person by name", "people by name"),
            Self::InternalHost => ("internal host", "internal hosts"),
            Self::PrivateAddress => ("private IP address", "private IP addresses"),
            Self::InternalTitle => ("title of an internal document", "titles of internal documents"),
            Self::Toggle => ("toggle that Notion folds", "toggles that Notion folds"),
            Self::Comment => ("link to a comment", "links to comments"),
            Self::Transcript => ("transcript of a meeting", "transcripts of meetings"),
            Self::HiddenRows => {
                ("table that a view may hide parts of", "tables that a view may hide parts of")
            }
        }
    }
}

/// Something that a document gives away. Its text is never in its `Debug`.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What it is.
    pub kind: LeakKind,
    /// How often; more than one only where there is no place.
    pub count: u64,
    /// Where it stands; none where the report of the conversion says it, which keeps no words.
    pub place: Option<Place>,
    /// What tells it from others, a masked secret too.
    #[serde(skip)]
    digest: BlobId,
}

/// Where something stands, and the words around it, in which secrets are masked.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Place {
    /// The number of the block among those of the text, counted from 1; 0 for the title.
    pub block: usize,
    /// What stands before it.
    pub before: String,
    /// What was found.
    pub found: String,
    /// What stands behind it.
    pub after: String,
}

impl fmt::Debug for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let block = self.place.as_ref().map(|place| place.block);
        write!(f, "{:?} x{} in block {block:?}", self.kind, self.count)
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "block {}", self.block)
    }
}

/// What a document gives away, in the order of its text, and then what has no place.
///
/// What is looked for is what seldom stands there by intention: addresses of roles (`security@`, `privacy@`, ..), of reserved
/// domains (`example.com`) and the names of whole private networks (`10.0.0.0/8`) are none. A text without findings may give
/// something away all the same: what is in a file is not looked at.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Leaks {
    /// What was found.
    pub findings: Vec<Finding>,
}

impl Leaks {
    /// Looks through an edition, in linear time. `internal` are the titles of other documents that its readers do not know of; a title
    /// of one short word is not looked for.
    pub fn of(edition: Edition<'_>, internal: &[&str]) -> Self {
        let version = edition.version;
        let title = Block { kind: BlockKind::Paragraph, text: edition.title.to_owned() };
        let titles = Titles::new(internal, edition.title);
        let has_people = version.exposure.people > 0;
        let mut findings = Vec::new();
        for (number, block) in [title].iter().chain(&blocks(edition.markdown())).enumerate() {
            findings.extend(in_block(number, block, &titles, has_people));
        }
        let losses = version.fidelity.losses().iter();
        let toggles = losses.filter(|loss| loss.kind == LossKind::Toggle).map(|loss| loss.count).sum();
        let seen = findings.iter().filter(|finding| finding.kind == LeakKind::Person).count() as u64;
        let exposure = version.exposure;
        for (kind, count) in [
            (LeakKind::Person, exposure.people.saturating_sub(seen)),
            (LeakKind::Toggle, toggles),
            (LeakKind::Comment, exposure.comments),
            (LeakKind::Transcript, exposure.transcripts),
            (LeakKind::HiddenRows, exposure.unsaid_columns + exposure.unfiltered_tables),
        ] {
            if count > 0 {
                findings.push(Finding { kind, count, place: None, digest: BlobId::of(b"") });
            }
        }
        Self { findings }
    }

    /// Returns what another edition does not give away already.
    #[must_use]
    pub fn beyond(&self, other: &Self) -> Self {
        let known = |finding: &Finding| {
            let same = |known: &&Finding| known.kind == finding.kind && known.digest == finding.digest;
            other.findings.iter().filter(same).map(|known| known.count).sum::<u64>()
        };
        let left = |finding: &Finding| match &finding.place {
            Some(_) => u64::from(known(finding) == 0),
            None => finding.count.saturating_sub(known(finding)),
        };
        let more = self.findings.iter().map(|finding| Finding { count: left(finding), ..finding.clone() });
        Self { findings: more.filter(|finding| finding.count > 0).collect() }
    }

    /// Returns whether nothing was found.
    pub const fn is_empty(&self) -> bool {
        self.findings.is_empty()
    }

    /// Returns how many there are of each kind that was found.
    pub fn counts(&self) -> Vec<(LeakKind, u64)> {
        let of = |kind| self.findings.iter().filter(|f| f.kind == kind).map(|f| f.count).sum();
        let all = LeakKind::ALL.into_iter().map(|kind| (kind, of(kind)));
        all.filter(|(_, count)| *count > 0).collect()
    }

    /// Returns what tells these findings from others: whoever acknowledges them names it, so that nothing is acknowledged which was
    /// not shown.
    pub fn digest(&self) -> BlobId {
        let said = |finding: &Finding| {
            let block = finding.place.as_ref().map_or(0, |place| place.block);
            format!("{:?} {} {block} {}\n", finding.kind, finding.count, finding.digest)
        };
        BlobId::of(self.findings.iter().map(said).collect::<String>().as_bytes())
    }
}

fn in_block(number: usize, block: &Block, titles: &Titles, has_people: bool) -> Vec<Finding> {
    let text = &block.text;
    let mut spots = secrets(text);
    spots.extend(mail_addresses(text));
    spots.extend(hosts(text, matches!(block.kind, BlockKind::Heading(_))));
    spots.extend(titles.spots(text));
    if has_people && block.kind != BlockKind::Code {
        spots.extend(people(text));
    }
    // Of two that overlap the first stands, and a secret before all others: what is masked is masked wherever it stands.
    spots.sort_by_key(|spot| (spot.kind, spot.range.start));
    let mut kept: BTreeMap<usize, Spot> = BTreeMap::new();
    for spot in spots {
        let before = kept.range(..spot.range.end).next_back();
        if before.is_none_or(|(_, known)| known.range.end <= spot.range.start) {
            kept.insert(spot.range.start, spot);
        }
    }
    findings(number, text, kept.into_values())
}

/// What is found in a block: the words around it are those of the text with its secrets masked.
fn findings(number: usize, text: &str, spots: impl Iterator<Item = Spot>) -> Vec<Finding> {
    let (mut masked, mut from, mut found) = (String::with_capacity(text.len()), 0, Vec::new());
    for spot in spots {
        masked.push_str(&text[from..spot.range.start]);
        let begin = masked.len();
        let raw = &text[spot.range.clone()];
        masked.push_str(spot.mask.as_deref().unwrap_or(raw));
        found.push((spot.kind, begin..masked.len(), BlobId::of(raw.as_bytes())));
        from = spot.range.end;
    }
    masked.push_str(&text[from..]);
    let finding = |(kind, at, digest): (LeakKind, Range<usize>, BlobId)| {
        let after = masked[at.end..].chars().take(AROUND).collect();
        let begin =
            masked[..at.start].char_indices().rev().take(AROUND).last().map_or(at.start, |(at, _)| at);
        let before = masked[begin..at.start].to_owned();
        let place = Place { block: number, before, found: masked[at].to_owned(), after };
        Finding { kind, count: 1, place: Some(place), digest }
    };
    found.into_iter().map(finding).collect()
}

/// `@Ada Lindqvist`: as Notion writes whom it mentions.
fn people(text: &str) -> Vec<Spot> {
    let mut spots = Vec::new();
    for (at, _) in text.match_indices('@') {
        let is_inside = text[..at].chars().next_back().is_some_and(|c| c.is_alphanumeric() || c == '.');
        if is_inside || !text[at + 1..].starts_with(char::is_uppercase) {
            continue;
        }
        let is_name = |word: &str| word.chars().next().is_some_and(char::is_uppercase);
        let mut end = at + 1;
        for word in ahead(text, at + 1).split(' ').take(3) {
            let name = word.trim_end_matches(|c: char| !c.is_alphanumeric());
            if !is_name(name) {
                break;
            }
            end = end.max(name.as_ptr() as usize - text.as_ptr() as usize + name.len());
            if name.len() < word.len() {
                break;
            }
        }
        if end > at + 1 {
            spots.push(Spot::new(at..end, LeakKind::Person));
        }
    }
    spots
}

/// The titles to look for, by their first word.
struct Titles(HashMap<String, Vec<Vec<String>>>);

impl Titles {
    fn new(internal: &[&str], own: &str) -> Self {
        let mut by_first = HashMap::<String, Vec<Vec<String>>>::new();
        let own = lower(own);
        for title in internal {
            let words = lower(title);
            let is_telling = words.len() > 1 || title.trim().chars().count() >= SHORTEST_TITLE;
            if let Some(first) = words.first().filter(|_| is_telling && words != own) {
                by_first.entry(first.clone()).or_default().push(words);
            }
        }
        Self(by_first)
    }

    fn spots(&self, text: &str) -> Vec<Spot> {
        let mut spots = Vec::new();
        if self.0.is_empty() {
            return spots;
        }
        let mut at = 0;
        let mut words = Vec::new();
        for token in tokens(text) {
            if token.chars().any(char::is_alphanumeric) {
                words.push((at..at + token.len(), token.to_lowercase()));
            }
            at += token.len();
        }
        for (n, (range, word)) in words.iter().enumerate() {
            for title in self.0.get(word).into_iter().flatten() {
                let here = words[n..].iter().map(|(_, word)| word);
                if let Some((last, _)) = words.get(n + title.len() - 1)
                    && here.take(title.len()).eq(title.iter())
                {
                    spots.push(Spot::new(range.start..last.end, LeakKind::InternalTitle));
                }
            }
        }
        spots
    }
}

fn lower(title: &str) -> Vec<String> {
    let words = tokens(title).into_iter().filter(|token| token.chars().any(char::is_alphanumeric));
    words.map(str::to_lowercase).collect()
}
