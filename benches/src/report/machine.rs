//! What a run ran on.

use std::fs;
use std::process::Command;

/// Returns what there is to know of the machine, by name.
pub fn machine() -> Vec<(String, String)> {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let load = format!(
        "{} before, {} after, as the system averages it over 1, 5 and 15 minutes; a run on {cores} cores that had them alone begins near 0",
        variable("BENCH_LOAD"),
        load(),
    );
    let facts = [
        ("date", variable("BENCH_DATE")),
        ("commit", said("git", &["describe", "--always", "--dirty", "--abbrev=12"])),
        ("run", if crate::is_quick() { "quick: a tenth of the work" } else { "full" }.to_owned()),
        ("processor", field("/proc/cpuinfo", "model name")),
        ("cores", cores.to_string()),
        ("memory", gibibytes(&field("/proc/meminfo", "MemTotal"))),
        ("kernel", said("uname", &["-sr"])),
        ("load", load),
        ("Rust", said("rustc", &["--version"])),
        ("PostgreSQL", said(&variable("BENCH_POSTGRES"), &["--version"])),
        ("Node", said("node", &["--version"])),
        ("Python", said("python3", &["--version"])),
    ];
    facts.map(|(name, value)| (name.to_owned(), value)).into()
}

/// Returns how much of the system waits for a processor, as it says it itself.
fn load() -> String {
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    load.split_whitespace().take(3).collect::<Vec<_>>().join(" ")
}

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| "unknown".to_owned())
}

/// What a command says of itself.
fn said(program: &str, arguments: &[&str]) -> String {
    let ran = Command::new(program).args(arguments).output().ok().filter(|ran| ran.status.success());
    let said = ran.map(|ran| String::from_utf8_lossy(&ran.stdout).trim().to_owned());
    said.unwrap_or_else(|| "not there".to_owned())
}

fn field(file: &str, name: &str) -> String {
    let text = fs::read_to_string(file).unwrap_or_default();
    let value = text.lines().find_map(|line| line.strip_prefix(name)?.split_once(':'));
    value.map_or_else(|| "unknown".to_owned(), |(_, value)| value.trim().to_owned())
}

fn gibibytes(said: &str) -> String {
    let kibibytes = said.strip_suffix(" kB").and_then(|number| number.parse::<f64>().ok());
    kibibytes.map_or_else(|| said.to_owned(), |number| format!("{:.1} GiB", number / f64::from(1 << 20)))
}
