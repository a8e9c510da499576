//! What the system says that this process has spent.

use std::time::Duration;

use crate::Outcome;

/// What this process has spent.
pub(crate) struct Process {
    /// Time of the processor.
    pub(crate) busy: Duration,
    /// Bytes handed to the system to be written.
    pub(crate) written: u64,
}

/// The system counts the processor's time in these.
const TICKS_A_SECOND: u64 = 100;

impl Process {
    pub(crate) fn now() -> Outcome<Self> {
        let stat = std::fs::read_to_string("/proc/self/stat")?;
        // After the name, which may hold anything, the times are the twelfth and the thirteenth of what follows.
        let after = stat.rsplit(')').next().unwrap_or_default();
        let ticks =
            after.split_whitespace().skip(11).take(2).map(str::parse::<u64>).sum::<Result<u64, _>>()?;
        let io = std::fs::read_to_string("/proc/self/io")?;
        let written =
            io.lines().find_map(|line| line.strip_prefix("wchar: ")).ok_or("the system does not say")?;
        Ok(Self { busy: Duration::from_millis(ticks * 1000 / TICKS_A_SECOND), written: written.parse()? })
    }

    pub(crate) fn since(&self, before: &Self) -> Self {
        Self { busy: self.busy.saturating_sub(before.busy), written: self.written - before.written }
    }
}

/// Lets the system remember the largest anew, and returns how much memory there is in use.
pub(crate) fn remember_largest() -> Outcome<u64> {
    std::fs::write("/proc/self/clear_refs", "5")?;
    memory("VmRSS")
}

/// Returns how much memory was in use at its largest since then.
pub(crate) fn largest() -> Outcome<u64> {
    memory("VmHWM")
}

/// In bytes.
fn memory(what: &str) -> Outcome<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix(what)?.strip_prefix(':'));
    let kibibytes = line.and_then(|line| line.trim().strip_suffix(" kB")).ok_or("the system does not say")?;
    Ok(kibibytes.trim().parse::<u64>()? * 1024)
}
