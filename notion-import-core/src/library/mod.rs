//! The tenant's library, in our words: documents, what is in them, and who may see them.

pub mod memory;
#[cfg(feature = "gate")]
pub mod gate;
#[cfg(feature = "gate")]
pub mod standing;
pub mod sweep;
pub mod batch;
pub mod refresh;
pub mod document;
mod connecting;
pub mod audit;
pub mod title;
pub mod file_name;
pub mod fidelity;
pub mod basis;
pub mod blob;
pub mod access;
