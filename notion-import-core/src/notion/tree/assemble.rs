//! A tree from lists that come in any order.

use crate::notion::block::Block;
#[cfg(feature = "client")]
use crate::notion::block::Content;
use crate::notion::tree::{BlockTree, Node};

/// Lists of blocks, put together as they are fetched.
///
/// `roots` comes first; each block added has a handle, under which its own children are added later, in any order
/// and from any number of pages of a list. Building the tree is linear.
#[derive(Debug, Default)]
pub struct TreeBuilder {
    slots: Vec<Slot>,
    roots: Links,
}

#[derive(Debug)]
struct Slot {
    block: Block,
    depth: u32,
    next: Option<u32>,
    children: Links,
    loaded: bool,
}

/// The ends of a chain of siblings.
#[derive(Clone, Copy, Debug, Default)]
struct Links {
    first: Option<u32>,
    last: Option<u32>,
}

/// A block in a [`TreeBuilder`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Handle(u32);

/// What is below a block.
#[cfg(feature = "client")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Below {
    /// Blocks in all.
    pub(crate) blocks: usize,
    /// Blocks inside blocks.
    pub(crate) height: usize,
    /// Whether there is a copy of a synced block among them.
    pub(crate) has_copies: bool,
}

impl TreeBuilder {
    /// Adds top-level blocks after those already there, and returns their handles.
    pub fn roots(&mut self, blocks: Vec<Block>) -> Vec<Handle> {
        let mut links = self.roots;
        let handles = self.append(blocks, 0, &mut links);
        self.roots = links;
        handles
    }

    /// Adds children of a block after those already there, and returns their handles. An empty list says that
    /// the block has none.
    pub fn children(&mut self, of: Handle, blocks: Vec<Block>) -> Vec<Handle> {
        let Some(parent) = self.slots.get_mut(of.0 as usize) else { return Vec::new() };
        parent.loaded = true;
        let (depth, mut links) = (parent.depth + 1, parent.children);
        let handles = self.append(blocks, depth, &mut links);
        self.slots[of.0 as usize].children = links;
        handles
    }

    /// Says that children of a block are missing though some were added.
    pub fn incomplete(&mut self, of: Handle) {
        if let Some(slot) = self.slots.get_mut(of.0 as usize) {
            slot.loaded = false;
        }
    }

    /// The block of a handle.
    pub fn block(&self, of: Handle) -> Option<&Block> {
        self.slots.get(of.0 as usize).map(|slot| &slot.block)
    }

    /// How many blocks it is inside of.
    pub fn depth(&self, of: Handle) -> usize {
        self.slots.get(of.0 as usize).map_or(0, |slot| slot.depth as usize)
    }

    /// How many blocks were added.
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Whether no block was added.
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    fn append(&mut self, blocks: Vec<Block>, depth: u32, links: &mut Links) -> Vec<Handle> {
        let start = self.slots.len() as u32;
        for block in blocks {
            let here = self.slots.len() as u32;
            let loaded = !block.has_children;
            self.slots.push(Slot { block, depth, next: None, children: Links::default(), loaded });
            match links.last {
                Some(last) => self.slots[last as usize].next = Some(here),
                None => links.first = Some(here),
            }
            links.last = Some(here);
        }
        (start..self.slots.len() as u32).map(Handle).collect()
    }

    /// Puts the blocks in reading order.
    pub fn build(self) -> BlockTree {
        let mut slots: Vec<Option<Slot>> = self.slots.into_iter().map(Some).collect();
        let mut nodes: Vec<Node> = Vec::with_capacity(slots.len());
        let mut open: Vec<(u32, Option<u32>)> = Vec::new();
        let mut next = self.roots.first;
        loop {
            if let Some(slot) = next.and_then(|at| slots[at as usize].take()) {
                let here = nodes.len() as u32;
                let Slot { block, depth, loaded, .. } = slot;
                nodes.push(Node { block, depth, end: here + 1, loaded });
                open.push((here, slot.next));
                next = slot.children.first;
            } else if let Some((parent, sibling)) = open.pop() {
                nodes[parent as usize].end = nodes.len() as u32;
                next = sibling;
            } else {
                return BlockTree { nodes };
            }
        }
    }
}

/// What only reading over a network asks for.
#[cfg(feature = "client")]
impl TreeBuilder {
    /// What was added below a block.
    pub(crate) fn below(&self, of: Handle) -> Below {
        let top = self.depth(of);
        let mut below = Below::default();
        for handle in self.descendants(of) {
            below.blocks += 1;
            below.height = below.height.max(self.depth(handle) - top);
            let content = self.block(handle).map(|block| &block.content);
            below.has_copies |= matches!(content, Some(Content::SyncedBlock(Some(_))));
        }
        below
    }

    /// Adds to a block what was added below another, which is not inside it.
    pub(crate) fn repeat(&mut self, from: Handle, to: Handle) {
        let mut places = vec![(from, to)];
        while let Some((from, to)) = places.pop() {
            let children =
                self.siblings(self.slots.get(from.0 as usize).and_then(|slot| slot.children.first));
            let blocks = children.iter().filter_map(|child| self.block(*child)).cloned().collect();
            let copies = self.children(to, blocks);
            places.extend(children.into_iter().zip(copies));
            let is_whole = self.slots.get(from.0 as usize).is_some_and(|slot| slot.loaded);
            if !is_whole {
                self.incomplete(to);
            }
        }
    }

    fn descendants(&self, of: Handle) -> Vec<Handle> {
        let mut found = Vec::new();
        let mut open = vec![of];
        while let Some(handle) = open.pop() {
            let first = self.slots.get(handle.0 as usize).and_then(|slot| slot.children.first);
            let children = self.siblings(first);
            open.extend(&children);
            found.extend(children);
        }
        found
    }

    fn siblings(&self, first: Option<u32>) -> Vec<Handle> {
        let next = |at: &u32| self.slots.get(*at as usize).and_then(|slot| slot.next);
        std::iter::successors(first, next).map(Handle).collect()
    }
}
