//! What a day has cost.

use notion_import_core::testing::{Counted, Endpoint};

use crate::Outcome;
use crate::process::Process;
use crate::workspace::Workspace;

/// What is asked for, by the columns that it is counted in.
const KINDS: [&[Endpoint]; 4] = [
    &[Endpoint::Search],
    &[Endpoint::Query],
    &[Endpoint::Page, Endpoint::DataSource],
    &[Endpoint::Children, Endpoint::Block],
];

/// What a day has cost.
pub(crate) struct Spent {
    before: Process,
    requests: usize,
    kinds: [usize; KINDS.len()],
    /// What the process grew by at its largest, in bytes.
    pub(crate) grown: u64,
}

impl Spent {
    /// Begins to count.
    pub(crate) fn nothing_yet(workspace: &Workspace) -> Outcome<Self> {
        workspace.world.forget_requests();
        Ok(Self { before: Process::now()?, requests: 0, kinds: [0; KINDS.len()], grown: 0 })
    }

    /// Adds what was asked for since the last time.
    pub(crate) fn note_requests(&mut self, workspace: &Workspace) {
        let world = &workspace.world;
        self.requests += world.requests().len();
        for (sum, kind) in self.kinds.iter_mut().zip(KINDS) {
            *sum += kind.iter().map(|endpoint| world.requests_to(*endpoint)).sum::<usize>();
        }
        world.forget_requests();
    }

    /// Prints a row, with what was written if that was counted.
    pub(crate) fn tell<S>(&self, number: usize, name: &str, counted: Option<&Counted<S>>) -> Outcome {
        let spent = Process::now()?.since(&self.before);
        let [search, query, look, blocks] = self.kinds;
        let shown = |count: Option<usize>| count.map_or("-".to_owned(), |count| count.to_string());
        let (looked, rewritten) =
            (shown(counted.map(Counted::looked_at)), shown(counted.map(Counted::rewritten)));
        println!(
            "{number:>9} {name:30} {:>8} {search:>8} {query:>8} {look:>8} {blocks:>8} {looked:>8} {rewritten:>9} {:>11} {:>7.2} s {:>5.1} MiB",
            self.requests,
            spent.written,
            spent.busy.as_secs_f64(),
            self.grown as f64 / f64::from(1 << 20),
        );
        Ok(())
    }
}
