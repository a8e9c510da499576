//! A second witness to what a page holds: Notion's own Markdown names blocks that it could not show, also those that no list of
//! blocks has. Nothing of its words is content.

use std::collections::HashSet;

use super::ImportOptions;
use super::directory::Directory;
use super::tree::is_refused;
use crate::error::{Error, ErrorKind};
use crate::id::NotionId;
use crate::library::fidelity::{Fidelity, Loss, LossKind, Truncation, TruncationKind};
use crate::notion::block::{Content, MeetingPart};
use crate::notion::client::Api;
use crate::notion::page_markdown::PageMarkdown;
use crate::notion::tree::BlockTree;

/// Parts of a page that are asked for, to tell what is hidden from what was cut off or not read.
const ASKED: usize = 5;

/// What the witness says.
#[derive(Default)]
pub(super) struct Testimony {
    /// Blocks that are there and were not read.
    unread: Vec<Option<NotionId>>,
    hidden: Vec<NotionId>,
    /// Whether it says nothing of some of the page.
    is_partial: bool,
    /// Whether it may say more another time.
    is_unavailable: bool,
}

/// Asks the witness about a page, if that is wanted.
pub(super) async fn hear(
    api: &Api,
    directory: &Directory,
    page: NotionId,
    tree: &BlockTree,
    options: &ImportOptions,
) -> Result<Testimony, Error> {
    if !options.completeness {
        return Ok(Testimony::default());
    }
    let transcripts = options.transcripts;
    let mut hearing =
        Hearing { api, directory, page, transcripts, left: ASKED, testimony: Testimony::default() };
    match hearing.heard(api.page_markdown(page, transcripts).await)? {
        Heard::Said(answer) => hearing.compare(answer, tree).await?,
        Heard::Absent | Heard::Nothing => hearing.testimony.is_partial = true,
    }
    Ok(hearing.testimony)
}

/// A page while its witness is heard.
struct Hearing<'a> {
    api: &'a Api,
    directory: &'a Directory,
    page: NotionId,
    transcripts: bool,
    /// How many more parts of it may be asked for.
    left: usize,
    testimony: Testimony,
}

/// What is said to a question.
enum Heard<T> {
    Said(T),
    /// There is no such thing, or it is hidden.
    Absent,
    /// Something else is refused, or nothing could be asked.
    Nothing,
}

impl Hearing<'_> {
    /// Goes through what the Markdown names, and asks for some of it.
    async fn compare(&mut self, answer: PageMarkdown, tree: &BlockTree) -> Result<(), Error> {
        let mut known = known(self.page, tree);
        let (mut continued, mut nameless) = (HashSet::new(), 0);
        if lacks_any(&answer, self.page, &known) {
            // What is in a part that was not loaded is counted with it: its own Markdown names the same blocks.
            for gap in gaps(tree) {
                if let Heard::Said(part) = self.markdown(gap).await? {
                    let inside = part.unshown(self.page);
                    known.extend(&inside.ids);
                    continued.extend(inside.ids);
                    nameless += inside.nameless;
                }
            }
        }
        let mut answers = vec![answer];
        while let Some(answer) = answers.pop() {
            self.testimony.is_partial |= answer.may_lack_names();
            let unshown = answer.unshown(self.page);
            for id in unshown.ids {
                if known.insert(id) {
                    continued.insert(id);
                    self.count(id, answer.listed().any(|listed| listed == id)).await?;
                }
            }
            let here = unshown.nameless.saturating_sub(nameless);
            nameless -= unshown.nameless - here;
            self.testimony.unread.extend((0..here).map(|_| None));
            // What is cut off is named by where it begins, and goes on there.
            for id in answer.listed().filter(|id| continued.insert(*id)) {
                match self.markdown(id).await? {
                    Heard::Said(part) => answers.push(part),
                    Heard::Absent | Heard::Nothing => self.testimony.is_partial = true,
                }
            }
        }
        Ok(())
    }

    /// Counts a block that was not read: as hidden if asking for it says that there is none. What is listed is asked for as it was listed;
    /// of what has no syntax alone its block says more.
    async fn count(&mut self, id: NotionId, is_listed: bool) -> Result<(), Error> {
        let is_in_trash = match is_listed {
            true => self.markdown(id).await?.map(|_| false),
            false => self.block(id).await?,
        };
        match is_in_trash {
            Heard::Absent => self.testimony.hidden.push(id),
            Heard::Said(true) => {}
            Heard::Said(false) | Heard::Nothing => self.testimony.unread.push(Some(id)),
        }
        Ok(())
    }

    async fn markdown(&mut self, of: NotionId) -> Result<Heard<PageMarkdown>, Error> {
        match self.may_ask() {
            true => self.heard(self.api.page_markdown(of, self.transcripts).await),
            false => Ok(Heard::Nothing),
        }
    }

    /// Asks for a block, and returns whether it is in the trash.
    async fn block(&mut self, id: NotionId) -> Result<Heard<bool>, Error> {
        match self.may_ask() {
            true => self.heard(self.api.block(id).await.map(|block| block.in_trash)),
            false => Ok(Heard::Nothing),
        }
    }

    fn may_ask(&mut self) -> bool {
        if self.left == 0 {
            return false;
        }
        self.left -= 1;
        let may = self.directory.spend();
        self.testimony.is_unavailable |= !may;
        may
    }

    /// Tells a refusal from what fails the page: the witness is heard beside the blocks, which are all there.
    fn heard<T>(&mut self, outcome: Result<T, Error>) -> Result<Heard<T>, Error> {
        match outcome {
            Ok(said) => Ok(Heard::Said(said)),
            Err(Error::Notion(notion)) if notion.status == http::StatusCode::NOT_FOUND => Ok(Heard::Absent),
            Err(error) if is_refused(&error) => Ok(Heard::Nothing),
            Err(error) if error.kind() == ErrorKind::SourceUnavailable => {
                self.testimony.is_unavailable = true;
                Ok(Heard::Nothing)
            }
            Err(error) => Err(error),
        }
    }
}

impl<T> Heard<T> {
    fn map<U>(self, what: impl FnOnce(T) -> U) -> Heard<U> {
        match self {
            Self::Said(said) => Heard::Said(what(said)),
            Self::Absent => Heard::Absent,
            Self::Nothing => Heard::Nothing,
        }
    }
}

fn lacks_any(answer: &PageMarkdown, page: NotionId, known: &HashSet<NotionId>) -> bool {
    let unshown = answer.unshown(page);
    unshown.nameless > 0 || unshown.ids.iter().any(|id| !known.contains(id))
}

/// The blocks whose children are missing, each once.
fn gaps(tree: &BlockTree) -> Vec<NotionId> {
    let mut seen = HashSet::new();
    let gaps = tree.nodes().iter().filter(|node| !node.loaded).filter_map(|node| node.block.id);
    gaps.filter(|id| seen.insert(*id)).collect()
}

/// What the blocks have, and what was left out of them on purpose.
fn known(page: NotionId, tree: &BlockTree) -> HashSet<NotionId> {
    let mut known: HashSet<NotionId> = tree.nodes().iter().filter_map(|node| node.block.id).collect();
    known.insert(page);
    for node in tree.nodes() {
        if let Content::MeetingNotes(notes) = &node.block.content {
            known.extend(MeetingPart::ALL.iter().filter_map(|part| notes.children.id(*part)));
        }
    }
    known
}

impl Testimony {
    /// Whether reading the page again may show more though it was not edited.
    pub(super) fn may_grow(&self) -> bool {
        self.is_unavailable || !self.unread.is_empty() || !self.hidden.is_empty()
    }

    /// What it adds to the report.
    pub(super) fn fidelity(&self) -> Fidelity {
        let hidden = self.hidden.iter().copied().map(Some).collect::<Vec<_>>();
        let found = [(TruncationKind::Unread, &self.unread), (TruncationKind::Hidden, &hidden)];
        let truncations = found.into_iter().filter_map(|(kind, blocks)| {
            let first_block = *blocks.first()?;
            Some(Truncation { kind, count: blocks.len() as u64, first_block })
        });
        let unknown = Loss { kind: LossKind::Completeness, count: 1, first_block: None };
        Fidelity::new(truncations.collect(), self.is_partial.then_some(unknown).into_iter().collect())
    }
}
