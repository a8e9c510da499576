//! What a page became: its text and the account of it.

use crate::library::fidelity::{Exposure, Fidelity};
use crate::markdown::ledger::Ledger;
use crate::markdown::writer::Writer;

/// What a page became.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rendered {
    /// The Markdown. It ends with one newline, or is empty.
    pub markdown: String,
    /// What it does not say.
    pub fidelity: Fidelity,
    /// What it tells or loads beyond its words.
    pub exposure: Exposure,
}

impl Rendered {
    pub(super) fn new(writer: Writer, ledger: Ledger) -> Self {
        let (fidelity, exposure) = ledger.close();
        Self { markdown: writer.finish(), fidelity, exposure }
    }
}
