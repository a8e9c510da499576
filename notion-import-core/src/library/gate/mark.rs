//! What a document that is handed to a contact says of whom it was handed to.

use std::fmt;

use chrono::NaiveDate;
use http::StatusCode;
use serde::Serialize;

use super::ContactDetails;
use crate::library::access::AssignmentId;
use crate::library::basis::VersionDigest;
use crate::library::blob::BlobId;

/// What a document that is handed to a contact says on each page: who was given it, on which day, and what it was made from.
///
/// A contact's details do not change while they are known, so a mark is a function of the version's digest, the assignment, the day and,
/// where a version has several files, the file.
#[derive(Clone, PartialEq, Eq, Hash, Serialize)]
#[non_exhaustive]
pub struct Mark {
    /// What the contact is called.
    pub name: String,
    /// The company that they are with.
    pub company: String,
    /// Their mail address: always there, and always ASCII.
    pub mail: String,
    /// The day on which it was given to them, in UTC.
    pub day: NaiveDate,
    /// The SHA-256 of the original, as its receipt and, for a file, the [read log](super::ReadEntry::file) name it.
    pub original: BlobId,
    /// What the version says of which it is a part, as the [read log](super::ReadEntry::digest) names it.
    pub version: VersionDigest,
    /// The assignment by which they were let in.
    pub assignment: AssignmentId,
}

impl Mark {
    /// Builds the mark for somebody who is given something.
    pub fn new(
        details: &ContactDetails,
        day: NaiveDate,
        original: BlobId,
        version: VersionDigest,
        assignment: AssignmentId,
    ) -> Self {
        let (name, company) = (details.name().to_owned(), details.company().to_owned());
        let mail = details.mail().as_str().to_owned();
        Self { name, company, mail, day, original, version, assignment }
    }

    /// Returns the first 16 digits of the original's SHA-256, as a reader sees them: enough to find it by.
    pub fn short_digest(&self) -> String {
        self.original.to_string().chars().take(16).collect()
    }
}

/// Says nothing of the person.
impl fmt::Debug for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mark").field("assignment", &self.assignment).finish_non_exhaustive()
    }
}

/// Why a file cannot be marked.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MarkError {
    /// The PDF is encrypted, even if no password is needed to read it.
    #[error("the PDF is encrypted")]
    Encrypted,
    /// The PDF cannot be read well enough that every page of it is known.
    #[error("the PDF is broken")]
    Broken,
    /// The file, or what has to be unpacked of it, is larger than is read into memory.
    #[error("the PDF is too large")]
    TooLarge,
}

impl MarkError {
    /// Returns what an HTTP backend answers, as [`ErrorKind::status`](crate::ErrorKind::status) says of errors: there is such a file, and
    /// the contact does not get it.
    pub const fn status(self) -> StatusCode {
        StatusCode::FORBIDDEN
    }
}

/// What becomes of a file that [cannot be marked](MarkError) when a contact asks for it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Unmarkable {
    /// The contact does not get it.
    #[default]
    Refuse,
    /// The contact gets the original, which says nothing of them.
    Serve,
}
