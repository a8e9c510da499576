//! For whoever writes a store: what its rows hold, and what core decides about them.
//!
//! A store implements [`DocumentStore`](crate::DocumentStore), [`ConnectionStore`](crate::ConnectionStore), [`BlobStore`](crate::BlobStore)
//! and, with feature `gate`, [`AccessStore`](crate::AccessStore), each a contract that the promises of `testing::suite` hold it to. It
//! reads rows, lets core decide, and writes rows: documents as a [`Batch`], connections by [`Attempt::settle`](crate::Attempt::settle).

pub use crate::actor::Insider;
pub use crate::connection::{Confirmation, Elsewhere, Lease, Removal};
pub use crate::library::access::{Acceptance, AccessFacts, accepts};
pub use crate::library::audit::NewEntry;
pub use crate::library::basis::{Basis, ReadState, VersionDigest};
pub use crate::library::batch::{Batch, StoredDocument};
pub use crate::library::blob::copy;
pub use crate::library::connecting::{Ground, Settled};
pub use crate::library::document::{
    Against, Found, Link, Linked, NewContent, Reading, SyncCursor, SyncPatch, Title, Trouble,
};
#[cfg(feature = "gate")]
pub use crate::library::gate::{
    AccessChange, Act, ActFacts, ActStore, ContactRow, CountScope, Cursor, DocumentChange, DueQuery, Key,
    LogCut, Permit, ReadablePage, RequestCounts, Scope, Told, Verdict, Write, minute_of,
};
#[cfg(feature = "gate")]
pub use crate::library::standing::Standing;
pub use crate::library::title::folded;

/// Folders and files that no other user of the machine may enter, read or write.
pub mod private {
    pub use crate::private::{file, folder, narrow_file, new_file, take, tree};
}
