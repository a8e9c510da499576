//! `verify`: a document against the receipt of its publication; no network.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{fs, io};

use clap::Args;
use notion_import_core::{ReceiptError, VerifyingKey};

/// Hold a document against the receipt of its publication; no network.
#[derive(Args)]
pub struct Verify {
    /// The receipt.
    receipt: PathBuf,
    /// The document, as it was downloaded.
    document: PathBuf,
    /// The publisher's key: a file with a JSON Web Key or a set of them, had from the publisher and not with the receipt.
    #[arg(long)]
    key: PathBuf,
}

/// Why it was not verified.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// A file could not be read.
    #[error("{}: {source}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file was read, and is not believed.
    #[error("{}: {source}", path.display())]
    Refused {
        /// The file that is refused.
        path: PathBuf,
        /// Why.
        source: ReceiptError,
    },
    /// What was verified could not be written.
    #[error("standard output: {0}")]
    Write(io::Error),
}

impl Failure {
    /// 2 for what is no receipt or no key, 6 for one that does not hold, 1 for the rest.
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Refused { source: ReceiptError::NotAReceipt | ReceiptError::NoKey, .. } => {
                ExitCode::from(2)
            }
            Self::Refused { .. } => ExitCode::from(6),
            Self::Read { .. } | Self::Write(_) => ExitCode::FAILURE,
        }
    }
}

impl Verify {
    /// Writes what the receipt says of the document to standard output, as JSON, if both hold.
    pub fn run(&self) -> Result<ExitCode, Failure> {
        let keys = VerifyingKey::read(&read(&self.key)?).map_err(|source| refused(&self.key, source))?;
        let receipt = VerifyingKey::verify(&keys, &read(&self.receipt)?);
        let receipt = receipt.map_err(|source| refused(&self.receipt, source))?;
        receipt.check(&read(&self.document)?).map_err(|source| refused(&self.document, source))?;
        let mut output = io::stdout().lock();
        let written = serde_json::to_writer_pretty(&mut output, &receipt).map_err(io::Error::from);
        match written.and_then(|()| io::Write::write_all(&mut output, b"\n")) {
            // A reader that has seen enough is no failure.
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::Write(error)),
            _ => Ok(ExitCode::SUCCESS),
        }
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(path).map_err(|source| Failure::Read { path: path.to_owned(), source })
}

fn refused(path: &Path, source: ReceiptError) -> Failure {
    Failure::Refused { path: path.to_owned(), source }
}
