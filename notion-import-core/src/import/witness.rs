//! A second witness to what a page holds: Notion's own Markdown names blocks that it could not show, also those that no list of
//! blocks has. Nothing of its words is content.

use std::collections::HashSet;

use super::ImportOptions;
use super::tree::is_refused;
use crate::error::{Error, ErrorKind};
use crate::id::NotionId;
use crate::library::fidelity::{Fidelity, Loss, LossKind, Truncation, TruncationKind};
use crate::notion::block::{Content, MeetingPart};
use crate::notion::client::Api;
use crate::notion::page_markdown::PageMarkdown;
use crate::notion::tree::BlockTree;

/// Blocks of a page that are asked for, to tell what is hidden from what was not read.
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
    page: NotionId,
    tree: &BlockTree,
    options: &ImportOptions,
) -> Result<Testimony, Error> {
    if !options.completeness {
        return Ok(Testimony::default());
    }
    match api.page_markdown(page, options.transcripts).await {
        Ok(answer) if answer.markdown.is_some() => compare(api, page, tree, &answer).await,
        Ok(_) => Ok(Testimony { is_partial: true, ..Testimony::default() }),
        Err(error) if is_refused(&error) => Ok(Testimony { is_partial: true, ..Testimony::default() }),
        // It is heard beside the blocks, which are all there.
        Err(error) if error.kind() == ErrorKind::SourceUnavailable => {
            Ok(Testimony { is_partial: true, is_unavailable: true, ..Testimony::default() })
        }
        Err(error) => Err(error),
    }
}

/// Asks for some of the blocks that are named and were not read.
async fn compare(
    api: &Api,
    page: NotionId,
    tree: &BlockTree,
    answer: &PageMarkdown,
) -> Result<Testimony, Error> {
    let known = known(page, tree);
    let unshown = answer.unshown(page);
    // What is cut off is named by where it begins: nothing is said of what is in it.
    let is_cut = answer.truncated
        && (answer.listed().next().is_none() || answer.listed().any(|id| known.contains(&id)));
    let mut testimony = Testimony { is_partial: is_cut, ..Testimony::default() };
    let lacking = unshown.ids.into_iter().filter(|id| !known.contains(id));
    for (number, id) in lacking.enumerate() {
        match if number < ASKED { Standing::of(api, id).await? } else { Standing::There } {
            Standing::There => testimony.unread.push(Some(id)),
            Standing::Hidden => testimony.hidden.push(id),
            Standing::InTrash => {}
        }
    }
    testimony.unread.extend((0..unshown.nameless).map(|_| None));
    Ok(testimony)
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

/// What asking for one block shows.
enum Standing {
    There,
    Hidden,
    InTrash,
}

impl Standing {
    async fn of(api: &Api, id: NotionId) -> Result<Self, Error> {
        match api.block(id).await {
            Ok(block) if block.in_trash => Ok(Self::InTrash),
            Ok(_) => Ok(Self::There),
            Err(Error::Notion(notion)) if notion.status == http::StatusCode::NOT_FOUND => Ok(Self::Hidden),
            Err(error) if is_refused(&error) => Ok(Self::There),
            Err(error) => Err(error),
        }
    }
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
