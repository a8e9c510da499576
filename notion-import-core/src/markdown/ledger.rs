//! The account that is kept while a page is written.

use std::borrow::Cow;
use std::collections::HashSet;

use crate::id::NotionId;
use crate::library::fidelity::{Exposure, Fidelity, Loss, LossKind, Truncation, TruncationKind};
use crate::notion::address::{self, LastingUrl};

/// The account that is kept while a page is written.
#[derive(Debug)]
pub(super) struct Ledger {
    block: Option<NotionId>,
    losses: [(u64, Option<NotionId>); LossKind::ALL.len()],
    truncations: Vec<Truncation>,
    pub(super) exposure: Exposure,
    /// Targets the host gave, whatever their scheme.
    pub(super) trusted: HashSet<String>,
}

impl Default for Ledger {
    fn default() -> Self {
        Self {
            block: None,
            losses: [(0, None); LossKind::ALL.len()],
            truncations: Vec::new(),
            exposure: Exposure::default(),
            trusted: HashSet::new(),
        }
    }
}

impl Ledger {
    /// What follows befalls this block.
    pub(super) fn at(&mut self, block: Option<NotionId>) {
        self.block = block;
    }

    /// The block that what follows befalls.
    pub(super) fn here(&self) -> Option<NotionId> {
        self.block
    }

    pub(super) fn lose(&mut self, kind: LossKind) {
        let (count, first) = &mut self.losses[kind as usize];
        if *count == 0 {
            *first = self.block;
        }
        *count += 1;
    }

    pub(super) fn lose_if(&mut self, lost: bool, kind: LossKind) {
        if lost {
            self.lose(kind);
        }
    }

    pub(super) fn truncate(&mut self, kind: TruncationKind) {
        match self.truncations.iter_mut().find(|known| known.kind == kind) {
            Some(known) => known.count += 1,
            None => self.truncations.push(Truncation { kind, count: 1, first_block: self.block }),
        }
    }

    /// The address, unless it carries a signature.
    pub(super) fn lasting(&mut self, address: impl Into<String>) -> Option<LastingUrl> {
        let lasting = LastingUrl::new(address);
        self.lose_if(lasting.is_none(), LossKind::SignedAddress);
        lasting
    }

    /// The words, without what is secret of the addresses in them.
    pub(super) fn lasting_words<'t>(&mut self, words: &'t str) -> Cow<'t, str> {
        let mut parts = [Cow::Borrowed(words)];
        self.cut_parts(&mut parts);
        let [words] = parts;
        words
    }

    pub(super) fn cut_parts(&mut self, parts: &mut [Cow<'_, str>]) {
        (0..address::cut_parts(parts)).for_each(|_| self.lose(LossKind::SignedAddress));
    }

    pub(super) fn close(self) -> (Fidelity, Exposure) {
        let losses = LossKind::ALL.iter().zip(self.losses).filter(|(_, (count, _))| *count > 0);
        let losses = losses.map(|(&kind, (count, first_block))| Loss { kind, count, first_block }).collect();
        (Fidelity::new(self.truncations, losses), self.exposure)
    }
}
