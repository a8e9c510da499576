//! What changed among the blocks of a text.

use std::collections::{HashMap, VecDeque};
use std::ops::Range;

use serde::Serialize;
use similar::{Algorithm, DiffOp};

use super::blocks::{Block, BlockKind};
use super::marks::{Mark, marks};
use super::pairs::Pairing;
use super::words::{WordDiff, tokens};

/// What became of a block, or which came.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Step {
    /// A block that stayed.
    Same(Block),
    /// A block that stood here and stands elsewhere as it was.
    MovedAway(Block),
    /// A block that stands here as it stood elsewhere.
    MovedHere(Block),
    /// A block that went.
    Removed {
        /// What it was.
        block: Block,
        /// What of it stands out.
        marks: Vec<Mark>,
    },
    /// A block that came.
    Added {
        /// What it is.
        block: Block,
        /// What of it stands out.
        marks: Vec<Mark>,
    },
    /// Some of its words changed, or it became another kind of block.
    Changed {
        /// What it was.
        from: BlockKind,
        /// What it is.
        to: BlockKind,
        /// Its words.
        words: WordDiff,
    },
}

/// What changed between two texts: a way through both, block by block, in the order of the new one.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct TextDiff {
    /// The way.
    pub steps: Vec<Step>,
    /// Whether changed blocks stand as removed and added ones somewhere, for there was too much to compare word by word.
    pub is_coarse: bool,
}

impl TextDiff {
    /// Compares two texts.
    pub fn of(before: &[Block], after: &[Block]) -> Self {
        let mut walk = Walk::new(before, after);
        for op in similar::capture_diff_slices(Algorithm::Myers, &walk.old, &walk.new) {
            match op {
                DiffOp::Equal { old_index, len, .. } => {
                    walk.steps.extend(before[old_index..old_index + len].iter().cloned().map(Step::Same));
                }
                DiffOp::Delete { .. } | DiffOp::Insert { .. } | DiffOp::Replace { .. } => {
                    walk.hunks.push((walk.steps.len(), op.old_range(), op.new_range()));
                }
            }
        }
        walk.finish()
    }

    /// Returns whether nothing changed.
    pub fn is_empty(&self) -> bool {
        self.steps.iter().all(|step| matches!(step, Step::Same(_)))
    }

    /// Returns the blocks before.
    pub fn before(&self) -> Vec<Block> {
        let block = |step: &Step| match step {
            Step::Same(block) | Step::MovedAway(block) | Step::Removed { block, .. } => Some(block.clone()),
            Step::Changed { from, words, .. } => Some(Block { kind: *from, text: words.before() }),
            Step::MovedHere(_) | Step::Added { .. } => None,
        };
        self.steps.iter().filter_map(block).collect()
    }

    /// Returns the blocks after.
    pub fn after(&self) -> Vec<Block> {
        let block = |step: &Step| match step {
            Step::Same(block) | Step::MovedHere(block) | Step::Added { block, .. } => Some(block.clone()),
            Step::Changed { to, words, .. } => Some(Block { kind: *to, text: words.after() }),
            Step::MovedAway(_) | Step::Removed { .. } => None,
        };
        self.steps.iter().filter_map(block).collect()
    }

    /// Returns what stands out, for each change that has it.
    pub fn marks(&self) -> impl Iterator<Item = Mark> {
        self.steps.iter().flat_map(|step| match step {
            Step::Same(_) | Step::MovedAway(_) | Step::MovedHere(_) => Vec::new(),
            Step::Removed { marks, .. } | Step::Added { marks, .. } => marks.clone(),
            Step::Changed { words, .. } => words.marks().collect(),
        })
    }
}

struct Walk<'b> {
    before: &'b [Block],
    after: &'b [Block],
    /// The blocks by number: equal ones have one.
    old: Vec<usize>,
    new: Vec<usize>,
    /// What stays.
    steps: Vec<Step>,
    /// Where something else stands between what stays, and what.
    hunks: Vec<(usize, Range<usize>, Range<usize>)>,
}

impl<'b> Walk<'b> {
    fn new(before: &'b [Block], after: &'b [Block]) -> Self {
        let mut numbers = HashMap::new();
        let mut numbered = |blocks: &'b [Block]| -> Vec<usize> {
            let number = |block| {
                let next = numbers.len();
                *numbers.entry(block).or_insert(next)
            };
            blocks.iter().map(number).collect()
        };
        let (old, new) = (numbered(before), numbered(after));
        Self { before, after, old, new, steps: Vec::new(), hunks: Vec::new() }
    }

    fn finish(self) -> TextDiff {
        let (gone, come) = self.moved();
        let mut pairing = Pairing::new();
        let mut steps = Vec::with_capacity(self.steps.len());
        let mut same = self.steps.into_iter();
        let mut taken = 0;
        for (at, removed, added) in self.hunks {
            steps.extend(same.by_ref().take(at - taken));
            taken = at;
            let is_left = |moved: &[bool], range: &Range<usize>| -> Vec<usize> {
                range.clone().filter(|index| !moved[*index]).collect()
            };
            let (old, new) = (is_left(&gone, &removed), is_left(&come, &added));
            let pairs = pairing.pairs(
                &old.iter().map(|index| &self.before[*index]).collect::<Vec<_>>(),
                &new.iter().map(|index| &self.after[*index]).collect::<Vec<_>>(),
            );
            let (mut from, mut to) = (removed.start, added.start);
            for (old, new) in
                pairs.into_iter().map(|(o, n)| (old[o], new[n])).chain([(removed.end, added.end)])
            {
                steps.extend((from..old).map(|index| went(&self.before[index], gone[index])));
                steps.extend((to..new).map(|index| came(&self.after[index], come[index])));
                if old < removed.end {
                    let (old, new) = (&self.before[old], &self.after[new]);
                    let words = WordDiff::of(&old.text, &new.text);
                    steps.push(Step::Changed { from: old.kind, to: new.kind, words });
                }
                (from, to) = (old + 1, new + 1);
            }
        }
        steps.extend(same);
        TextDiff { steps, is_coarse: pairing.is_coarse() }
    }

    /// Which blocks of either side stand on the other one too, but elsewhere.
    fn moved(&self) -> (Vec<bool>, Vec<bool>) {
        let (mut gone, mut come) = (vec![false; self.old.len()], vec![false; self.new.len()]);
        let mut new: HashMap<usize, VecDeque<usize>> = HashMap::new();
        for index in self.hunks.iter().flat_map(|(_, _, added)| added.clone()) {
            new.entry(self.new[index]).or_default().push_back(index);
        }
        for index in self.hunks.iter().flat_map(|(_, removed, _)| removed.clone()) {
            if let Some(there) = new.get_mut(&self.old[index]).and_then(VecDeque::pop_front) {
                (gone[index], come[there]) = (true, true);
            }
        }
        (gone, come)
    }
}

fn went(block: &Block, is_moved: bool) -> Step {
    let (block, marks) = (block.clone(), outstanding(block));
    if is_moved { Step::MovedAway(block) } else { Step::Removed { block, marks } }
}

fn came(block: &Block, is_moved: bool) -> Step {
    let (block, marks) = (block.clone(), outstanding(block));
    if is_moved { Step::MovedHere(block) } else { Step::Added { block, marks } }
}

fn outstanding(block: &Block) -> Vec<Mark> {
    let found = marks(&tokens(&block.text));
    Mark::ALL.into_iter().filter(|mark| found.contains(&Some(*mark))).collect()
}
