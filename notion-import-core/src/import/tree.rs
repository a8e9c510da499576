//! Reading a page's blocks: every list once, several at a time, never round in circles.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use futures_util::future::try_join_all;
use futures_util::stream::{FuturesUnordered, StreamExt};

use super::ImportOptions;
use crate::error::Error;
use crate::id::NotionId;
use crate::notion::block::{Block, BlockType, Content, MeetingPart};
use crate::notion::client::Api;
use crate::notion::rate_limit::UNDER_WAY;
use crate::notion::tree::{BlockTree, Handle, TreeBuilder};
use crate::options::options;

/// Lists asked for at once, so that one page keeps the connection as full as many do. Its rate limiter bounds them further.
const CONCURRENCY: usize = UNDER_WAY;

options! {
    /// How much of a page is read. What lies beyond is reported, never silently left out.
    pub struct TreeLimits {
        /// Blocks in all.
        pub blocks: usize = 100_000,
        /// Blocks inside blocks.
        pub depth: usize = 200,
    }
}

/// The blocks above a list, to notice a block that contains itself.
struct Ancestors {
    id: NotionId,
    above: Option<Arc<Ancestors>>,
}

impl Ancestors {
    fn contain(mut at: Option<&Arc<Self>>, id: NotionId) -> bool {
        while let Some(ancestors) = at {
            if ancestors.id == id {
                return true;
            }
            at = ancestors.above.as_ref();
        }
        false
    }
}

/// Blocks that are still to be read.
struct Open {
    of: Handle,
    what: Wanted,
    ids: Vec<NotionId>,
    /// What it is a copy of.
    original: Option<NotionId>,
    ancestors: Arc<Ancestors>,
}

/// What is asked for by some ids.
#[derive(Clone, Copy)]
enum Wanted {
    /// What a block lists: under its own id, or for a synced copy under its original's if that fails.
    List,
    /// The blocks that hold the parts of a meeting; some of what it lists itself may be missing beside them.
    Parts { is_cut: bool },
}

/// A page while it is read.
struct TreeReader {
    tree: TreeBuilder,
    limits: TreeLimits,
    /// What to ask for, last first.
    waiting: Vec<Open>,
    /// Synced copies. They are looked at when all else is read, for their originals may stand on the same page.
    copies: Vec<Open>,
    /// Synced blocks that are read, originals or copies, by the original's id.
    originals: HashMap<NotionId, Handle>,
    /// Which part of a meeting is read only where that is asked for.
    unwanted: Option<MeetingPart>,
    /// The blocks that hold it.
    unread: HashSet<NotionId>,
}

/// Reads everything below a page.
pub(super) async fn read(api: &Api, page: NotionId, options: &ImportOptions) -> Result<BlockTree, Error> {
    let root = Arc::new(Ancestors { id: page, above: None });
    let mut reading = TreeReader::new(options);
    let roots = api.children(page).all().await?;
    let handles = reading.tree.roots(roots);
    reading.open(&handles, &root);
    let mut asked = FuturesUnordered::new();
    loop {
        while asked.len() < CONCURRENCY
            && let Some(next) = reading.waiting.pop()
        {
            asked.push(ask(api, next));
        }
        match asked.next().await {
            Some((done, blocks)) => reading.take(&done, blocks)?,
            None if reading.resolve_copies() => {}
            None => return Ok(reading.tree.build()),
        }
    }
}

impl TreeReader {
    fn new(options: &ImportOptions) -> Self {
        Self {
            tree: TreeBuilder::default(),
            limits: options.tree,
            waiting: Vec::new(),
            copies: Vec::new(),
            originals: HashMap::new(),
            unwanted: (!options.transcripts).then_some(MeetingPart::Transcript),
            unread: HashSet::new(),
        }
    }

    fn take(&mut self, done: &Open, blocks: Result<Vec<Block>, Error>) -> Result<(), Error> {
        let (listed, is_refused) = match blocks {
            Ok(blocks) => {
                let listed: Vec<NotionId> = blocks.iter().filter_map(|block| block.id).collect();
                let handles = self.tree.children(done.of, blocks);
                self.open(&handles, &done.ancestors);
                (listed, false)
            }
            // One part that is gone, hidden or not given costs no more than itself, and the gap is reported.
            Err(error) if is_refused(&error) => {
                self.tree.incomplete(done.of);
                (Vec::new(), true)
            }
            Err(error) => return Err(error),
        };
        match done.what {
            Wanted::List => self.open_parts(done.of, &listed, is_refused, &done.ancestors),
            Wanted::Parts { is_cut: true } => self.tree.incomplete(done.of),
            Wanted::Parts { is_cut: false } => {}
        }
        Ok(())
    }

    /// Finds the parts of a meeting that its own list does not bring.
    fn open_parts(&mut self, of: Handle, listed: &[NotionId], is_refused: bool, ancestors: &Arc<Ancestors>) {
        let Some(Content::MeetingNotes(notes)) = self.tree.block(of).map(|block| &block.content) else {
            return;
        };
        let is_cut = is_refused && !notes.children.is_whole();
        let wanted = MeetingPart::ALL.into_iter().filter(|part| Some(*part) != self.unwanted);
        let ids = wanted.filter_map(|part| notes.children.id(part));
        let is_new = |id: &NotionId| !listed.contains(id) && !Ancestors::contain(Some(ancestors), *id);
        let mut ids: Vec<NotionId> = ids.filter(is_new).collect();
        ids.dedup();
        if !ids.is_empty() {
            let (what, ancestors) = (Wanted::Parts { is_cut }, Arc::clone(ancestors));
            self.waiting.push(Open { of, what, ids, original: None, ancestors });
        }
    }

    /// Finds the lists to read below some blocks.
    fn open(&mut self, handles: &[Handle], ancestors: &Arc<Ancestors>) {
        for handle in handles.iter().rev() {
            let Some(block) = self.tree.block(*handle) else { continue };
            let original = match &block.content {
                Content::SyncedBlock(Some(original)) => Some(*original),
                Content::SyncedBlock(None) => {
                    self.originals.extend(block.id.map(|id| (id, *handle)));
                    None
                }
                Content::MeetingNotes(notes) => {
                    self.unread.extend(self.unwanted.and_then(|part| notes.children.id(part)));
                    None
                }
                _ => None,
            };
            let Some(block) = self.tree.block(*handle) else { continue };
            let is_unread = block.id.is_some_and(|id| self.unread.contains(&id));
            let ids = match lists(block).filter(|_| !is_unread) {
                Some(ids) => ids,
                // A page of its own, or what nobody asked for: what is in it is not in this page.
                None => {
                    self.tree.children(*handle, Vec::new());
                    continue;
                }
            };
            let Some(first) = ids.first().copied() else {
                if !self.is_full(*handle) {
                    self.open_parts(*handle, &[], false, ancestors);
                }
                continue;
            };
            if self.is_full(*handle) || ids.iter().any(|id| Ancestors::contain(Some(ancestors), *id)) {
                self.tree.incomplete(*handle);
                continue;
            }
            let above = Some(Arc::clone(ancestors));
            let ancestors = Arc::new(Ancestors { id: first, above });
            let open = Open { of: *handle, what: Wanted::List, ids, original, ancestors };
            match original {
                Some(_) => self.copies.push(open),
                None => self.waiting.push(open),
            }
        }
    }

    /// Whether nothing more is read below a block.
    fn is_full(&self, of: Handle) -> bool {
        self.tree.depth(of) >= self.limits.depth || self.tree.len() >= self.limits.blocks
    }

    /// Gives the copies what their originals hold, where that was read; the others' lists are to be asked for. It returns whether
    /// there are such.
    fn resolve_copies(&mut self) -> bool {
        for copy in std::mem::take(&mut self.copies) {
            let Some(original) = copy.original else { continue };
            match self.originals.get(&original) {
                Some(read) if self.fits(*read, copy.of) => self.tree.repeat(*read, copy.of),
                // Its own turn comes when the first copy of the same original is read.
                Some(first) if self.waiting.iter().any(|open| open.of == *first) => self.copies.push(copy),
                Some(_) => self.waiting.push(copy),
                None => {
                    self.originals.insert(original, copy.of);
                    self.waiting.push(copy);
                }
            }
        }
        !self.waiting.is_empty()
    }

    /// Whether what is below a block can be repeated below another: all of it read, and no copy in it, which might lead round in circles.
    fn fits(&self, from: Handle, to: Handle) -> bool {
        let below = self.tree.below(from);
        let depth = self.tree.depth(to) + below.height <= self.limits.depth;
        let is_open = self.waiting.iter().any(|open| open.of == from);
        !is_open && !below.has_copies && depth && self.tree.len() + below.blocks <= self.limits.blocks
    }
}

async fn ask(api: &Api, open: Open) -> (Open, Result<Vec<Block>, Error>) {
    let blocks = match open.what {
        Wanted::List => list(api, &open.ids).await,
        Wanted::Parts { .. } => try_join_all(open.ids.iter().map(|id| part(api, *id))).await,
    };
    (open, blocks)
}

async fn list(api: &Api, ids: &[NotionId]) -> Result<Vec<Block>, Error> {
    let mut outcome = Ok(Vec::new());
    for id in ids {
        outcome = api.children(*id).all().await;
        match &outcome {
            Ok(children) if children.is_empty() => {}
            Err(error) if is_refused(error) => {}
            _ => break,
        }
    }
    outcome
}

/// Reads the block that holds a part of a meeting. What it lists may be given though the block itself is not; if it was put into the
/// trash, it says nothing.
async fn part(api: &Api, id: NotionId) -> Result<Block, Error> {
    let empty = Block { id: Some(id), ..Block::new(Content::empty(BlockType::Paragraph)) };
    match api.block(id).await {
        Ok(block) if block.in_trash => Ok(empty),
        Ok(block) => Ok(Block { id: Some(id), ..block }),
        Err(error) if is_refused(&error) => Ok(Block { has_children: true, ..empty }),
        Err(error) => Err(error),
    }
}

/// Where a block's children are asked for: nowhere if it has none; none at all if they are not part of the page.
fn lists(block: &Block) -> Option<Vec<NotionId>> {
    let own = block.id.filter(|_| block.has_children);
    match &block.content {
        // Where the children of a copy are listed is not documented: under itself, or under its original only.
        Content::SyncedBlock(original) => Some(own.into_iter().chain(*original).collect()),
        _ if own.is_none() => Some(Vec::new()),
        Content::ChildPage(_) | Content::ChildDatabase(_) | Content::Unsupported(_) => None,
        _ => Some(own.into_iter().collect()),
    }
}

/// Whether Notion said no, which it says again however often it is asked.
pub(super) fn is_refused(error: &Error) -> bool {
    matches!(error, Error::Notion(notion) if matches!(notion.status.as_u16(), 400 | 403 | 404))
}
