//! What the source says that the content does not, and what the content may give away.

use serde::{Deserialize, Serialize};

use crate::id::NotionId;

/// How much of a page its content says.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Fidelity {
    /// All of it.
    Complete,
    /// All blocks, but some of what they say has no form in the content.
    Lossy {
        /// What, how often, and where first.
        losses: Vec<Loss>,
    },
}

/// One kind of loss.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Loss {
    /// What was lost, as a stable name.
    pub kind: String,
    /// How often.
    pub count: u32,
    /// The first block it happened to.
    pub first: Option<NotionId>,
}

/// What a reviewer wants to know before showing a document to anybody.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Exposure {
    /// Mentions of people.
    pub people: u32,
}
