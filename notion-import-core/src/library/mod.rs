//! The tenant's library, in our words: documents, what is in them, and who may see them.

#[cfg(feature = "client")]
pub mod memory;
#[cfg(feature = "gate")]
pub mod gate;
#[cfg(feature = "gate")]
pub mod standing;
#[cfg(feature = "client")]
pub mod sweep;
#[cfg(feature = "client")]
pub mod batch;
#[cfg(feature = "client")]
pub mod refresh;
#[cfg(feature = "client")]
pub mod document;
#[cfg(feature = "client")]
mod connecting;
#[cfg(feature = "client")]
pub mod audit;
#[cfg(feature = "client")]
pub mod title;
#[cfg(feature = "client")]
pub mod file_name;
pub mod fidelity;
#[cfg(feature = "client")]
pub mod basis;
#[cfg(feature = "client")]
pub mod blob;
#[cfg(feature = "client")]
pub mod access;
