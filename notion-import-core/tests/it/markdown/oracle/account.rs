//! The account the report is held to.

use std::collections::HashMap;

use notion_import_core::{Exposure, Fidelity, LossKind, NotionId, TruncationKind};

/// What is lost, how often, and where first.
#[derive(Debug, Default, PartialEq)]
pub struct Account {
    losses: HashMap<LossKind, (u64, Option<NotionId>)>,
    missing: u64,
    left_out: u64,
    unknown: u64,
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

    pub fn miss(&mut self) {
        self.missing += 1;
    }

    pub fn leave_out(&mut self) {
        self.left_out += 1;
    }

    pub fn miss_words(&mut self) {
        self.unknown += 1;
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
        let (mut missing, mut left_out, mut unknown) = (0, 0, 0);
        if let Fidelity::Truncated { truncations, .. } = fidelity {
            for truncation in truncations {
                match truncation.kind {
                    TruncationKind::ChildrenNotLoaded => missing += truncation.count,
                    TruncationKind::TranscriptLeftOut => left_out += truncation.count,
                    TruncationKind::UnknownContent => unknown += truncation.count,
                    other => return Err(format!("reported {other:?}")),
                }
            }
        }
        let (reported, expected) =
            ((missing, left_out, unknown), (self.missing, self.left_out, self.unknown));
        if reported != expected {
            return Err(format!(
                "reported {reported:?} missing, left out and unknown, expected {expected:?}"
            ));
        }
        if *exposure != self.exposure {
            return Err(format!("reported {exposure:?}\nexpected {:?}", self.exposure));
        }
        Ok(())
    }
}
