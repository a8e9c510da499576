//! Where the stand-ins of a folder are found, and by which keys.

use std::io;

use serde::{Deserialize, Serialize};
use url::Url;
use uuid::Uuid;

use crate::app::StartError;
use crate::folder::Folder;

const FILE: &str = "stand-ins-place.json";

/// Two ports of this machine, and what Nango and its customer know each other by.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Of Nango and of the Notion window.
    pub port: u16,
    /// Of the files.
    pub files_port: u16,
    pub api_key: String,
    pub signing_key: String,
}

impl Place {
    /// The place that is written down, or a new one on any ports.
    pub fn of(folder: Option<&Folder>) -> Result<Self, StartError> {
        let kept = folder.map(|folder| folder.read(FILE)).transpose()?.flatten();
        let fresh = || Self { port: 0, files_port: 0, api_key: random(), signing_key: random() };
        Ok(kept.map(|kept| serde_json::from_slice(&kept)).transpose()?.unwrap_or_else(fresh))
    }

    pub fn keep(&self, folder: &Folder) -> io::Result<()> {
        folder.write(FILE, &serde_json::to_vec(self)?)
    }

    pub fn root(&self) -> Url {
        local(self.port, "/")
    }

    pub fn nango(&self) -> Url {
        local(self.port, "/nango")
    }

    pub fn files(&self) -> Url {
        local(self.files_port, "/")
    }
}

fn local(port: u16, path: &str) -> Url {
    #[allow(clippy::unwrap_used, reason = "a number makes no address wrong")]
    Url::parse(&format!("http://127.0.0.1:{port}{path}")).unwrap()
}

fn random() -> String {
    Uuid::new_v4().to_string()
}
