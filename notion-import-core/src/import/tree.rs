//! Reading a page's blocks: every list once, several at a time, never round in circles.

use std::sync::Arc;

use futures_util::stream::{FuturesUnordered, StreamExt};

use crate::error::{Error, NotionCode};
use crate::id::NotionId;
use crate::notion::block::{Block, Content};
use crate::notion::client::Api;
use crate::notion::tree::{BlockTree, Handle, TreeBuilder};

/// Lists asked for at once. The pace of the connection bounds them further.
const CONCURRENCY: usize = 8;

/// How much of a page is read. What lies beyond is reported, never silently left out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TreeLimits {
    /// Blocks in all.
    pub blocks: usize,
    /// Blocks inside blocks.
    pub depth: usize,
}

impl Default for TreeLimits {
    fn default() -> Self {
        Self { blocks: 100_000, depth: 200 }
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
    ancestors: Arc<Ancestors>,
}

/// It reads everything below a page.
pub(super) async fn read(api: &Api, page: NotionId, limits: TreeLimits) -> Result<BlockTree, Error> {
    let mut tree = TreeBuilder::default();
    let root = Arc::new(Ancestors { id: page, above: None });
    let roots = api.children(page).all().await?;
    let handles = tree.roots(roots);
    let mut waiting: Vec<Open> = Vec::new();
    open(&mut tree, &handles, &root, limits, &mut waiting);
    let mut asked = FuturesUnordered::new();
    loop {
        while asked.len() < CONCURRENCY
            && let Some(next) = waiting.pop()
        {
            asked.push(list(api, next));
        }
        let Some((done, children)) = asked.next().await else { return Ok(tree.build()) };
        match children {
            Ok(children) => {
                let handles = tree.children(done.of, children);
                open(&mut tree, &handles, &done.ancestors, limits, &mut waiting);
            }
            // Gone or hidden since its parent was read: the rest of the page still counts, and the gap is reported.
            Err(error) if is_hidden(&error) => tree.incomplete(done.of),
            Err(error) => return Err(error),
        }
    }
}

async fn list(api: &Api, open: Open) -> (Open, Result<Vec<Block>, Error>) {
    let mut outcome = Ok(Vec::new());
    for id in &open.ids {
        outcome = api.children(*id).all().await;
        match &outcome {
            Ok(children) if children.is_empty() => {}
            Err(error) if is_hidden(error) => {}
            _ => break,
        }
    }
    (open, outcome)
}

/// It finds the lists to read below some blocks, last first.
fn open(
    tree: &mut TreeBuilder,
    handles: &[Handle],
    ancestors: &Arc<Ancestors>,
    limits: TreeLimits,
    waiting: &mut Vec<Open>,
) {
    for handle in handles.iter().rev() {
        let Some(block) = tree.block(*handle) else { continue };
        let ids = match lists(block) {
            Some(ids) => ids,
            // Pages of their own: what is in them is not in this one.
            None => {
                tree.children(*handle, Vec::new());
                continue;
            }
        };
        let Some(first) = ids.first().copied() else { continue };
        let too_much = tree.depth(*handle) >= limits.depth || tree.len() >= limits.blocks;
        if too_much || ids.iter().any(|id| Ancestors::contain(Some(ancestors), *id)) {
            tree.incomplete(*handle);
            continue;
        }
        let above = Some(Arc::clone(ancestors));
        waiting.push(Open { of: *handle, ids, ancestors: Arc::new(Ancestors { id: first, above }) });
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

fn is_hidden(error: &Error) -> bool {
    matches!(error, Error::Notion(notion) if matches!(notion.code, NotionCode::ObjectNotFound | NotionCode::RestrictedResource))
}
