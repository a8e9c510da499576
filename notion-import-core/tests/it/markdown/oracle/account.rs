//! The account the report is held to.

use std::collections::HashMap;

use notion_import_core::{Exposure, Fidelity, LossKind, NotionId, TruncationKind};

/// What is lost, how often, and where first.
#[derive(Debug, Default, PartialEq)]
pub struct Account {
    losses: HashMap<LossKind, (u64, Option<NotionId>)>,
    truncations: HashMap<TruncationKind, (u64, Option<NotionId>)>,
    pub exposure: Exposure,
    block: Option<NotionId>,
}

impl Account {
    pub fn at(&mut self, block: Option<NotionId>) {
        self.block = block;
    }

    pub fn lose(&mut self, kind: LossKind) {
        self.losses.entry(kind).or_insert((0, self.block)).0 += 1;
    }

    pub fn lose_if(&mut self, lost: bool, kind: LossKind) {
        if lost {
            self.lose(kind);
        }
    }

    pub fn truncate(&mut self, kind: TruncationKind) {
        self.truncations.entry(kind).or_insert((0, self.block)).0 += 1;
    }

    /// Compares the report with the account, but for styles: those are compared with what was read.
    pub fn check(&self, fidelity: &Fidelity, exposure: &Exposure) -> Result<(), String> {
        let mut reported = HashMap::new();
        for loss in fidelity.losses().iter().filter(|loss| loss.kind != LossKind::Style) {
            reported.insert(loss.kind, (loss.count, loss.first_block));
        }
        if reported != self.losses {
            return Err(format!("reported {reported:?}\nexpected {:?}", self.losses));
        }
        let truncations: &[_] = match fidelity {
            Fidelity::Truncated { truncations, .. } => truncations,
            Fidelity::Lossy { .. } | Fidelity::Complete => &[],
        };
        let reported: HashMap<_, _> =
            truncations.iter().map(|one| (one.kind, (one.count, one.first_block))).collect();
        if reported != self.truncations {
            return Err(format!("reported {reported:?}\nexpected {:?}", self.truncations));
        }
        if *exposure != self.exposure {
            return Err(format!("reported {exposure:?}\nexpected {:?}", self.exposure));
        }
        Ok(())
    }
}
