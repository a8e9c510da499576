//! Which of the blocks that went became which of those that came.

use std::collections::HashMap;

use super::blocks::Block;
use super::words::tokens;

/// How many words may be compared with one another in a document, to tell blocks that changed from others.
const BUDGET: usize = 4_000_000;

/// No longer block, in tokens, is compared word by word.
const LONGEST: usize = 20_000;

/// How much of two blocks is the same in one and the other, of this many, if they are one that changed.
const SAME: u64 = 1_000;
const ENOUGH: u64 = 500;

/// Pairs blocks, within a bound for the whole of a document.
pub struct Pairing {
    budget: usize,
    is_coarse: bool,
}

impl Pairing {
    pub const fn new() -> Self {
        Self { budget: BUDGET, is_coarse: false }
    }

    /// Whether something was too large to be paired.
    pub const fn is_coarse(&self) -> bool {
        self.is_coarse
    }

    /// Returns which block became which, in the order of both: the pairs that have most in common.
    pub fn pairs(&mut self, old: &[&Block], new: &[&Block]) -> Vec<(usize, usize)> {
        if old.is_empty() || new.is_empty() {
            return Vec::new();
        }
        let mut numbers = HashMap::new();
        let old_bags = bags(old, &mut numbers);
        let new_bags = bags(new, &mut numbers);
        let size = |bags: &[Bag]| -> usize { bags.iter().map(|bag| bag.words.len() + 1).sum() };
        let cost = (size(&old_bags).saturating_mul(new.len()))
            .saturating_add(size(&new_bags).saturating_mul(old.len()));
        let is_long = |bags: &[Bag]| bags.iter().any(|bag| bag.tokens > LONGEST);
        if cost > self.budget || is_long(&old_bags) || is_long(&new_bags) {
            self.is_coarse = true;
            return Vec::new();
        }
        self.budget -= cost;
        if let ([before], [after]) = (old, new)
            && before.kind == after.kind
        {
            return vec![(0, 0)];
        }
        best(&old_bags, &new_bags)
    }
}

/// The words of a block, by number and in order.
struct Bag {
    words: Vec<usize>,
    tokens: usize,
}

fn bags<'b>(blocks: &[&'b Block], numbers: &mut HashMap<&'b str, usize>) -> Vec<Bag> {
    blocks.iter().map(|block| Bag::of(block, numbers)).collect()
}

impl Bag {
    fn of<'b>(block: &'b Block, numbers: &mut HashMap<&'b str, usize>) -> Self {
        let tokens = tokens(&block.text);
        let words = tokens.iter().filter(|token| token.chars().any(char::is_alphanumeric));
        let number = |word: &&'b str| {
            let next = numbers.len();
            *numbers.entry(*word).or_insert(next)
        };
        let mut words: Vec<usize> = words.map(number).collect();
        words.sort_unstable();
        Self { words, tokens: tokens.len() }
    }

    /// How much of both is in both, of [`SAME`].
    fn likeness(&self, other: &Self) -> u64 {
        let (mut here, mut there, mut common) = (0, 0, 0_u64);
        while let (Some(a), Some(b)) = (self.words.get(here), other.words.get(there)) {
            common += u64::from(a == b);
            here += usize::from(a <= b);
            there += usize::from(b <= a);
        }
        2 * common * SAME / (self.words.len() + other.words.len()).max(1) as u64
    }
}

/// The pairs in order with the greatest likeness in all.
fn best(old: &[Bag], new: &[Bag]) -> Vec<(usize, usize)> {
    let width = new.len() + 1;
    let mut likeness = vec![0_u64; old.len() * new.len()];
    // The best that can be had of what begins at either block.
    let mut sums = vec![0_u64; (old.len() + 1) * width];
    for o in (0..old.len()).rev() {
        for n in (0..new.len()).rev() {
            let alike = old[o].likeness(&new[n]);
            likeness[o * new.len() + n] = alike;
            let paired = if alike >= ENOUGH { sums[(o + 1) * width + n + 1] + alike } else { 0 };
            sums[o * width + n] = paired.max(sums[(o + 1) * width + n]).max(sums[o * width + n + 1]);
        }
    }
    let (mut o, mut n, mut pairs) = (0, 0, Vec::new());
    while o < old.len() && n < new.len() {
        let (here, alike) = (sums[o * width + n], likeness[o * new.len() + n]);
        if alike >= ENOUGH && here == sums[(o + 1) * width + n + 1] + alike {
            pairs.push((o, n));
            (o, n) = (o + 1, n + 1);
        } else if here == sums[(o + 1) * width + n] {
            o += 1;
        } else {
            n += 1;
        }
    }
    pairs
}
