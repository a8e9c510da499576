//! What a day has cost.

use benches::Case;
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

    /// Returns what it came to.
    pub(crate) fn cost(&self) -> Outcome<Cost> {
        let busy = Process::now()?.since(&self.before).busy.as_secs_f64();
        Ok(Cost { requests: self.requests as f64, busy })
    }

    /// Says where the requests went, and what was written if that was counted.
    pub(crate) fn note<S>(&self, counted: Option<&Counted<S>>) -> Outcome<String> {
        let [search, query, look, blocks] = self.kinds;
        let mut note = format!("search {search}, query {query}, look {look}, blocks {blocks}");
        if let Some(counted) = counted {
            let (looked, rewritten) = (counted.looked_at(), counted.rewritten());
            let written = Process::now()?.since(&self.before).written;
            let grown = self.grown as f64 / f64::from(1 << 20);
            note += &format!(
                "; rows looked at {looked}, rewritten {rewritten}, {written} bytes written; {grown:.1} MiB at its largest"
            );
        }
        Ok(note)
    }
}

/// What a day came to.
pub(crate) struct Cost {
    requests: f64,
    /// Seconds of the processor.
    busy: f64,
}

impl Cost {
    /// Tells it, beside what a search for everything costs.
    pub(crate) fn tell(&self, number: usize, name: &str, note: &str, floor: Option<&Self>) -> Outcome {
        let (requests, busy) = (format!("requests, {name}"), format!("processor, {name}"));
        let requests = Case { group: "sync", name: &requests, size: number, unit: "requests a day" };
        let busy = Case { group: "sync", name: &busy, size: number, unit: "s a day" };
        requests.here_with(self.requests, note)?;
        busy.here(self.busy)?;
        if let Some(floor) = floor {
            requests.floor("a search", floor.requests)?;
            busy.floor("a search", floor.busy)?;
        }
        Ok(())
    }
}
