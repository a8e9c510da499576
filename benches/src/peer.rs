//! Others who convert, read and export what Notion has, as scripts/bench installs them.

use std::ffi::OsStr;
use std::io;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use crate::figure::{By, not_run};

/// The folder that they are installed in.
const FOLDER: &str = "BENCH_PEERS";

/// A program that answers in JSON what something cost it.
#[derive(Clone, Copy)]
pub struct Peer {
    /// What its registry calls it.
    pub name: &'static str,
    /// The program, and what it is to run, in the folder.
    program: &'static [&'static str],
}

/// On npm.
pub const NOTION_TO_MD: Peer = Peer { name: "notion-to-md", program: &["node", "notion-to-md/measure.mjs"] };
/// On crates.io.
pub const NOTION2MD: Peer = Peer { name: "notion2md", program: &["notion2md/target/release/measure"] };
/// On PyPI.
pub const NOTION_TO_MD_PY: Peer = Peer {
    name: "notion-to-md-py",
    program: &["notion-to-md-py/venv/bin/python", "notion-to-md-py/measure.py"],
};
/// Notion's own client, on npm: it reads, and converts nothing.
pub const NOTIONHQ_CLIENT: Peer =
    Peer { name: "@notionhq/client", program: &["node", "notion-to-md/measure.mjs", "--client"] };

impl Peer {
    /// Returns what it says of a task, or nothing once it was told why not.
    ///
    /// # Errors
    /// If that cannot be told.
    pub fn measure(self, group: &str, task: &[impl AsRef<OsStr>]) -> io::Result<Option<Value>> {
        match self.ask(task) {
            Ok(said) => Ok(Some(said)),
            Err(why) => {
                not_run(group, By::Peer(self.name.to_owned()), &why)?;
                Ok(None)
            }
        }
    }

    fn ask(self, task: &[impl AsRef<OsStr>]) -> Result<Value, String> {
        let folder = std::env::var_os(FOLDER).map(PathBuf::from);
        let folder = folder.ok_or("it is not installed; scripts/bench does that")?;
        let mut words = self.program.iter();
        let program = words.next().copied().unwrap_or_default();
        // What has no folder is found as any command is.
        let mut command =
            Command::new(if program.contains('/') { folder.join(program) } else { program.into() });
        let ran = command.args(words).args(task).current_dir(&folder).output();
        let ran = ran.map_err(|error| format!("it is not installed ({error})"))?;
        if !ran.status.success() {
            let said = String::from_utf8_lossy(&ran.stderr);
            let last = said.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("nothing").to_owned();
            return Err(format!("it ended with {}: {last}", ran.status));
        }
        serde_json::from_slice(&ran.stdout).map_err(|error| format!("it did not answer in JSON ({error})"))
    }
}
