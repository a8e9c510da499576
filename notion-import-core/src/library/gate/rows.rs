//! The rows that an act is decided on, and those that come of it.

use super::NdaText;
#[cfg(doc)]
use crate::error::StoreError;
use crate::id::{ContactId, DocumentId, NdaId, VersionNumber};
use crate::library::access::{AccessFacts, Assignment, AssignmentId, NdaState};
use crate::library::audit::NewEntry;
use crate::library::batch::StoredDocument;
use crate::library::standing::Standing;

/// The rows that an act is decided on. A store reads them in the transaction of the act, and nobody else changes the document, the
/// NDA or the default until that ends.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Scope {
    /// This document, and how it stands.
    pub document: Option<DocumentId>,
    /// Whether the document has this version.
    pub version: Option<VersionNumber>,
    /// This assignment to the document.
    pub assignment: Option<AssignmentId>,
    /// What is known of this contact and the document.
    pub contact: Option<ContactId>,
    /// This NDA.
    pub nda: Option<NdaId>,
    /// The text of the NDA's current version.
    pub nda_text: bool,
    /// The tenant's default NDA.
    pub default_nda: bool,
}

/// What a store has found in a [`Scope`].
#[derive(Clone, PartialEq, Debug, Default)]
pub struct ActFacts {
    /// The document, if the tenant has it.
    pub kept: Option<StoredDocument>,
    /// How it stands.
    pub standing: Standing,
    /// Whether it has the version.
    pub has_version: bool,
    /// The assignment, if the document has it.
    pub assignment: Option<Assignment>,
    /// The tenant's NDAs, and what is known of the contact and the document.
    pub facts: AccessFacts,
    /// The text of the NDA's current version.
    pub nda_text: Option<NdaText>,
}

/// A row for a store to write.
#[derive(Clone, PartialEq, Debug)]
pub enum Write {
    /// The document as it is now.
    Document(Box<StoredDocument>),
    /// How the document stands now.
    Standing(DocumentId, Standing),
    /// A new assignment.
    Assignment(Assignment),
    /// The assignment is taken back.
    Revoke(AssignmentId),
    /// How an NDA stands now, and its new version; [`StoreError::Conflict`] if another got in between.
    Nda(NdaState, NdaText),
    /// The tenant's default NDA.
    DefaultNda(Option<NdaId>),
    /// The contact's acceptance of this version of an NDA.
    Acceptance(ContactId, NdaId, u32),
    /// The contact's acceptances of an NDA that count are void.
    Void(ContactId, NdaId),
}

/// What comes of an act: rows and audit entries, which a store writes in this order in one transaction. Empty if nothing changes.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Verdict {
    /// The rows.
    pub writes: Vec<Write>,
    /// What the tenant's audit says of them.
    pub entries: Vec<NewEntry>,
}
