//! Every store in memory: for tests, for trying things out, and as the model the others are held to.
//!
//! Clones share what they hold; nothing outlives the last of them.

use std::sync::{Mutex, MutexGuard, PoisonError};

#[cfg(feature = "gate")]
mod access;
mod audit;
mod blobs;
mod connections;
mod documents;
#[cfg(feature = "gate")]
mod people;
#[cfg(feature = "gate")]
mod readers;
#[cfg(feature = "gate")]
mod reads;
#[cfg(feature = "gate")]
mod subscribers;
mod tenants;

pub use audit::MemoryAudit;
pub use blobs::MemoryBlobs;
pub use connections::MemoryConnections;
pub use documents::MemoryLibrary;
pub use tenants::MemoryTenants;

/// Every change is prepared before the first write, so what a panicking thread left behind is whole.
fn lock<T>(state: &Mutex<T>) -> MutexGuard<'_, T> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
