//! The tenant's library, in our words: documents, what is in them, and who may see them.

#[cfg(feature = "gate")]
pub mod gate;
pub mod document;
pub mod fidelity;
pub mod blob;
pub mod access;
