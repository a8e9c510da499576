//! Reading a page's blocks: every list once, several at a time, never round in circles.

use std::collections::HashMap;
use std::sync::Arc;

use futures_util::stream::{FuturesUnordered, StreamExt};

use crate::error::Error;
use crate::id::NotionId;
use crate::notion::block::{Block, Content};
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

/// A list that is still to be read.
struct Open {
    of: Handle,
    /// Where to ask: the block itself, and for a synced copy its original if that fails.
    ids: Vec<NotionId>,
    /// What it is a copy of.
    original: Option<NotionId>,
    ancestors: Arc<Ancestors>,
}

/// A page while it is read.
struct TreeReader {
    tree: TreeBuilder,
    limits: TreeLimits,
    /// Lists to ask for, last first.
    waiting: Vec<Open>,
    /// Synced copies. They are looked at when all else is read, for their originals may stand on the same page.
    copies: Vec<Open>,
    /// Synced blocks that are read, originals or copies, by the original's id.
    originals: HashMap<NotionId, Handle>,
}

/// Reads everything below a page.
pub(super) async fn read(api: &Api, page: NotionId, limits: TreeLimits) -> Result<BlockTree, Error> {
    let root = Arc::new(Ancestors { id: page, above: None });
    let mut reading = TreeReader::new(limits);
    let roots = api.children(page).all().await?;
    let handles = reading.tree.roots(roots);
    reading.open(&handles, &root);
    let mut asked = FuturesUnordered::new();
    loop {
        while asked.len() < CONCURRENCY
            && let Some(next) = reading.waiting.pop()
        {
            asked.push(list(api, next));
        }
        match asked.next().await {
            Some((done, children)) => reading.take(done, children)?,
            None if reading.resolve_copies() => {}
            None => return Ok(reading.tree.build()),
        }
    }
}

impl TreeReader {
    fn new(limits: TreeLimits) -> Self {
        Self {
            tree: TreeBuilder::default(),
            limits,
            waiting: Vec::new(),
            copies: Vec::new(),
            originals: HashMap::new(),
        }
    }

    fn take(&mut self, done: Open, children: Result<Vec<Block>, Error>) -> Result<(), Error> {
        match children {
            Ok(children) => {
                let handles = self.tree.children(done.of, children);
                self.open(&handles, &done.ancestors);
            }
            // One part that is gone, hidden or not given costs no more than itself, and the gap is reported.
            Err(error) if is_refused(&error) => self.tree.incomplete(done.of),
            Err(error) => return Err(error),
        }
        Ok(())
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
                _ => None,
            };
            let Some(block) = self.tree.block(*handle) else { continue };
            let ids = match lists(block) {
                Some(ids) => ids,
                // Pages of their own: what is in them is not in this one.
                None => {
                    self.tree.children(*handle, Vec::new());
                    continue;
                }
            };
            let Some(first) = ids.first().copied() else { continue };
            let too_much =
                self.tree.depth(*handle) >= self.limits.depth || self.tree.len() >= self.limits.blocks;
            if too_much || ids.iter().any(|id| Ancestors::contain(Some(ancestors), *id)) {
                self.tree.incomplete(*handle);
                continue;
            }
            let above = Some(Arc::clone(ancestors));
            let ancestors = Arc::new(Ancestors { id: first, above });
            let open = Open { of: *handle, ids, original, ancestors };
            match original {
                Some(_) => self.copies.push(open),
                None => self.waiting.push(open),
            }
        }
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

async fn list(api: &Api, open: Open) -> (Open, Result<Vec<Block>, Error>) {
    let mut outcome = Ok(Vec::new());
    for id in &open.ids {
        outcome = api.children(*id).all().await;
        match &outcome {
            Ok(children) if children.is_empty() => {}
            Err(error) if is_refused(error) => {}
            _ => break,
        }
    }
    (open, outcome)
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
fn is_refused(error: &Error) -> bool {
    matches!(error, Error::Notion(notion) if matches!(notion.status.as_u16(), 400 | 403 | 404))
}
